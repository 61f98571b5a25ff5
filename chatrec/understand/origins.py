"""Languages, countries, people: marks → constraints and wishes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatrec.types import Kind, Language
from chatrec.understand.critiques import direction_of
from chatrec.understand.draft import Draft
from chatrec.understand.kinds import Asked
from chatrec.understand.lexicon import Entry, lexicon
from chatrec.understand.lists import alternatives
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.text import wordset

_TOLD = wordset("was were is are will made did stars plays played looks looked")
_ASKS = wordset("what which has have did does any anything")
_THE_ONE = (("the", "one"), ("that", "one"), ("this", "one"), ("that", "is"), ("is",), ("that", "s"), ("thats",))
_ALL = wordset("all every everything most 都 全")
_SPOKEN = re.compile(r"^in\b|\b(?:language|speaking|spoken|dialogue)$|[语語文话話]$", re.IGNORECASE)
"""Words that name a language; any other name of one also tells which nation's works are wanted."""


_US = "american"
_TO_US = wordset("for show give tell let get find recommend suggest with to of about like help both all make makes joins")
_MADE = wordset("made not produced filmed shot set come comes anything something nothing is are ones")
_BESIDE = wordset("or and nor / ,")
_BEFORE_US = wordset("not no non any some old new recent good great best only mostly")
_DENIED = wordset("not no non except besides without outside")


