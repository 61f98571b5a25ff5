"""What is demanded of the works that a number counts: `two comedies and one about space`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from chatrec.types import Change, Constraint
from chatrec.understand.draft import Draft
from chatrec.understand.kinds import forms_of
from chatrec.understand.marks import Mark
from chatrec.understand.parts import Part

_FIELDS = ("genres", "moods", "tags", "themes", "people", "language", "countries")

Found = tuple[Change, Constraint]
"""What was taken from the words of a part, and what its works must have for it."""


def form_of(draft: Draft, part: Part) -> tuple[Constraint, ...]:
    """What works of the form that is counted satisfy; nothing where none is named."""
    nouns = part.nouns(draft.page)
    return (Constraint(field="form", op="in", value=forms_of(nouns[0], draft.words)),) if nouns else ()


def demands_of(draft: Draft, part: Part) -> list[Found]:
    """The demands and wishes that were taken from the words of a part; years only where there is nothing else."""
    contents = [found for mark in part.marks(draft.page) for found in _taken_from(draft, mark)]
    return list({demand.key: (change, demand) for change, demand in contents or years_of(draft, part)}.values())


def in_form(draft: Draft, part: Part, found: Sequence[Found]) -> list[Found]:
    """The same with the genres that works of the counted form have: crime, of podcasts, is true crime."""
    forms = next((form.values for form in form_of(draft, part)), ())
    return [
        (change, replace(demand, value=_genres(draft, demand, forms)) if demand.field == "genres" else demand)
        for change, demand in found
    ]


def _genres(draft: Draft, demand: Constraint, forms: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for name in demand.values for value in draft.words.genres_in(name, forms)))


def years_of(draft: Draft, part: Part) -> list[Found]:
    """The demands of years that were taken from the words of a part."""
    marks = [mark for mark in draft.page.within(part.start, part.end) if mark.role == "year" and not mark.negated]
    said = {draft.page.said(mark) for mark in marks}
    return [
        (change, _plain(constraint, constraint.value))
        for change in draft.changes
        if (constraint := change.constraint) is not None
        and (constraint.field, constraint.hard, constraint.extreme) == ("year", True, False)
        and constraint.said in said
    ]


def _taken_from(draft: Draft, mark: Mark) -> list[Found]:
    said, named = draft.page.said(mark), _named(draft, mark)
    found: list[Found] = []
    for change in draft.changes:
        constraint, wish = change.constraint, change.wish
        if constraint is not None and constraint.hard and constraint.op == "in" and constraint.field in _FIELDS:
            values = constraint.values if constraint.said == said else tuple(v for v in constraint.values if v in named)
            found += [(change, _plain(constraint, values))] if values else []
        elif wish is not None and wish.direction == "more" and wish.field in _FIELDS and wish.constraint is not None:
            found += [(change, wish.constraint)] if not named.isdisjoint((wish.value, wish.text)) else []
    return found


def _named(draft: Draft, mark: Mark) -> set[str]:
    """The values that a mark may stand for, as changes spell them."""
    names = {*mark.names}
    for entry in mark.entries:
        names.update((entry.name, *entry.values, *filter(None, [entry.data.get("country")])))
        names.update(draft.words.genres((entry.name,)) if entry.section == "genres" else ())
    return names


def _plain(constraint: Constraint, value: object) -> Constraint:
    return Constraint(field=constraint.field, op=constraint.op, value=cast("tuple[str, ...]", value))
