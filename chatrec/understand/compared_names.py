"""Names that are weighed against each other: `Alien or Inception, which is older?`, `is Heat longer than Drive?`.

Where a message compares, the names on both sides of an "or" or a "than" are works, though each alone might be a theme, a mood or
a word of talk (`Alien`, `Heat`, `Her`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from chatrec.understand.lexicon import Entry, Phrase, lexicon
from chatrec.understand.marks import Page, match_any, match_any_before
from chatrec.understand.name_signs import ANSWERS, BOUNDARY, PLAIN, PRONOUNS, SMALL, is_written_as_name
from chatrec.understand.numbers import cardinal
from chatrec.understand.spot import Spotter
from chatrec.understand.text import is_han, key_of, wordset
from chatrec.understand.weighing import AUXILIARIES, MEASURED_BY, weighing_of

_ASKING = tuple(key_of(phrase) for phrase in ("which", "whichever", "what s", "whats", "should i", "哪", "谁"))
_JOINING = tuple(key_of(phrase) for phrase in ("or", "and", "vs", "versus", "和", "与", "跟", "或", "或者", "还是"))
_EDGES = BOUNDARY | wordset(
    "is are was were of between compare watch play hear which made released out , : ; . ! ? "
    "哪 谁 更 比 有 在 说 较 对 中 相 ， 。 、"
)
_ASPECTS = ("critiques_mood", "moods", "unsupported")
"""Sections whose words tell by what works are compared."""
_NO_NAMES = PRONOUNS | SMALL | ANSWERS | PLAIN | wordset("most usual normal average expected ever here there life")
_CATEGORIES = ("genres", "styles", "forms", "languages", "countries", "words")
"""Sections whose words are no name that a catalog lacks, even with a capital: `Action or Horror`."""
MAX_NAME = 10
"""Words of a name that are tried."""


class ComparedNames(Spotter):
    """Marks the names on both sides of a joining word in a message that compares."""

    def mark(self) -> None:
        """Mark them, if all sides are names of works, or written as such, and none is a mere word of the vocabularies."""
        for start, stop in dict.fromkeys((*self._weighed(), *self._measured_by())):
            self._add_name(start, stop)
        told = (*_ASKING, *_phrases("side_by_side"))
        asking = any(match_any(self._words, at, told) > at for at in range(len(self._words)))
        asking = asking or self._words[0] in AUXILIARIES
        self._praised()
        for at in range(1, len(self._words)):
            end = match_any(self._words, at, _JOINING)
            spans = self._sides(at, end) if end > at else []
            if spans and (asking or only_or(self._page, spans)):
                for start, stop in spans:
                    self._add_name(start, stop)
                return

    def _praised(self) -> None:
        """The names of `三体好看还是流浪地球好看`, if one of them is a work's."""
        joint = next((at for at in range(1, len(self._words) - 2) if tuple(self._words[at : at + 2]) == ("还", "是")), None)
        if joint is None:
            return
        sides = [(0, joint), (joint + 2, len(self._words) - (self._words[-1] in "?呢啊"))]
        names = [(start, match_any_before(self._words, end, _phrases("choice"))) for start, end in sides]
        told = names[1][1] < sides[1][1] and all(start < end <= start + MAX_NAME for start, end in names)
        if told and all(self._page.free(*name) for name in names) and any(self._is_work(*name) for name in names):
            for start, end in names:
                self._add_name(start, end)

    def _add_name(self, start: int, end: int) -> None:
        words = self._words[start:end]
        self._add_title(start, end, self._names.exact(words, self._kinds) if self._names.is_title(words) else ())

    def _weighed(self) -> list[tuple[int, int]]:
        """The names that a question sets against each other; one of them may be spoken of by its place or as `it`."""
        weighing = weighing_of(self._page)
        if weighing is None:
            return []
        names = [self._name_from(start) or self._bare_name_from(start) for start in (weighing.subject, weighing.other)]
        if all(names[at] or self._refers(start) for at, start in enumerate((weighing.subject, weighing.other))):
            return [name for name in names if name is not None]
        return []

    def _measured_by(self) -> list[tuple[int, int]]:
        """The name in `something longer than Heat`, `比异形更老的电影`; `Darker than Black` is a name itself."""
        found = []
        for at in (at for at in range(len(self._words) - 1) if self._words[at] in MEASURED_BY):
            name = self._name_from(at + 1)
            aspect = at - 1 if self._words[at] == "than" else (name or (0, 0))[1]
            if name is None or not 0 <= aspect < len(self._words) or any(n.end > at for n in self._names.at(self._words, aspect)):
                continue
            if self._is_aspect(aspect):
                found.append(name)
        return found

    def _refers(self, at: int) -> bool:
        """`it`, `the second one`."""
        mark = self._page.over[at]
        return self._words[at] in PRONOUNS if mark is None else mark.role == "ref"

    def _bare_name_from(self, start: int) -> tuple[int, int] | None:
        """What stands where a name must, in lower case: `is heat longer than drive?`."""
        end = next(at for at in range(start, len(self._words) + 1) if at == len(self._words) or self._is_edge(at))
        words = tuple(self._words[start:end])
        if not 0 < len(words) <= MAX_NAME or is_han(words[0]) or not self._page.free(start, end):
            return None
        if words[0] == "there" or cardinal(words, 0) is not None or set(words) <= _NO_NAMES:
            return None
        parts = (entries for at in range(len(words)) for _, entries in self._known.phrases.at(words, at))
        return None if any(_is_category(entries) for entries in parts) else (start, end)

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
        return self._words[at] in _EDGES or self._is_aspect(at)

    def _is_aspect(self, at: int) -> bool:
        if match_any(self._words, at, _phrases()) > at:
            return True
        return any(entry.section in _ASPECTS for _, entries in self._known.phrases.at(self._words, at) for entry in entries)

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
        known = _is_category(self._known.phrases.get(words))
        return not known and next(self._names.people.at(self._words, start), None) is None


def only_or(page: Page, names: Sequence[tuple[int, int]] | None = None) -> bool:
    """Whether a message asks no more than which of some names: `Alien or Inception?`; by default of those marked."""
    if names is None:
        names = [(mark.start, mark.end) for mark in page.marks if mark.role in ("title", "missing", "ref")]
    rest = [word for at, word in enumerate(page.words) if not any(start <= at < end for start, end in names)]
    praised = _praise_ends(rest)
    return rest in (["or", "?"], [",", "or", "?"], [*"还是", "?"]) or praised


def _praise_ends(rest: Sequence[str]) -> bool:
    """`…好看还是…好看`: beside the names nothing but praise and the `or`."""
    said = "".join(rest).rstrip("?呢啊")
    before, joint, behind = said.partition("还是")
    praise = {"".join(phrase) for phrase in _phrases("choice") if is_han(phrase[0])}
    return bool(joint) and behind in praise and (not before or before in praise)


def _is_category(entries: Sequence[Entry]) -> bool:
    return any(entry.section in _CATEGORIES for entry in entries)


@cache
def _phrases(*names: str) -> tuple[Phrase, ...]:
    """How these comparisons are told; all of them, if none is named."""
    data = lexicon().sections["comparisons"]
    return tuple(key_of(phrase) for name in names or data for language in ("en", "zh") for phrase in data[name][language])
