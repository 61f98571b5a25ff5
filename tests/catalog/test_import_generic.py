"""Any table: with a mapping and without, as CSV, JSON lines and Parquet."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from imports import put, run_import

from chatrec.errors import CatalogError, DataMissingError, InputError

MAPPING = """
namespace = "shop"
form = "film"
separator = ";"
delimiter = ";"
[columns]
id = "Movie ID"
kind = { column = "type", values = { movie = "video", song = "audio" } }
title = "name"
year = "released"
genres = { column = "cats", separator = "," }
creators = { column = "by", separator = "/" }
minutes = { column = "length", unit = "seconds" }
[links]
imdb = "imdb"
[interactions]
file = "plays.csv"
kind = "plays"
user = "who"
item = "what"
value = "count"
timestamp = "at"
"""
SHOP = """Movie ID;type;name;released;cats;by;length;imdb
1;movie;Quiet Harbour;2003-05-01;"Sci-Fi, Drama";Ann Lee/Bo Ek;5400;tt0000001
2;song;"Rain; Again";1999;pop;Cy;240;
3;book;Paper;2001;drama;Di;;
"""
PLAYS = """who;what;count;at
u1;1;3;2024-01-02T03:04:05Z
u1;1;4;1704164640000
u2;2;1;
u2;2;-1;
u2;2;many;
u2;2;1;yesterday
u3;9;1;
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return put(tmp_path, {"shop.csv": SHOP, "plays.csv": PLAYS, "map.toml": MAPPING})


def test_columns_are_read_as_the_mapping_says(shop: Path) -> None:
    result = run_import("generic", shop / "shop.csv", mapping=shop / "map.toml")
    film, song = result.catalog["shop:1"], result.catalog["shop:2"]
    assert (film.kind, film.form, film.title, film.year, film.minutes) == ("video", "film", "Quiet Harbour", 2003, 90)
    assert (film.genres, film.creators, film.links) == (("science fiction", "drama"), ("Ann Lee", "Bo Ek"), {"imdb": "tt0000001"})
    assert (song.kind, song.title, song.minutes, song.links) == ("audio", "Rain; Again", 4, {})
    assert result.bad[0] == "shop.csv:4: field 'kind': 'book' is none of video, audio, game"


def test_interactions_are_read_summed_and_bad_ones_told(shop: Path) -> None:
    result = run_import("generic", shop / "shop.csv", mapping=shop / "map.toml", interactions=True)
    assert [tuple(row.values()) for row in result.interactions] == [
        ("u1", "shop:1", "7", "1704164645"),
        ("u2", "shop:2", "1", ""),
    ]
    assert [bad.split(": ", 1)[0] for bad in result.bad[1:]] == ["plays.csv:5", "plays.csv:6", "plays.csv:7"]
    assert result.report.notes["interactions of items that the catalog lacks were left out"] == 1
    assert result.catalog["shop:1"].popularity == 1


def test_lengths_in_another_unit_may_be_large_numbers_and_what_cannot_be_read_is_counted(tmp_path: Path) -> None:
    mapping = (
        'namespace = "m"\nkind = "audio"\n[columns]\nid = "id"\ntitle = "id"\nminutes = { column = "ms", unit = "milliseconds" }'
    )
    rows = "id,ms\na,230666\nb,99999\nc,1:30\nd,abc\ne,6000000000\nf,\ng,100\n"
    folder = put(tmp_path, {"a.csv": rows, "m.toml": mapping})
    result = run_import("generic", folder / "a.csv", mapping=folder / "m.toml")
    assert [item.minutes for item in result.catalog.values()] == [3.84, 1.67, 1.5, None, None, None, None]
    assert result.report.notes == {"values of minutes could not be read and were left out": 3}


LINES = [
    {"id": "mine:1", "kind": "video", "title": "Ikebana &amp; Rain", "genres": ["Drama"], "links": {"imdb": "tt1"}, "mine": [1]},
    {"id": "mine:2", "kind": "game", "title": "Dig", "minutes": "1h 30m", "genres": "rpg|indie"},
]


def test_json_lines_in_the_projects_own_fields_need_no_mapping_and_keep_what_else_they_say(tmp_path: Path) -> None:
    text = "\n".join(map(json.dumps, LINES)) + '\n\n{"id": "mine:3"\n[1]\n{"id": "3", "kind": "game", "title": "No namespace"}\n'
    result = run_import("generic", put(tmp_path, {"mine.jsonl": text}) / "mine.jsonl")
    film, game = result.catalog.values()
    assert (film.title, film.genres, film.links, film.extra) == ("Ikebana & Rain", ("drama",), {"imdb": "tt1"}, {"mine": [1]})
    assert (game.genres, game.tags, game.minutes) == (("role-playing",), ("indie",), 90)
    assert [bad.split(":")[1] for bad in result.bad] == ["4", "5", "6"]
    assert result.bad[2] == (
        "mine.jsonl:6: field 'id': '3' lacks a namespace, as in 'mine:1': set `namespace` in a mapping, and give --mapping"
    )


