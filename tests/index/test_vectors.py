"""No text is embedded twice: not after an edit of the catalog, not after a build that was killed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builder import HashEmbedder, answers, catalog, start

from chatrec.catalog.read import Catalog
from chatrec.errors import IndexCorruptError
from chatrec.index import vectors
from chatrec.index.build import build_index
from chatrec.index.document import dense_text
from chatrec.index.embed import FEW, Embedder
from chatrec.index.generation import current_generation, digest, index_home
from chatrec.index.open import Index, open_index

CATALOG = catalog()


def edited() -> Catalog:
    """The catalog with an item added, one changed in what is embedded, one in what is not, and one removed."""
    first, second, third, *rest = CATALOG.values()
    added = replace(first, id="video:new", title="A New One")
    return Catalog.of([added, replace(second, title="Changed"), replace(third, popularity=3.0), *rest])


def build(items: Catalog, folder: Path, *, reuse: bool = True) -> tuple[Index, list[str]]:
    """The index, and the texts that were embedded for it."""
    embedder = HashEmbedder()
    generation = build_index(items, embedder, folder, reuse=reuse)  # type: ignore[arg-type]
    return open_index(generation, items, HashEmbedder()), embedder.embedded  # type: ignore[arg-type]


def home_of(items: Catalog, folder: Path) -> Path:
    return index_home(folder, items.sha256, HashEmbedder.sha256)


def test_after_an_edit_only_changed_texts_are_embedded_and_the_index_is_that_of_a_full_build(tmp_path: Path) -> None:
    build(CATALOG, tmp_path / "one")
    updated, embedded = build(edited(), tmp_path / "one")
    full, all_embedded = build(edited(), tmp_path / "other")
    assert [text.split(" (")[0] for text in sorted(embedded)] == ["A New One", "Changed"]
    assert len(all_embedded) == len(edited())
    assert updated.ids == full.ids
    assert np.allclose(updated.vectors, full.vectors, atol=1e-6)
    assert answers(updated) == answers(full)
    assert updated.manifest.embedded == 2
    assert updated.collection.get("video:new")["ids"] == ["video:new"]
    assert updated.collection.get("video:0")["ids"] == []


def test_the_real_embedder_gives_the_same_vectors_in_part_as_all_at_once(tmp_path: Path) -> None:
    embedder, items = Embedder(), Catalog.of(list(CATALOG.values())[:40])
    renamed = [replace(item, title=f"{item.title} of the North") for item in list(items.values())[::9]]
    more = Catalog.of([*items.values(), *renamed])
    build_index(items, embedder, tmp_path / "one")
    updated = open_index(build_index(more, embedder, tmp_path / "one"), more, embedder)
    full = open_index(build_index(more, embedder, tmp_path / "other"), more, embedder)
    assert (updated.manifest.embedded, full.manifest.embedded) == (5, 40)
    assert np.allclose(updated.vectors, full.vectors, atol=1e-6)


def test_equal_texts_are_embedded_once(tmp_path: Path) -> None:
    first = next(iter(CATALOG.values()))
    index, embedded = build(Catalog.of([first, replace(first, id="video:twin")]), tmp_path)
    assert len(embedded) == 1
    assert np.array_equal(index.vectors[0], index.vectors[1])


def test_a_forced_build_embeds_everything_again(tmp_path: Path) -> None:
    build(CATALOG, tmp_path)
    assert build(CATALOG, tmp_path)[1] == []
    assert len(build(CATALOG, tmp_path, reuse=False)[1]) == len(CATALOG)


def test_vectors_of_another_embedder_are_not_reused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(CATALOG, tmp_path)
    same_start = HashEmbedder.sha256[:8] + "0" * 56
    monkeypatch.setattr(HashEmbedder, "sha256", same_start)
    assert len(build(CATALOG, tmp_path)[1]) == len(CATALOG)


@pytest.mark.parametrize("name", [vectors.VECTORS, vectors.KEYS])
def test_damaged_vectors_are_not_reused(tmp_path: Path, name: str) -> None:
    build(CATALOG, tmp_path)
    path = current_generation(home_of(CATALOG, tmp_path)) / name
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.write_bytes(data)
    assert len(build(edited(), tmp_path)[1]) == len(edited())


def killed_after_one_shard(folder: Path) -> None:
    builder = start(folder, wait=True)
    assert builder.says() == "embedding"
    builder.talk.send("go on")
    assert builder.says() == "embedding"
    builder.kill()


def test_a_build_killed_while_embedding_is_gone_on_with(tmp_path: Path) -> None:
    killed_after_one_shard(tmp_path)
    resumed, embedded = build(CATALOG, tmp_path)
    assert len(embedded) == len(CATALOG) - vectors.SHARD
    assert answers(resumed) == answers(build(CATALOG, tmp_path / "other")[0])
    assert sorted(path.name for path in home_of(CATALOG, tmp_path).iterdir() if path.is_dir()) == [resumed.manifest.generation]


def test_a_catalog_edited_after_a_killed_build_takes_up_its_shards_too(tmp_path: Path) -> None:
    killed_after_one_shard(tmp_path)
    assert len(build(edited(), tmp_path)[1]) <= len(CATALOG) - vectors.SHARD + 2


@pytest.mark.parametrize("left", [0, 100, -1])
def test_a_shard_that_was_cut_short_is_embedded_again(tmp_path: Path, left: int) -> None:
    killed_after_one_shard(tmp_path)
    (shard,) = home_of(CATALOG, tmp_path).glob("unfinished/*.parquet")
    shard.write_bytes(shard.read_bytes()[:left])
    index, embedded = build(CATALOG, tmp_path)
    assert len(embedded) == len(CATALOG)
    assert answers(index) == answers(build(CATALOG, tmp_path / "other")[0])


def test_shards_are_parquet_that_other_programs_read(tmp_path: Path) -> None:
    killed_after_one_shard(tmp_path)
    (shard,) = home_of(CATALOG, tmp_path).glob("unfinished/*.parquet")
    table = pq.read_table(shard)
    assert (table.column_names, len(table)) == (["key", "vector"], vectors.SHARD)
    assert set(table["key"].to_pylist()) <= {vectors.key_of(dense_text(item), HashEmbedder()) for item in CATALOG.values()}  # type: ignore[arg-type]


def keep_shard(folder: Path, columns: dict[str, Any]) -> None:
    """A shard that is whole, whatever it holds."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / "made")
    (folder / "made").rename(folder / f"{digest(folder / 'made')}.parquet")


