"""Why nothing fits, and what would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from chatrec.constraints import NUMBER_FIELDS, satisfies_all
from chatrec.index.open import Index
from chatrec.types import Constraint, Item, Query


@dataclass(frozen=True)
class Relaxation:
    """The smallest step that brings something back."""

    dropped: tuple[Constraint, ...]
    """Constraints that together empty the result; without them items remain."""
    remaining: int
    """How many items would then satisfy everything else."""
    nearest: float | None = None
    """For one bound on a number: the closest value among those items."""


def relax(index: Index, query: Query, required: Sequence[Constraint]) -> Relaxation | None:
    """The relaxation that drops fewest constraints, and of those the one that gives up least.

    A bound on a number is preferred (it can be moved a little), then whatever leaves the fewest items, since that is
    the smallest change. `None` if even without any constraint nothing is left.
    """
    items = [item for item_id, item in index.catalog.items() if item_id not in query.excluded]
    for size in range(1, len(required) + 1):
        options = [option for dropped in combinations(required, size) if (option := _without(items, required, dropped))]
        if options:
            return min(options, key=_cost)
    return None


def _without(items: Sequence[Item], required: Sequence[Constraint], dropped: tuple[Constraint, ...]) -> Relaxation | None:
    kept = [constraint for constraint in required if constraint not in dropped]
    left = [item for item in items if satisfies_all(item, kept)]
    if not left:
        return None
    return Relaxation(dropped, len(left), _nearest(left, dropped[0]) if len(dropped) == 1 else None)


def _nearest(items: Sequence[Item], constraint: Constraint) -> float | None:
    if constraint.field not in NUMBER_FIELDS:
        return None
    numbers = [float(number) for item in items if (number := getattr(item, constraint.field)) is not None]
    if not numbers:
        return None
    if constraint.op == "ranges":
        assert isinstance(constraint.value, tuple)
        bounds = [float(bound) for pair in constraint.value for bound in pair]
        return min(numbers, key=lambda number: min(abs(number - bound) for bound in bounds))
    assert isinstance(constraint.value, (int, float))
    bound = float(constraint.value)
    return min(numbers, key=lambda number: abs(number - bound))


def _cost(option: Relaxation) -> tuple[int, int]:
    return (0 if option.nearest is not None else 1, option.remaining)
