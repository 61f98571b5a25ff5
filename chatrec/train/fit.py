"""Fitting the head: listwise, with early stopping, the same result for the same seed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from torch import Tensor, nn

from chatrec.errors import TrainingDataError
from chatrec.score.head import Head, HeadConfig
from chatrec.train.descent import Descent
from chatrec.train.meter import Mark
from chatrec.train.pools import Pools, found_within
from chatrec.train.tasks import STRICT, LossWeights, Tasks

Positive = Annotated[int, Field(ge=1)]
LEAST_STEPS, LEAST_BATCH = 16, 8
"""Steps that an epoch has at least, unless their batches were smaller than the second: a hundred instances in batches of 64 would
be two steps. Out of fold on 122 instances of OpenDialKG, batches of 16 had an MRR of .525, those of 64 .454 (one seed)."""
SHOWN = 5
"""Picks of an answer, unless more or fewer are asked for."""
LEAST_VARIANCE = 1e-6
"""A feature that varies less among the candidates that a head learns from tells it nothing."""
BEYOND_SCALE = 1e30
"""Scale of such a feature: whatever its value, the head sees 0."""


@dataclass(frozen=True)
class FitConfig:
    """How the head is fitted."""

    epochs: Positive = 12
    patience: Positive = 3
    stop_after: int | None = None
    """Stop after so many of the epochs, on the same schedule, whatever the held-out loss says."""
    batch: Positive = 64
    """Most instances in a step; of few instances fewer (`LEAST_STEPS`)."""
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    loss_weights: LossWeights = field(default_factory=LossWeights)
    sampled: Annotated[int, Field(ge=2)] = 80
    """Candidates of an instance that a step looks at: its gold, what a further loss has an answer for, and a fresh sample of the
    others."""
    seed: int = 0

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


def fit_head(
    config: HeadConfig,
    train: Pools,
    held_out: Pools,
    fit: FitConfig | None = None,
    start: Head | None = None,
    report: Callable[[Mark], None] = lambda mark: None,
) -> tuple[Head, int]:
    """Fit a head by the softmax cross-entropy of gold among the candidates (ListNet's top-one loss, Cao et al. 2007).

    Args:
        config: shape of the head.
        train: what it learns from.
        held_out: what decides when to stop; other dialogs.
        fit: hyper-parameters.
        start: weights to begin with, kept if no epoch is better; it must have the same features.
        report: receives a mark after some of the steps, and one with losses and recall after each epoch.

    Returns:
        The head of the best epoch, and how many epochs that took; 0 if `start` was best.

    Raises:
        TrainingDataError: no instance has both gold and other candidates, or the loss ceases to be a number.
    """
    fit = fit or FitConfig()
    torch.manual_seed(fit.seed)
    train = _with_targets(train, fit.loss_weights)
    data = _Tensors.of(train.take(_usable(train)))
    fit = replace(fit, batch=min(fit.batch, max(LEAST_BATCH, len(data) // LEAST_STEPS)))
    check = _Tensors.of(held_out.take(held_out.gold.sum(axis=1) > 0))
    head = copy.deepcopy(start) if start is not None else standardised(Head(config), train)
    begun = mean_loss(head, check) if start is not None and len(check) else float("inf")
    best, best_loss, best_epoch = copy.deepcopy(head), begun, 0
    for epoch, loss in _epochs(head, _tasks(config, fit.loss_weights), data, fit, report):
        now = mean_loss(head, check) if len(check) else 0.0
        losses = {"loss": loss / len(head.members)}
        done = epoch / (fit.stop_after or fit.epochs)
        report(Mark(done, epoch, losses | (_held_out(head, held_out, now) if len(check) else {})))
        if now < best_loss or not len(check) or fit.stop_after:
            best, best_loss, best_epoch = copy.deepcopy(head), now, epoch
        elif epoch - best_epoch >= fit.patience:
            break
        if epoch == fit.stop_after:
            break
    return best.eval(), best_epoch


def _with_targets(pools: Pools, weights: LossWeights) -> Pools:
    """The same with the targets of those tasks alone that have a weight."""
    nothing = np.full_like(pools.gold, np.nan)
    return replace(pools, rating=pools.rating if weights.rating else nothing, liked=pools.liked if weights.sentiment else nothing)


def _usable(pools: Pools) -> NDArray[np.bool_]:
    """bool [n]: the instances that some loss can learn from.

    Raises:
        TrainingDataError: the ranking can learn from none.
    """
    gold = pools.gold.sum(axis=1)
    ranking = (gold > 0) & (gold < pools.present.sum(axis=1))
    if not ranking.any():
        raise TrainingDataError("no instance has both gold and other candidates: nothing can be learned about ranking")
    return ranking | ~(np.isnan(pools.rating) & np.isnan(pools.liked)).all(axis=1)


def _tasks(config: HeadConfig, weights: LossWeights) -> nn.ModuleList:
    """What each member learns beside the ranking; empty if that is nothing."""
    width = config.hidden if config.layers else 2 * len(config.features)
    members = config.members if weights.rating or weights.sentiment else 0
    return nn.ModuleList(Tasks(width, weights) for _ in range(members))


def _epochs(
    head: Head, tasks: nn.ModuleList, data: _Tensors, fit: FitConfig, report: Callable[[Mark], None]
) -> Iterator[tuple[int, float]]:
    """(epochs done, mean training loss) of AdamW on a cosine schedule."""
    order = torch.Generator().manual_seed(fit.seed)
    optimizer = torch.optim.AdamW([*head.parameters(), *tasks.parameters()], lr=fit.learning_rate, weight_decay=fit.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, fit.epochs * -(-len(data) // fit.batch))
    planned = fit.stop_after or fit.epochs

    def batches() -> tuple[Tensor, ...]:
        head.train()
        return torch.randperm(len(data), generator=order).split(fit.batch)

    def loss(rows: Tensor) -> Tensor:
        return _loss(head, tasks, data.sample(rows, fit.sampled, order), fit.loss_weights.pointwise)

    def tell(mark: Mark) -> None:
        report(replace(mark, done=mark.done * fit.epochs / planned))

    return Descent("the head", optimizer, schedule, fit.epochs, tell).run(batches, loss)


def _held_out(head: Head, pools: Pools, loss: float) -> dict[str, float]:
    recall = found_within(pools, predict(head, pools), 10).sum() / max(1.0, float(pools.asked.sum()))
    return {"held_out_loss": loss, "held_out_recall_10": float(recall)}


def standardised(head: Head, pools: Pools) -> Head:
    """Set the head's mean and scale to those of the known features, and make it deaf to values that never varied.

    Nothing can be learned of such a feature, and the weights that it was drawn would be noise wherever it varies in use. Nor of
    the mark that a feature is known, if none ever was.
    """
    flat = pools.features[pools.present]
    sample = flat[np.random.default_rng(0).permutation(len(flat))[:200_000]].astype(np.float32)
    known = ~np.isnan(sample)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, sample, 0).sum(axis=0) / counts
    variance = np.where(known, (sample - mean) ** 2, 0).sum(axis=0) / counts
    varied = variance > LEAST_VARIANCE
    head.mean.copy_(torch.from_numpy(mean.astype(np.float32)))
    head.scale.copy_(torch.from_numpy(np.where(varied, np.sqrt(variance), BEYOND_SCALE).astype(np.float32)))
    never = torch.from_numpy(np.flatnonzero(~known.any(axis=0))) + known.shape[1]  # marks follow the values
    with torch.no_grad():
        for name, weights in head.named_parameters():
            if name.endswith(("wide.weight", "deep.0.weight")):
                weights[:, never] = 0.0
    return head


def predict(head: Head, pools: Pools) -> np.ndarray:
    """float32 [n, width]: logits; -inf in the padding."""
    head.eval()
    data = _Tensors.of(pools)
    with torch.inference_mode():
        parts = [head(data.features[rows].float()) for rows in torch.arange(len(data)).split(256)]
    logits = torch.cat(parts) if parts else torch.zeros(pools.present.shape)
    return logits.masked_fill(~data.present, -torch.inf).numpy()


@dataclass(frozen=True, eq=False)
class Judged:
    """What a head made of candidates that it did not learn from, all instances in one row."""

    logits: NDArray[np.float64]
    gold: NDArray[np.float64]
    shown: NDArray[np.float64]
    """Logits of the first `SHOWN` of each instance."""

    @classmethod
    def of(cls, pools: Pools, logits: np.ndarray) -> Judged:
        """Those that are present; both are [n, width]."""
        first = np.sort(np.where(pools.present, logits, -np.inf), axis=1)[:, -SHOWN:]
        present = (values[pools.present] for values in (logits, pools.gold))
        return cls(*(values.astype(np.float64) for values in (*present, first[np.isfinite(first)])))

    def __add__(self, other: Judged) -> Judged:
        """Both."""
        parts = zip((self.logits, self.gold, self.shown), (other.logits, other.gold, other.shown), strict=True)
        return Judged(*(np.append(*part) for part in parts))


def calibrate(config: HeadConfig, judged: Judged) -> HeadConfig:
    """Platt scaling of held-out logits (Platt 1999): slope and offset by Newton's method on the log loss.

    What is a low or a high fit is set so that a third each of what would be shown is one.
    """
    x, y = judged.logits, judged.gold
    design = np.stack([x, np.ones_like(x)], axis=1)
    theta = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ theta, -30, 30)))
        gradient = design.T @ (p - y) + 1e-3 * (theta - [1.0, 0.0])
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 1e-3 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        theta -= np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            break
    slope, offset = max(theta[0], 1e-3), theta[1]
    low, high = np.quantile(1 / (1 + np.exp(-(slope * judged.shown + offset))), (1 / 3, 2 / 3))
    return replace(config, slope=float(slope), offset=float(offset), fit_bounds=(float(low), float(high)))


def listwise_losses(head: Head, pools: Pools) -> NDArray[np.float64]:
    """float64: the listwise loss of each instance with gold among its candidates, in order."""
    return _losses(head, _Tensors.of(pools.take(pools.gold.sum(axis=1) > 0))).double().numpy()


def mean_loss(head: Head, data: _Tensors) -> float:
    """Mean listwise loss."""
    return float((_losses(head, data) * data.weight).sum() / data.weight.sum())


def _losses(head: Head, data: _Tensors) -> Tensor:
    head.eval()
    with torch.inference_mode():
        parts = [data.take(rows) for rows in torch.arange(len(data)).split(256)]
        return torch.cat([_listwise(head(part.features.float()), part) for part in parts])


@dataclass(frozen=True, eq=False)
class _Tensors:
    """Pools as tensors."""

    features: Tensor
    gold: Tensor
    present: Tensor
    liked: Tensor
    rating: Tensor
    weight: Tensor

    @classmethod
    def of(cls, pools: Pools) -> _Tensors:
        return cls(*(torch.from_numpy(getattr(pools, part.name)) for part in fields(cls)))

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: Tensor) -> _Tensors:
        return _Tensors(*(getattr(self, part.name)[rows] for part in fields(self)))

    def sample(self, rows: Tensor, width: int, generator: torch.Generator) -> _Tensors:
        """Some instances, each with its gold, what a task has a target for, and others drawn without replacement."""
        known = {name: getattr(self, name)[rows] for name in ("gold", "present", "liked", "rating")}
        lot = torch.rand(known["gold"].shape, generator=generator) + 2 * known["gold"] + known["present"]
        lot = lot + ~(known["liked"].isnan() & known["rating"].isnan())
        columns = lot.topk(min(width, lot.shape[1]), dim=1).indices
        drawn = {name: value.gather(1, columns) for name, value in known.items()}
        return _Tensors(self.features[rows[:, None], columns].float(), weight=self.weight[rows], **drawn)


def _loss(head: Head, tasks: nn.ModuleList, data: _Tensors, pointwise: float) -> Tensor:
    """Summed over the members, mean over the instances: of the ranking, over those with gold."""
    total = torch.zeros(())
    ranked = data.weight * (data.gold.sum(dim=1) > 0)
    for place, (logits, hidden) in enumerate(head.layers(data.features)):
        losses = _listwise(logits, data)
        if pointwise:
            binary = nn.functional.binary_cross_entropy_with_logits(logits, data.gold, reduction="none")
            losses = losses + pointwise * (binary * data.present).sum(dim=1)
        total = total + (losses * ranked).sum() / ranked.sum().clamp(min=1e-6)
        if len(tasks):
            told = tasks[place](hidden, data.rating, data.liked)
            total = total + (told * data.weight).sum() / data.weight.sum()
    return total


def _listwise(logits: Tensor, data: _Tensors) -> Tensor:
    """float [instances]: cross-entropy of gold, spread evenly, against the softmax over the candidates."""
    logs = torch.log_softmax(logits.masked_fill(~data.present, -1e4), dim=-1)
    return -(logs * data.gold).sum(dim=-1) / data.gold.sum(dim=-1).clamp(min=1)
