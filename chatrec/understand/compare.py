"""The comparison around a number: `at most`, `longer than`, `before`, `or later`, `以内`, `以后`."""

from __future__ import annotations

from functools import cache
from typing import Literal, get_args

from chatrec.understand.lexicon import Phrase, lexicon
from chatrec.understand.marks import Page, match_any, match_any_before
from chatrec.understand.text import key_of

Comparison = Literal["lt", "le", "gt", "ge", "around"]
Quantity = Literal["length", "year"]
_FILLERS = {
    "the",
    "a",
    "an",
    "just",
    "only",
    "like",
    "than",
    "maybe",
    "of",
    "year",
    "years",
    "于",
    "是",
    "在",
    "about",
    "around",
    "say",
}


@cache
def _phrases(table: str) -> dict[Comparison, tuple[Phrase, ...]]:
    data = lexicon().compare[table]
    return {op: tuple(key_of(p) or (p,) for p in data.get(op, ())) for op in get_args(Comparison)}


def before_number(page: Page, start: int, quantity: Quantity) -> tuple[Comparison | None, int]:
    """The comparison that ends where the number starts, and where it starts itself."""
    end = start
    while True:
        best = _longest_before(page, end, quantity)
        if best is not None:
            return best
        if end == 0 or start - end >= 2 or page.words[end - 1] not in _FILLERS or page.taken(end - 1):
            return None, start
        end -= 1


def _longest_before(page: Page, end: int, quantity: Quantity) -> tuple[Comparison, int] | None:
    found: list[tuple[int, Comparison]] = []
    for op, phrases in _phrases(f"{quantity}_before").items():
        left = match_any_before(page.words, end, phrases)
        if left < end and page.free(left, end):
            found.append((left, op))
    if not found:
        return None
    left, op = min(found)
    return op, left


def after_number(page: Page, end: int, quantity: Quantity) -> tuple[Comparison | None, int]:
    """The comparison that starts where the number ends, and where it ends itself."""
    found: list[tuple[int, Comparison]] = []
    for op, phrases in _phrases(f"{quantity}_after").items():
        right = match_any(page.words, end, phrases)
        if right > end and page.free(end, right) and not _is_preposition(page, end, right):
            found.append((right, op))
    if not found:
        return None, end
    right, op = max(found)
    return op, right


def _is_preposition(page: Page, start: int, end: int) -> bool:
    """`from 1990 on` is a comparison, `from 1990 on DVD` is not."""
    return page.words[start:end] == ["on"] and end < len(page.words) and page.words[end][0].isalnum()
