"""What a split leaves to learn from, as a file, and models that learned from more than that."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dialog_samples import SAMPLE
from quick import EMBEDDER, train

from chatrec.catalog.read import read_catalog
from chatrec.cli import main
from chatrec.errors import LeakError, ModelMissingError
from chatrec.evaluate.ratings import Split, join, read_lines, rows_of, split
from chatrec.evaluate.report import file_sha256
from chatrec.train.ratings import RatingsConfig, run_ratings
from chatrec.train.ratings_hybrid import HybridConfig
from chatrec.train.ratings_split import FILES, Source, guard_split, part_of, told_guard, write_split

CATALOG = read_catalog(SAMPLE)
HEADER = "user_id,item_id,value,timestamp"


def ratings(path: Path, users: int = 12, seed: int = 0) -> Path:
    """Five works of each user, one after the other."""
    rng, ids = np.random.default_rng(seed), list(CATALOG)
    lines = [
        f"u{user},{item},{rng.integers(1, 6)},{place}"
        for user in range(users)
        for place, item in enumerate(rng.permutation(ids)[:5])
    ]
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def parted(path: Path, seed: int = 0) -> tuple[Source, Split]:
    source = Source(read_lines(path), rows_of(CATALOG))
    return source, split(join(source.lines, CATALOG)[0], "last-out", seed)


def models(folder: Path, **learned: str) -> Path:
    """A folder whose card lists hashes."""
    folder.mkdir()
    (folder / "card.json").write_text(json.dumps({"data": learned}), encoding="utf-8")
    return folder


def test_the_training_part_is_the_lines_that_are_not_held_out_as_they_stand(tmp_path: Path) -> None:
    lines = ["b,s:alien,0.3,7", "a,s:thing,1234.5678901,", "a,s:nowhere,1,", "b,s:alien,2.0,8", "a,s:hot,3.0,99", "b,s:gun,1.0,1"]
    path = tmp_path / "i.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    source, data = parted(path)
    write_split(tmp_path / "split", source, data.train, {"split": "last-out", "seed": 0})
    assert (tmp_path / "split" / "train.csv").read_text(encoding="utf-8").splitlines() == [HEADER, lines[1], lines[5]]
    assert json.loads((tmp_path / "split" / "split.json").read_text(encoding="utf-8")) == {
        "interactions_sha256": file_sha256(path),
        "train_sha256": file_sha256(tmp_path / "split" / "train.csv"),
        "split": "last-out",
        "seed": 0,
    }


def test_the_training_part_is_written_from_what_was_read_once(tmp_path: Path) -> None:
    source, data = parted(ratings(tmp_path / "i.csv"))
    before = source.part_sha256(data.train)
    (tmp_path / "i.csv").unlink()
    source.write(data.train, tmp_path / "train.csv")
    assert file_sha256(tmp_path / "train.csv") == before


def test_read_again_the_training_part_is_what_was_learned_from(tmp_path: Path) -> None:
    source, data = parted(ratings(tmp_path / "i.csv"))
    source.write(data.train, tmp_path / "train.csv")
    again, _ = join(read_lines(tmp_path / "train.csv"), CATALOG)
    assert (again.names, again.items.tolist()) == (data.train.names, data.train.items.tolist())
    assert (again.values.tolist(), again.times.tolist()) == (data.train.values.tolist(), data.train.times.tolist())


def test_models_that_learned_from_the_whole_file_are_refused_unless_that_is_allowed(tmp_path: Path) -> None:
    source, data = parted(ratings(tmp_path / "i.csv"))
    folder = models(tmp_path / "models", **{"x/renamed.csv": file_sha256(tmp_path / "i.csv")})
    with pytest.raises(LeakError, match=r"held-out lines among the others: .*--write-split.*--allow-leak"):
        guard_split(folder, source, data.train)
    stamp = guard_split(folder, source, data.train, allow=True)
    assert stamp == {"learned_from": "all of it", "allowed": True} and "LEAK ALLOWED" in told_guard("chat", stamp)


def test_models_of_the_training_part_are_told_from_those_of_another_split(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    source, data = parted(ratings(tmp_path / "i.csv"))
    foreign, other = parted(ratings(tmp_path / "other" / "i.csv", seed=1))
    folder = models(tmp_path / "models", **{"split/train.csv": source.part_sha256(data.train)})
    assert guard_split(folder, source, data.train) == {"learned_from": "its training part", "allowed": False}
    stamp = guard_split(folder, foreign, other.train)
    assert stamp == {"learned_from": "neither", "allowed": False} and "neither" in told_guard("chat", stamp)


def test_models_of_another_split_of_the_same_file_are_refused_unless_that_is_allowed(tmp_path: Path) -> None:
    timeless = [
        line.rpartition(",")[0] + "," for line in ratings(tmp_path / "i.csv", users=20).read_text("utf-8").splitlines()[1:]
    ]
    (tmp_path / "i.csv").write_text("\n".join([HEADER, *timeless]) + "\n", encoding="utf-8")
    source, later = parted(tmp_path / "i.csv", seed=1)
    write_split(tmp_path / "split", source, later.train, {"split": "last-out", "seed": 1})
    train(tmp_path, "mine", interactions=tmp_path / "split" / "train.csv")
    last = parted(source.lines.path)[1]
    with pytest.raises(LeakError, match=r"learned from another split of .*held-out lines among the others"):
        guard_split(tmp_path / "mine", source, last.train)
    stamp = guard_split(tmp_path / "mine", source, last.train, allow=True)
    assert stamp == {"learned_from": "another split of it", "allowed": True}
    assert guard_split(tmp_path / "mine", source, later.train)["learned_from"] == "its training part"


def test_what_a_description_says_holds_for_the_file_that_it_was_written_with(tmp_path: Path) -> None:
    source, data = parted(ratings(tmp_path / "i.csv"))
    write_split(tmp_path / "split", source, data.train, {"split": "last-out", "seed": 0})
    assert part_of(tmp_path / "split" / "train.csv") == source.sha256
    ratings(tmp_path / "split" / "train.csv", seed=3)
    assert part_of(tmp_path / "split" / "train.csv") is None and part_of(None) is part_of(source.lines.path) is None


@pytest.mark.parametrize("card", [None, "{", "{}", '{"data": [1]}', '{"data": {"a": {}}}'])
def test_models_whose_card_does_not_say_what_they_learned_from_are_refused(tmp_path: Path, card: str | None) -> None:
    source, data = parted(ratings(tmp_path / "i.csv"))
    if card is not None:
        (tmp_path / "card.json").write_text(card, encoding="utf-8")
    with pytest.raises(ModelMissingError, match=r"card\.json cannot be read .*run `chatrec train head` again"):
        guard_split(tmp_path, source, data.train)


def test_models_taught_the_training_part_stand_beside_the_chat_as_it_ships(tmp_path: Path) -> None:
    path, folder = ratings(tmp_path / "i.csv", users=20), tmp_path / "split"
    fast = HybridConfig(epochs=1, dimension=4)
    config = RatingsConfig(path, SAMPLE, hybrid=fast, write_split=folder)
    before = run_ratings(config, EMBEDDER, tmp_path / "index")
    assert before["models"] is None and before["systems"]["chat"]["chosen"] == {"pool": 200}
    train(tmp_path, "mine", interactions=folder / "train.csv")
    report = run_ratings(RatingsConfig(path, SAMPLE, hybrid=fast, models=tmp_path / "mine"), EMBEDDER, tmp_path / "index")
    assert report["models"]["learned_from"] == "its training part" and not report["models"]["allowed"]
    assert report["systems"]["chat"] == before["systems"]["chat"]
    taught = report["systems"]["chat (mine)"]
    assert taught["rmse"] is None and taught["user_auc"] != report["systems"]["chat"]["user_auc"]
    leaking = replace(config, interactions=folder / "train.csv", models=tmp_path / "mine", write_split=None)
    with pytest.raises(LeakError):
        run_ratings(leaking, EMBEDDER, tmp_path / "index")
    assert run_ratings(replace(leaking, allow_leak=True), EMBEDDER, tmp_path / "index")["models"]["allowed"]


def test_interactions_of_another_catalog_are_joined_by_links_and_written_with_their_own_ids(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    for name, prefix in (("ours", "s"), ("theirs", "z")):
        linked = [line | {"id": f"{prefix}:{n}", "links": {"imdb": f"tt{n}"}} for n, line in enumerate(lines)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in linked), encoding="utf-8")
    given = [f"u{user},z:{(3 * user + place) % len(lines)},4,{place}" for user in range(8) for place in range(5)]
    path = tmp_path / "i.csv"
    path.write_text("\n".join([HEADER, *given, "u0,z:99,4,9"]) + "\n", encoding="utf-8")
    config = RatingsConfig(path, tmp_path / "ours.jsonl", hybrid=HybridConfig(epochs=1), write_split=tmp_path / "split")
    report = run_ratings(replace(config, interactions_catalog=tmp_path / "theirs.jsonl"), EMBEDDER, tmp_path / "index")
    assert (report["reading"]["unknown_lines"], report["split"]["held_out"]) == (1, 8)
    written = (tmp_path / "split" / "train.csv").read_text(encoding="utf-8").splitlines()
    assert written[1:5] == [f"u0,z:{place},4.0,{place}" for place in range(4)] and len(written) == 1 + 8 * 4


@pytest.fixture
def fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run `chatrec evaluate ratings` with these options; gives its last line, after the exit code was compared."""
    monkeypatch.setenv("CHATREC_INDEX_DIR", str(tmp_path / "built"))

    def go(code: int, *more: object) -> str:
        files = ["--interactions", str(ratings(tmp_path / "i.csv")), "--catalog", str(SAMPLE)]
        monkeypatch.setattr(sys, "argv", ["chatrec", "evaluate", "ratings", *files, *map(str, more)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr().err
        assert ended.value.code == code and "Traceback" not in told, told
        return told.strip().splitlines()[-1]

    return go


def test_the_command_refuses_a_leak_before_anything_is_fitted_or_written(fails, tmp_path: Path) -> None:
    folder = models(tmp_path / "models", all=file_sha256(ratings(tmp_path / "i.csv")))
    told = fails(7, "--models", folder, "--write-split", tmp_path / "split")
    assert f"the models in {folder} learned from {tmp_path / 'i.csv'}" in told
    assert not list((tmp_path / "split").glob("*")) and not (tmp_path / "built").exists()


def test_the_command_refuses_to_allow_a_leak_where_no_models_are_given(fails) -> None:
    assert "--allow-leak is of --models: the head that ships learned from no interactions" in fails(2, "--allow-leak")


def test_the_command_refuses_an_endless_weight(fails) -> None:
    assert "is a finite number, 0 or more, not inf" in fails(2, "--value-weight", "inf")


def test_the_command_refuses_models_that_are_not_there_or_of_another_catalog(fails, tmp_path: Path) -> None:
    assert f"there is no folder {tmp_path / 'none'}" in fails(5, "--models", tmp_path / "none")
    folder = models(tmp_path / "models")
    (folder / "retrievers.json").write_text('{"catalog_sha256": "0123456789", "retrievers": {}}', encoding="utf-8")
    assert "were trained for another catalog (01234567" in fails(5, "--models", folder)


@pytest.mark.parametrize("name", FILES)
def test_files_of_somebody_s_own_are_not_replaced_by_a_split(fails, tmp_path: Path, name: str) -> None:
    (tmp_path / "split").mkdir()
    (tmp_path / "split" / name).write_text("mine", encoding="utf-8")
    told = fails(2, "--write-split", tmp_path / "split")
    assert f"{name} was not written by this command" in told and "give another folder" in told
    assert [path.read_text(encoding="utf-8") for path in (tmp_path / "split").iterdir()] == ["mine"]


def test_a_split_is_not_written_over_what_is_read_or_into_what_is_no_folder(fails, tmp_path: Path) -> None:
    assert "i.csv is no folder" in fails(2, "--write-split", tmp_path / "i.csv")
    folder = tmp_path / "split"
    folder.mkdir()
    (folder / "split.json").write_text('{"interactions_sha256": "", "split": "", "seed": 0}', encoding="utf-8")
    told = fails(2, "--write-split", folder, "--interactions", ratings(folder / "train.csv"))
    assert "train.csv is read and cannot be written over" in told
