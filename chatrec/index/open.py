"""An opened index: the items, their vectors, the Chroma collection and BM25, checked against what they were built from."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import bm25s
import chromadb
import httpx
import numpy as np
from numpy.typing import NDArray

from chatrec.catalog.read import Catalog
from chatrec.errors import IndexCorruptError, IndexMismatchError, IndexMissingError
from chatrec.index.build import build_index
from chatrec.index.chroma import open_collection, served_collection
from chatrec.index.columns import Columns
from chatrec.index.compare import comparisons, cosines
from chatrec.index.document import SCHEMA_VERSION, tokenize
from chatrec.index.embed import Embedder
from chatrec.index.generation import Manifest, current_generation, digest, fixed_files, index_home
from chatrec.index.names import Names
from chatrec.index.vectors import VECTORS
from chatrec.pool import Found
from chatrec.types import Constraint, Query

MOST_COMPARED = 1_500_000
"""Comparisons of two vectors, some 70 ms of one core, that a question behind a filter may take; beyond, the graph is asked."""
SPARE = 1.2
"""How many more items are fetched than a filter is expected to leave enough of."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class Index:
    """Everything a turn reads. Row i of `vectors` and of BM25 belongs to the i-th item of `catalog`."""

    catalog: Catalog
    manifest: Manifest
    embedder: Embedder
    vectors: NDArray[np.float32]
    """float32 [items, dimension], rows of unit length."""
    collection: chromadb.Collection
    bm25: bm25s.BM25
    rows: Mapping[str, int]
    ids: tuple[str, ...]
    popularity: NDArray[np.float32]
    """float32 [items]: popularity percentile in (0, 1] within the item's medium; NaN where unknown."""
    columns: Columns
    names: Names

    def vector(self, item_id: str) -> NDArray[np.float32]:
        """float32 [dimension]: an item's vector."""
        return self.vectors[self.rows[item_id]]

    def allowed(self, query: Query, required: Iterable[Constraint]) -> NDArray[np.bool_]:
        """bool [items]: what satisfies the requirements and is not excluded by the query."""
        mask = self.columns.satisfying(required)
        mask[[self.rows[item_id] for item_id in query.excluded if item_id in self.rows]] = False
        return mask

    @cached_property
    def _cores(self) -> int:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._cores, "chatrec-search")

    def each(self, act: Callable[[T], R], given: Sequence[T]) -> list[R]:
        """What comes of each, in order. Chroma and NumPy let other threads run while they search: several are done at once."""
        return [act(one) for one in given] if len(given) < 2 else list(self._threads.map(act, given))

    def cosines(self, asked: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """float32 [asked, rows]: of vectors, float32 [asked, dimension] of unit length, and the items of these rows."""
        return cosines(asked, self.vectors, rows, self.each, self._cores)

    def nearest(self, vectors: Sequence[NDArray[np.float32]], k: int, filtered: Mapping[str, Any] | None = None) -> list[Found]:
        """For each of m vectors, up to k items with their cosines, nearest first, that pass the Chroma filter.

        Raises:
            IndexMissingError: the Chroma server has gone.
        """
        where = dict(filtered) if filtered else None
        return self.each(lambda vector: self._walked(vector, min(k, self.manifest.items), where), vectors)

    def _walked(self, vector: NDArray[np.float32], k: int, where: dict[str, Any] | None) -> Found:
        """Asked of the graph: for several vectors at once, Chroma would go through it for one after the other."""
        try:
            found = self.collection.query(query_embeddings=[vector], n_results=k, where=where, include=["distances"])
        except httpx.HTTPError as error:
            raise IndexMissingError(f"the Chroma server no longer answers ({error}): start it again with `chroma run`") from error
        rows = np.array([self.rows[item_id] for item_id in found["ids"][0]], dtype=np.intp)
        return Found(rows, 1.0 - np.array((found["distances"] or [[]])[0], dtype=np.float64))

    def nearest_allowed(
        self, vectors: Sequence[NDArray[np.float32]], k: int, query: Query, required: Sequence[Constraint]
    ) -> list[Found]:
        """For each of m vectors the k nearest of what satisfies the requirements and is not excluded, with their cosines.

        Behind a filter all items it leaves are compared, so that none is missed. Where those are too many, so many are fetched
        from the graph that k should be left; where fewer than k come of that, since the filter and the vector are at odds, all
        are compared after all. Chroma's own filter finds no more and takes longer.
        """
        allowed = self.allowed(query, required)
        left = int(np.count_nonzero(allowed))
        if required and comparisons(left, len(allowed)) <= MOST_COMPARED:
            return self._compared(vectors, k, np.flatnonzero(allowed))
        fetched = math.ceil(SPARE * k * len(allowed) / max(1, left)) if required else k
        found = self.nearest(vectors, fetched + len(query.excluded))
        kept = [Found(rows[fits := allowed[rows]][:k], scores[fits][:k]) for rows, scores in found]
        short = [place for place, (rows, _) in enumerate(kept) if len(rows) < min(k, left)]
        if short:
            for place, best in zip(short, self._compared([vectors[n] for n in short], k, np.flatnonzero(allowed)), strict=True):
                kept[place] = best
        return kept

    def _compared(self, vectors: Sequence[NDArray[np.float32]], k: int, rows: NDArray[np.intp]) -> list[Found]:
        """For each vector the k nearest of some rows, found by comparing with each; ties go by row."""
        best = [(top(found, k), found) for found in self.cosines(np.stack(vectors), rows)]
        return [Found(rows[places], found[places].astype(np.float64)) for places, found in best]

    def sparse_scores(self, text: str) -> NDArray[np.float32]:
        """float32 [items]: BM25 of a text against every item; zeros if no word is known."""
        tokens = [token for token in tokenize(text) if token in self.bm25.vocab_dict]
        if not tokens:
            return np.zeros(len(self.ids), dtype=np.float32)
        return np.asarray(self.bm25.get_scores(tokens), dtype=np.float32)


def top(scores: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Places of the k highest scores, highest first; ties go by place."""
    places = np.arange(len(scores))
    if 0 < k < len(scores):
        places = np.flatnonzero(scores >= np.partition(scores, -k)[-k])
    return places[np.argsort(-scores[places], kind="stable")][:k]


def open_or_build(
    catalog: Catalog, embedder: Embedder, build_dir: Path, *, progress: bool = False, chroma_url: str = ""
) -> Index:
    """Open the index of a catalog, building it first if there is none; `chroma_url` is as in `open_index`.

    Raises:
        IndexMismatchError, IndexCorruptError: an index is there but cannot be used.
    """
    folder = built_index(catalog, embedder, build_dir, progress=progress)
    return open_index(folder, catalog, embedder, chroma_url=chroma_url)


def built_index(catalog: Catalog, embedder: Embedder, build_dir: Path, *, progress: bool = False) -> Path:
    """The generation in use for a catalog, unopened; built first if there is none, or its manifest is lost.

    Raises:
        IndexCorruptError: the pointer to it is damaged.
    """
    try:
        folder = current_generation(index_home(build_dir, catalog.sha256, embedder.sha256))
        Manifest.read(folder)
    except IndexMissingError:
        return build_index(catalog, embedder, build_dir, progress=progress)
    return folder


def open_index(folder: Path, catalog: Catalog, embedder: Embedder, *, chroma_url: str = "") -> Index:
    """Open one generation.

    Args:
        folder: the generation.
        catalog: what it must have been built of.
        embedder: by what.
        chroma_url: search in this Chroma server, which gets a copy of the vectors, instead of in the folder.

    Raises:
        IndexMissingError: the folder holds no finished index, or there is no such server.
        SettingsError: that is no address.
        IndexMismatchError: it is of another catalog, embedder or schema version.
        IndexCorruptError: files are missing or damaged.
    """
    manifest = Manifest.read(folder)
    _check(manifest, catalog, embedder, folder)
    if fixed_files(folder) != manifest.files:
        raise IndexCorruptError(f"files in {folder} are missing or were cut short: run `chatrec index update`")
    for name, known in manifest.digests.items():
        if digest(folder / name) != known:
            raise IndexCorruptError(f"{folder / name} is damaged: run `chatrec index update`")
    vectors, bm25 = _load(folder)
    if chroma_url and len(vectors) == len(catalog):
        name = f"chatrec-{index_home(folder, catalog.sha256, embedder.sha256).name}"
        collection = served_collection(chroma_url, name, catalog, vectors)
    else:
        collection = open_collection(folder)
    if not len(vectors) == manifest.items == len(catalog) or collection.count() != manifest.items:
        raise IndexCorruptError(
            f"{folder} should hold {manifest.items} items but has {len(vectors)} vectors and {collection.count()} records:"
            " run `chatrec index update`"
        )
    ids = tuple(catalog)
    columns = Columns.load(folder, catalog.values())
    return Index(
        catalog=catalog,
        manifest=manifest,
        embedder=embedder,
        vectors=vectors,
        collection=collection,
        bm25=bm25,
        rows={item_id: row for row, item_id in enumerate(ids)},
        ids=ids,
        popularity=popularity_percentiles(columns.numbers("popularity"), columns),
        columns=columns,
        names=Names(folder),
    )


def popularity_percentiles(raw: NDArray[np.float64], columns: Columns) -> NDArray[np.float32]:
    """float32 [items]: share of the same medium's items that are at most as popular; ties share their mean; NaN if unknown."""
    result = np.full(len(raw), np.nan, dtype=np.float32)
    for of_kind in columns.postings("kind").values():
        rows = of_kind[~np.isnan(raw[of_kind])]
        values = np.sort(raw[rows])
        below, upto = np.searchsorted(values, raw[rows], "left"), np.searchsorted(values, raw[rows], "right")
        result[rows] = (below + upto + 1) / (2 * max(1, len(rows)))
    return np.clip(result, 0.0, 1.0)


def _check(manifest: Manifest, catalog: Catalog, embedder: Embedder, folder: Path) -> None:
    if manifest.schema_version != SCHEMA_VERSION:
        raise IndexMismatchError(
            f"index {folder} has schema version {manifest.schema_version}, this program needs {SCHEMA_VERSION}:"
            " run `chatrec index update`"
        )
    if manifest.embedder_sha256 != embedder.sha256:
        raise IndexMismatchError(
            f"index {folder} was built by embedder {manifest.embedder!r} ({manifest.embedder_sha256[:8]}), not by"
            f" {embedder.name!r} ({embedder.sha256[:8]}): run `chatrec index build` with this embedder"
        )
    if manifest.catalog_sha256 != catalog.sha256:
        raise IndexMismatchError(
            f"index {folder} is of another catalog ({manifest.catalog_sha256[:8]}, this one is {catalog.sha256[:8]}):"
            " run `chatrec index build --catalog` with this catalog"
        )


def _load(folder: Path) -> tuple[NDArray[np.float32], bm25s.BM25]:
    try:
        vectors = np.asarray(np.load(folder / VECTORS, mmap_mode="r", allow_pickle=False))  # read as they are needed
        bm25 = bm25s.BM25.load(folder / "bm25", load_corpus=False)
    except (OSError, ValueError, KeyError) as error:
        raise IndexCorruptError(f"{folder} is damaged ({error}): run `chatrec index update`") from error
    return vectors, bm25
