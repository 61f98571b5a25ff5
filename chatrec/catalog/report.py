"""What an import could not use, told with file, line and reason; and how far it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chatrec.errors import CatalogError

SHOWN = 5
"""Bad rows of one file and reason that are named; the rest are counted."""
_VALUE = re.compile(r"""(?<!field )('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|\d[\d.,]*""")
"""What differs from row to row in a reason: values and numbers, and not the name of a field."""


@dataclass
class Report:
    """Bad rows, notes and progress of one import."""

    on_progress: Callable[[str, float], None] = lambda what, done: None
    """Called now and then with the name of the file that is being read and the fraction of it that is done."""
    bad: int = 0
    """Number of rows that could not be used."""
    first_bad: list[CatalogError] = field(default_factory=list)
    """Those that are named: the first `SHOWN` of each file and reason."""
    by_reason: Counter[tuple[str, str]] = field(default_factory=Counter)
    """All of them, by file and reason without values."""
    notes: Counter[str] = field(default_factory=Counter)
    """What else happened, and how often: values left out, duplicates merged, outliers capped."""

    def bad_row(self, file: Path | str, line: int, reason: str) -> None:
        """Count a row that cannot be used."""
        self._bad(file, reason, CatalogError(reason, path=str(file), line=line))

    def bad_entry(self, file: Path | str, entry: str, reason: str) -> None:
        """Count an entry of a list that cannot be used; `entry` says which, since it may stand on any line."""
        self._bad(file, reason, CatalogError(f"{entry}: {reason}", path=str(file)))

    def _bad(self, file: Path | str, reason: str, error: CatalogError) -> None:
        self.bad += 1
        kind = str(file), _VALUE.sub("…", reason)
        self.by_reason[kind] += 1
        if self.by_reason[kind] <= SHOWN:
            self.first_bad.append(error)

    def note(self, what: str, times: int = 1) -> None:
        """Count something that is worth knowing and no error."""
        if times:
            self.notes[what] += times

    def lines(self) -> list[str]:
        """The report for a person, one fact a line."""
        more = ((Path(file).name, reason, count - SHOWN) for (file, reason), count in self.by_reason.items() if count > SHOWN)
        return [
            *map(str, self.first_bad),
            *(f"… and {count:,} more bad rows of {name}: {reason}" for name, reason, count in more),
            *(f"{times:,} {what}" for what, times in self.notes.items()),
        ]
