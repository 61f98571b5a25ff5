"""`chatrec index`: build, update, inspect and search indexes."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatrec.catalog.read import Catalog, read_catalog
from chatrec.cli.options import CatalogPath, IndexPath, SkipBad
from chatrec.errors import InputError
from chatrec.settings import Settings
from chatrec.types import KINDS, Constraint, Ledger, Query

if TYPE_CHECKING:
    from chatrec.index.generation import Manifest
    from chatrec.index.open import Index

app = typer.Typer(help="Build, update, inspect and search indexes.", no_args_is_help=True)


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
        folder = build_index(items, embedder, settings.build_dir, reuse=False, progress=sys.stderr.isatty())
    else:
        open_or_build(items, embedder, settings.build_dir, progress=sys.stderr.isatty())
        folder = current_generation(index_home(settings.build_dir, items.sha256, embedder.sha256))
    typer.echo(f"{len(items)} items in {folder}")


@app.command()
def update(catalog: CatalogPath = None, skip_bad: SkipBad = False) -> None:
    """Bring the index up to date with an edited catalog, embedding only new texts, or mend it; say what changed."""
    from chatrec.index.embed import Embedder
    from chatrec.index.update import update_index

    settings = Settings.load(catalog=catalog)
    items = _read(settings, skip_bad)
    done = update_index(items, Embedder.of(settings), settings.build_dir, progress=sys.stderr.isatty())
    changes = f"{done.added} added, {done.changed} changed, {done.removed} removed, {done.embedded} texts embedded"
    typer.echo(f"{len(items)} items in {done.folder}: {changes}")


@app.command()
def info(catalog: CatalogPath = None, index: IndexPath = None) -> None:
    """What an index was built from, checked against the catalog and the embedder in use."""
    opened, manifest = _open(catalog, index)
    counts = {kind: sum(item.kind == kind for item in opened.catalog.values()) for kind in KINDS}
    typer.echo(json.dumps(asdict(manifest) | {"kinds": counts}, indent=1))


@app.command()
def search(
    words: Annotated[str, typer.Argument(help="What to look for.")],
    kind: Annotated[str | None, typer.Option(help="video, audio or game.")] = None,
    k: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 10,
    catalog: CatalogPath = None,
    index: IndexPath = None,
) -> None:
    """Search an index by meaning and by words, without any understanding of the request."""
    from chatrec.retrieve.load import load_fusion

    if kind not in (None, *KINDS):
        raise InputError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
    opened, _ = _open(catalog, index)
    query = Query(ledger=Ledger(), text=words, last_message=words, vector=opened.embedder.encode([words])[0])
    required = (Constraint(field="kind", op="in", value=(kind,)),) if kind else ()
    table = Table("id", "title", "found by", box=None)
    for candidate in load_fusion(opened)(query, required)[:k]:
        found_by = " ".join(f"{hit.retriever}#{hit.rank}" for hit in candidate.hits)
        table.add_row(Text(candidate.item.id), Text(candidate.item.title), found_by)
    Console().print(table)


def _read(settings: Settings, skip_bad: bool) -> Catalog:
    items = read_catalog(settings.catalog_path, skip_bad=skip_bad)
    if items.skipped:
        typer.echo(f"{len(items.skipped)} bad lines skipped, the first: {items.skipped[0]}", err=True)
    return items


def _open(catalog: CatalogPath, index: IndexPath) -> tuple[Index, Manifest]:
    from chatrec.index.embed import Embedder
    from chatrec.index.open import open_index, open_or_build

    settings = Settings.load(catalog=catalog)
    items, embedder = read_catalog(settings.catalog_path), Embedder.of(settings)
    opened = open_index(index, items, embedder) if index else open_or_build(items, embedder, settings.build_dir)
    return opened, opened.manifest
