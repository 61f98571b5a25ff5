"""A mark: a stretch of the message whose meaning was recognised. Readers add marks; the assembler turns them into changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from chatrec.types import Ambiguity, Language, Op
from chatrec.understand.lexicon import Entry, Phrase, Phrases
from chatrec.understand.text import Text, language_of, wordset

Role = Literal["words", "title", "person", "missing", "minutes", "year", "age", "count", "ref"]
Attitude = Literal["like", "dislike", "seen", "save", "unseen"]


CONTENT = (
    "genres",
    "styles",
    "moods",
    "tags",
    "themes",
    "catalog",
    "companies",
    "languages",
    "countries",
    "forms",
    "ages",
    "special",
    "unsupported",
)
"""Sections whose words tell what a work is, or should be, like."""
FEARS = wordset("afraid scared frightened terrified petrified spooked squeamish fear fears phobia phobic allergic allergy 怕 惧")
"""Words of cues that tell what somebody is afraid of, which no work ever is."""
_PAST = wordset("did didnt couldnt could never gave")
HAN_LESS = [[*words] for words in ("少点", "少些", "少一点", "少一些", "少来点")]
"""`少一点…`, `…少一点`: less of what stands before or behind."""
MAX_TOKENS = 1200
"""Words (in Chinese: characters) of a message that are read; more than fit a request of any length that people write."""


@dataclass(slots=True)
class Mark:
    """Tokens `start` to `end` (exclusive), what they are, and how they were meant."""

    start: int
    end: int
    role: Role
    entries: tuple[Entry, ...] = ()
    """`words`: what the phrase may stand for."""
    ids: tuple[str, ...] = ()
    """`title`, `ref`: item ids, best first."""
    names: tuple[str, ...] = ()
    """`person`: names as the catalog writes them."""
    op: Op | Literal["around", "sought"] = "in"
    number: float = 0.0
    ranges: tuple[tuple[float, float], ...] = ()
    bare: bool = False
    """`minutes`: a number without a unit, which goes by what is spoken of: `shorter than 30`."""
    ambiguity: Ambiguity | None = None
    # how it was meant, filled by `scopes`
    negated: bool = False
    soft: bool = False
    released: bool = False
    about: bool = False
    attitude: Attitude | None = None
    wanted: bool = False
    """`title`: the work itself is asked for."""
    clause: int = 0
    used: bool = field(default=False)

    @property
    def is_named(self) -> bool:
        """Whether it is a work or a person, by name or by reference."""
        return self.role in ("title", "person", "missing", "ref")

    def has(self, section: str, name: str | None = None) -> bool:
        """Whether the phrase may stand for this section (and name)."""
        return any(e.section == section and name in (None, e.name) for e in self.entries)

    def is_only(self, *sections: str) -> bool:
        """Whether it is a phrase that can stand for nothing but these sections."""
        return self.role == "words" and all(e.section in sections for e in self.entries)

    def entry(self, section: str) -> Entry | None:
        """Its entry in a section."""
        return next((e for e in self.entries if e.section == section), None)

    def is_cue(self, *names: str) -> bool:
        """Whether it is one of these cues."""
        return any(e.section == "cues" and e.name in names for e in self.entries)


@dataclass(slots=True)
class Page:
    """A message under reading: its text, its marks, and for each token the mark that covers it."""

    text: Text
    words: list[str]
    marks: list[Mark] = field(default_factory=list)
    over: list[Mark | None] = field(default_factory=list)

    @classmethod
    def of(cls, text: Text) -> Page:
        """A page without marks."""
        text = Text(text.plain, text.tokens[:MAX_TOKENS])
        words = [t.text for t in text.tokens]
        return cls(text, words, [], [None] * len(words))

    def add(self, mark: Mark) -> None:
        """Put a mark down; its tokens are spoken for. A mark without tokens stands for something unsaid."""
        self.marks.append(mark)
        self.over[mark.start : mark.end] = [mark] * (mark.end - mark.start)

    def extend(self, mark: Mark, start: int, end: int) -> None:
        """Let a mark cover more tokens; marks that it swallows are removed."""
        self.remove([m for m in self.within(start, end) if m is not mark])
        mark.start, mark.end = start, end
        self.over[start:end] = [mark] * (end - start)

    def remove(self, marks: Iterable[Mark]) -> None:
        """Take marks away and free their tokens."""
        gone = {id(m) for m in marks}
        if not gone:
            return
        self.over = [None if m is not None and id(m) in gone else m for m in self.over]
        self.marks = [m for m in self.marks if id(m) not in gone]

    def taken(self, at: int) -> bool:
        """Whether a token is spoken for."""
        return self.over[at] is not None

    def free(self, start: int, end: int) -> bool:
        """Whether none of these tokens is spoken for."""
        return all(m is None for m in self.over[start:end])

    def starting(self, at: int) -> Mark | None:
        """The mark that starts at a token."""
        mark = self.over[at] if 0 <= at < len(self.over) else None
        return mark if mark is not None and mark.start == at else None

    def ending(self, at: int) -> Mark | None:
        """The mark that ends right before a token."""
        mark = self.over[at - 1] if 0 < at <= len(self.over) else None
        return mark if mark is not None and mark.end == at else None

    def within(self, start: int, end: int) -> list[Mark]:
        """The marks over these tokens, from left to right."""
        return list({id(m): m for m in self.over[max(0, start) : max(0, end)] if m is not None}.values())

    def sorted(self) -> list[Mark]:
        """The marks from left to right."""
        return sorted(self.marks, key=lambda m: (m.start, m.end))

    def any_cue(self, *names: str) -> bool:
        """Whether one of these cues occurs."""
        return any(m.is_cue(*names) for m in self.marks)

    def said(self, mark: Mark) -> str:
        """The words of a mark, as typed."""
        return self.text.said(mark.start, mark.end)

    def language(self) -> Language:
        """The language that is spoken, whatever names are written in."""
        tokens = self.text.tokens
        names = [(tokens[m.start].start, tokens[m.end - 1].end) for m in self.marks if m.role in ("title", "person", "missing")]
        return language_of(self.text.plain, names)

    def names_company(self, at: int, entries: Sequence[Entry]) -> bool:
        """Whether a studio or label is named here; one that only a catalog tells of needs a capital (`Island`, `Bones`)."""
        companies = [e for e in entries if e.section == "companies"]
        written = self.text.tokens[at] if companies else None
        return written is not None and (written.is_capital or written.is_han or any("en" in e.data for e in companies))

    def mark_phrases(self, phrases: Phrases) -> None:
        """Mark the longest phrases, from left to right, among tokens that are free."""
        at = 0
        while at < len(self.words):
            found = next(
                ((end, e) for end, e in phrases.at(self.words, at) if self.free(at, end) and self._is_whole(at, e)), None
            )
            if found is None:
                at += 1
                continue
            self.add(Mark(at, found[0], "words", entries=tuple(found[1])))
            at = found[0]

    def _is_whole(self, at: int, entries: Sequence[Entry]) -> bool:
        """`too sad` is no critique in `is not too sad`, and `bitter films` name no studio."""
        if all(e.section == "companies" for e in entries) and not self.names_company(at, entries):
            return False
        denied = self.words[at] == "too" and at > 0 and (self.words[at - 1] == "not" or self.words[at - 1].endswith("nt"))
        return not (denied and any(e.section.startswith("critiques") for e in entries))


def has_section(mark: Mark | None, *sections: str) -> bool:
    """Whether there is a mark and it may stand for one of these sections."""
    return mark is not None and any(mark.has(section) for section in sections)


def is_felt(page: Page, cue: Mark, feelings: frozenset[str] | set[str] = FEARS) -> bool:
    """Whether a cue says one of these feelings."""
    return not feelings.isdisjoint(page.words[cue.start : cue.end])


def is_less(page: Page, end: int) -> bool:
    """Whether `less`, `fewer` or `少一点` stands before a token, with or without the noun of it: `fewer songs …`."""
    noun = page.ending(end)
    end = noun.start if noun is not None and has_section(noun, "forms", "inner") else end
    said = page.over[end - 1] if end else None
    whole = said is None or said.end - said.start == 1  # no `more or less`
    han = any(page.words[max(0, end - len(less)) : end] == less for less in HAN_LESS)
    return han or (whole and page.words[max(0, end - 1) : end] in (["less"], ["fewer"]))


def tells_aversion(page: Page, cue: Mark) -> bool:
    """Whether a cue tells what somebody dislikes or fears in general: `scared of clowns`, `I hate clowns`; not `I hated …`."""
    said = page.words[cue.start : cue.end]
    past = said[-1].endswith("ed") or not _PAST.isdisjoint(said)
    return cue.is_cue("dislike") and (not FEARS.isdisjoint(said) or not past)


def match_any(words: Sequence[str], start: int, phrases: Iterable[Phrase]) -> int:
    """End of the longest of `phrases` that starts at `start`; `start` if there is none."""
    return max((start + len(p) for p in phrases if tuple(words[start : start + len(p)]) == p), default=start)


def match_any_before(words: Sequence[str], end: int, phrases: Iterable[Phrase]) -> int:
    """Start of the longest of `phrases` that ends at `end`; `end` if there is none."""
    return min((end - len(p) for p in phrases if len(p) <= end and tuple(words[end - len(p) : end]) == p), default=end)
