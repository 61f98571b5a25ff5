"""Composing a query from the ledger."""

from __future__ import annotations

from dataclasses import replace

from chatrec.retrieve.query import is_enforced, wanted_words
from chatrec.types import Constraint, Ledger, Wish


def test_alternatives_that_repeat_another_with_more_words_are_not_repeated() -> None:
    tags = Constraint(field="tags", op="in", value=("co-op", "local co-op", "online co-op"))
    assert wanted_words(Ledger(constraints=(tags,), wishes=(Wish(text="space"),))) == "space co-op"


def test_alternatives_that_differ_and_words_within_words_are_kept() -> None:
    genres = Constraint(field="genres", op="in", value=("pop", "synth pop", "popera", "Rock"))
    assert wanted_words(Ledger(constraints=(genres,))) == "pop popera Rock"


def test_what_is_not_wanted_is_no_search_word() -> None:
    scary = Constraint(field="moods", op="not_in", value=("scary",))
    assert wanted_words(Ledger(constraints=(scary,), wishes=(Wish(text="gore", direction="less"),))) == ""


def test_what_is_preferred_is_ordered_by_and_not_searched_for_as_long_as_a_field_tells_it() -> None:
    comedy = Constraint(field="genres", op="in", value=("comedy",))
    preferred = replace(comedy, hard=False)
    assert is_enforced(Ledger(constraints=(comedy,))) and is_enforced(Ledger(constraints=(preferred,)))
    assert not is_enforced(Ledger(constraints=(replace(comedy, enforceable=False),)))
    assert not is_enforced(Ledger(constraints=(preferred,), wishes=(Wish(text="space"),)))
