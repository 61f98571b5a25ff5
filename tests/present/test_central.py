"""What is central to a demand comes first where nothing but demands was said."""

from __future__ import annotations

from chatrec.present.central import central_first
from chatrec.types import Candidate, Constraint, Item, Ledger, Opinion, Query

POP = Constraint(field="genres", op="in", value=("pop",))
ASIDE = Candidate(item=Item(id="aside", kind="audio", title="Aside", genres=("soul", "funk", "pop")), score=0.6)
CENTRAL = Candidate(item=Item(id="central", kind="audio", title="Central", genres=("pop", "soul")), score=0.5)


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


def test_scores_stay_probabilities() -> None:
    certain = Candidate(item=CENTRAL.item, score=1.0)
    [candidate] = central_first([certain], Query(ledger=Ledger(constraints=(POP,)), text=""))
    assert 0.99 < candidate.score <= 1.0
