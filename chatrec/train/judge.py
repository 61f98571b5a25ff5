"""How good a language model's answers to lessons are, judged from what the slots hold and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from chatrec.train.lessons import Lesson


@dataclass(frozen=True)
class Answered:
    """A lesson and what a model wrote."""

    lesson: Lesson
    text: str
    ended: bool
    """Whether it came to an end by itself."""
    tokens: int = 0


@dataclass(frozen=True)
class Line:
    """One line of an answer: a slot that exists, and phrases that may or may not be true of it."""

    slot: str
    phrases: tuple[str, ...]


def lines_of(answered: Answered) -> list[Line]:
    """The lines that begin with a slot which no line before them named."""
    found: dict[str, Line] = {}
    for text in answered.text.splitlines():
        slot, _, rest = text.strip().partition(" ")
        if slot in answered.lesson.slots and slot not in found:
            found[slot] = Line(slot, tuple(part.strip() for part in rest.split(";") if part.strip()))
    return list(found.values())


def well_formed(answered: Answered) -> bool:
    """Whether it is as many lines as were asked for, each a new slot with something said of it, and then the end.

    >>> lesson = Lesson("chat", (), "", 2, {"c01": ("space",), "c02": ("war",)}, ())
    >>> well_formed(Answered(lesson, "c02 war\\nc01 peace\\n", ended=True))
    True
    >>> well_formed(Answered(lesson, "c02 war\\nc02 war\\n", ended=True))
    False
    """
    said = [line for line in answered.text.splitlines() if line.strip()]
    lines = lines_of(answered)
    return answered.ended and len(said) == len(lines) == answered.lesson.n and all(line.phrases for line in lines)


def supported(answered: Answered) -> tuple[int, int]:
    """How many of its phrases are true of the slot they are said of, and how many there are."""
    said = [(line.slot, phrase) for line in lines_of(answered) for phrase in line.phrases]
    return sum(phrase in answered.lesson.slots[slot] for slot, phrase in said), len(said)


def fit(order: Sequence[str], lesson: Lesson) -> float | None:
    """Share of the picks that meet all that was asked, of the best there can be; None where nothing can be checked.

    >>> lesson = Lesson("drawn", (), "", 2, {"c01": (), "c02": (), "c03": ()}, ("c03",))
    >>> fit(["c03", "c01"], lesson), fit(["c01", "c02"], lesson)
    (1.0, 0.0)
    """
    best = min(lesson.n, len(lesson.fitting))
    return len(set(order[: lesson.n]) & set(lesson.fitting)) / best if best else None


def random_fit(lesson: Lesson) -> float | None:
    """What picks at random would reach on average."""
    best = min(lesson.n, len(lesson.fitting))
    return min(lesson.n, len(lesson.slots)) * len(lesson.fitting) / len(lesson.slots) / best if best else None


def concordance(order: Sequence[str], lesson: Lesson) -> float | None:
    """Share of the pairs of picks that stand in the order in which the slots are listed, the head's; None below two picks.

    >>> lesson = Lesson("chat", (), "", 3, {"c01": (), "c02": (), "c03": ()}, ())
    >>> concordance(["c02", "c01", "c03"], lesson)
    0.6666666666666666
    """
    places = [list(lesson.slots).index(slot) for slot in order]
    pairs = [first < second for first, second in combinations(places, 2)]
    return sum(pairs) / len(pairs) if pairs else None


def judge(answers: Sequence[Answered]) -> dict[str, float]:
    """All figures over a set of answers, as fractions unless the name says otherwise."""
    told = [[phrase for line in lines_of(one) for phrase in line.phrases] for one in answers]
    reasons = ["; ".join(line.phrases) for one in answers for line in lines_of(one)]
    true, said = np.sum([supported(one) for one in answers], axis=0)
    order = [[line.slot for line in lines_of(one)] for one in answers]
    taught = [[line.split(" ", 1)[0] for line in one.lesson.answer.splitlines()] for one in answers]
    asked = [one.lesson for one in answers]
    return {
        "answers": float(len(answers)),
        "well_formed": mean(float(well_formed(one)) for one in answers),
        "claims_supported_before_grounding": float(true / said) if said else 0.0,
        "fit_of_picks": mean(map(fit, order, asked)),
        "fit_of_random_picks": mean(map(random_fit, asked)),
        "fit_of_slots_as_listed": mean(fit(list(lesson.slots), lesson) for lesson in asked),
        "fit_of_taught_answers": mean(map(fit, taught, asked)),
        "agreement_with_head_order": mean(map(concordance, order, asked)),
        "agreement_with_taught_picks": mean(len({*a} & {*b}) / len(b) for a, b in zip(order, taught, strict=True)),
        "agreement_with_taught_first": mean(float(a[:1] == b[:1]) for a, b in zip(order, taught, strict=True)),
        "distinct_phrases_in_an_answer": mean(len({*phrases}) / len(phrases) if phrases else None for phrases in told),
        "distinct_reasons_over_all": len({*reasons}) / len(reasons) if reasons else 0.0,
        "tokens_per_answer": mean(float(one.tokens) for one in answers),
    }


def mean(values: Iterable[float | None]) -> float:
    """The mean of what is known, 0 if nothing is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else 0.0


def by_source(answers: Sequence[Answered]) -> Mapping[str, dict[str, float]]:
    """The figures over all answers, and over those of each kind of lesson."""
    kinds = sorted({one.lesson.source for one in answers})
    return {"all": judge(answers)} | {kind: judge([one for one in answers if one.lesson.source == kind]) for kind in kinds}
