"""Names that only their frame makes one, and those that the catalog lacks.

A frame is, from the surest to the least sure: a request for a work itself, a cue before the name (`loved …`), a cue behind it
(`… was great`), and that nothing else is said.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.types import Kind
from chatrec.understand.bare_names import BareNames
from chatrec.understand.frames import LookUps
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.object_names import ObjectNames
from chatrec.understand.requested_names import RequestedNames
from chatrec.understand.resolve import Names
from chatrec.understand.spot import Known
from chatrec.understand.subject_names import SubjectNames
from chatrec.understand.text import wordset

_COMPANIES = wordset(
    "label labels record records studio studios publisher network company pictures films film movies games game albums album "
    "music entertainment productions artists bands signed"
)
"""What follows the name of a studio or label."""


def mark_framed_names(known: Known, page: Page, kinds: Sequence[Kind], shown: Sequence[str] = ()) -> None:
    """Mark them, with the surest frames first.

    Args:
        known: what names are told apart from.
        page: the message, with what its words mean by themselves marked.
        kinds: media spoken of.
        shown: ids of the last answer.
    """
    _leave_companies(page, known.names)
    look_ups = LookUps()
    RequestedNames(known, page, kinds, look_ups).mark()
    ObjectNames(known, page, kinds, look_ups, shown).mark()
    SubjectNames(known, page, kinds, look_ups).mark()
    BareNames(known, page, kinds, look_ups).mark()


def _leave_companies(page: Page, names: Names) -> None:
    """`Casablanca is a classic`: a work, where nothing beside the name says that the label of that name is meant."""
    works: list[Mark] = []
    for mark in page.sorted():
        behind = page.words[mark.end : mark.end + 4]
        told = has_section(page.ending(mark.start), "cues") or not _COMPANIES.isdisjoint(behind)
        label = bool(mark.entries) and all(e.section == "companies" and "en" not in e.data for e in mark.entries)
        if label and not told and names.is_title(page.words[mark.start : mark.end]):
            works.append(mark)
    page.remove(works)
