"""What is said to be near something that is liked is among the nearest of its medium."""

from __future__ import annotations

import numpy as np
import pytest

from chatrec.index.open import Index
from chatrec.retrieve import near
from chatrec.types import Candidate, Ledger, Opinion, Query


def liking(item_id: str) -> Query:
    return Query(ledger=Ledger(opinions=(Opinion(item_id=item_id, sentiment="liked"),)), text="")


def test_what_is_near_is_nearer_than_most_of_its_medium_and_the_cosine_is_told(small_index: Index) -> None:
    items = list(small_index.catalog.values())
    found = near.near_liked(small_index, liking("s:alien"), [Candidate(item=item) for item in items])
    cosines = small_index.vectors @ small_index.vector("s:alien")
    of_kind = {item.kind: [small_index.rows[other.id] for other in items if other.kind == item.kind] for item in items}
    wanted = {
        item.id
        for item in items
        if cosines[small_index.rows[item.id]] >= np.quantile(cosines[of_kind[item.kind]], near.NEAR_QUANTILE) - 1e-6
    }
    assert set(found) == wanted
    assert all(
        liked == "s:alien" and cosine == pytest.approx(cosines[small_index.rows[i]]) for i, (liked, cosine) in found.items()
    )


def test_of_a_large_medium_an_even_sample_is_compared() -> None:
    rows = np.arange(0, 2_000_000, 4, dtype=np.int32)
    sampled = near._sample(rows)
    assert len(sampled) == near.SAMPLED
    assert (sampled[0], sampled[-1]) == (rows[0], rows[-1])
    assert np.ptp(np.diff(sampled)) <= 4
    assert near._sample(rows[:7]).tolist() == rows[:7].tolist()
