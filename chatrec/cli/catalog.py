"""`chatrec catalog`: look after catalogs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from chatrec.catalog.exports import EXPORTS, PATTERNS
from chatrec.catalog.history import read_history
from chatrec.catalog.ingest import import_catalog
from chatrec.catalog.read import read_catalog
from chatrec.catalog.report import Report
from chatrec.catalog.sources import SOURCES
from chatrec.cli.options import CatalogPath, SkipBad
from chatrec.errors import CatalogError
from chatrec.outputs import check_outputs, real_path, replaced, to_streams
from chatrec.progress import by_file
from chatrec.settings import Settings
from chatrec.types import KINDS, Item

app = typer.Typer(help="Look after catalogs.", no_args_is_help=True)


@app.command()
def check(path: Annotated[Path, typer.Argument(help="A catalog.jsonl or a folder of them.")]) -> None:
    """Read a catalog, name every line that cannot be used, and count what can."""
    catalog = read_catalog(path, skip_bad=True)
    for error in catalog.skipped:
        typer.echo(str(error), err=True)
    typer.echo(f"{_counted(catalog.values())}, {len(catalog.skipped)} bad lines")
    if catalog.skipped:
        raise typer.Exit(catalog.skipped[0].exit_code)


@app.command("import")
def import_source(
    source: Annotated[str, typer.Argument(help=f"Where it comes from: {', '.join(SOURCES)}.")],
    path: Annotated[Path, typer.Argument(help="The file or folder to import, or a .zip of it.")],
    out: Annotated[Path, typer.Option("--out", help="The catalog.jsonl to write.")],
    interactions: Annotated[Path | None, typer.Option("--interactions", help="The interactions.csv to write.")] = None,
    mapping: Annotated[Path | None, typer.Option("--mapping", help="For generic: TOML, which column is which field.")] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Make a catalog, and interactions, of a data set: cleaned, each work once, every row that cannot be used named or counted.

    What can be used is written in any case; if there were bad rows, the exit code is 3 unless --skip-bad is given.
    """
    report = Report()
    try:
        with by_file() as report.on_progress:
            done = import_catalog(source, path, out, interactions=interactions, mapping=mapping, report=report)
    finally:
        for line in report.lines():
            typer.echo(line, err=True)
    told = f", {done.interactions:,} interactions in {interactions}" if interactions else ""
    typer.echo(f"{_counted(done.items)} in {out}{told}, {report.bad:,} bad rows", err=to_streams(out, interactions))
    if report.bad and not skip_bad:
        raise typer.Exit(CatalogError.exit_code)


@app.command()
def history(
    source: Annotated[str, typer.Argument(help=f"The service it comes from: {', '.join(EXPORTS)}.")],
    path: Annotated[Path, typer.Argument(help="What the service exported: the .zip, its folder, or a file of it.")],
    catalog: CatalogPath = None,
    out: Annotated[Path | None, typer.Option("--out", help="The JSON file to write; default: standard output.")] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Find a person's own history in a catalog: JSON with the ids they liked and saw, and the titles it lacks."""
    catalog = catalog or Settings.load().catalog_path
    if out is not None:
        of_export = real_path(path) in real_path(out).parents and any(out.match(name) for name in PATTERNS.get(source, ()))
        check_outputs(out, read=(path, out if of_export and out.exists() else None), catalog=catalog)
    items, report = read_catalog(catalog, skip_bad=skip_bad), Report()
    try:
        with by_file() as report.on_progress:
            found = read_history(source, path, items, report)
    finally:
        for line in report.lines():
            typer.echo(line, err=True)
    text = json.dumps(found.to_dict(), ensure_ascii=False, indent=1)
    if out is None:
        typer.echo(text)
    else:
        with replaced(out) as new:
            new.write_text(text + "\n", encoding="utf-8")
        typer.echo(
            f"{len(found.liked)} liked, {len(found.seen)} seen, {len(found.unmatched)} unmatched in {out}", err=to_streams(out)
        )
    if report.bad and not skip_bad:
        raise typer.Exit(CatalogError.exit_code)


def _counted(items: Iterable[Item]) -> str:
    kinds = [item.kind for item in items]
    return f"{len(kinds)} items ({', '.join(f'{kinds.count(kind)} {kind}' for kind in KINDS)})"
