"""The rest: wishes in free words (`about lighthouses`, `a mind-bending thriller`), and wishes nothing here can act on."""

from __future__ import annotations

from chatrec.types import Ledger
from chatrec.understand.draft import Draft
from chatrec.understand.kinds import Asked
from chatrec.understand.lexicon import Entry
from chatrec.understand.marks import CONTENT, Mark, Page, has_section, is_felt, match_any, tells_aversion
from chatrec.understand.numbers import cardinal
from chatrec.understand.talk import good_one
from chatrec.understand.text import SENTENCE_END, is_han, key_of, wordset

MAX_WISH_WORDS = 6
MAX_HAN_THEME = 7
"""Characters of a Chinese theme that are tried."""
MAX_HAN_FEARED = 4
STOP = wordset(
    "similar create make making add put playlist fav favorite favourite learn few bunch couple quality type types ones pick "
    "choose first wants wanted "
    "a an the of and or to in on at for with by from is are was were be been it its that this these those i im ive me my we "
    "our us you your he she they them his her their as so very really quite too just also some any all more most much many "
    "lot lots kind sort type please thanks thank hi hello hey ok okay yes yeah no not do does did can could would should "
    "will have has had want need like something anything someone good great nice best cool decent solid other another else "
    "same new one ones thing things stuff recommend suggest recommendation recommendations suggestions give show find tell "
    "looking look get got let lets know think maybe about if but then than there here what which who when where why how now "
    "today tonight tomorrow time again mood people feel less fewer enough every ever each "
    "wait max maximum watches listens st nd rd th "
)
_OPENERS = wordset("something anything some a an really very more any")
_ENDERS = wordset("where that which who when while because so if but and or i you we for please , . ! ? ;")
COMPANY = wordset(
    "mum mam nan granny grandpa aunt uncle cousin roommate flatmate nephew niece "
    "friend friends wife husband girlfriend boyfriend partner date mom dad mother father parents brother sister grandma group "
    "family colleague colleagues beer beers boys lads mates girls guys wine popcorn glass cup blanket crowd few people"
)
_THEIRS = wordset("my our your his her their the me us him them you it this that these those")
_HIM = wordset("him hers theirs himself herself")
_ABLE = (
    *([who, "can"] for who in ("i", "you", "we")),
    *([who, "get", "to"] for who in ("i", "you", "we")),
)
_CLAUSE_END = wordset(", . ! ? ; : but because so if please")
_NO_CLAUSE = wordset(
    "i you we they he she it my your our his her their the this these those is are was were s has have for with from by and or "
    "to like in on at of as than about would could should can will may might do does did there when while after before over "
    "under around per thanks ever"
)
"""Words behind a noun that open something else than a description of it."""
_SUBJECTS = wordset("i you he she it we they that this there who what when where why how did does is are")
_HAN_SUBJECTS = wordset("我 你 他 她 它 这 那 咱")
_HAN_CLAUSE = wordset("不 没 太 会 我 你 他 她 看 听 玩 了 是 有")
_HAN_END = wordset("的 ， 。 ！ ？ , . ! ? 电 影 片 剧 游 戏")
_PARTS = {("season",), ("seasons",), ("episode",), ("episodes",), ("季",), ("集",)}
_PRAISE = wordset("good great nice amazing awesome beautiful cool excellent fantastic catchy decent really very superb wonderful")
_ARTICLES = wordset("a an some the")
_HAN_DEGREES = wordset("很 要 挺 也 最 更 非 常 特 别 比 较")
_HAN_PRAISE = tuple(map(key_of, ("好听", "好听的", "好", "好的", "不错", "不错的", "棒", "棒的", "优美", "动听")))
_SCORE = wordset("rated rating ratings score scored scores stars star imdb")
_OVER = wordset("above over at least of higher than better more or around 8 9 7 10")


def mark_unsupported(page: Page) -> None:
    """Let the marks of unsupported wishes cover what belongs to them: `with subtitles in Dutch`, `rated above 8`."""
    for mark in page.sorted():
        if mark.has("unsupported", "subtitles"):
            _absorb_language(page, mark)
        elif mark.has("unsupported", "score"):
            _absorb_points(page, mark)
        elif mark.has("unsupported", "tempo"):
            start = mark.start
            while start > 0 and page.words[start - 1].isdecimal():
                start -= 1
            page.extend(mark, start, mark.end)
    at = 0
    while at < len(page.words):
        if page.words[at] in _SCORE or page.words[at] == "$":
            at = _mark_score(page, at)
        at += 1


