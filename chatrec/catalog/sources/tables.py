"""Tables of text, read as a stream: CSV, TSV and the like, plain or gzipped, with every bad row told."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from chatrec.catalog.report import Report
from chatrec.errors import CatalogError, DataMissingError, InputError

MAX_LINE_BYTES = 1 << 20
PROGRESS_LINES = 4096
TOLD = 200
"""Characters of the names of columns that are told where one is missing."""


class Lines:
    """The lines of a text file. UTF-8; a line that is not is read as Windows-1252 and counted; one that is too long is told.

    Args:
        path: the file; gzipped if it ends in `.gz`.
        report: where bad lines and progress go.

    Raises:
        DataMissingError: (while reading) the file cannot be opened.
        CatalogError: (while reading) the compressed file is damaged, or the text is UTF-16.
    """

    def __init__(self, path: Path, report: Report) -> None:
        self.path, self.report = path, report
        self.number = 0
        """Of the line read last, from 1."""
        self.too_long: set[int] = set()
        """The numbers of lines that were left out."""

    def __iter__(self) -> Iterator[str]:
        try:
            yield from self._read()
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise CatalogError(f"cannot be unpacked: {error}", path=str(self.path)) from error
        except OSError as error:
            raise DataMissingError(f"cannot read {self.path}: {error.strerror or error}") from error
        self.report.on_progress(self.path.name, 1.0)

    def _read(self) -> Iterator[str]:
        size = max(1, self.path.stat().st_size)
        with self.path.open("rb") as raw, gzip.GzipFile(fileobj=raw) if self.path.suffix == ".gz" else raw as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                self.number += 1
                if self.number % PROGRESS_LINES == 0:
                    self.report.on_progress(self.path.name, raw.tell() / size)
                if len(line) <= MAX_LINE_BYTES:
                    yield self._decode(line)
                    continue
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
                self.too_long.add(self.number)
                self.report.bad_row(self.path, self.number, f"is longer than {MAX_LINE_BYTES:,} bytes")

    def _decode(self, line: bytes) -> str:
        if self.number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise CatalogError("is UTF-16: save it as UTF-8", path=str(self.path), line=1)
        try:
            return line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError:
            self.report.note(f"lines of {self.path.name} are not UTF-8 and were read as Windows-1252")
            return line.decode("cp1252", errors="replace")


def read_table(
    path: Path,
    report: Report,
    *,
    needs: Sequence[str] = (),
    header: Sequence[str] | None = None,
    delimiter: str = ",",
    quoted: bool = True,
    glued: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table as (line, column → text).

    Args:
        path: the file; gzipped if it ends in `.gz`.
        report: where rows that do not fit the header are told.
        needs: columns that must be there; `a|b`: one of them.
        header: the columns, if the file's first line does not name them.
        delimiter: between columns; several characters only where nothing is quoted.
        quoted: whether `"` quotes, as in CSV.
        glued: names in the header of a known file that lacks a delimiter between them → the names it should have.

    Raises:
        DataMissingError: there is no such file.
        InputError: it is a folder.
        CatalogError: the file is empty, or a needed column is not there.
    """
    check_file(path)
    lines = Lines(path, report)
    rows = _quoted_rows(lines, delimiter) if quoted else _plain_rows(lines, delimiter)
    try:
        named = [column_name(name) for name in header or next(rows)[1]]
    except StopIteration:
        raise CatalogError("is empty", path=str(path)) from None
    columns = [part for name in named for part in glued.get(name, (name,))]
    check_columns(path, columns, needs)
    for number, row in rows:
        if len(row) == len(columns):
            yield number, dict(zip(columns, row, strict=True))
        elif row:
            report.bad_row(path, number, f"has {len(row)} columns instead of {len(columns)}{_swallowed(number, lines)}")


def check_file(path: Path) -> None:
    """Refuse what is no file.

    Raises:
        DataMissingError: there is nothing.
        InputError: it is a folder; what is in it.
    """
    if path.is_dir():
        held = sorted(one.name for one in path.iterdir() if not one.name.startswith("."))
        told = f"it holds {', '.join(held)[:TOLD]}" if held else "it is empty"
        raise InputError(f"{path} is no file, but a folder or an archive of several files: give one file; {told}")
    if not path.is_file():
        raise DataMissingError(f"no file {path}")


def check_columns(path: Path, columns: Sequence[str], needs: Sequence[str]) -> None:
    """Refuse a table that lacks a column; of a need `a|b` one must be there.

    Raises:
        CatalogError: what it lacks, and what it has.
    """
    if missing := [need for need in needs if not set(need.split("|")) & set(columns)]:
        lacking = ", ".join(need.replace("|", " or ") for need in missing)
        raise CatalogError(f"has no column {lacking}; it has {', '.join(columns)[:TOLD]}", path=str(path), line=1)


def column_name(name: str) -> str:
    """A column's name as it is compared: `Release date` → `release_date`, `userId` → `userid`."""
    return re.sub(r"\W+", "_", name.strip().casefold()).strip("_")


def first_of(row: dict[str, str], *names: str) -> str:
    """The first of these columns that the row has and that is not empty."""
    return next((row[name] for name in names if row.get(name)), "")


def existing(folder: Path, *names: str) -> Path | None:
    """The first of these files that is in the folder, plain or gzipped."""
    return next((path for name in names for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def data_folder(path: Path, *names: str) -> Path:
    """The folder of a data set; one of these files may stand for the folder it lies in.

    Raises:
        DataMissingError: there is nothing.
        InputError: it is another file.
    """
    if path.is_dir():
        return path
    if not path.exists():
        raise DataMissingError(f"no file or folder {path}")
    if path.name.removesuffix(".gz") not in names:
        raise InputError(f"{path} is no folder: give one that holds {' or '.join(names)}")
    return path.parent


def required(folder: Path, *names: str) -> Path:
    """The first of these files that is in the folder, plain or gzipped.

    Raises:
        DataMissingError: there is none.
    """
    if found := existing(folder, *names):
        return found
    raise DataMissingError(f"{folder} holds no {' or '.join(names)}")


def _quoted_rows(lines: Lines, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        start = lines.number + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            start = _begun(start, lines)
            lines.report.bad_row(lines.path, start, f"{error}{_swallowed(start, lines)}")
            continue
        yield _begun(start, lines), row


def _begun(start: int, lines: Lines) -> int:
    """The line that a row begins in, if lines from `start` on may have been left out."""
    while start in lines.too_long:
        start += 1
    return start


def _swallowed(start: int, lines: Lines) -> str:
    """A remark on the lines that went with a bad row."""
    return f"; lines {start} to {lines.number} are taken for one row: an unclosed quote?" if lines.number > start else ""


def _plain_rows(lines: Lines, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    for line in lines:
        text = line.rstrip("\r\n")
        yield lines.number, text.split(delimiter) if text else []
