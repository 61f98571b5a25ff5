"""What the head needs to know of each item, as arrays over the rows of the index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatrec.index.document import tokenize
from chatrec.index.open import Index
from chatrec.types import Item

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]

MAX_VALUES = 16
"""Values of one facet that are kept per item; the first ones are the most telling."""
REFERENCE_ITEMS = 1024
"""Items a similarity is compared with, so that it reads the same in any catalog and for any set of candidates."""


@dataclass(frozen=True, eq=False)
class Facet:
    """One list-valued field of every item, with inverse document frequencies.

    The similarity of two items is the cosine of their idf-weighted sets of values.
    """

    vocab: dict[str, int]
    """Value, as stems joined by a space → id, from 1; id 0 is padding."""
    values: NDArray[np.int32]
    """int32 [items, most values of one item]."""
    idf: Floats
    """float32 [ids]; 0 for padding."""
    norm: Floats
    """float32 [items]: length of the item's idf vector; 0 where the field is unknown."""
    longest: int
    """Most stems a value has."""

    def cosines(self, anchors: Rows, rows: Rows) -> Floats:
        """float32 [anchors, rows]; NaN where either side has no value."""
        weights = np.zeros((len(anchors), len(self.idf)), dtype=np.float32)
        owner = np.repeat(np.arange(len(anchors)), self.values.shape[1])
        named = self.values[anchors].ravel()
        weights[owner, named] = self.idf[named]
        dots = (weights * self.idf)[:, self.values[rows]].sum(axis=2)
        lengths = self.norm[anchors][:, None] * self.norm[rows][None, :]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(lengths > 0, dots / lengths, np.nan).astype(np.float32)

    def share(self, wanted: Sequence[int], rows: Rows) -> Floats:
        """float32 [rows]: idf-weighted share of the wanted values that each item has; NaN if nothing is wanted or known."""
        if not wanted:
            return np.full(len(rows), np.nan, dtype=np.float32)
        weights = np.zeros(len(self.idf), dtype=np.float32)
        weights[list(wanted)] = self.idf[list(wanted)]
        share = weights[self.values[rows]].sum(axis=1) / max(float(weights.sum()), 1e-6)
        return np.where(self.norm[rows] > 0, share, np.nan).astype(np.float32)

    def find(self, stems: Sequence[str]) -> set[int]:
        """Ids of the values that occur in a text, given as stems."""
        found = (
            self.vocab.get(" ".join(stems[start : start + size]))
            for size in range(1, self.longest + 1)
            for start in range(len(stems) - size + 1)
        )
        return {value for value in found if value}


def build_facet(items: Sequence[Item], values_of: Callable[[Item], Sequence[str]]) -> Facet:
    """The facet of a field."""
    lists = [list(dict.fromkeys(" ".join(tokenize(value)) for value in values_of(item)))[:MAX_VALUES] for item in items]
    lists = [[value for value in values if value] for values in lists]
    vocab: dict[str, int] = {}
    width = max((len(values) for values in lists), default=0) or 1
    table = np.zeros((len(items), width), dtype=np.int32)
    for row, values in enumerate(lists):
        table[row, : len(values)] = [vocab.setdefault(value, len(vocab) + 1) for value in values]
    counts = np.bincount(table.ravel(), minlength=len(vocab) + 1).astype(np.float32)
    idf = np.log1p(len(items) / np.maximum(counts, 1)).astype(np.float32)
    idf[0] = 0.0
    norm = np.sqrt((idf[table] ** 2).sum(axis=1)).astype(np.float32)
    return Facet(vocab, table, idf, norm, min(5, max((value.count(" ") + 1 for value in vocab), default=1)))


FACETS: dict[str, Callable[[Item], Sequence[str]]] = {
    "genres": lambda item: item.genres,
    "moods": lambda item: item.moods,
    "themes": lambda item: (*item.themes, *item.tags),
    "people": lambda item: item.people,
    "title": lambda item: tokenize(item.title),
}


@dataclass(frozen=True, eq=False)
class ItemTable:
    """Columns over the rows of an index; numbers are NaN where unknown, codes are -1."""

    vectors: Floats
    facets: dict[str, Facet]
    year: Floats
    log_minutes: Floats
    popularity: Floats
    kind: NDArray[np.int16]
    form: NDArray[np.int16]
    language: NDArray[np.int16]
    reference: Rows
    """Rows of a fixed sample of items, at most `REFERENCE_ITEMS`."""

    @classmethod
    def of(cls, index: Index) -> ItemTable:
        """The table of an index."""
        items = list(index.catalog.values())
        minutes = _numbers([item.minutes for item in items])
        sample = np.random.default_rng(0).permutation(len(items))[:REFERENCE_ITEMS]
        return cls(
            vectors=index.vectors,
            facets={name: build_facet(items, values_of) for name, values_of in FACETS.items()},
            year=_numbers([item.year for item in items]),
            log_minutes=np.log1p(minutes),
            popularity=index.popularity,
            kind=_codes([item.kind for item in items]),
            form=_codes([item.form for item in items]),
            language=_codes([item.language for item in items]),
            reference=np.sort(sample),
        )


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float32)


def _codes(values: Sequence[str | None]) -> NDArray[np.int16]:
    names = {name: code for code, name in enumerate(sorted({value for value in values if value}))}
    return np.array([names[value] if value else -1 for value in values], dtype=np.int16)
