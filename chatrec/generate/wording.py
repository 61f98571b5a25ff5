"""How one fact reads on its own, in English and Chinese: "directed by Ridley Scott", "about a heist", "约 40 小时"."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale

from chatrec.catalog.chinese import chinese
from chatrec.types import OF_EPISODES, Item, Language, Sentiment

MAX_VALUE_CHARS = 60
"""Longest catalog value that is put into a reason; anything longer is prose, not a fact."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f​-‏‪-‮⁠-⁯﻿]+")
_MARKUP = re.compile(r"[<>{}`|\\]|\]\s*\(|!\[|\w:(?=[^\s\d])|//|www\.|\$\{|&\w+;|<\||\*\*|__")
_VOWEL_SOUND = re.compile(r"[aeiou]|8|1[18](?:\d\d)?(?!\d)|hour|honest|honou?r|heir|(?-i:[FLMNRSX](?=[A-Z&]))", re.IGNORECASE)
_CONSONANT_SOUND = re.compile(r"eu|one\b|once\b|uni(?!n|m)|us[aeu]|uto|uk|(?-i:U[A-Z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """The phrase tables of `wording.toml`."""

    forms: Mapping[str, Mapping[str, str]]
    genres: Mapping[str, Mapping[str, Any]]
    moods: Mapping[str, str]
    tags_pre: Mapping[str, str]
    tags_post: Mapping[str, str]
    themes: Mapping[str, str]
    """Theme → how it stands in an English sentence, for those that need an article or capitals."""
    proper: Mapping[str, str]
    """Word or words in lower case → as they are spelled."""


@cache
def words() -> Words:
    """The tables that ship."""
    data = tomllib.loads(Path(__file__).with_name("wording.toml").read_text(encoding="utf-8"))
    themes = data["themes"]
    names = [*themes["proper"], *(name for code, name in Locale("en").territories.items() if code.isalpha())]
    return Words(
        forms=data["forms"],
        genres=data["genres"],
        moods=data["moods"],
        tags_pre=data["tags"]["pre"],
        tags_post=data["tags"]["post"],
        themes={name: with_article(name) for name in themes["a"]}
        | {name: f"the {name}" for name in themes["the"]}
        | themes["phrases"],
        proper={name.casefold(): name for name in names},
    )


def is_plain(text: str) -> bool:
    """Whether catalog text may stand in a reason: one short line without markup, addresses or control characters."""
    short = 0 < len(text) <= MAX_VALUE_CHARS and text == text.strip()
    return short and not _UNPRINTABLE.search(text) and not _MARKUP.search(text)


def plain(text: str, limit: int = MAX_VALUE_CHARS) -> str:
    """Untrusted text as one line of at most `limit` characters, without control or direction marks or markup signs."""
    flat = _UNPRINTABLE.sub(" ", unicodedata.normalize("NFC", text))
    flat = re.sub(r"https?:\S+|www\.\S+", "", flat)
    flat = " ".join(re.sub(r"[<>{}`|\\\[\]]|\$\{", " ", flat).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def with_article(phrase: str) -> str:
    """The noun phrase with "a" or "an"."""
    an = _VOWEL_SOUND.match(phrase) and not _CONSONANT_SOUND.match(phrase)
    return f"{'an' if an else 'a'} {phrase}"


def form_of(item: Item) -> str:
    """The form whose words describe the item: its own if the tables know it, else its medium's."""
    known = words().forms
    return item.form if item.form is not None and item.form in known else item.kind


def form_noun(item: Item, language: Language) -> str:
    """ "film", "album", "电影" …"""
    return sort_noun(form_of(item), language)


def sort_noun(sort: str, language: Language) -> str:
    """The same of a form or a medium; a form that the tables do not know stays as it is."""
    return words().forms.get(sort, {}).get(language, sort)


def theme(value: str, language: Language) -> str:
    """A theme as it stands after "about"."""
    if language == "zh":
        return chinese("themes", value) or f"“{capitalised(value)}”"
    return capitalised(words().themes.get(value.casefold(), value))


def capitalised(phrase: str) -> str:
    """Lower-case catalog words with the capitals of the proper names in them."""
    proper = words().proper
    tokens = phrase.split(" ")
    out: list[str] = []
    while tokens:
        for size in range(min(4, len(tokens)), 0, -1):
            name = proper.get(" ".join(tokens[:size]))
            if name is not None or size == 1:
                out.append(name or tokens[0])
                tokens = tokens[size:]
                break
    return " ".join(out)


def spaced(text: str) -> str:
    """Chinese text with a space between its characters and Latin words or digits, as it is set in print."""
    text = re.sub(r"(?<=[\u4e00-\u9fff])(?=[A-Za-z0-9])", " ", text)
    return re.sub(r"(?<=[A-Za-z0-9.])(?=[\u4e00-\u9fff])", " ", text)


def duration(minutes: float, language: Language) -> str:
    """Minutes as people say them: "45 min", "1 h 57 min", "2 小时"."""
    hours, rest = divmod(max(1, round(minutes)), 60)
    units = (" h", " min", " ") if language == "en" else (" 小时", " 分钟", " ")
    parts = [f"{hours}{units[0]}" if hours else "", f"{rest}{units[1]}" if rest else ""]
    return units[2].join(part for part in parts if part)


def rough_hours(minutes: float, language: Language) -> str:
    """A long length as people say it: "about 40 hours", "about 45 minutes"."""
    if minutes < 90:
        return f"about {round(minutes)} minutes" if language == "en" else f"约 {round(minutes)} 分钟"
    hours = minutes / 60
    amount = f"{round(hours * 2) / 2:g}" if hours < 10 else f"{round(hours)}"
    return f"about {amount} hours" if language == "en" else f"约 {amount} 小时"


def length(item: Item, language: Language) -> str:
    """The item's length in the unit and the sense of its form; empty if unknown."""
    if item.minutes is None:
        return ""
    form = form_of(item)
    if form in ("game", "dlc", "audiobook"):
        return rough_hours(item.minutes, language)
    if form in OF_EPISODES:
        each = duration(item.minutes, language)
        return f"episodes of {each}" if language == "en" else f"每集约 {each}"
    return duration(item.minutes, language)


def country_name(code: str, language: Language) -> str:
    """The country's name in the person's language, the code itself if it is none."""
    name = str(_locale(language).territories.get(code.upper(), code))
    return {"Hong Kong SAR China": "Hong Kong", "中国香港特别行政区": "中国香港"}.get(name, name)


def language_name(code: str, language: Language) -> str:
    """The language's name in the person's language, the code itself if it is none."""
    return str(_locale(language).languages.get(code.split("-")[0].lower(), code))


@cache
def _locale(language: Language) -> Locale:
    return Locale.parse("zh_Hans" if language == "zh" else "en")


# --- one phrase per field ------------------------------------------------------------------------------------------

CREATED: Mapping[str, tuple[str, str]] = {
    "film": ("directed by {}", "{}执导"),
    "short": ("directed by {}", "{}执导"),
    "series": ("created by {}", "{}主创"),
    "podcast": ("hosted by {}", "{}主持"),
    "audiobook": ("written by {}", "{}著"),
    "game": ("made by {}", "{}开发"),
    "dlc": ("made by {}", "{}开发"),
}
CAST: Mapping[str, tuple[str, str]] = {
    "audiobook": ("read by {}", "{}朗读"),
    "game": ("voiced by {}", "{}配音"),
    "album": ("featuring {}", "{}参与"),
    "track": ("featuring {}", "{}参与"),
    "podcast": ("featuring {}", "{}参与"),
}


PUBLISHED: Mapping[str, tuple[str, str]] = {
    "album": ("on {}", "{}发行"),
    "track": ("on {}", "{}发行"),
    "game": ("published by {}", "{}发行"),
    "dlc": ("published by {}", "{}发行"),
    "audiobook": ("published by {}", "{}出版"),
}


def creator_phrase(names: str, item: Item, language: Language) -> str:
    """ "directed by X", "X 执导"."""
    return CREATED.get(form_of(item), ("by {}", "{}的作品"))[language == "zh"].format(names)


def cast_phrase(names: str, item: Item, language: Language) -> str:
    """ "with X", "X 主演"."""
    return CAST.get(form_of(item), ("with {}", "{}主演"))[language == "zh"].format(names)


def _publisher(value: str, item: Item, language: Language) -> str:
    return PUBLISHED.get(form_of(item), ("from {}", "{}出品"))[language == "zh"].format(value)


def _genre(value: str, item: Item, language: Language) -> str:
    return words().genres.get(value.casefold(), {}).get("zh", value) if language == "zh" else value


def _mood(value: str, item: Item, language: Language) -> str:
    return words().moods.get(value.casefold(), value) if language == "zh" else value


def _theme(value: str, item: Item, language: Language) -> str:
    return ("关于" if language == "zh" else "about ") + theme(value, language)


def _tag(value: str, item: Item, language: Language) -> str:
    known, tag = words(), value.casefold()
    if language == "zh":
        return chinese("tags", tag) or f"标签“{value}”"
    return known.tags_pre.get(tag) or known.tags_post.get(tag) or f"tagged “{value}”"


def _year(value: str, item: Item, language: Language) -> str:
    return f"{value} 年" if language == "zh" else f"from {value}"


def _minutes(value: str, item: Item, language: Language) -> str:
    return length(item, language)


def _country(value: str, item: Item, language: Language) -> str:
    name = country_name(value, language)
    the = "the " if name.startswith(("United", "Netherlands", "Philippines", "Czech Rep", "Dominican Rep")) else ""
    return f"来自{name}" if language == "zh" else f"from {the}{name}"


def _language(value: str, item: Item, language: Language) -> str:
    name = language_name(value, language)
    if value == "zxx":
        return "没有语言障碍" if language == "zh" else "without words"
    return f"{name}原声" if language == "zh" else f"in {name}"


def _age(value: str, item: Item, language: Language) -> str:
    if value == "0":
        return "老少皆宜" if language == "zh" else "suitable for all ages"
    return f"适合 {value} 岁以上" if language == "zh" else f"suitable from age {value}"


def _popularity(value: str, item: Item, language: Language) -> str:
    zh, en = {"low": ("小众", "little-known"), "high": ("广为人知", "widely known")}[value]
    return zh if language == "zh" else en


PHRASES: Mapping[str, Callable[[str, Item, Language], str]] = {
    "genres": _genre,
    "moods": _mood,
    "themes": _theme,
    "tags": _tag,
    "creators": creator_phrase,
    "cast": cast_phrase,
    "publishers": _publisher,
    "year": _year,
    "minutes": _minutes,
    "countries": _country,
    "language": _language,
    "age": _age,
    "popularity": _popularity,
}


SAID: Mapping[Sentiment, tuple[str, str]] = {"liked": ("like", "喜欢"), "wanted": ("asked for", "想要")}


def near_phrase(title: str, language: Language, opinion: Sentiment) -> str:
    """ "close to X, which you like"; "…, which you asked for", and "…, which you named" where no verdict was given."""
    english, chinese = SAID.get(opinion, ("named", "提到"))
    return f"与你{chinese}的《{title}》相近" if language == "zh" else f"close to {title}, which you {english}"
