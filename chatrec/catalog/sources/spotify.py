"""Spotify tracks: a CSV with audio features, as several data sets on Kaggle have it; columns are found by name.

Moods are read off the features (0 to 1; tempo in beats per minute) where these are clear, by `MOODS`; a track that no rule
fits has none. They are a rule of thumb of this project, not Spotify's word. The features stay in the item as `audio_features`.
A feature that is out of
range is left out. Tags are added by `TAGS`, and `explicit`. A track with several rows, one a genre, becomes one item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from chatrec.catalog.clean import UNREAD, RawItem, clean_number, clean_value
from chatrec.catalog.interactions import Interaction, ValueKind
from chatrec.catalog.report import Report
from chatrec.catalog.sources.tables import first_of, read_table
from chatrec.types import Item

FEATURES = ("tempo", "energy", "valence", "danceability", "acousticness", "instrumentalness", "liveness")
Ranges = Mapping[str, tuple[float, float]]
MOODS: dict[str, Ranges] = {
    "cheerful": {"valence": (0.7, 1), "energy": (0.5, 1)},
    "energetic": {"energy": (0.8, 1), "tempo": (110, 250)},
    "intense": {"energy": (0.9, 1), "valence": (0, 0.4)},
    "calm": {"energy": (0, 0.35), "tempo": (1, 120)},
    "melancholic": {"valence": (0, 0.25), "energy": (0, 0.5)},
    "tender": {"acousticness": (0.7, 1), "energy": (0, 0.4), "valence": (0.3, 0.7)},
    "dreamy": {"instrumentalness": (0.6, 1), "energy": (0, 0.45), "acousticness": (0.3, 1)},
}
"""Mood → the ranges (inclusive) that all have to hold."""
TAGS: dict[str, Ranges] = {
    "acoustic": {"acousticness": (0.8, 1)},
    "danceable": {"danceability": (0.75, 1)},
    "instrumental": {"instrumentalness": (0.8, 1)},
    "live": {"liveness": (0.8, 1)},
    "slow": {"tempo": (1, 80)},
    "fast": {"tempo": (140, 250)},
}
EXPLICIT = ("true", "1", "yes")
_LIMITS = dict.fromkeys(FEATURES, 1.0) | {"tempo": 300.0}
_QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")


class Spotify:
    """A CSV of tracks."""

    value: ValueKind | None = None

    def __init__(self, path: Path, report: Report) -> None:
        self._path, self._report = path, report
        self.files = (path,)

    def items(self) -> Iterator[RawItem]:
        """The tracks."""
        for line, row in read_table(self._path, self._report, needs=("track_id|id", "track_name|name")):
            key = first_of(row, "track_id", "id").strip()
            if not key:
                self._report.bad_row(self._path, line, "has no track_id")
                continue
            features = self._features(row)
            length = first_of(row, "duration_ms")
            milliseconds = clean_number(length)
            tags = [name for name, ranges in TAGS.items() if fits(features, ranges)]
            tags += ["explicit"] if first_of(row, "explicit", "track_explicit").strip().lower() in EXPLICIT else []
            yield RawItem(
                str(self._path),
                line,
                {
                    "id": f"spotify:{key}",
                    "kind": "audio",
                    "form": "track",
                    "title": first_of(row, "track_name", "name"),
                    "creators": names(first_of(row, "artists", "artist_name", "track_artist", "artist")),
                    "year": first_of(row, "release_date", "track_album_release_date", "year"),
                    "genres": names(first_of(row, "track_genre", "playlist_genre", "genre", "genres")),
                    "moods": [name for name, ranges in MOODS.items() if fits(features, ranges)],
                    "tags": tags,
                    "language": "zxx" if "instrumental" in tags else first_of(row, "language"),
                    "minutes": length if milliseconds is None else milliseconds / 60_000,
                    "popularity": first_of(row, "popularity", "track_popularity"),
                    "links": {"spotify": key},
                    "audio_features": features,
                },
            )

    def _features(self, row: Mapping[str, str]) -> dict[str, float]:
        """The audio features that are known and in range."""
        found: dict[str, float] = {}
        for name in FEATURES:
            text = clean_value(row.get(name))
            value = clean_number(text)
            if value is not None and value <= _LIMITS[name]:
                found[name] = value
            elif text:
                self._report.note(UNREAD.format(name))
        return found

    def interactions(self, items: Mapping[str, Item]) -> Iterator[Interaction]:
        """None: a table of tracks knows no listeners."""
        return iter(())


def fits(features: Mapping[str, float], ranges: Ranges) -> bool:
    """Whether all these features are known and in their ranges."""
    return all(name in features and low <= features[name] <= high for name, (low, high) in ranges.items())


def names(text: str) -> list[str]:
    """The values of a list in one cell: `['A', 'B']` or `A;B`.

    >>> names('''['Ann Lee', "Bo's Band"]'''), names("Ann Lee;Bo"), names("Ann, Lee")
    (['Ann Lee', "Bo's Band"], ['Ann Lee', 'Bo'], ['Ann, Lee'])
    """
    if text.startswith("[") and text.endswith("]"):
        return [re.sub(r"\\(.)", r"\1", one or other) for one, other in _QUOTED.findall(text)]
    return text.split(";")
