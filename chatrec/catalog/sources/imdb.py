"""IMDb's public tables: `title.basics.tsv`, `title.ratings.tsv`, `title.principals.tsv`, `title.crew.tsv`, `name.basics.tsv`,
plain or `.gz`; the first alone will do.

Titles with fewer than `MIN_VOTES` votes are left out and counted where `title.ratings` is there, and so are episodes, pilots and
other types that are no works. Popularity is the number of votes. Directors (of series: their creators) are `creators`, the
first five actors `cast`; `title.crew` is read for the directors of what has no creators in `title.principals`, and of a series
names those of single episodes. IMDb says "adult", so `age` is 18 there and unknown elsewhere. The running time of a series above
`MAX_EPISODE_MINUTES` is that of all its episodes and is left out; below, nothing tells the two apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatrec.catalog.clean import NULL, RawItem, clean_number
from chatrec.catalog.interactions import Interaction, ValueKind
from chatrec.catalog.report import Report
from chatrec.catalog.sources.tables import data_folder, existing, read_table, required
from chatrec.types import Item

MIN_VOTES = 100
MAX_CAST = 5
MAX_EPISODE_MINUTES = 120
ACTORS = frozenset({"actor", "actress", "self"})
TYPES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "movie": ("video", "film", ()),
    "tvMovie": ("video", "film", ("tv film",)),
    "tvSpecial": ("video", "film", ("tv special",)),
    "video": ("video", "film", ()),
    "short": ("video", "short", ()),
    "tvShort": ("video", "short", ()),
    "tvSeries": ("video", "series", ()),
    "tvMiniSeries": ("video", "series", ("miniseries",)),
    "videoGame": ("game", "game", ()),
}
"""IMDb's type → kind, form and tags."""
_CREATED = re.compile(r"(?<!characters )\b(?:creator|created by)\b", re.I)
"""In a job: who made the work, and not only the characters that it is about."""


@dataclass
class _Title:
    line: int
    fields: dict[str, Any]
    creators: list[str] = field(default_factory=list)
    cast: list[str] = field(default_factory=list)
    """Ids of people, in billing order."""


