"""What is central to a demand comes first, where nothing but such demands was said: `pop music`, `恐怖片`.

All candidates meet what is demanded, so that the words of it tell none of them apart, and fame alone would bring up what
everybody knows and what has something of the genre (`a drama` would be *The Lion King*). Catalogs name the most telling
genre and mood of a work first; how early the demanded one stands is added to the score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import exp, log

from chatrec.types import Candidate, Item, Ledger, Query

WEIGHT = 1.0
"""Added to the logit of a work whose first genre, or mood, is a demanded one; half for the second, a third for the third."""
FIELDS = ("genres", "moods")
LEAST = 1e-9


def central_first(scored: Sequence[Candidate], query: Query) -> tuple[Candidate, ...]:
    """The candidates with that which is central to the demands moved up, best first, ties by id.

    They are returned as they are where words, or works that are liked, tell candidates apart, and where there are no demands.
    """
    ledger = query.ledger
    demands = _demands(ledger)
    if query.text or not demands or ledger.ids("liked", "mentioned"):
        return tuple(scored)
    moved = [replace(c, score=_moved(c.score, WEIGHT * centrality(c.item, demands))) for c in scored]
    return tuple(sorted(moved, key=lambda candidate: (-candidate.score, candidate.item.id)))


def centrality(item: Item, demands: Iterable[tuple[str, frozenset[str]]]) -> float:
    """How early the demanded values stand among those of a work: 1 for the first place, 1/2 for the second; their mean.

    >>> item = Item(id="a", kind="audio", title="A", genres=("soul", "pop"), moods=("calm",))
    >>> centrality(item, [("genres", frozenset({"pop"})), ("moods", frozenset({"calm"}))])
    0.75
    """
    places = [_place(getattr(item, field), values) for field, values in demands]
    return sum(places) / len(places) if places else 0.0


def _place(values: Sequence[str], demanded: frozenset[str]) -> float:
    return next((1 / place for place, value in enumerate(values, 1) if value in demanded), 0.0)


def _demands(ledger: Ledger) -> list[tuple[str, frozenset[str]]]:
    hard = (c for c in ledger.hard if c.op == "in" and c.field in FIELDS and isinstance(c.value, tuple))
    return [(c.field, frozenset(map(str, c.value))) for c in hard]  # type: ignore[union-attr]


def _moved(probability: float, by: float) -> float:
    within = min(max(probability, LEAST), 1 - LEAST)
    return 1 / (1 + exp(-(log(within / (1 - within)) + by)))
