"""A sparse matrix as it is stored, of which single rows are added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sparse:
    """Rows of a sparse matrix: row i holds `columns[starts[i]:starts[i+1]]` with `weights` alike."""

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    weights: Floats

    def add(self, row: int, factor: float, into: Floats) -> None:
        """into += factor · row; no column may occur twice in a row."""
        part = slice(self.starts[row], self.starts[row + 1])
        into[self.columns[part]] += factor * self.weights[part]

    def within(self, columns: int) -> bool:
        """Whether it has no more columns than that."""
        return not self.columns.size or bool(self.columns.min() >= 0 and self.columns.max() < columns)

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """For storage."""
        return {f"{prefix}_starts": self.starts, f"{prefix}_columns": self.columns, f"{prefix}_weights": self.weights}

    @classmethod
    def join(cls, parts: Sequence[Sparse]) -> Sparse:
        """The rows of all parts, one under the other."""
        lengths = np.concatenate([np.zeros(1, dtype=np.int64), *(np.diff(part.starts) for part in parts)])
        columns = np.concatenate([part.columns for part in parts])
        return cls(np.cumsum(lengths), columns, np.concatenate([part.weights for part in parts]))

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], prefix: str) -> Sparse:
        """Read back."""
        return cls(*(arrays[f"{prefix}_{part}"] for part in ("starts", "columns", "weights")))
