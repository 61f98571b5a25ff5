"""Questions of yes or no about one work: `is it scary?`, `does the first one have co-op?`, `第二部是法语的吗？`."""

from __future__ import annotations

from collections.abc import Iterable

from chatrec.types import Change, Constraint, Ledger
from chatrec.understand.marks import Mark, Page
from chatrec.understand.text import is_han, wordset

_AUXILIARIES = wordset("is isnt was wasnt does doesnt did has hasnt")
_QUESTIONS = wordset("where how")
_OPENERS = wordset("and so ok okay but , hmm wait")
_IT = (("this", "one"), ("that", "one"), ("it",))
_NO_FACT = wordset("possible ok okay alright fine true me over that")
"""`is it possible …`, `is it ok if …` ask about no work."""
_HAN_IT = (("它",), *((sign, noun) for sign in "这那" for noun in "部个张首本款"))
_ASKING = wordset("吗 么 嘛")
_CHECKED = {"constrain", "wish"}


def subject_of(page: Page, ledger: Ledger) -> tuple[str, Mark | None] | None:
    """The work that a question of yes or no is about, and the mark that names it; `None` if the message is no such question."""
    start = next((at for at, word in enumerate(page.words) if word not in _OPENERS), 0)
    if page.words[start] in _QUESTIONS and not _is_request(page):
        return _only_work(page, start, ledger)
    opens = page.words[start] in _AUXILIARIES
    asks = not _ASKING.isdisjoint(page.words[-2:])
    at = start + 1 if opens else start
    if not (opens or asks) or at >= len(page.words) or _is_request(page):
        return None
    mark = page.starting(at)
    if mark is not None and mark.role in ("title", "ref") and (opens or is_han(page.words[-1]) or asks):
        return mark.ids[0], mark
    it = (ledger.focus or ledger.last_shown)[:1]
    pronouns = _IT if opens else _HAN_IT
    said = any(tuple(page.words[at : at + len(pronoun)]) == pronoun for pronoun in pronouns)
    return (it[0], None) if it and said else None


def _only_work(page: Page, start: int, ledger: Ledger) -> tuple[str, Mark | None] | None:
    """The one work shown that a question such as `where can I watch the first one?` is about."""
    named = [mark for mark in page.marks if mark.role in ("title", "ref")]
    if named:
        return (named[0].ids[0], named[0]) if len(named) == 1 and named[0].role == "ref" else None
    it = (ledger.focus or ledger.last_shown)[:1]
    return (it[0], None) if it and "it" in page.words[start:] else None


def conditions_of(changes: Iterable[Change], turn: int) -> tuple[Constraint, ...] | None:
    """What the changes of such a question ask to be true; `None` if they do something else as well."""
    found: list[Constraint] = []
    for change in changes:
        if change.constraint is not None:
            found.append(change.constraint)
        elif change.wish is not None:
            if change.wish.field is not None and change.wish.value is not None:
                op = "not_in" if change.wish.direction == "less" else "in"
                found.append(Constraint(field=change.wish.field, op=op, value=(change.wish.value,), turn=turn))
        elif change.action not in ("kinds", "opine", "ambiguous"):
            return None
    return tuple(found)


def _is_request(page: Page) -> bool:
    asks = any(mark.is_cue("thanks", "more", "surprise", "want") for mark in page.marks)
    return asks or "than" in page.words or not _NO_FACT.isdisjoint(page.words[1:4])
