"""From replayed instances to what the head is fitted on: candidate pools with features and gold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import TrainingDataError
from chatrec.evaluate.metrics import ratio_interval
from chatrec.retrieve.fuse import Fusion
from chatrec.score.features import OF_ORDER, Features
from chatrec.score.table import Floats
from chatrec.types import Query

FILE = "pools.npz"


@dataclass(frozen=True, eq=False)
class Pools:
    """Candidate pools of n instances, padded to one width."""

    features: NDArray[np.float16]
    """float16 [n, width, features], for the memory; NaN where unknown and in the padding."""
    gold: Floats
    """float32 [n, width]: 1 for what should be recommended."""
    present: NDArray[np.bool_]
    """bool [n, width]: False in the padding."""
    missed: NDArray[np.int32]
    """int32 [n]: gold mentions that no retriever brought up."""
    missed_new: NDArray[np.int32]
    """int32 [n]: those of them that had not been named before, which protocol `new` asks for."""
    group: NDArray[np.int32]
    """int32 [n]: number of a person, or of a dialog where persons are not known; folds and bootstrap go by it."""
    weight: Floats
    """float32 [n]: how much an instance counts."""

    named_before: NDArray[np.bool_]
    """bool [n, width]: spoken of earlier in the dialog, so that protocol `new` masks it."""
    liked: Floats
    """float32 [n, width]: 1 if the person liked it in the end, 0 if not; NaN where the log does not say."""
    rating: Floats
    """float32 [n, width]: what the person's rating, hours or plays say of it, standardised over all; NaN where unknown."""

    def __len__(self) -> int:
        return len(self.gold)

    @property
    def asked(self) -> Floats:
        """float32 [n]: gold mentions, found or missed."""
        return self.gold.sum(axis=1) + self.missed

    def save(self, folder: Path) -> None:
        """Write `pools.npz`."""
        np.savez(folder / FILE, allow_pickle=False, **{part.name: getattr(self, part.name) for part in fields(self)})

    @classmethod
    def load(cls, folder: Path) -> Pools:
        """Read what `save` wrote."""
        with np.load(folder / FILE, allow_pickle=False) as stored:
            return cls(*(stored[part.name] for part in fields(cls)))

    def new(self) -> Pools:
        """The same under protocol `new`: without what was named before, and without the instances that had no other gold."""
        gold = self.gold * ~self.named_before
        new = replace(self, gold=gold, present=self.present & ~self.named_before, missed=self.missed_new)
        return new.take(new.asked > 0)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Pools:
        """Some of the instances."""
        return Pools(*(getattr(self, part.name)[rows] for part in fields(self)))

    @classmethod
    def join(cls, parts: Sequence[Pools]) -> Pools:
        """All instances of several pools, padded to the widest."""
        width = max(part.present.shape[1] for part in parts)
        parts = [part.padded(width) for part in parts]
        return cls(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(cls)))

    def padded(self, width: int) -> Pools:
        """The same with more padding."""
        more = width - self.present.shape[1]
        if not more:
            return self
        return replace(
            self,
            features=np.pad(self.features, ((0, 0), (0, more), (0, 0)), constant_values=np.nan),
            gold=np.pad(self.gold, ((0, 0), (0, more))),
            present=np.pad(self.present, ((0, 0), (0, more))),
            named_before=np.pad(self.named_before, ((0, 0), (0, more))),
            liked=np.pad(self.liked, ((0, 0), (0, more)), constant_values=np.nan),
            rating=np.pad(self.rating, ((0, 0), (0, more)), constant_values=np.nan),
        )


@dataclass(frozen=True, eq=False)
class Asked:
    """A query and what is known of the answer."""

    query: Query
    gold: Sequence[str]
    """Ids of what should be recommended."""
    group: int
    weight: float = 1.0
    liked: Mapping[str, float] = field(default_factory=dict)
    """Id → 1 for liked in the end, 0 for not."""
    rating: Mapping[str, float] = field(default_factory=dict)
    """Id → standardised rating."""
    unordered: bool = False
    """Whether the order in which things were named is made up: what it would tell is then unknown."""
    hidden: frozenset[str] = frozenset()
    """What the log could not name, so that its absence says nothing: no candidates, unless it did."""


def build_pools(
    fusion: Fusion,
    features: Features,
    asked: Iterable[Asked],
    count: int,
    tick: Callable[[int], None] = lambda n: None,
) -> Pools:
    """Retrieve and describe the candidates of every query.

    Args:
        fusion: finds the candidates; its `pool` is the width.
        features: computes the feature matrix.
        asked: the instances.
        count: how many there are.
        tick: called with the number done, after each.

    Raises:
        TrainingDataError: a feature is infinite, which no catalog should make it.
    """
    width, of_order = fusion.config.pool, [place for place, name in enumerate(features.names) if name in OF_ORDER]
    matrix = np.full((count, width, len(features.names)), np.nan, dtype=np.float16)
    gold = np.zeros((count, width), dtype=np.float32)
    present, named_before = np.zeros((count, width), dtype=bool), np.zeros((count, width), dtype=bool)
    missed, missed_new, group = (np.zeros(count, dtype=np.int32) for _ in range(3))
    weight = np.ones(count, dtype=np.float32)
    liked, rating = (np.full((count, width), np.nan, dtype=np.float32) for _ in range(2))
    for row, one in enumerate(asked):
        candidates = fusion(one.query)
        n, ids = len(candidates), candidates.ids
        wanted, named = set(one.gold), {opinion.item_id for opinion in one.query.ledger.opinions}
        if n:
            matrix[row, :n] = _finite(features(one.query, candidates), features.names, ids)
            if one.unordered:
                matrix[row][:, of_order] = np.nan
        gold[row, :n] = [item in wanted for item in ids]
        named_before[row, :n] = [item in named for item in ids]
        liked[row, :n] = [one.liked.get(item, np.nan) for item in ids]
        rating[row, :n] = [one.rating.get(item, np.nan) for item in ids]
        present[row, :n] = [item not in one.hidden or item in wanted for item in ids]
        missed[row], missed_new[row] = len(wanted - set(ids)), len(wanted - set(ids) - named)
        group[row], weight[row] = one.group, one.weight
        tick(row + 1)
    return Pools(matrix, gold, present, missed, missed_new, group, weight, named_before, liked, rating)


