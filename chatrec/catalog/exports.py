"""What services hand a person of their own history, read as `Met`s: what they saw, heard or played.

An export may be given as it was downloaded, as a `.zip`.

| source | PATH | liked |
|---|---|---|
| `letterboxd` | the export, or one of its CSV files | 4 stars or more, or a heart (`likes/films.csv`) |
| `trakt` | a JSON file, or a folder of them (`ratings…`, `watched…`, `history…`) | rated 8 of 10 or more |
| `spotify` | the export (`StreamingHistory…`, `Streaming_History_Audio…`, `YourLibrary.json`), or one of these | saved, followed|
| `lastfm` | a CSV of scrobbles: artist, album, track, date, or with a header that names them | |
| `steam` | the JSON of `GetOwnedGames` | played 10 hours or more |

A track that was played for 30 seconds counts as one play; what `LIKED_PLAYS` plays were counted of is liked, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatrec.catalog.clean import clean_text, clean_year
from chatrec.catalog.read import parse_json
from chatrec.catalog.report import Report
from chatrec.catalog.sources.tables import read_table
from chatrec.errors import DataMissingError
from chatrec.types import Kind

LIKED_PLAYS = 5
LIKED_STARS, LIKED_OF_TEN, LIKED_MINUTES = 4.0, 8, 600
PLAYED_MS = 30_000
MAX_JSON_BYTES = 1 << 28


PATTERNS: dict[str, tuple[str, ...]] = {
    "letterboxd": ("watched.csv", "diary.csv", "ratings.csv", "reviews.csv", "likes/films.csv"),
    "trakt": ("*ratings*.json", "*watched*.json", "*history*.json"),
    "spotify": ("StreamingHistory*.json", "Streaming_History_Audio*.json", "YourLibrary*.json"),
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
    for file in _files(path, *PATTERNS["trakt"]):
        for number, entry in _entries(file, report):
            named = next(((name, entry[name]) for name in ("movie", "show") if isinstance(entry.get(name), dict)), None)
            title = clean_text(named[1].get("title")) if named else ""
            if named is None or not title:
                report.bad_row(file, number, "names neither a movie nor a show")
                continue
            ids = named[1].get("ids")
            links = {name: clean_text(key) for name, key in ids.items()} if isinstance(ids, dict) else {}
            forms = ("film", "short") if named[0] == "movie" else ("series",)
            work = Work("video", title, forms, clean_year(named[1].get("year")), links=links)
            whole = "episode" not in entry and "season" not in entry
            rating = entry.get("rating")
            yield Met((work,), liked=whole and isinstance(rating, (int, float)) and rating >= LIKED_OF_TEN)


def spotify(path: Path, report: Report) -> Iterator[Met]:
    """Tracks and podcasts played, and what was saved to the library."""
    for file in _files(path, *PATTERNS["spotify"]):
        if file.name.startswith("YourLibrary"):
            yield from _library(file, report)
            continue
        for number, entry in _entries(file, report):
            artist = clean_text(entry.get("artistName") or entry.get("master_metadata_album_artist_name"))
            track = clean_text(entry.get("trackName") or entry.get("master_metadata_track_name"))
            show = clean_text(entry.get("episode_show_name") or entry.get("podcastName"))
            played = entry.get("msPlayed", entry.get("ms_played"))
            if not isinstance(played, int) or not (show or (artist and track)):
                report.bad_row(file, number, "names no track and artist, or not how long it was played")
            elif played >= PLAYED_MS:
                album = clean_text(entry.get("master_metadata_album_album_name"))
                yield Met((Work("audio", show, ("podcast",)),) if show else heard(artist, album, track), plays=1)


def lastfm(path: Path, report: Report) -> Iterator[Met]:
    """Tracks played."""
    for file in _files(path, *PATTERNS["lastfm"]):
        with file.open("rb") as stream:
            named = b"artist" in stream.readline(4096).lower().replace(b'"', b"").split(b",")
        header = None if named else ("artist", "album", "track", "date")
        for line, row in read_table(file, report, header=header, needs=("artist", "track")):
            artist, track = clean_text(row["artist"]), clean_text(row["track"])
            if artist and track:
                yield Met(heard(artist, clean_text(row.get("album")), track), plays=1)
            else:
                report.bad_row(file, line, "has no artist or no track")


def steam(path: Path, report: Report) -> Iterator[Met]:
    """Games played."""
    for file in _files(path, *PATTERNS["steam"]):
        for number, entry in _entries(file, report, "response", "games"):
            key, minutes = clean_text(entry.get("appid")), entry.get("playtime_forever")
            if not key or not isinstance(minutes, (int, float)):
                report.bad_row(file, number, "has no appid or no playtime_forever")
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


def heard(artist: str, album: str, track: str) -> tuple[Work, ...]:
    """What a play of a track may be in a catalog: the track, its album, its artist."""
    by = (artist,)
    albums = (Work("audio", album, ("album",), creators=by),) if album else ()
    return (Work("audio", track, ("track",), creators=by), *albums, Work("audio", artist, ("artist",)))


def _library(file: Path, report: Report) -> Iterator[Met]:
    for number, entry in _entries(file, report, "tracks"):
        artist, track = clean_text(entry.get("artist")), clean_text(entry.get("track"))
        if artist and track:
            yield Met(heard(artist, clean_text(entry.get("album")), track)[:1], liked=True)
        else:
            report.bad_row(file, number, "has no artist or no track")
    for number, entry in _entries(file, report, "albums"):
        artist, album = clean_text(entry.get("artist")), clean_text(entry.get("album"))
        if artist and album:
            yield Met((Work("audio", album, ("album",), creators=(artist,)),), liked=True)
        else:
            report.bad_row(file, number, "has no artist or no album")
    for section, form in (("shows", "podcast"), ("artists", "artist")):
        for number, entry in _entries(file, report, section):
            if name := clean_text(entry.get("name")):
                yield Met((Work("audio", name, (form,)),), liked=True)
            else:
                report.bad_row(file, number, f"one of the {section} has no name")


def _files(path: Path, *names: str) -> list[Path]:
    """The file, or those of the folder that have these names; if there are none, those of the folders in it.

    Raises:
        DataMissingError: there is none.
    """
    depths = ([file for name in names for file in sorted(path.glob(depth + name))] for depth in ("", "*/"))
    found = next(filter(None, depths), []) if path.is_dir() else [path]
    if not found or not all(file.is_file() for file in found):
        raise DataMissingError(f"no export at {path}: give a file, or a folder with {', '.join(names)}")
    return found


def _entries(file: Path, report: Report, *inside: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON list, numbered from 1; `inside` is the way to the list, where the file is an object."""
    try:
        if file.stat().st_size > MAX_JSON_BYTES:
            raise ValueError(f"more than {MAX_JSON_BYTES:,} bytes")
        data = parse_json(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        report.bad_row(file, 1, f"cannot be read as JSON: {error}")
        return
    for key in inside:
        data = data.get(key, []) if isinstance(data, dict) else data
    if not isinstance(data, list):
        report.bad_row(file, 1, "holds no list")
        return
    for number, entry in enumerate(data, 1):
        if isinstance(entry, dict):
            yield number, entry
        else:
            report.bad_row(file, number, "is no object")
    report.on_progress(file.name, 1.0)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
