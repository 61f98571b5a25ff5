"""`chatrec train head`: everything that is learned for one catalog, from its dialogs and interactions, into one folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from chatrec.catalog.read import read_catalog
from chatrec.errors import TrainingDataError
from chatrec.evaluate.leaks import Fingerprints
from chatrec.evaluate.logs import DialogLine
from chatrec.evaluate.report import file_sha256
from chatrec.index.embed import Embedder
from chatrec.index.open import open_or_build
from chatrec.retrieve.collaborative import ItemToItem, Model, TrainedRetriever, save_models
from chatrec.retrieve.fuse import DEFAULT_WEIGHTS, Fusion, FusionConfig
from chatrec.retrieve.load import base_retrievers
from chatrec.retrieve.protocol import Retriever
from chatrec.score.features import BASE_RETRIEVERS, Features, feature_names
from chatrec.score.head import SHIPPED, Head, HeadConfig, load_head, save_head
from chatrec.train.card import write_card
from chatrec.train.data import Case, Dialogs, gather, read_all, read_interactions
from chatrec.train.exact import ExactIndex
from chatrec.train.fit import FitConfig, calibrate, fit_head, predict
from chatrec.train.models import FEATURE_ONLY, ModelsConfig, co_rated, fit_models
from chatrec.train.pools import Pools, build_pools, pool_metrics
from chatrec.train.retrievers import choose_epochs

ENOUGH = 60
"""Instances with gold among the candidates that a head of its own needs; with fewer, the shipped head is kept."""
LEARNED_WEIGHTS = {"bag": 3.0, "co_mentioned": 1.5, "dialogs": 1.5, "followed_by": 0.7, "co_rated": 0.7}
"""Fusion weights of trained retrievers."""
LEARNED_DEPTH = 300
"""Items taken of each retriever, and candidates passed on, where retrievers were trained. On a held-out fold of ReDial's
training dialogs the pool then holds 6 points more of the gold than with 100 and 200."""

Report = Callable[[str, float], None]
"""Receives what is being done and the share done of all, in [0, 1]."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides the result, besides the data."""

    folds: int = 5
    seed: int = 0
    refit: bool = True
    models: ModelsConfig = field(default_factory=ModelsConfig)
    fit: FitConfig = field(default_factory=FitConfig)


@dataclass(frozen=True)
class TrainFiles:
    """What is learned from."""

    dialogs: tuple[Path, ...]
    catalog: Path
    valid: Path | None = None
    interactions: Path | None = None
    interactions_catalog: Path | None = None

    def hashes(self) -> dict[str, str]:
        """File name → SHA-256, of every file."""
        files = [*self.dialogs, self.valid, self.catalog, self.interactions, self.interactions_catalog]
        return {f"{path.parent.name}/{path.name}": file_sha256(path) for path in files if path is not None}


