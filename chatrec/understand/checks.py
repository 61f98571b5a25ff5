"""Questions of yes or no about one work: `is it scary?`, `does the first one have co-op?`, `第二部是法语的吗？`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from chatrec.types import Change, Constraint, Language, Ledger, Reading
from chatrec.understand.draft import Draft
from chatrec.understand.marks import Mark, Page
from chatrec.understand.questions import several_of
from chatrec.understand.text import is_han, key_of, wordset

_AUXILIARIES = wordset("is isnt was wasnt does doesnt did has hasnt")
_DENIED = wordset("isnt wasnt doesnt hasnt arent dont")
"""`isn't Alien a horror film?` asks whether it is."""
_QUESTIONS = wordset("where how")
_OF_FACTS = wordset("what whats which who whos whose when")
"""Questions that are answered as not known where they ask for what no catalog records."""
_OPENING = _AUXILIARIES | _QUESTIONS | _OF_FACTS | wordset("can could will would should do are were have")
_HAN_OPENING = wordset("几 谁 什 哪 怎 何 啥 吗 么 嘛") | {"多少", "多久", "有没有", "是不是", "能不能", "会不会"}
_OF_TASTE = tuple((verb, who) for verb in ("would", "will", "do", "did") for who in ("i", "we", "you"))
"""`would I like the second one?` asks, and likes nothing."""
_OPENERS = wordset("and so ok okay but , hmm wait")
_IT = (("this", "one"), ("that", "one"), ("it",))
_NO_FACT = wordset("possible ok okay alright fine me over that")
"""`is it possible …`, `is it ok if …` ask about no work."""
_FOR_WHOM = {(word, "for") for word in ("ok", "okay", "alright", "fine")}
"""`is it ok for a five-year-old` does ask for a fact."""
_KEEPING = (["keep"], ["add"], ["replace"], ["swap"], ["save"], ["bookmark"], ["put"], ["remember"])
_COURTESIES = wordset("please now then tonight today first together instead")
_OF_TALK = ("kinds", "opine", "ambiguous")
_OF_TURNS = (*_OF_TALK, "new_topic", "unconstrain", "unwish")
"""What a question brings about by its words alone: of films, `do they have co-op?` turns to no games."""
_HAN_IT = (("它",), *((sign, noun) for sign in "这那" for noun in "部个张首本款"))
_HAN_LIGHT = wordset("的 在 是 有 了 呢 吗 上")
_SIGNS = wordset("这 那 它")
_ASKING = wordset("吗 么 嘛")
_GROUP = (
    *((count, "of", group) for count in wordset("any some all either one none which") for group in ("them", "these", "those")),
    *(("which", "ones"), ("which", "one")),
)
_HAN_GROUP = tuple(
    key_of(phrase)
    for phrase in (
        *("哪些", "哪几部", "哪几个", "有没有哪部", "这些", "这几部"),
        *("这几个", "它们", "里面有", "其中有"),
    )
)
_OF_SEVERAL = wordset("are arent do dont have any which")
MAX_GROUP_START = 3
"""Words before the group that is asked about: `are any of them …`, `do you know if …` is none."""


def check_of(draft: Draft, language: Language) -> Reading | None:
    """A question of yes or no about one work, or about each of those shown: what it asks to be true.

    It has no conditions where no field of the catalog tells; what was asked is in `unsupported` then.
    """
    subject = subject_of(draft.page, draft.ledger)
    about = (subject[0],) if subject is not None else _group(draft.page, draft.ledger) or _described(draft.page, draft.ledger)
    conditions = conditions_of(draft.changes, draft.turn) if about else None
    if conditions and next((word for word in draft.page.words if word not in _OPENERS), "") in _DENIED:
        conditions = tuple(replace(c, op="in") if c.op == "not_in" else c for c in conditions)
    if conditions is None:
        return None
    named = subject is not None and subject[1] is not None and subject[1].role == "title"
    if not conditions and not draft.unsupported and named and about[0] not in _known(draft.ledger):
        return None  # `is Alien any good?` speaks of it
    asked = tuple(sorted(set(draft.unsupported), key=len)[-1:])
    return Reading(intent="check", language=language, about=about, conditions=conditions, unsupported=asked)


def _group(page: Page, ledger: Ledger) -> tuple[str, ...]:
    """The last answer, where a message asks which of it something is true of: `are any of them in French?`."""
    start = next((at for at, word in enumerate(page.words) if word not in _OPENERS), 0)
    return several_of(ledger) if asks_of_each(page) and not _is_request(page, start) else ()


def _described(page: Page, ledger: Ledger) -> tuple[str, ...]:
    """The last answer, where one of it is told by what it is: `the one about rabbits, is it sad?`."""
    start = next((at for at, word in enumerate(page.words) if word not in _OPENERS), 0)
    comma = next((at for at, word in enumerate(page.words) if word == ","), len(page.words))
    asks = page.words[comma + 1 : comma + 3][:1] != [] and page.words[comma + 1] in _AUXILIARIES and "it" in page.words[comma:]
    told = page.words[start : start + 2] == ["the", "one"]
    return several_of(ledger) if told and asks and not _is_request(page, comma + 1) else ()


def asks_of_each(page: Page) -> bool:
    """Whether a message is a question about several works that were shown."""
    start = next((at for at, word in enumerate(page.words) if word not in _OPENERS), 0)
    groups, places = (*_GROUP, *_HAN_GROUP), range(start, start + MAX_GROUP_START)
    found = any(tuple(page.words[at : at + len(group)]) == group for group in groups for at in places)
    found = found or page.words[start + 1 : start + 2] in (["they"], ["these"], ["those"])  # `are they in French?`
    return found and (page.words[start] in _AUXILIARIES or page.words[start] in _OF_SEVERAL or is_han(page.words[start]))


def subject_of(page: Page, ledger: Ledger) -> tuple[str, Mark | None] | None:
    """The work that a question of yes or no is about, and the mark that names it; `None` if the message is no such question."""
    start = next((at for at, word in enumerate(page.words) if word not in _OPENERS), 0)
    shown = _shown_one(page, start, ledger)
    if shown is not None:
        return shown.ids[0], shown
    unrecorded = any(mark.has("unsupported") for mark in page.marks)
    if page.words[start] in (_QUESTIONS | _OF_FACTS if unrecorded else _QUESTIONS) and not _is_request(page, start):
        return _only_work(page, start, ledger, titles=unrecorded)
    if unrecorded and is_han(page.words[0]) and (work := _all_but_asked(page)) is not None:
        return work.ids[0], work
    if _is_ability(page, start):
        return _only_work(page, start, ledger, titles=False)
    opens = page.words[start] in _AUXILIARIES
    asks = not _ASKING.isdisjoint(page.words[-2:])
    at = start + 1 if opens else start
    if not (opens or asks) or at >= len(page.words) or _is_request(page, start):
        return None
    mark = page.starting(at)
    if mark is not None and mark.role in ("title", "ref") and (opens or is_han(page.words[-1]) or asks):
        return mark.ids[0], mark
    it = (ledger.focus or ledger.last_shown)[:1]
    pronouns = _IT if opens else _HAN_IT
    said = any(tuple(page.words[at : at + len(pronoun)]) == pronoun for pronoun in pronouns)
    return (it[0], None) if it and said else None


def _shown_one(page: Page, start: int, ledger: Ledger) -> Mark | None:
    """The one work pointed at in a question: `what does the first one cost?`, `the second, is it explicit?`, `第二部多少钱`."""
    named = [mark for mark in page.marks if mark.role in ("title", "ref")]
    mark = named[0] if len(named) == 1 else None
    if mark is None or mark.ids[0] not in _known(ledger) or (mark.role == "ref" and len(mark.ids) > 1):
        return None
    if mark.role == "title" and not _is_set_apart(page, mark):
        return None
    start = mark.end + 1 if _is_set_apart(page, mark) else start
    asks = page.words[start : start + 1] != [] and page.words[start] in _OPENING and not chooses(page)
    taste = tuple(page.words[start : start + 2]) in _OF_TASTE
    judged = mark.attitude in ("save", "seen", "dislike") or (mark.attitude == "like" and not taste)
    judged = judged or _is_kept(page, start)
    return mark if (asks or _asks_in_chinese(page)) and not judged and not _is_request(page, start) else None


def _is_ability(page: Page, start: int) -> bool:
    """`can I play it with a friend?`; but `can we watch the first one?` takes it."""
    asks = page.words[start] in ("can", "could") and page.words[start + 1 : start + 2] in (["i"], ["we"], ["you"])
    return asks and not chooses(page) and not _is_kept(page, start)


def _is_kept(page: Page, start: int) -> bool:
    """`can you save the first one?`, `could you add it to my list?`: something is to be done with the work."""
    kept = any(mark.role in ("title", "ref") and mark.attitude == "save" for mark in page.marks)
    asks = page.words[start] in ("can", "could", "would", "will")
    return asks and (kept or page.words[start + 2 : start + 3] in _KEEPING or page.words[start + 2 : start + 4] == ["go", "with"])


def chooses(page: Page) -> bool:
    """`can we watch the first one?`, `could you play the second?`: a verb with nothing but the work behind it."""
    start = next((at for at, word in enumerate(page.words) if word not in _OPENERS), 0)
    verb = page.starting(start + 2)
    work = page.starting(verb.end) if verb is not None and verb.has("verbs") else None
    if page.words[start] not in ("can", "could") or work is None or work.role not in ("title", "ref"):
        return False
    return all(word in _COURTESIES or not word[0].isalnum() for word in page.words[work.end :])


def _is_set_apart(page: Page, mark: Mark) -> bool:
    """`the second one, is it …`: the work stands before the question about it."""
    opener = all(word in _OPENERS for word in page.words[: mark.start])
    return (
        opener and page.words[mark.end : mark.end + 1] == [","] and any(word in ("it", "that") for word in page.words[mark.end :])
    )


def _known(ledger: Ledger) -> tuple[str, ...]:
    return (*ledger.last_shown, *ledger.focus)


def _asks_in_chinese(page: Page) -> bool:
    plain = "".join(page.words)
    return is_han(page.words[-1]) and any(sign in plain for sign in _HAN_OPENING)


def _all_but_asked(page: Page) -> Mark | None:
    """The work in a message that says nothing but a work and what no catalog records: `第二部豆瓣多少分`."""
    named = [mark for mark in page.marks if mark.role in ("title", "ref")]
    others = [mark for mark in page.marks if mark not in named and not mark.has("unsupported") and not mark.has("forms")]
    loose = [word for at, word in enumerate(page.words) if not page.taken(at) and word[0].isalnum() and word not in _HAN_LIGHT]
    return named[0] if len(named) == 1 and not others and not loose else None


def _only_work(page: Page, start: int, ledger: Ledger, *, titles: bool) -> tuple[str, Mark | None] | None:
    """The one work shown that a question such as `where can I watch the first one?` is about."""
    named = [mark for mark in page.marks if mark.role in ("title", "ref")]
    if named:
        asked = len(named) == 1 and (titles or named[0].role == "ref") and named[0].attitude != "like"
        return (named[0].ids[0], named[0]) if asked else None
    it = (ledger.focus or ledger.last_shown)[:1]
    return (it[0], None) if it and "it" in page.words[start:] else None


def conditions_of(changes: Iterable[Change], turn: int) -> tuple[Constraint, ...] | None:
    """What the changes of such a question ask to be true; `None` if they do something else as well."""
    found: list[Constraint] = []
    changes = list(changes)
    aside = _OF_TURNS if any(change.action == "kinds" for change in changes) else _OF_TALK
    for change in changes:
        if change.constraint is not None:
            found.append(change.constraint)
        elif change.wish is not None:
            if change.wish.field is not None and change.wish.value is not None:
                op = "not_in" if change.wish.direction == "less" else "in"
                found.append(Constraint(field=change.wish.field, op=op, value=change.wish.values, turn=turn))
        elif change.action not in aside:
            return None
    return tuple(found)


def _is_request(page: Page, start: int) -> bool:
    cues = (mark for mark in page.marks if page.words[mark.start : mark.end] not in (["any"], ["有", "没", "有"]))
    asks = any(mark.is_cue("thanks", "more", "surprise", "want") or mark.has("maker_of") for mark in cues)
    asked = page.words[start + 1 : start + 4]
    for_whom = any(pair in _FOR_WHOM for pair in pairwise(page.words[start + 1 : start + 5]))
    no_fact = not _NO_FACT.isdisjoint(asked) and tuple(asked[:2]) not in _IT
    measured = [at for at, word in enumerate(page.words) if word == "than" and not _is_measured(page.over[at])]
    return asks or bool(measured) or (no_fact and not for_whom) or _is_compared_in_chinese(page)


def _is_compared_in_chinese(page: Page) -> bool:
    """`有没有比第一部短的` asks for others; `第二部比第一部短吗` does not."""
    for at, word in enumerate(page.words):
        other = page.starting(at + 1) if word == "比" else None
        before = page.words[:at]
        if other is not None and other.role in ("title", "ref"):
            return (
                "有" in before and _SIGNS.isdisjoint(before) and not any(m.role in ("title", "ref") for m in page.within(0, at))
            )
    return False


def _is_measured(mark: Mark | None) -> bool:
    """`longer than two hours`, in one mark."""
    return mark is not None and mark.role in ("minutes", "year")
