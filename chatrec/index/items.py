"""The items of an index as its build wrote them: a catalog that is read from there as it is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np

from chatrec.catalog.read import Catalog, read_catalog, source_digest, written_item
from chatrec.errors import IndexCorruptError, IndexMissingError
from chatrec.index.embed import Embedder
from chatrec.index.generation import Manifest, current_generation, digest, homes
from chatrec.types import Item

ITEMS = "items.jsonl"
KEPT = 200_000
"""Items that stay in memory once they were read, some 2 kB each; of a larger catalog those asked for last."""
_ID = b'{"id": "'


def open_catalog(
    path: Path, embedder: Embedder, build_dir: Path, *, index: Path | None = None, skip_bad: bool = False
) -> Catalog:
    """A catalog for asking an index: checked and read whole only if no index was built of just these files.

    Args:
        path: a `.jsonl` file or a folder of them, as for `read_catalog`.
        embedder: whose indexes are looked at.
        build_dir: folder that holds all built indexes.
        index: a generation to look at instead of these.
        skip_bad: leave bad lines out.

    Raises:
        DataMissingError, CatalogError: as for `read_catalog`.
    """
    source = source_digest(path)
    for generation in [index] if index else _current(build_dir, embedder):
        try:
            manifest = Manifest.read(generation)
            if manifest.source_sha256 == source and digest(generation / ITEMS) == manifest.digests[ITEMS]:
                return Catalog(StoredItems(generation / ITEMS), manifest.catalog_sha256, source_sha256=source)
        except (IndexMissingError, IndexCorruptError, OSError, KeyError):
            continue  # opening the index tells what is wrong with it
    return read_catalog(path, skip_bad=skip_bad)


def _current(build_dir: Path, embedder: Embedder) -> Iterator[Path]:
    for home in homes(build_dir, embedder.sha256):
        try:
            yield current_generation(home)
        except (IndexMissingError, IndexCorruptError):
            continue


class StoredItems(Mapping[str, Item]):
    """Items by id, each read from a file that `write_catalog` wrote when it is asked for.

    Args:
        path: the file, which may be removed meanwhile but must not be written to.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            ids, lengths = [], []
            for line in file:
                ids.append(_id_of(line))
                lengths.append(len(line))
            self._file = mmap(file.fileno(), 0, access=ACCESS_READ)
        self._starts = np.cumsum([0, *lengths], dtype=np.int64)
        self._rows = {item_id: row for row, item_id in enumerate(ids)}
        self._item = lru_cache(KEPT)(self._read)

    def __getitem__(self, item_id: str) -> Item:
        return self._item(self._rows[item_id])

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def _read(self, row: int) -> Item:
        return written_item(self._file[self._starts[row] : self._starts[row + 1]])


def _id_of(line: bytes) -> str:
    """The id, which `write_catalog` writes first; the line is only parsed where it is escaped."""
    end = line.find(b'"', len(_ID))
    found = line[len(_ID) : end]
    return found.decode() if line.startswith(_ID) and b"\\" not in found else json.loads(line)["id"]
