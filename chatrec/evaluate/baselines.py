"""What each retriever finds by itself, and what is lost without it: simple systems and an ablation, in the harness of the replay.

Popularity, BM25 (`sparse`), repeating what was named (`named_before`), TF-IDF kNN over past dialogs (`dialogs`), the same
over the sets of items they name (`item_sets`), co-occurrence (`co_mentioned`), co-rating (`co_rated`) and the rest are systems
of one retriever; those that learn take part where `--models` has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from chatrec.evaluate.context import queries
from chatrec.evaluate.logs import Protocol
from chatrec.evaluate.replay import Replayed, judge, masked_items, unmasked
from chatrec.evaluate.report import pool_recall_of, recall_of
from chatrec.evaluate.run import ReplayConfig, at_work, open_log
from chatrec.index.embed import Embedder
from chatrec.pool import Found
from chatrec.retrieve.collaborative import DialogNeighbours, TrainedRetriever
from chatrec.retrieve.fuse import Fusion
from chatrec.retrieve.load import load_fusion
from chatrec.retrieve.protocol import Retriever
from chatrec.retrieve.sparse import Sparse
from chatrec.types import Constraint, Query

ALL = "all, fused"
ITEM_SETS = "item_sets"
KNOWN_AS = {
    "dense": "nearest by text",
    "liked": "nearest to what was named",
    "sparse": "BM25",
    "popularity": "most popular",
    "named_before": "repeat the context",
    "co_mentioned": "co-occurrence in dialogs",
    "followed_by": "recommended after",
    "dialogs": "TF-IDF kNN over dialogs",
    ITEM_SETS: "kNN over dialogs' sets of items, as NBCRS",
    "bag": "softmax over concepts",
    "co_rated": "EASE over ratings",
    "sharing": "nearest by facts in common",
    "recommended": "most recommended in training",
    "named": "most named in training",
}
"""Retriever → what the literature calls it."""


class Remembering:
    """A retriever that answers the same query again without asking anew."""

    def __init__(self, retriever: Retriever) -> None:
        self.name = retriever.name
        self._retriever = retriever
        self._query: Query | None = None
        self._found: Sequence[tuple[str, float]] | Found = ()

    def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> Sequence[tuple[str, float]] | Found:
        """As the retriever itself; required and k must be the same for one query."""
        if query is not self._query:
            self._query, self._found = query, self._retriever.retrieve(query, required, k)
        return self._found


def notes(protocol: Protocol) -> list[str]:
    """What is to be known of the table, a line each."""
    told = ['"without X" stands only for retrievers with a weight in the fusion: the others bring nothing up there']
    if protocol == "new":
        told.append("named_before (repeat the context) is 0 by definition: protocol new masks what was named before")
    return told


def systems(fusion: Fusion) -> Mapping[str, Fusion]:
    """Every retriever alone, the neighbourhood over item sets, all retrievers fused, and all but one, named as in the table."""
    index, config = fusion.index, fusion.config
    remembering = [Remembering(retriever) for retriever in fusion.retrievers]
    found = {r.name: Fusion(index, [r], replace(config, weights={})) for r in remembering}
    for model in [r.model for r in fusion.retrievers if isinstance(r, TrainedRetriever)]:
        if isinstance(model, DialogNeighbours):
            neighbours = TrainedRetriever(ITEM_SETS, item_sets(model), index)
            found[ITEM_SETS] = Fusion(index, [neighbours], replace(config, weights={}))
    fused = at_work(remembering, config)
    found[ALL] = Fusion(index, fused, config)
    for left_out in fused:
        found[f"without {left_out.name}"] = Fusion(index, [r for r in fused if r is not left_out], config)
    return found


def item_sets(model: DialogNeighbours) -> DialogNeighbours:
    """Neighbourhood over the sets of items that past dialogs name, words and facts left out: what was put forward in the dialogs
    whose set has the largest IDF-weighted cosine with the items named so far (after Xie et al. 2024).

    Args:
        model: the same over all concepts, as it was trained.
    """
    kept = [name for name in model.vocab if name.startswith("i:")]
    rows = np.array([model.vocab[name] for name in kept], dtype=np.int64)
    parts = [np.arange(model.postings.starts[row], model.postings.starts[row + 1]) for row in rows]
    places = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    columns, weights = model.postings.columns[places], model.postings.weights[places]
    lengths = np.sqrt(np.bincount(columns, weights=weights.astype(np.float64) ** 2, minlength=len(model.answers.starts) - 1))
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    postings = Sparse(starts, columns, (weights / lengths[columns]).astype(np.float32))
    return replace(model, vocab={name: number for number, name in enumerate(kept)}, idf=model.idf[rows], postings=postings)


def run_baselines(
    config: ReplayConfig, embedder: Embedder, build_dir: Path, *, tick: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """Replay every system of `systems` on the same instances.

    Args:
        config: dialogs, catalog, models, protocol, cut-offs and limit; the stage is `retrieve`.
        embedder, build_dir: where the catalog's index is found or built.
        tick: called with (instances done, of how many).

    Returns:
        `systems`, name → `recall` per cut-off and `pool_recall`, each with a 95% interval by dialog; and `leak`, its stamp.

    Raises:
        DialogLogError, CatalogError, DataMissingError, LeakError: as in a replay.
    """
    log = open_log(config, embedder, build_dir, once=True)
    index, found = log.index, log.found
    compared = systems(load_fusion(index, config.models))
    rows: dict[str, list[Replayed]] = {name: [] for name in compared}
    for done, (instance, query) in enumerate(zip(found, queries(index, found, config.protocol), strict=True), 1):
        masked = masked_items(instance, config.protocol, index.catalog)
        for name, retrieve in compared.items():
            pool = unmasked(retrieve(query), masked)
            rows[name].append(judge(instance, config.protocol, index.catalog, pool, pool))
        tick(done, len(found))
    judged = {
        name: {"recall": {str(k): recall_of(part, k) for k in config.ks}, "pool_recall": pool_recall_of(part)}
        for name, part in rows.items()
    }
    return {"leak": log.leak.stamp(), "systems": judged}
