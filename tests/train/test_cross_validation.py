"""Whole trainings, each without a fold, say how well one does on what it did not see."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from dialog_samples import SAMPLE, many_dialogs, write_dialogs
from quick import QUICK, prepare
from typer.testing import CliRunner

from chatrec.cli.app import app
from chatrec.errors import TrainingDataError
from chatrec.evaluate.leaks import Fingerprints, find_leak
from chatrec.evaluate.logs import DialogLine, read_dialogs
from chatrec.train import cross_validate as module
from chatrec.train.config import TrainConfig, TrainFiles
from chatrec.train.cross_validate import REPORT, cross_validate
from chatrec.train.head import Trainer
from chatrec.train.popularity import Counted
from chatrec.train.prepare import Preparation


def begin(folder: Path, begun: list[TrainFiles]) -> module.Prepare:
    def prepare_files(files: TrainFiles, config: TrainConfig) -> Preparation:
        begun.append(files)
        assert files.valid is None
        return prepare(folder, config, dialogs=files.dialogs[0], catalog=files.catalog)

    return prepare_files


def files_of(folder: Path, lines: list[DialogLine]) -> TrainFiles:
    return TrainFiles((write_dialogs(folder / "all.jsonl", lines),), SAMPLE)


def test_every_dialog_is_asked_once_of_models_that_did_not_see_it(tmp_path: Path) -> None:
    begun: list[TrainFiles] = []
    lines = many_dialogs(40)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").write_text("mine", encoding="utf-8")
    report = cross_validate(files_of(tmp_path, lines), QUICK, tmp_path / "out", begin(tmp_path, begun))
    assert (tmp_path / "out" / "README.md").read_text(encoding="utf-8") == "mine"
    assert report["full"]["instances"] == sum(turn.role == "assistant" for line in lines for turn in line.turns)
    assert report["full"]["dialogs"] == len(lines)
    assert set(report["new"]["recall"]) == {"1", "10", "50"}
    assert report["new"]["recall"]["50"]["low"] <= report["new"]["recall"]["50"]["value"]
    assert json.loads((tmp_path / "out" / REPORT).read_text(encoding="utf-8"))["new"] == report["new"]
    seen: list[set[str]] = []
    for files in begun[1:]:
        taught = read_dialogs(files.dialogs[0])
        others = [line for line in lines if line.dialog_id not in {one.dialog_id for one in taught}]
        assert find_leak(others, Fingerprints.load(files.dialogs[0].parent)).by_id == 0
        seen.append({line.dialog_id for line in others})
    assert len(seen) == QUICK.folds
    assert sorted(name for held in seen for name in held) == sorted(line.dialog_id for line in lines)


def test_dialogs_of_a_person_are_in_one_fold(tmp_path: Path) -> None:
    begun: list[TrainFiles] = []
    lines = [line.model_copy(update={"user_id": str(number // 4)}) for number, line in enumerate(many_dialogs(40))]
    cross_validate(files_of(tmp_path, lines), QUICK, tmp_path / "out", begin(tmp_path, begun))
    first, second = ({line.user_id for line in read_dialogs(files.dialogs[0])} for files in begun[1:])
    assert not first & second


def test_an_interrupted_one_goes_on_with_the_folds_that_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, begun = files_of(tmp_path, many_dialogs(40)), list[TrainFiles]()
    real = Trainer.run

    def stops(self: Trainer, out: Path) -> dict[str, object]:
        if out.name == "fold-2":
            raise KeyboardInterrupt
        return real(self, out)

    with monkeypatch.context() as stopped, pytest.raises(KeyboardInterrupt):
        stopped.setattr(Trainer, "run", stops)
        cross_validate(files, QUICK, tmp_path / "out", begin(tmp_path, begun))
    begun.clear()
    resumed = cross_validate(files, QUICK, tmp_path / "out", begin(tmp_path, begun))
    assert [one.dialogs[0].parent.name for one in begun[1:]] == ["fold-2"]
    assert resumed == cross_validate(files, QUICK, tmp_path / "other", begin(tmp_path, []))
    assert not (tmp_path / "out" / "unfinished").exists()


def test_popularity_that_was_counted_on_these_dialogs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counted, "of", lambda popularity, mentions: Counted(np.zeros(1), []))
    with pytest.raises(TrainingDataError, match="popularity was counted on these very dialogs"):
        cross_validate(files_of(tmp_path, many_dialogs(9)), QUICK, tmp_path / "out", begin(tmp_path, []))


def test_dialogs_without_a_turn_to_replay_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    mute = [line.model_copy(update={"turns": line.turns[:1]}) for line in many_dialogs(12)]
    begun: list[TrainFiles] = []
    with pytest.raises(TrainingDataError, match=r"all\.jsonl: no turn can be replayed"):
        cross_validate(files_of(tmp_path, mute), QUICK, tmp_path / "out", begin(tmp_path, begun))
    assert len(begun) == 1 and not (tmp_path / "out").exists()


def test_fewer_dialogs_than_folds_are_refused_by_the_name_of_their_file(tmp_path: Path) -> None:
    one_person = [line.model_copy(update={"user_id": "7"}) for line in many_dialogs(12)]
    for lines in (many_dialogs(1), one_person):
        with pytest.raises(TrainingDataError, match=r"all\.jsonl: too few dialogs for 2 folds, .* there are 1,"):
            cross_validate(files_of(tmp_path, lines), QUICK, tmp_path / "out", begin(tmp_path, []))
    assert not (tmp_path / "out").exists()


def test_the_command_prints_both_protocols(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = files_of(tmp_path, many_dialogs(24))
    monkeypatch.setenv("CHATREC_INDEX_DIR", str(tmp_path / "index"))
    monkeypatch.setattr(import_module("chatrec.cli.train"), "_told", lambda *_, **__: QUICK)
    command = ["train", "cross-validate", "--dialogs", str(files.dialogs[0]), "--catalog", str(SAMPLE)]
    done = CliRunner().invoke(app, [*command, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "protocol new" in done.output and "protocol full" in done.output
    assert "fused" in done.output and REPORT in done.output
