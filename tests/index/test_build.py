"""Indexes: built aside, swapped in whole, and refused when they do not match."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from chatrec.catalog.read import Catalog
from chatrec.errors import IndexCorruptError, IndexMismatchError, IndexMissingError, InputError, ModelMissingError
from chatrec.index.build import build_index
from chatrec.index.columns import Columns
from chatrec.index.embed import Embedder
from chatrec.index.generation import GENERATION, current_generation, index_home
from chatrec.index.open import open_index, open_or_build, popularity_percentiles
from chatrec.types import Constraint, Item, Ledger, Query

ITEMS = [
    Item(
        id="video:alien", kind="video", form="film", title="Alien", year=1979, genres=("horror", "science fiction"), popularity=90
    ),
    Item(id="video:up", kind="video", form="film", title="Up", year=2009, genres=("animation", "family"), popularity=80),
    Item(id="game:ftl", kind="game", form="game", title="FTL", year=2012, genres=("strategy",), themes=("space",), popularity=40),
    Item(id="audio:blue", kind="audio", form="album", title="Blue", year=1971, genres=("folk",), creators=("Joni Mitchell",)),
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.of(ITEMS)


@pytest.fixture(scope="module")
def built(catalog: Catalog, embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_index(catalog, embedder, tmp_path_factory.mktemp("index"))


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    """A generation that a test may damage."""
    return Path(shutil.copytree(built, tmp_path / "generation"))


def test_what_was_put_in_comes_out_nearest_first(built: Path, catalog: Catalog, embedder: Embedder) -> None:
    index = open_index(built, catalog, embedder)
    found = index.nearest([embedder.encode(["a film about a monster on a spaceship"])[0]], 4)[0]
    assert index.ids[found.rows[0]] == "video:alien"
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)


def test_few_items_are_compared_one_by_one_with_the_result_of_the_graph(
    built: Path, catalog: Catalog, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index(built, catalog, embedder)
    vectors = list(embedder.encode(["a monster on a spaceship", "songs of a lonely winter"]))
    query = Query(ledger=Ledger(), text="", excluded=frozenset({"video:alien"}))
    required = (Constraint(field="kind", op="in", value=("video", "audio")),)
    scanned = index.nearest_allowed(vectors, 10, query, required)
    monkeypatch.setattr("chatrec.index.open.MOST_COMPARED", -1)
    walked = index.nearest_allowed(vectors, 10, query, required)
    assert [found.rows.tolist() for found in scanned] == [found.rows.tolist() for found in walked]
    assert np.allclose(scanned[0].scores, walked[0].scores, atol=1e-5)
    ids = {index.ids[row] for found in scanned for row in found.rows}
    assert {item.split(":")[0] for item in ids} <= {"video", "audio"} and "video:alien" not in ids


def test_an_embedder_with_damaged_weights_is_named_and_nothing_of_it_is_kept(
    catalog: Catalog, embedder: Embedder, tmp_path: Path
) -> None:
    model = embedder.copy_of_model()
    for weights in model.parameters():
        weights.data.fill_(np.nan)
    model.save(str(tmp_path / "damaged"))
    damaged = Embedder(str(tmp_path / "damaged"))
    with pytest.raises(ModelMissingError, match="damaged' gives vectors that are not finite"):
        build_index(catalog, damaged, tmp_path / "index")
    assert not [*tmp_path.glob("index/**/*.np?")]
    with pytest.raises(ModelMissingError, match="not finite"):
        damaged.encode(["a", "b", "c", "d", "e"])


@pytest.mark.parametrize("name", ["/no/such", "./no", "../no", "~/no"])
def test_an_embedder_in_a_folder_that_is_not_there_is_named_and_asked_of_no_hub(name: str) -> None:
    with pytest.raises(ModelMissingError, match=f"{name}': no such folder"):
        Embedder(name).encode(["a"])


def test_vectors_have_unit_length(built: Path, catalog: Catalog, embedder: Embedder) -> None:
    index = open_index(built, catalog, embedder)
    assert np.allclose(np.linalg.norm(index.vectors, axis=1), 1, atol=1e-5)


def test_words_that_no_item_has_score_nothing(built: Path, catalog: Catalog, embedder: Embedder) -> None:
    index = open_index(built, catalog, embedder)
    assert not index.sparse_scores("zzyzx qwrtp").any()
    assert index.ids[int(index.sparse_scores("joni mitchell").argmax())] == "audio:blue"


def test_a_second_opening_builds_nothing(catalog: Catalog, embedder: Embedder, built: Path) -> None:
    again = open_or_build(catalog, embedder, built.parent.parent)
    assert again.manifest.generation == built.name


def test_a_missing_index_says_what_to_run(catalog: Catalog, embedder: Embedder, tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="chatrec index build"):
        open_index(tmp_path, catalog, embedder)


def test_an_index_of_another_catalog_is_refused(built: Path, embedder: Embedder) -> None:
    with pytest.raises(IndexMismatchError, match="another catalog"):
        open_index(built, Catalog.of(ITEMS[:2]), embedder)


def test_an_index_of_another_embedder_is_refused(copy: Path, catalog: Catalog, embedder: Embedder) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"embedder": "other", "embedder_sha256": "0" * 64}))
    with pytest.raises(IndexMismatchError, match="built by embedder 'other'"):
        open_index(copy, catalog, embedder)


def test_an_index_of_an_older_schema_is_refused(copy: Path, catalog: Catalog, embedder: Embedder) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps(manifest | {"schema_version": 0}))
    with pytest.raises(IndexMismatchError, match="schema version"):
        open_index(copy, catalog, embedder)


@pytest.mark.parametrize(
    "pattern", ["chroma/chroma.sqlite3", "chroma/*/*.bin", "vectors.npy", "bm25/*", "manifest.json", "items.jsonl"]
)
def test_a_truncated_file_is_noticed(copy: Path, catalog: Catalog, embedder: Embedder, pattern: str) -> None:
    for path in copy.glob(pattern):
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)
    with pytest.raises(IndexCorruptError, match="index update"):
        open_index(copy, catalog, embedder)


def test_a_failed_build_leaves_the_old_index_in_use(
    catalog: Catalog, embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = build_index(catalog, embedder, tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chatrec.index.vectors.np.save", full)
    with pytest.raises(InputError, match=r"MB free there: .*No space left"):
        build_index(catalog, embedder, tmp_path)
    home = index_home(tmp_path, catalog.sha256, embedder.sha256)
    assert current_generation(home) == old
    assert open_index(old, catalog, embedder).manifest.items == len(catalog)


def test_two_builders_at_once_are_told_apart(catalog: Catalog, embedder: Embedder, tmp_path: Path) -> None:
    from filelock import FileLock

    home = index_home(tmp_path, catalog.sha256, embedder.sha256)
    home.mkdir(parents=True)
    with FileLock(home / "build.lock"), pytest.raises(InputError, match="another process is building"):
        build_index(catalog, embedder, tmp_path)


def test_a_killed_build_is_cleared_away_and_the_next_succeeds(catalog: Catalog, embedder: Embedder, tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; import chatrec.index.build as b;"
        "from chatrec.catalog.read import read_catalog; from chatrec.index.embed import Embedder;"
        "b.Manifest.write = lambda *a: os.kill(os.getpid(), 9);"
        "b.build_index(read_catalog(Path(sys.argv[1])), Embedder(), Path(sys.argv[2]))"
    )
    from chatrec.catalog.read import write_catalog

    write_catalog(ITEMS, tmp_path / "c.jsonl")
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "c.jsonl"), str(tmp_path)], capture_output=True)
    assert done.returncode == -9
    home = index_home(tmp_path, catalog.sha256, embedder.sha256)
    left = [folder for folder in home.iterdir() if GENERATION.fullmatch(folder.name)]
    assert len(left) == 1
    generation = build_index(catalog, embedder, tmp_path)
    assert [folder for folder in home.iterdir() if folder.is_dir()] == [generation]


def test_popularity_percentiles_rank_within_the_medium_and_leave_unknown_unknown(catalog: Catalog) -> None:
    columns = Columns(catalog.values())
    percentiles = popularity_percentiles(columns.numbers("popularity"), columns)
    assert percentiles[0] > percentiles[1] > 0
    assert percentiles[2] == pytest.approx(1.0)
    assert np.isnan(percentiles[3])


def test_a_text_has_the_same_vector_alone_and_in_a_long_list() -> None:
    texts = [f"a film about {what}" for what in ("a monster", "two sisters who run a farm", "jazz", "rain " * 300, "war", "")]
    together, alone = Embedder().encode(texts), np.concatenate([Embedder().encode([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-5)


def test_all_items_are_in_the_graphs_files_when_a_build_ends(
    embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatrec.index.chroma.BATCH", 3)
    monkeypatch.setattr("chatrec.index.chroma.SYNC_AT", 8)
    items = Catalog.of([Item(id=f"video:{n}", kind="video", title=f"Film {n}") for n in range(29)])
    built = build_index(items, embedder, tmp_path)
    (graph,) = built.glob("chroma/*/index_metadata.pickle")
    assert len(pickle.loads(graph.read_bytes())["id_to_label"]) == len(items)
