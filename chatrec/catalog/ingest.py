"""An import from end to end: source → cleaned items and interactions → the two files (FORMATS: catalog, interactions)."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir

from chatrec.catalog.clean import Works, clean_item, clean_texts, settle_moods
from chatrec.catalog.interactions import Interaction, InteractionStore, ValueKind
from chatrec.catalog.read import write_catalog
from chatrec.catalog.report import Report
from chatrec.catalog.sources import Source, open_source
from chatrec.catalog.unpack import unpacked
from chatrec.errors import CatalogError, InputError
from chatrec.outputs import check_outputs, is_stream, real_path, replaced
from chatrec.types import Item


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import wrote."""

    items: tuple[Item, ...]
    interactions: int
    """Rows of interactions after merging; 0 if the source has none."""


def import_catalog(
    name: str, path: Path, out: Path, *, interactions: Path | None = None, mapping: Path | None = None, report: Report
) -> Imported:
    """Import a data set. Items are held in memory, interactions are not. Existing outputs are replaced only at the end.

    Args:
        name: a source (`chatrec.catalog.sources.SOURCES`).
        path: the file or folder it is in, or a zip archive of it.
        out: the catalog file to write.
        interactions: the interactions file to write.
        mapping: for `generic`, which column is which field.
        report: what could not be used is told here.

    Popularity that a source lacks is the number of its users who met the item, so split off test data before.

    Raises:
        InputError: the source is unknown, or has no interactions and they are asked for; an output cannot be written, or is an
            input.
        DataMissingError: a file is not there.
        CatalogError: a file cannot be read as this source, or no item is left.
    """
    check_outputs(out, interactions, read=(path, mapping))
    with unpacked(path, report) as found:
        source = open_source(name, found, report, mapping)
        check_outputs(out, interactions, read=source.files)
        return _import(source, name, path, out, interactions, report)


def _import(source: Source, name: str, path: Path, out: Path, interactions: Path | None, report: Report) -> Imported:
    if interactions is not None and source.value is None:
        raise InputError(f"{name} at {path} holds no interactions")
    works, moods_said = _gather(source, report)
    if not works.items:
        raise CatalogError("holds no items", path=str(path))
    if not (name == "generic" and moods_said):  # there, whoever filled a column of moods said what they are
        works.items = {item.id: item for item in settle_moods(works.items.values(), report.note)}
    if source.value is not None:
        return _with_interactions(source, source.value, works, out, interactions, report)
    with replaced(out) as new:
        write_catalog(works.items.values(), new)
    return Imported(tuple(works.items.values()), 0)


def _with_interactions(
    source: Source, kind: ValueKind, works: Works, out: Path, interactions: Path | None, report: Report
) -> Imported:
    least = -math.inf if kind == "rating" else 0.0
    folder = Path(gettempdir()) if is_stream(out) else real_path(out).parent
    try:
        with InteractionStore(folder, kind) as store:
            store.add(_of_catalog(source.interactions(works.items), works.same, least, report))
            items, rows = tuple(_with_popularity(works.items.values(), store.users_of_items())), len(store)
            report.note("interactions repeat an earlier one of the same user and item and were merged", store.added - rows)
            with replaced(out) as new:
                write_catalog(items, new)
            if interactions is not None:
                with replaced(interactions) as new:
                    capped = store.write(new, report.on_progress)
                report.note("values were above the 99th percentile and became that percentile", capped)
    except sqlite3.Error as error:
        raise InputError(f"interactions cannot be gathered in {folder}: {error}") from error
    return Imported(items, rows)


def _gather(source: Source, report: Report) -> tuple[Works, bool]:
    """The works, and whether any record says what its moods are."""
    works, moods_said = Works(), False
    for raw in source.items():
        moods_said = moods_said or bool(clean_texts(raw.fields.get("moods"), "moods", lambda what: None))
        try:
            works.add(clean_item(raw.fields, report.note))
        except CatalogError as error:
            report.bad_row(raw.file, raw.line, str(error))
    report.note("items are works that were there already and were merged with them", works.merged)
    return works, moods_said


def _of_catalog(found: Iterable[Interaction], same: Mapping[str, str], least: float, report: Report) -> Iterator[Interaction]:
    """Interactions of items that were kept, under the ids that were kept."""
    for one in found:
        kept = same.get(one.item)
        if not one.user:
            report.bad_row(one.file, one.line, "has no user")
        elif not math.isfinite(one.value) or one.value < least:
            report.bad_row(one.file, one.line, f"{one.value} is no value that an interaction can have")
        elif kept is None:
            report.note("interactions of items that the catalog lacks were left out")
        else:
            yield one if kept == one.item else replace(one, item=kept)


def _with_popularity(items: Iterable[Item], users: Mapping[str, int]) -> Iterator[Item]:
    for item in items:
        yield item if item.popularity is not None else replace(item, popularity=users.get(item.id, 0))
