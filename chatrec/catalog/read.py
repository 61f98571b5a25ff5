"""Catalog files in and out: JSON lines ↔ `Item`, with every bad line located and named."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import from_json

from chatrec.errors import CatalogError, DataMissingError
from chatrec.types import EMPTY, Item

log = structlog.get_logger()

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Texts = list[Text]
_FIELDS = frozenset(field.name for field in fields(Item)) - {"extra"}
_REALS = frozenset(("minutes", "popularity"))


class CatalogLine(BaseModel):
    """One line of a catalog file, as it may come from outside (FORMATS: catalog)."""

    model_config = ConfigDict(extra="allow", strict=True)

    id: Annotated[str, StringConstraints(pattern=r"^[^\s:]+:\S+$")]
    kind: Literal["video", "audio", "game"]
    title: Text
    form: Text | None = None
    aliases: Texts = []
    year: Annotated[int, Field(ge=1000, le=2100)] | None = None
    creators: Texts = []
    cast: Texts = []
    publishers: Texts = []
    genres: Texts = []
    moods: Texts = []
    themes: Texts = []
    tags: Texts = []
    description: str | None = None
    minutes: Annotated[float, Field(ge=0)] | None = None
    age: Annotated[int, Field(ge=0, le=99)] | None = None
    language: Text | None = None
    countries: Texts = []
    popularity: Annotated[float, Field(ge=0)] | None = None
    links: dict[str, str] = {}

    def to_item(self) -> Item:
        """The line as an immutable `Item`."""
        data: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
        plain["links"] = MappingProxyType(self.links) if self.links else EMPTY
        plain["extra"] = MappingProxyType(self.model_extra) if self.model_extra else EMPTY
        return Item(**plain)


@dataclass(frozen=True, eq=False)
class Catalog(Mapping[str, Item]):
    """Items by id, in file order, with the hash of their content."""

    by_id: Mapping[str, Item]
    sha256: str
    skipped: tuple[CatalogError, ...] = ()
    """The bad lines that were left out."""
    source_sha256: str = ""
    """Of the files it was read from, as `source_digest` gives it; empty if from none, or not from all of their lines."""

    def __getitem__(self, item_id: str) -> Item:
        return self.by_id[item_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_id)

    def __len__(self) -> int:
        return len(self.by_id)

    @classmethod
    def of(cls, items: Iterable[Item], skipped: tuple[CatalogError, ...] = (), source_sha256: str = "") -> Catalog:
        """A catalog of these items; the hash is that of their canonical JSON lines, whatever file they came from."""
        by_id = {item.id: item for item in items}
        digest = hashlib.sha256()
        for item in by_id.values():
            digest.update(json.dumps(item.to_dict(), ensure_ascii=False, sort_keys=True).encode() + b"\n")
        return cls(MappingProxyType(by_id), digest.hexdigest(), skipped, source_sha256)


def read_catalog(path: Path, *, skip_bad: bool = False) -> Catalog:
    """Read a catalog file, or every `*.jsonl` of a folder in name order.

    Args:
        path: a `.jsonl` file or a folder of them.
        skip_bad: leave bad lines out (they are kept in `Catalog.skipped`) instead of failing on the first.

    Raises:
        DataMissingError: there is no such file, or the folder holds no catalog.
        CatalogError: a line is no JSON object, lacks a field, repeats an id or has a wrong type; or no item is left.
    """
    items: dict[str, Item] = {}
    skipped: list[CatalogError] = []
    source = hashlib.sha256()
    for file, number, line in _lines(path, source):
        if not line.strip():
            continue
        try:
            item = parse_line(line, path=str(file), line=number)
            if item.id in items:
                raise CatalogError(f"repeats id {item.id!r}", path=str(file), line=number, field="id")
        except CatalogError as error:
            if not skip_bad:
                raise
            skipped.append(error)
            continue
        items[item.id] = item
    if not items:
        raise CatalogError("holds no items", path=str(path))
    if skipped:
        log.warning("bad catalog lines skipped", path=str(path), count=len(skipped), first=str(skipped[0]))
    return Catalog.of(items.values(), tuple(skipped), "" if skipped else source.hexdigest())


def source_digest(path: Path) -> str:
    """SHA-256 of the bytes of a catalog file, or of a folder's `*.jsonl` in name order; as soon as one changes, it does.

    Raises:
        DataMissingError: there is no such file, or the folder holds no catalog.
    """
    source = hashlib.sha256()
    for file in _files(path):
        with file.open("rb") as content:
            source.update(hashlib.file_digest(content, "sha256").digest())
    return source.hexdigest()


def parse_line(text: str | bytes, *, path: str = "", line: int = 0) -> Item:
    """One catalog line as an `Item`.

    Raises:
        CatalogError: the line is not UTF-8, no JSON object, or a field is missing or of a wrong type.
    """
    try:
        data = parse_json((text if isinstance(text, str) else text.decode("utf-8-sig")).rstrip())
    except UnicodeDecodeError as error:
        raise CatalogError(f"not UTF-8: {error.reason}", path=path, line=line) from error
    except UnicodeEncodeError as error:
        raise CatalogError("not text: half of a surrogate pair", path=path, line=line) from error
    except ValueError as error:
        raise CatalogError(not_json(error), path=path, line=line) from error
    except RecursionError as error:
        raise CatalogError("nested too deeply", path=path, line=line) from error
    if not isinstance(data, dict):
        raise CatalogError("not a JSON object", path=path, line=line)
    try:
        return CatalogLine.model_validate(data).to_item()
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise CatalogError(first["msg"], path=path, line=line, field=field) from error


def write_catalog(items: Iterable[Item], path: Path) -> None:
    """Write items as a catalog file."""
    with path.open("w", encoding="utf-8") as file:
        for item in items:
            file.write(json.dumps(item.to_dict(), ensure_ascii=False) + "\n")


def written_item(line: bytes) -> Item:
    """An item as `write_catalog` wrote it, which needs no checking."""
    try:
        data: dict[str, Any] = from_json(line)
    except ValueError:
        data = json.loads(line)  # nested deeper than the faster one reads
    extra = {name: data.pop(name) for name in data.keys() - _FIELDS}
    for name, value in data.items():
        if isinstance(value, list):
            data[name] = tuple(value)
    for name in data.keys() & _REALS:
        data[name] = float(data[name])
    for name in data.keys() & {"links"}:
        data[name] = MappingProxyType(data[name])
    return Item(**data, extra=MappingProxyType(extra) if extra else EMPTY)


def parse_json(text: str) -> Any:
    """The value of a JSON text that can be written back: finite numbers, whole characters.

    Raises:
        ValueError: it is no JSON, or cannot be written back.
        RecursionError: it is nested too deeply.
    """
    data = json.loads(text, parse_constant=_finite, parse_float=_finite)
    if "\\u" in text:
        json.dumps(data, ensure_ascii=False).encode()
    return data


def not_json(error: Exception) -> str:
    """What is wrong with a line of JSON, and at which column, where that is known."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}"
    return f"not JSON: {error}"


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number


def _lines(path: Path, source: hashlib._Hash) -> Iterator[tuple[Path, int, bytes]]:
    """Every line with its file and number; `source` becomes the `source_digest` of what was read."""
    for file in _files(path):
        digest = hashlib.sha256()
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                digest.update(line)
                yield file, number, line
        source.update(digest.digest())


def _files(path: Path) -> list[Path]:
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise DataMissingError(f"no catalog at {path}: give a .jsonl file or a folder of them")
    return files
