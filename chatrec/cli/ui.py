"""`chatrec ui`: the page in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from chatrec.cli.options import CatalogPath, IndexPath, Models, NoLLM, Picks, SkipBad
from chatrec.settings import Settings


def ui(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen at.")] = 7860,
    host: Annotated[str, typer.Option(help="Address to listen at; the page has no passwords.")] = "127.0.0.1",
    n: Picks = None,
    catalog: CatalogPath = None,
    index: IndexPath = None,
    models: Models = None,
    skip_bad: SkipBad = False,
    no_llm: NoLLM = False,
) -> None:
    """Open the page with chat and cards, until Ctrl-C. Starts no language model: see `chatrec demo` for that."""
    from chatrec.serve.ui import serve_ui

    settings = Settings.load(n=n, catalog=catalog, models=models, llm=False if no_llm else None)

    def tell() -> None:
        typer.echo(f"The page is at http://{host}:{port}/ (Ctrl-C ends it).", err=True)

    serve_ui(settings, host=host, port=port, index=index, skip_bad=skip_bad, ready=tell)
