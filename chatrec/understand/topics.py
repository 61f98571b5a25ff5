"""Topics of several words, behind `about`: `about Ancient Egypt`, `about killer robots`, `about the Apollo missions`."""

from __future__ import annotations

from chatrec.understand.draft import Draft
from chatrec.understand.free import STOP
from chatrec.understand.marks import Mark, Page
from chatrec.understand.text import is_han

_ARTICLES = {"the", "a", "an"}
_PARTS = ("themes", "catalog", "languages", "countries")


def wish_topics(draft: Draft) -> None:
    """Wish for each topic as a whole; its parts, and titles that are only topics, then say nothing of their own."""
    page = draft.page
    for mark in page.sorted():
        if not mark.about or mark.used:
            continue
        lead = page.ending(mark.start)
        if mark.role == "title" and mark.attitude is None:
            _wish(draft, mark.start, _end(page, mark.start))
        elif lead is None or not lead.has("cues"):
            start = _start(page, mark.start)
            if _is_part(mark) and start < mark.start:
                _wish(draft, start, _end(page, start))
            continue
        elif _is_part(mark) and _end(page, mark.end) > mark.end:
            _wish(draft, mark.start, _end(page, mark.start))


def _wish(draft: Draft, start: int, end: int) -> None:
    page = draft.page
    parts = page.within(start, end)
    named = any(part.role != "words" for part in parts)
    theme = None if named else draft.words.theme(" ".join(page.words[part.start : part.end]) for part in reversed(parts))
    text = page.text.said(start, end)
    draft.wish(text, "themes" if theme else None, theme, less=any(part.negated for part in parts))
    for part in parts:
        part.used = True


def _is_part(mark: Mark) -> bool:
    """Whether the mark may be a part of a topic: it is a name, or nothing but a theme, or a nation, is known of it."""
    return mark.role == "person" or mark.is_only(*_PARTS)


def _start(page: Page, at: int) -> int:
    """Where the words begin that describe a theme: the `Ancient` of `Ancient Egypt`."""
    start = at
    while start > 0 and not page.taken(start - 1) and _is_telling(page.words[start - 1]):
        start -= 1
    lead = page.ending(start - (page.words[start - 1] in _ARTICLES if start else 0))
    return start if lead is not None and lead.is_cue("about") else at


def _end(page: Page, at: int) -> int:
    end = at
    while end < len(page.words):
        mark = page.over[end]
        if mark is None and not _is_telling(page.words[end]):
            break
        if mark is not None and not (_is_part(mark) or (mark.role == "title" and mark.start == at)):
            break
        end = end + 1 if mark is None else mark.end
    return end


def _is_telling(word: str) -> bool:
    return word[0].isalnum() and not is_han(word) and word not in STOP
