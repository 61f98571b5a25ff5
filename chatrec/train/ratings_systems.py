"""Systems that learn from ratings, hours or plays alone: the baselines of `chatrec evaluate ratings`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, sparse

from chatrec.errors import DependencyMissingError
from chatrec.evaluate.ratings import Floats, Interactions, Rows

SWEEPS = 10
FACTORS = 64


def met(train: Interactions) -> sparse.csr_array:
    """float32 [users, items]: 1 where a user met an item, whatever the value."""
    shape = (train.user_count, train.item_count)
    return sparse.csr_array((np.ones(len(train), dtype=np.float32), (train.users, train.items)), shape=shape)


@dataclass(frozen=True, eq=False)
class Popularity:
    """Orders by how many users met an item; predicts no values."""

    counts: Floats

    @classmethod
    def fit(cls, train: Interactions) -> Popularity:
        """Count."""
        return cls(np.bincount(train.items, minlength=train.item_count).astype(np.float32))

    def scores(self, users: Rows) -> Floats:
        """The counts, for each user alike."""
        return np.tile(self.counts, (len(users), 1))

    def values(self, users: Rows, items: Rows) -> None:
        """None: it knows order only."""
        return None


@dataclass(frozen=True, eq=False)
class Bias:
    """value(u, i) = μ + b_u + b_i, squared error with a ridge penalty (Koren 2010)."""

    mean: float
    of_user: Floats
    of_item: Floats

    @classmethod
    def fit(cls, train: Interactions, ridge: float) -> Bias:
        """Alternate between users and items; `ridge` counts like so many values at the mean."""
        mean = float(train.values.mean())
        of_user, of_item = np.zeros(train.user_count), np.zeros(train.item_count)
        for _ in range(SWEEPS):
            of_item = _shrunk(train.values - mean - of_user[train.users], train.items, train.item_count, ridge)
            of_user = _shrunk(train.values - mean - of_item[train.items], train.users, train.user_count, ridge)
        return cls(mean, of_user.astype(np.float32), of_item.astype(np.float32))

    def scores(self, users: Rows) -> Floats:
        """Predicted values of every item."""
        return (self.mean + self.of_user[users, None] + self.of_item[None, :]).astype(np.float32)

    def values(self, users: Rows, items: Rows) -> Floats:
        """Predicted values."""
        return (self.mean + self.of_user[users] + self.of_item[items]).astype(np.float32)


def _shrunk(residuals: np.ndarray, groups: Rows, size: int, ridge: float) -> np.ndarray:
    return np.bincount(groups, residuals, size) / (np.bincount(groups, minlength=size) + ridge)


@dataclass(frozen=True, eq=False)
class Factors:
    """value(u, i) = μ + b_u + b_i + p_u · q_i, or only p_u · q_i as an order (no `bias`)."""

    users: Floats
    items: Floats
    bias: Bias | None = None

    def scores(self, users: Rows) -> Floats:
        """Scores of every item."""
        order = self.users[users] @ self.items.T
        return order if self.bias is None else order + self.bias.scores(users)

    def values(self, users: Rows, items: Rows) -> Floats | None:
        """Predicted values, if the factors are those of values."""
        if self.bias is None:
            return None
        return self.bias.values(users, items) + (self.users[users] * self.items[items]).sum(axis=1)


def fit_factorisation(train: Interactions, bias: Bias, ridge: float, factors: int = 16, seed: int = 0) -> Factors:
    """Matrix factorisation of what biases leave, by squared error: alternating ridge regressions (Koren et al. 2009).

    Args:
        train: what is learned from.
        bias: fitted to the same.
        ridge: penalty on factors, for each value they are fitted to.
        factors: length of p_u and q_i.
        seed: of the start.
    """
    rng = np.random.default_rng(seed)
    left = train.values - bias.values(train.users, train.items)
    table = sparse.csr_array((left, (train.users, train.items)), shape=(train.user_count, train.item_count))
    items = rng.normal(0, 0.1, (train.item_count, factors)).astype(np.float32)
    users = np.zeros((train.user_count, factors), dtype=np.float32)
    turned = sparse.csr_array(table.T)
    for _ in range(SWEEPS):
        users = _regress(table, items, ridge)
        items = _regress(turned, users, ridge)
    return Factors(users, items, bias)


def _regress(table: sparse.csr_array, known: Floats, ridge: float) -> Floats:
    found = np.zeros((len(table.indptr) - 1, known.shape[1]), dtype=np.float32)
    unit = np.eye(known.shape[1])
    for row, (start, end) in enumerate(zip(table.indptr[:-1], table.indptr[1:], strict=True)):
        if end > start:
            part = known[table.indices[start:end]]
            found[row] = np.linalg.solve(part.T @ part + ridge * (end - start) * unit, part.T @ table.data[start:end])
    return found


@dataclass(frozen=True, eq=False)
class Ease:
    """EASE (Steck 2019): X·B with B = I − P·diag(1/diag P), P = (XᵀX + λI)⁻¹; predicts no values."""

    table: sparse.csr_array
    weights: Floats | None
    """float32 [used, used]: B over the items that occur, where they are fewer than the users."""
    inverse: Floats | None
    """float32 [users, users]: (XXᵀ + λI)⁻¹, from which X·P = (XXᵀ + λI)⁻¹·X, where the users are fewer."""
    used: Rows
    diagonal: Floats
    items: int
    """Items in the catalog."""

    @classmethod
    def fit(cls, train: Interactions, ridge: float) -> Ease:
        """Invert the smaller of the two Gram matrices; both give the same scores."""
        used = np.unique(train.items)
        table = sparse.csr_array(met(train)[:, used])
        if len(used) <= train.user_count:
            inverse = _inverse(table.T @ table, ridge)
            diagonal = np.diag(inverse).copy()
            weights = inverse / -diagonal[None, :]
            np.fill_diagonal(weights, 0.0)
            return cls(table, weights, None, used, diagonal, train.item_count)
        inverse = _inverse(table @ table.T, ridge)
        explained = np.zeros(len(used), dtype=np.float32)
        for start in range(0, len(used), 1024):
            part = table[:, start : start + 1024].toarray()
            explained[start : start + 1024] = (part * (inverse @ part)).sum(axis=0)
        return cls(table, None, inverse, used, (1 - explained) / ridge, train.item_count)

    def scores(self, users: Rows) -> Floats:
        """0 for what nobody met in training."""
        found = np.zeros((len(users), self.items), dtype=np.float32)
        rows = self.table[users]
        if self.weights is not None:
            found[:, self.used] = rows @ self.weights
        elif self.inverse is not None:
            found[:, self.used] = rows.toarray() - (self.table.T @ self.inverse[users].T).T / self.diagonal
        return found

    def values(self, users: Rows, items: Rows) -> None:
        """None: it knows order only."""
        return None


def _inverse(gram: Any, ridge: float) -> Floats:
    dense = gram.toarray().astype(np.float32)
    dense[np.diag_indices_from(dense)] += ridge
    return np.asarray(linalg.inv(dense, overwrite_a=True), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class ItemNeighbours:
    """Item-kNN: the sum of the cosines of an item's nearest ones that the user met; predicts no values."""

    table: sparse.csr_array
    likeness: sparse.csr_array

    @classmethod
    def fit(cls, train: Interactions, neighbours: int) -> ItemNeighbours:
        """Cosines of columns, the `neighbours` largest of each kept, by `implicit`."""
        model = implicit().nearest_neighbours.CosineRecommender(K=neighbours, num_threads=1)
        table = met(train)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Method expects CSR input")  # of a matrix that the library makes itself
            model.fit(sparse.csr_matrix(table), show_progress=False)
        return cls(table, sparse.csr_array(model.similarity))

    def scores(self, users: Rows) -> Floats:
        """Scores of every item."""
        return np.asarray((self.table[users] @ self.likeness).toarray(), dtype=np.float32)

    def values(self, users: Rows, items: Rows) -> None:
        """None: it knows order only."""
        return None


