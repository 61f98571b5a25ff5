"""What services hand a person of their own history, read as `Met`s: what they saw, heard or played.

An export may be given as it was downloaded, as a `.zip`.

| source | PATH | liked |
|---|---|---|
| `letterboxd` | the export, or one of its CSV files | 4 stars or more, or a heart (`likes/films.csv`) |
| `trakt` | a JSON file, or a folder of them (`ratings…`, `watched…`, `history…`) | rated 8 of 10 or more, favourites |
| `spotify` | the export or one of `StreamingHistory…`, `Streaming_History_Audio…`, `endsong…`, `YourLibrary…` | saved, followed |
| `lastfm` | a CSV of scrobbles, between commas, `;` or tabs: artist, album, track, date, or with a header that names them | |
| `steam` | the JSON of `GetOwnedGames`, of a public profile | played 10 hours or more |

A track that was played for 30 seconds counts as one play; what `LIKED_PLAYS` plays were counted of is liked, too. What one wants
to see (a watch list) is refused, and what was only begun (Trakt's playback) is left out.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatrec.catalog.clean import clean_text, clean_year
from chatrec.catalog.read import parse_json
from chatrec.catalog.report import Report
from chatrec.catalog.sources.tables import Lines, column_name, first_of, read_table
from chatrec.errors import CatalogError, DataMissingError, InputError
from chatrec.types import EMPTY, Kind

LIKED_PLAYS = 5
ARTIST, TRACK = "artist|artist_name|artistname", "track|track_name|trackname|name|song|title"
"""What columns of scrobbles are called."""
NOT_SEEN = ("hidden", "list-", "lists-list")
"""How files of Trakt begin that match its patterns and tell nothing of what was seen."""
LIKED_STARS, LIKED_OF_TEN, LIKED_MINUTES = 4.0, 8, 600
PLAYED_MS = 30_000
MAX_JSON_BYTES, MAX_HEADER = 1 << 28, 4096


PATTERNS: dict[str, tuple[str, ...]] = {
    "letterboxd": ("watched.csv", "diary.csv", "ratings.csv", "reviews.csv", "likes/films.csv"),
    "trakt": ("*ratings*.json", "*watched*.json", "*history*.json", "lists-favorites*.json"),
    "spotify": ("StreamingHistory*.json", "Streaming_History_Audio*.json", "endsong_*.json", "YourLibrary*.json"),
    "lastfm": ("*.csv",),
    "steam": ("*.json",),
}
"""Service → the files of an export that are read."""


@dataclass(frozen=True, slots=True)
class Work:
    """A work as a service names it."""

    kind: Kind
    title: str
    forms: tuple[str, ...] = ()
    """The forms it may have in a catalog; any if empty."""
    year: int | None = None
    creators: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        by = f"{', '.join(self.creators)} – " if self.creators else ""
        return f"{by}{self.title}{f' ({self.year})' if self.year else ''}"


@dataclass(frozen=True, slots=True)
class Met:
    """Something a person met; what it may be in a catalog, the most exact first (a track, its album, its artist)."""

    works: tuple[Work, ...]
    liked: bool = False
    plays: int = 0


def letterboxd(path: Path, report: Report) -> Iterator[Met]:
    """Films seen, rated and liked."""
    for file in _files(path, *PATTERNS["letterboxd"]):
        _refuse_plans(file)
        heart = file.parent.name == "likes"
        for line, row in read_table(file, report, needs=("name", "year")):
            title, stars = clean_text(row["name"]), row.get("rating", "") or "0"
            if not title or not _is_number(stars):
                report.bad_row(file, line, f"rating {stars[:40]!r} is no number" if title else "has no name")
                continue
            film = Work("video", title, year=clean_year(row["year"]))
            yield Met((film,), liked=heart or float(stars) >= LIKED_STARS)


def trakt(path: Path, report: Report) -> Iterator[Met]:
    """Films and series watched and rated."""
    for file in _files(path, *PATTERNS["trakt"], but=NOT_SEEN):
        _refuse_plans(file)
        favourite = "favorites" in file.name
        for which, entry in _entries(file, report, _json(file, report)):
            if "paused_at" in entry:
                report.note("works were begun and not finished and were left out")
                continue
            named = next(((name, entry[name]) for name in ("movie", "show") if isinstance(entry.get(name), dict)), None)
            title = clean_text(named[1].get("title")) if named else ""
            if named is None or not title:
                report.bad_entry(file, which, "names neither a movie nor a show")
                continue
            ids = named[1].get("ids")
            links = {name: clean_text(key) for name, key in ids.items()} if isinstance(ids, dict) else {}
            forms = ("film", "short") if named[0] == "movie" else ("series",)
            work = Work("video", title, forms, clean_year(named[1].get("year")), links=links)
            whole = "episode" not in entry and "season" not in entry
            rating = entry.get("rating")
            rated_high = isinstance(rating, (int, float)) and rating >= LIKED_OF_TEN
            yield Met((work,), liked=whole and (favourite or rated_high))


def spotify(path: Path, report: Report) -> Iterator[Met]:
    """Tracks and podcasts played, and what was saved to the library."""
    for file in _files(path, *PATTERNS["spotify"]):
        if file.name.startswith("YourLibrary"):
            yield from _library(file, report)
            continue
        for which, entry in _entries(file, report, _json(file, report)):
            artist = clean_text(entry.get("artistName") or entry.get("master_metadata_album_artist_name"))
            track = clean_text(entry.get("trackName") or entry.get("master_metadata_track_name"))
            show = clean_text(entry.get("episode_show_name") or entry.get("podcastName"))
            played = entry.get("msPlayed", entry.get("ms_played"))
            if not isinstance(played, int) or not (show or (artist and track)):
                report.bad_entry(file, which, "names no track and artist, or not how long it was played")
            elif played < PLAYED_MS:
                report.note(f"plays of less than {PLAYED_MS // 1000} seconds were left out")
            else:
                album = clean_text(entry.get("master_metadata_album_album_name"))
                links = _spotify_id(entry.get("spotify_track_uri"), "track")
                yield Met((Work("audio", show, ("podcast",)),) if show else heard(artist, album, track, links), plays=1)


def lastfm(path: Path, report: Report) -> Iterator[Met]:
    """Tracks played."""
    for file in _files(path, *PATTERNS["lastfm"]):
        header, delimiter = _scrobbles(file)
        for line, row in read_table(file, report, header=header, delimiter=delimiter, needs=(ARTIST, TRACK)):
            artist, track = (clean_text(first_of(row, *names.split("|"))) for names in (ARTIST, TRACK))
            if artist and track:
                yield Met(heard(artist, clean_text(first_of(row, "album", "album_name", "albumname")), track), plays=1)
            else:
                report.bad_row(file, line, "has no artist or no track")


def steam(path: Path, report: Report) -> Iterator[Met]:
    """Games played."""
    for file in _files(path, *PATTERNS["steam"]):
        data = _json(file, report)
        response = data.get("response", data) if isinstance(data, dict) else data
        games = response.get("games") if isinstance(response, dict) else response
        if games is None and data is not None:
            report.bad_row(file, 0, "holds no games; Steam tells none of a private profile")
        for which, entry in _entries(file, report, games):
            key, minutes = clean_text(entry.get("appid")), entry.get("playtime_forever")
            if not key or not isinstance(minutes, (int, float)):
                report.bad_entry(file, which, "has no appid or no playtime_forever")
            elif minutes <= 0:
                report.note("games were never played and were left out")
            else:
                game = Work("game", clean_text(entry.get("name")) or f"app {key}", links={"steam": key})
                yield Met((game,), liked=minutes >= LIKED_MINUTES)


EXPORTS: dict[str, Callable[[Path, Report], Iterator[Met]]] = {
    "letterboxd": letterboxd,
    "trakt": trakt,
    "spotify": spotify,
    "lastfm": lastfm,
    "steam": steam,
}


def heard(artist: str, album: str, track: str, links: Mapping[str, str] = EMPTY) -> tuple[Work, ...]:
    """What a play of a track may be in a catalog: the track (with its ids in other databases), its album, its artist."""
    by = (artist,)
    albums = (Work("audio", album, ("album",), creators=by),) if album else ()
    return (Work("audio", track, ("track",), creators=by, links=links), *albums, Work("audio", artist, ("artist",)))


def _library(file: Path, report: Report) -> Iterator[Met]:
    data = _json(file, report)
    if data is not None and not (isinstance(data, dict) and {"tracks", "albums", "shows", "artists"} & data.keys()):
        report.bad_row(file, 0, "holds no library: neither tracks nor albums, shows or artists")
        return
    library = data or {}
    for which, entry in _entries(file, report, library.get("tracks"), " of tracks"):
        artist, track = clean_text(entry.get("artist")), clean_text(entry.get("track"))
        if artist and track:
            yield Met(heard(artist, "", track, _spotify_id(entry.get("uri"), "track"))[:1], liked=True)
        else:
            report.bad_entry(file, which, "has no artist or no track")
    for which, entry in _entries(file, report, library.get("albums"), " of albums"):
        artist, album = clean_text(entry.get("artist")), clean_text(entry.get("album"))
        if artist and album:
            links = _spotify_id(entry.get("uri"), "album")
            yield Met((Work("audio", album, ("album",), creators=(artist,), links=links),), liked=True)
        else:
            report.bad_entry(file, which, "has no artist or no album")
    for section, form, named in (("shows", "podcast", "show"), ("artists", "artist", "artist")):
        for which, entry in _entries(file, report, library.get(section), f" of {section}"):
            if name := clean_text(entry.get("name")):
                yield Met((Work("audio", name, (form,), links=_spotify_id(entry.get("uri"), named)),), liked=True)
            else:
                report.bad_entry(file, which, "has no name")


def _spotify_id(uri: Any, named: str) -> dict[str, str]:
    """The link in an address such as `spotify:track:…`; none if it is of another kind."""
    key = clean_text(uri).removeprefix(f"spotify:{named}:")
    return {"spotify": key} if key and ":" not in key else {}


def _refuse_plans(file: Path) -> None:
    if "watchlist" in file.name:
        raise InputError(f"{file} is what one wants to see, not what one saw: give the whole export, or another file of it")


def _scrobbles(file: Path) -> tuple[tuple[str, ...] | None, str]:
    """The columns of a CSV of scrobbles, if its first line does not name them, and what is between them.

    Raises:
        CatalogError: the first line neither names columns nor is a scrobble.
    """
    lines = next(iter(Lines(file, Report())), "")[:MAX_HEADER].splitlines()
    if not lines:
        return None, ","
    columns = {delimiter: next(csv.reader(lines[:1], delimiter=delimiter), []) for delimiter in ",;\t"}
    for delimiter, found in columns.items():
        names = {column_name(name) for name in found}
        if names & set(ARTIST.split("|")) and names & set(TRACK.split("|")):
            return None, delimiter
    unnamed = ("artist", "album", "track", "date")
    for delimiter, found in columns.items():
        if len(found) == len(unnamed) and (not found[-1] or any(map(str.isdigit, found[-1]))):
            return unnamed, delimiter
    raise CatalogError(
        "neither names columns of artist and track nor is a scrobble: artist, album, track, date", path=str(file), line=1
    )


def _files(path: Path, *names: str, but: tuple[str, ...] = ()) -> list[Path]:
    """The file, or those of the folder that have these names; if there are none, those of the folders in it.

    Args:
        path: the file or folder.
        names: patterns.
        but: how names of files in a folder begin that are not meant.

    Raises:
        DataMissingError: there is none.
    """
    depths = (
        [file for name in names for file in sorted(path.glob(depth + name)) if not (but and file.name.startswith(but))]
        for depth in ("", "*/")
    )
    found = next(filter(None, depths), []) if path.is_dir() else [path]
    if not found or not all(file.is_file() for file in found):
        raise DataMissingError(f"no export at {path}: give a file, or a folder with {', '.join(names)}")
    return found


def _json(file: Path, report: Report) -> Any:
    """What a JSON file holds; None, and a bad row, if it cannot be read or holds nothing."""
    try:
        if file.stat().st_size > MAX_JSON_BYTES:
            raise ValueError(f"more than {MAX_JSON_BYTES:,} bytes")
        data = parse_json(file.read_text(encoding="utf-8-sig"))
        if data is None:
            raise ValueError("it is null")
    except (OSError, ValueError, RecursionError) as error:
        report.bad_row(file, 0, f"cannot be read as JSON: {error}")
        return None
    return data


def _entries(file: Path, report: Report, found: Any, of: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a list that a JSON file holds, and what to call each, numbered from 1; of None, none."""
    if found is not None and not isinstance(found, list):
        report.bad_row(file, 0, "holds no list")
        return
    for number, entry in enumerate(found or [], 1):
        which = f"entry {number}{of}"
        if isinstance(entry, dict):
            yield which, entry
        else:
            report.bad_entry(file, which, "is no object")
    report.on_progress(file.name, 1.0)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
