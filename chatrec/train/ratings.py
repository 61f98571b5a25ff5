"""`chatrec evaluate ratings` from files to a report: every system is fitted to, and scored on, the same split.

What each has to choose (a penalty, neighbours, passes) is chosen on a validation part of what is learned from, held out as
the test part is: by RMSE where the system predicts values only, else by NDCG@10; then it is fitted to all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction import DictVectorizer

from chatrec.catalog.read import read_catalog
from chatrec.errors import TrainingDataError
from chatrec.evaluate.ratings import Floats, Held, Interactions, Scale, Split, read_ratings, split
from chatrec.evaluate.ratings_metrics import CUT, Recommender, judge, summary
from chatrec.evaluate.report import file_sha256
from chatrec.index.embed import Embedder
from chatrec.index.open import Index, open_or_build
from chatrec.score.table import FACETS
from chatrec.train.ratings_hybrid import HybridConfig, fit_hybrid
from chatrec.train.ratings_systems import (
    Bias,
    Ease,
    ItemNeighbours,
    Popularity,
    fit_als,
    fit_bpr,
    fit_factorisation,
    implicit,
)

OURS = "chatrec"
BIAS_RIDGE = (0.5, 2.0, 5.0, 10.0)
EASE_RIDGE = (10.0, 20.0, 50.0, 200.0, 500.0, 1000.0)
BLENDS = (0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Weights of EASE's score against log-probabilities."""
FACT_DIMENSIONS = 64
TUNED_ON = 1000
"""Most held-out interactions of the validation part that a choice is made on."""


@dataclass(frozen=True)
class RatingsConfig:
    """What is evaluated, and how."""

    interactions: Path
    catalog: Path
    held: Held = "last-out"
    scale: Scale | None = None
    max_users: int = 20_000
    seed: int = 0
    hybrid: HybridConfig = field(default_factory=HybridConfig)


def run_ratings(
    config: RatingsConfig, embedder: Embedder, build_dir: Path, *, tick: Callable[[str, float], None] = lambda what, done: None
) -> dict[str, Any]:
    """Fit all systems and score them.

    Args:
        config: files, split, sample and seed.
        embedder, build_dir: where the catalog's index is found or built.
        tick: called with (what is being done, the share done).

    Returns:
        `systems` (name → metrics with 95% intervals, and what was chosen), `reading`, `split`, `config`, `data` (hashes).

    Raises:
        DependencyMissingError: `implicit` is not installed.
        DataMissingError, CatalogError, TrainingDataError, InputError: as in `read_ratings`, `split` and `contenders`.
    """
    implicit()
    catalog = read_catalog(config.catalog)
    tick("reading", 0.0)
    found, reading = read_ratings(config.interactions, catalog, scale=config.scale, max_users=config.max_users, seed=config.seed)
    data = split(found, config.held, config.seed)
    features = item_features(open_or_build(catalog, embedder, build_dir), config.seed)
    judged = {}
    for done, (name, fit) in enumerate(contenders(data, features, config)):
        tick(name, done / SYSTEMS)
        system, chosen = fit()
        judged[name] = {**summary(judge(system, data, config.seed)), "chosen": chosen}
    tick("done", 1.0)
    cold = np.bincount(data.train.items, minlength=data.train.item_count) == 0
    return {
        "systems": judged,
        "reading": reading.to_dict(),
        "split": {
            "how": config.held,
            "learned_from": len(data.train),
            "held_out": len(data.held),
            "users_held_out": len(np.unique(data.held.users)),
            "of_new_users": data.dropped,
            "of_cold_items": int(cold[data.held.items].sum()),
            "items_ranked": len(catalog),
        },
        "config": {"seed": config.seed, "max_users": config.max_users, "hybrid": vars(config.hybrid)},
        "data": {path.name: file_sha256(path) for path in (config.interactions, config.catalog)},
    }


def item_features(index: Index, seed: int = 0) -> Floats:
    """float32 [items, n]: the text vector, and what an SVD leaves of the item's facts weighted by rarity, both of unit length."""
    facts = [
        {f"{name}: {value}": 1.0 for name, values_of in FACETS.items() if name != "title" for value in values_of(item)}
        for item in index.catalog.values()
    ]
    table = sparse.csr_array(DictVectorizer().fit_transform(facts))
    width = len(np.unique(table.indices))
    size = min(FACT_DIMENSIONS, width - 1, len(facts) - 1)
    if size < 1:
        return index.vectors
    table.data *= np.log1p(len(facts) / np.bincount(table.indices))[table.indices]
    parts = TruncatedSVD(size, random_state=seed).fit_transform(table)
    parts /= np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), 1e-6)
    return np.hstack([index.vectors, parts]).astype(np.float32)


