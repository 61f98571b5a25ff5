"""What was understood, as chips: one per thing, with a short label and the change that takes it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from babel import Locale

from chatrec.catalog.chinese import chinese
from chatrec.types import Change, Chip, Constraint, Item, Kind, Language, Ledger, Opinion, Wish
from chatrec.understand.lexicon import lexicon
from chatrec.understand.text import KANA, fold, is_han

KIND_LABELS: dict[Kind, tuple[str, str]] = {"video": ("video", "影视"), "audio": ("audio", "音频"), "game": ("game", "游戏")}
SECTIONS = {"genres": "genres", "moods": "moods", "tags": "tags", "themes": "themes", "form": "forms"}
OPINIONS = {
    "wanted": ("asked for: ", "想要："),
    "liked": ("like: ", "喜欢："),
    "disliked": ("not: ", "不要："),
    "seen": ("seen: ", "看过："),
    "saved": ("saved: ", "已存："),
}
SIGNS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
EXTREMES = {
    ("minutes", "le"): ("shortest first", "最短的在前"),
    ("minutes", "ge"): ("longest first", "最长的在前"),
    ("year", "le"): ("oldest first", "最早的在前"),
    ("year", "ge"): ("newest first", "最新的在前"),
}
"""Constraint of which what lies furthest comes first → its label in English and Chinese."""
TOGETHER = ("moods", "tags", "forms")
"""Sections of the lexicon in which one word stands for several values of the catalog."""
LONG_MINUTES = 600
"""From here on, a label rounds a length to hours."""
MAX_VALUES = 3
"""Values named in a label before it ends in an ellipsis."""


def chips(ledger: Ledger, catalog: Mapping[str, Item], language: Language) -> tuple[Chip, ...]:
    """One removable chip per thing understood: media, constraints, wishes, opinions of items, in this order."""
    turn = ledger.turn
    shown = [Chip(label=label, remove=Change(action="kinds", turn=turn)) for label in _kinds(ledger, language)]
    for constraint in ledger.constraints:
        change = Change(action="unconstrain", turn=turn, key=constraint.key)
        shown.append(Chip(label=constraint_label(constraint, language), remove=change))
    for wish in ledger.wishes:
        shown.append(Chip(label=wish_label(wish, language), remove=Change(action="unwish", turn=turn, key=wish.text)))
    judged = [(o, item) for o in ledger.opinions if o.sentiment in OPINIONS and (item := catalog.get(o.item_id)) is not None]
    shared = _shared_titles((item for _, item in judged), catalog)
    for opinion, item in judged:
        change = Change(action="unopine", turn=turn, key=opinion.item_id)
        shown.append(Chip(label=_opinion_label(opinion, item, shared, language), remove=change))
    return tuple(shown)


def _shared_titles(items: Iterable[Item], catalog: Mapping[str, Item]) -> frozenset[str]:
    """Those titles of the items that other works of the catalog have, too."""
    titles = {item.title.casefold() for item in items}
    uses = Counter(title for item in catalog.values() if titles and (title := item.title.casefold()) in titles)
    return frozenset(title for title, count in uses.items() if count > 1)


def _kinds(ledger: Ledger, language: Language) -> list[str]:
    """The media asked for, unless a form says the same more precisely."""
    if not ledger.kinds or any(c.field == "form" and c.op == "in" for c in ledger.constraints):
        return []
    return [" + ".join(KIND_LABELS[kind][language == "zh"] for kind in ledger.kinds)]


def constraint_label(constraint: Constraint, language: Language) -> str:
    """A few words that say what must hold: `film`, `1980s`, `≤ 90 min`, `no horror`, `age 6+ ok`."""
    if constraint.extreme:
        return EXTREMES[constraint.field, constraint.op][language == "zh"]
    label = _LABELS.get(constraint.field, _values_label)(constraint, language)
    if constraint.of_forms:
        forms = Constraint(field="form", op="in", value=constraint.of_forms)
        label = (
            f"{label}（{_values_label(forms, language)}）" if language == "zh" else f"{label} ({_values_label(forms, language)})"
        )
    if constraint.hard:
        return label
    return f"最好{label}" if language == "zh" else f"ideally {label}"


def wish_label(wish: Wish, language: Language) -> str:
    """The wish's words; `less …` for an aversion."""
    as_said = wish.field == "moods" or (wish.field == "themes" and language == "en")
    said = wish.text if as_said else wish.value or wish.text
    typed = wish.text if language == "zh" and is_han(wish.text) else None
    words = _word(said, wish.field, language, typed) if wish.field else wish.text
    if wish.direction == "less":
        return f"少些{words}" if language == "zh" else f"less {words}"
    return words


def _opinion_label(opinion: Opinion, item: Item, shared: frozenset[str], language: Language) -> str:
    """The title, and where several works have it, which of them: by year, else by medium."""
    which = item.year or KIND_LABELS[item.kind][language == "zh"]
    version = f" ({which})" if item.title.casefold() in shared else ""
    return OPINIONS[opinion.sentiment][language == "zh"] + title_of(item, language) + version


