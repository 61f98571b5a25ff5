"""References to what was shown or just said: `the second one`, `it`, `the 2011 version`, `第一部`, `那部`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from chatrec.types import Item, Ledger
from chatrec.understand.lexicon import Phrase, lexicon
from chatrec.understand.marks import Attitude, Mark, Page, has_section, match_any, match_any_before
from chatrec.understand.numbers import cardinal, ordinal
from chatrec.understand.text import common_words, is_han, key_of, wordset

_NOUNS = wordset("one film movie game album pick suggestion option show series podcast book recommendation version title")
_HAN_NOUNS = wordset("部个款张首本個张集条项套")
_NO_PLACE = wordset("次人季名线时遍天年世章步回者")
_TIMES = wordset("years year yrs decades decade century centuries months month weeks week days night few couple 年")
_ONE = frozenset(
    key_of(phrase)
    for phrase in (
        "it",
        "that one",
        "this one",
        "the one",
        "that",
        "this",
        "它",
        *(d + n for d in "这那這" for n in "部个款张首本個"),
    )
)
_ALL = frozenset(
    key_of(phrase)
    for phrase in (
        *("them", "these", "those", "both", "all", "all of them", "all of these", "all of those", "them all", "both of them"),
        *(
            "all three",
            "它们",
            "这些",
            "那些",
            "这几部",
            "那几部",
            "这几个",
            "都",
            "全都",
            "全部",
        ),
    )
)
_PERSONS = wordset("him her them his hers theirs 他 她")
_LEADS = wordset("by with from starring featuring of without")
_ANSWER = wordset("i mean meant yes no please it is was ok the that its of course 我 说 的 是 指 那 个 就")
_ATTITUDES: tuple[tuple[Attitude, tuple[str, ...]], ...] = (
    ("dislike", ("dislike", "dislike_after")),
    ("seen", ("seen", "seen_after")),
    ("save", ("save", "save_after")),
    ("like", ("like", "like_after")),
)
_OPINIONS = ("like", "dislike", "seen", "save", "save_after", "like_after", "dislike_after", "seen_after")


def mark_places(page: Page, ledger: Ledger, items: Mapping[str, Item]) -> None:
    """Mark places in the last answer, and years and media that tell versions apart."""
    _mark_medium(page, ledger, items)
    _mark_furthest(page, ledger, items)
    at = 0
    while at < len(page.words):
        end = _mark_version(page, at, ledger, items) or _mark_place(page, at, ledger)
        at = end if end > at else at + 1


def mark_makers(page: Page, ledger: Ledger, items: Mapping[str, Item]) -> None:
    """Mark first names of those who made what was shown: `no taylor, please`."""
    makers = dict.fromkeys(name for item_id in ledger.last_shown if item_id in items for name in items[item_id].creators)
    for at, word in enumerate(page.words):
        meant = [name for name in makers if len(key_of(name)) > 1 and key_of(name)[0] == word]
        if len(meant) == 1 and not is_han(word) and not page.taken(at) and word not in common_words():
            page.add(Mark(at, at + 1, "person", names=tuple(meant)))


def _mark_place(page: Page, at: int, ledger: Ledger) -> int:
    if not ledger.last_shown and not ledger.ambiguities:
        return at
    found = _numbered(page.words, at) or ordinal(page.words, at)
    if found is None or not page.free(at, found[1]):
        return at
    place, end = found
    tokens = page.text.tokens
    if end < len(tokens) and tokens[at].is_capital and tokens[end].is_capital and any(t.raw.islower() for t in tokens):
        return at  # `The Last Jedi`
    places = [place]
    more = cardinal(page.words, end) if end < len(page.words) else None
    start = at - 1 if at and page.words[at - 1] in ("the", "#") else at
    if more is not None and page.words[more[1] : more[1] + 1] and page.words[more[1]] in _TIMES:
        return at
    if more is not None and 2 <= more[0] <= len(ledger.last_shown) and page.words[at] in ("first", "last"):
        count, end = int(more[0]), more[1]
        places = list(range(1, count + 1)) if place == 1 else list(range(-count, 0))
    if end < len(page.words) and page.words[end] in _TIMES:
        return at  # `from the last ten years`
    noun = end < len(page.words) and (page.words[end] in _NOUNS or page.words[end] in _HAN_NOUNS)
    if end < len(page.words) and page.words[end] in _NO_PLACE:
        return at
    alone = start == 0 and end == len(page.words)
    if not (noun or start < at or alone or page.words[at] in ("number", "第") or len(places) > 1 or _ends(page, end)):
        return at
    ids = _at_places(_options(page, start, end + noun, ledger), places)
    if ids and page.free(start, end + noun):
        page.add(Mark(start, end + noun, "ref", ids=ids))
        return end + noun
    return at


def _ends(page: Page, end: int) -> bool:
    return (
        end == len(page.words)
        or not page.words[end][0].isalnum()
        or page.words[end] in ("and", "or", "please", "is", "was", "looks", "s")
    )


def _numbered(words: Sequence[str], at: int) -> tuple[int, int] | None:
    """`number 2`, `#2`, `no 2`."""
    if words[at] in ("number", "#", "option", "nr") and at + 1 < len(words):
        number = cardinal(words, at + 1)
        if number is not None and 1 <= number[0] <= 20:
            return int(number[0]), number[1]
    return None


def _options(page: Page, start: int, end: int, ledger: Ledger) -> Sequence[str]:
    """What a bare place counts in: an open question of which title was meant, else the last answer."""
    others = page.words[:start] + page.words[end:]
    if ledger.ambiguities and all(word in _ANSWER or not word[0].isalnum() for word in others):
        return ledger.ambiguities[-1].options
    return ledger.last_shown or ledger.ambiguities[-1].options


def _at_places(ids: Sequence[str], places: Sequence[int]) -> tuple[str, ...]:
    return tuple(ids[p - 1 if p > 0 else p] for p in places if -len(ids) <= p <= len(ids) and p != 0)


def _mark_furthest(page: Page, ledger: Ledger, items: Mapping[str, Item]) -> None:
    """`tell me more about the longest`, `who made the oldest one?`, `最长的那部讲什么`: the one of the last answer that it is."""
    for start, end, name in _superlatives(page.words) if len(ledger.last_shown) > 1 else ():
        data = lexicon().sections["comparisons"][name]
        numbers = {i: n for i in ledger.last_shown if i in items and (n := getattr(items[i], data["field"], None)) is not None}
        if len(numbers) > 1 and page.free(start, end):
            furthest = max if data.get("most", True) else min
            page.add(Mark(start, end, "ref", ids=(furthest(numbers, key=lambda i: numbers[i]),)))
            return


def _superlatives(words: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Where a superlative stands in the place of a work behind a question, or before one in Chinese, and of what it is."""
    asks = "最" in words and any(match_any(words, at, _ASKED_OF) > at for at in range(len(words)))
    for at, word in enumerate(words):
        if not (asks if word == "最" else word == "the" and match_any_before(words, at, _ASKED_OF) < at):
            continue
        start = at + (word == "the")
        for name, phrases in _furthest():
            end = match_any(words, start, phrases)
            if end == start:
                continue
            end = match_any(words, end, _FURTHEST_ONE)
            if word == "最" or end == len(words) or not words[end][0].isalnum() or words[end] == "of":
                yield at, end, name


