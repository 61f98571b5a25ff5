"""From the ledger to what the retrievers are asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from chatrec.catalog.twins import is_same_work
from chatrec.index.open import Index
from chatrec.types import Item, Ledger, Query

_CONTRACTED = re.compile(r"\b\w+(?:['’](?:m|re|ve|ll|d)|n['’]t)\b", re.IGNORECASE)
"""`I'm`, `don't`: of which a letter would be left to search for."""
WORD_FIELDS = ("genres", "moods", "themes", "tags", "people")
"""Fields whose wanted values are search words; the form is enforced, and its word ("film") would only blur the meaning."""


def compose(index: Index, ledger: Ledger, message: str, *, exclude_shown: bool = False) -> Query:
    """The query of a turn.

    Its text is made of what is wanted (wishes, then the values of positive constraints), never of what is not, since an
    embedding of "nothing scary" lies close to scary things. Where nothing was understood, the message itself is used; where
    nothing is wanted but what is enforced anyway ("pop music"), there is no text, as all that is left is equally near to it.

    Args:
        index: whose embedder makes the vector.
        ledger: what is known of the person.
        message: the latest message, as typed.
        exclude_shown: leave out what was put before the person already (they asked for others).
    """
    understood = bool(ledger.opinions or ledger.constraints or ledger.wishes)
    enforced = is_enforced(ledger)
    text = "" if enforced else wanted_words(ledger) or ("" if understood else _CONTRACTED.sub("", message).strip())
    excluded = {*ledger.ids("liked", "disliked", "seen", "saved", "mentioned", "past"), *ledger.passed}
    excluded.update(twins_of(index, excluded))
    if exclude_shown:
        excluded.update(ledger.shown)
    return Query(
        ledger=ledger,
        text=text,
        last_message="" if enforced else message,
        vector=index.embedder.encode([text])[0] if text else None,
        excluded=frozenset(excluded),
    )


def twins_of(index: Index, ids: Iterable[str]) -> Iterator[str]:
    """The ids of other entries for the same works, as far as one of their names tells: a title, or an alias."""
    for item_id in (item_id for item_id in tuple(ids) if item_id in index.catalog):
        item = index.catalog[item_id]
        rows = {row for name in (item.title, *item.aliases) for row in index.names.named(name)}
        named = (index.ids[row] for row in rows)
        yield from (other for other in named if other != item_id and is_same_work(item, index.catalog[other]))


def is_enforced(ledger: Ledger) -> bool:
    """Whether all that is wanted are values that code enforces, or orders by; works that are liked are wanted, too."""
    said = any(wish.direction == "more" for wish in ledger.wishes) or ledger.ids("liked", "mentioned")
    worded = [c for c in ledger.constraints if c.op == "in" and c.field in WORD_FIELDS]
    return bool(worded) and not said and all(c.enforceable for c in worded)


def wanted_words(ledger: Ledger) -> str:
    """Wishes and the values of positive constraints as search words."""
    wishes = [wish.text for wish in ledger.wishes if wish.direction == "more"]
    values = [
        str(value)
        for constraint in ledger.constraints
        if constraint.op == "in" and constraint.field in WORD_FIELDS and isinstance(constraint.value, tuple)
        for value in constraint.value
        if not any(_says_more(str(value), str(other)) for other in constraint.value)
    ]
    return " ".join(dict.fromkeys(wishes + values))


def _says_more(value: str, other: str) -> bool:
    """Whether one alternative is another with further words ("local co-op", "co-op"), which says nothing new of the need."""
    return value != other and f" {other.casefold()} " in f" {value.casefold()} "


def liked_items(query: Query, catalog: Mapping[str, Item]) -> tuple[str, ...]:
    """The items that pull; only ones the catalog has."""
    return tuple(item_id for item_id in query.ledger.anchors if item_id in catalog)