class Trainer:
    """One training run: `run` takes the steps below in order."""

    def __init__(self, files: TrainFiles, config: TrainConfig, build_dir: Path, embedder: Embedder, report: Report) -> None:
        self.files, self.config, self._report = files, config, report
        catalog = read_catalog(files.catalog)
        self.lines = read_all(files.dialogs, catalog)
        self.valid_lines = _others(read_all((files.valid,), catalog), self.lines) if files.valid else ()
        report("opening the index", 0.0)
        self.index = ExactIndex.of(open_or_build(catalog, embedder, build_dir))
        self.rated = self._rated()
        self.models_config = replace(config.models, bag=replace(config.models.bag, seed=config.seed))

    def run(self, out: Path) -> dict[str, Any]:
        """Learn, write the folder, and return what its card says.

        Raises:
            TrainingDataError: nothing can be learned from this.
        """
        self._report("reading dialogs", 0.02)
        dialogs, valid = gather(self.lines, self.index), gather(self.valid_lines, self.index)
        self._report("trying how long to train", 0.18)
        bag = self.models_config.bag
        groups = [case.dialog for case in dialogs.cases]
        epochs = choose_epochs(self.index, [case.example for case in dialogs.cases], groups, bag)
        self.models_config = replace(self.models_config, bag=replace(bag, epochs=epochs))
        models = self._fit(dialogs, "fitting retrievers on all training dialogs", 0.2)
        real = any(case.example.recommended and not case.made_up for case in dialogs.cases)
        start, config = (None, self._head_config(tuple(models))) if real else load_head(SHIPPED)
        pools = self.out_of_fold(dialogs, config)
        learned = self._learn(pools, config, start)
        valid_pools = self.pools(valid.cases, models, learned.config, offset=len(self.lines))
        facts = {"head": learned.facts, "valid": by_protocol(valid_pools, learned.head)}
        if self.config.refit and len(valid_pools.gold):
            if learned.epochs:  # a shipped head stays as it is
                learned = self._relearn(Pools.join([pools, valid_pools]), learned)
            models = self._fit(Dialogs.join(dialogs, valid), "fitting retrievers on all dialogs", 0.92)
        self._write(out, models, learned, facts)
        return facts

    def _rated(self) -> ItemToItem | None:
        if self.files.interactions is None:
            return None
        source = read_catalog(self.files.interactions_catalog) if self.files.interactions_catalog else None
        users = read_interactions(self.files.interactions, self.index.catalog, source)
        return co_rated(users, len(self.index.ids), self.config.models)

    def _fit(self, dialogs: Dialogs, what: str, done: float) -> dict[str, Model]:
        self._report(what, done)
        return fit_models(self.index, dialogs, self.models_config, self.rated, lambda line: self._report(f"{what}: {line}", done))

    def _head_config(self, learned: tuple[str, ...]) -> HeadConfig:
        names = (*BASE_RETRIEVERS, *learned)
        return HeadConfig(features=feature_names(names, learned), retrievers=names, scored=learned)

    def out_of_fold(self, dialogs: Dialogs, config: HeadConfig) -> Pools:
        """Pools of the training instances, with retrievers that never saw the instance's dialog."""
        folds = fold_of([line.dialog_id for line in dialogs.lines], self.config.folds, self.config.seed)
        parts = []
        for fold in range(self.config.folds):
            held = frozenset(np.flatnonzero(folds == fold).tolist())
            cases = [case for case in dialogs.cases if case.dialog in held and case.example.recommended]
            if cases:
                what = f"fold {fold + 1} of {self.config.folds}"
                models = self._fit(dialogs.without(held), what, 0.25 + 0.6 * fold / self.config.folds)
                parts.append(self.pools(cases, models, config))
        return Pools.join(parts) if parts else self.pools((), {}, config)

    def pools(self, cases: Sequence[Case], models: dict[str, Model], config: HeadConfig, offset: int = 0) -> Pools:
        """Candidate pools of the recommender's turns among some cases; what was named before may be put forward again.

        Args:
            cases: turns; those in which the person named something themselves are left out.
            models: trained retrievers that never saw them.
            config: whose features are computed.
            offset: added to dialog numbers.
        """
        cases = [case for case in cases if case.example.recommended]
        fusion = Fusion(self.index, retrievers_of(self.index, models), fusion_config(tuple(models)))
        features = Features(self.index, config.features, config.retrievers, config.scored)
        asked = (
            (case.example.query, [self.index.ids[row] for row in case.gold], case.dialog + offset, case.weight) for case in cases
        )
        return build_pools(fusion, features, asked, len(cases))

    def _learn(self, pools: Pools, config: HeadConfig, start: Head | None) -> Learned:
        """A head that stopped and was calibrated on a fold it did not see, then fitted again on all of them.

        Args:
            pools: what it learns from.
            config: its features.
            start: the shipped head, where there is no turn of a real conversation to learn from: it moves no further from
                that than helps on the fold it did not see.
        """
        if (pools.gold.sum(axis=1) > 0).sum() < ENOUGH:
            head, shipped = load_head(SHIPPED)
            return Learned(head, shipped, 0, None, {"kind": "shipped", "why": f"fewer than {ENOUGH} instances to learn from"})
        self._report("fitting the head", 0.86)
        folds = fold_of([str(group) for group in pools.group], self.config.folds, self.config.seed + 1)
        seen, held = pools.take(folds > 0), pools.take(folds == 0)

        def say(line: str) -> None:
            self._report(f"fitting the head: {line}", 0.87)

        head, epochs = fit_head(config, seen, held, self._fit_config(start), start, say)
        facts: dict[str, Any] = {"held_out_fold_of_train": by_protocol(held, head), "epochs": epochs}
        if start is not None and not epochs:
            why = "mentions held out of shuffled dialogs did not make it better"
            return Learned(head, config, 0, start, facts | {"kind": "shipped", "why": why})
        config = calibrate(config, predict(head, held), held)
        kind = (
            {"kind": "trained"} if start is None else {"kind": "fine-tuned", "why": "from the shipped one, on held-out mentions"}
        )
        return self._relearn(pools, Learned(head, config, epochs, start, facts | kind))

    def _relearn(self, pools: Pools, learned: Learned) -> Learned:
        """The same on all pools, for as many epochs as were found best."""
        if not learned.epochs:
            return learned
        self._report("fitting the head on everything", 0.9)
        fit = replace(self._fit_config(learned.start), stop_after=learned.epochs)
        head, _ = fit_head(learned.config, pools, pools.take(np.zeros(0, dtype=np.intp)), fit, learned.start)
        return replace(learned, head=head)

    def _fit_config(self, start: Head | None) -> FitConfig:
        """A head that begins as the shipped one takes smaller steps."""
        fit = replace(self.config.fit, seed=self.config.seed)
        return fit if start is None else replace(fit, learning_rate=fit.learning_rate / 4)

    def _write(self, out: Path, models: dict[str, Model], learned: Learned, facts: dict[str, Any]) -> None:
        self._report("writing", 0.98)
        refitted = self.config.refit and bool(self.valid_lines)
        lines = self.lines + (self.valid_lines if refitted else ())
        save_models(out, models, self.index.catalog.sha256, len(self.index.ids))
        fusion_config(tuple(models)).save(out)
        save_head(out, learned.head, learned.config)
        trained = Fingerprints.of(lines)
        (trained if learned.epochs and learned.start is None else trained | Fingerprints.load(SHIPPED)).save(out)
        facts |= {"retrievers": list(models), "dialogs": len(lines), "refitted": refitted, "seed": self.config.seed}
        facts |= {
            "bag_epochs": self.models_config.bag.epochs,
            "folds": self.config.folds,
            "data": self.files.hashes(),
            "catalog_sha256": self.index.catalog.sha256,
        }
        write_card(out, facts)


