"""Folds of dialogs: what is learned on some is asked of the others."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def random_folds(names: Sequence[str], folds: int, seed: int) -> NDArray[np.int64]:
    """int [names]: the fold of each name; equal names share theirs, and order does not matter."""
    digests = [hashlib.blake2b(f"{seed} {name}".encode(), digest_size=4).digest() for name in names]
    return np.array([int.from_bytes(digest, "big") % folds for digest in digests], dtype=np.int64)


def folds_in_order(groups: Sequence[int] | NDArray[np.integer], folds: int, seed: int) -> NDArray[np.int64]:
    """int [dialogs]: the fold of each dialog, one of `folds` runs of neighbours.

    Neighbours in a log are of one time and often of the same people, even where it does not say so. With folds drawn at random
    they would tell of each other what no later dialog tells: a head learns to trust that more than it may.

    Args:
        groups: numbers of persons, in the order of the log; the same number, the same fold.
        folds: how many.
        seed: where the first run begins; the one over the end goes on at the beginning.
    """
    found, ranks = np.unique(np.asarray(groups, dtype=np.int64), return_inverse=True)
    if not len(found):
        return np.zeros(0, dtype=np.int64)
    begin = int(np.random.default_rng(seed).integers(len(found)))
    return (ranks + begin) % len(found) * folds // len(found)
