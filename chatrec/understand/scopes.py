"""How each thing was meant: ruled out, wished for softly, released, liked, disliked, seen.

One pass from left to right. A cue opens a scope (`no …`, `maybe …`, `loved …`), which reaches to the end of the clause;
lists carry it on (`no horror, gore or romance`), a new noun phrase or `but` ends it (`nothing scary, a comedy`).
"""

from __future__ import annotations

from dataclasses import dataclass

from chatrec.understand.marks import CONTENT, Attitude, Mark, Page, has_section, is_felt, is_less
from chatrec.understand.numbers import cardinal
from chatrec.understand.text import COMMAS, SENTENCE_END, is_han, wordset

MAX_GAP = 6
"""Words between a negation and the number it inverts: `nothing that is much older than 1990`."""
MAX_LIST = 20
"""Things that one cue behind a list is taken to speak of."""
NUMBERS = {"minutes", "year"}
_JOINS = wordset("or and nor / 或 和 与 及 、 也 跟") | {"或者"}
_LIGHT = wordset(
    "any too much very overly really super so that the a an is are way more of 者 太 很 的 那 么 任 何 什 有 带 看 要 于"
)
_BESIDE = wordset("want or nor 或 和")
"""What may stand, beside light words and nouns, between a negation and the age or length that it rules out."""
_PAST = wordset("didnt did havent have hasnt has")
_POINTS = wordset("这 那 种 类 些 个 样 我 你 他 她 们 别 其 他 它")
_ADJECTIVES = wordset("animated historical historic comedic dramatic adventurous political scientific thrilling suspenseful")
_ALREADY = wordset("i we ive have already all every is was one the a movie film something 我 们 都 全 已 经 也 早 就")
_NARROW = wordset("not non too very so overly 不 太")
_BREAKS = wordset("a an some something anything i we im id please lets but it its they my 我 来 给 请 但 只")
_ATTITUDES: tuple[tuple[str, Attitude], ...] = (
    ("dislike", "dislike"),
    ("seen", "seen"),
    ("save", "save"),
    ("unseen", "unseen"),
    ("like", "like"),
)


_BEHIND_REQUEST = wordset("for to tonight today now please 吧")
"""What may follow the noun of a request: `film for tonight`."""
_TELLING = wordset("it its is was are were that this the i he she they you we in of")
_SINGULAR = wordset("film movie flick game album podcast playlist audiobook series show")
"""What a request of few words ends with: `I hate spiders, comedy film`."""
_PREFERRED = wordset("rather sooner prefer preferring preferably")
_BETTER = wordset("好 强 棒 赞 更")
_DEGREES = wordset("a bit little too so very really quite rather pretty incredibly extremely terribly just kind of kinda")
MAX_DEGREES = 4
"""Words of degree between a name and what it was found to be."""
_BAD = wordset("boring dull tedious overrated awful terrible bad disappointing slow bland tiresome annoying unbearable unfunny")
_RELATIVE = (["s"], ["is"], ["isnt"], ["are"], ["arent"], ["not"])
"""What `that` is followed by where it describes the work again: `about true crime that is not too gory`."""


@dataclass(slots=True)
class _State:
    negated: bool = False
    soft: bool = False
    released: bool = False
    about: bool = False
    attitude: Attitude | None = None
    attitude_at: int = -9
    opened: int = -9
    """Token where the negation's cue ends."""
    first: Mark | None = None
    """The first thing that was negated."""
    pending: int = -1
    """End of a comma or `and` after which the negation is in doubt."""
    clause: int = 0
    clause_at: int = 0
    """Where the clause starts."""
    narrow: bool = False
    """The negation reaches one word only: `not too scary sci-fi`, `不恐怖的科幻片`."""
    weary: bool = False
    """`not another …`: a work so named was seen, a kind of works is ruled out."""
    named: bool = False
    """A name was met since the opinion was opened."""

    def reset(self, at: int) -> None:
        clause = self.clause + 1
        self.__init__(clause=clause, clause_at=at)  # type: ignore[misc]

    def end_negation(self) -> None:
        self.negated, self.first, self.pending = False, None, -1


