"""How far a run is, and how long it will still take: steps count by what they are expected to take, not by their number."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

TRUST_S = 10.0
"""Seconds of work for which the expectation is believed as much as what was measured in this run."""


@dataclass(frozen=True)
class Progress:
    """What a person who waits is told."""

    what: str
    done: float
    """Share of all the work that is behind, in [0, 1]."""
    remaining_s: float | None = None
    """Expected seconds to the end; None before anything can be said."""


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Mark:
    """A point that a fit has reached."""

    done: float
    """Share of its steps, in [0, 1]; a fit may stop early."""
    epoch: int = 0
    """Epochs that are complete."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Losses and metrics, by name; only at the end of an epoch."""

    def __str__(self) -> str:
        return f"epoch {self.epoch}: " + ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in self.values.items())


class Meter:
    """Turns ticks of steps into a share of the whole and a time.

    Args:
        report: told of every change.
        notice: told what should stay to be read.
        clock: seconds.
    """

    def __init__(
        self,
        report: Report = lambda progress: None,
        notice: Callable[[str], None] = lambda line: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report, self.notice, self._clock = report, notice, clock
        self._costs: dict[str, float] = {}
        self._step, self._what, self._detail = "", "", ""
        self.run, self.runs = 1, 1
        """Which of how many runs alike this is."""
        self._worked = 0.0
        self._before = 0.0
        self._began = clock()

    def plan(self, costs: Mapping[str, float]) -> None:
        """Step → the seconds it is expected to take, in the order in which they come; time counts from here on."""
        self._costs, self._began, self._worked, self._step = dict(costs), self._clock(), 0.0, ""

    def say(self, what: str) -> None:
        """Tell something that is part of no step."""
        self._report(Progress(what, self._share(0.0)))

    def begin(self, step: str, what: str) -> None:
        """Go on to a step; those passed over on the way to it were finished before this run."""
        self._worked += self._costs.get(self._step, 0.0)
        self._step, self._what, self._detail = step, what, ""
        names = list(self._costs)
        if step in self._costs:
            self._before = sum(self._costs[name] for name in names[: names.index(step)])
        self.tick(0.0)

    def tick(self, done: float, detail: str = "") -> None:
        """A share of the step is done.

        Args:
            done: of this step, in [0, 1].
            detail: shown beside what is being done, until the next one is given.
        """
        self._detail = detail or self._detail
        share = self._share(done)
        worked = self._worked + done * self._costs.get(self._step, 0.0)
        pace = (self._clock() - self._began + TRUST_S) / (worked + TRUST_S)
        left = (1 - share) * self.runs * sum(self._costs.values()) * pace if self._costs else None
        what = f"{self._what}: {self._detail}" if self._detail else self._what
        self._report(Progress(f"training {self.run} of {self.runs}, {what}" if self.runs > 1 else what, share, left))

    def mark(self, mark: Mark) -> None:
        """The same of a fit."""
        self.tick(mark.done, str(mark) if mark.values else "")

    def _share(self, done: float) -> float:
        total = sum(self._costs.values())
        share = min(1.0, (self._before + done * self._costs.get(self._step, 0.0)) / total) if total else 0.0
        return (self.run - 1 + share) / self.runs