def test_paths_reach_into_json_and_without_an_id_one_is_made_of_title_and_year(tmp_path: Path) -> None:
    mapping = 'namespace = "m"\nkind = "audio"\n[columns]\ntitle = "meta.name"\nyear = "meta.year"\n'
    line = {"meta": {"name": "The Slow Dawn", "year": 1990}, "secret": 1}
    folder = put(tmp_path, {"a.jsonl": json.dumps(line), "m.toml": mapping})
    (item,) = run_import("generic", folder / "a.jsonl", mapping=folder / "m.toml").catalog.values()
    assert (item.id, item.title, item.year, item.extra) == ("m:slow-dawn-1990", "The Slow Dawn", 1990, {})


def test_ids_made_of_titles_tell_kinds_and_years_apart_whatever_comes_first(tmp_path: Path) -> None:
    rows = ["Dune,video,", "Dune,game,", "Emma,video,1996", "Emma,video,2020", "Emma,video,2020-02-14", "Dune,audio,"]
    put(tmp_path, {"m.toml": 'namespace = "m"\nkind = "audio"\n'})
    for order in (rows, rows[::-1]):
        put(tmp_path, {"a.csv": "\n".join(["title,kind,year", *order])})
        catalog = run_import("generic", tmp_path / "a.csv", mapping=tmp_path / "m.toml").catalog
        assert sorted(catalog) == ["m:dune", "m:dune-game", "m:dune-video", "m:emma-1996-video", "m:emma-2020-video"]


def test_rows_of_one_id_that_are_different_works_are_bad_rows(tmp_path: Path) -> None:
    rows = "id,title,kind,year\nx:1,Hamlet,video,1990\nx:1,Hamlet,video,1996\nx:1,Hamlet,game,1996\nx:1,Hamlet,video,\n"
    result = run_import("generic", put(tmp_path, {"a.csv": rows}) / "a.csv")
    told = "field 'id': repeats id 'x:1' of 'Hamlet', which has another"
    assert result.bad == [f"a.csv:3: {told} year", f"a.csv:4: {told} kind"]


def test_a_csv_in_latin_1_with_the_fields_names_needs_no_mapping(tmp_path: Path) -> None:
    text = "id,kind,title,genres\nx:1,audio,Café del Río,jazz|pop\n".encode("latin-1")
    (item,) = run_import("generic", put(tmp_path, {"a.csv": text}) / "a.csv").catalog.values()
    assert (item.title, item.genres) == ("Café del Río", ("jazz", "pop"))


def test_moods_among_the_genres_become_tags_unless_a_column_says_what_moods_are(tmp_path: Path) -> None:
    rows = "id,kind,title,genres,moods\nx:1,game,Dig,violent|rpg,\nx:2,game,Dug,rpg,{}\nx:3,game,Dog,rpg,\n"
    for moods, wanted in (("", ()), ("calm", ("aggressive",))):
        catalog = run_import("generic", put(tmp_path, {"a.csv": rows.replace("{}", moods)}) / "a.csv").catalog
        assert catalog["x:1"].moods == wanted


def test_a_table_without_a_mapping_that_lacks_what_every_item_needs_is_refused_as_a_whole(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "id;kind;title\nx:1;game;Dig\n", "m.toml": 'namespace = "x"\nkind = "game"\n'})
    with pytest.raises(CatalogError, match=r"a\.csv:1: has no column id, kind, title; it has id_kind_title"):
        run_import("generic", tmp_path / "a.csv")
    put(tmp_path, {"a.csv": "title\nDig\n"})
    assert list(run_import("generic", tmp_path / "a.csv", mapping=tmp_path / "m.toml").catalog) == ["x:dig"]


def test_parquet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {"id": ["x:1", "x:2"], "kind": ["audio", "audio"], "title": ["Dawn", None], "genres": [["jazz"], None]}
    pq.write_table(pa.table(columns), path)
    result = run_import("generic", path)
    assert result.catalog["x:1"].genres == ("jazz",)
    assert result.bad == ["a.parquet:2: field 'title': is missing"]
    path.write_bytes(b"PAR1 and then nothing of the kind")
    with pytest.raises(CatalogError, match="cannot be read as Parquet"):
        run_import("generic", path)


def test_ids_that_parquet_has_as_floats_meet_those_that_are_whole(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1.0, 2.5, None], "title": ["Dawn", "Dusk", "Noon"]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"who": [7.0, 7.0], "id": [1.0, 2.5]}), tmp_path / "plays.parquet")
    mapping = 'namespace = "x"\nkind = "audio"\n[columns]\nid = "id"\ntitle = "title"\n[interactions]\nkind = "plays"\n'
    for plays in ("plays.csv", "plays.parquet"):
        put(tmp_path, {"m.toml": f'{mapping}file = "{plays}"\nuser = "who"\nitem = "id"\n', "plays.csv": "who,id\n7,1\n7,2.5\n"})
        result = run_import("generic", tmp_path / "a.parquet", mapping=tmp_path / "m.toml", interactions=True)
        assert list(result.catalog) == ["x:1", "x:2.5", "x:noon"]
        assert [(row["user_id"], row["item_id"]) for row in result.interactions] == [("7", "x:1"), ("7", "x:2.5")]


