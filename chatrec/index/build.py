"""Build an index aside, verify it, and swap it in; a reader sees the old one or the new one, never a half."""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import bm25s
import chromadb
import numpy as np
import structlog
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from chatrec.catalog.read import Catalog, write_catalog
from chatrec.constraints import metadata
from chatrec.errors import IndexCorruptError, IndexMissingError, InputError
from chatrec.index.document import SCHEMA_VERSION, dense_text, sparse_tokens
from chatrec.index.embed import Embedder
from chatrec.index.generation import LOCK, MANIFEST, POINTER, Manifest, current_generation, digest, fixed_files, index_home
from chatrec.index.vectors import Embedded, embed

log = structlog.get_logger()
COLLECTION = "items"
DATABASE = "chroma.sqlite3"
ITEMS = "items.jsonl"
SYNC_AT = 1000
"""Records after which Chroma writes its graph to files; fewer items are written at the last, or each reader would write them."""


def build_index(catalog: Catalog, embedder: Embedder, build_dir: Path, *, reuse: bool = True, progress: bool = False) -> Path:
    """Build and swap in the index of a catalog.

    Args:
        catalog: the items.
        embedder: what embeds them.
        build_dir: folder that holds all built indexes.
        reuse: embed only texts that no earlier build by this embedder, finished or interrupted, has embedded.
        progress: show a bar while embedding.

    Returns:
        The folder of the new generation.

    Raises:
        InputError: the folder cannot be written, or another process is building there.
        IndexCorruptError: the finished store does not hold what was put in.
    """
    home = index_home(build_dir, catalog.sha256, embedder.sha256)
    with _builder_lock(home):
        generation = home / uuid.uuid4().hex[:12]
        try:
            generation.mkdir()
            texts = [dense_text(item) for item in catalog.values()]
            embedded = embed(texts, embedder, home, reuse=reuse, progress=progress)
            _write_generation(catalog, embedder, embedded, generation)
            _swap(home, generation)
        except BaseException as error:
            if not _in_use(generation):
                shutil.rmtree(generation, ignore_errors=True)
            if isinstance(error, (OSError, ChromaError)):
                raise InputError(f"the index cannot be written to {home}: {error}") from error
            raise
        _drop_unfinished(home, keep=generation)
    log.info("index built", items=len(catalog), embedded=embedded.fresh, folder=str(generation))
    return generation


def open_collection(folder: Path) -> chromadb.Collection:
    """The Chroma collection of a generation.

    Raises:
        IndexCorruptError: the store is damaged, cannot be opened or lacks the collection.
    """
    store = _writable(folder / "chroma")
    problem = _problem(store / DATABASE)
    if problem:
        raise IndexCorruptError(f"the database in {folder} is damaged ({problem}): run `chatrec index build --force`")
    try:
        client = chromadb.PersistentClient(str(store), settings=ChromaSettings(anonymized_telemetry=False))
        return client.get_collection(COLLECTION, embedding_function=None)
    except (ChromaError, ValueError, OSError) as error:
        raise IndexCorruptError(f"the store in {folder} cannot be opened ({error}): run `chatrec index build --force`") from error


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


def _write_generation(catalog: Catalog, embedder: Embedder, embedded: Embedded, folder: Path) -> None:
    write_catalog(catalog.values(), folder / ITEMS)
    embedded.write(folder)
    retriever = bm25s.BM25(method="lucene")
    retriever.index([sparse_tokens(item) for item in catalog.values()], show_progress=False)
    retriever.save(folder / "bm25")
    _fill_chroma(catalog, embedded.vectors, folder)
    Manifest(
        catalog_sha256=catalog.sha256,
        embedder=embedder.name,
        embedder_sha256=embedder.sha256,
        dimension=int(embedded.vectors.shape[1]),
        items=len(catalog),
        schema_version=SCHEMA_VERSION,
        generation=folder.name,
        files=fixed_files(folder),
        digests={name: digest(folder / name) for name in fixed_files(folder)},
        embedded=embedded.fresh,
    ).write(folder)


def _fill_chroma(catalog: Catalog, vectors: NDArray[np.float32], folder: Path) -> None:
    client = chromadb.PersistentClient(str(folder / "chroma"), settings=ChromaSettings(anonymized_telemetry=False))
    ids, items = list(catalog), list(catalog.values())
    synced = min(len(ids), SYNC_AT)
    graph = {
        "space": "cosine",
        "ef_construction": 200,
        "ef_search": 200,
        "sync_threshold": synced,
        "batch_size": min(100, synced),
    }
    collection = client.create_collection(COLLECTION, configuration={"hnsw": graph}, embedding_function=None)  # pyright: ignore[reportArgumentType]
    step = min(client.get_max_batch_size(), 5000)
    for start in range(0, len(ids), step):
        part = slice(start, start + step)
        collection.upsert(
            ids=ids[part],
            embeddings=vectors[part],  # pyright: ignore[reportArgumentType]
            metadatas=[metadata(item) for item in items[part]],
        )
    if collection.count() != len(ids):
        raise IndexCorruptError(f"the store holds {collection.count()} of {len(ids)} items; the old index stays in use")


def _swap(home: Path, generation: Path) -> None:
    pending = home / f"{POINTER}.{generation.name}"
    with pending.open("w", encoding="utf-8") as file:
        file.write(generation.name)
        file.flush()
        os.fsync(file.fileno())
    pending.replace(home / POINTER)
    directory = os.open(home, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _in_use(generation: Path) -> bool:
    """Whether the pointer names it, as when a build is interrupted just after the swap."""
    try:
        return current_generation(generation.parent) == generation
    except (IndexMissingError, IndexCorruptError):
        return False


def _drop_unfinished(home: Path, keep: Path) -> None:
    """Remove what interrupted builds left; finished generations stay, a running reader may hold one."""
    for path in home.iterdir():
        if path.is_dir() and path != keep and not (path / MANIFEST).is_file():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name.startswith(f"{POINTER}."):
            path.unlink(missing_ok=True)


@contextmanager
def _builder_lock(home: Path) -> Iterator[None]:
    lock = FileLock(home / LOCK, timeout=0)
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise InputError(f"another process is building the index in {home}; wait for it, then try again") from error
    except OSError as error:
        raise InputError(f"{home} cannot be written to ({error}): set CHATREC_INDEX_DIR to a folder of yours") from error
    try:
        yield
    finally:
        lock.release()
