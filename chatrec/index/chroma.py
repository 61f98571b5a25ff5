"""A generation's vectors in Chroma: in its own folder, or in a server that several processes share."""

from __future__ import annotations

import atexit
import math
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import chromadb
import httpx
import numpy as np
from chromadb.api import ClientAPI
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError
from numpy.typing import NDArray

from chatrec.catalog.read import Catalog
from chatrec.constraints import metadata
from chatrec.errors import IndexCorruptError, IndexMissingError, SettingsError

COLLECTION = "items"
DATABASE = "chroma.sqlite3"
BATCH = 5000
"""Most items that are put in at a time; Chroma takes some 5400."""
SYNC_AT = 50_000
"""Most items after which Chroma writes its graph to files: each time it writes whatever of the graph they have touched."""


def fill_store(catalog: Catalog, vectors: NDArray[np.float32], folder: Path) -> None:
    """Make the store of a new generation.

    Raises:
        IndexCorruptError: it does not hold what was put in.
    """
    client = chromadb.PersistentClient(str(folder / "chroma"), settings=ChromaSettings(anonymized_telemetry=False))
    collection = client.create_collection(COLLECTION, configuration=_graph(len(catalog)), embedding_function=None)
    _fill(client, collection, catalog, vectors)


def open_collection(folder: Path) -> chromadb.Collection:
    """The Chroma collection of a generation.

    Raises:
        IndexCorruptError: the store is damaged, cannot be opened or lacks the collection.
    """
    store = _writable(folder / "chroma")
    problem = _problem(store / DATABASE)
    if problem:
        raise IndexCorruptError(f"the database in {folder} is damaged ({problem}): run `chatrec index update`")
    try:
        client = chromadb.PersistentClient(str(store), settings=ChromaSettings(anonymized_telemetry=False))
        return client.get_collection(COLLECTION, embedding_function=None)
    except (ChromaError, ValueError, OSError) as error:
        raise IndexCorruptError(f"the store in {folder} cannot be opened ({error}): run `chatrec index update`") from error


def _writable(store: Path) -> Path:
    """The store, or where it may not be written to a copy for this process: Chroma opens no store it cannot write."""
    if os.access(store, os.W_OK) and os.access(store / DATABASE, os.W_OK):
        return store
    copy = Path(tempfile.mkdtemp(prefix="chatrec-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    for path in (path for path in store.rglob("*") if path.is_file()):
        (copy / path.relative_to(store)).parent.mkdir(exist_ok=True)
        shutil.copyfile(path, copy / path.relative_to(store))
    return copy


def _problem(database: Path) -> str:
    """What SQLite finds when it reads its file through; Chroma itself would notice only when a query meets it, or crash."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        found = str(error)
    return "" if found == "ok" else " ".join(found.split())


def served_collection(url: str, name: str, catalog: Catalog, vectors: NDArray[np.float32]) -> chromadb.Collection:
    """The collection of an index in a Chroma server, filled first unless it is there; what is there already is the same.

    Args:
        url: the server, `http://host:port`.
        name: one that stands for what is in it.
        catalog: the items.
        vectors: float32 [items, dimension].

    Raises:
        SettingsError: the address is none.
        IndexMissingError: the server does not answer, or does not take the items.
    """
    try:
        parts = urlsplit(url)
        host, port, ssl = parts.hostname, parts.port, parts.scheme == "https"
    except ValueError as error:
        raise SettingsError(f"chroma_url {url!r} is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError(f"chroma_url is like http://127.0.0.1:8000, not {url!r}")
    options = ChromaSettings(anonymized_telemetry=False)
    try:
        client = chromadb.HttpClient(host, port or (443 if ssl else 8000), ssl=ssl, settings=options)
        collection = client.get_or_create_collection(name, configuration=_graph(len(catalog)), embedding_function=None)
        if collection.count() != len(catalog):
            _fill(client, collection, catalog, vectors)
    except (ChromaError, ValueError, httpx.HTTPError) as error:
        raise IndexMissingError(f"no Chroma server can be used at {url} ({error}): start one with `chroma run`") from error
    return collection


def _fill(client: ClientAPI, collection: chromadb.Collection, catalog: Catalog, vectors: NDArray[np.float32]) -> None:
    ids, items = list(catalog), list(catalog.values())
    for part in _batches(len(ids), min(client.get_max_batch_size(), BATCH)):
        collection.upsert(
            ids=ids[part],
            embeddings=vectors[part],  # pyright: ignore[reportArgumentType]
            metadatas=[metadata(item) for item in items[part]],
        )
    if collection.count() != len(ids):
        raise IndexCorruptError(f"the store holds {collection.count()} of {len(ids)} items; the old index stays in use")


def _batches(items: int, most: int) -> Iterator[slice]:
    """Parts of equal size, so many to each writing of the graph that the last of all is followed by one.

    What is not in the graph's files when the store is closed, every reader would have to put in anew.
    """
    syncs = math.ceil(items / SYNC_AT)
    parts = syncs * math.ceil(items / syncs / most)
    return (slice(items * part // parts, items * (part + 1) // parts) for part in range(parts))


def _graph(items: int) -> Any:
    synced = items // math.ceil(items / SYNC_AT)
    graph = {"space": "cosine", "ef_construction": 200, "ef_search": _searched(items)}
    return {"hnsw": graph | {"sync_threshold": synced, "batch_size": min(100, synced)}}


def _searched(items: int) -> int:
    """Items the graph visits for a question: at 10,000 items 200, and four times as many for every ten times as many items.

    Set on the synthetic catalogs of `bench/scale.py`, whose recall therefore is no check of it: 200 find .98 of the nearest
    100 at 10,000 items and .88 at 100,000, this .98. Beyond that it is extrapolated.
    """
    return max(200, round(200 * (items / 10_000) ** 0.6))