def interpret(page: Page) -> None:
    """Fill in how each mark was meant."""
    state = _State()
    marks = page.sorted()
    starts = {m.start: m for m in marks if m.start < m.end}
    at = 0
    while at < len(page.words):
        mark = starts.get(at)
        if mark is not None:
            _meet(page, state, mark)
            at = max(mark.end, at + 1)
        else:
            _pass_word(page, state, at)
            at += 1
    _look_back(page, marks)


def _pass_word(page: Page, state: _State, at: int) -> None:
    word = page.words[at]
    if word in SENTENCE_END:
        state.reset(at + 1)
    elif word in COMMAS:
        state.soft = state.released = state.about = False
        state.pending = at + 1 if state.negated else -1
        if state.attitude in ("like", "dislike", "seen") and _asks_behind(page, at + 1, state):
            state.end_negation()
            state.attitude = None
    elif word == "、" and state.negated:
        state.pending = -1
    elif word in _JOINS and state.negated and state.first is not None:
        state.pending = at + 1
    elif state.negated and state.pending >= 0 and word in _BREAKS:
        state.end_negation()
    elif word in ("(", ")", ":") or (word in ("that", "which", "thats") and page.words[at + 1 : at + 2] in _RELATIVE):
        state.about = False
    elif (word in ("than", "to") and _turns_from(page, state, at)) or (word == "比" and _is_worse(page, at + 1)):
        state.attitude = None
        state.negated, state.opened, state.first, state.pending = True, at + 1, None, -1
    elif word == "over" and has_section(page.starting(at + 1), "forms", "genres"):
        state.negated, state.opened, state.first, state.pending = True, at + 1, None, -1
    if word == "的":
        if state.negated and state.first is None and _is_described(page, state.opened, at):
            state.end_negation()  # `不要老套的喜剧` wants a comedy
        if not (state.negated and page.words[at + 1 : at + 2] and page.words[at + 1] in _JOINS):  # `不要恐怖的和血腥的`
            _end_relative_clause(state)


def _turns_from(page: Page, state: _State, at: int) -> bool:
    """`I'd rather have a comedy than a drama`, `prefer jazz to rock`; but `prefer music to relax`."""
    clause = page.words[state.clause_at : at]
    first, second = page.ending(at), page.starting(at + 1)
    if _PREFERRED.isdisjoint(clause) or has_section(first, "critiques", "critiques_mood", "comparative"):
        return False  # `I'd rather something older than Alien`
    if page.words[at] == "than" or "prefer" not in clause or first is None or second is None:
        return page.words[at] == "than"
    return _section(first) == _section(second) != ""


def _is_worse(page: Page, start: int) -> bool:
    """`喜剧比剧情片好`: what stands behind `比` is not wanted; but `比剧情片轻松的` only compares with it."""
    mark = page.starting(start)
    return mark is not None and any(map(mark.has, CONTENT)) and not _BETTER.isdisjoint(page.words[mark.end : mark.end + 1])


def _is_described(page: Page, start: int, end: int) -> bool:
    """Whether words that nothing else knows stand between a negation and `的`."""
    return any(not page.taken(at) and page.words[at] not in _LIGHT and page.words[at] not in _POINTS for at in range(start, end))


def _end_relative_clause(state: _State) -> None:
    """What follows `像X一样的`, `不恐怖的` is the noun that is asked for."""
    state.about = False
    if state.first is not None:
        state.end_negation()
    if state.named and state.attitude in ("like", "seen"):
        state.attitude, state.named = None, False


def _meet(page: Page, state: _State, mark: Mark) -> None:
    if mark.has("cues"):
        _meet_cue(page, state, mark)
    if mark.role == "words" and not any(mark.has(section) for section in CONTENT):
        mark.clause = state.clause
        mark.released = state.released and not mark.has("cues")  # `it doesn't have to be new`
        near = state.opened >= mark.start - 1 or page.words[state.opened : mark.start] in (["want"], ["want", "the"])
        mark.negated = (
            state.negated and (near or _is_of_ruled_out(page, state, mark)) and page.words[mark.start - 1] not in COMMAS
        )
        if mark.negated and state.first is None and is_never(page, mark):
            state.opened = mark.end  # `I don't want to watch anything scary`
        return
    if state.negated and state.pending >= 0:
        _settle_pending(page, state, mark)
    elif state.negated and state.first is not None and state.narrow and not is_han(page.words[mark.start]):
        state.end_negation()
    elif state.negated and state.first is not None and mark.role == "words" and _family(mark) == "content":
        _meet_head(page, state, mark)
    _apply(page, state, mark)
    state.named = state.named or mark.role in ("title", "missing", "person", "ref")


