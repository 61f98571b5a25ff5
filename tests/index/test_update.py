"""`update_index` says what an edit came to, and mends what is damaged without embedding anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from builder import HashEmbedder, answers, catalog

from chatrec.catalog.read import Catalog
from chatrec.errors import IndexCorruptError, IndexMismatchError
from chatrec.index.open import open_index, open_or_build
from chatrec.index.update import Update, update_index

CATALOG = catalog()
FIRST, SECOND, THIRD, *REST = CATALOG.values()


def update(items: Catalog, folder: Path) -> tuple[Update, list[str]]:
    """What it says, and the texts that were embedded."""
    embedder = HashEmbedder()
    return update_index(items, embedder, folder), embedder.embedded  # type: ignore[arg-type]


def test_items_added_changed_and_removed_are_counted(tmp_path: Path) -> None:
    assert update(CATALOG, tmp_path)[0].added == len(CATALOG)
    added = replace(FIRST, id="video:new", title="A New One")
    edited = Catalog.of([added, replace(SECOND, title="Changed"), replace(THIRD, popularity=3.0), *REST])
    done, embedded = update(edited, tmp_path)
    assert (done.added, done.changed, done.removed, done.embedded) == (1, 2, 1, 2)
    assert len(embedded) == 2


def test_what_is_up_to_date_is_left_as_it_is(tmp_path: Path) -> None:
    first = update(CATALOG, tmp_path)[0]
    assert update(CATALOG, tmp_path) == (Update(first.folder), [])


def test_another_catalog_beside_it_is_not_what_an_edit_is_measured_against(tmp_path: Path) -> None:
    update(CATALOG, tmp_path)
    update(Catalog.of([replace(FIRST, id="audio:1", kind="audio", form="album", title="Other")]), tmp_path)
    done, _ = update(Catalog.of(list(CATALOG.values())[1:]), tmp_path)
    assert (done.added, done.changed, done.removed, done.embedded) == (0, 0, 1, 0)


WHOLE = {"chroma/chroma.sqlite3": True, "chroma/*/*.bin": True, "bm25/*": True, "items.jsonl": True, "../CURRENT": True}
"""What is damaged → whether the vectors can still be told to be those that were embedded."""
NOT_TRUSTED = {"manifest.json": False, "vectors.npy": False, "vectors.sha256": False}


@pytest.mark.parametrize(("damaged", "reused"), [*(WHOLE | NOT_TRUSTED).items()])
def test_what_is_damaged_is_mended_from_the_vectors_that_are_whole(tmp_path: Path, damaged: str, reused: bool) -> None:
    folder = update(CATALOG, tmp_path)[0].folder
    expected = answers(open_index(folder, CATALOG, HashEmbedder()))  # type: ignore[arg-type]
    for path in folder.glob(damaged):
        path.write_bytes(b"noise" * 1000)
    done, embedded = update(CATALOG, tmp_path)
    assert done.folder != folder
    assert bool(embedded) is not reused
    assert (done.added, done.changed, done.removed) == (0, 0, 0)
    assert answers(open_index(done.folder, CATALOG, HashEmbedder())) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("left", [b"", None])
def test_an_index_whose_pointer_is_lost_is_mended_from_the_newest_generation_that_is_whole(
    tmp_path: Path, left: bytes | None
) -> None:
    first = update(CATALOG, tmp_path)[0].folder
    home = first.parent
    (first / "bm25" / "params.index.json").unlink()
    second = update(CATALOG, tmp_path)[0].folder
    (second / "vectors.npy").write_bytes(b"noise")
    (home / "CURRENT").unlink() if left is None else (home / "CURRENT").write_bytes(left)
    done, embedded = update(CATALOG, tmp_path)
    assert (done.added, done.changed, done.removed, done.embedded, embedded) == (0, 0, 0, 0, [])
    assert done.folder not in (first, second)
    edited = Catalog.of([*REST, THIRD, replace(FIRST, title="Edited")])
    (home / "CURRENT").unlink()
    done, embedded = update(edited, tmp_path)
    assert (done.added, done.changed, done.removed, len(embedded)) == (0, 1, 1, 1)


def test_vectors_that_cannot_be_reused_are_told_of_once(tmp_path: Path) -> None:
    for items in (CATALOG, Catalog.of([FIRST, SECOND]), Catalog.of([FIRST, THIRD])):
        (update(items, tmp_path)[0].folder / "vectors.npy").write_bytes(b"noise")
    with structlog.testing.capture_logs() as logged:
        update(CATALOG, tmp_path)
    said = [entry for entry in logged if entry["log_level"] == "warning"]
    assert [set(entry) for entry in said] == [{"event", "log_level"}]
    assert said[0]["event"].endswith("vectors.npy is damaged, and 2 more")


def test_an_index_that_lost_its_manifest_is_built_anew_and_one_of_another_version_updated(tmp_path: Path) -> None:
    embedder = HashEmbedder()
    folder = update(CATALOG, tmp_path)[0].folder
    (folder / "manifest.json").unlink()
    again = open_or_build(CATALOG, embedder, tmp_path)  # type: ignore[arg-type]
    assert again.manifest.items == len(CATALOG)
    manifest = folder.parent / again.manifest.generation / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"schema_version": ', '"schema_version": 9'))
    with pytest.raises(IndexMismatchError, match="run `chatrec index update`"):
        open_or_build(CATALOG, embedder, tmp_path)  # type: ignore[arg-type]
    assert update(CATALOG, tmp_path)[0].folder != manifest.parent
    damaged = update(CATALOG, tmp_path)[0].folder / "manifest.json"
    damaged.write_text(json.dumps(json.loads(damaged.read_text()) | {"digests": None}))
    with pytest.raises(IndexCorruptError, match=r"manifest\.json is damaged"):
        open_or_build(CATALOG, embedder, tmp_path)  # type: ignore[arg-type]