class IMDb:
    """A folder of IMDb's tables."""

    value: ValueKind | None = None

    def __init__(self, path: Path, report: Report) -> None:
        self._report = report
        path = data_folder(path, "title.basics.tsv")
        self._basics = required(path, "title.basics.tsv")
        self._ratings = existing(path, "title.ratings.tsv")
        self._principals = existing(path, "title.principals.tsv")
        self._crew = existing(path, "title.crew.tsv")
        self._names = existing(path, "name.basics.tsv")
        files = (self._ratings, self._basics, self._principals, self._crew, self._names)
        self.files = tuple(file for file in files if file)

    def items(self) -> Iterator[RawItem]:
        """The titles that are works and that people know."""
        titles = self._read_titles(self._read_votes())
        self._add_people(titles)
        self._add_directors(titles)
        self._tell_missing(len(titles))
        names = self._read_names({person for title in titles.values() for person in (*title.creators, *title.cast)})
        for title in titles.values():
            if self._names:
                unnamed = sum(person not in names for person in (*title.creators, *title.cast))
                self._report.note(f"credits of people that {self._names.name} lacks were left out", unnamed)
            title.fields["creators"] = [names[person] for person in title.creators if person in names]
            title.fields["cast"] = [names[person] for person in title.cast if person in names]
            yield RawItem(str(self._basics), title.line, title.fields)

    def interactions(self, items: Mapping[str, Item]) -> Iterator[Interaction]:
        """None: IMDb publishes no single votes."""
        return iter(())

    def _rows(self, path: Path, *needs: str) -> Iterator[tuple[int, dict[str, str]]]:
        return read_table(path, self._report, needs=needs, delimiter="\t", quoted=False)

    def _read_votes(self) -> dict[str, float] | None:
        if self._ratings is None:
            return None
        votes: dict[str, float] = {}
        for line, row in self._rows(self._ratings, "tconst", "numvotes"):
            count = clean_number(row["numvotes"])
            if count is None:
                self._report.bad_row(self._ratings, line, f"numVotes {row['numvotes'][:40]!r} is no number")
            elif count >= MIN_VOTES:
                votes[row["tconst"]] = count
        return votes

    def _read_titles(self, votes: Mapping[str, float] | None) -> dict[str, _Title]:
        titles: dict[str, _Title] = {}
        for line, row in self._rows(self._basics, "tconst", "titletype", "primarytitle", "startyear", "genres"):
            key, kind = row["tconst"], row["titletype"]
            if not key.startswith("tt"):
                self._report.bad_row(self._basics, line, f"tconst {key[:40]!r} is no title id")
            elif kind not in TYPES:
                self._report.note("titles were left out: episodes, pilots and other types that are no works")
            elif votes is not None and key not in votes:
                self._report.note(f"titles were left out: fewer than {MIN_VOTES} votes")
            else:
                titles[key] = _Title(line, _fields(key, row) | {"popularity": votes[key] if votes else None})
                self._check_minutes(titles[key].fields)
        return titles

    def _check_minutes(self, fields: dict[str, Any]) -> None:
        if fields["form"] == "series" and (clean_number(fields["minutes"]) or 0) > MAX_EPISODE_MINUTES:
            fields["minutes"] = None
            self._report.note(
                f"running times of series were left out: above {MAX_EPISODE_MINUTES} minutes, all episodes together"
            )

    def _add_people(self, titles: Mapping[str, _Title]) -> None:
        """Note who made and who plays in these titles; the table lists people in billing order."""
        if self._principals is None:
            return
        for _, row in self._rows(self._principals, "tconst", "nconst", "category"):
            title = titles.get(row["tconst"])
            if title is None:
                continue
            if row["category"] in ACTORS and len(title.cast) < MAX_CAST:
                title.cast.append(row["nconst"])
            elif row["category"] in ("director", "creator") or _CREATED.search(row.get("job", "")):
                title.creators.append(row["nconst"])

    def _add_directors(self, titles: Mapping[str, _Title]) -> None:
        """Note the directors of titles that have no creators yet; of series, they are those of single episodes."""
        if self._crew is None:
            return
        for _, row in self._rows(self._crew, "tconst", "directors"):
            title = titles.get(row["tconst"])
            if title and not title.creators and title.fields["form"] != "series" and row["directors"] != NULL:
                title.creators += row["directors"].split(",")

    def _tell_missing(self, titles: int) -> None:
        """What cannot be told of these titles for want of a table."""
        if self._ratings is None:
            self._report.note("titles were taken however few their votes, for want of title.ratings.tsv", titles)
        if self._principals is None and self._crew is None:
            self._report.note("titles have no people, for want of title.principals.tsv or title.crew.tsv", titles)
        elif self._names is None:
            self._report.note("titles have no people, for want of name.basics.tsv", titles)
        elif self._principals is None:
            self._report.note("titles have no cast, and series no creators, for want of title.principals.tsv", titles)

    def _read_names(self, wanted: set[str]) -> dict[str, str]:
        if self._names is None or not wanted:
            return {}
        rows = self._rows(self._names, "nconst", "primaryname")
        return {row["nconst"]: row["primaryname"] for _, row in rows if row["nconst"] in wanted}


def _fields(key: str, row: Mapping[str, str]) -> dict[str, Any]:
    kind, form, tags = TYPES[row["titletype"]]
    genres = [] if row["genres"] == NULL else row["genres"].split(",")
    minutes = row.get("runtimeminutes", NULL)
    return {
        "id": f"imdb:{key}",
        "kind": kind,
        "form": form,
        "title": row["primarytitle"],
        "aliases": [row.get("originaltitle", "")],
        "year": row["startyear"],
        "genres": genres,
        "tags": tags,
        "minutes": minutes,
        "age": 18 if row.get("isadult") == "1" else None,
        "links": {"imdb": key},
    }
