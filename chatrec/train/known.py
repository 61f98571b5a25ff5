"""What is known of works, as facts that works share: of the catalog, and of another that tells more of the same works."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy import sparse

from chatrec.index.document import tokenize
from chatrec.index.open import Index
from chatrec.retrieve.collaborative import ItemToItem
from chatrec.retrieve.concepts import facts
from chatrec.retrieve.sparse import Sparse
from chatrec.train.retrievers import keep_best, tfidf
from chatrec.types import Item

RAREST = 2
"""A fact that no second work has tells nothing of others."""
BLOCK = 256
"""Works compared with all others at a time."""
Known = Sequence[Sequence[str]]
"""Per row of the index the facts of that work, each once."""


def known_of(index: Index, told: Mapping[int, Sequence[Item]] | None = None) -> Known:
    """The facts of every work.

    Args:
        index: of the catalog.
        told: row → entries of the same work in another catalog, of which themes, tags and moods are taken.

    Returns:
        Genres, people, five years (as in `concepts`), and `t:` a theme, tag or mood.
    """
    told = told or {}
    own = (index.catalog[item_id] for item_id in index.ids)
    return [tuple(dict.fromkeys(_facts(item, told.get(row, ())))) for row, item in enumerate(own)]


def sharing(index: Index, known: Known) -> ItemToItem:
    """Works that share facts: W[i, j] = cosine of their facts and stems of their titles by TF-IDF.

    Needs no dialogs, so that it reaches works that none of them names. On dialogs it was not fitted to it finds more of what
    is recommended than nearest vectors of the works' texts do.

    Args:
        index: of the catalog.
        known: facts of its works.
    """
    titles = [dict.fromkeys(tokenize(index.catalog[item_id].title)) for item_id in index.ids]
    told = [[*part, *(f"s:{stem}" for stem in stems)] for part, stems in zip(known, titles, strict=True)]
    _, _, table = tfidf(told, RAREST)
    return ItemToItem(Sparse.join([_nearest(table, start) for start in range(0, len(told), BLOCK)]))


def _nearest(table: sparse.csr_array, start: int) -> Sparse:
    """The nearest to each of a block of rows of unit length, themselves left out."""
    cosines = np.asarray((table[start : start + BLOCK] @ table.T).toarray(), dtype=np.float32)
    cosines[np.arange(len(cosines)), start + np.arange(len(cosines))] = 0
    return keep_best(cosines)


def _facts(item: Item, told: Sequence[Item]) -> Iterator[str]:
    yield from facts(item)
    for one in (item, *told):
        yield from (f"t:{word.casefold()}" for word in (*one.themes, *one.tags, *one.moods))
