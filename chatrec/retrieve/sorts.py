"""Where several forms or media were asked for, some of each: the best candidates may all be of one."""

from __future__ import annotations

from collections.abc import Iterable

from chatrec.constraints import requirements
from chatrec.pool import Pool
from chatrec.retrieve.fuse import Fusion
from chatrec.types import Constraint, Item, Ledger, Query

ALIKE = {"track": "album", "artist": "album", "dlc": "game"}
"""Forms that the same word may ask for, `music` or `games`, so that not each of them has to be there."""
MOST_ADDED = 20
"""Candidates at most of a form or medium that has none among the others."""


def sorts_asked(ledger: Ledger) -> tuple[str, ...]:
    """The forms that were asked for, else the media, each once; those of `ALIKE` are one. None if anything may be shown."""
    return tuple(dict.fromkeys(ALIKE.get(form, form) for form in _forms(ledger))) or ledger.kinds


def sort_of(item: Item, sorts: Iterable[str]) -> str:
    """Which of these forms or media the item is of; its medium if it is of none."""
    form = ALIKE.get(item.form or "", item.form or "")
    return form if form in sorts else item.kind


def candidates_of_each(fusion: Fusion, query: Query) -> Pool:
    """The candidates, and a few of each form or medium that was asked for and has none among them, if the catalog has any."""
    pool, sorts = fusion(query), sorts_asked(query.ledger)
    if len(sorts) < 2 or not pool:
        return pool
    required = requirements(query.ledger)
    for sort in set(sorts).difference(sort_of(candidate.item, sorts) for candidate in pool):
        forms = tuple(form for form in _forms(query.ledger) if ALIKE.get(form, form) == sort)
        only = Constraint(field="form", op="in", value=forms) if forms else Constraint(field="kind", op="in", value=(sort,))
        pool = pool.joined(fusion(query, (*required, only))[:MOST_ADDED])
    return pool


def _forms(ledger: Ledger) -> list[str]:
    asked = [c.value for c in ledger.constraints if c.field == "form" and c.op == "in" and isinstance(c.value, tuple)]
    return [str(form) for value in asked for form in value]
