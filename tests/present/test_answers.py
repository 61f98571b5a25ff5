"""Answers in words: comparisons, checks, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatrec.generate.facts import FactContext
from chatrec.present.answers import in_focus, spoken_reply
from chatrec.types import Comparison, Constraint, Item, Language, Ledger, Reading

A = Item(id="v:a", kind="video", form="film", title="A", year=1979, minutes=117, popularity=80, moods=("scary", "tense"))
B = Item(id="v:b", kind="video", form="film", title="B", year=1982, minutes=117, popularity=60, moods=("dark",), language="fr")
C = Item(id="v:c", kind="video", form="film", title="C", year=2001)
D = Item(id="v:d", kind="video", form="series", title="D", year=2017, minutes=53)
E = Item(
    id="g:e",
    kind="game",
    form="game",
    title="E",
    year=2010,
    genres=("adventure",),
    themes=("the sea",),
    tags=("based on a book", "single-player"),
)
WORKS = {item.id: item for item in (A, B, C, D, E)}


def told(reading: Reading, ledger: Ledger | None = None) -> str:
    return spoken_reply(reading, FactContext(ledger or Ledger(), WORKS, {}, reading.language)).text


def compared(comparison: Comparison, *works: Item, language: Language = "en") -> str:
    about = tuple(item.id for item in works)
    return told(Reading(intent="compare", about=about, comparison=comparison, language=language))


def test_of_two_works_the_one_that_is_sought_is_named_first_with_both_values() -> None:
    assert compared(Comparison(field="year"), A, B) == "B (1982) is newer: from 1982. A (1979): from 1979."
    assert compared(Comparison(field="year", most=False), B, A, language="zh") == "A (1979)更老：1979 年。B (1982)：1982 年。"


def test_a_question_of_yes_or_no_is_answered_so() -> None:
    assert compared(Comparison(field="year", subject="v:a"), A, B).startswith("No. B (1982) is newer")
    assert compared(Comparison(field="popularity", subject="v:a"), A, B).startswith("Yes. A (1979) is better known")


def test_equal_and_unknown_values_give_no_verdict() -> None:
    assert compared(Comparison(field="minutes", subject="v:a"), A, B).startswith("No. There is no difference.")
    assert compared(Comparison(field="minutes"), A, C) == (
        "I don't know: this catalog does not tell the running time of C (2001). A (1979): 1 h 57 min."
    )


def test_the_length_of_an_episode_is_not_weighed_against_that_of_a_film() -> None:
    assert compared(Comparison(field="minutes"), A, D).startswith("These lengths do not compare")


def test_of_a_mood_only_its_presence_is_told() -> None:
    scary = Comparison(field="moods", values=("scary",), subject="v:b")
    assert compared(scary, A, B).startswith("No. Of these, this catalog calls A (1979) “scary”, but not B (1982).")
    assert compared(Comparison(field="moods", values=("calm",)), A, B).startswith("I don't know: this catalog calls none")


@pytest.mark.parametrize(
    ("field", "op", "value", "item", "start"),
    [
        ("language", "in", ("fr",), B, "Yes. B (1982): in French."),
        ("language", "in", ("fr",), A, "I don't know"),
        ("minutes", "lt", 90.0, A, "No. A (1979): 1 h 57 min."),
        ("moods", "in", ("scary",), A, "Yes. A (1979): scary, tense."),
    ],
)
def test_a_check_is_yes_no_or_unknown(field: str, op: str, value: object, item: Item, start: str) -> None:
    condition = Constraint(field=field, op=op, value=value)  # type: ignore[arg-type]
    assert told(Reading(intent="check", about=(item.id,), conditions=(condition,))).startswith(start)


@pytest.mark.parametrize(
    ("field", "value", "item", "start"),
    [
        ("tags", ("based on a true story",), E, "This catalog does not say so. E (2010): based on a book, for a"),
        ("tags", ("co-op", "local co-op"), E, "No. E (2010): "),
        ("tags", ("based on a true story",), A, "I don't know"),
        ("moods", ("quirky",), A, "This catalog does not say so. A (1979): scary, tense."),
        ("moods", ("calm", "cosy"), A, "No. A (1979): scary, tense."),
        ("themes", ("space",), E, "This catalog does not say so. E (2010): about the sea"),
        ("genres", ("comedy",), E, "No. E (2010): adventure."),
    ],
)
def test_what_is_listed_in_part_denies_nothing_unless_it_rules_it_out(field: str, value: object, item: Item, start: str) -> None:
    condition = Constraint(field=field, op="in", value=value)  # type: ignore[arg-type]
    assert told(Reading(intent="check", about=(item.id,), conditions=(condition,))).startswith(start)


def test_how_many_may_play_is_not_told_by_several():
    several = Constraint(field="tags", op="in", value=("single-player",))
    reading = Reading(intent="check", about=("g:e",), conditions=(several,), unsupported=("8 people play",))
    assert told(reading).startswith("I don't know: this catalog does not record “8 people play” of E (2010). E (2010): ")


def test_how_good_a_work_is_is_told_by_what_it_is():
    assert told(Reading(intent="question", about=("v:b",), asked=(("v:b",), "quality"))).startswith(
        "This catalog has no ratings or reviews; this is what it does tell. B (1982): "
    )


def test_how_many_more_fit_is_said_in_words():
    context = FactContext(Ledger(), WORKS, {}, "en")
    assert spoken_reply(Reading(intent="remaining"), context, 7).text.startswith("No: 7 more")
    assert spoken_reply(Reading(intent="remaining"), context, 0).text.startswith("Yes: nothing else")


def test_the_longest_is_in_focus_next():
    longest = Reading(intent="compare", about=("v:d", "v:a"), comparison=Comparison(field="minutes"))
    assert in_focus(longest, WORKS) == ("v:a", "v:d")
    assert in_focus(replace(longest, about=("v:c", "v:a")), WORKS) == ("v:c", "v:a")


def test_what_no_field_tells_is_not_known() -> None:
    assert told(Reading(intent="check", about=("v:a",))) == "I don't know: this catalog does not tell that of A (1979)."


def test_why_says_what_was_asked_for() -> None:
    scary = Constraint(field="moods", op="in", value=("scary",))
    ledger = Ledger(constraints=(scary,), shown=("v:a", "v:b"))
    assert told(Reading(intent="why", about=("v:a",)), ledger).startswith("A (1979) is here because it fits “scary”. ")
    assert told(Reading(intent="why", about=("v:c",)), ledger).startswith("C (2001) is not among these picks. ")


def test_a_choice_between_works_that_no_answer_ranked_is_left_open():
    text = compared(Comparison(field="choice"), A, B)
    assert text.startswith("Nothing you told me decides between them. A (1979): ") and "B (1982): " in text


def test_a_comparison_with_a_work_that_is_missing_tells_of_the_other():
    reading = Reading(intent="compare", about=(A.id,), missing=("Zorblax",), comparison=Comparison(field="choice"))
    assert told(reading).startswith("“Zorblax” is not in this catalog. A (1979): ")


def test_what_no_catalog_records_is_not_compared():
    text = compared(Comparison(field="none", said="harder"), A, B)
    assert text.startswith("I can't check “harder”: nothing in this catalog records it. A (1979): ")
