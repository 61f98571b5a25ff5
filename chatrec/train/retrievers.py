"""Fitting the retrievers that learn from dialogs and interactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse

from chatrec.index.open import Index
from chatrec.retrieve.collaborative import BagOfConcepts, DialogNeighbours, ItemToItem, Prior, Sparse
from chatrec.retrieve.concepts import concepts
from chatrec.score.table import Floats
from chatrec.train.descent import Descent
from chatrec.train.exposure import Exposure
from chatrec.train.meter import Mark
from chatrec.types import Query

ENOUGH_PAIRS = 20_000
"""Pairs of context and target from which on the bag of concepts is trained for as long as its configuration says."""
LEAST_STEPS = 20
"""A schedule with fewer steps has no room to warm up in."""
KEPT = 300
"""Neighbours kept per item in item-to-item weights."""


@dataclass(frozen=True)
class Example:
    """One thing that was said and what followed."""

    query: Query
    targets: tuple[int, ...]
    """Rows of the items that were put forward next."""
    recommended: bool = True
    """False: the person named them, not the recommender."""
    weight: float = 1.0
    bare: bool = False
    """Whether the dialog is a sequence of mentions without any text."""


def csr(matrix: sparse.csr_matrix | sparse.csr_array) -> Sparse:
    """A scipy matrix as stored."""
    matrix = sparse.csr_array(matrix)
    matrix.sum_duplicates()
    return Sparse(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32))


def keep_best(weights: np.ndarray, kept: int = KEPT) -> Sparse:
    """The largest positive entries of each row of a dense matrix."""
    kept = min(kept, weights.shape[1])
    columns = np.argpartition(-weights, kept - 1, axis=1)[:, :kept]
    values = np.take_along_axis(weights, columns, axis=1)
    rows = np.repeat(np.arange(len(weights)), kept)
    positive = values.ravel() > 0
    entries = (values.ravel()[positive], (rows[positive], columns.ravel()[positive]))
    return csr(sparse.csr_array(entries, shape=weights.shape))


def incidence(groups: Sequence[Sequence[int]], items: int, values: Sequence[Sequence[float]] | None = None) -> sparse.csr_array:
    """Dialogs (or users) × items, each item once per group."""
    rows = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    columns = np.concatenate([np.asarray(group, dtype=np.int64) for group in groups]) if len(rows) else np.zeros(0, np.int64)
    data = np.concatenate([np.asarray(v, dtype=np.float32) for v in values]) if values else np.ones(len(rows), dtype=np.float32)
    return sparse.csr_array((data, (rows, columns)), shape=(len(groups), items))


def co_occurrence(
    groups: Sequence[Sequence[int]],
    items: int,
    smoothing: float = 5.0,
    decay: float = 1.0,
    exposure: Exposure | None = None,
) -> ItemToItem:
    """W[i, j] = share of the groups with i that also hold j, shrunk towards 0 for a rare i; only of those that could hold j."""
    exposure = exposure or Exposure.everywhere(len(groups), items)
    table = incidence([sorted(set(group)) for group in groups], items)
    together = sparse.csr_array(table.T @ table)
    counts = together.diagonal(), np.asarray(table[~exposure.bare].sum(axis=0)).ravel()
    together.setdiag(0)
    together.eliminate_zeros()
    return ItemToItem(_shares(together, counts, exposure.hidden, smoothing), decay)


def followed_by(
    pairs: Mapping[tuple[int, int], float],
    items: int,
    smoothing: float = 5.0,
    decay: float = 0.8,
    exposed: Mapping[tuple[int, int], float] | None = None,
    hidden: NDArray[np.bool_] | None = None,
) -> ItemToItem:
    """W[i, j] = how often j was recommended after i was named, shrunk for a rare i.

    Args:
        pairs: (i, j) → dialogs.
        items: size of the catalog.
        smoothing, decay: of the weights, and of mentions by age.
        exposed: the same of the dialogs that could name any item; of all, if not given.
        hidden: bool [items]: items that no other dialog can name.
    """
    table = _table(pairs, items)
    totals, exposed_totals = (np.asarray(part.sum(axis=1)).ravel() for part in (table, _table(exposed or pairs, items)))
    hidden = np.zeros(items, dtype=bool) if hidden is None else hidden
    return ItemToItem(_shares(table, (totals, exposed_totals), hidden, smoothing), decay)


def _table(pairs: Mapping[tuple[int, int], float], items: int) -> sparse.csr_array:
    places = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    values = np.array(list(pairs.values()), dtype=np.float32)
    return sparse.csr_array((values, (places[:, 0], places[:, 1])), shape=(items, items))


def _shares(
    counts: sparse.csr_array, totals: tuple[np.ndarray, np.ndarray], hidden: NDArray[np.bool_], smoothing: float
) -> Sparse:
    """counts[i, j] / (total[i] + smoothing), where a hidden j has the second of the totals."""
    table: Any = counts.tocoo()
    of = np.where(hidden[table.col], totals[1][table.row], totals[0][table.row])
    return csr(sparse.csr_array((table.data / (of + smoothing), (table.row, table.col)), shape=table.shape))


def ease(table: sparse.csr_array, regularisation: float, decay: float = 1.0) -> ItemToItem:
    """EASE (Steck 2019): B = I − P·diag(1/diag P) with P = (XᵀX + λI)⁻¹, over the items that occur at all."""
    assert table.shape is not None
    used = np.unique(table.indices[table.data > 0])
    part: Any = sparse.csc_array(table)[:, used]
    gram = np.asarray((part.T @ part).toarray(), dtype=np.float32)
    gram[np.diag_indices_from(gram)] += regularisation
    inverse = torch.linalg.inv(torch.from_numpy(gram)).numpy()
    weights = inverse / -np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    best = keep_best(weights)
    starts = np.zeros(table.shape[1] + 1, dtype=np.int64)
    lengths = np.zeros(table.shape[1], dtype=np.int64)
    lengths[used] = np.diff(best.starts)
    np.cumsum(lengths, out=starts[1:])
    return ItemToItem(Sparse(starts, used[best.columns].astype(np.int32), best.weights), decay)


def prior(counts: Counter[int], items: int, factors: Floats | None = None) -> Prior:
    """log(1 + how often), each count times what it stands for (float32 [items])."""
    values = np.zeros(items, dtype=np.float32)
    for row, count in counts.items():
        values[row] = count
    return Prior(np.log1p(values if factors is None else values * factors))


def dialog_neighbours(
    bags: Sequence[Sequence[str]], answers: Sequence[Mapping[int, float]], items: int, neighbours: int = 300, rarest: int = 2
) -> DialogNeighbours:
    """TF-IDF kNN over past dialogs.

    Args:
        bags: concepts of each past dialog.
        answers: items put forward in it, with weights.
        items: size of the catalog.
        neighbours: how many past dialogs are asked.
        rarest: concepts in fewer dialogs are left out.
    """
    counts = Counter(concept for bag in bags for concept in set(bag))
    vocab = {concept: number for number, concept in enumerate(sorted(c for c, n in counts.items() if n >= rarest))}
    idf = np.zeros(len(vocab), dtype=np.float32)
    for concept, number in vocab.items():
        idf[number] = np.log1p(len(bags) / counts[concept])
    known = [[vocab[concept] for concept in dict.fromkeys(bag) if concept in vocab] for bag in bags]
    lengths = [max(float(np.linalg.norm(idf[numbers])), 1e-6) for numbers in known]
    values = [list(idf[numbers] / length) for numbers, length in zip(known, lengths, strict=True)]
    table = incidence(known, len(vocab), values)
    given = incidence([list(answer) for answer in answers], items, [list(answer.values()) for answer in answers])
    return DialogNeighbours(vocab, idf, csr(sparse.csr_array(table.T)), csr(given), neighbours)


@dataclass(frozen=True)
class BagConfig:
    """How the bag-of-concepts softmax is fitted."""

    dimension: int = 96
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
    named_weight: float = 0.3
    """Weight of what people named themselves, against what was recommended to them."""
    seed: int = 0


class _Bag(torch.nn.Module):
    """The softmax in training form: item vectors are free ones plus a map of the items' text vectors."""

    def __init__(self, concepts_: int, texts: torch.Tensor, counts: torch.Tensor, config: BagConfig) -> None:
        super().__init__()
        d, width = config.dimension, texts.shape[1]
        self.embed = torch.nn.EmbeddingBag(concepts_ + 1, d, mode="sum", padding_idx=concepts_)
        torch.nn.init.normal_(self.embed.weight, std=0.1)
        self.text = torch.nn.Linear(width, d, bias=False)
        self.project = torch.nn.Linear(width, d, bias=False)
        self.free = torch.nn.Parameter(torch.randn(len(texts), d) * 0.01)
        self.bias = torch.nn.Parameter(torch.log(counts + 0.5) - torch.log(counts + 0.5).mean())
        self.named = torch.nn.Parameter(torch.zeros(len(texts)))
        self.register_buffer("texts", texts)
        self.drop = torch.nn.Dropout(config.hidden_dropout)

    def items(self) -> torch.Tensor:
        return self.free + self.project(self.texts)  # type: ignore[operator]

    def forward(self, bags: torch.Tensor, lengths: torch.Tensor, texts: torch.Tensor, named: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.embed(bags) / lengths.clamp(min=1).sqrt()[:, None] + self.text(texts))
        return self.drop(hidden) @ self.items().T + self.bias + named[:, None] * self.named


