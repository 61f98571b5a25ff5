"""The bag-of-concepts softmax: what it can say of works that no dialog names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chatrec.index.open import Index
from chatrec.train.bag import BagConfig, bag_of_concepts
from chatrec.train.known import known_of
from chatrec.train.retrievers import Example, vocabulary
from chatrec.types import Ledger, Query


def test_a_vocabulary_numbers_what_enough_bags_hold() -> None:
    assert vocabulary([["b", "a"], ["a", "a", "c"], ["b"]], rarest=2) == {"a": 0, "b": 1}


def test_a_work_that_no_dialog_names_is_spoken_for_by_its_facts(small_index: Index) -> None:
    """All texts are the same here, so that only facts can tell the works apart."""
    index = replace(small_index, vectors=np.full_like(small_index.vectors, 0.05))
    query = Query(ledger=Ledger(), text="scary")
    told = [Example(query, (index.rows[item],)) for item in ("s:alien", "s:halloween", "s:scream")] * 20
    config = BagConfig(dimension=16, epochs=40, members=1, learning_rate=0.05)
    scores = bag_of_concepts(index, told, known_of(index), config).scores(query, index)
    assert scores is not None
    others = [scores[index.rows[item]] for item in ("s:before", "s:casa", "s:blue", "s:kid", "s:celeste", "s:stardew")]
    assert scores[index.rows["s:thing"]] > max(others) + 0.5
