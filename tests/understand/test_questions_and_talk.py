"""Comparisons, checks, why, what was saved, and talk that is about something else: they change nothing."""

from __future__ import annotations

import pytest

from chatrec.types import Change, Comparison
from chatrec.understand.ledger import replay

SHOWN = ("video:alien", "video:inception", "video:spirited-away")
FIRST_TWO, ENDS = SHOWN[:2], (SHOWN[0], SHOWN[2])
NOTED = [Change(action="shown", turn=0, item_ids=SHOWN)]


def read(reader, message, *notes):
    return reader.read(message, replay([*NOTED, *notes]), turn=1)


@pytest.mark.parametrize(
    ("message", "field", "most", "about"),
    [
        ("which of the two is shorter?", "minutes", False, FIRST_TWO),
        ("which one is newer?", "year", True, SHOWN),
        ("and which is the longest?", "minutes", True, SHOWN),
        ("which is less scary, the first or the second?", "moods", False, FIRST_TWO),
        ("which one is calmer?", "moods", True, SHOWN),
        ("which is more popular?", "popularity", True, SHOWN),
        ("compare the first and the third", "all", True, ENDS),
        ("what's the difference between the first and the third?", "all", True, ENDS),
        ("which one would you pick?", "choice", True, SHOWN),
        ("which of them is for kids?", "age", False, SHOWN),
        ("which is older, Alien or Inception?", "year", False, FIRST_TWO),
        ("第一部和第二部哪个更短？", "minutes", False, FIRST_TWO),
        ("哪部最恐怖？", "moods", True, SHOWN),
        ("比较一下第一部和第三部", "all", True, ENDS),
    ],
)
def test_a_comparison_is_read_as(message, field, most, about, reader):
    reading = read(reader, message)
    assert (reading.intent, reading.about, reading.changes) == ("compare", about, ())
    assert (reading.comparison.field, reading.comparison.most) == (field, most)


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ("is the second one longer than the first?", SHOWN[1]),
        ("is it longer than Inception?", SHOWN[0]),
        ("第二部比第一部长吗？", SHOWN[1]),
        ("is Alien any longer than Inception?", SHOWN[0]),
        ("compared to Alien, is Inception longer?", SHOWN[1]),
        ("和异形比，盗梦空间更长吗？", SHOWN[1]),
        ("跟异形相比，盗梦空间更长吗？", SHOWN[1]),
        ("比起异形，盗梦空间更长吗", SHOWN[1]),
        ("盗梦空间比异形长吗？", SHOWN[1]),
    ],
)
def test_a_comparison_of_yes_or_no_knows_its_subject(message, subject, reader):
    assert read(reader, message).comparison == Comparison(field="minutes", subject=subject)


@pytest.mark.parametrize(
    ("message", "field", "about", "missing"),
    [
        ("Alien or Inception, which is older?", "year", FIRST_TWO, ()),
        ("which is longer: Alien, Inception or Spirited Away?", "minutes", SHOWN, ()),
        ("is Alien or Inception longer?", "minutes", FIRST_TWO, ()),
        ("should I watch Alien or Inception tonight?", "choice", FIRST_TWO, ()),
        ("which of Alien and Inception is scarier?", "moods", FIRST_TWO, ()),
        ("异形和盗梦空间哪部更老？", "year", FIRST_TWO, ()),
        ("Alien or Zorblax, which is older?", "year", SHOWN[:1], ("Zorblax",)),
        ("which is older, Quuxel or Zorblax?", "year", (), ("Quuxel", "Zorblax")),
        ("is Heat longer than Drive?", "minutes", (), ("Heat", "Drive")),
        ("is heat longer than drive?", "minutes", (), ("heat", "drive")),
        ("was Alien made before Drive?", "year", SHOWN[:1], ("Drive",)),
        ("is Alien scarier than Inception?", "moods", FIRST_TWO, ()),
        ("盗梦空间比异形更新吗？", "year", FIRST_TWO[::-1], ()),
        ("Alien or Inception?", "choice", FIRST_TWO, ()),
        ("异形还是盗梦空间？", "choice", FIRST_TWO, ()),
        ("is Alien harder than Inception?", "none", FIRST_TWO, ()),
        ("how does Alien compare to Drive?", "all", SHOWN[:1], ("Drive",)),
    ],
)
def test_names_that_are_compared_are_works(message, field, about, missing, reader):
    reading = reader.read(message, replay([]), turn=0)
    assert (reading.intent, reading.about, reading.missing, reading.changes) == ("compare", about, missing, ())
    assert reading.comparison.field == field