def bag_of_concepts(
    index: Index,
    examples: Sequence[Example],
    config: BagConfig,
    tick: Callable[[Mark], None] = lambda mark: None,
    hidden: NDArray[np.bool_] | None = None,
) -> BagOfConcepts:
    """Fit the bag-of-concepts softmax; members differ by seed and are averaged.

    Args:
        index: of the catalog.
        examples: what is learned from.
        config: hyper-parameters.
        tick: told how far this is.
        hidden: bool [items]: what bare examples cannot name, and say nothing against.
    """
    hidden = np.zeros(len(index.ids), dtype=bool) if hidden is None else hidden
    bags = [concepts(example.query, index) for example in examples]
    counts = Counter(concept for bag in bags for concept in bag)
    vocab = {concept: number for number, concept in enumerate(sorted(c for c, n in counts.items() if n >= config.rarest))}
    numbers = [np.array([vocab[c] for c in bag if c in vocab], dtype=np.int64) for bag in bags]

    def member(number: int) -> tuple[Floats, Floats, Floats, Floats]:
        def told(mark: Mark) -> None:
            tick(Mark((number + mark.done) / config.members, number * config.epochs + mark.epoch, mark.values))

        return _fit_bag(index, examples, numbers, len(vocab), config, config.seed + number, told, hidden)

    members = [member(number) for number in range(config.members)]
    stack = [np.stack(part) for part in zip(*members, strict=True)]
    return BagOfConcepts(vocab, *stack)


