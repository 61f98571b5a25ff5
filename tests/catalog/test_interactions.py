"""Interactions as they are gathered and written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from chatrec.catalog.interactions import Interaction, InteractionStore, ValueKind


def store(folder: Path, kind: ValueKind, rows: Iterable[tuple[str, str, float, int | None]]) -> InteractionStore:
    made = InteractionStore(folder, kind)
    made.add(Interaction("f", n, *row) for n, row in enumerate(rows, 1))
    return made


TWICE = [("u", "t:1", 2.0, 5), ("v", "t:1", 1.0, None), ("u", "t:1", 3.0, None), ("u", "t:1", 1.0, 9)]


@pytest.mark.parametrize("kind, value", [("rating", 3.0), ("plays", 6.0), ("hours", 6.0)])
def test_of_a_user_and_item_the_best_rating_stays_plays_and_hours_are_summed_and_the_last_time_stays(
    tmp_path: Path, kind: ValueKind, value: float
) -> None:
    with store(tmp_path, kind, TWICE) as made:
        assert list(made.rows()) == [("u", "t:1", value, 9), ("v", "t:1", 1.0, None)]
        assert (made.added, len(made)) == (4, 2)
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
