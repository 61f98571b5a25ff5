"""Files to be written: tried first, and never over one another."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from chatrec.errors import InputError
from chatrec.evaluate.report import rankings_beside
from chatrec.outputs import check_outputs, is_stream, replaced


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


def test_a_link_into_a_missing_folder_has_it_made(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "missing" / "there")
    check_outputs(tmp_path / "link")
    assert not any((tmp_path / "missing").iterdir())
    with replaced(tmp_path / "link") as made:
        made.write_text("whole", encoding="utf-8")
    assert (tmp_path / "missing" / "there").read_text(encoding="utf-8") == "whole"


def test_links_in_a_circle_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    for path in (tmp_path / "a", tmp_path / "a" / "r.json"):
        with pytest.raises(InputError, match=f"{path} cannot be written"):
            check_outputs(path, read=[tmp_path / "b" / "d.jsonl"])


def test_a_pipe_is_not_tried_and_gets_what_is_complete(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    check_outputs(tmp_path / "pipe", tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with replaced(tmp_path / "pipe") as made, made.open("wb") as file:
        file.write(b"..end")
        file.seek(0)
        file.write(b"to")
    assert os.read(reading, 100) == b"toend"
    os.close(reading)
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd"])
def test_what_is_written_to_an_open_file_follows_what_it_holds(tmp_path: Path, folder: str, link: bool) -> None:
    with (tmp_path / "log").open("w", encoding="utf-8") as log:
        log.write("before\n")
        log.flush()
        path = Path(folder) / str(log.fileno())
        if link:
            (tmp_path / "link").symlink_to(path)
            path = tmp_path / "link"
        assert is_stream(path)
        check_outputs(path, path)
        for word in ("one\n", "two\n"):
            with replaced(path) as made:
                made.write_text(word, encoding="utf-8")
        log.write("after\n")
    assert (tmp_path / "log").read_text(encoding="utf-8") == "before\none\ntwo\nafter\n"


def test_the_open_file_of_another_process_is_appended_to(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before\n", encoding="utf-8")
    with (tmp_path / "log").open("a") as log, subprocess.Popen(["sleep", "60"], stdout=log) as other:
        with replaced(Path(f"/proc/{other.pid}/fd/1")) as made:
            made.write_text("after\n", encoding="utf-8")
        other.kill()
    assert (tmp_path / "log").read_text(encoding="utf-8") == "before\nafter\n"


def test_an_open_file_that_is_read_or_another_output_is_none(tmp_path: Path) -> None:
    with (tmp_path / "d.jsonl").open("a") as file:
        with pytest.raises(InputError, match="is read and cannot be written over"):
            check_outputs(Path(f"/dev/fd/{file.fileno()}"), read=[tmp_path / "d.jsonl"])
        with pytest.raises(InputError, match="named for two outputs"):
            check_outputs(tmp_path / "d.jsonl", Path(f"/dev/fd/{file.fileno()}"))


def test_what_is_open_for_reading_only_or_not_at_all_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "r.json").touch()
    with (tmp_path / "r.json").open() as file, pytest.raises(InputError, match="Bad file descriptor"):
        check_outputs(Path(f"/dev/fd/{file.fileno()}"))
    with pytest.raises(InputError, match="Bad file descriptor"):
        check_outputs(Path("/dev/fd/987654"))


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "r.json").touch(0o600)
    with replaced(tmp_path / "r.json") as made:
        assert made.stat().st_mode & 0o777 == 0o600
        made.write_text("new", encoding="utf-8")
    (tmp_path / "r.json").chmod(0o664)
    with replaced(tmp_path / "r.json") as made:
        made.write_text("newer", encoding="utf-8")
    assert (tmp_path / "r.json").stat().st_mode & 0o777 == 0o664


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


def test_nothing_is_written_over_a_catalog_or_into_it_and_into_what_is_closed(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "video.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "cat" / "video.jsonl")
    for name in ("cat/video.jsonl", "link"):
        with pytest.raises(InputError, match="is read and cannot be written over"):
            check_outputs(tmp_path / name, catalog=tmp_path / "cat")
        with pytest.raises(InputError, match="is read and cannot be written over"):
            check_outputs(tmp_path / name, catalog=tmp_path / "cat" / "video.jsonl")
    with pytest.raises(InputError, match="would become part of the catalog"):
        check_outputs(tmp_path / "cat" / "new.jsonl", catalog=tmp_path / "cat")
    check_outputs(tmp_path / "cat" / "r.json", tmp_path / "cat" / "runs" / "r.jsonl", catalog=tmp_path / "cat")
    with pytest.raises(InputError, match=r"r.json lies in .*cat, which is read"):
        check_outputs(tmp_path / "cat" / "new" / "r.json", closed=[None, tmp_path / "cat"])
    assert not (tmp_path / "cat" / "new").exists()
