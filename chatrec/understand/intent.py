"""What a message wants to happen, once its changes are known, and what that changes itself."""

from __future__ import annotations

from chatrec.types import Count, Intent, Opinion
from chatrec.understand.checks import chooses
from chatrec.understand.draft import Draft
from chatrec.understand.free import STOP
from chatrec.understand.marks import Page
from chatrec.understand.talk import is_nod
from chatrec.understand.text import key_of

_DISMISSALS = frozenset(
    key_of(phrase)
    for phrase in (
        *(
            "no",
            "nah",
            "nope",
            "meh",
            "hmm",
            "no thanks",
            "no thank you",
            "not really",
            "not quite",
            "boring",
            "pass",
            "not for me",
            "nah boring",
            "no good",
            "not good",
            "bad",
            "terrible",
            "they suck",
            "these suck",
            "all bad",
            "not these",
            "hate these",
        ),
        *(
            "不要",
            "不行",
            "不好",
            "不喜欢",
            "没兴趣",
            "不感兴趣",
            "不好看",
            "不好玩",
            "不好听",
            "难看",
            "无聊",
            "太无聊",
            "太无聊了",
            "都不好看",
            "一般",
            "都不行",
            "没意思",
            "不太行",
            "不怎么样",
        ),
    )
)
"""Messages that say no more than that the last answer did not please."""
_WITH_PICKS: tuple[Intent, ...] = ("recommend", "more", "surprise", "critique", "restart")
"""Intents that are answered with picks, of which a number may be asked for."""


def intent_of(draft: Draft) -> Intent:
    """The intent that the cues and the changes of a message tell together."""
    actions = {c.action for c in draft.changes}
    substance = actions - {"start_over", "forget_last", "new_topic", "unconstrain", "unwish", "unopine"}
    cue = {
        name
        for m in draft.page.marks
        for e in m.entries
        if e.section == "cues"
        for name in (e.name,)
        if not m.negated or name == "more"
    }
    if "start_over" in actions:
        return "restart"
    if actions and not substance and "new_topic" not in actions:
        return "undo"
    chosen = chooses(draft.page)
    taken = actions - ({"kinds"} if chosen else set()) == {"opine"} and all(
        _is_taken(draft, c.opinion) for c in draft.changes if c.action == "opine"
    )
    if taken and (chosen or not cue.isdisjoint({"thanks", "taken", "choose"})) and not _asks_for_alike(draft.page):
        return "thanks"
    if "more" not in cue and (found := _about_single_picks(draft)):
        return found
    if draft.is_critique or _points_at_shown(draft) or _likens_to_missing(draft):
        return "critique"
    if "surprise" in cue and not any(c.constraint is not None and c.constraint.extreme for c in draft.changes):
        return "surprise"
    open_to_all = "whatever" in cue or _dismisses(draft)
    if ("more" in cue and _asks_for_more(draft)) or (not actions and not draft.missing and open_to_all):
        return "more"
    if not actions and not draft.missing and not draft.unsupported:
        counts = any(mark.role == "count" for mark in draft.page.marks)  # `lol that's too many, just 3`
        if "thanks" in cue or (is_nod(draft.page) and draft.ledger.last_shown and not counts):
            return "thanks"
        if "greeting" in cue or (is_nod(draft.page) and not counts):
            return "greeting"
    nothing = not actions and not draft.missing and not draft.unsupported and not draft.ledger.last_shown
    return "more" if nothing and STOP.issuperset(_spoken(draft.page)) else "recommend"


def follow_intent(draft: Draft, intent: Intent, count: Count | None) -> None:
    """Add the changes that an intent brings about itself.

    Args:
        draft: all other changes of the message.
        intent: as `intent_of` tells it.
        count: how many picks are asked for, if the message says so.
    """
    for constraint in draft.ledger.constraints if intent == "surprise" else ():
        if constraint.extreme:  # what lies furthest is no surprise
            draft.act("unconstrain", key=constraint.key)
    shown = draft.ledger.last_shown
    if intent in ("more", "surprise") and shown and not any(c.action == "new_topic" for c in draft.changes):
        draft.act("passed", item_ids=shown)
    if count is not None and intent in _WITH_PICKS:
        draft.act("count", count=count)


def _about_single_picks(draft: Draft) -> Intent | None:
    """`swap the second one`, `seen the first one`, `not tonight but save it` concern some picks only, `save it` none."""
    opinions = [c.opinion for c in draft.changes if c.opinion is not None]
    passed = sum(c.action == "passed" for c in draft.changes)
    if len(opinions) + passed != len(draft.changes) or not draft.changes or draft.missing:
        return None
    shown = all(opinion.item_id in draft.ledger.last_shown for opinion in opinions)
    if shown and (passed or all(opinion.sentiment == "seen" for opinion in opinions)):
        return "swap"
    return "save" if not passed and all(opinion.sentiment == "saved" for opinion in opinions) else None


def _is_taken(draft: Draft, opinion: Opinion | None) -> bool:
    """`thanks, the first one looks good` ends the search."""
    shown = opinion is not None and opinion.item_id in draft.ledger.last_shown
    return opinion is not None and (opinion.sentiment == "saved" or (shown and opinion.sentiment == "liked"))


def _asks_for_alike(page: Page) -> bool:
    """`the second one sounds good, more like it`."""
    return any(mark.is_cue("like") and page.words[mark.start] == "more" for mark in page.marks)


def _dismisses(draft: Draft) -> bool:
    return bool(draft.ledger.last_shown) and _spoken(draft.page) in _DISMISSALS


def _spoken(page: Page) -> tuple[str, ...]:
    """The words of a message without its punctuation."""
    return tuple(word for word in page.words if word[0].isalnum())


def _points_at_shown(draft: Draft) -> bool:
    """Opinions of what was just shown are feedback on it."""
    shown = set(draft.ledger.last_shown)
    return any(c.opinion is not None and c.opinion.item_id in shown for c in draft.changes)


def _likens_to_missing(draft: Draft) -> bool:
    """`more like Zorblax`, and nothing else: the same picks again would be no answer."""
    return bool(draft.missing) and not draft.changes and bool(draft.ledger.last_shown)


def _asks_for_more(draft: Draft) -> bool:
    liked = any(c.opinion is not None and c.opinion.sentiment in ("liked", "wanted") for c in draft.changes)
    return not liked
