"""How each thing was meant, as the cues before it tell: ruled out, wished for softly, released, liked, disliked, seen.

One pass from left to right. A cue opens a scope (`no …`, `maybe …`, `loved …`), which reaches to the end of the clause. How far a
negation reaches, `negation` tells; where an opinion gives way to a request, `fresh_requests`. Cues that follow what they speak of
come afterwards (`verdicts`).
"""

from __future__ import annotations

from dataclasses import dataclass

from chatrec.understand.fresh_requests import asks_behind, opens_anew
from chatrec.understand.lists import JOINS
from chatrec.understand.marks import CONTENT, Attitude, Mark, Page, has_section, is_less
from chatrec.understand.negation import BREAKS, Negation, is_never, lists_more, turns_from
from chatrec.understand.text import COMMAS, SENTENCE_END, is_han

_ATTITUDES: tuple[tuple[str, Attitude], ...] = (
    ("dislike", "dislike"),
    ("seen", "seen"),
    ("save", "save"),
    ("unseen", "unseen"),
    ("like", "like"),
)
_RELATIVE = (["s"], ["is"], ["isnt"], ["are"], ["arent"], ["not"])
"""What `that` is followed by where it describes the work again: `about true crime that is not too gory`."""


@dataclass(slots=True)
class _State:
    """The scopes that are open at a word."""

    clause: int = 0
    clause_at: int = 0
    """Where the clause starts."""
    negation: Negation | None = None
    soft: bool = False
    released: bool = False
    about: bool = False
    attitude: Attitude | None = None
    judged_at: int = -9
    """Token where the cue of the last opinion ends."""
    named: bool = False
    """A name was met since the opinion was opened."""
    weary: bool = False
    """`not another …`: a work so named was seen, a kind of works is ruled out."""


def open_scopes(page: Page) -> None:
    """Fill in how each mark was meant."""
    state = _State()
    starts = {m.start: m for m in page.sorted() if m.start < m.end}
    at = 0
    while at < len(page.words):
        mark = starts.get(at)
        if mark is not None:
            _meet(page, state, mark)
            at = max(mark.end, at + 1)
            continue
        if page.words[at] in SENTENCE_END:
            state = _State(clause=state.clause + 1, clause_at=at + 1)
        else:
            _pass_word(page, state, at)
        at += 1


# --- words that nothing is known of -----------------------------------------------------------------------------------


def _pass_word(page: Page, state: _State, at: int) -> None:
    word, negation = page.words[at], state.negation
    if word in COMMAS:
        _pass_comma(page, state, at)
    elif word == "的":
        _pass_particle(page, state, at)
    elif negation is not None and word == "、":
        negation.pending = -1
    elif negation is not None and word in JOINS and negation.first is not None:
        negation.pending = at + 1
    elif negation is not None and negation.pending >= 0 and word in BREAKS:
        state.negation = None
    elif word in ("(", ")", ":") or (word in ("that", "which", "thats") and page.words[at + 1 : at + 2] in _RELATIVE):
        state.about = False
    elif turns_from(page, at, state.clause_at):
        state.attitude, state.negation = None, Negation(at + 1)
    elif word == "over" and has_section(page.starting(at + 1), "forms", "genres"):
        state.negation = Negation(at + 1)


def _pass_comma(page: Page, state: _State, at: int) -> None:
    state.soft = state.released = state.about = False
    if state.negation is not None:
        state.negation.pending = at + 1
    if state.attitude in ("like", "dislike", "seen") and asks_behind(
        page, at + 1, state.attitude, judged_at=state.judged_at, named=state.named
    ):
        state.attitude = state.negation = None


def _pass_particle(page: Page, state: _State, at: int) -> None:
    """What follows `像X一样的`, `不恐怖的` is the noun that is asked for."""
    negation = state.negation
    if negation is not None and negation.is_described(page, at):
        negation = state.negation = None
    if negation is not None and page.words[at + 1 : at + 2] and page.words[at + 1] in JOINS:
        return  # `不要恐怖的和血腥的`
    state.about = False
    if negation is not None and negation.first is not None:
        state.negation = None
    if state.named and state.attitude in ("like", "seen"):
        state.attitude, state.named = None, False


# --- marks ------------------------------------------------------------------------------------------------------------


def _meet(page: Page, state: _State, mark: Mark) -> None:
    if mark.has("cues"):
        _meet_cue(page, state, mark)
    if mark.role == "words" and not has_section(mark, *CONTENT):
        _meet_word(page, state, mark)
        return
    negation = state.negation
    if negation is not None and negation.pending >= 0:
        if negation.goes_on_to(page, mark, felt_at=state.judged_at):
            negation.pending = -1
        else:
            state.negation = None
    elif negation is not None and negation.first is not None and negation.narrow and not is_han(page.words[mark.start]):
        state.negation = None
    elif negation is not None and negation.leaves_open(page, mark):
        mark.used = True
    _apply(page, state, mark)
    state.named = state.named or mark.is_named


