"""Curves: what is logged, TensorBoard's files read back, and a package that is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from quick import prepare, write_valid

from chatrec.errors import DependencyMissingError, SettingsError
from chatrec.train.head import Trainer
from chatrec.train.track import open_tracker


class Kept:
    def __init__(self) -> None:
        self.logged: list[tuple[str, float, int]] = []

    def log(self, values: Mapping[str, float], step: int) -> None:
        self.logged += [(name, value, step) for name, value in values.items()]

    def close(self) -> None: ...


def test_losses_and_held_out_recall_are_logged_by_epoch_and_validation_at_the_end(tmp_path: Path) -> None:
    kept = Kept()
    facts = Trainer(prepare(tmp_path, tracker=kept, valid=write_valid(tmp_path))).run(tmp_path / "models")
    steps = {name: [step for other, _, step in kept.logged if other == name] for name, *_ in kept.logged}
    for name in ("loss", "held_out_loss", "held_out_recall_10"):
        assert steps[f"head/stopped/{name}"] == [1, 2, 3]
    assert steps["bag/fold-1-models/loss"] == [1, 2, 3]
    values = {name: value for name, value, _ in kept.logged}
    assert values["valid/new_recall_10"] == facts["valid"]["new"]["recall"]["10"]["value"]


def test_tensorboard_reads_back_what_was_logged(tmp_path: Path) -> None:
    tracker = open_tracker("tensorboard", tmp_path, {"seed": 3})
    for epoch, loss in enumerate((2.0, 1.5), 1):
        tracker.log({"head/stopped/loss": loss}, epoch)
    tracker.close()
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(e.step, e.value) for e in events.Scalars("head/stopped/loss")] == [(1, 2.0), (2, 1.5)]


def test_wandb_is_given_each_chart_with_its_own_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    run = SimpleNamespace(
        define_metric=lambda name, step_metric: calls.append((name, step_metric)),
        log=calls.append,
        finish=lambda: calls.append("finished"),
    )
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=lambda **told: calls.append(told) or run, Error=OSError))
    tracker = open_tracker("wandb", tmp_path / "models", {"seed": 3})
    tracker.log({"head/stopped/loss": 2.0}, 1)
    tracker.close()
    assert calls == [
        {"project": "chatrec", "dir": str(tmp_path / "models"), "config": {"seed": 3}},
        ("head/stopped/*", "head/stopped/epoch"),
        {"head/stopped/loss": 2.0, "head/stopped/epoch": 1},
        "finished",
    ]


def test_what_wandb_refuses_is_said_in_a_line_with_the_way_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**told: object) -> None:
        raise PermissionError("No API key configured.\nUse `wandb login`")

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=refuse, Error=PermissionError))
    with pytest.raises(SettingsError, match=r"^--track wandb: No API key configured. WANDB_MODE=offline .*machine$"):
        open_tracker("wandb", tmp_path, {})


@pytest.mark.parametrize(("track", "package"), [("tensorboard", "tensorboard"), ("wandb", "wandb")])
def test_a_missing_package_is_named_with_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, track: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    with pytest.raises(DependencyMissingError, match=rf"pip install .*{package}"):
        open_tracker(track, tmp_path, {})  # type: ignore[arg-type]
