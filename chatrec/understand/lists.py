"""Lists: which things are alternatives to each other, and which must all hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatrec.understand.marks import Mark, Page
from chatrec.understand.text import wordset

_OR = wordset("or either / 或 还")
JOINS = wordset("or and nor / 或 和 与 及 、 也 跟")
"""What stands between two things of a list."""
LIGHT = wordset(
    "any too much very overly really super so that the a an is are way more of 者 太 很 的 那 么 任 何 什 有 带 看 要 于"
)
"""What may stand before a thing of a list without being a part of what is said of it."""
_PASSED = wordset("a an the some by from maybe even 片")
"""Words that may stand before the next thing of a list."""
_LIST_WORDS = wordset("or and , 、 / 或 和 与 者 还 是 either")


def alternatives(page: Page, marks: Sequence[Mark], any_list: Callable[[Mark], bool] | None = None) -> list[list[Mark]]:
    """Marks in groups: what is listed (`comedies or westerns`) is one alternative, what is merely adjacent must all hold."""
    groups: list[list[Mark]] = []
    for mark in marks:
        if groups and _are_listed(page, groups[-1][-1], mark, loosely=any_list is None or any_list(groups[-1][0])):
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return groups


def joins_earlier(page: Page) -> bool:
    """Whether a message lists one more of what was asked for before: `or a series`, `also thrillers`, `comedies too`."""
    opening, closing = page.starting(0), page.ending(len(page.words))
    adds = opening is not None and opening.is_cue("or", "add") and len(page.words) > 1
    return adds or (closing is not None and closing.is_cue("add") and not page.any_cue("like_after", "seen", "seen_after"))


def _are_listed(page: Page, left: Mark, right: Mark, *, loosely: bool) -> bool:
    between = page.words[left.end : right.start]
    if not between or page.any_cue("both"):
        return False
    nouns = {i for m in page.within(left.end, right.start) if m.has("forms") for i in range(m.start, m.end)}
    words = [w for i, w in enumerate(between, left.end) if i not in nouns and w not in _PASSED]
    if not words or not all(w in _LIST_WORDS for w in words):
        return False
    return loosely or any(w in _OR for w in words)
