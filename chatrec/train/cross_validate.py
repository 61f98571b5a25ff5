"""How well a training does on dialogs it did not see, where too few are there to set any aside: trainings without each fold."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from pydantic import TypeAdapter

from chatrec.errors import TrainingDataError
from chatrec.evaluate.logs import DialogLine, Instance, Protocol, instances, person_of
from chatrec.evaluate.replay import Replayed, System, replay
from chatrec.evaluate.report import summarise, write_report
from chatrec.index.open import Index
from chatrec.outputs import replaced
from chatrec.retrieve.load import load_fusion
from chatrec.score.head import Scorer
from chatrec.train.config import TrainConfig, TrainFiles
from chatrec.train.data import mentions_of
from chatrec.train.folds import random_folds
from chatrec.train.head import Trainer
from chatrec.train.popularity import Counted
from chatrec.train.prepare import Preparation
from chatrec.train.steps import Kind, clear, unfinished

REPORT, TAUGHT = "cross_validated.json", "dialogs.jsonl"
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
KS = (1, 10, 50)
Prepare = Callable[[TrainFiles, TrainConfig], Preparation]
Rows = dict[Protocol, list[Replayed]]


def cross_validate(files: TrainFiles, config: TrainConfig, out: Path, prepare: Prepare) -> dict[str, Any]:
    """Train as `train head` would, once without each fold of the dialogs, and replay that; nothing has seen what it is asked.

    Args:
        files: what is learned from; no validation dialogs.
        config: how.
        out: folder; each fold's models are left in `out/fold-…`, and the report is written there.
        prepare: begins a training.

    Returns:
        Protocol → metrics over all folds, with intervals by dialog; one without any instance is left out.

    Raises:
        TrainingDataError: nothing can be learned, or measured, with these dialogs.
        InputError: the folder cannot be written.
    """
    whole = prepare(files, config)  # reads, and refuses, everything before anything is written
    lines, index = whole.lines, whole.index
    _check_popularity(lines, index)
    people = [person_of(line) for line in lines]
    folds = random_folds(people, config.folds, config.seed)
    names = ", ".join(map(str, files.dialogs))
    if len(set(people)) < config.folds or len(np.unique(folds)) < 2:
        raise TrainingDataError(
            f"{names}: too few dialogs for {config.folds} folds, which need at least as many; there are {len(set(people))},"
            " those of one person counted once"
        )
    if not any(_instances(lines, protocol) for protocol in PROTOCOLS):
        raise TrainingDataError(f"{names}: no turn can be replayed: no assistant turn after the first has gold")
    decisive = {"data": files.hashes(), "config": asdict(config), "threads": torch.get_num_threads()}
    rows: Rows = {protocol: [] for protocol in PROTOCOLS}
    with unfinished(out, decisive, whole.meter.notice) as steps:
        used = np.unique(folds).tolist()
        for run, number in enumerate(used, 1):
            taught, held = (
                [line for line, fold in zip(lines, folds, strict=True) if (fold == number) == of] for of in (False, True)
            )
            home = out / f"fold-{number + 1}"
            _write(taught, home / TAUGHT)
            parts = replace(files, dialogs=(home / TAUGHT,), valid=None), replace(config, refit=False)
            told = steps.keep(
                home.name, ROWS, partial(_fold, index, held, home, lambda parts=parts: prepare(*parts), (run, len(used)))
            )
            rows = {protocol: rows[protocol] + told[protocol] for protocol in PROTOCOLS}
    clear(out)
    report = {protocol: summarise(found, KS) for protocol, found in rows.items() if found}
    write_report(out / REPORT, report | {"data": files.hashes(), "folds": config.folds, "seed": config.seed})
    return report


def _check_popularity(lines: Sequence[DialogLine], index: Index) -> None:
    named = [[row for _, row in dialog] for dialog in mentions_of(lines, index)]
    if Counted.of(index.columns.numbers("popularity"), named):
        raise TrainingDataError(
            "the catalog's popularity was counted on these very dialogs, so that every training would have seen all of them:"
            " leave popularity out of the catalog, or keep dialogs back for `train head --valid`"
        )


def _write(lines: Sequence[DialogLine], path: Path) -> None:
    with replaced(path) as made:
        made.write_text("".join(line.model_dump_json() + "\n" for line in lines), encoding="utf-8")


def _fold(
    index: Index, held: Sequence[DialogLine], home: Path, begin: Callable[[], Preparation], run_of: tuple[int, int]
) -> Rows:
    preparation = begin()
    preparation.meter.run, preparation.meter.runs = run_of
    Trainer(preparation).run(home)
    return {protocol: _replayed(index, held, home, protocol) for protocol in PROTOCOLS}


def _instances(lines: Sequence[DialogLine], protocol: Protocol) -> list[Instance]:
    return [instance for line in lines for instance in instances(line, protocol)]


def _replayed(index: Index, lines: Sequence[DialogLine], models: Path, protocol: Protocol) -> list[Replayed]:
    """What the models of a folder make of dialogs; nothing where none can be replayed."""
    found = _instances(lines, protocol)
    if not found:
        return []
    fusion, scorer = load_fusion(index, models), Scorer.load(index, models)
    return list(replay(index, found, protocol, System(fusion, fusion.config.pool, lambda query, _, pool: scorer(query, pool))))


TABLE: TypeAdapter[Rows] = TypeAdapter(Rows)


def _save_rows(folder: Path, rows: Rows) -> None:
    plain = {protocol: [asdict(row) for row in found] for protocol, found in rows.items()}
    (folder / "rows.json").write_text(json.dumps(plain), encoding="utf-8")  # with Infinity, which JSON proper has not


ROWS: Kind[Rows] = Kind(_save_rows, lambda folder: TABLE.validate_json((folder / "rows.json").read_bytes()))
