"""How much each retriever counts is told by turns that the trained ones did not see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dialog_samples import many_dialogs
from quick import prepare

from chatrec.index.open import Index
from chatrec.retrieve.fuse import Fusion, FusionConfig
from chatrec.train.data import gather
from chatrec.train.retrievers import Example
from chatrec.train.weights import FURTHEST, Rankings, choose_weights
from chatrec.types import Constraint, Query

CONFIG = FusionConfig(weights={"right": 1.0, "wrong": 1.0, "fixed": 1.0}, pool=20)


class Listing:
    """Lists items of the catalog in its order, or in the opposite one."""

    def __init__(self, index: Index, name: str, *, last_first: bool) -> None:
        self.name, self._ids = name, index.ids[::-1] if last_first else index.ids

    def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> list[tuple[str, float]]:
        return [(item_id, 1 / rank) for rank, item_id in enumerate(self._ids[:k], 1)]


def rankings(index: Index, gold: list[int], *, again: bool = False) -> Rankings:
    """Of turns in which these rows were put forward, by a retriever that has the first rows first and two that have not."""
    names = {"right": False, "wrong": True, "fixed": True}
    fusion = Fusion(index, [Listing(index, name, last_first=last) for name, last in names.items()], CONFIG)
    return Rankings.of(fusion, [(asked(index).query, (row,)) for row in gold], again=again)


def asked(index: Index) -> Example:
    return next(case.example for case in gather(many_dialogs(3), index).cases)


def named(index: Index) -> set[int]:
    return {index.rows[opinion.item_id] for opinion in asked(index).query.ledger.opinions}


def unnamed(index: Index) -> list[int]:
    return [row for row in range(len(index.ids)) if row not in named(index)]


def test_the_gain_is_the_discount_of_the_fused_rank(small_index: Index) -> None:
    first, *_, last = unnamed(small_index)
    alone = replace(CONFIG, weights={"right": 1.0, "wrong": 0.0, "fixed": 0.0})
    told = rankings(small_index, [first, last, first])
    places = len(unnamed(small_index))
    assert told.gains(alone).tolist() == pytest.approx([1.0, 1 / np.log2(1 + places), 1.0])
    assert told.gains(replace(alone, pool=places - 1)).tolist() == [1.0, 0.0, 1.0]


def test_what_was_named_before_is_no_candidate(small_index: Index) -> None:
    assert named(small_index)
    assert len(rankings(small_index, [*named(small_index)]).gains(CONFIG)) == 0
    assert len(rankings(small_index, [*named(small_index)], again=True).gains(CONFIG)) == len(named(small_index))


def test_a_retriever_that_is_right_counts_more_and_one_that_is_wrong_less(small_index: Index) -> None:
    told = rankings(small_index, unnamed(small_index)[:2] * 20)
    weights = choose_weights(told, CONFIG, frozenset({"fixed"}))
    assert FURTHEST >= weights["right"] > weights["fixed"] == 1.0 >= weights["wrong"]
    assert told.gains(replace(CONFIG, weights=weights)).sum() > told.gains(CONFIG).sum()


def test_what_may_be_chance_changes_nothing(small_index: Index) -> None:
    first, *_, last = unnamed(small_index)
    even = replace(CONFIG, weights={"right": 1.0, "wrong": 1.0, "fixed": 0.0})
    assert choose_weights(rankings(small_index, [first, last]), even, frozenset()) == even.weights
    assert choose_weights(rankings(small_index, [first] * 20), even, frozenset()) != even.weights
    assert choose_weights(rankings(small_index, []), CONFIG, frozenset()) == CONFIG.weights


def test_the_weights_that_were_chosen_are_what_is_searched_with(tmp_path: Path) -> None:
    preparation = prepare(tmp_path)
    with preparation.resuming(tmp_path / "out"):
        prepared = preparation.run(raters=False)
        chosen = preparation.fusion_config(prepared.models)
    again = prepare(tmp_path)
    with again.resuming(tmp_path / "out"):
        assert again.fusion_config(again.run(raters=False).models) == chosen
    assert chosen.weights.keys() >= {"dense", "sparse", "bag", "dialogs"} and chosen.weights["named_before"] >= 1
    assert preparation.fusion_config({}) == FusionConfig()
