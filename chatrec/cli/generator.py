"""`chatrec train generator`: teach a small language model to pick and to explain."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import Annotated

import typer

from chatrec.cli.progress import expected
from chatrec.errors import DependencyMissingError
from chatrec.settings import Settings


def train_generator(
    out: Annotated[Path, typer.Option("--out", help="Folder for the adapter and its card.")],
    dialogs: Annotated[
        list[Path] | None, typer.Option("--dialogs", help="Dialog log whose messages give requests their shape; several times.")
    ] = None,
    base: Annotated[Path | None, typer.Option("--base", help="Folder of the model to teach; none: the default one.")] = None,
    lessons: Annotated[int, typer.Option("--lessons", min=1, help="How many requests to learn from, each once.")] = 1000,
    rank: Annotated[int, typer.Option("--rank", min=1, max=128, help="Rank of the LoRA matrices.")] = 16,
    learning_rate: Annotated[float, typer.Option("--learning-rate", min=0.0, help="Highest learning rate.")] = 5e-4,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Torch threads.")] = 2,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same lessons, same order.")] = 0,
) -> None:
    """Fine-tune a language model (LoRA) on the very requests the chat poses, over the catalog the settings name.

    An interrupted run is gone on with by the same command.
    """
    try:
        import torch

        from chatrec.train.generator import GeneratorConfig, train_generator
        from chatrec.train.lessons import make_lessons, read_lessons, write_lessons
    except ModuleNotFoundError as error:
        raise DependencyMissingError(f"training needs {error.name}: pip install 'chatrec[train]'") from error
    from chatrec.evaluate.report import file_sha256
    from chatrec.generate.prompts import Prompts
    from chatrec.recommender import Recommender
    from chatrec.serve.llm import prepare_base
    from chatrec.train.card import write_generator_card

    settings = Settings.load(llm=False)
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

        facts = train_generator(made, folder, out, config, tick)
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    data = {path.name: file_sha256(path) for path in dialogs or []}
    write_generator_card(out, facts | {"base": folder.name, "lessons": len(made), "versions": versions, "data": data})
    typer.echo(f"adapter of {facts['trainable_parameters']:,} parameters in {out}, loss {facts['loss']:.3f}")
