"""How many of each subject: `3 podcasts about economics and 2 about psychology`, `two comedies and one western`."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from itertools import pairwise

from chatrec.types import Change, Constraint, Count
from chatrec.understand.draft import Draft
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.numbers import cardinal
from chatrec.understand.scopes import SENTENCE_END
from chatrec.understand.text import is_han, wordset

MAX_SHARES = 4
MAX_EACH = 20
_SECTIONS = ("genres", "styles", "moods", "tags", "themes", "catalog")
_FIELDS = ("genres", "moods", "tags", "themes")
_JOINING = wordset("and plus , & 和 与 加 、 ，")


def share_out(draft: Draft, count: Count | None) -> Count | None:
    """The count with its numbers by subject, where there are several; the demands become alternatives.

    Demands of one field are joined into one that either meets; others become wishes, as nothing need meet them all. A number
    whose subject no field tells leaves the total, and that is said.
    """
    starts = _starts(draft.page) if count is not None and not count.each else []
    if len(starts) < 2:
        return count
    bounds = list(pairwise([*starts, _end(draft.page, starts[-1])]))
    parts = [_subjects(draft, start, end) for start, end in bounds]
    numbers = [int(number[0]) for start in starts if (number := cardinal(draft.page.words, start)) is not None]
    total = min(sum(numbers), MAX_EACH)
    if not all(parts):
        draft.unsupported += [_said(draft.page, *bound) for bound in bounds if not _marks(draft.page, *bound)]
        return Count(total)
    shares = [(number, tuple(map(_demand, part))) for number, part in zip(numbers, parts, strict=True)]
    _take_as_alternatives(draft, parts)
    return Count(total, shares=tuple(shares))


def _starts(page: Page) -> list[int]:
    """Where the numbers of a list stand: that of the picks, and those that a joining word puts before something of content."""
    first = next((mark for mark in page.sorted() if mark.role == "count"), None)
    if first is None:
        return []
    found, end = [first.start], _end(page, first.start)
    for at in range(first.end + 1, end):
        number = cardinal(page.words, at) if page.words[at - 1] in _JOINING and not page.taken(at) else None
        if number is not None and number[0] % 1 == 0 and 1 <= number[0] <= MAX_EACH and _opens_subject(page, number[1]):
            found.append(at)
    return found if len(found) <= MAX_SHARES else []


def _opens_subject(page: Page, at: int) -> bool:
    measured = at < len(page.words) and is_han(page.words[at]) and not page.taken(at)  # `一部`
    mark = page.starting(at + measured)
    return mark is not None and (mark.is_cue("about", "by", "like") or has_section(mark, *_SECTIONS))


def _end(page: Page, start: int) -> int:
    return next((at for at in range(start, len(page.words)) if page.words[at] in SENTENCE_END), len(page.words))


def _said(page: Page, start: int, end: int) -> str:
    return page.text.said(start, end - (page.words[end - 1] in _JOINING))


def _marks(page: Page, start: int, end: int) -> list[Mark]:
    return [mark for mark in page.within(start, end) if has_section(mark, *_SECTIONS) and not mark.negated]


def _subjects(draft: Draft, start: int, end: int) -> list[Change]:
    """The demands and wishes that were taken from these words."""
    marks = _marks(draft.page, start, end)
    said = {draft.page.said(mark) for mark in marks}
    named = {name for mark in marks for entry in mark.entries for name in (entry.name, *entry.values)}
    return [change for change in draft.changes if _is_of(change, said, named)]


def _is_of(change: Change, said: Set[str], named: Set[str]) -> bool:
    constraint, wish = change.constraint, change.wish
    if constraint is not None:
        return constraint.hard and constraint.op == "in" and constraint.field in _FIELDS and constraint.said in said
    wished = wish is not None and wish.field in _FIELDS and wish.direction == "more"
    return wish is not None and wished and not named.isdisjoint((wish.value, wish.text))


def _demand(change: Change) -> Constraint:
    demand = change.constraint or (change.wish.constraint if change.wish is not None else None)
    assert demand is not None
    return Constraint(field=demand.field, op="in", value=demand.value)


def _take_as_alternatives(draft: Draft, parts: Sequence[Sequence[Change]]) -> None:
    changes = [change for part in parts for change in part]
    demands = [change.constraint for change in changes if change.constraint is not None]
    draft.changes = [change for change in draft.changes if change.constraint is None or change.constraint not in demands]
    if len(demands) == len(changes) == len(parts) and len({demand.field for demand in demands}) == 1:
        values = tuple(dict.fromkeys(value for demand in demands for value in demand.values))
        draft.act("constrain", constraint=replace(demands[0], value=values, said=", ".join(demand.said for demand in demands)))
        return
    for demand in demands:
        draft.wish(demand.said.casefold(), demand.field, demand.values[0])
