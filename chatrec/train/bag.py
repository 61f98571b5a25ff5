"""Fitting the bag-of-concepts softmax: from what a conversation holds to what was put forward next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from chatrec.index.open import Index
from chatrec.retrieve.collaborative import BagOfConcepts
from chatrec.retrieve.concepts import concepts
from chatrec.score.table import Floats
from chatrec.train.descent import Descent
from chatrec.train.known import Known
from chatrec.train.meter import Mark
from chatrec.train.retrievers import Example, vocabulary

ENOUGH_PAIRS = 20_000
"""Pairs of context and target from which on the bag of concepts is trained for as long as its configuration says."""
LEAST_STEPS = 20
"""A schedule with fewer steps has no room to warm up in."""


@dataclass(frozen=True)
class BagConfig:
    """How the bag-of-concepts softmax is fitted."""

    dimension: int = 192
    """This and `named_weight` were set on held-out folds of ReDial's training dialogs."""
    members: int = 3
    epochs: int = 5
    tried: tuple[int, ...] = (10, 20, 40, 80)
    """Other numbers of epochs, tried where there are few examples (`choose_epochs`)."""
    batch: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 0.0
    dropout: float = 0.5
    """Share of the concepts that are left out of an example, at random, each time it is seen."""
    hidden_dropout: float = 0.4
    rarest: int = 2
    """Concepts of fewer examples, and facts of fewer items, are left out."""
    named_weight: float = 0.6
    """Weight of what people named themselves, against what was recommended to them."""
    seed: int = 0


class _Bag(torch.nn.Module):
    """The softmax in training form.

    The vector of an item is a free one, plus a map of its text's vector, plus those of its facts: what dialogs tell of a genre
    or a person speaks for works, too, that none of them names.
    """

    def __init__(self, concepts_: int, texts: torch.Tensor, facts_: _Padded, counts: torch.Tensor, config: BagConfig) -> None:
        super().__init__()
        d, width = config.dimension, texts.shape[1]
        self.embed = torch.nn.EmbeddingBag(concepts_ + 1, d, mode="sum", padding_idx=concepts_)
        torch.nn.init.normal_(self.embed.weight, std=0.1)
        self.text = torch.nn.Linear(width, d, bias=False)
        self.project = torch.nn.Linear(width, d, bias=False)
        self.free = torch.nn.Parameter(torch.randn(len(texts), d) * 0.01)
        self.bias = torch.nn.Parameter(torch.log(counts + 0.5) - torch.log(counts + 0.5).mean())
        self.named = torch.nn.Parameter(torch.zeros(len(texts)))
        self.facts = torch.nn.EmbeddingBag(facts_.padding + 1, d, mode="sum", padding_idx=facts_.padding)
        torch.nn.init.normal_(self.facts.weight, std=0.01)
        self.register_buffer("texts", texts)
        self.register_buffer("told", facts_.numbers)
        self.register_buffer("roots", facts_.roots)
        self.drop = torch.nn.Dropout(config.hidden_dropout)

    def items(self) -> torch.Tensor:
        return self.free + self.project(self.texts) + self.facts(self.told) / self.roots

    def forward(self, bags: _Padded, texts: torch.Tensor, named: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.embed(bags.numbers) / bags.roots + self.text(texts))
        return self.drop(hidden) @ self.items().T + self.bias + named[:, None] * self.named


def bag_of_concepts(
    index: Index,
    examples: Sequence[Example],
    known: Known,
    config: BagConfig,
    tick: Callable[[Mark], None] = lambda mark: None,
    hidden: NDArray[np.bool_] | None = None,
) -> BagOfConcepts:
    """Fit the bag-of-concepts softmax; members differ by seed and are averaged.

    Args:
        index: of the catalog.
        examples: what is learned from.
        known: facts of its works.
        config: hyper-parameters.
        tick: told how far this is.
        hidden: bool [items]: what bare examples cannot name, and say nothing against.
    """
    hidden = np.zeros(len(index.ids), dtype=bool) if hidden is None else hidden
    bags = [concepts(example.query, index) for example in examples]
    vocab = vocabulary(bags, config.rarest)
    numbers = [np.array([vocab[c] for c in bag if c in vocab], dtype=np.int64) for bag in bags]
    told_of = _facts(known, config.rarest)

    def member(number: int) -> tuple[Floats, Floats, Floats, Floats]:
        def told(mark: Mark) -> None:
            tick(Mark((number + mark.done) / config.members, number * config.epochs + mark.epoch, mark.values))

        return _fit_bag(index, examples, numbers, len(vocab), told_of, config, config.seed + number, told, hidden)

    members = [member(number) for number in range(config.members)]
    stack = [np.stack(part) for part in zip(*members, strict=True)]
    return BagOfConcepts(vocab, *stack)


