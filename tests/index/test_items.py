"""A catalog that is read from its index is the one that was read from its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builder import HashEmbedder, answers
from builder import catalog as some

from chatrec.catalog.read import Catalog, read_catalog, write_catalog
from chatrec.constraints import FIELDS, NUMBER_FIELDS
from chatrec.index.build import build_index
from chatrec.index.columns import COLUMNS, Columns
from chatrec.index.items import ITEMS, StoredItems, open_catalog
from chatrec.index.open import open_index
from chatrec.types import Item

EMBEDDER = HashEmbedder()
ODD = (
    Item(id='video:"quoted"', kind="video", title="Said", genres=("Drama",), language="en-GB", minutes=90.0),
    Item(id="audio:back\\slash", kind="audio", title="Æther", creators=("Ann \x00 Bo", "Cy"), popularity=2.5, age=12),
    Item(id="game:漢字", kind="game", title="字", description="字\u2028字", extra={"mood_board": ["blue"]}, countries=("JP",)),
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write_catalog([*ODD, *some(50).values()], tmp_path / "catalog.jsonl")
    return tmp_path / "catalog.jsonl"


@pytest.fixture
def generation(source: Path, tmp_path: Path) -> Path:
    return build_index(read_catalog(source), EMBEDDER, tmp_path / "built")  # type: ignore[arg-type]


def opened(source: Path, generation: Path) -> Catalog:
    return open_catalog(source, EMBEDDER, generation.parent.parent)  # type: ignore[arg-type]


def is_stored(catalog: Catalog) -> bool:
    return isinstance(catalog.by_id, StoredItems)


def test_the_items_of_an_index_are_those_of_the_file_it_was_built_of(source: Path, generation: Path) -> None:
    read, stored = read_catalog(source), opened(source, generation)
    assert is_stored(stored)
    assert (list(stored), list(stored.values())) == (list(read), list(read.values()))
    assert (stored.sha256, stored.source_sha256) == (read.sha256, read.source_sha256)
    assert all(stored[item.id] == item for item in ODD)
    assert "video:17" in stored
    assert "video:none" not in stored
    assert stored.get("video:none") is None


def test_a_turn_finds_the_same_with_either(source: Path, generation: Path) -> None:
    read, stored = (open_index(generation, each, EMBEDDER) for each in (read_catalog(source), opened(source, generation)))  # type: ignore[arg-type]
    assert answers(read) == answers(stored)


def test_a_file_that_was_edited_since_is_read(source: Path, generation: Path) -> None:
    write_catalog([replace(ODD[0], title="Other"), *ODD[1:]], source)
    assert not is_stored(opened(source, generation))
    assert opened(source, generation)[ODD[0].id].title == "Other"


def test_an_index_of_another_embedder_is_not_looked_at_and_a_named_one_is(source: Path, generation: Path, tmp_path: Path) -> None:
    other = HashEmbedder()
    other.sha256 = "6" * 64
    assert not is_stored(open_catalog(source, other, generation.parent.parent))  # type: ignore[arg-type]
    assert is_stored(open_catalog(source, EMBEDDER, tmp_path / "nothing", index=generation))  # type: ignore[arg-type]


@pytest.mark.parametrize("harm", ["items", "manifest", "gone"])
def test_a_damaged_index_leaves_the_file_to_be_read(source: Path, generation: Path, harm: str) -> None:
    path = generation / (ITEMS if harm == "items" else "manifest.json")
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"Number", b"Nunber").replace(b"{", b"[", 1))
    assert not is_stored(opened(source, generation))
    assert len(opened(source, generation)) == 53


def test_the_saved_columns_are_those_made_of_the_items(source: Path, generation: Path) -> None:
    items = read_catalog(source).values()
    made, saved = Columns(items), Columns.load(generation, ())
    for field in set(FIELDS) - {"id"}:
        if field in NUMBER_FIELDS:
            assert np.array_equal(made.numbers(field), saved.numbers(field), equal_nan=True)
        else:
            ours, theirs = made.postings(field), saved.postings(field)
            assert {value: rows.tolist() for value, rows in ours.items()} == {v: rows.tolist() for v, rows in theirs.items()}


def test_an_index_without_saved_columns_has_them_made(source: Path, generation: Path) -> None:
    (generation / COLUMNS).unlink()
    items = read_catalog(source).values()
    assert Columns.load(generation, items).postings("genres").keys() == Columns(items).postings("genres").keys()
