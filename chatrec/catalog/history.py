"""A person's own history, matched against a catalog: what they met, and what of it they liked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chatrec.catalog.clean import title_key
from chatrec.catalog.exports import EXPORTS, LIKED_PLAYS, Met, Work
from chatrec.catalog.report import Report
from chatrec.catalog.unpack import unpacked
from chatrec.errors import DataMissingError, InputError
from chatrec.types import Item

NEAR_YEARS = 1
"""Services and catalogs may differ by so much: premiere and release."""


@dataclass(frozen=True, slots=True)
class History:
    """Catalog ids, each once, in the order they were met first."""

    liked: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    """Everything that was met, also what was liked."""
    unmatched: tuple[str, ...] = ()
    """What the catalog lacks, or has several of that fit equally well."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as the command line prints it."""
        return {"liked": list(self.liked), "seen": list(self.seen), "unmatched": list(self.unmatched)}

    @classmethod
    def read(cls, path: Path) -> History:
        """What `to_dict` was written to.

        Raises:
            DataMissingError: there is no such file.
            InputError: it is not such a file.
        """
        if not path.is_file():
            raise DataMissingError(f"no history at {path}: make one with `chatrec catalog history`")
        try:
            data = _HISTORY.validate_json(path.read_bytes())
        except ValidationError as error:
            raise InputError(
                f"{path} is no history as `chatrec catalog history` writes it: {error.errors()[0]['msg']}"
            ) from error
        return data


_HISTORY = TypeAdapter(History)


def read_history(name: str, path: Path, catalog: Mapping[str, Item], report: Report) -> History:
    """Read an export and match it against a catalog.

    Args:
        name: a service (`chatrec.catalog.exports.EXPORTS`).
        path: its export: a file, a folder, or the zip archive that was downloaded.
        catalog: items by id.
        report: where bad rows go.

    Raises:
        InputError: the service is unknown.
        DataMissingError: there is no such export.
        CatalogError: a table of the export is empty or lacks a column, or the archive is damaged.
    """
    if name not in EXPORTS:
        raise InputError(f"unknown service {name!r}: take one of {', '.join(EXPORTS)}")
    with unpacked(path, report) as found:
        return match(EXPORTS[name](found, report), catalog)


def match(met: Iterable[Met], catalog: Mapping[str, Item]) -> History:
    """Find what was met in a catalog, by the ids of other databases, else by title, year and creators."""
    finder = Finder(catalog)
    liked: dict[str, None] = {}
    plays: Counter[str] = Counter()
    unmatched: dict[str, None] = {}
    for one in met:
        found = next((item_id for work in one.works if (item_id := finder.find(work))), None)
        if found is None:
            unmatched[str(one.works[0])] = None
            continue
        plays[found] += one.plays
        if one.liked or plays[found] >= LIKED_PLAYS:
            liked[found] = None
    return History(tuple(liked), tuple(plays), tuple(unmatched))


class Finder:
    """Finds works in a catalog. A link tells only within a kind and form: some databases number films and series apart."""

    def __init__(self, catalog: Mapping[str, Item]) -> None:
        self._by_link: dict[tuple[str, str], list[Item]] = defaultdict(list)
        self._by_title: dict[tuple[str, str], list[Item]] = defaultdict(list)
        for item in catalog.values():
            for link in item.links.items():
                self._by_link[link].append(item)
            for key in {title_key(name) for name in (item.title, *item.aliases)}:
                self._by_title[item.kind, key].append(item)

    def find(self, work: Work) -> str | None:
        """The id of the one item that is this work; None if there is none, or several that fit equally well."""
        linked = (item for link in work.links.items() for item in self._by_link.get(link, ()))
        if same := next((item for item in linked if item.kind == work.kind and _form_fits(work, item)), None):
            return same.id
        named = self._by_title.get((work.kind, title_key(work.title)), ())
        fits = [(distance, item.id) for item in named if (distance := _distance(work, item)) is not None]
        best = [item_id for distance, item_id in fits if distance == min(fits)[0]]
        return best[0] if len(best) == 1 else None


def _distance(work: Work, item: Item) -> int | None:
    """How far the years are apart (an unknown one is farther than any that fits); None if it is another work."""
    if not _form_fits(work, item):
        return None
    if work.creators and item.creators and not _keys(work.creators) & _keys(item.people):
        return None
    if work.year is None or item.year is None:
        return NEAR_YEARS + 1
    apart = abs(work.year - item.year)
    return apart if apart <= NEAR_YEARS else None


def _form_fits(work: Work, item: Item) -> bool:
    return not (work.forms and item.form) or item.form in work.forms


def _keys(names: Iterable[str]) -> set[str]:
    return {title_key(name) for name in names}
