"""Who is there, and how many picks: `with my 7 year old`, `kids aged 5 and 9`, `适合6岁孩子`; `give me 3`, `推荐三部`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from chatrec.types import Count, Ledger
from chatrec.understand.lexicon import Entry
from chatrec.understand.marks import Mark, Page, has_section, match_any
from chatrec.understand.numbers import cardinal
from chatrec.understand.text import is_han, key_of, wordset

ADULT = 18
_ORDINAL_ENDS = (["st"], ["nd"], ["rd"], ["th"])
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
MAX_PICKS = 20
_NOT_JUST_ONE = wordset("not the is its it isnt ive was are were that thats")
"""What stands before `only one` where nothing is asked for: `the only one I have not seen`."""
_PICKS = wordset(
    "films movies movie film games game albums album songs podcasts podcast shows series audiobooks suggestions "
    "recommendations picks options ideas titles things items choices tracks comedies thrillers results flicks suggestion "
    "recommendation"
)
_ASK = wordset("me top just only recommend suggest list show give best name exactly pick find want need")
_BEFORE_MORE = _ASK | wordset(
    "want have there like get maybe please of for think know and or but try to take ok okay yes yeah see watch play hear hit "
    "lay send add put choose so then perhaps any"
)
"""What stands before `one more` where it is asked for; `is another one I love` tells of one."""
_AFTER_MORE = wordset(
    "please pls plz like similar with without that thats but in from for before if then thanks maybe on now today tonight by "
    "about as to and or where set which"
)
_NO_PICKS = wordset("question questions thing things time times day")
_TELLERS = wordset("i ive im id my he she they we you would is was are were has had")
_DESCRIBING = ("genres", "styles", "moods", "tags", "themes", "catalog", "languages", "countries", "vague")
_MEASURES = wordset("部个首款张本集條条個套档種种")
_ARTICLES = wordset("a an 一")
_HAN_ASK = wordset("推荐来给我要前想看找薦來就只求选介绍再下")


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


def mark_count(page: Page) -> Count | None:
    """How many picks were asked for, and, where several forms have each its number, the form of each; marks the words."""
    of_each = _of_each(page)
    if len(of_each) > 1:
        each: list[str] = []
        for mark, noun in of_each:
            page.add(mark)
            entry = noun.entry("forms") or noun.entry("inner")
            assert entry is not None
            each += [next(iter(entry.values), entry.name)] * min(int(mark.number), MAX_PICKS)
        return Count(min(len(each), MAX_PICKS), tuple(each))
    if _asks_one_more(page):
        return Count(1, once=True)
    mark = _count(page)
    return Count(min(int(mark.number), MAX_PICKS), once=_adds(page, mark)) if mark is not None else None


def _adds(page: Page, count: Mark) -> bool:
    """`two more`, `再来两部`: so many are to follow what was shown."""
    beside = (page.ending(count.start), page.starting(count.end))
    again = "再" in page.words[max(0, count.start - 3) : count.start]
    return again or any(mark is not None and mark.is_cue("more") for mark in beside)


def _asks_one_more(page: Page) -> bool:
    """`one more`, `can you suggest another one?`, `再来一部`; but not `another one I liked`, `one more question`."""
    for mark in (mark for mark in page.sorted() if mark.is_cue("more")):
        said = page.words[mark.start : mark.end]
        if said in (["one", "more"], ["another", "one"]) and _is_requested(page, mark):
            return True
        if said[0] == "再" and said[-2:-1] == ["一"] and said[-1] in _MEASURES:
            return True
    return False


def _is_requested(page: Page, more: Mark) -> bool:
    """Whether `one more` is asked for, and not told of: `that one more than …`, `is another one I love`."""
    lead, after = page.words[more.start - 1] if more.start else ".", page.words[more.end : more.end + 3]
    told = not _TELLERS.isdisjoint(after[after[:1] == ["that"] :][:1]) or not _NO_PICKS.isdisjoint(after[:2])
    told = told or (lead == "and" and page.words[more.start] == "another")  # `she was in Alien and another one, …`
    counted = not _PICKS.union(("one",)).isdisjoint(after) or _is_described(page.starting(more.end))
    goes_on = not after or not after[0][0].isalnum() or after[0] in _AFTER_MORE or counted
    return (not lead[0].isalnum() or lead in _BEFORE_MORE) and goes_on and not told


def _is_described(mark: Mark | None) -> bool:
    return has_section(mark, *_DESCRIBING, "forms", "inner")


def _count(page: Page) -> Mark | None:
    """The number of picks that is asked for, marked."""
    for at in range(len(page.words)):
        number = cardinal(page.words, at)
        if number is None or not page.free(at, number[1]) or number[0] % 1 or not 1 <= number[0] <= 1000:
            continue
        end = number[1]
        if page.words[at - 1 : at] == ["第"] or page.words[end : end + 1] in _ORDINAL_ENDS:
            continue
        noun = any(has_section(m, "forms", "genres", "styles") for m in page.within(end, end + 2))
        if (
            _asks_english(page.words, at, end)
            or (noun and number[0] > 1 and not _is_of_mode(page, end))
            or _asks_chinese(page.words, at, end, number[0])
        ):
            page.add(mark := Mark(at, end, "count", number=number[0]))
            return mark
    return _couple(page)


def _of_each(page: Page) -> list[tuple[Mark, Mark]]:
    """The numbers of `one film, an album and two games`, `两部电影和一张专辑`, each with what it counts; an article counts in a
    list that has a number.
    """
    lists: list[list[tuple[Mark, Mark]]] = [[]]
    end = 0
    for noun in (mark for mark in page.sorted() if has_section(mark, "forms", "inner")):
        count = _count_before(page, noun.start)
        if count is not None:
            if not (end and _JOINS.union("&/").issuperset(page.words[end : count.start])):
                lists.append([])
            lists[-1].append((count, noun))
            end = noun.end
    return [pair for listed in lists if any(page.words[mark.start] not in _ARTICLES for mark, _ in listed) for pair in listed]


def _count_before(page: Page, end: int) -> Mark | None:
    """The number or article right before a noun, or before its measure word."""
    while (mark := page.ending(end)) is not None and has_section(mark, *_DESCRIBING):
        end = mark.start
    end -= end > 0 and page.words[end - 1] in _MEASURES
    for start in range(max(0, end - 3), end):
        number = cardinal(page.words, start)
        said = (number is not None and number[1] == end) or page.words[start:end] in (["a"], ["an"])
        if said and page.free(start, end) and page.words[start - 1 : start] != ["第"]:
            return Mark(start, end, "count", number=number[0] if number else 1)
    return None


def _is_of_mode(page: Page, end: int) -> bool:
    """`2 player games` counts players."""
    return any(m.has("tags") for m in page.within(end - 1, end + 2)) or page.words[end : end + 1] in (["player"], ["players"])


def _couple(page: Page) -> Mark | None:
    for at in range(len(page.words) - 1):
        if page.words[at : at + 2] == ["a", "couple"] and page.free(at, at + 2) and page.words[at + 2 : at + 3] != ["days"]:
            page.add(mark := Mark(at, at + 2, "count", number=2))
            return mark
    return None


def _asks_english(words: Sequence[str], at: int, end: int) -> bool:
    before = words[at - 1] if at else ""
    after = next((w for w in words[end : end + 4] if w in _PICKS), None)
    if words[at] == "one":
        goes_on = end < len(words) and words[end][0].isalnum() and words[end] not in _AFTER_MORE
        told = not _NOT_JUST_ONE.isdisjoint(words[max(0, at - 2) : at - 1]) or (words[at - 2 : at - 1] == ["have"] and goes_on)
        return (after is not None and words[end] == after) or (before in ("just", "only", "me") and not told)
    if words[end : end + 2] in (["of", "them"], ["of", "these"], ["of", "those"]) and _ends_there(words, end + 2):
        return before == "" or before in _ASK
    alone = end == len(words) or words[end] in {",", ".", "!", "please", "of", "that", "with", "more", "good", "from", "for", "?"}
    if words[end : end + 1] == ["more"] and (end + 1 == len(words) or words[end + 1] != "than"):
        return True
    asked = (before in _ASK or list(words[max(0, at - 2) : at]) == ["make", "it"]) and (alone or after is not None)
    near = after is not None and all(w not in {",", ".", "and", "or", "player"} for w in words[end : words.index(after, end)])
    return asked or near or (before == "top" and not words[at].startswith("0"))


def _ends_there(words: Sequence[str], end: int) -> bool:
    """Whether no more than `please` follows."""
    return all(word in ("please", "pls", "only", "thanks") or not word[0].isalnum() for word in words[end : end + 3])


def _asks_chinese(words: Sequence[str], at: int, end: int, value: float) -> bool:
    before, after = words[at - 1] if at else "", words[end] if end < len(words) else ""
    if words[end : end + 2] == ["个", "人"]:
        return False
    if value == 1:
        asked = before in {"就", "只", "要"} and words[max(0, at - 2) : at] != ["想", "要"]
        return after in _MEASURES and (asked or "再" in words[max(0, at - 3) : at])
    return (after in _MEASURES and (before in _HAN_ASK or at == 0)) or (
        before == "前" and words[max(0, at - 2) : at] != ["以", "前"]
    )
