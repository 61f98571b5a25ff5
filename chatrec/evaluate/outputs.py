"""Files that a command writes in the end: tried before the work that takes minutes, and never over one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from chatrec.errors import InputError


def check_outputs(*paths: Path | None, read: Iterable[Path | None] = ()) -> None:
    """Make the folders of files to be written, and see whether they can be.

    Args:
        paths: the files; None is none.
        read: files that are needed.

    Raises:
        InputError: a file cannot be written, is named twice, or is needed.
    """
    needed = {path.resolve() for path in read if path is not None}
    named: set[Path] = set()
    for path in (path for path in paths if path is not None):
        place = path.resolve()
        if place in needed:
            raise InputError(f"{path} is read and cannot be written over: give another output")
        if place in named:
            raise InputError(f"{path} is named for two outputs: give each a file of its own")
        named.add(place)
        with writing(path):
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
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error


def rankings_beside(report: Path) -> Path:
    """Where the rankings of a report go unless told otherwise, so that those of two reports in one folder stay apart.

    >>> [rankings_beside(Path(name)).name for name in ("report.json", "full.json")]
    ['rankings.jsonl', 'full.rankings.jsonl']
    """
    return report.with_name("rankings.jsonl" if report.stem == "report" else f"{report.stem}.rankings.jsonl")


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    there = path.exists()
    path.open("ab").close()
    if not there:
        path.unlink()
