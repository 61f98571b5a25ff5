"""Who is there: `with my 7 year old`, `kids aged 5 and 9`, `适合6岁孩子`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from chatrec.types import Ledger
from chatrec.understand.lexicon import Entry
from chatrec.understand.marks import Mark, Page, match_any
from chatrec.understand.numbers import cardinal
from chatrec.understand.text import is_han, key_of, wordset

ADULT = 18
_JOINS = {"and", ",", "or", "和", "、", "与", "to", "-", "跟", "n"}
_OLD = (
    ("year", "old"), ("year", "olds"), ("years", "old"), ("yr", "old"), ("yrs", "old"), ("yr", "olds"), ("yo",), ("y", "o"),
    ("yos",), ("y", "os"), ("yearold",), ("year", "olds"), ("岁", "半"), ("岁",), ("歲",), ("周", "岁"), ("years", "of", "age"),
)  # fmt: skip
_AGED = {("aged",), ("age",), ("ages",), ("turned",), ("turning",), ("who", "is"), ("whos",), ("who", "are"), ("is", "only")}
_I_AM = (("im",), ("i", "am"), ("i", "m"), ("am",), ("我", "今", "年"), ("我", "才"), ("我", "刚"))
_JUST = wordset("only just still")
_AFTER_OWN_AGE = wordset(
    ", . ! ? ; : ( ) - and so but or now btw lol who what which can could need want looking please pls m f male female "
    "i my we any anything something here too right recommend suggest give show find"
)
"""What stands behind one's own age: `I'm 12, a horror film`; but `I'm 12 episodes in`."""
_IS = wordset("is are r ( , of turns : was just")
_AFTER_AGES = wordset("for who and so what can need want looking please a an the something anything i we with")
_BARE_JOINS = wordset("& and , n 和 、")
_PRONOUNS = (("theyre",), ("they", "are"), ("hes",), ("he", "is"), ("shes",), ("she", "is"))
"""They stand for children once these are spoken of: `my kids, they're 5 and 9`."""
_CHILD = wordset(
    "kids kid children child son daughter sons daughters niece nephew boy girl boys girls toddler grandson granddaughter "
    "brother sister twins"
)
_CHILDREN = tuple(
    key_of(f"{whose} {child}".strip())
    for whose in ("my", "our", "the", "both", "all the", "")
    for child in (
        "kids",
        "kid",
        "children",
        "child",
        "son",
        "daughter",
        "baby",
        "toddler",
        "little one",
        "little ones",
        "boys",
        "girls",
    )
) + tuple(map(key_of, ("孩子", "孩子们", "小孩", "娃", "宝宝", "儿子", "女儿", "小朋友")))
_THEY = tuple(map(key_of, ("they", "theyre", "she", "shes", "he", "hes", "他", "她", "他们", "她们")))
_ARE_GONE = tuple(
    (*key_of(verb), *key_of(adverb), *key_of(where))
    for verb in ("is", "are", "s", "re", "have", "has", "went", "")
    for adverb in ("", "all", "both", "now", "finally", "already", "fast", "safely")
    for where in (
        *("asleep", "sleeping", "in bed", "gone to bed", "to bed", "to sleep", "away", "gone", "at school", "not here"),
        *("not home", "not around", "not there", "with their dad", "with their mum", "with the babysitter", "at grandmas"),
    )
    if verb or where in ("asleep", "in bed")
) + tuple(
    key_of(adverb + where)
    for adverb in ("", "都", "已经", "都已经", "终于")
    for where in ("睡了", "睡着了", "睡觉了", "睡下了", "不在", "不在家", "上学了", "上学去了", "出门了", "去奶奶家了")
)
_BARE_CHILD = wordset("kids kid children child son daughter baby toddler boys girls")
_BEFORE_CHILD = wordset(
    "and so but once after when while since because if as with now finally tonight today ok okay well that think guess "
    "my our the both all two three four five 2 3 4 5 little small young"
)
"""What may stand before children whose absence tells that none is there; no `older kids`."""
_WHOSE = wordset("my our her his their your")
_GROWN = wordset(
    "dad mum mom father mother husband wife grandma grandpa granny parents friend friends partner boyfriend girlfriend uncle "
    "aunt teacher neighbour neighbor neighbours neighbors boss man woman dog cat 爸 妈 奶 爷 丈 妻 朋 邻"
)
_AFTER_ABSENCE = wordset(
    "now and so but then already tonight today finally early soundly upstairs lets i im id we please what which give show find "
    "recommend suggest any anything something a an for until till at in this by here there can could just only time which or"
)
_FALL_ASLEEP = tuple(map(key_of, ("fall asleep", "falls asleep", "go to bed", "go to sleep", "goes to bed", "sleep", "nod off")))
_RATINGS = wordset("12 13 14 15 16 17 18")
_ADULTS_ONLY = Entry("ages", "adult", {"age": ADULT})
_MADE_THINGS = wordset("film movie game album record show series song films movies games whisky classic")


