"""The lexicon (`lexicon.toml`): English and Chinese phrases → entries, and the matcher that finds the longest ones."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chatrec.types import Kind
from chatrec.understand.text import is_han, key_of, wordset

Phrase = tuple[str, ...]
INNER_NOUNS: dict[Phrase, str] = {
    **dict.fromkeys([("film",), ("films",), ("movie",), ("movies",), ("flick",), ("片",), ("电", "影"), ("電", "影")], "film"),
    **dict.fromkeys([("game",), ("games",), ("游", "戏")], "game"),
    **dict.fromkeys([("show",), ("shows",)], "series"),
    **dict.fromkeys([("podcast",), ("podcasts",)], "podcast"),
    **dict.fromkeys([("album",), ("albums",)], "album"),
    **dict.fromkeys([("music",), ("音", "乐"), ("歌",)], "music"),
    **dict.fromkeys([("剧",)], "series"),
}
NO_INNER: frozenset[Phrase] = frozenset(
    tuple(p)
    for p in (
        "纪录片",
        "记录片",
        "动画片",
        "卡通片",
        "喜剧",
        "爱情喜剧",
        "悲喜剧",
        "音乐剧",
        "黑色喜剧",
        "舞台剧",
        "广播剧",
        "有声剧",
    )
) | {(kind, noun) for kind in ("film", "movie", "game") for noun in ("music", "score")}
"""Words for series as well as films, and music of films and games."""
NO_COMPARATIVE = wordset(
    "tragedy cry crying gore blood sex nudity nude zen fun hype laugh laughs lol raw parody spoof melancholy chill"
)
"""Mood words that are no adjectives of degree."""
ERA_TAILS: tuple[Phrase, ...] = (
    ("era",), ("eras",), ("days",), ("generation",), ("gen",), ("age",), ("times",),
    ("时", "代"), ("年", "代"), ("时", "期"), ("世", "代"),
)  # fmt: skip
ERA_LEADS: tuple[Phrase, ...] = tuple(
    (*noun, "of", *article) for noun in (("era",), ("days",), ("age",), ("generation",)) for article in (("the",), ())
)
"""What makes years of a console: `PS2 era`, `the days of the SNES`, `红白机时代`."""
INNER_SECTIONS = {"genres", "styles", "moods", "tags", "unsupported", "vague"}
PLURAL_SECTIONS = {"genres", "styles", "forms", "tags"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a phrase stands for: a section of the lexicon, the name in it, and that name's properties."""

    section: str
    name: str
    data: Mapping[str, Any]

    @property
    def values(self) -> tuple[str, ...]:
        """Catalog values, for sections that have them."""
        return tuple(self.data.get("values", (self.name,)))

    @property
    def kind(self) -> Kind | None:
        """The medium this word belongs to (`medium`) or suggests when nothing else does (`noun`)."""
        return self.data.get("medium") or self.data.get("kind")


class Phrases:
    """Phrases by their first word, longest first."""

    def __init__(self) -> None:
        self._by_first: dict[str, dict[Phrase, list[Entry]]] = {}
        self._longest: dict[str, int] = {}

    def add(self, phrase: Phrase, entry: Entry) -> None:
        """Let `phrase` stand for `entry` (also)."""
        if not phrase:
            return
        entries = self._by_first.setdefault(phrase[0], {}).setdefault(phrase, [])
        if entry not in entries:
            entries.append(entry)
        self._longest[phrase[0]] = max(self._longest.get(phrase[0], 0), len(phrase))

    def at(self, words: Sequence[str], start: int) -> Iterator[tuple[int, list[Entry]]]:
        """Every phrase that starts at `start`, as (end, entries), longest first."""
        known = self._by_first.get(words[start])
        if known is None:
            return
        for end in range(min(len(words), start + self._longest[words[start]]), start, -1):
            entries = known.get(tuple(words[start:end]))
            if entries:
                yield end, entries

    def get(self, phrase: Phrase) -> list[Entry]:
        """The entries of exactly this phrase."""
        return self._by_first.get(phrase[0], {}).get(phrase, []) if phrase else []

    def words(self) -> set[str]:
        """Every single word that occurs in a phrase."""
        return {word for phrases in self._by_first.values() for phrase in phrases for word in phrase}