def _finite(matrix: Floats, names: Sequence[str], ids: Sequence[str]) -> Floats:
    """The matrix, if half precision can hold it."""
    beyond = np.abs(matrix) > np.finfo(np.float16).max
    if beyond.any():
        row, column = np.argwhere(beyond)[0]
        value = matrix[row, column]
        raise TrainingDataError(f"feature {names[column]!r} of {ids[row]!r} is {value}: look at that item in the catalog")
    return matrix


def under_new(pools: Pools, logits: Floats) -> tuple[Pools, Floats]:
    """What protocol `new` scores of both; all of it where that is nothing.

    Args:
        pools: candidates.
        logits: float32 [n, width].
    """
    part = pools.new()
    if not len(part):
        return pools, logits
    rows = (pools.gold * ~pools.named_before).sum(axis=1) + pools.missed_new > 0
    return part, np.where(part.present, logits[rows], np.float32(-np.inf))


def found_within(pools: Pools, logits: np.ndarray, k: int) -> Floats:
    """float32 [n]: gold mentions among the k candidates with the largest logits; ties in fused order."""
    order = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(pools.gold, order, axis=1).sum(axis=1)


def reciprocal_ranks(pools: Pools, logits: np.ndarray) -> NDArray[np.float64]:
    """float64 [n]: 1 / rank of each instance's best gold, 0 where none was brought up; ties in fused order."""
    gold = np.take_along_axis(pools.gold, np.argsort(-logits, axis=1, kind="stable"), axis=1) > 0
    return np.where(gold.any(axis=1), 1 / (1 + gold.argmax(axis=1)), 0.0)


RELIABILITY = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Bounds of the probabilities told apart; most candidates of a turn are unlikely."""


def reliability(pools: Pools, probabilities: np.ndarray) -> list[dict[str, Any]]:
    """Whether gold comes true as often as was said: a row per band of probability that holds a candidate.

    Args:
        pools: candidates with gold.
        probabilities: [n, width] of the calibrated head.

    Returns:
        `low`, `high` (bounds of the band), `candidates`, `said` (mean probability), `came_true` (share of gold) and the latter's
        95% interval by dialog, `from` and `to`.
    """
    said, gold = probabilities[pools.present].astype(np.float64), pools.gold[pools.present]
    group = np.broadcast_to(pools.group[:, None], pools.present.shape)[pools.present]
    band = np.clip(np.searchsorted(RELIABILITY, said, side="right") - 1, 0, len(RELIABILITY) - 2)
    rows = []
    for number in np.unique(band):
        of = band == number
        low, high = ratio_interval(gold[of].tolist(), np.ones(int(of.sum())).tolist(), group[of].tolist())
        told = {"said": said[of].mean(), "came_true": gold[of].mean(), "from": low, "to": high}
        bounds = {"low": RELIABILITY[number], "high": RELIABILITY[number + 1], "candidates": int(of.sum())}
        rows.append(bounds | {name: round(float(value), 4) for name, value in told.items()})
    return rows


def pool_metrics(pools: Pools, logits: np.ndarray, ks: Sequence[int] = (1, 10, 50)) -> dict[str, Any]:
    """Recall of the pool, of the fused order and of the head, with 95% intervals by dialog; empty without instances.

    Args:
        pools: candidates in fused order, those that are not present left out.
        logits: [n, width] of the head, -inf in the padding.
        ks: cut-offs.
    """
    if not len(pools):
        return {}
    total, in_order = pools.asked, np.where(pools.present, 0.0, -np.inf)
    reranked, fused = ({k: found_within(pools, by, k) for k in ks} for by in (logits, in_order))

    def share(found: np.ndarray) -> dict[str, float]:
        low, high = ratio_interval(found.tolist(), total.tolist(), pools.group.tolist())
        return {"value": round(float(found.sum() / total.sum()), 4), "low": round(low, 4), "high": round(high, 4)}

    return {
        "instances": len(pools),
        "gold": int(total.sum()),
        "recall": {str(k): share(reranked[k]) for k in ks},
        "fused_recall": {str(k): share(fused[k]) for k in ks},
        "rerank_gain": {str(k): share(reranked[k] - fused[k]) for k in ks},
        "pool_recall": share(pools.gold.sum(axis=1)),
    }
