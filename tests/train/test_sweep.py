"""The sweep: judged out of fold, pools gathered once, its best taken by `train head`."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from quick import QUICK, prepare, write_valid
from rich.console import Console

from chatrec.cli.tables import swept
from chatrec.errors import DataMissingError, InputError, SettingsError, TrainingDataError
from chatrec.score.head import HeadConfig, load_head
from chatrec.train import sweep
from chatrec.train.config import HeadOptions
from chatrec.train.fit import FitConfig
from chatrec.train.head import Trainer
from chatrec.train.prepare import Preparation
from chatrec.train.sweep import Sweep, chosen, cross_validated, grid, ranked

QUICK_FIT = {"epochs": 2, "batch": 32}


@pytest.fixture
def small_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "FITS", ({}, {"learning_rate": 1e-2}))
    monkeypatch.setattr(sweep, "LOSSES", ({"rating": 0.5}, {"sentiment": 0.5}))
    monkeypatch.setattr(sweep, "SHAPES", ({"layers": 1},))


def test_the_best_is_written_as_head_takes_it_and_the_pools_are_gathered_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_grid: None
) -> None:
    """Beside a file of somebody's own, which only `train head` would replace."""
    valid, gathered = write_valid(tmp_path), []
    mine = tmp_path / "models" / "README.md"
    mine.parent.mkdir()
    mine.write_text("mine", encoding="utf-8")
    real = Preparation.pools

    def counted(self: Preparation, name: str, *arguments: object, **more: object) -> object:
        gathered.append(name)
        return real(self, name, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Preparation, "pools", counted)
    rows = Sweep(prepare(tmp_path, valid=valid)).run(tmp_path / "models")
    assert sorted(gathered) == ["fold-1", "fold-2"]
    assert {row.changed for row in rows} == {"", "learning_rate 0.01", "sentiment 0.5", "layers 1"}
    assert [row.mrr["value"] for row in rows] == sorted((row.mrr["value"] for row in rows), reverse=True)
    assert all(row.mrr["low"] <= row.mrr["value"] <= row.mrr["high"] for row in rows)
    best = HeadOptions.read(tmp_path / "models" / "best.json")
    assert best == chosen(rows).options
    assert len(json.loads((tmp_path / "models" / "sweep.json").read_text(encoding="utf-8"))["rows"]) == 4
    assert mine.read_text(encoding="utf-8") == "mine"
    mine.unlink()
    shorter = HeadOptions(replace(best.fit, epochs=2), replace(best.shape, layers=1))
    Trainer(prepare(tmp_path, replace(QUICK, head=shorter), valid=valid)).run(tmp_path / "models")
    assert sorted(gathered) == ["fold-1", "fold-2", "valid"]
    assert load_head(tmp_path / "models")[1].layers == 1
    assert not (tmp_path / "models" / "unfinished").exists()


def test_no_instance_is_scored_by_a_head_that_saw_its_dialog(monkeypatch: pytest.MonkeyPatch) -> None:
    from test_fitting import pools

    made, seen = pools(60), []
    monkeypatch.setattr(sweep, "fit_head", lambda c, train, held, *rest: (seen.append({*train.group, *held.group}), 1))
    monkeypatch.setattr(sweep, "predict", lambda head, part: seen.append({*part.group}) or np.zeros(part.present.shape))
    logits = cross_validated(made, HeadConfig(), FitConfig(), None, 4)
    assert np.isfinite(logits).all() and len(seen) == 8
    assert all(not learned & scored for learned, scored in zip(seen[::2], seen[1::2], strict=True))


def test_a_difference_within_its_interval_may_be_chance() -> None:
    rng = np.random.default_rng(0)
    base = {"mrr": rng.random(200), "asked": np.ones(200), "group": np.arange(200)} | {
        f"found_{k}": np.ones(200) for k in (1, 10, 50)
    }
    noise = base | {"mrr": base["mrr"] + rng.normal(0, 0.1, 200) * 0.1}
    better = base | {"mrr": base["mrr"] + 0.1}
    options = HeadOptions()
    rows = {row.changed: row for row in ranked([("", options, base), ("noise", options, noise), ("better", options, better)])}
    assert [rows[name].verdict for name in ("", "noise", "better")] == ["", "may be chance", "better"]
    assert rows["better"].gain["value"] == pytest.approx(0.1)
    assert chosen(list(rows.values())).changed == "better"
    lucky = replace(rows["noise"], mrr=rows["better"].mrr)
    assert chosen([lucky, rows[""]]).changed == ""


def test_on_a_narrow_screen_the_table_tells_every_name_whole() -> None:
    base = {name: np.ones(3) for name in ("mrr", "asked", "found_1", "found_10", "found_50")} | {"group": np.arange(3)}
    console = Console(width=80, record=True, file=StringIO())
    console.print(swept(ranked([(what, options, base) for what, options in grid()])))
    first = [line.split("│")[1].split() for line in console.export_text().splitlines() if "│" in line]
    told = " ".join(word for words in first for word in words)
    assert told == " ".join(what.replace("_", " ") or "(the defaults)" for what, _ in grid())


def test_too_little_to_tell_apart_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "ENOUGH", 10_000)
    with pytest.raises(TrainingDataError, match="at least 10000 instances"):
        Sweep(prepare(tmp_path)).run(tmp_path / "models")


def test_a_file_of_somebodys_own_that_the_best_would_replace_is_refused_and_that_of_an_earlier_sweep_is_not(
    tmp_path: Path, small_grid: None
) -> None:
    best = tmp_path / "models" / "best.json"
    best.parent.mkdir()
    best.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"best\.json was not written by this command"):
        Sweep(prepare(tmp_path)).run(best.parent)
    assert best.read_text(encoding="utf-8") == "{}"
    best.unlink()
    for _ in range(2):
        Sweep(prepare(tmp_path)).run(best.parent)
    assert HeadOptions.read(best)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"fit": {"learning_rate": 0}}', "fit.learning_rate: Input should be greater than 0"),
        ('{"fit": {"rate": 1}}', "fit.rate: Unexpected"),
        ('{"shape": {"layers": "two"}}', "shape.layers: Input should be a valid integer"),
        ("[", "Invalid JSON"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "c.json").write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        HeadOptions.read(tmp_path / "c.json")
    with pytest.raises(DataMissingError, match="nowhere"):
        HeadOptions.read(tmp_path / "nowhere.json")
