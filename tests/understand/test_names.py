from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.types import Item
from chatrec.understand.resolve import Names
from chatrec.understand.text import key_of

ITEMS = [
    Item(id="v:godfather", kind="video", title="The Godfather", year=1972, popularity=90),
    Item(id="v:godfather-2", kind="video", title="The Godfather Part II", year=1974, popularity=70),
    Item(id="v:hobbit", kind="video", title="The Hobbit: An Unexpected Journey", year=2012, popularity=80),
    Item(id="v:doom", kind="video", title="Doom", year=2005, popularity=20),
    Item(id="g:doom", kind="game", title="Doom", year=2016, popularity=85),
    Item(id="v:thing", kind="video", title="The Thing", year=1982, popularity=75),
    Item(id="v:thing-2", kind="video", title="The Thing", year=2011, popularity=30),
    Item(id="v:robot", kind="video", title="I, Robot", year=2004, popularity=50),
    Item(id="v:ps", kind="video", title="P.S. I Love You", year=2007, popularity=40),
    Item(id="v:monkeys", kind="video", title="12 Monkeys", year=1995, popularity=60),
    Item(id="v:toy", kind="video", title="Toy Story", year=1995, popularity=90),
    Item(id="v:alias", kind="video", title="Spirited Away", aliases=("千与千寻",), creators=("Hayao Miyazaki",), popularity=90),
    Item(id="v:pan", kind="video", title="Pan's Labyrinth", creators=("Guillermo del Toro",), cast=("Doug Jones",)),
    Item(id="v:jones", kind="video", title="Moon", creators=("Duncan Jones",)),
]


@pytest.fixture(scope="module")
def names() -> Names:
    return Names(ITEMS)


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("the godfather", ("v:godfather",)),
        ("godfather", ("v:godfather",)),
        ("godfather 2", ("v:godfather-2",)),
        ("the godfather ii", ("v:godfather-2",)),
        ("the hobbit", ("v:hobbit",)),
        ("doom", ("g:doom", "v:doom")),
        ("the thing", ("v:thing", "v:thing-2")),
        ("twelve monkeys", ("v:monkeys",)),
        ("i robot", ("v:robot",)),
        ("千与千寻", ("v:alias",)),
        ("zorblax", ()),
    ],
)
def test_an_exact_name_gives_its_works_best_first(said, ids, names):
    assert names.exact(key_of(said)) == ids


def test_the_media_spoken_of_pick_among_works_of_one_name(names):
    assert names.exact(("doom",), ("video",)) == ("v:doom",)
    assert names.exact(("doom",), ("audio",)) == ("g:doom", "v:doom")


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("spirted away", ("v:alias",)),
        ("spiritedaway", ("v:alias",)),
        ("the godfahter", ("v:godfather",)),
        ("toy stroy", ("v:toy",)),
        ("toy story 4", ()),
        ("13 monkeys", ()),
        ("dooms", ()),
        ("moot", ()),
        ("the goodfellas", ()),
    ],
)
def test_only_a_slip_of_the_hand_is_near(said, ids, names):
    assert names.near(key_of(said)) == ids


def test_a_year_picks_the_version(names):
    assert names.of_year(("v:thing", "v:thing-2"), 2011) == ("v:thing-2",)
    assert names.of_year(("v:thing", "v:thing-2"), 1983) == ("v:thing",)
    assert names.of_year(("v:thing", "v:thing-2"), 1995) == ()


def test_a_title_may_be_written_with_its_punctuation(names):
    found = next(names.at(["p", ".", "s", ".", "i", "love", "you"], 0))
    assert (found.ids, found.end) == (("v:ps",), 7)
    assert next(names.at(["i", ",", "robot"], 0)).ids == ("v:robot",)


def test_punctuation_separates_titles_that_have_none(names):
    assert [n.ids for n in names.at(["the", ",", "thing"], 0)] == []


def test_people_are_found_by_full_name_and_by_surname(names):
    assert next(names.people.at(["hayao", "miyazaki"], 0)) == (2, ("Hayao Miyazaki",), True)
    assert next(names.people.at(["miyazaki", "films"], 0)) == (1, ("Hayao Miyazaki",), False)
    assert next(names.people.at(["del", "toro"], 0)) == (2, ("Guillermo del Toro",), False)
    assert next(names.people.at(["jones"], 0))[1] == ("Doug Jones", "Duncan Jones")


@given(st.sampled_from([i for i in ITEMS if i.title != "Doom" and i.title != "The Thing"]))
def test_every_title_names_its_work(item):
    assert Names(ITEMS).exact(key_of(item.title)) == (item.id,)


@given(st.text(min_size=1, max_size=30))
def test_any_words_can_be_looked_up(text):
    names = Names(ITEMS[:4])
    key = key_of(text)
    assert isinstance(names.near(key), tuple)
    for at in range(len(key)):
        assert all(found.start == at < found.end for found in names.at(key, at))
