"""What was said in dialogs, embedded once: of some data it takes longer than everything that is learned from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from chatrec.evaluate.context import context_text, last_message
from chatrec.evaluate.logs import DialogLine
from chatrec.index.embed import Embedder
from chatrec.score.table import Floats
from chatrec.train.data import turns_of
from chatrec.train.exact import ExactIndex
from chatrec.train.steps import Kind

BATCH = 256


class Remembering(Embedder):
    """An embedder that knows some texts already.

    Args:
        embedder: embeds the others.
        texts: the n known ones.
        vectors: float32 [n, dimension].
    """

    def __init__(self, embedder: Embedder, texts: Sequence[str], vectors: Floats) -> None:
        super().__init__(embedder._source)
        self._embedder, self._vectors = embedder, vectors
        self._known = {text: row for row, text in enumerate(texts)}

    def encode(self, texts: Sequence[str]) -> Floats:
        """Known texts are looked up; if there are others, all of them are embedded."""
        if all(text in self._known for text in texts):
            return self._vectors[[self._known[text] for text in texts]]
        return self._embedder.encode(texts)


def said(lines: Sequence[DialogLine], index: ExactIndex) -> list[str]:
    """Every text that `gather` will ask the vector of, each once; longest first, so that batches hold texts alike."""
    instances = [instance for line in lines for instance, _, _ in turns_of(line, index)]
    texts = {text for instance in instances for text in (context_text(instance, index), last_message(instance, index)) if text}
    return sorted(texts, key=lambda text: (-len(text), text))


def embed(texts: Sequence[str], embedder: Embedder, tick: Callable[[float], None]) -> Floats:
    """float32 [texts, dimension]; `tick` is told the share of the characters done."""
    total, done, parts = sum(map(len, texts)), 0, []
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        parts.append(embedder.encode(part))
        done += sum(map(len, part))
        tick(done / total)
    return np.concatenate(parts) if parts else embedder.encode([])


def with_memory(index: ExactIndex, texts: Sequence[str], vectors: Floats) -> ExactIndex:
    """The same index; its embedder knows these texts."""
    return replace(index, embedder=Remembering(index.embedder, texts, vectors))


def _save(folder: Path, vectors: Floats) -> None:
    np.save(folder / "vectors.npy", vectors, allow_pickle=False)


VECTORS: Kind[Floats] = Kind(_save, lambda folder: np.load(folder / "vectors.npy", allow_pickle=False))
