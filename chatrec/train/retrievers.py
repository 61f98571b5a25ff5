"""Fitting the retrievers that count: what was named together, rated together, or said in like words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer

from chatrec.retrieve.collaborative import DialogNeighbours, ItemToItem, Prior
from chatrec.retrieve.sparse import Sparse
from chatrec.score.table import Floats
from chatrec.train.exposure import Exposure
from chatrec.types import Query

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


def with_twins(weights: Sparse, twins: Mapping[int, int]) -> Sparse:
    """The same weights, of rows and columns that stand for one of their twins the twin's.

    Args:
        weights: of n rows and columns.
        twins: row → the row that stands for it, whose own weights there are.
    """
    items = len(weights.starts) - 1
    same = np.arange(items)
    same[list(twins)] = list(twins.values())
    table = sparse.csr_array((weights.weights, weights.columns, weights.starts), shape=(items, items))
    return csr(sparse.csr_array(table[same][:, same]))


def prior(counts: Counter[int], items: int, factors: Floats | None = None) -> Prior:
    """log(1 + how often), each count times what it stands for (float32 [items])."""
    values = np.zeros(items, dtype=np.float32)
    for row, count in counts.items():
        values[row] = count
    return Prior(np.log1p(values if factors is None else values * factors))


def vocabulary(bags: Iterable[Iterable[str]], rarest: int) -> dict[str, int]:
    """Numbers, in order of the names, of what at least `rarest` bags hold."""
    counts = Counter(name for bag in bags for name in set(bag))
    return {name: number for number, name in enumerate(sorted(name for name, count in counts.items() if count >= rarest))}


def tfidf(bags: Sequence[Sequence[str]], rarest: int) -> tuple[dict[str, int], Floats, sparse.csr_array]:
    """What bags hold, each thing once, weighted by how rare it is: ln((1 + bags) / (1 + bags with it)) + 1.

    Args:
        bags: names of what each holds.
        rarest: what fewer bags hold is left out.

    Returns:
        Number of each name; its weight (float32 [names]); bags × names, float32 rows of unit length, or of zeros.
    """
    vocab = vocabulary(bags, rarest)
    held = incidence([[vocab[name] for name in dict.fromkeys(bag) if name in vocab] for bag in bags], len(vocab))
    if not vocab:
        return vocab, np.zeros(0, dtype=np.float32), held
    weigh = TfidfTransformer().fit(held)
    return vocab, weigh.idf_.astype(np.float32), sparse.csr_array(weigh.transform(held))


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
    vocab, idf, table = tfidf(bags, rarest)
    given = incidence([list(answer) for answer in answers], items, [list(answer.values()) for answer in answers])
    return DialogNeighbours(vocab, idf, csr(sparse.csr_array(table.T)), csr(given), neighbours)
