"""`chatrec replay`: dialog logs against the system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from chatrec.cli import tables
from chatrec.cli.options import Models
from chatrec.errors import DependencyMissingError, InputError
from chatrec.evaluate.logs import Protocol, Stage, Understanding
from chatrec.progress import counted
from chatrec.settings import Settings


def replay(
    dialogs: Annotated[Path, typer.Argument(help="Dialog log, dialogs.jsonl.")],
    catalog: Annotated[Path, typer.Option("--catalog", help="The catalog the dialogs speak of.")],
    out: Annotated[Path, typer.Option("--out", help="Report to write, JSON.")],
    rankings: Annotated[
        Path | None,
        typer.Option(
            help="Rankings to write, JSON lines; default: X.rankings.jsonl beside X.json, rankings.jsonl beside report.json"
        ),
    ] = None,
    models: Models = None,
    stage: Annotated[Stage, typer.Option("--stage", help="How far each turn is taken.")] = "score",
    protocol: Annotated[Protocol, typer.Option("--protocol", help="new masks what was mentioned before.")] = "new",
    k: Annotated[str, typer.Option("--k", help="Cut-offs, e.g. 1,10,50.")] = "1,10,50",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many instances.")] = None,
    understand: Annotated[
        Understanding,
        typer.Option("--understand", help="given: annotated mentions are known; text: only what a chat would read in the words."),
    ] = "given",
    recorded: Annotated[
        Path | None,
        typer.Option(help="Model output for stage generate; recorded from the served model if there is no such file."),
    ] = None,
    allow_leak: Annotated[bool, typer.Option("--allow-leak", help="Score dialogs that were trained on; stamped.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Page with plots to write, one file that opens from disk.")] = None,
) -> None:
    """Predict each recommender turn from the turns before it, and report how often the gold was found."""
    from chatrec.evaluate.report import rankings_beside
    from chatrec.evaluate.run import ReplayConfig, run_replay
    from chatrec.generate.prompts import Prompts
    from chatrec.generate.write import Writer
    from chatrec.index.embed import Embedder
    from chatrec.index.generation import homes
    from chatrec.llm import LLM
    from chatrec.outputs import check_outputs, is_stream, to_streams

    write_page = page_writer() if html else None
    settings = Settings.load(models=models)
    if rankings is None and is_stream(out):
        raise InputError(f"rankings cannot be written beside {out}, which is no file: name theirs with --rankings")
    rankings = rankings or rankings_beside(out)
    config = ReplayConfig(dialogs, catalog, settings.models, stage, protocol, cutoffs(k), limit, allow_leak, understand, recorded)
    kept = recorded if recorded is not None and recorded.exists() else None
    closed = (settings.models, *homes(settings.build_dir))
    check_outputs(out, rankings, html, None if kept else recorded, read=(dialogs, kept), catalog=catalog, closed=closed)
    with counted("replaying") as tick:
        writer = Writer(LLM.of(settings), Prompts.of(settings), settings) if stage == "generate" and settings.llm else None
        embedder = Embedder.of(settings)
        report = run_replay(config, out, rankings, embedder, settings.build_dir, writer=writer, tick=tick)
    if html and write_page:
        write_page(html, report)
    console = Console(stderr=to_streams(out, rankings, html))
    _stamp(console, report["provenance"]["leak"])
    for part in tables.replayed(report):
        console.print(part, highlight=False)
    console.print(", ".join(str(path) for path in (out, rankings, html) if path))


def page_writer() -> Callable[[Path, Mapping[str, Any]], None]:
    """What writes a report as a page; looked for before the replay, which takes minutes.

    Raises:
        DependencyMissingError: there is nothing to plot with.
    """
    try:
        from chatrec.evaluate.page import write_page
    except ModuleNotFoundError as error:
        raise DependencyMissingError(f"--html needs {error.name}: pip install 'chatrec[train]'") from error
    return write_page


def baselines(
    dialogs: Annotated[Path, typer.Argument(help="Dialog log, dialogs.jsonl.")],
    catalog: Annotated[Path, typer.Option("--catalog", help="The catalog the dialogs speak of.")],
    models: Models = None,
    protocol: Annotated[Protocol, typer.Option("--protocol", help="new masks what was mentioned before.")] = "new",
    k: Annotated[str, typer.Option("--k", help="Cut-offs, e.g. 1,10,50.")] = "1,10,50",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many instances.")] = None,
    allow_leak: Annotated[bool, typer.Option("--allow-leak", help="Score dialogs that were trained on; stamped.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Report to write, JSON.")] = None,
) -> None:
    """Each retriever by itself, all of them, and all but one, on the same dialogs: baselines and an ablation."""
    from chatrec.evaluate.baselines import notes, run_baselines
    from chatrec.evaluate.report import write_report
    from chatrec.evaluate.run import ReplayConfig
    from chatrec.index.embed import Embedder
    from chatrec.index.generation import homes
    from chatrec.outputs import check_outputs, to_streams

    settings = Settings.load(models=models)
    config = ReplayConfig(dialogs, catalog, settings.models, "retrieve", protocol, cutoffs(k), limit, allow_leak)
    check_outputs(out, read=[dialogs], catalog=catalog, closed=(settings.models, *homes(settings.build_dir)))
    with counted("replaying") as tick:
        report = run_baselines(config, Embedder.of(settings), settings.build_dir, tick=tick)
    if out is not None:
        write_report(out, {"protocol": protocol, **report})
    console = Console(stderr=to_streams(out))
    _stamp(console, report["leak"])
    console.print(tables.baselines(report, protocol))
    for line in notes(protocol):
        console.print(line, highlight=False, markup=False)


def _stamp(console: Console, leak: Mapping[str, int | bool], of: str = "") -> None:
    """Say before all figures what of the dialogs was trained on."""
    from chatrec.evaluate.leaks import told_leak

    if told := told_leak(leak):
        console.print(f"{of}{told}", style="bold red" if leak["allowed"] else "yellow", markup=False)


def compare(
    a: Annotated[Path, typer.Argument(help="Report or rankings of one replay.")],
    b: Annotated[Path, typer.Argument(help="Report or rankings of the other, of the same dialogs.")],
    k: Annotated[str, typer.Option("--k", help="Cut-offs, e.g. 1,10,50.")] = "1,10,50",
) -> None:
    """The difference between two replays, with a 95% interval: paired bootstrap, drawn by dialog."""
    from chatrec.evaluate.compare import compare, differing_settings, leak_of, read_rankings

    rows = read_rankings(a), read_rankings(b)
    differing = differing_settings(a, b)
    differences = compare(*rows, cutoffs(k))
    console = Console()
    for name, path in (("A", a), ("B", b)):
        if (leak := leak_of(path)) is None:
            console.print(f"{name}: not known what of the dialogs was trained on: rankings do not tell it, their report does")
        else:
            _stamp(console, leak, f"{name}: ")
    for line in differing:
        console.print(line, highlight=False, markup=False)
    console.print(tables.compared(differences, f"A: {a}, B: {b}"))


def cutoffs(text: str) -> tuple[int, ...]:
    """`1,10,50` as numbers, in order.

    Raises:
        InputError: it is something else.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 0 < int(part) <= 100 for part in parts):
        raise InputError(f"--k takes numbers from 1 to 100 separated by commas, not {text!r}")
    return tuple(sorted({int(part) for part in parts}))
