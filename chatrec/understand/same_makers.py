"""Others by those who made a work: `by the director of Inception`, `anything else by that director`, `她的其他作品`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chatrec.types import Item
from chatrec.understand.draft import Draft
from chatrec.understand.marks import Page
from chatrec.understand.text import key_of, wordset

_MAKERS = wordset(
    "director directors author authors writer writers developer developers dev devs studio studios artist artists band bands "
    "singer singers musician musicians host hosts composer composers creator creators team guy woman person people filmmaker"
)
_PLAYERS = wordset("actor actors actress cast lead star")
_POINTING = (("that",), ("this",), ("the", "same"), ("same",), ("those",), ("these",))
_LEADS = wordset("by from of with else")
_OWNERS = wordset("his her their its")
_OTHER = wordset("other others earlier later first best early last latest newer older previous entire")
_THEIRS = wordset(
    "work works stuff films film movies movie series shows games albums songs music books podcasts discography filmography"
)
_THEM = wordset("him her them")
_HE = wordset("he she they")
_MADE = wordset(
    "make made direct directed write wrote do done record recorded develop developed create created sing sung produce"
)
_HAN_POINTING = ("这个", "那个", "这位", "那位", "这支", "这家", "同一个", "同一位", "同一家", "同一")
_HAN_MAKERS = ("导演", "歌手", "作者", "作家", "乐队", "工作室", "开发商", "公司")
_HAN = tuple(
    key_of(phrase)
    for phrase in (
        *(who + "的" + what for who in ("他", "她", "他们") for what in ("其他", "其它", "别的", "更多", "作品")),
        *(who + "还" + what for who in ("他", "她", "他们") for what in "拍写唱做出演导"),
        *(sign + noun for sign in _HAN_POINTING for noun in _HAN_MAKERS),
    )
)
_HAN_PLAYERS = tuple(key_of(sign + noun) for sign in _HAN_POINTING for noun in ("演员", "主演"))
MAX_PLAYERS = 3
NEAR = 5
"""Words around `they` within which something other is asked for."""
CONTENT_FIELDS = ("genres", "moods", "tags", "themes", "people", "year", "popularity")


def ask_same_makers(draft: Draft, items: Mapping[str, Item]) -> None:
    """Demand the makers (or the leading players) of the work spoken of, in the place of what was asked for before.

    Where nothing else is theirs, that is noted, and the work itself is what others should be near to.
    """
    found = _asked(draft.page)
    spoken = [mark.ids[0] for mark in draft.page.sorted() if mark.role in ("title", "ref") and mark.ids]
    known = (*spoken[:1], *draft.ledger.focus, *draft.ledger.last_shown)
    if found is None or not known or any(mark.role == "person" for mark in draft.page.marks):
        return
    start, end, players = found
    item = items[known[0]]
    people = item.cast[:MAX_PLAYERS] if players else item.creators
    if not people:
        return
    for mark in draft.page.marks:
        mark.used = mark.used or mark.role in ("title", "ref")
    if others_by(item, items, people):
        _leave_content(draft)
        draft.constrain("people", "in", people, said=draft.page.text.said(start, end))
    else:
        draft.nothing_by = people
        draft.opine(item.id, "mentioned")


def ask_makers_of(draft: Draft, items: Mapping[str, Item]) -> None:
    """Demand the makers of a work that is named with them: `something by the director of Inception`."""
    for mark in draft.page.sorted():
        title = draft.page.starting(mark.end) if mark.has("maker_of") else None
        if title is not None and title.role in ("title", "ref"):
            title.used = True
            said = draft.page.text.said(mark.start, title.end)
            draft.constrain("people", "in", items[title.ids[0]].creators, said=said)
            if others_by(items[title.ids[0]], items):
                draft.opine(title.ids[0], "mentioned")


def others_by(item: Item, items: Mapping[str, Item], people: Sequence[str] | None = None) -> bool:
    """Whether the catalog has another work of these people; by default, of those who made the item."""
    theirs = set(item.creators if people is None else people)
    return any(other.id != item.id and not theirs.isdisjoint(other.people) for other in items.values())


def asks_same_makers(page: Page) -> bool:
    """Whether a message points to the makers of a work that was spoken of."""
    return _asked(page) is not None


def _leave_content(draft: Draft) -> None:
    for constraint in draft.ledger.constraints:
        if constraint.op != "not_in" and constraint.field in CONTENT_FIELDS:
            draft.act("unconstrain", key=constraint.key)
    for wish in draft.ledger.wishes:
        if wish.direction == "more":
            draft.act("unwish", key=wish.text)


def _asked(page: Page) -> tuple[int, int, bool] | None:
    """Where the makers are pointed to, and whether it is the players that are meant."""
    words = page.words
    for at in range(len(words)):
        found = _pointed(words, at) or _owned(words, at) or _by_them(words, at) or _han(words, at)
        if found is not None:
            return at, *found
    return None


def _pointed(words: Sequence[str], at: int) -> tuple[int, bool] | None:
    """`by that director`, `the same band`, `with the same actress`."""
    for lead in _POINTING:
        end = at + len(lead)
        noun = words[end] if tuple(words[at:end]) == lead and end < len(words) else ""
        led = "same" in lead or (at > 0 and words[at - 1] in _LEADS)
        if led and noun in _MAKERS | _PLAYERS:
            return end + 1, noun in _PLAYERS
    return None


def _owned(words: Sequence[str], at: int) -> tuple[int, bool] | None:
    """`his other films`, `their earlier albums`, `her work`."""
    if words[at] not in _OWNERS:
        return None
    end = at + 1 + (words[at + 1 : at + 2] != [] and words[at + 1] in _OTHER)
    named = end < len(words) and words[end] in _THEIRS
    return (end + named, False) if named or (end > at + 1 and end == len(words)) else None


def _by_them(words: Sequence[str], at: int) -> tuple[int, bool] | None:
    """`more by him`, `anything else from them`, `what else did she make`."""
    if words[at] in ("by", "from") and words[at + 1 : at + 2] != [] and words[at + 1] in _THEM:
        return at + 2, False
    made = words[at] in _HE and any(word in _MADE for word in words[at + 1 : at + 4])
    near = words[max(0, at - NEAR) : at + NEAR]  # `even more serious ones. As long as they make me laugh` asks for nobody's
    return (at + 1, False) if made and not {"else", "other", "more", "another"}.isdisjoint(near) else None


def _han(words: Sequence[str], at: int) -> tuple[int, bool] | None:
    for phrases, players in ((_HAN, False), (_HAN_PLAYERS, True)):
        for phrase in phrases:
            if tuple(words[at : at + len(phrase)]) == phrase:
                return at + len(phrase), players
    return None
