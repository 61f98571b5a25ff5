"""What is known and central comes first where nothing but demands and preferences was said: `pop music`, `a recent film`.

All candidates meet what is demanded, so that no word of it tells them apart. Fame alone would bring up what everybody knows
and what has something of the genre (`a drama` would be *The Lion King*). Catalogs name the most telling genre and mood of a
work first; so it is fame, and how early the demanded one stands, that decide here, whatever a head has learned of other needs.
What meets more of the preferences that are no demands (`a short comedy`, `a recent film`) comes before what meets less of them.
Where a work is disliked (`a crime film, I hated The Godfather`), what the head puts last comes last: most of it is like that one.
Where a theme or the like is wished for besides (`recent films about space`), or several such things (`films about space`, then
`lighter`), all of them order the head's best: what has most of what is wished for comes first, of this what has the subject, not
only the mood, then what meets the preferences, then what is nearest to them.
Where works are liked and a mood is wished for besides (`films like Alien`, then `lighter`), what has the mood comes first of what
is nearest to those works.
Where what lies furthest is asked for (`the shortest film`), that decides next, among the best if words or liked works tell them
apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf, log2

from chatrec.constraints import satisfies
from chatrec.retrieve.candidates import extremes, preferences, told_apart
from chatrec.retrieve.query import wanted_words
from chatrec.types import Candidate, Constraint, Item, Ledger, Query, Wish

WEIGHT = 0.25
"""What a work gains whose first genre, or mood, is a demanded one, in shares of the works of its medium by fame; half for the
second, a third for the third."""
PICKED = 0.05
"""What the language model's first pick gains; less for the others, by the logarithm of the rank."""
FIELDS = ("genres", "moods")
AVOIDED = 0.3
"""Share of the candidates, the last by the head, that comes after the others where a work is disliked. Of no more than `NEAREST`,
which were chosen so before, none does."""
ALIKE_IN_MOOD = 40
"""Candidates nearest to the liked works of which those in the mood that is wished for come first."""
NEAREST, NEAREST_LIKED = 20, 10
"""Candidates among which the furthest comes first where words, or liked works, tell candidates apart."""


def central_first(scored: Sequence[Candidate], query: Query, llm_ranks: Mapping[str, int] | None = None) -> Sequence[Candidate]:
    """The candidates by preferences met, then by fame and centrality, best first, ties by id; each keeps its probability.

    They are returned as they are where words, or works that are liked, tell candidates apart, unless fields tell of several
    wishes, or of one beside preferences, and where nothing is wanted.

    Args:
        scored: candidates with the head's probabilities, best first.
        query: the turn's query.
        llm_ranks: item id → 1-based rank that the language model gave it.
    """
    ledger, furthest, near_counts = query.ledger, extremes(query.ledger), told_apart(query)
    demands, preferred = _demands(ledger), preferences(ledger)

    def met(candidate: Candidate) -> int:
        return sum(satisfies(candidate.item, preference) for preference in preferred)

    def far(candidate: Candidate) -> tuple[float | str, ...]:
        return -met(candidate) - len(_granted(candidate.item, ledger)), *_distance(candidate, furthest[-1])

    def apart(candidate: Candidate) -> tuple[float, ...]:
        granted = _granted(candidate.item, ledger)
        missed = (_missed_by(candidate.item, preference) for preference in preferred)
        return -len(granted), sum(wish.field == "moods" for wish in granted), -met(candidate), *missed

    if furthest:
        nearest = NEAREST_LIKED if ledger.ids("liked", "mentioned") else NEAREST
        near, rest = (scored[:nearest], scored[nearest:]) if near_counts else (scored, ())
        return [*sorted(near, key=far), *rest]
    wished = len(_wished(ledger))
    if near_counts and wished and wished + len(preferred) > 1:
        return [*sorted(scored[:NEAREST], key=apart), *scored[NEAREST:]]
    if near_counts or not (demands or preferred):
        return scored
    ranks = llm_ranks or {}

    def worth(candidate: Candidate) -> float:
        rank = ranks.get(candidate.item.id)
        picked = PICKED / log2(1 + rank) if rank else 0.0
        return _fame(candidate) + WEIGHT * centrality(candidate.item, demands) + picked

    avoided = _avoided(scored, ledger)

    def place(candidate: Candidate) -> tuple[float | str, ...]:
        return -met(candidate), candidate.item.id in avoided, -worth(candidate), candidate.item.id

    return sorted(scored, key=place)


def without_moods(query: Query) -> Query | None:
    """The same without the moods that are wished for, where works are liked: what the works alone bring near.

    Nothing is embedded for it. None where no mood is wished for, or nothing is liked.
    """
    wishes = query.ledger.wishes
    others = tuple(wish for wish in wishes if (wish.field, wish.direction) != ("moods", "more"))
    if len(others) == len(wishes) or not query.ledger.ids("liked"):
        return None
    ledger = replace(query.ledger, wishes=others)
    return replace(query, ledger=ledger, text=wanted_words(ledger), last_message="", vector=None, message_vector=None)


def in_mood(scored: Sequence[Candidate], alike: Sequence[Candidate], ledger: Ledger) -> Sequence[Candidate]:
    """Among the nearest to the liked works, what has a mood that is wished for comes first: `films like Alien`, `lighter`.

    Args:
        scored: candidates as the head orders them.
        alike: the same as it orders them without the moods; empty where none is wished for, or nothing is liked.
        ledger: what is wished for.
    """
    moods = {value for wish in ledger.wishes if (wish.field, wish.direction) == ("moods", "more") for value in wish.values}
    near = {c.item.id: at for at, c in enumerate(alike[:ALIKE_IN_MOOD]) if not moods.isdisjoint(c.item.moods)}
    return sorted(scored, key=lambda candidate: near.get(candidate.item.id, inf))


def _avoided(scored: Sequence[Candidate], ledger: Ledger) -> set[str]:
    if not ledger.ids("disliked") or len(scored) <= NEAREST:
        return set()
    return {candidate.item.id for candidate in scored[round(len(scored) * (1 - AVOIDED)) :]}


def _wished(ledger: Ledger) -> list[Wish]:
    """The wishes of which a field tells whether a work meets them."""
    return [wish for wish in ledger.wishes if wish.direction == "more" and wish.field in ("genres", "moods", "themes", "tags")]


def _granted(item: Item, ledger: Ledger) -> list[Wish]:
    return [wish for wish in _wished(ledger) if not set(wish.values).isdisjoint(getattr(item, str(wish.field)))]


def _missed_by(item: Item, preference: Constraint) -> float:
    """How far a number lies from the bound that is preferred for it; 0 where it is met, or where it is no number."""
    if satisfies(item, preference) or not isinstance(preference.value, (int, float)):
        return 0.0
    number = getattr(item, preference.field)
    return inf if number is None else abs(float(number) - preference.value)


def _distance(candidate: Candidate, furthest: Constraint) -> tuple[float, float, str]:
    """The less, the earlier it comes; what is unknown comes last, and of equals the better known first."""
    number = getattr(candidate.item, furthest.field)
    sign = 1 if furthest.op == "le" else -1
    return (inf if number is None else sign * number, -_fame(candidate), candidate.item.id)


def _fame(candidate: Candidate) -> float:
    """The share of its medium that is less known, as the retriever of what is popular gives it; 0 if unknown."""
    return next((hit.score for hit in candidate.hits if hit.retriever == "popularity"), 0.0)


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
    """Genres and moods that are demanded or preferred."""
    asked = (c for c in ledger.constraints if c.enforceable and c.op == "in" and c.field in FIELDS)
    return [(c.field, frozenset(c.values)) for c in asked]
