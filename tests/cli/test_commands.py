"""The command line as a person or a script meets it: answers on standard output, one line of error and an exit code."""

from __future__ import annotations

import builtins
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from chatrec.cli import main

FILM = {"kind": "video", "form": "film"}
LINES = [
    FILM | {"id": "t:alien", "title": "Alien", "year": 1979, "genres": ["horror", "science fiction"], "minutes": 117},
    FILM | {"id": "t:moon", "title": "Moon", "year": 2009, "genres": ["science fiction"], "minutes": 97},
    FILM | {"id": "t:up", "title": "Up", "year": 2009, "genres": ["animation", "family"], "minutes": 96},
    {"id": "t:ftl", "kind": "game", "form": "game", "title": "FTL", "genres": ["strategy"], "themes": ["space"]},
]


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run `chatrec` in a folder of its own, without a language model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHATREC_INDEX_DIR", str(tmp_path / "built"))
    monkeypatch.setenv("CHATREC_LLM", "false")

    def go(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["chatrec", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return go


@pytest.fixture
def catalog(tmp_path: Path) -> str:
    path = tmp_path / "catalog.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return str(path)


def test_json_is_all_there_is_on_standard_output(run: Run, catalog: str) -> None:
    ended = run("ask", "a science fiction film, nothing scary", "--json", "--catalog", catalog)
    reply = json.loads(ended.out)
    assert ended.code == 0
    assert set(reply) >= {"text", "recommendations"}
    first = reply["recommendations"][0]
    assert set(first) >= {"item", "reason", "evidence", "score"}
    assert first["item"]["title"] == "Moon"


def test_without_json_title_and_reason_are_printed(run: Run, catalog: str) -> None:
    ended = run("ask", "an animated film for the family", "--catalog", catalog)
    assert "Up" in ended.out
    assert ended.code == 0


def test_a_bad_catalog_line_is_named_and_nothing_is_built(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(LINES[0]) + "\n{not json\n")
    ended = run("ask", "hello", "--catalog", str(path))
    assert ended.code == 3
    assert f"{path}:2" in ended.err
    assert not (tmp_path / "built").exists()


def test_skip_bad_counts_what_it_left_out(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(LINES[0]) + "\n{not json\n" + json.dumps({"id": "t:x", "kind": "video"}) + "\n")
    ended = run("index", "build", "--catalog", str(path), "--skip-bad")
    assert ended.code == 0
    assert "2 bad lines skipped" in ended.err
    assert "1 items" in ended.out


def test_a_missing_catalog_is_one_line(run: Run) -> None:
    ended = run("ask", "hello", "--catalog", "nowhere.jsonl")
    assert ended.code == 6
    assert ended.err.count("\n") == 1
    assert "nowhere.jsonl" in ended.err


def test_an_index_that_was_named_and_is_missing_says_what_to_run(run: Run, catalog: str, tmp_path: Path) -> None:
    ended = run("ask", "hello", "--catalog", catalog, "--index", str(tmp_path / "none"))
    assert ended.code == 4
    assert "chatrec index build" in ended.err


def test_a_message_that_is_too_long_is_refused_with_the_limit(run: Run, catalog: str) -> None:
    ended = run("ask", "x" * 50_000, "--catalog", catalog)
    assert ended.code == 2
    assert "4000" in ended.err
    assert "Traceback" not in ended.err


def test_index_info_tells_what_it_was_built_from(run: Run, catalog: str) -> None:
    info = json.loads(run("index", "info", "--catalog", catalog).out)
    assert info["items"] == 4
    assert info["kinds"] == {"video": 3, "audio": 0, "game": 1}
    assert info["embedder"] == "all-MiniLM-L6-v2"


def test_index_info_tells_size_and_age_and_what_does_not_verify(run: Run, catalog: str) -> None:
    info = json.loads(run("index", "info", "--catalog", catalog).out)
    assert info["verified"] is True
    assert info["bytes"] > 10_000
    assert info["age_hours"] < 1
    (Path(info["folder"]) / "vectors.npy").write_bytes(b"noise")
    ended = run("index", "info", "--catalog", catalog)
    assert ended.code == 4
    assert json.loads(ended.out)["verified"] is False
    assert "index update" in json.loads(ended.out)["problem"]


def test_index_gc_removes_what_a_newer_index_replaced(run: Run, catalog: str) -> None:
    for _ in range(2):
        run("index", "build", "--force", "--catalog", catalog)
    assert "MB would be freed" in run("index", "gc", "--dry-run").out
    ended = run("index", "gc")
    assert ended.code == 0
    assert len(ended.out.splitlines()) == 2
    assert run("index", "gc").out == "0.0 MB freed\n"
    assert json.loads(run("index", "info", "--catalog", catalog).out)["verified"]


def test_a_chroma_server_that_is_not_there_is_one_line(run: Run, catalog: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run("index", "build", "--catalog", catalog)
    ended = run("index", "search", "spaceship", "--chroma-url", "http://127.0.0.1:1", "--catalog", catalog)
    assert (ended.code, ended.err.count("\n")) == (4, 1)
    assert "chroma run" in ended.err
    monkeypatch.setenv("CHATREC_CHROMA_URL", "nowhere")
    assert run("ask", "spaceship", "--catalog", catalog).code == 2


def test_index_update_embeds_only_what_is_new_and_says_what_changed(run: Run, catalog: str) -> None:
    first = run("index", "update", "--catalog", catalog)
    assert first.code == 0
    assert "4 added, 0 changed, 0 removed, 4 texts embedded" in first.out
    lines = [*LINES[1:], LINES[0] | {"title": "Aliens"}, FILM | {"id": "t:new", "title": "Gravity"}]
    Path(catalog).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert "1 added, 1 changed, 0 removed, 2 texts embedded" in run("index", "update", "--catalog", catalog).out
    assert "0 added, 0 changed, 0 removed, 0 texts embedded" in run("index", "update", "--catalog", catalog).out


def test_index_search_finds_by_meaning(run: Run, catalog: str) -> None:
    ended = run("index", "search", "spaceship", "--kind", "game", "--catalog", catalog)
    assert "t:ftl" in ended.out
    assert "t:up" not in ended.out


def test_index_search_looks_for_a_misspelt_title_as_it_is_meant_and_cuts_no_id(run: Run, tmp_path: Path) -> None:
    long = FILM | {"id": "t:" + "ratatouille-" * 9, "title": "Ratatouille"}
    path = tmp_path / "films.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in (*LINES, long)))
    ended = run("index", "search", "Rattatouille", "--catalog", str(path))
    assert ended.err.strip().endswith("searching for 'Ratatouille'")
    assert ended.out.splitlines()[1].split()[0] == long["id"]


def test_an_index_that_is_built_in_passing_is_said_to_be_and_why(run: Run, catalog: str) -> None:
    first = run("index", "search", "spaceship", "--catalog", catalog)
    assert "building the index of 4 items: there is none yet" in first.err
    assert "building" not in run("index", "search", "spaceship", "--catalog", catalog).err
    for name in ("../CURRENT", "manifest.json"):
        folder = Path(json.loads(run("index", "info", "--catalog", catalog).out)["folder"])
        lost = (folder / name).resolve()
        lost.unlink()
        ended = run("index", "search", "spaceship", "--catalog", catalog)
        assert f"building the index of 4 items: {lost} is missing" in ended.err
        assert "t:ftl" in ended.out


def test_index_search_puts_first_what_is_called_as_typed(run: Run, tmp_path: Path) -> None:
    made = FILM | {"id": "t:parasite", "title": "Parasite", "aliases": ["기생충"], "creators": ["Bong Joon-ho", "Zoë Björk"]}
    path = tmp_path / "films.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in (*LINES, made)))
    for typed in ("기생충", "bong joon ho", "Zoe Bjork", "PARASITE!", "Bong Jon-ho"):
        assert run("index", "search", typed, "--catalog", str(path)).out.splitlines()[1].split()[0] == "t:parasite", typed


def test_index_commands_read_a_catalog_with_bad_lines_as_it_was_built(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "films.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES) + "{\n")
    assert run("index", "build", "--skip-bad", "--catalog", str(path)).code == 0
    assert run("index", "info", "--catalog", str(path)).code == 3
    assert json.loads(run("index", "info", "--skip-bad", "--catalog", str(path)).out)["verified"]
    assert "t:ftl" in run("index", "search", "spaceship", "--skip-bad", "--catalog", str(path)).out


def test_similar_items_can_be_of_another_medium(run: Run, catalog: str) -> None:
    found = json.loads(run("similar", "t:ftl", "--kind", "video", "--catalog", catalog, "--json").out)
    assert {pick["item"]["kind"] for pick in found} == {"video"}


def test_an_unknown_id_is_an_error_that_says_where_to_look(run: Run, catalog: str) -> None:
    ended = run("similar", "t:nothing", "--catalog", catalog)
    assert ended.code == 2
    assert "chatrec index search" in ended.err


def test_a_mistyped_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATREC_N", "many")
    ended = run("ask", "hello")
    assert ended.code == 2
    assert "n:" in ended.err


def test_doctor_says_what_would_be_used(run: Run) -> None:
    ended = run("doctor")
    assert ended.code == 0
    for word in ("chromadb", "all-MiniLM-L6-v2", "items", "not built yet"):
        assert word in ended.out


def test_two_replays_into_one_folder_can_be_compared(run: Run, catalog: str, tmp_path: Path) -> None:
    turns = [{"role": "user", "text": "a lonely man on the moon"}, {"role": "assistant", "text": "x", "gold": ["t:moon"]}]
    (tmp_path / "d.jsonl").write_text(json.dumps({"dialog_id": "d", "turns": turns}) + "\n")
    for stage, named in (("retrieve", ()), ("score", ("--rankings", "score.jsonl"))):
        assert run("replay", "d.jsonl", "--catalog", catalog, "--stage", stage, "--out", f"{stage}.json", *named).code == 0
    ended = run("compare", "retrieve.json", "score.jsonl", "--k", "3")
    assert ended.code == 0
    assert "@3" in ended.out and "1.0000" in ended.out and "may be chance" in ended.out


def test_an_output_is_tried_before_the_replay_begins(run: Run, catalog: str, tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text("not even read\n")
    ended = run("replay", "d.jsonl", "--catalog", catalog, "--out", "d.jsonl/r.json")
    assert (ended.code, ended.err.strip().splitlines()[-1]) == (
        2,
        "chatrec: d.jsonl/r.json cannot be written: d.jsonl is no folder",
    )


@pytest.mark.parametrize(
    "command",
    [
        ("index", "export", "OUT", "--catalog", "cat"),
        ("replay", "d.jsonl", "--catalog", "cat", "--out", "OUT"),
        ("replay", "d.jsonl", "--catalog", "cat", "--out", "r.json", "--rankings", "OUT"),
        ("baselines", "d.jsonl", "--catalog", "cat", "--out", "OUT"),
        ("evaluate", "ratings", "--interactions", "d.jsonl", "--catalog", "cat", "--out", "OUT"),
        ("catalog", "history", "letterboxd", "d.jsonl", "--catalog", "cat", "--out", "OUT"),
    ],
)
def test_no_part_of_a_catalog_is_written_over(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    part = tmp_path / "cat" / "video.jsonl"
    part.parent.mkdir()
    part.write_text("a catalog")
    (tmp_path / "d.jsonl").write_text("not even read")
    (tmp_path / "link").symlink_to("cat/video.jsonl")
    for out in ("cat/video.jsonl", "cat/../cat/video.jsonl", "link"):
        ended = run(*(word.replace("OUT", out) for word in command))
        assert (ended.code, ended.err) == (2, f"chatrec: {out} is read and cannot be written over: give another output\n")
    assert "would become part of the catalog" in run(*(word.replace("OUT", "cat/new.jsonl") for word in command)).err
    assert [path.read_text() for path in part.parent.iterdir()] == ["a catalog"]


@pytest.mark.parametrize("command", ["replay", "baselines"])
def test_nothing_is_written_into_the_models_that_are_used(run: Run, catalog: str, tmp_path: Path, command: str) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "fusion.json").write_text("weights")
    named = ("--catalog", catalog, "--models", "models", "--out", "models/fusion.json")
    ended = run(command, "d.jsonl", *named)
    assert (ended.code, ended.err) == (
        2,
        "chatrec: models/fusion.json lies in models, which is read: give an output elsewhere\n",
    )
    assert (tmp_path / "models" / "fusion.json").read_text() == "weights"


def test_an_index_is_not_exported_into_itself_and_a_pipe_takes_it(run: Run, catalog: str, tmp_path: Path) -> None:
    folder = Path(json.loads(run("index", "info", "--catalog", catalog).out)["folder"])
    vectors = folder / "vectors.npy"
    before = vectors.read_bytes()
    for out in (vectors, folder.parent / "new.parquet", folder.parent / "CURRENT"):
        ended = run("index", "export", str(out), "--catalog", catalog)
        assert (ended.code, "which is read" in ended.err) == (2, True)
    away = (tmp_path / "built").rename(tmp_path / "away") / folder.relative_to(tmp_path / "built")
    for out in (away / "vectors.npy", away.parent / "CURRENT"):
        assert run("index", "export", str(out), "--catalog", catalog, "--index", str(away)).code == 2
    assert (away / "vectors.npy").read_bytes() == before
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", "pipe"], cwd=tmp_path, stdout=subprocess.PIPE) as reader:
        ended = run("index", "export", "pipe", "--catalog", catalog, "--index", str(away))
        assert (ended.code, ended.out, "4 items, 384 dimensions, in pipe" in ended.err) == (0, "", True)
        assert reader.stdout is not None
        (tmp_path / "i.parquet").write_bytes(reader.stdout.read())
    assert pq.read_table(tmp_path / "i.parquet")["id"].to_pylist() == [line["id"] for line in LINES]


def test_links_in_a_circle_are_one_line_of_error(run: Run, catalog: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for command in (
        ("index", "export", "loop", "--catalog", catalog),
        ("replay", "d.jsonl", "--catalog", catalog, "--out", "loop"),
        ("catalog", "history", "letterboxd", "d.jsonl", "--catalog", catalog, "--out", "loop"),
    ):
        ended = run(*command)
        assert (ended.code, ended.err) == (2, "chatrec: loop cannot be written: Too many levels of symbolic links\n")


def test_a_report_goes_to_an_open_file_and_its_rankings_where_they_are_told_to(run: Run, catalog: str, tmp_path: Path) -> None:
    turns = [{"role": "user", "text": "a lonely man on the moon"}, {"role": "assistant", "text": "x", "gold": ["t:moon"]}]
    (tmp_path / "d.jsonl").write_text(json.dumps({"dialog_id": "d", "turns": turns}) + "\n")
    with (tmp_path / "log").open("a") as log:
        log.write("before\n")
        log.flush()
        out = f"/dev/fd/{log.fileno()}"
        ended = run("replay", "d.jsonl", "--catalog", catalog, "--stage", "retrieve", "--out", out)
        assert (ended.code, "name theirs with --rankings" in ended.err) == (2, True)
        named = ("--out", out, "--rankings", out)
        assert run("replay", "d.jsonl", "--catalog", catalog, "--stage", "retrieve", *named).code == 0
    before, rankings, report = (tmp_path / "log").read_text().split("\n", 2)
    told = json.loads(report)["provenance"]["rankings_sha256"]
    assert (before, told) == ("before", hashlib.sha256(f"{rankings}\n".encode()).hexdigest())


def test_a_replay_writes_a_page_and_tells_where_misses_were_lost(run: Run, catalog: str, tmp_path: Path) -> None:
    gold = [{"role": "assistant", "text": "x", "gold": ["t:moon"]}, {"role": "assistant", "text": "x", "gold": ["t:none"]}]
    turns = [{"role": "user", "text": "a lonely man on the moon"}, *gold]
    (tmp_path / "d.jsonl").write_text(json.dumps({"dialog_id": "d", "turns": turns}) + "\n")
    named = ("--catalog", catalog, "--out", "r.json", "--html", "pages/r.html")
    ended = run("replay", "d.jsonl", *named, "--understand", "text", "--k", "1,3")
    assert ended.code == 0
    assert "not in the catalog" in ended.out and "not understood" in ended.out and "0 annotated mentions" in ended.out
    assert "Replay of d.jsonl" in (tmp_path / "pages" / "r.html").read_text()


def test_a_replay_has_written_its_files_before_it_prints(
    run: Run, catalog: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*printed: object, **options: object) -> None:
        raise SystemExit(1)

    turns = [{"role": "user", "text": "a lonely man on the moon"}, {"role": "assistant", "text": "x", "gold": ["t:moon"]}]
    (tmp_path / "d.jsonl").write_text(json.dumps({"dialog_id": "d", "turns": turns}) + "\n")
    monkeypatch.setattr("rich.console.Console.print", closed)
    ended = run("replay", "d.jsonl", "--catalog", catalog, "--stage", "retrieve", "--out", "r.json", "--html", "r.html")
    assert ended.code == 1
    assert all((tmp_path / name).stat().st_size for name in ("r.json", "r.rankings.jsonl", "r.html"))


def test_baselines_say_what_their_table_means(run: Run, catalog: str, tmp_path: Path) -> None:
    turns = [{"role": "user", "text": "a lonely man on the moon"}, {"role": "assistant", "text": "x", "gold": ["t:moon"]}]
    (tmp_path / "d.jsonl").write_text(json.dumps({"dialog_id": "d", "turns": turns}) + "\n")
    ended = run("baselines", "d.jsonl", "--catalog", catalog, "--k", "3")
    assert ended.code == 0
    assert '"without X" stands only for' in ended.out and "0 by definition" in ended.out


def test_a_command_that_needs_no_model_does_not_load_one() -> None:
    code = "import sys, chatrec.cli.app; sys.exit('torch' in sys.modules or 'chromadb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_interrupt_while_the_commands_are_imported_ends_quietly(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    load = builtins.__import__

    def interrupted(name: str, *rest: Any) -> Any:
        if name == "chatrec.cli.app":
            raise KeyboardInterrupt
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", interrupted)
    assert run("--version") == Ended(130, "", "")


def test_a_page_that_a_script_started_in_the_background_ends_on_an_interrupt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); from chatrec.cli import main; main()"
    command = [sys.executable, "-c", code, "ui", "--no-llm", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as page:
        assert page.stderr is not None
        assert any(f":{port}/" in line for line in page.stderr)
        page.send_signal(signal.SIGINT)
        assert page.wait(timeout=60) == 130


def test_a_history_keeps_what_was_met_from_coming_again(run: Run, catalog: str, tmp_path: Path) -> None:
    (tmp_path / "me.json").write_text(json.dumps({"liked": ["t:alien"], "seen": ["t:moon"], "unmatched": []}))
    ended = run("ask", "a science fiction film", "--json", "--catalog", catalog, "--history", "me.json")
    assert ended.code == 0
    assert not {"t:alien", "t:moon"} & {pick["item"]["id"] for pick in json.loads(ended.out)["recommendations"]}
    assert run("ask", "hello", "--catalog", catalog, "--history", "you.json").code == 6
