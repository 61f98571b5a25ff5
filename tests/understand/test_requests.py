"""A work that is asked for itself, told from one that others should be like."""

from __future__ import annotations

import pytest
from said import facts

from chatrec.types import Change, Ledger, Opinion
from chatrec.understand.chips import chips
from chatrec.understand.ledger import pulling, replay


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("play Kind of Blue", {"wanted kind-of-blue", "kinds audio"}),
        ("play kind of blue", {"wanted kind-of-blue", "kinds audio"}),
        ("put on Kind of Blue by Miles Davis", {"wanted kind-of-blue", "kinds audio"}),
        ("Play 'Kind of Blue' by Miles Davis, please", {"wanted kind-of-blue", "kinds audio"}),
        ("let's play Portal 2", {"wanted portal-2", "kinds game"}),
        ("can we watch Spirited Away?", {"wanted spirited-away", "kinds video"}),
        ("I want to watch Alien tonight", {"wanted alien", "kinds video"}),
        ("I'd love to see Alien", {"wanted alien", "kinds video"}),
        ("find me Inception", {"wanted inception", "kinds video"}),
        ("show me Portal 2", {"wanted portal-2", "kinds game"}),
        ("do you have Alien?", {"wanted alien", "kinds video"}),
        ("is Alien in the catalog?", {"wanted alien", "kinds video"}),
        ("play Kind of Blue and OK Computer", {"wanted kind-of-blue", "wanted ok-computer", "kinds audio"}),
        ("listen to Solaris", {"wanted solaris-1961", "kinds audio"}),
        ("watch Solaris", {"wanted solaris-1972", "kinds video"}),
        ("我想看《异形》", {"wanted alien", "kinds video"}),
        ("我想看千与千寻", {"wanted spirited-away", "kinds video"}),
        ("放一首《Kind of Blue》", {"wanted kind-of-blue", "kinds audio"}),
        ("有没有《异形》？", {"wanted alien", "kinds video"}),
    ],
)
def test_a_verb_of_wanting_before_a_title_asks_for_the_work(reader, catalog, message: str, expected: set[str]) -> None:
    assert facts(reader.read(message, Ledger(), turn=0), catalog) == expected | {"intent recommend"}


@pytest.mark.parametrize(
    "message",
    [
        "play something like Kind of Blue",
        "games like Portal 2",
        "I want to watch something like Alien",
        "I loved Alien",
        "I watched Alien",
        "I'm playing Portal 2",
        "I have been watching Alien",
        "what should I watch after Alien",
        "I want to watch a film by the director of Alien",
        "show me something like Portal 2",
        "don't play OK Computer",
        "I want to play Portal 2 but it's too short",
        "I want to play Portal 2, but it's too short",
        "have you seen Alien?",
        "who directed Alien?",
        "tell me about Alien",
        "is Alien any good?",
        "watch OK Computer",
        "播放千与千寻的原声",
        "我想看像《异形》这样的电影",
        "我看过《异形》",
        "不想看《异形》",
        "我想看《异形》，但是太长了",
    ],
)
def test_what_is_said_otherwise_asks_for_no_work(reader, message: str) -> None:
    assert not replay(reader.read(message, Ledger(), turn=0).changes).ids("wanted")


@pytest.mark.parametrize(
    "message",
    [
        "do you have Heat?",
        "do you have the film Heat?",
        "do you have the film heat?",
        "have you got Heat?",
        "is there a film called heat?",
        "does your catalog have Heat?",
        "is Heat in there?",
        "is Heat available?",
        "can I find Heat here?",
        "I want to watch Heat tonight",
        "play Zorblax Rising",
        "play zorblax rising",
        "is Zorblax Rising in there?",
        "put on Zorblax Rising by Alan Zorblaxson",
        "你们有《星际漫游者》吗？",
    ],
)
def test_a_name_that_is_asked_for_and_not_there_is_told_to_be_missing(reader, message: str) -> None:
    reading = reader.read(message, Ledger(), turn=0)
    assert {name.casefold() for name in reading.missing} & {"heat", "zorblax rising", "星际漫游者"}
    assert reading.intent == "recommend"


@pytest.mark.parametrize(
    "message",
    [
        "is Alien in there?",
        "is Alien on here?",
        "does your catalog have Alien?",
        "do you have a film called Alien?",
        "do you have Heat and Alien?",
    ],
)
def test_a_name_that_is_asked_for_and_is_there_is_shown(reader, message: str) -> None:
    assert replay(reader.read(message, Ledger(), turn=0).changes).ids("wanted") == ("video:alien",)


@pytest.mark.parametrize(
    "message",
    [
        "do you have Space films?",
        "do you have something for Monday?",
        "do you have time?",
        "Play Jazz",
        "play Something Relaxing",
        "play the game again",
        "can we watch Football?",
        "is Berlin in Germany?",
        "show me more",
        "see ya later",
        "you have successfully connected",
        "find me Comedies",
        "有没有好看的？",
    ],
)
def test_what_names_no_work_is_not_told_to_be_missing(reader, message: str) -> None:
    assert reader.read(message, Ledger(), turn=0).missing == ()


@pytest.mark.parametrize(
    ("message", "media"),
    [("play Zorblax Rising", ()), ("watch Zorblax Rising", ("video",)), ("do you have the album Zorblax?", ("audio",))],
)
def test_a_missing_name_leaves_the_medium_that_was_told(reader, message: str, media: tuple[str, ...]) -> None:
    """What is played may be a game or a record."""
    assert replay(reader.read(message, Ledger(), turn=0).changes).kinds == media


def test_a_title_of_several_works_means_what_the_verb_can_be_said_of(reader) -> None:
    assert not reader.read("listen to Solaris", Ledger(), turn=0).ambiguities
    ambiguous = reader.read("watch The Thing", Ledger(), turn=0).ambiguities
    assert [a.options for a in ambiguous] == [("video:the-thing-1982", "video:the-thing-2011")]


def test_a_wanted_work_has_its_chip_pulls_like_a_liked_one_and_is_past_on_a_new_topic(catalog) -> None:
    said = Change(action="opine", turn=0, opinion=Opinion(item_id="video:alien", sentiment="wanted"))
    ledger = replay([said])
    (chip,) = chips(ledger, catalog, "en")
    assert chip.label == "asked for: Alien"
    assert chips(ledger, catalog, "zh")[0].label == "想要：异形"
    assert chip.remove is not None and not replay([said, chip.remove]).opinions
    assert pulling(ledger).ids("liked") == ("video:alien",)
    assert replay([said, Change(action="new_topic", turn=1)]).ids("past") == ("video:alien",)


def test_a_series_that_is_asked_for_takes_back_that_films_were(reader) -> None:
    before = replay(reader.read("a film", Ledger(), turn=0).changes)
    changes = reader.read("I want to watch The Office", before, turn=1).changes
    assert any(c.action == "unconstrain" and (c.key or "").startswith("form") for c in changes)
