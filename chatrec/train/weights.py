"""How much each retriever counts in the fusion, told by turns that the trained ones did not see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chatrec.retrieve.fuse import Fusion, FusionConfig, joined, reciprocal_ranks
from chatrec.types import Query

FACTORS = (0.1, 0.25, 0.5, 0.7, 1.4, 2.0, 4.0)
"""What a weight is multiplied by to see if that is better."""
FURTHEST = 10.0
"""How far a weight may get from where it began, either way."""
MOST_TOLD, ENOUGH_SAID = 1000, 200
"""Turns at most that tell, and how many with text make those without needless."""
PASSES = 4
"""Rounds over all retrievers at most."""


@dataclass(frozen=True, eq=False)
class Rankings:
    """What each retriever made of some turns."""

    names: tuple[str, ...]
    """Retrievers."""
    turns: Sequence[tuple[NDArray[np.float32], NDArray[np.intp]]]
    """Per turn, float32 [candidates, retrievers]: ranks from 1, NaN where a retriever did not bring it up; and intp [mentions]:
    which candidates were put forward."""

    @classmethod
    def of(cls, fusion: Fusion, turns: Iterable[tuple[Query, Sequence[int]]], *, again: bool = False) -> Rankings:
        """Ask the retrievers of a fusion.

        Args:
            fusion: its weights do not matter, but that retrievers without any are not asked.
            turns: queries, each with the rows of what was put forward.
            again: whether what was named before may be put forward again (protocol `full`); else it is no candidate.
        """
        names = tuple(retriever.name for retriever in fusion.retrievers)
        return cls(names, [_asked(fusion, names, query, rows, again) for query, rows in turns])

    @classmethod
    def join(cls, parts: Iterable[Rankings]) -> Rankings:
        """The turns of several fusions of the same retrievers."""
        parts = list(parts)
        assert len({part.names for part in parts}) == 1
        return cls(parts[0].names, [turn for part in parts for turn in part.turns])

    def gains(self, config: FusionConfig) -> NDArray[np.float64]:
        """float64 [mentions]: 1 / log2(1 + rank) of each in the fused order, 0 beyond the pool (Järvelin & Kekäläinen 2002).

        Mentions that no retriever brought up have none to gain, and are left out.
        """
        weights = np.array([config.weights.get(name, 1.0) for name in self.names], dtype=np.float32)
        ranks = [np.zeros(0, dtype=np.int64)]
        for table, gold in self.turns:
            fused = reciprocal_ranks(table, weights, config.rrf_k)
            ranks.append(1 + (fused > fused[gold][:, None]).sum(axis=1))
        found = np.concatenate(ranks)
        return np.where(found <= config.pool, 1 / np.log2(1 + found), 0.0)


def _asked(
    fusion: Fusion, names: Sequence[str], query: Query, gold: Sequence[int], again: bool
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    lists, _ = fusion.lists(query)
    named = set[str]() if again else {opinion.item_id for opinion in query.ledger.opinions}
    rows, ranks, _ = joined(lists)
    fresh = np.array([fusion.index.ids[row] not in named for row in rows.tolist()], dtype=bool)
    rows = rows[fresh]
    table = np.full((len(rows), len(names)), np.nan, dtype=np.float32)
    table[:, [names.index(name) for name in lists]] = ranks[fresh]
    return table, np.flatnonzero(np.isin(rows, gold))


def choose_weights(rankings: Rankings, config: FusionConfig, fixed: frozenset[str]) -> Mapping[str, float]:
    """Weights that bring what was put forward further up, by coordinate ascent.

    One retriever after the other takes the factor with the largest gain, if that exceeds its own standard error over the
    mentions: what a few hundred turns show may be chance, and the weights it starts from are sensible ones.

    Args:
        rankings: of held-out turns.
        config: where it starts.
        fixed: retrievers whose weight stays.
    """
    first = {name: config.weights.get(name, 1.0) for name in rankings.names}
    weights, gains = dict(first), rankings.gains(config)
    if not len(gains):
        return first
    for _ in range(PASSES):
        before = weights
        for name in sorted(first.keys() - fixed):
            least, most = first[name] / FURTHEST, first[name] * FURTHEST
            tried = [weights | {name: min(max(weights[name] * factor, least), most)} for factor in FACTORS]
            found = [rankings.gains(replace(config, weights=other)) for other in tried]
            clear = [place for place, other in enumerate(found) if _is_clear(other - gains)]
            if clear:
                best = max(clear, key=lambda place: found[place].sum())
                weights, gains = tried[best], found[best]
        if weights is before:
            break
    return weights


def _is_clear(differences: NDArray[np.float64]) -> bool:
    """Whether their sum is above its standard error."""
    return bool(differences.sum() > differences.std() * np.sqrt(len(differences)))
