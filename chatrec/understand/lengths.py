"""Lengths: `under two hours`, `90 min`, `an hour and a half`, `1-2 hours`, `一个半小时以内` → minutes with a comparison.

A number without a unit is a length where the comparison is one of lengths (`shorter than 30`), or where an upper bound is all
that is said (`under 90`, `a podcast under 30`).
"""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.understand.compare import Comparison, after_number, before_number
from chatrec.understand.marks import Mark, Page
from chatrec.understand.numbers import cardinal
from chatrec.understand.text import wordset


def _table(text: str) -> dict[tuple[str, ...], int]:
    """`phrase=minutes; …` as a table; Chinese phrases are split into characters."""
    pairs = (entry.rsplit("=", 1) for entry in text.split(";"))
    return {tuple(phrase.split()) if phrase.isascii() else tuple(phrase.strip()): int(value) for phrase, value in pairs}


_UNITS = _table(
    "hours=60; hour=60; h=60; hr=60; hrs=60; minutes=1; minute=1; min=1; mins=1; mn=1; "
    "小时=60; 个小时=60; 个钟头=60; 钟头=60; 小時=60; 個小時=60; 个钟=60; 分钟=1; 分鐘=1; 分=1; 刻钟=15"
)
_FIXED = _table(
    "half an hour=30; half a hour=30; half hour=30; half hours=30; quarter of an hour=15; quarter hour=15; "
    "three quarters of an hour=45; hour and a half=90; an hour and a half=90; hour and half=90; an hour or two=120; an hour=60; "
    "a full hour=60; a couple of hours=120; couple of hours=120; a couple hours=120; "
    "a weekend=900; one weekend=900; an evening=240; one evening=240; "
    "半小时=30; 半个小时=30; 半个钟头=30; 半個小時=30; 半小時=30"
)
_TO = {"to", "-", "or", "~", "到", "至"}
MAX_SCORE = 10
"""Up to here, 分 counts points, not minutes."""
MAX_MINUTES = 60 * 5000
_OF_LENGTHS = wordset("shorter longer quicker")
_BOUNDED = wordset(
    "something anything nothing it one ones film films movie movies series show shows episode episodes podcast podcasts album"
    " albums audiobook audiobooks and but or , . ; : ! ?"
)
"""What stands before an upper bound that is one of lengths: `a podcast under 30`, not `people under 30`."""
_AFTER_BOUND = wordset("please pls thanks and but or then , . ; : ! ?")
LEAST_BOUND, MOST_BOUND = 20, 240
"""A bound without unit and without a word for lengths is one of lengths within these; `under 12` is said of children."""


def mark_lengths(page: Page) -> None:
    """Mark every length, with the comparison around it."""
    at = 0
    while at < len(page.words):
        found = _span(page.words, at)
        if found is None or not page.free(at, found[2]) or found[1] > MAX_MINUTES:
            at += 1
            continue
        low, high, end = found
        at = _mark(page, at, end, low, high)
    for at in range(1, len(page.words)):
        _mark_bare(page, at)


def _mark_bare(page: Page, start: int) -> None:
    number = cardinal(page.words, start)
    if number is None or not page.free(start, number[1]):
        return
    value, end = number
    op, left = before_number(page, start, "length")
    if op in ("lt", "le", "gt", "ge") and (_is_of_lengths(page, left, start, end) or _is_bound(page, left, value, end, op)):
        page.add(Mark(left, end, "minutes", op=op, number=value, bare=True))


def _is_of_lengths(page: Page, left: int, start: int, end: int) -> bool:
    """Whether the comparison says so: `longer than 2`, but not `longer than 2 albums`."""
    return not _OF_LENGTHS.isdisjoint(page.words[left:start]) and _ends(page, end)


def _is_bound(page: Page, left: int, value: float, end: int, op: Comparison) -> bool:
    """Whether an upper bound is all that is said of it, and what it bounds can only be a length."""
    below = op in ("lt", "le") or (op == "gt" and page.words[left - 1 : left] == ["nothing"])
    alone = left == 0 or page.words[left - 1] in _BOUNDED
    return below and alone and LEAST_BOUND <= value <= MOST_BOUND and _ends(page, end)


def _ends(page: Page, end: int) -> bool:
    return end == len(page.words) or page.words[end] in _AFTER_BOUND