def _is_of_ruled_out(page: Page, state: _State, mark: Mark) -> bool:
    """Whether an age or length is that of what is ruled out: `I don't want any very old films`, `don't show me anything old`."""
    between = range(state.opened, mark.start)
    return mark.has("vague") and all(
        page.words[at] in _LIGHT
        or page.words[at] in _BESIDE
        or has_section(page.over[at], "forms", "vague")
        or ((over := page.over[at]) is not None and over.is_cue("want"))
        for at in between
    )


def _meet_head(page: Page, state: _State, mark: Mark) -> None:
    """The noun behind a forbidden adjective: `not too scary sci-fi` wants it, `no gory shooters` leaves it open."""
    first = state.first
    if first is None or page.words[first.end : mark.start] or not first.has("moods") or is_han(page.words[mark.start]):
        return
    if mark.has("genres"):
        mark.used = True


def _meet_cue(page: Page, state: _State, mark: Mark) -> None:
    state.weary = mark.is_cue("negate") and mark.is_cue("seen")
    near_negation = state.negated and state.first is None and mark.start - state.opened <= 2
    near_negation = near_negation and COMMAS.isdisjoint(page.words[state.opened : mark.start])
    if near_negation and mark.start == state.opened and mark.is_cue("want", "unseen") and _wants_to(page, mark):
        state.opened = mark.end  # `I don't want to listen to anything sad`, `I don't want to see anything sad`
        return
    _open_attitude(page, state, mark, near_negation)
    if mark.is_cue("positive"):
        state.end_negation()
    elif mark.is_cue("negate", "dislike"):
        state.negated, state.opened, state.first, state.pending = True, mark.end, None, -1
        state.narrow = all(word in _NARROW for word in page.words[mark.start : mark.end])
        state.soft = state.soft and mark.is_cue("soft")
    elif state.negated and _lists_more(page, mark):
        state.pending, state.narrow = -1, False
    elif mark.is_cue("want") and not near_negation:
        state.end_negation()
        state.released = state.about = False
        if not mark.is_cue("like") and (not mark.is_cue("soft") or mark.end - mark.start > 1):
            state.attitude = None
    if mark.is_cue("like_after") and not mark.is_cue("like") and state.named:
        state.attitude, state.named = None, False
    if mark.is_cue("release") and not mark.is_cue("want"):
        state.released, state.negated = True, False
    if mark.is_cue("soft"):
        state.soft = True
        if state.negated and not mark.is_cue("negate") and mark.start > state.opened:
            state.end_negation()
    if mark.is_cue("about") and not mark.has("genres"):
        state.about = True
    joins = mark.is_cue("and", "or") and state.first is not None
    joins = joins and page.words[mark.start - 1] not in ("anything", "everything")  # `not The Shining or anything with aliens`
    if state.negated and (joins or (page.words[mark.start] == "and" and mark.start > state.opened)):
        state.pending = mark.end  # `no combat and a good story`


def is_never(page: Page, verb: Mark) -> bool:
    """`never watch`, `don't want to play`; but not `didn't watch`."""
    cue = page.ending(verb.start)
    if not verb.has("verbs") or cue is None:
        return False
    return (cue.is_cue("negate") and page.words[cue.start] not in _PAST) or (cue.is_cue("want") and cue.negated)


def _wants_to(page: Page, mark: Mark) -> bool:
    """`want to`, `want to see`, `would like to`, `wanna`, `feel like`."""
    said = page.words[mark.start : mark.end]
    return said[-1] in ("to", "wanna", "like") or said[:2] == ["want", "to"]


