"""`chatrec demo`: the UI and, beside it, the default language model; Ctrl-C ends both."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import structlog
import typer

from chatrec.errors import ChatrecError
from chatrec.serve.llm import LLMServer, prepare_model
from chatrec.serve.ui import serve_ui
from chatrec.settings import Settings

log = structlog.get_logger()


def demo(
    port: Annotated[int, typer.Option(help="Port of the UI on 127.0.0.1.")] = 7860,
    llm_port: Annotated[int, typer.Option(help="Port of the language model on 127.0.0.1.")] = 8100,
    serve: Annotated[bool, typer.Option(help="Start the default model with vLLM; off: use CHATREC_LLM_URL as it is.")] = True,
    log_file: Annotated[Path, typer.Option("--log", help="vLLM's log file.")] = Path("vllm.log"),
) -> None:
    """Open the UI at once and start the language model behind it."""
    settings = Settings.load(llm_url=f"http://127.0.0.1:{llm_port}/v1" if serve else None)
    if not serve:
        serve_ui(settings, port=port)
        return
    typer.echo(f"The page is up before the language model; the model's log is {log_file}. Ctrl-C ends both.", err=True)
    with ExitStack() as ends:
        starter = threading.Thread(target=_start, args=(settings, llm_port, log_file, ends), daemon=True)
        serve_ui(settings, port=port, ready=starter.start)


def _start(settings: Settings, port: int, log_file: Path, ends: ExitStack) -> None:
    """Start the model's server; whoever closes `ends` stops it."""
    try:
        server = LLMServer(prepare_model(settings), port=port, log_path=log_file)
        ends.callback(server.stop)
        server.start()
        server.wait_ready()
    except ChatrecError as error:
        log.error("the language model did not start; answers are built from facts", why=str(error))
