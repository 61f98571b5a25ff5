"""How many of each subject: `3 podcasts about economics and 2 about psychology`, `two comedies and one western`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from chatrec.types import Count
from chatrec.understand.counts import MAX_PICKS
from chatrec.understand.draft import Draft
from chatrec.understand.marks import has_section
from chatrec.understand.part_demands import Found, demands_of, form_of, in_form, years_of
from chatrec.understand.parts import NOUNS, SECTIONS, Part, parts_of

_OPENING = 3
"""Words that may stand before it where the total was told in an earlier message."""


def share_out(draft: Draft, count: Count | None) -> Count | None:
    """The count with its numbers by subject, where there are several; the demands become alternatives.

    Demands of one field are joined into one that either meets; others become wishes, as nothing need meet them all. A number
    whose subject no field tells leaves the total, and that is said. Numbers of a total (`ten films, two of them French`) leave
    the rest of it free.
    """
    parts = parts_of(draft.page)
    if parts and parts[0].within and parts[0].at > _OPENING:
        return count
    if any(part.within for part in parts):
        return _share_total(draft, parts, count)
    mixed = count is not None and len(set(count.each)) > 1
    if len(parts) < 2 or (mixed and not _repeats(draft, parts)):
        return _count_another(draft, count)
    found = [in_form(draft, part, demands_of(draft, part)) if mixed else demands_of(draft, part) for part in parts]
    opening = draft.page.over[parts[0].at]
    if sum(map(bool, found)) < 2 and (opening is None or opening.role != "count" or (count is not None and count.each)):
        return count
    total = min(sum(part.number for part in parts), MAX_PICKS)
    _take_as_alternatives(draft, parts if mixed else (), found)
    if not all(found):
        draft.unsupported += [
            part.said(draft.page) for part, of in zip(parts, found, strict=True) if not of and not part.marks(draft.page)
        ]
        return Count(total)
    shares = [
        (part.number, (*(demand for _, demand in of), *(form_of(draft, part) if mixed else ())))
        for part, of in zip(parts, found, strict=True)
    ]
    return Count(total, each=count.each if mixed and count is not None else (), shares=tuple(shares))


def _count_another(draft: Draft, count: Count | None) -> Count | None:
    """`another comedy`, after `two comedies and one western`, is one."""
    known = draft.ledger.count
    if count is not None or known is None or not known.shares:
        return count
    another = (mark for mark in draft.page.marks if draft.page.words[mark.start : mark.end] == ["another"])
    described = any(has_section(draft.page.starting(mark.end), *SECTIONS, *NOUNS) for mark in another)
    return Count(1, once=True) if described else None


def _repeats(draft: Draft, parts: Sequence[Part]) -> bool:
    """Whether several of the numbers are of one form: `two crime podcasts, one comedy podcast and a film`."""
    forms = [form[0].values for part in parts if (form := form_of(draft, part))]
    return len(forms) == len(parts) and len(set(forms)) < len(forms)


def _take_as_alternatives(draft: Draft, apart: Sequence[Part], found: Sequence[Sequence[Found]]) -> None:
    """Let any of the demands do, of those that hold for works of one form where several forms are counted `apart`."""
    if sum(map(bool, found)) < 2:
        return
    forms = [form[0].values if (form := form_of(draft, part)) else () for part in apart] or [()] * len(found)
    taken = [change.constraint for part in found for change, _ in part if change.constraint is not None]
    draft.changes = [change for change in draft.changes if change.constraint is None or change.constraint not in taken]
    for of in dict.fromkeys(forms):
        own = [pair for form, part in zip(forms, found, strict=True) if form == of for pair in part]
        joined = len({(demand.field, demand.op) for _, demand in own}) == 1
        _join(draft, own, of) if joined and all(change.constraint for change, _ in own) else _wish(draft, own)


def _join(draft: Draft, found: Sequence[Found], forms: tuple[str, ...]) -> None:
    values = dict.fromkeys(value for _, demand in found if isinstance(demand.value, tuple) for value in demand.value)
    said = dict.fromkeys(change.constraint.said for change, _ in found if change.constraint is not None)
    first = found[0][0].constraint
    assert first is not None
    value = cast("tuple[str, ...]", tuple(values)) or first.value
    draft.act("constrain", constraint=replace(first, value=value, said=", ".join(said), of_forms=forms))


def _wish(draft: Draft, found: Sequence[Found]) -> None:
    for change, demand in found:
        if change.constraint is not None and demand.values and demand.field not in ("language", "countries"):
            text = demand.values[0] if len(demand.values) < len(change.constraint.values) else change.constraint.said.casefold()
            draft.wish(text, demand.field, demand.values[0])
        elif change.constraint is not None:
            draft.act("constrain", constraint=replace(change.constraint, hard=False))


def _share_total(draft: Draft, parts: Sequence[Part], count: Count | None) -> Count | None:
    """`ten films, two of them French`, or `two of them French` once so many were shown: the rest of the total is free."""
    page, known = draft.page, draft.ledger.count
    heads = [part.number for part in parts if not part.within]
    total = sum(heads) or (known.n if known is not None and not count else len(draft.ledger.last_shown))
    inner = [(part, [*demands_of(draft, part), *years_of(draft, part)]) for part in parts if part.within]
    told = [(part, found) for part, found in inner if found]
    if not told and not heads:
        return count
    draft.unsupported += [part.said(page) for part, found in inner if not found]
    soft = [change for _, found in told for change, _ in found if change.constraint is not None]
    draft.changes = [
        replace(change, constraint=replace(change.constraint, hard=False)) if change in soft and change.constraint else change
        for change in draft.changes
    ]
    total = min(total, MAX_PICKS)
    left = total - sum(part.number for part, _ in told)
    if not total or left < 0 or not told:
        return Count(total) if total else count
    shares = [(part.number, tuple(dict.fromkeys(demand for _, demand in found))) for part, found in told]
    return Count(total, shares=(*shares, *([(left, ())] if left else ())))