@pytest.mark.parametrize("message", ["is Alien as long as Inception?", "异形有盗梦空间长吗？"])
def test_a_work_may_be_asked_to_have_as_much_as_another(message, reader):
    assert read(reader, message).comparison == Comparison(field="minutes", subject=SHOWN[0], level=True)


@pytest.mark.parametrize(
    "message",
    [
        "which is better, action or horror?",
        "are there films longer than Alien?",
        "is horror longer than comedy?",
        "is there anything older than Alien?",
        "有比异形更老的电影吗？",
        "which films are like Alien and Inception but older?",
        "a longer film like Alien or Inception?",
    ],
)
def test_names_beside_a_request_are_not_compared(message, reader):
    assert reader.read(message, replay([]), turn=0).intent != "compare"


@pytest.mark.parametrize(
    "message",
    [
        "something shorter than Alien",
        "which shorter films do you have?",
        "which horror films are longer than two hours?",
        "shorter",
        "what about something newer?",
        "有没有更短的电影？",
    ],
)
def test_a_request_that_compares_is_no_question(message, reader):
    assert read(reader, message).intent != "compare"


def test_the_two_are_those_that_were_just_spoken_of(reader):
    spoken = Change(action="spoken_of", turn=1, item_ids=ENDS)
    assert read(reader, "which of the two is shorter?", spoken).about == ENDS
    assert read(reader, "which is the shortest?", spoken).about == SHOWN
    assert read(reader, "how long is it?", spoken).asked == ((ENDS[0],), "minutes")


def test_what_was_spoken_of_is_forgotten_with_the_next_picks():
    spoken = Change(action="spoken_of", turn=1, item_ids=ENDS)
    assert replay([*NOTED, spoken]).focus == ENDS
    assert replay([*NOTED, spoken, *NOTED]).focus == ()


@pytest.mark.parametrize(
    ("message", "about", "fields"),
    [
        ("is it scary?", SHOWN[0], {"moods"}),
        ("is the second one in French?", SHOWN[1], {"language"}),
        ("is the third one under two hours?", SHOWN[2], {"minutes"}),
        ("is Alien scary?", SHOWN[0], {"moods"}),
        ("is it ok for a 5 year old?", SHOWN[0], {"age"}),
        ("is the first one on Netflix?", SHOWN[0], set()),
        ("where can I watch the second one?", SHOWN[1], set()),
        ("第二部是法语的吗？", SHOWN[1], {"language"}),
        ("are these in English?", SHOWN, {"language"}),
        ("are they suitable for kids?", SHOWN, {"age"}),
    ],
)
def test_a_check_is_read_as(message, about, fields, reader):
    reading = read(reader, message)
    assert (reading.intent, reading.about, reading.changes) == ("check", about if isinstance(about, tuple) else (about,), ())
    assert {condition.field for condition in reading.conditions} == fields


@pytest.mark.parametrize(
    ("message", "intent", "about"),
    [
        ("why this one?", "why", SHOWN[:1]),
        ("why did you pick the last one?", "why", SHOWN[2:]),
        ("为什么推荐第二部？", "why", SHOWN[1:2]),
        ("what did I save?", "saved", ()),
        ("我存了什么？", "saved", ()),
        ("what's the weather like today?", "off_topic", ()),
        ("write me a python script that sorts a list", "off_topic", ()),
        ("who won the world cup in 2018?", "off_topic", ()),
        ("translate good morning into Spanish", "off_topic", ()),
        ("今天天气怎么样？", "off_topic", ()),
        ("帮我写段Python代码", "off_topic", ()),
        ("法国的首都是哪里？", "off_topic", ()),
    ],
)
def test_talk_changes_nothing(message, intent, about, reader):
    reading = read(reader, message)
    assert (reading.intent, reading.about, reading.changes) == (intent, about, ())


@pytest.mark.parametrize(
    "message", ["what should I watch?", "write me a list of horror films", "do you know any good thrillers?", "画风可爱的游戏"]
)
def test_a_request_in_the_form_of_a_question_is_ours(message, reader):
    assert read(reader, message).intent not in ("off_topic", "check", "compare")


