"""Data sets and exports as they are downloaded: a zip archive stands for the folder, or the one file, that is in it."""

from __future__ import annotations

import lzma
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatrec.catalog.report import Report
from chatrec.errors import CatalogError, ChatrecError, DataMissingError, InputError

MOST_BYTES = 50_000_000_000
"""An archive that takes more unpacked is refused; the largest public sets of this kind take 35 GB."""
HARMLESS_BYTES = 1_000_000_000
MOST_PACKED = 200
"""Times that tables and text shrink at the very most; one that takes more than `HARMLESS_BYTES` and shrank further is refused."""
LEFT_BY_SYSTEMS = ("__MACOSX", ".DS_Store")


@contextmanager
def unpacked(path: Path, report: Report) -> Iterator[Path]:
    """The path itself, or what an archive holds, unpacked into a temporary folder that is named like the archive.

    What has nothing but one folder in it stands for that folder, at any depth; an archive with nothing but one file for that.
    Errors and bad rows of what lies in that folder are told of the archive, since the folder is gone when somebody reads them.

    Raises:
        CatalogError: the archive is damaged.
        DataMissingError: it is empty.
        InputError: it needs a password, more room than there is in the folder for temporary files (`TMPDIR`), more than
            `MOST_BYTES`, or so much more than the archive itself that it cannot be data.
    """
    if not (path.is_file() and zipfile.is_zipfile(path)):
        if path.suffix.lower() == ".zip" and path.is_file():
            raise CatalogError("is no zip archive, or was cut short", path=str(path))
        yield _inside(path)
        return
    with tempfile.TemporaryDirectory(prefix="chatrec-") as made:
        folder = Path(made) / path.name
        _unpack(path, folder)
        inside = _inside(folder)
        files = _visible(inside)
        if not files:
            raise DataMissingError(f"there is nothing in {path}")
        try:
            yield files[0] if len(files) == 1 else inside
        except ChatrecError as error:
            _tell_of(path, made, error)
            raise
        finally:
            for bad in report.first_bad:
                _tell_of(path, made, bad)


def _tell_of(archive: Path, made: str, error: ChatrecError) -> None:
    """Name a file within the archive where an error names one in the folder that it was unpacked into."""
    error.args = (str(error).replace(made, str(archive.parent)),)
    if isinstance(error, CatalogError):
        error.path = error.path.replace(made, str(archive.parent))


def _unpack(path: Path, folder: Path) -> None:
    folder.mkdir()
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(path, sum(entry.file_size for entry in archive.infolist()), folder)
            archive.extractall(folder)  # names that lead out of it are made to lie in it; no entry takes more than it says
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, ValueError, struct.error) as error:
        raise CatalogError(f"cannot be unpacked: {error}", path=str(path)) from error
    except RuntimeError as error:  # how zipfile tells of a password
        raise InputError(f"{path} cannot be unpacked: {error}") from error
    except OSError as error:
        if error.errno is None:  # how bz2 tells of damage
            raise CatalogError(f"cannot be unpacked: {error}", path=str(path)) from error
        raise InputError(f"{path} cannot be unpacked into {folder.parent}: {error.strerror or error}") from error


def _check_size(path: Path, needed: int, folder: Path) -> None:
    packed, free = path.stat().st_size, shutil.disk_usage(folder).free
    told = f"{path} takes {needed:,} bytes unpacked"
    if needed > MOST_BYTES:
        raise InputError(f"{told}, more than {MOST_BYTES:,}: unpack it yourself, and give the folder")
    if needed > HARMLESS_BYTES and needed > MOST_PACKED * packed:
        raise InputError(f"{told}, {needed // packed:,} times its own {packed:,}: that is no data set; if it is, give the folder")
    if needed > free:
        raise InputError(f"{told}, and {folder.parent} has {free:,}: set TMPDIR")


def _inside(folder: Path) -> Path:
    """A folder, or the only folder in it if there is nothing else."""
    found = _visible(folder)
    return _inside(found[0]) if len(found) == 1 and found[0].is_dir() else folder


def _visible(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.name not in LEFT_BY_SYSTEMS] if folder.is_dir() else []
