"""Which question is asked beside the picks, and when."""

from __future__ import annotations

import pytest

from chatrec.present.clarify import ASKED_FOR, best_question, question_for
from chatrec.types import Candidate, Constraint, Item, Kind, Ledger, Opinion, Reading, Wish


def work(key: str, kind: Kind = "video", score: float = 1.0, **more: object) -> Candidate:
    return Candidate(item=Item(id=f"{kind}:{key}", kind=kind, title=key, **more), score=score)  # type: ignore[arg-type]


FOUR = (work("a"), work("b"), work("c", "audio"), work("d", "game"))
"""Half of them videos, a quarter each the rest: 1/2 · 1 + 1/4 · 2 + 1/4 · 2 = 1.5 bits."""


def gain(pool: tuple[Candidate, ...], field: str) -> float:
    """Bits, if everybody had an answer."""
    return best_question(pool, field).gain / ASKED_FOR[field]


def test_the_gain_is_the_entropy_of_the_answers() -> None:
    assert gain(FOUR, "kind") == pytest.approx(1.5)
    assert best_question(FOUR, "kind").options[0] == "video"


def test_probabilities_weigh_the_candidates() -> None:
    """3 to 1: 3/4 · log2(4/3) + 1/4 · 2 = 0.811 bits."""
    assert gain((work("a", score=0.3), work("b", "game", score=0.1)), "kind") == pytest.approx(0.811, abs=1e-3)


def test_a_work_of_several_genres_leaves_doubt() -> None:
    """Answers a, b, c with 1/4, 1/4, 1/2: 1.5 bits; less 1/2 · log2(2), as the first work may answer a or b."""
    assert gain((work("x", genres=("a", "b")), work("y", genres=("c",))), "genres") == pytest.approx(1.0)


def test_unknown_values_reduce_the_gain() -> None:
    """One bit among the two that are known, which hold half of the probability."""
    pool = (work("a", year=1994), work("b", year=2003), work("c"), work("d"))
    assert gain(pool, "year") == pytest.approx(0.5)


def test_values_beyond_those_offered_are_one_answer() -> None:
    pool = tuple(work(name, genres=(name,)) for name in "abcdef")
    assert best_question(pool, "genres").options == ("a", "b", "c")
    assert gain(pool, "genres") == pytest.approx(3 / 6 * 2.585 + 1 / 2 * 1, abs=1e-3)


@pytest.mark.parametrize(
    ("reading", "ledger"),
    [
        (Reading(), Ledger(asked=(("genres", 3),))),
        (Reading(intent="critique"), Ledger()),
        (Reading(missing=("Zorblax",)), Ledger()),
        (Reading(), Ledger(kinds=("video",), wishes=(Wish(text="space"),))),
        (Reading(), Ledger(opinions=(Opinion(item_id="video:a", sentiment="liked"),))),
    ],
    ids=["one was asked the turn before", "a critique", "a title is missing", "two things are known", "a work is liked"],
)
def test_no_question_is_asked_where(reading: Reading, ledger: Ledger) -> None:
    assert question_for(reading, ledger, FOUR, turn=4) is None


def test_a_field_is_asked_about_once_and_not_where_it_is_known() -> None:
    assert question_for(Reading(), Ledger(), FOUR, turn=4).field == "kind"  # type: ignore[union-attr]
    assert question_for(Reading(), Ledger(asked=(("kind", 0),)), FOUR, turn=4) is None
    genre = Constraint(field="genres", op="in", value=("a",))
    assert question_for(Reading(), Ledger(constraints=(genre,), asked=(("kind", 0),)), FOUR, turn=4) is None


def test_the_question_offers_its_answers_in_the_language_of_the_message() -> None:
    question = best_question(FOUR, "kind")
    assert question.text("en") == "Would you rather have something to watch, to hear or to play?"
    assert question.text("zh") == "你更想看、听还是玩？"
    assert [chip.say for chip in question.chips("en")] == ["something to watch", "something to hear", "something to play"]