def test_whole_floats_of_json_lines_are_whole_ids_and_odd_links_are_counted(tmp_path: Path) -> None:
    line = {"id": 1.0, "kind": "audio", "title": "Dawn", "links": ["imdb"]}
    folder = put(tmp_path, {"a.jsonl": json.dumps(line), "m.toml": 'namespace = "x"'})
    result = run_import("generic", folder / "a.jsonl", mapping=folder / "m.toml")
    assert (list(result.catalog), result.report.notes) == (["x:1"], {"values of links could not be read and were left out": 1})


def test_a_column_that_a_parquet_file_lacks_is_an_error_and_parts_of_one_it_has_are_found(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([{"Key": "1", "meta": {"title": "Rain"}}])
    pq.write_table(table, tmp_path / "a.parquet")
    mapping = 'namespace = "x"\nkind = "audio"\n[columns]\nid = "Key"\ntitle = "meta.title"\n'
    put(tmp_path, {"good.toml": mapping, "bad.toml": mapping + 'year = "year"\n'})
    assert run_import("generic", tmp_path / "a.parquet", mapping=tmp_path / "good.toml").catalog["x:1"].title == "Rain"
    with pytest.raises(CatalogError, match="has no column year; it has Key, meta"):
        run_import("generic", tmp_path / "a.parquet", mapping=tmp_path / "bad.toml")


WRONG = {
    "kind = [": "is no TOML",
    'kind = "book"': r"kind: Input should be 'video', 'audio' or 'game'",
    'sort = "x"': r"sort: Extra inputs are not permitted",
    '[columns]\ntitel = "x"': "columns.titel",
    '[columns]\nminutes = { column = "x", unit = "days" }': "columns.minutes.unit",
    '[interactions]\nfile = "x.csv"\nkind = "plays"\nuser = "u"': "interactions.item: Field required",
}


@pytest.mark.parametrize("text, reason", WRONG.items())
def test_a_mapping_that_cannot_be_used_says_where_and_why(tmp_path: Path, text: str, reason: str) -> None:
    folder = put(tmp_path, {"a.csv": "id\n", "m.toml": text})
    with pytest.raises(InputError, match=reason):
        run_import("generic", folder / "a.csv", mapping=folder / "m.toml")


def test_a_column_that_the_mapping_names_and_the_table_lacks_is_an_error_and_says_what_there_is(shop: Path) -> None:
    (shop / "map.toml").write_text(MAPPING.replace('"released"', '"Year of release"'))
    with pytest.raises(CatalogError, match=r"shop\.csv:1: has no column year_of_release; it has movie_id, type, name, released"):
        run_import("generic", shop / "shop.csv", mapping=shop / "map.toml")
    (shop / "map.toml").write_text(MAPPING.replace('"who"', '"whom"'))
    with pytest.raises(CatalogError, match=r"plays\.csv:1: has no column whom; it has who, what, count, at"):
        run_import("generic", shop / "shop.csv", mapping=shop / "map.toml", interactions=True)


def test_the_delimiter_is_that_of_csv_files_and_a_tsv_beside_them_keeps_its_own(shop: Path) -> None:
    put(shop, {"map.toml": MAPPING.replace("plays.csv", "plays.tsv"), "plays.tsv": "who\twhat\tcount\tat\nu1\t1\t3\t\n"})
    result = run_import("generic", shop / "shop.csv", mapping=shop / "map.toml", interactions=True)
    assert [(row["item_id"], row["value"]) for row in result.interactions] == [("shop:1", "3")]


def test_missing_files_and_unknown_formats_are_errors(tmp_path: Path) -> None:
    put(tmp_path, {"a.csv": "id\n", "a.xlsx": "", "m.toml": MAPPING})
    with pytest.raises(DataMissingError, match=r"b\.csv"):
        run_import("generic", tmp_path / "b.csv")
    with pytest.raises(DataMissingError, match=r"plays\.csv"):
        run_import("generic", tmp_path / "a.csv", mapping=tmp_path / "m.toml")
    with pytest.raises(InputError, match=r"name it \.csv"):
        run_import("generic", tmp_path / "a.xlsx")


@pytest.mark.parametrize("source", ["generic", "spotify"])
def test_a_folder_and_an_archive_of_several_files_are_told_with_what_they_hold(tmp_path: Path, source: str) -> None:
    put(tmp_path, {"a.csv": "id\n", "b.csv": "id\n"})
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "id\n")
        archive.writestr("b.csv", "id\n")
    for path in (tmp_path / "two.zip", tmp_path):
        with pytest.raises(InputError, match=rf"{path} is no file, but a folder.*: give one file; it holds a\.csv, b\.csv"):
            run_import(source, path)


def test_a_mapping_may_begin_with_a_byte_order_mark(shop: Path) -> None:
    (shop / "map.toml").write_text(MAPPING, encoding="utf-8-sig")
    assert len(run_import("generic", shop / "shop.csv", mapping=shop / "map.toml").catalog) == 2


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_an_empty_file_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogError, match=r"is empty|holds no items"):
        run_import("generic", put(tmp_path, {name: ""}) / name)
