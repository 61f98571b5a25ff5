"""Data sets and exports as they are downloaded: a zip archive stands for the folder, or the one file, that is in it."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chatrec.errors import CatalogError, DataMissingError, InputError

LEFT_BY_SYSTEMS = ("__MACOSX", ".DS_Store")


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The path itself, or what an archive holds, unpacked into a temporary folder that is named like the archive.

    What has nothing but one folder in it stands for that folder, at any depth; an archive with nothing but one file for that.

    Raises:
        CatalogError: the archive is damaged.
        DataMissingError: it is empty.
        InputError: it needs a password, or more room than there is in the folder for temporary files (`TMPDIR`).
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
        yield files[0] if len(files) == 1 else inside


def _unpack(path: Path, folder: Path) -> None:
    folder.mkdir()
    try:
        with zipfile.ZipFile(path) as archive:
            needed, free = sum(entry.file_size for entry in archive.infolist()), shutil.disk_usage(folder).free
            if needed > free:
                raise InputError(f"{path} takes {needed:,} bytes unpacked, and {folder.parent} has {free:,}: set TMPDIR")
            archive.extractall(folder)  # names that lead out of the folder are made to lie in it
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise CatalogError(f"cannot be unpacked: {error}", path=str(path)) from error
    except RuntimeError as error:  # how zipfile tells of a password
        raise InputError(f"{path} cannot be unpacked: {error}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be unpacked into {folder.parent}: {error.strerror or error}") from error


def _inside(folder: Path) -> Path:
    """A folder, or the only folder in it if there is nothing else."""
    found = _visible(folder)
    return _inside(found[0]) if len(found) == 1 and found[0].is_dir() else folder


def _visible(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.name not in LEFT_BY_SYSTEMS] if folder.is_dir() else []
