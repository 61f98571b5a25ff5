"""Families of works, asked for by the name that they share: `star wars films`, `the zelda games`, `Batman movies`."""

from __future__ import annotations

from chatrec.types import Kind
from chatrec.understand.marks import Mark, Page
from chatrec.understand.spot import Spotter
from chatrec.understand.text import is_han, wordset

MAX_NAME = 4
_OPEN = ("themes", "catalog", "genres", "moods")
"""Sections of which a word inside a name may be."""
_BEFORE = wordset("the all some any of more other others many a few couple good best me new newer newest old older latest recent")
_ASKING = wordset("have got how")
_STATED = wordset("are were is was")


class FamilyNames(Spotter):
    """Marks a name before the plural of a form, if several works have it and it is no word of another use."""

    def mark(self) -> None:
        """Mark the longest name before each such noun."""
        for noun in [mark for mark in self._page.sorted() if family_kind(self._page, mark) is not None]:
            starts = range(max(0, noun.start - MAX_NAME), noun.start)
            start = next((start for start in starts if self._is_family(start, noun)), None)
            if start is not None:
                ids = self._names.holding(self._words[start : noun.start])
                best = sorted(ids, key=lambda item_id: -(self._known.items[item_id].popularity or 0.0))
                self._page.remove(self._page.within(start, noun.start))
                self._page.add(Mark(start, noun.start, "title", ids=tuple(best)))

    def _is_family(self, start: int, noun: Mark) -> bool:
        words = tuple(self._words[start : noun.start])
        kind = family_kind(self._page, noun)
        if is_han(self._words[start]) or not self._is_only(start, noun.start, *_OPEN):
            return False
        if len(words) > 1:
            named = self._names.is_title(words) and not self._is_vocabulary(words) and not self._is_theme(start, noun.start, kind)
        else:
            named = self._page.free(start, noun.start) and not self._is_word(self._words[start])
        return named and sum(self._known.items[i].kind == kind for i in self._names.holding(words)) > 1

    def _is_theme(self, start: int, end: int, kind: Kind | None) -> bool:
        """`road trip films` are about road trips; of `star wars films` none is said to be about that."""
        mark = self._page.starting(start)
        if mark is None or mark.end != end:
            return False
        themes = {value for entry in mark.entries for value in (entry.name, *entry.values)}
        return kind in self._known.kinds_of("themes", tuple(themes))


def family_kind(page: Page, noun: Mark | None) -> Kind | None:
    """The medium of a form in the plural: `films`, `books`."""
    entry = noun.entry("forms") if noun is not None else None
    if noun is None or entry is None or not page.words[noun.end - 1].endswith("s") or page.words[noun.end - 1] == "series":
        return None
    return entry.data["kind"]


def asks_for_family(page: Page, name: Mark) -> bool:
    """`star wars films`, `do you have the star wars films?`; but `all of the Godfather films are great` says what is thought."""
    noun, start = page.starting(name.end), name.start
    while start > 0 and page.words[start - 1] in _BEFORE:
        start -= 1
    lead = page.ending(start)
    asks = start == 0 or not page.words[start - 1][0].isalnum() or page.words[start - 1] in _ASKING
    asks = asks or (lead is not None and (lead.is_cue("want", "more") or lead.has("verbs")))
    return asks and noun is not None and (noun.end == len(page.words) or page.words[noun.end] not in _STATED)
