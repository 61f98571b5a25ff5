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

from chatrec.catalog.read import Catalog, read_catalog
from chatrec.errors import InputError, TrainingDataError
from chatrec.evaluate.ratings import Floats, Held, Interactions, Scale, Split, join, read_lines, rows_of, split
from chatrec.evaluate.ratings_chat import Chat
from chatrec.evaluate.ratings_metrics import CUT, Recommender, judge, summary
from chatrec.evaluate.report import file_sha256
from chatrec.index.embed import Embedder
from chatrec.index.open import Index, open_or_build
from chatrec.retrieve.collaborative import check_models
from chatrec.score.table import FACETS
from chatrec.train.data import join_by_links
from chatrec.train.ratings_hybrid import HybridConfig, fit_hybrid
from chatrec.train.ratings_split import Source, guard_split, write_split
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

Fit = Callable[[], tuple[Recommender, Mapping[str, Any]]]
"""Fits a system and tells what was chosen for it."""
OURS = "chatrec"
CHAT = "chat"
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
    models: Path | None = None
    """A folder that `chatrec train head` wrote; the chat ranks with it, too."""
    allow_leak: bool = False
    interactions_catalog: Path | None = None
    """The catalog that the interactions' ids are of, if another; joined through shared `links`."""
    write_split: Path | None = None
    """Folder to write what is learned from into."""


def run_ratings(
    config: RatingsConfig, embedder: Embedder, build_dir: Path, *, tick: Callable[[str, float], None] = lambda what, done: None
) -> dict[str, Any]:
    """Fit all systems and score them.

    Args:
        config: files, split, sample and seed.
        embedder, build_dir: where the catalog's index is found or built.
        tick: called with (what is being done, the share done).

    Returns:
        `systems` (name → metrics with 95% intervals, and what was chosen), `reading`, `split`, `config`, `data` (hashes),
        `models` (name, hash and what they learned from; None without).

    Raises:
        DependencyMissingError: `implicit` is not installed.
        DataMissingError, CatalogError, TrainingDataError: as in `read_lines`, `join`, `split` and `contenders`.
        InputError: as in `split`, or a leak is allowed where no models are given.
        ModelMissingError: the models are of another catalog or embedder, or cannot be read.
        LeakError: they learned from what is held out.
    """
    implicit()
    catalog = read_catalog(config.catalog)
    if config.models:
        check_models(config.models, catalog.sha256, embedder.sha256)
    elif config.allow_leak:
        raise InputError("--allow-leak is of --models: the head that ships learned from no interactions, so nothing can leak")
    tick("reading", 0.0)
    source = _read(config, catalog)
    found, reading = join(source.lines, catalog, rows=source.rows, scale=config.scale)
    data = split(found, config.held, config.seed)
    models = _guarded(config, source, data.train)
    index = open_or_build(catalog, embedder, build_dir)
    systems = [*contenders(data, item_features(index, config.seed), config), *chats(data, index, config.models)]
    theirs = config.interactions_catalog
    return {
        "systems": _judged(systems, data, config.seed, tick),
        "reading": reading.to_dict(),
        "split": {"how": config.held, **_told_split(data)},
        "config": {"seed": config.seed, "max_users": config.max_users, "hybrid": vars(config.hybrid)},
        "data": {config.interactions.name: source.sha256, config.catalog.name: file_sha256(config.catalog)},
        "interactions_catalog_sha256": file_sha256(theirs) if theirs else None,
        "models": models,
    }


def _read(config: RatingsConfig, catalog: Catalog) -> Source:
    """The interactions, and which of the catalog's rows their ids are."""
    theirs = config.interactions_catalog
    rows = join_by_links(read_catalog(theirs), catalog) if theirs else rows_of(catalog)
    return Source(read_lines(config.interactions, max_users=config.max_users, seed=config.seed), rows)


def _judged(
    systems: Sequence[tuple[str, Fit]], data: Split, seed: int, tick: Callable[[str, float], None]
) -> dict[str, dict[str, Any]]:
    """Name → metrics of each system, fitted one after the other, and what was chosen for it."""
    judged = {}
    for done, (name, fit) in enumerate(systems):
        tick(name, done / len(systems))
        system, chosen = fit()
        found = judge(system, data, seed, lambda share, name=name, done=done: tick(name, (done + share) / len(systems)))
        judged[name] = {**summary(found), "chosen": chosen}
    tick("done", 1.0)
    return judged


def _told_split(data: Split) -> dict[str, int]:
    """What was held out of how much."""
    cold = np.bincount(data.train.items, minlength=data.train.item_count) == 0
    return {
        "learned_from": len(data.train),
        "held_out": len(data.held),
        "users_held_out": len(np.unique(data.held.users)),
        "of_new_users": data.dropped,
        "of_cold_items": int(cold[data.held.items].sum()),
        "items_ranked": data.train.item_count,
    }


def _guarded(config: RatingsConfig, source: Source, train: Interactions) -> dict[str, Any] | None:
    """What the report says of the models; writes the training part, if that is wanted."""
    stamp = None
    if config.models:
        told = guard_split(config.models, source, train, allow=config.allow_leak)
        stamp = {"name": chat_of(config.models), "sha256": file_sha256(config.models), **told}
    if config.write_split:
        how = {"split": config.held, "seed": config.seed, "max_users": config.max_users}
        write_split(config.write_split, source, train, how)
    return stamp


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


def chats(data: Split, index: Index, models: Path | None) -> list[tuple[str, Fit]]:
    """The chat with the head that ships, and with what a folder holds; nothing of either is fitted here.

    Raises:
        ModelMissingError: the folder belongs to another catalog, or cannot be read.
    """
    opened = {chat_of(folder): Chat.open(index, data.train, folder) for folder in dict.fromkeys((None, models))}
    return [(name, lambda chat=chat: (chat, {"pool": chat.fusion.config.pool})) for name, chat in opened.items()]


def chat_of(models: Path | None) -> str:
    """What the chat is called among the systems."""
    return f"{CHAT} ({models.resolve().name})" if models else CHAT


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