def mark_aspects(page: Page, ledger: Ledger) -> None:
    """Of a game or a film `with good music`, `音乐好听`: how good a part is, no catalog records; no music is asked for."""
    for noun in page.sorted():
        if not (noun.has("forms", "music") or noun.has("genres", "soundtrack")):
            continue
        span = _praised(page, noun)
        others = {e.data["kind"] for m in page.marks for e in m.entries if e.section in ("forms", "inner")} - {"audio"}
        if span is not None and (others or (ledger.kinds and "audio" not in ledger.kinds)):
            page.remove([mark for mark in page.within(*span) if mark is not noun])
            page.extend(noun, *span)
            noun.entries = (Entry("unsupported", "music", {}),)


def _praised(page: Page, noun: Mark) -> tuple[int, int] | None:
    """`with a really good soundtrack`, `the music should be good`, `配乐很好听的`."""
    words = page.words
    start = noun.start
    while start > 0 and words[start - 1] in _PRAISE | _ARTICLES:
        start -= 1
    if start < noun.start and words[start - 1 : start] == ["with"] and not _PRAISE.isdisjoint(words[start : noun.start]):
        return start, noun.end
    end = noun.end
    while end < len(words) and words[end] in _HAN_DEGREES:
        end += 1
    end += match_any(words, end, _HAN_PRAISE) - end
    return (noun.start, end) if end > noun.end and words[end - 1] not in _HAN_DEGREES else None


def _absorb_language(page: Page, mark: Mark) -> None:
    gone = [m for m in page.within(mark.start - 1, mark.end + 2) if m.has("languages")]
    for language in gone:
        if language.start > mark.start and page.words[mark.end : language.start] not in (["in"], []):
            continue
        page.extend(mark, min(mark.start, language.start), max(mark.end, language.end))
    if mark.start > 0 and page.words[mark.start - 1] == "with":
        page.extend(mark, mark.start - 1, mark.end)


def _absorb_points(page: Page, mark: Mark) -> None:
    """`豆瓣8分以上`."""
    number = cardinal(page.words, mark.end) if mark.end < len(page.words) else None
    if number is not None and page.words[number[1] : number[1] + 1] == ["分"]:
        end = number[1] + (3 if page.words[number[1] + 1 : number[1] + 3] == ["以", "上"] else 1)
        page.extend(mark, mark.start, end)


def mark_parts(page: Page) -> None:
    """Let the marks of seasons and episodes cover how many are asked for, which no catalog tells."""
    for mark in page.sorted():
        if tuple(page.words[mark.start : mark.end]) in _PARTS:
            _absorb_count(page, mark)


def _absorb_count(page: Page, part: Mark) -> None:
    """`two seasons`, `10 episodes`, `三季`: how many parts there are; but `每集40分钟` says how long they are."""
    start = next((at for at in range(max(0, part.start - 3), part.start) if _counts(page, at, part.start)), part.start)
    following = page.starting(part.end)
    if start == part.start or (following is not None and following.role == "minutes"):
        return
    page.extend(part, start, part.end)
    part.entries = (*part.entries, Entry("unsupported", "episodes", {}))


def _counts(page: Page, at: int, end: int) -> bool:
    number = cardinal(page.words, at)
    return number is not None and number[1] == end and page.free(at, end)


def _mark_score(page: Page, at: int) -> int:
    """`rated above 8`, `a 9+ rating`: a score and its points; where they end."""
    start, end = at, at + 1
    while end < len(page.words) and end - at < 5 and (page.words[end] in _OVER or cardinal(page.words, end)):
        end += 1
    while start > 0 and (page.words[start - 1] in ("+", "/") or page.words[start - 1].isdecimal()):
        start -= 1
    if not any(cardinal(page.words, i) for i in range(start, end) if i != at):
        return at
    page.remove([m for m in page.within(start, end) if m.start >= start and m.end <= end and m.role in ("words", "count")])
    if page.free(start, end):
        page.add(Mark(start, end, "words", entries=(Entry("unsupported", "score", {}),)))
    return end


