"""Stage generate, from recorded model output."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from dialog_samples import SAMPLE, assistant, dialog, last_instance, user
from scripted import ScriptedLLM

from chatrec.errors import DataMissingError, DialogLogError, InputError, LLMUnavailableError
from chatrec.evaluate.attribution import NOT_RECORDED
from chatrec.evaluate.figures import beside, fates
from chatrec.evaluate.page import page
from chatrec.evaluate.recorded import RecordedLine, Recording, read_recording, recorded_rerank
from chatrec.evaluate.replay import System, replay
from chatrec.evaluate.run import ReplayConfig, run_replay
from chatrec.generate.prompts import Prompts
from chatrec.generate.write import Writer
from chatrec.index.open import Index
from chatrec.llm import LLM
from chatrec.retrieve.load import load_fusion
from chatrec.score.head import Scorer
from chatrec.serve.llm import free_port
from chatrec.settings import Settings

LINE = {"dialog_id": "s:1", "turn": 1, "picks": ["s:nowhere", "s:notting"]}


def test_a_bad_line_is_located_and_a_missing_file_named(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps(LINE) + "\n" + json.dumps({**LINE, "turn": -1}) + "\n", encoding="utf-8")
    with pytest.raises(DialogLogError, match=r"out\.jsonl:2: field 'turn'"):
        read_recording(path)
    with pytest.raises(DataMissingError, match=r"nowhere\.jsonl"):
        read_recording(tmp_path / "nowhere.jsonl")


def test_two_answers_to_one_instance_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps(LINE) + "\n" + json.dumps({**LINE, "picks": []}) + "\n", encoding="utf-8")
    with pytest.raises(DialogLogError, match=r"out\.jsonl:2: repeats dialog 's:1', turn 1"):
        read_recording(path)


def test_a_recording_that_the_stage_cannot_use_is_refused(replay_files: ReplayConfig, small_index: Index, tmp_path: Path) -> None:
    config = replace(replay_files, stage="score", recorded=tmp_path / "recorded.jsonl")
    with pytest.raises(InputError, match="--recorded goes with --stage generate, not score"):
        run_replay(config, tmp_path / "r.json", tmp_path / "r.jsonl", small_index.embedder, tmp_path / "built")


def test_a_recorded_pick_rises_within_what_the_model_was_shown(small_index: Index, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text(json.dumps(LINE) + "\n", encoding="utf-8")
    found = [last_instance(dialog(1, user("a tender love story with a film star"), assistant("x", "casa")))]
    scorer, fusion = Scorer.load(small_index), load_fusion(small_index)
    scorer.config = replace(scorer.config, llm_weight=20.0)  # what the model says outweighs everything

    def ranking(recording: Recording) -> tuple[str, ...]:
        (row,) = replay(small_index, found, "new", System(fusion, 200, recorded_rerank(scorer, recording)))
        return row.ranking

    def picked(item: str, dialog_id: str = "s:1", slots: int = 12) -> Recording:
        return {(dialog_id, 1): RecordedLine(dialog_id=dialog_id, turn=1, picks=[item], slots=slots)}

    silent = ranking({})
    third = silent[2]
    assert ranking(picked(third))[0] == third
    assert set(ranking(picked(third))) == set(silent)
    assert ranking(picked(third, slots=2)) == silent
    assert ranking(read_recording(path))[12:] == silent[12:]
    assert ranking(picked(third, dialog_id="s:9")) == silent


@pytest.fixture
def replay_files(tmp_path: Path) -> ReplayConfig:
    line = {
        "dialog_id": "s:1",
        "turns": [
            {"role": "user", "text": "a tender love story with a film star"},
            {"role": "assistant", "text": "x", "mentions": [{"item": "s:casa"}], "gold": ["s:casa"]},
        ],
    }
    log = tmp_path / "dialogs.jsonl"
    log.write_text(json.dumps(line) + "\n", encoding="utf-8")
    return ReplayConfig(log, SAMPLE, stage="generate", recorded=tmp_path / "recorded.jsonl")


def test_what_a_model_picks_is_recorded_once_and_replayed_without_it(
    replay_files: ReplayConfig, small_index: Index, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    settings = Settings.load(llm_url=scripted_llm.url)
    writer = Writer(LLM.of(settings), Prompts.of(settings), settings)
    assert any(writer.ready() for _ in range(20))
    scripted_llm.says("c03 romance\n", "c01 comedy\n")

    def ranked(name: str, writer: Writer | None) -> str:
        run_replay(
            replay_files, tmp_path / "report.json", tmp_path / name, small_index.embedder, tmp_path / "built", writer=writer
        )
        return (tmp_path / name).read_text(encoding="utf-8")

    live = ranked("live.jsonl", writer)
    (line,) = read_recording(tmp_path / "recorded.jsonl").values()
    assert len(line.picks) == 2 and line.slots == 12
    asked = len(scripted_llm.requests)
    assert ranked("again.jsonl", writer) == ranked("offline.jsonl", None) == live
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["misses"]["shortlisted out"] is not None and report["misses"]["dropped by grounding"] is None
    assert ("dropped by grounding", "–", "–", NOT_RECORDED) in fates(report)
    assert len(scripted_llm.requests) == asked == 1


@pytest.mark.parametrize("written", ["", json.dumps({**LINE, "dialog_id": "s:9"}) + "\n", json.dumps({**LINE, "turn": 3}) + "\n"])
def test_what_was_recorded_of_other_dialogs_is_refused(
    replay_files: ReplayConfig, small_index: Index, tmp_path: Path, written: str
) -> None:
    (tmp_path / "recorded.jsonl").write_text(written, encoding="utf-8")
    with pytest.raises(DataMissingError, match=r"recorded\.jsonl was recorded for none of the 1 instances"):
        run_replay(replay_files, tmp_path / "o.json", tmp_path / "o.jsonl", small_index.embedder, tmp_path / "built")


def test_a_report_tells_for_how_much_there_was_a_recording(
    replay_files: ReplayConfig, small_index: Index, tmp_path: Path
) -> None:
    first = replay_files.dialogs.read_text(encoding="utf-8")
    replay_files.dialogs.write_text(first + first.replace("s:1", "s:2"), encoding="utf-8")
    (tmp_path / "recorded.jsonl").write_text(json.dumps(LINE) + "\n", encoding="utf-8")
    out = tmp_path / "o.json"
    report = run_replay(replay_files, out, tmp_path / "o.jsonl", small_index.embedder, tmp_path / "built")
    assert report["recorded"] == json.loads(out.read_text(encoding="utf-8"))["recorded"] == {"instances": 1, "of": 2}
    assert "recorded for 1 of 2 instances" in next(beside(report))
    assert "recorded for 1 of 2 instances" in page(report)


def test_without_a_model_nothing_is_recorded(replay_files: ReplayConfig, small_index: Index, tmp_path: Path) -> None:
    settings = Settings.load(llm_url=f"http://127.0.0.1:{free_port()}/v1")
    writer = Writer(LLM.of(settings), Prompts.of(settings), settings)
    with pytest.raises(LLMUnavailableError, match="chatrec serve llm"):
        run_replay(
            replay_files, tmp_path / "o.json", tmp_path / "o.jsonl", small_index.embedder, tmp_path / "built", writer=writer
        )
    assert not (tmp_path / "recorded.jsonl").exists()
