"""Questions about what was shown change nothing; who is there, families of works, and demands of one form only."""

from __future__ import annotations

import pytest
from said import facts

from chatrec.types import Change, Constraint
from chatrec.understand.ledger import replay

SHOWN = ("video:alien", "video:inception", "video:spirited-away")
NOTED = [Change(action="shown", turn=0, item_ids=SHOWN)]


def read(reader, message, *notes):
    return reader.read(message, replay([*NOTED, *notes]), turn=1)


def spoken(item_id):
    return Change(action="spoken_of", turn=1, item_ids=(item_id,))


def age(number):
    return Change(action="constrain", turn=0, constraint=Constraint(field="age", op="le", value=number, turn=0))


@pytest.mark.parametrize(
    ("message", "about"),
    [
        ("what does the first one cost?", SHOWN[0]),
        ("what's the rating of the second?", SHOWN[1]),
        ("can 8 people play the first one?", SHOWN[0]),
        ("can two people play the third one", SHOWN[2]),
        ("the second one, is it explicit?", SHOWN[1]),
        ("is the last one finished?", SHOWN[2]),
        ("would I like the second one?", SHOWN[1]),
        ("is that one based on a true story?", SHOWN[0]),
        ("is it a true story?", SHOWN[0]),
        ("how scary is the second one", SHOWN[1]),
        ("is the third longer than two hours?", SHOWN[2]),
        ("第一部评分多少", SHOWN[0]),
        ("第二部要钱吗", SHOWN[1]),
        ("第三部适合孩子吗", SHOWN[2]),
    ],
)
def test_a_question_about_a_pick_likes_nothing(message, about, reader):
    reading = read(reader, message)
    assert (reading.intent, reading.about, reading.changes) == ("check", (about,), ())


@pytest.mark.parametrize(
    "message", ["are any of them finished?", "do they have co-op?", "the one about rabbits, is it sad?", "are they explicit?"]
)
def test_a_question_about_all_of_them_likes_nothing(message, reader):
    reading = read(reader, message)
    assert (reading.intent, reading.about, reading.changes) == ("check", SHOWN, ())


@pytest.mark.parametrize(
    "message",
    [
        "something like the first one",
        "I liked the second one",
        "can you recommend something like the first one?",
        "the first one looks good",
        "who else is like the first one?",
        "have you got more like the third one?",
        "有没有像第一部那样的",
        "save the second one",
        "swap the second one, please",
    ],
)
def test_a_request_about_a_pick_is_no_question(message, reader):
    assert read(reader, message).changes


@pytest.mark.parametrize("message", ["can we watch the first one?", "could we watch the second one please"])
def test_who_asks_to_watch_a_pick_has_chosen(message, reader):
    assert read(reader, message).intent == "thanks"


@pytest.mark.parametrize(
    ("message", "about"),
    [
        ("is it any good?", SHOWN[:1]),
        ("are they good?", SHOWN),
        ("are any of these any good?", SHOWN),
        ("good ones?", SHOWN),
        ("is the second one worth watching?", SHOWN[1:2]),
        ("第二部好看吗", SHOWN[1:2]),
        ("这些好看吗", SHOWN),
    ],
)
def test_how_good_works_are_is_a_question(message, about, reader):
    reading = read(reader, message)
    assert (reading.intent, reading.asked, reading.changes) == ("question", (about, "quality"), ())


@pytest.mark.parametrize("message", ["the second one is good", "a good horror film", "is there any good horror?", "good one"])
def test_praise_is_no_question(message, reader):
    assert read(reader, message).intent != "question"


@pytest.mark.parametrize(
    "message", ["is that all?", "are these all you have?", "that's all you have?", "就这些吗", "没有更多了吗"]
)
def test_whether_more_fits_is_a_question(message, reader):
    assert (read(reader, message).intent, read(reader, message).changes) == ("remaining", ())


