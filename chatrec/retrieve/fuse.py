"""Many retrievers, one list: weighted reciprocal rank fusion, and the constraints once more."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chatrec.constraints import requirements
from chatrec.errors import ModelMissingError
from chatrec.index.open import Index
from chatrec.retrieve.protocol import CatalogScorer, Retriever
from chatrec.retrieve.retrievers import best_allowed
from chatrec.types import Candidate, Constraint, Hit, Query

CONFIG = "fusion.json"
Lists = dict[str, list[tuple[str, float]]]
"""Retriever → (item id, score) pairs, best first."""
Verdicts = dict[str, NDArray[np.float32]]
"""Retriever → float32 [items]: a score for every row of the index."""
DEFAULT_WEIGHTS: Mapping[str, float] = {"dense": 1.0, "liked": 1.0, "sparse": 0.7, "popularity": 0.1}


@dataclass(frozen=True)
class FusionConfig:
    """How lists are joined; trained ones travel with `--models`."""

    weights: Mapping[str, float] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    """Weight of a retriever; one that is not named counts 1."""
    rrf_k: float = 60.0
    """Damping: how little the first ranks stand out (Cormack et al. 2009 use 60)."""
    per_retriever: int = 100
    pool: int = 200
    """Most candidates that are passed on."""

    def save(self, folder: Path) -> None:
        """Write `fusion.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {**asdict(self), "weights": dict(self.weights)}
        (folder / CONFIG).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> FusionConfig:
        """Read what `save` wrote; the defaults where a folder has no trained fusion.

        Raises:
            ModelMissingError: the file is damaged.
        """
        path = folder / CONFIG
        if not path.is_file():
            return cls()
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise ModelMissingError(f"{path} cannot be read ({error}): run `chatrec train head` again") from error


class Fusion:
    """Asks every retriever and fuses what they found: score(i) = Σ_r w_r / (k + rank_r(i)) (Cormack, Clarke & Büttcher 2009)."""

    def __init__(self, index: Index, retrievers: Sequence[Retriever], config: FusionConfig | None = None) -> None:
        self.index = index
        self.retrievers = tuple(retrievers)
        self.config = config or FusionConfig()
        self._scorers = {retriever.name: retriever for retriever in retrievers if isinstance(retriever, CatalogScorer)}

    def __call__(self, query: Query, required: tuple[Constraint, ...] | None = None) -> tuple[Candidate, ...]:
        """Up to `pool` candidates, best first, each with its hits. Every one satisfies the requirements; none is excluded.

        Args:
            query: what is asked.
            required: what must hold; none given: what the ledger requires.
        """
        lists, verdicts = self.lists(query, required)
        fused: dict[str, float] = defaultdict(float)
        hits: dict[str, list[Hit]] = defaultdict(list)
        for name, found in lists.items():
            weight, k = self.config.weights.get(name, 1.0), self.config.rrf_k
            for rank, (item_id, score) in enumerate(found, 1):
                fused[item_id] += weight / (k + rank)
                hits[item_id].append(Hit(name, rank, score))
        best = sorted(sorted(fused), key=fused.__getitem__, reverse=True)[: self.config.pool]  # stable: ties by id
        self._complete(hits, best, lists, verdicts)
        return tuple([Candidate(item=self.index.catalog[i], hits=tuple(hits[i]), score=fused[i]) for i in best])

    def lists(self, query: Query, required: tuple[Constraint, ...] | None = None) -> tuple[Lists, Verdicts]:
        """What each retriever finds that may be shown, best first, and the scores of those that score the whole catalog.

        Args:
            query: what is asked.
            required: what must hold; none given: what the ledger requires.
        """
        required = requirements(query.ledger) if required is None else required
        allowed, lists, verdicts = self.index.allowed(query, required), {}, {}
        for retriever in self.retrievers:
            name, scorer = retriever.name, self._scorers.get(retriever.name)
            if scorer is None:
                lists[name] = self._allowed(retriever.retrieve(query, required, self.config.per_retriever), allowed)
            elif (scores := scorer.scores(query)) is not None:
                verdicts[name] = scores
                if self.config.weights.get(name, 1.0) > 0:
                    lists[name] = best_allowed(self.index, scores, scores > 0, query, required, self.config.per_retriever)
        return lists, verdicts

    def _allowed(self, found: list[tuple[str, float]], allowed: NDArray[np.bool_]) -> list[tuple[str, float]]:
        """Once more what may be shown, whatever the retriever makes of it."""
        rows = self.index.rows
        return [one for one in found if one[0] in rows and allowed[rows[one[0]]]][: self.config.per_retriever]

    def _complete(self, hits: Mapping[str, list[Hit]], pool: Sequence[str], lists: Lists, verdicts: Verdicts) -> None:
        """Give every candidate the verdict of all retrievers that score the whole catalog, also of those that did not list it."""
        rows = np.array([self.index.rows[item_id] for item_id in pool], dtype=np.intp)
        for name, scores in verdicts.items():
            listed = {item_id for item_id, _ in lists.get(name, ())}
            ranks = len(scores) + 1 - np.searchsorted(np.sort(scores), scores[rows], side="right")
            for item_id, rank, score in zip(pool, ranks.tolist(), scores[rows].tolist(), strict=True):
                if item_id not in listed:
                    hits[item_id].append(Hit(name, rank, score))
