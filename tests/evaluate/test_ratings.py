"""Ratings, hours and plays: reading, splitting, scoring."""

from __future__ import annotations

import math
from pathlib import Path

import ir_measures
import numpy as np
import pytest
from sklearn.metrics import mean_squared_error, roc_auc_score

from chatrec.errors import DataMissingError, InputError, TrainingDataError
from chatrec.evaluate.ratings import Interactions, Reading, Scale, Split, join, read_lines, split
from chatrec.evaluate.ratings_metrics import judge, pooled_auc, rmse, summary

CATALOG = {f"s:{n}": None for n in range(6)}


def write(folder: Path, *lines: str, header: str = "user_id,item_id,value,timestamp") -> Path:
    path = folder / "interactions.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def read(path: Path, scale: Scale | None = None, **sample: int) -> tuple[Interactions, Reading]:
    return join(read_lines(path, **sample), CATALOG, scale=scale)


def made(*rows: tuple[int, int, float, float], items: int = 6) -> Interactions:
    users, things, values, times = (np.array(part) for part in zip(*rows, strict=True))
    return Interactions(users, things, values.astype(np.float32), times.astype(float), int(users.max()) + 1, items)


class Fixed:
    """Scores and values from a table."""

    def __init__(self, table: np.ndarray) -> None:
        self.table = table.astype(np.float32)

    def scores(self, users: np.ndarray) -> np.ndarray:
        return self.table[users].copy()

    def values(self, users: np.ndarray, items: np.ndarray) -> np.ndarray:
        return self.table[users, items]


def test_unknown_items_and_repeats_are_counted_and_the_last_value_counts(tmp_path: Path) -> None:
    path = write(tmp_path, "a,s:0,4,1", "a,x:9,4,2", "a,s:0,2,3", "b,s:1,5,")
    found, reading = read(path)
    assert (reading.unknown_lines, reading.unknown_example, reading.repeated, reading.users) == (1, "x:9", 1, 2)
    assert found.values.tolist() == [2.0, 5.0] and math.isnan(found.times[1])


def test_a_negative_amount_is_told_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "a,x:9,4,", "a,s:0,2,", "b,s:1,-3,", "b,s:1,-2,", "b,s:2,-1,")
    with pytest.raises(TrainingDataError, match=r"interactions\.csv:5: a value is -2; hours and plays are 0 or more"):
        read(path, "log")


def test_ratings_stand_as_they_are_and_amounts_are_compared_by_their_logarithm(tmp_path: Path) -> None:
    rated, reading = read(write(tmp_path, "a,s:0,4,", "b,s:1,2.5,"))
    assert (reading.scale, rated.values.tolist()) == ("rating", [4.0, 2.5])
    lines = [f"u{user},s:{item},{100 * user + item}," for user in range(6) for item in range(6)]
    played, reading = read(write(tmp_path, *lines))
    assert reading.scale == "log" and played.values[7] == pytest.approx(math.log1p(101))


def test_a_sample_of_users_is_of_the_size_asked_for_and_does_not_depend_on_the_order_of_the_file(tmp_path: Path) -> None:
    lines = [f"u{user},s:{item},{item % 5 + 1 + user / 100}," for user in range(50) for item in range(3)]
    first, reading = read(write(tmp_path, *lines), max_users=10, scale="rating")
    again, _ = read(write(tmp_path, *reversed(lines)), max_users=10, scale="rating")
    other, _ = read(write(tmp_path, *lines), max_users=10, scale="rating", seed=1)
    assert (reading.users, reading.users_in_file, len(first)) == (10, None, 30)
    assert sorted(first.values) == sorted(again.values) != sorted(other.values)


def test_of_those_who_are_in_the_sample_every_line_is_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, *(f"u{user},s:{item},{item % 5 + 1},{user + 40 * item}" for item in range(6) for user in range(40)))
    found, reading = read(path, max_users=3)
    assert (reading.lines, reading.users, len(found), len(set(found.names))) == (240, 3, 18, 3)
    assert found.users.tolist() == [0, 1, 2] * 6 and found.items.tolist() == sorted([*range(6)] * 3)
    assert found.times.tolist() == sorted(found.times)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no interactions"),
        (["a,s:0,,", "b,s:1,2,"], r":2: no value"),
        (["a,s:0,lots,", "b,s:1,2,"], r":2: value 'lots' is no number"),
        (["a,s:0,inf,", "b,s:1,2,"], "not finite"),
        (["a,s:0,3,", "a,s:1,2,"], "one user only"),
        (["a,x:0,3,", "b,x:1,2,"], "none of its items"),
        (["a,s:0,3,yesterday", "b,s:1,2,"], "timestamp 'yesterday'"),
        ([",s:0,3,", "b,s:1,2,"], "user_id is empty"),
    ],
)
def test_bad_input_is_named(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(TrainingDataError, match=message):
        read(write(tmp_path, *lines))


def test_a_missing_file_and_a_missing_column_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="no interactions at"):
        read(tmp_path / "none.csv")
    with pytest.raises(TrainingDataError, match="no column value"):
        read(write(tmp_path, "a,s:0", header="user_id,item_id"))


def test_values_that_are_all_the_same_are_told(tmp_path: Path) -> None:
    assert read(write(tmp_path, "a,s:0,1,", "b,s:1,1,"))[1].one_value


