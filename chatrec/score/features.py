"""What the head sees of a candidate: evidence that means the same in any catalog. NaN stands for "unknown", never for "none".

Every feature depends on the query and on the candidate alone, not on which other candidates stand beside it, so that the
second pass of a turn, over a dozen drafts, reads the same numbers as the first, over two hundred candidates.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.index.document import tokenize
from chatrec.index.open import Index
from chatrec.pool import Pool
from chatrec.score.table import Facet, Floats, ItemTable, Rows
from chatrec.types import Candidate, Ledger, Query

BASE_RETRIEVERS = ("dense", "liked", "sparse", "popularity")
"""Retrievers that every catalog has."""
NO_EVIDENCE = ("recommended", "named", "named_before")
"""Retrievers that say nothing of how well an item fits the query; what they bring up does not count as found."""
MAX_ANCHORS = 12
"""Liked or mentioned items that candidates are compared with, the latest ones."""
RRF_K = 60.0
FOUND_WITHIN = 100
"""A rank beyond it does not count as found: trained retrievers rank the whole catalog."""
POOLED = ("max", "mean", "last")
SAID = ("genres", "moods", "themes", "people")
OTHERS = ("dislike", "mention")
"""Works that are compared with beside those that pull: disliked ones, and those known of without a verdict."""
Columns = dict[str, Any]
"""Feature → its column: one number per candidate, or one for all of them."""

_QUERY = (
    "text_cos", "text_z", "message_z", "like_cos", "like_z_max", "like_z_mean", "like_z_last",
    *(f"{facet}_{pool}" for facet in ("genres", "moods", "themes", "people", "title") for pool in POOLED),
    *(f"{feature}_{other}" for other in OTHERS for feature in ("genres", "people")),
    *(f"{other}_z_{pool}" for other in OTHERS for pool in ("max", "last")),
    *(f"said_{facet}" for facet in SAID), *(f"now_{facet}" for facet in SAID),
    "unwanted", "soft_met", "year", "year_gap_mean", "year_gap_near", "year_gap_last", "year_later", "popularity",
    "popularity_gap", "same_kind", "same_form", "same_language", "minutes_gap", "mentioned", "recency",
    "mentions", "words", "wishes", "rrf", "best_rank", "found_by", "learned_rrf", "learned_best_rank", "learned_found_by",
    "sparse_score",
)  # fmt: skip

OF_ORDER = frozenset(name for name in _QUERY if name == "recency" or name.endswith("_last"))
"""Features that tell nothing unless it is known in which order things were named."""


def feature_names(retrievers: Sequence[str], scored: Sequence[str] = ()) -> tuple[str, ...]:
    """Columns in order.

    Args:
        retrievers: whose ranks are features.
        scored: those of them whose scores are features too (the scale must be the same for any query).
    """
    ranks = tuple(f"{name}_rank" for name in retrievers)
    return _QUERY + ranks + tuple(f"{name}_score" for name in scored)


class Features:
    """Computes the feature matrix of a query's candidates.

    Args:
        index: the catalog's index; its item table is built once, here.
        names: the columns.
        retrievers, scored: as in `feature_names`.
    """

    def __init__(
        self, index: Index, names: Sequence[str], retrievers: Sequence[str] = BASE_RETRIEVERS, scored: Sequence[str] = ()
    ) -> None:
        self._index = index
        self.table = ItemTable.of(index)
        self.names, self.retrievers, self.scored = tuple(names), tuple(retrievers), tuple(scored)

    def __call__(self, query: Query, candidates: Sequence[Candidate]) -> Floats:
        """float32 [candidates, features]; NaN where unknown."""
        pool = Pool.of(candidates)
        rows = np.array([self._index.rows[item_id] for item_id in pool.ids], dtype=np.intp)
        columns: Columns = {}
        columns |= self._text(query, rows)
        columns |= self._tastes(query.ledger, rows)
        columns |= self._said(query, rows)
        columns |= self._plain(query, rows)
        columns |= self._hits(pool)
        matrix = np.full((len(rows), len(self.names)), np.nan, dtype=np.float32)
        for position, name in enumerate(self.names):
            matrix[:, position] = columns.get(name, np.nan)
        return matrix

    def _text(self, query: Query, rows: Rows) -> Columns:
        columns: Columns = {}
        if query.vector is not None:
            columns["text_cos"], columns["text_z"] = self._similarity(query.vector[None], rows)[:, 0]
        if query.message_vector is not None:
            columns["message_z"] = self._similarity(query.message_vector[None], rows)[1, 0]
        return columns

    def _similarity(self, vectors: Floats, rows: Rows) -> Floats:
        """float32 [2, vectors, rows]: cosines, and the same in standard deviations above a typical item of the catalog."""
        cosines = vectors @ self.table.vectors[rows].T
        usual = vectors @ self.table.vectors[self.table.reference].T
        spread = np.maximum(usual.std(axis=1, keepdims=True), 0.02)
        return np.stack([cosines, (cosines - usual.mean(axis=1, keepdims=True)) / spread])

    def _tastes(self, ledger: Ledger, rows: Rows) -> Columns:
        columns: Columns = {}
        anchors = ledger.anchors
        liked, disliked = self._rows(anchors), self._rows(ledger.ids("disliked"))
        named = self._rows(item for item in ledger.ids("mentioned", "seen") if item not in anchors)
        if len(liked):
            cosines, z = self._similarity(self.table.vectors[liked], rows)
            columns["like_cos"] = cosines.max(axis=0)
            columns |= _pooled("like_z", z)
            for name, facet in self.table.facets.items():
                columns |= _pooled(name, facet.cosines(liked, rows))
            columns |= self._beside(liked, rows)
        for what, others in zip(OTHERS, (disliked, named), strict=True):
            if len(others):
                z = self._similarity(self.table.vectors[others], rows)[1]
                columns |= {f"{what}_z_max": z.max(axis=0), f"{what}_z_last": z[-1]}
                for name in ("genres", "people"):
                    columns[f"{name}_{what}"] = _nanmax(self.table.facets[name].cosines(others, rows))
        return columns

    def _beside(self, liked: Rows, rows: Rows) -> Columns:
        """How far candidates are from the liked items in plain facts."""
        table = self.table
        gaps = (table.year[rows][None, :] - table.year[liked][:, None]) / np.float32(10)
        mean_gap = _nanmean(gaps)
        return {
            "year_gap_mean": np.abs(mean_gap),
            "year_later": mean_gap,
            "year_gap_near": -_nanmax(-np.abs(gaps)),
            "year_gap_last": np.abs(gaps[-1]),
            "popularity_gap": _nanmean(table.popularity[rows][None, :] - table.popularity[liked][:, None]),
            "minutes_gap": np.abs(_nanmean(table.log_minutes[rows][None, :] - table.log_minutes[liked][:, None])),
            "same_kind": _same(table.kind, liked, rows),
            "same_form": _same(table.form, liked, rows),
            "same_language": _same(table.language, liked, rows),
        }

    def _said(self, query: Query, rows: Rows) -> Columns:
        columns: Columns = {}
        wishes = [wish.text for wish in query.ledger.wishes if wish.direction == "more"]
        stems = tokenize(" . ".join([query.text, *wishes]))
        aversions = [wish for wish in query.ledger.wishes if wish.direction == "less"]
        less = tokenize(" . ".join(word for wish in aversions for word in wish.values or (wish.text,)))
        not_wanted = (*ruled_out(query.ledger), *(wish.text for wish in aversions))
        unwanted = {stem for text in not_wanted for stem in tokenize(text)}
        latest = [stem for stem in tokenize(query.last_message) if stem not in unwanted]
        for name in SAID:
            facet = self.table.facets[name]
            columns[f"said_{name}"] = facet.share(sorted(facet.find(stems)), rows)
            columns[f"now_{name}"] = facet.share(sorted(facet.find(latest)), rows)
        if less:
            columns["unwanted"] = _nanmax(np.stack([_found(self.table.facets[name], less, rows) for name in SAID]))
        soft = [constraint for constraint in query.ledger.constraints if not constraint.hard]
        if soft:
            met = np.sum([self._index.columns.satisfying([constraint])[rows] for constraint in soft], axis=0)
            known = np.sum([self._index.columns.known(constraint.field)[rows] for constraint in soft], axis=0)
            columns["soft_met"] = np.where(known > 0, met / np.maximum(known, 1), np.nan).astype(np.float32)
        return columns | {"words": math.log1p(len(stems)), "wishes": math.log1p(len(query.ledger.wishes))}

    def _plain(self, query: Query, rows: Rows) -> Columns:
        named = query.ledger.ids("mentioned", "liked", "disliked", "seen")
        age = {self._index.rows[item]: place for place, item in enumerate(reversed(named)) if item in self._index.rows}
        since = np.array([age.get(int(row), -1) for row in rows], dtype=np.float32)
        return {
            "year": (self.table.year[rows] - 1995) / 15,
            "popularity": self.table.popularity[rows],
            "mentioned": (since >= 0).astype(np.float32),
            "recency": np.where(since >= 0, 1 / (1 + np.maximum(since, 0)), np.nan),
            "mentions": math.log1p(len(named)),
        }

    def _hits(self, pool: Pool) -> Columns:
        columns: Columns = {}
        for name in self.retrievers:
            columns[f"{name}_rank"] = _rank_value(pool.of_retriever(name)[0])
        for name in self.scored:
            columns[f"{name}_score"] = pool.of_retriever(name)[1]
        matches = pool.of_retriever("sparse")[1]
        columns["sparse_score"] = np.log(np.where(matches > 0, matches, np.nan))
        telling = np.array([name not in NO_EVIDENCE for name in pool.retrievers], dtype=bool)
        base = np.array([name in BASE_RETRIEVERS for name in pool.retrievers], dtype=bool)
        columns |= _evidence("", pool.ranks[:, telling & base])
        learned = pool.ranks[:, telling & ~base]
        return columns | ({} if np.isnan(learned).all() else _evidence("learned_", learned))

    def _rows(self, ids: Iterable[str]) -> Rows:
        rows = [self._index.rows[item_id] for item_id in ids if item_id in self._index.rows]
        return np.array(rows[-MAX_ANCHORS:], dtype=np.intp)


def _evidence(prefix: str, ranks: NDArray[np.float64]) -> Columns:
    """How strongly a group of retrievers speaks for each candidate, whatever their names; ranks are [candidates, retrievers]."""
    found = ranks <= FOUND_WITHIN
    return {
        f"{prefix}rrf": np.where(found, RRF_K / (RRF_K + ranks), 0.0).sum(axis=1),
        f"{prefix}best_rank": _rank_value(np.fmin.reduce(ranks, axis=1, initial=1000.0)),
        f"{prefix}found_by": found.sum(axis=1),
    }


def _rank_value(ranks: NDArray[np.float64]) -> Floats:
    """1 for the first rank, 0 for the thousandth, by the logarithm."""
    return (1 - np.log(ranks) / np.log(1000)).astype(np.float32)


def ruled_out(ledger: Ledger) -> Iterator[str]:
    """The values that hard constraints exclude: their words in a message say what is not wanted."""
    for constraint in ledger.constraints:
        if constraint.op == "not_in" and isinstance(constraint.value, tuple):
            yield from (str(value) for value in constraint.value)


def _pooled(name: str, similarities: Floats) -> Columns:
    return {f"{name}_max": _nanmax(similarities), f"{name}_mean": _nanmean(similarities), f"{name}_last": similarities[-1]}


def _nanmax(values: Floats) -> Floats:
    best = np.where(np.isnan(values), -np.inf, values).max(axis=0)
    return np.where(np.isfinite(best), best, np.nan).astype(np.float32)


def _nanmean(values: Floats) -> Floats:
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan).astype(np.float32)


def _same(codes: NDArray[np.int16], liked: Rows, rows: Rows) -> Floats:
    known = (codes[liked][:, None] >= 0) & (codes[rows][None, :] >= 0)
    return _nanmean(np.where(known, codes[liked][:, None] == codes[rows][None, :], np.nan))


def _found(facet: Facet, stems: Sequence[str], rows: Rows) -> Floats:
    return facet.share(sorted(facet.find(stems)), rows)