def _lists_more(page: Page, mark: Mark) -> bool:
    """`musicals or anything with dogs`, `horror or anything scary`: one more of what was named before."""
    before, after = page.words[max(0, mark.start - 1) : mark.start], page.words[mark.end : mark.end + 1]
    some, *rest = page.words[mark.start : mark.end]
    listed = some in ("anything", "everything") and before in (["and"], ["or"], ["nor"])
    described = has_section(page.starting(mark.end), "moods", "genres", "styles")
    return listed and (described or (rest or after) in (["with"], ["about"], ["involving"], ["featuring"]))


def _open_attitude(page: Page, state: _State, mark: Mark, near_negation: bool) -> None:
    attitude: Attitude | None = next((a for cue, a in _ATTITUDES if mark.is_cue(cue)), None)
    if attitude is None or (attitude == "like" and mark.is_cue("want", "soft") and near_negation):
        return
    lessened = page.words[mark.start] == "like" and is_less(page, mark.start)
    if attitude == "like" and (near_negation or lessened):  # `not like Friends`, `less like Friends`
        attitude = "dislike"
        state.opened = mark.end
    elif near_negation and attitude == "seen":
        attitude = "unseen"
        state.end_negation()
    elif attitude in ("like", "seen", "save", "unseen"):
        state.end_negation()
    state.attitude, state.attitude_at, state.named = attitude, mark.end, False
    state.released = False


def _settle_pending(page: Page, state: _State, mark: Mark) -> None:
    """Whether a negation reaches over a comma or an `and` to this mark."""
    between = page.words[state.pending : mark.start]
    adjacent = all(word in _LIGHT or word in _JOINS for word in between)
    comma = page.words[state.pending - 1] in COMMAS
    joined = any(word in _JOINS for word in between)
    same = state.first is not None and _family(state.first) == _family(mark)
    same = same or (not comma and has_section(state.first, "forms"))  # `no old films or horror`
    noun = mark.has("genres") and page.words[mark.end - 1] not in _ADJECTIVES
    listed = joined or (same and (noun or mark.role == "person" or _list_goes_on(page, mark.end)))
    if (adjacent and same and (not comma or listed)) or _ends_list_of_fears(page, state, mark):
        state.pending = -1
    else:
        state.end_negation()


def _ends_list_of_fears(page: Page, state: _State, mark: Mark) -> bool:
    """`scared of spiders, snakes and clowns`, where nothing knows the spiders and the snakes."""
    cue = page.ending(state.attitude_at)
    listed = page.words[state.opened : mark.start]
    joined = state.first is None and 2 <= len(listed) <= MAX_GAP and listed[-1] in _JOINS
    loose = _BREAKS.isdisjoint(listed) and all(mark.is_cue("and", "or") for mark in page.within(state.opened, mark.start))
    return joined and loose and cue is not None and is_felt(page, cue)


def _list_goes_on(page: Page, at: int) -> bool:
    """Whether an `or` follows before the clause ends: `nothing sad, dark or violent`."""
    for word in page.words[at : at + 8]:
        if word in SENTENCE_END or word == "but":
            return False
        if word in ("or", "nor", "或"):
            return True
    return False


def _section(mark: Mark) -> str:
    return next((section for section in CONTENT if mark.has(section)), "")


def _family(mark: Mark) -> str:
    if mark.role != "words":
        return mark.role
    section = _section(mark)
    if section in ("languages", "countries"):
        return "origin"
    return "content" if section in ("genres", "styles", "moods", "themes", "catalog", "tags") else section


def _asks_anew(page: Page, start: int) -> bool:
    """`I saw Alien, now a western`: what an article opens behind a comma or `now` is not what was seen."""
    before = page.words[max(0, start - 2) : start]
    return (
        len(before) == 2
        and before[1] in ("a", "an", "some", "any")
        and (before[0] in COMMAS or before[0] in ("now", "so", "then"))
    )


