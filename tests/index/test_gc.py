"""`collect` removes what no reader would open, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from builder import HashEmbedder, answers, catalog, start
from filelock import FileLock

from chatrec.catalog.read import Catalog
from chatrec.index.build import build_index
from chatrec.index.gc import Garbage, collect
from chatrec.index.generation import LOCK, POINTER, index_home
from chatrec.index.open import open_index
from chatrec.index.vectors import UNFINISHED

CATALOG = catalog(40)


def build(folder: Path, items: Catalog = CATALOG, *, time: int = 0) -> Path:
    """A generation, as if built so many seconds after the first."""
    generation = build_index(items, HashEmbedder(), folder)  # type: ignore[arg-type]
    for path in (generation / "manifest.json", generation.parent / POINTER):
        os.utime(path, (1e9 + time, 1e9 + time))
    return generation


def whole(generation: Path, items: Catalog = CATALOG) -> bool:
    return len(answers(open_index(generation, items, HashEmbedder()))) == 11  # type: ignore[arg-type]


def removed(garbage: list[Garbage]) -> list[Path]:
    return [each.folder for each in garbage if not each.kept]


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Three generations of one home, oldest first."""
    return [build(tmp_path, time=n) for n in range(3)]


def test_all_but_the_current_generation_go_and_what_they_freed_is_told(tmp_path: Path, three: list[Path]) -> None:
    size = sum(path.stat().st_size for path in three[0].rglob("*") if path.is_file())
    garbage = list(collect(tmp_path))
    assert removed(garbage) == [three[1], three[0]]
    assert garbage[1].bytes == size > 10_000
    assert [path.exists() for path in three] == [False, False, True]
    assert whole(three[2])
    assert list(collect(tmp_path)) == []


def test_keep_spares_the_newest_others(tmp_path: Path, three: list[Path]) -> None:
    assert removed(list(collect(tmp_path, keep=2))) == [three[0]]


def test_the_current_generation_stays_even_if_it_is_not_the_newest(tmp_path: Path, three: list[Path]) -> None:
    (three[0].parent / POINTER).write_text(three[0].name)
    assert removed(list(collect(tmp_path))) == [three[2], three[1]]
    assert whole(three[0])


def test_a_dry_run_tells_the_same_and_removes_nothing(tmp_path: Path, three: list[Path]) -> None:
    told = list(collect(tmp_path, dry_run=True))
    assert all(path.exists() for path in three)
    assert list(collect(tmp_path)) == told


def test_a_home_in_which_a_build_runs_is_left_alone(tmp_path: Path, three: list[Path]) -> None:
    builder = start(tmp_path, wait=True)  # of another catalog
    assert builder.says() == "embedding"
    with FileLock(three[0].parent / LOCK):
        garbage = list(collect(tmp_path))
    assert removed(garbage) == []
    assert [each.kept for each in garbage] == ["a build is running there"] * 2
    builder.kill()
    assert all(path.exists() for path in three)


def test_what_is_no_generation_stays(tmp_path: Path, three: list[Path]) -> None:
    home = three[0].parent
    strange = [home / "notes.txt", home / "backup" / "x", tmp_path / "other" / "0123456789ab" / "x", home / "0123456789ab"]
    for path in strange[:3]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    strange[3].symlink_to(tmp_path / "other")
    for keep_homes in (None, 1):
        list(collect(tmp_path, keep_homes=keep_homes))
        assert all(path.exists() for path in strange)


def test_an_index_of_another_schema_goes_with_its_home(tmp_path: Path) -> None:
    generation = build(tmp_path)
    old = generation.parent.rename(tmp_path / f"{generation.parent.name.rpartition('-')[0]}-v0")
    assert removed(list(collect(tmp_path))) == [old / generation.name]
    assert not old.exists()


def test_only_the_homes_last_built_in_are_kept_when_they_are_counted(tmp_path: Path) -> None:
    catalogs = [catalog(size) for size in (20, 30, 40)]
    built = [build(tmp_path, items, time=n) for n, items in enumerate(catalogs)]
    assert removed(list(collect(tmp_path))) == []
    assert removed(list(collect(tmp_path, keep_homes=2))) == [built[0]]
    assert not built[0].parent.exists()
    assert whole(built[1], catalogs[1])
    assert whole(built[2], catalogs[2])


def test_a_build_that_was_killed_can_still_be_gone_on_with(tmp_path: Path) -> None:
    builder = start(tmp_path, wait=True)
    assert builder.says() == "embedding"
    builder.talk.send("go on")
    assert builder.says() == "embedding"
    builder.kill()
    list(collect(tmp_path))
    everything = catalog()
    home = index_home(tmp_path, everything.sha256, HashEmbedder.sha256)
    assert list((home / UNFINISHED).glob("*.parquet"))


def test_a_damaged_pointer_is_told_and_its_home_left_alone(tmp_path: Path, three: list[Path]) -> None:
    (three[0].parent / POINTER).write_text("nothing")
    (garbage,) = collect(tmp_path)
    assert "damaged" in garbage.kept
    assert all(path.exists() for path in three)


def test_what_cannot_be_removed_is_told_and_not_counted(
    tmp_path: Path, three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("chatrec.index.gc.shutil.rmtree", refuse)
    garbage = list(collect(tmp_path))
    assert [(each.bytes, "cannot be removed" in each.kept) for each in garbage] == [(0, True)] * 2