@pytest.mark.parametrize(
    ("message", "intent", "saved", "passed"),
    [
        ("save the second one", "save", SHOWN[1:2], ()),
        ("keep the third one for later", "save", SHOWN[2:], ()),
        ("not tonight but save it", "swap", SHOWN[:1], SHOWN[:1]),
        ("the second one, not tonight", "swap", (), SHOWN[1:2]),
        ("swap the first and the third one", "swap", (), ENDS),
        ("今晚不看，先存着第一部", "swap", SHOWN[:1], SHOWN[:1]),
        ("把第二部换掉", "swap", (), SHOWN[1:2]),
        ("I'll watch the second one", "thanks", SHOWN[1:2], ()),
    ],
)
def test_single_picks_are_kept_or_replaced(message, intent, saved, passed, reader):
    reading = read(reader, message)
    ledger = replay([*NOTED, *reading.changes])
    assert (reading.intent, ledger.ids("saved"), ledger.passed) == (intent, saved, passed)
    assert ledger.ids("liked") == ()


@pytest.mark.parametrize(
    "message",
    ["you suck", "stupid bot", "that's not what I asked", "wtf", "are you even listening?", "垃圾", "答非所问", "你没听懂吧"],
)
def test_anger_that_names_nothing_changes_nothing(message, reader):
    reading = read(reader, message)
    assert (reading.intent, reading.changes) == ("complaint", ())


@pytest.mark.parametrize("message", ["you suck, give me comedies", "this sucks, something funny", "垃圾，换恐怖片"])
def test_anger_beside_a_request_is_passed_over(message, reader):
    reading = read(reader, message)
    assert reading.intent != "complaint"
    assert reading.changes


@pytest.mark.parametrize(
    ("message", "rest"),
    [
        ("this is not working, start over", "start over"),
        ("you suck, undo that", "undo that"),
        ("that's not what I asked for, go back", "go back"),
        ("that's not what I asked for, older ones", "older ones"),
        ("that's not what I asked for, try again", "try again"),
        ("useless, show me others", "show me others"),
        ("useless. next", "next"),
        ("what a waste of time, show me something newer", "show me something newer"),
        ("you don't understand, I want something shorter", "I want something shorter"),
        ("you don't get it, I'm 12", "I'm 12"),
        ("this sucks, something lighter", "something lighter"),
        ("this bot is useless, a comedy", "a comedy"),
        ("something with space, you idiot", "something with space"),
        ("垃圾，换一批", "换一批"),
        ("垃圾，来点短的", "来点短的"),
        ("你没听懂，要恐怖片", "要恐怖片"),
    ],
)
def test_a_request_beside_anger_is_read_alone(message, rest, reader):
    reading, alone = read(reader, message), read(reader, rest)
    assert reading.intent == alone.intent
    assert [c.action for c in reading.changes] == [c.action for c in alone.changes]


@pytest.mark.parametrize("message", ["useless show me others", "something for a useless afternoon", "The Idiot", "垃圾换一批"])
def test_a_word_of_anger_within_a_request_is_no_complaint(message, reader):
    assert read(reader, message).intent != "complaint"


@pytest.mark.parametrize(
    "message",
    ["this bot is useless", "please shut up!", "that's not what I asked for", "这是什么垃圾", "wtf is this", "these are useless"],
)
def test_fillers_beside_anger_ask_for_nothing(message, reader):
    assert (read(reader, message).intent, read(reader, message).changes) == ("complaint", ())


def test_anger_about_the_work_spoken_of_judges_it(reader):
    reading = read(reader, "it sucks, something lighter", Change(action="spoken_of", turn=0, item_ids=SHOWN[1:2]))
    assert replay([*NOTED, *reading.changes]).ids("disliked") == SHOWN[1:2]


@pytest.mark.parametrize(
    ("message", "intent", "saved"),
    [
        ("can you save the first one?", "save", SHOWN[:1]),
        ("could you add the second one to my list?", "save", SHOWN[1:2]),
        ("can you add the first to my saved list please", "save", SHOWN[:1]),
        ("can you keep the second one?", "save", SHOWN[1:2]),
        ("can we go with the first one?", "thanks", SHOWN[:1]),
        ("can you replace the first one?", "swap", ()),
        ("can you keep it under two hours?", "recommend", ()),
        ("can I play the first one with friends?", "check", ()),
        ("can I watch it with my kids?", "check", ()),
    ],
)
def test_whether_something_can_be_done_with_a_pick_asks_for_it(message, intent, saved, reader):
    reading = read(reader, message)
    assert (reading.intent, replay([*NOTED, *reading.changes]).ids("saved")) == (intent, saved)
