"""Ranking metrics. Each is a mean over instances, or over gold mentions where it says so; a short ranking counts as a miss.

A rank is 1-based, `inf` for gold that was not ranked. Items with equal scores all take the mean of the ranks they fill.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

Ranks = Sequence[Sequence[float]]
"""Per instance, the rank of each gold mention."""


def gold_ranks(ranking: Sequence[str], gold: Sequence[str], scores: Sequence[float] | None = None) -> list[float]:
    """The rank of each gold item; items with equal scores share their mean rank.

    >>> gold_ranks(["a", "b", "c"], ["c", "x"])
    [3.0, inf]
    >>> gold_ranks(["a", "b", "c"], ["b"], scores=[0.9, 0.5, 0.5])
    [2.5]
    """
    at = {item: place for place, item in reversed(list(enumerate(ranking)))}
    if scores is None:
        return [at[item] + 1.0 if item in at else math.inf for item in gold]
    values = np.asarray(scores, dtype=np.float64)
    return [
        float((values > values[at[item]]).sum() + ((values == values[at[item]]).sum() + 1) / 2) if item in at else math.inf
        for item in gold
    ]


def recall(ranks: Ranks, k: int) -> float:
    """Recall@k, micro-averaged: the share of gold mentions with rank ≤ k. NaN without gold.

    Three gold mentions, at ranks 1 and 4 of one list and unranked in another:

    >>> recall([[1, 4], [math.inf]], 1), recall([[1, 4], [math.inf]], 10)
    (0.3333333333333333, 0.6666666666666666)
    """
    return _ratio(*recall_parts(ranks, k))


def recall_parts(ranks: Ranks, k: int) -> tuple[float, float]:
    """Numerator and denominator of recall@k."""
    flat = [rank for row in ranks for rank in row]
    return float(sum(rank <= k for rank in flat)), float(len(flat))


def hit(ranks: Ranks, k: int) -> float:
    """Hit@k: the share of instances with any gold within k.

    >>> hit([[1, 4], [math.inf]], 10)
    0.5
    """
    return _ratio(float(sum(any(rank <= k for rank in row) for row in ranks)), float(len(ranks)))


def mrr(ranks: Ranks, k: int = 100) -> float:
    """Mean reciprocal rank of the best gold item within k, 0 where there is none.

    >>> mrr([[2, 4], [math.inf], [1]])
    0.5
    """
    return _ratio(sum(reciprocal_rank(row, k) for row in ranks), float(len(ranks)))


def reciprocal_rank(row: Sequence[float], k: int = 100) -> float:
    """1 / rank of the best gold item, 0 beyond k."""
    best = min(row, default=math.inf)
    return 1 / best if best <= k else 0.0


def ndcg(ranks: Ranks, k: int) -> float:
    """NDCG@k with binary gains: Σ 1/log2(1+rank) over gold within k, by the same of an ideal list (Järvelin & Kekäläinen 2002).

    Gold at ranks 1 and 3 of two: (1 + 1/2) / (1 + 1/log2(3)) = 1.5 / 1.6309

    >>> round(ndcg([[1, 3]], 10), 4)
    0.9197
    """
    return _ratio(sum(instance_ndcg(row, k) for row in ranks), float(len(ranks)))


def instance_ndcg(row: Sequence[float], k: int) -> float:
    """NDCG@k of one instance."""
    gained = sum(1 / math.log2(1 + rank) for rank in row if rank <= k)
    ideal = sum(1 / math.log2(1 + place) for place in range(1, min(len(row), k) + 1))
    return gained / ideal if ideal else 0.0


def mean_average_precision(ranks: Ranks, k: int = 100) -> float:
    """MAP@k: mean over instances of Σ precision at each gold within k / number of gold.

    Gold at ranks 1 and 4 of two: (1/1 + 2/4) / 2

    >>> mean_average_precision([[1, 4]])
    0.75
    """
    return _ratio(sum(_average_precision(row, k) for row in ranks), float(len(ranks)))


def _average_precision(row: Sequence[float], k: int) -> float:
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
    """Bootstrap interval, by group, of Σ numerator / Σ denominator."""
    _, codes = np.unique(np.asarray(group), return_inverse=True)
    size = int(codes.max()) + 1 if len(codes) else 0
    top = np.bincount(codes, weights=np.asarray(numerator, dtype=np.float64), minlength=size)
    bottom = np.bincount(codes, weights=np.asarray(denominator, dtype=np.float64), minlength=size)
    return interval(lambda weights: _ratio(float(weights @ top), float(weights @ bottom)), size, draws=draws, seed=seed)


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom else math.nan
