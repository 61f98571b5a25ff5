"""Many retrievers, one list: weighted reciprocal rank fusion, and the constraints once more."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chatrec.constraints import requirements
from chatrec.errors import ModelMissingError
from chatrec.index.open import Index
from chatrec.pool import Floats, Found, Pool
from chatrec.retrieve.checked import found_by, naming, scores_by
from chatrec.retrieve.protocol import CatalogScorer, Retriever
from chatrec.retrieve.retrievers import best_rows
from chatrec.types import EMPTY, Constraint, Query

F = TypeVar("F", np.float32, np.float64)
CONFIG = "fusion.json"
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
            config = cls(**json.loads(path.read_text(encoding="utf-8")))
            if not all(math.isfinite(number) for number in (config.rrf_k, *config.weights.values())):
                raise ValueError("not all weights are numbers")
            return config
        except (ValueError, TypeError) as error:
            raise ModelMissingError(f"{path} cannot be read ({error}): run `chatrec train head` again") from error


class Fusion:
    """Asks every retriever and fuses what they found: score(i) = Σ_r w_r / (k + rank_r(i)) (Cormack, Clarke & Büttcher 2009).

    Args:
        index: what is searched.
        retrievers: who is asked.
        config: how much each counts.
        packages: retriever → the installed package that brought it, to be named if it fails.
    """

    def __init__(
        self,
        index: Index,
        retrievers: Sequence[Retriever],
        config: FusionConfig | None = None,
        packages: Mapping[str, str] = EMPTY,
    ) -> None:
        self.index = index
        self.retrievers = tuple(retrievers)
        self.config = config or FusionConfig()
        self._packages = packages
        self._scorers = {retriever.name: retriever for retriever in retrievers if isinstance(retriever, CatalogScorer)}

    def __call__(self, query: Query, required: tuple[Constraint, ...] | None = None, behind: int = 0) -> Pool:
        """Up to `pool` candidates, best first, each with its hits. Every one satisfies the requirements; none is excluded.

        Where nothing was understood and the text as a whole is a name, what has it comes first: as its title, as an alias, as
        one of its people.

        Args:
            query: what is asked.
            required: what must hold; none given: what the ledger requires.
            behind: how many that were found before take the first ranks of every list.
        """
        lists, verdicts = self.lists(query, required)
        named = self._named(query, required)
        rows, ranks, scores = joined(lists, named)
        ranks += behind
        fused = reciprocal_ranks(ranks, [self.config.weights.get(name, 1.0) for name in lists], self.config.rrf_k)
        if named:
            fused += (1 + fused.max()) * np.array([named.get(row, 0) for row in rows.tolist()])
        best = np.argsort(-fused, kind="stable")[: self.config.pool]  # ties as they were brought up
        rows = rows[best]
        names = (*lists, *(name for name in verdicts if name not in lists))
        ranks, scores = ranks[best], scores[best]
        if verdicts:
            ranks, scores = self._complete(names, rows, ranks, scores, verdicts)
        return Pool(self.index.catalog, [self.index.ids[row] for row in rows.tolist()], fused[best], names, ranks, scores)

    def _named(self, query: Query, required: tuple[Constraint, ...] | None) -> dict[int, int]:
        """Row → 3, 2 or 1 of what may be shown and has the query's text for its title, an alias, or the name of a person."""
        ledger = query.ledger
        if not query.text or ledger.opinions or ledger.constraints or ledger.wishes:
            return {}
        named = self.index.names.named(query.text)
        allowed = self.index.allowed(query, requirements(ledger) if required is None else required) if named else ()
        return {row: place for row, place in named.items() if allowed[row]}

    def lists(self, query: Query, required: tuple[Constraint, ...] | None = None) -> tuple[dict[str, Found], Verdicts]:
        """What each retriever finds that may be shown, best first, and the scores of those that score the whole catalog.

        Args:
            query: what is asked.
            required: what must hold; none given: what the ledger requires.

        Raises:
            InputError: a retriever gives something other than its protocol says, or a score that is not finite.
            DependencyMissingError: one fails.
        """
        required = requirements(query.ledger) if required is None else required
        allowed, lists, verdicts = self.index.allowed(query, required), {}, {}
        for retriever in self.retrievers:
            name, k, scorer = retriever.name, self.config.per_retriever, self._scorers.get(retriever.name)
            with naming(name, self._packages.get(name)):
                if scorer is None:
                    lists[name] = found_by(retriever, query, required, k, self.index, allowed)
                elif (scores := scores_by(scorer, query, self.index)) is not None:
                    verdicts[name] = scores
                    if self.config.weights.get(name, 1.0) > 0:
                        rows = best_rows(scores, (scores > 0) & allowed, k)
                        lists[name] = Found(rows, scores[rows].astype(np.float64))
        return lists, verdicts

    def _complete(
        self, names: Sequence[str], rows: NDArray[np.intp], ranks: Floats, scores: Floats, verdicts: Verdicts
    ) -> tuple[Floats, Floats]:
        """Ranks and scores with the verdict of all retrievers that score the whole catalog, also of what they did not list."""
        more = ((0, 0), (0, len(names) - ranks.shape[1]))
        ranks, scores = (np.pad(table, more, constant_values=np.nan) for table in (ranks, scores))
        for name, verdict in verdicts.items():
            column, unlisted = names.index(name), np.isnan(ranks[:, names.index(name)])
            told = verdict[rows[unlisted]]
            ranks[unlisted, column] = len(verdict) + 1 - np.searchsorted(np.sort(verdict), told, side="right")
            scores[unlisted, column] = told
        return ranks, scores


def joined(lists: Mapping[str, Found], more: Iterable[int] = ()) -> tuple[NDArray[np.intp], Floats, Floats]:
    """All rows that n retrievers brought up, intp [m], and float64 [m, n] ranks, from 1, and scores, NaN where one did not.

    Args:
        lists: what each brought up.
        more: rows that are there whether one did or not.
    """
    places: dict[int, int] = {}
    at = [[places.setdefault(row, len(places)) for row in found.rows.tolist()] for found in lists.values()]
    for row in more:
        places.setdefault(row, len(places))
    ranks, scores = (np.full((len(places), len(lists)), np.nan) for _ in range(2))
    for column, (here, found) in enumerate(zip(at, lists.values(), strict=True)):
        if here:
            ranks[here, column], scores[here, column] = np.arange(1, len(here) + 1), found.scores
    return np.fromiter(places, np.intp, len(places)), ranks, scores


def reciprocal_ranks(ranks: NDArray[F], weights: ArrayLike, k: float) -> NDArray[F]:
    """float [m]: Σ_r w_r / (k + rank_r) of ranks [m, n]; NaN, not brought up, counts nothing."""
    shares = np.asarray(weights) / (k + ranks)
    shares[np.isnan(shares)] = 0
    return shares.sum(axis=1)
