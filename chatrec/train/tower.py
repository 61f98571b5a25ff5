"""Fitting the query side of the text tower, by one of five ways; the item side is the index's vectors, which stay.

All minimise the same loss, over the turns e that somebody answered with the items T_e, weighted by w_e:

    L = −Σ_e w_e / |T_e| · Σ_{j ∈ T_e} log softmax_j(cos(q_e, v_·) / τ)

Since item vectors are fixed, the softmax can be over the whole catalog, where towers that train both sides make do with the
items of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from chatrec.index.open import Index
from chatrec.retrieve.adapt import ADAPTER, LOW_RANK, WEIGHT, body, encode, insert_adapters
from chatrec.retrieve.tower import EncoderTower, LinearTower, query_vectors
from chatrec.train.descent import Descent
from chatrec.train.meter import Mark
from chatrec.train.retrievers import Example
from chatrec.train.tuning import LEARNING_RATES, TowerConfig

Tell = Callable[[Mark], None]
Changes = dict[str, NDArray[Any]]
ORTHOGONALITY = 0.1
"""Weight of AdaLoRA's regulariser, which keeps the factors of each matrix apart (Zhang et al. 2023, eq. 4)."""
LEAST_SINGULAR = 1e-5
"""Of a change, relative to its largest singular value: what is below was pruned, or is rounding."""


def fit_tower(
    index: Index, examples: Sequence[Example], config: TowerConfig, tick: Tell = lambda mark: None
) -> LinearTower | EncoderTower | None:
    """Fit the tower that the configuration asks for; None if it asks for none, or nobody said anything to learn from.

    Raises:
        TrainingDataError: the loss is no longer a number.
        ModuleNotFoundError: LoRA and AdaLoRA need peft.
    """
    answered = [example for example in examples if example.targets]
    torch.manual_seed(config.seed)
    if config.tuning == "linear":
        return _fit_linear(index, answered, config, tick)
    told = [example for example in answered if example.query.text]
    return _fit_encoder(index, told, config, tick) if told and config.tuning != "none" else None


class _Linear(nn.Module):
    """Two maps, as what they add to the identity, so that weight decay pulls them there."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.text, self.named = (nn.Parameter(torch.zeros(dimension, dimension)) for _ in range(2))

    def forward(self, said: torch.Tensor, named: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(said + said @ self.text.T + named + named @ self.named.T, dim=1)


def _fit_linear(index: Index, examples: Sequence[Example], config: TowerConfig, tick: Tell) -> LinearTower | None:
    vectors = np.array([query_vectors(example.query, index) for example in examples], dtype=np.float32)
    kept = [row for row, vector in enumerate(vectors) if vector.any()]
    if not kept:
        return None
    said, named = torch.from_numpy(vectors[kept]).unbind(dim=1)
    model = _Linear(index.vectors.shape[1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATES["linear"], weight_decay=config.linear_decay)
    loss = _Loss(index, [examples[row] for row in kept], config)
    _descend(
        loss, lambda rows: model(said[rows], named[rows]), optimizer, config.linear_epochs, config.linear_batch, config, tick
    )
    unit = np.eye(index.vectors.shape[1], dtype=np.float32)
    return LinearTower(unit + model.text.detach().numpy(), unit + model.named.detach().numpy())


def _fit_encoder(index: Index, examples: Sequence[Example], config: TowerConfig, tick: Tell) -> EncoderTower:
    drawn = np.random.default_rng(config.seed).permutation(len(examples))[: config.examples]
    examples = [examples[row] for row in sorted(drawn.tolist())]
    model = index.embedder.copy_of_model().train()
    steps = config.epochs * -(-len(examples) // config.batch)
    tuned = METHODS[config.tuning](body(model), config, steps)
    trained = [weight for weight in body(model).parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATES[config.tuning], weight_decay=0.01)
    loss = _Loss(index, examples, config)

    def queries(rows: torch.Tensor) -> torch.Tensor:
        return encode(model, [examples[row].query.text for row in rows.tolist()])

    _descend(loss, queries, optimizer, config.epochs, config.batch, config, tick, tuned)
    return EncoderTower(tuned.changes(), tuned.parameters)


class _Loss:
    """The loss over the items of the index, or over a sample of them that holds the answers."""

    def __init__(self, index: Index, examples: Sequence[Example], config: TowerConfig) -> None:
        self._items, self._config = torch.tensor(index.vectors), config
        self._targets = [example.targets for example in examples]
        self.weights = torch.tensor([1.0 if e.recommended else config.named_weight for e in examples])

    def __call__(self, queries: torch.Tensor, rows: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Of the queries [rows, d] of some examples."""
        targets = [self._targets[row] for row in rows.tolist()]
        items = self._drawn(targets, rng)
        goal = np.zeros((len(targets), len(items)), dtype=np.float32)
        for place, answer in enumerate(targets):
            goal[place, np.searchsorted(items, answer)] = 1 / len(answer)
        cosines = queries @ self._items[torch.from_numpy(items)].T
        each = nn.functional.cross_entropy(cosines / self._config.temperature, torch.from_numpy(goal), reduction="none")
        return (each * self.weights[rows]).sum() / self.weights[rows].sum()

    def _drawn(self, targets: Sequence[Sequence[int]], rng: np.random.Generator) -> NDArray[np.int64]:
        """Rows of the items that are told apart, ascending."""
        count = len(self._items)
        if count <= self._config.negatives:
            return np.arange(count)
        return np.union1d(rng.choice(count, self._config.negatives, replace=False), np.concatenate([*map(list, targets)]))


