"""Fusion with trained retrievers, and the weights that travel with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chatrec.errors import ModelMissingError
from chatrec.index.open import Index
from chatrec.retrieve.collaborative import Prior, TrainedRetriever
from chatrec.retrieve.fuse import DEFAULT_WEIGHTS, Fusion, FusionConfig
from chatrec.retrieve.retrievers import LikedRetriever, NamedBeforeRetriever, SparseRetriever, pull
from chatrec.types import Ledger, Opinion, Query

QUERY = Query(ledger=Ledger(), text="creature")


def values(index: Index, **by_key: float) -> TrainedRetriever:
    scores = np.zeros(len(index.ids), dtype=np.float32)
    for key, value in by_key.items():
        scores[index.rows[f"s:{key}"]] = value
    return TrainedRetriever("trained", Prior(scores), index)


def test_a_trained_retriever_scores_what_others_found_with_its_rank_in_the_catalog(small_index: Index) -> None:
    fusion = Fusion(
        small_index,
        [SparseRetriever(small_index), values(small_index, gun=3.0, alien=2.0, hot=1.0)],
        FusionConfig(per_retriever=1),
    )
    hits = {c.item.id: {h.retriever: (h.rank, h.score) for h in c.hits} for c in fusion(QUERY)}
    assert hits["s:gun"]["trained"] == (1, 3.0)
    found = next(item for item in hits if item in ("s:alien", "s:aliens"))
    assert hits[found]["sparse"][0] == 1
    assert hits[found]["trained"] == ((2, 2.0) if found == "s:alien" else (4, 0.0))


def test_a_weight_of_zero_informs_but_retrieves_nothing(small_index: Index) -> None:
    config = FusionConfig(weights={"trained": 0.0})
    found = Fusion(small_index, [SparseRetriever(small_index), values(small_index, gun=3.0)], config)(QUERY)
    assert {c.item.id for c in found} == {"s:alien", "s:aliens"}
    assert all(any(hit.retriever == "trained" for hit in c.hits) for c in found)


def test_the_completed_verdicts_do_not_change_the_order(small_index: Index) -> None:
    plain = Fusion(small_index, [SparseRetriever(small_index)])(QUERY)
    more = Fusion(
        small_index,
        [SparseRetriever(small_index), values(small_index, aliens=9.0)],
        FusionConfig(weights={**DEFAULT_WEIGHTS, "trained": 0.0}),
    )(QUERY)
    assert [(c.item.id, c.score) for c in plain] == [(c.item.id, c.score) for c in more]


def test_fusion_weights_travel_in_the_folder(tmp_path: Path) -> None:
    config = FusionConfig(weights={"bag": 2.0}, rrf_k=30.0, per_retriever=50, pool=120)
    config.save(tmp_path)
    assert FusionConfig.load(tmp_path) == config
    assert FusionConfig.load(tmp_path / "elsewhere") == FusionConfig()


def test_damaged_fusion_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "fusion.json").write_text('{"weight": 1}')
    with pytest.raises(ModelMissingError, match=r"fusion\.json"):
        FusionConfig.load(tmp_path)


def test_what_was_named_lately_pulls_more_and_a_lone_favourite_fully() -> None:
    def liked(item: str, turn: int) -> Opinion:
        return Opinion(item_id=item, sentiment="liked", turn=turn)

    ledger = Ledger(turn=5, opinions=(liked("a", 0), liked("b", 2), liked("c", 2)))
    first, second, third = pull(ledger, ("a", "b", "c")).tolist()
    assert 0 < first < second == third == 1.0
    assert pull(ledger, ("a",)).tolist() == [1.0]


def test_what_was_named_before_comes_back_only_where_it_is_not_excluded(small_index: Index) -> None:
    named = tuple(Opinion(item_id=f"s:{key}", sentiment="mentioned", turn=turn) for turn, key in enumerate(("gun", "alien")))
    query = Query(ledger=Ledger(opinions=named), text="")
    retriever = NamedBeforeRetriever(small_index)
    assert retriever.retrieve(query, (), 5) == [("s:alien", 1.0), ("s:gun", 0.5)]
    assert retriever.retrieve(query, (), 1) == [("s:alien", 1.0)]
    assert retriever.retrieve(replace(query, excluded=frozenset({"s:alien"})), (), 5) == [("s:gun", 1.0)]


def test_nothing_is_like_itself(small_index: Index) -> None:
    query = Query(ledger=Ledger(opinions=(Opinion(item_id="s:alien", sentiment="liked"),)), text="")
    found = [item for item, _ in LikedRetriever(small_index).retrieve(query, (), 5).named(small_index.ids)]
    assert found
    assert "s:alien" not in found


def test_the_neighbours_of_what_is_liked_are_asked_for_once_and_what_is_excluded_since_is_left_out(
    small_index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def nearest(index: Index, vectors: Sequence[np.ndarray], k: int, filtered: object = None) -> list[list[tuple[str, float]]]:
        asked.append(len(vectors))
        return before(index, vectors, k)

    before = Index.nearest
    monkeypatch.setattr(Index, "nearest", nearest)
    retriever = LikedRetriever(small_index)
    ledger = Ledger(opinions=(Opinion(item_id="s:alien", sentiment="liked"),))
    query = Query(ledger=ledger, text="", excluded=frozenset({"s:alien"}))
    first = [item for item, _ in retriever.retrieve(query, (), 3).named(small_index.ids)]
    less = replace(query, excluded=frozenset({"s:alien", first[0]}))
    later = [item for item, _ in retriever.retrieve(less, (), 3).named(small_index.ids)]
    assert asked == [1]
    assert later[:2] == first[1:]
    assert first[0] not in later
