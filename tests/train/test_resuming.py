"""An interrupted training run: the same command goes on with it, and the result is the same to the last bit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dialog_samples import SAMPLE
from filelock import FileLock
from quick import QUICK, digests, prepare, train, write_valid

from chatrec.errors import InputError
from chatrec.outputs import check_own
from chatrec.score.head import CONFIG as HEAD
from chatrec.train import steps
from chatrec.train.card import FACTS, OF_MODELS
from chatrec.train.config import HeadOptions
from chatrec.train.fit import FitConfig
from chatrec.train.head import RESULTS, Trainer
from chatrec.train.meter import Meter
from chatrec.train.steps import NUMBER, Kind, Steps, unfinished

STEPS = 16
"""Texts, epochs, retrievers, two folds with retrievers of their own, how much these count, three fits, the validation dialogs'
texts and candidates, a refitted head and retrievers, the result."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    write_valid(folder)
    train(folder, "models", valid=folder / "valid.jsonl")
    return folder, digests(folder / "models")


class Killer:
    """Ends the run at every step it has not been ended at yet: by turns when the step is kept, and in the midst of writing it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at: list[str] = []
        self._write = steps.write_aside
        monkeypatch.setattr(steps, "write_aside", self)

    def __call__(self, place: Path, save: Callable[[Path, Any], None], made: Any) -> None:
        if place.name in self.at:
            self._write(place, save, made)
            return
        self.at.append(place.name)
        if len(self.at) % 2:
            self._write(place, save, made)
        else:
            part = place.with_name(place.name + steps.PART)
            part.mkdir(parents=True)
            save(part, made)
        raise KeyboardInterrupt


def test_interrupted_at_every_step_a_run_ends_as_if_nothing_had_been(
    whole: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, expected = whole
    killer = Killer(monkeypatch)
    ended = False
    while not ended:
        before = len(killer.at)
        try:
            train(folder, "killed", valid=folder / "valid.jsonl")
            ended = True
        except KeyboardInterrupt:
            assert len(killer.at) == before + 1
    assert len(killer.at) == STEPS
    assert digests(folder / "killed") == expected


def test_a_step_that_was_damaged_is_done_again(tmp_path: Path) -> None:
    kept = Steps(tmp_path)
    assert kept.keep("n", NUMBER, lambda: 1) == kept.keep("n", NUMBER, lambda: 2) == 1
    (tmp_path / "n" / "value.json").write_text("", encoding="utf-8")
    assert kept.finished == ()
    assert kept.keep("n", NUMBER, lambda: 3) == 3


def test_what_was_just_made_is_read_back_so_that_resuming_changes_no_bit(tmp_path: Path) -> None:
    halves = Kind(lambda folder, x: (folder / "x").write_text(f"{x:.1f}"), lambda folder: float((folder / "x").read_text()))  # type: ignore[arg-type,return-value]
    assert Steps(tmp_path).keep("x", halves, lambda: 0.12) == 0.1


def test_a_folder_whose_files_were_only_half_moved_has_no_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("a.npz", FACTS, HEAD, "z.npz")

    def save(folder: Path, told: str) -> None:
        for name in names:
            (folder / name).write_text(told, encoding="utf-8")

    def found() -> list[str | None]:
        return [(tmp_path / name).read_text(encoding="utf-8") if (tmp_path / name).exists() else None for name in names]

    kept, moves, real = Steps(tmp_path / "unfinished"), iter((True, True, False)), Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        if not next(moves):
            raise KeyboardInterrupt
        return real(path, target)

    kept.publish(tmp_path, save, "old")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", interrupted)
        kept.publish(tmp_path, save, "new")
    assert found() == ["new", "new", None, "old"]
    kept.publish(tmp_path, save, "new", old=["other.npz", "z.npz"])
    assert found() == ["new", "new", "new", "new"]


def test_what_an_earlier_run_alone_had_is_removed_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "models"
    train(tmp_path, "models")
    listed = json.loads((out / "retrievers.json").read_text(encoding="utf-8"))
    listed["retrievers"] |= {"gone": "prior", "../mine": "prior"}
    (out / "retrievers.json").write_text(json.dumps(listed), encoding="utf-8")
    for path in (out / "gone.npz", out / "mine.npz", tmp_path / "mine.npz"):
        path.write_bytes(b"")
    train(tmp_path, "models")
    assert not (out / "gone.npz").exists()
    assert (out / "bag.npz").exists() and (out / "mine.npz").exists() and (tmp_path / "mine.npz").exists()


@pytest.mark.parametrize("name", ["README.md", "card.json", "dialogs.npz"])
def test_a_file_of_somebodys_own_that_results_would_replace_is_refused_before_anything_is_done(tmp_path: Path, name: str) -> None:
    out = tmp_path / "models"
    (out / "unfinished").mkdir(parents=True)  # a sweep leaves it, and takes no heed of these files
    (out / name).write_text('{"mine": 1}', encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name} was not written by this command"):
        train(tmp_path, "models")
    assert sorted(path.name for path in out.iterdir()) == sorted((name, "unfinished"))
    assert not list((out / "unfinished").iterdir()) and (out / name).read_text(encoding="utf-8") == '{"mine": 1}'


def test_other_files_and_those_of_an_earlier_training_may_be_there(tmp_path: Path, whole: tuple[Path, dict[str, str]]) -> None:
    (tmp_path / "data.csv").write_text("mine", encoding="utf-8")
    shutil.copytree(whole[0] / "models", tmp_path / "earlier")
    for out in (tmp_path, tmp_path / "earlier"):
        check_own(out, RESULTS, facts=FACTS, keys=OF_MODELS)
    assert set(whole[1]) <= set(RESULTS)  # so that none is replaced unseen


def test_other_options_start_anew_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with unfinished(tmp_path, {"seed": 0}, said.append) as first:
        first.keep("n", NUMBER, lambda: 1)
    with unfinished(tmp_path, {"seed": 0}, said.append) as again:
        assert again.finished == ("n",)
    with unfinished(tmp_path, {"seed": 1}, said.append) as other:
        assert other.finished == ()
    monkeypatch.setattr(steps, "code_sha256", lambda: "another version")
    with unfinished(tmp_path, {"seed": 0}, said.append) as later:
        assert later.finished == ()
    assert "1 step is there" in said[0] and all("starting anew" in line for line in said[1:]) and len(said) == 3


def test_another_way_to_fit_takes_the_pools_and_no_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Trainer, *arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Trainer, "_relearn", interrupted)
        train(tmp_path, "models")
    made: list[str] = []
    other = replace(QUICK, head=HeadOptions(FitConfig(epochs=2, batch=16)))
    meter = Meter(lambda progress: made.append(progress.what))
    Trainer(prepare(tmp_path, other, meter)).run(tmp_path / "models")
    assert any("fitting the head" in what for what in made) and not any("fold" in what for what in made)
    train(tmp_path, "alone", other)
    assert digests(tmp_path / "models") == digests(tmp_path / "alone")


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    (tmp_path / "models" / "unfinished").mkdir(parents=True)
    with FileLock(tmp_path / "models" / "unfinished" / "lock"), pytest.raises(InputError, match="another training"):
        train(tmp_path, "models")


@pytest.mark.long
def test_a_killed_command_is_gone_on_with_by_another_process(tmp_path: Path) -> None:
    """Another process also has other string hashes, so that nothing may depend on the order of a set."""
    write_valid(tmp_path)
    prepare(tmp_path)  # writes the dialogs and builds the index

    def command(out: str, hashes: str) -> subprocess.Popen[str]:
        files = ["--dialogs", "train.jsonl", "--valid", "valid.jsonl", "--catalog", str(SAMPLE), "--out", out]
        return subprocess.Popen(
            [sys.executable, "-c", "from chatrec.cli import main; main()", "train", "head", *files, "--folds", "2"],
            cwd=tmp_path,
            env=os.environ | {"CHATREC_INDEX_DIR": str(tmp_path / "index"), "PYTHONHASHSEED": hashes, "OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )

    killed = command("killed", "1")
    until = time.monotonic() + 120
    while not list(tmp_path.glob("killed/unfinished/*/fold-1-models/step.json")) and time.monotonic() < until:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / "killed" / "head.json").exists()
    told = [command("killed", "2").communicate(timeout=300)[1], command("whole", "3").communicate(timeout=300)[1]]
    assert "going on: " in told[0] and "going on" not in told[1]
    same, whole = digests(tmp_path / "killed"), digests(tmp_path / "whole")
    for card in ("README.md", "card.json"):  # they name the folder in the command
        del same[card], whole[card]
    assert same == whole
