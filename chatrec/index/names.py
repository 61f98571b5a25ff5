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


class Names:
    """Names of a generation, read when they are first asked for; case, accents, punctuation and a leading article are one.

    Args:
        folder: the generation.
    """

    def __init__(self, folder: Path) -> None:
        self._file = safe_open(folder / NAMES, "numpy")
        self._saved: Callable[[str], NDArray[Any]] = cache(self._file.get_tensor)

    def named(self, text: str) -> dict[int, int]:
        """Row → 3 of items that have this title, 2 of those that have this alias, 1 of those of this person."""
        key = np.uint64(_key(text))
        keys, starts = self._saved("keys"), self._saved("starts")
        place = np.searchsorted(keys, key)
        if place == len(keys) or keys[place] != key:
            return {}
        rows = slice(starts[place], starts[place + 1])
        return dict(zip(self._saved("rows")[rows].tolist(), self._saved("places")[rows].tolist(), strict=True))


def write_names(items: Iterable[Item], folder: Path) -> None:
    """Write the names of all items into a generation.

    Keys, uint64 and ascending, each once; where each starts among the pairs, int64, and their end; and of each pair the row,
    int32, and the place, int8. Of what an item has twice the highest place is kept.
    """
    key = lru_cache(100_000)(_key)
    keys, rows, places = array("Q"), array("i"), array("b")
    for row, item in enumerate(items):
        told = dict.fromkeys(map(key, item.people), 1) | dict.fromkeys(map(key, item.aliases), 2) | {key(item.title): 3}
        keys.extend(told)
        rows.extend([row] * len(told))
        places.extend(told.values())
    unsorted = np.array(keys, dtype=np.uint64)
    order = np.argsort(unsorted, kind="stable")
    unique, starts = np.unique(unsorted[order], return_index=True)
    arrays: dict[str, NDArray[Any]] = {
        "keys": unique,
        "starts": np.append(starts, len(order)).astype(np.int64),
        "rows": np.array(rows, dtype=np.int32)[order],
        "places": np.array(places, dtype=np.int8)[order],
    }
    save_file(arrays, folder / NAMES)


def _key(name: str) -> int:
    """A number for all ways to write a name; of a hundred million different names two hardly ever share one."""
    return int.from_bytes(hashlib.blake2b(title_key(name).encode(), digest_size=8).digest(), "little")