@dataclass(frozen=True)
class Lexicon:
    """The words this package ships with."""

    sections: Mapping[str, Mapping[str, Mapping[str, Any]]]
    people: Mapping[str, str]
    """Chinese name → name as the catalog writes it."""
    compare: Mapping[str, Mapping[str, Sequence[str]]]
    """Comparisons by table (`length_before`, …) and operator."""
    short: Mapping[str, str]
    """Words as chats shorten them → in full."""

    def fill(self, phrases: Phrases) -> None:
        """Add every phrase."""
        for section, names in self.sections.items():
            for name, data in names.items():
                entry = Entry(section, name, data)
                if section in ("questions", "comparisons", "talk", "feelings"):
                    continue
                if section == "eras":
                    _fill_era(phrases, entry)
                    continue
                for phrase in _phrases(data, plural=section in PLURAL_SECTIONS):
                    phrases.add(phrase, entry)
                    if section == "countries" and phrase[0] == "from":
                        phrases.add(phrase[1:], entry)
                    if section == "languages" and phrase[-1].isascii():
                        phrases.add((*phrase, "language"), entry)
                        phrases.add((*phrase, "speaking"), entry)
                    inner = _inner_noun(phrase) if section in INNER_SECTIONS else None
                    if inner is not None:
                        phrases.add(phrase, Entry("inner", inner, self.sections["forms"][inner]))
        self._fill_comparatives(phrases)

    def _fill_comparatives(self, phrases: Phrases) -> None:
        """`cosier` asks for more of what `cosy` asks for, unless the critiques know it better."""
        for section in ("moods", "genres"):
            for name, data in self.sections[section].items():
                adjectives = [form for form in data.get("en", ()) if section == "moods" and form not in NO_COMPARATIVE]
                for word in (*map(comparative_of, adjectives), *data.get("more", ())):
                    if word is not None and not phrases.get((word,)):
                        phrases.add((word,), Entry(section, name, data))
                        phrases.add((word,), Entry("comparative", name, {}))

    def label_zh(self, section: str, name: str) -> str | None:
        """The Chinese label of a name, if the lexicon has one."""
        forms = self.sections.get(section, {}).get(name, {}).get("zh")
        return forms[0] if forms else None


@cache
def lexicon() -> Lexicon:
    """The lexicon that ships."""
    data = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))
    people = MappingProxyType(data.pop("people"))
    compare = MappingProxyType(data.pop("compare"))
    short = MappingProxyType(data.pop("short"))
    flat = {name: data.pop(name) for name in ("adults", "no_subtitles", "subtitles_ok", "foreign", "vocals")}
    data["special"] = flat
    return Lexicon(MappingProxyType(data), people, compare, short)


def _phrases(data: Mapping[str, Any], *, plural: bool) -> Iterable[Phrase]:
    for form in data.get("en", ()):
        phrase = key_of(form)
        yield phrase
        if plural and phrase[-1].isalpha():
            yield (*phrase[:-1], plural_of(phrase[-1]))
    for form in data.get("zh", ()):
        yield key_of(form)


def _fill_era(phrases: Phrases, entry: Entry) -> None:
    for console in _phrases(entry.data, plural=False):
        for tail in ERA_TAILS:
            phrases.add((*console, *tail), entry)
        for lead in ERA_LEADS:
            phrases.add((*lead, *console), entry)


def _inner_noun(phrase: Phrase) -> str | None:
    """The form that a genre phrase names by the way: `war movie`, `恐怖片`, `rhythm game`."""
    if phrase in NO_INNER:
        return None
    return next(
        (form for ending, form in INNER_NOUNS.items() if phrase[-len(ending) :] == ending and len(phrase) > len(ending)), None
    )


def plural_of(word: str) -> str:
    """English plural, by the common rules.

    >>> plural_of("comedy"), plural_of("western"), plural_of("series"), plural_of("boss")
    ('comedies', 'westerns', 'series', 'bosses')
    """
    if word.endswith("series"):
        return word
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def comparative_of(word: str) -> str | None:
    """English comparative of a short adjective, by the common rules; `None` where it takes `more`.

    >>> comparative_of("cosy"), comparative_of("sad"), comparative_of("strange"), comparative_of("dark")
    ('cosier', 'sadder', 'stranger', 'darker')
    >>> comparative_of("romantic")
    """
    if not word.isalpha() or not word.isascii():
        return None
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ier"
    if len(re.findall(r"[aeiou]+", word.removesuffix("e"))) != 1:
        return None
    if word.endswith("e"):
        return word + "r"
    return word + (word[-1] if re.search(r"[^aeiou][aeiou][bdgmnt]$", word) else "") + "er"


def singular_of(word: str) -> str:
    """English singular, by the common rules; Chinese and short words as they are.

    >>> singular_of("robots"), singular_of("stories"), singular_of("chess"), singular_of("witches")
    ('robot', 'story', 'chess', 'witch')
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")) or is_han(word):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ches", "shes", "xes", "sses")) else word[:-1]