def choose_epochs(
    index: Index,
    examples: Sequence[Example],
    groups: Sequence[int],
    config: BagConfig,
    tick: Callable[[Mark], None] = lambda mark: None,
) -> int:
    """How long to train the bag of concepts: few dialogs need many passes, or suffer from them; held-out dialogs tell.

    Args:
        index: of the catalog.
        examples: what it will be fitted on.
        groups: the dialog of each; one in five dialogs is held out.
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

        model = bag_of_concepts(index, seen, replace(config, epochs=epochs, members=1), told) if seen and held else None
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
    config: BagConfig,
    seed: int,
    tick: Callable[[Mark], None],
    hidden: NDArray[np.bool_],
) -> tuple[Floats, Floats, Floats, Floats]:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pairs = np.array([(row, target) for row, example in enumerate(examples) for target in example.targets], dtype=np.int64)
    counts = np.bincount(pairs[:, 1], minlength=len(index.ids)).astype(np.float32)
    model = _Bag(vocab, torch.tensor(index.vectors), torch.from_numpy(counts), config)
    width = index.vectors.shape[1]
    texts = np.stack([np.zeros(width, np.float32) if e.query.vector is None else e.query.vector for e in examples])
    weights = np.array([e.weight * (1.0 if e.recommended else config.named_weight) for e in examples], dtype=np.float32)
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
        bag, lengths = _padded(kept, vocab)
        logits = model(bag, lengths, torch.from_numpy(texts[rows]), torch.from_numpy(named[rows]))
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


def _padded(bags: Sequence[np.ndarray], padding: int) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = np.array([len(bag) for bag in bags])
    table = np.full((len(bags), max(1, int(lengths.max(initial=0)))), padding, dtype=np.int64)
    for row, bag in enumerate(bags):
        table[row, : len(bag)] = bag
    return torch.from_numpy(table), torch.from_numpy(lengths.astype(np.float32))
