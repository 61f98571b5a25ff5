"""What an import could not use, told with file, line and reason; and how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from chatrec.errors import CatalogError

SHOWN = 5
"""Bad rows that are kept for showing; all are counted."""


@dataclass
class Report:
    """Bad rows, notes and progress of one import."""

    on_progress: Callable[[str, float], None] = lambda what, done: None
    """Called now and then with the name of the file that is being read and the fraction of it that is done."""
    bad: int = 0
    """Number of rows that could not be used."""
    first_bad: list[CatalogError] = field(default_factory=list)
    """The first `SHOWN` of them."""
    notes: Counter[str] = field(default_factory=Counter)
    """What else happened, and how often: values left out, duplicates merged, outliers capped."""

    def bad_row(self, file: Path | str, line: int, reason: str) -> None:
        """Count a row that cannot be used."""
        self.bad += 1
        if len(self.first_bad) < SHOWN:
            self.first_bad.append(CatalogError(reason, path=str(file), line=line))

    def note(self, what: str, times: int = 1) -> None:
        """Count something that is worth knowing and no error."""
        if times:
            self.notes[what] += times

    def lines(self) -> list[str]:
        """The report for a person, one fact a line."""
        told = [str(error) for error in self.first_bad]
        if self.bad > len(told):
            told.append(f"… and {self.bad - len(told):,} more bad rows")
        return told + [f"{times:,} {what}" for what, times in self.notes.items()]
