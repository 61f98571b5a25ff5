"""Files that a command writes in the end: tried before the work that takes minutes, never over one another, and whole."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import uuid
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from chatrec.errors import InputError

_DESCRIPTOR = re.compile(r"/(dev|proc/\d+(/task/\d+)?)/fd/\d+")
_LINKS = 40
"""As many links as Linux follows."""


def check_outputs(
    *paths: Path | None, read: Iterable[Path | None] = (), catalog: Path | None = None, closed: Iterable[Path | None] = ()
) -> None:
    """Make the folders of files to be written, and see whether they can be.

    Args:
        paths: the files, or streams (`is_stream`), which may be named twice; None is none.
        read: files that are needed.
        catalog: one that is needed: a file, or all `*.jsonl` of a folder, to which none is added either.
        closed: folders into which nothing is written, at any depth.

    Raises:
        InputError: a file cannot be written, is named twice, or is needed.
    """
    parts = [] if catalog is None else [catalog, *catalog.glob("*.jsonl")]
    needed = {real_path(path) for path in (*read, *parts) if path is not None}
    folders = {real_path(folder): folder for folder in closed if folder is not None}
    named: dict[Path, bool] = {}
    for path in (path for path in paths if path is not None):
        with writing(path):
            place, stream = real_path(path), is_stream(path)
            if place in needed:
                raise InputError(f"{path} is read and cannot be written over: give another output")
            if catalog is not None and place.suffix == ".jsonl" and place.parent == real_path(catalog):
                raise InputError(f"{path} would become part of the catalog {catalog}: give another output")
            for folder in folders.keys() & set(place.parents):
                raise InputError(f"{path} lies in {folders[folder]}, which is read: give an output elsewhere")
            if place in named and not (stream and named[place]):
                raise InputError(f"{path} is named for two outputs: give each a file of its own")
            named[place] = stream
            _try(path)


def check_folder(folder: Path) -> None:
    """Make a folder that files will be written into, and see whether they can be.

    Raises:
        InputError: it cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()


def check_own(folder: Path, names: Iterable[str], *, facts: str, keys: Set[str]) -> None:
    """See that no results would replace what is somebody's own.

    Args:
        folder: where they are written; it need not be there.
        names: of their files.
        facts: the one of them, JSON, that is there before the others are.
        keys: what it tells of any run.

    Raises:
        InputError: a file has one of these names, and no earlier run wrote there.
    """
    if not _tells(folder / facts, keys):
        for path in (folder / name for name in names):
            if path.exists():
                raise InputError(
                    f"{path} was not written by this command, whose results have a file of that name: give another folder,"
                    " or move it away"
                )


def _tells(path: Path, keys: Set[str]) -> bool:
    try:
        return json.loads(path.read_text(encoding="utf-8")).keys() >= keys
    except (OSError, ValueError, AttributeError):
        return False


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What goes wrong in writing a file or a folder, as an error that names it.

    Raises:
        InputError: it cannot be written.
    """
    try:
        yield
    except FileExistsError as error:
        what = "it" if Path(error.filename) == path else error.filename
        raise InputError(f"{path} cannot be written: {what} is no folder") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} cannot be written: it is a folder, give the file to write") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A file to write that takes the place of `path`, and its mode, once it is complete; the folder is made. What is written
    for a stream is passed on to it then, so that it can be of a format that is not written from start to end.

    Raises:
        InputError: it cannot be written.
    """
    made: Path | None = None
    try:
        with writing(path):
            if is_stream(path):
                with TemporaryDirectory() as folder:
                    yield Path(folder) / "part"
                    _pass_on(Path(folder) / "part", path)
                return
            place = real_path(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            made = place.with_name(f".{uuid.uuid4().hex[:12]}.part")
            if place.is_file():
                made.touch(0o600)
            yield made
            if place.is_file():
                shutil.copymode(place, made)
            made.replace(place)
    finally:
        if made is not None:
            with suppress(OSError):
                made.unlink()


def is_stream(path: Path) -> bool:
    """Whether it is a device, a pipe, or a file that a process has open, such as `/dev/stdout`: what is written follows what
    was written before.

    Raises:
        InputError: it cannot be looked at.
    """
    with writing(path):
        return _descriptor(path) is not None or (path.exists() and not path.is_file() and not path.is_dir())


def to_streams(*paths: Path | None) -> bool:
    """Whether a command writes its results to a stream, where what it tells of them would be among them."""
    return any(path is not None and is_stream(path) for path in paths)


def real_path(path: Path) -> Path:
    """Where links lead; unlike `Path.resolve`, no error where they lead in a circle."""
    return Path(os.path.realpath(path))


def _descriptor(path: Path) -> Path | None:
    """Where a path leads among the files that a process has open: `/proc/1/fd/1` of `/dev/stdout`."""
    for _ in range(_LINKS):
        path = real_path(path.parent) / path.name
        if _DESCRIPTOR.fullmatch(str(path)):
            return path
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None


def _own_descriptor(path: Path) -> int | None:
    """The number of a file that this process has open."""
    found = _descriptor(path)
    own = found is not None and (Path(f"/proc/{os.getpid()}") in found.parents or found.parent == Path("/dev/fd"))
    return int(found.name) if found is not None and own else None


def _pass_on(made: Path, path: Path) -> None:
    number = _own_descriptor(path)
    sys.stdout.flush()
    with made.open("rb") as whole, path.open("ab") if number is None else os.fdopen(os.dup(number), "wb") as stream:
        shutil.copyfileobj(whole, stream)


def _try(path: Path) -> None:
    number = _own_descriptor(path)
    if number is not None:
        os.write(number, b"")
    if is_stream(path):
        return
    for folder in (path.parent, real_path(path).parent):
        folder.mkdir(parents=True, exist_ok=True)
    there = path.exists()
    path.open("ab").close()
    if not there:
        real_path(path).unlink()  # of a link, what it leads to