class Origins:
    """Turns where a work comes from, and whose it is, into changes.

    Args:
        draft: where the changes go.
        asked: the media asked for.
        language: of the message; "no subtitles" means spoken in it.
    """

    def __init__(self, draft: Draft, asked: Asked, language: Language) -> None:
        self._draft = draft
        self._page = draft.page
        self._words = draft.words
        self._asked = asked
        self._language = language

    def read(self) -> None:
        """Read every mark of a language, a country, a person, and of subtitles."""
        marks = [m for m in self._page.sorted() if m.role in ("words", "person") and not m.used and not m.released]
        self._origins([m for m in marks if has_section(m, "languages", "countries")])
        self._people([m for m in marks if m.role == "person"] + [m for m in marks if self._is_company(m)])
        for mark in marks:
            if mark.has("special"):
                self._special(mark)
            elif mark.has("unsupported", "subtitles") and mark.negated:
                self._without_subtitles(mark)

    def _origins(self, marks: Sequence[Mark]) -> None:
        kept = [m for m in marks if not m.used and m.attitude not in ("seen", "unseen")]
        for mark in kept:
            if mark.about:
                self._draft.wish(self._page.said(mark), less=mark.negated)
                mark.used = True
            elif direction_of(self._page, mark) == "less":
                self._less_of(mark)
        for negated in (False, True):
            chosen = [m for m in kept if m.negated == negated and not m.used]
            places = self._places(chosen)
            told = set(map(id, places))
            spoken = [m for m in chosen if id(m) not in told]
            self._origin("language", "languages", spoken, negated=negated)
            self._origin("countries", "countries", places, negated=negated)

    def _places(self, marks: Sequence[Mark]) -> list[Mark]:
        """Those that say where a work was made: countries, and languages that are told by one (`from Japan`) or listed with one
        (`from the UK or France`, `British or French`).
        """
        places: list[Mark] = []
        for group in alternatives(self._page, marks):
            listed = any(not m.has("languages") or self._is_from(m) for m in group) and self._words.has("countries")
            places += [m for m in group if (e := m.entry("languages")) is None or (listed and "country" in e.data)]
        return places

    def _is_from(self, mark: Mark) -> bool:
        return self._words.has("countries") and _is_from(self._page, mark, mark.entry("languages"))

    def _less_of(self, mark: Mark) -> None:
        """`less American`: softly ruled out, and no longer demanded; a country, where countries were asked for."""
        language = mark.entry("languages")
        asked = [c.values for c in self._draft.ledger.constraints if (c.field, c.op) == ("countries", "in")]
        placed = language is not None and any(language.data.get("country") in values for values in asked)
        section, field = ("countries", "countries") if placed or mark.has("countries") else ("languages", "language")
        self._draft.criticise()
        self._draft.constrain(field, "not_in", values_of(mark, section), said=self._page.said(mark), hard=False)
        mark.used = True

    def _origin(self, field: str, section: str, group: Sequence[Mark], *, negated: bool) -> None:
        values = tuple(dict.fromkeys(value for mark in group for value in values_of(mark, section)))
        if not values:
            return
        start = group[0].start - (self._page.words[max(0, group[0].start - 1) : group[0].start] == ["in"])
        said = self._page.text.said(start, group[-1].end)
        self._draft.constrain(field, "not_in" if negated else "in", values, said=said, hard=not all(m.soft for m in group))
        if not negated and (field == "countries" or not _SPOKEN.search(said)):
            self._replace_nation("language" if field == "countries" else "countries")

    def _replace_nation(self, field: str) -> None:
        """`French ones` after `something British`, `from Spain` after `Korean films`; a language that was asked for stays."""
        for old in self._draft.ledger.constraints:
            if (old.field, old.op) == (field, "in") and not (field == "language" and _SPOKEN.search(old.said)):
                self._draft.act("unconstrain", key=old.key)

    def _is_company(self, mark: Mark) -> bool:
        """Whether a studio, label or network is named; one that the catalog lacks is said to be missing."""
        entry = mark.entry("companies")
        if entry is None or not self._page.names_company(mark.start, mark.entries):
            return False
        if mark.attitude in ("seen", "unseen") and not self._is_used_up(mark):
            return False
        mark.names = self._words.companies(entry.values)
        if not mark.names and mark.negated:
            self._draft.forbid(self._page.said(mark), said=self._page.said(mark))
        elif not mark.names:
            self._draft.missing.append(self._page.said(mark))
        return bool(mark.names)

    def _people(self, marks: Sequence[Mark]) -> None:
        marks = sorted(marks, key=lambda mark: mark.start)
        for mark in marks:
            mark.names = self._of_medium(mark.names)
        for mark in marks:
            mark.negated = mark.negated or self._is_used_up(mark)
        forbidden = tuple(dict.fromkeys(n for m in marks if m.negated or m.attitude == "dislike" for n in m.names))
        for mark in marks:
            if mark.negated or mark.attitude == "dislike":
                self._draft.constrain("people", "not_in", mark.names, said=self._page.said(mark))
        wanted = [m for m in marks if not set(m.names) & set(forbidden) and m.attitude not in ("seen", "unseen")]
        demanded = [m for m in wanted if self._is_demanded(m)]
        for mark in wanted:
            if (
                mark not in demanded and self._words.is_publisher(mark.names[0]) and not mark.about
            ):  # of whom retrieval knows nothing
                self._draft.constrain("people", "in", mark.names, said=self._page.said(mark), hard=False)
            elif mark not in demanded:
                self._draft.wish(mark.names[0] if not mark.about else self._page.said(mark), *self._person_field(mark))
        for group in alternatives(self._page, demanded, any_list=self._is_by):
            names = tuple(dict.fromkeys(n for m in group for n in m.names))
            said = self._page.text.said(group[0].start, group[-1].end)
            self._draft.constrain("people", "in", names, said=said, hard=not all(m.soft for m in group))

    def _is_used_up(self, mark: Mark) -> bool:
        """`I've seen everything by Nolan` wants no more of his, `seen Inception by Nolan` may."""
        titles = any(other.role == "title" for other in self._page.marks)
        return mark.attitude == "seen" and not titles and not _ALL.isdisjoint(self._page.words)

    def _person_field(self, mark: Mark) -> tuple[str | None, str | None]:
        return (None, None) if mark.about else ("people", mark.names[0])

    def _of_medium(self, names: Sequence[str]) -> tuple[str, ...]:
        kinds: set[Kind] = set(self._asked.kinds or self._draft.ledger.kinds)
        fits = tuple(n for n in names if kinds & self._words.people_kinds.get(n, set()))
        return fits or tuple(names)

    def _is_by(self, mark: Mark) -> bool:
        """`by A and B` wants works of either, `with A and B` of both."""
        before = self._page.words[max(0, mark.start - 1) : mark.start]
        return not any(word in ("with", "starring", "featuring", "stars") for word in before)

    def _is_demanded(self, mark: Mark) -> bool:
        if mark.about or mark.attitude in ("like", "save") or self._is_told(mark):
            return False
        lead = has_section(self._page.ending(mark.start), "cues")
        noun = any(has_section(self._page.starting(mark.end + gap), "forms", "genres", "cues") for gap in (0, 1))
        alone = all(m.role == "person" or m.is_cue("and", "or") for m in self._page.marks)
        return lead or noun or not alone

    def _is_told(self, mark: Mark) -> bool:
        """Whether something is told of the person or a work of theirs: `X was great`, `is that the one with X?`."""
        words, before = self._page.words, self._page.ending(mark.start - 1)
        told = words[mark.end : mark.end + 1] != [] and words[mark.end] in _TOLD and not _ASKS.issuperset(words[:1])
        led = words[max(0, mark.start - 1) : mark.start] in (["with"], ["starring"])
        pointed = any(tuple(words[mark.start - 1 - len(one) : mark.start - 1]) == one for one in _THE_ONE)
        return told or (led and (pointed or (before is not None and before.role == "title" and before.attitude is None)))

    def _without_subtitles(self, mark: Mark) -> None:
        """Spoken in the language of the message, or without words."""
        spoken = ("zh", "cmn") if self._language == "zh" else ("en",)
        self._draft.constrain("language", "in", (*spoken, "zxx"), said=self._page.said(mark))

    def _special(self, mark: Mark) -> None:
        entry = mark.entry("special")
        assert entry is not None
        said = self._page.said(mark)
        if entry.name == "no_subtitles":
            self._without_subtitles(mark)
        elif entry.name == "vocals":
            self._draft.constrain("language", "not_in", ("zxx",), said=said, hard=not mark.soft)
            for constraint in self._draft.ledger.constraints:
                if (constraint.field, constraint.op, constraint.value) == ("tags", "in", ("instrumental",)):
                    self._draft.act("unconstrain", key=constraint.key)
        elif entry.name == "foreign":
            values = lexicon().sections["languages"][self._language]["values"]
            self._draft.constrain("language", "in" if mark.negated else "not_in", tuple(values), said=said, hard=not mark.soft)


