"""What a conversation holds, as a bag of concepts: the input of the retrievers that learn from dialogs."""

from __future__ import annotations

from collections.abc import Iterator

from chatrec.index.document import tokenize
from chatrec.index.open import Index
from chatrec.types import Item, Query

LAST = 2
"""How many of the latest mentions also count as "just said"."""


def concepts(query: Query, index: Index) -> tuple[str, ...]:
    """Concepts of a query, each once: items, their facts, stems of the words.

    `i:` an item that was named without dislike, `l:` one of the latest, `d:` a disliked one; `g:`, `p:`, `y:` genre, person and
    five-year span of a named item; `w:` a stem of what was said.
    """
    ledger = query.ledger
    named = [item for item in ledger.ids("liked", "saved", "mentioned", "seen") if item in index.catalog]
    found = [f"i:{item}" for item in named]
    found += [f"l:{item}" for item in named[-LAST:]]
    found += [f"d:{item}" for item in ledger.ids("disliked")]
    found += [fact for item in named for fact in facts(index.catalog[item])]
    stems = tokenize(" ".join([query.text, *(wish.text for wish in ledger.wishes if wish.direction == "more")]))
    found += [f"w:{stem}" for stem in stems]
    return tuple(dict.fromkeys(found))


def facts(item: Item) -> Iterator[str]:
    """Genre, people and five-year span of an item, as concepts."""
    yield from (f"g:{genre}" for genre in item.genres)
    yield from (f"p:{person}" for person in item.people[:5])
    if item.year:
        yield f"y:{item.year // 5 * 5}"
