"""Files to be written: tried first, and never over one another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chatrec.errors import InputError
from chatrec.evaluate.report import rankings_beside
from chatrec.outputs import check_outputs, replaced


def test_rankings_of_two_reports_in_one_folder_stay_apart(tmp_path: Path) -> None:
    assert rankings_beside(tmp_path / "new.json") != rankings_beside(tmp_path / "full.json")


def test_trying_a_file_makes_its_folder_and_leaves_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text("kept", encoding="utf-8")
    check_outputs(tmp_path / "a" / "b" / "r.json", tmp_path / "old.json", None)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b", "old.json"]
    assert (tmp_path / "old.json").read_text(encoding="utf-8") == "kept"


def test_a_link_to_nothing_yet_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "there")
    check_outputs(tmp_path / "link")
    assert [path.name for path in tmp_path.iterdir()] == ["link"]
    with replaced(tmp_path / "link") as made:
        made.write_text("whole", encoding="utf-8")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text(encoding="utf-8") == "whole"


def test_a_pipe_is_neither_tried_nor_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    check_outputs(tmp_path / "pipe")
    with replaced(tmp_path / "pipe") as made:
        assert made == tmp_path / "pipe"
    assert (tmp_path / "pipe").is_fifo()


def test_what_is_not_completed_replaces_nothing(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("old", encoding="utf-8")
    with pytest.raises(KeyError), replaced(tmp_path / "r.json") as made:
        made.write_text("half", encoding="utf-8")
        raise KeyError
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["old"]


def test_a_folder_or_what_lies_in_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for path in (tmp_path, tmp_path / "file" / "r.json"):
        with pytest.raises(InputError, match=f"{path} cannot be written"):
            check_outputs(path)


def test_one_file_cannot_be_two_outputs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="named for two outputs"):
        check_outputs(tmp_path / "r.json", tmp_path / "." / "r.json")


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is read and cannot be written over"):
        check_outputs(tmp_path / "dialogs.jsonl", read=(None, tmp_path / "dialogs.jsonl"))
