"""Many retrievers, one list: weighted reciprocal rank fusion, and the constraints once more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chatrec.constraints import requirements, satisfies_all
from chatrec.index.open import Index
from chatrec.retrieve.protocol import Retriever
from chatrec.types import Candidate, Constraint, Hit, Query

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


class Fusion:
    """Asks every retriever and fuses what they found: score(i) = Σ_r w_r / (k + rank_r(i)) (Cormack, Clarke & Büttcher 2009)."""

    def __init__(self, index: Index, retrievers: Sequence[Retriever], config: FusionConfig | None = None) -> None:
        self._index = index
        self.retrievers = tuple(retrievers)
        self.config = config or FusionConfig()

    def __call__(self, query: Query, required: tuple[Constraint, ...] | None = None) -> tuple[Candidate, ...]:
        """Up to `pool` candidates, best first, each with its hits. Every one satisfies the requirements; none is excluded.

        Args:
            query: what is asked.
            required: what must hold; none given: what the ledger requires.
        """
        required = requirements(query.ledger) if required is None else required
        hits: dict[str, list[Hit]] = defaultdict(list)
        for retriever in self.retrievers:
            found = self._allowed(retriever.retrieve(query, required, self.config.per_retriever), query, required)
            for rank, (item_id, score) in enumerate(found[: self.config.per_retriever], 1):
                hits[item_id].append(Hit(retriever.name, rank, score))
        pool = [Candidate(item=self._index.catalog[i], hits=tuple(found), score=self._rrf(found)) for i, found in hits.items()]
        pool.sort(key=lambda candidate: (-candidate.score, candidate.item.id))
        return tuple(pool[: self.config.pool])

    def _rrf(self, hits: Sequence[Hit]) -> float:
        return sum(self.config.weights.get(hit.retriever, 1.0) / (self.config.rrf_k + hit.rank) for hit in hits)

    def _allowed(self, found: list[tuple[str, float]], query: Query, required: tuple[Constraint, ...]) -> list[tuple[str, float]]:
        catalog = self._index.catalog
        return [
            (item_id, score)
            for item_id, score in found
            if item_id in catalog and item_id not in query.excluded and satisfies_all(catalog[item_id], required)
        ]
