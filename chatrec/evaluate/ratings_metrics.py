"""How well held-out interactions are predicted: their values, and their place among all that a user has not met."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chatrec.evaluate.metrics import instance_ndcg, interval
from chatrec.evaluate.ratings import Floats, Interactions, Rows, Split

USERS_AT_ONCE = 256
UNSEEN_SAMPLED = 50
"""Unmet items of each user that the pooled AUC compares with; a uniform sample, the same for every system."""
AUC_DRAWS = 200
CUT = 10


class Recommender(Protocol):
    """A fitted system."""

    def scores(self, users: Rows) -> Floats:
        """float32 [users, items]: the higher, the sooner recommended; only the order within a row need mean anything."""
        ...

    def values(self, users: Rows, items: Rows) -> Floats | None:
        """float32 [n]: predicted values of n pairs; None if the system predicts order only."""
        ...


@dataclass(frozen=True, eq=False)
class Judged:
    """Per held-out interaction, in the order of `Split.held`, how one system did."""

    users: Rows
    ranks: NDArray[np.float64]
    """Among all items that the user had not met in training; equal scores share their mean rank."""
    aucs: NDArray[np.float64]
    """Share of the unmet items that are ranked below it, equal scores counting half."""
    peer_aucs: NDArray[np.float64]
    """The same among items that are as new as it is: cold (nobody met them in training) or not."""
    cold: NDArray[np.bool_]
    scores: Floats
    sampled: Floats
    """float32 [n, `UNSEEN_SAMPLED`]: scores of sampled unmet items of its user; NaN where there is none."""
    errors: NDArray[np.float64] | None
    """Predicted less true value; None if the system predicts order only."""
    predicted: Floats | None
    liked: NDArray[np.bool_]
    """Whether its value is at least the median value in training."""


def judge(system: Recommender, data: Split, seed: int = 0, tick: Callable[[float], None] = lambda done: None) -> Judged:
    """Let a system predict what was held out.

    Args:
        system: fitted.
        data: what was learned from, and what is held out.
        seed: of the sampled unmet items.
        tick: called with the share of the users that are done.
    """
    held, met = data.held, by_user(data.train)
    cold = np.bincount(data.train.items, minlength=data.train.item_count) == 0
    ranks, aucs, peers = (np.zeros(len(held)) for _ in range(3))
    scores = np.zeros(len(held), dtype=np.float32)
    sampled = np.zeros((len(held), UNSEEN_SAMPLED), dtype=np.float32)
    rng = np.random.default_rng(seed)
    batches = list(_batches(held))
    for number, (users, places) in enumerate(batches):
        tick(number / len(batches))
        table = system.scores(users)
        for user, row, mine in zip(users, table, places, strict=True):
            gold = held.items[mine]
            row[np.isnan(row)] = np.finfo(row.dtype).min  # what a system cannot score comes last
            unmet = np.ones(len(row), dtype=bool)
            unmet[met[user]] = False
            others = unmet.copy()
            others[gold] = False
            candidates, values, novel = row[unmet], row[others], cold[others]
            scores[mine] = row[gold]
            sampled[mine] = values[rng.integers(0, len(values), UNSEEN_SAMPLED)] if len(values) else np.nan
            for place, item in zip(mine, gold, strict=True):
                ranks[place] = _mean_rank(candidates, row[item])
                aucs[place] = _above(values, row[item])
                peers[place] = _above(values[novel == cold[item]], row[item])
    predicted = system.values(held.users, held.items)
    if predicted is not None and not np.isfinite(predicted).all():
        predicted = None  # no mean of its errors could be set beside another system's, which has one for each pair
    errors = None if predicted is None else predicted.astype(np.float64) - held.values
    liked = held.values >= np.median(data.train.values)
    return Judged(held.users, ranks, aucs, peers, cold[held.items], scores, sampled, errors, predicted, liked)


def by_user(interactions: Interactions) -> list[Rows]:
    """The items of each user."""
    order = np.argsort(interactions.users, kind="stable")
    counts = np.bincount(interactions.users, minlength=interactions.user_count)
    return np.split(interactions.items[order], np.cumsum(counts)[:-1])


def _batches(held: Interactions) -> Iterator[tuple[Rows, list[Rows]]]:
    """Some users at a time, and where in `held` each one's interactions are."""
    order = np.argsort(held.users, kind="stable")
    users, starts = np.unique(held.users[order], return_index=True)
    places = np.split(order, starts[1:])
    for start in range(0, len(users), USERS_AT_ONCE):
        yield users[start : start + USERS_AT_ONCE], places[start : start + USERS_AT_ONCE]


def _mean_rank(candidates: Floats, score: float) -> float:
    """Rank of a score among all, its own among them; equal ones share the mean of the ranks they fill. NaN has none.

    Of four, one is above and one is equal: ranks 2 and 3

    >>> _mean_rank(np.array([0.9, 0.5, 0.5, 0.1], dtype=np.float32), 0.5), _mean_rank(np.array([0.9], dtype=np.float32), np.nan)
    (2.5, inf)
    """
    if math.isnan(score):
        return math.inf
    return float((candidates > score).sum()) + (float((candidates == score).sum()) + 1) / 2


def _above(others: Floats, score: float) -> float:
    """AUC of one item against others: the share of them below it, equal ones counting half. NaN without others.

    Of four, two are below and one is equal:

    >>> _above(np.array([0.1, 0.2, 0.5, 0.9], dtype=np.float32), 0.5)
    0.625
    """
    return (float((others < score).sum()) + float((others == score).sum()) / 2) / len(others) if len(others) else math.nan


