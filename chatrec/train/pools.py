"""From replayed instances to what the head is fitted on: candidate pools with features and gold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.evaluate.metrics import ratio_interval
from chatrec.score.features import Features
from chatrec.score.table import Floats
from chatrec.types import Candidate, Query

POOL = 200


@dataclass(frozen=True, eq=False)
class Pools:
    """Candidate pools of n instances, padded to one width."""

    features: Floats
    """float32 [n, width, features]; NaN where unknown and in the padding."""
    gold: Floats
    """float32 [n, width]: 1 for what should be recommended."""
    present: NDArray[np.bool_]
    """bool [n, width]: False in the padding."""
    missed: NDArray[np.int32]
    """int32 [n]: gold mentions that no retriever brought up."""
    group: NDArray[np.int32]
    """int32 [n]: dialog number; folds and bootstrap go by it."""
    weight: Floats
    """float32 [n]: how much an instance counts."""

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Pools:
        """Some of the instances."""
        return Pools(*(getattr(self, name)[rows] for name in ("features", "gold", "present", "missed", "group", "weight")))

    @classmethod
    def join(cls, parts: Sequence[Pools]) -> Pools:
        """All instances of several pools."""
        names = ("features", "gold", "present", "missed", "group", "weight")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def build_pools(
    retrieve: Callable[[Query], Sequence[Candidate]],
    features: Features,
    asked: Iterable[tuple[Query, Sequence[str], int, float]],
    count: int,
    tick: Callable[[int], None] = lambda n: None,
) -> Pools:
    """Retrieve and describe the candidates of every query.

    Args:
        retrieve: query → candidates, best first.
        features: computes the feature matrix.
        asked: (query, gold ids, group, weight) of each instance.
        count: how many there are.
        tick: called with 1 after each.
    """
    width = len(features.names)
    matrix = np.full((count, POOL, width), np.nan, dtype=np.float32)
    gold = np.zeros((count, POOL), dtype=np.float32)
    present = np.zeros((count, POOL), dtype=bool)
    missed, group = np.zeros(count, dtype=np.int32), np.zeros(count, dtype=np.int32)
    weight = np.ones(count, dtype=np.float32)
    for row, (query, answer, dialog, importance) in enumerate(asked):
        candidates = retrieve(query)[:POOL]
        n = len(candidates)
        wanted = set(answer)
        if n:
            matrix[row, :n] = features(query, candidates)
        gold[row, :n] = [candidate.item.id in wanted for candidate in candidates]
        present[row, :n] = True
        missed[row] = len(wanted) - int(gold[row].sum())
        group[row], weight[row] = dialog, importance
        tick(1)
    return Pools(matrix, gold, present, missed, group, weight)


def pool_metrics(pools: Pools, logits: np.ndarray, ks: Sequence[int] = (1, 10, 50)) -> dict[str, Any]:
    """Recall of the pool, of the fused order and of the head, with 95% intervals by dialog; empty without instances.

    Args:
        pools: candidates in fused order.
        logits: [n, width] of the head, -inf in the padding.
        ks: cut-offs.
    """
    if not len(pools.gold):
        return {}
    total = pools.gold.sum(axis=1) + pools.missed
    reranked = np.take_along_axis(pools.gold, np.argsort(-logits, axis=1, kind="stable"), axis=1)

    def share(found: np.ndarray) -> dict[str, float]:
        low, high = ratio_interval(found.tolist(), total.tolist(), pools.group.tolist())
        return {"value": round(float(found.sum() / total.sum()), 4), "low": round(low, 4), "high": round(high, 4)}

    return {
        "instances": len(pools.gold),
        "gold": int(total.sum()),
        "recall": {str(k): share(reranked[:, :k].sum(axis=1)) for k in ks},
        "fused_recall": {str(k): share(pools.gold[:, :k].sum(axis=1)) for k in ks},
        "rerank_gain": {str(k): share(reranked[:, :k].sum(axis=1) - pools.gold[:, :k].sum(axis=1)) for k in ks},
        "pool_recall": share(pools.gold.sum(axis=1)),
    }