def _forbid_part(draft: Draft, mark: Mark) -> None:
    """`no drums`: ruled out where the catalog tells of it."""
    said = _typed(draft.page, mark)
    tags = draft.words.spelled("tags", (said.casefold(),))
    if tags:
        draft.constrain("tags", "not_in", tags, said=said)
    else:
        draft.unsupported.append(said)


def read_free(draft: Draft, asked: Asked) -> None:
    """Add wishes in free words, and what is unsupported."""
    page = draft.page
    for mark in page.sorted():
        if mark.has("unsupported", "subtitles") and (mark.negated or mark.released):
            continue
        if (
            mark.has("unsupported")
            and not mark.has("catalog")
            and not mark.has("tags")
            and mark.attitude not in ("seen", "unseen")
        ):
            draft.unsupported.append(_typed(page, mark))
        elif mark.negated and not mark.about and {e.section for e in mark.entries} == {"words"}:
            _forbid_part(draft, mark)
        if mark.about is False and mark.is_cue("about") and not mark.used:
            _wish_about(draft, mark)
        elif page.words[mark.end - 1] == "with" and (mark.end - mark.start == 1 or mark.is_cue("want")):
            _wish_with(draft, mark)
        elif _goes_on_with(page, mark):
            _wish_with(draft, mark, less=False)
    if draft.ledger.last_shown and (praise := good_one(page)):
        draft.unsupported.append(praise)
    _wish_attributes(draft)
    _wish_clauses(draft)
    _wish_han_themes(draft)
    _forbid_names(draft)


def describes_works(page: Page, *, titles: bool = True) -> bool:
    """Whether any word may describe what is wanted: one that is of no list, or names a content, and is not ruled out.

    Args:
        page: the message.
        titles: whether names and words that no list has count.
    """
    for at, word in enumerate(page.words):
        mark = page.over[at]
        named = titles and mark is not None and mark.role in ("person", "title")
        told = mark is not None and (named or any(mark.has(s) for s in CONTENT if s != "forms"))
        loose = titles and word[0].isalnum() and word not in STOP
        content = loose if mark is None else told and not mark.negated
        ruled_out = mark is None and any(_is_negated(page, start) for start in range(max(0, at - 2), at + 1))
        if content and not ruled_out:
            return True
    return False


def _wish_han_themes(draft: Draft) -> None:
    """`钓鱼游戏`, `国际象棋的剧集`, `潜艇题材`: a theme right before the noun; Chinese has no spaces that would set it off."""
    page = draft.page
    for noun in page.sorted():
        if not (noun.has("forms") or page.words[noun.start : noun.end] in (["题", "材"], ["主", "题"])):
            continue
        end = noun.start - (page.words[noun.start - 1 : noun.start] == ["的"])
        for start in range(max(0, end - MAX_HAN_THEME), end - 1):
            theme = draft.words.theme(["".join(page.words[start:end])]) if is_han(page.words[start]) else None
            if theme is not None and page.free(start, end):
                draft.wish(theme, "themes", theme, less=_is_negated(page, start))
                break


def _forbid_names(draft: Draft) -> None:
    """`不要哈利波特的奇幻片`: the words behind a Chinese negation, if works have them in their titles; and what is feared."""
    page = draft.page
    for cue in page.sorted():
        end = cue.end
        while end < len(page.words) and not page.taken(end) and is_han(page.words[end]) and page.words[end] not in _HAN_END:
            end += 1
        named = cue.is_cue("negate") and end - cue.end > 1 and bool(draft.names.holding(page.words[cue.end : end]))
        if named or _is_feared(page, cue, end):
            draft.forbid(page.text.said(cue.end, end), said=page.text.said(cue.end, end))


def _is_feared(page: Page, cue: Mark, end: int) -> bool:
    """`我怕蟑螂，…`: a thing right behind the cue; but `我怕看不懂`."""
    said = page.words[cue.end : end]
    feared = cue.is_cue("dislike") and is_felt(page, cue)
    return feared and cue.start > 0 and 0 < len(said) <= MAX_HAN_FEARED and _HAN_CLAUSE.isdisjoint(said)