def summary(judged: Judged) -> dict[str, Any]:
    """All metrics, each with a 95% bootstrap interval by user, and those of cold and warm items.

    Returns:
        `rmse` and `liked_auc` (None if the system does not predict values for all pairs), `auc`, `user_auc`, `ndcg@10`; `slices`.
    """
    slices = {"cold": judged.cold, "warm": ~judged.cold}
    return {
        **_metrics(judged, np.ones(len(judged.users), dtype=bool)),
        "slices": {name: _slice(judged, part) for name, part in slices.items()},
    }


def _metrics(judged: Judged, part: NDArray[np.bool_]) -> dict[str, Any]:
    users = judged.users[part]
    return {
        "rmse": None if judged.errors is None else rmse(judged.errors[part], users),
        "liked_auc": None if judged.predicted is None else pooled_auc(judged.predicted[part], judged.liked[part], users),
        "auc": _unseen_auc(judged, part),
        "user_auc": _by_user(judged.aucs[part], users),
        f"ndcg@{CUT}": _ndcg(judged.ranks[part], users),
    }


def _slice(judged: Judged, part: NDArray[np.bool_]) -> dict[str, Any]:
    users = judged.users[part]
    return {
        "held_out": int(part.sum()),
        "rmse": None if judged.errors is None else rmse(judged.errors[part], users),
        "peer_auc": _by_user(judged.peer_aucs[part], users),
        f"ndcg@{CUT}": _ndcg(judged.ranks[part], users),
    }


def rmse(errors: NDArray[np.float64], users: Rows) -> dict[str, float] | None:
    """Root of the mean squared error over pairs, with its interval by user; None of none.

    Errors of 3 and 4: √((9 + 16) / 2)

    >>> rmse(np.array([3.0, 4.0]), np.array([0, 0]))["value"]
    3.535534
    """
    if not len(errors):
        return None
    codes, size = _codes(users)
    squares, counts = np.bincount(codes, errors**2, size), np.bincount(codes, minlength=size)
    low, high = interval(lambda drawn: math.sqrt(float(drawn @ squares) / float(drawn @ counts)), size)
    return _told(math.sqrt(float(squares.sum() / counts.sum())), low, high)


def pooled_auc(scores: Floats, positive: NDArray[np.bool_], users: Rows) -> dict[str, float] | None:
    """Chance that a positive pair scores above a negative one, of whatever users (Mann-Whitney); None if one class is missing.

    Positive ones score .8 and .4, negative ones .4 and .1: of four comparisons three are won and one is a tie

    >>> pooled_auc(np.array([0.8, 0.4, 0.4, 0.1]), np.array([True, True, False, False]), np.zeros(4, dtype=int))["value"]
    0.875
    """
    if positive.all() or not positive.any():
        return None
    codes, size = _codes(users)
    _, ties = np.unique(scores, return_inverse=True)
    order = np.argsort(ties, kind="stable")
    starts = np.flatnonzero(np.diff(ties[order], prepend=-1))
    signs, owners = positive[order], codes[order]

    def weighted(drawn: NDArray[np.float64]) -> float:
        weights = drawn[owners]
        above = np.add.reduceat(np.where(signs, weights, 0.0), starts)
        below = np.add.reduceat(np.where(signs, 0.0, weights), starts)
        pairs = above.sum() * below.sum()
        return float(above @ (np.cumsum(below) - below / 2) / pairs) if pairs else math.nan

    low, high = interval(weighted, size, draws=AUC_DRAWS)
    return _told(weighted(np.ones(size)), low, high)


def _unseen_auc(judged: Judged, part: NDArray[np.bool_]) -> dict[str, float] | None:
    """Held-out against unmet items, over all users: also asks that scores mean the same for all of them."""
    held, sampled, users = judged.scores[part], judged.sampled[part], judged.users[part]
    scores = np.concatenate([held, sampled.ravel()])
    positive = np.arange(len(scores)) < len(held)
    known = ~np.isnan(scores)
    return pooled_auc(scores[known], positive[known], np.concatenate([users, np.repeat(users, UNSEEN_SAMPLED)])[known])


def _by_user(values: NDArray[np.float64], users: Rows) -> dict[str, float] | None:
    """Mean over users of each one's mean; unknown values are left out, None if none is known.

    One user has 1 and 0, another 1:

    >>> _by_user(np.array([1.0, 0.0, 1.0]), np.array([7, 7, 8]))["value"]
    0.75
    """
    known = ~np.isnan(values)
    if not known.any():
        return None
    codes, size = _codes(users[known])
    means = np.bincount(codes, values[known], size) / np.bincount(codes, minlength=size)
    return _mean(means)


def _ndcg(ranks: NDArray[np.float64], users: Rows) -> dict[str, float] | None:
    """Mean over users of NDCG of what each one's list should hold; None of none.

    One user's at rank 1, of another's two one at rank 3 and one beyond: (1 + (1/2) / (1 + 1/log2(3))) / 2

    >>> round(_ndcg(np.array([3.0, 1.0, 50.0]), np.array([1, 0, 1]))["value"], 4)
    0.6533
    """
    if not len(ranks):
        return None
    order = np.argsort(users, kind="stable")
    _, starts = np.unique(users[order], return_index=True)
    return _mean(np.array([instance_ndcg(list(mine), CUT) for mine in np.split(ranks[order], starts[1:])]))


def _mean(values: NDArray[np.float64]) -> dict[str, float]:
    low, high = interval(lambda drawn: float(drawn @ values / drawn.sum()), len(values))
    return _told(float(values.mean()), low, high)


def _codes(users: Rows) -> tuple[Rows, int]:
    names, codes = np.unique(users, return_inverse=True)
    return codes, len(names)


def _told(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": round(value, 6), "low": round(low, 6), "high": round(high, 6)}
