"""A small index that is quick to build, and processes that build it and can be killed."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

import numpy as np

from chatrec.catalog.read import Catalog
from chatrec.errors import ChatrecError
from chatrec.index.build import build_index
from chatrec.index.open import Index, open_or_build
from chatrec.types import Item

DIMENSION = 32
NOBODY = 65534
GENRES = ("comedy", "drama", "horror", "western")


class HashEmbedder:
    """Vectors that depend on the words only; what `Embedder` does for an index, without a model."""

    name = "hash"
    sha256 = hashlib.sha256(b"hash").hexdigest()
    dimension = DIMENSION

    def __init__(self, pause: Connection | None = None) -> None:
        self._pause = pause
        self.embedded: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded += texts
        if self._pause:
            self._pause.send("embedding")
            self._pause.recv()
        vectors = np.stack([sum(map(_word_vector, text.split()), np.zeros(DIMENSION)) for text in texts])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def catalog(size: int = 300) -> Catalog:
    items = [
        Item(id=f"video:{n}", kind="video", form="film", title=f"Film Number {n}", year=1950 + n % 70, genres=(GENRES[n % 4],))
        for n in range(size)
    ]
    return Catalog.of(items)


def answers(index: Index) -> list[str]:
    """What the index finds by vector, under a filter, and by words."""
    asked = index.embedder.encode(["Film Number 17 western"])
    near = index.nearest(list(asked), 5)[0]
    filtered = index.nearest(list(asked), 5, {"kind": {"$in": ["video"]}})[0]
    rows = (*near.rows, *filtered.rows, index.sparse_scores("film 17 western").argmax())
    return [index.ids[row] for row in rows]


@dataclass
class Builder:
    """A process that builds, or opens, the index of `catalog()`; what it says at its end is the outcome or an error."""

    process: BaseProcess
    talk: Connection

    def says(self) -> str:
        """Its next words; empty if it died before."""
        try:
            return self.talk.recv()
        except EOFError:
            return ""

    def ended(self) -> tuple[str, int | None]:
        """Its last words and its exit code."""
        said = self.says()
        self.process.join(60)
        return said, self.process.exitcode

    def kill(self) -> None:
        """As `kill -9`."""
        self.process.kill()
        self.process.join(60)


def start(
    folder: Path, task: Literal["build", "open"] = "build", *, wait: bool = False, nobody: bool = False, file_limit: int = 0
) -> Builder:
    """A process that is about to begin.

    Args:
        folder: where indexes are kept.
        task: what to do there.
        wait: stop before every shard of texts, while holding the lock.
        nobody: first become a user who may write nowhere.
        file_limit: bytes of the longest file that can be written, as on a full disk; 0: any.
    """
    here, there = _context.Pipe()
    process = _context.Process(target=_work, args=(folder, task, there, wait, nobody, file_limit), daemon=True)
    process.start()
    there.close()
    builder = Builder(process, here)
    assert builder.says() == "ready"
    return builder


_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["pytest", "chatrec.index.open"])  # this file is not on the path there


def _work(folder: Path, task: str, talk: Connection, wait: bool, nobody: bool, file_limit: int) -> None:
    items, embedder = catalog(), HashEmbedder(talk if wait else None)
    if nobody and os.geteuid() == 0:
        os.setuid(NOBODY)
    if file_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    talk.send("ready")
    try:
        if task == "open":
            talk.send(" ".join(answers(open_or_build(items, embedder, folder))))  # type: ignore[arg-type]
        else:
            talk.send(build_index(items, embedder, folder, reuse=False).name)  # type: ignore[arg-type]
    except ChatrecError as error:
        talk.send(f"{type(error).__name__}: {error}")
        raise SystemExit(error.exit_code) from error


def _word_vector(word: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).normal(size=DIMENSION)
