"""The retrievers that need nothing but the index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from chatrec.index.open import Index, top
from chatrec.pool import NOTHING, Found
from chatrec.retrieve.query import liked_items
from chatrec.retrieve.spelling import Spelling
from chatrec.types import Constraint, Ledger, Query

FADE = 0.85
"""Set by hand: on ReDial's training text it finds slightly more at 10 than no fading does, and less at 50 and 100."""
MAX_LIKED = 8
"""Liked items that are asked for neighbours, latest first: each costs one more ANN search, when it is first liked."""
KEPT_NEIGHBOURS = 1000
"""Items whose neighbours are kept: those liked in the running conversations, where they are asked for again every turn."""


class DenseRetriever:
    """Nearest by meaning to the words that were said."""

    name = "dense"

    def __init__(self, index: Index) -> None:
        self._index = index

    def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> Found:
        """Cosine of item and query text."""
        if query.vector is None:
            return NOTHING
        return self._index.nearest_allowed([query.vector], k, query, required)[0]


class LikedRetriever:
    """Nearest by meaning to the items the person likes, themselves left out; what they named lately pulls more (`pull`)."""

    name = "liked"

    def __init__(self, index: Index) -> None:
        self._index = index
        self._neighbours = lru_cache(KEPT_NEIGHBOURS)(self._ask)

    def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> Found:
        """Half the largest cosine to a liked item, half the mean, each weighted by the item's pull."""
        liked = liked_items(query, self._index.catalog)[-MAX_LIKED:]
        if not liked:
            return NOTHING
        vectors = [self._index.vector(item_id) for item_id in liked]
        if required:
            found = [near.rows for near in self._index.nearest_allowed(vectors, k, query, required)]
        else:
            found = self._index.each(lambda item_id: self._unfiltered(item_id, query, k), liked)
        rows = np.setdiff1d(np.concatenate(found), [self._index.rows[item_id] for item_id in liked])
        cosines = self._index.vectors[rows] @ np.stack(vectors).T
        weights = pull(query.ledger, liked)
        scores = 0.5 * (cosines * weights).max(axis=1, initial=-1) + 0.5 * cosines @ weights / weights.sum()
        order = np.argsort(-scores, kind="stable")
        return Found(rows[order], scores[order].astype(np.float64))

    def _unfiltered(self, item_id: str, query: Query, k: int) -> NDArray[np.intp]:
        """The rows of the k nearest that are not excluded."""
        needed = k + len(query.excluded)
        near = self._neighbours(item_id, math.ceil(needed / 100) * 100)  # as many again when some more are excluded
        out = [self._index.rows[other] for other in query.excluded if other in self._index.rows]
        return near[~np.isin(near, out)][:k]

    def _ask(self, item_id: str, n: int) -> NDArray[np.intp]:
        return self._index.nearest([self._index.vector(item_id)], n)[0].rows


class SparseRetriever:
    """BM25 over fielded stems (Robertson & Zaragoza 2009, as implemented by bm25s); titles and names also nearly (`Spelling`)."""

    name = "sparse"

    def __init__(self, index: Index) -> None:
        self._index = index
        self._spelling = Spelling(index)

    def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> Found:
        """BM25 of the query's words, and once more of those that name the item or nearly do; only items that share one."""
        if not query.text:
            return NOTHING
        scores, named = self._index.sparse_scores(query.text), self._spelling.scores(query.text)
        scores = scores if named is None else scores + named
        return best_allowed(self._index, scores, scores > 0, query, required, k)


class PopularityRetriever:
    """The best known that may be shown: what is left to go by when nothing was said, and a prior otherwise."""

    name = "popularity"

    def __init__(self, index: Index) -> None:
        self._index = index
        self._scores = np.nan_to_num(index.popularity, nan=0.0)
        self._order = np.argsort(-self._scores, kind="stable")

    def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> Found:
        """Popularity percentile within the medium; unknown counts as the least."""
        allowed, found, start = self._index.allowed(query, required), [], 0
        while len(found) < k and start < len(self._order):
            rows = self._order[start : 2 * start + 4 * k]
            found += rows[allowed[rows]].tolist()
            start += len(rows)
        best = np.array(found[:k], dtype=np.intp)
        return Found(best, self._scores[best].astype(np.float64))


class NamedBeforeRetriever:
    """What was spoken of before, latest first, where it may come back: the chat excludes all of it, protocol `full` does not."""

    name = "named_before"

    def __init__(self, index: Index) -> None:
        self._index = index

    def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> list[tuple[str, float]]:
        """Named without dislike; 1 for the latest, 1/2 for the one before, and so on."""
        rows, allowed = self._index.rows, self._index.allowed(query, required)
        named = [i for i in query.ledger.ids("liked", "saved", "mentioned", "seen") if i in rows and allowed[rows[i]]]
        return [(item, 1 / place) for place, item in enumerate(reversed(named[-k:]), 1)]


def pull(ledger: Ledger, items: Sequence[str]) -> NDArray[np.float32]:
    """float32 [items] in (0, 1]: how much each item still says of what is wanted now: less by `FADE` per turn since.

    Turns are counted from the latest at which one of them was named, so that a lone old favourite keeps its pull.
    """
    named = {opinion.item_id: opinion.turn for opinion in ledger.opinions}
    turns = np.array([named.get(item, 0) for item in items])
    return (FADE ** (turns.max() - turns)).astype(np.float32)


def best_allowed(
    index: Index,
    scores: NDArray[np.float32],
    among: NDArray[np.bool_],
    query: Query,
    required: tuple[Constraint, ...],
    k: int,
) -> Found:
    """The k best of some rows (bool [items]) that satisfy the constraints and are not excluded; ties go by row."""
    rows = best_rows(scores, among & index.allowed(query, required), k)
    return Found(rows, scores[rows].astype(np.float64))


def best_rows(scores: NDArray[np.float32], among: NDArray[np.bool_], k: int) -> NDArray[np.intp]:
    """intp [k or fewer]: the k best of some rows (bool [items]), best first; ties go by row."""
    rows = np.flatnonzero(among)
    return rows[top(scores[rows], k)]
