"""One model for values and for order that also reaches items nobody has met: what is known of an item, beside what was done.

A user is the items met; an item vector is a map of its features (text vector, facts) plus a free part that is left out at
random in training, so that the features alone learn to stand for an item without interactions.

    q_j = A·f_j + z_j,   h_u = tanh(M·[mean q_j, mean d_uj·q_j])  over the items met, d_uj = value less what biases predict
    order(u, i) = h_u · q_i + c_i + α·EASE(u, i)
    value(u, i) = bias(u, i) + (V·h_u) · q_i + v·f_i

Loss = softmax cross-entropy of items of the user's that were hidden, over the whole catalog, + w · squared error of their
values in units of the variance that biases leave. α is chosen on the validation part after that.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from chatrec.errors import InputError
from chatrec.evaluate.ratings import Floats, Interactions, Rows
from chatrec.train.ratings_systems import Bias, Ease


@dataclass(frozen=True)
class HybridConfig:
    """How the model is fitted.

    Raises:
        InputError: a weight is negative or not finite.
    """

    dimension: int = 64
    epochs: int = 30
    """Most passes over the users; the number is chosen by the loss on the validation part."""
    patience: int = 3
    batch: int = 256
    learning_rate: float = 5e-3
    weight_decay: float = 1e-2
    hidden: float = 0.5
    """Share of a user's items that are hidden, to be predicted from the others."""
    feature_only: float = 0.3
    """Share of the items whose free part is left out of a step."""
    value_weight: float = 0.2
    """Weight of the squared error against the cross-entropy; 0 learns order only."""

    def __post_init__(self) -> None:
        if not 0 <= self.value_weight < math.inf:
            raise InputError(f"the weight of squared error is a finite number, 0 or more, not {self.value_weight}")


