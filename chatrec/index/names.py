"""Which items a text names as a whole, told without reading them: by title, by alias, or as one of their people."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from chatrec.catalog.clean import title_key
from chatrec.types import Item

NAMES = "names.safetensors"
FIELDS = ("title", "aliases", "people")


class Names:
    """Names of a generation, read when they are first asked for; case, accents, punctuation and a leading article are one.

    Args:
        folder: the generation.
    """

    def __init__(self, folder: Path) -> None:
        self._file = safe_open(folder / NAMES, "numpy")
        self._saved: Callable[[str], NDArray[Any]] = cache(self._file.get_tensor)

    def named(self, text: str) -> list[NDArray[np.int32]]:
        """The rows of items that have this title, those that have this alias, and those of this person; each ascending."""
        key = np.uint64(_key(text))
        return [self._rows(field, key) for field in FIELDS]

    def _rows(self, field: str, key: np.uint64) -> NDArray[np.int32]:
        keys, rows = self._saved(f"{field}/keys"), self._saved(f"{field}/rows")
        return rows[np.searchsorted(keys, key, "left") : np.searchsorted(keys, key, "right")]


def write_names(items: Iterable[Item], folder: Path) -> None:
    """Write the names of all items into a generation: of each field keys, uint64 and ascending, and the row of each."""
    key = lru_cache(100_000)(_key)
    keys, rows = ({field: array(code) for field in FIELDS} for code in ("Q", "i"))
    for row, item in enumerate(items):
        for field in FIELDS:
            value = getattr(item, field)
            told = {key(name) for name in ((value,) if field == "title" else value)}
            keys[field].extend(told)
            rows[field].extend([row] * len(told))
    arrays: dict[str, NDArray[Any]] = {}
    for field in FIELDS:
        unsorted = np.array(keys[field], dtype=np.uint64)
        order = np.argsort(unsorted, kind="stable")
        arrays |= {f"{field}/keys": unsorted[order], f"{field}/rows": np.array(rows[field], dtype=np.int32)[order]}
    save_file(arrays, folder / NAMES)


def _key(name: str) -> int:
    """A number for all ways to write a name; of a hundred million different names two hardly ever share one."""
    return int.from_bytes(hashlib.blake2b(title_key(name).encode(), digest_size=8).digest(), "little")
