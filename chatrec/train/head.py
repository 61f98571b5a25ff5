"""`chatrec train head`: everything that is learned for one catalog, from its dialogs and interactions, into one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.evaluate.leaks import FILE as TRAINED_ON
from chatrec.evaluate.leaks import Fingerprints
from chatrec.evaluate.metrics import ratio_interval
from chatrec.outputs import check_own
from chatrec.retrieve.collaborative import CONFIG as RETRIEVERS
from chatrec.retrieve.collaborative import Model, files_of, save_models
from chatrec.retrieve.fuse import CONFIG as FUSION
from chatrec.retrieve.tower import EncoderTower, LinearTower
from chatrec.score.head import CONFIG as HEAD
from chatrec.score.head import SHIPPED, WEIGHTS, Head, HeadConfig, load_head, save_head
from chatrec.train.card import CARD, FACTS, OF_MODELS, write_card
from chatrec.train.costs import finishing
from chatrec.train.data import Dialogs
from chatrec.train.fit import Judged, calibrate, fit_head, listwise_losses, predict
from chatrec.train.folds import folds_in_order
from chatrec.train.models import NAMES, TOWER
from chatrec.train.pools import Pools, pool_metrics, reliability
from chatrec.train.prepare import ENOUGH, POOLS, Preparation, Prepared
from chatrec.train.ratings_split import part_of
from chatrec.train.start import from_shipped, has_shape, saw
from chatrec.train.steps import Kind, clear, versions

RESULTS = (CARD, FACTS, HEAD, WEIGHTS, FUSION, RETRIEVERS, TRAINED_ON, *(f"{name}.npz" for name in NAMES))
"""Names of the files of a trained folder."""
FEW = 1000
"""Training instances up to which a single fold is too few to calibrate on."""

CALIBRATES = 20
"""Validation instances with gold among their candidates that suffice for the two numbers of the calibration."""

WHAT = {"stopped": "fitting the head"} | dict.fromkeys(("head", "head-all"), "fitting the head on everything")
"""Step of a fit → what is told of it."""

Fitted = tuple[Head, HeadConfig, int]
"""A head, its configuration, and how many epochs it was fitted."""


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
    judged: Judged | None = None
    """What it was calibrated on."""


class Trainer:
    """One training run.

    Args:
        preparation: takes the files as far as candidate pools.
        notes: of the run, for the card.
    """

    def __init__(self, preparation: Preparation, notes: Mapping[str, Any] | None = None) -> None:
        self._preparation = preparation
        self._config, self._meter, self._tracker = preparation.config, preparation.meter, preparation.tracker
        self._notes = dict(notes or {})
        self._rates = self._config.head.fit.loss_weights.rating > 0

    def run(self, out: Path) -> dict[str, Any]:
        """Learn, write the folder, and return what its card says; what was interrupted is gone on with.

        Raises:
            TrainingDataError: nothing can be learned from this.
            InputError: the folder cannot be written, holds a file of somebody's own that results would replace, or another
                training writes there.
        """
        check_own(out, RESULTS, facts=FACTS, keys=OF_MODELS)
        with self._preparation.resuming(out):
            self._meter.plan(self._costs())
            facts = self._run(out)
        clear(out)
        return facts

    def _costs(self) -> dict[str, float]:
        preparation, config = self._preparation, self._config
        few = config.folds - 1 if preparation.size.asked <= FEW else 0
        told = (preparation.size, preparation.models_config, config.head.fit, config.head.shape)
        after = finishing(*told, refit=config.refit, calibrating=few)
        return preparation.costs(raters=self._rates) | after

    def _run(self, out: Path) -> dict[str, Any]:
        preparation = self._preparation
        prepared = preparation.run(raters=self._rates)
        models = prepared.models
        learned = self._learn(prepared)
        valid = preparation.gather("valid-said", preparation.valid_lines, "embedding the validation dialogs")
        offset = len(preparation.lines)
        valid_pools = preparation.steps.keep(
            "valid", POOLS, lambda: preparation.pools("valid", valid.cases, models, learned.config, "validation dialogs", offset)
        )
        facts: dict[str, Any] = {"head": learned.facts, "valid": by_protocol(valid_pools, learned.head)}
        facts["reliability"] = reliability_of(learned, valid_pools)
        self._track(facts["valid"], learned.epochs)
        if self._config.refit and len(valid_pools):
            learned = settled(learned, valid_pools)
            facts["head"] = learned.facts
            if learned.epochs:
                learned = self._relearn("head-all", prepared.taught(prepared.pools, valid_pools), learned)
        if self._config.refit and preparation.valid_lines:
            models = preparation.fit("models-all", Dialogs.join(prepared.dialogs, valid), "fitting retrievers on all dialogs")
        self._write(out, models, learned, facts)
        return facts

    def _learn(self, prepared: Prepared) -> Learned:
        """A head that stopped and was calibrated on a fold it did not see, then fitted again on all of them.

        One that starts from the shipped head moves no further from that than helps on the fold it did not see.
        """
        pools = prepared.pools
        if (pools.gold.sum(axis=1) > 0).sum() < ENOUGH:
            head, shipped = load_head(SHIPPED)
            return Learned(head, shipped, 0, None, {"kind": "shipped", "why": f"fewer than {ENOUGH} instances to learn from"})
        adapts = prepared.adapts and has_shape(self._config.head.shape)
        start = from_shipped(prepared.config, pools) if adapts else None
        folds = self._folds_of(pools)
        seen, held = pools.take(folds > 0), pools.take(folds == 0)
        head, config, epochs = self._step("stopped", prepared.taught(seen), held, prepared.config, start)
        facts: dict[str, Any] = {"held_out_fold_of_train": by_protocol(held, head), "epochs": epochs}
        facts["calibrated_on"] = "that fold"
        judged = Judged.of(held, predict(head, held))
        if start is not None and not epochs:
            why = f"{_what_of(prepared.dialogs)} did not make it better"
            return Learned(head, config, 0, start, facts | {"kind": "shipped", "why": why}, judged)
        kind, why = ("trained", "") if start is None else ("fine-tuned", "from the shipped one, ")
        facts |= {"kind": kind, "why": f"{why}on {_what_of(prepared.dialogs)}"}
        learned = Learned(head, config, epochs, start, facts, judged)
        if len(pools) <= FEW and len(np.unique(folds)) > 1:
            learned = self._calibrated(prepared, learned)
        return self._relearn("head", prepared.taught(pools), learned)

    def _folds_of(self, pools: Pools) -> NDArray[np.int64]:
        return folds_in_order(pools.group, self._config.folds, self._config.seed + 1)

    def _calibrated(self, prepared: Prepared, learned: Learned) -> Learned:
        """The same, calibrated on all instances, each scored by a head that learned as long from the other folds."""
        pools, folds = prepared.pools, self._folds_of(prepared.pools)
        logits = np.full(pools.present.shape, -np.inf, dtype=np.float32)
        for fold in np.unique(folds):
            held, head = folds == fold, learned.head
            if fold:
                taught = prepared.taught(pools.take(~held))
                head, _, _ = self._step(f"without-{fold}", taught, None, learned.config, learned.start, learned.epochs)
            logits[held] = predict(head, pools.take(held))
        told = learned.facts | {"calibrated_on": "all folds, each scored by a head that did not see it"}
        judged = Judged.of(pools, logits)
        return replace(learned, config=calibrate(learned.config, judged), facts=told, judged=judged)

    def _relearn(self, name: str, pools: Pools, learned: Learned) -> Learned:
        """The same on all of these pools, for as many epochs as were found best; a shipped head stays as it is."""
        if not learned.epochs:
            return learned
        head, _, _ = self._step(name, pools, None, learned.config, learned.start, learned.epochs)
        return replace(learned, head=head)

    def _step(
        self, name: str, seen: Pools, held: Pools | None, config: HeadConfig, start: Head | None, stop_after: int | None = None
    ) -> Fitted:
        """A fit as a step of this name; with held-out pools it stops and is calibrated on them."""

        def make() -> Fitted:
            self._meter.begin(name, WHAT.get(name, "calibrating the head"))
            fit = replace(self._config.head.fit, seed=self._config.seed, stop_after=stop_after)
            check = seen.take(np.zeros(0, dtype=np.intp)) if held is None else held
            head, epochs = fit_head(config, seen, check, fit, start, self._preparation.told(f"head/{name}"))
            return head, calibrate(config, Judged.of(check, predict(head, check))) if len(check) else config, epochs

        return self._preparation.steps.keep(f"{name}-{self._config.head.name}", FITTED, make)

    def _track(self, valid: Mapping[str, Any], epochs: int) -> None:
        for protocol, metrics in valid.items():
            found = {f"valid/{protocol}_recall_{k}": value["value"] for k, value in metrics["recall"].items()}
            self._tracker.log(found, epochs)

    def _write(self, out: Path, models: dict[str, Model], learned: Learned, facts: dict[str, Any]) -> None:
        """Write everything aside and move it into the folder."""
        self._meter.begin("write", "writing")
        preparation = self._preparation
        refitted, embedder = self._config.refit and bool(preparation.valid_lines), preparation.index.embedder
        lines = preparation.lines + (preparation.valid_lines if refitted else ())
        facts |= {"retrievers": list(models), "dialogs": len(lines), "refitted": refitted, "seed": self._config.seed}
        facts |= {
            "text_tower": {"tuning": self._config.models.tower.tuning, "trainable_parameters": trained_in(models)},
            "bag_epochs": preparation.models_config.bag.epochs,
            "fusion_weights": dict(preparation.fusion_config(models).weights),
            "popularity": preparation.popularity_of,
            "valid_seen": not learned.epochs and saw(preparation.valid_lines),
            "folds": self._config.folds,
            "data": preparation.files.hashes(),
            "interactions_of": part_of(preparation.files.interactions),
            "catalog_sha256": preparation.index.catalog.sha256,
            "calibration": {name: getattr(learned.config, name) for name in ("slope", "offset", "fit_bounds")},
            "options": asdict(self._config.head),
            "versions": versions() | {"embedder": f"{embedder.name} sha256 {embedder.sha256}"},
            **self._notes,
        }

        def save(folder: Path, facts: dict[str, Any]) -> None:
            save_models(folder, models, preparation.index.catalog.sha256, len(preparation.index.ids), embedder.sha256)
            preparation.fusion_config(models).save(folder)
            save_head(folder, learned.head, learned.config)
            trained = Fingerprints.of(lines)
            (trained if learned.epochs and learned.start is None else trained | Fingerprints.load(SHIPPED)).save(folder)
            write_card(folder, facts)

        preparation.steps.publish(out, save, facts, old=files_of(out))


def settled(learned: Learned, valid: Pools) -> Learned:
    """What validation dialogs decide, where they are learned from in the end and their figures were taken.

    The shipped head is kept after all if it ranks them better by more than chance (95%, by dialog) and they are enough to tell.
    Then the probabilities are calibrated on them, too, or on them alone if the training dialogs were too few for that.
    """
    told, found = dict(learned.facts), valid.take(valid.gold.sum(axis=1) > 0)
    if learned.epochs and learned.start is not None:
        worse = listwise_losses(learned.head, found) - listwise_losses(learned.start, found)
        if len(worse) >= ENOUGH and ratio_interval(worse.tolist(), [1.0] * len(worse), found.group.tolist())[0] > 0:
            why = "the validation dialogs were ranked worse by one that had learned more"
            told |= {"kind": "shipped", "why": why, "calibrated_on": "the validation dialogs", "epochs": 0, "given_up": True}
            judged = Judged.of(valid, predict(learned.start, valid))
            return replace(learned, head=learned.start, epochs=0, config=calibrate(learned.config, judged), facts=told)
    judged = Judged.of(valid, predict(learned.head, valid))
    if learned.judged is not None:
        told["calibrated_on"] += " and the validation dialogs"
        return replace(learned, config=calibrate(learned.config, learned.judged + judged), facts=told)
    if len(found) < CALIBRATES:
        return learned
    told["calibrated_on"] = "the validation dialogs"
    return replace(learned, config=calibrate(learned.config, judged), facts=told)


def _what_of(dialogs: Dialogs) -> str:
    """What a head learns from."""
    real = any(case.example.recommended and not case.made_up for case in dialogs.cases)
    return "turns of these dialogs" if real else "mentions held out of shuffled dialogs"


def trained_in(models: Mapping[str, Model]) -> int:
    """Parameters of the text tower that were trained; 0 without one."""
    tower = models.get(TOWER)
    return tower.parameters if isinstance(tower, LinearTower | EncoderTower) else 0


def reliability_of(learned: Learned, pools: Pools) -> list[dict[str, Any]]:
    """Rows of the reliability table of a calibrated head; none without instances."""
    config = learned.config
    chances = 1 / (1 + np.exp(-(config.slope * predict(learned.head, pools).astype(np.float64) + config.offset)))
    return reliability(pools, chances) if len(pools) else []


def by_protocol(pools: Pools, head: Head) -> dict[str, Any]:
    """The metrics under `new` and under `full`; empty where there are no instances."""
    return {name: pool_metrics(part, predict(head, part)) for name, part in (("new", pools.new()), ("full", pools)) if len(part)}


def _save_fitted(folder: Path, fitted: Fitted) -> None:
    head, config, epochs = fitted
    save_head(folder, head, config)
    (folder / "epochs.json").write_text(json.dumps(epochs), encoding="utf-8")


def _load_fitted(folder: Path) -> Fitted:
    head, config = load_head(folder)
    return head.eval(), config, json.loads((folder / "epochs.json").read_text(encoding="utf-8"))


FITTED: Kind[Fitted] = Kind(_save_fitted, _load_fitted)
