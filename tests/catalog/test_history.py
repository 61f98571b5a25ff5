"""A person's own history: exports as services write them, found again in a catalog."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from imports import put

from chatrec.catalog.exports import LIKED_PLAYS
from chatrec.catalog.history import History, read_history
from chatrec.catalog.report import Report
from chatrec.errors import CatalogError, DataMissingError, InputError
from chatrec.types import Item


def film(key: str, title: str, year: int | None = None, **fields: Any) -> Item:
    return Item(**{"id": f"t:{key}", "kind": "video", "form": "film", "title": title, "year": year} | fields)


CATALOG = {
    item.id: item
    for item in (
        film("lantern", "The Pale Lantern", 1994, links={"imdb": "tt1"}, aliases=("La lanterne",)),
        film("lantern-2010", "The Pale Lantern", 2010),
        film("twin-a", "Twin", 2001),
        film("twin-b", "Twin", 2001),
        film("moss", "Moss", 2015, form="series"),
        Item(id="t:album", kind="audio", form="album", title="Tin Songs", creators=("Ann Lee",)),
        Item(id="t:artist", kind="audio", form="artist", title="Bo Ek"),
        Item(id="t:track", kind="audio", form="track", title="Rain", creators=("Ann Lee",)),
        Item(id="t:show", kind="audio", form="podcast", title="Cold Cases"),
        Item(id="t:game", kind="game", form="game", title="Dig", links={"steam": "10"}),
    )
}


def read(source: str, path: Path, report: Report | None = None) -> History:
    return read_history(source, path, CATALOG, report or Report())


def test_letterboxd_gives_what_was_watched_and_likes_of_four_stars_or_a_heart(tmp_path: Path) -> None:
    (tmp_path / "likes").mkdir()
    put(
        tmp_path,
        {
            "watched.csv": "Date,Name,Year,Letterboxd URI\n2024-01-01,The Pale Lantern,1994,u\n2024-01-01,Unknown Film,1950,u\n",
            "ratings.csv": "Date,Name,Year,Letterboxd URI,Rating\n2024-01-01,La Lanterne,1995,u,4\n2024-01-01,Moss,2015,u,3.5\n",
            "likes/films.csv": "Date,Name,Year,Letterboxd URI\n2024-01-01,Pale Lantern,2010,u\n",
            "watchlist.csv": "Date,Name,Year,Letterboxd URI\n2024-01-01,Twin,2001,u\n",
        },
    )
    found = read("letterboxd", tmp_path)
    assert found.liked == ("t:lantern", "t:lantern-2010")
    assert found.seen == ("t:lantern", "t:moss", "t:lantern-2010")
    assert found.unmatched == ("Unknown Film (1950)",)


def test_works_that_fit_equally_well_and_years_that_differ_stay_unmatched(tmp_path: Path) -> None:
    text = "Name,Year\nTwin,2001\nThe Pale Lantern,2002\nThe Pale Lantern,\n"
    assert read("letterboxd", put(tmp_path, {"watched.csv": text})) == History(
        unmatched=("Twin (2001)", "The Pale Lantern (2002)", "The Pale Lantern")
    )


def test_trakt_is_matched_by_imdb_id_first_and_films_are_no_series(tmp_path: Path) -> None:
    ratings = [
        {"rating": 9, "movie": {"title": "Another Title", "year": 1900, "ids": {"imdb": "tt1", "trakt": 5}}},
        {"rating": 10, "movie": {"title": "Moss", "year": 2015, "ids": {}}},
        {"rating": 10, "episode": {"title": "One"}, "show": {"title": "Moss", "year": 2015}},
        {"rating": 10, "person": {}},
        7,
    ]
    put(tmp_path, {"ratings-movies.json": json.dumps(ratings), "watchlist.json": "[]"})
    report = Report()
    found = read("trakt", tmp_path, report)
    assert found == History(("t:lantern",), ("t:lantern", "t:moss"), ("Moss (2015)",))
    assert report.lines() == [
        f"{tmp_path / 'ratings-movies.json'}: entry 4: names neither a movie nor a show",
        f"{tmp_path / 'ratings-movies.json'}: entry 5: is no object",
    ]


def test_a_number_that_a_database_gave_to_a_film_finds_no_series(tmp_path: Path) -> None:
    catalog = [film("film", "Tin", 1999, links={"tmdb": "7"}), film("series", "Moss", form="series", links={"tmdb": "7"})]
    for entry, wanted in (("movie", "t:film"), ("show", "t:series")):
        put(tmp_path, {"watched.json": json.dumps([{entry: {"title": "X", "ids": {"tmdb": 7}}}])})
        assert read_history("trakt", tmp_path, {item.id: item for item in catalog}, Report()).seen == (wanted,)
        others = {item.id: item for item in catalog if item.id != wanted}
        assert read_history("trakt", tmp_path, others, Report()) == History(unmatched=("X",))


def test_what_was_paused_at_trakt_was_not_seen_and_favourites_are_liked(tmp_path: Path) -> None:
    paused = {
        "progress": 10,
        "paused_at": "2024-01-01T00:00:00Z",
        "type": "movie",
        "movie": {"title": "The Pale Lantern", "year": 1994},
    }
    favourite = {"rank": 1, "listed_at": "2024-01-01T00:00:00Z", "type": "show", "show": {"title": "Moss", "year": 2015}}
    put(tmp_path, {"watched-playback.json": json.dumps([paused]), "lists-favorites.json": json.dumps([favourite])})
    report = Report()
    assert read("trakt", tmp_path, report) == History(("t:moss",), ("t:moss",))
    assert report.notes == {"works were begun and not finished and were left out": 1}


@pytest.mark.parametrize("source, name", [("letterboxd", "watchlist.csv"), ("trakt", "lists-watchlist.json")])
def test_a_watch_list_is_refused_since_nothing_on_it_was_seen(tmp_path: Path, source: str, name: str) -> None:
    put(tmp_path, {"watchlist.csv": "Date,Name,Year,Letterboxd URI\n2024-01-01,Twin,2001,u\n", "lists-watchlist.json": "[]"})
    with pytest.raises(InputError, match=f"{name} is what one wants to see, not what one saw"):
        read(source, tmp_path / name)


def test_spotify_finds_tracks_albums_and_shows_by_their_ids_whatever_they_are_called(tmp_path: Path) -> None:
    def audio(key: str, form: str, link: str) -> Item:
        return Item(id=f"t:{key}", kind="audio", form=form, title="Rain", creators=("Ann Lee",), links={"spotify": link})

    catalog = [
        audio("one", "track", "u1"),
        audio("two", "track", "u2"),
        audio("album", "album", "u3"),
        audio("show", "podcast", "u4"),
    ]
    play = {"master_metadata_track_name": "Rain", "master_metadata_album_artist_name": "Ann Lee", "ms_played": 60_000}
    plays = [play | {"spotify_track_uri": "spotify:track:u2"}, play | {"spotify_track_uri": "spotify:local:u1"}]
    library = {
        "tracks": [{"artist": "Ann Lee", "track": "Rain - Remastered", "uri": "spotify:track:u1"}],
        "albums": [{"artist": "Ann Lee", "album": "Rain (Deluxe)", "uri": "spotify:album:u3"}],
        "shows": [{"name": "The Rain Show", "uri": "spotify:show:u4"}],
    }
    put(tmp_path, {"endsong_0.json": json.dumps(plays), "YourLibrary.json": json.dumps(library)})
    found = read_history("spotify", tmp_path, {item.id: item for item in catalog}, Report())
    assert found == History(("t:one", "t:album", "t:show"), ("t:two", "t:one", "t:album", "t:show"), ("Ann Lee – Rain",))


def test_spotify_counts_plays_of_track_album_or_artist_whichever_the_catalog_has(tmp_path: Path) -> None:
    short = {"artistName": "Bo Ek", "trackName": "Anything", "msPlayed": 29_000}
    history = [
        *[{"artistName": "Ann Lee", "trackName": "Rain", "msPlayed": 200_000}] * LIKED_PLAYS,
        short | {"msPlayed": 31_000},
        {"artistName": "Cy", "trackName": "Rain", "msPlayed": 200_000},
        {"artistName": "Cy"},
    ]
    album = {"master_metadata_album_artist_name": "Ann Lee", "master_metadata_track_name": "Intro", "ms_played": 60_000}
    extended = [
        album | {"master_metadata_album_album_name": "Tin Songs"},
        {"episode_show_name": "Cold Cases", "ms_played": 99_000},
    ]
    followed = {"shows": [{"name": "Cold Cases", "publisher": "Bo"}], "artists": [{"uri": "nameless"}]}
    library = {"tracks": [], "albums": [{"artist": "Ann Lee", "album": "Tin Songs"}]} | followed
    put(tmp_path, {"StreamingHistory0.json": json.dumps([short, *history]), "YourLibrary.json": json.dumps(library)})
    put(tmp_path, {"Streaming_History_Audio_2023.json": json.dumps(extended)})
    report = Report()
    found = read("spotify", tmp_path, report)
    assert found.liked == ("t:track", "t:album", "t:show")
    assert found.seen == ("t:track", "t:artist", "t:album", "t:show")
    assert found.unmatched == ("Cy – Rain",)
    assert report.notes == {"plays of less than 30 seconds were left out": 1}
    assert [error.reason for error in report.first_bad] == [
        "entry 9: names no track and artist, or not how long it was played",
        "entry 1 of artists: has no name",
    ]


def test_a_library_of_spotify_that_holds_nothing_is_told(tmp_path: Path) -> None:
    report = Report()
    assert read("spotify", put(tmp_path, {"YourLibrary.json": '{"songs": []}'}), report) == History()
    assert [error.reason for error in report.first_bad] == ["holds no library: neither tracks nor albums, shows or artists"]


@pytest.mark.parametrize("header", ["", "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"])
def test_lastfm_scrobbles_are_read_with_and_without_a_header(tmp_path: Path, header: str) -> None:
    row = "1,2024,Ann Lee,,Tin Songs,,{},\n" if header else "Ann Lee,Tin Songs,{},01 Jan 2024 10:00\n"
    put(
        tmp_path,
        {"scrobbles.csv": header + "".join(row.replace("{}", f"Song {n}") for n in range(LIKED_PLAYS)) + row.replace("{}", "")},
    )
    report = Report()
    assert read("lastfm", tmp_path / "scrobbles.csv", report) == History(("t:album",), ("t:album",))
    assert report.bad == 1


@pytest.mark.parametrize(
    "text",
    [
        "Artist;Album;AlbumId;Track;Date#me\nAnn Lee;Tin, and Songs;;Rain;1400000\n",
        '"Artist Name","Album","Track Name","Date"\n"Ann Lee","","Rain","x"\n',
        "\ufeffAnn Lee;Tin Songs;Rain;01 Jan 2024 10:00\n",
        "Ann Lee\tTin Songs\tRain\t01 Jan 2024 10:00\n",
    ],
)
def test_lastfm_scrobbles_are_read_whatever_is_between_them_and_however_they_are_named(tmp_path: Path, text: str) -> None:
    report = Report()
    assert read("lastfm", put(tmp_path, {"scrobbles.csv": text}), report) == History((), ("t:track",))
    assert report.bad == 0


@pytest.mark.parametrize(
    "text", ["Date,Name,Year,Letterboxd URI\n2024-01-01,Twin,2001,u\n", "userId,movieId,rating\n1,2,3\n", "no table at all\n"]
)
def test_a_table_that_holds_no_scrobbles_is_refused_as_a_whole(tmp_path: Path, text: str) -> None:
    with pytest.raises(CatalogError, match=r"watched\.csv:1: neither names columns of artist and track nor is a scrobble"):
        read("lastfm", put(tmp_path, {"watched.csv": text}) / "watched.csv")


def test_what_was_hidden_or_put_on_a_list_at_trakt_was_not_seen(tmp_path: Path) -> None:
    seen, hidden = ([{"show": {"title": title}}] for title in ("Moss", "Tin"))
    put(tmp_path, {name: json.dumps(hidden) for name in ("hidden-progress-watched.json", "list-best-watched.json")})
    assert read("trakt", put(tmp_path, {"watched-shows.json": json.dumps(seen)})) == History((), ("t:moss",))


@pytest.mark.parametrize("content", ['{"response": {}}', "{}", '{"response": {"games": null}}'])
def test_a_private_profile_of_steam_is_told(tmp_path: Path, content: str) -> None:
    report = Report()
    assert read("steam", put(tmp_path, {"games.json": content}), report) == History()
    assert [error.reason for error in report.first_bad] == ["holds no games; Steam tells none of a private profile"]


@pytest.mark.parametrize("path", ["response.games", "games", ""])
def test_steam_games_may_lie_in_what_surrounds_them_or_not(tmp_path: Path, path: str) -> None:
    data: Any = [{"appid": 10, "playtime_forever": 601}]
    for name in reversed(path.split(".") if path else []):
        data = {name: data}
    assert read("steam", put(tmp_path, {"games.json": json.dumps(data)})).liked == ("t:game",)


def test_steam_games_are_matched_by_id_and_those_never_played_are_left_out(tmp_path: Path) -> None:
    games = [
        {"appid": 10, "playtime_forever": 601},
        {"appid": 11, "name": "Dug", "playtime_forever": 5},
        {"appid": 12, "playtime_forever": 0},
        {"appid": 13},
    ]
    report = Report()
    put(tmp_path, {"games.json": json.dumps({"response": {"game_count": 4, "games": games}})})
    assert read("steam", tmp_path / "games.json", report) == History(("t:game",), ("t:game",), ("Dug",))
    assert (report.bad, report.notes["games were never played and were left out"]) == (1, 1)


def test_exports_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown service 'netflix': take one of letterboxd"):
        read("netflix", tmp_path)
    with pytest.raises(DataMissingError, match=r"watched\.csv"):
        read("letterboxd", tmp_path)
    with pytest.raises(CatalogError, match="is empty"):
        read("letterboxd", put(tmp_path, {"watched.csv": ""}))
    with pytest.raises(CatalogError, match="is empty"):
        read("lastfm", put(tmp_path, {"scrobbles.csv": ""}) / "scrobbles.csv")
    for content in ("", "{", "[" * 100_000, "7", "null"):
        report = Report()
        assert read("trakt", put(tmp_path, {"ratings.json": content}), report) == History()
        assert report.bad == 1


def test_a_history_survives_its_file_and_what_is_none_is_named(tmp_path: Path) -> None:
    history = History(("t:a",), ("t:a", "t:b"), ("Dug",))
    path = tmp_path / "me.json"
    path.write_text(json.dumps(history.to_dict()))
    assert History.read(path) == history
    with pytest.raises(DataMissingError, match="chatrec catalog history"):
        History.read(tmp_path / "absent.json")
    for content in ("", "[]", '{"liked": 3}'):
        path.write_text(content)
        with pytest.raises(InputError, match="is no history"):
            History.read(path)
