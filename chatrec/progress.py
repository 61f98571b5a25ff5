"""The progress bar of every command: on standard error, so that standard output is left to results.

Where standard error is no terminal, a bar is a line for every half minute, so that a log tells how far long work is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

LINE_S = 30.0
"""Seconds from one line of a log to the next."""
LINE_WIDTH = 160


def _seconds() -> float:
    return time.monotonic()


class _Bars(Progress):
    """Bars on a terminal, lines elsewhere."""

    def __init__(self, *columns: ProgressColumn) -> None:
        console = Console(stderr=True)
        if not console.is_terminal:
            console = Console(stderr=True, width=LINE_WIDTH)
        super().__init__(*columns, console=console, disable=not console.is_terminal, get_time=_seconds)
        self._told = self.get_time()

    def update(self, task_id: TaskID, **changes: Any) -> None:
        super().update(task_id, **changes)
        now = self.get_time()
        if self.disable and now - self._told >= LINE_S:
            self._told = now
            self.console.print(self.make_tasks_table([task for task in self.tasks if task.id == task_id]))


@contextmanager
def bars(*columns: ProgressColumn) -> Iterator[Progress]:
    """Bars with a description in front and these columns behind."""
    described = TextColumn("{task.description}", markup=False)
    with _Bars(described, BarColumn(), *columns) as shown:
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