def _wish_clauses(draft: Draft) -> None:
    """What is said behind the noun and understood by nothing else: `films shot in one take`, `albums that tell a story`."""
    page = draft.page
    for noun in page.sorted():
        if not noun.has("forms") or noun.negated or noun.about or noun.attitude is not None:
            continue
        start = noun.end + (page.words[noun.end : noun.end + 1] in (["that"], ["which"], ["where"]))
        end = start
        while end < len(page.words) and page.words[end] not in _CLAUSE_END:
            end += 1
        opened = start < end and page.words[start] not in _NO_CLAUSE
        if opened and end - start <= MAX_WISH_WORDS and page.free(start, end) and not is_han(page.words[start]):
            _wish_words(draft, start, end, less=False)


def _typed(page: Page, mark: Mark) -> str:
    start = mark.start
    if start > 0 and page.words[start - 1] in ("with", "on", "in", "for"):
        start -= 1
    return page.text.said(start, mark.end)


def _wish_about(draft: Draft, cue: Mark) -> None:
    """The words after `about …`, unless a theme of the catalog was found in them."""
    page = draft.page
    start = cue.end
    while start < len(page.words) and page.words[start] in ("a", "an", "the", "some"):
        start += 1
    if page.words[cue.end - 1] == "where":  # `where i can build stuff`
        able = 2 * (page.words[start : start + 2] in _ABLE) or 3 * (page.words[start : start + 3] in _ABLE)
        start += able or (page.words[start : start + 1] in (["you"], ["i"], ["we"]))
    end = start
    limit = 14 if start < len(page.words) and is_han(page.words[start]) else MAX_WISH_WORDS
    while end < len(page.words) and end - start < limit and page.words[end] not in _ENDERS and page.words[end] not in _HAN_END:
        blocked = page.starting(end)
        noun = blocked is not None and blocked.has("forms") and not blocked.about
        if blocked is not None and (blocked.role in ("year", "minutes", "title") or noun or blocked.has("cues")):
            break
        end += 1
    known = any(_is_content(m) for m in page.within(start, end) if not (m.has("forms") and m.about))
    if end > start and not known:
        _wish_words(draft, start, end, less=cue.negated)


def _goes_on_with(page: Page, mark: Mark) -> bool:
    """The `and` of `with no romance and a female lead`: what follows is to be there, whatever is not to be."""
    lead = page.words[max(0, mark.start - MAX_WISH_WORDS - 1) : mark.start]
    joins = page.words[mark.start : mark.end] == ["and"] and page.words[mark.end : mark.end + 1] in (["a"], ["an"])
    return joins and "with" in lead and SENTENCE_END.isdisjoint(lead)


def _wish_with(draft: Draft, cue: Mark, *, less: bool | None = None) -> None:
    """`with a strong female lead`: what a work should have, unless a better reader knew the words or it is company."""
    page = draft.page
    start = cue.end + (page.words[cue.end : cue.end + 1] in (["a"], ["an"], ["lots"], ["some"]))
    if page.words[start : start + 1] in (["less"], ["fewer"]):
        start, less = start + 1, not cue.negated
    if page.words[start : start + 1] and page.words[start] in _THEIRS:
        return
    end = start
    while end < len(page.words) and end - start < MAX_WISH_WORDS and page.words[end] not in _ENDERS and _is_open(page, end):
        end += 1
    end -= 2 * (page.words[max(start, end - 2) : end] in (["in", "it"], ["in", "them"]))
    if not any((mark := page.over[at]) is None or mark.has("words") for at in range(start, end)):
        return
    if end > start and not any(word in COMPANY for word in page.words[start:end]):
        _wish_words(draft, start, end, less=cue.negated if less is None else less)


def _is_open(page: Page, at: int) -> bool:
    """Whether a word may be part of a wish in free words: nothing but a theme is known of it."""
    mark = page.over[at]
    return mark is None or mark.is_only("themes", "catalog", "words")


def _is_content(mark: Mark) -> bool:
    return any(
        mark.has(s)
        for s in ("genres", "themes", "catalog", "companies", "tags", "languages", "countries", "styles", "unsupported", "ages")
    ) or mark.role in ("person", "missing")


