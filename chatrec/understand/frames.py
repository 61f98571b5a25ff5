"""What the readers of framed names have in common: a name is looked up where a frame says that one must stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatrec.types import Kind
from chatrec.understand.marks import Page, has_section
from chatrec.understand.name_signs import BOUNDARY, PRONOUNS, version_after, year_after
from chatrec.understand.resolve import Name
from chatrec.understand.spot import NAMED, Known, Spotter

MAX_FUZZY = 8
"""Fuzzy look-ups per message."""


@dataclass(slots=True)
class LookUps:
    """How many fuzzy look-ups a message may still cost; its readers share them."""

    left: int = MAX_FUZZY

    def spend(self) -> bool:
        """Take one, if there is one left."""
        self.left -= 1
        return self.left >= 0


class FrameSpotter(Spotter):
    """Marks names that only what stands around them makes one.

    Args:
        known: what names are told apart from.
        page: the message.
        kinds: media spoken of.
        look_ups: those left to the message.
    """

    def __init__(self, known: Known, page: Page, kinds: Sequence[Kind], look_ups: LookUps) -> None:
        super().__init__(known, page, kinds)
        self._look_ups = look_ups

    def _mark_exact(self, start: int) -> int:
        for name in self._names.at(self._words, start, self._kinds):
            year = year_after(self._words, name.end) or version_after(self._words, name.end)
            if year is not None and not self._names.of_year(name.ids, year[0]) and self._words[name.end] != "(":
                year = None
            if (year is not None or self._is_bounded(name.end)) and self._is_asked(start, name):
                self._page.remove(self._page.within(start, name.end))
                return self._add_title(start, name.end, name.ids, year)
        return self._mark_exact_person(start)

    def _is_asked(self, start: int, name: Name) -> bool:
        if self._is_cut(start, name.end) or not self._may_cover(start, name.end) or self._is_too_plain(start, name):
            return False
        return len(name.key) > 1 or self._names.is_title(name.key) or not self._is_ordinary(name.key)

    def _mark_exact_person(self, start: int) -> int:
        for end, people, full in self._names.people.at(self._words, start):
            plain = self._words[start] in PRONOUNS and not self._page.text.tokens[start].is_capital
            telling = full or not (self._is_ordinary(self._words[start:end]) or self._is_given_name(end))
            if telling and not plain and self._page.free(start, end) and self._is_bounded(end) and not self._is_cut(start, end):
                return self._add_person(start, end, people)
        return start

    def _is_bounded(self, end: int) -> bool:
        if end >= len(self._words):
            return True
        word = self._words[end]
        if not word[0].isalnum() or word in BOUNDARY or word == "s":
            return True
        return has_section(self._page.starting(end), "forms", "cues", "critiques")

    def _may_cover(self, start: int, end: int) -> bool:
        """Whether a name may take over words that the lexicon also knows: yes if it is longer, or they are mere themes."""
        for mark in self._page.within(start, end):
            if mark.role in NAMED or mark.start < start or mark.end > end:
                return False
            same = mark.start == start and mark.end == end
            theme = has_section(mark, "themes", "catalog")
            if same and has_section(mark, "companies", "genres", "forms", "cues"):
                return False
            if same and not theme and not self._page.text.tokens[start].is_capital:
                return False
        return True

    def _mark_near(self, start: int, end: int) -> int:
        """A work or person whose name is a slip away; 0 if there is none."""
        if not self._look_ups.spend():
            return 0
        words = self._words[start:end]
        ids = self._near(words)
        if ids:
            return self._add_title(start, end, ids, year_after(self._words, end))
        people = self._names.people.near(words)
        return self._add_person(start, end, people) if people else 0
