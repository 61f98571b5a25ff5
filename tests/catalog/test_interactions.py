"""Interactions as they are gathered and written."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

import pytest

from chatrec.catalog.interactions import Interaction, InteractionStore, ValueKind, read_interactions
from chatrec.errors import DataMissingError, InputError, TrainingDataError


def store(folder: Path, kind: ValueKind, rows: Iterable[tuple[str, str, float, int | None]]) -> InteractionStore:
    made = InteractionStore(folder, kind)
    made.add(Interaction("f", n, *row) for n, row in enumerate(rows, 1))
    return made


TWICE = [("u", "t:1", 2.0, 5), ("v", "t:1", 1.0, None), ("u", "t:1", 3.0, 7), ("u", "t:1", 3.0, None), ("u", "t:1", 1.0, 9)]


@pytest.mark.parametrize("kind, value, at", [("rating", 3.0, 7), ("plays", 9.0, 9), ("hours", 9.0, 9)])
def test_of_a_user_and_item_the_best_rating_stays_with_its_time_and_plays_and_hours_are_summed_at_the_last(
    tmp_path: Path, kind: ValueKind, value: float, at: int
) -> None:
    with store(tmp_path, kind, TWICE) as made:
        assert list(made.rows()) == [("u", "t:1", value, at), ("v", "t:1", 1.0, None)]
        assert (made.added, len(made)) == (5, 2)
        assert made.users_of_items() == {"t:1": 2}


def test_plays_above_the_99th_percentile_of_the_positive_ones_become_that_percentile(tmp_path: Path) -> None:
    plays = [(str(n), "t:1", float(n), None) for n in range(1, 201)] + [(f"none {n}", "t:1", 0.0, None) for n in range(500)]
    with store(tmp_path, "plays", plays) as made:
        assert made.cap() == 198
        assert made.write(tmp_path / "out.csv") == 2
    values = [line.split(",")[2] for line in (tmp_path / "out.csv").read_text().splitlines()[1:]]
    assert max(map(float, values)) == 198 and values.count("198") == 3 and values.count("0") == 500


def test_few_values_and_none_are_not_capped(tmp_path: Path) -> None:
    with store(tmp_path, "hours", [("u", "t:1", 1.0, None), ("v", "t:1", 9000.5, None)]) as made:
        assert made.write(tmp_path / "out.csv") == 0
    with store(tmp_path, "hours", []) as made:
        assert made.write(tmp_path / "none.csv") == 0
    assert (tmp_path / "none.csv").read_text() == "user_id,item_id,value,timestamp\n"


def test_nothing_is_left_on_disk(tmp_path: Path) -> None:
    with store(tmp_path, "rating", TWICE):
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_a_place_where_nothing_can_be_gathered_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"interactions cannot be gathered in {tmp_path}/none: No such file"):
        InteractionStore(tmp_path / "none", "plays")


HEADER = "user_id,item_id,value,timestamp"


def table(folder: Path, *lines: str) -> Path:
    path = folder / "interactions.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_what_was_written_is_read_back_also_gzipped(tmp_path: Path) -> None:
    with store(tmp_path, "rating", TWICE) as made:
        made.write(tmp_path / "i.csv")
    (tmp_path / "i.csv.gz").write_bytes(gzip.compress((tmp_path / "i.csv").read_bytes()))
    for name in ("i.csv", "i.csv.gz"):
        read = [(one.line, one.user, one.item, one.value, one.timestamp) for one in read_interactions(tmp_path / name)]
        assert read == [(2, "u", "t:1", 3.0, 7), (3, "v", "t:1", 1.0, None)]


def test_lines_are_read_as_a_stream_and_bad_ones_are_told_together_at_the_end(tmp_path: Path) -> None:
    bad = [",t:1,1,", "u,,1,", "u,t:1,,", "u,t:1,lots,", "u,t:1,inf,", "u,t:1,1,yesterday", "u,t:1"]
    path = table(tmp_path, HEADER, "u,t:1,1,2001-09-09T01:46:40", *bad, "v,t:1,2,")
    reading = read_interactions(path)
    assert (next(reading).timestamp, next(reading).user) == (1_000_000_000, "v")
    with pytest.raises(TrainingDataError, match="cannot be used: 7;") as told:
        next(reading)
    first = ["user_id is empty", "item_id is empty", "no value: ", "value 'lots' is no number", "value 'inf' is not finite"]
    first += ["timestamp 'yesterday' is no time", "has 2 columns instead of 4"]
    for line, reason in enumerate(first, 3):
        assert f"{path}:{line}: {reason}" in str(told.value)


def test_columns_may_come_in_any_order_and_the_time_may_be_missing(tmp_path: Path) -> None:
    path = table(tmp_path, "value,item_id,user_id,device", "3,t:1,u,phone")
    assert list(read_interactions(path)) == [Interaction(str(path), 2, "u", "t:1", 3.0)]


def test_a_missing_file_an_empty_one_and_a_missing_column_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="header user_id,item_id,value,timestamp"):
        list(read_interactions(tmp_path / "none.csv"))
    with pytest.raises(TrainingDataError, match="has no column item_id, value"):
        list(read_interactions(table(tmp_path, "user_id,rating", "u,3")))
    (tmp_path / "interactions.csv").write_text("")
    with pytest.raises(TrainingDataError, match="is empty"):
        list(read_interactions(tmp_path / "interactions.csv"))
