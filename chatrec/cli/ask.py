"""`chatrec ask`, `chatrec chat`, `chatrec similar`: answers in the terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from chatrec.catalog.history import History
from chatrec.cli.options import CatalogPath, IndexPath, Models, NoLLM, Picks, SkipBad
from chatrec.errors import InputError
from chatrec.types import CandidatesFound, Final, Kind, Recommendation, Reply

if TYPE_CHECKING:
    from chatrec.recommender import Chat, Recommender

HistoryFile = Annotated[
    Path | None, typer.Option("--history", help="What you liked and saw before: the JSON file of `chatrec catalog history`.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print only the reply, as JSON, on standard output.")]


def ask(
    message: Annotated[str, typer.Argument(help="What you are in the mood for.")],
    as_json: AsJson = False,
    n: Picks = None,
    catalog: CatalogPath = None,
    index: IndexPath = None,
    models: Models = None,
    skip_bad: SkipBad = False,
    no_llm: NoLLM = False,
    history: HistoryFile = None,
) -> None:
    """Ask once."""
    conversation = _remembering(_open(catalog, index, models, skip_bad, no_llm).session(), history)
    reply = conversation.send(message, n=n)
    if as_json:
        sys.stdout.write(json.dumps(reply.to_dict(), ensure_ascii=False, indent=1) + "\n")
    else:
        _show(Console(), reply)


def chat(
    n: Picks = None,
    catalog: CatalogPath = None,
    index: IndexPath = None,
    models: Models = None,
    skip_bad: SkipBad = False,
    no_llm: NoLLM = False,
    session: Annotated[str | None, typer.Option(help="Go on with this conversation (with CHATREC_STORE set).")] = None,
    history: HistoryFile = None,
) -> None:
    """Talk in the terminal; an empty line or Ctrl-D ends it."""
    console = Console()
    conversation = _remembering(_open(catalog, index, models, skip_bad, no_llm).session(session), history)
    console.print("What are you in the mood for?", style="bold")
    while message := _read_line(console):
        try:
            _show(console, _stream(console, conversation, message, n))
        except InputError as error:
            console.print(Text(str(error), style="red"))


def similar(
    item_id: Annotated[str, typer.Argument(help="An id of the catalog, e.g. game:ftl.")],
    n: Picks = None,
    kind: Annotated[str | None, typer.Option(help="video, audio or game; default: the item's own medium.")] = None,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> None:
    """Items like one item, also across media."""
    if kind not in (None, "video", "audio", "game"):
        raise InputError(f"kind is video, audio or game, not {kind!r}")
    wanted: Kind | None = kind  # pyright: ignore[reportAssignmentType]
    found = _open(catalog, None, None, False, True).similar(item_id, n or 5, kind=wanted)
    if as_json:
        sys.stdout.write(json.dumps([pick.to_dict() for pick in found], ensure_ascii=False, indent=1) + "\n")
    else:
        Console().print(_table(found))


def _open(catalog: Path | None, index: Path | None, models: Path | None, skip_bad: bool, no_llm: bool) -> Recommender:
    from chatrec.recommender import Recommender

    overrides = {"catalog": catalog, "models": models, "llm": False if no_llm else None}
    return Recommender.open(index=index, skip_bad=skip_bad, progress=True, **overrides)


def _remembering(conversation: Chat, history: Path | None) -> Chat:
    """The conversation, told of what the person met before."""
    if history is not None:
        met = History.read(history)
        conversation.add_history(met.liked, met.seen)
    return conversation


def _read_line(console: Console) -> str:
    try:
        return console.input("[bold cyan]› [/]").strip()
    except EOFError:
        return ""


def _stream(console: Console, conversation: Chat, message: str, n: int | None) -> Reply:
    with Live(console=console, transient=True) as live:
        for event in conversation.stream(message, n=n):
            if isinstance(event, CandidatesFound):
                live.update(_table(event.recommendations))
            if isinstance(event, Final):
                return event.reply
    raise AssertionError("a turn always ends with its reply")


def _show(console: Console, reply: Reply) -> None:
    console.print(Text(reply.text))
    if reply.degraded:
        console.print(Text(f"Reasons are built from facts: {'; '.join(reply.degraded)}.", style="dim"))
    if reply.recommendations:
        console.print(_table(reply.recommendations))


def _table(picks: tuple[Recommendation, ...]) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 1, 1, 0))
    for place, pick in enumerate(picks, 1):
        item = pick.item
        facts = " · ".join(str(part) for part in (item.form or item.kind, *item.genres[:3]) if part)
        title = Text(f"{item.title}", style="bold").append(f" ({item.year})" if item.year else "", style="not bold")
        table.add_row(f"{place}.", Text.assemble(title, "  ", (facts, "dim"), "\n", pick.reason))
    return table
