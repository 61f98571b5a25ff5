"""Slices, and what a list looks like besides being right."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dialog_samples import assistant, dialog, user

from chatrec.catalog.read import read_catalog, write_catalog
from chatrec.evaluate.replay import Replayed
from chatrec.evaluate.slices import beyond_accuracy, by_slice
from chatrec.index.open import Index
from chatrec.retrieve.collaborative import Prior, TrainedRetriever

DIALOGS = [dialog(1, user("hi"), assistant("x", "alien"), user("no"), assistant("y", "gun"))]


def row(
    ranking: list[str], ranks: dict[str, float], before: dict[str, float] | None = None, named: tuple[str, ...] = ()
) -> Replayed:
    answers = tuple(ranks)
    earlier = tuple((before or ranks)[answer] for answer in answers)
    return Replayed("s:1", 1, tuple(ranking), answers, tuple(ranks.values()), earlier, answers, (None,) * len(ranks), named)


def test_slices_share_out_the_gold_and_name_the_gap(small_index: Index) -> None:
    fresh = row([], {"s:alien": 1.0, "s:gun": math.inf})
    told = row([], {"s:aliens": 1.0}, named=("s:hot", "s:gun"))
    slices = by_slice([fresh] * 20 + [told] * 20, small_index, [], DIALOGS, 10)["named before"]
    assert {name: (entry["value"], entry["gold"]) for name, entry in slices["slices"].items()} == {
        "none": (0.5, 40),
        "1 or 2": (1.0, 20),
    }
    assert (slices["gap"], slices["worst"], slices["best"]) == (0.5, "none", "1 or 2")


def test_tenths_of_popularity_are_numbered_from_1_to_10_and_stand_in_order(small_index: Index) -> None:
    known = [item for item in small_index.ids if not math.isnan(small_index.popularity[small_index.rows[item]])]
    slices = by_slice([row([], dict.fromkeys(known, 1.0))], small_index, [], DIALOGS, 10)["popularity"]["slices"]
    numbers = [int(name.removeprefix("decile ")) for name in slices]
    assert numbers == sorted(numbers) and min(numbers) >= 1 and max(numbers) == 10


def test_ten_items_that_differ_in_popularity_are_a_tenth_each(small_index: Index) -> None:
    items = list(small_index.ids[:10])
    popularity = np.full(len(small_index.ids), np.nan, dtype=np.float32)
    popularity[:10] = np.arange(1, 11) / 10
    index = replace(small_index, popularity=popularity)
    slices = by_slice([row([], dict.fromkeys(items, 1.0))], index, [], DIALOGS, 10)["popularity"]["slices"]
    assert {name: entry["gold"] for name, entry in slices.items()} == {f"decile {n}": 1 for n in range(1, 11)}


def test_works_of_equal_popularity_are_counted_to_one_decile(small_index: Index) -> None:
    """Ten works, eight of which are equally little known: their places 1 to 8 have the mean .45."""
    popularity = np.full(len(small_index.ids), np.nan, dtype=np.float32)
    popularity[:10] = [0.45] * 8 + [0.9, 1.0]
    index = replace(small_index, popularity=popularity)
    gold = dict.fromkeys([small_index.ids[0], small_index.ids[9]], 1.0)
    slices = by_slice([row([], gold)], index, [], DIALOGS, 10)["popularity"]["slices"]
    assert {name: (entry["gold"], entry["works"]) for name, entry in slices.items()} == {"decile 5": (1, 8), "decile 10": (1, 1)}


def test_who_was_just_met_is_told_from_who_was_answered_before(small_index: Index) -> None:
    first = row([], {"s:alien": 1.0})
    slices = by_slice([first, replace(first, turn=3)], small_index, [], DIALOGS, 10)["answers before"]["slices"]
    assert {name: entry["gold"] for name, entry in slices.items()} == {"first answer": 1, "later answer": 1}


def test_people_who_come_back_are_told_from_new_ones_where_the_log_names_them(small_index: Index) -> None:
    again = [dialog(n, user("hi"), assistant("x", "alien"), user_id=who) for n, who in ((1, "ann"), (2, "bob"), (3, "ann"))]
    rows = [replace(row([], {"s:alien": rank}), dialog_id=f"s:{n}") for n, rank in ((1, 99.0), (2, 1.0), (3, 1.0))]
    slices = by_slice(rows, small_index, [], again, 10)["person"]["slices"]
    assert {name: entry["value"] for name, entry in slices.items()} == {"new": 0.5, "returning": 1.0}
    unnamed = [line.model_copy(update={"user_id": None}) for line in again]
    assert "person" not in by_slice(rows, small_index, [], unnamed, 10)
    known = by_slice(rows, small_index, [], again, 10, lambda line: line.user_id == "bob")["person"]["slices"]
    assert {name: entry["value"] for name, entry in known.items()} == {"new": 0.0, "returning": 1.0}


def test_items_that_no_training_dialog_named_are_cold(small_index: Index) -> None:
    counts = np.zeros(len(small_index.ids), dtype=np.float32)
    counts[small_index.rows["s:alien"]] = 1
    trained = [TrainedRetriever("named", Prior(counts), small_index)]
    slices = by_slice([row([], {"s:alien": 1.0, "s:gun": math.inf})], small_index, trained, DIALOGS, 10)["training dialogs"][
        "slices"
    ]
    assert {name: entry["value"] for name, entry in slices.items()} == {"cold": 0.0, "warm": 1.0}
    assert by_slice([row([], {"s:alien": 1.0})], small_index, trained, DIALOGS, 10).get("training dialogs") is None


def test_a_list_that_never_changes_covers_little(small_index: Index) -> None:
    ids = list(small_index.ids)
    same = [row(ids[:2], {ids[0]: 1.0}) for _ in range(3)]
    other = [row([ids[place], ids[place + 1]], {ids[0]: 1.0}) for place in range(3)]
    assert beyond_accuracy(same, small_index, 2)["coverage"] == pytest.approx(2 / len(ids), abs=1e-6)
    assert beyond_accuracy(other, small_index, 2)["coverage"] == pytest.approx(4 / len(ids), abs=1e-6)
    assert beyond_accuracy(same, small_index, 2)["gini"] > beyond_accuracy(other, small_index, 2)["gini"]  # type: ignore[operator]


def test_a_list_of_one_work_twice_has_no_diversity(small_index: Index) -> None:
    assert beyond_accuracy([row(["s:alien", "s:alien"], {"s:gun": math.inf})], small_index, 2)["diversity"] == pytest.approx(
        0, abs=1e-6
    )


def test_media_and_languages_are_slices_of_the_gold_by_what_the_catalog_tells(small_index: Index, tmp_path: Path) -> None:
    languages = {"s:alien": "en", "s:kind": "en", "s:amelie": "fr"}
    write_catalog(
        [replace(item, language=languages.get(item.id)) for item in small_index.catalog.values()], tmp_path / "catalog.jsonl"
    )
    index = replace(small_index, catalog=read_catalog(tmp_path / "catalog.jsonl"))
    ranks = {"s:alien": 1.0, "s:kind": math.inf, "s:amelie": 2.0, "s:gun": math.inf}
    slices = by_slice([row([], ranks)], index, [], DIALOGS, 10)
    counted = {
        name: {part: (entry["gold"], entry["value"]) for part, entry in slices[name]["slices"].items()}
        for name in ("medium", "language")
    }
    assert counted == {
        "medium": {"audio": (1, 0.0), "video": (3, pytest.approx(2 / 3, abs=1e-6))},
        "language": {"en": (2, 0.5), "fr": (1, 1.0)},
    }


def test_what_is_beyond_accuracy_is_counted_of_what_is_shown_within_the_cut_off(small_index: Index) -> None:
    """Two lists of two: Alien (.9) and Aliens (.5), then The Naked Gun (.3) and Hot Shots (.1); Scream (.8) stands third."""
    popularity = np.full(len(small_index.ids), np.nan, dtype=np.float32)
    vectors = np.zeros((len(small_index.ids), 2), dtype=np.float32)
    shares = {"s:alien": 0.9, "s:scream": 0.8, "s:aliens": 0.5, "s:gun": 0.3, "s:hot": 0.1}
    pointing = {"s:alien": (1, 0), "s:scream": (1, 0), "s:aliens": (0, 1), "s:gun": (1, 0), "s:hot": (0.6, 0.8)}
    for item, share in shares.items():
        popularity[small_index.rows[item]] = share
        vectors[small_index.rows[item]] = pointing[item]
    rows = [
        row(["s:alien", "s:aliens", "s:scream"], {"s:alien": 1.0, "s:scream": 3.0}, named=("s:gun",)),
        row(["s:gun", "s:hot"], {"s:gun": 1.0, "s:hot": 2.0}, named=("s:hot",)),
    ]
    found = beyond_accuracy(rows, replace(small_index, popularity=popularity, vectors=vectors), 2)
    assert found["popularity_lift"] == pytest.approx(((0.7 - 0.3) + (0.2 - 0.1)) / 2, abs=1e-5)
    assert found["novelty"] == pytest.approx(1 - (0.9 + 0.5 + 0.3 + 0.1) / 4, abs=1e-5)
    assert found["diversity"] == pytest.approx((1.0 + 0.4) / 2, abs=1e-5)
    assert found["serendipity"] == pytest.approx(2 / 3, abs=1e-5)  # of three found, Alien is among the two best known