@cache
def _furthest() -> tuple[tuple[str, tuple[Phrase, ...]], ...]:
    """The superlatives of each comparison that a field of the catalog tells."""
    return tuple(
        (name, tuple(key_of(form) for language in ("en", "zh") for form in data.get(language, ()) if _is_furthest(form)))
        for name, data in lexicon().sections["comparisons"].items()
        if data.get("field", "choice") != "choice"
    )


def _is_furthest(phrase: str) -> bool:
    return phrase.startswith(("most ", "最", "least ")) or phrase.split()[0].endswith(("est", "st"))


def mark_similar(page: Page, ledger: Ledger) -> None:
    """`anything similar?`, `有类似的吗` after a question about a work: like that one."""
    if not ledger.focus or any(mark.is_named for mark in page.marks):
        return
    for at in range(len(page.words)):
        end = match_any(page.words, at, _SIMILAR)
        if end > at and (end == len(page.words) or not page.words[end][0].isalnum() or page.words[end] in _BEHIND_SIMILAR):
            page.add(Mark(end, end, "ref", ids=ledger.focus[:1], attitude="like"))
            return


def _mark_medium(page: Page, ledger: Ledger, items: Mapping[str, Item]) -> None:
    """`I mean the soundtrack`, `the book`: the work of the same title that was named last, in another medium.

    Of what is disliked or was seen, no twin is meant: `an audiobook` asks for any, and likes nothing.
    """
    said = [(at, word) for at, word in enumerate(page.words) if word[0].isalnum() and word not in _ANSWER | _FILLERS]
    form = _FORMS.get("".join(word for _, word in said))
    spoken = next((o for o in reversed(ledger.opinions) if o.item_id in items), None)
    if form is None or spoken is None or spoken.sentiment in ("disliked", "seen"):
        return
    named = items[spoken.item_id]
    twins = (i for i in items.values() if i.title == named.title and i.id != named.id and form in (i.form, *i.genres))
    best = max(twins, key=lambda item: item.popularity or 0.0, default=None)
    if best is not None:
        page.add(Mark(said[0][0], said[-1][0] + 1, "ref", ids=(best.id,)))


