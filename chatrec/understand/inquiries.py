"""What is only asked or told, and changes nothing: questions of works and of the conversation, complaints, other talk."""

from __future__ import annotations

from chatrec.types import Ledger, Reading
from chatrec.understand.comparative_questions import comparison_of
from chatrec.understand.marks import Page
from chatrec.understand.name_signs import bare_name
from chatrec.understand.off_topic import is_off_topic
from chatrec.understand.questions import asked_of
from chatrec.understand.talk import asks_for_saved, asks_if_all, asks_why, complains
from chatrec.understand.words import Words


def inquiry_of(page: Page, ledger: Ledger, words: Words) -> Reading | None:
    """The reading of a message that asks for no picks; `None` if it asks for some.

    A message that asks for a work itself is none of these: `is there a film called Heat?`.
    """
    if any(mark.wanted for mark in page.marks):
        return None
    language = page.language()
    fact = asked_of(page, ledger)
    if fact is not None:
        return Reading(intent="question", language=language, asked=fact, about=fact[0])
    compared = comparison_of(page, ledger, words)
    if compared is not None:
        comparison, about = compared
        return Reading(intent="compare", language=language, about=about, comparison=comparison, missing=_missing_titles(page))
    reason = asks_why(page, ledger)
    if reason is not None:
        return Reading(intent="why", language=language, about=(reason,))
    if asks_if_all(page, ledger):
        return Reading(intent="remaining", language=language)
    if asks_for_saved(page):
        return Reading(intent="saved", language=language, about=ledger.ids("saved"))
    if complains(page):
        return Reading(intent="complaint", language=language)
    return Reading(intent="off_topic", language=language) if is_off_topic(page) else None


def _missing_titles(page: Page) -> tuple[str, ...]:
    return tuple(dict.fromkeys(bare_name(page, mark) for mark in page.sorted() if mark.role == "missing"))