def title_of(item: Item, language: Language) -> str:
    """The title; to a reader of Chinese the Chinese one, if the catalog has it."""
    chinese = [alias for alias in item.aliases if is_han(alias) and not KANA.search(alias)] if language == "zh" else []
    simplified = (alias for alias in chinese if all(fold(sign) == sign for sign in alias if is_han(sign)))
    return next(simplified, chinese[0] if chinese else item.title)


def _values_label(constraint: Constraint, language: Language) -> str:
    values = tuple(map(str, constraint.value)) if isinstance(constraint.value, tuple) else (str(constraint.value),)
    if constraint.field == "form" and "game" in values:
        values = tuple(value for value in values if value != "dlc")  # a part of games that nobody names
    together = _together(SECTIONS.get(constraint.field, ""), values)
    said = _said_mood(constraint, together, language)
    words = list(dict.fromkeys(said or _word(v, constraint.field, language) for v in ((together,) if together else values)))
    joined = (" / " if language == "en" else "／").join(words[:MAX_VALUES]) + ("…" if len(words) > MAX_VALUES else "")
    if constraint.op == "not_in":
        is_noun = constraint.field != "moods" and not joined.startswith("based ")
        return f"不要{joined}" if language == "zh" else f"{'no' if is_noun else 'not'} {joined}"
    return joined


def _together(section: str, values: Iterable[str]) -> str | None:
    """What the lexicon calls these values together: `co-op` covers local and online co-op."""
    wanted = [value.casefold() for value in values]
    names = lexicon().sections[section].items() if section in TOGETHER else ()
    known = [(name, list(data.get("values", ()))) for name, data in names]
    exact = (name for name, own in known if own == wanted)
    return next(exact, None) or next((name for name, own in known if set(own) == set(wanted)), None)


def _said_mood(constraint: Constraint, mood: str | None, language: Language) -> str | None:
    """The person's own word for a mood, if the lexicon has it in their language: `tragic` rather than `sad`."""
    if constraint.field != "moods" or mood is None or (language, constraint.op) == ("en", "not_in"):
        return None  # in English, "not" asks for an adjective, and they may have said "gore"
    said, sections = constraint.said.casefold(), lexicon().sections
    genre = any(said in data.get(language, ()) for data in sections["genres"].values())
    return said if said in sections["moods"][mood].get(language, ()) and not genre else None


def _of_readers(names: tuple[str, ...], language: Language) -> tuple[str, ...]:
    """Of the Chinese and the Latin spelling of one name, that of the reader's language."""
    latin = {name: lexicon().people.get(name, name) for name in names}
    if language == "en":
        return tuple(dict.fromkeys(latin[name] if latin[name] in names else name for name in names))
    chinese: dict[str, str] = {}
    for han, name in lexicon().people.items():
        chinese.setdefault(name, han)
    spelled = {latin[name]: name for name in names if is_han(name)}
    return tuple(dict.fromkeys(spelled.get(latin[name]) or chinese.get(name, name) for name in names))


def _people_label(constraint: Constraint, language: Language) -> str:
    """Names, and companies by the one name that covers several of theirs."""
    values = constraint.value if isinstance(constraint.value, tuple) else ()
    names = {name: name for name in _of_readers(tuple(map(str, values)), language)}
    for name, data in lexicon().sections["companies"].items():
        own = [value for value in data["values"] if value in names]
        if len(own) > 1 or name in own:
            names |= dict.fromkeys(own, (language == "zh" and lexicon().label_zh("companies", name)) or name)
    return _values_label(replace(constraint, value=tuple(dict.fromkeys(names.values()))), language)


def _themes_label(constraint: Constraint, language: Language) -> str:
    """The first theme: the others are what the catalog has for the same word."""
    values = constraint.value if isinstance(constraint.value, tuple) else ()
    said = (constraint.said,) if language == "en" and constraint.said.isascii() and constraint.said else values[:1]
    return _values_label(replace(constraint, value=said), language)


def _id_label(constraint: Constraint, language: Language) -> str:
    """The name that those works have in their titles."""
    if constraint.op == "in":
        return constraint.said
    return f"不要{constraint.said}" if language == "zh" else f"no {constraint.said}"


def _word(value: str, field: str, language: Language, typed: str | None = None) -> str:
    """A catalog value in the person's language: by the tables, else as it was typed, else the catalog's own word."""
    if language == "en":
        return value
    if field == "language":
        return lexicon().label_zh("languages", value) or value
    return lexicon().label_zh(SECTIONS.get(field, ""), value) or chinese(field, value) or typed or value


