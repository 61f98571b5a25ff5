"""Any CSV, TSV, JSON-lines or Parquet file; a mapping in TOML says which column is which catalog field.

    namespace = "mine"          # ids become mine:<id>; without an id column, of title, year and a kind that is not the one below
    kind = "video"              # the same for all; or a column, see below
    form = "film"
    separator = "|"             # between the values of a list in one cell
    delimiter = ","             # between the columns of a .csv file

    [columns]                   # catalog field = column; paths as in "meta.title" reach into JSON objects
    id = "movie_id"
    title = "name"
    genres = { column = "cats", separator = ";" }
    minutes = { column = "length", unit = "seconds" }       # of bare numbers: minutes, hours, seconds or milliseconds
    # kind = { column = "type", values = { movie = "video", song = "audio" } }

    [links]                     # database = column
    imdb = "imdb_id"

    [interactions]              # optional: another file, named relative to the first
    file = "plays.csv"
    kind = "plays"              # rating, plays or hours
    user = "user"
    item = "movie_id"
    value = "count"             # without it, each row counts 1
    timestamp = "at"

A table that lacks a column which is named here is refused; a JSON line may lack any.
Without a mapping, or without `[columns]`, columns are taken for the catalog fields of the same names, and what else a JSON line
holds is kept. Words for moods among the genres are tags, as for other sources, unless a column says what the moods are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from chatrec.catalog.clean import UNREAD, RawItem, clean_number, clean_text, clean_year, make_id, title_key
from chatrec.catalog.interactions import Columns, Interaction, ValueKind, interactions_in
from chatrec.catalog.read import CatalogLine
from chatrec.catalog.report import Report
from chatrec.catalog.sources.records import cell, read_records, record_format
from chatrec.errors import DataMissingError, InputError
from chatrec.types import Item, Kind

FIELDS = tuple(name for name in CatalogLine.model_fields if name != "links")
LISTS = ("aliases", "creators", "cast", "publishers", "genres", "moods", "themes", "tags", "countries")
PER_MINUTE = {"minutes": 1.0, "hours": 1 / 60, "seconds": 60.0, "milliseconds": 60_000.0}

Text = Annotated[str, StringConstraints(min_length=1)]


class Part(BaseModel):
    """A part of the mapping; a word it does not know is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Column(Part):
    """Which column a field is read from, and how."""

    column: Text
    separator: Text | None = None
    unit: Literal["minutes", "hours", "seconds", "milliseconds"] = "minutes"
    values: dict[str, str] = {}
    """Cell → value, for cells that are to be renamed."""


class InteractionColumns(Part):
    """Where interactions are."""

    file: Text
    kind: ValueKind
    user: Text
    item: Text
    value: Text | None = None
    timestamp: Text | None = None


Named = Annotated[Column, BeforeValidator(lambda given: {"column": given} if isinstance(given, str) else given)]
"""A column; its name alone will do."""


class ColumnMapping(Part):
    """A mapping file."""

    namespace: Annotated[str, StringConstraints(pattern=r"^[^\s:]*$")] = ""
    kind: Kind | None = None
    form: Text | None = None
    separator: Text = "|"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    columns: dict[Literal[FIELDS], Named] = {}  # type: ignore[valid-type]
    links: dict[str, Text] = {}
    interactions: InteractionColumns | None = None


class Generic:
    """A file of records and, with a mapping that names one, a file of interactions.

    Raises:
        InputError: the mapping cannot be used, or a file's name tells no format.
        DataMissingError: a file is not there.
    """

    def __init__(self, path: Path, report: Report, mapping: Path | None = None) -> None:
        self._path, self._report = path, report
        self._mapping = read_mapping(mapping) if mapping else ColumnMapping()
        self._keep_others = record_format(path) == ".jsonl" and not self._mapping.columns
        self._columns = self._mapping.columns or {name: Column(column=name) for name in FIELDS}
        self._seen = self._mapping.interactions
        self.value: ValueKind | None = self._seen.kind if self._seen else None
        self.files = (path, *([path.parent / self._seen.file] if self._seen else []))
        for file in self.files:
            record_format(file)

    def items(self) -> Iterator[RawItem]:
        """The records as items."""
        for line, record in read_records(self._path, self._report, self._mapping.delimiter, self._needed()):
            fields = {name: value for name, value in record.items() if self._keep_others and name not in FIELDS}
            fields |= {name: self._value(name, column, record) for name, column in self._columns.items()}
            fields["kind"] = fields.get("kind") or self._mapping.kind
            fields["form"] = fields.get("form") or self._mapping.form
            links = fields.get("links") or {}
            if not isinstance(links, dict):
                self._report.note(UNREAD.format("links"))
                links = {}
            fields["links"] = links | {name: cell(record, column) for name, column in self._mapping.links.items()}
            fields["id"] = self._id(fields.get("id")) or self._id_of_title(fields)
            if not self._mapping.namespace and ":" not in fields["id"]:
                told = f"{fields['id'][:40]!r} lacks a namespace, as in 'mine:1'" if fields["id"] else "is missing"
                self._report.bad_row(self._path, line, f"field 'id': {told}: set `namespace` in a mapping, and give --mapping")
                continue
            yield RawItem(str(self._path), line, fields)

    def interactions(self, items: Mapping[str, Item]) -> Iterator[Interaction]:
        """The records of the interactions file."""
        if self._seen is None:
            return
        columns = Columns(self._seen.user, self._seen.item, self._seen.value, self._seen.timestamp)
        needed = [name for name in (columns.user, columns.item, columns.value, columns.timestamp) if name]
        records = read_records(self.files[1], self._report, self._mapping.delimiter, needed)
        yield from interactions_in(records, self.files[1], self._report, columns, self._id)

    def _needed(self) -> list[str]:
        """The columns that the mapping names; without one, those that every item needs."""
        if not self._mapping.columns:
            made = {"id": self._mapping.namespace, "kind": self._mapping.kind}
            return [name for name in ("id", "kind", "title") if not made.get(name)] + list(self._mapping.links.values())
        return [column.column for column in self._mapping.columns.values()] + list(self._mapping.links.values())

    def _value(self, name: str, column: Column, record: dict[str, Any]) -> Any:
        value = cell(record, column.column)
        if name in LISTS and isinstance(value, str):
            value = value.split(column.separator or self._mapping.separator)
        if column.values and isinstance(value, list):
            value = [column.values.get(clean_text(one), one) for one in value]
        elif column.values:
            value = column.values.get(clean_text(value), value)
        if name == "minutes" and (number := clean_number(value)) is not None:
            return number / PER_MINUTE[column.unit]
        return value

    def _id(self, key: Any) -> str:
        text = clean_text(key)
        return make_id(self._mapping.namespace, text) if self._mapping.namespace else text

    def _id_of_title(self, fields: dict[str, Any]) -> str:
        title = clean_text(fields.get("title"))
        kind = fields["kind"] if fields["kind"] != self._mapping.kind else None
        known = [title_key(title), clean_year(fields.get("year")), kind] if title else []
        return make_id(self._mapping.namespace, " ".join(str(one) for one in known if one)) if self._mapping.namespace else ""


def read_mapping(path: Path) -> ColumnMapping:
    """A mapping file.

    Raises:
        DataMissingError: there is no such file.
        InputError: it is no TOML, or says something a mapping cannot say.
    """
    if not path.is_file():
        raise DataMissingError(f"no mapping {path}")
    try:
        return ColumnMapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
