"""The progress bar of every command: on standard error, so that standard output is left to results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@contextmanager
def bars(*columns: ProgressColumn) -> Iterator[Progress]:
    """Bars with a description in front and these columns behind."""
    described = TextColumn("{task.description}", markup=False)
    with Progress(described, BarColumn(), *columns, console=Console(stderr=True)) as shown:
        yield shown


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that counts; the function takes (done, of how many)."""
    with bars(MofNCompleteColumn(), TimeRemainingColumn()) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


@contextmanager
def by_file() -> Iterator[Callable[[str, float], None]]:
    """A bar for each file; the function takes (its name, the share done)."""
    with bars(TaskProgressColumn(), TimeElapsedColumn()) as shown:
        tasks = {}

        def show(what: str, done: float) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=1.0)
            shown.update(tasks[what], completed=done)

        yield show


@contextmanager
def expected(what: str) -> Iterator[Callable[[str, float, float | None], None]]:
    """One bar for work of many steps; the function takes (what is being done, the share done, seconds left if known)."""
    left = TextColumn("{task.fields[left]}", markup=False)
    with bars(TaskProgressColumn(), TimeElapsedColumn(), left) as shown:
        task = shown.add_task(what, total=1.0, left="")

        def show(what: str, done: float, remaining_s: float | None) -> None:
            told = "" if remaining_s is None else f"about {timedelta(seconds=round(remaining_s))} left"
            shown.update(task, description=what, completed=done, left=told)

        yield show
