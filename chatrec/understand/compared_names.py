"""Names that are weighed against each other: `Alien or Inception, which is older?`, `异形和盗梦空间哪部更老？`.

Where a message compares, the names on both sides of an "or" are works, though each alone might be a theme, a mood or a word of
talk (`Alien`, `Heat`, `Her`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from chatrec.understand.lexicon import Phrase, lexicon
from chatrec.understand.marks import match_any
from chatrec.understand.name_signs import BOUNDARY, PRONOUNS, SMALL, is_written_as_name
from chatrec.understand.spot import Spotter
from chatrec.understand.text import is_han, key_of, wordset

_ASKING = tuple(key_of(phrase) for phrase in ("which", "whichever", "what s", "whats", "should i", "哪", "谁"))
_JOINING = tuple(key_of(phrase) for phrase in ("or", "and", "vs", "versus", "和", "与", "跟", "或", "或者", "还是"))
_EDGES = BOUNDARY | wordset(
    "is are was were of between compare watch play hear which , : ; . ! ? 哪 谁 更 比 有 在 说 较 对 中 ， 。 、"
)
_AUXILIARIES = wordset("is are was were")
_CATEGORIES = ("genres", "styles", "forms", "languages", "countries", "words")
"""Sections whose words are no name that a catalog lacks, even with a capital: `Action or Horror`."""
MAX_NAME = 10
"""Words of a name that are tried."""


class ComparedNames(Spotter):
    """Marks the names on both sides of a joining word in a message that compares."""

    def mark(self) -> None:
        """Mark them, if all sides are names of works, or written as such, and none is a mere word of the vocabularies."""
        told = (*_ASKING, *_phrases("side_by_side"))
        asking = any(match_any(self._words, at, told) > at for at in range(len(self._words)))
        if not asking and self._words[0] not in _AUXILIARIES:
            return
        for at in range(1, len(self._words)):
            end = match_any(self._words, at, _JOINING)
            spans = self._sides(at, end) if end > at else []
            if spans:
                for start, stop in spans:
                    words = self._words[start:stop]
                    self._add_title(start, stop, self._names.exact(words, self._kinds) if self._names.is_title(words) else ())
                return

    def _sides(self, at: int, end: int) -> list[tuple[int, int]]:
        """The names before and behind a joining word, and those that a comma sets before them; none, if a side is no name."""
        before, behind = self._name_to(at), self._name_from(end)
        if before is None or behind is None:
            return []
        spans = [before, behind]
        while (comma := spans[0][0] - 1) > 0 and self._words[comma] in (",", "、"):
            further = self._name_to(comma)
            if further is None:
                break
            spans.insert(0, further)
        return spans

    def _name_to(self, end: int) -> tuple[int, int] | None:
        """The longest name that ends here and begins where a name may."""
        starts = [s for s in range(max(0, end - MAX_NAME), end) if s == 0 or self._words[s - 1] in _EDGES]
        return self._best([(start, end) for start in starts])

    def _name_from(self, start: int) -> tuple[int, int] | None:
        """The longest name that starts here and ends where a name may."""
        last = len(self._words)
        ends = [e for e in range(min(last, start + MAX_NAME), start, -1) if e == last or self._is_edge(e)]
        return self._best([(start, end) for end in ends])

    def _is_edge(self, at: int) -> bool:
        """`is Alien or Inception older?`: what they are compared by is none of the name."""
        return self._words[at] in _EDGES or match_any(self._words, at, _phrases()) > at

    def _best(self, spans: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
        """The first that is a work's name, else the first that is written as one."""
        free = [span for span in spans if self._page.free(*span)]
        return next((s for s in free if self._is_work(*s)), next((s for s in free if self._is_foreign(*s)), None))

    def _is_work(self, start: int, end: int) -> bool:
        words = tuple(self._words[start:end])
        if not self._names.is_title(words):
            return False
        if not is_han(words[0]) and not self._shouting and is_written_as_name(self._page, start, end, strict=False):
            return True
        return len("".join(words)) > 1 and not self._is_vocabulary(words) and not all(w in PRONOUNS or w in SMALL for w in words)

    def _is_foreign(self, start: int, end: int) -> bool:
        """Whether it is written as a name that the catalog may lack."""
        words, tokens = tuple(self._words[start:end]), self._page.text.tokens[start:end]
        if self._shouting or not all(token.is_capital and token.is_word for token in tokens) or not _EDGES.isdisjoint(words):
            return False
        known = {entry.section for entry in self._known.phrases.get(words)}
        return known.isdisjoint(_CATEGORIES) and next(self._names.people.at(self._words, start), None) is None


@cache
def _phrases(*names: str) -> tuple[Phrase, ...]:
    """How these comparisons are told; all of them, if none is named."""
    data = lexicon().sections["comparisons"]
    return tuple(key_of(phrase) for name in names or data for language in ("en", "zh") for phrase in data[name][language])
