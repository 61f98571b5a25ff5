"""How much each retriever counts is told by turns that the trained ones did not see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dialog_samples import assistant, dialog, many_dialogs, user
from quick import QUICK, prepare

from chatrec.index.open import Index
from chatrec.retrieve.fuse import Fusion, FusionConfig
from chatrec.train.data import gather
from chatrec.train.known import known_of, sharing
from chatrec.train.models import NEIGHBOURS, Lasting, fit_models
from chatrec.train.retrievers import Example
from chatrec.train.weights import FURTHEST, Rankings, choose_weights
from chatrec.types import Constraint, Ledger, Query

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


@pytest.mark.parametrize(("most", "folds"), [(1, 1), (1000, 2)])
def test_as_many_folds_tell_as_it_takes_for_enough_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, folds: int
) -> None:
    monkeypatch.setattr("chatrec.train.prepare.MOST_TOLD", most)
    preparation, told = prepare(tmp_path), list[Rankings]()
    real = Rankings.join
    monkeypatch.setattr(Rankings, "join", lambda parts: told.append(real(parts)) or told[-1])
    with preparation.resuming(tmp_path / "out"):
        dialogs = preparation.gather("said", preparation.lines, "embedding")
        preparation._choose_weights(dialogs)
        assert [f"fold-{n}-models" in preparation.steps.finished for n in (1, 2)] == [True, folds == 2]
    turns = [case for case in dialogs.cases if case.example.recommended]
    assert [len(found.turns) for found in told] == [min(most, len(turns))] * 2


def test_what_is_said_at_the_end_of_a_past_dialog_tells_what_it_was_like(small_index: Index) -> None:
    lines = [
        dialog(0, user("hello"), assistant("try this", "thing"), user("the snow and the paranoia were great")),
        dialog(1, user("hello"), assistant("try this", "casa"), user("so romantic")),
    ]
    lines += [line.model_copy(update={"dialog_id": f"again-{line.dialog_id}"}) for line in lines]  # rare words are left out
    known = known_of(small_index)
    lasting = Lasting(known, sharing(small_index, known))
    models = fit_models(small_index, gather(lines, small_index), QUICK.models, lasting)
    for words, best in (("snow and paranoia", "s:thing"), ("romantic", "s:casa")):
        scores = models[NEIGHBOURS].scores(Query(ledger=Ledger(), text=words), small_index)
        assert scores is not None and small_index.ids[int(scores.argmax())] == best
