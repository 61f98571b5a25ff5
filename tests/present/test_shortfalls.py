"""What the picks lack is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatrec.generate.facts import FactContext
from chatrec.present.shortfalls import shortfalls
from chatrec.types import Candidate, Change, Constraint, Count, Item, Language, Ledger, Opinion, Reading, Wish

FORMS = Constraint(field="form", op="in", value=("film", "podcast"))
SPACE = Wish(text="space", field="themes", value="space")
FILM = Item(id="v:1", kind="video", form="film", title="Parasite", themes=("poverty",))
OF_SPACE = replace(FILM, id="v:2", title="Moon", themes=("space",))
PODCAST = Item(id="a:1", kind="audio", form="podcast", title="Short Wave", themes=("space",))


def told(
    ledger: Ledger, *picks: Item, pool: tuple[Item, ...] = (), known: tuple[Item, ...] = (), language: Language = "en"
) -> list[str]:
    """What is said of a slate of as many as were asked for."""
    reading = Reading(changes=tuple(Change(action="wish", turn=0, wish=wish) for wish in ledger.wishes), language=language)
    context = FactContext(replace(ledger, shown=tuple(item.id for item in known)), {i.id: i for i in known}, {}, language)
    n = ledger.count.n if ledger.count else len(picks)
    return list(shortfalls(reading, context, picks, n, [Candidate(item=item) for item in pool]))


def test_a_form_that_has_nothing_of_what_is_wished_for_is_named() -> None:
    ledger = Ledger(constraints=(FORMS,), wishes=(SPACE,))
    assert told(ledger, FILM, PODCAST) == ["I found no film for “space” that fits the rest."]
    assert told(ledger, FILM, PODCAST, known=(OF_SPACE,)) == ["I found no other film for “space” that fits the rest."]
    assert told(ledger, FILM, PODCAST, language="zh") == ["没有找到既符合“太空”又符合其他要求的电影。"]
    assert told(ledger, OF_SPACE, PODCAST) == told(ledger, FILM, PODCAST, pool=(OF_SPACE,)) == []
    assert told(ledger, replace(FILM, description="A walk in space."), PODCAST) == []


def test_one_that_grants_the_wish_is_enough_where_no_forms_were_told_apart() -> None:
    golf = Wish(text="golf", field="themes", value="golf")
    assert told(Ledger(wishes=(SPACE,)), FILM, PODCAST) == ["I found only 1 for “space”; the others fit the rest."]
    assert told(Ledger(wishes=(SPACE, golf)), FILM) == ["I found no work for “space” or “golf” that fits the rest."]


def test_how_many_grant_the_wish_is_said_where_others_fill_up_the_slate() -> None:
    films = Constraint(field="form", op="in", value=("film",))
    ledger = Ledger(constraints=(films,), wishes=(SPACE,))
    assert told(ledger, OF_SPACE, FILM, FILM) == ["I found only 1 for “space”; the others fit the rest."]
    assert told(ledger, OF_SPACE, FILM, FILM, pool=(OF_SPACE, replace(OF_SPACE, id="v:3"))) == []
    assert told(ledger, OF_SPACE, OF_SPACE) == []


def test_several_wishes_are_counted_together_once_each_is_granted() -> None:
    cheerful = Wish(text="cheerful", field="moods", value="cheerful")
    ledger = Ledger(wishes=(SPACE, cheerful))
    light, both = (replace(one, id=f"{one.id} light", moods=("cheerful",)) for one in (FILM, OF_SPACE))
    more = (replace(light, id="more light"), replace(OF_SPACE, id="more of space"))
    assert told(ledger, both, OF_SPACE, light, pool=more) == ["I found only 1 for “space” and “cheerful” together."]
    assert told(ledger, OF_SPACE, light, pool=more) == ["I found nothing for “space” and “cheerful” together."]
    assert told(ledger, OF_SPACE, light, pool=(both,)) == told(ledger, both, both) == []
    assert told(ledger, both, OF_SPACE, pool=(replace(OF_SPACE, id="v:4"),)) == [
        "I found only 1 for “cheerful”; the others fit the rest."
    ]


@pytest.mark.parametrize(("language", "note"), [("en", "“since 2019”, which I took for a preference"), ("zh", "“2019年以来”")])
def test_a_preference_that_no_pick_meets_is_named(language: Language, note: str) -> None:
    recent = Constraint(field="year", op="ge", value=2019, hard=False)
    old, new = replace(FILM, year=1968), replace(FILM, year=2021)
    (said,) = told(Ledger(constraints=(recent,)), old, FILM, language=language)
    assert note in said
    assert told(Ledger(constraints=(recent,)), old, new) == []
    assert told(Ledger(constraints=(replace(recent, extreme=True),)), old, FILM) == []


def test_a_work_that_was_asked_for_itself_is_of_its_form_and_needs_not_have_what_is_wished_for() -> None:
    asked = (Opinion(item_id=FILM.id, sentiment="wanted"),)
    assert told(Ledger(constraints=(FORMS,), wishes=(SPACE,), opinions=asked), FILM, PODCAST) == []


def test_a_subject_of_which_there_are_fewer_than_were_asked_for_is_named() -> None:
    poverty = Wish(text="poverty", field="themes", value="poverty")
    demands = [wish.constraint for wish in (SPACE, poverty) if wish.constraint is not None]
    count = Count(4, shares=((3, (demands[0],)), (1, (demands[1],))))
    ledger = Ledger(wishes=(SPACE, poverty), count=count)
    assert told(ledger, OF_SPACE, PODCAST, FILM, FILM) == ["I found only 2 of the 3 for “space”."]
    assert told(ledger, FILM, FILM, FILM, FILM) == ["I found nothing for “space”."]
    assert told(ledger, OF_SPACE, OF_SPACE, PODCAST, FILM) == []
    assert told(replace(ledger, wishes=(poverty,)), FILM, FILM, FILM, FILM) == []


def test_a_form_of_which_there_are_fewer_than_were_asked_for_is_named() -> None:
    ledger = Ledger(constraints=(FORMS,), count=Count(3, each=("film", "podcast", "podcast")))
    assert told(ledger, FILM, FILM, PODCAST) == ["I found only 1 of the 2 for “podcast”."]
    assert told(ledger, FILM, FILM, PODCAST, language="zh") == ["“播客”要 2 个，只找到 1 个。"]
    assert told(ledger, FILM, PODCAST, PODCAST) == []


@pytest.mark.parametrize(("moods", "said"), [(("Scary",), True), (("calm",), False)])
def test_that_nothing_tells_which_has_less_is_said(moods: tuple[str, ...], said: bool) -> None:
    less = Wish(text="scary", field="moods", value="scary", direction="less")
    scary = replace(FILM, moods=("scary",))
    notes = told(Ledger(wishes=(less,)), scary, replace(scary, moods=moods))
    assert notes == (["This catalog has “scary” for all of these, and does not tell which has less of it."] if said else [])
