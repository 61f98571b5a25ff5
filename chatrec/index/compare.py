"""A few vectors compared with all of a catalog's, or with some: exactly, one block after the other, on all cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024
"""Rows that stay in the cache while one vector after the other is compared with them."""
LONE = 8 * BLOCK
"""Comparisons that one thread has done before a second had begun."""
FETCHING = 2.0
"""What it takes to fetch a row from its place, in comparisons of two vectors."""

Each = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]
"""Does something for each of several things, side by side; the results are in their order."""


def cosines(
    asked: NDArray[np.float32], vectors: NDArray[np.float32], rows: NDArray[np.intp], each: Each, cores: int
) -> NDArray[np.float32]:
    """float32 [asked, rows]: each vector's product with each of some rows.

    Not by `@`: BLAS shares out a product of this size to all cores, and where others use them waits longer than it takes.

    Args:
        asked: float32 [asked, dimension].
        vectors: float32 [items, dimension].
        rows: the rows; where they are most of all, all are compared, since that is quicker than fetching them.
        each: how parts are done side by side.
        cores: into how many parts.
    """
    whole = len(asked) * len(vectors) <= len(rows) * (len(asked) + FETCHING)

    def part(within: tuple[int, int]) -> NDArray[np.float32]:
        first, last = within
        found = np.empty((len(asked), last - first), dtype=np.float32)
        for start in range(first, last, BLOCK):
            end = min(start + BLOCK, last)
            block = vectors[start:end] if whole else vectors[rows[start:end]]
            for place, vector in enumerate(asked):
                np.einsum("nd,d->n", block, vector, out=found[place, start - first : end - first])
        return found

    count = len(vectors) if whole else len(rows)
    parts = cores if count * len(asked) > LONE else 1
    ends = [count * n // parts for n in range(parts + 1)]
    found = np.hstack(each(part, list(pairwise(ends))))
    return found[:, rows] if whole else found


def comparisons(rows: int, items: int) -> float:
    """What it takes to compare one vector with some rows of so many, in comparisons of two vectors that lie side by side."""
    return min(items, rows * (1 + FETCHING))
