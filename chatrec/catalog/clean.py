r"""Cleaning: what a source says of an item → an `Item` that is written as every other catalog item is.

The one place where outside values are standardised. For each field:

| field | what is done |
|---|---|
| all text | NFC; HTML entities resolved; no control, formatting and unassigned characters; runs of white space become one space |
| unknown values | empty text and `\N`; but for titles also `nan`, `null`, `none`, `n/a` |
| `id` | `namespace:key`, white space in the key becomes `-` |
| `title` | required, at most 500 characters |
| `description` | HTML tags removed; the first three sentences, at most 600 characters |
| `year` | the first number from 1000 to 2100 that stands alone or begins a date (`Nov 21, 2001`, `2001-11-21`, `20011121`) |
| `minutes` | minutes, or `1h 52m`, `1h52`, `95 seconds`, `PT1H52M`, `1:52:00`, `52:10` (52 minutes); above 0, under 100,000 |
| `age` | the number of `16`, `16+`, `PEGI 16`; above 0 and at most 21; or what an American rating means (`RATINGS`) |
| `popularity` | a number from 0, thousands separators allowed |
| `language` | a BCP 47 code, one of ISO 639-2 (`eng`, `ger`), or the English name of a language |
| `countries` | ISO 3166-1 codes, or English names of countries; for a part or a former state, a country of today (`COUNTRIES`) |
| `genres`, `moods` | this project's words; what is none of them becomes a tag (`labels.py`) |
| other lists | each value once, at most 50, none above 200 characters |

A value that cannot be read is left out and counted, the item stays. Two items are one work if kind, form, normalised title, year
and first creator (or all creators, in any order) agree and no database that both link to gives them different ids. The first
keeps its id; lists are joined, missing fields filled, the higher popularity stays. Without year and creator only artists are
merged. An id that comes again is merged if kind, title and, where both are known, form, year and one creator agree; else its row
is a bad one.

Moods that a source has for fewer than half of the items of a medium become tags (`settle_moods`): what is forbidden ("nothing
scary") is not satisfied by an item of unknown mood, so a few known ones would rule out all others.
"""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from types import MappingProxyType
from typing import Any

from babel import Locale
from babel.core import get_global
from pydantic import ValidationError

from chatrec.catalog.labels import sort_labels
from chatrec.catalog.read import CatalogLine
from chatrec.errors import CatalogError
from chatrec.types import KINDS, Item

MAX_TITLE, MAX_VALUE, MAX_VALUES, MAX_DESCRIPTION, MAX_MINUTES, SENTENCES = 500, 200, 50, 600, 100_000, 3
LISTS = ("aliases", "creators", "cast", "publishers", "themes", "countries")
MOODS_KNOWN = 0.5
NULL = r"\N"
NOTHING = frozenset({"", "nan", "null", "none", "n/a"})
"""What stands for an unknown value, except in titles: an artist may be called Null."""
Note = Callable[[str], None]

UNREAD = "values of {} could not be read and were left out"
_NO_TEXT = (bool, dict, list, tuple)

RATINGS = {
    **dict.fromkeys(("g", "tv-g", "tv-y", "e", "everyone"), 0),
    **{"tv-y7": 7, "pg": 8, "tv-pg": 8, "e10+": 10, "pg-13": 13, "teen": 13, "tv-14": 14},
    **{"r": 17, "tv-ma": 17, "nc-17": 18, "ao": 18},
}
"""Of films (MPA), television and games (ESRB) → minimum age; where these say "parental guidance", 8, as the BBFC does."""
LANGUAGES = {"mandarin": "zh", "farsi": "fa", "castilian": "es"}
COUNTRIES = {
    **dict.fromkeys(("uk", "great britain", "england", "scotland", "wales", "northern ireland"), "GB"),
    **dict.fromkeys(("usa", "united states of america"), "US"),
    **dict.fromkeys(("south korea", "korea", "republic of korea"), "KR"),
    **dict.fromkeys(("soviet union", "ussr", "russian federation"), "RU"),
    **dict.fromkeys(("west germany", "east germany"), "DE"),
    **dict.fromkeys(("czech republic", "czechoslovakia"), "CZ"),
    **{"yugoslavia": "RS", "hong kong": "HK", "turkey": "TR"},
}
"""Names that data sets use and CLDR lacks → code."""

