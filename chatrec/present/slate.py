"""From scored candidates to the n that are shown."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import TypeVar

from chatrec.catalog.twins import is_same_work
from chatrec.constraints import requirements, satisfies_all
from chatrec.retrieve.candidates import ALIKE, sort_of, sorts_asked
from chatrec.types import KINDS, Candidate, Constraint, Draft, Item, Ledger

T = TypeVar("T")
LESSENED = ("moods", "genres", "themes", "tags")
"""Fields of which a wish may ask for less."""
MAX_PER_CREATOR = 2
"""Most picks by one maker in a slate, unless the person asked for that maker."""
NEAR = 1 / 3
"""Share of the best score from which on a work of a medium that nobody asked for may stand for it."""


def slate(
    ranked: Sequence[T],
    n: int,
    ledger: Ledger,
    *,
    candidate: Callable[[T], Candidate],
    first: Sequence[str] = (),
) -> tuple[T, ...]:
    """The best n in order, not more than two by one maker, and each medium or form asked for represented if it has anything.

    Where no medium was asked for, each is represented that has something nearly as good as the best.

    Args:
        ranked: best first; all of them already satisfy the constraints.
        n: how many.
        ledger: what was asked for; where it counts forms or subjects, so many of each come, as far as there are such.
        candidate: how to read an entry's candidate.
        first: ids of what was asked for itself; it comes first, in this order, whatever else there is.
    """
    if first:
        named = {candidate(entry).item.id: entry for entry in ranked if candidate(entry).item.id in first}
        others = [entry for entry in ranked if candidate(entry).item.id not in named]
        front = tuple(named[item_id] for item_id in first if item_id in named)[:n]
        return front + slate(others, n - len(front), ledger, candidate=candidate)
    varied = _less_last(_spread_makers(ranked, ledger, candidate), ledger, candidate)
    shares = shares_asked(ledger)
    if shares:
        return _by_shares(varied, n, shares, candidate)
    asked = sorts_asked(ledger)
    sorts = asked or KINDS
    if len(sorts) == 1:
        return tuple(varied[:n])
    least = NEAR * max((candidate(entry).score for entry in varied), default=0.0) if not asked else 0.0
    near = [entry for entry in varied if candidate(entry).score >= least]
    far = [entry for entry in varied if candidate(entry).score < least]
    piles = [[entry for entry in near if sort_of(candidate(entry).item, sorts) == sort] for sort in sorts]
    counts = Counter(ALIKE.get(form, form) for form in (ledger.count.each if ledger.count else ()))
    counted = [entry for sort, pile in zip(sorts, piles, strict=True) for entry in pile[: counts[sort]]]
    in_turn = [entry for layer in zip_longest(*piles) for entry in layer if entry is not None]
    position = {id(entry): place for place, entry in enumerate(varied)}
    order = {id(entry): entry for entry in (*counted, *in_turn, *far)}
    return tuple(sorted(list(order.values())[:n], key=lambda entry: position[id(entry)]))


def shares_asked(ledger: Ledger) -> tuple[tuple[int, tuple[Constraint, ...]], ...]:
    """The numbers by subject, as long as all of the subjects are asked for."""
    asked = [c for c in (*ledger.constraints, *(wish.constraint for wish in ledger.wishes)) if c is not None]
    shares = ledger.count.shares if ledger.count else ()
    demands = [demand for _, share in shares for demand in share]
    return shares if all(any(_is_asked(demand, constraint) for constraint in asked) for demand in demands) else ()


def _is_asked(demand: Constraint, asked: Constraint) -> bool:
    if (demand.field, demand.op) != (asked.field, asked.op):
        return False
    either = isinstance(demand.value, tuple) and isinstance(asked.value, tuple)
    return bool(set(demand.value) & set(asked.value)) if either else demand.value == asked.value  # type: ignore[arg-type]


def _by_shares(
    ranked: Sequence[T], n: int, shares: Sequence[tuple[int, tuple[Constraint, ...]]], candidate: Callable[[T], Candidate]
) -> tuple[T, ...]:
    """The best of each subject, as many as were asked for, such as are of no other first; then others of them, if n are more.

    Where n are fewer than were asked for, each subject keeps its part of them.
    """
    met = {id(entry): [satisfies_all(candidate(entry).item, share) for _, share in shares] for entry in ranked}
    piles = [sorted((e for e in ranked if met[id(e)][at]), key=lambda e: sum(met[id(e)]) > 1) for at in range(len(shares))]
    places: dict[int, float] = {}
    for (number, _), pile in sorted(zip(shares, piles, strict=True), key=lambda pair: len(pair[1])):
        fresh = [entry for entry in pile if id(entry) not in places]
        places |= {id(entry): (at + 0.5) / number for at, entry in enumerate(fresh[:number])}
    in_parts = sorted(places, key=places.__getitem__)
    left = (id(entry) for layer in zip_longest(*piles) for entry in layer if entry is not None)
    chosen = set(list(dict.fromkeys((*in_parts, *left)))[:n])
    return tuple(entry for entry in ranked if id(entry) in chosen)


def _spread_makers(ranked: Sequence[T], ledger: Ledger, candidate: Callable[[T], Candidate]) -> list[T]:
    """Move a maker's third and later picks behind everything else."""
    asked = {str(v).casefold() for c in ledger.constraints if c.field == "people" and isinstance(c.value, tuple) for v in c.value}
    seen: Counter[str] = Counter()
    first: list[T] = []
    later: list[T] = []
    for entry in ranked:
        maker = next(iter(candidate(entry).item.creators), "").casefold()
        crowded = bool(maker) and maker not in asked and seen[maker] >= MAX_PER_CREATOR
        (later if crowded else first).append(entry)
        seen[maker] += 1
    return first + later