@pytest.mark.parametrize(
    "message", ["is that really all you have for me?", "no more?", "is there no more?", "there's nothing more?"]
)
def test_fillers_around_the_question_whether_more_fits(message, reader):
    assert (read(reader, message).intent, read(reader, message).changes) == ("remaining", ())


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("is there nothing more recent?", "year"),
        ("are there no more recent ones?", "year"),
        ("are there no newer films?", "year"),
        ("is there nothing shorter?", "minutes"),
        ("are there no comedies?", "genres"),
        ("没有更多恐怖片了吗", "genres"),
        ("is this all there is by Nolan?", "people"),
        ("is that all you have from the 80s?", "year"),
        ("有没有比第一部短的", "minutes"),
        ("有没有比第一部短的喜剧", "minutes"),
        ("有没有比第一部长的", "minutes"),
        ("有比第二部老的吗", "year"),
        ("有没有比第二部新的", "year"),
    ],
)
def test_what_is_asked_of_what_is_left_is_a_request(message, field, reader):
    reading = read(reader, message)
    assert reading.intent in ("critique", "recommend", "more")
    assert field in [c.constraint.field for c in reading.changes if c.constraint and c.constraint.op not in ("not_in",)]


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("nothing more like that?", "more"),
        ("有没有比第二部更吓人的", "critique"),
        ("第二部比第一部长吗", "compare"),
        ("第一部短吗", "check"),
    ],
)
def test_questions_and_requests_that_set_against_a_pick(message, intent, reader):
    assert read(reader, message).intent == intent


def test_that_is_all_ends_the_search(reader):
    assert read(reader, "that's all, thanks").intent == "thanks"


@pytest.mark.parametrize(
    ("message", "about", "missing"),
    [
        ("第一部和第二部哪个好", SHOWN[:2], ()),
        ("第一部好还是第二部好", SHOWN[:2], ()),
        ("第一部好看还是第二部好看", SHOWN[:2], ()),
        ("异形好看还是盗梦空间好看", SHOWN[:2], ()),
        ("异形好看还是流浪地球好看", SHOWN[:1], ("流浪地球",)),
        ("异形和盗梦空间哪部更厉害", SHOWN[:2], ()),
    ],
)
def test_which_is_better_is_asked_in_chinese(message, about, missing, reader):
    reading = read(reader, message)
    assert (reading.intent, reading.about, reading.missing, reading.changes) == ("compare", about, missing, ())
    assert reading.comparison.field == "choice"


def test_makers_are_not_weighed_against_each_other(reader):
    reading = read(reader, "which is better, Ridley Scott or Christopher Nolan?")
    assert (reading.intent, reading.about, reading.changes) == ("compare", (), ())


def test_the_funniest_is_no_matter_of_choice(reader):
    assert read(reader, "哪部最好笑").comparison.field == "moods"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("i'm 12, horror film", "age le 12"),
        ("I'm 15, what can I watch", "age le 15"),
        ("I am only 13. a scary film", "age le 13"),
        ("我今年12，想看恐怖片", "age le 12"),
        ("my son is 9 and my daughter 6, a film", "age le 6"),
        ("kids r 10 n 12, a film", "age le 10"),
        ("movies for kids 5 and 9", "age le 5"),
        ("18+ films", "age ge 18"),
    ],
)
def test_ages_are_heard(message, expected, reader, catalog):
    found = facts(reader.read(message, replay([]), turn=0), dict(catalog.items()))
    assert expected in found and not any(fact.startswith("n ") for fact in found)


@pytest.mark.parametrize(
    "message",
    ["i'm 35, thrillers", "i'm 5 episodes in, a film", "films from when I was 12", "I'm 100% sure, horror", "give me 12 films"],
)
def test_other_numbers_are_no_ages(message, reader, catalog):
    found = facts(reader.read(message, replay([]), turn=0), dict(catalog.items()))
    assert not any(fact.startswith("age") for fact in found)