def choose_epochs(
    index: Index,
    examples: Sequence[Example],
    groups: Sequence[int],
    known: Known,
    config: BagConfig,
    tick: Callable[[Mark], None] = lambda mark: None,
) -> int:
    """How long to train the bag of concepts: few dialogs need many passes, or suffer from them; held-out dialogs tell.

    Args:
        index: of the catalog.
        examples: what it will be fitted on.
        groups: the dialog of each; one in five dialogs is held out.
        known: facts of the works.
        config: hyper-parameters; its `epochs` are returned where the examples are so many that one pass is long.
        tick: told how far this is.

    Returns:
        The number of epochs that ranks highest (mean reciprocal rank) what was recommended in the held-out dialogs; of equals
        the least.
    """
    if sum(len(example.targets) for example in examples) > ENOUGH_PAIRS:
        return config.epochs
    seen = [example for example, group in zip(examples, groups, strict=True) if group % 5]
    held = [e for e, group in zip(examples, groups, strict=True) if not group % 5 and e.recommended and e.targets]
    found = {}
    numbers = tuple(dict.fromkeys((config.epochs, *config.tried)))
    for place, epochs in enumerate(numbers):
        before, share = sum(numbers[:place]) / sum(numbers), epochs / sum(numbers)

        def told(mark: Mark, before: float = before, share: float = share) -> None:
            tick(replace(mark, done=before + share * mark.done))

        model = bag_of_concepts(index, seen, known, replace(config, epochs=epochs, members=1), told) if seen and held else None
        found[epochs] = sum(_reciprocal_ranks(model, example, index) for example in held) if model else 0.0
    return max(found, key=lambda epochs: (found[epochs], -epochs))


def _reciprocal_ranks(model: BagOfConcepts, example: Example, index: Index) -> float:
    """Sum of 1 / rank of the targets among what was not named before."""
    scores = model.scores(example.query, index)
    if scores is None:
        return 0.0
    scores[[index.rows[o.item_id] for o in example.query.ledger.opinions if o.item_id in index.rows]] = -np.inf
    return sum(1.0 / float((scores >= scores[target]).sum()) for target in example.targets)


def _fit_bag(
    index: Index,
    examples: Sequence[Example],
    numbers: Sequence[np.ndarray],
    vocab: int,
    told_of: _Padded,
    config: BagConfig,
    seed: int,
    tick: Callable[[Mark], None],
    hidden: NDArray[np.bool_],
) -> tuple[Floats, Floats, Floats, Floats]:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pairs = np.array([(row, target) for row, example in enumerate(examples) for target in example.targets], dtype=np.int64)
    counts = np.bincount(pairs[:, 1], minlength=len(index.ids)).astype(np.float32)
    model = _Bag(vocab, torch.tensor(index.vectors), told_of, torch.from_numpy(counts), config)
    width = index.vectors.shape[1]
    texts = np.stack([np.zeros(width, np.float32) if e.query.vector is None else e.query.vector for e in examples])
    weights = np.array([1.0 if e.recommended else config.named_weight for e in examples], dtype=np.float32)
    named = np.array([0.0 if e.recommended else 1.0 for e in examples], dtype=np.float32)
    bare, unseen = torch.tensor([e.bare for e in examples]), torch.from_numpy(hidden)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    steps = max(LEAST_STEPS, config.epochs * -(-len(pairs) // config.batch))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, total_steps=steps, pct_start=0.1)
    parts = -(-len(pairs) // config.batch)

    def batches() -> list[torch.Tensor]:
        return [torch.from_numpy(batch) for batch in np.array_split(rng.permutation(len(pairs)), parts)]

    def loss(batch: torch.Tensor) -> torch.Tensor:
        rows, targets = pairs[batch.numpy(), 0], torch.from_numpy(pairs[batch.numpy(), 1])
        kept = [numbers[row][rng.random(len(numbers[row])) >= config.dropout] for row in rows]
        logits = model(_Padded.of(kept, vocab), torch.from_numpy(texts[rows]), torch.from_numpy(named[rows]))
        logits = logits.masked_fill(bare[rows, None] & unseen, -torch.inf)
        losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
        importance = torch.from_numpy(weights[rows])
        return (losses * importance).sum() / importance.sum()

    for epoch, mean in Descent("the bag of concepts", optimizer, schedule, config.epochs, tick).run(batches, loss):
        tick(Mark(epoch / config.epochs, epoch, {"loss": mean}))
    model.eval()
    with torch.inference_mode():
        items = model.items().numpy().copy()
        return model.embed.weight[:vocab].numpy().copy(), model.text.weight.numpy().copy(), items, model.bias.numpy().copy()


def _facts(known: Known, rarest: int) -> _Padded:
    """The facts of every item, of those that at least so many items share."""
    vocab = vocabulary(known, rarest)
    return _Padded.of([np.array([vocab[fact] for fact in part if fact in vocab], dtype=np.int64) for part in known], len(vocab))


@dataclass(frozen=True, eq=False)
class _Padded:
    """Bags of numbers as one table."""

    numbers: torch.Tensor
    """int64 [bags, width]."""
    roots: torch.Tensor
    """float32 [bags, 1]: √ of the number of entries, of none 1."""
    padding: int

    @classmethod
    def of(cls, bags: Sequence[np.ndarray], padding: int) -> _Padded:
        lengths = np.array([len(bag) for bag in bags])
        table = np.full((len(bags), max(1, int(lengths.max(initial=0)))), padding, dtype=np.int64)
        for row, bag in enumerate(bags):
            table[row, : len(bag)] = bag
        roots = np.sqrt(np.maximum(lengths, 1), dtype=np.float32)[:, None]
        return cls(torch.from_numpy(table), torch.from_numpy(roots), padding)