def mark_absent(page: Page, ledger: Ledger) -> None:
    """Mark what says that the children are not there: `my kids are asleep`, `once they fall asleep`, `孩子睡了`."""
    known = any(constraint.field == "age" for constraint in ledger.constraints)
    at = 0
    while at < len(page.words):
        end = _absent(page.words, at, known=known)
        if end > at and page.free(at, end):
            page.add(Mark(at, end, "words", entries=(Entry("special", "adults", {}),)))
        at = max(end, at + 1)


def _absent(words: Sequence[str], at: int, *, known: bool) -> int:
    """Where a clause about children who are not there ends; `at`, if there is none."""
    start = match_any(words, at, _CHILDREN)
    if start == at and known:
        start = match_any(words, at, _THEY)
        if start > at and _speaks_of_others(words[:at]):
            return at
    elif (
        start == at + 1 and words[at] in _BARE_CHILD and at and words[at - 1][0].isalnum() and words[at - 1] not in _BEFORE_CHILD
    ):
        return at  # `the older kids`
    if start == at or words[max(0, at - 1) : at] in (["until"], ["till"], ["before"], ["where"], ["哄"], ["about"]):
        return at
    gone, asleep = match_any(words, start, _ARE_GONE), match_any(words, start, _FALL_ASLEEP)
    led = words[max(0, at - 1) : at] in (["once"], ["after"])
    if gone > start:
        return gone if _ends_absence(words, gone) else at
    return asleep if led and asleep > start else at


def _speaks_of_others(words: Sequence[str]) -> bool:
    """`her dad is out, he is away`: whether a pronoun may stand for somebody else than the child."""
    owned = any(whose in _WHOSE and word not in _CHILD for whose, word in pairwise(words))
    return owned or not _GROWN.isdisjoint(words)


def _ends_absence(words: Sequence[str], end: int) -> bool:
    """Whether nothing stands behind that would tell of something else: `gone mad`, `sleeping over`, `gone on Netflix`."""
    return end == len(words) or not words[end][0].isalnum() or is_han(words[end]) or words[end] in _AFTER_ABSENCE


def mark_ages(page: Page) -> None:
    """Mark ages of people; `number` is the youngest. Ages from 18 on restrict nothing and get no mark."""
    _mark_ratings(page)
    at = 0
    while at < len(page.words):
        found = _age(page.words, at) or _own_age(page.words, at)
        if found is None or not page.free(at, found[1]):
            at += 1
            continue
        age, end = found
        page.add(Mark(at, end, "age", op="le", number=age) if age < ADULT else Mark(at, end, "words"))
        at = end


def _mark_ratings(page: Page) -> None:
    """`18+ films` are for adults, `12+` may be seen from twelve on; `4+ hours`, `10+ games` are no ratings."""
    for at in range(len(page.words) - 1):
        number = page.words[at]
        if number not in _RATINGS or page.words[at + 1] != "+" or not page.free(at, at + 2):
            continue
        if number == "18":
            page.add(Mark(at, at + 2, "words", entries=(_ADULTS_ONLY,)))
        elif has_age_noun(page.words, at + 2):
            page.add(Mark(at, at + 2, "age", op="le", number=float(number)))


