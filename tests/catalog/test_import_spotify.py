"""Spotify track tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports import put, run_import

from chatrec.catalog.sources.spotify import MOODS
from chatrec.catalog.vocabulary import vocabulary
from chatrec.errors import CatalogError, DataMissingError

HEADER = (
    "track_id,artists,track_name,popularity,duration_ms,energy,valence,danceability,acousticness,instrumentalness,tempo,"
    "track_genre\n"
)
TRACKS = (
    HEADER
    + "aa,Ann Lee;Bo,Sun On Tin,73,230666,0.85,0.8,0.8,0.03,0.0,128.0,dance\n"
    + "aa,Ann Lee;Bo,Sun On Tin,73,230666,0.85,0.8,0.8,0.03,0.0,128.0,pop\n"
    + "bb,Cy,Slow Snow,10,180000,0.1,0.1,0.2,0.95,0.9,70.0,piano\n"
    + "cc,Di,Unmeasured,,,,,,,,,hip-hop\n"
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return put(tmp_path, {"tracks.csv": TRACKS}) / "tracks.csv"


def test_tracks_are_read_with_moods_and_tags_of_their_features(table: Path) -> None:
    catalog = run_import("spotify", table).catalog
    fast, slow, unmeasured = catalog.values()
    assert (fast.id, fast.form, fast.title, fast.creators) == ("spotify:aa", "track", "Sun On Tin", ("Ann Lee", "Bo"))
    assert (fast.moods, fast.minutes, fast.popularity) == (("cheerful", "energetic"), 3.84, 73)
    assert fast.tags == ("dance", "danceable")
    assert (slow.moods, slow.language) == (("calm", "melancholic", "dreamy"), "zxx")
    assert slow.tags == ("piano", "acoustic", "instrumental", "slow")
    assert slow.extra["audio_features"]["tempo"] == 70
    assert (unmeasured.moods, unmeasured.genres, unmeasured.minutes) == ((), ("hip hop",), None)


def test_rows_of_one_track_become_one_item_with_all_genres(table: Path) -> None:
    result = run_import("spotify", table)
    assert result.catalog["spotify:aa"].genres == ("electronic", "pop")
    assert result.report.notes["items are works that were there already and were merged with them"] == 1


def test_lists_of_artists_are_read_without_being_run_as_code(tmp_path: Path) -> None:
    text = (
        "id,name,artists,year\n"
        + 'x,Song,"[\'Ann Lee\', ""Bo\'s Band""]",1999\n'
        + "y,Other,\"[__import__('os').getcwd()]\",1999\n"
    )
    catalog = run_import("spotify", put(tmp_path, {"data.csv": text}) / "data.csv").catalog
    assert (catalog["spotify:x"].creators, catalog["spotify:x"].year) == (("Ann Lee", "Bo's Band"), 1999)
    assert catalog["spotify:y"].creators == ("os",)


def test_bad_rows_are_told_and_latin_1_is_read(tmp_path: Path) -> None:
    text = TRACKS.encode() + (
        b"dd,Jos\xe9,Caf\xe9,1,1000,0.5,0.5,0.5,0.5,0.5,100,jazz\n"
        b"ee,Ed,Loud,1,1000,loud,0.5,0.5,0.5,0.5,100,jazz\n"
        b"ff,Ed,Louder,1,1000,11,0.5,0.5,0.5,0.5,100,jazz\n"
        b",Ed,No Id,1,1000,0.5,0.5,0.5,0.5,0.5,100,jazz\n"
        b"gg,Ed,,1,1000,0.5,0.5,0.5,0.5,0.5,100,jazz\n"
    )
    result = run_import("spotify", put(tmp_path, {"tracks.csv": text}) / "tracks.csv")
    assert (result.catalog["spotify:dd"].title, result.catalog["spotify:dd"].creators) == ("Café", ("José",))
    assert result.bad == [
        "tracks.csv:9: has no track_id",
        "tracks.csv:10: field 'title': is missing",
    ]


def test_a_feature_that_cannot_be_is_left_out_and_counted_and_the_track_stays(tmp_path: Path) -> None:
    rows = ["aa,A,loud,0.5,100", "bb,B,1.95,0.5,100", "cc,C,nan,0.5,301", "dd,D,,-1,100"]
    table = "\n".join(["track_id,track_name,energy,valence,tempo", *rows])
    result = run_import("spotify", put(tmp_path, {"t.csv": table}) / "t.csv")
    assert [set(item.extra["audio_features"]) for item in result.catalog.values()] == [
        {"valence", "tempo"},
        {"valence", "tempo"},
        {"valence"},
        {"tempo"},
    ]
    counts = {"energy": 2, "tempo": 1, "valence": 1}
    assert result.report.notes == {f"values of {name} could not be read and were left out": n for name, n in counts.items()}


def test_tracks_that_are_explicit_say_so_as_podcasts_do(tmp_path: Path) -> None:
    table = "track_id,track_name,explicit\na,A,True\nb,B,False\nc,C,1\nd,D,\n"
    catalog = run_import("spotify", put(tmp_path, {"t.csv": table}) / "t.csv").catalog
    assert [item.tags for item in catalog.values()] == [("explicit",), (), ("explicit",), ()]


def test_lengths_may_be_decimal_and_those_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    rows = ["a,A,230666.0", "b,B,100", "c,C,long", "d,D,", "e,E,0"]
    table = "\n".join(["track_id,track_name,duration_ms", *rows])
    result = run_import("spotify", put(tmp_path, {"t.csv": table}) / "t.csv")
    assert [item.minutes for item in result.catalog.values()] == [3.84, None, None, None, None]
    assert result.report.notes == {"values of minutes could not be read and were left out": 2}


def test_every_mood_of_the_rules_is_in_the_vocabulary_and_none_is_a_hard_one() -> None:
    words = vocabulary()
    assert set(MOODS) <= set(words.moods) - set(words.hard_moods)


def test_a_table_without_a_column_of_ids_or_titles_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="has no column track_id or id, track_name or name; it has a, b"):
        run_import("spotify", put(tmp_path, {"tracks.csv": "a,b\n1,2\n"}) / "tracks.csv")


def test_empty_and_missing_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match=r"tracks\.csv"):
        run_import("spotify", tmp_path / "tracks.csv")
    for content in ("", HEADER):
        with pytest.raises(CatalogError, match=r"is empty|holds no items"):
            run_import("spotify", put(tmp_path, {"tracks.csv": content}) / "tracks.csv")
