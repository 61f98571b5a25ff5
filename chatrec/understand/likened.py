"""Works and makers that what is asked for should resemble, though they are not asked for themselves."""

from __future__ import annotations

from collections.abc import Mapping

from chatrec.types import Item
from chatrec.understand.draft import Draft
from chatrec.understand.free import describes_works
from chatrec.understand.marks import Mark, Page
from chatrec.understand.text import key_of, wordset

_RESEMBLING = wordset("similar alike comparable equally 类")
_FINISHED = wordset("finished finishing binged done completed 完")

_SIMILAR = wordset("similar like alike same style 类 像")
_LIKE = (("like",), ("similar", "to"), ("resembling",), ("akin", "to"))
_MAKERS = wordset(
    "bands artists singers musicians groups rappers composers songwriters directors filmmakers authors writers studios developers"
)
_HAN_LIKE = tuple(key_of(phrase) for phrase in ("像", "类似", "跟", "和"))
_HAN_MAKERS = tuple(key_of(noun) for noun in ("乐队", "歌手", "导演", "作者", "作家", "作曲家", "乐团", "组合"))
MAX_LIKED_WORKS = 2
"""Works that stand for a maker whose own works are ruled out."""


def take_as_likes(page: Page) -> None:
    """`I've played Elden Ring, something similar?`: what is to be resembled is liked, not merely seen.

    So is what was just finished, where nothing else tells what is wanted now: `just finished The Wire, what next?`.
    Beside a work that is liked, what was seen is only that: `I have seen Alien and loved The Thing, something similar`.
    """
    met = any(mark.is_cue("seen") and "just" in page.words[mark.start : mark.end] for mark in page.marks)
    finished = (
        (met or not _FINISHED.isdisjoint(page.words)) and page.any_cue("want", "more") and not describes_works(page, titles=False)
    )
    liked = any(mark.role == "title" and mark.attitude == "like" and not mark.negated for mark in page.marks)
    if liked or (_RESEMBLING.isdisjoint(page.words) and not finished):
        return
    for mark in page.marks:
        if mark.role == "title" and mark.attitude == "seen":
            mark.attitude = "like"


def like_makers(draft: Draft, items: Mapping[str, Item]) -> None:
    """`bands like Radiohead`, `like Wes Anderson, but not by him`, also said later: whoever is resembled is ruled out, and the
    best known works stand for them.
    """
    people = [mark for mark in draft.page.marks if mark.role == "person"]
    _rule_out_models(draft, people, items)
    forbidden = {name for mark in people if mark.negated for name in mark.names}
    similar = not _SIMILAR.isdisjoint(draft.page.words)
    wished = {wish.value for wish in draft.ledger.wishes if wish.field == "people"}
    for wish in draft.ledger.wishes:
        if wish.field == "people" and wish.value in forbidden:
            draft.act("unwish", key=wish.text)
    for mark in people:
        likened = (mark.attitude == "like" and not mark.negated) or (mark.attitude == "seen" and similar)
        likened = likened or not wished.isdisjoint(mark.names)
        if likened and forbidden.intersection(mark.names):
            _like_best_works(draft, forbidden.intersection(mark.names), items)


def _rule_out_models(draft: Draft, people: list[Mark], items: Mapping[str, Item]) -> None:
    """`bands like Radiohead`, `类似周杰伦的歌手` asks for others."""
    for mark in people:
        if not mark.negated and _is_model(draft.page, mark) and any(set(mark.names) & set(i.creators) for i in items.values()):
            draft.changes = [c for c in draft.changes if c.wish is None or c.wish.value not in mark.names]
            draft.constrain("people", "not_in", mark.names, said=draft.page.said(mark))
            _like_best_works(draft, set(mark.names), items)


def _is_model(page: Page, person: Mark) -> bool:
    words = page.words
    lead = next((start for cue in _LIKE if tuple(words[(start := person.start - len(cue)) : person.start]) == cue), None)
    if lead:
        return words[lead - 1] in _MAKERS
    compared = any(tuple(words[max(0, person.start - len(cue)) : person.start]) == cue for cue in _HAN_LIKE)
    behind = words[person.end : person.end + 6]
    return compared and any(tuple(behind[at : at + len(noun)]) == noun for noun in _HAN_MAKERS for at in range(len(behind)))


def _like_best_works(draft: Draft, names: set[str], items: Mapping[str, Item]) -> None:
    works = [item for item in items.values() if names.intersection(item.creators)]
    for item in sorted(works, key=lambda item: -(item.popularity or 0.0))[:MAX_LIKED_WORKS]:
        draft.opine(item.id, "liked")