def _mark(page: Page, start: int, end: int, low: float, high: float) -> int:
    for tail in (("long",), ("in", "length"), ("长",)):
        if tuple(page.words[end : end + len(tail)]) == tail and page.free(end, end + len(tail)):
            end += len(tail)
    op, left = before_number(page, start, "length")
    if op is None:
        op, end = after_number(page, end, "length")
    if op is None and "+" in page.words[start:end]:
        op = "ge"
    if low != high:
        mark = Mark(left, end, "minutes", op="ranges", ranges=((low, high),), number=high)
        if op in ("lt", "le", "gt", "ge"):
            mark = Mark(left, end, "minutes", op=op, number=high if op in ("lt", "le") else low)
    else:
        mark = Mark(left, end, "minutes", op=op or "sought", number=low)
    page.add(mark)
    return end


def _span(words: Sequence[str], start: int) -> tuple[float, float, int] | None:
    """One length or a range of two: (low, high, end)."""
    low_end = _range_start(words, start)
    if low_end is not None:
        high = duration(words, low_end[1])
        number = cardinal(words, low_end[1])
        if high is not None and number is not None and number[0]:
            low = low_end[0] * high[0] / number[0]
            return (min(low, high[0]), max(low, high[0]), high[1])
    single = duration(words, start)
    if single is None:
        return None
    value, end = single
    if end < len(words) and words[end] in _TO:
        other = duration(words, end + 1)
        if other is not None and other[0] > value:
            return value, other[0], other[1]
    return value, value, end


def _range_start(words: Sequence[str], start: int) -> tuple[float, int] | None:
    """The first number of `90 to 120 minutes`, and where the second begins."""
    number = cardinal(words, start)
    if number is None or number[1] + 1 >= len(words):
        return None
    between = words[start - 1 : start] == ["between"] and words[number[1]] == "and"
    return (number[0], number[1] + 1) if words[number[1]] in _TO or between else None


def duration(words: Sequence[str], start: int) -> tuple[float, int] | None:
    """Minutes of the length that starts at `start`, and where it ends.

    >>> duration("an hour and a half".split(), 0), duration("1 h 30".split(), 0), duration(list("一个半小时"), 0)
    ((90, 5), (90, 3), (90.0, 5))
    """
    for size in range(5, 1, -1):
        if start + size <= len(words) and tuple(words[start : start + size]) in _FIXED:
            return _FIXED[tuple(words[start : start + size])], start + size
    number = cardinal(words, start)
    if number is None:
        return None
    value, end = _with_half(words, *number)
    end += words[end : end + 1] == ["+"]
    unit = next((u for u in _UNITS if tuple(words[end : end + len(u)]) == u), None)
    if unit is None:
        return None
    if unit == ("分",) and value <= MAX_SCORE:
        return None
    minutes, end = value * _UNITS[unit], end + len(unit)
    return _with_rest(words, minutes, end) if _UNITS[unit] == 60 else (minutes, end)


def _with_half(words: Sequence[str], value: float, end: int) -> tuple[float, int]:
    """`two and a half hours`, `1 1/2 hours`, `两个半小时`."""
    for half in (("and", "a", "half"), ("and", "half"), ("1", "/", "2"), ("个", "半"), ("個", "半")):
        if tuple(words[end : end + len(half)]) == half:
            return value + 0.5, end + len(half)
    return value, end + (words[end : end + 1] in (["something"], ["odd"]))


def _with_rest(words: Sequence[str], minutes: float, end: int) -> tuple[float, int]:
    """`1h30`, `1 hour 20 minutes`, `two hours and a half`, `一小时半`."""
    for half in (("and", "a", "half"), ("半",)):
        if tuple(words[end : end + len(half)]) == half:
            return minutes + 30, end + len(half)
    start = end + (words[end : end + 1] in (["and"], ["零"], ["又"]))
    rest = cardinal(words, start)
    if rest is None or rest[0] >= 60:
        return minutes, end
    unit = next((u for u in _UNITS if _UNITS[u] == 1 and tuple(words[rest[1] : rest[1] + len(u)]) == u), None)
    if unit is not None or words[rest[1] : rest[1] + 1] == ["m"]:
        return minutes + rest[0], rest[1] + (len(unit) if unit else 1)
    glued = start == end and words[end - 1] == "h" and words[start].isdecimal()
    return (minutes + rest[0], rest[1]) if glued else (minutes, end)
