"""Remove indexes that are no longer used: generations that others have followed, homes that nothing reads."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from chatrec.errors import IndexCorruptError, IndexMissingError
from chatrec.index.document import SCHEMA_VERSION
from chatrec.index.generation import LOCK, MANIFEST, POINTER, current_generation, generations, homes, size_of
from chatrec.index.vectors import UNFINISHED


@dataclass(frozen=True)
class Garbage:
    """A folder that is removed, or was left alone for a reason."""

    folder: Path
    bytes: int = 0
    kept: str = ""
    """Why it was left alone; empty: it is removed."""


def collect(build_dir: Path, *, keep: int = 1, keep_homes: int | None = None, dry_run: bool = False) -> Iterator[Garbage]:
    """Remove what is not in use, each folder as it is told.

    Not in use are homes of another schema version, homes without a pointer, and generations that no pointer names. A home
    whose lock is held is left alone, as is whatever no build makes. A process that still reads an older generation loses it.

    Args:
        build_dir: folder that holds all built indexes.
        keep: generations to keep in each home, at least 1: the current one, then the newest.
        keep_homes: homes to keep, those last built in; none: all.
        dry_run: only tell.
    """
    found = homes(build_dir)
    readable = [home for home in found if home.name.endswith(f"-v{SCHEMA_VERSION}")]
    wanted = set(readable[:keep_homes])
    for home in found:
        lock = FileLock(home / LOCK, timeout=0)
        try:
            lock.acquire()
        except (Timeout, OSError) as error:
            why = "a build is running there" if isinstance(error, Timeout) else f"it cannot be written to ({error})"
            yield Garbage(home, kept=why)
            continue
        try:
            yield from _of_home(home, keep, dry_run) if home in wanted else _all_of_home(home, dry_run)
        finally:
            lock.release()


def _of_home(home: Path, keep: int, dry_run: bool) -> Iterator[Garbage]:
    """All but the current generation, and the newest others as far as they are to be kept."""
    try:
        current = current_generation(home)
    except IndexCorruptError as error:
        yield Garbage(home, kept=str(error))
        return
    except IndexMissingError:
        if not (home / UNFINISHED).is_dir():  # else the next build goes on from there
            yield from _all_of_home(home, dry_run)
        return
    others = [generation for generation in generations(home) if generation != current]
    finished = [generation for generation in others if (generation / MANIFEST).is_file()]
    for generation in others:
        if generation not in finished[: keep - 1]:
            yield _remove(generation, dry_run)


def _all_of_home(home: Path, dry_run: bool) -> Iterator[Garbage]:
    """Whatever builds made in a home, and the home itself unless something else is there."""
    shards = home / UNFINISHED
    if not dry_run:
        (home / POINTER).unlink(missing_ok=True)
    for folder in (*generations(home), *([shards] if shards.is_dir() else [])):
        yield _remove(folder, dry_run)
    if not dry_run and {path.name for path in home.iterdir()} <= {LOCK}:
        shutil.rmtree(home, ignore_errors=True)


def _remove(folder: Path, dry_run: bool) -> Garbage:
    garbage = Garbage(folder, size_of(folder))
    try:
        if not dry_run:
            shutil.rmtree(folder)
    except OSError as error:
        return Garbage(folder, kept=f"it cannot be removed ({error})")
    return garbage
