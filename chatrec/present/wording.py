"""The sentences the system says in its own name, in English and Chinese."""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.generate.wording import PHRASES, form_noun, spaced
from chatrec.types import Constraint, Item, Language
from chatrec.understand.chips import title_of
from chatrec.understand.text import language_of

SENTENCES: dict[str, dict[Language, str]] = {
    "picks": {"en": "Here {are} {n} for you: {asked}.", "zh": "按“{asked}”为你挑了 {n} 个："},
    "picks_plain": {
        "en": "Here {are} {n} to start with. Tell me more about what you are in the mood for.",
        "zh": "先推荐 {n} 个，告诉我你的喜好，我会调整。",
    },
    "named": {"en": "Here {are} {names}.", "zh": "这是{names}："},
    "named_more": {"en": "Here {are} {names}, and {more} more close to {them}.", "zh": "这是{names}，另有 {more} 个与之相近的："},
    "unfit": {
        "en": "{name} is in this catalog, but does not fit “{demanded}”.",
        "zh": "目录里有{name}，但它不符合“{demanded}”。",
    },
    "again": {"en": "Here {are} {n} of those again.", "zh": "再给你看其中 {n} 个："},
    "picks_start": {"en": "Here {are} {n} to start with.", "zh": "先推荐 {n} 个："},
    "picks_near": {"en": "Here {are} {n} that come close.", "zh": "先推荐接近的 {n} 个："},
    "few": {"en": "Only {n} in the catalog {fit} everything you asked for.", "zh": "目录里只有 {n} 个完全符合你的要求。"},
    "none_of": {"en": "I found no {what} that fits.", "zh": "没有找到符合要求的{what}。"},
    "fewer": {"en": "I found only {have} of the {n} for “{what}”.", "zh": "“{what}”要 {n} 个，只找到 {have} 个。"},
    "nothing_for": {"en": "I found nothing for “{what}”.", "zh": "没有找到“{what}”的。"},
    "none_wished": {
        "en": "I found no {what} for “{wished}” that fits the rest.",
        "zh": "没有找到既符合“{wished}”又符合其他要求的{what}。",
    },
    "none_wished_more": {
        "en": "I found no other {what} for “{wished}” that fits the rest.",
        "zh": "除了之前提过的，没有找到既符合“{wished}”又符合其他要求的{what}。",
    },
    "only_some": {
        "en": "I found only {n} for “{wished}”; the others fit the rest.",
        "zh": "符合“{wished}”的只找到 {n} 个，其他的只符合别的要求。",
    },
    "only_together": {
        "en": "I found only {n} for “{wished}” together.",
        "zh": "同时符合“{wished}”的只找到 {n} 个。",
    },
    "none_together": {
        "en": "I found nothing for “{wished}” together.",
        "zh": "没有找到同时符合“{wished}”的。",
    },
    "none_preferred": {
        "en": "None of these fits “{preferred}”, which I took for a preference.",
        "zh": "这些都不符合“{preferred}”，我把它当作偏好。",
    },
    "work": {"en": "work", "zh": "作品"},
    "not_less": {
        "en": "This catalog has “{wished}” for all of these, and does not tell which has less of it.",
        "zh": "目录里这些都带有“{wished}”，没有说哪个少一些。",
    },
    "few_more": {
        "en": "Only {n} more in the catalog {fit} everything you asked for.",
        "zh": "除了之前提过的，目录里只有 {n} 个完全符合你的要求。",
    },
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
    "told_in": {"en": "(In Chinese:) {told}", "zh": "（目录里只有英文简介）{told}"},
    "nothing_new": {
        "en": "I could not take anything new from that, so these still go by what you said before.",
        "zh": "这句话我没读出新的要求，所以还是按之前说的来推荐。",
    },
    "nothing_by": {"en": "This catalog has nothing else by {names}.", "zh": "目录里没有{names}的其他作品。"},
    "none_by": {"en": "Nothing by {names} fits the rest of what you asked for.", "zh": "{names}的作品里没有符合其他要求的。"},
    "missing_part": {
        "en": "“{said}” is not in this catalog, but {names}.",
        "zh": "目录里没有“{said}”，有的是{names}。",
    },
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
    "no_ratings": {
        "en": "This catalog has no ratings or reviews; this is what it does tell.",
        "zh": "目录里没有评分和评价，能告诉你的是：",
    },
    "remaining": {
        "en": "No: {n} more in the catalog {meet} your conditions; say “something else” for the next best.",
        "zh": "不是，目录里还有 {n} 个符合条件；说“换一批”看接下来最合适的。",
    },
    "remaining_none": {
        "en": "Yes: nothing else in the catalog fits all you asked for.",
        "zh": "是的，目录里没有其他符合要求的了。",
    },
    "popularity": {"en": "popularity {value}.", "zh": "热度 {value}。"},
    "no_check": {"en": "I don't know: this catalog does not tell that of {name}.", "zh": "不知道：目录里没有{name}的这项信息。"},
    "no_check_of": {
        "en": "I don't know: this catalog does not record “{said}” of {names}.",
        "zh": "不知道：目录里没有{names}的“{said}”信息。",
    },
    "these_works": {"en": "any of these", "zh": "这几部"},
    "check_each": {"en": "{answer}: {names}.", "zh": "{answer}：{names}。"},
    "which_do": {"en": "Yes", "zh": "符合"},
    "which_dont": {"en": "No", "zh": "不符合"},
    "which_unknown": {"en": "Not told by this catalog", "zh": "目录里没有说"},
    "yes": {"en": "Yes.", "zh": "是的。"},
    "not_told": {"en": "This catalog does not say so.", "zh": "目录里没有这样说。"},
    "no": {"en": "No.", "zh": "不是。"},
    "more_of": {"en": "{name} {are} {more}: {value}. {rest}", "zh": "{name}{more}：{value}。{rest}"},
    "most_of": {"en": "{name} {are} {most}: {value}. {rest}", "zh": "{name}{most}：{value}。{rest}"},
    "level": {"en": "There is no difference. {rest}", "zh": "没有差别。{rest}"},
    "other_sense": {
        "en": "These lengths do not compare: one is of an episode, the other of the whole. {rest}",
        "zh": "一个是每集的长度，一个是整部的长度，没法直接比。{rest}",
    },
    "unknown_of": {
        "en": "I don't know: this catalog does not tell the {field} of {names}. {rest}",
        "zh": "不知道：目录里没有{names}的{field}信息。{rest}",
    },
    "only_mood": {
        "en": "Of these, this catalog calls {held} “{mood}”, but not {others}. {rest}",
        "zh": "其中目录里说{held}是“{mood}”的，{others}不是。{rest}",
    },
    "least_mood": {
        "en": "Of these, this catalog does not call {others} “{mood}”, but {held}. {rest}",
        "zh": "其中目录里没有说{others}“{mood}”，{held}则是。{rest}",
    },
    "all_mood": {
        "en": "I don't know: this catalog calls all of them “{mood}”, and not which is more so. {rest}",
        "zh": "不知道：目录里它们都是“{mood}”的，没有说哪个更甚。{rest}",
    },
    "no_mood": {
        "en": "I don't know: this catalog calls none of them “{mood}”. {rest}",
        "zh": "不知道：目录里它们都没有“{mood}”这一项。{rest}",
    },
    "no_choice": {
        "en": "Nothing you told me decides between them. {rest}",
        "zh": "你说过的还不足以替你选。{rest}",
    },
    "choice": {
        "en": "I would take {name}; it comes first for what you asked: {reason}",
        "zh": "我会选{name}，它最符合你的要求：{reason}",
    },
    "why": {"en": "{name} is here because it fits “{asked}”. {reason}", "zh": "选{name}是因为它符合“{asked}”。{reason}"},
    "why_plain": {
        "en": "{name} is here because little is known of your taste yet, and many know it. {reason}",
        "zh": "还不了解你的口味，所以先选了知道的人多的{name}。{reason}",
    },
    "why_other": {"en": "{name} is not among these picks. {reason}", "zh": "{name}不在这次的推荐里。{reason}"},
    "save": {
        "en": "Saved for later: {names}. Ask “what did I save?” to see the list.",
        "zh": "已存下：{names}。问“我存了什么？”就能看到清单。",
    },
    "saved": {"en": "You saved {names}.", "zh": "你存下了：{names}。"},
    "saved_none": {
        "en": "You have saved nothing yet; say “save the first one”.",
        "zh": "还没有存任何东西；说“存下第一个”就可以。",
    },
    "swap": {"en": "In place of {old}: {new}.", "zh": "{old}换成了：{new}。"},
    "swap_none": {"en": "I have nothing else that fits in place of {old}.", "zh": "没有别的符合要求的可以换{old}了。"},
    "put_off": {"en": "Saved for another day: {names}.", "zh": "已存下，改天再看：{names}。"},
    "surprise": {"en": "Here {are} {n} you might not have thought of{asked}.", "zh": "{asked}你可能没想到的 {n} 个："},
    "ask_kind": {"en": "Would you rather have something {options}?", "zh": "你更想{options}？"},
    "ask_form": {"en": "Would you rather have {options}?", "zh": "你更想要{options}？"},
    "ask_genres": {"en": "Is it {options} that you are after?", "zh": "你想要的是{options}？"},
    "ask_moods": {"en": "Should it be {options}?", "zh": "想要的感觉是{options}？"},
    "ask_year": {"en": "Does it matter when it is from: the {options}?", "zh": "年代上想要{options}的？"},
    "off_topic": {
        "en": "That is beyond me: I find things to watch, hear or play. Name a mood, a genre, a title you loved, what to avoid.",
        "zh": "这个我帮不上：我只会推荐可以看、听或玩的作品。说说心情、类型、喜欢过的作品，或者不想要什么。",
    },
    "complaint": {
        "en": "I am sorry that this does not help. Say what is wrong with the picks, name a title you love, or say “start over”.",
        "zh": "抱歉没帮上忙。可以说说这些推荐哪里不对，或者说一部喜欢的作品，也可以说“重新开始”。",
    },
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
    "all_shown": {"en": "You have been shown all that fits. {blocker}", "zh": "符合要求的都给你看过了。{blocker}"},
    "exhausted": {"en": "You have seen everything in the catalog that fits.", "zh": "符合要求的都已经给你看过了。"},
}