class _Net(torch.nn.Module):
    def __init__(self, features: torch.Tensor, counts: torch.Tensor, dimension: int) -> None:
        super().__init__()
        self.register_buffer("features", features)
        self.map = torch.nn.Linear(features.shape[1], dimension, bias=False)
        self.free = torch.nn.Parameter(torch.randn(len(features), dimension) * 0.01)
        self.taste = torch.nn.Linear(2 * dimension, dimension)
        self.value = torch.nn.Linear(dimension, dimension, bias=False)
        torch.nn.init.zeros_(self.value.weight)
        self.value_of = torch.nn.Parameter(torch.zeros(features.shape[1]))
        self.common = torch.nn.Parameter(torch.log(counts + 0.5) - torch.log(counts + 0.5).mean())

    def items(self, kept: torch.Tensor | None = None) -> torch.Tensor:
        """float32 [items, d]; `kept` [items, 1] is 0 where the free part is left out."""
        free = self.free if kept is None else self.free * kept
        return self.map(self.features) + free  # type: ignore[arg-type]

    def users(self, items: torch.Tensor, seen: torch.Tensor, deviations: torch.Tensor) -> torch.Tensor:
        """float32 [users, d] from sparse [users, items], both with rows divided by the root of the number of items."""
        return torch.tanh(self.taste(torch.cat([seen @ items, deviations @ items], dim=1)))

    def corrections(self, users: torch.Tensor, items: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """What is added to the biases' prediction of pairs."""
        return (self.value(users) * items[rows]).sum(dim=1) + self.features[rows] @ self.value_of  # type: ignore[index]


@dataclass(frozen=True, eq=False)
class Hybrid:
    """The fitted model."""

    users: Floats
    items: Floats
    common: Floats
    valued: Floats
    """float32 [users, d]: V·h_u."""
    item_values: Floats
    """float32 [items]: v·f_i."""
    bias: Bias
    deviation: float
    """Standard deviation of what biases leave: the unit of corrections."""
    ease: Ease
    blend: float = 0.0
    """α."""

    def scores(self, users: Rows) -> Floats:
        """The order: shares of the softmax, as logarithms, and EASE's part; comparable between users."""
        logits = self.users[users] @ self.items.T + self.common
        top = logits.max(axis=1, keepdims=True)
        logits -= top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
        return logits + np.float32(self.blend) * self.ease.scores(users) if self.blend else logits

    def values(self, users: Rows, items: Rows) -> Floats:
        """Predicted values."""
        corrections = (self.valued[users] * self.items[items]).sum(axis=1) + self.item_values[items]
        return self.bias.values(users, items) + np.float32(self.deviation) * corrections


def fit_hybrid(
    train: Interactions,
    features: Floats,
    bias: Bias,
    ease: Ease,
    config: HybridConfig,
    seed: int = 0,
    valid: Interactions | None = None,
    tick: Callable[[int], None] = lambda epoch: None,
) -> tuple[Hybrid, int]:
    """Fit to `train`; with `valid` keep the pass whose loss on it is least.

    Args:
        train: what is learned from.
        features: float32 [items, n], what is known of each item.
        bias, ease: fitted to the same.
        config: how.
        seed: of the start and of what is hidden.
        valid: interactions to choose the number of passes by; without them `config.epochs` are made.
        tick: called after each pass.

    Returns:
        The model, and how many passes it took.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    counts = torch.from_numpy(np.bincount(train.items, minlength=train.item_count).astype(np.float32))
    net = _Net(torch.tensor(features), counts, config.dimension)
    optimizer = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    data = _Data.of(train, bias)
    best, kept, made = np.inf, _fitted(net, data, bias, ease), 0
    for epoch in range(1, config.epochs + 1):
        net.train()
        for users in np.array_split(rng.permutation(data.active), -(-len(data.active) // config.batch)):
            loss = _loss(net, data, users, rng, config)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        tick(epoch)
        if valid is None:
            continue
        model = _fitted(net, data, bias, ease)
        now = _held_loss(model, valid, config)
        if now < best:
            best, kept, made = now, model, epoch
        elif epoch - made >= config.patience:
            break
    return (kept, made) if valid is not None else (_fitted(net, data, bias, ease), config.epochs)


@dataclass(frozen=True, eq=False)
class _Data:
    """Training interactions by user; deviations are in units of `deviation`."""

    items: list[Rows]
    deviations: list[Floats]
    active: Rows
    deviation: float
    width: int

    @classmethod
    def of(cls, train: Interactions, bias: Bias) -> _Data:
        left = train.values - bias.values(train.users, train.items)
        deviation = max(float(left.std()), 1e-6)
        order = np.argsort(train.users, kind="stable")
        cuts = np.cumsum(np.bincount(train.users, minlength=train.user_count))[:-1]
        items = np.split(train.items[order], cuts)
        scaled = np.split((left[order] / deviation).astype(np.float32), cuts)
        active = np.array([user for user, mine in enumerate(items) if len(mine)], dtype=np.int64)
        return cls(items, scaled, active, deviation, train.item_count)

    def tables(self, users: Rows, kept: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
        """Sparse [users, items]: the kept items, and their deviations, rows divided by the root of their number."""
        lengths = np.array([int(mask.sum()) for mask in kept])
        rows = np.repeat(np.arange(len(users)), lengths)
        columns = np.concatenate([self.items[user][mask] for user, mask in zip(users, kept, strict=True)])
        left = np.concatenate([self.deviations[user][mask] for user, mask in zip(users, kept, strict=True)])
        scale = (1 / np.sqrt(np.maximum(lengths, 1)))[rows].astype(np.float32)
        places, size = torch.from_numpy(np.stack([rows, columns])), (len(users), self.width)
        one, other = (torch.from_numpy(data) for data in (scale, scale * left))
        return (
            torch.sparse_coo_tensor(places, one, size, check_invariants=True),
            torch.sparse_coo_tensor(places, other, size, check_invariants=True),
        )


def _loss(net: _Net, data: _Data, users: Rows, rng: np.random.Generator, config: HybridConfig) -> torch.Tensor:
    kept = [rng.random(len(data.items[user])) >= config.hidden for user in users]
    items = net.items((torch.from_numpy(rng.random((data.width, 1))) >= config.feature_only).float())
    tastes = net.users(items, *data.tables(users, kept))
    hidden = [~mask for mask in kept]
    rows = torch.from_numpy(np.repeat(np.arange(len(users)), [int(mask.sum()) for mask in hidden]))
    targets = torch.from_numpy(np.concatenate([data.items[u][m] for u, m in zip(users, hidden, strict=True)]))
    truth = torch.from_numpy(np.concatenate([data.deviations[u][m] for u, m in zip(users, hidden, strict=True)]))
    if not len(targets):
        return 0.0 * net.free.sum()
    order = torch.log_softmax(tastes @ items.T + net.common, dim=1)[rows, targets]
    loss = -order.mean()
    if config.value_weight:
        loss = loss + config.value_weight * torch.nn.functional.mse_loss(net.corrections(tastes[rows], items, targets), truth)
    return loss


def _held_loss(model: Hybrid, held: Interactions, config: HybridConfig) -> float:
    """The training loss on held-out interactions."""
    order = 0.0
    for start in range(0, len(held), 512):
        users, items = held.users[start : start + 512], held.items[start : start + 512]
        order -= float(model.scores(users)[np.arange(len(users)), items].sum())
    errors = (model.values(held.users, held.items) - held.values) / model.deviation
    return order / len(held) + config.value_weight * float((errors**2).mean())


def _fitted(net: _Net, data: _Data, bias: Bias, ease: Ease) -> Hybrid:
    net.eval()
    with torch.inference_mode():
        items = net.items()
        parts = []
        for users in np.array_split(np.arange(len(data.items)), -(-len(data.items) // 512)):
            everything = [np.ones(len(data.items[user]), dtype=bool) for user in users]
            parts.append(net.users(items, *data.tables(users, everything)))
        tastes = torch.cat(parts)
        valued = (net.features @ net.value_of).numpy()  # type: ignore[operator]
        return Hybrid(
            tastes.numpy(),
            items.numpy(),
            net.common.numpy().copy(),
            net.value(tastes).numpy(),
            valued,
            bias,
            data.deviation,
            ease,
        )
