"""`chatrec train sweep`: a small grid of ways to fit the head, judged out of fold on the training dialogs alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import TrainingDataError
from chatrec.evaluate.metrics import ratio_interval
from chatrec.evaluate.report import write_report
from chatrec.outputs import check_own
from chatrec.score.head import Head, HeadConfig
from chatrec.train.config import HeadOptions
from chatrec.train.costs import fitting
from chatrec.train.fit import FitConfig, fit_head, predict
from chatrec.train.folds import folds_in_order
from chatrec.train.meter import Mark
from chatrec.train.pools import Pools, found_within, reciprocal_ranks, under_new
from chatrec.train.prepare import ENOUGH, Preparation, Prepared
from chatrec.train.start import from_shipped, has_shape
from chatrec.train.steps import Kind

BEST, TABLE = "best.json", "sweep.json"
OF_TABLE = frozenset(("instances", "rows"))
CUTS = (1, 10, 50)
FITS: tuple[dict[str, Any], ...] = (
    {},
    {"learning_rate": 1e-3},
    {"learning_rate": 4e-3},
    {"weight_decay": 0.1},
)
"""Changes of `FitConfig`, one at a time: AdamW's learning rate and weight decay."""
LOSSES: tuple[dict[str, Any], ...] = (
    {"pointwise": 0.0},
    {"pointwise": 0.5},
    {"rating": 0.1},
    {"rating": 0.5},
    {"sentiment": 0.1},
    {"sentiment": 0.5},
)
"""Changes of `LossWeights`, likewise; a task is tried where the data have answers for it."""
SHAPES: tuple[dict[str, Any], ...] = ({"layers": 1}, {"layers": 3}, {"dropout": 0.0}, {"dropout": 0.3})
"""Changes of `Shape`, likewise; one of another depth does not start from the shipped head."""

Outcome = dict[str, NDArray[Any]]
"""Of each instance, out of fold: `mrr`, the reciprocal rank of its best gold; `found_k`, its gold within k, of the `asked`;
its dialog, `group`."""


@dataclass(frozen=True)
class Row:
    """One line of the table; each value has a 95% interval by dialog."""

    changed: str
    options: HeadOptions
    mrr: dict[str, float]
    gain: dict[str, float]
    """In MRR over the defaults, paired by instance."""
    recall: dict[str, dict[str, float]]

    @property
    def verdict(self) -> str:
        """Whether the difference from the defaults is more than chance."""
        if not self.changed:
            return ""
        return "better" if self.gain["low"] > 0 else "worse" if self.gain["high"] < 0 else "may be chance"


class Sweep:
    """Tries the grid on pools that are gathered once.

    Args:
        preparation: takes the files as far as candidate pools.
    """

    def __init__(self, preparation: Preparation) -> None:
        self._preparation = preparation
        self._config = preparation.config

    def run(self, out: Path) -> tuple[Row, ...]:
        """Try everything; write `best.json` for `train head --config` and `sweep.json`; best first.

        `best.json` has what is better than the defaults by more than chance, or the defaults.

        The steps stay in `out/unfinished`: `train head` with the same files and folder begins with these pools.

        Raises:
            TrainingDataError: there is too little to tell ways to fit apart.
            InputError: the folder cannot be written, holds a file of somebody's own that results would replace, or another
                training writes there.
        """
        check_own(out, (BEST, TABLE), facts=TABLE, keys=OF_TABLE)
        preparation = self._preparation
        with preparation.resuming(out):
            tried = grid()
            size, folds = preparation.size, self._config.folds
            fits = {f"sweep-{o.name}": 0.8 * folds * fitting(size.asked, o.fit, o.shape) for _, o in tried}
            preparation.meter.plan(preparation.costs(raters=True) | fits)
            prepared = preparation.run(raters=True)
            pools = prepared.pools
            if (pools.gold.sum(axis=1) > 0).sum() < ENOUGH:
                raise TrainingDataError(f"a sweep needs at least {ENOUGH} instances with gold among the candidates")
            tried = grid(without=_unknown(prepared))
            outcomes = [(what, options, self._try(what, options, prepared)) for what, options in tried]
        rows = ranked(outcomes)
        write_report(out / TABLE, {"instances": len(outcomes[0][2]["mrr"]), "rows": [asdict(row) for row in rows]})
        write_report(out / BEST, asdict(chosen(rows).options))
        return rows

    def _try(self, what: str, options: HeadOptions, prepared: Prepared) -> Outcome:
        preparation, name = self._preparation, f"sweep-{options.name}"

        def make() -> Outcome:
            preparation.meter.begin(name, f"trying {what or 'the defaults'}")
            config, fit = replace(prepared.config, **asdict(options.shape)), replace(options.fit, seed=self._config.seed)
            start = from_shipped(config, prepared.pools) if prepared.adapts and has_shape(options.shape) else None
            told = preparation.told(f"sweep/{what or 'defaults'}")
            folds = max(3, self._config.folds)
            logits = cross_validated(prepared.pools, config, fit, start, folds, told, prepared.raters)
            return outcome(prepared.pools, logits)

        return preparation.steps.keep(name, OUTCOME, make)


