"""All commands under their names."""

from __future__ import annotations

import typer

from chatrec import __version__
from chatrec.cli import ask, catalog, demo, doctor, evaluate, index, serve, ui
from chatrec.cli.replay import baselines, compare, replay
from chatrec.cli.train import train_cross_validate, train_generator, train_head, train_llm_weight, train_sweep
from chatrec.settings import Settings
from chatrec.telemetry import configure

EPILOG = """Exit codes: 0 answered (also without the language model); 1 failed; 2 unusable input or setting; 3 bad catalog or log
line; 4 index missing, mismatched or damaged; 5 model or package missing; 6 data missing or not learnable; 7 the data to be
scored were trained on; 8 the language model failed where it was indispensable; 130 interrupted."""

app = typer.Typer(
    help="A generative conversational recommender for videos, audio and games.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
train = typer.Typer(help="Learn from dialogs and interactions.", no_args_is_help=True)
train.command("head")(train_head)
train.command("generator")(train_generator)
train.command("sweep")(train_sweep)
train.command("cross-validate")(train_cross_validate)
train.command("llm-weight")(train_llm_weight)
app.command("ask")(ask.ask)
app.command("chat")(ask.chat)
app.command("similar")(ask.similar)
app.command("ui")(ui.ui)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("replay")(replay)
app.command("baselines")(baselines)
app.command("compare")(compare)
app.add_typer(index.app, name="index")
app.add_typer(catalog.app, name="catalog")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(serve.app, name="serve")
app.add_typer(train, name="train")


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    """Common to all commands."""
    if version:
        typer.echo(__version__)
        raise typer.Exit
    configure(Settings.load().log_level)
