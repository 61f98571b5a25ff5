"""Dialog logs: what is read, what is refused, and what becomes an instance."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from dialog_samples import assistant, dialog, user
from hypothesis import given
from hypothesis import strategies as st

from chatrec.errors import DataMissingError, DialogLogError
from chatrec.evaluate.logs import instances, parse_dialog, read_dialogs

GOOD = {"dialog_id": "d:1", "turns": [{"role": "user", "text": "hi"}]}


def test_a_bad_line_is_reported_with_file_line_and_field(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    bad = {**GOOD, "dialog_id": "d:2", "turns": [{"role": "robot"}]}
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps(bad) + "\n", encoding="utf-8")
    with pytest.raises(DialogLogError, match=r"log\.jsonl:2: field 'turns\.0\.role'"):
        read_dialogs(path)


def test_a_repeated_dialog_id_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text((json.dumps(GOOD) + "\n") * 2, encoding="utf-8")
    with pytest.raises(DialogLogError, match="repeats 'd:1'"):
        read_dialogs(path)


def test_a_missing_or_empty_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match=r"nowhere\.jsonl"):
        read_dialogs(tmp_path / "nowhere.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(DialogLogError, match="holds no dialogs"):
        read_dialogs(tmp_path / "empty.jsonl")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"dialog_id": "a\tb"}', "Invalid control character at column 17"),
        ('{"dialog_id": \n', "Expecting value at column 14"),
        ('{"dialog_id": "d", turns}', "Expecting property name enclosed in double quotes at column 20"),
        ('{"dialog_id": NaN}', "NaN is no finite number"),
        ('{"dialog_id": ' + "9" * 5000 + "}", "Exceeds the limit .*"),
    ],
)
def test_a_line_that_is_no_json_says_where(line: str, message: str) -> None:
    with pytest.raises(DialogLogError, match=rf"log\.jsonl:7: not JSON: {message}$"):
        parse_dialog(line, path="log.jsonl", line=7)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"dialog_id": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"dialog_id": "d", "turns": [{"role": "user", "text": "\\ud800"}]}', "not text: half of a surrogate pair"),
        (b'{"dialog_id": "caf\xe9"}', "not UTF-8: invalid continuation byte"),
        (b"[1]", "not a JSON object"),
    ],
)
def test_a_line_that_no_text_can_be_made_of_is_located(tmp_path: Path, line: bytes, message: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n\n" + line + b"\n")
    with pytest.raises(DialogLogError, match=rf"log\.jsonl:3: {message}$"):
        read_dialogs(path)


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(json.dumps(GOOD), encoding="utf-8-sig")
    assert [line.dialog_id for line in read_dialogs(tmp_path / "log.jsonl")] == ["d:1"]


def test_a_stream_is_read_where_that_is_done_once_and_refused_where_it_is_done_again(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(DataMissingError, match="write them to a file first"):
        read_dialogs(pipe)
    with subprocess.Popen(["sh", "-c", f"echo '{json.dumps(GOOD)}' > '{pipe}'"]):
        assert [line.dialog_id for line in read_dialogs(pipe, once=True)] == ["d:1"]
    with pytest.raises(DataMissingError, match="no dialog log"):
        read_dialogs(tmp_path, once=True)


@given(
    st.text()
    | st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)).map(json.dumps)
)
def test_whatever_a_line_holds_it_is_read_or_refused_as_a_log_error(line: str) -> None:
    with suppress(DialogLogError):
        assert parse_dialog(line).turns


def test_protocol_new_drops_gold_that_was_mentioned_and_instances_without_any() -> None:
    line = dialog(1, user("hi", "alien"), assistant("again?", "alien"), user("no"), assistant("these", "alien", "thing"))
    full = [(found.turn, found.gold("full")) for found in instances(line, "full")]
    new = [(found.turn, found.gold("new")) for found in instances(line, "new")]
    assert full == [(1, ("s:alien",)), (3, ("s:alien", "s:thing"))]
    assert new == [(3, ("s:thing",))]


def test_a_turn_that_opens_a_dialog_and_a_shuffled_dialog_have_nothing_to_replay() -> None:
    opening = dialog(1, assistant("try this", "alien"), user("thanks"))
    shuffled = dialog(2, user("hi", "alien"), assistant("this", "thing"), order="shuffled")
    assert not list(instances(opening, "full"))
    assert not list(instances(shuffled, "full"))
