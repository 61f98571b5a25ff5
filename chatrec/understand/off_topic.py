"""Talk that asks for nothing here: `what's the weather?`, `write me a script`, `世界杯谁赢了？`."""

from __future__ import annotations

from chatrec.understand.checks import asks_of_each
from chatrec.understand.free import STOP
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.same_makers import asks_same_makers
from chatrec.understand.talk import phrases
from chatrec.understand.text import is_han, wordset

_OF_FACTS = wordset("who whose when where why how")
"""Questions of which a year, a length or an age says nothing yet: `who won in 2018?`."""
_ASKING = wordset("what whats who whos whose when where why how which is are was were does do did can could will would should")
_HAN_ASKING = wordset("吗 么 谁 几 哪 怎 何 啥 呢")
_ASKS_HAN = wordset("吗 么 嘛")
_REQUESTS = wordset(
    "recommend suggest watch play listen hear see read show give find pick choose similar another else more next "
    "any anything something some should good best new there"
)
_HAN_REQUESTS = wordset("看 听 玩 荐 找 来 像 片 剧 歌 类")
_LISTS = wordset("list recommend recommendations suggest suggestions playlist 单 荐")
_OPENERS = wordset("please can could would you will hey hi hello ok okay so and but , now just 请 帮 我 你 能 可 以 给")
_ONE = wordset("it this that 它 这 那")
_OURS = ("genres", "styles", "moods", "tags", "forms", "inner", "companies", "vague", "critiques", "critiques_mood", "verbs")
"""Sections whose words speak of works; nations and themes turn up in any talk."""
_OUR_CUES = ("more", "surprise", "whatever", "greeting", "thanks", "restart", "forget", "new_topic")


def is_off_topic(page: Page) -> bool:
    """Whether a message is a question or a task, and nothing in it speaks of works."""
    start = next((at for at, word in enumerate(page.words) if word not in _OPENERS), 0)
    if _is_chore(page, start):
        return not (any(mark.has("forms") for mark in page.marks) and not _LISTS.isdisjoint(page.words))
    about_ours = _asks_of_one(page) or asks_of_each(page) or asks_same_makers(page) or _proposes(page, start)
    about_ours = about_ours or _asks_for_ours(page)
    if about_ours or any(_is_ours(mark, facts=page.words[start] in _OF_FACTS) for mark in page.marks):
        return False
    words = [word for word in page.words if word[0].isalnum()]
    if is_han(page.words[0]) or any(is_han(word) for word in words[:2]):
        return not _HAN_ASKING.isdisjoint(words) and _HAN_REQUESTS.isdisjoint(words)
    asks = page.words[start] in _ASKING and _REQUESTS.isdisjoint(words)
    return asks and any(word not in STOP and word not in _ASKING for word in words)


def _asks_of_one(page: Page) -> bool:
    """`is it on Netflix?`: what no catalog tells, of a work."""
    return any(mark.has("unsupported") for mark in page.marks) and not _ONE.isdisjoint(page.words)


def _proposes(page: Page, start: int) -> bool:
    """`what about on the switch?`, `how about the 70s`: a condition is proposed, also one that no catalog tells."""
    about = page.words[start : start + 2] in (["what", "about"], ["how", "about"])
    return about and any(_is_condition(mark) for mark in page.marks)


def _is_condition(mark: Mark) -> bool:
    origin = has_section(mark, "unsupported", "languages", "countries", "special", "ages", "occasions", "feelings")
    return origin or mark.role in ("year", "minutes", "age")


def _asks_for_ours(page: Page) -> bool:
    """`what do you have from Japan?`, `有便宜的吗`: what is here is asked for."""
    words = page.words
    ours = any(words[at : at + 2] in (["you", "have"], ["you", "got"]) for at in range(len(words)))
    han = is_han(words[0]) and "有" in words and not _ASKS_HAN.isdisjoint(words[-2:])
    return (ours or han) and any(_is_condition(mark) or has_section(mark, "themes", "catalog") for mark in page.marks)


def _is_ours(mark: Mark, *, facts: bool) -> bool:
    measured = mark.role in ("minutes", "year", "age") and not facts
    return mark.is_named or measured or mark.is_cue(*_OUR_CUES) or any(mark.has(section) for section in _OURS)


def _is_chore(page: Page, start: int) -> bool:
    mark = page.starting(start)
    if mark is not None and mark.role == "title":
        return False  # `Call of Duty`
    return any(tuple(page.words[start : start + len(chore)]) == chore for chore in phrases("chores"))
