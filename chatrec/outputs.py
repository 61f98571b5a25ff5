"""Files that a command writes in the end: tried before the work that takes minutes, never over one another, and whole."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from chatrec.errors import InputError


def check_outputs(*paths: Path | None, read: Iterable[Path | None] = ()) -> None:
    """Make the folders of files to be written, and see whether they can be.

    Args:
        paths: the files, or a device or pipe, which is not tried; None is none.
        read: files that are needed.

    Raises:
        InputError: a file cannot be written, is named twice, or is needed.
    """
    needed = {path.resolve() for path in read if path is not None}
    named: set[Path] = set()
    for path in (path for path in paths if path is not None):
        with writing(path):
            place = path.resolve()
            if place in needed:
                raise InputError(f"{path} is read and cannot be written over: give another output")
            if place in named:
                raise InputError(f"{path} is named for two outputs: give each a file of its own")
            named.add(place)
            _touch(path)


def check_folder(folder: Path) -> None:
    """Make a folder that files will be written into, and see whether they can be.

    Raises:
        InputError: it cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()


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
    """A file to write that takes the place of `path`, whose folder is made, once it is complete; a device or a pipe is
    written to itself.

    Raises:
        InputError: it cannot be written.
    """
    made: Path | None = None
    try:
        with writing(path):
            if _is_stream(path):
                yield path
                return
            place = path.resolve()
            place.parent.mkdir(parents=True, exist_ok=True)
            made = place.with_name(f".{uuid.uuid4().hex[:12]}.part")
            yield made
            made.replace(place)
    finally:
        if made is not None:
            with suppress(OSError):
                made.unlink()


def _is_stream(path: Path) -> bool:
    return path.exists() and not path.is_file() and not path.is_dir()


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if _is_stream(path):
        return
    there = path.exists()
    path.open("ab").close()
    if not there:
        path.resolve().unlink()  # of a link, what it leads to