def unexpected(ranked: Sequence[T], n: int, known: Iterable[Item], *, candidate: Callable[[T], Candidate]) -> tuple[T, ...]:
    """Up to n of the better half that have least in common with what is known and with each other, and little fame.

    Each next one is that with the largest share of traits (medium, makers, genres, moods, themes) that nothing before it has,
    halved for the best known of them and in proportion for the others.

    Args:
        ranked: best first; all of them already satisfy the constraints.
        n: how many.
        known: works that were shown or spoken of.
        candidate: how to read an entry's candidate.
    """
    left = list(ranked[: max(n, len(ranked) // 2)])
    famous = sorted(candidate(entry).item.popularity or 0.0 for entry in left)
    seen = {trait for item in known for trait in _traits(item)}
    chosen: list[T] = []
    while left and len(chosen) < n:
        best = max(left, key=lambda entry: _novelty(candidate(entry).item, seen, famous))
        left.remove(best)
        seen |= _traits(candidate(best).item)
        chosen.append(best)
    return tuple(chosen)


def _novelty(item: Item, seen: set[str], famous: Sequence[float]) -> float:
    traits = _traits(item)
    fame = bisect_left(famous, item.popularity or 0.0) / len(famous)
    return len(traits - seen) / max(1, len(traits)) * (1 - fame / 2)


def _traits(item: Item) -> set[str]:
    return {item.kind, *item.creators, *item.genres, *item.moods, *item.themes}


def _less_last(ranked: Sequence[T], ledger: Ledger, candidate: Callable[[T], Candidate]) -> list[T]:
    """Move what has moods, genres or themes that there should be less of behind everything else, what has most of them last."""
    aversions = [wish for wish in ledger.wishes if wish.direction == "less" and wish.field in LESSENED]
    less = {value.casefold() for wish in aversions for value in wish.values}

    def held(entry: T) -> int:
        item = candidate(entry).item
        return len(less.intersection(value.casefold() for field in LESSENED for value in getattr(item, field)))

    return sorted(ranked, key=held) if less else list(ranked)


def named_works(
    ledger: Ledger, catalog: Mapping[str, Item], turn: int | None = None, *, kept: Sequence[str] = ()
) -> tuple[Candidate, ...]:
    """The works that were asked for themselves and are to be shown now: those of this turn, and those that were not shown yet.

    What was demanded holds for them, too. They are certain: the person has named them.

    Args:
        ledger: what is known.
        catalog: of the works.
        turn: the turn that is answered; none: only what is kept counts.
        kept: ids that stay, though they were shown.
    """
    required = requirements(ledger)
    wanted = [o for o in ledger.opinions if o.sentiment == "wanted" and o.item_id in catalog]
    due = (
        o.item_id for o in wanted if o.item_id in kept or (turn is not None and (o.turn == turn or o.item_id not in ledger.shown))
    )
    return tuple(Candidate(item=catalog[i], score=1.0) for i in due if satisfies_all(catalog[i], required))


def kept_picks(catalog: Mapping[str, Item], ledger: Ledger) -> tuple[Item, ...]:
    """What was shown last and may stay: it satisfies what is required and was neither disliked, seen nor passed over.

    Nor does another entry for the same work stay.
    """
    gone = {*ledger.ids("disliked", "seen"), *ledger.passed}
    works = [catalog[item_id] for item_id in gone if item_id in catalog]
    required = requirements(ledger)
    shown = (catalog[item_id] for item_id in ledger.last_shown if item_id in catalog and item_id not in gone)
    fit = (item for item in shown if satisfies_all(item, required))
    return tuple(item for item in fit if not any(is_same_work(item, work) for work in works))


def fill_gaps(places: Sequence[str], kept: Sequence[Item], ranked: Sequence[Draft], n: int) -> tuple[Draft, ...]:
    """The last slate with new picks only where something had to go.

    Args:
        places: ids in the order they were shown.
        kept: items that stay where they are.
        ranked: drafts of the kept items and of the candidates, best first.
        n: size of the slate.
    """
    by_id = {draft.candidate.item.id: draft for draft in ranked}
    stay = {item.id for item in kept}
    fresh = (draft for draft in ranked if draft.candidate.item.id not in stay and draft.candidate.item.id not in places)
    slots = [by_id[item_id] if item_id in stay else next(fresh, None) for item_id in places]
    return tuple(draft for draft in (*slots, *fresh) if draft is not None)[:n]
