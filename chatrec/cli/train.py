"""`chatrec train`: learning from dialogs and interactions."""

from __future__ import annotations

import platform
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from chatrec.cli.options import InteractionsCatalog
from chatrec.cli.tables import cross_validated, swept
from chatrec.errors import DependencyMissingError
from chatrec.evaluate.logs import Protocol
from chatrec.progress import counted, expected
from chatrec.settings import Settings
from chatrec.train.track import Track
from chatrec.train.tuning import NEEDS_PEFT, TowerConfig, Tuning

if TYPE_CHECKING:
    from chatrec.train.config import TrainConfig, TrainFiles
    from chatrec.train.cross_validate import Prepare
    from chatrec.train.prepare import Preparation

Dialogs = Annotated[list[Path], typer.Option("--dialogs", help="Dialog log to learn from; may be given several times.")]
CatalogFile = Annotated[Path, typer.Option("--catalog", help="The catalog the dialogs speak of.")]
ValidOfHead = Annotated[
    Path | None, typer.Option("--valid", help="The same as for `train head`, if that is to begin with these pools.")
]
Valid = Annotated[
    Path | None,
    typer.Option("--valid", help="Dialog log to report on; then, unless --no-refit, it is learned from."),
]
Interactions = Annotated[Path | None, typer.Option("--interactions", help="CSV: user_id,item_id,value,timestamp.")]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Same seed, same result.")]
Folds = Annotated[int, typer.Option("--folds", min=2, max=20, help="Folds for out-of-fold features.")]
Config = Annotated[Path | None, typer.Option("--config", help="How to fit the head: the best.json of `train sweep`.")]
Tuned = Annotated[Tuning, typer.Option("--tuning", help="How the text encoder is adapted to what people ask.")]
TuningExamples = Annotated[
    int, typer.Option("--tuning-examples", min=1, help="Most turns an encoder is tuned on, per fit; linear takes all.")
]
Tracked = Annotated[Track, typer.Option("--track", help="Where losses and recall by epoch go, besides the progress bar.")]


def train_head(
    dialogs: Dialogs,
    catalog: CatalogFile,
    out: Annotated[Path, typer.Option("--out", help="Folder for everything that is learned; use it with --models.")],
    valid: Valid = None,
    interactions: Interactions = None,
    interactions_catalog: InteractionsCatalog = None,
    seed: Seed = 0,
    folds: Folds = 5,
    refit: Annotated[bool, typer.Option("--refit/--no-refit", help="Fit on train + valid in the end, or on train only.")] = True,
    config: Config = None,
    tuning: Tuned = "none",
    tuning_examples: TuningExamples = TowerConfig.examples,
    track: Tracked = "none",
) -> None:
    """Learn retrievers, fusion, scoring head and calibration for one catalog, from dialogs that speak of it.

    --valid is reported on first. Then, unless --no-refit, it may bring back the shipped head, helps to calibrate, and is learned
    from.

    Interrupted, it goes on when the same command is given again, with the same result; finished steps wait in OUT/unfinished.
    """
    with _needs_extra():
        from chatrec.train.card import told_head, told_tower
        from chatrec.train.config import TrainFiles
        from chatrec.train.head import Trainer

        told = _told(folds, seed, config, tuning, tuning_examples, refit=refit)
    files = TrainFiles(tuple(dialogs), catalog, valid, interactions, interactions_catalog)
    with _preparation(files, told, track, out) as preparation:
        facts = Trainer(preparation, {"command": shlex.join(["chatrec", *sys.argv[1:]])}).run(out)
    typer.echo(f"{out}: {told_head(facts)}; see {out / 'README.md'}")
    typer.echo(f"text tower: {told_tower(facts['text_tower'])}")
    for protocol, metrics in facts["valid"].items():
        shown = ", ".join(f"R@{k} {value['value']:.3f}" for k, value in metrics["recall"].items())
        typer.echo(f"valid (protocol {protocol}, of models that had not seen it): {shown}")


