"""Whether the head's probabilities mean what they say: of the candidates given 20%, one in five should have been accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

EDGES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Bounds of the bins: fine where most candidates are, near 0."""


class Reliability:
    """Counts candidates by probability, and how many were gold.

    Two candidates are given .25, of which one is gold, and one .75, which is gold:

    >>> counted = Reliability()
    >>> counted.add([0.25, 0.25, 0.75], [True, False, True])
    >>> [(b["candidates"], b["predicted"], b["accepted"]) for b in counted.summary()["bins"]]
    [(2, 0.25, 0.5), (1, 0.75, 1.0)]

    The expected calibration error is 2/3 · |.25 − .5| + 1/3 · |.75 − 1| = .25:

    >>> counted.summary()["error"]
    0.25

    Most candidates are far from gold, so that to say 0 of all of them has a small error, too; here the share of gold, 2/3:

    >>> counted.summary()["error_of_zero"], counted.summary()["expected"], counted.summary()["came_true"]
    (0.666667, 1.25, 2)
    """

    def __init__(self) -> None:
        self._counts = np.zeros((3, len(EDGES) - 1))

    def add(self, probabilities: ArrayLike, accepted: Sequence[bool]) -> None:
        """Count the candidates of one instance."""
        values = np.asarray(probabilities, dtype=np.float64)
        bins = np.clip(np.searchsorted(EDGES, values, side="right") - 1, 0, len(EDGES) - 2)
        for row, weights in enumerate((np.ones(len(values)), values, np.asarray(accepted, dtype=np.float64))):
            self._counts[row] += np.bincount(bins, weights=weights, minlength=len(EDGES) - 1)

    def summary(self) -> dict[str, Any]:
        """How far what was said is from what came true.

        Returns:
            `bins` that hold candidates (bounds, how many, mean probability, share that was gold); `error`, the expected
            calibration error: mean difference of the two over the candidates (Naeini et al. 2015); `error_of_zero`, that of
            saying 0 of all; `expected`, the sum of the probabilities; `came_true`, how many were gold.
        """
        counts, predicted, accepted = self._counts
        used = np.flatnonzero(counts)
        bins = [
            {
                "low": EDGES[place],
                "high": EDGES[place + 1],
                "candidates": int(counts[place]),
                "predicted": round(float(predicted[place] / counts[place]), 6),
                "accepted": round(float(accepted[place] / counts[place]), 6),
            }
            for place in used
        ]
        return {
            "bins": bins,
            "error": _error(counts, predicted, accepted),
            "error_of_zero": _error(counts, np.zeros_like(predicted), accepted),
            "expected": round(float(predicted.sum()), 2),
            "came_true": int(accepted.sum()),
        }


def _error(counts: NDArray[np.float64], predicted: NDArray[np.float64], accepted: NDArray[np.float64]) -> float | None:
    return round(float(np.abs(predicted - accepted).sum() / counts.sum()), 6) if counts.any() else None
