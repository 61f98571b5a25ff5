"""Fitting: retrievers against hand counts, the head's loss and calibration, exact search, simulated needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import sparse

from chatrec.constraints import requirements, satisfies_all
from chatrec.errors import TrainingDataError
from chatrec.index.open import Index
from chatrec.retrieve.sparse import Sparse
from chatrec.score.head import HeadConfig
from chatrec.score.table import ItemTable
from chatrec.train.exact import ExactIndex
from chatrec.train.fit import FitConfig, Judged, _Tensors, calibrate, fit_head, predict
from chatrec.train.needs import Draft, _Maker, simulate, taste
from chatrec.train.pools import Pools, pool_metrics, reliability
from chatrec.train.retrievers import co_occurrence, csr, ease, followed_by, keep_best, with_twins
from chatrec.types import Constraint

THOROUGH = FitConfig(epochs=20, patience=20, batch=16, learning_rate=5e-3, sampled=10)
WIDTH = len(HeadConfig().features)


def dense(stored: Sparse, columns: int) -> np.ndarray:
    return sparse.csr_array((stored.weights, stored.columns, stored.starts), shape=(len(stored.starts) - 1, columns)).toarray()


def pools(count: int = 200, signal: float = 2.0, seed: int = 0) -> Pools:
    """Pools of ten in which gold has a larger first feature, and the second feature is never known."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 10, WIDTH)).astype(np.float32)
    gold = np.zeros((count, 10), dtype=np.float32)
    gold[np.arange(count), rng.integers(0, 10, count)] = 1
    features[:, :, 0] += signal * gold
    features[:, :, 1] = np.nan
    ones = np.ones(count, dtype=np.float32)
    everywhere, number = np.ones((count, 10), bool), np.arange(count, dtype=np.int32)
    unknown = np.full((count, 10), np.nan, dtype=np.float32)
    return Pools(
        features,
        gold,
        everywhere,
        np.zeros(count, np.int32),
        np.zeros(count, np.int32),
        number,
        ones,
        ~everywhere,
        unknown,
        unknown.copy(),
    )


def test_co_occurrence_is_a_shrunken_share_of_dialogs() -> None:
    table = dense(co_occurrence([[0, 1], [0, 1, 2], [0], [0, 0]], items=3, smoothing=1.0).weights, 3)
    assert table[0].tolist() == pytest.approx([0, 2 / 5, 1 / 5])
    assert table[2].tolist() == pytest.approx([1 / 2, 1 / 2, 0])


def test_followed_by_keeps_the_direction() -> None:
    table = dense(followed_by({(0, 1): 3.0}, items=2, smoothing=1.0).weights, 2)
    assert table.tolist() == [[0.0, 0.75], [0.0, 0.0]]


def test_no_pairs_give_no_weights() -> None:
    assert dense(followed_by({}, items=2).weights, 2).sum() == 0


def test_ease_is_the_closed_form_of_its_paper_and_skips_unused_items() -> None:
    table = sparse.csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 1], [0, 1, 0, 1]], dtype=np.float32))
    used = [0, 1, 3]
    part = table.toarray()[:, used]
    inverse = np.linalg.inv(part.T @ part + 2.0 * np.eye(3))
    expected = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(expected, 0)
    found = dense(ease(table, 2.0).weights, 4)
    np.testing.assert_allclose(found[np.ix_(used, used)], np.maximum(expected, 0), atol=1e-5)
    assert found[2].sum() == found[:, 2].sum() == 0


