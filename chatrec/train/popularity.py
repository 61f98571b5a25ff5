"""Popularity without the dialogs that are held out, where the catalog's was counted on the very dialogs that are learned from.

What only a held-out dialog names is then a little popular, though no other dialog names it: its popularity would give it away,
and a head would learn to look for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

SAME = 0.95
"""Share of the items that some dialog names whose popularity is the number of mentions, for it to have been counted on these."""


@dataclass(frozen=True, eq=False)
class Counted:
    """Popularity that is how often the dialogs name an item."""

    popularity: Reals
    """float64 [items]: as the catalog says; NaN where unknown."""
    named: Sequence[Sequence[int]]
    """Per dialog, the rows it counts for, as often as it does."""

    @classmethod
    def of(cls, popularity: Reals, mentions: Sequence[Sequence[int]]) -> Counted | None:
        """None where the catalog's popularity was not counted on these dialogs.

        Args:
            popularity: float64 [items], as the catalog says; NaN where unknown.
            mentions: per dialog, the row of each item named.

        >>> counted = Counted.of(np.array([2, 1, 0], dtype=np.float64), [[0, 1], [0, 0]])  # once per dialog
        >>> counted.without([0]).tolist()
        [1.0, 0.0, 0.0]
        >>> Counted.of(np.array([9, 4, 1], dtype=np.float64), [[0, 1], [0, 0]]) is None
        True
        """
        for named in (mentions, [sorted(set(rows)) for rows in mentions]):
            counts = _counts(named, len(popularity))
            some = counts > 0
            if some.any() and np.mean(popularity[some] == counts[some]) >= SAME:
                return cls(popularity, named)
        return None

    def without(self, held: Iterable[int]) -> Reals:
        """float64 [items]: the same, some dialogs not counted."""
        return np.maximum(self.popularity - _counts([self.named[dialog] for dialog in held], len(self.popularity)), 0)


def _counts(named: Sequence[Sequence[int]], items: int) -> Reals:
    rows = np.fromiter(chain.from_iterable(named), dtype=np.int64)
    return np.bincount(rows, minlength=items).astype(np.float64)