_ASKED_OF = tuple(
    key_of(phrase)
    for phrase in (
        *("how long is", "tell me more about", "tell me about", "more about", "who directed", "who made", "who wrote"),
        *("who is in", "who stars in", "when was", "what year is", "what year was", "how old is", "describe", "where is"),
        *("讲什么", "讲的什么", "讲的是什么", "多长", "多久", "谁导演的", "谁演的", "哪年的", "介绍一下", "详细说说"),
    )
)
_FURTHEST_ONE = tuple(
    key_of(phrase)
    for phrase in (
        *("one", "film", "movie", "game", "album", "record", "series", "show", "book", "podcast", "audiobook"),
        *("的那部", "的那个", "的那款", "的那张", "的那本", "的一部", "的一个", "的"),
    )
)
_SIMILAR = tuple(
    key_of(phrase)
    for phrase in (
        *("something similar", "anything similar", "more similar", "similar ones", "others similar", "similar stuff"),
        *("有类似的", "类似的", "来点类似的", "有没有类似的", "差不多的"),
    )
)
_BEHIND_SIMILAR = wordset("but and with without that for please or in from where less more 吗 呢 但")
_FORMS = {
    **dict.fromkeys(("film", "movie", "电影"), "film"),
    **dict.fromkeys(("series", "show", "tvshow", "tvseries", "剧", "电视剧"), "series"),
    **dict.fromkeys(("soundtrack", "score", "ost", "原声", "原声带"), "soundtrack"),
    **dict.fromkeys(("album", "record", "专辑"), "album"),
    **dict.fromkeys(("book", "audiobook", "novel", "书", "有声书", "小说"), "audiobook"),
    **dict.fromkeys(("game", "videogame", "游戏"), "game"),
}
"""What a version in another medium is called → the form, or the genre, that tells it."""
_BEHIND_THAT = wordset("but and too already so a either neither")
_FILLERS = wordset(
    "do you have got also there any can get a an in here version one actually sorry instead about what rather 版 版本 不"
)
_VERSION_LEADS = {
    ("the", "one", "from"),
    ("the", "one", "of"),
    ("one", "from"),
    ("the", "version", "from"),
    ("the", "one", "made", "in"),
}


def _mark_version(page: Page, at: int, ledger: Ledger, items: Mapping[str, Item]) -> int:
    """`the 2011 one`, `1982`, `2011年那部`, `the newer one`: a version of a title that was ambiguous, or of a title shown."""
    words = page.words
    lead = next((n for n in (4, 3, 2) if tuple(words[at : at + n]) in _VERSION_LEADS), 0)
    start = at + (lead or words[at] == "the")
    if start >= len(words) or not words[start].isdecimal() or len(words[start]) != 4:
        return 0
    year, end = int(words[start]), start + 1
    end += words[end : end + 1] == ["年"]
    tail = next((n for n in (2, 1) if _is_version_tail(words[end : end + n], n)), 0)
    options = [i for a in reversed(ledger.ambiguities) for i in a.options]
    bare = start + 1 >= len(words) - 1 and len(words) <= 3
    if not tail and not lead and not (bare and options):
        return 0
    spoken = {items[o.item_id].title for o in ledger.opinions if o.item_id in items} if tail or lead else set()
    twins = [i for i, item in items.items() if item.year == year and item.title in spoken] if spoken else []
    ids = tuple(i for i in dict.fromkeys([*options, *twins, *ledger.last_shown]) if i in items and items[i].year == year)
    if not ids or not page.free(at, end + tail):
        return 0
    page.add(Mark(at, end + tail, "ref", ids=ids[:1]))
    return end + tail


def _is_version_tail(words: Sequence[str], n: int) -> bool:
    if n == 2:
        return list(words) in (["那", "部"], ["的", "那"], ["那", "个"], ["版", "本"], ["这", "部"])
    return len(words) == 1 and words[0] in ("one", "version", "film", "movie", "remake", "original", "版", "的", "adaptation")


def mark_pronouns(page: Page, ledger: Ledger) -> None:
    """Mark pronouns beside a cue of opinion: `seen it`, `I loved that one`, `看过了` after an answer."""
    for cue in page.sorted():
        if not cue.is_cue(*_OPINIONS):
            continue
        span = _pronoun_after(page, cue) or _pronoun_before(page, cue)
        inside = any(word in ("it", "that", "them", "those", "one") for word in page.words[cue.start : cue.end])
        if span is None and (inside or _is_bare(page, cue)) and not _names_beside(page, cue):
            span = (cue.end, cue.end, any(word in ("them", "those", "都") for word in page.words[cue.start : cue.end]))
        if span is not None:
            _add(page, cue, span, ledger)


