"""An index build that is killed, crowded out or denied its files leaves the old index answering; a damaged one is named."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builder import HashEmbedder, answers, catalog, start
from chromadb.errors import InternalError

from chatrec.errors import ChatrecError, IndexCorruptError, IndexMissingError, InputError
from chatrec.index import build
from chatrec.index.build import build_index
from chatrec.index.generation import current_generation, index_home
from chatrec.index.open import Index, open_index, open_or_build

CATALOG = catalog()
EMBEDDER = HashEmbedder()
SHM = Path("/dev/shm")


def by_size(short: int, long: int) -> pytest.MarkDecorator:
    """The same test with few rounds in every run and with many in the long one."""
    return pytest.mark.parametrize("rounds", [short, pytest.param(long, marks=pytest.mark.long)])


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where there is such a place: what is tested is killing, not the disk."""
    with tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("built"))


def make(folder: Path) -> Path:
    return build_index(CATALOG, EMBEDDER, folder)  # type: ignore[arg-type]


def opened(generation: Path) -> Index:
    return open_index(generation, CATALOG, EMBEDDER)  # type: ignore[arg-type]


def home_of(folder: Path) -> Path:
    return index_home(folder, CATALOG.sha256, EMBEDDER.sha256)


@by_size(short=3, long=50)
def test_a_build_killed_at_any_moment_leaves_the_old_index_and_the_next_succeeds(folder: Path, rounds: int) -> None:
    moments = random.Random(f"kill {rounds}")
    first = start(folder)
    began = time.monotonic()
    assert first.ended()[1] == 0
    duration = time.monotonic() - began
    reader = opened(current_generation(home_of(folder)))
    expected = answers(reader)
    killed = 0
    for _ in range(rounds):
        before = current_generation(home_of(folder))
        builder = start(folder)
        time.sleep(moments.uniform(0, duration))
        builder.kill()
        killed += builder.process.exitcode == -9
        after = current_generation(home_of(folder))
        assert after == before or (after / "manifest.json").is_file()
        assert answers(opened(after)) == expected
        assert answers(opened(before)) == expected
        assert answers(reader) == expected
        fresh = make(folder)
        assert current_generation(home_of(folder)) == fresh != after
        assert answers(opened(fresh)) == expected
        assert leftovers(home_of(folder)) == []
    assert killed > rounds // 3  # else the kills came too late to test anything


def leftovers(home: Path) -> list[str]:
    """What an unfinished build would leave."""
    folders = [path.name for path in home.iterdir() if path.is_dir() and not (path / "manifest.json").is_file()]
    return folders + [path.name for path in home.glob(f"{build.POINTER}.*")]


STEPS = ("fill_store", "Manifest.write", "Path.replace", "_drop_unfinished")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(28, "No space left on device")], ids=["interrupt", "full"])
def test_a_build_that_ends_at_any_step_leaves_a_whole_index_in_use(
    folder: Path, monkeypatch: pytest.MonkeyPatch, step: str, stop: BaseException
) -> None:
    old = make(folder)

    def fail(*_: object, **__: object) -> None:
        raise stop

    with monkeypatch.context() as patched:
        patched.setattr(f"chatrec.index.build.{step}", fail)
        with pytest.raises((KeyboardInterrupt, InputError, OSError)):
            make(folder)
    current = current_generation(home_of(folder))
    assert (current == old) == (step != "_drop_unfinished")
    assert len(opened(current).ids) == len(CATALOG)
    make(folder)
    assert leftovers(home_of(folder)) == []


def test_what_chroma_says_of_its_insides_is_kept_as_the_cause_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = InternalError("Error in compaction: Failed to apply logs to the hnsw segment writer")

    def fail(*_: object) -> None:
        raise full

    monkeypatch.setattr(build, "fill_store", fail)
    with pytest.raises(InputError, match=r"the index cannot be written to .+, with [\d,.]+ MB free there$") as raised:
        make(folder)
    assert raised.value.__cause__ is full


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(5, "Input/output error")], ids=["interrupt", "disk"])
def test_a_build_that_ends_just_after_the_swap_keeps_what_was_swapped_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stop: BaseException
) -> None:
    old, swap = make(folder), build._swap

    def swap_and_fail(home: Path, generation: Path) -> None:
        swap(home, generation)
        raise stop

    with monkeypatch.context() as patched:
        patched.setattr(build, "_swap", swap_and_fail)
        with pytest.raises((KeyboardInterrupt, InputError)):
            make(folder)
    current = current_generation(home_of(folder))
    assert current != old
    assert len(opened(current).ids) == len(CATALOG)


def test_a_second_builder_is_turned_away_and_gets_its_turn_when_the_first_dies(folder: Path) -> None:
    old = make(folder)
    first = start(folder, wait=True)
    assert first.says() == "embedding"
    with pytest.raises(InputError, match="another process is building"):
        make(folder)
    said, code = start(folder).ended()
    assert (code, said.startswith("InputError: another process is building")) == (2, True)
    assert current_generation(home_of(folder)) == old
    first.kill()
    assert current_generation(home_of(folder)) == old
    assert current_generation(home_of(folder)) != make(folder)