def train_sweep(
    dialogs: Dialogs,
    catalog: CatalogFile,
    out: Annotated[Path, typer.Option("--out", help="Folder for best.json and the table, sweep.json.")],
    valid: ValidOfHead = None,
    interactions: Interactions = None,
    interactions_catalog: InteractionsCatalog = None,
    seed: Seed = 0,
    folds: Folds = 5,
    track: Tracked = "none",
) -> None:
    """Try other ways to fit the head: AdamW's learning rate and decay, loss weights, depth and dropout, one at a time.

    Learning rate .001, .002, .004; weight decay .01, .1; weights of the pointwise loss 0, .1, .5, of ratings and of sentiment
    0, .1, .5; 1, 2, 3 hidden layers; dropout 0, .1, .3.

    They are judged by the mean reciprocal rank on folds of the training dialogs that neither they nor the retrievers saw;
    --valid is never looked at. Candidates are gathered once, and stay in OUT/unfinished for
    `train head --config OUT/best.json --out OUT`.
    """
    with _needs_extra():
        from chatrec.train.config import TrainConfig, TrainFiles
        from chatrec.train.sweep import BEST, Sweep, chosen

    files = TrainFiles(tuple(dialogs), catalog, valid, interactions, interactions_catalog)
    with _preparation(files, TrainConfig(folds, seed), track, out) as preparation:
        rows = Sweep(preparation).run(out)
    Console().print(swept(rows))
    typer.echo(f"The best of {len(rows)} looks better than it is, for having been chosen; intervals are 95%, by dialog.")
    typer.echo(f"{out / BEST} is {chosen(rows).changed or 'the defaults'}, for `chatrec train head --config`")
    typer.echo("With the same files and --out, that begins with these pools.")


def train_cross_validate(
    dialogs: Dialogs,
    catalog: CatalogFile,
    out: Annotated[Path, typer.Option("--out", help="Folder for the report, cross_validated.json, and each fold's models.")],
    interactions: Interactions = None,
    interactions_catalog: InteractionsCatalog = None,
    seed: Seed = 0,
    folds: Folds = 5,
    config: Config = None,
    tuning: Tuned = "none",
    tuning_examples: TuningExamples = TowerConfig.examples,
    track: Tracked = "none",
) -> None:
    """Measure `train head` where there are too few dialogs to set any aside: train without each fold, and replay that fold.

    Takes as long as so many trainings. Nothing has seen the dialogs that it is asked about: neither what was fitted nor what
    was chosen. Interrupted, it goes on when the same command is given again.
    """
    with _needs_extra():
        from chatrec.train.config import TrainFiles
        from chatrec.train.cross_validate import REPORT, cross_validate

        told = _told(folds, seed, config, tuning, tuning_examples, refit=False)
    files = TrainFiles(tuple(dialogs), catalog, None, interactions, interactions_catalog)
    with _preparing(files, told, track, out) as prepare:
        report = cross_validate(files, told, out, prepare)
    for protocol, found in report.items():
        Console().print(cross_validated(found, protocol))
    typer.echo(f"{out / REPORT}")


def train_generator(
    out: Annotated[Path, typer.Option("--out", help="Folder for the adapter and its card.")],
    dialogs: Annotated[
        list[Path] | None, typer.Option("--dialogs", help="Dialog log whose messages give requests their shape; several times.")
    ] = None,
    base: Annotated[Path | None, typer.Option("--base", help="Folder of the model to teach; none: the default one.")] = None,
    start: Annotated[Path | None, typer.Option("--start", help="Folder of an adapter to teach further; none: a new one.")] = None,
    lessons: Annotated[int, typer.Option("--lessons", min=1, help="How many requests to learn from, each once.")] = 1000,
    rank: Annotated[int, typer.Option("--rank", min=1, max=128, help="Rank of the LoRA matrices.")] = 16,
    learning_rate: Annotated[float, typer.Option("--learning-rate", min=0.0, help="Highest learning rate.")] = 5e-4,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Torch threads.")] = 2,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="Same seed, same lessons, same order.")] = 0,
) -> None:
    """Fine-tune a language model (LoRA) on the very requests the chat poses, over the catalog the settings name.

    An interrupted run is gone on with by the same command.
    """
    with _needs_extra():
        import torch

        from chatrec.train.generator import GeneratorConfig, train_generator
        from chatrec.train.lessons import make_lessons, read_lessons, write_lessons
    from chatrec.evaluate.report import file_sha256
    from chatrec.generate.prompts import Prompts
    from chatrec.outputs import check_folder, check_own
    from chatrec.recommender import Recommender
    from chatrec.serve.llm import prepare_base
    from chatrec.train.card import CARD, FACTS, OF_ADAPTER, write_generator_card

    settings = Settings.load(llm=False)
    check_own(out, (CARD, FACTS), facts=FACTS, keys=OF_ADAPTER)
    check_folder(out)
    folder = base or prepare_base(settings)
    config = GeneratorConfig(rank=rank, alpha=2 * rank, learning_rate=learning_rate, seed=seed)
    kept = out / "lessons.jsonl"
    if kept.is_file():
        made = read_lessons(kept)
        typer.echo(f"the {len(made)} lessons of {kept} are used again; remove it to make others", err=True)
    else:
        recommender = Recommender.open(settings, progress=True)
        asked = make_lessons(recommender, Prompts.of(settings), lessons, held_out=False, dialogs=dialogs or [], seed=seed)
        made = []
        with expected("making lessons") as show:
            for one in asked:
                made.append(one)
                show("making lessons", len(made) / lessons, None)
        write_lessons(made, kept)
    torch.set_num_threads(threads)
    with expected("learning") as show:
        began: list[float] = []

        def tick(done: int, steps: int, loss: float) -> None:
            began.append(time.monotonic())
            pace = (began[-1] - began[0]) / (len(began) - 1) if len(began) > 1 else None
            show(f"learning, loss {loss:.3f}", done / steps, None if pace is None else pace * (steps - done))

        facts = train_generator(made, folder, out, config, tick, start=start)
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    data = {path.name: file_sha256(path) for path in dialogs or []}
    write_generator_card(out, facts | {"base": folder.name, "lessons": len(made), "versions": versions, "data": data})
    typer.echo(f"adapter of {facts['trainable_parameters']:,} parameters in {out}, loss {facts['loss']:.3f}")


