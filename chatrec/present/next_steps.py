"""The next useful critiques as chips, chosen from what is left: one that would leave nothing is not offered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log2
from statistics import median

from chatrec.types import Candidate, Chip, Item, Language, Ledger
from chatrec.understand.lexicon import lexicon

MAX_CRITIQUES = 3
OTHERS: dict[Language, str] = {"en": "something else", "zh": "换一批"}
SURPRISE: dict[Language, str] = {"en": "surprise me", "zh": "来点惊喜"}
MEASURES: tuple[tuple[str, bool, dict[Language, str]], ...] = (
    ("minutes", False, {"en": "shorter", "zh": "短一点"}),
    ("minutes", True, {"en": "longer", "zh": "长一点"}),
    ("year", True, {"en": "newer", "zh": "新一点"}),
    ("year", False, {"en": "older", "zh": "老一点"}),
    ("popularity", False, {"en": "less mainstream", "zh": "小众一点"}),
    ("popularity", True, {"en": "better known", "zh": "更有名"}),
)
"""A number of a work, whether more of it is asked for, and how that is said."""
MOODS: tuple[tuple[str, dict[Language, str]], ...] = (
    ("funny", {"en": "funnier", "zh": "搞笑一点"}),
    ("cheerful", {"en": "lighter", "zh": "轻松一点"}),
    ("dark", {"en": "darker", "zh": "黑暗一点"}),
    ("calm", {"en": "calmer", "zh": "平静一点"}),
    ("energetic", {"en": "livelier", "zh": "更刺激"}),
    ("scary", {"en": "scarier", "zh": "恐怖一点"}),
    ("romantic", {"en": "more romantic", "zh": "浪漫一点"}),
)
"""A mood of the lexicon, and how more of it is asked for."""


@dataclass(frozen=True)
class Critique:
    """A critique of the picks: what it is about, how it is said, and which works it would leave."""

    about: str
    said: dict[Language, str]
    leaves: Callable[[Item], bool]


def next_steps(picks: Sequence[Item], pool: Sequence[Candidate], ledger: Ledger, language: Language) -> tuple[Chip, ...]:
    """Others, the critiques that divide what is left most evenly (one about each thing), and a surprise.

    Args:
        picks: what is shown now.
        pool: everything that fits, with the head's probabilities; what was shown is left out here.
        ledger: what is known.
        language: of the labels, which are also what is said.
    """
    shown = {item.id for item in picks} | set(ledger.shown)
    left = [candidate for candidate in pool if candidate.item.id not in shown]
    if not left or not picks:
        return ()
    by_worth = sorted(_critiques(picks, ledger), key=lambda critique: -division(critique, left))
    chosen: dict[str, Critique] = {}
    for critique in by_worth:
        if len(chosen) < MAX_CRITIQUES and division(critique, left) > 0:
            chosen.setdefault(critique.about, critique)
    said = (OTHERS, *(critique.said for critique in chosen.values()), SURPRISE)
    return tuple(Chip(label=words[language], say=words[language]) for words in said)


def division(critique: Critique, left: Sequence[Candidate]) -> float:
    """Bits that the answer "yes, that" or "no" would tell of what is left; 0 where the critique leaves nothing.

    One that leaves everything tells no more than a wish for others, and counts next to nothing.
    """
    total = sum(candidate.score for candidate in left)
    mass = sum(candidate.score for candidate in left if critique.leaves(candidate.item))
    share = mass / total if total else 0.0
    if share <= 0.0 or share >= 1.0:
        return 0.0
    return -share * log2(share) - (1 - share) * log2(1 - share)


def _critiques(picks: Sequence[Item], ledger: Ledger) -> list[Critique]:
    found: list[Critique] = []
    for field, more, said in MEASURES:
        numbers = [number for item in picks if (number := getattr(item, field)) is not None]
        mixed = field == "minutes" and len({item.kind for item in picks}) > 1  # a long film is a short game
        if numbers and not mixed:
            found.append(Critique(field, said, _beyond(field, median(numbers), more)))
    demanded = {str(v) for c in ledger.constraints if c.field == "moods" and isinstance(c.value, tuple) for v in c.value}
    wished = {wish.value for wish in ledger.wishes if wish.field == "moods"}
    for mood, said in MOODS:
        values = set(lexicon().sections["moods"][mood]["values"])
        held = sum(not values.isdisjoint(item.moods) for item in picks)
        if values.isdisjoint(demanded | wished) and 2 * held < len(picks):
            found.append(Critique("moods", said, lambda item, values=values: not values.isdisjoint(item.moods)))
    return found


def _beyond(field: str, bound: float, more: bool) -> Callable[[Item], bool]:
    def leaves(item: Item) -> bool:
        number = getattr(item, field)
        return number is not None and (number > bound if more else number < bound)

    return leaves
