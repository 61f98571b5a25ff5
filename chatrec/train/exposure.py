"""Which logs could have named an item at all: sequences of mentions lack what whoever linked them did not know.

ReDial's bare sequences hold only films that have a page in an encyclopedia, so that the newest ones, often the most wanted, are
missing from eight dialogs in nine. To count those as silence about them would teach that nobody recommends them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXPECTED = 10.0
"""Times that bare dialogs would have named an item at the rate of the others; if they never did, it is out of their reach."""


@dataclass(frozen=True, eq=False)
class Exposure:
    """Dialogs with text, bare ones, and the items that bare ones cannot hold."""

    bare: NDArray[np.bool_]
    """bool [dialogs]: which are sequences of mentions without any text."""
    hidden: NDArray[np.bool_]
    """bool [items]: out of reach of bare dialogs."""
    scale: float
    """Dialogs of either kind that name something, for each of those with text: what a count of a hidden item stands for."""

    @classmethod
    def of(cls, mentions: Sequence[Sequence[tuple[str, int]]], bare: Sequence[bool], items: int) -> Exposure:
        """What the mentions of some dialogs tell.

        Args:
            mentions: per dialog, (role, row) of each item named.
            bare: per dialog, whether it has no text.
            items: size of the catalog.

        >>> named = [[("user", 0)]] + [[("user", 1)]] * 12
        >>> found = Exposure.of(named, [False] + [True] * 12, items=2)
        >>> found.hidden.tolist(), found.scale
        ([True, False], 13.0)
        """
        flags = np.array(bare, dtype=bool)
        counts = np.zeros((2, items), dtype=np.float64)
        dialogs = [0, 0]
        for named, flag in zip(mentions, flags.tolist(), strict=True):
            dialogs[flag] += bool(named)
            counts[int(flag), list({row for _, row in named})] += 1
        with_text, without = dialogs
        if not with_text or not without:
            return cls.everywhere(len(flags), items)
        expected = counts[0] * (without / with_text)
        return cls(flags, (counts[1] == 0) & (expected >= EXPECTED), (with_text + without) / with_text)

    @classmethod
    def everywhere(cls, dialogs: int, items: int) -> Exposure:
        """Every dialog could name every item."""
        return cls(np.zeros(dialogs, dtype=bool), np.zeros(items, dtype=bool), 1.0)

    @property
    def factors(self) -> NDArray[np.float32]:
        """float32 [items]: what a count of each item stands for."""
        return np.where(self.hidden, np.float32(self.scale), np.float32(1))
