"""Gradient descent in epochs of batches: what every fit shares."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch

from chatrec.errors import TrainingDataError
from chatrec.train.meter import Mark

TICK = 20
"""Steps from one mark within an epoch to the next."""


@dataclass(frozen=True)
class Descent:
    """One fit.

    Args:
        what: is fitted; named by the error.
        optimizer: of its parameters.
        schedule: of the learning rate, by step.
        epochs: as many as there are at most.
        tell: receives marks within an epoch.
        after: called with the number of each step, from 0, while its gradients are still there.
    """

    what: str
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    epochs: int
    tell: Callable[[Mark], None] = lambda mark: None
    after: Callable[[int], None] = lambda step: None

    def run(
        self, batches: Callable[[], Sequence[torch.Tensor]], loss: Callable[[torch.Tensor], torch.Tensor]
    ) -> Iterator[tuple[int, float]]:
        """Descend, and yield (epochs done, mean loss of a row) after each epoch; whoever has enough stops asking.

        Args:
            batches: row numbers of every batch of an epoch, drawn anew.
            loss: mean over the rows of a batch.

        Raises:
            TrainingDataError: the loss ceases to be a number.
        """
        step = 0
        for epoch in range(1, self.epochs + 1):
            total, drawn = 0.0, batches()
            for number, rows in enumerate(drawn):
                value = loss(rows)
                self.optimizer.zero_grad(set_to_none=True)
                value.backward()
                self.optimizer.step()
                self.schedule.step()
                self.after(step)
                step += 1
                total += float(value.detach()) * len(rows)
                if number % TICK == 0:
                    self.tell(Mark((epoch - 1 + number / len(drawn)) / self.epochs, epoch - 1))
            if not math.isfinite(total):
                raise TrainingDataError(
                    f"the loss of {self.what} is no longer a number in epoch {epoch}: try a smaller learning rate"
                )
            yield epoch, total / sum(map(len, drawn))