Fit = Callable[[], tuple[Recommender, Mapping[str, Any]]]
SYSTEMS = 8


def contenders(data: Split, features: Floats, config: RatingsConfig) -> Iterator[tuple[str, Fit]]:
    """Names of the systems, and how each is chosen and fitted: returns it with what was chosen.

    Raises:
        TrainingDataError: there is nothing to choose by.
    """
    try:
        inner = split(data.train, config.held, config.seed + 1)
    except TrainingDataError as error:
        raise TrainingDataError(
            f"{config.interactions}: with the test part held out, no user has both an earlier and a later interaction left to"
            " choose settings by: under last-out a user needs three, one to learn from, one to choose by and one to test"
        ) from error
    held = inner.held
    if len(held) > TUNED_ON:
        picked = np.random.default_rng(config.seed).permutation(len(held)) < TUNED_ON
        inner = replace(inner, held=held.take(picked))
    seed = config.seed

    def tuned(name: str, fit: Callable[[Interactions, Any], Recommender], tried: Sequence[Any], by: str) -> tuple[str, Fit]:
        def run() -> tuple[Recommender, Mapping[str, Any]]:
            best = _best(lambda value: fit(inner.train, value), tried, inner, by)
            return fit(data.train, best), {by: best}

        return name, run

    ndcg = f"ndcg@{CUT}"
    yield "popularity", lambda: (Popularity.fit(data.train), {})
    yield tuned("bias only", Bias.fit, BIAS_RIDGE, "rmse")
    yield tuned(
        "matrix factorisation",
        lambda train, ridge: fit_factorisation(train, Bias.fit(train, 5.0), ridge, seed=seed),
        (0.05, 0.1, 0.2, 0.5),
        "rmse",
    )
    yield tuned("item-kNN (implicit)", ItemNeighbours.fit, (5, 20, 100, 300), ndcg)
    yield tuned("ALS (implicit)", lambda train, alpha: fit_als(train, alpha, seed), (1.0, 5.0, 20.0, 40.0), ndcg)
    yield tuned("BPR (implicit)", lambda train, rate: fit_bpr(train, rate, seed), (0.003, 0.01, 0.05), ndcg)
    yield tuned("EASE", Ease.fit, EASE_RIDGE, ndcg)

    def ours() -> tuple[Recommender, Mapping[str, Any]]:
        ridge = _best(lambda value: Ease.fit(inner.train, value), EASE_RIDGE, inner, ndcg)
        bias = _best(lambda value: Bias.fit(inner.train, value), BIAS_RIDGE, inner, "rmse")
        first = Bias.fit(inner.train, bias), Ease.fit(inner.train, ridge)
        model, passes = fit_hybrid(inner.train, features, *first, config.hybrid, seed, held)
        blend = _best(lambda value: replace(model, blend=value), BLENDS, inner, ndcg)
        both = Bias.fit(data.train, bias), Ease.fit(data.train, ridge)
        final, _ = fit_hybrid(data.train, features, *both, replace(config.hybrid, epochs=max(1, passes)), seed)
        return replace(final, blend=blend), {"ease_ridge": ridge, "bias_ridge": bias, "passes": passes, "blend": blend}

    yield OURS, ours


def _best(fit: Callable[[Any], Recommender], tried: Sequence[Any], inner: Split, by: str) -> Any:
    """The one of `tried` that does best on the validation part: least RMSE or highest NDCG, the first of equals."""
    return max(tried, key=lambda value: _quality(fit(value), inner, by))


def _quality(system: Recommender, inner: Split, by: str) -> float:
    if by == "rmse":
        values = system.values(inner.held.users, inner.held.items)
        return -np.inf if values is None else -float(((values - inner.held.values) ** 2).mean())
    ranks = judge(system, inner).ranks
    return float(np.where(ranks <= CUT, 1 / np.log2(1 + ranks), 0.0).mean())
