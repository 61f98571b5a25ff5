"""What the head learns beside the ranking: ratings and whether a mention was liked, where the data tell."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from dialog_samples import assistant, dialog, many_dialogs, user, write_dialogs
from quick import QUICK, prepare
from test_fitting import THOROUGH, pools

from chatrec.errors import SettingsError
from chatrec.index.open import Index
from chatrec.score.head import HeadConfig
from chatrec.train.config import HeadOptions
from chatrec.train.data import gather
from chatrec.train.fit import fit_head, predict
from chatrec.train.pools import Pools, found_within
from chatrec.train.raters import choose, conversations
from chatrec.train.sweep import grid
from chatrec.train.tasks import LossWeights, Tasks

ONE = HeadConfig(members=1)


def told(weights: LossWeights) -> Pools:
    """Few instances to rank, and many whose ratings rise with the very feature that makes out gold."""
    ranked, rated = pools(12), pools(300, signal=0.0, seed=3)
    rated.gold[:] = 0
    return Pools.join([ranked, replace(rated, rating=rated.features[:, :, 0])])


def test_losses_are_the_mean_over_what_is_known() -> None:
    tasks = Tasks(1, LossWeights(rating=2.0, sentiment=1.0))
    with torch.no_grad():
        tasks.maps.weight.fill_(1.0)
        tasks.maps.bias.zero_()
    hidden = torch.tensor([[[0.0], [2.0], [5.0]]])
    unknown = torch.full((1, 3), torch.nan)
    assert tasks(hidden, unknown, unknown).tolist() == [0.0]
    rating = torch.tensor([[1.0, 5.0, torch.nan]])
    assert tasks(hidden, rating, unknown).item() == pytest.approx(2.0 * (1.0 + 9.0) / 2)
    liked = torch.tensor([[1.0, torch.nan, torch.nan]])
    assert tasks(hidden, unknown, liked).item() == pytest.approx(np.log(2))


def test_ratings_teach_what_few_dialogs_cannot() -> None:
    alone, both = (replace(THOROUGH, loss_weights=LossWeights(rating=weight)) for weight in (0.0, 3.0))
    held, unseen = pools(60, seed=1), pools(400, seed=2)

    def found(fit: object) -> float:
        head, _ = fit_head(ONE, told(both.loss_weights), held, fit)  # type: ignore[arg-type]
        return float(found_within(unseen, predict(head, unseen), 1).sum())

    assert found(both) > found(alone)


def test_without_weight_targets_change_nothing() -> None:
    plain = pools(60)
    full = replace(plain, liked=plain.gold, rating=plain.gold)
    heads = [fit_head(ONE, each, pools(20, seed=1), replace(THOROUGH, epochs=2))[0] for each in (plain, full)]
    first, second = (predict(head, plain) for head in heads)
    assert np.array_equal(first, second)


def test_a_mention_is_liked_as_the_dialog_says_in_the_end(small_index: Index) -> None:
    lines = [
        dialog(1, user("hm", "alien", sentiment=1), user("no", "alien", sentiment=-1), assistant("try this", "casa")),
        dialog(2, user("hm", "alien"), assistant("that?", "gun"), user_id="u"),
        dialog(3, user("hm", "alien", sentiment=0), assistant("that?", "gun"), user_id="u"),
    ]
    cases = gather(lines, small_index).cases
    assert [case.liked for case in cases if case.example.recommended] == [
        {"s:alien": 0.0, "s:casa": 1.0},
        {"s:gun": 1.0},
        {"s:gun": 1.0},
    ]
    assert [(case.dialog, case.person) for case in cases if case.example.recommended] == [(0, 0), (1, 1), (2, 1)]


def test_dialogs_of_one_person_share_their_fold(tmp_path: Path) -> None:
    lines = [line.model_copy(update={"user_id": f"u{n // 20}"}) for n, line in enumerate(many_dialogs(60))]
    preparation = prepare(tmp_path, dialogs=write_dialogs(tmp_path / "log.jsonl", lines))
    dialogs = preparation.gather("said", preparation.lines, "embedding")
    taken = [{row // 20 for row in rows} for rows in preparation._folds(dialogs)]
    assert sorted(map(len, taken)) == [1, 2] and not taken[0] & taken[1]


def test_people_who_rated_name_what_they_hold_dear_and_the_rest_is_to_be_told(small_index: Index) -> None:
    users = [[(row, 0.2 + 0.1 * place) for place, row in enumerate(range(start, start + 6))] for start in range(10)]
    chosen = choose(users, seed=0)
    assert len(chosen) == 2
    asked = list(conversations(small_index, users, chosen, seed=0))
    for one in asked:
        named = {opinion.item_id for opinion in one.query.ledger.opinions}
        dear = {small_index.ids[row] for row, strength in users[one.group] if strength > 0.45}
        assert named and named <= dear and not one.gold
        assert not named & set(one.rating) and len(named) + len(one.rating) == 6
    everything = np.array([strength for rated in users for _, strength in rated])
    row, least = users[asked[0].group][0]
    assert asked[0].rating[small_index.ids[row]] == pytest.approx((least - everything.mean()) / everything.std())


def test_ratings_of_few_or_all_alike_teach_nothing(small_index: Index) -> None:
    assert choose([[(0, 1.0), (1, 0.5)]] * 100, seed=0) == ()
    alike = [[(row, 1.0) for row in range(6)]] * 10
    assert list(conversations(small_index, alike, choose(alike, seed=0), seed=0)) == []


def test_a_run_with_ratings_takes_them_and_keeps_them(tmp_path: Path) -> None:
    ids = [json.loads(line)["id"] for line in (Path(__file__).parents[1] / "dialog_catalog.jsonl").open(encoding="utf-8")]
    with (tmp_path / "rated.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(f"u{person}", ids[(person + k) % len(ids)], 1 + k % 5, "") for person in range(20) for k in range(8)]
        csv.writer(file).writerows([("user_id", "item_id", "value", "timestamp"), *rows])
    fit = replace(QUICK.head.fit, loss_weights=LossWeights(rating=1.0))
    config = replace(QUICK, head=replace(QUICK.head, fit=fit))
    prepared = prepare(tmp_path, config, interactions=tmp_path / "rated.csv").run(raters=True)
    assert prepared.raters is not None and len(prepared.raters) == 4 * 3
    assert np.isfinite(prepared.raters.rating).any(axis=1).all() and not prepared.raters.gold.any()
    assert len(prepared.taught(prepared.pools)) == len(prepared.pools) + 12


def test_the_sweep_leaves_out_tasks_without_answers() -> None:
    whats = [what for what, _ in grid(without=["rating"])]
    assert "sentiment 0.5" in whats and not any(what.startswith("rating") for what in whats)
    assert dict(grid())["rating 0.5"].fit.loss_weights == LossWeights(rating=0.5)


def test_loss_weights_are_read_from_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"fit": {"loss_weights": {"rating": 0.25}}}', encoding="utf-8")
    assert HeadOptions.read(path).fit.loss_weights == LossWeights(rating=0.25)
    path.write_text('{"fit": {"loss_weights": {"rating": -1}}}', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"fit\.loss_weights\.rating"):
        HeadOptions.read(path)
