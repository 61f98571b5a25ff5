"""Build an index aside, verify it, and swap it in; a reader sees the old one or the new one, never a half."""

from __future__ import annotations

import os
import shutil
import uuid
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import bm25s
import structlog
from chromadb.errors import ChromaError
from filelock import FileLock, Timeout

from chatrec.catalog.read import Catalog, write_catalog
from chatrec.errors import IndexCorruptError, IndexMissingError, InputError
from chatrec.index.chroma import fill_store
from chatrec.index.columns import Columns
from chatrec.index.document import SCHEMA_VERSION, dense_text, sparse_tokens
from chatrec.index.embed import Embedder
from chatrec.index.generation import LOCK, MANIFEST, POINTER, Manifest, current_generation, digest, fixed_files, index_home
from chatrec.index.items import ITEMS
from chatrec.index.names import write_names
from chatrec.index.vectors import Embedded, embed
from chatrec.types import Item

log = structlog.get_logger()


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
        ModelMissingError: the embedder cannot be loaded, or what it gives is not finite.
    """
    home = index_home(build_dir, catalog.sha256, embedder.sha256)
    with _builder_lock(home):
        generation = home / uuid.uuid4().hex[:12]
        try:
            generation.mkdir()
            embedded = embed([dense_text(item) for item in catalog.values()], embedder, home, reuse=reuse, progress=progress)
            _write_generation(catalog, embedder, embedded, generation)
            _swap(home, generation)
        except BaseException as error:
            free = shutil.disk_usage(home).free / 1e6
            if not _in_use(generation):
                shutil.rmtree(generation, ignore_errors=True)
            if isinstance(error, (OSError, ChromaError)):
                why = f": {error}" if isinstance(error, OSError) else ""  # of Chroma's only it can make something
                raise InputError(f"the index cannot be written to {home}, with {free:,.1f} MB free there{why}") from error
            raise
        _drop_unfinished(home, keep=generation)
    log.info("index built", items=len(catalog), embedded=embedded.fresh, folder=str(generation))
    return generation


def _write_generation(catalog: Catalog, embedder: Embedder, embedded: Embedded, folder: Path) -> None:
    write_catalog(catalog.values(), folder / ITEMS)
    embedded.write(folder)
    _write_bm25(catalog.values(), folder / "bm25")
    Columns(catalog.values()).save(folder)
    write_names(catalog.values(), folder)
    fill_store(catalog, embedded.vectors, folder)
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
        source_sha256=catalog.source_sha256,
    ).write(folder)


def _write_bm25(items: Iterable[Item], folder: Path) -> None:
    """Stems as numbers from the first, four bytes each: all of a large catalog's are held at once."""
    vocabulary: dict[str, int] = {}
    numbers = [array("i", (vocabulary.setdefault(stem, len(vocabulary)) for stem in sparse_tokens(item))) for item in items]
    retriever = bm25s.BM25(method="lucene")
    retriever.index((numbers, vocabulary), show_progress=False)
    retriever.save(folder)


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
