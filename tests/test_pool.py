"""Candidates in columns are the candidates they were made of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from chatrec.pool import Pool
from chatrec.types import Candidate, Hit, Item

ITEMS = {name: Item(id=name, kind="video", title=name.upper()) for name in "abc"}
GIVEN = [
    Candidate(item=ITEMS["b"], hits=(Hit("dense", 1, 0.5), Hit("sparse", 2, 7.0)), score=0.3),
    Candidate(item=ITEMS["a"], hits=(Hit("sparse", 1, 9.0),), score=0.2),
    Candidate(item=ITEMS["c"], score=0.2),
]


def test_what_goes_in_comes_out() -> None:
    pool = Pool.of(GIVEN)
    assert list(pool) == GIVEN
    assert pool == GIVEN
    assert pool != GIVEN[:2]
    assert pool[-1] == GIVEN[-1]
    assert pool[1:] == GIVEN[1:]
    assert Pool.of(pool) is pool
    assert Pool.of([]) == ()
    with pytest.raises(IndexError):
        pool[3]


def test_a_retriever_says_nothing_of_what_it_did_not_find() -> None:
    ranks, scores = Pool.of(GIVEN).of_retriever("dense")
    assert (ranks[0], scores[0]) == (1.0, 0.5)
    assert np.isnan(ranks[1:]).all()
    assert np.isnan(Pool.of(GIVEN).of_retriever("unknown")).all()


def test_ranked_anew_the_best_come_first_and_ties_go_by_id() -> None:
    ranked = Pool.of(GIVEN).ranked(np.array([0.1, 0.7, 0.1]))
    assert ranked.ids == ("a", "b", "c")
    assert [candidate.score for candidate in ranked] == [0.7, 0.1, 0.1]
    assert ranked[1].hits == GIVEN[0].hits


def test_those_that_fit_keep_their_order() -> None:
    assert Pool.of(GIVEN).where(lambda item_id: item_id != "a") == [GIVEN[0], GIVEN[2]]


def test_only_items_that_are_looked_at_are_read() -> None:
    read: list[str] = []

    class Noting(Mapping[str, Item]):
        def __getitem__(self, key: str) -> Item:
            read.append(key)
            return ITEMS[key]

        def __iter__(self) -> Iterator[str]:
            return iter(ITEMS)

        def __len__(self) -> int:
            return len(ITEMS)

    pool = Pool(Noting(), list("abc"), np.array([3.0, 2.0, 1.0]), [], np.zeros((3, 0)), np.zeros((3, 0)))
    best = pool.ranked(np.array([math.pi, 0.0, 4.0]))[:1]
    assert not read
    assert best[0].item.id == "c"
    assert best[0] is best[0]
    assert read == ["c"]
