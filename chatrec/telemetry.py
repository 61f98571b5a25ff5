"""Logs and per-stage timing. Messages and prompts of people are not logged; sizes, versions and durations are."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from chatrec.types import StageTrace


def configure(level: str) -> None:
    """Send structured logs of at least `level` to standard error (standard output belongs to answers)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # looked up at each use: it may have been replaced
    )


class Stages:
    """Collects a `StageTrace` per stage of one turn."""

    def __init__(self) -> None:
        self.traces: list[StageTrace] = []

    @contextmanager
    def stage(self, name: str, n_in: int) -> Iterator[dict[str, Any]]:
        """Time a stage. The body fills the yielded dict; its `n_out` is taken out, the rest is the trace's detail."""
        detail: dict[str, Any] = {}
        start = time.perf_counter()
        yield detail
        ms = (time.perf_counter() - start) * 1000
        self.traces.append(StageTrace(stage=name, n_in=n_in, n_out=detail.pop("n_out", 0), ms=ms, detail=detail))