def grid(*, without: Sequence[str] = ()) -> list[tuple[str, HeadOptions]]:
    """(what is changed, the options) of everything that is tried, the defaults first.

    Args:
        without: tasks that there are no answers for.
    """
    base = HeadOptions()
    tried = [(_told(fit), replace(base, fit=replace(base.fit, **fit))) for fit in FITS]
    for loss in LOSSES:
        if not set(without) & set(loss):
            fit = replace(base.fit, loss_weights=replace(base.fit.loss_weights, **loss))
            tried.append((_told(loss), replace(base, fit=fit)))
    return tried + [(_told(shape), replace(base, shape=replace(base.shape, **shape))) for shape in SHAPES]


def _unknown(prepared: Prepared) -> list[str]:
    """Tasks that no instance has an answer for."""
    missing = {"rating": prepared.raters is None, "sentiment": bool(np.isnan(prepared.pools.liked).all())}
    return [task for task, nothing in missing.items() if nothing]


def _told(changes: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in changes.items())


def cross_validated(
    pools: Pools,
    config: HeadConfig,
    fit: FitConfig,
    start: Head | None,
    folds: int,
    told: Callable[[Mark], None] = lambda mark: None,
    raters: Pools | None = None,
) -> NDArray[np.float32]:
    """float32 [n, width]: logits of heads that neither learned from the instance's dialog nor stopped by it.

    Each of at least three folds in turn is scored by a head fitted on the others, of which the next one says when to stop.
    """
    fold = folds_in_order(pools.group, folds, fit.seed + 1)
    logits = np.full(pools.present.shape, -np.inf, dtype=np.float32)
    for number in range(folds):
        stopping = fold == (number + 1) % folds
        seen = ~stopping & (fold != number)

        def part(mark: Mark, number: int = number) -> None:
            told(Mark((number + mark.done) / folds, mark.epoch, {}))

        taught = pools.take(seen) if raters is None or not fit.loss_weights.rating else Pools.join([pools.take(seen), raters])
        head, _ = fit_head(config, taught, pools.take(stopping), fit, start, part)
        logits[fold == number] = predict(head, pools.take(fold == number))
    return logits


def outcome(pools: Pools, logits: NDArray[np.float32]) -> Outcome:
    """How each instance fared, under protocol `new`."""
    pools, logits = under_new(pools, logits)
    found = {f"found_{k}": found_within(pools, logits, k) for k in CUTS}
    return {"mrr": reciprocal_ranks(pools, logits), "asked": pools.asked, "group": pools.group, **found}


def ranked(outcomes: list[tuple[str, HeadOptions, Outcome]]) -> tuple[Row, ...]:
    """A row of each, by mean reciprocal rank, best first; of equals the one tried first. The defaults must come first."""
    base = outcomes[0][2]
    rows = [_row(what, options, tried, base) for what, options, tried in outcomes]
    return tuple(sorted(rows, key=lambda row: -row.mrr["value"]))


def chosen(rows: Sequence[Row]) -> Row:
    """The first of the ranked rows that is better than the defaults by more than chance; else the defaults."""
    return next(row for row in rows if row.verdict in ("better", ""))


def _row(what: str, options: HeadOptions, tried: Outcome, base: Outcome) -> Row:
    ones, group = np.ones(len(tried["mrr"])), tried["group"].tolist()

    def share(top: NDArray[Any], bottom: NDArray[Any]) -> dict[str, float]:
        low, high = ratio_interval(top.tolist(), bottom.tolist(), group)
        return {"value": float(top.sum() / bottom.sum()), "low": low, "high": high}

    recall = {str(k): share(tried[f"found_{k}"], tried["asked"]) for k in CUTS}
    return Row(what, options, share(tried["mrr"], ones), share(tried["mrr"] - base["mrr"], ones), recall)


def _save(folder: Path, made: Outcome) -> None:
    np.savez(folder / "outcome.npz", allow_pickle=False, **made)


def _load(folder: Path) -> Outcome:
    with np.load(folder / "outcome.npz", allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


OUTCOME: Kind[Outcome] = Kind(_save, _load)
