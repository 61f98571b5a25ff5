"""`chatrec index`: build, update, inspect, search, export and clear away indexes."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatrec.catalog.read import Catalog, read_catalog
from chatrec.cli.options import CatalogPath, ChromaUrl, IndexPath, SkipBad
from chatrec.errors import IndexCorruptError, IndexMismatchError, InputError
from chatrec.settings import Settings
from chatrec.types import KINDS, Constraint, Ledger, Query

if TYPE_CHECKING:
    from chatrec.index.embed import Embedder
    from chatrec.index.open import Index

WIDEST = 10_000
"""Columns of a table that is not for a terminal: nothing is cut that another program will read."""
app = typer.Typer(help="Build, update, inspect, search, export and clear away indexes.", no_args_is_help=True)


@app.command()
def build(
    catalog: CatalogPath = None,
    skip_bad: SkipBad = False,
    force: Annotated[bool, typer.Option("--force", help="Build anew, embedding every text, even if there is an index.")] = False,
) -> None:
    """Build the index of a catalog, unless it is there already, and print its folder."""
    from chatrec.index.build import build_index
    from chatrec.index.embed import Embedder
    from chatrec.index.generation import current_generation, index_home
    from chatrec.index.open import open_or_build

    settings = Settings.load(catalog=catalog)
    items, embedder = _read(settings, skip_bad), Embedder.of(settings)
    if force:
        folder = build_index(items, embedder, settings.build_dir, reuse=False, progress=True)
    else:
        open_or_build(items, embedder, settings.build_dir, progress=True)
        folder = current_generation(index_home(settings.build_dir, items.sha256, embedder.sha256))
    typer.echo(f"{len(items)} items in {folder}")


@app.command()
def update(catalog: CatalogPath = None, skip_bad: SkipBad = False) -> None:
    """Bring the index up to date with an edited catalog, embedding only new texts, or mend it; say what changed."""
    from chatrec.index.embed import Embedder
    from chatrec.index.update import update_index

    settings = Settings.load(catalog=catalog)
    items = _read(settings, skip_bad)
    done = update_index(items, Embedder.of(settings), settings.build_dir, progress=True)
    changes = f"{done.added} added, {done.changed} changed, {done.removed} removed, {done.embedded} texts embedded"
    typer.echo(f"{len(items)} items in {done.folder}: {changes}")


@app.command()
def info(catalog: CatalogPath = None, index: IndexPath = None, skip_bad: SkipBad = False) -> None:
    """What an index was built from, its size and age, and whether it fits the catalog and the embedder and is whole; as JSON.

    Where there is none it is built. The exit code is 4 if it does not verify.
    """
    from chatrec.index.embed import Embedder
    from chatrec.index.generation import Manifest, built_at, size_of
    from chatrec.index.open import built_index, open_index

    settings = Settings.load(catalog=catalog)
    items, embedder = _read(settings, skip_bad), Embedder.of(settings)
    if not index:
        _note_building(items, embedder, settings)
    folder = index or built_index(items, embedder, settings.build_dir)
    manifest, problem = Manifest.read(folder), None
    try:
        open_index(folder, items, embedder)
    except (IndexCorruptError, IndexMismatchError) as error:
        problem = str(error)
    built = built_at(folder)
    state = {
        "verified": problem is None,
        "problem": problem,
        "folder": str(folder),
        "bytes": size_of(folder),
        "built": built.isoformat(timespec="seconds"),
        "age_hours": round((datetime.now(UTC) - built).total_seconds() / 3600, 1),
        "kinds": {kind: sum(item.kind == kind for item in items.values()) for kind in KINDS},
    }
    told = {name: value for name, value in asdict(manifest).items() if name not in ("files", "digests")}
    typer.echo(json.dumps(state | told, indent=1))
    if problem:
        raise typer.Exit(IndexCorruptError.exit_code)


@app.command()
def gc(
    keep: Annotated[int, typer.Option(min=1, help="Generations to keep of each index: the one in use, then the newest.")] = 1,
    homes: Annotated[
        int | None, typer.Option(min=1, help="Indexes to keep, of as many catalogs: those built last; default: all.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
) -> None:
    """Remove generations that newer ones replaced and indexes this version cannot read; end what still reads them first."""
    from chatrec.index.gc import collect

    freed = 0
    for garbage in collect(Settings.load().build_dir, keep=keep, keep_homes=homes, dry_run=dry_run):
        freed += garbage.bytes
        said = f"left alone, {garbage.kept}" if garbage.kept else f"{garbage.bytes / 1e6:,.1f} MB"
        typer.echo(f"{garbage.folder}: {said}", err=bool(garbage.kept))
    typer.echo(f"{freed / 1e6:,.1f} MB {'would be freed' if dry_run else 'freed'}")


@app.command()
def search(
    words: Annotated[str, typer.Argument(help="What to look for.")],
    kind: Annotated[str | None, typer.Option(help="video, audio or game.")] = None,
    k: Annotated[int, typer.Option("-n", "--n", "--k", min=1, max=100, help="How many.")] = 10,
    catalog: CatalogPath = None,
    index: IndexPath = None,
    chroma_url: ChromaUrl = None,
    skip_bad: SkipBad = False,
) -> None:
    """Search an index by meaning and by words, without any understanding of the request; misspelt names as they are meant."""
    from chatrec.retrieve.load import load_fusion
    from chatrec.retrieve.spelling import Spelling

    if kind not in (None, *KINDS):
        raise InputError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
    opened = _open(catalog, index, chroma_url, skip_bad)
    if meant := Spelling(opened).meant(words):
        typer.echo(f"searching for {meant!r}", err=True)
        words = meant
    query = Query(ledger=Ledger(), text=words, last_message=words, vector=opened.embedder.encode([words])[0])
    required = (Constraint(field="kind", op="in", value=(kind,)),) if kind else ()
    table = Table("id", "title", "found by", box=None)
    for candidate in load_fusion(opened)(query, required)[:k]:
        found_by = " ".join(f"{hit.retriever}#{hit.rank}" for hit in candidate.hits)
        table.add_row(Text(candidate.item.id), Text(candidate.item.title), found_by or "name")
    Console(width=None if sys.stdout.isatty() else WIDEST).print(table)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="The .parquet file to write, or a pipe.")],
    catalog: CatalogPath = None,
    index: IndexPath = None,
    skip_bad: SkipBad = False,
) -> None:
    """Write ids, vectors and metadata as Parquet, for another store: nothing has to be embedded there."""
    from chatrec.index.export import export_parquet
    from chatrec.index.generation import homes
    from chatrec.outputs import check_outputs, real_path, to_streams

    settings = Settings.load(catalog=catalog)
    beside = homes(real_path(index).parent.parent) if index else []
    check_outputs(out, catalog=settings.catalog_path, closed=(index, *beside, *homes(settings.build_dir)))
    opened = _open(catalog, index, None, skip_bad)
    export_parquet(opened, out)
    typer.echo(f"{len(opened.ids)} items, {opened.manifest.dimension} dimensions, in {out}", err=to_streams(out))


def _read(settings: Settings, skip_bad: bool) -> Catalog:
    items = read_catalog(settings.catalog_path, skip_bad=skip_bad)
    if items.skipped:
        typer.echo(f"{len(items.skipped)} bad lines skipped, the first: {items.skipped[0]}", err=True)
    return items


def _note_building(items: Catalog, embedder: Embedder, settings: Settings) -> None:
    """Say that an index is going to be built, and why, if it is: a large one takes hours."""
    from chatrec.index.generation import index_home, why_missing

    if why := why_missing(index_home(settings.build_dir, items.sha256, embedder.sha256)):
        typer.echo(f"building the index of {len(items)} items: {why}", err=True)


def _open(catalog: CatalogPath, index: IndexPath, chroma_url: ChromaUrl, skip_bad: bool) -> Index:
    from chatrec.index.embed import Embedder
    from chatrec.index.items import open_catalog
    from chatrec.index.open import open_index, open_or_build

    settings = Settings.load(catalog=catalog, chroma_url=chroma_url)
    embedder = Embedder.of(settings)
    items = open_catalog(settings.catalog_path, embedder, settings.build_dir, index=index, skip_bad=skip_bad)
    if index:
        return open_index(index, items, embedder, chroma_url=settings.chroma_url)
    _note_building(items, embedder, settings)
    return open_or_build(items, embedder, settings.build_dir, chroma_url=settings.chroma_url)