_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,500}>")
_TAG_IN_WORDS = re.compile(r"</?(?:a|abbr|b|cite|code|em|font|i|mark|q|s|small|span|strong|sub|sup|u)\b[^<>]{0,500}>", re.I)
"""Those that stand within a line, and part no words."""
_YEAR = re.compile(r"(?<!\d)(?:1\d{3}|20\d{2}|2100)(?=(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?(?!\d))")
_HMS = re.compile(
    r"(?:(\d+(?:\.\d+)?)\s*h(?:ours?|rs?)?\.?)?\s*(?:(\d+(?:\.\d+)?)\s*m(?:in(?:ute)?s?)?\.?)?"
    r"\s*(?:(\d+(?:\.\d+)?)\s*s(?:ec(?:ond)?s?)?)?\.?"
)
_HOURS = re.compile(r"(\d{1,3})\s?h\s?(\d{1,2})")
"""As in `1h30`."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_NOT_COMPARED = str.maketrans({"&": " and ", "＆": " and "} | dict.fromkeys("'’™®©", ""))
_JOINERS = "\u200c\u200d"
"""Invisible, but part of words in some scripts and of emoji."""


@dataclass(frozen=True, slots=True)
class RawItem:
    """What a source says of an item, and where; the fields are those of the catalog, as text, numbers, or lists of text."""

    file: str
    line: int
    fields: Mapping[str, Any]


def clean_text(value: Any) -> str:
    """One line of text without control characters and HTML entities; empty if unknown."""
    if value is None or isinstance(value, _NO_TEXT):
        return ""
    if isinstance(value, float) and value.is_integer():  # numbers of a column where some are missing
        value = int(value)
    text = unicodedata.normalize("NFC", html.unescape(html.unescape(str(value))))
    if not text.isprintable():
        kept = (" " if c.isspace() or unicodedata.category(c) == "Cc" else c for c in text)
        text = "".join(c for c in kept if c in _JOINERS or unicodedata.category(c)[0] != "C")
    text = " ".join(text.split())
    return "" if text == NULL or value != value else text


def clean_value(value: Any) -> str:
    """Clean text that is no title: words for "nothing" mean unknown."""
    text = clean_text(value)
    return "" if text.casefold() in NOTHING else text


def clean_texts(value: Any, name: str, note: Note) -> list[str]:
    """The known values of a list of text, each once; those that are left out are told."""
    values = value if isinstance(value, (list, tuple)) else [value]
    known = dict.fromkeys(text for text in map(clean_value, values) if text)
    kept = [text for text in known if len(text) <= MAX_VALUE][:MAX_VALUES]
    for one in values:
        if _is_odd(one):
            note(UNREAD.format(name))
    for _ in range(len(known) - len(kept)):
        note(f"values of {name} were too many for one item, or too long, and were left out")
    return kept


def clean_description(value: Any) -> str:
    """The first sentences without HTML."""
    if value is None or isinstance(value, _NO_TEXT):
        return ""
    text = clean_value(_TAG.sub(" ", _TAG_IN_WORDS.sub("", html.unescape(str(value)[: MAX_DESCRIPTION * 20]))))
    sentences = re.split(r"(?<=[.!?。！？])\s+", text)
    while len(shortened := " ".join(sentences[:SENTENCES])) > MAX_DESCRIPTION and len(sentences) > 1:
        sentences = sentences[: min(SENTENCES, len(sentences)) - 1]
    if len(shortened) <= MAX_DESCRIPTION:
        return shortened
    return shortened[: MAX_DESCRIPTION - 1].rsplit(" ", 1)[0] + "…"


def clean_year(value: Any) -> int | None:
    """The year in a number or a date; None if there is none."""
    found = _YEAR.search(clean_value(value))
    return int(found[0]) if found else None


def clean_minutes(value: Any) -> float | None:
    """A duration in minutes; None if it cannot be read."""
    minutes = round(_minutes(clean_value(value).casefold()), 2)
    return minutes if 0 < minutes < MAX_MINUTES else None


def _minutes(text: str) -> float:
    if number := _number(text):
        return number
    if re.fullmatch(r"\d{1,5}(?::\d{1,2}){1,2}", text):
        *before, minutes, seconds = [0, *map(int, text.split(":"))]
        return 60 * sum(before) + minutes + seconds / 60
    if parts := _HOURS.fullmatch(text):
        return 60 * int(parts[1]) + int(parts[2])
    parts = _HMS.fullmatch(text.removeprefix("pt").replace(",", "").replace(" and ", " "))
    if not parts or not any(parts.groups()):
        return 0.0
    hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return 60 * hours + minutes + seconds / 60


def clean_number(value: Any) -> float | None:
    """A finite number from 0; None if it is none."""
    return _number(clean_value(value))


def clean_age(value: Any) -> int | None:
    """The minimum age in `16`, `16+`, `PEGI 16` or `PG-13`; 0 in data sets means that nobody said, so it is unknown."""
    text = clean_value(value).casefold()
    if text in RATINGS:
        return RATINGS[text]
    found = re.fullmatch(r"(?:[a-z]+ )?(\d{1,2})(?:\.0)?\+?", text)
    return int(found[1]) if found and 0 < int(found[1]) <= 21 else None


def clean_language(value: Any) -> str | None:
    """A language code; None if the text is neither a code nor the English name of a language."""
    text = clean_value(value)
    if code := _languages().get(text.casefold()):
        return code
    if not _LANGUAGE.fullmatch(text):
        return None
    known = Locale("en").languages
    first, *rest = re.split(r"[-_]", text)
    first = first.lower() if first.lower() in known else get_global("language_aliases").get(first.lower(), "")
    return "-".join([first, *(part.upper() if len(part) == 2 else part for part in rest)]) if first in known else None


def clean_country(text: str) -> str | None:
    """An alpha-2 code; None if the text is neither a code nor the English name of a country."""
    known, code = _countries(), text.upper()
    former = get_global("territory_aliases").get(code, [""])[0]
    return known.get(text.casefold()) or next((one for one in (code, former) if one in known.values()), None)


def title_key(title: str) -> str:
    """A title as it is compared: no case, accents, punctuation, ™, leading article; `&` is `and`; other scripts stay."""
    plain = title.translate(_NOT_COMPARED).casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain).casefold()
        plain = unicodedata.normalize("NFC", "".join(c for c in plain if not "\u0300" <= c <= "\u036f"))
    words = re.findall(r"\w+", plain)
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words) or title.casefold().strip()


def make_id(namespace: str, key: Any) -> str:
    """A catalog id; the empty text if the key is unknown."""
    text = clean_text(key)
    return f"{namespace}:{text.replace(' ', '-')}" if text else ""


def clean_item(raw: Mapping[str, Any], note: Note) -> Item:
    """One item, standardised field by field (see the table above).

    Args:
        raw: catalog fields as a source gives them; fields that a catalog does not know are kept as they are.
        note: told what had to be left out.

    Raises:
        CatalogError: there is no id, kind or title, or it cannot be used.
    """
    kind = raw.get("kind")
    if kind not in KINDS:
        raise CatalogError(f"{kind!r} is none of {', '.join(KINDS)}", field="kind")
    title = clean_text(raw.get("title"))
    if not title or len(title) > MAX_TITLE:
        raise CatalogError(f"is longer than {MAX_TITLE} characters" if title else "is missing", field="title")
    if not raw.get("id"):
        raise CatalogError("is missing", field="id")
    labels = sort_labels(kind, **{name: clean_texts(raw.get(name), name, note) for name in ("genres", "moods", "tags")})
    data: dict[str, Any] = {name: value for name, value in raw.items() if name not in CatalogLine.model_fields}
    data |= {"id": clean_text(raw["id"]), "kind": kind, "title": title, "form": clean_value(raw.get("form"))}
    data |= {name: clean_texts(raw.get(name), name, note) for name in LISTS}
    data["aliases"] = [alias for alias in data["aliases"] if alias != title]
    data |= {"genres": list(labels.genres), "moods": list(labels.moods), "tags": list(labels.tags)}
    data["description"] = clean_description(raw.get("description"))
    links = raw.get("links") or {}
    data["links"] = {name: text for name, value in links.items() if (text := clean_value(value))}
    for name, value in (
        ("form", raw.get("form")),
        ("description", raw.get("description")),
        *(("links", one) for one in links.values()),
    ):
        if _is_odd(value):
            note(UNREAD.format(name))
    data["countries"] = [code for name in data["countries"] if (code := _told(clean_country, name, "countries", note))]
    for name, standardise in _SINGLE.items():
        data[name] = _told(standardise, raw.get(name), name, note)
    try:
        return CatalogLine.model_validate({name: value for name, value in data.items() if value not in ("", None)}).to_item()
    except ValidationError as error:
        first = error.errors()[0]
        raise CatalogError(first["msg"], field=".".join(map(str, first["loc"]))) from error


_SINGLE: dict[str, Callable[[Any], Any]] = {
    "year": clean_year,
    "minutes": clean_minutes,
    "age": clean_age,
    "language": clean_language,
    "popularity": clean_number,
}


def _told(standardise: Callable[[Any], Any], value: Any, name: str, note: Note) -> Any:
    """The standardised value; a value that says something and cannot be read is told."""
    clean = standardise(value)
    text = clean_value(value)
    if clean is None and (_is_odd(value) or (text and _number(text) != 0)):
        note(UNREAD.format(name))
    return clean


def _is_odd(value: Any) -> bool:
    """Whether a value says something, and is neither text nor a number."""
    return isinstance(value, _NO_TEXT) and value not in ((), [], {})


@dataclass
class Works:
    """Items as they come in, each work once."""

    items: dict[str, Item] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    """Every id that came in → the id that was kept."""
    merged: int = 0
    """Items that became part of an earlier one."""
    _by_key: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Take an item, or join it to the work it repeats.

        Raises:
            CatalogError: another work already has its id.
        """
        keys = _work_keys(item)
        if item.id in self.same:
            kept = self.items[self.same[item.id]]
            if apart := _contradiction(kept, item):
                raise CatalogError(f"repeats id {item.id!r} of {kept.title!r}, which has another {apart}", field="id")
        else:
            candidates = (self.items[known] for key in keys for known in self._by_key.get(key, ()))
            kept = next((other for other in candidates if not _differ(other, item)), None)
        if kept is None:
            kept = self.items[item.id] = item
        else:
            self.items[kept.id] = join(kept, item)
            self.merged += 1
        self.same[item.id] = kept.id
        for key in keys if item.year or item.creators or item.form == "artist" else ():
            known = self._by_key.setdefault(key, [])
            known += [kept.id] if kept.id not in known else []


