"""Signs that words are a name: capitals where there need be none, a year behind them, the words around them."""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.understand.marks import Mark, Page
from chatrec.understand.numbers import cardinal
from chatrec.understand.text import SENTENCE_END, is_han, wordset

CAPITAL_AFTER = SENTENCE_END | {":"}
"""Signs behind which a capital is due."""
CLOSING = {'"': '"', "《": "》", "「": "」", "『": "』", "【": "】", "〈": "〉"}
QUOTES = "\"'《》「」『』【】〈〉 "
SEPARATORS = wordset(", / and or plus then nor also ; 、 和 与 跟 及 或")
SMALL = wordset("the a an of and in on at to for de la le du der die das el los las les with from by is vs no")
ARTICLES = wordset("the a an")
BOUNDARY = wordset(
    "and or but with for that which who where when because since so then than please from in on at by to about as is was were "
    "are also too though although however while maybe i we you my it its plus a an the just more recently yesterday lately "
    "last this very much really lot bit before already myself together again over only something anything not if can could "
    "would do does did have has any what any some like am im ive no without except instead now alot "
    "的这那一和跟与但吗了之类风还也都或以及很太样最想有没给推请求所是吧呢啊呀差等我你里中来再多不挺真特似"
)
PRONOUNS = wordset("it this that these those them him her he she us me you one ones they both everything something anything all")
ANSWERS = wordset(
    "yes yeah yep yea no nope ok okay hi hello hey thanks sure wow oh ah lol haha please maybe cool great well so now bye "
    "true right awesome excellent perfect amazing nice good fine interesting definitely absolutely exactly agreed done again "
    "next more help stop wait hmm"
)
NO_NAMES = (
    SMALL
    | BOUNDARY
    | PRONOUNS
    | ANSWERS
    | wordset(
        "my your his its our their mine yours hers ours theirs myself himself herself themselves such same another neither "
        "either each every most many much more less few fewer several plenty lots enough none nobody somebody anybody everybody "
        "someone anyone everyone everywhere nowhere somewhere anywhere half double loads tons dozens hundreds thousands "
        "millions once twice thrice always never often sometimes usually rarely seldom daily weekly nightly today tonight "
        "tomorrow yesterday early late later earlier soon ago yet still even ever here there online offline outside inside "
        "upstairs abroad alone together apart away back home work school maybe perhaps probably possibly actually honestly "
        "finally especially mostly only mainly first second third growing being having monday tuesday wednesday thursday friday "
        "saturday sunday weekday weekdays weekend weekends morning mornings evening evenings night nights noon midnight january "
        "february march april may june july august september october november december mom moms mum mums mommy mummy mama "
        "mother mothers dad dads daddy papa father fathers grandma grandpa granny grandmother grandfather grandparents parents "
        "family kid kids child children son sons daughter daughters brother brothers sister sisters siblings uncle aunt auntie "
        "cousin cousins nephew niece husband wife boyfriend girlfriend partner roommate people others other zero one two three "
        "four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand million"
    )
)
"""Words that name no work however they are written, unless the catalog has one."""
PLAIN = wordset(
    "trailer original movie film book end ending beginning first last sequel remake cast acting story plot soundtrack music "
    "rest link score show game song album new old best other others good"
)
_PERSON_BEFORE = wordset("by from with starring of like no but director feat featuring loves love fan 由 和 喜 欢 爱 看 听")
_PERSON_AFTER = wordset("film films movie movies s album albums music game games songs 的")
_VERSION_TAILS = wordset("one version film movie original remake game album")
MIN_CASED_WORDS = 4
MOSTLY = 0.85


def is_uniform(page: Page) -> bool:
    """Whether capitals say nothing: all letters are capitals, or nearly every word starts with one."""
    words = [t.raw for t in page.text.tokens if t.text[0].isalpha() and not is_han(t.text)]
    upper = len(words) > 1 and all(w.isupper() for w in words)
    return upper or (len(words) >= MIN_CASED_WORDS and sum(w[0].isupper() for w in words) / len(words) > MOSTLY)


def is_title_case(page: Page, start: int, end: int) -> bool:
    """Whether most of the words are written with a capital: a title, not just something in quotes."""
    words = [t for t in page.text.tokens[start:end] if t.is_word and t.text not in SMALL]
    return bool(words) and 2 * sum(t.is_capital or t.is_number or t.is_han for t in words) > len(words)


def is_written_as_name(page: Page, start: int, end: int, *, strict: bool) -> bool:
    """Capitals where ordinary words have none. A capital that opens a sentence alone says nothing (if `strict`)."""
    tokens = [t for t in page.text.tokens[start:end] if t.text not in SMALL and not t.is_number and len(t.text) > 1]
    if not tokens or not all(t.is_capital for t in tokens):
        return False
    return not (strict and starts_sentence(page, start) and len(tokens) < 2)


def starts_sentence(page: Page, at: int) -> bool:
    """Whether a capital is due here anyway."""
    return at == 0 or page.words[at - 1] in CAPITAL_AFTER or page.words[at - 1] in CLOSING


def bare_name(page: Page, mark: Mark) -> str:
    """A name as typed, without quotation marks."""
    return page.said(mark).strip(QUOTES)


def year_after(words: Sequence[str], end: int) -> tuple[int, int] | None:
    """A year in brackets, or bare right behind a name: (year, end)."""
    if words[end : end + 2] in ([".", "("], ["!", "("], ["?", "("]):
        end += 1
    if words[end : end + 1] in (["("], ["["]) and _is_year(words, end + 1):
        closed = words[end + 2 : end + 3] in ([")"], ["]"])
        return int(words[end + 1]), end + 2 + closed
    if not _is_year(words, end):
        return None
    after = words[end + 1 : end + 2]
    counted = after and (after[0] in ("s", "年", "-") or cardinal([*after, "x"], 0) is not None)
    return None if counted else (int(words[end]), end + 1)


def version_after(words: Sequence[str], end: int) -> tuple[int, int] | None:
    """`from 1982`, `the 2011 one`: a year that tells which version of the name before is meant, (year, end)."""
    lead = next((n for n in (1, 2) if words[end : end + n] in (["from"], ["the"], ["of"], [",", "the"], ["from", "the"])), 0)
    if not lead or not _is_year(words, end + lead) or words[end + lead + 1 : end + lead + 2] == ["s"]:
        return None
    tail = end + lead + 1
    tail += tail < len(words) and words[tail] in _VERSION_TAILS
    return int(words[end + lead]), tail


def _is_year(words: Sequence[str], at: int) -> bool:
    return at < len(words) and words[at].isdecimal() and len(words[at]) == 4 and 1880 <= int(words[at]) <= 2100


def in_person_frame(page: Page, start: int, end: int) -> bool:
    """`by Nolan`, `Nolan films`, `Nolan's`."""
    before = page.words[start - 1] if start else ""
    after = page.words[end] if end < len(page.words) else ""
    return before in _PERSON_BEFORE or after in _PERSON_AFTER
