"""Trained retrievers: scores worked by hand, and files that survive, or are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from chatrec.errors import ModelMissingError
from chatrec.index.open import Index
from chatrec.retrieve.collaborative import (
    BagOfConcepts,
    DialogNeighbours,
    ItemToItem,
    Model,
    Prior,
    Sparse,
    TrainedRetriever,
    load_models,
    save_models,
)
from chatrec.retrieve.concepts import concepts
from chatrec.types import Constraint, Ledger, Opinion, Query, Wish

ITEMS = 20


def named(*ids: str, disliked: tuple[str, ...] = (), text: str = "") -> Query:
    opinions = [Opinion(item_id=f"s:{i}", sentiment="mentioned") for i in ids]
    opinions += [Opinion(item_id=f"s:{i}", sentiment="disliked") for i in disliked]
    return Query(ledger=Ledger(opinions=tuple(opinions)), text=text, excluded=frozenset(o.item_id for o in opinions))


def rows_of(table: dict[int, dict[int, float]], rows: int = ITEMS) -> Sparse:
    parts = [sorted(table.get(row, {}).items()) for row in range(rows)]
    starts = np.cumsum([0, *map(len, parts)])
    flat = [pair for part in parts for pair in part]
    return Sparse(starts, np.array([c for c, _ in flat], np.int32), np.array([v for _, v in flat], np.float32))


def sample_models(index: Index) -> dict[str, Model]:
    alien, thing = index.rows["s:alien"], index.rows["s:thing"]
    rng = np.random.default_rng(0)
    bag = BagOfConcepts(
        {"i:s:alien": 0, "w:scari": 1},
        rng.normal(size=(2, 2, 4)).astype(np.float32),
        rng.normal(size=(2, 4, 384)).astype(np.float32),
        rng.normal(size=(2, ITEMS, 4)).astype(np.float32),
        np.zeros((2, ITEMS), np.float32),
    )
    past = DialogNeighbours(
        {"w:scari": 0, "w:love": 1},
        np.array([1.0, 2.0], np.float32),
        rows_of({0: {0: 1.0}, 1: {1: 1.0}}, 2),
        rows_of({0: {thing: 1.0}, 1: {alien: 1.0}}, 2),
    )
    return {
        "co": ItemToItem(rows_of({alien: {thing: 0.5}})),
        "bag": bag,
        "dialogs": past,
        "prior": Prior(np.arange(ITEMS, dtype=np.float32)),
    }


def test_item_to_item_is_the_mean_over_what_was_named_the_latest_weighing_most(small_index: Index) -> None:
    alien, thing, scream = (small_index.rows[f"s:{i}"] for i in ("alien", "thing", "scream"))
    model = ItemToItem(rows_of({alien: {scream: 0.3}, thing: {scream: 0.6}}), decay=0.5)
    scores = model.scores(named("alien", "thing"), small_index)
    assert scores is not None
    assert scores[scream] == pytest.approx(np.log1p(1000 * (0.5 * 0.3 + 0.6) / 1.5))


def test_a_disliked_item_speaks_against_its_neighbours(small_index: Index) -> None:
    alien, thing, scream = (small_index.rows[f"s:{i}"] for i in ("alien", "thing", "scream"))
    model = ItemToItem(rows_of({alien: {scream: 0.3}, thing: {scream: 0.3}}))
    plain = model.scores(named("alien"), small_index)
    less = model.scores(named("alien", disliked=("thing",)), small_index)
    assert plain is not None and less is not None
    assert 0 < less[scream] < plain[scream]


def test_nothing_to_go_by_is_said_not_scored(small_index: Index) -> None:
    models = sample_models(small_index)
    assert models["co"].scores(named(), small_index) is None
    assert models["bag"].scores(named(), small_index) is None
    assert models["dialogs"].scores(named("alien", text="nothing known"), small_index) is None


def test_the_bag_of_concepts_is_a_log_probability_over_the_uniform_one(small_index: Index) -> None:
    bag = sample_models(small_index)["bag"]
    assert isinstance(bag, BagOfConcepts)
    one = BagOfConcepts(bag.vocab, bag.embeddings[:1], bag.text[:1], bag.items[:1], bag.bias[:1])
    scores = one.scores(named("alien"), small_index)
    assert scores is not None
    assert np.exp(scores - np.log(ITEMS)).sum() == pytest.approx(1.0, abs=1e-4)


def test_past_dialogs_give_what_was_put_forward_in_the_most_similar(small_index: Index) -> None:
    retriever = TrainedRetriever("dialogs", sample_models(small_index)["dialogs"], small_index)
    found = [retriever.retrieve(named(text=text), (), 5).rows for text in ("something scary", "a scary love story")]
    assert [[small_index.ids[row] for row in rows] for rows in found] == [["s:thing"], ["s:alien", "s:thing"]]


def test_constraints_and_exclusions_hold_for_trained_retrievers_too(small_index: Index) -> None:
    retriever = TrainedRetriever("prior", sample_models(small_index)["prior"], small_index)
    games = (Constraint(field="kind", op="in", value=("game",)),)
    found = retriever.retrieve(named("celeste"), games, 10)
    assert [small_index.ids[row] for row in found.rows] == ["s:portal", "s:ftl", "s:stardew"]


def test_concepts_hold_items_their_facts_and_the_words_but_no_disliked_facts(small_index: Index) -> None:
    query = named("casa", disliked=("alien",), text="Scary comedies")
    query = Query(ledger=Ledger(opinions=query.ledger.opinions, wishes=(Wish(text="Vienna"),)), text=query.text)
    found = set(concepts(query, small_index))
    assert {
        "i:s:casa",
        "l:s:casa",
        "d:s:alien",
        "g:war",
        "p:Michael Curtiz",
        "y:1940",
        "w:scari",
        "w:comedi",
    } <= found
    assert "w:vienna" in found
    assert not {"i:s:alien", "g:horror"} & found


def test_models_survive_a_round_trip_with_the_same_scores_and_without_pickle(small_index: Index, tmp_path: Path) -> None:
    models = sample_models(small_index)
    save_models(tmp_path, models, small_index.catalog.sha256, ITEMS)
    query = named("alien", text="something scary")
    loaded = load_models(small_index, tmp_path)
    assert [retriever.name for retriever in loaded] == list(models)
    for retriever in loaded:
        np.testing.assert_array_equal(retriever.scores(query), models[retriever.name].scores(query, small_index))


def test_models_of_another_catalog_are_refused(small_index: Index, tmp_path: Path) -> None:
    save_models(tmp_path, sample_models(small_index), "0" * 64, ITEMS)
    with pytest.raises(ModelMissingError, match="another catalog"):
        load_models(small_index, tmp_path)


def test_models_that_were_trained_with_another_embedder_are_refused(small_index: Index, tmp_path: Path) -> None:
    """Vectors of another one mean something else, even where they are as long."""
    told, used = (small_index.catalog.sha256, ITEMS), small_index.manifest.embedder_sha256
    save_models(tmp_path, sample_models(small_index), *told, used)
    assert load_models(small_index, tmp_path)
    save_models(tmp_path, sample_models(small_index), *told, "0" * 64)
    with pytest.raises(ModelMissingError, match=f"another embedder \\(00000000, this one is {used[:8]}\\): set CHATREC_EMBEDDER"):
        load_models(small_index, tmp_path)


@pytest.mark.parametrize("damage", ["cut", "pickle", "missing", "unknown kind"])
def test_damaged_models_are_refused_with_advice(small_index: Index, tmp_path: Path, damage: str) -> None:
    save_models(tmp_path, sample_models(small_index), small_index.catalog.sha256, ITEMS)
    if damage == "cut":
        (tmp_path / "bag.npz").write_bytes((tmp_path / "bag.npz").read_bytes()[:500])
    elif damage == "pickle":
        np.savez(tmp_path / "prior.npz", values=np.array([{"a": 1}], dtype=object))
    elif damage == "missing":
        (tmp_path / "co.npz").unlink()
    else:
        content = json.loads((tmp_path / "retrievers.json").read_text())
        content["retrievers"]["co"] = "oracle"
        (tmp_path / "retrievers.json").write_text(json.dumps(content))
    with pytest.raises(ModelMissingError, match="run `chatrec train head` again"):
        load_models(small_index, tmp_path)


def test_a_folder_with_only_a_head_has_no_retrievers(small_index: Index, tmp_path: Path) -> None:
    assert load_models(small_index, tmp_path) == ()