def mark_persons(page: Page, ledger: Ledger) -> None:
    """Mark who is ruled out by a pronoun: `any not by him?`, `without her`, `不是他的`, of those who were asked for."""
    asked = [c for c in ledger.constraints if (c.field, c.op) == ("people", "in")]
    wished = [wish.value for wish in ledger.wishes if wish.field == "people" and wish.direction == "more" and wish.value]
    names = tuple(str(name) for name in asked[-1].value) if asked and isinstance(asked[-1].value, tuple) else tuple(wished[-1:])
    for at, word in enumerate(page.words if names else ()):
        if word in _PERSONS and page.free(at, at + 1) and _is_ruled_out(page, at):
            page.add(Mark(at, at + 1, "person", names=names))


def _is_ruled_out(page: Page, at: int) -> bool:
    """Whether a pronoun stands behind a negation: right behind it, or as a maker (`nothing else by him`)."""
    led = page.words[at - 1 : at] != [] and page.words[at - 1] in _LEADS
    near = page.within(max(0, at - 5), at) if led else [mark for mark in (page.ending(at),) if mark is not None]
    after = page.words[at + 1 : at + 2]
    best = page.words[at] in ("his", "their") and after != [] and not has_section(page.starting(at + 1), "forms")
    return any(mark.is_cue("negate", "dislike") for mark in near) and not best and after not in (["也"], ["都"])


def _add(page: Page, cue: Mark, span: tuple[int, int, bool], ledger: Ledger) -> None:
    start, end, every = span
    named = [m for m in page.within(0, cue.start) if m.role in ("title", "ref", "missing")]
    if named and named[-1].role == "missing" and not every:
        return  # `I loved Heat, something like it`: the catalog lacks what is meant
    spoken = ledger.focus or ledger.last_shown
    if page.words[start:end] == ["both"] and len(_antecedents(page, cue, every) or spoken) != 2:
        return
    ids = _antecedents(page, cue, every) or (spoken if every and len(spoken) > 1 else ledger.last_shown if every else spoken[:1])
    if ids:
        attitude: Attitude | None = next((a for a, cues in _ATTITUDES if cue.is_cue(*cues)), None)
        page.remove(page.within(start, end))
        page.add(Mark(start, end, "ref", ids=tuple(ids), attitude=attitude))


def _antecedents(page: Page, cue: Mark, every: bool) -> tuple[str, ...]:
    """The works named in this message that a pronoun beside `cue` stands for."""
    before = [m for m in page.within(0, cue.start) if m.role in ("title", "ref")]
    chosen = before if every else before[-1:]
    return tuple(m.ids[0] for m in chosen)


def _pronoun_after(page: Page, cue: Mark) -> tuple[int, int, bool] | None:
    start = cue.end + 2 * (page.words[cue.end : cue.end + 2] in (["any", "of"], ["all", "of"], ["none", "of"]))
    for size in (3, 2, 1):
        words = tuple(page.words[start : start + size])
        if len(words) == size and (page.free(start, start + size) or words == ("both",)):
            if words in _ALL:
                return start, start + size, True
            if words in _ONE and not (words in (("that",), ("this",)) and _goes_on(page, start + 1)):
                return start, start + size, False
    return None


def _goes_on(page: Page, at: int) -> bool:
    """`that kind of …`, `that it is …` points to no work."""
    return at < len(page.words) and page.words[at][0].isalnum() and page.words[at] not in _BEHIND_THAT


def _pronoun_before(page: Page, cue: Mark) -> tuple[int, int, bool] | None:
    end = cue.start
    while end > 0 and page.words[end - 1] in ("i", "ive", "we", "have", "already", "我", "也", "已", "经", "很", "都"):
        if page.words[end - 1] == "都" and page.free(end - 1, end):
            return end - 1, end, True
        end -= 1
    for size in (3, 2, 1):
        words = tuple(page.words[max(0, end - size) : end])
        if len(words) == size and page.free(end - size, end) and (words in _ALL or words in _ONE):
            return end - size, end, words in _ALL
    return None


def _is_bare(page: Page, cue: Mark) -> bool:
    """`already seen`, `看过了`: nothing but the cue and small words."""
    rest = [w for i, w in enumerate(page.words) if not cue.start <= i < cue.end and w[0].isalnum()]
    small = wordset(
        "i ive we have already yes yeah no oh ah ok sorry both too also though but actually 我 了 已 经 过 都 这 个 啊 呢"
    )
    return cue.is_cue("seen", "seen_after") and all(word in small for word in rest)


def _names_beside(page: Page, cue: Mark) -> bool:
    near = page.within(cue.end, cue.end + 4) + page.within(cue.start - 3, cue.start)
    return any(m.role in ("title", "ref", "missing") for m in near)
