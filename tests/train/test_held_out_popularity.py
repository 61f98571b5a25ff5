"""Popularity that was counted on the dialogs does not give away what a held-out one names."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dialog_samples import SAMPLE, many_dialogs
from quick import prepare, train

from chatrec.catalog.read import read_catalog, write_catalog
from chatrec.train.meter import Meter
from chatrec.train.popularity import Counted


def counted_catalog(folder: Path, *, more: int = 0) -> Path:
    """The sample catalog, its popularity the number of mentions in the sample dialogs, and more."""
    named = Counter(m.item for line in many_dialogs(60) for turn in line.turns for m in turn.mentions)
    items = [replace(item, popularity=float(named[item.id] + more)) for item in read_catalog(SAMPLE).values()]
    write_catalog(items, folder / "catalog.jsonl")
    return folder / "catalog.jsonl"


def test_what_only_held_out_dialogs_name_is_unknown_to_the_others() -> None:
    counted = Counted.of(np.array([3.0, 1.0, 0.0, np.nan]), [[0], [0, 0, 1], []])
    assert counted is not None
    np.testing.assert_array_equal(counted.without([1]), [1.0, 0.0, 0.0, np.nan])
    np.testing.assert_array_equal(counted.without([]), [3.0, 1.0, 0.0, np.nan])


@pytest.mark.parametrize("popularity", [[3.0, 2.0, 1.0], [np.nan, np.nan, np.nan], [0.0, 0.0, 0.0]])
def test_popularity_of_elsewhere_stays(popularity: list[float]) -> None:
    assert Counted.of(np.array(popularity), [[0], [0, 1], [2, 2]]) is None


def test_dialogs_that_name_nothing_count_nothing() -> None:
    assert Counted.of(np.zeros(3), [[], []]) is None


def test_a_fold_is_ranked_by_the_popularity_of_the_others(tmp_path: Path) -> None:
    preparation = prepare(tmp_path, catalog=counted_catalog(tmp_path))
    dialogs = preparation.gather("said", preparation.lines, "")
    fold = preparation._folds(dialogs)[0]
    others = Counter(row for n, named in enumerate(dialogs.mentions) if n not in fold for _, row in named)
    index = preparation._without(fold)
    kinds = [item.kind for item in index.catalog.values()]
    for one in range(len(kinds)):
        for other in range(len(kinds)):
            if kinds[one] == kinds[other]:
                assert (others[one] < others[other]) == (index.popularity[one] < index.popularity[other])
    assert preparation._without(frozenset()) is preparation.index


def test_it_is_said_and_only_where_it_was_so(tmp_path: Path) -> None:
    for more, times in ((0, 1), (1, 0)):
        said: list[str] = []
        folder = tmp_path / str(more)
        folder.mkdir()
        prepared = prepare(folder, catalog=counted_catalog(folder, more=more), meter=Meter(notice=said.append))
        prepared.run(raters=False)
        assert len([line for line in said if "popularity was counted on these dialogs" in line]) == times
    facts = train(tmp_path / "0", "models", catalog=tmp_path / "0" / "catalog.jsonl")
    assert facts["popularity"] == "counted on these dialogs; of held-out ones not"
