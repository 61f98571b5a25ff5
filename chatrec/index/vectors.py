"""Vectors as a product of their own: a text that an earlier build has embedded is not embedded again.

A generation keeps `vectors.npy`, one row an item, and `vectors.sha256`, one key a line; a key stands for the text and the
embedder. While a build embeds, what it has so far is in shards in its home, so that the next one goes on from there.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from chatrec.errors import IndexCorruptError, IndexMissingError
from chatrec.index.embed import Embedder
from chatrec.index.generation import Manifest, current_generation, digest, homes

log = structlog.get_logger()
VECTORS = "vectors.npy"
KEYS = "vectors.sha256"
UNFINISHED = "unfinished"
"""Folder of a home that holds the shards of a build; it goes when the build is finished."""
SHARD = 256
"""Texts embedded between two writes: the most that an interrupted build loses."""


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


def embed(texts: Sequence[str], embedder: Embedder, home: Path, *, reuse: bool = True, progress: bool = False) -> Embedded:
    """Vectors of texts, each as soon as it is known kept in the home's shards; at least one text.

    Args:
        texts: what to embed.
        embedder: by what.
        home: of the index that is being built; vectors of its neighbours are reused.
        reuse: take vectors from earlier builds; else also forget what an interrupted one left in this home.
        progress: show a bar on standard error.

    Raises:
        OSError: a shard cannot be written.
    """
    keys = tuple(key_of(text, embedder) for text in texts)
    by_key = dict(zip(keys, texts, strict=True))
    if not reuse:
        shutil.rmtree(home / UNFINISHED, ignore_errors=True)
    vectors = _reused(by_key, home, embedder) if reuse else {}
    missing = sorted((key for key in by_key if key not in vectors), key=lambda key: len(by_key[key]))  # equal lengths pad least
    shards = [missing[start : start + SHARD] for start in range(0, len(missing), SHARD)]
    for shard in track(shards, "Embedding", console=Console(stderr=True), disable=not progress):
        made = embedder.encode([by_key[key] for key in shard])
        _write_shard(home / UNFINISHED, shard, made)
        vectors.update(zip(shard, made, strict=True))
    return Embedded(np.stack([vectors[key] for key in keys]), keys, fresh=len(missing))


def _reused(wanted: Mapping[str, str], home: Path, embedder: Embedder) -> dict[str, NDArray[np.float32]]:
    """Key → vector of what earlier builds have embedded."""
    found: dict[str, NDArray[np.float32]] = {}
    for keys, vectors in _earlier(home, embedder):
        rows = {key: row for row, key in enumerate(keys) if key in wanted and key not in found}
        found.update((key, np.array(vectors[row])) for key, row in rows.items())
        if len(found) == len(wanted):
            break
    return found


def _earlier(home: Path, embedder: Embedder) -> Iterator[tuple[Sequence[str], NDArray[np.float32]]]:
    """Keys and vectors of interrupted builds, then of the indexes in use, the newest first."""
    neighbours = homes(home.parent, embedder.sha256)
    for path in (path for neighbour in neighbours for path in neighbour.glob(f"{UNFINISHED}/*.npz")):
        try:
            yield _read_shard(path)
        except (IndexCorruptError, OSError) as error:
            log.warning("vectors not reused", shard=str(path), reason=str(error))
    for neighbour in neighbours:
        try:
            yield _read(current_generation(neighbour))
        except IndexMissingError:
            continue
        except (IndexCorruptError, OSError, ValueError) as error:
            log.warning("vectors not reused", folder=str(neighbour), reason=str(error))


def _read(generation: Path) -> tuple[Sequence[str], NDArray[np.float32]]:
    known = Manifest.read(generation).digests
    if KEYS not in known:
        return [], np.zeros((0, 0), dtype=np.float32)  # built before keys were kept
    for name in (VECTORS, KEYS):
        if digest(generation / name) != known[name]:
            raise IndexCorruptError(f"{generation / name} is damaged")
    return (generation / KEYS).read_text(encoding="ascii").split(), np.load(generation / VECTORS, mmap_mode="r")


def _read_shard(path: Path) -> tuple[Sequence[str], NDArray[np.float32]]:
    if digest(path) != path.stem:
        raise IndexCorruptError(f"{path} is damaged")
    with np.load(path, allow_pickle=False) as shard:
        return [key.decode() for key in shard["keys"]], shard["vectors"]


def _write_shard(folder: Path, keys: Sequence[str], vectors: NDArray[np.float32]) -> None:
    """Named by the hash of what it holds, and under that name only when it is whole."""
    folder.mkdir(exist_ok=True)
    content = io.BytesIO()
    np.savez(content, keys=np.array(keys, dtype="S64"), vectors=vectors)
    pending = folder / "pending"
    pending.write_bytes(content.getvalue())
    pending.replace(folder / f"{digest(pending)}.npz")