def join(first: Item, second: Item) -> Item:
    """One item of two that are the same work: lists joined, missing fields filled, the higher popularity."""
    changed: dict[str, Any] = {}
    for name in (f.name for f in fields(Item)):
        a, b = getattr(first, name), getattr(second, name)
        if isinstance(a, tuple):
            changed[name] = tuple(dict.fromkeys(a + b))
        elif isinstance(a, Mapping):
            changed[name] = MappingProxyType({**b, **a})
        elif a is None:
            changed[name] = b
    if second.title != first.title:
        changed["aliases"] = tuple(dict.fromkeys((*changed["aliases"], second.title)))
    known = [p for p in (first.popularity, second.popularity) if p is not None]
    changed["popularity"] = max(known, default=None)
    return replace(first, **changed)


def settle_moods(items: Iterable[Item], note: Callable[[str, int], None]) -> list[Item]:
    """The items, their moods as tags in media where fewer than half of the items have any."""
    kept = list(items)
    total, known = Counter(item.kind for item in kept), Counter(item.kind for item in kept if item.moods)
    sparse = {kind for kind in known if known[kind] < MOODS_KNOWN * total[kind]}
    for kind in sorted(sparse):
        note(f"{kind} items have moods, fewer than half of all: these became tags", known[kind])
    return [_moods_as_tags(item) if item.moods and item.kind in sparse else item for item in kept]


