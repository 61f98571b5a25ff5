"""`chatrec train` as a person meets it: what it prints, and one line and an exit code for what it cannot learn from."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from dialog_samples import SAMPLE, assistant, dialog, many_dialogs, user, write_dialogs

from chatrec.cli import main
from chatrec.evaluate.logs import DialogLine
from chatrec.index.embed import Embedder

Fails = Callable[..., str]


@pytest.fixture
def fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fails:
    """Run `chatrec train head` on these dialogs; gives its last line, after the exit code was compared."""
    monkeypatch.setenv("CHATREC_INDEX_DIR", str(tmp_path / "built"))

    def go(dialogs: list[DialogLine], code: int, *more: str, catalog: Path = SAMPLE) -> str:
        path = write_dialogs(tmp_path / "train.jsonl", dialogs)
        files = ["--dialogs", str(path), "--catalog", str(catalog), "--out", str(tmp_path / "models")]
        monkeypatch.setattr(sys, "argv", ["chatrec", "train", "head", *files, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr().err
        assert ended.value.code == code, told
        assert "Traceback" not in told
        assert not (tmp_path / "models" / "head.json").exists()
        return told.strip().splitlines()[-1]

    return go


def test_a_split_that_says_nothing(fails: Fails) -> None:
    for nothing in (None, " "):
        assert "neither gold nor mentions nor text" in fails([dialog(1, user(nothing), assistant(nothing))], 6)


def test_a_gold_id_that_the_catalog_lacks(fails: Fails) -> None:
    told = fails([dialog(1, user("hi"), assistant("x", "nowhere"))], 6)
    assert "train.jsonl: dialog 's:1', turn 1: gold 's:nowhere' is not in the catalog" in told


def test_mentions_of_another_catalog(fails: Fails) -> None:
    assert "none of the items mentioned is in the catalog, 's:zzz' for one" in fails(
        [dialog(1, user("hi", "zzz"), assistant("x"))], 6
    )


def test_one_class_only(fails: Fails, tmp_path: Path) -> None:
    """Every candidate of a catalog of two is what was put forward."""
    lines = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    two = [json.dumps(line) for line in lines if line["id"] in ("s:alien", "s:thing")]
    catalog = tmp_path / "two.jsonl"
    catalog.write_text("\n".join(two) + "\n", encoding="utf-8")
    dialogs = [dialog(n, user(f"scary {n}"), assistant("these", "alien", "thing")) for n in range(150)]
    assert "nothing can be learned" in fails(dialogs, 6, catalog=catalog)


@pytest.mark.parametrize(
    ("task", "sentiments", "message"),
    [
        ("sentiment", (1, 1), "every one told was liked"),
        ("sentiment", (-1, -1), "every one told was disliked"),
        ("sentiment", (None, 0), "none says whether it was liked"),
        ("rating", (1, -1), "there are no interactions"),
    ],
)
def test_a_task_with_one_answer_only(
    fails: Fails, tmp_path: Path, task: str, sentiments: tuple[int | None, ...], message: str
) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"fit": {"loss_weights": {task: 0.1}}}), encoding="utf-8")
    dialogs = [
        dialog(number, user("scary", "alien", sentiment=sentiment), assistant("this", "thing", mentions=()))
        for number, sentiment in enumerate(sentiments)
    ]
    told = fails(dialogs, 6, "--config", str(tmp_path / "c.json"))
    assert f"loss weight '{task}' is 0.1" in told and message in told


def test_ratings_that_are_all_alike(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"fit": {"loss_weights": {"rating": 0.1}}}', encoding="utf-8")
    rows = "".join(f"u{number},s:{item},4,\n" for number in range(9) for item in ("alien", "thing", "gun"))
    (tmp_path / "i.csv").write_text(f"user_id,item_id,value,timestamp\n{rows}", encoding="utf-8")
    told = fails(many_dialogs(9), 6, "--config", str(tmp_path / "c.json"), "--interactions", str(tmp_path / "i.csv"))
    assert "loss weight 'rating' is 0.1, but all values are alike" in told


def test_nan_of_the_embedder_in_what_was_said(fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Embedder.encode

    def broken(self: Embedder, texts: list[str]) -> np.ndarray:
        vectors = real(self, texts)
        vectors[["I want something scary" in text for text in texts]] = np.nan
        return vectors

    monkeypatch.setattr(Embedder, "encode", broken)
    told = fails(many_dialogs(9), 6)
    assert "dialog 's:0', turn 1: the embedder gives NaN" in told


def test_a_feature_that_is_infinite(fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    from chatrec.score import features

    real = features.Features._plain
    monkeypatch.setattr(features.Features, "_plain", lambda *args: real(*args) | {"popularity": np.inf})
    assert "feature 'popularity' of 's:" in fails(many_dialogs(9), 6)


def test_a_number_that_json_has_not(fails: Fails, tmp_path: Path) -> None:
    catalog = tmp_path / "c.jsonl"
    catalog.write_text('{"id": "s:alien", "kind": "video", "title": "Alien", "popularity": NaN}\n', encoding="utf-8")
    assert "c.jsonl:1" in fails(many_dialogs(9), 3, catalog=catalog)


def test_a_validation_split_that_says_nothing_or_is_missing(fails: Fails, tmp_path: Path) -> None:
    empty = write_dialogs(tmp_path / "valid.jsonl", [dialog(900, user(None), assistant(None))])
    assert "valid.jsonl: neither gold nor mentions nor text" in fails(many_dialogs(9), 6, "--valid", str(empty))
    assert "nowhere.jsonl" in fails(many_dialogs(9), 6, "--valid", str(tmp_path / "nowhere.jsonl"))


def test_a_configuration_with_an_unknown_name(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"fit": {"rate": 1}}', encoding="utf-8")
    assert "fit.rate: Unexpected" in fails(many_dialogs(9), 2, "--config", str(tmp_path / "c.json"))


def test_tracking_without_its_package(fails: Fails, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    assert "pip install wandb" in fails(many_dialogs(9), 5, "--track", "wandb")


def test_a_catalog_of_interactions_that_are_not_given(fails: Fails) -> None:
    assert "give both, or neither" in fails(many_dialogs(9), 2, "--interactions-catalog", str(SAMPLE))


def test_interactions_whose_catalog_has_no_link_in_common(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("user_id,item_id,value,timestamp\nu,z:1,4,\n", encoding="utf-8")
    theirs = tmp_path / "theirs.jsonl"
    theirs.write_text('{"id": "z:1", "kind": "video", "title": "Z", "links": {"imdb": "tt9"}}\n', encoding="utf-8")
    named = ("--interactions", str(tmp_path / "i.csv"))
    assert "give theirs with --interactions-catalog" in fails(many_dialogs(9), 6, *named)
    told = fails(many_dialogs(9), 6, *named, "--interactions-catalog", str(theirs))
    assert "'z:1' for one; none of theirs has a link in common" in told


def test_an_out_that_is_a_file(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("", encoding="utf-8")
    assert f"{tmp_path / 'models'} cannot be written: it is no folder" in fails(many_dialogs(9), 2)
