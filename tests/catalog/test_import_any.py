"""Every source on damaged input: an error of this project or a catalog that can be read, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import test_import_generic as generic
import test_import_imdb as imdb
import test_import_lastfm as lastfm
import test_import_movielens as movielens
import test_import_podcasts as podcasts
import test_import_spotify as spotify
import test_import_steam as steam
from hypothesis import given, settings
from hypothesis import strategies as st
from imports import put, run_import

from chatrec.catalog.sources import SOURCES
from chatrec.catalog.sources.tables import MAX_LINE_BYTES
from chatrec.errors import CatalogError, ChatrecError

Files = Mapping[str, str | bytes]
DATA: dict[str, tuple[Files, str, bool]] = {
    "movielens": (movielens.GOOD, "", True),
    "generic": ({"shop.csv": generic.SHOP, "plays.csv": generic.PLAYS, "map.toml": generic.MAPPING}, "shop.csv", True),
    "steam": ({"steam.csv": steam.STORE, "steam-200k.csv": steam.PLAYS, "steam_description_data.csv": steam.TEXTS}, "", True),
    "spotify": ({"tracks.csv": spotify.TRACKS}, "tracks.csv", False),
    "lastfm": (lastfm.GOOD, "", True),
    "imdb": (imdb.GOOD, "", False),
    "podcasts": ({"a.xml": podcasts.feed(), "mine.opml": podcasts.LIST}, "", False),
}
"""Source → its files, which of them is imported (none: the folder), whether it has interactions."""
JUNK = st.sampled_from(
    [b"", b'"', b"\t", b",", b"\n", b"\r", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"-1", b"9" * 30, b"9" * 5000, b"nan", b"<"]
)


def test_every_source_is_tried() -> None:
    assert set(DATA) == set(SOURCES)


@pytest.mark.parametrize("name", DATA)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_damage_is_an_error_that_says_so_or_a_catalog_that_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    files, file, interactions = DATA[name]
    folder = put(tmp_path_factory.mktemp(name), files)
    damaged = folder / data.draw(st.sampled_from([key for key in files if not key.endswith(".toml")]))
    content = damaged.read_bytes()
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 20)))
        content = content[:start] + data.draw(JUNK) + content[end:]
    damaged.write_bytes(content)
    try:
        mapping = folder / "map.toml" if "map.toml" in files else None
        result = run_import(name, folder / file, interactions=interactions, mapping=mapping)
    except ChatrecError as error:
        assert str(error)
    else:
        assert all(row["item_id"] in result.catalog for row in result.interactions)


@pytest.mark.parametrize("name, main", [("movielens", "movies.csv"), ("imdb", "title.basics.tsv"), ("lastfm", "artists.dat")])
def test_the_main_file_of_a_folder_stands_for_the_folder(tmp_path: Path, name: str, main: str) -> None:
    files, _, interactions = DATA[name]
    whole = run_import(name, put(tmp_path, files), interactions=interactions)
    assert run_import(name, tmp_path / main, interactions=interactions).catalog.by_id == whole.catalog.by_id


def test_an_unclosed_quote_says_which_lines_it_took(tmp_path: Path) -> None:
    movies = movielens.MOVIES + '5,"Open (2001),Drama\n6,Lost (2002),Drama\n'
    result = run_import("movielens", put(tmp_path, {"movies.csv": movies}))
    assert result.bad == ["movies.csv:6: has 2 columns instead of 3; lines 6 to 7 are taken for one row: an unclosed quote?"]


def test_rows_after_a_line_that_is_too_long_are_told_by_their_own_numbers(tmp_path: Path) -> None:
    long = f"5,{'x' * MAX_LINE_BYTES},Drama\n"
    movies = movielens.MOVIES + long + long + 'x,A,Drama\n7,"A\n"\n8,B\n'
    bad = run_import("movielens", put(tmp_path, {"movies.csv": movies})).report.first_bad
    assert [error.line for error in bad] == [6, 7, 8, 9, 11]


def test_utf_16_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="is UTF-16: save it as UTF-8"):
        run_import("generic", put(tmp_path, {"a.csv": "id,kind,title\n".encode("utf-16")}) / "a.csv")