@dataclass(frozen=True)
class Learned:
    """A head and how it came about."""

    head: Head
    config: HeadConfig
    epochs: int
    """Epochs that were found best; 0 for the shipped head."""
    start: Head | None
    """The shipped head, if this one began as that."""
    facts: dict[str, Any]


def retrievers_of(index: ExactIndex, models: dict[str, Model]) -> list[Retriever]:
    """The retrievers every catalog has, and the trained ones."""
    return base_retrievers(index) + [TrainedRetriever(name, model, index) for name, model in models.items()]


def by_protocol(pools: Pools, head: Head) -> dict[str, Any]:
    """The metrics under `new` and under `full`; empty where there are no instances."""
    return {name: pool_metrics(part, predict(head, part)) for name, part in (("new", pools.new()), ("full", pools)) if len(part)}


def fusion_config(learned: tuple[str, ...]) -> FusionConfig:
    """Fusion for a set of trained retrievers; priors retrieve nothing. With none, what every catalog gets."""
    weights = {name: 0.0 if name in FEATURE_ONLY else LEARNED_WEIGHTS.get(name, 1.0) for name in learned}
    depth = FusionConfig(per_retriever=LEARNED_DEPTH, pool=LEARNED_DEPTH) if learned else FusionConfig()
    return replace(depth, weights={**DEFAULT_WEIGHTS, **weights})


def fold_of(names: Sequence[str], folds: int, seed: int) -> np.ndarray:
    """int [names]: the fold of each name; equal names share theirs, and order does not matter."""
    digests = [hashlib.blake2b(f"{seed} {name}".encode(), digest_size=4).digest() for name in names]
    return np.array([int.from_bytes(digest, "big") % folds for digest in digests], dtype=np.int64)


def _others(valid: tuple[DialogLine, ...], train: tuple[DialogLine, ...]) -> tuple[DialogLine, ...]:
    shared = {line.dialog_id for line in valid} & {line.dialog_id for line in train}
    if shared:
        raise TrainingDataError(
            f"{len(shared)} dialogs are in both the training and the validation file, {min(shared)!r} among them:"
            " a validation dialog must not be trained on"
        )
    return valid