def _meet_word(page: Page, state: _State, mark: Mark) -> None:
    """Words that are no content: verbs, comparatives, `old`, and what is a cue only."""
    negation = state.negation
    mark.clause = state.clause
    mark.released = state.released and not mark.has("cues")  # `it doesn't have to be new`
    mark.negated = negation is not None and negation.reaches_word(page, mark)
    if negation is not None and mark.negated and negation.first is None and is_never(page, mark):
        negation.opened = mark.end  # `I don't want to watch anything scary`


def _apply(page: Page, state: _State, mark: Mark) -> None:
    if state.attitude == "seen" and mark.role == "words" and opens_anew(page, mark.start):
        state.attitude = None
    mark.clause, mark.soft, mark.about = state.clause, state.soft, state.about
    mark.released = state.released
    mark.attitude = None if state.weary and mark.role in ("words", "person") else state.attitude
    if mark.role == "ref" and mark.attitude is None and page.words[max(0, mark.start - 1) : mark.start] == ["keep"]:
        mark.attitude = "save"
    if state.negation is not None:
        state.negation.take_in(page, mark)


# --- cues -------------------------------------------------------------------------------------------------------------


def _meet_cue(page: Page, state: _State, cue: Mark) -> None:
    state.weary = cue.is_cue("negate") and cue.is_cue("seen")
    negation = state.negation
    denied = negation is not None and negation.denies(page, cue)
    if negation is not None and denied and cue.start == negation.opened and cue.is_cue("want", "unseen") and _wants_to(page, cue):
        negation.opened = cue.end  # `I don't want to listen to anything sad`, `I don't want to see anything sad`
        return
    _open_attitude(page, state, cue, denied=denied)
    _turn_negation(page, state, cue, denied=denied)
    if cue.is_cue("like_after") and not cue.is_cue("like") and state.named:
        state.attitude, state.named = None, False
    if cue.is_cue("release") and not cue.is_cue("want"):
        state.released, state.negation = True, None
    if cue.is_cue("soft"):
        state.soft = True
        if state.negation is not None and not cue.is_cue("negate") and cue.start > state.negation.opened:
            state.negation = None
    if cue.is_cue("about") and not cue.has("genres"):
        state.about = True
    if state.negation is not None and _joins(page, cue, state.negation):
        state.negation.pending = cue.end


def _open_attitude(page: Page, state: _State, cue: Mark, *, denied: bool) -> None:
    attitude: Attitude | None = next((attitude for name, attitude in _ATTITUDES if cue.is_cue(name)), None)
    if attitude is None or (attitude == "like" and cue.is_cue("want", "soft") and denied):
        return
    lessened = page.words[cue.start] == "like" and is_less(page, cue.start)
    if attitude == "like" and (denied or lessened):  # `not like Friends`, `less like Friends`
        attitude = "dislike"
        if state.negation is not None:
            state.negation.opened = cue.end
    elif attitude == "seen" and denied:
        attitude, state.negation = "unseen", None
    elif attitude != "dislike":
        state.negation = None
    state.attitude, state.judged_at, state.named = attitude, cue.end, False
    state.released = False


def _turn_negation(page: Page, state: _State, cue: Mark, *, denied: bool) -> None:
    """Open a negation, carry it on, or end it where something is asked for."""
    if cue.is_cue("positive"):
        state.negation = None
    elif cue.is_cue("negate", "dislike"):
        state.negation = Negation.behind(page, cue)
        state.soft = state.soft and cue.is_cue("soft")
    elif state.negation is not None and lists_more(page, cue):
        state.negation.pending, state.negation.narrow = -1, False
    elif cue.is_cue("want") and not denied:
        state.negation = None
        state.released = state.about = False
        if not cue.is_cue("like") and (not cue.is_cue("soft") or cue.end - cue.start > 1):
            state.attitude = None


def _wants_to(page: Page, cue: Mark) -> bool:
    """`want to`, `want to see`, `would like to`, `wanna`, `feel like`."""
    said = page.words[cue.start : cue.end]
    return said[-1] in ("to", "wanna", "like") or said[:2] == ["want", "to"]


def _joins(page: Page, cue: Mark, negation: Negation) -> bool:
    """Whether it is in doubt behind a cue that it still negates: `no combat and a good story`."""
    joins = cue.is_cue("and", "or") and negation.first is not None
    listed = page.words[cue.start - 1] in ("anything", "everything")  # `not The Shining or anything with aliens`
    return (joins and not listed) or (page.words[cue.start] == "and" and cue.start > negation.opened)
