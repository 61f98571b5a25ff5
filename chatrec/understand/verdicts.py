"""Cues that follow what they speak of: `… was great`, `… is fine`, `… isn't my thing`, `found … boring`."""

from __future__ import annotations

from chatrec.understand.lists import JOINS, LIGHT
from chatrec.understand.marks import CONTENT, Mark, Page, has_section
from chatrec.understand.text import COMMAS, SENTENCE_END, is_han, wordset

MAX_LIST = 20
"""Things that one cue behind a list is taken to speak of."""
MAX_DEGREES = 4
"""Words of degree between a name and what it was found to be."""
_ALREADY = wordset("i we ive have already all every is was one the a movie film something 我 们 都 全 已 经 也 早 就")
_DEGREES = wordset("a bit little too so very really quite rather pretty incredibly extremely terribly just kind of kinda")
_BAD = wordset("boring dull tedious overrated awful terrible bad disappointing slow bland tiresome annoying unbearable unfunny")


def look_back(page: Page) -> None:
    """Amend how each mark was meant by the cues behind it."""
    marks = page.sorted()
    for i, cue in enumerate(marks):
        if cue.is_cue("negate") and _closes_clause(page, cue):
            for target in _before(page, marks, i):
                target.negated, target.attitude = True, "dislike" if target.role == "title" else target.attitude
        if not cue.has("cues") or (cue.is_cue("like", "dislike", "seen", "save") and _has_argument(page, cue)):
            continue
        for target in _before(page, marks, i):
            _judge(target, cue)
    for mark in marks:
        if mark.role in ("title", "missing", "ref") and _is_found_bad(page, mark):
            mark.attitude, mark.negated = "dislike", True


def _is_found_bad(page: Page, named: Mark) -> bool:
    """`I found Titanic boring`, `found Dune a bit too slow`."""
    end = named.end
    while end < min(len(page.words), named.end + MAX_DEGREES) and page.words[end] in _DEGREES:
        end += 1
    found = page.words[max(0, named.start - 1) : named.start] == ["found"]
    noun = has_section(page.starting(end + 1), "forms", "genres")  # `found Titanic, boring films …` says nothing of it
    return found and end < len(page.words) and page.words[end] in _BAD and not noun


def _closes_clause(page: Page, cue: Mark) -> bool:
    """`周杰伦不要，…`: what is ruled out was said before."""
    rest = page.words[cue.end : cue.end + 2]
    rest = rest[1:] if rest[:1] in (["了"], ["吧"], ["啦"]) else rest
    return is_han(page.words[cue.start]) and (not rest or rest[0] in COMMAS or rest[0] in SENTENCE_END)


def _has_argument(page: Page, cue: Mark) -> bool:
    """`I hated Alien, I loved Up`: an opinion that is followed by its object says nothing of what stands before it."""
    after = page.within(cue.end, cue.end + 3)
    return any(m.start >= cue.end and (m.role != "words" or has_section(m, *CONTENT)) for m in after)


def _judge(target: Mark, cue: Mark) -> None:
    named = target.is_named
    if named and cue.is_cue("dislike_after"):
        target.attitude, target.negated = "dislike", True
    elif named and cue.is_cue("seen_after") and target.attitude is None:
        target.attitude = "seen"
    elif named and cue.is_cue("save_after"):
        target.attitude, target.negated = "save", False
    elif named and cue.is_cue("like_after") and target.attitude != "dislike":
        target.attitude, target.negated = "like", False
    elif named and cue.is_cue("negate_after"):
        target.negated = True
    elif has_section(target, *CONTENT, "fields", "critiques") and cue.is_cue("negate_after", "dislike_after"):
        target.negated, target.released = True, False
    if cue.is_cue("release_after") and not named and not target.negated:
        target.released, target.negated = True, False


def _before(page: Page, marks: list[Mark], i: int) -> list[Mark]:
    """The marks listed right before mark `i`."""
    found: list[Mark] = []
    edge = marks[i].start
    for mark in reversed(marks[max(0, i - MAX_LIST) : i]):
        gap = page.words[mark.end : edge]
        if edge == marks[i].start and gap[-1:] == ["ones"]:
            gap = gap[:-1]  # `old ones are fine`
        if marks[i].is_cue("seen", "seen_after"):
            gap = [word for word in gap if word not in _ALREADY]
        if any(word not in JOINS and word not in COMMAS and word not in LIGHT and word != "both" for word in gap) or len(gap) > 2:
            break
        if mark.is_cue("and", "or") or page.words[mark.start : mark.end] == ["也"]:  # `恐怖片也不要`
            edge = mark.start
            continue
        content = mark.role != "words" or has_section(mark, *CONTENT, "fields", "critiques", "vague")
        if not content:
            break
        if found and mark.has("vague") and found[-1].has("forms"):
            return [*found[:-1], mark]  # `old films are fine`
        if found and (mark.has("forms") or found[-1].has("forms")) and mark.role != "person":
            break
        found.append(mark)
        edge = mark.start
    return found
