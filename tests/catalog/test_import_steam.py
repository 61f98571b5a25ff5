"""Steam store tables and playtimes."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports import put, run_import

from chatrec.errors import CatalogError, DataMissingError, InputError

STORE = """appid,name,release_date,english,developer,publisher,required_age,categories,genres,steamspy_tags,positive_ratings,\
negative_ratings,average_playtime,median_playtime,owners
10,Moss Runner,2000-11-01,1,Lantern Works;Bo Ek,Lantern,16,Single-player;Shared/Split Screen,Action;RPG;Early Access,FPS;Gore,10,\
2,17612,317,10000000-20000000
20,Tin Harbor: Trailer Pack DLC,,1,Bo Ek,,0,,Casual,,0,0,0,0,0-20000
30,Café Racer™,2015-01-02,1,Bo Ek,,0,,Racing,,1,1,0,0,
40,Twin,2001,1,A,,0,,Indie,,1,1,0,0,1-3
41,Twin,2009,1,B,,0,,Indie,,1,1,0,0,1-3
"""
PLAYS = (
    "7,Moss Runner,purchase,1.0,0\n7,Moss Runner,play,2.5,0\n8,moss runner,purchase,1.0,0\n7,Twin,play,9,0\n7,Nowhere,play,9,0\n"
)
TEXTS = "steam_appid,detailed_description,about_the_game,short_description\n10,x,y,Run &amp; hide.<br>Or do not.\n"


def test_games_are_read_with_genres_tags_age_and_the_middle_of_the_owners(tmp_path: Path) -> None:
    folder = put(tmp_path, {"steam.csv": STORE, "steam_description_data.csv": TEXTS})
    game = run_import("steam", folder).catalog["steam:10"]
    assert (game.title, game.year, game.form, game.age, game.minutes) == ("Moss Runner", 2000, "game", 16, 317)
    assert (game.creators, game.publishers, game.popularity) == (("Lantern Works", "Bo Ek"), ("Lantern",), 15_000_000)
    assert game.genres == ("action", "role-playing", "shooter")
    assert game.tags == ("early access", "fps", "gore", "single-player", "multiplayer", "local multiplayer", "aggressive")
    assert (game.description, game.links) == ("Run & hide. Or do not.", {"steam": "10"})


def test_unknown_times_ages_and_owners_stay_unknown_and_add_ons_are_dlc(tmp_path: Path) -> None:
    catalog = run_import("steam", put(tmp_path, {"steam.csv": STORE}) / "steam.csv").catalog
    assert (catalog["steam:20"].form, catalog["steam:20"].minutes, catalog["steam:20"].age) == ("dlc", None, None)
    assert catalog["steam:30"].popularity == 2


def test_playtimes_by_title_become_hours_and_ambiguous_or_unknown_titles_are_counted(tmp_path: Path) -> None:
    result = run_import("steam", put(tmp_path, {"steam.csv": STORE, "steam-200k.csv": PLAYS}), interactions=True)
    assert [tuple(row.values())[:3] for row in result.interactions] == [("7", "steam:10", "2.5"), ("8", "steam:10", "0")]
    assert result.report.notes["interactions of items that the catalog lacks were left out"] == 2


def test_a_playtime_table_with_a_header_may_name_ids_and_minutes(tmp_path: Path) -> None:
    table = "user_id,appid,minutes\nu,10,90\nu,10,30\nv,30,-5\n"
    result = run_import("steam", put(tmp_path, {"steam.csv": STORE, "playtime.csv": table}), interactions=True)
    assert [tuple(row.values())[:3] for row in result.interactions] == [("u", "steam:10", "2")]
    assert result.bad[0].startswith("playtime.csv:4: ")


def test_a_playtime_table_that_lacks_a_column_is_refused_as_a_whole(tmp_path: Path) -> None:
    put(tmp_path, {"steam.csv": STORE, "playtime.csv": "player,appid,minutes\nu,10,90\n"})
    with pytest.raises(CatalogError, match=r"playtime\.csv:1: has no column user_id or userid or user or steamid; it has player"):
        run_import("steam", tmp_path, interactions=True)


def test_a_store_table_with_other_column_names_and_a_glued_header_is_read(tmp_path: Path) -> None:
    games = (
        "AppID,Name,Release date,Estimated owners,Required age,DiscountDLC count,About the game,Developers,Publishers,Categories,"
        "Genres,Tags\n"
        '50,Dig,"Oct 21, 2008",0 - 20000,0,0,2,A mine.,"Ann, Inc.",,"Single-player,Co-op","Indie,Strategy","Puzzle,Relaxing"\n'
    )
    (game,) = run_import("steam", put(tmp_path, {"games.csv": games})).catalog.values()
    assert (game.year, game.popularity, game.description) == (2008, 10000, "A mine.")
    assert (game.genres, game.moods, game.tags) == (("strategy", "puzzle"), ("calm",), ("indie", "single-player", "co-op"))


def test_bad_rows_are_told_and_latin_1_is_read(tmp_path: Path) -> None:
    store = STORE.encode() + b"abc,No Id,,1,,,0,,,,,,,,\n60,Caf\xe9,2001,1,,,0,,,,,,,,\n61,Short\n"
    plays = PLAYS + "7,Moss Runner,rent,1,0\n7,Moss Runner,play,long,0\n,Moss Runner,play,1,0\n"
    result = run_import("steam", put(tmp_path, {"steam.csv": store, "steam-200k.csv": plays}), interactions=True)
    assert result.catalog["steam:60"].title == "Café"
    assert result.bad == [
        "steam.csv:7: app id 'abc' is no number",
        "steam.csv:9: has 2 columns instead of 15",
        "steam-200k.csv:6: 'rent' is neither purchase nor play",
        "steam-200k.csv:7: 'long' is no number of hours",
        "steam-200k.csv:8: has no user",
    ]


def test_empty_and_missing_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match=r"steam\.csv or games\.csv"):
        run_import("steam", tmp_path)
    with pytest.raises(CatalogError, match="is empty"):
        run_import("steam", put(tmp_path, {"steam.csv": ""}))
    with pytest.raises(InputError, match="no interactions"):
        run_import("steam", put(tmp_path, {"steam.csv": STORE}), interactions=True)
