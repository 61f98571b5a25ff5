"""What a retriever gives is checked, whoever wrote it: scores that are numbers, and nothing that may not be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import ChatrecError, DependencyMissingError, InputError
from chatrec.index.open import Index
from chatrec.pool import Found, finite
from chatrec.retrieve.protocol import CatalogScorer, Retriever
from chatrec.types import Constraint, Query


def found_by(
    retriever: Retriever, query: Query, required: tuple[Constraint, ...], k: int, index: Index, allowed: NDArray[np.bool_]
) -> Found:
    """At most k that a retriever finds, best first, once more only what may be shown; of an item that comes twice the first.

    Args:
        retriever: who is asked.
        query: what.
        required: what must hold.
        k: how many.
        index: what is searched.
        allowed: bool [items], what may be shown.

    Raises:
        InputError: it gives something other than its protocol says, or a score that is not finite.
    """
    found = retriever.retrieve(query, required, k)
    try:
        rows, scores = _rows(found, index).checked(len(index.ids))
    except (OverflowError, TypeError, ValueError) as error:
        what = "(item id, score) pairs, or Found(rows, scores) with rows of the index and as many finite scores"
        raise InputError(f"the retriever {retriever.name!r} has to give {what}: {error}") from error
    kept = np.flatnonzero(allowed[rows])[:k]
    return Found(rows[kept], scores[kept])


def _rows(found: Sequence[tuple[str, float]] | Found, index: Index) -> Found:
    if isinstance(found, Found):
        return found
    known: dict[int, float] = {}
    for item_id, score in found:
        if item_id in index.rows:
            known.setdefault(index.rows[item_id], score)
        elif not isinstance(item_id, str):
            raise TypeError(f"{item_id!r} is no item id")
    return Found(np.fromiter(known, np.intp), np.fromiter(known.values(), np.float64))


def scores_by(scorer: CatalogScorer, query: Query, index: Index) -> NDArray[np.floating] | None:
    """float [items]: what a retriever makes of the whole catalog; None where it has nothing to tell.

    Raises:
        InputError: it scores fewer, or gives a score that is not finite.
    """
    told = scorer.scores(query)
    if told is None:
        return None
    try:
        scores = finite(told)
        if scores.shape != (len(index.ids),):
            raise ValueError(f"its scores are of shape {scores.shape}")
    except (TypeError, ValueError) as error:
        raise InputError(f"the retriever {scorer.name!r} has to score all {len(index.ids)} items, or none: {error}") from error
    return scores


@contextmanager
def naming(retriever: str, package: str | None = None) -> Iterator[None]:
    """Whatever fails in here but for errors of this project is said to be the retriever's fault.

    Raises:
        DependencyMissingError: something failed.
    """
    try:
        yield
    except ChatrecError:
        raise
    except Exception as error:  # whatever the code of others does
        told = " ".join(f"{type(error).__name__}: {error}".split())
        of = f" of {package}" if package else ""
        raise DependencyMissingError(f"the retriever {retriever!r}{of} failed: {told}") from error
