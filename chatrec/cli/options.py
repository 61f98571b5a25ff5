"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

CatalogPath = Annotated[
    Path | None, typer.Option("--catalog", help="A catalog.jsonl or a folder of them; default: the one that ships.")
]
IndexPath = Annotated[Path | None, typer.Option("--index", help="A built index (one generation's folder) to use as it is.")]
ChromaUrl = Annotated[
    str | None, typer.Option("--chroma-url", help="A Chroma server to search in, http://host:port; default: the index's folder.")
]
InteractionsCatalog = Annotated[
    Path | None, typer.Option("--interactions-catalog", help="Catalog of the interactions' ids, joined through `links`.")
]
Models = Annotated[Path | None, typer.Option("--models", help="A folder that `chatrec train head` wrote.")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out and count catalog lines that cannot be read.")]
Picks = Annotated[int | None, typer.Option("-n", "--n", min=1, max=20, help="Picks per answer.")]
NoLLM = Annotated[bool, typer.Option("--no-llm", help="Do not ask the language model; reasons are built from facts.")]
