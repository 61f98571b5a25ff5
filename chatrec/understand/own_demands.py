"""Demands of one form only: of `a horror film and a podcast` the podcast may be of any genre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from chatrec.types import Constraint
from chatrec.understand.draft import Draft
from chatrec.understand.kinds import Asked, forms_of
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.origins import values_of
from chatrec.understand.text import wordset

_FIELDS = ("genres", "moods", "tags", "themes", "languages", "countries")
_PLACES = ("languages", "countries")
_SECTIONS: Mapping[str, str] = {"language": "languages"}
_OR = wordset("or 或 还")
_JOINING = wordset("and plus then 和 与 跟 加 以 & ,") | {"，", "、"} | _OR
_DETERMINERS = wordset("a an one some 一 几 些")


def tell_apart(draft: Draft, asked: Asked) -> None:
    """Bind each demand to the noun that it stands beside, where the nouns are of several forms and each has its own article."""
    nouns = sorted(asked.form_marks, key=lambda mark: mark.start)
    forms = [forms_of(noun, draft.words) for noun in nouns]
    apart = all(_is_apart(draft.page, noun, following) for noun, following in pairwise(nouns))
    if len(nouns) < 2 or len(set(forms)) < len(forms) or not apart:
        return
    for change in list(draft.changes):
        constraint = change.constraint
        if constraint is not None and constraint.hard and constraint.op == "in" and _section(constraint) in _FIELDS:
            own = _owned(draft, constraint, nouns, forms)
            if own:
                at = draft.changes.index(change)
                draft.changes[at : at + 1] = [replace(change, constraint=part) for part in own]


def _section(constraint: Constraint) -> str:
    return _SECTIONS.get(constraint.field, constraint.field)


def _is_apart(page: Page, noun: Mark, following: Mark) -> bool:
    """`a film and a podcast`, `两部电影和一个播客`; but `horror films and podcasts` share what is said before them."""
    joint = _joint(page, noun, following)
    behind = range(joint + 1, following.end) if joint is not None else ()
    return any(page.words[at] in _DETERMINERS or ((m := page.over[at]) is not None and m.role == "count") for at in behind)


def _joint(page: Page, noun: Mark, following: Mark) -> int | None:
    return next((at for at in range(noun.end, following.start + 1) if page.words[at] in _JOINING), None)


def _owned(draft: Draft, constraint: Constraint, nouns: Sequence[Mark], forms: Sequence[tuple[str, ...]]) -> list[Constraint]:
    """The constraint, bound to the one noun that its words stand beside; of genres, one for each noun."""
    page, section = draft.page, _section(constraint)
    sections = {"genres": ("genres", "styles"), **dict.fromkeys(_PLACES, _PLACES)}.get(section, (section,))
    marks = [m for m in page.sorted() if has_section(m, *sections) and page.said(m) and page.said(m) in constraint.said]
    owners = [_owner(page, mark, nouns) for mark in marks]
    if not marks or None in owners:
        return []
    either = any(page.words[at] in _OR for one, other in pairwise(nouns) for at in range(one.end, other.start))
    if len(set(owners)) == 1:
        return [] if either else [replace(constraint, of_forms=forms[owners[0] or 0])]
    if section not in ("genres", *_PLACES):
        return []
    parts = []
    for mark, owner in zip(marks, owners, strict=True):
        entry = mark.entry("genres")
        values = draft.words.genres_in(entry.name, forms[owner or 0]) if entry is not None else ()
        values = values if section == "genres" else values_of(mark, section)
        if not values or owner is None:
            return []
        parts.append(replace(constraint, value=values, said=page.said(mark), of_forms=forms[owner]))
    return parts


def _owner(page: Page, mark: Mark, nouns: Sequence[Mark]) -> int | None:
    """The place of the noun that a word is said of; `None` behind the last one, as it is said of all there, and for the
    `western` of `one comedy film, one western and one game`.
    """
    for at, noun in enumerate(nouns[:-1]):
        joint = _joint(page, noun, nouns[at + 1])
        if joint is not None and mark.start < joint:
            return at
        if mark.start < nouns[at + 1].start and not _JOINING.isdisjoint(page.words[mark.end : nouns[at + 1].start]):
            return None
    return len(nouns) - 1 if mark.start < nouns[-1].end else None
