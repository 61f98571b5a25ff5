"""Facts of works, from the catalog and from another, and the works that share them."""

from __future__ import annotations

import numpy as np
import pytest

from chatrec.index.open import Index
from chatrec.train import known
from chatrec.train.data import told_by
from chatrec.train.known import known_of, sharing
from chatrec.train.retrievers import KEPT
from chatrec.types import Item, Ledger, Opinion, Query


def test_the_facts_of_a_work_are_each_there_once(small_index: Index) -> None:
    told = Item(id="z:1", kind="video", title="Alien", tags=("Space", "Tense"), themes=("first contact",))
    row = small_index.rows["s:alien"]
    facts = known_of(small_index, {row: [told]})
    genres, people = ("g:horror", "g:science fiction"), ("p:Ridley Scott",)
    assert facts[row] == (*genres, *people, "y:1975", "t:tense", "t:first contact", "t:space")
    assert facts[small_index.rows["s:casa"]] == known_of(small_index)[small_index.rows["s:casa"]]


def test_another_catalog_tells_of_a_work_and_its_twins() -> None:
    here = {i: Item(id=i, kind="video", title="A", links={"imdb": link}) for i, link in (("a", "x"), ("b", "y"), ("a2", "x"))}
    there = {"z": Item(id="z", kind="video", title="A", tags=("dark",), links={"imdb": "x"})}
    assert told_by(there, here) == {0: [there["z"]], 2: [there["z"]]}
    assert told_by({}, here) == {}


def named(*items: str) -> Query:
    return Query(ledger=Ledger(opinions=tuple(Opinion(item_id=item, sentiment="liked") for item in items)), text="")


def best(index: Index, scores: np.ndarray | None, count: int) -> set[str]:
    assert scores is not None
    return {index.ids[row] for row in np.argsort(-scores, kind="stable")[:count]}


def test_works_that_share_facts_are_near(small_index: Index) -> None:
    model = sharing(small_index, known_of(small_index))
    scores = model.scores(named("s:halloween"), small_index)
    assert best(small_index, scores, 3) == {"s:thing", "s:scream", "s:alien"}  # its director, its mood, its years, besides horror
    assert scores is not None and scores[small_index.rows["s:halloween"]] == 0
    assert scores[small_index.rows["s:kind"]] == 0  # nothing in common


def test_a_fact_of_another_catalog_brings_works_together(small_index: Index) -> None:
    row, other = small_index.rows["s:casa"], small_index.rows["s:celeste"]
    told = {one: [Item(id="z", kind="video", title="z", tags=("farewell",))] for one in (row, other)}
    without = sharing(small_index, known_of(small_index)).scores(named("s:casa"), small_index)
    with_it = sharing(small_index, known_of(small_index, told)).scores(named("s:casa"), small_index)
    assert without is not None and without[other] == 0
    assert with_it is not None and with_it[other] > 0


def test_rare_facts_tell_more_than_common_ones(small_index: Index) -> None:
    """Its directors have two works here; the comedies are seven."""
    scores = sharing(small_index, known_of(small_index)).scores(named("s:airplane"), small_index)
    assert best(small_index, scores, 1) == {"s:hot"}


@pytest.mark.parametrize("block", [1, 7, 64])
def test_the_size_of_a_block_does_not_matter(small_index: Index, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    whole = sharing(small_index, known_of(small_index)).weights
    monkeypatch.setattr(known, "BLOCK", block)
    parts = sharing(small_index, known_of(small_index)).weights
    assert parts.starts.tolist() == whole.starts.tolist() and len(parts.starts) == len(small_index.ids) + 1
    assert np.diff(parts.starts).max() <= KEPT
    np.testing.assert_array_equal(parts.columns, whole.columns)
    np.testing.assert_allclose(parts.weights, whole.weights, rtol=1e-6)


def test_works_without_any_shared_fact_are_near_to_nothing(small_index: Index) -> None:
    nothing = [()] * len(small_index.ids)
    bare = sharing(small_index, [*nothing[:-1], ("g:alone",)])
    assert bare.scores(named("s:casa"), small_index) is None
