"""What the language model's order is worth is learned from what it picked."""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dialog_samples import SAMPLE, many_dialogs, write_dialogs
from quick import EMBEDDER, digests, train

from chatrec.cli import main
from chatrec.errors import LeakError, ModelMissingError, TrainingDataError
from chatrec.evaluate.run import ReplayConfig
from chatrec.score.head import llm_bonus, load_head
from chatrec.train.llm_weight import MOST, Picked, fit_llm_weight, learn_llm_weight


def turns(weight: float, count: int = 2000) -> list[Picked]:
    """Turns whose answers are drawn by the head and, with this weight, by a model that ranks at random."""
    rng = np.random.default_rng(4)
    ids = [str(n) for n in range(12)]
    made = []
    for number in range(count):
        logits = rng.normal(size=12)
        gains = llm_bonus(ids, {item: rank for rank, item in enumerate(rng.permutation(ids)[:5].tolist(), 1)}, 1.0)
        chances = np.exp(logits + weight * gains)
        gold = np.arange(12) == rng.choice(12, p=chances / chances.sum())
        made.append(Picked(logits, gains, gold, str(number // 3)))
    return made


@pytest.mark.parametrize("weight", [0.4, 1.0, 2.5])
def test_the_weight_that_answers_were_drawn_with_is_found(weight: float) -> None:
    found = fit_llm_weight(turns(weight))
    assert found.low <= weight <= found.high
    assert found.high - found.low < 0.5
    assert found.loss_with < found.loss_without


def test_a_model_that_picks_at_random_or_the_opposite_gets_no_weight_to_speak_of() -> None:
    at_random, opposite = fit_llm_weight(turns(0.0)), fit_llm_weight(turns(-1.0))
    assert at_random.low <= 0 <= at_random.weight <= at_random.high < 0.3
    assert opposite.weight == 0
    assert opposite.high < 0
    assert opposite.loss_with == opposite.loss_without


def test_dialogs_that_say_the_same_thing_twice_do_not_make_it_surer() -> None:
    once = turns(1.0, 300)
    assert fit_llm_weight([*once, *once]).high == pytest.approx(fit_llm_weight(once).high)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train(folder, "models")
    unseen = [line.model_copy(update={"dialog_id": f"v{number}"}) for number, line in enumerate(many_dialogs(120))]
    write_dialogs(folder / "dialogs.jsonl", unseen)
    return folder


def recorded(folder: Path, hit: float) -> Path:
    """A recording of a model that picks the answer first with this chance, else a work that is none."""
    rng, lines = random.Random(1), []
    for text in (folder / "dialogs.jsonl").read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        for number, turn in enumerate(line["turns"]):
            if turn.get("gold"):
                picks = turn["gold"] if rng.random() < hit else ["s:aliens", "s:nowhere"]
                lines.append({"dialog_id": line["dialog_id"], "turn": number, "picks": picks})
    path = folder / f"recorded-{hit}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_it_is_kept_with_the_models_whose_head_stays(
    trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHATREC_INDEX_DIR", str(trained / "index"))
    before, files = load_head(trained / "models")[1], digests(trained / "models")
    told = []
    for hit in (0.0, 1.0):
        recording = recorded(trained, hit)
        arguments = [trained / "dialogs.jsonl", "--catalog", SAMPLE, "--models", trained / "models", "--recorded", recording]
        monkeypatch.setattr(sys, "argv", ["chatrec", "train", "llm-weight", *map(str, arguments)])
        with pytest.raises(SystemExit, match="0"):
            main()
        told.append((load_head(trained / "models")[1].llm_weight, capsys.readouterr().out))
    assert told[0][0] == 0
    assert told[1][0] == MOST
    assert "llm_weight 0.000" in told[0][1] and "llm_weight 5.000" in told[1][1]
    changed = {name for name, digest in digests(trained / "models").items() if files.get(name) != digest}
    assert changed == {"head.json", "README.md", "card.json"}
    assert load_head(trained / "models")[1].slope == before.slope
    assert "Weight of the language model's rank: 5.00" in (trained / "models" / "README.md").read_text(encoding="utf-8")


def test_too_little_or_what_was_trained_on_changes_nothing(trained: Path, tmp_path: Path) -> None:
    files, recording = digests(trained / "models"), recorded(trained, 1.0)
    few = tmp_path / "few.jsonl"
    few.write_text("".join(recording.read_text(encoding="utf-8").splitlines(keepends=True)[:9]), encoding="utf-8")
    told = ReplayConfig(trained / "dialogs.jsonl", SAMPLE, trained / "models", "generate", recorded=few)
    with pytest.raises(TrainingDataError, match=r"few\.jsonl has picks for \d turns .* 60 are needed"):
        learn_llm_weight(told, EMBEDDER, trained / "index")
    of_others = tmp_path / "others.jsonl"
    picked = re.sub(r'"picks": \[[^]]*\]', '"picks": ["s:nowhere"]', recording.read_text(encoding="utf-8"))
    of_others.write_text(picked, encoding="utf-8")
    with pytest.raises(TrainingDataError, match=r"others\.jsonl has picks for 0 turns .* recorded with these models"):
        learn_llm_weight(replace(told, recorded=of_others), EMBEDDER, trained / "index")
    with pytest.raises(LeakError):
        learn_llm_weight(
            ReplayConfig(trained / "train.jsonl", SAMPLE, trained / "models", "generate", recorded=recording),
            EMBEDDER,
            trained / "index",
        )
    assert digests(trained / "models") == files


@pytest.mark.parametrize("card", [None, "no JSON", "[]", '{"of": "somebody"}'])
def test_a_folder_that_no_training_wrote_is_refused_at_once(trained: Path, tmp_path: Path, card: str | None) -> None:
    models = shutil.copytree(trained / "models", tmp_path / "models")
    (models / "card.json").unlink()
    if card is not None:
        (models / "card.json").write_text(card, encoding="utf-8")
    files = digests(models)
    told = ReplayConfig(trained / "dialogs.jsonl", SAMPLE, models, "generate", recorded=recorded(trained, 1.0))
    with pytest.raises(ModelMissingError, match=r"card\.json cannot be read \(.+\): give a folder of `chatrec train head`"):
        learn_llm_weight(told, EMBEDDER, tmp_path / "index")
    assert digests(models) == files
    assert not (tmp_path / "index").exists()
