"""How a question sets one work against another: `is Alien longer than Her?`, `和异形比，盗梦空间更长吗？`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatrec.understand.lexicon import Phrase
from chatrec.understand.marks import Page, match_any
from chatrec.understand.text import key_of, wordset

AUXILIARIES = wordset("is are was were does do did has isnt arent wasnt werent doesnt didnt")
OPENERS = wordset("and so ok okay but well hmm then now please can could you tell me , 那 那么 请 嗯")
MEASURED_BY = ("than", "比")
"""Words in front of the work that something is set against."""
_ASKED = wordset("? 吗 么 嘛")
_LEADS = tuple(key_of(phrase) for phrase in ("compared to", "compared with", "in comparison to", "next to", "relative to"))
_THAN = tuple(key_of(phrase) for phrase in ("than", "compared to", "compared with", "compare to", "compare with"))
_DATED = tuple((verb, word) for verb in ("made", "released", "out", "published", "recorded") for word in ("before", "after"))
_WITH = wordset("和 跟 与 同 较")
_HAN_LEADS = tuple(key_of(phrase) for phrase in ("比起", "相比于", "相较于", "相比", "对比"))
_HAN_PIVOTS = tuple(key_of(phrase) for phrase in ("相比之下", "相比较", "比起来", "相比", "比较", "比"))
_HAN_LEVEL = tuple(key_of(phrase) for phrase in ("有没有", "有"))


@dataclass(frozen=True, slots=True)
class Weighing:
    """Where the two works stand in a question."""

    subject: int
    """The word at which the work that is asked about starts."""
    other: int
    """The word at which the work that it is set against starts."""
    level: bool = False
    """Whether it is asked if one is as much as the other: `as long as`."""


def weighing_of(page: Page) -> Weighing | None:
    """The places of the two works, if the message has the form of such a question; what stands there may be no work."""
    words = page.words
    start = next((at for at, word in enumerate(words) if word not in OPENERS), 0)
    found = _led(words, start) or _english(words, start) or _chinese(words, start)
    return found if found is not None and max(found.subject, found.other) < len(words) else None


def _led(words: Sequence[str], start: int) -> Weighing | None:
    """What the work is set against stands first: `compared to Her, is Alien longer?`, `比起异形，盗梦空间更长吗？`."""
    other = match_any(words, start, _LEADS)
    if other > start:
        asked = next((at for at in range(other, len(words)) if words[at] in AUXILIARIES), None)
        return None if asked is None else Weighing(asked + 1, other)
    if not _ASKED.isdisjoint(words):
        other = match_any(words, start, _HAN_LEADS)
        if other > start:
            comma = next((at for at in range(other, len(words)) if words[at] == ","), None)
            return None if comma is None else Weighing(comma + 1, other)
        if words[start] in _WITH:
            pivot = _first(words, start + 1, _HAN_PIVOTS)
            end = len(words) if pivot is None else match_any(words, pivot, _HAN_PIVOTS)
            return None if end == len(words) else Weighing(end + (words[end] == ","), start + 1)
    return None


def _english(words: Sequence[str], start: int) -> Weighing | None:
    start += words[start] == "how"
    if words[start : start + 1] == [] or words[start] not in AUXILIARIES:
        return None
    for phrases in (_THAN, _DATED):
        pivot = _first(words, start + 2, phrases)
        if pivot is not None:
            return Weighing(start + 1, match_any(words, pivot, phrases))
    level = [at for at in range(start + 2, len(words)) if words[at] == "as"][:2]
    return Weighing(start + 1, level[1] + 1, level=True) if len(level) == 2 else None


def _chinese(words: Sequence[str], start: int) -> Weighing | None:
    if _ASKED.isdisjoint(words):
        return None
    for phrases in (_HAN_PIVOTS, _HAN_LEVEL):
        pivot = _first(words, start + 1, phrases)
        if pivot is not None:
            return Weighing(start, match_any(words, pivot, phrases), level=phrases is _HAN_LEVEL)
    return None


def _first(words: Sequence[str], start: int, phrases: Sequence[Phrase]) -> int | None:
    return next((at for at in range(start, len(words)) if match_any(words, at, phrases) > at), None)
