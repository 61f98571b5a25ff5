"""What whole conversations come to, on the catalog that ships."""

from __future__ import annotations

import pytest

from chatrec.catalog.read import read_catalog
from chatrec.settings import resource
from chatrec.types import Change, Ledger
from chatrec.understand.ledger import replay
from chatrec.understand.read import Understander

pytestmark = pytest.mark.skipif(not any(resource("catalog").glob("*.jsonl")), reason="no shipped catalog in this checkout")


@pytest.fixture(scope="module")
def understander() -> Understander:
    return Understander(read_catalog(resource("catalog")), this_year=2026)


def after(understander: Understander, *messages: str, shown: tuple[str, ...] = ()) -> Ledger:
    """The ledger after these messages; `shown` was put before the person between them."""
    changes: list[Change] = []
    for turn, message in enumerate(messages):
        changes += understander.read(message, replay(changes), turn=turn).changes
        changes += [Change(action="shown", turn=turn, item_ids=shown)] if shown else []
    return replay(changes)


@pytest.mark.parametrize(
    "messages",
    [("I hate Harry Potter. a fantasy film or game", "an audiobook"), ("I hate Dune. a film", "an audiobook")],
)
def test_the_twin_of_a_disliked_work_is_not_liked(messages, understander):
    ledger = after(understander, *messages)
    assert ledger.ids("liked") == ()
    assert len(ledger.ids("disliked")) == 1


def test_the_twin_of_a_liked_work_is_meant_when_its_medium_is_named(understander):
    assert after(understander, "films like Dune", "the audiobook").ids("liked") == ("audio:dune",)


@pytest.mark.parametrize(
    ("message", "field", "value"),
    [
        ("I've seen Parasite and Oldboy, korean films", "language", "ko"),
        ("I've seen Se7en, crime films, nothing too old", "genres", "crime"),
        ("I've played Portal, puzzle games", "genres", "puzzle"),
        ("看过《寄生虫》，韩国电影", "language", "ko"),
    ],
)
def test_a_request_behind_what_was_seen_is_a_request(message, field, value, understander):
    ledger = after(understander, message)
    assert (value,) in [c.value for c in ledger.hard if c.field == field]
    assert ledger.ids("seen")


@pytest.mark.parametrize("message", ["I hated Alien, space films", "I hated Alien, films about space"])
def test_a_request_behind_a_work_that_is_disliked_is_a_request(message, understander):
    ledger = after(understander, message)
    assert [c.value for c in ledger.hard if c.field == "form"] == [("film",)]
    assert [wish.value for wish in ledger.wishes] == ["space"]
    assert ledger.ids("disliked") == ("video:alien",)


@pytest.mark.parametrize("message", ["I've seen Alien, the horror film", "I've seen Alien, Titanic and other korean films"])
def test_what_only_tells_more_of_what_was_seen_is_no_request(message, understander):
    assert after(understander, message).hard == ()


@pytest.mark.parametrize(
    ("message", "seen", "liked"),
    [
        ("I have seen Alien and loved The Thing, something similar", "video:alien", "video:the-thing-1982"),
        ("I have played Celeste and enjoyed Hades, similar games", "game:celeste", "game:hades"),
        ("看过《异形》，喜欢《怪形》，推荐类似的", "video:alien", "video:the-thing-1982"),
    ],
)
def test_what_was_only_seen_is_not_resembled_beside_what_was_liked(message, seen, liked, understander):
    ledger = after(understander, message)
    assert ledger.ids("seen") == (seen,)
    assert ledger.ids("liked") == (liked,)


def aversions(ledger: Ledger) -> dict[str, set[str]]:
    return {wish.text: set(wish.values) for wish in ledger.wishes if wish.direction == "less"}


@pytest.mark.parametrize("message", ["less sad", "太悲伤了", "not so sad drama series"])
def test_less_of_a_mood_is_less_of_all_that_its_word_means(message, understander):
    assert aversions(after(understander, "a drama film", message)) == {"sad": {"melancholic", "bittersweet", "bleak"}}


@pytest.mark.parametrize(
    "message", ["a war film that is less violent", "少一点暴力的游戏", "暴力少一点的游戏", "少一点暴力，动作片", "太暴力了"]
)
def test_what_is_less_violent_is_rated_for_the_younger_if_it_may_be(message, understander):
    ledger = after(understander, message)
    assert aversions(ledger) == {"violent": {"aggressive"}}
    assert [(c.value, c.hard) for c in ledger.constraints if c.field == "age"] == [(16.0, False)]
    assert not any(wish.direction == "more" for wish in ledger.wishes)


def test_more_of_it_takes_the_rating_back(understander):
    ledger = after(understander, "a war film", "less violent", "more violent")
    assert aversions(ledger) == {}
    assert not any(c.field == "age" for c in ledger.constraints)


@pytest.mark.parametrize(
    "message", ["fewer songs about love", "an album with less love songs", "少一些关于爱情的歌", "想听专辑，少一点情歌"]
)
def test_fewer_works_about_something_is_less_of_it(message, understander):
    assert aversions(after(understander, message)) == {"love": {"love"}}


def test_what_is_to_be_lessened_suggests_no_mood(understander):
    assert [wish.text for wish in after(understander, "a pop album with fewer songs about heartbreak").wishes] == ["heartbreak"]


def test_of_a_name_of_several_works_the_one_that_is_ruled_out_by_its_own_is_not_liked(understander):
    ledger = after(understander, "I like Zelda but not Breath of the Wild, an adventure game")
    assert ledger.ids("liked") == ("game:the-legend-of-zelda-ocarina-of-time",)
    assert ledger.ids("disliked") == ("game:the-legend-of-zelda-breath-of-the-wild",)


def test_a_number_behind_its_maker_is_a_title_and_the_maker_is_not_disliked(understander):
    ledger = after(understander, "I hate Taylor Swift's 1989 and Folklore, a pop album")
    assert ledger.ids("disliked") == ("audio:1989-taylor-swift", "audio:folklore")
    assert {c.field for c in ledger.constraints} == {"form", "genres"}


@pytest.mark.parametrize("message", ["I loved Nevermind, an album", "albums like Nevermind"])
def test_a_title_that_also_takes_back_is_one_behind_a_word_of_love(message, understander):
    assert after(understander, message).ids("liked") == ("audio:nevermind",)
    assert after(understander, "a film", "nevermind").hard == ()


@pytest.mark.parametrize(
    ("message", "liked", "disliked"),
    [
        ("actually I love Alien", ("video:alien",), ()),
        ("I found Titanic boring, a romance", (), ("video:titanic-1997",)),
        ("I found Titanic a bit too slow", (), ("video:titanic-1997",)),
        ("Alien I loved, Titanic I hated", ("video:alien",), ("video:titanic-1997",)),
    ],
)
def test_what_a_verdict_speaks_of(message, liked, disliked, understander):
    ledger = after(understander, message)
    assert (ledger.ids("liked"), ledger.ids("disliked")) == (liked, disliked)


def test_a_sign_of_a_maker_s_name_is_no_first_name(understander):
    ledger = after(understander, "日本或韩国的恐怖片", "不要日本的", shown=("video:godzilla-1954", "video:ringu"))
    assert not any(c.field == "people" for c in ledger.constraints)


def test_not_like_that_either_speaks_of_what_was_shown(understander):
    ledger = after(understander, "a horror film", "not like that either", shown=("video:alien", "video:titanic-1997"))
    assert ledger.ids("disliked") == ("video:alien",)
