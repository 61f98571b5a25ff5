"""Where catalogs come from: one module a source, loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chatrec.errors import InputError
from chatrec.types import Item

if TYPE_CHECKING:
    from chatrec.catalog.clean import RawItem
    from chatrec.catalog.interactions import Interaction, ValueKind
    from chatrec.catalog.report import Report

SOURCES: dict[str, str] = {
    "movielens": "MovieLens",
    "generic": "Generic",
    "steam": "Steam",
    "spotify": "Spotify",
    "lastfm": "LastFM",
    "imdb": "IMDb",
    "podcasts": "Podcasts",
}
"""Name (and module) → class."""


class Source(Protocol):
    """A data set that is opened for reading; rows that cannot be used go to the report it was opened with."""

    value: ValueKind | None
    """What its interactions measure; None if it has none."""
    files: tuple[Path, ...]
    """The files it will read, for the progress bar."""

    def items(self) -> Iterator[RawItem]:
        """What it says of each item."""
        ...

    def interactions(self, items: Mapping[str, Item]) -> Iterator[Interaction]:
        """Who met which item.

        Args:
            items: the catalog these items became, for sources that name items by title.
        """
        ...


def open_source(name: str, path: Path, report: Report, mapping: Path | None = None) -> Source:
    """Open a data set.

    Args:
        name: a key of `SOURCES`.
        path: the file or folder it is in.
        report: where bad rows, notes and progress go.
        mapping: for `generic`, which column is which field.

    Raises:
        InputError: there is no such source, or the mapping cannot be used.
        DataMissingError: a file it needs is not there.
        DependencyMissingError: a package it needs is not installed.
    """
    if name not in SOURCES:
        raise InputError(f"unknown source {name!r}: take one of {', '.join(SOURCES)}")
    if mapping is not None and name != "generic":
        raise InputError(f"a mapping is for the source 'generic' only, not for {name!r}")
    factory = getattr(import_module(f"{__name__}.{name}"), SOURCES[name])
    return factory(path, report, mapping) if name == "generic" else factory(path, report)