@pytest.mark.parametrize(
    "message",
    [
        "my kids are asleep, now a film for us adults",
        "ok she is in bed, a film for us",
        "a film once they fall asleep",
        "the kids have gone to bed, a horror film",
        "孩子们都睡着了，来部恐怖片",
    ],
)
def test_children_who_are_not_there_set_no_age(message, reader):
    reading = read(reader, message, age(5.0))
    ledger = replay([*NOTED, age(5.0), *reading.changes])
    assert not [c for c in ledger.constraints if c.field == "age"]


@pytest.mark.parametrize(
    "message", ["music to help my kids fall asleep", "a film for my kids until they are asleep", "孩子看的电影"]
)
def test_children_who_are_there_set_an_age(message, reader):
    ledger = replay(reader.read(message, replay([]), turn=0).changes)
    assert [c for c in ledger.constraints if c.field == "age"]


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("lol ok. a good one then", "recommend"),
        ("cool one", "recommend"),
        ("good looking one", "recommend"),
        ("要好看的", "recommend"),
        ("good one", "thanks"),
        ("nice one lol", "thanks"),
        ("cool", "thanks"),
    ],
)
def test_praise_may_ask_for_something(message, intent, reader):
    reading = read(reader, message)
    assert (reading.intent, bool(reading.unsupported)) == (intent, intent == "recommend")


@pytest.mark.parametrize(
    "message", ["what do you have from Japan?", "what about French?", "what about something from Nigeria?", "有便宜的吗"]
)
def test_what_is_asked_of_the_catalog_is_ours(message, reader):
    assert read(reader, message).intent == "recommend"


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        ("有郭德纲吗", "郭德纲"),
        ("流浪地球有吗", "流浪地球"),
        ("你们有甄嬛传吗", "甄嬛传"),
        ("do you have The Thing by Tommy Wiseau?", "The Thing by Tommy Wiseau"),
    ],
)
def test_what_the_catalog_lacks_is_missing(message, missing, reader):
    reading = reader.read(message, replay([]), turn=0)
    assert (reading.missing, [c for c in reading.changes if c.opinion is not None]) == ((missing,), [])


@pytest.mark.parametrize("message", ["what do you have for breakfast?", "你有女朋友吗", "what language do they speak in Brazil?"])
def test_other_talk_is_none_of_ours(message, reader):
    assert read(reader, message).intent == "off_topic"


@pytest.mark.parametrize("message", ["the thing films", "do you have the The Thing movies?", "The Thing movies please"])
def test_a_family_of_works_is_asked_for_by_its_name(message, reader):
    changes = reader.read(message, replay([]), turn=0).changes
    named = {v for c in changes if c.constraint is not None and c.constraint.field == "id" for v in c.constraint.value}
    assert named == {"video:the-thing-1982", "video:the-thing-2011"}


@pytest.mark.parametrize(
    "message", ["I love The Thing movies", "horror films", "films like The Thing", "the thing films are great"]
)
def test_a_family_of_works_may_be_judged(message, reader):
    changes = reader.read(message, replay([]), turn=0).changes
    assert not [c for c in changes if c.constraint is not None and c.constraint.field == "id"]


@pytest.mark.parametrize(
    ("message", "liked"),
    [
        ("anything similar?", "audio:kind-of-blue"),
        ("something similar but not sad", "audio:kind-of-blue"),
        ("有类似的吗", "audio:kind-of-blue"),
        ("anything similar to Alien?", "video:alien"),
    ],
)
def test_similar_is_like_what_was_just_spoken_of(message, liked, reader):
    reading = read(reader, message, spoken("audio:kind-of-blue"))
    assert replay(reading.changes).ids("liked") == (liked,)


def test_the_book_is_that_of_the_film(reader):
    wanted = reader.read("play Frankenstein (1931)", replay([]), turn=0)
    reading = reader.read("do you have the book?", replay([*wanted.changes]), turn=1)
    assert (reading.intent, reading.about) == ("question", ("audio:frankenstein-1818",))


