"""More or less of a mood than before: `cosier`, `more romantic`, `too scary`, `not funny enough`, `更温馨`, `轻松一点`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from chatrec.types import Constraint
from chatrec.understand.draft import Draft
from chatrec.understand.lexicon import lexicon
from chatrec.understand.marks import HAN_LESS, Mark, Page, is_less
from chatrec.understand.text import is_han, wordset

Direction = Literal["more", "less"]
_LESS = (
    ["less"],
    ["least"],
    ["fewer"],
    ["too"],
    ["too", "much"],
    ["too", "many"],
    *HAN_LESS,
    ["太"],
    ["过", "于"],
)
_MORE = (["more"], ["not", "enough"], ["多", "点"], ["多", "些"], ["更"], ["更", "加"], ["再"], ["不", "够"])
_NEITHER = (["no", "more"], ["any", "more"], ["or", "more"])
_SOME_MORE = (["一", "点"], ["一", "些"], ["点"], ["些"])
_NOT_SO = [
    *([no, *"那么"] for no in "不没别"),
    *([no, degree] for no in ("not", "isnt", "arent", "wasnt") for degree in ("as", "so", "that", "quite")),
]
_NOT = wordset("not nt no isnt wasnt arent werent aint hardly never")
_WANTED = wordset("要 想 来 有 带")


def direction_of(page: Page, mark: Mark) -> Direction | None:
    """Whether the words around a mark, or its own comparative, ask for more or for less of it.

    What a negation rules out has no direction: `nothing too scary`, `不要太恐怖`.
    """
    before = page.words[max(0, mark.start - 3) : mark.start]
    after = page.words[mark.end : mark.end + 3]
    if _is_lessened(page, mark):
        return "less"
    if after[:1] == ["enough"] or _ends(before, (["不", "够"], ["not", "enough"])):
        return "more" if _NOT.intersection(before) or _ends(before, (["不", "够"],)) else None
    if _ends(before, _NOT_SO):
        return "less"
    if mark.negated or _ends(before, _NEITHER):
        return None
    if _ends(before, _LESS) or any(after[: len(less)] == less for less in HAN_LESS):  # `暴力少一点的`
        return "less"
    compared = mark.has("comparative") or _ends(before, _MORE)
    return "more" if compared or (_is_nudged(after, mark, page) and not _WANTED.intersection(before)) else None


def _is_lessened(page: Page, mark: Mark) -> bool:
    """`fewer songs about love`, `less about war`: what stands behind a noun and a cue that `less` is said of."""
    cue = page.ending(mark.start)
    return cue is not None and cue.is_cue("about", "by") and is_less(page, cue.start)


def _is_nudged(after: list[str], mark: Mark, page: Page) -> bool:
    """`温馨一点`, `搞笑点`."""
    return is_han(page.words[mark.start]) and any(after[: len(words)] == words for words in _SOME_MORE)


def _ends(words: list[str], endings: Iterable[list[str]]) -> bool:
    return any(words[-len(ending) :] == ending for ending in endings)


def nudge_mood(draft: Draft, name: str, direction: Direction, further: Sequence[str] = ()) -> None:
    """Wish for more or less of a mood of the lexicon; what was demanded or wished to the contrary is dropped.

    The values of further moods will do as well where more is wished for: what is lighter may be funny.

    More of a mood that is demanded already needs no wish: it takes the next best works that have it.
    """
    draft.criticise()
    moods = lexicon().sections["moods"]
    values = tuple(moods[name]["values"] if direction == "more" else moods[name].get("less", moods[name]["values"]))
    contrary = {value for mood in moods[name].get("contrary", ()) for value in moods[mood]["values"]} - set(values)
    _drop(draft, contrary if direction == "more" else {values[0]})
    _nudge_rating(draft, name, moods[name].get("rated_below"), direction)
    if direction == "more" and any(set(values) <= _demanded(c) or _demanded(c) <= set(values) for c in _demands(draft)):
        return
    wider = (*values, *(value for mood in further for value in moods[mood]["values"])) if direction == "more" else values
    draft.wish_mood(name, tuple(dict.fromkeys(wider)), less=direction == "less")


def _nudge_rating(draft: Draft, name: str, below: int | None, direction: Direction) -> None:
    """What is less violent is rated for the younger, too, as long as less of it is asked for."""
    for constraint in draft.ledger.constraints if direction == "more" else ():
        if (constraint.field, constraint.hard, constraint.said) == ("age", False, name):
            draft.act("unconstrain", key=constraint.key)
    if direction == "less" and below is not None and draft.words.has("age") and not is_for_younger(draft, below):
        draft.constrain("age", "lt", float(below), said=name, hard=False)


def is_for_younger(draft: Draft, age: float) -> bool:
    """Whether works for this age, or for a lower one, are asked for already."""
    said = [c.constraint for c in draft.changes if c.constraint is not None]
    known = [c for c in (*said, *draft.ledger.constraints) if c.field == "age"]
    return any(isinstance(c.value, (int, float)) and c.value <= age for c in known)


def _drop(draft: Draft, values: set[str]) -> None:
    for constraint in _demands(draft):
        if _demanded(constraint) & values:
            draft.act("unconstrain", key=constraint.key)
    for wish in draft.ledger.wishes:
        if wish.field == "moods" and wish.direction == "more" and not values.isdisjoint(wish.values):
            draft.act("unwish", key=wish.text)


def _demands(draft: Draft) -> list[Constraint]:
    gone = {change.key for change in draft.changes if change.action == "unconstrain"}
    return [c for c in draft.ledger.constraints if c.field == "moods" and c.op == "in" and c.key not in gone]


def _demanded(constraint: Constraint) -> set[str]:
    return {str(value) for value in constraint.value} if isinstance(constraint.value, tuple) else set()
