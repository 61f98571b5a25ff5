"""Questions about works that the catalog answers: `who directed Alien?`, `how long is the first one?`, `how long are they?`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from chatrec.types import Fact, Ledger
from chatrec.understand.lexicon import Phrase, lexicon
from chatrec.understand.marks import CONTENT, Mark, Page, has_section
from chatrec.understand.text import is_han, key_of, wordset
from chatrec.understand.weighing import AUXILIARIES

_IT = frozenset(key_of(phrase) for phrase in ("it", "that one", "this one", "that", "this", "它", "这部", "那部", "这个", "那个"))
_THEM = frozenset(
    map(
        key_of,
        (
            *("they", "them", "these", "those", "they all", "them all", "all of them", "any of them", "any of these"),
            *("它们", "这些", "这几部"),
        ),
    )
)
_OPENERS = wordset("and so but ok okay")
_ASIDE = wordset(
    "lol haha um uh right alright sure yes yeah "
    "it its this that looks look sounds seems ok okay good great nice cool fun interesting hmm well and so but oh please me tell "
    "never heard of havent dont not sure about "
    "can could you know i wonder btw actually though hey wait then one , 看 起 来 不 错 那 请 问 它"
)
"""What may be said around a question about a work that is named: `the third looks ok, how long is it?`."""
_HAN_VERDICTS = ("吗", "么", "怎么样", "好不好", "如何")
_LIGHT = wordset(
    "the a an movie film game album show series podcast book is was are were does did about made released come came out take "
    "last from in run to beat finish complete play 的 是 部 这 那 了 呢 吗 呀 啊 一 下"
)


def asked_of(page: Page, ledger: Ledger) -> tuple[tuple[str, ...], Fact] | None:
    """The works that a message asks about, and the fact; `None` if it says anything else, too."""
    said = [m for m in page.marks if m.role != "words" or (has_section(m, *CONTENT) and not m.has("forms"))]
    named = [m for m in said if m.role in ("title", "ref")]
    spoken_of, shown = (ledger.focus or ledger.last_shown)[:1], several_of(ledger)
    bare = _alone().get(tuple(word for word in page.words if word[0].isalnum() and word not in _OPENERS))
    if bare is not None and spoken_of:
        return (shown if "ones" in page.words and shown else spoken_of), bare
    if (proposed := _proposed(page, named)) is not None:
        return proposed.ids[:1], "description"
    asks = _asks_for_verdict(page)
    for fact, phrases in _phrases():
        for phrase in phrases if asks or fact != "quality" else ():
            start = _find(page, phrase)
            rest = [] if start is None else [*page.words[:start], "|", *page.words[start + len(phrase) :]]
            if start is None or any(m not in named and not start <= m.start < start + len(phrase) for m in said):
                continue
            if len(named) == 1 and not _others(page, start, start + len(phrase), named[0]):
                return named[0].ids if named[0].role == "ref" else named[0].ids[:1], fact
            about = tuple(word for word in rest if word[0].isalnum() and (word not in _LIGHT or word in ("这", "那", "部")))
            whole = not about and (fact != "description" or is_han(phrase[0]))
            if not named and (about in _IT or whole) and spoken_of:
                return spoken_of, fact
            if not named and about in _THEM and shown:
                return shown, fact
    return None


def _proposed(page: Page, named: Sequence[Mark]) -> Mark | None:
    """The pick of `what about the second one?`, `那第二部呢`, where nothing else is said."""
    if len(named) != 1 or named[0].role != "ref" or len(named[0].ids) != 1:
        return None
    inside = range(named[0].start, named[0].end)
    rest = [w for at, w in enumerate(page.words) if at not in inside and w[0].isalnum() and w not in _OPENERS]
    return named[0] if rest in (["what", "about"], ["how", "about"], ["呢"], ["那", "呢"]) else None


def _asks_for_verdict(page: Page) -> bool:
    """Whether praise is asked about and not given: `is it any good?`, `第一部好看吗`."""
    start = next((at for at, word in enumerate(page.words) if word not in _OPENERS), 0)
    opens = page.words[start] in AUXILIARIES or page.words[start : start + 2] == ["how", "good"]
    return opens or "".join(page.words).rstrip("?").endswith(_HAN_VERDICTS)


def several_of(ledger: Ledger) -> tuple[str, ...]:
    """The works that `they` stands for, spoken of together or shown; nothing where there is but one."""
    works = ledger.focus if len(ledger.focus) > 1 else ledger.last_shown
    return works if len(works) > 1 else ()


@cache
def _phrases() -> list[tuple[Fact, tuple[Phrase, ...]]]:
    questions = lexicon().sections["questions"]
    return [(fact, tuple(key_of(p) for key in ("en", "zh") for p in data[key])) for fact, data in questions.items()]  # type: ignore[misc]


@cache
def _alone() -> dict[Phrase, Fact]:
    """Questions that name no work: `what year?`."""
    questions = lexicon().sections["questions"]
    return {key_of(p): fact for fact, data in questions.items() for p in data.get("alone", ())}  # type: ignore[misc]


def _find(page: Page, phrase: Phrase) -> int | None:
    starts = range(len(page.words) - len(phrase) + 1)
    return next((at for at in starts if tuple(page.words[at : at + len(phrase)]) == phrase), None)


def _others(page: Page, start: int, end: int, named: Mark) -> bool:
    """Whether words are left that are neither the question nor the work."""
    inside = {*range(start, end), *range(named.start, named.end)}
    return any(w[0].isalnum() and w not in _LIGHT and w not in _ASIDE for at, w in enumerate(page.words) if at not in inside)