def test_a_twin_has_the_neighbours_of_the_one_that_stands_for_it_and_is_one_beside_it() -> None:
    weights = csr(sparse.csr_array(np.array([[0, 0.5, 0, 0], [0.25, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32)))
    assert dense(with_twins(weights, {3: 1}), 4).tolist() == [[0, 0.5, 0, 0.5], [0.25, 0, 0, 0], [0, 0, 0, 0], [0.25, 0, 0, 0]]


def test_only_the_best_positive_entries_are_kept() -> None:
    assert dense(keep_best(np.array([[3.0, -1.0, 2.0], [0.0, 0.0, 1.0]]), kept=2), 3).tolist() == [[3, 0, 2], [0, 0, 1]]


def test_the_head_finds_the_signal_and_ignores_what_is_never_known() -> None:
    head, _ = fit_head(HeadConfig(members=1), pools(), pools(seed=1), THOROUGH)
    assert pool_metrics(pools(seed=2), predict(head, pools(seed=2)))["recall"]["1"]["value"] > 0.5


def test_the_head_is_deaf_to_what_it_never_knew_or_never_saw_vary() -> None:
    some = pools()
    some.features[:, :, 2] = 0.1  # no binary number: its mean is another
    head, _ = fit_head(HeadConfig(members=2), some, some.take(np.zeros(0, np.intp)), FitConfig(epochs=8))
    asked = torch.from_numpy(some.features[:20].copy())
    with torch.inference_mode():
        before = head(asked)
        for feature, value in ((1, 5.0), (1, -5.0), (2, 0.0), (2, 30.0)):
            other = asked.clone()
            other[:, :, feature] = value
            torch.testing.assert_close(head(other), before)
        other = asked.clone()
        other[:, :, 0] += 5.0
        assert not torch.allclose(head(other), before)


def test_calibrated_probabilities_match_how_often_gold_comes_true() -> None:
    config = HeadConfig(members=1)
    head, _ = fit_head(config, pools(), pools(seed=1), THOROUGH)
    held = pools(400, seed=2)
    logits = predict(head, held)
    fitted = calibrate(config, Judged.of(held, logits))
    chance = 1 / (1 + np.exp(-(fitted.slope * logits + fitted.offset)))
    assert chance.mean() == pytest.approx(held.gold.mean(), abs=0.01)
    sure = chance > 0.5
    assert held.gold[sure].mean() == pytest.approx(chance[sure].mean(), abs=0.1)
    first = np.sort(np.where(held.present, chance, 0), axis=1)[:, -5:].ravel()
    low, high = fitted.fit_bounds
    assert ((first < low).mean(), (first >= high).mean()) == (pytest.approx(1 / 3, abs=0.01), pytest.approx(1 / 3, abs=0.01))


def test_pools_in_which_all_or_none_is_gold_teach_nothing_and_are_refused() -> None:
    alike = pools(20)
    alike.gold[:] = 1
    with pytest.raises(TrainingDataError, match="nothing can be learned"):
        fit_head(HeadConfig(members=1), alike, alike, FitConfig(epochs=1))


def test_the_reliability_table_tells_how_often_what_was_said_came_true() -> None:
    held = pools(40)
    held.present[:, 8:] = False
    held.gold[:] = 0
    held.gold[:10, 0] = 1
    said = np.full((40, 10), 0.015)
    said[:, 0] = 0.25
    rows = reliability(held, said)
    assert [(row["low"], row["high"], row["candidates"]) for row in rows] == [(0.01, 0.02, 40 * 7), (0.2, 0.5, 40)]
    assert [(row["said"], row["came_true"]) for row in rows] == [(0.015, 0.0), (0.25, 0.25)]
    assert rows[1]["from"] < 0.25 < rows[1]["to"]


def test_padding_is_never_ranked() -> None:
    padded = pools(5)
    padded.present[:, 7:] = False
    head, _ = fit_head(HeadConfig(members=1), pools(50), pools(20), FitConfig(epochs=1))
    assert np.isneginf(predict(head, padded)[:, 7:]).all()


def test_missed_gold_counts_against_recall() -> None:
    half = pools(10)
    half.missed[:] = 1
    perfect = np.where(half.gold > 0, 1.0, 0.0)
    assert pool_metrics(half, perfect)["recall"]["1"]["value"] == 0.5


def test_the_new_protocol_leaves_out_what_was_named_before() -> None:
    both = pools(2)
    both.named_before[0] = both.gold[0] > 0
    new = both.new()
    assert new.group.tolist() == [1]
    both.missed[0] = 1  # it was named before, too
    assert both.new().group.tolist() == [1]
    both.missed_new[0] = 1
    assert both.new().missed.tolist() == [1, 0]
    assert both.new().present[0].sum() == 9
    assert both.new().gold[0].sum() == 0


def test_pools_of_different_width_are_padded_when_joined() -> None:
    narrow = pools(3)
    joined = Pools.join([narrow, narrow.padded(12)])
    assert joined.features.shape == (6, 12, WIDTH)
    assert joined.present.sum(axis=1).tolist() == [10] * 6
    assert np.isnan(joined.features[:, 10:]).all()


def test_the_fused_order_skips_what_is_masked() -> None:
    masked = pools(1)
    masked.gold[:] = np.arange(10) == 1
    masked.present[0, 0] = False
    assert pool_metrics(masked, np.zeros((1, 10)))["fused_recall"]["1"]["value"] == 1.0


def test_exact_search_agrees_with_the_graph(small_index: Index) -> None:
    exact = ExactIndex.of(small_index)
    asked = [small_index.vector("s:alien"), small_index.vector("s:stardew")]
    for ours, theirs in zip(exact.nearest(asked, 8), small_index.nearest(asked, 8), strict=True):
        assert ours.rows.tolist() == theirs.rows.tolist()
        assert ours.scores == pytest.approx(theirs.scores, abs=1e-4)


def test_simulated_needs_can_be_met_and_their_gold_meets_them(small_index: Index) -> None:
    made = list(simulate(small_index, 40))
    assert len(made) == 40
    for need in made:
        assert need.gold and not set(need.gold) & need.query.excluded
        assert need.query.text or need.query.ledger.opinions or need.query.ledger.hard
        for item in need.gold:
            assert satisfies_all(small_index.catalog[item], requirements(need.query.ledger))
            assert satisfies_all(small_index.catalog[item], need.query.ledger.constraints)
    assert any(not constraint.hard for need in made for constraint in need.query.ledger.constraints)


def test_beside_a_work_of_another_sort_the_nearest_of_what_has_the_facts_are_wanted(
    small_index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatrec.train.needs.BESIDE", 1.0)
    for name in ("DISLIKED", "LESS", "SEEN"):
        monkeypatch.setattr(f"chatrec.train.needs.{name}", 0.0)
    likeness, rows, left_out = taste(ItemTable.of(small_index)), small_index.rows, 0
    for need in simulate(small_index, 200):
        ledger = need.query.ledger
        facts = [Constraint(field=w.field, op="in", value=(w.value,)) for w in ledger.wishes if w.field and w.value]
        asked = [*requirements(ledger), *ledger.constraints, *facts]
        if not ledger.opinions or not ledger.kinds or len(facts) < len(ledger.wishes) or len(asked) < 2:
            continue
        near = {item: likeness[rows[ledger.opinions[0].item_id], rows[item]] for item in small_index.catalog}
        fitting = {item for item, work in small_index.catalog.items() if satisfies_all(work, asked)} - need.query.excluded
        others = fitting - set(need.gold)
        left_out += len(others)
        assert set(need.gold) <= fitting
        assert all(near[other] < min(near[item] for item in need.gold) for other in others)
    assert left_out


@pytest.mark.parametrize(("instances", "steps"), [(1600, 25), (320, 16), (40, 5)])
def test_few_instances_are_learned_from_in_small_steps(instances: int, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    sample = _Tensors.sample
    monkeypatch.setattr(_Tensors, "sample", lambda self, rows, *others: taken.append(len(rows)) or sample(self, rows, *others))
    some = pools(instances)
    fit_head(HeadConfig(members=1), some, some.take(np.zeros(0, np.intp)), FitConfig(epochs=1))
    assert len(taken) == steps and sum(taken) == instances


def test_what_is_disliked_or_wanted_less_is_said_and_is_not_gold(small_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISLIKED", "LESS", "SEEN"):
        monkeypatch.setattr(f"chatrec.train.needs.{name}", 1.0)
    titles = {item.id: item.title for item in small_index.catalog.values()}
    seen = less = disliked = 0
    for need in simulate(small_index, 200):
        ledger = need.query.ledger
        for wish in (wish for wish in ledger.wishes if wish.direction == "less"):
            less += 1
            assert not any(wish.value in getattr(small_index.catalog[item], wish.field or "") for item in need.gold)
            assert f"less {wish.text}" in need.query.last_message or not need.query.last_message
            assert wish.text not in need.query.text or wish.text in {other.text for other in ledger.wishes if other is not wish}
        for item in ledger.ids("disliked"):
            disliked += 1
            assert f"not like {titles[item]}" in need.query.last_message or not need.query.last_message
            assert not set(need.gold) & {opinion.item_id for opinion in ledger.opinions}
            assert small_index.catalog[item].kind == small_index.catalog[need.gold[0]].kind
        seen += len(ledger.ids("seen"))
    assert seen and less and disliked


def test_the_quarter_that_is_nearest_to_a_disliked_work_is_no_gold_unless_the_target_is_nearer(small_index: Index) -> None:
    maker = _Maker(small_index, np.random.default_rng(0))
    likeness, ids, left_out = taste(ItemTable.of(small_index)), small_index.ids, 0
    for target, item in enumerate(small_index.catalog.values()):
        if not item.genres:
            continue
        draft = Draft(target, [("genres", item.genres[0])], "", understood=True)
        fitting = maker._gold(draft)
        for disliked in (row for row, name in enumerate(ids) if name in fitting and row != target):
            near = {name: likeness[disliked, ids.index(name)] for name in fitting}
            bar = max(near[ids[target]], np.quantile(list(near.values()), 0.75))
            gold = maker._gold(replace(draft, disliked=disliked))
            assert gold == {name for name, value in near.items() if value <= bar}
            left_out += len(fitting - gold)
    assert left_out


def test_the_same_seed_simulates_the_same_needs(small_index: Index) -> None:
    first, second = (([need.query.text, need.gold] for need in simulate(small_index, 10, seed=3)) for _ in range(2))
    assert list(first) == list(second)