def test_the_latest_of_each_user_is_held_out_and_a_single_one_stays() -> None:
    data = split(made((0, 0, 1, 5), (0, 1, 1, 9), (0, 2, 1, 7), (1, 3, 1, 1)), "last-out")
    assert data.held.items.tolist() == [1] and data.train.items.tolist() == [0, 2, 3]


def test_what_is_late_is_held_out_but_not_of_users_of_whom_nothing_is_known() -> None:
    early = [(user, user % 6, 1.0, float(user)) for user in range(18)]
    data = split(made(*early, (0, 5, 1.0, 100.0), (18, 2, 1.0, 101.0)), "temporal")
    assert (data.held.users.tolist(), data.held.items.tolist(), data.dropped) == ([0], [5], 1)


def test_a_moment_needs_times_and_something_must_be_held_out() -> None:
    with pytest.raises(InputError, match="timestamp"):
        split(made((0, 0, 1, math.nan), (0, 1, 1, 2)), "temporal")
    with pytest.raises(TrainingDataError, match="nothing can be held out"):
        split(made((0, 0, 1, 1), (1, 1, 1, 2)), "last-out")


def test_auc_and_rmse_are_those_of_scikit_learn_ties_included() -> None:
    rng = np.random.default_rng(0)
    scores, positive = rng.integers(0, 8, 300).astype(np.float32), rng.random(300) < 0.3
    users = rng.integers(0, 20, 300)
    found = pooled_auc(scores, positive, users)
    assert found is not None and found["value"] == pytest.approx(roc_auc_score(positive, scores), abs=1e-6)
    assert found["low"] < found["value"] < found["high"]
    truth, predicted = rng.normal(size=300), rng.normal(size=300)
    error = rmse(predicted - truth, users)
    assert error is not None and error["value"] == pytest.approx(math.sqrt(mean_squared_error(truth, predicted)), abs=1e-6)
    assert pooled_auc(scores, np.ones(300, dtype=bool), users) is None


def test_ndcg_is_that_of_ir_measures_and_auc_per_user_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    table = rng.normal(size=(8, 30))
    rows = [(user, int(item), 1.0, float(place)) for user in range(8) for place, item in enumerate(rng.permutation(30)[:9])]
    everything = made(*rows, items=30)
    data = Split(everything.take(everything.times < 6), everything.take(everything.times >= 6), 0)
    found = summary(judge(Fixed(table), data))
    met = {(int(u), int(i)) for u, i in zip(data.train.users, data.train.items, strict=True)}
    held = {(int(u), int(i)) for u, i in zip(data.held.users, data.held.items, strict=True)}
    left = [(user, item) for user in range(8) for item in range(30) if (user, item) not in met]
    run = [ir_measures.ScoredDoc(str(user), str(item), float(np.float32(table[user, item]))) for user, item in left]
    qrels = [ir_measures.Qrel(str(user), str(item), 1) for user, item in held]
    expected = ir_measures.calc_aggregate([ir_measures.nDCG @ 10], qrels, run)[ir_measures.nDCG @ 10]
    assert found["ndcg@10"]["value"] == pytest.approx(expected, abs=1e-5)
    by_user = [
        roc_auc_score([(user, i) in held for u, i in left if u == user], [table[user, i] for u, i in left if u == user])
        for user in range(8)
    ]
    assert found["user_auc"]["value"] == pytest.approx(sum(by_user) / len(by_user), abs=1e-5)


def test_what_a_system_cannot_score_comes_last() -> None:
    data = Split(made((0, 0, 1, 0), items=4), made((0, 1, 1, 1), items=4), 0)
    unscored = summary(judge(Fixed(np.array([[9.0, 1.0, np.nan, np.nan]])), data))
    assert unscored["user_auc"]["value"] == 1.0
    unknown = summary(judge(Fixed(np.array([[9.0, np.nan, 1.0, 2.0]])), data))
    assert unknown["user_auc"]["value"] == 0.0
    assert unscored["rmse"] is not None and unknown["rmse"] is unknown["liked_auc"] is None


def test_who_has_met_everything_else_has_no_unmet_items_to_compare_with() -> None:
    data = Split(made((0, 0, 1, 0), (1, 0, 1, 0), items=2), made((0, 1, 1, 1), (1, 1, 1, 1), items=2), 0)
    found = summary(judge(Fixed(np.array([[9.0, 1.0], [9.0, -1.0]])), data))
    assert found["auc"] is found["user_auc"] is None and found["ndcg@10"]["value"] == 1.0


def test_cold_items_are_compared_with_cold_ones() -> None:
    data = Split(made((0, 0, 1, 0), (1, 1, 1, 0)), made((0, 2, 1, 1), (1, 0, 1, 1)), 0)
    table = np.array([[0, 9, 2, 1, 1, 3], [2, 0, 1, 1, 1, 1]])
    found = summary(judge(Fixed(table), data))
    assert found["slices"]["cold"]["held_out"] == found["slices"]["warm"]["held_out"] == 1
    assert found["slices"]["cold"]["peer_auc"]["value"] == pytest.approx(2 / 3, abs=1e-5)  # 3 items are as new; item 1 is not
