"""`chatrec catalog`: look after catalogs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatrec.catalog.read import read_catalog
from chatrec.types import KINDS

app = typer.Typer(help="Look after catalogs.", no_args_is_help=True)


@app.command()
def check(path: Annotated[Path, typer.Argument(help="A catalog.jsonl or a folder of them.")]) -> None:
    """Read a catalog, name every line that cannot be used, and count what can."""
    catalog = read_catalog(path, skip_bad=True)
    for error in catalog.skipped:
        typer.echo(str(error), err=True)
    counts = ", ".join(f"{sum(item.kind == kind for item in catalog.values())} {kind}" for kind in KINDS)
    typer.echo(f"{len(catalog)} items ({counts}), {len(catalog.skipped)} bad lines")
    if catalog.skipped:
        raise typer.Exit(catalog.skipped[0].exit_code)