def _language_label(constraint: Constraint, language: Language) -> str:
    values = constraint.value if isinstance(constraint.value, tuple) else ()
    if (constraint.op, values) == ("not_in", ("zxx",)):
        return "有人声" if language == "zh" else "with words"
    own = lexicon().sections["languages"].get(str(values[0]), {}).get("zh", ()) if values else ()
    if language == "zh" and constraint.said in own:
        return constraint.said if constraint.op == "in" else f"不要{constraint.said}"
    names = [_language_name(str(v), language) for v in values if v not in ("yue", "cmn", "nb", "nn", "fil") or len(values) == 1]
    joined = (" / " if language == "en" else "／").join(names[:MAX_VALUES])
    if constraint.op == "not_in":
        return f"不要{joined}" if language == "zh" else f"not in {joined}"
    return f"{joined}" if language == "zh" else f"in {joined}"


def _language_name(code: str, language: Language) -> str:
    if code == "zxx":
        return "无对白" if language == "zh" else "no words"
    data = lexicon().sections["languages"].get(code, {})
    if language == "zh":
        return data["zh"][0] if data.get("zh") else code
    return data["en"][0].title() if data.get("en") else code


def _countries_label(constraint: Constraint, language: Language) -> str:
    for name, data in lexicon().sections["countries"].items():
        if tuple(data["values"]) == constraint.value:
            label = (data["zh"] or [name])[0] if language == "zh" else name.title()
            return label if constraint.op == "in" else f"不要{label}" if language == "zh" else f"not {label}"
    named = Locale.parse("zh_Hans" if language == "zh" else "en").territories
    values = constraint.value if isinstance(constraint.value, tuple) else ()
    told = language == "en" and all(str(code) in _ENGLISH_NAMES for code in values)
    names = tuple(_ENGLISH_NAMES[str(code)] if told else None for code in values)
    known = tuple(name or str(named.get(str(code).upper(), code)) for name, code in zip(names, values, strict=True))
    return _values_label(replace(constraint, value=known), language)


def _minutes_label(constraint: Constraint, language: Language) -> str:
    if constraint.op == "ranges":
        return _ranges(constraint, lambda low, high: f"{_length(low, language)}–{_length(high, language)}")
    return f"{SIGNS[constraint.op]} {_length(_number(constraint), language)}"


def _length(minutes: float, language: Language) -> str:
    if minutes == float("inf"):
        return "∞"
    if minutes >= LONG_MINUTES:
        return f"{minutes / 60:.0f} " + ("小时" if language == "zh" else "h")
    if minutes >= 180 and minutes % 30 == 0:
        return f"{minutes / 60:g} " + ("小时" if language == "zh" else "h")
    return f"{minutes:.0f} " + ("分钟" if language == "zh" else "min")


def _year_label(constraint: Constraint, language: Language) -> str:
    if constraint.op == "ranges":
        return _ranges(constraint, lambda low, high: _years(low, high, language))
    year = f"{_number(constraint):.0f}"
    english = {"lt": f"before {year}", "le": f"up to {year}", "gt": f"after {year}", "ge": f"since {year}"}
    chinese = {"lt": f"{year}年以前", "le": f"不晚于{year}年", "gt": f"{year}年之后", "ge": f"{year}年以来"}
    return (chinese if language == "zh" else english)[constraint.op]


def _years(low: float, high: float, language: Language) -> str:
    if low == high:
        return f"{low:.0f}"
    if low % 10 == 0 and high == low + 9:
        return f"{low:.0f}年代" if language == "zh" else f"{low:.0f}s"
    if low <= 0 or low == float("-inf"):
        return f"≤ {high:.0f}"
    return f"≥ {low:.0f}" if high >= 9999 else f"{low:.0f}–{high:.0f}"


def _ranges(constraint: Constraint, label: Callable[[float, float], str]) -> str:
    ranges = constraint.value if isinstance(constraint.value, tuple) else ()
    return " / ".join(label(float(r[0]), float(r[1])) for r in ranges if isinstance(r, tuple))


def _age_label(constraint: Constraint, language: Language) -> str:
    if constraint.op != "le":
        return f"{'年龄' if language == 'zh' else 'age'} {SIGNS.get(constraint.op, '')} {_number(constraint):.0f}"
    age = f"{_number(constraint):.0f}"
    return f"{age}岁可看" if language == "zh" else f"age {age}+ ok"


def _popularity_label(constraint: Constraint, language: Language) -> str:
    less = constraint.op in ("lt", "le")
    if language == "zh":
        return "更小众" if less else "更热门"
    return "less known" if less else "better known"


def _number(constraint: Constraint) -> float:
    return float(constraint.value) if isinstance(constraint.value, (int, float)) else 0.0


_ENGLISH_NAMES = {"US": "American", "GB": "British"}
_LABELS: dict[str, Callable[[Constraint, Language], str]] = {
    "minutes": _minutes_label,
    "year": _year_label,
    "age": _age_label,
    "popularity": _popularity_label,
    "language": _language_label,
    "countries": _countries_label,
    "people": _people_label,
    "themes": _themes_label,
    "id": _id_label,
}