def unit(*widths: int) -> list[list[float]]:
    return [[1.0, *[0.0] * (width - 1)] for width in widths]


@pytest.mark.parametrize(
    "vector",
    [
        vectors.column(np.full((1, 32), np.nan, dtype=np.float32)),
        vectors.column(np.zeros((1, 32), dtype=np.float32)),
        vectors.column(np.full((1, 32), 0.18, dtype=np.float32)),
        vectors.column(np.eye(1, 16, dtype=np.float32)),
        pa.array(unit(32), type=pa.list_(pa.float64(), 32)),
        pa.array(unit(32), type=pa.list_(pa.float32())),
        pa.array([None], type=pa.list_(pa.float32(), 32)),
        pa.array([[None] * 32], type=pa.list_(pa.float32(), 32)),
        [1.0],
        None,
    ],
)
def test_what_is_no_shard_of_unit_vectors_is_not_reused(tmp_path: Path, vector: Any) -> None:
    key = vectors.key_of(dense_text(next(iter(CATALOG.values()))), HashEmbedder())  # type: ignore[arg-type]
    keep_shard(home_of(CATALOG, tmp_path) / vectors.UNFINISHED, {"key": [key]} | ({} if vector is None else {"vector": vector}))
    index, embedded = build(CATALOG, tmp_path)
    assert len(embedded) == len(CATALOG)
    assert index.vectors.shape[1] == 32
    assert np.allclose(np.linalg.norm(index.vectors, axis=1), 1, atol=1e-5)


def test_shards_with_other_keys_than_texts_or_vectors_of_unlike_length_are_not_reused(tmp_path: Path) -> None:
    folder = home_of(CATALOG, tmp_path) / vectors.UNFINISHED
    keys = [vectors.key_of(dense_text(item), HashEmbedder()) for item in CATALOG.values()]  # type: ignore[arg-type]
    unit_vector = vectors.column(np.eye(1, 32, dtype=np.float32))
    keep_shard(folder, {"key": [[keys[0]]], "vector": unit_vector})
    keep_shard(folder, {"id": keys[:1], "vector": unit_vector})
    keep_shard(folder, {"key": keys[:2], "vector": pa.array(unit(16, 48), type=pa.list_(pa.float32()))})
    (folder / "made").write_bytes(b"no Parquet")
    (folder / "made").rename(folder / f"{digest(folder / 'made')}.parquet")
    assert len(build(CATALOG, tmp_path)[1]) == len(CATALOG)


def test_where_the_embedder_gives_vectors_of_another_length_than_before_all_are_embedded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(CATALOG, tmp_path)
    monkeypatch.setattr("builder.DIMENSION", 48)
    index, embedded = build(edited(), tmp_path)
    assert len(set(embedded)) == len(edited())
    assert index.vectors.shape == (len(edited()), 48)
    with pytest.raises(IndexCorruptError, match="vectors have 48 numbers, others 32"):
        gathered = vectors._Gathered(["a", "b"])
        gathered.add(["a"], np.eye(1, 32, dtype=np.float32))
        gathered.add(["b"], np.eye(1, 48, dtype=np.float32))


@pytest.mark.parametrize("reuse", [True, False])
@pytest.mark.parametrize("name", [vectors.UNFINISHED, f"{vectors.UNFINISHED}/pending"])
def test_what_has_the_name_of_something_unfinished_is_in_nobodys_way(tmp_path: Path, name: str, reuse: bool) -> None:
    path = home_of(CATALOG, tmp_path) / name
    if name == vectors.UNFINISHED:
        path.parent.mkdir(parents=True)
        path.write_text("a file")
    else:
        path.mkdir(parents=True)
    assert len(build(CATALOG, tmp_path, reuse=reuse)[1]) == len(CATALOG)
    assert not (home_of(CATALOG, tmp_path) / vectors.UNFINISHED).exists()


def test_a_forced_build_takes_nothing_from_a_killed_one(tmp_path: Path) -> None:
    killed_after_one_shard(tmp_path)
    assert len(build(CATALOG, tmp_path, reuse=False)[1]) == len(CATALOG)


def test_an_encoder_of_half_precision_embeds_questions_as_it_embeds_items(tmp_path: Path) -> None:
    model = Embedder().copy_of_model()
    model.bfloat16().save(str(tmp_path / "half"))
    half = Embedder(str(tmp_path / "half"))
    few, many = half.encode(["a calm film"]), half.encode(["a calm film"] * (FEW + 1))
    assert few.dtype == many.dtype == np.float32
    np.testing.assert_allclose(many, np.repeat(few, FEW + 1, axis=0), atol=1e-5)
