"""Years: `before 1990`, `the 80s or 90s`, `early 2000s`, `last five years`, `八十年代`, `2000年以后` → ranges or a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatrec.understand.compare import Comparison, after_number, before_number
from chatrec.understand.lexicon import ERA_TAILS, Entry, Phrases
from chatrec.understand.marks import Mark, Page
from chatrec.understand.numbers import cardinal

Span = tuple[float, float]
FIRST_YEAR, LAST_YEAR = 1870, 2100
AROUND_YEARS = 3
_DECADE_WORDS = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960, "seventies": 1970,
    "eighties": 1980, "nineties": 1990, "noughties": 2000, "aughts": 2000, "naughties": 2000,
}  # fmt: skip
_PARTS = {"early": (0, 3), "mid": (4, 6), "middle": (4, 6), "late": (7, 9), "later": (7, 9)}
_HAN_PARTS = {
    ("初",): (0, 3),
    ("早", "期"): (0, 3),
    ("中", "期"): (4, 6),
    ("末",): (7, 9),
    ("后", "期"): (7, 9),
    ("晚", "期"): (7, 9),
}
_CENTURY_PREFIXES = (
    tuple("上世纪"),
    tuple("上个世纪"),
    tuple("上世紀"),
    tuple("二十世纪"),
    ("20", "世", "纪"),
    ("19",),
    ("nineteen",),
)
_JOINS = {"or", "and", ",", "/", "或", "和", "、", "与", "或者", "跟", "及"}
_TO = {"to", "-", "through", "until", "till", "到", "至", "~"}
_LAST = [
    tuple(phrase.split())
    for phrase in (
        "from the last", "from the past", "in the last", "in the past", "within the last", "over the last",
        "from the latest", "in the latest", "of the latest", "the last", "the past", "the latest",
        "last", "past", "latest", "最 近 这", "最 近", "过 去", "近", "这",
    )
]  # fmt: skip
_MY_AGE = {"my", "your", "his", "her", "their", "our", "im", "am"}


def mark_years(page: Page, this_year: int) -> None:
    """Mark every year, decade, range, union and comparison of years."""
    at = 0
    while at < len(page.words):
        end = _mark_at(page, at, this_year)
        at = end if end > at else at + 1


def mark_eras(page: Page, phrases: Phrases) -> None:
    """Let the marks of consoles' times (`PS2 era`, `the PS1 or PS2 era`) be years."""
    for mark in page.sorted():
        span = _era(mark.entries)
        if span is None:
            continue
        mark.role, mark.op, mark.ranges = "year", "ranges", (span,)
        while (before := _console_before(page, mark, phrases)) is not None:
            mark.ranges = (before[1], *mark.ranges)
            page.extend(mark, before[0].start, mark.end)


def _era(entries: Iterable[Entry]) -> Span | None:
    return next(((entry.data["years"][0], entry.data["years"][1]) for entry in entries if entry.section == "eras"), None)


def _console_before(page: Page, mark: Mark, phrases: Phrases) -> tuple[Mark, Span] | None:
    """The console of `PS1 or PS2 era` that shares the last word, and its years."""
    console = page.ending(mark.start - 1) if mark.start > 1 and page.words[mark.start - 1] in _JOINS else None
    name = tuple(page.words[console.start : console.end]) if console is not None else ()
    span = next((span for tail in ERA_TAILS if (span := _era(phrases.get((*name, *tail))))), None) if name else None
    return (console, span) if console is not None and span is not None else None


def _mark_at(page: Page, at: int, this_year: int) -> int:
    relative = _relative(page.words, at, this_year)
    if relative is not None and page.free(at, relative.end):
        page.add(relative)
        return relative.end
    spans, end = _union(page.words, at)
    if not spans or not page.free(at, end) or _is_age(page.words, at):
        return at
    op, left = before_number(page, at, "year")
    if op is None:
        op, end = after_number(page, end, "year")
    left = _with_in(page, left)
    page.add(_mark(left, end, spans, op))
    return end


def _with_in(page: Page, left: int) -> int:
    """The words `in`, `from the`, `in the` belong to the year."""
    for lead in (
        ("from", "the"),
        ("in", "the"),
        ("of", "the"),
        ("made", "in"),
        ("released", "in"),
        ("from",),
        ("in",),
        ("of",),
        ("the",),
    ):
        start = left - len(lead)
        if start >= 0 and tuple(page.words[start:left]) == lead and page.free(start, left):
            return start
    return left


