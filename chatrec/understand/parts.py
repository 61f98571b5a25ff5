"""The parts of a list with numbers, each with what it counts: `3 podcasts about economics and 2 about psychology`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chatrec.understand.counts import ARTICLES, MAX_PICKS, MEASURES, number_of_picks
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.scopes import SENTENCE_END
from chatrec.understand.text import is_han, wordset

MAX_PARTS = 4
SECTIONS = ("genres", "styles", "moods", "tags", "themes", "catalog", "languages", "countries")
NOUNS = ("forms", "inner")
_JOINING = wordset("and plus or , & 和 与 加 或 者 、 ，")
_COMMAS = wordset(", : including ， 、 ：")
_PASSED = wordset("good great nice decent new a an")
_BEFORE_SOME = wordset("and but with make have including least most only just , : ;")
"""What stands before `two of them` where it is asked for; not `the two of them`, `every one of them`."""
_THEM = (["of", "them"], ["of", "these"], ["of", "those"], ["of", "which"])
_OF_THEM = re.compile("(?:其中|里面)[要得有至少最多只]{0,4}$")
"""The same in Chinese, before the number: `其中两部是喜剧`."""
_OF_THEM_WORDS = 6


@dataclass(frozen=True, slots=True)
class Part:
    """A number at `at`, what it counts from `start` on, where that ends, and whether it is of a total that was told before."""

    at: int
    number: int
    start: int
    end: int
    within: bool = False

    def marks(self, page: Page) -> list[Mark]:
        """The marks of what is counted."""
        marks = page.within(self.start, self.end)
        return [mark for mark in marks if (mark.role == "person" or has_section(mark, *SECTIONS)) and not mark.negated]

    def nouns(self, page: Page) -> list[Mark]:
        """The marks of forms that are counted."""
        return [mark for mark in page.within(self.start, self.end) if has_section(mark, *NOUNS)]

    def said(self, page: Page) -> str:
        """The number and what it counts, as typed."""
        return page.text.said(self.at, self.end - (page.words[self.end - 1] in _JOINING))


def free_counted(page: Page) -> None:
    """Let a noun that has a number of its own open a demand: the film of `two podcasts about space and one film about war`."""
    for mark in page.marks:
        noun = page.starting(mark.end) if mark.role == "count" and page.words[mark.start - 1 : mark.start] != [] else None
        if noun is not None and has_section(noun, *NOUNS) and page.words[mark.start - 1] in _JOINING:
            noun.about = False


def parts_of(page: Page) -> Sequence[Part]:
    """The numbers of a list, each with its words: those that a joining word puts before something of content, and the first.

    None where there is but one that is not of a total, and where they are more than `MAX_PARTS`.
    """
    found: list[Part] = []
    end = 0
    for at in range(len(page.words)):
        part = _part_at(page, at, end := _end(page, at) if at >= end else end)
        if part is None:
            continue
        within = part.within or (bool(found) and found[-1].within)
        if found and found[-1].end == end and (part.within or page.words[at - 1] in _JOINING):
            found = [*found[:-1], replace(found[-1], end=at), replace(part, within=within)]
        elif len(found) < 2 and not any(one.within for one in found):
            found = [part]
        if len(found) > MAX_PARTS:
            return []
    numbered = any(page.words[part.at] not in ARTICLES for part in found)
    return _of_total(page, found) if numbered and (len(found) > 1 or any(part.within for part in found)) else []


def _part_at(page: Page, at: int, end: int) -> Part | None:
    """The number that stands here and counts something."""
    mark, word = page.over[at], page.words[at]
    if mark is not None and (mark.role != "count" or mark.start != at):
        return None
    if word in ARTICLES:
        return Part(at, 1, at + 1, end) if has_section(_subject(page, at + 1), "genres", "styles") else None
    read = number_of_picks(page.words, at)
    if read is None or read[0] > MAX_PICKS:
        return None
    number, start = read
    within = _start_within(page, at, start)
    if within is not None:
        return Part(at, number, within, end, within=True) if within < end else None
    return Part(at, number, start, end) if mark is not None or _opens_subject(page, start) else None


def _start_within(page: Page, at: int, end: int) -> int | None:
    """Where it is told what those are that a number counts out of a total: `two of them`, `其中两部`."""
    if page.words[end : end + 2] in _THEM:
        return end + 2 if at == 0 or page.words[at - 1] in _BEFORE_SOME else len(page.words)
    if is_han(page.words[at]) and _OF_THEM.search("".join(page.words[max(0, at - _OF_THEM_WORDS) : at])):
        return end + (page.words[end : end + 1] != [] and page.words[end] in MEASURES)
    return None


def _subject(page: Page, at: int) -> Mark | None:
    """The mark of what is counted, behind a measure word or praise: `一部 …`, `good …`."""
    passed = at < len(page.words) and not page.taken(at) and (is_han(page.words[at]) or page.words[at] in _PASSED)
    return page.starting(at + passed)


def _opens_subject(page: Page, at: int) -> bool:
    mark = _subject(page, at)
    if mark is None:
        return False
    if page.words[mark.start] == "of":  # `one of the best`
        return (by := page.starting(mark.end)) is not None and by.role == "person"
    return mark.role in ("year", "person") or mark.is_cue("about", "by", "like") or has_section(mark, *SECTIONS)


def _end(page: Page, start: int) -> int:
    return next((at for at in range(start, len(page.words)) if page.words[at] in SENTENCE_END), len(page.words))


def _of_total(page: Page, parts: Sequence[Part]) -> Sequence[Part]:
    """The parts, those as of a total that are listed behind a noun: `10 films, two French, one Italian`."""
    if len(parts) < 2 or parts[1].within or page.words[parts[1].at - 1] not in _COMMAS:
        return parts
    told = any(part.marks(page) for part in parts[:1]) or not parts[0].nouns(page)
    named = any(part.nouns(page) for part in parts[1:])
    if told or named or sum(part.number for part in parts[1:]) > parts[0].number:
        return parts
    return [parts[0], *(replace(part, within=True) for part in parts[1:])]
