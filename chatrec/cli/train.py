"""`chatrec train`: learning from dialogs and interactions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from chatrec.errors import DependencyMissingError
from chatrec.settings import Settings


def train_head(
    dialogs: Annotated[list[Path], typer.Option("--dialogs", help="Dialog log to learn from; may be given several times.")],
    catalog: Annotated[Path, typer.Option("--catalog", help="The catalog the dialogs speak of.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for everything that is learned; use it with --models.")],
    valid: Annotated[Path | None, typer.Option("--valid", help="Dialog log to report on; joins the final fit.")] = None,
    interactions: Annotated[Path | None, typer.Option("--interactions", help="CSV: user_id,item_id,value,timestamp.")] = None,
    interactions_catalog: Annotated[
        Path | None, typer.Option("--interactions-catalog", help="Catalog of the interactions' ids, joined through `links`.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same result.")] = 0,
    folds: Annotated[int, typer.Option("--folds", min=2, max=20, help="Folds for out-of-fold features.")] = 5,
    refit: Annotated[bool, typer.Option("--refit/--no-refit", help="Fit on train + valid in the end, or on train only.")] = True,
) -> None:
    """Learn retrievers, fusion, scoring head and calibration for one catalog, from dialogs that speak of it."""
    try:
        from chatrec.train.head import TrainConfig, Trainer, TrainFiles
    except ModuleNotFoundError as error:
        raise DependencyMissingError(f"training needs {error.name}: pip install 'chatrec[train]'") from error
    from chatrec.index.embed import Embedder

    settings = Settings.load()
    files = TrainFiles(tuple(dialogs), catalog, valid, interactions, interactions_catalog)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=1.0)

        def report(what: str, done: float) -> None:
            progress.update(task, description=what, completed=done)

        trainer = Trainer(files, TrainConfig(folds, seed, refit), settings.build_dir, Embedder.of(settings), report)
        facts = trainer.run(out)
        report("done", 1.0)
    typer.echo(f"{', '.join(facts['retrievers'])} and a {facts['head']['kind']} head in {out}; see {out / 'README.md'}")
    for protocol, metrics in facts["valid"].items():
        shown = ", ".join(f"R@{k} {value['value']:.3f}" for k, value in metrics["recall"].items())
        typer.echo(f"valid (protocol {protocol}, before it was learned from): {shown}")