def _asks_behind(page: Page, start: int, state: _State) -> bool:
    """`I'm sick of superheroes, film please`, `I hate horror, comedy please`: what asks behind a comma was not judged."""
    end = next((at for at in range(start, len(page.words)) if page.words[at] in SENTENCE_END | COMMAS), len(page.words))
    noun = page.starting(start)
    cue = page.ending(state.attitude_at)
    feared = cue is not None and is_felt(page, cue)  # `我女儿怕怪物，动画片`
    bare = (
        noun is not None
        and (noun.has("forms") or (feared and noun.has("genres")))
        and (noun.end == end or page.words[noun.end] in _BEHIND_REQUEST)
    )
    bare = bare and not (end < len(page.words) and page.words[end] in COMMAS)
    one = (
        state.attitude == "dislike" and page.words[end - 1] in _SINGULAR and (_JOINS | _TELLING).isdisjoint(page.words[start:end])
    )
    one = one or (state.attitude == "seen" and state.named and _is_described_only(page, start, end))
    asks = page.words[end : end + 1] != ["?"] and (bare or one or page.words[end - 1] == "please")
    return asks or (state.attitude == "dislike" and _opens_request(page, start, end, state.attitude_at, feared=feared))


def _is_described_only(page: Page, start: int, end: int) -> bool:
    """`I've seen Se7en, crime films`: what opens with a word for works, and names none, is no further work that was seen."""
    first = page.starting(start)
    named = any(mark.role in ("title", "missing", "person", "ref") for mark in page.within(start, end))
    return first is not None and first.role == "words" and any(map(first.has, CONTENT)) and not first.has("cues") and not named


def _opens_request(page: Page, start: int, end: int, object_at: int, *, feared: bool) -> bool:
    """`scared of clowns, two films`, `I hate spiders, a film with dogs`: a form behind the comma, that no list leads up to.

    No form is ever feared; what is hated goes on to another one, unless an article or a number is new there.
    """
    form = next((mark for mark in page.within(start, end) if has_section(mark, "forms") or mark.has("inner")), None)
    if form is None:
        return False
    fresh = _is_one_more(page.words, start) and not _is_one_more(page.words, object_at)
    return (feared or fresh) and (_JOINS - {"/"}).isdisjoint(page.words[start : form.start])


def _is_one_more(words: list[str], at: int) -> bool:
    return at < len(words) and (words[at] in ("a", "an", "some") or cardinal(words, at) is not None)


def _apply(page: Page, state: _State, mark: Mark) -> None:
    if state.attitude == "seen" and mark.role == "words" and _asks_anew(page, mark.start):
        state.attitude = None
    mark.clause, mark.soft, mark.about = state.clause, state.soft, state.about
    mark.released = state.released
    mark.attitude = None if state.weary and mark.role in ("words", "person") else state.attitude
    if mark.role == "ref" and mark.attitude is None and page.words[max(0, mark.start - 1) : mark.start] == ["keep"]:
        mark.attitude = "save"
    if mark.role in NUMBERS:
        mark.negated = state.negated and state.first is None and mark.start - state.opened <= MAX_GAP
        state.first = mark if mark.negated else state.first
        return
    if mark.role in ("count", "age"):
        mark.negated = False
        return
    if mark.has("forms") and state.negated:
        if state.first is None and _is_old_or_long(page, mark):
            state.first = mark
        listed = state.first is not None and state.first.has("forms") and state.first.negated  # `no games or films`
        if (state.first is not None and not listed) or _is_qualified(page, mark):
            return
    mark.negated = state.negated and mark.attitude not in ("seen", "unseen")
    if state.negated and state.first is None:
        state.first = mark


def _is_old_or_long(page: Page, noun: Mark) -> bool:
    """`no old films`, `不要老的电影`: the age or length is ruled out, not the form; `not old series but films` wants films."""
    before = page.ending(noun.start) or page.ending(noun.start - (page.words[noun.start - 1] == "的"))
    contrasted = page.words[noun.end : noun.end + 1] == ["but"] and has_section(page.starting(noun.end + 1), "forms")
    return before is not None and before.has("vague") and before.negated and not contrasted


def _is_qualified(page: Page, noun: Mark) -> bool:
    """`no films longer than …`, `no films by …`, `no films that are old`: what is ruled out is said behind the noun."""
    following = page.starting(noun.end)
    if following is not None:
        return following.role in (*NUMBERS, "person") or following.is_cue("by", "about", "like")
    at = next((at for at in range(noun.end, len(page.words)) if page.words[at] not in _LIGHT or page.taken(at)), noun.end)
    return at > noun.end and has_section(page.starting(at), "vague", "critiques")


