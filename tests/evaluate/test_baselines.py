"""Single retrievers and the ablation, in the replay's harness."""

from __future__ import annotations

from pathlib import Path

import pytest
from dialog_samples import items, many_dialogs, write_dialogs

from chatrec.catalog.read import write_catalog
from chatrec.evaluate.baselines import ALL, run_baselines, systems
from chatrec.evaluate.run import ReplayConfig, run_replay
from chatrec.index.embed import Embedder
from chatrec.index.open import Index
from chatrec.retrieve.load import load_fusion


def test_all_of_them_fused_is_what_the_replay_reports(tmp_path: Path) -> None:
    write_catalog(items(), tmp_path / "catalog.jsonl")
    dialogs = write_dialogs(tmp_path / "dialogs.jsonl", many_dialogs(6))
    config = ReplayConfig(dialogs, tmp_path / "catalog.jsonl", stage="retrieve")
    report = run_baselines(config, Embedder(), tmp_path / "index")
    replayed = run_replay(config, tmp_path / "a.json", tmp_path / "a.jsonl", Embedder(), tmp_path / "index")
    assert report[ALL]["recall"] == replayed["recall"]
    assert report[ALL]["pool_recall"] == replayed["pool_recall"]
    assert {"popularity", "sparse", "named_before", "without dense"} <= report.keys()


def test_a_system_asks_only_its_own_retrievers_and_each_of_them_once(small_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    from chatrec.types import Ledger, Query

    fusion = load_fusion(small_index)
    asked: list[str] = []
    for retriever in fusion.retrievers:
        monkeypatch.setattr(retriever, "retrieve", _counted(retriever.retrieve, retriever.name, asked))
    query = Query(ledger=Ledger(), text="creature")
    found = {name: retrieve(query) for name, retrieve in systems(fusion).items()}
    assert sorted(asked) == sorted(retriever.name for retriever in fusion.retrievers)
    assert all(hit.retriever != "sparse" for candidate in found["without sparse"] for hit in candidate.hits)
    assert all(hit.retriever == "sparse" for candidate in found["sparse"] for hit in candidate.hits)


def _counted(retrieve, name, asked):
    def counted(*args):
        asked.append(name)
        return retrieve(*args)

    return counted
