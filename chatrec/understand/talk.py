"""What is said beside requests: `why this one?`, `what did I save?`, `not tonight`, `haha`; phrases in `lexicon.toml`, `talk`."""

from __future__ import annotations

from functools import cache

from chatrec.types import Ledger
from chatrec.understand.lexicon import Phrase, lexicon
from chatrec.understand.marks import Mark, Page
from chatrec.understand.scopes import CONTENT
from chatrec.understand.text import key_of


def asks_why(page: Page, ledger: Ledger) -> str | None:
    """The work of which a message asks why it is there: one named, else the one last spoken of or shown first."""
    if not _begins(page, "why") or _begins(page, "why_not"):
        return None
    named = [mark for mark in page.sorted() if mark.role in ("title", "ref")]
    spoken = ledger.focus or ledger.last_shown
    return named[0].ids[0] if named else spoken[0] if spoken else None


def asks_for_saved(page: Page) -> bool:
    """Whether a message asks for what was saved, and for nothing else."""
    return not _says_more(page) and _has(page, "saved")


def complains(page: Page) -> bool:
    """`you suck`, `that's not what I asked`: anger that names nothing."""
    return not _says_more(page) and _has(page, "complaints")


def _says_more(page: Page) -> bool:
    return any(any(mark.has(section) for section in CONTENT) or mark.role in ("title", "ref") for mark in page.marks)


def is_later(page: Page) -> bool:
    """`not tonight`, `some other time`, `改天`."""
    return _has(page, "later")


def is_nod(page: Page) -> bool:
    """`haha`, `ok`, `nice, you are good at this`: whether a message opens with a nod."""
    return _begins(page, "nods")


def swapped(page: Page) -> list[Mark]:
    """The references that are to be replaced: all behind `swap`, and those of `把第二个换一个`."""
    swap = next((mark for mark in page.sorted() if mark.is_cue("swap")), None)
    disposed = page.words[0] == "把" and page.any_cue("more")
    return [mark for mark in page.marks if mark.role == "ref"] if swap is not None or disposed else []


@cache
def phrases(name: str) -> tuple[Phrase, ...]:
    """The phrases of one kind of talk, English and Chinese."""
    data = lexicon().sections["talk"][name]
    return tuple(key_of(phrase) for key in ("en", "zh") for phrase in data[key])


def _has(page: Page, name: str) -> bool:
    words = page.words
    return any(tuple(words[at : at + len(phrase)]) == phrase for phrase in phrases(name) for at in range(len(words)))


def _begins(page: Page, name: str) -> bool:
    """Whether the message begins with one of the phrases, openers and references left out."""
    openers = {word for phrase in phrases("openers") for word in phrase}
    at = 0
    while at < len(page.words):
        mark = page.starting(at)
        if mark is not None and mark.role in ("title", "ref"):
            at = max(mark.end, at + 1)
        elif page.words[at] in openers or not page.words[at][0].isalnum():
            at += 1
        else:
            break
    return any(tuple(page.words[at : at + len(phrase)]) == phrase for phrase in phrases(name))
