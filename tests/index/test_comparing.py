"""Exact comparison in blocks and on several cores gives what one product of matrices gives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from chatrec.index.compare import BLOCK, LONE, comparisons, cosines
from chatrec.index.open import Index

RNG = np.random.default_rng(5)
VECTORS = RNG.normal(size=(LONE + BLOCK + 7, 24)).astype(np.float32)


def in_turn(act: Callable[[Any], Any], given: Sequence[Any]) -> list[Any]:
    return [act(one) for one in given]


@pytest.mark.parametrize("cores", [1, 2, 3])
@pytest.mark.parametrize("asked", [1, 3])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 1.0])
def test_the_products_are_those_of_the_rows_in_their_order(share: float, asked: int, cores: int) -> None:
    rows = np.sort(RNG.choice(len(VECTORS), int(share * len(VECTORS)), replace=False))
    questions = RNG.normal(size=(asked, 24)).astype(np.float32)
    found = cosines(questions, VECTORS, rows, in_turn, cores)
    assert found.shape == (asked, len(rows))
    assert np.allclose(found, questions @ VECTORS[rows].T, atol=1e-4)


def test_few_rows_are_fetched_and_many_cost_no_more_than_all() -> None:
    assert comparisons(10, 100_000) == 30
    assert comparisons(99_000, 100_000) == 100_000


def test_what_is_done_for_each_is_done_side_by_side_and_comes_in_order(small_index: Index) -> None:
    both = threading.Barrier(2, timeout=20)

    def wait(number: int) -> int:
        if small_index._cores > 1:
            both.wait()
        return -number

    assert small_index.each(wait, (1, 2)) == [-1, -2]
