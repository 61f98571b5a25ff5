"""The critiques that are offered."""

from __future__ import annotations

import pytest

from chatrec.present.next_steps import Critique, division, next_steps
from chatrec.types import Candidate, Item, Ledger


def film(key: str, minutes: float, *moods: str) -> Item:
    return Item(id=f"video:{key}", kind="video", title=key, minutes=minutes, moods=moods)


def said(picks: list[Item], left: list[Item], ledger: Ledger | None = None) -> list[str]:
    pool = [Candidate(item=item, score=0.5) for item in [*picks, *left]]
    return [chip.label for chip in next_steps(picks, pool, ledger or Ledger(), "en")]


PICKS = [film("a", 100), film("b", 120)]


def test_a_critique_that_leaves_nothing_is_not_offered() -> None:
    steps = said(PICKS, [film("c", 130), film("d", 105)])
    assert steps[0] == "something else"
    assert steps[-1] == "surprise me"
    assert "longer" in steps or "shorter" in steps
    assert "longer" not in said(PICKS, [film("c", 90), film("d", 95, "funny")])
    assert "funnier" in said(PICKS, [film("c", 90), film("d", 95, "funny")])


def test_where_nothing_is_left_no_step_is_offered() -> None:
    assert said(PICKS, []) == []
    assert said(PICKS, [film("c", 90)], Ledger(shown=("video:c",))) == []


def test_the_most_even_division_tells_most() -> None:
    left = [Candidate(item=film(str(minutes), minutes), score=0.5) for minutes in (80, 90, 110, 130)]
    halves = Critique("minutes", {}, lambda item: (item.minutes or 0) < 100)
    quarter = Critique("minutes", {}, lambda item: (item.minutes or 0) < 85)
    assert division(halves, left) == pytest.approx(1.0)
    assert division(quarter, left) == pytest.approx(0.811, abs=1e-3)
