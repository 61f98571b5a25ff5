"""Records of a CSV, TSV, JSON-lines or Parquet file, as a stream of (line or row, field → value)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatrec.catalog.read import not_json, parse_json
from chatrec.catalog.report import Report
from chatrec.catalog.sources.tables import Lines, check_columns, check_file, column_name, read_table
from chatrec.errors import CatalogError, InputError

DELIMITERS = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
PARQUET_ROWS = 1000
MILLISECONDS = 1e11
"""Unix times from here on are milliseconds (as seconds they would lie after the year 5000)."""


def record_format(path: Path) -> str:
    """The file's format by its name: `.csv`, `.tsv`, `.jsonl` or `.parquet`; a final `.gz` does not count.

    Raises:
        DataMissingError: there is no such file.
        InputError: it is a folder, or the name tells no format.
    """
    check_file(path)
    ending = Path(path.name.removesuffix(".gz")).suffix.lower()
    if ending in JSON_LINES:
        return ".jsonl"
    if ending != ".parquet" and ending not in DELIMITERS:
        raise InputError(f"cannot tell the format of {path.name}: name it .csv, .tsv, .jsonl or .parquet")
    return ending


def read_records(
    path: Path, report: Report, delimiter: str | None = None, needs: Sequence[str] = ()
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The records of a file; the names of CSV columns are simplified (`column_name`).

    Args:
        path: the file; its name tells the format.
        report: where bad rows and progress go.
        delimiter: between the columns of a CSV file, if it is no comma.
        needs: names, as `cell` takes them, of columns that a table must have; records of JSON lines may lack any.

    Raises:
        DataMissingError, InputError: see `record_format`.
        CatalogError: (while reading) the file cannot be read at all, or a column is not there.
    """
    kind = record_format(path)
    if kind == ".jsonl":
        return _json_lines(path, report)
    if kind == ".parquet":
        return _parquet(path, report, needs)
    delimiter = (delimiter if kind == ".csv" else None) or DELIMITERS[kind]
    return read_table(path, report, delimiter=delimiter, needs=[column_name(name) for name in needs])


def cell(record: Mapping[str, Any], name: str) -> Any:
    """A field by its name, simplified name, or path (`meta.title`); None if it is not there."""
    if name in record:
        return record[name]
    if (simple := column_name(name)) in record:
        return record[simple]
    head, _, tail = name.partition(".")
    inner = record.get(head)
    return cell(inner, tail) if tail and isinstance(inner, dict) else None


def _spellings(name: str) -> dict[str, None]:
    """The columns that `cell` may find a name in."""
    return dict.fromkeys((name, column_name(name), name.partition(".")[0]))


def unix_time(value: Any) -> int | None:
    """A Unix second of seconds, milliseconds, or an ISO 8601 date (UTC if it does not say); None if unknown.

    Raises:
        ValueError: the value is none of these.
    """
    if isinstance(value, datetime):
        value = value.isoformat()
    text = str(value if value is not None else "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        at = datetime.fromisoformat(text)
        return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    if not abs(number) < MILLISECONDS * 1e3:
        raise ValueError(f"{text[:40]!r} is no time")
    return int(number / 1000 if number >= MILLISECONDS else number)


def _json_lines(path: Path, report: Report) -> Iterator[tuple[int, dict[str, Any]]]:
    lines = Lines(path, report)
    for line in lines:
        if not line.strip():
            continue
        try:
            record = parse_json(line.rstrip())
        except (ValueError, RecursionError) as error:
            report.bad_row(path, lines.number, not_json(error))
            continue
        if isinstance(record, dict):
            yield lines.number, record
        else:
            report.bad_row(path, lines.number, "not a JSON object")


def _parquet(path: Path, report: Report, needs: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            check_columns(path, file.schema_arrow.names, ["|".join(_spellings(name)) for name in needs])
            total, number = max(1, file.metadata.num_rows), 0
            for batch in file.iter_batches(batch_size=PARQUET_ROWS):
                for record in batch.to_pylist():
                    number += 1
                    yield number, record
                report.on_progress(path.name, number / total)
    except (pa.ArrowException, OSError) as error:
        raise CatalogError(f"cannot be read as Parquet: {error}", path=str(path)) from error
