"""Interactions in and out: tables read as a stream; gathered on disk, so that tens of millions need no memory, and written.

Of what is gathered:

| kind of value | a user meets an item several times | outliers |
|---|---|---|
| `rating` | the first of the highest stays, with its time | none: a scale has ends |
| `plays`, `hours` | the sum, at the last time | values above the 99th percentile of all positive ones become that percentile |
"""

from __future__ import annotations

import csv
import math
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from chatrec.catalog.clean import clean_text
from chatrec.catalog.report import Report
from chatrec.catalog.sources.records import cell, unix_time
from chatrec.catalog.sources.tables import read_table
from chatrec.errors import CatalogError, DataMissingError, InputError, TrainingDataError

ValueKind = Literal["rating", "plays", "hours"]
CAP_PERCENTILE = 0.99
BATCH = 50_000
_INSERT = {
    "max": "INSERT INTO seen VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at "
    "WHERE excluded.value > value",
    "sum": "INSERT INTO seen VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value, "
    "at = coalesce(max(at, excluded.at), at, excluded.at)",
}


@dataclass(frozen=True, slots=True)
class Interaction:
    """One line of a source: who met which item, how strongly, and when."""

    file: str
    line: int
    user: str
    item: str
    """A catalog id; one that the catalog lacks is counted and left out."""
    value: float
    timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a table is what; the defaults are those of `interactions.csv`."""

    user: str = "user_id"
    item: str = "item_id"
    value: str | None = "value"
    """Without one, each row counts 1."""
    timestamp: str | None = "timestamp"


def read_interactions(path: Path, on_progress: Callable[[str, float], None] = lambda what, done: None) -> Iterator[Interaction]:
    """The lines of an `interactions.csv` (FORMATS), plain or gzipped, as a stream.

    Raises:
        DataMissingError: there is no such file.
        TrainingDataError: a column is missing; or, at the end of the file, lines could not be read: how many, and the first.
    """
    if not path.is_file():
        raise DataMissingError(f"no interactions at {path}: give a CSV with the header {','.join(HEADER)}")
    report = Report(on_progress)
    try:
        yield from interactions_in(read_table(path, report, needs=HEADER[:3]), path, report, Columns())
    except CatalogError as error:
        raise TrainingDataError(str(error)) from error
    if report.bad:
        told = "\n".join(report.lines())
        raise TrainingDataError(f"{told}\n{path}: lines that cannot be used: {report.bad:,}; mend them or take them out")


def interactions_in(
    records: Iterable[tuple[int, Mapping[str, Any]]],
    path: Path,
    report: Report,
    columns: Columns,
    to_id: Callable[[str], str] = lambda key: key,
) -> Iterator[Interaction]:
    """Records of a file as interactions; one that lacks a user, an item or a finite value, or has an odd time, is a bad row.

    Args:
        records: line or row, and its fields by name.
        path: where they are from.
        report: where bad rows go.
        columns: which field is what.
        to_id: the catalog id of what the item's column holds.
    """
    file = str(path)
    for line, record in records:
        user, item = (clean_text(cell(record, name)) for name in (columns.user, columns.item))
        if not user or not item:
            report.bad_row(path, line, f"{columns.item if user else columns.user} is empty")
            continue
        try:
            value = _number(cell(record, columns.value), columns.value) if columns.value else 1.0
            at = _time(cell(record, columns.timestamp), columns.timestamp) if columns.timestamp else None
        except ValueError as error:
            report.bad_row(path, line, str(error))
            continue
        yield Interaction(file, line, user, to_id(item), value, at)


def _number(given: Any, name: str) -> float:
    text = str(given if given is not None else "").strip()
    if not text:
        raise ValueError(f"no {name}: a rating, hours or plays is needed on every line")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} {text[:40]!r} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"{name} {text[:40]!r} is not finite")
    return value


def _time(given: Any, name: str) -> int | None:
    try:
        return unix_time(given)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} {str(given)[:40]!r} is no time") from None


class InteractionStore:
    """A temporary SQLite file with one row per user and item. Use as a context manager.

    Args:
        folder: where the file is made; it takes about 60 bytes a row.
        kind: what the values are (see the table above).

    Raises:
        InputError: it cannot be made there.
    """

    def __init__(self, folder: Path, kind: ValueKind) -> None:
        try:
            self._folder = tempfile.TemporaryDirectory(dir=folder, prefix=".chatrec-import-")
        except OSError as error:
            raise InputError(f"interactions cannot be gathered in {folder}: {error.strerror or error}") from error
        self._kind: ValueKind = kind
        self._items: dict[str, int] = {}
        self._db = sqlite3.connect(Path(self._folder.name) / "interactions.db")
        self._db.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536; PRAGMA temp_store=FILE;"
            "CREATE TABLE seen (user TEXT, item INTEGER, value REAL, at INTEGER, PRIMARY KEY (user, item)) WITHOUT ROWID;"
        )
        self._insert = _INSERT["max" if kind == "rating" else "sum"]
        self.added = 0
        """Rows that came in, before those of one user and item were merged."""

    def __enter__(self) -> InteractionStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._folder.cleanup()

    def __len__(self) -> int:
        return self._db.execute("SELECT count(*) FROM seen").fetchone()[0]

    def add(self, interactions: Iterable[Interaction]) -> None:
        """Take interactions of catalog items, in batches."""
        rows = ((x.user, self._items.setdefault(x.item, len(self._items)), x.value, x.timestamp) for x in interactions)
        while batch := list(islice(rows, BATCH)):
            self._db.executemany(self._insert, batch)
            self.added += len(batch)

    def users_of_items(self) -> Counter[str]:
        """How many users met each item."""
        ids = list(self._items)
        counts = Counter(row[0] for row in self._db.execute("SELECT item FROM seen"))
        return Counter({ids[number]: count for number, count in counts.items()})

    def cap(self) -> float:
        """The value that outliers are cut down to: the 99th percentile (nearest rank) of the positive ones."""
        if self._kind == "rating":
            return math.inf
        (positive,) = self._db.execute("SELECT count(*) FROM seen WHERE value > 0").fetchone()
        if not positive:
            return math.inf
        rank = math.ceil(CAP_PERCENTILE * positive) - 1
        query = "SELECT value FROM seen WHERE value > 0 ORDER BY value LIMIT 1 OFFSET ?"
        return self._db.execute(query, (rank,)).fetchone()[0]

    def rows(self) -> Iterator[tuple[str, str, float, int | None]]:
        """User, item, value and time of all interactions, user by user."""
        ids = list(self._items)
        for user, item, value, at in self._db.execute("SELECT user, item, value, at FROM seen ORDER BY user, item"):
            yield user, ids[item], value, at

    def write(self, path: Path, on_progress: Callable[[str, float], None] = lambda what, done: None) -> int:
        """Write `interactions.csv`; returns how many values were capped."""
        cap, capped, total = self.cap(), 0, len(self)
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            for number, (user, item, value, at) in enumerate(self.rows(), 1):
                if number % BATCH == 0 or number == total:
                    on_progress("writing", number / total)
                capped += value > cap
                writer.writerow((user, item, _plain(min(value, cap)), "" if at is None else at))
        return capped


HEADER: Sequence[str] = ("user_id", "item_id", "value", "timestamp")


def write_interactions(path: Path, interactions: Iterable[Interaction]) -> None:
    """Write an `interactions.csv` (FORMATS) of lines as they are: nothing is merged, no value cut or rounded."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for one in interactions:
            writer.writerow((one.user, one.item, one.value, "" if one.timestamp is None else one.timestamp))


def _plain(value: float) -> float | int:
    return int(value) if value.is_integer() else round(value, 6)