@by_size(short=1, long=10)
def test_builders_and_readers_side_by_side_never_meet_half_an_index(folder: Path, rounds: int) -> None:
    make(folder)
    expected = answers(opened(current_generation(home_of(folder))))
    seen: list[list[str]] = []
    problems: list[Exception] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                seen.append(answers(opened(current_generation(home_of(folder)))))
            except ChatrecError as error:
                problems.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(rounds):
            outcomes = [builder.ended() for builder in [start(folder), start(folder)]]
            assert any(code == 0 for _, code in outcomes)
            assert all(code == 0 or "another process is building" in said for said, code in outcomes)
    finally:
        done.set()
        reader.join()
    assert problems == []
    assert len(seen) > 3
    assert all(answer == expected for answer in seen)


def test_a_read_only_folder_answers_from_the_old_index_and_says_why_it_takes_no_new_one(folder: Path) -> None:
    old = make(folder)
    expected = answers(opened(old))
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        said, code = start(folder, "open", nobody=True).ended()
        assert (said.split(), code) == (expected, 0)
        said, code = start(folder, nobody=True).ended()
        assert code == InputError.exit_code
        assert "CHATREC_INDEX_DIR" in said
    finally:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert current_generation(home_of(folder)) == old


def test_a_folder_that_cannot_be_made_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="CHATREC_INDEX_DIR"):
        make(tmp_path / "file" / "index")


@by_size(short=3, long=25)
def test_a_full_disk_ends_the_build_with_a_reason_and_keeps_the_old_index(folder: Path, rounds: int) -> None:
    old = make(folder)
    expected, largest = answers(opened(old)), max(path.stat().st_size for path in old.rglob("*") if path.is_file())
    sizes = random.Random(f"full {rounds}")
    for _ in range(rounds):
        said, code = start(folder, file_limit=sizes.randrange(1000, largest * 9 // 10)).ended()
        assert (code, said.startswith("InputError: the index cannot be written to")) == (InputError.exit_code, True), said
        assert current_generation(home_of(folder)) == old
        assert answers(opened(old)) == expected
    make(folder)
    assert leftovers(home_of(folder)) == []


# --- damage --------------------------------------------------------------------------------------------------------


def cut(path: Path, chance: random.Random) -> None:
    with path.open("r+b") as file:
        file.truncate(chance.randrange(path.stat().st_size))


def flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def overwrite(path: Path, chance: random.Random) -> None:
    """Noise from somewhere in the first half to the end, as after a disk error; the length stays."""
    data = path.read_bytes()
    start = chance.randrange(len(data) // 2 + 1)
    path.write_bytes(data[:start] + chance.randbytes(len(data) - start))


def remove(path: Path, chance: random.Random) -> None:
    path.unlink()


DAMAGES: tuple[Callable[[Path, random.Random], None], ...] = (cut, flip, overwrite, remove)


@by_size(short=12, long=400)
def test_damage_to_any_file_of_an_index_is_named_with_the_command_that_mends_it(built: Path, folder: Path, rounds: int) -> None:
    chance = random.Random(f"damage {rounds}")
    names = sorted(str(path.relative_to(built)) for path in built.rglob("*") if path.is_file() and path.stat().st_size)
    assert len(names) > 8
    for number in range(rounds):
        generation = folder / f"{number:012x}"
        shutil.copytree(built, generation)
        name = names[number % len(names)]
        damages = [cut, overwrite, remove] if name in ("manifest.json", "chroma/chroma.sqlite3") else DAMAGES
        damage = chance.choice(damages)
        damage(generation / name, chance)
        with pytest.raises((IndexCorruptError, IndexMissingError), match=r"run `chatrec index (build|update)"):
            opened(generation)
            pytest.fail(f"{name} after {damage.__name__}")
        shutil.rmtree(generation)
    assert answers(opened(built))


def test_a_store_whose_reader_was_killed_while_it_wrote_is_opened_as_it_was(folder: Path) -> None:
    generation = make(folder)
    expected = answers(opened(generation))
    database = generation / "chroma" / "chroma.sqlite3"
    script = (
        "import os, sqlite3, sys; base = sqlite3.connect(sys.argv[1], isolation_level=None); base.execute('PRAGMA cache_size=1');"
        "base.execute('BEGIN'); base.execute('DELETE FROM embedding_metadata'); base.execute('DELETE FROM embeddings');"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(database)]).returncode == -9
    assert list(database.parent.glob("*-journal"))
    copy = Path(shutil.copytree(generation, folder / "copied"))  # a path that this process has not opened yet
    assert answers(opened(copy)) == expected


@pytest.mark.parametrize("content", [b"", b"\n", b"..", b"\xff\xfe\x00", b"0" * 12, b"../../etc", b"\x00" * 12])
def test_a_damaged_pointer_is_named_and_a_new_build_mends_it(folder: Path, content: bytes) -> None:
    make(folder)
    (home_of(folder) / build.POINTER).write_bytes(content)
    with pytest.raises(IndexCorruptError, match="chatrec index update"):
        open_or_build(CATALOG, EMBEDDER, folder)  # type: ignore[arg-type]
    make(folder)
    assert open_or_build(CATALOG, EMBEDDER, folder).ids  # type: ignore[arg-type]
