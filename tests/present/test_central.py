"""What is central to a demand comes first where nothing but demands was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from chatrec.pipeline import Engine
from chatrec.present.central import NEAREST, NEAREST_LIKED, central_first, in_mood, without_moods
from chatrec.types import Candidate, Constraint, Hit, Item, Ledger, Opinion, Query, Wish

POP = Constraint(field="genres", op="in", value=("pop",))
ASIDE = Candidate(
    item=Item(id="aside", kind="audio", title="Aside", genres=("soul", "funk", "pop")),
    score=0.6,
    hits=(Hit("popularity", 1, 0.9),),
)
CENTRAL = Candidate(
    item=Item(id="central", kind="audio", title="Central", genres=("pop", "soul")), score=0.5, hits=(Hit("popularity", 2, 0.8),)
)

LIGHTER = Wish(text="cheerful", field="moods", value="cheerful", also=("funny",))


def _ranked(query: Query) -> list[str]:
    return [candidate.item.id for candidate in central_first([ASIDE, CENTRAL], query)]


def test_a_work_whose_first_genre_is_demanded_comes_before_a_slightly_better_known_one() -> None:
    assert _ranked(Query(ledger=Ledger(constraints=(POP,)), text="")) == ["central", "aside"]


def test_where_words_tell_candidates_apart_the_head_decides() -> None:
    assert _ranked(Query(ledger=Ledger(constraints=(POP,)), text="pop about the sea")) == ["aside", "central"]


def test_where_a_work_is_liked_the_head_decides() -> None:
    ledger = Ledger(constraints=(POP,), opinions=(Opinion(item_id="other", sentiment="liked", turn=0),))
    assert _ranked(Query(ledger=ledger, text="")) == ["aside", "central"]


def test_what_is_only_ruled_out_makes_nothing_central() -> None:
    no_rock = Constraint(field="genres", op="not_in", value=("rock",))
    assert _ranked(Query(ledger=Ledger(constraints=(no_rock,)), text="")) == ["aside", "central"]


def test_what_is_far_better_known_comes_first_all_the_same() -> None:
    obscure = replace(CENTRAL, hits=(Hit("popularity", 9, 0.3),))
    first, _ = central_first([obscure, ASIDE], Query(ledger=Ledger(constraints=(POP,)), text=""))
    assert first.item.id == "aside"


def test_what_meets_a_preference_comes_before_what_is_better_known_and_more_central() -> None:
    short = Constraint(field="minutes", op="le", value=45, hard=False)
    long, brief = (replace(one, item=replace(one.item, minutes=minutes)) for one, minutes in ((CENTRAL, 70), (ASIDE, 40)))
    query = Query(ledger=Ledger(constraints=(POP, short)), text="")
    assert [c.item.id for c in central_first([long, brief], query)] == ["aside", "central"]


def test_of_what_is_preferred_that_comes_first_whose_first_genre_it_is() -> None:
    assert _ranked(Query(ledger=Ledger(constraints=(replace(POP, hard=False),)), text="")) == ["central", "aside"]


def test_where_only_a_preference_was_told_what_meets_it_and_is_known_comes_first() -> None:
    recent = Constraint(field="year", op="ge", value=2019, hard=False)
    old, new, newer = (
        replace(ASIDE, item=replace(ASIDE.item, id=str(year), year=year), hits=(Hit("popularity", 1, fame),))
        for year, fame in ((1990, 0.9), (2020, 0.5), (2021, 0.7))
    )
    ranked = central_first([old, new, newer], Query(ledger=Ledger(constraints=(recent,)), text=""))
    assert [candidate.item.id for candidate in ranked] == ["2021", "2020", "1990"]


def test_each_keeps_the_probability_the_head_gave_it() -> None:
    ranked = central_first([ASIDE, CENTRAL], Query(ledger=Ledger(constraints=(POP,)), text=""))
    assert [candidate.score for candidate in ranked] == [0.5, 0.6]


def test_what_the_language_model_picked_comes_before_its_equals() -> None:
    twin = replace(CENTRAL, item=replace(CENTRAL.item, id="another"))
    query = Query(ledger=Ledger(constraints=(POP,)), text="")
    assert [c.item.id for c in central_first([twin, CENTRAL], query, {"central": 1})] == ["central", "another"]


@pytest.mark.parametrize(("text", "liked", "nearest"), [("the sea", (), NEAREST), ("", ("other",), NEAREST_LIKED)])
def test_what_lies_furthest_comes_first_among_the_nearest(text: str, liked: tuple[str, ...], nearest: int) -> None:
    newest = Constraint(field="year", op="ge", value=2019, hard=False, extreme=True)
    opinions = tuple(Opinion(item_id=item_id, sentiment="liked") for item_id in liked)
    nearer = [replace(ASIDE, item=replace(ASIDE.item, id=str(year), year=year)) for year in range(1950, 1990)]
    ranked = central_first(nearer, Query(ledger=Ledger(constraints=(newest,), opinions=opinions), text=text))
    assert [candidate.item.year for candidate in ranked[:2]] == [1949 + nearest, 1948 + nearest]


def test_a_theme_and_a_preference_hold_together_among_the_nearest() -> None:
    """`recent films about space`: first what is both, then films about space, the newest first, then what is only recent."""
    recent = Constraint(field="year", op="ge", value=2019, hard=False)
    space = Wish(text="space", field="themes", value="space")
    works = [(2023, ()), (1968, ("space",)), (None, ("space",)), (2015, ("space",)), (2021, ("space",)), (1950, ())]
    near = [replace(ASIDE, item=replace(ASIDE.item, id=f"{year} {themes}", year=year, themes=themes)) for year, themes in works]
    query = Query(ledger=Ledger(constraints=(recent,), wishes=(space,)), text="space")
    ranked = central_first(near, query)
    assert [candidate.item.year for candidate in ranked] == [2021, 2015, 1968, None, 2023, 1950]
    far = [replace(ASIDE, item=replace(ASIDE.item, id=str(at), year=1990)) for at in range(NEAREST)]
    assert central_first([*far, *near], query)[-len(near) :] == near


def test_what_has_all_that_is_wished_for_comes_first_of_the_nearest_then_what_has_the_subject() -> None:
    """`films about space`, then `lighter`."""
    space = Wish(text="space", field="themes", value="space")
    works = [((), ("bleak",)), ((), ("funny",)), (("space",), ("bleak",)), (("space",), ("funny",)), (("space",), ())]
    near = [
        replace(ASIDE, item=replace(ASIDE.item, id=str(at), themes=themes, moods=moods))
        for at, (themes, moods) in enumerate(works)
    ]
    ranked = central_first(near, Query(ledger=Ledger(wishes=(space, LIGHTER)), text="space"))
    assert [candidate.item.id for candidate in ranked] == ["3", "2", "4", "1", "0"]
    assert central_first(near, Query(ledger=Ledger(wishes=(space,)), text="space")) == near


@pytest.mark.parametrize(("candidates", "first"), [(30, "famous-20"), (NEAREST, "famous-19")])
def test_where_a_work_is_disliked_what_the_head_puts_last_comes_last(candidates: int, first: str) -> None:
    """The better known, the later the head puts it; of the few of a second pass all were chosen so before."""
    scored = [
        replace(
            CENTRAL,
            item=replace(CENTRAL.item, id=f"famous-{place}"),
            score=1 - place / 100,
            hits=(Hit("popularity", candidates - place, place / 30),),
        )
        for place in range(candidates)
    ]
    ledger = Ledger(constraints=(POP,), opinions=(Opinion(item_id="other", sentiment="disliked"),))
    ranked = [candidate.item.id for candidate in central_first(scored, Query(ledger=ledger, text=""))]
    assert ranked[0] == first and len(ranked) == candidates
    assert ranked[-1] == ("famous-21" if candidates > NEAREST else "famous-0")


LIKED = Ledger(opinions=(Opinion(item_id="liked", sentiment="liked"),), wishes=(LIGHTER,))


def test_what_is_in_the_wished_mood_comes_first_of_what_is_near_to_the_liked_works() -> None:
    moods = {"far": ("cheerful",), "grim": ("bleak",), "near": ("funny",), "nearer": ("cheerful",)}
    works = {name: Candidate(item=Item(id=name, kind="video", title=name, moods=held)) for name, held in moods.items()}
    alike = [works[name] for name in ("grim", "nearer", "near")]
    assert [c.item.id for c in in_mood(list(works.values()), alike, LIKED)] == ["nearer", "near", "far", "grim"]


def test_only_where_works_are_liked_are_the_moods_left_out() -> None:
    space = Wish(text="space", field="themes", value="space")
    asked = Query(ledger=replace(LIKED, wishes=(space, LIGHTER)), text="space cheerful", last_message="lighter", vector=[1.0])
    plain = without_moods(asked)
    assert plain is not None and plain.ledger.wishes == (space,)
    assert (plain.text, plain.last_message, plain.vector) == ("space", "", None)
    assert without_moods(replace(asked, ledger=replace(LIKED, opinions=()))) is None
    assert without_moods(replace(asked, ledger=replace(LIKED, wishes=(space,)))) is None


def test_the_language_models_rank_counts_among_what_is_in_the_wished_mood() -> None:
    works = [Candidate(item=Item(id=name, kind="video", title=name, moods=("funny",))) for name in ("a", "b", "c")]

    def scored(query: Query, pool: Sequence[Candidate], *, llm_ranks: Mapping[str, int] | None) -> list[Candidate]:
        return sorted(pool, key=lambda candidate: (llm_ranks or {}).get(candidate.item.id, 9))

    parts: dict[str, Any] = dict.fromkeys(("index", "understander", "fusion", "writer"))
    ranked = Engine(**parts, scorer=cast("Any", scored), versions={}).rank(Query(ledger=LIKED, text=""), works, {"c": 1, "b": 2})
    assert [candidate.item.id for candidate in ranked] == ["c", "b", "a"]
