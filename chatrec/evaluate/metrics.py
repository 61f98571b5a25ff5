"""Ranking metrics, of all instances or, where the name or the argument says so, of one; a short ranking counts as a miss.

A rank is 1-based, `inf` for gold that was not ranked. Items with equal scores all take the mean of the ranks they fill.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ranks = Sequence[Sequence[float]]
"""Per instance, the rank of each gold mention."""
DEEPEST = 100
"""How deep a list is read where no cut-off is given: what is ranked lower is a miss."""
FEW_GROUPS = 30
"""Groups (dialogs, users) below which a bootstrap interval is told to say little: few draws differ, and it is too narrow."""
Values = Sequence[float] | NDArray[np.floating[Any]]


def gold_ranks(ranking: Sequence[str], gold: Sequence[str], scores: Sequence[float] | None = None) -> list[float]:
    """The rank of each gold item; items with equal scores share their mean rank.

    A score that is NaN, as of a damaged model, never helps: gold with one is not ranked, and any other item with one stands in
    front of all that have a score.

    >>> gold_ranks(["a", "b", "c"], ["c", "x"])
    [3.0, inf]
    >>> gold_ranks(["a", "b", "c"], ["b"], scores=[0.9, 0.5, 0.5])
    [2.5]
    >>> gold_ranks(["a", "b", "c"], ["b", "c"], scores=[math.nan, 0.5, math.nan])
    [3.0, inf]
    """
    at = {item: place for place, item in reversed(list(enumerate(ranking)))}
    if scores is None:
        return [at[item] + 1.0 if item in at else math.inf for item in gold]
    values = np.asarray(scores, dtype=np.float64)
    unknown = int(np.isnan(values).sum())

    def rank(score: float) -> float:
        return math.inf if math.isnan(score) else float(unknown + (values > score).sum() + ((values == score).sum() + 1) / 2)

    return [rank(values[at[item]]) if item in at else math.inf for item in gold]


def recall(ranks: Ranks, k: int) -> float:
    """Recall@k, micro-averaged: the share of gold mentions with rank ≤ k. NaN without gold.

    Three gold mentions, at ranks 1 and 4 of one list and unranked in another:

    >>> recall([[1, 4], [math.inf]], 1), recall([[1, 4], [math.inf]], 10)
    (0.3333333333333333, 0.6666666666666666)
    """
    flat = [rank for row in ranks for rank in row]
    return _ratio(float(sum(rank <= k for rank in flat)), float(len(flat)))


def recall_curve(ranks: Ranks, deepest: int = DEEPEST) -> list[float]:
    """Recall@1, recall@2, … recall@deepest. NaN without gold.

    >>> recall_curve([[1, 3], [math.inf, 2.5]], 4)
    [0.25, 0.25, 0.75, 0.75]
    """
    flat = np.sort(np.array([rank for row in ranks for rank in row], dtype=np.float64))
    found = np.searchsorted(flat, np.arange(1, deepest + 1), side="right")
    return [_ratio(float(count), float(len(flat))) for count in found]


def instance_hit(row: Sequence[float], k: int) -> bool:
    """Whether any gold of one instance is within k.

    >>> instance_hit([12, 3], 3), instance_hit([12, 3], 2)
    (True, False)
    """
    return any(rank <= k for rank in row)


def reciprocal_rank(row: Sequence[float], k: int = DEEPEST) -> float:
    """1 / rank of the best gold item, 0 beyond k.

    >>> reciprocal_rank([8, 4]), reciprocal_rank([8, 4], k=3)
    (0.25, 0.0)
    """
    best = min(row, default=math.inf)
    return 1 / best if best <= k else 0.0


def instance_ndcg(row: Sequence[float], k: int) -> float:
    """NDCG@k of one instance with binary gains: Σ 1/log2(1+rank) over gold within k, by the same of an ideal list (Järvelin &
    Kekäläinen 2002). Each rank is of another item, and no more than k items are within k, however many share a rank.

    Of two gold items one is at rank 3, and an ideal list would have them at 1 and 2: (1/2) / (1 + 1/1.585)

    >>> round(instance_ndcg([3, math.inf], 5), 4)
    0.3066
    """
    gained = sum(1 / math.log2(1 + rank) for rank in sorted(row)[:k] if rank <= k)
    ideal = sum(1 / math.log2(1 + place) for place in range(1, min(len(row), k) + 1))
    return gained / ideal if ideal else 0.0


def average_precision(row: Sequence[float], k: int = DEEPEST) -> float:
    """Average precision of one instance: Σ precision at each gold within k / number of gold. Each rank is of another item.

    Gold at rank 2 and none elsewhere, of two: (1/2) / 2

    >>> average_precision([2, math.inf])
    0.25
    """
    ordered = sorted(rank for rank in row if rank <= k)
    return sum(place / rank for place, rank in enumerate(ordered, 1)) / len(row) if row else 0.0


def coverage(rankings: Sequence[Sequence[str]], items: int, k: int) -> float:
    """Share of the catalog that occurs in any top k.

    >>> coverage([["a", "b"], ["a", "c"]], items=4, k=2)
    0.75
    """
    return _ratio(float(len({item for ranking in rankings for item in ranking[:k]})), float(items))


def gini(rankings: Sequence[Sequence[str]], items: int, k: int) -> float:
    """Gini coefficient of how often each item of the catalog is shown in a top k: 0 all alike, towards 1 all on one.

    Of two items one is shown twice, the other never:

    >>> gini([["a"], ["a"]], items=2, k=1)
    0.5
    """
    shown: dict[str, int] = {}
    for ranking in rankings:
        for item in ranking[:k]:
            shown[item] = shown.get(item, 0) + 1
    counts = np.sort(np.array([0] * (items - len(shown)) + list(shown.values()), dtype=np.float64))
    if not counts.sum():
        return math.nan
    places = np.arange(1, len(counts) + 1)
    return float((2 * (places * counts).sum() / counts.sum() - (len(counts) + 1)) / len(counts))


def novelty(percentiles: Values) -> float:
    """Mean of 1 − popularity percentile of what is shown: 0 only the best known, towards 1 only the least known. NaN of none.

    >>> novelty([1.0, 0.5])
    0.25
    """
    return float(1 - np.mean(percentiles)) if len(percentiles) else math.nan


def popularity_lift(shown: Sequence[Values], named: Sequence[Values]) -> float:
    """How much better known what is shown is than what the person named: the mean over instances of the difference between
    the mean popularity percentiles. An instance without either is left out; NaN if none is left.

    >>> round(popularity_lift([[0.9, 0.7], [0.5]], [[0.5, 0.7], []]), 4)
    0.2
    """
    lifts = [float(np.mean(a) - np.mean(b)) for a, b in zip(shown, named, strict=True) if len(a) and len(b)]
    return float(np.mean(lifts)) if lifts else math.nan


def diversity(vectors: Sequence[Values] | NDArray[np.floating[Any]]) -> float:
    """Intra-list diversity: the mean of 1 − cosine over the pairs of a list of unit vectors (Ziegler et al. 2005). NaN below two.

    Two alike and one at a right angle to both: pairs 0, 1, 1

    >>> round(diversity([[1, 0], [1, 0], [0, 1]]), 4)
    0.6667
    """
    table = np.asarray(vectors, dtype=np.float64)
    n = len(table)
    return 1 - (float((table @ table.T).sum()) - n) / (n * (n - 1)) if n > 1 else math.nan


def serendipity(found: Sequence[str], expected: Sequence[str]) -> float:
    """Share of the found gold that the obvious list, one of the most popular, would have missed (Ge et al. 2010). NaN of none.

    >>> serendipity(["a", "b", "b", "c"], ["a", "x"])
    0.75
    """
    obvious = set(expected)
    return _ratio(float(sum(item not in obvious for item in found)), float(len(found)))


def violations(places: Sequence[Sequence[int]], k: int) -> int:
    """How many items among the first k of any list break a constraint that its person holds.

    Args:
        places: per list, the 1-based places of items that break one.
        k: cut-off.

    >>> violations([[1, 4], [2]], 3)
    2
    """
    return sum(place <= k for row in places for place in row)


def interval(
    statistic: Callable[[np.ndarray], float], groups: int, *, draws: int = 1000, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval over groups (dialogs), drawn with replacement (Efron 1979).

    Args:
        statistic: weights of the groups (float64 [groups], how often each was drawn) → value.
        groups: how many there are.
        draws: bootstrap samples.
        seed: of the draws.
        level: coverage.
    """
    if not groups:
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    values = [statistic(np.bincount(rng.integers(0, groups, groups), minlength=groups).astype(np.float64)) for _ in range(draws)]
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def ratio_interval(
    numerator: Sequence[float], denominator: Sequence[float], group: Sequence[int], *, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Bootstrap interval, by group, of Σ numerator / Σ denominator.

    Two dialogs, one with its single gold mention found and one without: a draw finds none, half or all.

    >>> ratio_interval([1, 0], [1, 1], [0, 1])
    (0.0, 1.0)
    """
    _, codes = np.unique(np.asarray(group), return_inverse=True)
    size = int(codes.max()) + 1 if len(codes) else 0
    top = np.bincount(codes, weights=np.asarray(numerator, dtype=np.float64), minlength=size)
    bottom = np.bincount(codes, weights=np.asarray(denominator, dtype=np.float64), minlength=size)
    return interval(lambda weights: _ratio(float(weights @ top), float(weights @ bottom)), size, draws=draws, seed=seed)


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom else math.nan
