"""Requests for a work itself, and not for what is like it: `play Kind of Blue`, `can we watch Arrival?`, `我想看《降临》`.

Such a request is a verb of wanting right before the title, with nothing but courtesies and a time around the two. Whatever else
is said there (`something like`, `but it's too short`, `after`) makes it another message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from chatrec.types import Item, Kind, Ledger
from chatrec.understand.marks import Mark, Page
from chatrec.understand.resolve import Names
from chatrec.understand.text import COMMAS, SENTENCE_END, is_han, key_of

MAX_LEAD = 14
"""Words before the title that are looked at."""
MAX_TAIL = 12
_CLAUSE_ENDS = SENTENCE_END | COMMAS | {":"}
_JOINS = frozenset(("and", "or", "then", "plus", ",", "，", "、", "和", "跟", "还", "有"))
_FORM = "(?:movie|film|album|record|song|track|game|show|series|podcast|audiobook)"
_OPENERS = (
    "(?:(?:please|hey|hi|hello|ok|okay|so|now|well|yes|sure|great|thanks|just|maybe|alright|then|and|tonight|today|,) )*"
    "(?:(?:can|could|will|would) (?:you|we|i) (?:please |just |maybe )*"
    "|let ?s (?:just )?|let us |let me "
    "|(?:i d|id|we d|wed|i would|we would) (?:really )?(?:like|love) (?:you )?to "
    "|(?:i|we) (?:really |just )?(?:want (?:you )?to |wanna ))?(?:please )?"
)
_VERB = (
    "(?:(?P<video>watch|see|stream)|(?P<audio>listen to|hear)|(?P<play>play|start)"
    "|(?P<any>put on|find|show|pull up|look up|queue up|queue|get|give)(?: me| us)?(?: up)?)"
)
_PLACE = "(?:the|this|your) (?:catalog|catalogue|library|collection|list|database|selection|index)"
_HAVE = f"(?:do|does) (?:you|{_PLACE}) (?:have|include|contain|offer)|have you got|you got|is there|is|put"
_CALLED = "(?:called|named|titled)"
_LEAD = re.compile(
    f"{_OPENERS}(?:{_VERB}|(?P<have>{_HAVE}))(?: the| that| an?(?= {_FORM} {_CALLED}))?"
    f"(?: (?P<form>{_FORM}))?(?: (?P<called>{_CALLED}))?"
)
_HERE = f"(?:available|there|(?:in|on) (?:here|there)|(?:in|part of) {_PLACE})"
_ASIDE = (
    f"(?:tonight|please|now|right now|today|again|first|next|too|for me|for us|with me|together"
    f"|this (?:evening|afternoon|weekend)|tomorrow|later|{_HERE}|on|here|(?:the )?{_FORM}"
    "|(?:or|and) something (?:like (?:it|that)|similar))"
)
_TURN = "(?!but |though |except |however |unless |但|不 过|可 是|只 是)"
_TAIL = re.compile(f"(?:{_ASIDE}(?: |$))*(?:$|[.!?;:]|(?:, |and then |because |since |so ){_TURN})")
_HAN_LEAD = re.compile(
    "(?:请|那|好的?|嗯|你好|麻烦|今晚|今天|现在|晚上|周末|目录里|这里|你们?这?里?|[,，])*"
    "(?:(?:我们?|咱们?)(?:今晚|今天|现在|晚上)?(?:就?想要?|就?要)|(?:我们|咱们)(?:来|一起)|(?:帮|给|为)我们?"
    "|能不能|可不可以|可以|能|来|想要?|要)*"
    "(?:(?P<video>观看|看)|(?P<audio>收听|听)|(?P<play>玩)|(?P<any>播放|点播|播|放|打开|找|搜|来)|(?P<have>有没有|有))"
    "(?:一?下|一?[首张部个集款]|点)?(?:电影|影片|专辑|游戏|歌曲?|电视剧|剧集|纪录片)?"
)
_HAN_ASIDE = (
    "(?:吧|吗|呢|啊|呀|可以吗|好吗|行吗|好不好|谢谢|今晚|现在|给我[听看]|[来去][看听玩]|[听看]{2}|在目录里|有吗"
    "|这[部张首个款](?:电影|专辑|游戏|歌)?|电影)"
)
_HAN_TAIL = re.compile(f"{_HAN_ASIDE}+(?:$|[。！？.!?]|[,，](?!但|不过|可是|只是))")
_MEDIA: Mapping[str, tuple[Kind, ...]] = {"video": ("video",), "audio": ("audio",), "play": ("game", "audio")}
"""What a verb is said of. A film may be played, too, where nothing else has the title; an album is never watched."""


def requested_at(page: Page) -> Iterator[tuple[int, re.Match[str]]]:
    """Where the verb of a request ends, so that a title must follow, and the words up to there."""
    for start in range(len(page.words)):
        if start == 0 or page.words[start - 1] in _CLAUSE_ENDS:
            for at in range(start + 1, min(len(page.words), start + MAX_LEAD)):
                lead = page.words[start:at]
                said = _HAN_LEAD.fullmatch("".join(lead)) if is_han(lead[-1]) else _LEAD.fullmatch(" ".join(lead))
                if said is not None:
                    yield at, said


def asks_in_full(page: Page, end: int) -> bool:
    """Whether what follows a title leaves a request for it as it is."""
    words = page.words[end : end + MAX_TAIL]
    by = page.starting(end + 1) if words[:1] == ["by"] else None
    if by is not None and by.role == "person":
        return asks_in_full(page, by.end)
    return bool(_TAIL.match(" ".join(words)) or _HAN_TAIL.match("".join(words)))


def mark_requests(page: Page, ledger: Ledger, items: Mapping[str, Item], names: Names) -> None:
    """Mark the titles of works that are asked for themselves, and narrow them to what the verb and `by …` can mean."""
    named = {mark.start: mark for mark in page.marks if mark.role in ("title", "missing")}
    for at, said in requested_at(page):
        listed = _listed(page, named, at)
        while listed and not asks_in_full(page, listed[-1].end):
            listed.pop()
        if listed and not is_other_question(page, said, listed[-1].end):
            for mark in (mark for mark in listed if mark.role == "title"):
                _take(page, mark, said, ledger, items, names)


def _listed(page: Page, named: Mapping[int, Mark], at: int) -> list[Mark]:
    """The name at a place, and those that it is listed with: `Abbey Road and Revolver`."""
    found: list[Mark] = []
    while (mark := named.get(at)) is not None:
        found.append(mark)
        at = mark.end
        while at < len(page.words) and page.words[at] in _JOINS:
            at += 1
    return found


def is_other_question(page: Page, said: re.Match[str], end: int) -> bool:
    """`is Alien good?`, `有《降临》那么长`: what asks for a work here says so behind the title, or asks nothing else."""
    verb, rest = said.group("have"), page.words[end : end + MAX_TAIL]
    if verb == "is":
        return re.match(_HERE, " ".join(rest)) is None
    if verb == "put":
        return rest[:1] != ["on"]
    return verb == "有" and "吗" not in rest


def _take(page: Page, mark: Mark, said: re.Match[str], ledger: Ledger, items: Mapping[str, Item], names: Names) -> None:
    chosen = mark.attitude == "save" and mark.ids[0] in ledger.last_shown  # `let's watch Alien`, which was shown
    if mark.negated or mark.released or mark.attitude in ("seen", "dislike") or chosen:
        return
    verb = next((name for name in ("video", "audio", "play") if said.group(name)), "")
    ids = _made_by(page, mark, items, names)
    fitting = tuple(i for i in ids if not verb or items[i].kind in _MEDIA[verb]) or (ids if verb == "play" else ())
    if not fitting:
        return
    options = tuple(i for i in mark.ambiguity.options if i in fitting) if mark.ambiguity is not None else ()
    mark.ambiguity = replace(mark.ambiguity, options=options) if mark.ambiguity is not None and len(options) > 1 else None
    mark.ids, mark.wanted, mark.attitude = fitting, True, None


def _made_by(page: Page, mark: Mark, items: Mapping[str, Item], names: Names) -> tuple[str, ...]:
    """The works that the title may mean; `by …` behind it tells which, and is no demand of its own then."""
    maker = page.starting(mark.end + 1) if page.words[mark.end : mark.end + 1] == ["by"] else None
    if maker is None or maker.role != "person":
        return mark.ids
    named = (*mark.ids, *names.exact(key_of(page.said(mark))))
    ids = tuple(dict.fromkeys(i for i in named if not set(maker.names).isdisjoint(items[i].people)))
    maker.used = maker.used or bool(ids)
    return ids or mark.ids
