"""What is held out stays unseen, and what is given is used: folds, few dialogs, validation dialogs, odd values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dialog_samples import SAMPLE, dialog, many_dialogs, user, write_dialogs
from quick import QUICK, digests, prepare, train, write_valid
from test_fitting import pools

from chatrec.catalog.read import read_catalog
from chatrec.errors import DialogLogError, TrainingDataError
from chatrec.evaluate.logs import read_dialogs
from chatrec.retrieve.collaborative import Model
from chatrec.score.head import HeadConfig
from chatrec.train.data import Case, Dialogs, users_of
from chatrec.train.fit import FitConfig, Judged, calibrate, fit_head, predict
from chatrec.train.head import CALIBRATES, Learned, Trainer, settled
from chatrec.train.meter import Meter
from chatrec.train.prepare import Preparation


def test_candidates_of_a_fold_are_found_by_retrievers_that_saw_none_of_its_dialogs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[tuple[dict[str, Model], set[int]]] = []
    asked: list[set[int]] = []
    fit, find = Preparation.fit, Preparation.pools

    def fitting(self: Preparation, name: str, dialogs: Dialogs, what: str) -> dict[str, Model]:
        models = fit(self, name, dialogs, what)
        named = {number for number, rows in enumerate(dialogs.mentions) if rows}
        fitted.append((models, named | {case.dialog for case in dialogs.cases}))
        return models

    def finding(self: Preparation, name: str, cases: Sequence[Case], models: dict[str, Model], *rest: Any, **more: Any) -> Any:
        if name.startswith("fold"):
            (seen,) = (seen for made, seen in fitted if made is models)
            held = {case.dialog for case in cases}
            assert seen and seen.isdisjoint(held)
            asked.append(held)
        return find(self, name, cases, models, *rest, **more)

    monkeypatch.setattr(Preparation, "fit", fitting)
    monkeypatch.setattr(Preparation, "pools", finding)
    Trainer(prepare(tmp_path)).run(tmp_path / "models")
    assert len(asked) == QUICK.folds and set.union(*asked) == set(range(60))


@pytest.mark.parametrize("gold", [True, False])
def test_too_few_dialogs_for_a_head_still_teach_the_retrievers_with_the_validation_dialogs(tmp_path: Path, gold: bool) -> None:
    dialogs = write_dialogs(tmp_path / "few.jsonl", _without_gold(many_dialogs(12)) if not gold else many_dialogs(12))
    with_valid = train(tmp_path, "with", dialogs=dialogs, valid=write_valid(tmp_path))
    without = train(tmp_path, "without", dialogs=dialogs)
    assert with_valid["head"]["kind"] == without["head"]["kind"] == "shipped"
    assert (with_valid["dialogs"], without["dialogs"]) == (21, 12)
    first, second = digests(tmp_path / "with"), digests(tmp_path / "without")
    assert first["co_mentioned.npz"] != second["co_mentioned.npz"]


def test_validation_dialogs_without_instances_teach_the_retrievers_too(tmp_path: Path) -> None:
    lines = [line.model_copy(update={"dialog_id": f"v{line.dialog_id}"}) for line in _without_gold(many_dialogs(9))]
    valid = write_dialogs(tmp_path / "valid.jsonl", lines)
    facts = train(tmp_path, "with", valid=valid)
    train(tmp_path, "without")
    assert facts["refitted"] and facts["dialogs"] == 69
    first, second = digests(tmp_path / "with"), digests(tmp_path / "without")
    assert first["co_mentioned.npz"] != second["co_mentioned.npz"]


def test_where_training_dialogs_are_too_few_to_calibrate_enough_validation_dialogs_do() -> None:
    config, valid = HeadConfig(members=1), pools(100)
    head, _ = fit_head(config, pools(seed=1), valid, FitConfig(epochs=2))
    learned = Learned(head, config, 0, None, {"kind": "shipped"})
    told = settled(learned, valid)
    assert told.config == calibrate(config, Judged.of(valid, predict(head, valid)))
    assert told.facts["calibrated_on"] == "the validation dialogs"
    assert settled(learned, valid.take(np.arange(CALIBRATES - 1))) is learned


def test_dialogs_that_name_nothing_are_said_to_teach_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    texts = write_dialogs(tmp_path / "said.jsonl", [dialog(n, user("something about the sea")) for n in range(3)])
    prepare(tmp_path, meter=Meter(notice=said.append), dialogs=texts)
    assert [line for line in said if "name no work of the catalog" in line]


def test_a_value_below_zero_is_refused_with_its_line_and_zeros_are_no_strong_ones(tmp_path: Path) -> None:
    catalog = read_catalog(SAMPLE)
    path = tmp_path / "i.csv"
    path.write_text("user_id,item_id,value,timestamp\nu,s:alien,4,\nu,s:thing,-1,\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match="line 3: value -1 is below 0"):
        users_of(path, catalog)
    path.write_text("user_id,item_id,value,timestamp\nu,s:alien,0,\nu,s:thing,0,\n", encoding="utf-8")
    assert {strength for _, strength in users_of(path, catalog).users[0]} == {0.2}


def test_gold_on_a_turn_of_the_person_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"dialog_id": "d", "turns": [{"role": "user", "text": "x", "gold": ["s:alien"]}]}\n', encoding="utf-8")
    with pytest.raises(DialogLogError, match="gold is of assistant turns only"):
        read_dialogs(path)


def _without_gold(lines: Sequence[Any]) -> list[Any]:
    return [line.model_copy(update={"turns": [turn.model_copy(update={"gold": []}) for turn in line.turns]}) for line in lines]