class _Method:
    """A way to change an encoder; made, it has marked what is trained.

    Args:
        encoder: without its pooler.
        config: widths and ranks.
        steps: that will be taken.
    """

    def __init__(self, encoder: nn.Module, config: TowerConfig, steps: int) -> None:
        self._encoder = encoder
        self._start(config, steps)

    def _start(self, config: TowerConfig, steps: int) -> None: ...

    @property
    def parameters(self) -> int:
        """How many are trained."""
        return sum(weight.numel() for weight in self._encoder.parameters() if weight.requires_grad)

    def penalty(self) -> torch.Tensor | float:
        """Added to the loss."""
        return 0.0

    def after(self, step: int) -> None:
        """After each step, counted from 0, while gradients are still there."""

    def changes(self) -> Changes:
        """What was learned, as `chatrec.retrieve.adapt` stores it."""
        raise NotImplementedError


class _Full(_Method):
    """All weights."""

    def changes(self) -> Changes:
        return {f"{WEIGHT}/{name}": weight.detach().numpy() for name, weight in self._encoder.named_parameters()}


class _Adapters(_Method):
    """Houlsby's bottlenecks; everything else is frozen."""

    def _start(self, config: TowerConfig, steps: int) -> None:
        self._encoder.requires_grad_(False)
        for adapter in insert_adapters(self._encoder, config.bottleneck):
            adapter.requires_grad_(True)

    def changes(self) -> Changes:
        weights = {name: weight for name, weight in self._encoder.named_parameters() if weight.requires_grad}
        return {f"{ADAPTER}/{name}": weight.detach().numpy() for name, weight in weights.items()}


class _LoRA(_Method):
    """Low-rank changes of every linear layer (Hu et al. 2021)."""

    def _start(self, config: TowerConfig, steps: int) -> None:
        from peft import LoraConfig, get_peft_model

        options: Any = LoraConfig(r=config.rank, lora_alpha=2 * config.rank, lora_dropout=0.1, target_modules="all-linear")
        get_peft_model(self._encoder, options)  # type: ignore[arg-type]

    def changes(self) -> Changes:
        """Each change as the product of two factors, through its singular values: the same for whatever made it."""
        from peft.tuners.lora import LoraLayer

        found: Changes = {}
        for name, layer in self._encoder.named_modules():
            if not isinstance(layer, LoraLayer):
                continue
            left, singular, right = torch.linalg.svd(layer.get_delta_weight("default").detach(), full_matrices=False)  # type: ignore[operator]
            kept = singular > LEAST_SINGULAR * singular.max()
            found[f"{LOW_RANK}/up/{name}"] = (left[:, kept] * singular[kept]).numpy()
            found[f"{LOW_RANK}/down/{name}"] = right[kept].numpy()
        return found


class _AdaLoRA(_LoRA):
    """LoRA whose ranks go where they matter: begun with half as much again and pruned (Zhang et al. 2023)."""

    def _start(self, config: TowerConfig, steps: int) -> None:
        from peft import AdaLoraConfig, get_peft_model

        options: Any = AdaLoraConfig(
            init_r=config.rank * 3 // 2,
            target_r=config.rank,
            tinit=steps // 10,
            tfinal=(steps + 1) // 3,
            total_step=steps,
            lora_alpha=2 * config.rank,
            target_modules="all-linear",
        )
        self._ranks: Any = get_peft_model(self._encoder, options).base_model  # type: ignore[arg-type]

    @property
    def parameters(self) -> int:
        """How many belong to ranks that are kept: those that were pruned are masked by a singular value of 0."""
        from peft.tuners.adalora import AdaLoraLayer

        layers = [layer for layer in self._encoder.modules() if isinstance(layer, AdaLoraLayer)]
        weights = [(layer.lora_A["default"], layer.lora_B["default"], layer.lora_E["default"]) for layer in layers]
        return sum(int(e.count_nonzero()) * (a.shape[1] + b.shape[0] + 1) for a, b, e in weights)

    def penalty(self) -> torch.Tensor:
        """Mean of ‖PᵀP − I‖² and ‖QQᵀ − I‖² over the layers."""
        of = [(name, weight) for name, weight in self._encoder.named_parameters() if "lora_A" in name or "lora_B" in name]
        grams = [weight @ weight.T if "lora_A" in name else weight.T @ weight for name, weight in of]
        return ORTHOGONALITY * torch.stack([(gram - torch.eye(len(gram))).square().sum() for gram in grams]).mean()

    def after(self, step: int) -> None:
        """Prune."""
        self._ranks.update_and_allocate(step)


METHODS: dict[str, type[_Method]] = {"lora": _LoRA, "adalora": _AdaLoRA, "adapters": _Adapters, "full": _Full}


def _descend(
    loss: _Loss,
    queries: Callable[[torch.Tensor], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    epochs: int,
    batch: int,
    config: TowerConfig,
    tick: Tell,
    method: _Method | None = None,
) -> None:
    """AdamW with a warm-up and a cosine, in batches drawn by the seed."""
    rng, count = np.random.default_rng(config.seed), len(loss.weights)
    per_epoch = -(-count // batch)
    rate = optimizer.param_groups[0]["lr"]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(20, epochs * per_epoch), pct_start=0.1)

    def batches() -> list[torch.Tensor]:
        return [torch.from_numpy(rows) for rows in np.array_split(rng.permutation(count), per_epoch)]

    def value(rows: torch.Tensor) -> torch.Tensor:
        told = loss(queries(rows), rows, rng)
        return told + method.penalty() if method else told

    descent = Descent("the text tower", optimizer, schedule, epochs, tick, *([method.after] if method else []))
    for epoch, mean in descent.run(batches, value):
        tick(Mark(epoch / epochs, epoch, {"loss": mean}))
