"""Many retrievers, one list: weighted reciprocal rank fusion, and the constraints once more."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import starmap
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
        required = requirements(query.ledger) if required is None else required
        fused: dict[str, float] = defaultdict(float)
        hits: dict[str, list[tuple[str, int, float]]] = defaultdict(list)
        verdicts: dict[str, NDArray[np.float32]] = {}
        for retriever in self.retrievers:
            name, weight = retriever.name, self.config.weights.get(retriever.name, 1.0)
            found = self._found(retriever, query, required, verdicts)
            for rank, (item_id, score) in enumerate(found[: self.config.per_retriever], 1):
                fused[item_id] += weight / (self.config.rrf_k + rank)
                hits[item_id].append((name, rank, score))
        best = sorted(fused, key=lambda item_id: (-fused[item_id], item_id))[: self.config.pool]
        pool = [Candidate(item=self.index.catalog[i], hits=tuple(starmap(Hit, hits[i])), score=fused[i]) for i in best]
        return self._completed(pool, verdicts)

    def _found(
        self, retriever: Retriever, query: Query, required: tuple[Constraint, ...], verdicts: dict[str, NDArray[np.float32]]
    ) -> list[tuple[str, float]]:
        """What a retriever finds; the scores of one that scores the whole catalog are kept in `verdicts`."""
        scorer = self._scorers.get(retriever.name)
        if scorer is None:
            return self._allowed(retriever.retrieve(query, required, self.config.per_retriever), query, required)
        scores = scorer.scores(query)
        if scores is None:
            return []
        verdicts[retriever.name] = scores
        if self.config.weights.get(retriever.name, 1.0) <= 0:
            return []
        return best_allowed(self.index, scores, scores > 0, query, required, self.config.per_retriever)

    def _completed(self, pool: Sequence[Candidate], verdicts: Mapping[str, NDArray[np.float32]]) -> tuple[Candidate, ...]:
        """The pool, with the verdict on every candidate of every retriever that scores the whole catalog."""
        if not verdicts or not pool:
            return tuple(pool)
        rows = np.array([self.index.rows[candidate.item.id] for candidate in pool])
        have = [{hit.retriever for hit in candidate.hits} for candidate in pool]
        more: list[list[Hit]] = [[] for _ in pool]
        for name, scores in verdicts.items():
            ranks = len(scores) + 1 - np.searchsorted(np.sort(scores), scores[rows], side="right")
            for known, added, rank, score in zip(have, more, ranks.tolist(), scores[rows].tolist(), strict=True):
                if name not in known:
                    added.append(Hit(name, rank, score))
        return tuple(replace(c, hits=c.hits + tuple(added)) for c, added in zip(pool, more, strict=True))

    def _allowed(self, found: list[tuple[str, float]], query: Query, required: tuple[Constraint, ...]) -> list[tuple[str, float]]:
        allowed, rows = self.index.allowed(query, required), self.index.rows
        return [(item_id, score) for item_id, score in found if item_id in rows and allowed[rows[item_id]]]
