"""The candidates of a turn: those of the fused order, and what it may lack.

Where several forms or media were asked for, the best may all be of one. Where what lies furthest is to come first (`the shortest
film`), that need not be known, nor need what is preferred (`recent films`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from chatrec.constraints import requirements
from chatrec.index.open import Index
from chatrec.pool import Pool
from chatrec.retrieve.fuse import Fusion
from chatrec.types import Constraint, Item, Ledger, Query

ALIKE = {"track": "album", "artist": "album", "dlc": "game"}
"""Forms that the same word may ask for, `music` or `games`, so that not each of them has to be there."""
MOST_ADDED = 20
"""Candidates at most of a form or medium that has none among the others, of what lies furthest, and of what is preferred."""


def candidates_for(fusion: Fusion, query: Query) -> Pool:
    """The fused candidates, a few of each form or medium that was asked for and has none among them, of each subject that has its
    number, and what lies furthest or is preferred.

    No retriever brought up the latter among the best of all, so that they rank behind those.
    """
    pool = fusion(query)
    if not pool:
        return pool
    ledger, required = query.ledger, requirements(query.ledger)
    added = (*_lacking(pool, ledger), *_counted(ledger), *_furthest(fusion.index, query, required), *_preferred(query))
    for only in added:
        more, known = fusion(query, (*required, *only), fusion.config.per_retriever), set(pool.ids)
        pool = pool.joined(more.where(lambda item_id, known=known: item_id not in known)[:MOST_ADDED])
    return pool


def sorts_asked(ledger: Ledger) -> tuple[str, ...]:
    """The forms that were asked for, else the media, each once; those of `ALIKE` are one. None if anything may be shown."""
    return tuple(dict.fromkeys(ALIKE.get(form, form) for form in _forms(ledger))) or ledger.kinds


def sort_of(item: Item, sorts: Iterable[str]) -> str:
    """Which of these forms or media the item is of; its medium if it is of none."""
    form = ALIKE.get(item.form or "", item.form or "")
    return form if form in sorts else item.kind


def extremes(ledger: Ledger) -> list[Constraint]:
    """What is to come first as it lies furthest, the latest said last."""
    return [constraint for constraint in ledger.constraints if constraint.extreme]


def preferences(ledger: Ledger) -> tuple[Constraint, ...]:
    """What is no demand and may be met or not, unlike what comes first as it lies furthest."""
    return tuple(constraint for constraint in ledger.constraints if not (constraint.hard or constraint.extreme))


def told_apart(query: Query) -> bool:
    """Whether words, or works that are liked, tell candidates apart that satisfy the same demands."""
    return bool(query.text or query.ledger.ids("liked", "mentioned"))


def _lacking(pool: Pool, ledger: Ledger) -> Iterator[tuple[Constraint]]:
    """Each form or medium that was asked for beside others and has no candidate."""
    sorts = sorts_asked(ledger)
    if len(sorts) > 1:
        for sort in set(sorts).difference(sort_of(candidate.item, sorts) for candidate in pool):
            yield (_of_sort(sort, ledger),)


def _counted(ledger: Ledger) -> Iterator[tuple[Constraint, ...]]:
    """What is demanded of the works of each subject that has its number: `two comedies and one documentary`."""
    yield from (demands for _, demands in (ledger.count.shares if ledger.count else ()))


def _furthest(index: Index, query: Query, required: tuple[Constraint, ...]) -> Iterator[tuple[Constraint, ...]]:
    """What leaves the `MOST_ADDED` of each form or medium asked for that lie furthest, unless words or likes tell them apart.

    First what lies beyond the last of them, then what ties with it, of which fusion knows the best known. Where other preferences
    were told (`the newest short games`), also of what meets them.
    """
    asked = sorts_asked(query.ledger)
    sorts = [(_of_sort(sort, query.ledger),) for sort in asked] if len(asked) > 1 else [()]
    preferred = preferences(query.ledger)
    for extreme in () if told_apart(query) else extremes(query.ledger):
        for only in dict.fromkeys((*sort, *more) for sort in sorts for more in (preferred, ())):
            numbers = index.columns.numbers(extreme.field)[index.allowed(query, (*required, *only))]
            known = np.sort(numbers[~np.isnan(numbers)])
            if len(known):
                bound = float(known[:MOST_ADDED][-1] if extreme.op == "le" else known[-MOST_ADDED:][0])
                beyond = Constraint(field=extreme.field, op="lt" if extreme.op == "le" else "gt", value=bound)
                yield (*only, beyond)
                yield (*only, Constraint(field=extreme.field, op="ranges", value=((bound, bound),)))


def _preferred(query: Query) -> Iterator[tuple[Constraint, ...]]:
    """What leaves only works that meet all preferences, unless words or likes tell them apart or the furthest is sought."""
    preferred = preferences(query.ledger)
    if preferred and not told_apart(query) and not extremes(query.ledger):
        yield preferred


def _of_sort(sort: str, ledger: Ledger) -> Constraint:
    """What only works of a form or medium that was asked for satisfy."""
    forms = tuple(form for form in _forms(ledger) if ALIKE.get(form, form) == sort)
    return Constraint(field="form", op="in", value=forms) if forms else Constraint(field="kind", op="in", value=(sort,))


def _forms(ledger: Ledger) -> list[str]:
    asked = [c.value for c in ledger.constraints if c.field == "form" and c.op == "in" and isinstance(c.value, tuple)]
    return [str(form) for value in asked for form in value]
