"""Last.fm as HetRec 2011 published it: `artists.dat`, `user_artists.dat`, `tags.dat`, `user_taggedartists.dat`.

What at least 2 listeners call an artist is a genre or mood if it is the word for one; everything else, up to the 20 most
frequent tags, stays a tag. Popularity is the number of listeners, an interaction's value the number of plays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from chatrec.catalog.clean import RawItem, clean_text
from chatrec.catalog.interactions import Interaction, ValueKind
from chatrec.catalog.report import Report
from chatrec.catalog.sources.tables import data_folder, existing, read_table, required
from chatrec.types import Item

MAX_TAGS = 20
AGREED = 2
"""Listeners who have to give a tag before it says more than that one of them thought so."""


class LastFM:
    """A folder of the HetRec 2011 Last.fm data set."""

    def __init__(self, path: Path, report: Report) -> None:
        self._report = report
        path = data_folder(path, "artists.dat")
        self._artists = required(path, "artists.dat")
        self._plays = existing(path, "user_artists.dat")
        self._tag_names = existing(path, "tags.dat")
        self._tagged = existing(path, "user_taggedartists.dat")
        self.value: ValueKind | None = "plays" if self._plays else None
        self.files = tuple(file for file in (self._artists, self._tag_names, self._tagged, self._plays) if file)

    def items(self) -> Iterator[RawItem]:
        """The artists."""
        tags = self._read_tags()
        for line, row in self._rows(self._artists, "id", "name"):
            given = tags.pop(row["id"].strip(), Counter()).most_common(MAX_TAGS)
            yield RawItem(
                str(self._artists),
                line,
                {
                    "id": f"lastfm:{row['id'].strip()}" if row["id"].strip() else "",
                    "kind": "audio",
                    "form": "artist",
                    "title": row["name"],
                    "genres": [tag for tag, listeners in given if listeners >= AGREED],
                    "tags": [tag for tag, listeners in given if listeners < AGREED],
                    "links": {"lastfm": row.get("url", "")},
                },
            )

        self._report.note(
            f"tags of artists that {self._artists.name} lacks were left out", sum(map(Counter.total, tags.values()))
        )

    def interactions(self, items: Mapping[str, Item]) -> Iterator[Interaction]:
        """The plays."""
        if self._plays is None:
            return
        file = str(self._plays)
        for line, row in self._rows(self._plays, "userid", "artistid", "weight"):
            if row["weight"].strip().isdecimal():
                yield Interaction(file, line, row["userid"], f"lastfm:{row['artistid'].strip()}", float(row["weight"]))
            else:
                self._report.bad_row(file, line, f"weight {row['weight'][:40]!r} is no number of plays")

    def _rows(self, path: Path, *needs: str) -> Iterator[tuple[int, dict[str, str]]]:
        return read_table(path, self._report, needs=needs, delimiter="\t", quoted=False)

    def _read_tags(self) -> dict[str, Counter[str]]:
        tags: dict[str, Counter[str]] = defaultdict(Counter)
        if self._tag_names is None or self._tagged is None:
            return tags
        names = {row["tagid"]: clean_text(row["tagvalue"]).lower() for _, row in self._rows(self._tag_names, "tagid", "tagvalue")}
        for line, row in self._rows(self._tagged, "artistid", "tagid"):
            if row["tagid"] in names:
                tags[row["artistid"].strip()][names[row["tagid"]]] += 1
            else:
                self._report.bad_row(self._tagged, line, f"tag {row['tagid'][:40]!r} is not in {self._tag_names.name}")
        return tags
