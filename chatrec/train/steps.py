"""Finished steps of a run, kept until it ends: the same command goes on where it was interrupted, with the same result."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from filelock import FileLock, Timeout

import chatrec
from chatrec.errors import InputError
from chatrec.evaluate.report import file_sha256
from chatrec.outputs import check_folder, writing
from chatrec.score.head import CONFIG as HEAD
from chatrec.train.card import FACTS

UNFINISHED = "unfinished"
PART = ".part"
"""Ending of the folder of a step that is being written."""
DIGESTS = "step.json"
"""File name → SHA-256, of every other file of a step."""
DECIDING = ("bm25s", "numpy", "scipy", "sentence-transformers", "torch", "transformers")
"""Packages whose version may change a result in its last bits."""

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """How one kind of thing is written into an empty folder and read back."""

    save: Callable[[Path, T], None]
    load: Callable[[Path], T]


def _save_value(folder: Path, value: int | Mapping[str, float]) -> None:
    content = dict(value) if isinstance(value, Mapping) else value
    (folder / "value.json").write_text(json.dumps(content), encoding="utf-8")


def _load_value(folder: Path) -> Any:
    return json.loads((folder / "value.json").read_text(encoding="utf-8"))


NUMBER: Kind[int] = Kind(_save_value, _load_value)
NUMBERS: Kind[Mapping[str, float]] = Kind(_save_value, _load_value)


class Steps:
    """The steps of one run, each a folder that is written aside and then renamed: it is there whole or not at all.

    Args:
        folder: where they are kept; None keeps nothing.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    @property
    def finished(self) -> tuple[str, ...]:
        """Names of the steps that can be read back."""
        if self.folder is None or not self.folder.is_dir():
            return ()
        return tuple(sorted(path.name for path in self.folder.iterdir() if path.suffix != PART and _whole(path)))

    def keep(self, name: str, kind: Kind[T], make: Callable[[], T]) -> T:
        """What a step gives: read back if it is finished, else made and kept.

        What was just made is read back too, so that a resumed run calculates with the same numbers to the last bit.

        Raises:
            InputError: the folder cannot be written.
        """
        if self.folder is None:
            return make()
        place = self.folder / name
        if not _whole(place):
            write_aside(place, kind.save, make())
        return kind.load(place)

    def publish(self, out: Path, save: Callable[[Path, T], None], made: T, old: Iterable[str] = ()) -> None:
        """Write a run's results beside its steps, then move each file into the folder `out`; `old` ones there are removed.

        The head's configuration, without which nothing there can be used, goes first and comes last: whenever this is
        interrupted, what an earlier run left is not taken together with what this one brought. The card's facts, by which the
        folder is known for a training's, come first.

        Raises:
            InputError: the folder cannot be written.
        """
        assert self.folder is not None, "results are written by runs that keep their steps"
        result = self.folder / "result"
        write_aside(result, save, made)
        (result / DIGESTS).unlink()
        (out / HEAD).unlink(missing_ok=True)
        for name in old:
            (out / name).unlink(missing_ok=True)
        for path in sorted(result.iterdir(), key=lambda path: (path.name == HEAD, path.name != FACTS, path.name)):
            path.replace(out / path.name)

    def drop(self, name: str) -> None:
        """Forget a step that nothing will ask for any more."""
        if self.folder is not None:
            shutil.rmtree(self.folder / name, ignore_errors=True)


def write_aside(place: Path, save: Callable[[Path, T], None], made: T) -> None:
    """Write into a folder beside `place`, with the hashes of its files, and rename it.

    Raises:
        InputError: the folder cannot be written.
    """
    part = place.with_name(place.name + PART)
    with writing(place.parent):
        for old in (part, place):
            shutil.rmtree(old, ignore_errors=True)
        part.mkdir(parents=True)
        save(part, made)
        digests = {path.name: file_sha256(path) for path in part.iterdir()}
        (part / DIGESTS).write_text(json.dumps(digests), encoding="utf-8")
        part.rename(place)


def _whole(place: Path) -> bool:
    """Whether a step is there with all of its files as they were written."""
    try:
        digests = json.loads((place / DIGESTS).read_text(encoding="utf-8"))
        return all(file_sha256(place / name) == digest for name, digest in digests.items())
    except (OSError, ValueError):
        return False


@contextmanager
def unfinished(out: Path, parts: Mapping[str, Any], say: Callable[[str], None]) -> Iterator[Steps]:
    """The steps of the run that these parts make out, in `out/unfinished`; no other run may work there meanwhile.

    Args:
        out: folder of the run's results.
        parts: everything that decides what the steps give, as plain data.
        say: told whether the run goes on or starts anew.

    Raises:
        InputError: the folder cannot be written, or another run is writing there.
    """
    home = out / UNFINISHED
    steps = Steps(home / _key(parts))
    with _alone(home):
        if done := len(steps.finished):
            say(f"going on: {done} {'step is' if done == 1 else 'steps are'} there from an earlier run")
        elif any(path.is_dir() for path in home.iterdir()):
            say(f"starting anew: what {home} holds is of other data, options or versions, and is removed when this is done")
        yield steps


def clear(out: Path) -> None:
    """Remove the steps of all runs of a folder: its results are there."""
    shutil.rmtree(out / UNFINISHED, ignore_errors=True)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    check_folder(home.parent)
    home.mkdir(exist_ok=True)
    lock = FileLock(home / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise InputError(f"another training is writing to {home.parent}: wait for it, or give another --out") from error
    try:
        yield
    finally:
        lock.release()


def _key(parts: Mapping[str, Any]) -> str:
    """Name of the run: a hash of what decides its result, of the code and of the packages that calculate."""
    content = {**parts, "code": code_sha256(), "versions": versions()}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Of what calculates."""
    packages = {name: importlib.metadata.version(name) for name in DECIDING}
    return {"chatrec": chatrec.__version__, "python": platform.python_version(), **packages}


def code_sha256() -> str:
    """Hash of this package as it is installed, with its vocabularies and shipped weights."""
    root = Path(chatrec.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        digest.update(f"{path.relative_to(root).as_posix()} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
