"""The sentences the system says in its own name, in English and Chinese."""

from __future__ import annotations

from chatrec.generate.wording import PHRASES, form_noun
from chatrec.types import Constraint, Fact, Item, Language

SENTENCES: dict[str, dict[Language, str]] = {
    "picks": {"en": "Here {are} {n} for you: {asked}.", "zh": "按“{asked}”为你挑了 {n} 个："},
    "picks_plain": {
        "en": "Here {are} {n} to start with. Tell me more about what you are in the mood for.",
        "zh": "先推荐 {n} 个，告诉我你的喜好，我会调整。",
    },
    "few": {"en": "Only {n} in the catalog {fit} everything you asked for.", "zh": "目录里只有 {n} 个完全符合你的要求。"},
    "greeting": {
        "en": "Hello! Tell me what you would like to watch, hear or play, what you loved, or what to avoid.",
        "zh": "你好！告诉我你想看、想听或想玩什么，喜欢过什么，或者不想要什么。",
    },
    "thanks": {
        "en": "You're welcome. Enjoy! Say the word if you want something else.",
        "zh": "不客气，祝你愉快！想换别的随时说。",
    },
    "going_by": {"en": "Going by {asked}, here {are} {n}.", "zh": "那就按“{asked}”为你挑了 {n} 个："},
    "going_by_nothing": {
        "en": "I have nothing else to go by, so here {are} {n} to start with; name another title, or what you liked about it.",
        "zh": "没有别的线索，先推荐 {n} 个；再说一个标题，或告诉我你喜欢它什么。",
    },
    "missing": {"en": "“{said}” is not in this catalog.", "zh": "目录里没有“{said}”。"},
    "ambiguous": {
        "en": "“{said}” could be {options}. I went with {first}; did you mean another?",
        "zh": "“{said}”可能是{options}。我先按{first}来推荐，你指的是哪一个？",
    },
    "unsupported": {
        "en": "I can't check “{said}”: nothing in this catalog records it.",
        "zh": "“{said}”无法核对：目录里没有这项信息。",
    },
    "unenforceable": {
        "en": "I can't check “{said}”: no index field for {field} in this catalog.",
        "zh": "“{said}”无法核对：目录里没有“{field}”这一项。",
    },
    "fact": {"en": "{name}: {told}", "zh": "{name}：{told}"},
    "no_fact": {"en": "This catalog does not tell the {field} of {name}.", "zh": "目录里没有《{name}》的{field}信息。"},
    "undo": {"en": "Forgotten: {what}.", "zh": "好的，已忘掉：{what}。"},
    "undo_back": {"en": "Taken back.", "zh": "好的，已撤回。"},
    "undo_nothing": {"en": "There is nothing to take back.", "zh": "没有可以撤回的了。"},
    "restart": {"en": "Starting over.", "zh": "好的，重新开始。"},
    "empty": {"en": "Nothing in the catalog fits all of that. {blocker}", "zh": "目录里没有完全符合的。{blocker}"},
    "blocker": {"en": "Without “{dropped}” {count} would fit.", "zh": "去掉“{dropped}”就有 {count} 个符合。"},
    "blocker_near": {
        "en": "It is “{dropped}” that leaves nothing; the nearest is {nearest} ({count} would fit without that limit).",
        "zh": "问题出在“{dropped}”；最接近的是 {nearest}（不限的话有 {count} 个）。",
    },
    "all_shown": {"en": "You have seen all that fits. {blocker}", "zh": "符合要求的都给你看过了。{blocker}"},
    "exhausted": {"en": "You have seen everything in the catalog that fits.", "zh": "符合要求的都已经给你看过了。"},
}

JOIN: dict[Language, tuple[str, str]] = {"en": (", ", " or "), "zh": ("、", "或")}
MAX_NAMES = 6
"""Makers or players named in an answer."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
FIELD_NAMES: dict[str, dict[Language, str]] = {
    "minutes": {"en": "running time", "zh": "时长"},
    "age": {"en": "age rating", "zh": "适合年龄"},
    "people": {"en": "people", "zh": "主创"},
    "year": {"en": "year", "zh": "年份"},
    "language": {"en": "language", "zh": "语言"},
    "genres": {"en": "genre", "zh": "类型"},
    "moods": {"en": "mood", "zh": "氛围"},
    "tags": {"en": "tags", "zh": "标签"},
    "form": {"en": "form", "zh": "形式"},
    "countries": {"en": "country", "zh": "国家"},
    "themes": {"en": "theme", "zh": "主题"},
    "popularity": {"en": "popularity", "zh": "热度"},
    "creators": {"en": "makers", "zh": "主创"},
    "cast": {"en": "cast", "zh": "演员"},
    "description": {"en": "story", "zh": "简介"},
}


def say(key: str, language: Language, **values: object) -> str:
    """One of the sentences, filled in."""
    return SENTENCES[key][language].format(**values)


def count_picks(n: int, language: Language) -> str:
    """A number of picks in words where they are short."""
    if language == "zh":
        return str(n)
    return f"{NUMBERS[n] if n < len(NUMBERS) else n} pick{'' if n == 1 else 's'}"


def item_name(item: Item, language: Language = "en", *, form: bool = False) -> str:
    """Title with year, and with the form if asked for, as a person would tell two versions apart."""
    known = (form_noun(item, language) if form else None, item.year)
    details = ", ".join(str(part) for part in known if part)
    return f"{item.title} ({details})" if details else item.title


def field_name(field: str, language: Language) -> str:
    """A catalog field in plain words."""
    return FIELD_NAMES.get(field, {}).get(language, field)


def amount(constraint: Constraint, number: float, language: Language) -> str:
    """A number of a constraint's field with its unit."""
    if constraint.field == "minutes":
        return f"{number:g} 分钟" if language == "zh" else f"{number:g} minutes"
    if constraint.field == "age":
        return f"{number:g} 岁以上" if language == "zh" else f"age {number:g} and up"
    return f"{number:g}"


def told_fact(item: Item, fact: Fact, language: Language) -> str:
    """What the catalog tells of one field, as a sentence; empty if it tells nothing."""
    if fact == "description":
        return item.description or ""
    value = getattr(item, fact)
    values = [str(part) for part in (value if isinstance(value, tuple) else (value,)) if part not in (None, "")]
    if not values:
        return ""
    comma, stop = JOIN[language][0], "。" if language == "zh" else "."
    if fact in ("creators", "cast"):
        return PHRASES[fact](comma.join(values[:MAX_NAMES]), item, language) + stop
    return comma.join(PHRASES[fact](part, item, language) for part in values) + stop
