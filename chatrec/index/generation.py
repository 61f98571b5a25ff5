"""Where built indexes are, and what each says it was built from."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from chatrec.errors import IndexCorruptError, IndexMissingError
from chatrec.index.document import SCHEMA_VERSION

POINTER = "CURRENT"
LOCK = "build.lock"
MANIFEST = "manifest.json"
GENERATION = re.compile(r"[0-9a-f]{12}")
"""Names of generations."""
HOME = re.compile(r"[0-9a-f]{16}-[0-9a-f]{8}-v\d+")
"""Names of homes."""


@dataclass(frozen=True)
class Manifest:
    """What an index was built from; compared whenever it is opened."""

    catalog_sha256: str
    embedder: str
    embedder_sha256: str
    dimension: int
    items: int
    schema_version: int
    generation: str
    files: dict[str, int]
    """Size in bytes of every file that is not written to again; a smaller one was cut short."""
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the same files; none of a file in an index that was built before they were kept."""
    embedded: int | None = None
    """Texts that this build embedded, the other vectors being those of earlier builds; none: not kept then."""
    source_sha256: str = ""
    """Of the files the catalog was read from, if it was (`catalog.read.source_digest`)."""

    def write(self, folder: Path) -> None:
        """Write the manifest last: a folder without one is an unfinished build."""
        path = folder / MANIFEST
        with path.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read a generation's manifest.

        Raises:
            IndexMissingError: there is none.
            IndexCorruptError: it cannot be read.
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise IndexMissingError(f"no index at {folder}: run `chatrec index build`")
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return cls(**told | {name: dict(told[name]) for name in ("files", "digests") if name in told})
        except (ValueError, TypeError) as error:
            raise IndexCorruptError(f"{path} is damaged ({error}): run `chatrec index update`") from error


def index_home(build_dir: Path, catalog_sha256: str, embedder_sha256: str) -> Path:
    """The folder that holds the generations for one catalog and one embedder."""
    return build_dir / f"{catalog_sha256[:16]}-{embedder_sha256[:8]}-v{SCHEMA_VERSION}"


def homes(build_dir: Path, embedder_sha256: str = "") -> list[Path]:
    """All homes, or those of one embedder, the one that was last built in first."""
    found = [path for path in build_dir.iterdir() if path.is_dir() and HOME.fullmatch(path.name)] if build_dir.is_dir() else []
    mine = [home for home in found if not embedder_sha256 or home.name.split("-")[1] == embedder_sha256[:8]]
    return sorted(mine, key=lambda home: _time(home / POINTER), reverse=True)


def _time(path: Path) -> float:
    return path.stat().st_mtime if path.is_file() else 0.0


def current_generation(home: Path) -> Path:
    """The generation in use.

    Raises:
        IndexMissingError: nothing has been built.
        IndexCorruptError: the pointer is damaged or names a folder that is gone.
    """
    pointer = home / POINTER
    if not pointer.is_file():
        raise IndexMissingError(f"no index in {home}: run `chatrec index build`")
    name = pointer.read_text(encoding="utf-8", errors="replace").strip()
    if not GENERATION.fullmatch(name):
        raise IndexCorruptError(f"{pointer} is damaged: run `chatrec index update`")
    if not (home / name).is_dir():
        raise IndexCorruptError(f"{pointer} names {name!r}, which is gone: run `chatrec index update`")
    return home / name


def generations(home: Path) -> list[Path]:
    """Every generation of a home, the newest first, those last that were never finished."""
    found = [path for path in home.iterdir() if GENERATION.fullmatch(path.name) and path.is_dir() and not path.is_symlink()]
    return sorted(found, key=lambda path: _time(path / MANIFEST), reverse=True)


def finished(home: Path) -> list[Path]:
    """Every generation of a home that was finished, that in use first, as far as it is known, then the newest."""
    try:
        current = [current_generation(home)]
    except (IndexMissingError, IndexCorruptError):
        current = []
    return list(dict.fromkeys(folder for folder in (*current, *generations(home)) if (folder / MANIFEST).is_file()))


def why_missing(home: Path) -> str:
    """Why a home has no index to open, be it whole or damaged; empty if it has one."""
    try:
        folder = current_generation(home)
    except IndexMissingError:
        return f"{home / POINTER} is missing" if home.is_dir() and finished(home) else "there is none yet"
    except IndexCorruptError:
        return ""
    return "" if (folder / MANIFEST).is_file() else f"{folder / MANIFEST} is missing"


def built_at(generation: Path) -> datetime:
    """When a generation was finished."""
    return datetime.fromtimestamp(_time(generation / MANIFEST), UTC)


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def fixed_files(folder: Path) -> dict[str, int]:
    """Path within a generation → bytes, of everything but Chroma's database, which it may tidy up when it opens it."""
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "sqlite3" not in path.name and path.name != MANIFEST
    }


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
