"""Vectors as a product of their own: a text that an earlier build has embedded is not embedded again.

A generation keeps `vectors.npy`, one row an item, and `vectors.sha256`, one key a line; a key stands for the text and the
embedder. While a build embeds, what it has so far is in Parquet shards in its home, so that the next one goes on from there.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import structlog
from numpy.typing import NDArray

from chatrec.errors import IndexCorruptError, IndexMissingError
from chatrec.index.embed import Embedder
from chatrec.index.generation import Manifest, digest, finished, homes
from chatrec.progress import counted

if TYPE_CHECKING:  # a third of a second to import, needed only where shards are
    import pyarrow as pa

log = structlog.get_logger()
VECTORS = "vectors.npy"
KEYS = "vectors.sha256"
UNFINISHED = "unfinished"
"""Folder of a home that holds the shards of a build, Parquet files with the columns `key` and `vector`; it goes when the
build is finished."""
SHARD = 256
"""Texts embedded between two writes: the most that an interrupted build loses."""
TOLERANCE = 1e-3
"""How far the length of a vector that is reused may be from 1."""


@dataclass(frozen=True)
class Embedded:
    """The vectors of n texts."""

    vectors: NDArray[np.float32]
    """float32 [n, dimension], rows of unit length."""
    keys: tuple[str, ...]
    fresh: int
    """Texts that had to be embedded; equal ones count once."""

    def write(self, folder: Path) -> None:
        """Write vectors and keys into a generation."""
        np.save(folder / VECTORS, self.vectors, allow_pickle=False)
        (folder / KEYS).write_text("".join(f"{key}\n" for key in self.keys), encoding="ascii")


def key_of(text: str, embedder: Embedder) -> str:
    """What names a vector: SHA-256 of the embedder's own and of the text."""
    return hashlib.sha256(f"{embedder.sha256}\n{text}".encode()).hexdigest()


def _untold(done: int, total: int) -> None:
    """No bar is shown."""


def embed(texts: Sequence[str], embedder: Embedder, home: Path, *, reuse: bool = True, progress: bool = False) -> Embedded:
    """Vectors of texts, each as soon as it is known kept in the home's shards; at least one text.

    Args:
        texts: what to embed.
        embedder: by what.
        home: of the index that is being built; vectors of its neighbours are reused.
        reuse: take vectors from earlier builds; else also forget what an interrupted one left in this home.
        progress: tell on standard error how far it is.

    Raises:
        OSError: a shard cannot be written.
        IndexCorruptError: the embedder gives vectors of unlike length.
    """
    keys = tuple(key_of(text, embedder) for text in texts)
    gathered = _Gathered(keys)
    unfinished = home / UNFINISHED
    if not unfinished.is_dir():
        unfinished.unlink(missing_ok=True)  # whatever else has its name
    elif not reuse:
        shutil.rmtree(unfinished, ignore_errors=True)
    for known in _earlier(home, embedder) if reuse else ():
        try:
            gathered.add(*known)
        except IndexCorruptError as error:
            log.warning("vectors not reused", reason=str(error))
        if gathered.complete:
            break
    by_key = {key: text for key, text in zip(keys, texts, strict=True) if key not in gathered}
    missing = sorted(by_key, key=lambda key: len(by_key[key]))  # equal lengths pad least
    shards = [missing[start : start + SHARD] for start in range(0, len(missing), SHARD)]
    try:
        with counted("embedding") if progress else nullcontext(_untold) as tick:
            for done, shard in enumerate(shards, start=1):
                made = embedder.encode([by_key[key] for key in shard])
                _write_shard(unfinished, shard, made)
                gathered.add(shard, made)
                tick(min(done * SHARD, len(missing)), len(missing))
    except IndexCorruptError as error:
        if not reuse:
            raise
        log.warning("no vectors reused", reason=str(error))
        return embed(texts, embedder, home, reuse=False, progress=progress)
    return Embedded(gathered.of(keys), keys, fresh=len(missing))


