"""Folds of dialogs."""

from __future__ import annotations

import numpy as np
import pytest

from chatrec.train.folds import folds_in_order, random_folds


def test_random_folds_go_by_name_and_do_not_depend_on_order() -> None:
    names = [f"d{n}" for n in range(200)]
    forward = dict(zip(names, random_folds(names, 5, 0).tolist(), strict=True))
    assert forward == dict(zip(names[::-1], random_folds(names[::-1], 5, 0).tolist(), strict=True))
    assert min(np.bincount(list(forward.values()))) > 20


@pytest.mark.parametrize("seed", range(5))
def test_neighbours_are_in_one_fold_and_folds_are_of_one_size(seed: int) -> None:
    folds = folds_in_order(range(103), 5, seed)
    assert (folds != np.roll(folds, 1)).sum() == 5
    assert set(np.bincount(folds)) == {20, 21}
    assert np.array_equal(folds, folds_in_order(range(103), 5, seed))


def test_seeds_begin_in_other_places() -> None:
    assert len({tuple(folds_in_order(range(40), 4, seed)) for seed in range(4)}) > 1


def test_what_is_of_one_person_is_in_one_fold_wherever_it_stands() -> None:
    folds = folds_in_order([0, 1, 0, 3, 4, 1, 6, 0], 3, 0)
    assert folds[0] == folds[2] == folds[7] and folds[1] == folds[5]
    assert len(set(folds.tolist())) == 3


def test_of_nothing_there_are_no_folds() -> None:
    assert folds_in_order([], 5, 0).shape == (0,)