JOIN: dict[Language, tuple[str, str]] = {"en": (", ", " or "), "zh": ("、", "或")}
MAX_NAMES = 6
"""Makers or players named in an answer."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
COMPARED: dict[tuple[str, bool], dict[Language, tuple[str, str]]] = {
    ("minutes", True): {"en": ("longer", "the longest"), "zh": ("更长", "最长")},
    ("minutes", False): {"en": ("shorter", "the shortest"), "zh": ("更短", "最短")},
    ("year", True): {"en": ("newer", "the newest"), "zh": ("更新", "最新")},
    ("year", False): {"en": ("older", "the oldest"), "zh": ("更老", "最老")},
    ("popularity", True): {"en": ("better known", "the best known"), "zh": ("更有名", "最有名")},
    ("age", True): {"en": ("for older people", "for the oldest"), "zh": ("适合更大的人", "最适合大人")},
    ("age", False): {"en": ("fit for younger ones", "fit for the youngest"), "zh": ("更适合孩子", "最适合孩子")},
    ("popularity", False): {"en": ("less known", "the least known"), "zh": ("更小众", "最小众")},
}
"""What one of two, and of several, works is called that has more, or less, of a field."""
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
    """Title with year, and with the form if asked for, as a person would tell two versions apart; in Chinese the Chinese one."""
    known = (form_noun(item, language) if form else None, item.year)
    details = ", ".join(str(part) for part in known if part)
    title = title_of(item, language)
    return f"{title} ({details})" if details else title


def listed_names(works: Sequence[Item], language: Language) -> str:
    """`A (1979), B (1982) and C (2001)`; at least one work."""
    names = [item_name(item, language) for item in works]
    last = "和" if language == "zh" else " and "
    return last.join(filter(None, (JOIN[language][0].join(names[:-1]), names[-1])))


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


def other_language(item: Item, language: Language) -> Language | None:
    """The language of the description, if it is not the person's; catalogs tell a story in one language."""
    told = language_of(item.description) if item.description else language
    return told if told != language else None


def told_fact(item: Item, field: str, language: Language) -> str:
    """What the catalog tells of one field (`people`: makers and players), as a sentence; empty if it tells nothing."""
    if field == "description":
        other = other_language(item, language)
        return say("told_in", language, told=item.description) if other else item.description or ""
    comma, stop = JOIN[language][0], "。" if language == "zh" else "."
    if field == "people":
        return " ".join(told for part in ("creators", "cast") if (told := told_fact(item, part, language)))
    if field == "form":
        return form_noun(item, language) + stop
    value = getattr(item, field)
    values = [str(part) for part in (value if isinstance(value, tuple) else (value,)) if part not in (None, "")]
    if not values:
        return ""
    if field == "popularity":
        return say("popularity", language, value=f"{item.popularity:g}")
    if field in ("creators", "cast"):
        told = PHRASES[field](comma.join(values[:MAX_NAMES]), item, language)
    else:
        told = comma.join(PHRASES[field](part, item, language) for part in values[:MAX_NAMES])
    return (spaced(told) if language == "zh" else told) + stop
