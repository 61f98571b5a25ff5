"""`chatrec catalog` as a person or a script meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatrec.cli import main

Run = Callable[..., tuple[int, str, str]]
MOVIES = "movieId,title,genres\n1,Quiet Harbour (2003),Drama\n2,Night of the Moths (1988),Horror\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run `chatrec catalog …` in a folder of its own; gives exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    Path("ml").mkdir()
    Path("ml/movies.csv").write_text(MOVIES)
    Path("ml/ratings.csv").write_text("userId,movieId,rating,timestamp\n1,1,4.0,964982703\n")

    def go(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["chatrec", "catalog", *arguments])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return go


IMPORT = ("import", "movielens", "ml", "--out", "films.jsonl")


def test_an_import_writes_both_files_and_the_catalog_passes_the_check(run: Run) -> None:
    code, out, err = run(*IMPORT, "--interactions", "ratings.csv")
    told = "2 items (2 video, 0 audio, 0 game) in films.jsonl, 1 interactions in ratings.csv, 0 bad rows"
    assert (code, " ".join(out.split())) == (0, told)
    assert not err  # a bar is for terminals, and half a minute is not over
    assert Path("ratings.csv").read_text() == "user_id,item_id,value,timestamp\n1,movielens:1,4,964982703\n"
    assert run("check", "films.jsonl")[0] == 0


def test_a_pipe_takes_the_catalog_and_nothing_is_gathered_beside_it(run: Run) -> None:
    os.mkfifo("pipe")
    beside = {path.name for path in Path().iterdir()}
    with subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE) as reader:
        code, out, err = run("import", "movielens", "ml", "--out", "pipe", "--interactions", "ratings.csv")
        assert reader.stdout is not None
        ids = [json.loads(line)["id"] for line in reader.stdout]
    assert (code, out, ids) == (0, "", ["movielens:1", "movielens:2"])
    assert "2 items (2 video, 0 audio, 0 game) in pipe" in err
    assert {path.name for path in Path().iterdir()} == beside | {"ratings.csv"}


def test_bad_rows_are_named_on_standard_error_and_end_with_3_unless_they_may_be_skipped(run: Run) -> None:
    with Path("ml/movies.csv").open("a") as file:
        file.write("x,Nameless,Drama\n" * 7)
    code, out, err = run(*IMPORT)
    assert code == 3
    assert (
        err.count("movieId 'x' is no number") == 5
        and "movies.csv:4: " in err
        and "… and 2 more bad rows of movies.csv: movieId … is no number" in err
    )
    assert "7 bad rows" in out and Path("films.jsonl").is_file()
    assert run(*IMPORT, "--skip-bad")[0] == 0


def test_if_nothing_is_left_the_bad_rows_are_named_and_no_file_is_touched(run: Run) -> None:
    Path("films.jsonl").write_text("kept")
    Path("ml/movies.csv").write_text("movieId,title,genres\nx,Nameless,Drama\n")
    code, _, err = run(*IMPORT)
    assert code == 3
    assert "movies.csv:2: movieId 'x' is no number" in err and "holds no items" in err
    assert Path("films.jsonl").read_text() == "kept"


@pytest.mark.parametrize(
    "arguments, code, told",
    [
        (("import", "netflix", "ml", "--out", "x.jsonl"), 2, "unknown source 'netflix': take one of movielens"),
        (("import", "movielens", "nowhere", "--out", "x.jsonl"), 6, "no file or folder nowhere"),
        (("import", "movielens", "ml/ratings.csv", "--out", "x.jsonl"), 2, "is no folder: give one that holds movies.csv"),
        (("import", "imdb", "ml", "--out", "x.jsonl"), 6, "ml holds no title.basics.tsv"),
        (("import", "movielens", "ml", "--out", "ml/movies.csv/x.jsonl"), 2, "movies.csv is no folder"),
        (("import", "movielens", "ml", "--out", "ml/movies.csv"), 2, "cannot be written over"),
        (("import", "movielens", "ml", "--out", "."), 2, ". cannot be written: it is a folder"),
        (("import", "movielens", "ml", "--out", "x" * 300), 2, "File name too long"),
        (("import", "generic", "ml/movies.csv", "--mapping", "m.toml", "--out", "m.toml"), 2, "m.toml is read and cannot"),
        ((*IMPORT, "--interactions", "films.jsonl"), 2, "is named for two outputs"),
        ((*IMPORT, "--mapping", "m.toml"), 2, "for the source 'generic' only"),
    ],
)
def test_an_import_that_cannot_be_done_is_one_line_and_a_code(run: Run, arguments: tuple[str, ...], code: int, told: str) -> None:
    ended, _, err = run(*arguments)
    assert ended == code
    assert told in err and "Traceback" not in err
    assert Path("ml/movies.csv").read_text() == MOVIES


def test_a_history_is_json_on_standard_output_or_in_a_file(run: Run) -> None:
    assert run(*IMPORT)[0] == 0
    Path("watched.csv").write_text("Name,Year\nQuiet Harbour,2003\nUnknown,1900\n")
    arguments = ("history", "letterboxd", "watched.csv", "--catalog", "films.jsonl")
    code, out, _ = run(*arguments)
    wanted = {"liked": [], "seen": ["movielens:1"], "unmatched": ["Unknown (1900)"]}
    assert (code, json.loads(out)) == (0, wanted)
    assert run(*arguments, "--out", "watched.csv/history.json")[0] == 2
    assert run(*arguments, "--out", "new/history.json")[1] == "0 liked, 1 seen, 1 unmatched in new/history.json\n"
    assert json.loads(Path("new/history.json").read_text()) == wanted


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("ml", "ml cannot be written: it is a folder"),
        ("films.jsonl", "films.jsonl is read and cannot be written over"),
        ("export/watched.csv", "export/watched.csv is read and cannot be written over"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_history_is_written_over_nothing_that_is_read_and_says_where_it_cannot_be_written(
    run: Run, out: str, told: str
) -> None:
    assert run(*IMPORT)[0] == 0
    Path("export").mkdir()
    Path("export/watched.csv").write_text("Name,Year\nQuiet Harbour,2003\n")
    before = [Path(name).read_text() for name in ("films.jsonl", "export/watched.csv")]
    code, _, err = run("history", "letterboxd", "export", "--catalog", "films.jsonl", "--out", out)
    assert (code, "Traceback" in err) == (2, False) and told in err
    assert [Path(name).read_text() for name in ("films.jsonl", "export/watched.csv")] == before


def test_a_history_goes_to_what_a_link_leads_to(run: Run) -> None:
    assert run(*IMPORT)[0] == 0
    Path("watched.csv").write_text("Name,Year\nQuiet Harbour,2003\n")
    Path("link.json").symlink_to("ml/me.json")
    assert run("history", "letterboxd", "watched.csv", "--catalog", "films.jsonl", "--out", "link.json")[0] == 0
    assert json.loads(Path("ml/me.json").read_text())["seen"] == ["movielens:1"]
    assert Path("link.json").is_symlink()


def test_a_history_with_bad_rows_names_them_and_ends_with_3(run: Run) -> None:
    assert run(*IMPORT)[0] == 0
    Path("ratings.csv").write_text("Name,Year,Rating\nQuiet Harbour,2003,many\n")
    code, out, err = run("history", "letterboxd", "ratings.csv", "--catalog", "films.jsonl")
    assert (code, json.loads(out)["seen"]) == (3, [])
    assert "ratings.csv:2: rating 'many' is no number" in err
