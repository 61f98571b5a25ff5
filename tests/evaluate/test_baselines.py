"""Single retrievers and the ablation, in the replay's harness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dialog_samples import items, many_dialogs, write_dialogs

from chatrec.catalog.read import write_catalog
from chatrec.evaluate.baselines import ALL, KNOWN_AS, item_sets, notes, run_baselines, systems
from chatrec.evaluate.run import ReplayConfig, run_replay
from chatrec.index.embed import Embedder
from chatrec.index.open import Index
from chatrec.retrieve.collaborative import TrainedRetriever
from chatrec.retrieve.fuse import Fusion
from chatrec.retrieve.load import load_fusion
from chatrec.train.retrievers import dialog_neighbours
from chatrec.types import Ledger, Opinion, Query


def test_all_of_them_fused_is_what_the_replay_reports(tmp_path: Path) -> None:
    write_catalog(items(), tmp_path / "catalog.jsonl")
    dialogs = write_dialogs(tmp_path / "dialogs.jsonl", many_dialogs(6))
    config = ReplayConfig(dialogs, tmp_path / "catalog.jsonl", stage="retrieve")
    made = run_baselines(config, Embedder(), tmp_path / "index")
    report = made["systems"]
    assert made["leak"] == {"by_id": 0, "by_text": 0, "allowed": False}
    replayed = run_replay(config, tmp_path / "a.json", tmp_path / "a.jsonl", Embedder(), tmp_path / "index")
    assert report[ALL]["recall"] == replayed["recall"]
    assert report[ALL]["pool_recall"] == replayed["pool_recall"]
    alone = [name for name in report if name != ALL and not name.startswith("without ")]
    assert alone and set(alone) <= KNOWN_AS.keys()
    assert {"popularity", "sparse", "named_before", "without dense"} <= report.keys()


def test_why_repeating_the_context_finds_nothing_is_said_where_it_is_masked() -> None:
    assert [len(notes(protocol)) for protocol in ("new", "full")] == [2, 1]
    assert "named_before (repeat the context) is 0 by definition" in notes("new")[1]


def test_a_system_asks_only_its_own_retrievers_and_each_of_them_once(small_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    fusion = load_fusion(small_index)
    asked: list[str] = []
    for retriever in fusion.retrievers:
        monkeypatch.setattr(retriever, "retrieve", _counted(retriever.retrieve, retriever.name, asked))
    query = Query(ledger=Ledger(), text="creature")
    found = {name: retrieve(query) for name, retrieve in systems(fusion).items()}
    assert sorted(asked) == sorted(retriever.name for retriever in fusion.retrievers)
    assert all(hit.retriever != "sparse" for candidate in found["without sparse"] for hit in candidate.hits)
    assert all(hit.retriever == "sparse" for candidate in found["sparse"] for hit in candidate.hits)


def test_the_neighbourhood_over_item_sets_looks_at_nothing_but_the_items_named(small_index: Index) -> None:
    rows = small_index.rows
    bags = [["i:s:alien", "i:s:thing", "w:space", "g:horror"], ["i:s:alien", "w:space"], ["i:s:gun", "w:space", "w:laugh"]]
    answers = [{rows["s:scream"]: 1.0}, {rows["s:aliens"]: 1.0}, {rows["s:hot"]: 1.0}]
    trained = dialog_neighbours(bags, answers, len(rows), rarest=1)
    model = item_sets(trained)
    assert set(model.vocab) == {"i:s:alien", "i:s:thing", "i:s:gun"}
    assert model.scores(Query(ledger=Ledger(), text="space laugh"), small_index) is None
    opinions = (Opinion(item_id="s:alien", sentiment="mentioned"),)
    scores = model.scores(Query(ledger=Ledger(opinions=opinions), text="space laugh"), small_index)
    assert scores is not None
    alien, thing = 1 + np.log(4 / 3), 1 + np.log(4 / 2)  # held by two of three dialogs, and by one
    shared = alien / np.hypot(alien, thing)
    assert scores[rows["s:aliens"]] == pytest.approx(np.log1p(100 * 1.0), rel=1e-5)
    assert scores[rows["s:scream"]] == pytest.approx(np.log1p(100 * shared**2), rel=1e-5)
    assert scores[rows["s:hot"]] == 0


def test_a_trained_neighbourhood_brings_the_one_over_item_sets_into_the_table(small_index: Index) -> None:
    trained = dialog_neighbours([["i:s:alien"]], [{small_index.rows["s:thing"]: 1.0}], len(small_index.ids), rarest=1)
    fusion = load_fusion(small_index)
    fusion = Fusion(small_index, [*fusion.retrievers, TrainedRetriever("dialogs", trained, small_index)])
    found = systems(fusion)
    assert "item_sets" in found and "item_sets" not in systems(load_fusion(small_index))
    query = Query(ledger=Ledger(opinions=(Opinion(item_id="s:alien", sentiment="mentioned"),)), text="")
    assert [candidate.item.id for candidate in found["item_sets"](query)] == ["s:thing"]


def _counted(retrieve, name, asked):
    def counted(*args):
        asked.append(name)
        return retrieve(*args)

    return counted
