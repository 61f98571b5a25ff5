"""Systems that learn from interactions: a planted signal is found, and what nobody met is reached by what is known of it."""

from __future__ import annotations

import builtins
import csv
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dialog_samples import SAMPLE
from scipy import sparse
from typer.testing import CliRunner

from chatrec.cli.app import app
from chatrec.cli.evaluate import telling
from chatrec.errors import DependencyMissingError, TrainingDataError
from chatrec.evaluate.ratings import Interactions, Split, split
from chatrec.evaluate.ratings_metrics import judge, summary
from chatrec.index.embed import Embedder
from chatrec.train.ratings import RatingsConfig, contenders
from chatrec.train.ratings_hybrid import HybridConfig, fit_hybrid
from chatrec.train.ratings_systems import Bias, Ease, Popularity, fit_als, fit_bpr, fit_factorisation, implicit, met

USERS, ITEMS, TASTES = 120, 40, 4


def tasteful(seed: int = 0) -> Interactions:
    """Each user meets items of one taste mostly, and rates them by a hidden product of rank 2."""
    rng = np.random.default_rng(seed)
    p, q = rng.normal(size=(USERS, 2)), rng.normal(size=(ITEMS, 2))
    rows = []
    for user in range(USERS):
        odds = np.where(np.arange(ITEMS) % TASTES == user % TASTES, 10.0, 1.0)
        for item in rng.choice(ITEMS, 12, replace=False, p=odds / odds.sum()):
            rows.append((user, item, 3 + p[user] @ q[item] + rng.normal(0, 0.1)))
    users, items, values = (np.array(part) for part in zip(*rows, strict=True))
    return Interactions(users, items, values.astype(np.float32), np.full(len(rows), np.nan), USERS, ITEMS)


def features(seed: int = 0) -> np.ndarray:
    """What is known of items: noisy marks of their taste, of unit length."""
    marks = np.eye(TASTES)[np.arange(ITEMS) % TASTES] + np.random.default_rng(seed).normal(0, 0.05, (ITEMS, TASTES))
    return (marks / np.linalg.norm(marks, axis=1, keepdims=True)).astype(np.float32)


def scored(system: Any, data: Split) -> dict[str, Any]:
    return summary(judge(system, data))


def test_factors_find_values_of_low_rank_that_biases_cannot() -> None:
    data = split(tasteful(), "last-out")
    bias = Bias.fit(data.train, 2.0)
    alone, factors = scored(bias, data), scored(fit_factorisation(data.train, bias, 0.02, factors=2), data)
    assert factors["rmse"]["high"] < alone["rmse"]["low"]


@pytest.mark.parametrize("name", ["ease", "als", "bpr"])
def test_systems_of_order_find_tastes_that_popularity_cannot(name: str) -> None:
    data = split(tasteful(), "last-out")
    fit = {"ease": lambda t: Ease.fit(t, 20.0), "als": lambda t: fit_als(t, 5.0), "bpr": lambda t: fit_bpr(t, 0.05)}[name]
    system = fit(data.train)
    assert scored(system, data)["user_auc"]["low"] > scored(Popularity.fit(data.train), data)["user_auc"]["high"]
    assert system.values(data.held.users, data.held.items) is None


def test_ease_is_the_same_by_users_and_by_items() -> None:
    train = tasteful()
    few = train.take(train.users < 20)
    few = Interactions(few.users, few.items, few.values, few.times, 20, ITEMS)
    found = Ease.fit(few, 7.0)
    assert found.weights is None  # fewer users than items
    table = sparse.csr_array(met(few)).toarray().astype(np.float64)
    inverse = np.linalg.inv(table.T @ table + 7.0 * np.eye(ITEMS))
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    assert found.scores(np.arange(20)) == pytest.approx(table @ weights, abs=1e-4)
    assert Ease.fit(train, 7.0).weights is not None


