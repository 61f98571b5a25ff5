"""How many of each subject: `3 podcasts about economics and 2 about psychology`, `two comedies and one western`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from chatrec.types import Change, Constraint, Count
from chatrec.understand.draft import Draft
from chatrec.understand.kinds import forms_of
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.numbers import cardinal
from chatrec.understand.scopes import SENTENCE_END
from chatrec.understand.text import is_han, wordset

MAX_SHARES = 4
MAX_EACH = 20
_SECTIONS = ("genres", "styles", "moods", "tags", "themes", "catalog", "languages", "countries")
_FIELDS = ("genres", "moods", "tags", "themes", "people", "language", "countries")
_JOINING = wordset("and plus , & 和 与 加 、 ，")
_COMMAS = wordset(", : including ， 、 ：")
_ARTICLES = wordset("a an")
_PASSED = wordset("good great nice decent new a an")
_BEFORE_SOME = wordset("and but with make have including least most only just , : ;")
"""What stands before `two of them` where it is asked for; not `the two of them`, `every one of them`."""
_OPENING = 3
"""Words that may stand before it where the total was told in an earlier message."""
_THEM = (["of", "them"], ["of", "these"], ["of", "those"], ["of", "which"])
_NOUNS = ("forms", "inner")


@dataclass(frozen=True, slots=True)
class _Part:
    """A number at `at`, what it counts from `start` on, where that ends, and whether it is of a total that was told before."""

    at: int
    number: int
    start: int
    end: int
    within: bool = False


_Found = tuple[Change, Constraint]
"""What was taken from the words of a part, and what its works must have for it."""


def free_counted(page: Page) -> None:
    """Let a noun that has a number of its own open a demand: the film of `two podcasts about space and one film about war`."""
    for mark in page.marks:
        noun = page.starting(mark.end) if mark.role == "count" and page.words[mark.start - 1 : mark.start] != [] else None
        if noun is not None and has_section(noun, *_NOUNS) and page.words[mark.start - 1] in _JOINING:
            noun.about = False


def share_out(draft: Draft, count: Count | None) -> Count | None:
    """The count with its numbers by subject, where there are several; the demands become alternatives.

    Demands of one field are joined into one that either meets; others become wishes, as nothing need meet them all. A number
    whose subject no field tells leaves the total, and that is said. Numbers of a total (`ten films, two of them French`) leave
    the rest of it free.
    """
    parts = _of_total(draft, _parts(draft.page))
    if parts and parts[0].within and parts[0].at > _OPENING:
        return count
    if any(part.within for part in parts):
        return _share_total(draft, parts, count)
    mixed = count is not None and len(set(count.each)) > 1
    if len(parts) < 2 or (mixed and not _repeats(draft, parts)):
        return _count_another(draft, count)
    found = [_of_form(draft, part, _demands(draft, part)) if mixed else _demands(draft, part) for part in parts]
    opening = draft.page.over[parts[0].at]
    if sum(map(bool, found)) < 2 and (opening is None or opening.role != "count" or (count is not None and count.each)):
        return count
    total = min(sum(part.number for part in parts), MAX_EACH)
    _take_as_alternatives(draft, parts if mixed else (), found)
    if not all(found):
        draft.unsupported += [
            _said(draft.page, part) for part, of in zip(parts, found, strict=True) if not of and not _marks(draft.page, part)
        ]
        return Count(total)
    shares = [
        (part.number, (*(demand for _, demand in of), *(_form(draft, part) if mixed else ())))
        for part, of in zip(parts, found, strict=True)
    ]
    return Count(total, each=count.each if mixed and count is not None else (), shares=tuple(shares))


def _count_another(draft: Draft, count: Count | None) -> Count | None:
    """`another comedy`, after `two comedies and one western`, is one."""
    known = draft.ledger.count
    if count is not None or known is None or not known.shares:
        return count
    another = (mark for mark in draft.page.marks if draft.page.words[mark.start : mark.end] == ["another"])
    described = any(has_section(draft.page.starting(mark.end), *_SECTIONS, *_NOUNS) for mark in another)
    return Count(1, once=True) if described else None


# --- the numbers ------------------------------------------------------------------------------------------------------


def _parts(page: Page) -> list[_Part]:
    """The numbers of a list, each with its words: those that a joining word puts before something of content, and the first."""
    found: list[_Part] = []
    end = 0
    for at in range(len(page.words)):
        part = _part(page, at, end := _end(page, at) if at >= end else end)
        if part is None:
            continue
        within = part.within or (bool(found) and found[-1].within)
        if found and found[-1].end == end and (part.within or page.words[at - 1] in _JOINING):
            found = [*found[:-1], replace(found[-1], end=at), replace(part, within=within)]
        elif len(found) < 2 and not any(one.within for one in found):
            found = [part]
        if len(found) > MAX_SHARES:
            return []
    numbered = any(page.words[part.at] not in _ARTICLES for part in found)
    return found if numbered and (len(found) > 1 or any(part.within for part in found)) else []


def _part(page: Page, at: int, end: int) -> _Part | None:
    """The number that stands here and counts something."""
    mark, word = page.over[at], page.words[at]
    if (mark is not None and (mark.role != "count" or mark.start != at)) or page.words[at - 1 : at] == ["第"]:
        return None
    if word in _ARTICLES:
        return _Part(at, 1, at + 1, end) if has_section(_subject(page, at + 1), "genres", "styles") else None
    number = cardinal(page.words, at)
    if number is None or number[0] % 1 or not 1 <= number[0] <= MAX_EACH:
        return None
    start = number[1]
    if page.words[start : start + 2] in _THEM:
        led = at == 0 or page.words[at - 1] in _BEFORE_SOME
        return _Part(at, int(number[0]), start + 2, end, within=True) if led and start + 2 < end else None
    opens = mark is not None or _opens_subject(page, start)
    return _Part(at, int(number[0]), start, end) if opens else None


def _subject(page: Page, at: int) -> Mark | None:
    """The mark of what is counted, behind a measure word or praise: `一部 …`, `good …`."""
    passed = at < len(page.words) and not page.taken(at) and (is_han(page.words[at]) or page.words[at] in _PASSED)
    return page.starting(at + passed)


def _opens_subject(page: Page, at: int) -> bool:
    mark = _subject(page, at)
    if mark is None:
        return False
    if page.words[mark.start] == "of":  # `one of the best`
        return (by := page.starting(mark.end)) is not None and by.role == "person"
    return mark.role in ("year", "person") or mark.is_cue("about", "by", "like") or has_section(mark, *_SECTIONS)


def _end(page: Page, start: int) -> int:
    return next((at for at in range(start, len(page.words)) if page.words[at] in SENTENCE_END), len(page.words))


def _said(page: Page, part: _Part) -> str:
    return page.text.said(part.at, part.end - (page.words[part.end - 1] in _JOINING))


def _of_total(draft: Draft, parts: Sequence[_Part]) -> Sequence[_Part]:
    """The parts, those as of a total that are listed behind a noun: `10 films, two French, one Italian`."""
    if len(parts) < 2 or parts[1].within or draft.page.words[parts[1].at - 1] not in _COMMAS:
        return parts
    told = any(_marks(draft.page, part) for part in parts[:1]) or not _nouns(draft.page, parts[0])
    named = any(_nouns(draft.page, part) for part in parts[1:])
    if told or named or sum(part.number for part in parts[1:]) > parts[0].number:
        return parts
    return [parts[0], *(replace(part, within=True) for part in parts[1:])]


# --- what they count --------------------------------------------------------------------------------------------------


def _marks(page: Page, part: _Part) -> list[Mark]:
    marks = page.within(part.start, part.end)
    return [m for m in marks if (m.role == "person" or has_section(m, *_SECTIONS)) and not m.negated]


def _nouns(page: Page, part: _Part) -> list[Mark]:
    return [mark for mark in page.within(part.start, part.end) if has_section(mark, *_NOUNS)]


def _form(draft: Draft, part: _Part) -> tuple[Constraint, ...]:
    nouns = _nouns(draft.page, part)
    return (Constraint(field="form", op="in", value=forms_of(nouns[0], draft.words)),) if nouns else ()


def _repeats(draft: Draft, parts: Sequence[_Part]) -> bool:
    """Whether several of the numbers are of one form: `two crime podcasts, one comedy podcast and a film`."""
    forms = [form[0].values for part in parts if (form := _form(draft, part))]
    return len(forms) == len(parts) and len(set(forms)) < len(forms)


def _demands(draft: Draft, part: _Part) -> list[_Found]:
    """The demands and wishes that were taken from the words of a part; years only where there is nothing else."""
    contents = [found for mark in _marks(draft.page, part) for found in _taken_from(draft, mark)]
    return list({demand.key: (change, demand) for change, demand in contents or _years(draft, part)}.values())


def _of_form(draft: Draft, part: _Part, found: Sequence[_Found]) -> list[_Found]:
    """The same with the genres that works of the counted form have: crime, of podcasts, is true crime."""
    forms = next((form.values for form in _form(draft, part)), ())
    return [
        (change, replace(demand, value=_genres(draft, demand, forms)) if demand.field == "genres" else demand)
        for change, demand in found
    ]


def _genres(draft: Draft, demand: Constraint, forms: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for name in demand.values for value in draft.words.genres_in(name, forms)))


def _years(draft: Draft, part: _Part) -> list[_Found]:
    marks = [mark for mark in draft.page.within(part.start, part.end) if mark.role == "year" and not mark.negated]
    said = {draft.page.said(mark) for mark in marks}
    return [
        (change, _plain(constraint, constraint.value))
        for change in draft.changes
        if (constraint := change.constraint) is not None
        and (constraint.field, constraint.hard, constraint.extreme) == ("year", True, False)
        and constraint.said in said
    ]


def _taken_from(draft: Draft, mark: Mark) -> list[_Found]:
    said, named = draft.page.said(mark), _named(draft, mark)
    found: list[_Found] = []
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


# --- what becomes of the demands --------------------------------------------------------------------------------------


def _take_as_alternatives(draft: Draft, apart: Sequence[_Part], found: Sequence[Sequence[_Found]]) -> None:
    """Let any of the demands do, of those that hold for works of one form where several forms are counted `apart`."""
    if sum(map(bool, found)) < 2:
        return
    forms = [form[0].values if (form := _form(draft, part)) else () for part in apart] or [()] * len(found)
    taken = [change.constraint for part in found for change, _ in part if change.constraint is not None]
    draft.changes = [change for change in draft.changes if change.constraint is None or change.constraint not in taken]
    for of in dict.fromkeys(forms):
        own = [pair for form, part in zip(forms, found, strict=True) if form == of for pair in part]
        joined = len({(demand.field, demand.op) for _, demand in own}) == 1
        _join(draft, own, of) if joined and all(change.constraint for change, _ in own) else _wish(draft, own)


def _join(draft: Draft, found: Sequence[_Found], forms: tuple[str, ...]) -> None:
    values = dict.fromkeys(value for _, demand in found if isinstance(demand.value, tuple) for value in demand.value)
    said = dict.fromkeys(change.constraint.said for change, _ in found if change.constraint is not None)
    first = found[0][0].constraint
    assert first is not None
    value = cast("tuple[str, ...]", tuple(values)) or first.value
    draft.act("constrain", constraint=replace(first, value=value, said=", ".join(said), of_forms=forms))


def _wish(draft: Draft, found: Sequence[_Found]) -> None:
    for change, demand in found:
        if change.constraint is not None and demand.values and demand.field not in ("language", "countries"):
            text = demand.values[0] if len(demand.values) < len(change.constraint.values) else change.constraint.said.casefold()
            draft.wish(text, demand.field, demand.values[0])
        elif change.constraint is not None:
            draft.act("constrain", constraint=replace(change.constraint, hard=False))


def _share_total(draft: Draft, parts: Sequence[_Part], count: Count | None) -> Count | None:
    """`ten films, two of them French`, or `two of them French` once so many were shown: the rest of the total is free."""
    page, known = draft.page, draft.ledger.count
    heads = [part.number for part in parts if not part.within]
    total = sum(heads) or (known.n if known is not None and not count else len(draft.ledger.last_shown))
    inner = [(part, [*_demands(draft, part), *_years(draft, part)]) for part in parts if part.within]
    told = [(part, found) for part, found in inner if found]
    if not told and not heads:
        return count
    draft.unsupported += [_said(page, part) for part, found in inner if not found]
    soft = [change for _, found in told for change, _ in found if change.constraint is not None]
    draft.changes = [
        replace(change, constraint=replace(change.constraint, hard=False)) if change in soft and change.constraint else change
        for change in draft.changes
    ]
    total = min(total, MAX_EACH)
    left = total - sum(part.number for part, _ in told)
    if not total or left < 0 or not told:
        return Count(total) if total else count
    shares = [(part.number, tuple(dict.fromkeys(demand for _, demand in found))) for part, found in told]
    return Count(total, shares=(*shares, *([(left, ())] if left else ())))
