"""How well the picks fit what was asked softly: themes, moods, closeness to a title. Prints precision@5 per request.

Each request comes with a predicate over catalog fields that a fitting pick meets; it was written with the request, before any
answer was seen. It is a lower bound (a pick may fit in ways the fields do not say), so compare heads and weights by it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chatrec import Item, Recommender

Fits = Callable[[Item], bool]


def words(*stems: str) -> Fits:
    """Any stem occurs in themes, tags, genres, moods or the description."""

    def fits(item: Item) -> bool:
        text = " ".join((*item.themes, *item.tags, *item.genres, *item.moods, item.description or "")).casefold()
        return any(stem in text for stem in stems)

    return fits


def each(*tests: Fits) -> Fits:
    """All of these."""
    return lambda item: all(test(item) for test in tests)


def kind(name: str) -> Fits:
    """Of this medium."""
    return lambda item: item.kind == name


def genre(*names: str) -> Fits:
    """Of any of these genres."""
    return lambda item: any(name in item.genres for name in names)


def mood(*names: str) -> Fits:
    """In any of these moods."""
    return lambda item: any(name in item.moods for name in names)


REQUESTS: tuple[tuple[str, Fits], ...] = (
    ("a film about space exploration", each(kind("video"), words("space", "astronaut", "moon", "mars"))),
    ("movies like Alien", each(kind("video"), genre("science fiction", "horror"))),
    ("a film like Spirited Away", each(kind("video"), genre("animation", "fantasy", "family"))),
    ("I loved Parasite and Memories of Murder", each(kind("video"), genre("thriller", "crime", "drama", "mystery"))),
    (
        "games like Stardew Valley",
        each(kind("game"), genre("simulation", "role-playing"), mood("cosy", "calm", "cheerful", "heartwarming", "playful")),
    ),
    ("a game like FTL", each(kind("game"), words("space", "roguelike", "crew", "ship"))),
    (
        "games like Dark Souls",
        each(kind("game"), genre("action", "role-playing"), mood("dark", "bleak", "tense", "intense", "gritty")),
    ),
    ("albums like Kind of Blue", each(kind("audio"), genre("jazz"))),
    ("music like Radiohead", each(kind("audio"), genre("rock", "electronic"))),
    ("something like Massive Attack", each(kind("audio"), genre("electronic", "hip hop", "soul"))),
    ("podcasts like Serial", each(kind("audio"), genre("true crime", "society", "mystery"))),
    ("an audiobook like Dune", each(kind("audio"), genre("science fiction", "fantasy"))),
    ("a heist film", each(kind("video"), words("heist", "robbery", "con artist", "thieves", "thief"))),
    ("time travel", words("time travel", "time loop", "timeline")),
    ("a film about grief", each(kind("video"), words("grief", "loss", "mourning", "death"))),
    ("a coming of age film", each(kind("video"), words("coming of age", "growing up", "adolescence", "youth", "childhood"))),
    ("a road trip movie", each(kind("video"), words("road trip", "journey", "travel", "road"))),
    ("games about detectives", each(kind("game"), words("detective", "investigation", "mystery", "crime"))),
    ("cooking games", each(kind("game"), words("cook", "food", "kitchen", "restaurant"))),
    ("a puzzle game about language", each(kind("game"), words("language", "words", "translation", "deciphering"))),
    ("melancholic music for a rainy evening", each(kind("audio"), mood("melancholic", "bittersweet", "calm", "dreamy"))),
    (
        "energetic electronic music to dance to",
        each(kind("audio"), genre("electronic", "pop", "funk"), mood("energetic", "playful", "cheerful")),
    ),
    ("calm piano music", each(kind("audio"), words("piano"))),
    ("a podcast about the Roman empire", each(kind("audio"), words("rome", "roman", "ancient", "empire"))),
    ("a podcast about the brain", each(kind("audio"), words("brain", "mind", "neuro", "psycholog", "science"))),
    ("a feel-good series", each(kind("video"), mood("heartwarming", "uplifting", "cheerful", "cosy", "funny"))),
    (
        "a bleak Scandinavian crime series",
        each(kind("video"), genre("crime", "thriller", "mystery"), lambda i: i.language in {"sv", "da", "no", "nb", "fi", "is"}),
    ),
    (
        "a film about artificial intelligence",
        each(kind("video"), words("artificial intelligence", "robot", "android", "computer")),
    ),
    ("a film about music and ambition", each(kind("video"), words("music", "jazz", "band", "piano", "singer", "drum"))),
    ("films about class divide", each(kind("video"), words("class", "inequality", "poverty", "servant"))),
    ("a cosy mystery", words("mystery", "detective", "cosy", "whodunit")),
    ("a game with a beautiful sad story", each(kind("game"), mood("melancholic", "bittersweet", "tender", "heartwarming"))),
    ("games about building a city", each(kind("game"), words("city", "build", "settlement", "colony"))),
    ("survival in the wild", words("survival", "wilderness", "stranded")),
    ("a funny game for two on the couch", each(kind("game"), mood("funny", "playful", "cheerful", "quirky"))),
    ("an album about heartbreak", each(kind("audio"), words("heartbreak", "break-up", "breakup", "divorce", "loss", "love"))),
    ("protest songs", each(kind("audio"), words("protest", "politic", "civil rights", "injustice", "war", "resistance"))),
    ("a western with a female lead", each(kind("video"), genre("western"))),
    ("pirates", words("pirate")),
    ("vampires", words("vampire")),
    ("dragons", words("dragon")),
    ("samurai", words("samurai", "feudal japan", "ronin")),
    ("a courtroom drama", each(kind("video"), words("court", "trial", "lawyer", "jury", "justice"))),
    ("football", words("football", "soccer")),
    ("an audiobook memoir by a musician", each(kind("audio"), genre("memoir", "biography"))),
    ("a Japanese role-playing game", each(kind("game"), genre("role-playing"))),
    ("韩国犯罪电影", each(kind("video"), genre("crime", "thriller"))),
    ("像千与千寻一样的动画", each(kind("video"), genre("animation"))),
    ("适合下雨天听的爵士乐", each(kind("audio"), genre("jazz"))),
    ("关于太空的游戏", each(kind("game"), words("space", "alien", "planet"))),
)


def main() -> None:
    """Ask every request and print how well the picks fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=None)
    parser.add_argument("-v", "--verbose", action="store_true", help="print the picks of imperfect requests")
    options = parser.parse_args()
    rec = Recommender.open(llm=False, models=options.models)
    table, total = Table("precision@5", "request", "picks that do not fit"), 0.0
    for request, fits in REQUESTS:
        picks = [pick.item for pick in rec.session().send(request).recommendations]
        good = sum(fits(item) for item in picks) / 5
        total += good
        if options.verbose or good < 1:
            table.add_row(f"{good:.1f}", request, ", ".join(item.id for item in picks if not fits(item)))
    Console(width=160).print(table)
    Console().print(f"mean precision@5 over {len(REQUESTS)} requests: {total / len(REQUESTS):.3f}")


if __name__ == "__main__":
    main()
