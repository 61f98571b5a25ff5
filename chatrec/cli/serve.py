"""`chatrec serve`: long-running servers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatrec.serve.llm import LLMServer, prepare_model
from chatrec.settings import Settings

app = typer.Typer(help="Long-running servers.", no_args_is_help=True)


@app.command()
def llm(
    prepare_only: Annotated[bool, typer.Option("--prepare-only", help="Only convert and cache the model.")] = False,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8100,
    log: Annotated[Path, typer.Option(help="The server's log file.")] = Path("vllm.log"),
) -> None:
    """Serve the default language model with vLLM on this machine's CPU, until Ctrl-C."""
    model = prepare_model(Settings.load())
    if prepare_only:
        typer.echo(f"model ready in {model}")
        return
    with LLMServer(model, port=port, log_path=log) as server:
        server.wait_ready()
        typer.echo(f"serving {model} at {server.url}; log: {log}; Ctrl-C stops it", err=True)
        server.wait()
