"""Metrics agree with ir-measures, and with hand counts where that has none."""

from __future__ import annotations

import math
from dataclasses import replace

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, R, Success, nDCG

from chatrec.evaluate import metrics
from chatrec.evaluate.replay import Replayed
from chatrec.evaluate.report import summarise

ITEMS = [f"i{n}" for n in range(12)]
runs = st.lists(
    st.tuples(st.permutations(ITEMS).map(lambda p: p[:8]), st.sets(st.sampled_from(ITEMS), min_size=1, max_size=4)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=50, deadline=None)
@given(runs)
def test_recall_hit_mrr_ndcg_and_map_agree_with_ir_measures(run: list[tuple[list[str], set[str]]]) -> None:
    qrels = {str(q): dict.fromkeys(gold, 1) for q, (_, gold) in enumerate(run)}
    scores = {str(q): {item: 100.0 - place for place, item in enumerate(ranking)} for q, (ranking, _) in enumerate(run)}
    theirs = ir_measures.calc_aggregate([R @ 5, Success @ 5, RR, nDCG @ 5, AP], qrels, scores)
    ranks = [metrics.gold_ranks(ranking, sorted(gold)) for ranking, gold in run]
    macro = np.mean([metrics.recall([row], 5) for row in ranks])
    assert macro == pytest.approx(theirs[R @ 5])
    assert np.mean([metrics.instance_hit(row, 5) for row in ranks]) == pytest.approx(theirs[Success @ 5])
    assert np.mean([metrics.reciprocal_rank(row) for row in ranks]) == pytest.approx(theirs[RR])
    assert np.mean([metrics.instance_ndcg(row, 5) for row in ranks]) == pytest.approx(theirs[nDCG @ 5])
    assert np.mean([metrics.average_precision(row) for row in ranks]) == pytest.approx(theirs[AP])


@pytest.mark.parametrize("length", [1, 40, 99, 100, 101, 300])
def test_what_is_ranked_below_100_is_a_miss_as_it_is_for_ir_measures(length: int) -> None:
    rng = np.random.default_rng(length)
    items = [f"i{n}" for n in rng.permutation(320)]
    gold = rng.choice(items, 60, replace=False).tolist()
    measures = [RR @ 100, AP @ 100, R @ 100, nDCG @ 100]
    scores = {item: 1000.0 - place for place, item in enumerate(items[:length])}
    theirs = ir_measures.calc_aggregate(measures, {"q": dict.fromkeys(gold, 1)}, {"q": scores})
    row = metrics.gold_ranks(items[:length], gold)
    ours = (
        metrics.reciprocal_rank(row),
        metrics.average_precision(row),
        metrics.recall([row], 100),
        metrics.instance_ndcg(row, 100),
    )
    assert ours == pytest.approx(tuple(theirs[measure] for measure in measures))


def test_equal_scores_share_their_mean_rank_whatever_the_order() -> None:
    ranking, scores = ["a", "b", "c", "d"], [0.9, 0.5, 0.5, 0.5]
    assert metrics.gold_ranks(ranking, ["b", "d"], scores) == [3.0, 3.0]
    assert metrics.gold_ranks(["a", "d", "c", "b"], ["b", "d"], scores) == [3.0, 3.0]


def test_a_short_or_empty_ranking_is_a_miss_not_a_gap() -> None:
    ranks = [metrics.gold_ranks([], ["a"]), metrics.gold_ranks(["a"], ["a"])]
    assert metrics.recall(ranks, 10) == 0.5
    assert [metrics.reciprocal_rank(row) for row in ranks] == [0.0, 1.0]


def test_a_score_that_is_no_number_is_never_a_hit_and_lifts_nobody() -> None:
    assert metrics.gold_ranks(["a", "b"], ["a"], [math.nan, math.nan]) == [math.inf]
    assert metrics.gold_ranks(["a", "b", "c"], ["b", "c"], [math.nan, 0.5, 0.5]) == [2.5, 2.5]


def test_gold_named_twice_counts_twice_in_recall_and_once_where_a_list_is_compared_with_an_ideal_one() -> None:
    row = Replayed("d", 1, ("a",), ("a", "a"), (1.0, 1.0), (1.0, 1.0), ("a", "a"), (None, None), ())
    other = replace(row, dialog_id="e", gold=("a", "b"), answers=("a", "b"), ranks=(1.0, math.inf))
    report = summarise([row, other], ks=(1, 10))
    assert report["gold"] == 4 and report["recall"]["1"]["value"] == 0.75
    assert [report["ndcg"]["1"]["value"], report["mrr"]["value"], report["hit"]["1"]["value"]] == [1.0, 1.0, 1.0]
    assert report["map"]["value"] == 0.75


@given(st.lists(st.sampled_from([0.1, 0.5, 0.9, math.nan]), min_size=1, max_size=8), st.data(), st.integers(1, 8))
def test_no_figure_of_an_instance_is_more_than_one_whatever_is_tied(scores: list[float], data: st.DataObject, k: int) -> None:
    ranking = ITEMS[: len(scores)]
    row = metrics.gold_ranks(ranking, sorted(data.draw(st.sets(st.sampled_from(ranking), min_size=1))), scores)
    for figure in (metrics.instance_ndcg, metrics.average_precision, metrics.reciprocal_rank):
        assert 0 <= figure(row, k) <= 1 + 1e-9


@given(st.lists(st.lists(st.one_of(st.just(math.inf), st.integers(1, 240).map(lambda n: n / 2)), min_size=1, max_size=4)))
def test_the_curve_holds_the_recall_at_each_cut_off(ranks: list[list[float]]) -> None:
    curve = metrics.recall_curve(ranks)
    assert len(curve) == 100
    for k in (1, 10, 100):
        assert curve[k - 1] == pytest.approx(metrics.recall(ranks, k), nan_ok=True)


def test_recall_counts_gold_mentions_not_instances() -> None:
    assert metrics.recall([[1.0, 2.0, 3.0], [math.inf]], 10) == 0.75


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=40))
def test_the_bootstrap_interval_is_ordered_and_the_same_twice(cells: list[tuple[int, int]]) -> None:
    top = [min(found, 1) for found, _ in cells]
    args = (top, [1.0] * len(cells), [group for _, group in cells])
    low, high = metrics.ratio_interval(*args, draws=50)
    assert 0 <= low <= high <= 1
    assert metrics.ratio_interval(*args, draws=50) == (low, high)


def test_the_interval_narrows_with_more_dialogs() -> None:
    rng = np.random.default_rng(0)
    found = rng.integers(0, 2, 2000).tolist()

    def width(n: int) -> float:
        low, high = metrics.ratio_interval(found[:n], [1.0] * n, range(n), draws=200)
        return high - low

    assert width(2000) < width(50) / 3


def test_one_dialog_drawn_again_and_again_gives_no_spread() -> None:
    assert metrics.ratio_interval([1, 0], [1, 1], [7, 7]) == (0.5, 0.5)


def test_exposure_of_a_ranker_that_always_shows_the_same() -> None:
    assert metrics.coverage([["a"]] * 9, items=10, k=1) == 0.1
    assert metrics.gini([["a"]] * 9, items=10, k=1) == pytest.approx(0.9)
    assert metrics.gini([["a"], ["b"]], items=2, k=1) == pytest.approx(0.0)