def mark_us(page: Page) -> None:
    """Mark the country that `us` names: `not made in us`, `us or uk`, `US films`; but not `show us`, nor `films for us`."""
    for at, word in enumerate(page.words):
        if word == "us" and page.over[at] is None and _is_country(page, at):
            page.add(Mark(at, at + 1, "words", entries=(Entry("countries", _US, lexicon().sections["countries"][_US]),)))


def _is_country(page: Page, at: int) -> bool:
    before, after = page.words[at - 1] if at else "", page.words[at + 1] if at + 1 < len(page.words) else ""
    if before in _TO_US:
        return False
    lead, following = page.ending(at), page.starting(at + 1)
    other = page.ending(at - 1) if before in _BESIDE else None
    another = page.starting(at + 2) if after in _BESIDE else None
    listed = any(has_section(mark, "countries", "languages") for mark in (other, another))
    closed = not after or not after[0].isalnum() or after in _BESIDE or has_section(following, "forms")
    made = at > 1 and (page.words[at - 2] in _MADE or has_section(page.ending(at - 1), "forms", "genres", "cues"))
    placed = before == "non" or (before in ("from", "in") and made)
    denied = lead is not None and lead.is_cue("negate") and not _DENIED.isdisjoint(page.words[lead.start : lead.end])
    named = has_section(following, "forms") and (not before or before in _BEFORE_US)
    return closed and (listed or placed or denied or named)


def values_of(mark: Mark, section: str) -> tuple[str, ...]:
    """What a mark stands for in a section; a language that tells a country has that one."""
    entry, language = mark.entry(section), mark.entry("languages")
    if section == "countries" and language is not None:
        return (language.data["country"],)
    return entry.values if entry is not None else ()


def _is_from(page: Page, mark: Mark, entry: Entry | None) -> bool:
    """`from Japan` names the country; `Japanese` names the language."""
    said = " ".join(page.words[mark.start : mark.end])
    named = entry is not None and said in entry.data.get("nouns", ())
    start = mark.start - (page.words[max(0, mark.start - 1) : mark.start] == ["the"])
    return named and (said.startswith("from ") or page.words[max(0, start - 1) : start] == ["from"])
