"""What is said beside requests: `why this one?`, `what did I save?`, `not tonight`, `haha`; phrases in `lexicon.toml`, `talk`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

from chatrec.types import Ledger
from chatrec.understand.lexicon import Phrase, lexicon
from chatrec.understand.marks import CONTENT, Mark, Page, has_section, match_any
from chatrec.understand.text import COMMAS, SENTENCE_END, Text, key_of, wordset

_PRAISE = wordset("good great cool nice decent awesome amazing excellent brilliant solid better")
_LAUGHS = wordset("lol haha ha hahaha lmao")
_FILLERS = _LAUGHS | wordset(
    "a an some the then please really very now lol haha ha ok okay well alright just give me show find and so"
)
_OF_WORKS = wordset("sucks hate")
"""Words of complaints that judge the work spoken of, if there is one: `it sucks`."""
_HAN_PRAISE = re.compile("(?:要|来个|来部|来点|换个|想要|我要|给我)((?:更|很)?(?:好看|好玩|好听|好|不错|精彩)的)(?:吧|呢)?")


def asks_why(page: Page, ledger: Ledger) -> str | None:
    """The work of which a message asks why it is there: one named, else the one last spoken of or shown first."""
    if not _begins(page, "why") or _begins(page, "why_not"):
        return None
    named = [mark for mark in page.sorted() if mark.role in ("title", "ref")]
    spoken = ledger.focus or ledger.last_shown
    return named[0].ids[0] if named else spoken[0] if spoken else None


def asks_for_saved(page: Page) -> bool:
    """Whether a message asks for what was saved, and for nothing else."""
    return not _says_more(page) and _has(page, "saved")


def complains(page: Page) -> bool:
    """`you suck`, `that's not what I asked`: anger that names nothing, and nothing else."""
    return not _says_more(page) and _is_all(page.words, "complaints")


def without_complaint(text: Text, ledger: Ledger) -> Text:
    """A message without the clauses that only complain, if others ask for something: `you suck, undo that`."""
    words = [token.text for token in text.tokens]
    ends = [at + 1 for at, word in enumerate(words) if word in SENTENCE_END | COMMAS]
    clauses = list(pairwise((0, *ends, len(words))))
    angry = [
        (start, end)
        for start, end in clauses
        if _is_all(words[start:end], "complaints") and not (ledger.focus and not _OF_WORKS.isdisjoint(words[start:end]))
    ]
    kept = [token for start, end in clauses if (start, end) not in angry for token in text.tokens[start:end]]
    says_more = any(token.text[0].isalnum() and token.text not in _fillers("complaints") for token in kept)
    return Text(text.plain, tuple(kept)) if angry and says_more else text


def asked_openly(text: Text) -> Text:
    """`are there no newer ones?` asks for newer ones, `is there nothing scarier?` for something scarier; `没有更多恐怖片吗`."""
    words = [token.text for token in text.tokens]
    if words[:4] == ["没", "有", "更", "多"] and "吗" in words[-2:] and not _is_all(words, "remaining"):
        return Text(text.plain, text.tokens[1:])
    lead, denied = text.tokens[:2], text.tokens[2:3]
    if (
        words[:2] not in (["is", "there"], ["are", "there"])
        or words[2:3] not in (["no"], ["nothing"])
        or _is_all(words, "remaining")
    ):
        return text
    return Text(
        text.plain, (*lead, *(replace(token, text="something") for token in denied if token.text == "nothing"), *text.tokens[3:])
    )


def _says_more(page: Page) -> bool:
    return any(has_section(mark, *CONTENT) or mark.role in ("title", "ref") for mark in page.marks)


def asks_if_all(page: Page, ledger: Ledger) -> bool:
    """`is that all?`, `are these all you have?`, `就这些吗`: whether more fits than was shown."""
    asks = page.words[-1] in ("?", "吗", "么") or page.words[0] in ("is", "are")
    return bool(ledger.last_shown) and asks and not _says_more(page) and _is_all(page.words, "remaining")


def is_later(page: Page) -> bool:
    """`not tonight`, `some other time`, `改天`."""
    return _has(page, "later")


def is_nod(page: Page) -> bool:
    """`haha`, `ok`, `nice, you are good at this`: whether a message opens with a nod."""
    return _begins(page, "nods")


def good_one(page: Page) -> str:
    """`a good one then`, `cool one`, `要好玩的`: the words, if others are asked for by nothing but that they should be good."""
    words = [word for word in page.words if word[0].isalnum() and word not in _FILLERS]
    if any(mark.has("unsupported") for mark in page.marks):
        return ""
    if "ones" in words or "one" in words:
        praise = [word for word in words if word in _PRAISE]
        said = [word for word in page.words if word[0].isalnum() and word not in _LAUGHS]
        bare = said in ([p, "one"] for p in ("good", "nice", "great"))  # said of a joke
        return (
            ""
            if bare or not praise or not _PRAISE.union(("one", "ones", "looking")).issuperset(words)
            else " ".join(dict.fromkeys(words[:-1]))
        )
    found = _HAN_PRAISE.fullmatch("".join(words))
    return found.group(1) if found else ""


def swapped(page: Page) -> list[Mark]:
    """The references that are to be replaced: all behind `swap`, and those of `把第二个换一个`."""
    swap = next((mark for mark in page.sorted() if mark.is_cue("swap")), None)
    disposed = page.words[0] == "把" and page.any_cue("more")
    return [mark for mark in page.marks if mark.role == "ref"] if swap is not None or disposed else []


@cache
def phrases(name: str) -> tuple[Phrase, ...]:
    """The phrases of one kind of talk, English and Chinese."""
    data = lexicon().sections["talk"][name]
    return tuple(key_of(phrase) for key in ("en", "zh") for phrase in data[key])


@cache
def _fillers(name: str) -> frozenset[str]:
    """What may stand around a phrase of one kind of talk that is all that a message says."""
    around = lexicon().sections["talk"][name]["around"]
    return frozenset(word for form in (*around, *map(" ".join, phrases("openers"))) for word in key_of(form))


def _is_all(words: Sequence[str], name: str) -> bool:
    """Whether such a phrase stands there with nothing but fillers around it."""
    said, at = False, 0
    while at < len(words):
        end = match_any(words, at, phrases(name))
        if end == at and words[at][0].isalnum() and words[at] not in _fillers(name):
            return False
        said, at = said or end > at, max(end, at + 1)
    return said


def _has(page: Page, name: str) -> bool:
    words = page.words
    return any(tuple(words[at : at + len(phrase)]) == phrase for phrase in phrases(name) for at in range(len(words)))


def _begins(page: Page, name: str) -> bool:
    """Whether the message begins with one of the phrases, openers and references left out."""
    openers = {word for phrase in phrases("openers") for word in phrase}
    at = 0
    while at < len(page.words):
        mark = page.starting(at)
        if mark is not None and mark.role in ("title", "ref"):
            at = max(mark.end, at + 1)
        elif page.words[at] in openers or not page.words[at][0].isalnum():
            at += 1
        else:
            break
    said = [p for p in phrases(name) if tuple(page.words[at : at + len(p)]) == p]
    if name == "nods":  # no `好` of `好玩的`
        said = [p for p in said if (last := page.over[at + len(p) - 1]) is None or last.end <= at + len(p)]
    return bool(said)
