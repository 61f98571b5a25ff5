"""How many picks are asked for: `give me 3`, `one film and two albums`, `another two`, `推荐三部`."""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.types import Count
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.numbers import cardinal
from chatrec.understand.text import wordset

MAX_PICKS = 20
MOST_READ = 1000
"""Largest number that is taken for one of picks; what is more is a year, or no request."""
_ORDINAL_ENDS = (["st"], ["nd"], ["rd"], ["th"])
_JOINS = {"and", ",", "or", "和", "、", "与", "to", "-", "跟", "n", "&", "/"}
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
_NOT_OTHERS = wordset("the these those other my our his her their your all")
MEASURES = wordset("部个首款张本集條条個套档種种")
ARTICLES = wordset("a an")
_ONE = ARTICLES | {"一"}
_PRAISE = wordset("good great nice decent new fun")
_HAN_ASK = wordset("推荐来给我要前想看找薦來就只求选介绍再下")


def number_of_picks(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """The whole number that stands here and may count works, and where it ends; not the place of one: `第二`, `2nd`."""
    number = cardinal(words, at)
    if number is None or number[0] % 1 or not 1 <= number[0] <= MOST_READ:
        return None
    ordinal = words[at - 1 : at] == ["第"] or words[number[1] : number[1] + 1] in _ORDINAL_ENDS
    return None if ordinal else (int(number[0]), number[1])


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
        if said[0] == "再" and said[-2:-1] == ["一"] and said[-1] in MEASURES:
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
        read = number_of_picks(page.words, at)
        if read is None or not page.free(at, read[1]):
            continue
        number, end = read
        noun = any(has_section(m, "forms", "genres", "styles") for m in page.within(end, end + 2))
        if (
            _asks_english(page.words, at, end)
            or (noun and number > 1 and not _is_of_mode(page, end))
            or _asks_chinese(page.words, at, end, number)
        ):
            page.add(mark := Mark(at, end, "count", number=number))
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
            if not (end and _JOINS.issuperset(page.words[end : count.start])):
                lists.append([])
            lists[-1].append((count, noun))
            end = noun.end
    return [pair for listed in lists if any(page.words[mark.start] not in _ONE for mark, _ in listed) for pair in listed]


def _count_before(page: Page, end: int) -> Mark | None:
    """The number or article right before a noun, or before its measure word."""
    while (mark := page.ending(end)) is not None and has_section(mark, *_DESCRIBING):
        end = mark.start
    end -= end > 0 and page.words[end - 1] in MEASURES
    for start in range(max(0, end - 3), end):
        article = start == end - 1 and page.words[start] in ARTICLES
        number, after = (1, end) if article else number_of_picks(page.words, start) or (0, start)
        if after == end and page.free(start, end):
            return Mark(start, end, "count", number=number)
    return None


def _is_of_mode(page: Page, end: int) -> bool:
    """`2 player games` counts players."""
    return any(m.has("tags") for m in page.within(end - 1, end + 2)) or page.words[end : end + 1] in (["player"], ["players"])


def _couple(page: Page) -> Mark | None:
    """`a couple of comedies`, `a couple more`; but not `about a couple of thieves`."""
    for at in range(len(page.words) - 1):
        if page.words[at : at + 2] != ["a", "couple"] or not page.free(at, at + 1) or page.words[at - 1 : at] == ["about"]:
            continue
        couple, end = page.over[at + 1], at + 2 + (page.words[at + 2 : at + 3] == ["of"])
        named = couple is not None and (couple.end != at + 2 or any(entry.section != "catalog" for entry in couple.entries))
        following = page.starting(end + (page.words[end : end + 1] != [] and page.words[end] in _PRAISE))
        more = following is not None and following.is_cue("more")
        counted = more or has_section(following, "forms", "inner", "genres", "styles")
        if named or not (counted or (couple is None and page.words[at + 2 : at + 3] != ["days"])):
            continue
        if couple is not None:
            page.remove([couple])
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
    if words[end : end + 1] == ["others"] and _ends_there(words, end + 1) and before not in _NOT_OTHERS:
        return True
    if words[end : end + 1] == ["more"] and (end + 1 == len(words) or words[end + 1] != "than"):
        return True
    led = before in _ASK or before == "another" or list(words[max(0, at - 2) : at]) == ["make", "it"]
    asked = led and (alone or after is not None)
    near = after is not None and all(w not in {",", ".", "and", "or", "player"} for w in words[end : words.index(after, end)])
    return asked or near or (before == "top" and not words[at].startswith("0"))


def _ends_there(words: Sequence[str], end: int) -> bool:
    """Whether no more than `please` follows."""
    return all(word in ("please", "pls", "only", "thanks") or not word[0].isalnum() for word in words[end : end + 3])


def _asks_chinese(words: Sequence[str], at: int, end: int, value: int) -> bool:
    before, after = words[at - 1] if at else "", words[end] if end < len(words) else ""
    if words[end : end + 2] == ["个", "人"]:
        return False
    if value == 1:
        asked = before in {"就", "只", "要"} and words[max(0, at - 2) : at] != ["想", "要"]
        return after in MEASURES and (asked or "再" in words[max(0, at - 3) : at])
    return (after in MEASURES and (before in _HAN_ASK or at == 0)) or (
        before == "前" and words[max(0, at - 2) : at] != ["以", "前"]
    )