def _mark(start: int, end: int, spans: list[Span], op: Comparison | None) -> Mark:
    low, high = spans[0][0], spans[-1][1]
    if op in ("lt", "ge"):
        return Mark(start, end, "year", op=op, number=low)
    if op in ("le", "gt"):
        return Mark(start, end, "year", op=op, number=high)
    if op == "around":
        spans = [(a - AROUND_YEARS, b + AROUND_YEARS) if a == b else (a, b) for a, b in spans]
    return Mark(start, end, "year", op="ranges", ranges=tuple(spans))


def _is_age(words: Sequence[str], at: int) -> bool:
    """`in my 20s` tells of the speaker."""
    return any(word in _MY_AGE for word in words[max(0, at - 3) : at])


def _union(words: Sequence[str], at: int) -> tuple[list[Span], int]:
    """`80s or 90s`, `the 60s, 70s and 80s`; spans that touch become one only when said as a range."""
    pair = _two_decades(words, at)
    if pair is not None:
        return pair
    first = _range(words, at)
    if first is None:
        return [], at
    spans, end = [first[:2]], first[2]
    while True:
        nxt = end
        while nxt < len(words) and (words[nxt] in _JOINS or (nxt > end and words[nxt] in ("the", "early", "late", "者"))):
            if words[nxt] in _PARTS:
                break
            nxt += 1
        more = _range(words, nxt) if end < nxt < len(words) else None
        if more is None:
            return spans, end
        spans.append(more[:2])
        end = more[2]


def _two_decades(words: Sequence[str], at: int) -> tuple[list[Span], int] | None:
    """`八九十年代` → the 1980s and the 1990s."""
    digits = "二三四五六七八九"
    first, second = words[at : at + 1], words[at + 1 : at + 2]
    if words[at + 2 : at + 5] != ["十", "年", "代"] or first[0] not in digits or second[0] not in digits:
        return None
    tens = [digits.index(digit[0]) + 2 for digit in (first, second)]
    return ([(1900 + 10 * ten, 1909.0 + 10 * ten) for ten in tens], at + 5) if tens[1] == tens[0] + 1 else None


def _range(words: Sequence[str], at: int) -> tuple[float, float, int] | None:
    """A span, or two with `to` (after `between`: `and`) between them."""
    first = _span(words, at)
    if first is None:
        return None
    low, high, end = first
    joins = (
        _TO | {"and", "和", "与"}
        if words[max(0, at - 1) : at] == ["between"] or words[max(0, at - 2) : at] == ["between", "the"]
        else _TO
    )
    if end < len(words) and words[end] in joins:
        skip = end + 1 + (words[end + 1 : end + 2] == ["the"])
        second = _span(words, skip) or _short_year(words, skip, low)
        if second is not None and second[1] >= low:
            end = second[2] + (words[second[2] : second[2] + 2] == ["之", "间"]) * 2
            return low, second[1], end
    return low, high, end


def _short_year(words: Sequence[str], at: int, low: float) -> tuple[float, float, int] | None:
    """The `99` of 1990-99."""
    if at < len(words) and words[at].isdecimal() and len(words[at]) == 2 and words[at + 1 : at + 2] != ["s"]:
        year = low // 100 * 100 + int(words[at])
        return year, year, at + 1
    return None


def _span(words: Sequence[str], at: int) -> tuple[float, float, int] | None:
    if at >= len(words):
        return None
    part = _PARTS.get(words[at])
    start = at + 1 if part else at
    start += part is not None and words[start : start + 1] == ["the"]
    decade = _decade(words, start) or _century(words, start)
    if decade is None:
        return None if part else _year(words, at)
    low, high, end = decade
    if part and high - low == 9:
        return low + part[0], low + part[1], end
    for name, (first, last) in _HAN_PARTS.items():
        if tuple(words[end : end + len(name)]) == name and high - low == 9:
            return low + first, low + last, end + len(name)
    return low, high, end


def _year(words: Sequence[str], at: int) -> tuple[float, float, int] | None:
    number = cardinal(words, at)
    if number is None or not FIRST_YEAR <= number[0] <= LAST_YEAR or number[0] % 1 or (at > 0 and words[at - 1] in ("$", "#")):
        return None
    if not words[at].isdecimal() and number[1] - at != 4:
        return None
    end = number[1] + (words[number[1] : number[1] + 1] == ["年"])
    return number[0], number[0], end


def _decade(words: Sequence[str], at: int) -> tuple[float, float, int] | None:
    """`80s`, `1980s`, `eighties`, `nineteen eighties`, `80年代`, `上世纪八十年代`."""
    start, old = at, False
    for prefix in _CENTURY_PREFIXES:
        if tuple(words[at : at + len(prefix)]) == prefix:
            start, old = at + len(prefix), True
            break
    for first in dict.fromkeys((start, at)):
        found = _decade_at(words, first, old and first == start)
        if found is not None:
            return found
    return None