def _told(folds: int, seed: int, config: Path | None, tuning: Tuning, tuning_examples: int, *, refit: bool) -> TrainConfig:
    """What decides a training of a head."""
    from chatrec.train.config import HeadOptions, TrainConfig
    from chatrec.train.models import ModelsConfig

    if tuning in NEEDS_PEFT:
        import peft  # noqa: F401 - so that it is missed before the work begins, not after

    options = HeadOptions.read(config) if config else HeadOptions()
    return TrainConfig(folds, seed, refit, ModelsConfig(tower=TowerConfig(tuning, tuning_examples)), options)


def train_llm_weight(
    dialogs: Annotated[Path, typer.Argument(help="Dialog log that the models were not trained on.")],
    catalog: CatalogFile,
    models: Annotated[Path, typer.Option("--models", help="Folder that `chatrec train head` wrote; its head.json is changed.")],
    recorded: Annotated[
        Path, typer.Option("--recorded", help="What the language model picked there: see `chatrec replay --stage generate`.")
    ],
    protocol: Annotated[Protocol, typer.Option("--protocol", help="new masks what was mentioned before.")] = "new",
    allow_leak: Annotated[bool, typer.Option("--allow-leak", help="Learn from dialogs that were trained on.")] = False,
) -> None:
    """Learn how much the rank that the language model gives counts beside the scoring head."""
    with _needs_extra():
        from chatrec.train.llm_weight import learn_llm_weight
    from chatrec.evaluate.run import ReplayConfig
    from chatrec.index.embed import Embedder

    settings = Settings.load()
    config = ReplayConfig(dialogs, catalog, models, "generate", protocol, allow_leak=allow_leak, recorded=recorded)
    with counted("replaying") as tick:
        found = learn_llm_weight(config, Embedder.of(settings), settings.build_dir, tick)
    typer.echo(f"{models}: llm_weight {found.weight:.3f} [{found.low:.3f}, {found.high:.3f}], learned from {found.turns} turns")
    typer.echo(f"mean -log p of the answer among what was shown: {found.loss_without:.4f} without, {found.loss_with:.4f} with it")


@contextmanager
def _needs_extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise DependencyMissingError(f"training needs {error.name}: pip install 'chatrec[train]'") from error


@contextmanager
def _preparation(files: TrainFiles, config: TrainConfig, track: Track, out: Path) -> Iterator[Preparation]:
    """What a training begins with."""
    with _preparing(files, config, track, out) as prepare:
        yield prepare(files, config)


@contextmanager
def _preparing(files: TrainFiles, config: TrainConfig, track: Track, out: Path) -> Iterator[Prepare]:
    """What begins a training, whose progress is shown and whose curves are tracked until the block ends."""
    from chatrec.index.embed import Embedder
    from chatrec.outputs import check_folder
    from chatrec.train.meter import Meter
    from chatrec.train.prepare import Preparation
    from chatrec.train.track import open_tracker

    settings = Settings.load()
    check_folder(out)
    tracker = open_tracker(track, out, asdict(config) | {"data": files.hashes()})
    try:
        with expected("starting") as show:
            meter = Meter(lambda told: show(told.what, told.done, told.remaining_s), lambda line: typer.echo(line, err=True))
            embedder = Embedder.of(settings)
            yield lambda files, config: Preparation(files, config, settings.build_dir, embedder, meter, tracker)
            show("done", 1.0, None)
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command goes on from the last finished step", err=True)
        raise
    finally:
        tracker.close()
