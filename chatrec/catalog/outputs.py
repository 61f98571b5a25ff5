"""The files that an import or a history is written to: checked before anything is read, replaced only when they are complete."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from chatrec.errors import InputError


def check_outputs(inputs: Iterable[Path], outputs: Sequence[Path]) -> None:
    """Refuse outputs that cannot be written, or that would be written over something that is needed.

    Raises:
        InputError: which, and why.
    """
    for one in outputs:
        try:
            if one.is_dir():
                raise InputError(f"{one} is a folder: name the file to write")
            if not one.parent.is_dir():
                raise InputError(f"there is no folder {one.parent} to write into")
        except OSError as error:
            raise InputError(f"cannot write {one}: {error.strerror or error}") from error
    places = [one.resolve() for one in outputs]
    if taken := [str(file) for file in inputs if file.resolve() in places]:
        raise InputError(f"{taken[0]} is read and cannot be written over: give another output")
    if len(set(places)) < len(places):
        raise InputError("the catalog and the interactions need two files")


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A file to write that takes the place of `path` once it is complete; a device or a pipe is written to itself.

    Raises:
        InputError: it cannot be written.
    """
    made: Path | None = None
    try:
        if path.exists() and not path.is_file():
            yield path
            return
        place = path.resolve()
        made = place.with_name(f".{place.name}.{os.getpid()}.part")
        yield made
        made.replace(place)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        if made is not None:
            with suppress(OSError):
                made.unlink()
