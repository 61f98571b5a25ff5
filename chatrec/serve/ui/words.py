"""What the page says in its own name, and catalog values in human terms, in English and Chinese."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatrec.generate import wording
from chatrec.present.wording import field_name
from chatrec.types import Claim, Item, Kind, Language

WORDS: dict[str, tuple[str, str]] = {
    "all": ("All", "全部"),
    "video": ("Watch", "看"),
    "audio": ("Listen", "听"),
    "game": ("Play", "玩"),
    "media": ("Media", "媒介"),
    "picks": ("Picks", "推荐"),
    "understood": ("Understood", "理解为"),
    "remove": ("Remove “{label}”", "去掉“{label}”"),
    "like": ("Like", "喜欢"),
    "dislike": ("Not for me", "不适合我"),
    "seen": ("Seen", "看过"),
    "seen_audio": ("Heard", "听过"),
    "seen_game": ("Played", "玩过"),
    "reactions": ("What do you think of “{title}”?", "你觉得《{title}》怎么样？"),
    "high": ("high fit", "很合适"),
    "medium": ("medium fit", "较合适"),
    "low": ("low fit", "一般"),
    "facts": ("Facts behind it", "依据"),
    "told_in": ("in Chinese", "英文简介"),
    "from_model": ("written by the language model, checked against the catalog", "由语言模型撰写，已与目录核对"),
    "from_facts": ("built from catalog facts", "由目录信息生成"),
    "pending": ("The language model is writing the reasons…", "语言模型正在撰写理由……"),
    "opening": ("Opening the catalog; the first time, its index is built…", "正在打开目录，首次使用需要建立索引……"),
    "thinking": ("Looking through the catalog…", "正在查找……"),
    "stop": ("Stop", "停止"),
    "retry": ("Try again", "再试一次"),
    "next": ("Next steps", "接下来"),
    "stopped": ("Stopped. Nothing more is written; the picks so far stay.", "已停止。保留目前的推荐，不再继续。"),
    "stopped_early": ("Stopped before anything was found.", "还没找到结果就停止了。"),
    "found": ("{n} picks found.", "找到 {n} 个。"),
    "replaced": ("“{old}” was replaced by “{new}”.", "《{old}》已换成《{new}》。"),
    "gone": ("“{old}” was removed.", "《{old}》已移除。"),
    "blank": ("Type what you are in the mood for.", "请输入你想看、想听或想玩的。"),
    "failed": ("Something went wrong here; nothing was lost. Try again.", "出了点问题，内容没有丢失。请再试一次。"),
    "degraded": ("Reasons are built from catalog facts: {why}.", "语言模型暂不可用，推荐理由由目录信息生成。"),
    "any_age": ("all ages", "全年龄"),
    "age": ("age {age}+", "{age} 岁以上"),
}
EXAMPLES: tuple[tuple[Kind, str], ...] = (
    ("video", "A heartwarming film for a rainy Sunday, under two hours"),
    ("game", "Co-op space games like FTL, nothing scary"),
    ("audio", "Calm electronic albums for late-night work"),
    ("video", "想看宫崎骏那样的动画，适合带孩子看"),
)
GREETING = "Hello! Tell me what you would like to watch, hear or play, what you loved, or what to avoid."
FACT_LABELS: Mapping[str, tuple[str, str]] = {
    "creators": ("by", "主创"),
    "cast": ("with", "演职"),
    "publishers": ("from", "出品"),
    "near": ("similarity", "相似"),
}
"""Fields that have a name of their own on a card."""


def word(key: str, language: Language, **values: object) -> str:
    """One of the page's own words or sentences, filled in."""
    return WORDS[key][language == "zh"].format(**values)


def genre_name(genre: str, language: Language) -> str:
    """A genre in the person's language."""
    return wording.words().genres.get(genre, {}).get("zh", genre) if language == "zh" else genre


def chinese_title(item: Item) -> str:
    """The first alias in Chinese characters without kana, for readers of Chinese; empty if there is none."""
    return next((alias for alias in item.aliases if _is_han(alias)), "")


def makers(item: Item, language: Language, limit: int = 2) -> str:
    """The first creators; to a reader of English without those names that are only a Chinese spelling of another."""
    latin = [name for name in item.creators if not _is_han(name)]
    names = item.creators if language == "zh" or not latin else latin
    return (" / " if language == "zh" else ", ").join(names[:limit])


def age(item: Item, language: Language) -> str | None:
    """The age it is suitable from; None if unknown."""
    if item.age is None:
        return None
    return word("age", language, age=item.age) if item.age else word("any_age", language)


def fact(claim: Claim, item: Item, language: Language) -> tuple[str, str]:
    """The catalog field and value that bear a claim out, as (label, value)."""
    own = FACT_LABELS.get(claim.field)
    label = own[language == "zh"] if own else field_name(claim.field, language).replace("_", " ")
    say = _VALUES.get(claim.field)
    return label, say(claim, item, language) if say else claim.value


def _is_han(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text) and not any("\u3040" <= c <= "\u30ff" for c in text)


def _length(claim: Claim, item: Item, language: Language) -> str:
    return wording.length(item, language) or claim.value


def _age(claim: Claim, item: Item, language: Language) -> str:
    return age(item, language) or claim.value


_VALUES: Mapping[str, Callable[[Claim, Item, Language], str]] = {
    "minutes": _length,
    "age": _age,
    "near": lambda claim, item, language: claim.text,
    "language": lambda claim, item, language: wording.language_name(claim.value, language),
    "countries": lambda claim, item, language: wording.country_name(claim.value, language),
    "genres": lambda claim, item, language: genre_name(claim.value, language),
    "moods": lambda claim, item, language: (
        wording.words().moods.get(claim.value, claim.value) if language == "zh" else claim.value
    ),
    "themes": lambda claim, item, language: wording.theme(claim.value, language),
}
