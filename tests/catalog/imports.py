"""What the tests of the sources share: small data sets made by hand, and an import that is read back."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatrec.catalog.ingest import import_catalog
from chatrec.catalog.read import Catalog, read_catalog
from chatrec.catalog.report import Report


@dataclass(frozen=True)
class Result:
    catalog: Catalog
    report: Report
    interactions: list[dict[str, str]]

    @property
    def bad(self) -> list[str]:
        """The bad rows as `file:line: reason`, without the folder."""
        return [f"{Path(error.path).name}:{error.line}: {error.reason}" for error in self.report.first_bad]


def put(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write these files into the folder."""
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def run_import(source: str, path: Path, *, interactions: bool = False, mapping: Path | None = None) -> Result:
    """Import, and read what was written with the project's own reader."""
    folder = path if path.is_dir() else path.parent
    out, table, report = folder / "out.jsonl", folder / "out.csv", Report()
    import_catalog(source, path, out, interactions=table if interactions else None, mapping=mapping, report=report)
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines())) if interactions else []
    return Result(read_catalog(out), report, rows)