def has_age_noun(words: Sequence[str], at: int) -> bool:
    """`12+ rated`, `for 12+`: nothing is counted."""
    return words[at : at + 1] in ([], ["rated"], ["rating"], ["year"], ["."], [","])


def _own_age(words: Sequence[str], at: int) -> tuple[float, int] | None:
    """`I'm 12, horror film`, `I am only 15`, `我今年12`."""
    lead = next((len(a) for a in _I_AM if tuple(words[at : at + len(a)]) == a), 0)
    if not lead or (words[at] == "am" and at > 0):
        return None
    start = at + lead + (words[at + lead : at + lead + 1] != [] and words[at + lead] in _JUST)
    number = cardinal(words, start) if start < len(words) else None
    if number is None or number[0] % 1 or not 3 <= number[0] <= 120:
        return None
    end = number[1]
    return (number[0], end) if end == len(words) or words[end] in _AFTER_OWN_AGE else None


def _age(words: Sequence[str], at: int) -> tuple[float, int] | None:
    lead = next((len(a) for a in sorted(_AGED, key=len, reverse=True) if tuple(words[at : at + len(a)]) == a), 0)
    child = 0 if lead else _child_lead(words, at)
    ages, end = _numbers(words, at + lead + child)
    if not ages or max(ages) > 120:
        return None
    old = next((len(o) for o in sorted(_OLD, key=len, reverse=True) if tuple(words[end : end + len(o)]) == o), 0)
    months = words[end : end + 2] in (["month", "old"], ["months", "old"], ["个", "月"])
    if months:
        return 1.0, end + 2
    if not lead and not child and not old:
        return None
    of_a_thing = bool(old) and words[end + old : end + old + 1] != [] and words[end + old] in _MADE_THINGS
    return float(ADULT) if of_a_thing else min(ages), end + old


def _child_lead(words: Sequence[str], at: int) -> int:
    """`my daughter is 8`, `kids (5, 9)`, `two kids, 5 and 9`: the words before the number."""
    for pronoun in _PRONOUNS:
        end = at + len(pronoun)
        if tuple(words[at:end]) == pronoun and not _CHILD.isdisjoint(words[:at]):
            number = cardinal(words, end) if end < len(words) else None
            return len(pronoun) if number is not None and number[0] < ADULT else 0
    if words[at] not in _CHILD:
        return 0
    end = at + 1
    while end < len(words) and end - at < 4 and words[end] in _IS:
        end += 1
    number = cardinal(words, end)
    if number is None or number[0] >= ADULT or not (end > at + 1 or _ends_age(words, number[1])):
        return 0
    return end - at


def _ends_age(words: Sequence[str], end: int) -> bool:
    """`my daughter 6`, `kids 5 and 9`: what follows is no noun that is counted, as in `for kids 3 films`."""
    while end < len(words) and (words[end] in _BARE_JOINS or cardinal(words, end) is not None):
        end += 1
    return end == len(words) or not words[end][0].isalnum() or words[end - 1] == "," or words[end] in _AFTER_AGES


def _numbers(words: Sequence[str], at: int) -> tuple[list[float], int]:
    """`5`, `5 and 9`, `5岁和9`, `8-12`."""
    ages: list[float] = []
    end = at
    while end < len(words):
        number = cardinal(words, end)
        if number is None or (number[0] % 1 and number[0] > 20):
            break
        ages.append(number[0])
        end = number[1]
        nxt = end + (words[end : end + 1] == ["岁"])
        while nxt < len(words) and words[nxt] in _JOINS:
            nxt += 1
        if nxt == end or nxt >= len(words) or cardinal(words, nxt) is None:
            break
        end = nxt
    return ages, end
