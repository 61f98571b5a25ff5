"""What one page shows, as a value, and how each event of a turn changes it. Nothing here knows Gradio or HTML."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from chatrec.generate.sentence import reason
from chatrec.serve.ui.words import word
from chatrec.types import (
    CandidatesFound,
    Chip,
    Claim,
    ClaimChecked,
    Event,
    Final,
    Kind,
    Language,
    Ledger,
    Message,
    Recommendation,
    Reply,
    Sentiment,
    Understood,
)

Phase = Literal["idle", "opening", "reading", "writing"]
"""`opening`: the catalog is not open yet; `reading`: no candidates yet; `writing`: cards are shown, the model still writes."""
MAX_CLAIMS = 4
"""Claims in a reason while the model writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything on a page."""

    messages: tuple[Message, ...] = ()
    picks: tuple[Recommendation, ...] = ()
    fresh: frozenset[str] = frozenset()
    """Ids of cards that the latest change brought."""
    chips: tuple[Chip, ...] = ()
    """What was understood; each can be removed."""
    steps: tuple[Chip, ...] = ()
    """What could be said next."""
    kinds: tuple[Kind, ...] = ()
    opinions: Mapping[str, Sentiment] = field(default_factory=lambda: MappingProxyType({}))
    written: Mapping[str, tuple[Claim, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Claims of the running turn that were checked so far, by item."""
    facts: Mapping[str, tuple[Claim, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Claims of the running turn that were built from facts, by item."""
    degraded: tuple[str, ...] = ()
    answer: str = ""
    """What was replied to a change made by hand, or why there are no picks."""
    notice: str = ""
    """Why the last input was not taken."""
    announcement: str = ""
    """Told to screen readers."""
    said: str = ""
    """The last message, for another try."""
    phase: Phase = "idle"
    language: Language = "en"

    @property
    def busy(self) -> bool:
        """Whether a turn is under way."""
        return self.phase != "idle"


def chip_key(chip: Chip) -> str:
    """A short name for a chip that can travel through the page and come back."""
    change = chip.remove
    told = f"{change.action}|{change.key}" if change else f"say|{chip.say}"
    return hashlib.blake2b(told.encode("utf-8", "replace"), digest_size=6).hexdigest()


def language_of(text: str, before: Language) -> Language:
    """The language the page's own words take: Chinese once a message has Chinese characters, English once it has letters."""
    if any("\u4e00" <= character <= "\u9fff" for character in text):
        return "zh"
    return "en" if any(character.isascii() and character.isalpha() for character in text) else before


def ask(view: View, text: str, *, opening: bool = False) -> View:
    """The page once a message was sent.

    Args:
        view: the page before.
        text: the message.
        opening: whether the catalog has yet to open.
    """
    return replace(
        view,
        messages=(*view.messages, Message("user", text)),
        said=text,
        phase="opening" if opening else "reading",
        language=language_of(text, view.language),
        steps=(),
        written={},
        answer="",
        notice="",
        announcement="",
    )


def progress(view: View, event: Event) -> View:
    """The page after an event of the running turn."""
    match event:
        case Understood():
            return _ledger(replace(view, phase="reading", chips=event.chips), event.ledger)
        case CandidatesFound():
            return _found(view, event.recommendations)
        case ClaimChecked():
            return _claim(view, event)
        case Final():
            return _final(view, event.reply)


def answered(view: View, reply: Reply) -> View:
    """The page after a change made by hand."""
    gone = [pick.item.title for pick in view.picks if pick.item.id not in {new.item.id for new in reply.recommendations}]
    shown = _reply(replace(view, phase="idle", notice="", answer=reply.text), reply)
    new = [pick.item.title for pick in shown.picks if pick.item.id in shown.fresh]
    if len(gone) == 1 and len(new) <= 1:
        told = word("replaced", view.language, old=gone[0], new=new[0]) if new else word("gone", view.language, old=gone[0])
        return replace(shown, announcement=told, answer=reply.text if reply.notes else "")
    return replace(shown, announcement=reply.text)


def stopped(view: View) -> View:
    """The page after the running turn was stopped: what is there stays."""
    told = word("stopped" if view.phase == "writing" else "stopped_early", view.language)
    return replace(view, phase="idle", written={}, messages=(*view.messages, Message("assistant", told)))


def refused(view: View, why: str) -> View:
    """The page after a turn that failed: a message that led to nothing leaves the log, and the reason is shown."""
    kept = view.messages[:-1] if view.phase in ("opening", "reading") else view.messages
    return replace(view, messages=kept, phase="idle", notice=why)


def without_last_turn(view: View) -> View:
    """The log without the latest message and its answer, before it is asked again."""
    users = [place for place, message in enumerate(view.messages) if message.role == "user"]
    return replace(view, messages=view.messages[: users[-1]]) if users else view


def _final(view: View, reply: Reply) -> View:
    said = Message("assistant", reply.text)
    empty = "" if reply.recommendations or not reply.notes else reply.text
    small_talk = not reply.recommendations and not reply.notes
    shown = replace(view, phase="idle", written={}, messages=(*view.messages, said), answer=empty)
    kept = replace(reply, recommendations=view.picks) if small_talk else reply
    return _reply(shown, kept)


def _reply(view: View, reply: Reply) -> View:
    shown = _slate(view, reply.recommendations)
    return _ledger(
        replace(
            shown,
            chips=tuple(chip for chip in reply.chips if chip.remove is not None),
            steps=tuple(chip for chip in reply.chips if chip.say is not None),
            degraded=reply.degraded,
        ),
        reply.ledger,
    )


def _ledger(view: View, ledger: Ledger) -> View:
    opinions = {opinion.item_id: opinion.sentiment for opinion in ledger.opinions}
    return replace(view, kinds=ledger.kinds, opinions=opinions)


def _slate(view: View, picks: tuple[Recommendation, ...]) -> View:
    before = {pick.item.id for pick in view.picks}
    fresh = frozenset(pick.item.id for pick in picks) - before
    return replace(view, picks=picks, fresh=fresh)


def _found(view: View, picks: tuple[Recommendation, ...]) -> View:
    told = word("found", view.language, n=len(picks))
    facts = {pick.item.id: pick.evidence for pick in picks}
    return replace(_slate(view, picks), phase="writing", degraded=(), facts=facts, announcement=told)


def _claim(view: View, event: ClaimChecked) -> View:
    claims = (*view.written.get(event.item_id, ()), event.claim)
    whole = _filled_up(claims, view.facts.get(event.item_id, ()))
    picks = tuple(_rewritten(pick, whole, view.language) if pick.item.id == event.item_id else pick for pick in view.picks)
    return replace(view, picks=picks, written={**view.written, event.item_id: claims}, fresh=frozenset())


def _filled_up(claims: tuple[Claim, ...], facts: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """The model's claims, and those of the facts that speak of something else, so that a reason does not shrink."""
    fields = {claim.field for claim in claims}
    return (*claims, *(fact for fact in facts if fact.field not in fields))[: max(MAX_CLAIMS, len(claims))]


def _rewritten(pick: Recommendation, claims: tuple[Claim, ...], language: Language) -> Recommendation:
    """The card with what the model has written of it so far."""
    return replace(pick, reason=reason(claims, pick.item, language), evidence=claims, written_by="llm")
