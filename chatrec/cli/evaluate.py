"""`chatrec evaluate`: systems that learn from interactions, beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from chatrec.cli.options import InteractionsCatalog, Models
from chatrec.cli.tables import table
from chatrec.errors import DependencyMissingError
from chatrec.progress import expected
from chatrec.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from chatrec.index.embed import Embedder

OF_ALL = (
    "AUC liked: predicted values tell what is at least the median value; AUC: held-out against unmet items, all users"
    " together, per user: each alone. 95% intervals, by user."
)
BY_ITEM = (
    "cold: nobody met it in training; AUC here is among unmet items that are as new. —: predicts order only, or nothing of"
    " the kind is held out. chatrec: text, facts, biases and EASE, one model for values and order. chat: what the chat ranks"
    " for somebody of whom it knows what they met; its candidates come first, all others tie behind them."
)
Held = Annotated[
    Literal["last-out", "temporal"],
    typer.Option("--split", help="Hold out each user's last one, or everything after one moment (the latest tenth)."),
]
Values = Annotated[
    Literal["auto", "rating", "log"],
    typer.Option("--values", help="Compare values as they stand, or as log(1 + value); auto: log if more than 20 differ."),
]
WriteSplit = Annotated[
    Path | None,
    typer.Option("--write-split", help="Folder to write what is not held out into: train.csv, for train head --interactions."),
]
app = typer.Typer(help="Compare systems that learn from interactions.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """A group, though it has one command."""


@app.command("ratings")
def ratings(
    interactions: Annotated[Path, typer.Option("--interactions", help="CSV: user_id,item_id,value,timestamp.")],
    catalog: Annotated[Path, typer.Option("--catalog", help="The catalog whose items are ranked.")],
    interactions_catalog: InteractionsCatalog = None,
    split: Held = "last-out",
    values: Values = "auto",
    max_users: Annotated[int, typer.Option("--max-users", min=2, help="Read a uniform sample of so many users.")] = 20_000,
    value_weight: Annotated[
        float, typer.Option("--value-weight", min=0.0, help="Weight of squared error against the ranking loss in our model.")
    ] = 0.2,
    models: Models = None,
    allow_leak: Annotated[
        bool, typer.Option("--allow-leak", help="Score models that learned from what is held out; stamped.")
    ] = False,
    write_split: WriteSplit = None,
    out: Annotated[Path | None, typer.Option("--out", help="Report to write, JSON.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Same seed, same sample, split and start.")] = 0,
) -> None:
    """Predict held-out ratings, hours or plays, and rank what was held out among all that a user has not met.

    Our model, which also knows text and facts, is fitted and scored on the same split as the usual baselines; beside them stands
    the chat, with the head that ships and with --models. Models that are to be unaware of what is held out are trained on
    the train.csv of --write-split.
    """
    try:
        from chatrec.train.ratings import RatingsConfig, run_ratings
        from chatrec.train.ratings_hybrid import HybridConfig
    except ModuleNotFoundError as error:
        raise DependencyMissingError(f"this needs {error.name}: pip install 'chatrec[train]'") from error
    from chatrec.evaluate.report import write_report
    from chatrec.index.generation import homes
    from chatrec.outputs import check_outputs, to_streams

    settings = Settings.load(models=models)
    parts = split_files(write_split)
    check_outputs(
        out,
        *parts,
        read=[interactions, interactions_catalog, *(interactions_catalog.glob("*.jsonl") if interactions_catalog else ())],
        catalog=catalog,
        closed=(settings.models, *homes(settings.build_dir)),
    )
    scale, hybrid = None if values == "auto" else values, HybridConfig(value_weight=value_weight)
    taught = settings.models, allow_leak, interactions_catalog, write_split
    config = RatingsConfig(interactions, catalog, split, scale, max_users, seed, hybrid, *taught)
    with expected("reading") as show:
        embedder = telling(settings.embedder, lambda done: show(f"embedding the catalog, {done:,} texts", 0.0, None))
        report = run_ratings(config, embedder, settings.build_dir, tick=lambda what, done: show(what, done, None))
    if out is not None:
        write_report(out, report)
    console = Console(stderr=to_streams(out))
    stamp(console, report["models"])
    for part in (*tables(report), *notes(report), *([out] if out else []), *parts):
        console.print(part if isinstance(part, Table) else str(part), highlight=False, markup=False)


def split_files(folder: Path | None) -> list[Path]:
    """The files that a split is written into.

    Raises:
        InputError: one that is somebody's own has the name of one of them.
    """
    from chatrec.outputs import check_own
    from chatrec.train.ratings_split import FILES, KEYS, OF_WHAT

    if folder is None:
        return []
    check_own(folder, FILES, facts=OF_WHAT, keys=KEYS)
    return [folder / name for name in FILES]


def stamp(console: Console, models: Mapping[str, Any] | None) -> None:
    """Say before all figures what models learned from."""
    from chatrec.train.ratings_split import told_guard

    if models:
        style = "bold red" if models["allowed"] else "yellow" if models["learned_from"] == "neither" else None
        console.print(told_guard(models["name"], models), style=style, markup=False)


def telling(model: str, tell: Callable[[int], None]) -> Embedder:
    """An embedder that tells how many texts it has been given, before it embeds them."""
    from chatrec.index.embed import Embedder

    class Telling(Embedder):
        given = 0

        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.given += len(texts)
            tell(self.given)
            return super().encode(texts)

    return Telling(model)


def tables(report: Mapping[str, Any]) -> tuple[Table, Table]:
    """All metrics of every system, and those of items that nobody had met beside those of the others."""
    from chatrec.evaluate.figures import cell

    unit = "of log(1 + value)" if report["reading"]["scale"] == "log" else "of ratings"
    means = ("rmse", "liked_auc", "auc", "user_auc", "ndcg@10")
    whole, parts = [], []
    for name, entry in report["systems"].items():
        slices = (entry["slices"][part] for part in ("cold", "warm"))
        whole.append((name, *(cell(entry[metric]) for metric in means)))
        parts.append((name, *(cell(part[metric]) for part in slices for metric in ("peer_auc", "ndcg@10"))))
    columns = ("system", f"RMSE {unit}", "AUC liked", "AUC", "AUC per user", "NDCG@10")
    peers = ("system", "cold: AUC", "NDCG@10", "warm: AUC", "NDCG@10")
    return table(columns, whole, "all held-out interactions", OF_ALL), table(peers, parts, "by item, per user", BY_ITEM)


def notes(report: Mapping[str, Any]) -> list[str]:
    """What was read, held out and left out, and how far it can be trusted, in sentences."""
    from chatrec.evaluate.metrics import FEW_GROUPS

    reading, split = report["reading"], report["split"]
    of = f" of {reading['users_in_file']:,}" if reading["users_in_file"] else ", a sample of those in the file"
    told = [
        f"{reading['users']:,} users{of}; learned from {split['learned_from']:,} interactions; held out"
        f" ({split['how']}) {split['held_out']:,} of {split['users_held_out']:,} users, {split['of_cold_items']:,} of"
        f" items nobody had met; {split['items_ranked']:,} items ranked"
    ]
    if split["users_held_out"] < FEW_GROUPS:
        told.append(f"warning: the intervals are drawn from {split['users_held_out']} users only, and say little")
    if reading["unknown_lines"]:
        example = reading["unknown_example"]
        told.append(f"lines left out, for the catalog lacks their item: {reading['unknown_lines']:,}, for instance {example!r}")
    if reading["repeated"]:
        told.append(f"lines that repeat a user and item named before: {reading['repeated']:,}; the last one counts")
    if split["of_new_users"]:
        told.append(f"later interactions left out, for their users have no earlier one: {split['of_new_users']:,}")
    if reading["one_value"]:
        told.append("every value is the same: one class only, so RMSE means nothing and nothing can be told liked from not")
    return told
