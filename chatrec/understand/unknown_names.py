"""Names that the catalog lacks and that no frame of opinion shows: `with Poirot`, `by john vomblat`, `portal 3`."""

from __future__ import annotations

from chatrec.understand.free import COMPANY
from chatrec.understand.marks import Mark
from chatrec.understand.name_signs import BOUNDARY, SEPARATORS, SMALL
from chatrec.understand.spot import Spotter
from chatrec.understand.text import common_words, is_han, wordset

_OF_PEOPLE = wordset("by with starring featuring feat director actor actress")
"""Last words of the cues behind which people are named, in small letters too."""
_TITLES = wordset("dr mr mrs ms sir lord lady saint st")
_NO_HAN_NAME = wordset("的 更 比 点 些 什 么 好 再 最 多 少 这 那 你 我 他 她 它 朋 友 意 时 没 不 别 其 会 能 要")
MAX_NAME = 4
MIN_HAN, MAX_HAN = 3, 8
"""Characters of a Chinese name that is asked for."""


class UnknownNames(Spotter):
    """Marks what can only be the name of a person or work that the catalog does not have."""

    def mark(self) -> None:
        """Mark further parts of known works, then people behind `by`, `with` and the like."""
        at = 0
        while at < len(self._words):
            at = max(self._mark_sequel(at), at + 1)
        for cue in self._page.sorted():
            if cue.is_cue("by", "want") and self._words[cue.end - 1] in _OF_PEOPLE:
                self._mark_person(cue)
        self._join_makers()
        self._mark_asked_for()

    def _join_makers(self) -> None:
        """`The Room by Tommy Wiseau`: by a maker whom the catalog lacks, a title is that of another work."""
        for maker in [mark for mark in self._page.sorted() if mark.role == "missing" and not mark.ids]:
            title = self._page.ending(maker.start - 1)
            if self._words[maker.start - 1 : maker.start] == ["by"] and title is not None and title.role == "title":
                start, end = title.start, maker.end
                self._page.remove([title, *self._page.within(start, end)])
                self._add_missing(start, end)

    def _mark_asked_for(self) -> None:
        """`有郭德纲吗`, `流浪地球有吗`: what is asked for by name, in Chinese, where nothing else is known of it."""
        words = [word for word in self._words if word not in "?？"]
        start = next((at for at, word in enumerate(words) if word not in "你们这里请问那目录"), 0)
        if words[-2:] == ["有", "吗"]:
            end = len(words) - 2
        elif words[-1:] == ["吗"] and words[start : start + 1] == ["有"]:
            start, end = start + 1, len(words) - 1
        else:
            return
        told = words[start:end]
        named = MIN_HAN <= len(told) <= MAX_HAN and all(map(is_han, told)) and _NO_HAN_NAME.isdisjoint(told)
        if named and self._page.free(start, end):
            self._add_missing(start, end)

    def _mark_sequel(self, at: int) -> int:
        """`half life 3`: a work that is known, and a number that none of its kind has."""
        for name in self._names.at(self._words, at, self._kinds):
            end = name.end + 1 + (self._words[name.end : name.end + 1] == ["part"])
            if name.end >= len(self._words) or not self._is_sequel(name.end) or not self._is_only(at, end, "themes", "catalog"):
                continue
            alone = at == 0 and end == len(self._words)
            cue = self._page.ending(at)
            likened = cue is not None and cue.is_cue("like", "seen", "dislike", "unseen")
            named = self._page.text.tokens[at].is_capital or not self._is_ordinary(name.key)
            if self._names.is_title(name.key) and (alone or likened or named):
                self._page.remove(self._page.within(at, end))
                return self._add_missing(at, end)
        return at

    def _mark_person(self, cue: Mark) -> None:
        start = end = cue.end
        tokens = self._page.text.tokens
        while end < len(tokens) and end - start < MAX_NAME and self._page.free(end, end + 1) and self._is_in_name(start, end):
            end += 1
        while end > start and self._words[end - 1] in SMALL:
            end -= 1
        words = self._words[start:end]
        if not words or is_han(words[0]) or not COMPANY.isdisjoint(words) or self._is_described(start, end):
            return
        capital = all(t.is_capital and not self._shouting for t in tokens[start:end] if t.text not in SMALL)
        if not (self._is_foreign(words) if capital else self._is_person(words)):
            return
        people = self._names.people.near(words)
        if people:
            self._add_person(start, end, people)
        elif not self._is_mentioned(words):
            self._add_missing(start, end)

    def _is_in_name(self, start: int, at: int) -> bool:
        token, word = self._page.text.tokens[at], self._words[at]
        same_case = at == start or token.is_capital == self._page.text.tokens[start].is_capital or word in SMALL
        ends = word in SEPARATORS or (word in BOUNDARY and not (at > start and word in SMALL))
        return token.is_word and not token.is_number and same_case and not ends

    def _is_described(self, start: int, end: int) -> bool:
        """`with gothic castles in it` and `by moonlight games` describe works."""
        head = self._page.starting(end)
        return head is not None and (head.has("forms") or head.has("genres")) and not self._page.text.tokens[start].is_capital

    def _is_foreign(self, words: list[str]) -> bool:
        """Whether some word of a capitalised name is of no other use."""
        return any(not self._is_word(word) for word in words if word not in SMALL and word not in _TITLES)

    def _is_person(self, words: list[str]) -> bool:
        """`tom cruise`, `hercule poirot`: a given name before another word, or nothing but unknown words."""
        if len(words) == 2 and self._names.people.is_given(words[0]) and words[0] not in common_words():
            return True
        return 1 < len(words) < MAX_NAME and not any(self._is_word(word) for word in words)

    def _is_mentioned(self, words: list[str]) -> bool:
        """Whether a title or a description has the name."""
        phrase = " ".join(words)
        return bool(self._names.holding(words)) or f" {phrase}" in self._known.prose