def _moods_as_tags(item: Item) -> Item:
    return replace(item, moods=(), tags=tuple(dict.fromkeys(item.tags + item.moods)))


def _work_keys(item: Item) -> list[tuple[str, ...]]:
    """What is the same for two items of one work: at least one of these."""
    work = (item.kind, item.form or "", title_key(item.title), str(item.year or ""))
    creators = [title_key(name) for name in item.creators]
    return [(*work, *creators[:1]), (*work, *sorted(creators))]


def _contradiction(a: Item, b: Item) -> str:
    """What tells that two items of the same id are two works; empty if nothing does."""
    makers = [{title_key(name) for name in item.creators} for item in (a, b)]
    apart = {
        "kind": a.kind != b.kind,
        "title": title_key(a.title) != title_key(b.title),
        "form": a.form and b.form and a.form != b.form,
        "year": a.year and b.year and a.year != b.year,
        "creator": all(makers) and makers[0].isdisjoint(makers[1]),
    }
    return next((name for name, differs in apart.items() if differs), "")


def _differ(a: Item, b: Item) -> bool:
    """Whether another database tells the two apart; the database they come from does so by its nature."""
    own = {item.id.split(":", 1)[0] for item in (a, b)}
    return any(a.links[name] != b.links[name] for name in a.links.keys() & b.links.keys() - own)


def _number(text: str) -> float | None:
    try:
        number = float(re.sub(r"(?<=\d)[,_](?=\d{3}(?!\d))", "", text))
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


@cache
def _languages() -> dict[str, str]:
    return _inverse(Locale("en").languages.items()) | LANGUAGES


@cache
def _countries() -> dict[str, str]:
    names = _inverse((code, name) for code, name in Locale("en").territories.items() if re.fullmatch(r"[A-Z]{2}", code))
    return names | COUNTRIES


def _inverse(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.casefold(): code for code, name in sorted(names, reverse=True)}