def _look_back(page: Page, marks: list[Mark]) -> None:
    """Cues that follow what they speak of: `… was great`, `… is fine`, `… isn't my thing`."""
    for i, cue in enumerate(marks):
        if cue.is_cue("negate") and _closes_clause(page, cue):
            for target in _before(page, marks, i):
                target.negated, target.attitude = True, "dislike" if target.role == "title" else target.attitude
        if not cue.has("cues") or (cue.is_cue("like", "dislike", "seen", "save") and _has_argument(page, cue)):
            continue
        for target in _before(page, marks, i):
            _judge(target, cue)
    for mark in marks:
        if mark.role in ("title", "missing", "ref") and _is_found_bad(page, mark):
            mark.attitude, mark.negated = "dislike", True


def _is_found_bad(page: Page, named: Mark) -> bool:
    """`I found Titanic boring`, `found Dune a bit too slow`."""
    end = named.end
    while end < min(len(page.words), named.end + MAX_DEGREES) and page.words[end] in _DEGREES:
        end += 1
    found = page.words[max(0, named.start - 1) : named.start] == ["found"]
    noun = has_section(page.starting(end + 1), "forms", "genres")  # `found Titanic, boring films …` says nothing of it
    return found and end < len(page.words) and page.words[end] in _BAD and not noun


def _closes_clause(page: Page, cue: Mark) -> bool:
    """`周杰伦不要，…`: what is ruled out was said before."""
    rest = page.words[cue.end : cue.end + 2]
    rest = rest[1:] if rest[:1] in (["了"], ["吧"], ["啦"]) else rest
    return is_han(page.words[cue.start]) and (not rest or rest[0] in COMMAS or rest[0] in SENTENCE_END)


def _has_argument(page: Page, cue: Mark) -> bool:
    """`I hated Alien, I loved Up`: an opinion that is followed by its object says nothing of what stands before it."""
    after = page.within(cue.end, cue.end + 3)
    return any(m.start >= cue.end and (m.role != "words" or any(m.has(s) for s in CONTENT)) for m in after)


def _judge(target: Mark, cue: Mark) -> None:
    named = target.role in ("title", "person", "missing", "ref")
    if named and cue.is_cue("dislike_after"):
        target.attitude, target.negated = "dislike", True
    elif named and cue.is_cue("seen_after") and target.attitude is None:
        target.attitude = "seen"
    elif named and cue.is_cue("save_after"):
        target.attitude, target.negated = "save", False
    elif named and cue.is_cue("like_after") and target.attitude != "dislike":
        target.attitude, target.negated = "like", False
    elif named and cue.is_cue("negate_after"):
        target.negated = True
    elif any(map(target.has, (*CONTENT, "fields", "critiques"))) and cue.is_cue("negate_after", "dislike_after"):
        target.negated, target.released = True, False
    if cue.is_cue("release_after") and not named and not target.negated:
        target.released, target.negated = True, False


def _before(page: Page, marks: list[Mark], i: int) -> list[Mark]:
    """The marks listed right before mark `i`."""
    found: list[Mark] = []
    edge = marks[i].start
    for mark in reversed(marks[max(0, i - MAX_LIST) : i]):
        gap = page.words[mark.end : edge]
        if edge == marks[i].start and gap[-1:] == ["ones"]:
            gap = gap[:-1]  # `old ones are fine`
        if marks[i].is_cue("seen", "seen_after"):
            gap = [word for word in gap if word not in _ALREADY]
        if (
            any(word not in _JOINS and word not in COMMAS and word not in _LIGHT and word != "both" for word in gap)
            or len(gap) > 2
        ):
            break
        if mark.is_cue("and", "or") or page.words[mark.start : mark.end] == ["也"]:  # `恐怖片也不要`
            edge = mark.start
            continue
        content = mark.role != "words" or any(mark.has(s) for s in (*CONTENT, "fields", "critiques", "vague"))
        if not content:
            break
        if found and mark.has("vague") and found[-1].has("forms"):
            return [*found[:-1], mark]  # `old films are fine`
        if found and (mark.has("forms") or found[-1].has("forms")) and mark.role != "person":
            break
        found.append(mark)
        edge = mark.start
    return found
