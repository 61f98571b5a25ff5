"""Bring the index up to date with a catalog that was edited, and say what that took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatrec.catalog.read import Catalog
from chatrec.errors import IndexCorruptError, IndexMismatchError, IndexMissingError
from chatrec.index.build import build_index
from chatrec.index.embed import Embedder
from chatrec.index.generation import Manifest, current_generation, finished, homes, index_home
from chatrec.index.items import ITEMS
from chatrec.index.open import open_index


@dataclass(frozen=True)
class Update:
    """How an index differs from the one it follows: one of the same items, or of the same embedder that shares most."""

    folder: Path
    added: int = 0
    changed: int = 0
    removed: int = 0
    embedded: int = 0
    """Texts; an item may change in what is not embedded, and a vector may be known from elsewhere."""


def update_index(catalog: Catalog, embedder: Embedder, build_dir: Path, *, progress: bool = False) -> Update:
    """Build what is missing of a catalog's index; one that is there and whole is left as it is, a damaged one is mended.

    Raises:
        InputError: the folder cannot be written, or another process is building there.
    """
    home = index_home(build_dir, catalog.sha256, embedder.sha256)
    try:
        current = current_generation(home)
        open_index(current, catalog, embedder)
    except (IndexMissingError, IndexCorruptError, IndexMismatchError):
        mends = home.is_dir() and bool(finished(home))
        before = {} if mends else _most_alike(catalog, build_dir, embedder)
        folder = build_index(catalog, embedder, build_dir, progress=progress)
        embedded, now = Manifest.read(folder).embedded or 0, {} if mends else _lines(folder)
        return Update(
            folder,
            added=len(now.keys() - before.keys()),
            changed=sum(before[item_id] != now[item_id] for item_id in now.keys() & before.keys()),
            removed=len(before.keys() - now.keys()),
            embedded=embedded,
        )
    return Update(current)


def _most_alike(catalog: Catalog, build_dir: Path, embedder: Embedder) -> Mapping[str, str]:
    """The items of the embedder's index that shares most ids with the catalog; none if none shares any."""
    alike: Mapping[str, str] = {}
    for home in homes(build_dir, embedder.sha256):
        for generation in finished(home):
            try:
                lines = _lines(generation)
            except (OSError, ValueError, KeyError, TypeError):
                continue  # what cannot be read has nothing to be compared with
            alike = max(alike, lines, key=lambda each: len(each.keys() & catalog.keys()))
            break
    return alike


def _lines(generation: Path) -> dict[str, str]:
    """Id → catalog line of a generation's items."""
    with (generation / ITEMS).open(encoding="utf-8") as lines:
        return {json.loads(line)["id"]: line for line in lines}