class _Gathered:
    """Vectors of keys as they become known, in one matrix: a large catalog's take as much memory as it has, and no more."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._row = {key: row for row, key in enumerate(dict.fromkeys(keys))}
        self._known = np.zeros(len(self._row), dtype=bool)
        self._vectors = np.empty((0, 0), dtype=np.float32)

    def __contains__(self, key: str) -> bool:
        return bool(self._known[self._row[key]])

    @property
    def complete(self) -> bool:
        return bool(self._known.all())

    def add(self, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Take what is wanted and not known yet; vectors are float32 [keys, dimension].

        Raises:
            IndexCorruptError: they are of another dimension than those known.
        """
        places = {self._row[key]: place for place, key in enumerate(keys) if key in self._row and key not in self}
        if not places:
            return
        if not self._vectors.size:
            self._vectors = np.empty((len(self._row), vectors.shape[1]), dtype=np.float32)
        if vectors.shape[1] != self._vectors.shape[1]:
            raise IndexCorruptError(f"vectors have {vectors.shape[1]} numbers, others {self._vectors.shape[1]}")
        rows = list(places)
        self._vectors[rows] = vectors[list(places.values())]
        self._known[rows] = True

    def of(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """float32 [keys, dimension]; the matrix itself where no key comes twice."""
        return self._vectors if len(keys) == len(self._row) else self._vectors[[self._row[key] for key in keys]]


def _earlier(home: Path, embedder: Embedder) -> Iterator[tuple[Sequence[str], NDArray[np.float32]]]:
    """Keys and vectors of interrupted builds, then of each index what is in use, or the newest that is whole."""
    neighbours, unread = homes(home.parent, embedder.sha256), []
    for path in (path for neighbour in neighbours for path in neighbour.glob(f"{UNFINISHED}/*.parquet")):
        try:
            yield _read_shard(path, embedder.dimension)
        except (IndexCorruptError, OSError) as error:
            unread.append(str(error))
    for neighbour in neighbours:
        for generation in finished(neighbour):
            try:
                yield _read(generation)
                break
            except (IndexCorruptError, IndexMissingError, OSError, ValueError) as error:
                unread.append(str(error))
    if unread:
        more = f", and {len(unread) - 1} more" if len(unread) > 1 else ""
        log.warning(f"vectors of earlier builds are not reused: {unread[0]}{more}")


def _read(generation: Path) -> tuple[Sequence[str], NDArray[np.float32]]:
    known = Manifest.read(generation).digests
    if KEYS not in known:
        return [], np.zeros((0, 0), dtype=np.float32)  # built before keys were kept
    for name in (VECTORS, KEYS):
        if digest(generation / name) != known[name]:
            raise IndexCorruptError(f"{generation / name} is damaged")
    return (generation / KEYS).read_text(encoding="ascii").split(), np.load(generation / VECTORS, mmap_mode="r")


def column(vectors: NDArray[np.float32]) -> pa.FixedSizeListArray:
    """float32 [n, dimension] as a column of a Parquet file."""
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])


def _read_shard(path: Path, dimension: int) -> tuple[Sequence[str], NDArray[np.float32]]:
    """Keys and vectors of a shard.

    Args:
        path: the shard.
        dimension: of the embedder's vectors; 0: not known.

    Raises:
        IndexCorruptError: it is damaged, or holds anything but keys and unit vectors of this dimension.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if digest(path) != path.stem:
        raise IndexCorruptError(f"{path} is damaged")
    try:
        shard = pq.read_table(path)
        keys, told = shard["key"], shard["vector"].combine_chunks()
        width = told.type.list_size
        if (keys.type, told.type) != (pa.string(), pa.list_(pa.float32(), width)) or keys.null_count or told.null_count:
            raise ValueError(f"its columns are {shard.schema.to_string(show_schema_metadata=False)!r}")
        vectors = told.flatten().to_numpy().reshape(len(keys), width)
    except (pa.ArrowException, AttributeError, KeyError, ValueError) as error:
        raise IndexCorruptError(f"{path} is no shard of vectors: {error}") from error
    if dimension not in (0, width):
        raise IndexCorruptError(f"vectors of {path} have {width} numbers, the embedder's {dimension}")
    if not (np.abs(np.linalg.norm(vectors, axis=1) - 1) <= TOLERANCE).all():
        raise IndexCorruptError(f"not all vectors of {path} are of unit length")
    return keys.to_pylist(), vectors


def _write_shard(folder: Path, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Named by the hash of what it holds, and under that name only when it is whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(exist_ok=True)
    pending = folder / f"pending-{uuid.uuid4().hex[:12]}"
    table = pa.table({"key": list(keys), "vector": column(vectors)})
    pq.write_table(table, pending, compression="none", use_dictionary=False, write_statistics=False)
    pending.replace(folder / f"{digest(pending)}.parquet")
