"""MovieLens (GroupLens), any size: `movies.csv`, `ratings.csv`, `tags.csv`, `links.csv`; the `.dat` files of 1M and 10M; or
`u.item` and `u.data` of 100k, whose `u.user` (age, gender, occupation) has no place in the formats and is not read.

Titles lose their year and get their article back (`Matrix, The (1999)`); further titles in parentheses become aliases. The
20 most used tags of a film are its tags; one that at least 3 people gave and that is the word for a mood is a mood.
Popularity is the number of ratings.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chatrec.catalog.clean import UNREAD, RawItem, clean_text
from chatrec.catalog.interactions import Columns, Interaction, interactions_in
from chatrec.catalog.report import Report
from chatrec.catalog.sources.tables import column_name, data_folder, existing, read_table, required
from chatrec.types import Item

MAIN = ("movies.csv", "movies.dat", "u.item")
MAX_TAGS = 20
MOOD_PEOPLE = 3
_YEAR = re.compile(r"\s*\((\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)\s*$")
_OTHER = re.compile(r"(?<!\bor)(?<!\bor\s)\s*\((?!part\b|vol\b|volume\b|episode\b|chapter\b|\d+\))([^()]*)\)\s*$", re.I)
"""Another title in parentheses; what counts a part, or ends a sentence ("Or (The Unexpected …)"), belongs to the title."""
_ARTICLE = re.compile(
    r"^(.*), (the|a|an|le|la|les|l'|un|une|der|die|das|ein|eine|el|los|las|il|lo|gli|i|o|os|as|de|het|den|det)$", re.I
)
GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy"),
    *("Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
"""The columns of `u.item` that say 0 or 1, in order."""
_COLUMNS = {
    "movies": ("movieid", "title", "genres"),
    "ratings": ("userid", "movieid", "rating", "timestamp"),
    "tags": ("userid", "movieid", "tag", "timestamp"),
    "u.item": ("movieid", "title", "released", "released_on_video", "url", *GENRES),
}
_DELIMITERS = {"u.item": "|", "u.data": "\t"}
_LINK = {"imdb": re.compile(r"(?:tt)?(\d+)"), "tmdb": re.compile(r"(\d+)(?:\.0)?")}
"""Database → how `links.csv` writes its numbers."""
_RATED = Columns("userid", "movieid", "rating", "timestamp")


class MovieLens:
    """A MovieLens folder."""

    def __init__(self, path: Path, report: Report) -> None:
        self._report = report
        path = data_folder(path, *MAIN)
        self._movies = required(path, *MAIN)
        self._tags = existing(path, "tags.csv", "tags.dat")
        self._links = existing(path, "links.csv")
        self._ratings = existing(path, "ratings.csv", "ratings.dat", "u.data")
        self.value = "rating" if self._ratings else None
        self.files = tuple(file for file in (self._tags, self._links, self._movies, self._ratings) if file)

    def items(self) -> Iterator[RawItem]:
        """The films."""
        tags, links = self._read_tags(), self._read_links()
        for line, row in self._rows(self._movies, "movies"):
            key = row["movieid"].strip()
            if not key.isdecimal():
                self._report.bad_row(self._movies, line, f"movieId {key[:40]!r} is no number")
                continue
            given = tags.pop(key, Counter()).most_common(MAX_TAGS)
            title, aliases, year = split_title(row["title"])
            fields: dict[str, Any] = {"id": f"movielens:{key}", "kind": "video", "form": "film", "title": title}
            fields |= {"aliases": aliases, "year": year or row.get("released", ""), "genres": _genres(row)}
            fields["moods"] = [tag for tag, people in given if people >= MOOD_PEOPLE]
            fields["tags"] = [tag for tag, people in given if people < MOOD_PEOPLE]
            fields["links"] = {"movielens": key} | links.pop(key, {})
            yield RawItem(str(self._movies), line, fields)
        self._report.note(f"tags of films that {self._movies.name} lacks were left out", sum(map(Counter.total, tags.values())))
        self._report.note(f"links of films that {self._movies.name} lacks were left out", len(links))

    def interactions(self, items: Mapping[str, Item]) -> Iterator[Interaction]:
        """The ratings."""
        if self._ratings is None:
            return
        rows = self._rows(self._ratings, "ratings")
        for one in interactions_in(rows, self._ratings, self._report, _RATED, "movielens:{}".format):
            if 0 <= one.value <= 5:
                yield one
            else:
                self._report.bad_row(self._ratings, one.line, f"rating {one.value:g} is not from 0 to 5")

    def _rows(self, path: Path, table: str) -> Iterator[tuple[int, dict[str, str]]]:
        name = path.name.removesuffix(".gz")
        columns = _COLUMNS.get(name, _COLUMNS[table])
        if name in _DELIMITERS:
            return read_table(path, self._report, header=columns, delimiter=_DELIMITERS[name], quoted=False)
        if ".dat" in path.suffixes:
            return read_table(path, self._report, header=columns, delimiter="::", quoted=False)
        return read_table(path, self._report, needs=columns)

    def _read_tags(self) -> dict[str, Counter[str]]:
        tags: dict[str, Counter[str]] = defaultdict(Counter)
        if self._tags:
            for _, row in self._rows(self._tags, "tags"):
                if tag := clean_text(row["tag"]).lower():
                    tags[row["movieid"].strip()][tag] += 1
                else:
                    self._report.note("tags are empty and were left out")
        return tags

    def _read_links(self) -> dict[str, dict[str, str]]:
        if self._links is None:
            return {}
        rows = read_table(self._links, self._report, needs=("movieid", "imdbid"))
        return {row["movieid"].strip(): {name: self._link(name, row) for name in _LINK} for _, row in rows}

    def _link(self, name: str, row: Mapping[str, str]) -> str:
        text = row.get(f"{name}id", "").strip()
        found = _LINK[name].fullmatch(text)
        if text and not found:
            self._report.note(UNREAD.format("links"))
        number = found[1] if found else ""
        return f"tt{number.zfill(7)}" if number and name == "imdb" else number


def _genres(row: Mapping[str, str]) -> list[str]:
    if "genres" in row:
        return row["genres"].split("|")
    return [name for name in GENRES[1:] if row[column_name(name)].strip() == "1"]


def split_title(text: str) -> tuple[str, list[str], str]:
    """Title, other titles and year of a MovieLens title.

    >>> split_title("City of Lost Children, The (Cité des enfants perdus, La) (1995)")
    ('The City of Lost Children', ['La Cité des enfants perdus'], '1995')
    >>> split_title("Kettle: Or (The Long Boil) (2014)"), split_title("Two Rivers (Part 2) (1999)")
    (('Kettle: Or (The Long Boil)', [], '2014'), ('Two Rivers (Part 2)', [], '1999'))
    """
    found = _YEAR.search(text)
    year, rest, others = (found[1], text[: found.start()], []) if found else ("", text, [])
    while (other := _OTHER.search(rest)) and rest[: other.start()].strip():
        others.insert(0, re.sub(r"^a\.?k\.?a\.?\s*", "", other[1], flags=re.I))
        rest = rest[: other.start()]
    return _straight(rest), [_straight(one) for one in others], year


def _straight(title: str) -> str:
    found = _ARTICLE.match(title.strip())
    if not found:
        return title.strip()
    return f"{found[2]}{'' if found[2].endswith(chr(39)) else ' '}{found[1]}"