def fit_als(train: Interactions, alpha: float, seed: int = 0) -> Factors:
    """`implicit`'s alternating least squares for implicit feedback (Hu et al. 2008), with confidence `alpha`."""
    model = implicit().als.AlternatingLeastSquares(
        factors=FACTORS, alpha=alpha, regularization=0.05, random_state=seed, num_threads=1, use_gpu=False
    )
    return _implicit_factors(model, train)


def fit_bpr(train: Interactions, rate: float, seed: int = 0) -> Factors:
    """`implicit`'s Bayesian personalised ranking (Rendle et al. 2009); `rate` is that of its descent."""
    model = implicit().bpr.BayesianPersonalizedRanking(
        factors=FACTORS, learning_rate=rate, regularization=0.01, random_state=seed, num_threads=1, use_gpu=False
    )
    return _implicit_factors(model, train)


def _implicit_factors(model: Any, train: Interactions) -> Factors:
    model.fit(sparse.csr_matrix(met(train)), show_progress=False)
    return Factors(np.asarray(model.user_factors), np.asarray(model.item_factors))


def implicit() -> Any:
    """The library.

    Raises:
        DependencyMissingError: it is not installed.
    """
    try:
        import implicit.als
        import implicit.bpr
        import implicit.nearest_neighbours
    except ModuleNotFoundError as error:
        raise DependencyMissingError(f"the baselines need {error.name}: pip install 'chatrec[train]'") from error
    return implicit