@pytest.mark.parametrize(
    ("message", "about", "asked"),
    [
        ("how long is the longest one?", SHOWN[1], "minutes"),
        ("tell me more about the oldest", SHOWN[0], "description"),
        ("who directed the newest film?", SHOWN[1], "creators"),
        ("最长的那部讲什么", SHOWN[1], "description"),
        ("never heard of the third, tell me more", SHOWN[2], "description"),
        ("what about the second one?", SHOWN[1], "description"),
        ("那第二部呢", SHOWN[1], "description"),
    ],
)
def test_a_superlative_may_stand_for_a_pick(message, about, asked, reader):
    assert read(reader, message).asked == ((about,), asked)


@pytest.mark.parametrize("message", ["what is the longest film you have?", "the shortest one", "show me the newest horror film"])
def test_a_superlative_may_ask_for_others(message, reader):
    assert read(reader, message).intent != "question"


@pytest.mark.parametrize(
    ("message", "before", "unsupported"),
    [
        ("音乐好听", "game", "音乐好听"),
        ("要好玩的", "audio", "好玩的"),
        ("画面好看的", "game", "画面好看的"),
        ("with good music", "game", "with good music"),
    ],
)
def test_praise_of_a_part_leaves_the_medium(message, before, unsupported, reader):
    reading = read(reader, message, Change(action="kinds", turn=0, kinds=(before,)))
    assert (reading.unsupported, [c for c in reading.changes if c.action == "kinds"]) == ((unsupported,), [])


@pytest.mark.parametrize(
    ("message", "kind"), [("推荐点好听的音乐", "audio"), ("有什么好看的", "video"), ("some good music", "audio")]
)
def test_praise_may_tell_the_medium(message, kind, reader):
    assert replay(reader.read(message, replay([]), turn=0).changes).kinds == (kind,)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("a horror film and a podcast", {"horror": ("film",)}),
        ("two horror films and one podcast", {"horror": ("film",)}),
        ("两部恐怖片和一个播客", {"horror": ("film",)}),
        ("a horror film and a jazz album", {"horror": ("film",), "jazz": ("album",)}),
        ("horror films and podcasts", {"horror": ()}),
        ("a horror film", {"horror": ()}),
        ("a film and a podcast of horror", {"horror": ()}),
    ],
)
def test_a_demand_is_of_the_form_that_it_stands_beside(message, expected, reader):
    changes = reader.read(message, replay([]), turn=0).changes
    demands = [c.constraint for c in changes if c.constraint is not None and c.constraint.field == "genres"]
    assert {c.value[0]: c.of_forms for c in demands} == expected


@pytest.mark.parametrize(
    ("asked", "message", "cancels"),
    [
        ("a film for my daughter", "she is asleep", True),
        ("a film for my daughter", "she's asleep now, something scary", True),
        ("a film for my daughter", "her dad is out, he is away", False),
        ("a film for my daughter", "she is sleeping beauty fan", False),
        ("a film for kids", "they are gone", True),
        ("a film for kids", "my kids are away for the weekend", True),
        ("a film for kids", "our two kids are in bed and we want horror", True),
        ("a film for kids", "a film once they fall asleep", True),
        ("a film for kids", "他们都睡了", True),
        ("a film for kids", "the older kids are at school", False),
        ("a film for kids", "the younger kids are asleep", False),
        ("a film for kids", "they are gone on netflix?", False),
        ("a film for kids", "they are gone mad, something calm", False),
        ("a film for kids", "grandpa is here, he is away", False),
        ("a film for kids", "it's sleeping over night, they are sleeping over", False),
    ],
)
def test_only_children_who_are_gone_lift_their_age(asked, message, cancels, reader):
    first = reader.read(asked, replay(NOTED), turn=1)
    reading = reader.read(message, replay([*NOTED, *first.changes]), turn=2)
    assert any(c.action == "unconstrain" for c in reading.changes) == cancels
