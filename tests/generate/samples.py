"""Items and ledgers that the tests of this folder share."""

from __future__ import annotations

from typing import Any

from chatrec.generate.facts import FactContext
from chatrec.types import Candidate, Constraint, Item, Language, Ledger, Opinion

ALIEN = Item(
    id="video:alien",
    kind="video",
    form="film",
    title="Alien",
    aliases=("异形",),
    year=1979,
    creators=("Ridley Scott",),
    cast=("Sigourney Weaver", "Tom Skerritt"),
    genres=("horror", "science fiction"),
    moods=("tense", "scary"),
    themes=("space", "isolation", "aliens"),
    tags=("cult",),
    minutes=117,
    age=16,
    language="en",
    countries=("GB", "US"),
    popularity=90,
)
SHOPLIFTERS = Item(
    id="video:shoplifters",
    kind="video",
    form="film",
    title="Shoplifters",
    aliases=("万引き家族", "小偷家族"),
    year=2018,
    creators=("Hirokazu Kore-eda",),
    genres=("drama", "crime"),
    moods=("bittersweet", "tender"),
    themes=("found family", "poverty"),
    minutes=121,
    age=12,
    language="ja",
    countries=("JP",),
    popularity=40,
)
HOMOGENIC = Item(
    id="audio:homogenic",
    kind="audio",
    form="album",
    title="Homogenic",
    year=1997,
    creators=("Björk",),
    genres=("electronic", "pop"),
    moods=("intense", "epic"),
    themes=("love", "nature"),
    minutes=43,
    language="en",
    countries=("IS",),
    popularity=30,
)
FTL = Item(
    id="game:ftl",
    kind="game",
    form="game",
    title="FTL",
    year=2012,
    creators=("Subset Games",),
    genres=("roguelike", "strategy"),
    moods=("tense",),
    themes=("space", "spaceship crew"),
    tags=("single-player", "pixel art"),
    minutes=1200,
    language="en",
    popularity=50,
)
SERIES = Item(
    id="video:midnight-diner",
    kind="video",
    form="series",
    title="Midnight Diner",
    genres=("drama",),
    minutes=24,
    themes=("food",),
)
BARE = Item(id="video:bare", kind="video", title="Bare")
ITEMS = (ALIEN, SHOPLIFTERS, HOMOGENIC, FTL, SERIES, BARE)
CATALOG = {item.id: item for item in ITEMS}


def context(language: Language = "en", near: dict[str, tuple[str, float]] | None = None, **ledger: Any) -> FactContext:
    return FactContext(Ledger(**ledger), CATALOG, near or {}, language)


def likes(*ids: str) -> tuple[Opinion, ...]:
    return tuple(Opinion(item_id=item_id, sentiment="liked") for item_id in ids)


def must(field: str, *values: str) -> Constraint:
    return Constraint(field=field, op="in", value=values)


def slots(*items: Item) -> tuple[Candidate, ...]:
    return tuple(Candidate(item=item) for item in items or ITEMS)
