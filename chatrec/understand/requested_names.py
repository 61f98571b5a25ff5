"""Names of works that are asked for themselves: `play kind of blue`, `do you have zorblax?`, `is there a film called heat?`."""

from __future__ import annotations

import re

from chatrec.understand.frames import FrameSpotter
from chatrec.understand.name_chunks import chunk_at
from chatrec.understand.name_signs import NO_NAMES, PLAIN, SMALL
from chatrec.understand.requests import asks_in_full, is_other_question, requested_at
from chatrec.understand.spot import NAMED
from chatrec.understand.text import is_han, wordset

_LISTING = wordset("and or , 、 和")
MIN_LOWER_CHARS = 5
"""Of an unknown word that must be a name in lower case: `play zorblax`, not `see ya`."""


class RequestedNames(FrameSpotter):
    """Marks what stands where a request must name a work, and what is listed with it."""

    def mark(self) -> None:
        """Mark the list of names behind the verb of each request."""
        for at, said in requested_at(self._page):
            end = at
            while end < len(self._words):
                known = self._page.starting(end)
                end = known.end if known is not None and known.role in NAMED else self._mark_requested(end, said)
                if end == at or not self._is_listed(end):
                    break
                at = end = end + 1

    def _mark_requested(self, start: int, said: re.Match[str]) -> int:
        for name in self._names.at(self._words, start, self._kinds):
            whole = self._names.is_title(name.key) and self._is_whole_request(name.end)
            if whole and self._is_asked(start, name):
                self._page.remove(self._page.within(start, name.end))
                return self._add_title(start, name.end, name.ids)
        start, end = chunk_at(self._page, start)
        other = end == start or not self._is_whole_request(end) or is_other_question(self._page, said, end)
        if other or not self._is_asked_by_name(start, end, said):
            return start
        self._page.remove(self._page.within(start, end))
        return self._mark_near(start, end) or self._add_missing(start, end)

    def _is_whole_request(self, end: int) -> bool:
        """Whether a name that ends here is all that a request asks for, or the first of a list."""
        return self._is_listed(end) or self._words[end : end + 1] == ["by"] or asks_in_full(self._page, end)

    def _is_listed(self, end: int) -> bool:
        return end < len(self._words) and self._words[end] in _LISTING

    def _is_asked_by_name(self, start: int, end: int, said: re.Match[str]) -> bool:
        """Whether words that name nothing here are a name all the same: written as one, or where nothing else can stand.

        `play Zorblax Rising`, `do you have zorblax?`, `is there a film called heat?`; but `watch Football` asks for a theme.
        """
        words, theme = self._words[start:end], self._page.over[start]
        if is_han(words[0]) or words[0] in NO_NAMES or words[0] in PLAIN or (theme is not None and theme.end >= end):
            return False
        if not self._shouting and self._page.text.tokens[start].is_capital:
            marks = self._page.within(start, end)
            return len(words[0]) > 1 and all({e.section for e in m.entries} <= {"themes", "catalog"} for m in marks)
        unknown = [word for word in words if len(word) >= MIN_LOWER_CHARS and not self._is_word(word)]
        framed = said.group("called") or (said.group("have") and said.group("form"))
        lower = 2 * len(unknown) >= len([word for word in words if word not in SMALL]) and not said.group("any")
        return self._page.free(start, end) and bool(framed or lower)
