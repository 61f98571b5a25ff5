"""Last.fm folders (HetRec 2011)."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports import put, run_import

from chatrec.errors import CatalogError, DataMissingError

GOOD: dict[str, str | bytes] = {
    "artists.dat": "id\tname\turl\tpictureURL\n"
    "1\tThe Pale Lanterns\thttp://www.last.fm/music/The+Pale+Lanterns\thttp://pic/1.jpg\n"
    '2\tGlass "Eye" Choir\thttp://www.last.fm/music/2\t\n',
    "user_artists.dat": "userID\tartistID\tweight\n2\t1\t13883\n2\t2\t1\n3\t1\t7\n",
    "tags.dat": b"tagID\ttagValue\n1\tblack metal\n2\tmelancholy\n3\t80s\n" + "4\tchanson fran\xe7aise\n".encode("latin-1"),
    "user_taggedartists.dat": "userID\tartistID\ttagID\tday\tmonth\tyear\n"
    + "".join(f"{user}\t1\t{tag}\t1\t4\t2009\n" for user in (2, 3) for tag in (1, 2, 3))
    + "4\t1\t4\t1\t4\t2009\n2\t2\t1\t1\t4\t2009\n",
}


def test_artists_have_genres_and_moods_that_listeners_agree_on_and_tags(tmp_path: Path) -> None:
    result = run_import("lastfm", put(tmp_path, GOOD))
    artist, other = result.catalog.values()
    assert (artist.id, artist.kind, artist.form, artist.title) == ("lastfm:1", "audio", "artist", "The Pale Lanterns")
    assert (artist.genres, artist.moods) == (("metal",), ("melancholic",))
    assert artist.tags == ("black metal", "80s", "chanson française")
    assert (other.title, other.genres, other.tags) == ('Glass "Eye" Choir', (), ("black metal",))
    assert result.report.notes == {"lines of tags.dat are not UTF-8 and were read as Windows-1252": 1}


def test_plays_become_interactions_and_popularity_the_number_of_listeners(tmp_path: Path) -> None:
    result = run_import("lastfm", put(tmp_path, GOOD), interactions=True)
    assert [tuple(row.values())[:3] for row in result.interactions] == [
        ("2", "lastfm:1", "13883"),
        ("2", "lastfm:2", "1"),
        ("3", "lastfm:1", "7"),
    ]
    assert [item.popularity for item in result.catalog.values()] == [2, 1]


def test_spellings_of_one_artist_are_merged_with_their_plays(tmp_path: Path) -> None:
    artists = str(GOOD["artists.dat"]) + "9\tPale Lanterns\t\t\n"
    plays = str(GOOD["user_artists.dat"]) + "2\t9\t100\n"
    result = run_import("lastfm", put(tmp_path, GOOD | {"artists.dat": artists, "user_artists.dat": plays}), interactions=True)
    assert result.catalog["lastfm:1"].aliases == ("Pale Lanterns",)
    assert result.interactions[0]["value"] == "13983"


def test_bad_rows_are_told(tmp_path: Path) -> None:
    bad = {
        "artists.dat": str(GOOD["artists.dat"]) + "3\t\t\t\n4\tShort\n",
        "user_artists.dat": str(GOOD["user_artists.dat"]) + "3\t1\tmany\n",
        "user_taggedartists.dat": str(GOOD["user_taggedartists.dat"]) + "2\t1\t77\t1\t4\t2009\n",
    }
    assert sorted(run_import("lastfm", put(tmp_path, GOOD | bad)).bad) == [
        "artists.dat:4: field 'title': is missing",
        "artists.dat:5: has 2 columns instead of 4",
        "user_artists.dat:5: weight 'many' is no number of plays",
        "user_taggedartists.dat:10: tag '77' is not in tags.dat",
    ]


def test_tags_of_artists_that_are_not_there_are_counted(tmp_path: Path) -> None:
    tagged = str(GOOD["user_taggedartists.dat"]) + "2\t777\t1\t1\t4\t2009\n"
    notes = run_import("lastfm", put(tmp_path, GOOD | {"user_taggedartists.dat": tagged})).report.notes
    assert notes["tags of artists that artists.dat lacks were left out"] == 1


def test_an_empty_file_and_a_folder_without_artists_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match=r"artists\.dat"):
        run_import("lastfm", tmp_path)
    with pytest.raises(CatalogError, match="is empty"):
        run_import("lastfm", put(tmp_path, GOOD | {"artists.dat": ""}))
