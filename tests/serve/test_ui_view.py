from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ui_samples import constraint_chip, pick, reply

from chatrec.serve.ui.view import View, answered, ask, chip_key, language_of, progress, refused, stopped, without_last_turn
from chatrec.types import CandidatesFound, Chip, Claim, ClaimChecked, Final, Ledger, Message, Understood


def ids(view: View) -> list[str]:
    return [shown.item.id for shown in view.picks]


def found(*numbers: int) -> CandidatesFound:
    return CandidatesFound(recommendations=tuple(map(pick, numbers)))


@pytest.fixture
def asked() -> View:
    return ask(View(), "something calm")


def test_a_sent_message_is_in_the_log_and_the_turn_is_under_way(asked: View) -> None:
    assert asked.messages == (Message("user", "something calm"),)
    assert asked.phase == "reading"


def test_understanding_shows_chips_and_media_at_once(asked: View) -> None:
    view = progress(asked, Understood(ledger=Ledger(kinds=("game",)), chips=(constraint_chip(),)))

    assert view.kinds == ("game",)
    assert [chip.label for chip in view.chips] == ["≤ 90 min"]


def test_candidates_are_shown_before_the_answer_is_there(asked: View) -> None:
    view = progress(asked, found(0, 1))

    assert ids(view) == ["video:0", "audio:1"]
    assert view.phase == "writing"
    assert view.fresh == {"video:0", "audio:1"}


def test_a_checked_claim_replaces_the_reason_built_from_facts(asked: View) -> None:
    claim = Claim("calm", "moods", "calm")

    view = progress(progress(asked, found(0, 1)), ClaimChecked(item_id="video:0", claim=claim))

    assert view.picks[0].evidence == (claim, Claim("95 min", "minutes", "95"))
    assert view.picks[0].written_by == "llm"
    assert view.picks[0].reason != "Reason 0."
    assert view.picks[1] == pick(1)


def test_later_claims_of_an_item_join_the_earlier_ones(asked: View) -> None:
    view = progress(asked, found(0))
    for field, value in (("moods", "calm"), ("genres", "drama")):
        view = progress(view, ClaimChecked(item_id="video:0", claim=Claim(value, field, value)))

    assert [claim.value for claim in view.picks[0].evidence] == ["calm", "drama", "95"]
    assert "calm" in view.picks[0].reason
    assert "drama" in view.picks[0].reason


def test_a_claim_about_an_item_that_is_not_shown_changes_no_card(asked: View) -> None:
    view = progress(asked, found(0))

    assert progress(view, ClaimChecked(item_id="game:9", claim=Claim("x", "moods", "x"))).picks == view.picks


def test_the_final_reply_settles_order_text_and_chips(asked: View) -> None:
    view = progress(
        progress(asked, found(0, 1)), Final(reply=reply(1, 0, chips=(constraint_chip(), Chip(label="m", say="more"))))
    )

    assert ids(view) == ["audio:1", "video:0"]
    assert view.messages[-1] == Message("assistant", "Here you are.")
    assert [chip.label for chip in view.chips] == ["≤ 90 min"]
    assert [chip.label for chip in view.steps] == ["m"]
    assert not view.busy


def test_thanks_leave_the_cards_where_they_are(asked: View) -> None:
    view = progress(replace(asked, picks=(pick(0),)), Final(reply=reply(text="You're welcome.")))

    assert ids(view) == ["video:0"]
    assert view.answer == ""


def test_an_empty_result_takes_the_cards_away_and_says_why(asked: View) -> None:
    nothing = reply(text="Nothing fits all of that.", notes=("Nothing fits all of that.",))

    view = progress(replace(asked, picks=(pick(0),)), Final(reply=nothing))

    assert view.picks == ()
    assert view.answer == "Nothing fits all of that."


def test_a_replaced_card_is_told_to_screen_readers() -> None:
    view = answered(View(picks=(pick(0), pick(1))), reply(0, 4, opinions={"audio:1": "disliked"}))

    assert view.announcement == "“Title 1” was replaced by “Title 4”."
    assert view.fresh == {"audio:4"}
    assert view.messages == ()


def test_what_a_change_could_not_do_is_said() -> None:
    few = reply(0, text="Only one fits.", notes=("Only one fits.",))

    assert answered(View(picks=(pick(0), pick(1))), few).answer == "Only one fits."


def test_stopping_keeps_the_cards_that_are_there(asked: View) -> None:
    view = stopped(progress(asked, found(0, 1)))

    assert ids(view) == ["video:0", "audio:1"]
    assert not view.busy
    assert view.messages[-1].role == "assistant"


def test_a_refused_message_leaves_the_log(asked: View) -> None:
    view = refused(asked, "too long")

    assert view.messages == ()
    assert view.notice == "too long"
    assert not view.busy


def test_a_turn_that_breaks_after_cards_were_shown_keeps_its_message(asked: View) -> None:
    assert refused(progress(asked, found(0)), "broken").messages == asked.messages


def test_another_try_takes_the_last_message_and_its_answer_out_of_the_log() -> None:
    first = (Message("user", "a"), Message("assistant", "b"))

    view = View(messages=(*first, Message("user", "c"), Message("assistant", "d")))

    assert without_last_turn(view).messages == first


@pytest.mark.parametrize(
    ("text", "before", "language"),
    [("想看电影", "en", "zh"), ("a film by 张艺谋", "en", "zh"), ("film", "zh", "en"), ("👍", "zh", "zh"), ("!!", "en", "en")],
)
def test_the_page_speaks_the_language_of_the_message(text: str, before: str, language: str) -> None:
    assert language_of(text, before) == language  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.text(), st.text())
def test_different_next_steps_have_different_keys(one: str, other: str) -> None:
    keys = chip_key(Chip(label="", say=one)), chip_key(Chip(label="", say=other))

    assert (keys[0] == keys[1]) == (one.encode("utf-8", "replace") == other.encode("utf-8", "replace"))
