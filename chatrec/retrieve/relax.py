"""Why nothing fits, and what would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from chatrec.constraints import NUMBER_FIELDS
from chatrec.index.open import Index
from chatrec.types import Constraint, Query


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
    for size in range(1, len(required) + 1):
        options = [option for dropped in combinations(required, size) if (option := _without(index, query, required, dropped))]
        if options:
            return min(options, key=_cost)
    return None


def _without(index: Index, query: Query, required: Sequence[Constraint], dropped: tuple[Constraint, ...]) -> Relaxation | None:
    kept = [constraint for constraint in required if constraint not in dropped]
    left = np.flatnonzero(index.allowed(query, kept))
    if not len(left):
        return None
    return Relaxation(dropped, len(left), _nearest(index, left, dropped[0]) if len(dropped) == 1 else None)


def _nearest(index: Index, rows: NDArray[np.intp], constraint: Constraint) -> float | None:
    if constraint.field not in NUMBER_FIELDS:
        return None
    numbers = index.columns.numbers(constraint.field)[rows]
    numbers = numbers[~np.isnan(numbers)]
    if not len(numbers):
        return None
    value = constraint.value if isinstance(constraint.value, tuple) else ((constraint.value,),)
    bounds = np.array([float(bound) for pair in value for bound in pair])
    return float(numbers[np.abs(numbers[:, None] - bounds).min(axis=1).argmin()])


def _cost(option: Relaxation) -> tuple[int, int]:
    return (0 if option.nearest is not None else 1, option.remaining)