def hybrid(train: Interactions, **changed: Any) -> Any:
    config = HybridConfig(**{"dimension": 16, "epochs": 60, "learning_rate": 0.01, **changed})
    return fit_hybrid(train, features(), Bias.fit(train, 2.0), Ease.fit(train, 20.0), config)[0]


def test_our_model_predicts_values_and_order_at_once() -> None:
    data = split(tasteful(), "last-out")
    bias, ours = scored(Bias.fit(data.train, 2.0), data), scored(hybrid(data.train, value_weight=1.0), data)
    assert ours["rmse"]["value"] < bias["rmse"]["value"]
    assert ours["user_auc"]["low"] > scored(Popularity.fit(data.train), data)["user_auc"]["high"]


def test_an_item_nobody_met_is_found_by_its_twin_in_text_where_ease_cannot() -> None:
    everything = tasteful()
    new = everything.items < 2 * TASTES  # eight items, two of each taste, are held out from everyone
    data = Split(everything.take(~new), everything.take(new), 0)
    ours, ease = scored(hybrid(data.train), data), scored(Ease.fit(data.train, 20.0), data)
    assert ours["slices"]["cold"]["peer_auc"]["low"] > 0.7
    assert ease["slices"]["cold"]["peer_auc"]["value"] == 0.5


def test_the_same_seed_gives_the_same_model() -> None:
    train = tasteful()
    first, second = (hybrid(train, epochs=2).scores(np.arange(4)) for _ in range(2))
    assert (first == second).all()


def test_without_implicit_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("implicit"):
            raise ModuleNotFoundError("No module named 'implicit'", name="implicit")
        return found(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DependencyMissingError, match=r"implicit: pip install 'chatrec\[train\]'"):
        implicit()


def test_users_with_two_interactions_leave_nothing_to_choose_settings_by(tmp_path: Path) -> None:
    count = np.arange(6)
    twice = Interactions(count // 2, count % 5, np.ones(6, np.float32), count.astype(float), 3, 5)
    config = RatingsConfig(tmp_path / "few.csv", SAMPLE)
    with pytest.raises(TrainingDataError, match=r"few\.csv: .* a user needs three, one to learn from"):
        next(contenders(split(twice, "last-out"), np.zeros((5, 2), np.float32), config))


def test_embedding_is_told_by_how_many_texts_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(Embedder, "encode", lambda self, texts: np.zeros((len(texts), 2)))
    embedder = telling("", told.append)
    for texts in (["a", "b"], ["c"]):
        assert len(embedder.encode(texts)) == len(texts)
    assert told == [2, 3]


def test_the_command_prints_tables_and_writes_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATREC_INDEX_DIR", str(tmp_path / "index"))
    monkeypatch.setenv("COLUMNS", "200")
    ids = [json.loads(line)["id"] for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    rng = np.random.default_rng(0)
    with (tmp_path / "i.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("user_id", "item_id", "value", "timestamp"))
        for user in range(30):
            writer.writerows((user, item, int(rng.integers(1, 6)), place) for place, item in enumerate(rng.permutation(ids)[:6]))
        writer.writerow((0, "s:unheard-of", 5, 9))
    report = tmp_path / "report.json"
    told: list[str] = []
    monkeypatch.setattr("chatrec.cli.evaluate.expected", lambda what: nullcontext(lambda what, *_: told.append(what)))
    given = ["evaluate", "ratings", "--interactions", str(tmp_path / "i.csv"), "--catalog", str(SAMPLE), "--out", str(report)]
    ended = CliRunner().invoke(app, given)
    assert ended.exit_code == 0, ended.output
    assert told[:3] == ["reading", f"embedding the catalog, {len(ids)} texts", "popularity"]
    assert "RMSE of ratings" in ended.output and "EASE" in ended.output
    assert "lacks their item: 1, for instance 's:unheard-of'" in ended.output
    written = json.loads(report.read_text(encoding="utf-8"))
    assert written["split"]["held_out"] == 30 and written["reading"]["unknown_lines"] == 1
    assert all(entry["ndcg@10"]["low"] <= entry["ndcg@10"]["value"] for entry in written["systems"].values())
