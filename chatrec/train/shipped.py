"""The head that ships: from ReDial's training dialogs and from simulated needs, for any catalog.

    python -m chatrec.train.shipped --redial FOLDER --catalog index/catalog --out chatrec/score/weights

ReDial's valid split is never read here, so that numbers on it are numbers on unseen dialogs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from chatrec.catalog.read import read_catalog
from chatrec.evaluate.leaks import Fingerprints
from chatrec.index.embed import Embedder
from chatrec.index.open import Index, open_or_build
from chatrec.retrieve.fuse import Fusion
from chatrec.retrieve.load import base_retrievers
from chatrec.score.features import Features
from chatrec.score.head import HeadConfig, save_head
from chatrec.train.card import write_shipped_card
from chatrec.train.config import TrainConfig, TrainFiles
from chatrec.train.data import Case, Dialogs
from chatrec.train.fit import FitConfig, Judged, calibrate, fit_head, predict
from chatrec.train.folds import random_folds
from chatrec.train.head import by_protocol
from chatrec.train.meter import Mark, Meter, Progress, Report
from chatrec.train.needs import simulate
from chatrec.train.pools import Asked, Pools, build_pools
from chatrec.train.prepare import Preparation
from chatrec.types import Sentiment


@dataclass(frozen=True)
class Shares:
    """How much an instance of each source counts."""

    dialogs: float = 1.0
    """Real dialogs, with the retrievers that every catalog has."""
    learned: float = 0.7
    """The same with trained retrievers as well, which a catalog may or may not have."""
    told: float = 0.7
    """The same as the first, with what people said in the end of the works that were named before: in a chat it is known."""
    needs: float = 0.6


SHIPPED_CONFIG = HeadConfig(hidden=48, members=3)
PATIENT = FitConfig(patience=12)
"""Several sources at once learn unevenly: a pause is waited out, so that the learning rate can fall as it is scheduled to."""
REPORTED = ("dialogs", "learned", "needs")
"""Sources whose held-out folds are reported on."""
UNSURE = {"message_z": 0.5, "popularity": 0.15, "popularity_gap": 0.15}
"""Features that catalogs or callers may lack, and the share of dialogs in which they are withheld."""


def need_pools(catalog: Path, count: int, seed: int, embedder: Embedder, build_dir: Path) -> Pools:
    """Pools of simulated needs over a catalog."""
    index = open_or_build(read_catalog(catalog), embedder, build_dir)
    needs = list(simulate(index, count, seed))
    asked = (Asked(need.query, need.gold, need.number) for need in needs)
    return build_pools(Fusion(index, base_retrievers(index)), Features(index, SHIPPED_CONFIG.features), asked, len(needs))


def withhold(pools: Pools, seed: int) -> Pools:
    """Make features unknown that may be so elsewhere, in a share of the instances."""
    rng = np.random.default_rng(seed)
    features = pools.features.copy()
    for name, share in UNSURE.items():
        features[rng.random(len(features)) < share, :, SHIPPED_CONFIG.features.index(name)] = np.nan
    return replace(pools, features=features)


def fit_shipped(
    dialogs: Pools, learned: Pools, told: Pools, needs: Pools, out: Path, seed: int, shares: Shares, notes: dict[str, Any]
) -> dict[str, Any]:
    """Fit on all four, stop and report on held-out folds of each, calibrate on held-out needs, and write the folder."""
    parts = {
        "dialogs": withhold(replace(dialogs, weight=dialogs.weight * shares.dialogs), seed),
        "learned": withhold(replace(learned, weight=learned.weight * shares.learned), seed + 1),
        "told": withhold(replace(told, weight=told.weight * shares.told), seed + 2),
        "needs": replace(needs, weight=needs.weight * shares.needs, group=needs.group + 1_000_000),
    }
    folds = {name: random_folds([str(group) for group in part.group], 6, seed) for name, part in parts.items()}
    seen = Pools.join([part.take(folds[name] > 0) for name, part in parts.items()])
    held = {name: part.take(folds[name] == 0) for name, part in parts.items()}
    head, epochs = fit_head(SHIPPED_CONFIG, seen, Pools.join(list(held.values())), replace(PATIENT, seed=seed), report=_say_epoch)
    config = calibrate(SHIPPED_CONFIG, Judged.of(held["needs"], predict(head, held["needs"])))
    metrics = {name: by_protocol(held[name], head) for name in REPORTED}
    everything = Pools.join(list(parts.values()))
    head, _ = fit_head(config, everything, seen.take(np.zeros(0, np.intp)), replace(PATIENT, seed=seed, stop_after=epochs))
    save_head(out, head, config)
    facts = {"epochs": epochs, "seed": seed, "held_out": metrics, **notes}
    write_shipped_card(out, facts)
    return facts


def train_shipped(redial: Path, catalog: Path, out: Path, build_dir: Path, *, needs: int = 5000, seed: int = 0) -> dict[str, Any]:
    """Everything from the files: gather, out-of-fold retrievers, needs, fit, write."""
    files = TrainFiles((redial / "dialogs.train.jsonl",), redial / "catalog.jsonl")
    preparation = Preparation(files, TrainConfig(seed=seed), build_dir, Embedder(), Meter(_changes()))
    dialogs = preparation.gather("said", preparation.lines, "embedding what was said")
    learned = preparation.out_of_fold(dialogs, SHIPPED_CONFIG)
    asked = tuple(sampled(dialogs))
    plain = preparation.out_of_fold(replace(dialogs, cases=asked), SHIPPED_CONFIG, "plain", fitted=False)
    verdicts = replace(dialogs, cases=tuple(with_verdicts(asked, preparation.index)))
    told = preparation.out_of_fold(verdicts, SHIPPED_CONFIG, "told", fitted=False)
    made = need_pools(catalog, needs, seed, Embedder(), build_dir)
    notes = {"needs": needs, "dialogs": len(preparation.lines), "data": files.hashes()}
    facts = fit_shipped(plain, learned, told, made, out, seed, Shares(), notes)
    Fingerprints.of(preparation.lines).save(out)
    return facts


def sampled(dialogs: Dialogs) -> list[Case]:
    """The instances of dialogs with text, and of every fourth without."""
    return [case for case in dialogs.cases if case.has_text or case.dialog % 4 == 0]


def with_verdicts(cases: Iterable[Case], index: Index) -> Iterator[Case]:
    """The instances that follow a work with a verdict, which is then known as it is in a chat; what was named does not come back.

    Logs give verdicts of the end of a dialog, which may tell more than a chat would know by then. They are no input of a replay,
    and figures of these instances are not reported.
    """
    sentiments: Mapping[float, Sentiment] = {1.0: "liked", 0.0: "disliked"}
    for case in cases:
        ledger = case.example.query.ledger
        named = frozenset(opinion.item_id for opinion in ledger.opinions)
        if named.isdisjoint(case.liked):
            continue
        opinions = [
            replace(one, sentiment=sentiments[case.liked[one.item_id]]) if one.item_id in case.liked else one
            for one in ledger.opinions
        ]
        query = replace(case.example.query, ledger=replace(ledger, opinions=tuple(opinions)), excluded=named)
        gold = tuple(row for row in case.gold if index.ids[row] not in named)
        yield replace(case, example=replace(case.example, query=query), gold=gold)


def _changes() -> Report:
    """Says what is being done when that changes."""
    said: list[str] = []

    def report(progress: Progress) -> None:
        if progress.what not in said[-1:]:
            said.append(progress.what)
            _say(progress.what)

    return report


def _say_epoch(mark: Mark) -> None:
    if mark.values:
        _say(str(mark))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    import typer

    from chatrec.settings import Settings

    def _main(redial: Path = typer.Option(...), catalog: Path = typer.Option(...), out: Path = typer.Option(...)) -> None:  # noqa: B008
        train_shipped(redial, catalog, out, Settings.load().build_dir)

    typer.run(_main)
