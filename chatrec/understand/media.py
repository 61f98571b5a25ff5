"""The media and forms that are asked for, and those that are not wanted: `a film and a game`, `no podcasts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatrec.types import KINDS, Item, Kind
from chatrec.understand.commands import ledger_after, turn_topic
from chatrec.understand.draft import Draft
from chatrec.understand.kinds import Asked
from chatrec.understand.marks import Mark, Page
from chatrec.understand.negation import is_never
from chatrec.understand.text import COMMAS, is_han, wordset

_BEFORE_NOUN = wordset("a an any more another of just the")


def read_media(draft: Draft, asked: Asked, items: Mapping[str, Item]) -> None:
    """Ask for the media, for their forms where the catalog tells them apart, and rule out others."""
    turn_topic(draft, asked, items)
    if asked.said and asked.kinds != ledger_after(draft).kinds:
        draft.kinds(asked.kinds)
    _rule_out_forms(draft, asked)
    plain = set(asked.forms) <= {"film", "game", "dlc"} and not draft.words.has("form")
    if asked.forms and not plain:
        said = draft.page.text.said(asked.form_marks[0].start, asked.form_marks[0].end)
        draft.constrain("form", "in", asked.forms, said=said)


def _rule_out_forms(draft: Draft, asked: Asked) -> None:
    """`no podcasts`; of a medium as a whole (`no games`) the others are left."""
    media = set[str]()
    for mark in draft.page.marks:
        if mark.has("forms") and mark.negated and not mark.about and _rules_out(draft.page, mark):
            entries: list[Mapping[str, Any]] = [e.data for e in mark.entries if e.section == "forms"]
            draft.constrain("form", "not_in", tuple(v for e in entries for v in e["values"]), said=draft.page.said(mark))
            media |= {e["kind"] for e in entries if not e["values"]}
    left: list[Kind] = [kind for kind in asked.kinds if kind not in media]
    left = left or [kind for kind in KINDS if kind in draft.words.kinds and kind not in media]
    if media and left and tuple(left) != asked.kinds:
        draft.kinds(tuple(left))


def _rules_out(page: Page, noun: Mark) -> bool:
    """`no films`, `I never watch films` rule films out; `they don't make films like that`, `I didn't watch the film` do not."""
    start = noun.start
    while start > 0 and not page.taken(start - 1) and page.words[start - 1] in _BEFORE_NOUN | COMMAS:
        start -= 1
    lead = page.ending(start)
    taken = lead is not None and is_never(page, lead) and lead.end == noun.start
    ruled_out = lead is not None and lead.negated and (taken or lead.has("forms") or lead.is_cue("want", "like"))
    cue = ruled_out or (lead is not None and lead.is_cue("negate", "dislike", "and", "or"))
    return (cue or is_han(page.words[noun.start])) and page.words[noun.end : noun.end + 1] not in (["like"], ["that"], ["where"])