def _decade_at(words: Sequence[str], at: int, old: bool) -> tuple[float, float, int] | None:
    if at < len(words) and words[at] in _DECADE_WORDS:
        low = _DECADE_WORDS[words[at]]
        return low, low + 9, at + 1
    number = cardinal(words, at) if at < len(words) else None
    if number is None:
        return None
    value, end = number
    if words[end : end + 1] == ["s"] and words[at].isdecimal():
        end += 1
    elif words[end : end + 2] == ["年", "代"]:
        end += 2
    else:
        return None
    low = _decade_of(value, len(words[at]) if words[at].isdecimal() else 2, old)
    return None if low is None else (low, low + 9, end)


def _decade_of(value: float, digits: int, old: bool) -> int | None:
    if value % 10 or value % 1:
        return None
    if FIRST_YEAR <= value <= LAST_YEAR:
        return int(value)
    if digits > 2 or value >= 100:
        return None
    return int(1900 + value) if value >= 20 or old else int(2000 + value)


def _century(words: Sequence[str], at: int) -> tuple[float, float, int] | None:
    """`19th century`, `二十世纪`, `twentieth century`."""
    if words[at : at + 2] == ["twentieth", "century"]:
        return 1901, 2000, at + 2
    if words[at : at + 2] == ["this", "century"] or words[at : at + 3] == ["本", "世", "纪"]:
        return 2001, LAST_YEAR, at + (2 if words[at] == "this" else 3)
    number = cardinal(words, at) if at < len(words) else None
    if number is None or not 15 <= number[0] <= 21 or number[0] % 1:
        return None
    end = number[1]
    for tail in (("st", "century"), ("th", "century"), ("世", "纪"), ("世", "紀")):
        if tuple(words[end : end + len(tail)]) == tail:
            return 100 * (number[0] - 1) + 1, 100 * number[0], end + len(tail)
    return None


def _relative(words: Sequence[str], at: int, this_year: int) -> Mark | None:
    """`the last five years`, `this year`, `近五年`, `older than 20 years`."""
    for phrase, back in ((("this", "year"), 0), (("今", "年"), 0), (("last", "year"), 1), (("去", "年"), 1), (("前", "年"), 2)):
        if tuple(words[at : at + len(phrase)]) == phrase:
            year = float(this_year - back)
            return Mark(at, at + len(phrase), "year", op="ranges", ranges=((year, year),))
    decade = next((n for n in (2, 3) if tuple(words[at : at + n]) in (("this", "decade"), ("the", "current", "decade"))), 0)
    if decade:
        return Mark(at, at + decade, "year", op="ge", number=float(this_year // 10 * 10))
    recent = _last_years(words, at)
    if recent is not None:
        return Mark(at, recent[1], "year", op="ge", number=this_year - recent[0])
    return _older_than_years(words, at, this_year)


def _last_years(words: Sequence[str], at: int) -> tuple[float, int] | None:
    for lead in _LAST:
        if tuple(words[at : at + len(lead)]) != lead:
            continue
        end = at + len(lead)
        number = cardinal(words, end)
        n, end = number if number else (1.0, end)
        if n == 1 and words[end : end + 2] == ["couple", "of"]:
            n, end = 2.0, end + 2
        elif words[end : end + 1] in (["few"], ["several"]):
            n, end = 4.0, end + 1
        if words[end : end + 1] in (["decade"], ["decades"]):
            return n * 10, end + 1
        if (number or n > 1) and words[end : end + 1] in (["years"], ["year"], ["yrs"]):
            return n, end + 1
        if number and words[end : end + 1] == ["年"]:
            return n, end + 1 + (words[end + 1 : end + 2] in (["内"], ["来"], ["间"]))
    return None


def _older_than_years(words: Sequence[str], at: int, this_year: int) -> Mark | None:
    for lead, op in (
        (("older", "than"), "lt"), (("more", "than"), "lt"), (("over"), "lt"), (("at", "least"), "le"),
        (("newer", "than"), "gt"), (("less", "than"), "gt"), (("younger", "than"), "gt"),
    ):  # fmt: skip
        lead = (lead,) if isinstance(lead, str) else lead
        if tuple(words[at : at + len(lead)]) != lead:
            continue
        number = cardinal(words, at + len(lead))
        if number is None or number[0] > 150 or words[number[1] : number[1] + 1] not in (["years"], ["year"]):
            continue
        aged = words[number[1] + 1 : number[1] + 2]
        if lead[0] in ("older", "newer", "younger") or aged in (["old"], ["ago"]):
            return Mark(at, number[1] + 1 + (aged in (["old"], ["ago"])), "year", op=op, number=this_year - number[0])  # type: ignore[arg-type]
    return None
