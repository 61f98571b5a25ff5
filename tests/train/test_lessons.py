"""Lessons for the language model: posed as the chat poses them, answered from the slots' own facts."""

from __future__ import annotations

from pathlib import Path

import pytest
from dialog_samples import assistant, dialog, user

from chatrec.errors import DataMissingError, DialogLogError
from chatrec.generate.prompts import Prompts
from chatrec.recommender import Recommender
from chatrec.settings import Settings
from chatrec.train.judge import Answered, judge, lines_of, random_fit
from chatrec.train.lessons import Lesson, is_held_out, make_lessons, read_lessons, write_lessons


@pytest.fixture(scope="module")
def rec() -> Recommender:
    return Recommender.open(llm=False)


def made(rec: Recommender, count: int = 12, **how: object) -> list[Lesson]:
    return list(make_lessons(rec, Prompts.of(Settings.load()), count, **{"held_out": False, **how}))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def lessons(rec: Recommender) -> list[Lesson]:
    return made(rec, 30)


def test_what_is_taught_is_well_formed_true_and_better_than_chance(lessons: list[Lesson]) -> None:
    figures = judge([Answered(one, one.answer, ended=True) for one in lessons])
    assert figures["well_formed"] == 1.0
    assert figures["claims_supported_before_grounding"] == 1.0
    assert figures["fit_of_picks"] == 1.0
    assert figures["fit_of_random_picks"] < 0.9
    assert figures["distinct_phrases_in_an_answer"] > 0.7
    assert figures["agreement_with_head_order"] > 0.8


def test_what_is_drawn_is_listed_in_the_heads_order(rec: Recommender, lessons: list[Lesson]) -> None:
    drawn = [one for one in lessons if one.source == "drawn"]
    figures = judge([Answered(one, one.answer, ended=True) for one in drawn])
    assert 0.0 < figures["fit_of_random_picks"] < figures["fit_of_slots_as_listed"] - 0.15


def test_lessons_differ_and_are_the_same_from_the_same_seed(rec: Recommender, lessons: list[Lesson]) -> None:
    assert made(rec, 30) == lessons
    assert made(rec, 5, seed=1) != lessons[:5]
    assert len({one.messages for one in lessons}) > 25


def test_works_that_are_held_out_are_never_learned_from(rec: Recommender, lessons: list[Lesson]) -> None:
    held = [item for item in rec.catalog.values() if is_held_out(item)]
    assert 0.05 < len(held) / len(rec.catalog) < 0.15
    learned = [item.title for item in rec.catalog.values() if not is_held_out(item)]
    kept_out = tuple(f" {item.title}: " for item in held if not any(title.startswith(item.title) for title in learned))
    listed = [line for one in lessons for line in one.messages[-1][1].splitlines() if line[:1] == "c"]
    assert len(listed) > 100
    assert not [line for line in listed if line[3:].startswith(kept_out)]


def test_lessons_to_measure_on_are_worded_otherwise(rec: Recommender, lessons: list[Lesson]) -> None:
    said = {one.messages[-1][1].split("Request: ")[1] for one in lessons}
    measured = {one.messages[-1][1].split("Request: ")[1] for one in made(rec, 10, held_out=True)}
    assert not said & measured


def test_what_people_wrote_is_asked_and_answered_from_the_catalog(rec: Recommender, tmp_path: Path) -> None:
    log = tmp_path / "dialogs.jsonl"
    talks = [dialog(place, user(f"number {place}: I want a comedy"), assistant("ok", "gun")) for place in range(40)]
    log.write_text("".join(talk.model_dump_json() + "\n" for talk in talks))
    found = [one for one in made(rec, 30, dialogs=[log]) if one.source == "dialog"]
    assert found
    assert all("I want a comedy" in one.messages[-1][1] for one in found)
    assert all(answer_is_of_slots(one) for one in found)


def answer_is_of_slots(lesson: Lesson) -> bool:
    return [line.slot for line in lines_of(Answered(lesson, lesson.answer, ended=True))] <= sorted(lesson.slots)


def test_a_log_without_words_teaches_nothing_and_a_missing_one_is_named(rec: Recommender, tmp_path: Path) -> None:
    log = tmp_path / "dialogs.jsonl"
    log.write_text(dialog(0, user(None, "gun"), assistant(None, "hot")).model_dump_json() + "\n")
    with pytest.raises(DialogLogError, match="no message of a person has text"):
        made(rec, 1, dialogs=[log])
    with pytest.raises(DataMissingError, match=r"absent\.jsonl"):
        made(rec, 1, dialogs=[tmp_path / "absent.jsonl"])


def test_lessons_survive_their_file(lessons: list[Lesson], tmp_path: Path) -> None:
    write_lessons(lessons, tmp_path / "lessons.jsonl")
    assert read_lessons(tmp_path / "lessons.jsonl") == lessons


def test_a_bad_answer_is_judged_bad() -> None:
    slots = {"c01": ("space", "2011"), "c02": ("war",), "c03": ("love",), "c04": ("sea",)}
    lesson = Lesson("drawn", (), "c01 space\nc02 war\n", 2, slots, ("c01",))
    figures = judge([Answered(lesson, "c02 war; space\nc09 love\nsome words", ended=False, tokens=9)])
    assert figures["well_formed"] == 0.0
    assert figures["claims_supported_before_grounding"] == 0.5
    assert figures["fit_of_picks"] == 0.0
    assert random_fit(lesson) == 0.5
    assert figures["agreement_with_taught_picks"] == 0.5
    assert figures["tokens_per_answer"] == 9
