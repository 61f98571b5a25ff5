"""Stage generate, from recorded model output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dialog_samples import assistant, dialog, last_instance, user

from chatrec.errors import DataMissingError, DialogLogError
from chatrec.evaluate.recorded import read_recording, recorded_rerank
from chatrec.evaluate.replay import replay
from chatrec.evaluate.run import open_fusion
from chatrec.index.open import Index
from chatrec.score.head import Scorer

LINE = {"dialog_id": "s:1", "turn": 1, "picks": ["s:nowhere", "s:notting"]}


def test_a_bad_line_is_located_and_a_missing_file_named(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps(LINE) + "\n" + json.dumps({**LINE, "turn": -1}) + "\n", encoding="utf-8")
    with pytest.raises(DialogLogError, match=r"out\.jsonl:2: field 'turn'"):
        read_recording(path)
    with pytest.raises(DataMissingError, match=r"nowhere\.jsonl"):
        read_recording(tmp_path / "nowhere.jsonl")


def test_a_recorded_pick_rises_within_what_the_model_was_shown(small_index: Index, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps(LINE) + "\n", encoding="utf-8")
    found = [last_instance(dialog(1, user("a tender love story with a film star"), assistant("x", "casa")))]
    scorer, fusion = Scorer.load(small_index), open_fusion(small_index, None)

    def ranking(picks: dict, slots: int = 12) -> tuple[str, ...]:
        (row,) = replay(small_index, found, "new", fusion, recorded_rerank(scorer, picks, slots))
        return row.ranking

    silent = ranking({})
    third = silent[2]
    assert ranking({("s:1", 1): (third,)}).index(third) <= 2
    assert set(ranking({("s:1", 1): (third,)})) == set(silent)
    assert ranking({("s:1", 1): (third,)}, slots=2) == silent
    assert ranking(dict(read_recording(path)))[12:] == silent[12:]
    assert ranking({("s:9", 1): (third,)}) == silent
