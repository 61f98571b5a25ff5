"""Steam: a store table and, if there is one, who played how long.

PATH is a store CSV, or a folder with `steam.csv` or `games.csv` and beside it, if there, `steam_description_data.csv` and
`steam-200k.csv` or `playtime.csv`. Known store tables are those of nikdavis (`steam.csv`, lists by `;`) and FronkonGames
(`games.csv`, lists by `,`); columns are found by name. The playtime table is that of tamber (`steam-200k.csv`: user, title,
`purchase` or `play`, hours, without a header), or has a header with `user_id`, `appid` or a title in `game`, and `hours` or
`minutes`. Games that it names by title are found by their normalised title.

`minutes` is the median time played, if known. Popularity is the middle of the range of owners; without it, the number of reviews.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chatrec.catalog.clean import RawItem, clean_number, clean_text, title_key
from chatrec.catalog.interactions import Interaction, ValueKind
from chatrec.catalog.report import Report
from chatrec.catalog.sources.tables import existing, first_of, read_table, required
from chatrec.errors import DataMissingError
from chatrec.types import Item

PLAYTIME = ("user_id", "game", "behavior", "hours", "zero")
"""Columns of `steam-200k.csv`, which names none."""
GLUED = {"discountdlc_count": ("discount", "dlc_count")}
"""A comma that the header of FronkonGames' `games.csv` lacks and its rows have."""
USER = ("user_id", "userid", "user", "steamid")
GAME = ("appid", "app_id", "item_id", "game", "title", "name")
TIME = ("hours", "playtime", "value", "minutes", "playtime_forever")
NEEDS = ("|".join(USER), "|".join(GAME), "|".join(TIME))
"""What columns of a playtime table with a header are called: of each kind one must be there."""
APP_ID = ("appid", "steam_appid", "app_id")
MAX_TAGS = 20
_REVIEWS = (("positive_ratings", "positive"), ("negative_ratings", "negative"))
_DLC = re.compile(r"\b(dlc|downloadable content|season pass)\b", re.I)


class Steam:
    """A store table with its playtimes."""

    def __init__(self, path: Path, report: Report) -> None:
        self._report = report
        folder = path if path.is_dir() else None
        self._store = required(folder, "steam.csv", "games.csv") if folder else path
        if not self._store.is_file():
            raise DataMissingError(f"no file {path}")
        self._texts = existing(folder, "steam_description_data.csv") if folder else None
        self._headless = existing(folder, "steam-200k.csv") if folder else None
        self._playtime = self._headless or (existing(folder, "playtime.csv") if folder else None)
        self.value: ValueKind | None = "hours" if self._playtime else None
        self.files = tuple(file for file in (self._texts, self._store, self._playtime) if file)

    def items(self) -> Iterator[RawItem]:
        """The games of the store."""
        texts = self._read_texts()
        needs = ("|".join(APP_ID), "name|title")
        for line, row in read_table(self._store, self._report, needs=needs, glued=GLUED):
            key = first_of(row, *APP_ID).strip()
            if not key.isdecimal():
                self._report.bad_row(self._store, line, f"app id {key[:40]!r} is no number")
                continue
            yield RawItem(str(self._store), line, _game(key, row) | ({"description": texts[key]} if key in texts else {}))

    def interactions(self, items: Mapping[str, Item]) -> Iterator[Interaction]:
        """Hours played; a game that was bought and never played counts 0."""
        if self._playtime is None:
            return
        file, by_title = str(self._playtime), _by_title(items)
        header = PLAYTIME if self._headless else None
        for line, row in read_table(self._playtime, self._report, header=header, needs=NEEDS):
            key, title = first_of(row, *GAME[:3]).strip(), first_of(row, *GAME[3:])
            user = first_of(row, *USER)
            try:
                hours = _hours(row)
            except ValueError as error:
                self._report.bad_row(file, line, str(error))
                continue
            item = f"steam:{key.removeprefix('steam:')}" if key else by_title.get(title_key(clean_text(title)), "")
            yield Interaction(file, line, user.strip(), item, hours)

    def _read_texts(self) -> dict[str, str]:
        if self._texts is None:
            return {}
        rows = read_table(self._texts, self._report, needs=("steam_appid",))
        return {row["steam_appid"].strip(): first_of(row, "short_description", "about_the_game") for _, row in rows}


def _game(key: str, row: dict[str, str]) -> dict[str, Any]:
    separator = ";" if any(";" in row.get(name, "") for name in ("categories", "genres", "steamspy_tags")) else ","

    def several(*names: str, by: str = separator) -> list[str]:
        return first_of(row, *names).split(by)

    title = first_of(row, "name", "title")
    makers = ";" if separator == ";" or ";" in first_of(row, "developer", "developers") else ","
    played = first_of(row, "median_playtime", "median_playtime_forever")
    return {
        "id": f"steam:{key}",
        "kind": "game",
        "form": "dlc" if _DLC.search(title) or _DLC.search(first_of(row, "categories")) else "game",
        "title": title,
        "year": first_of(row, "release_date", "year"),
        "creators": several("developer", "developers", by=makers),
        "publishers": several("publisher", "publishers", by=makers),
        "genres": [*several("genres"), *several("steamspy_tags", "tags")[:MAX_TAGS]],
        "tags": several("categories"),
        "description": first_of(row, "short_description", "description", "about_the_game"),
        "age": first_of(row, "required_age"),
        "minutes": played if played.strip() not in ("", "0") else None,
        "popularity": _owners(row),
        "links": {"steam": key},
    }


def _owners(row: dict[str, str]) -> float | None:
    text = first_of(row, "owners", "estimated_owners").replace(",", "")
    numbers = [int(number) for number in re.findall(r"\d{1,12}", text)]
    if numbers:
        return sum(numbers[:2]) / len(numbers[:2])
    reviews = [clean_number(first_of(row, *names)) for names in _REVIEWS]
    return sum(count or 0 for count in reviews) if any(count is not None for count in reviews) else None


def _by_title(items: Mapping[str, Item]) -> dict[str, str]:
    """Normalised title → id, for titles that only one game has."""
    keys = {item.id: title_key(item.title) for item in items.values()}
    times = Counter(keys.values())
    return {key: item_id for item_id, key in keys.items() if times[key] == 1}


def _hours(row: dict[str, str]) -> float:
    """Hours of a row.

    Raises:
        ValueError: there is no number of hours or minutes.
    """
    behavior = row.get("behavior", "play").strip()
    if behavior == "purchase":
        return 0.0
    if behavior != "play":
        raise ValueError(f"{behavior[:40]!r} is neither purchase nor play")
    hours, minutes = first_of(row, *TIME[:3]), first_of(row, *TIME[3:])
    try:
        return float(hours) if hours else float(minutes) / 60
    except ValueError:
        raise ValueError(f"{(hours or minutes)[:40]!r} is no number of hours") from None