def _wish_attributes(draft: Draft) -> None:
    """Unknown words that describe what is asked for: between `a`/`something` and a noun, or after `something`."""
    page = draft.page
    at = 0
    while at < len(page.words):
        if page.taken(at) or page.words[at] in STOP or not page.words[at][0].isalpha():
            at += 1
            continue
        end = at
        while end < len(page.words) and not page.taken(end) and page.words[end] not in STOP and page.words[end][0].isalpha():
            end += 1
        described = _describes(page, at, end) or (not _is_of_life(page, at) and _is_all_there_is(draft, at, end))
        if end - at <= 4 and described:
            if _is_negated(page, at) and not _HIM.issuperset(page.words[at:end]):
                draft.forbid(page.text.said(at, end), said=page.text.said(at, end))
            else:
                _wish_words(draft, at, end, less=page.words[at - 1 : at] in (["too"], ["less"]))
        at = end


def _describes(page: Page, start: int, end: int) -> bool:
    if is_han(page.words[start]):
        return False
    head = page.starting(end)
    noun = head is not None and has_section(head, "forms", "genres") and head.attitude is None
    before = page.words[start - 1] if start else ""
    before_it = page.ending(start)
    cue = before_it if has_section(before_it, "cues") else None
    opened = page.words[start - 1] in ("something", "anything") if start else False
    alone = end == len(page.words) or page.words[end] in (",", ".", "!", "?", "but", "and", "with")
    lead = page.words[cue.start - 1] if cue is not None and cue.start else ""
    negated = cue is not None and cue.is_cue("negate") and (before in ("no", "without") or lead in ("that", "which", "but", ","))
    disliked = (cue is not None and tells_aversion(page, cue)) or _is_listed_out(page, start)
    degree = before in ("too", "more", "less") and end - start == 1
    framed = cue is not None and cue.end > cue.start and before in ("something", "anything")
    listed = page.words[end : end + 1] == ["or"] and (disliked or opened or framed or (degree and before == "more"))
    return noun or listed or (alone and (degree or opened or negated or disliked or framed))


def _is_all_there_is(draft: Draft, start: int, end: int) -> bool:
    """`I prefer story-driven`: a part of the message, or the end of one in which nothing else was understood."""
    if _is_segment(draft.page, start, end):
        return True
    if draft.changes or draft.missing or draft.unsupported or end - start < 2 or is_han(draft.page.words[start]):
        return False
    rest = draft.page.words[end:]
    known = any(word in draft.words.ordinary for word in draft.page.words[start:end])
    return (
        known and all(not word[0].isalnum() or word in STOP for word in rest) and "?" not in rest and not _is_clause(draft, start)
    )


def _is_of_life(page: Page, start: int) -> bool:
    """`I broke up with my boyfriend last week`: what is mine describes no work."""
    return start > 0 and page.words[start - 1] in _THEIRS and page.words[start - 1] not in ("the", "this", "that", "it")


def _is_segment(page: Page, start: int, end: int) -> bool:
    """`90s hip hop, east coast`: two or more words between commas, behind others."""
    closed = end == len(page.words) or page.words[end] in (",", ".")
    if page.words[start] in _HAN_SUBJECTS:
        return False
    return end - start > 1 and start > 1 and page.words[start - 1] == "," and closed


def _is_clause(draft: Draft, start: int) -> bool:
    """`you sound clever`, `who won the cup`: talk that describes no work."""
    return not _SUBJECTS.isdisjoint((draft.page.words[0], draft.page.words[max(0, start - 1)])) and draft.page.words[0] != "i"


def _is_negated(page: Page, start: int) -> bool:
    mark = page.ending(start)
    return (mark is not None and (mark.is_cue("negate") or tells_aversion(page, mark))) or _is_listed_out(page, start)


def _is_listed_out(page: Page, start: int) -> bool:
    """The last of what is ruled out: `no spiders or snakes`."""
    first = page.ending(start - 1)
    themes = first is not None and first.negated and has_section(first, "themes", "catalog", "moods", "genres")
    return themes and page.words[start - 1] in ("or", "and", "nor") and not page.text.tokens[start].is_capital


def _wish_words(draft: Draft, start: int, end: int, *, less: bool) -> None:
    words = draft.page.text.said(start, end)
    if any(word not in STOP and word not in _HIM for word in draft.page.words[start:end]) and len(words) > 1:
        draft.wish(words, less=less)
