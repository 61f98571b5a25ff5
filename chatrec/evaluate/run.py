"""One replay from files to files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatrec.catalog.read import read_catalog
from chatrec.errors import InputError
from chatrec.evaluate.leaks import Fingerprints, Leak, guard
from chatrec.evaluate.logs import Protocol, read_dialogs
from chatrec.evaluate.recorded import read_recording, recorded_rerank
from chatrec.evaluate.replay import Replayed, Rerank, Stage, replay, select
from chatrec.evaluate.report import file_sha256, summarise, write_rankings, write_report
from chatrec.index.embed import Embedder
from chatrec.index.open import Index, open_or_build
from chatrec.retrieve.collaborative import load_models
from chatrec.retrieve.fuse import Fusion, FusionConfig
from chatrec.retrieve.retrievers import DenseRetriever, LikedRetriever, PopularityRetriever, SparseRetriever
from chatrec.score.head import SHIPPED, Scorer


@dataclass(frozen=True)
class ReplayConfig:
    """What is replayed, and how."""

    dialogs: Path
    catalog: Path
    models: Path | None = None
    stage: Stage = "score"
    protocol: Protocol = "new"
    ks: tuple[int, ...] = (1, 10, 50)
    limit: int | None = None
    allow_leak: bool = False
    recorded: Path | None = None
    """Recorded model output; stage `generate` needs it."""


def run_replay(
    config: ReplayConfig,
    out: Path,
    rankings: Path,
    embedder: Embedder,
    build_dir: Path,
    *,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Replay a log and write `report.json` and `rankings.jsonl`.

    Args:
        config: what and how.
        out, rankings: files to write.
        embedder, build_dir: where the catalog's index is found or built.
        tick: called with (instances done, of how many).

    Returns:
        What was written to `report.json`.

    Raises:
        DialogLogError, CatalogError, DataMissingError: the files cannot be used.
        LeakError: the dialogs were trained on.
        InputError: stage `generate` without recorded output.
    """
    dialogs = read_dialogs(config.dialogs)
    leak = guard(dialogs, Fingerprints.load(config.models or SHIPPED), allow=config.allow_leak)
    catalog = read_catalog(config.catalog)
    found = select(dialogs, config.protocol, config.limit)
    index = open_or_build(catalog, embedder, build_dir)
    fusion = open_fusion(index, config.models)
    rows: list[Replayed] = []
    for row in replay(index, found, config.protocol, fusion, _rerank(config, index)):
        rows.append(row)
        tick(len(rows), len(found))
    report = summarise(rows, config.ks) | {"gold_outside_catalog": sum(g not in catalog for row in rows for g in row.gold)}
    provenance = _provenance(config, index, leak)
    write_rankings(rankings, rows)
    write_report(out, config.protocol, config.stage, report, provenance)
    return {"protocol": config.protocol, "stage": config.stage, **report, "provenance": provenance}


def _rerank(config: ReplayConfig, index: Index) -> Rerank | None:
    if config.stage == "retrieve":
        return None
    scorer = Scorer.load(index, config.models)
    if config.stage == "score":
        return lambda query, instance, pool: scorer(query, pool)
    if config.recorded is None:
        raise InputError("stage generate replays recorded model output: give it with --recorded")
    return recorded_rerank(scorer, read_recording(config.recorded))


def open_fusion(index: Index, models: Path | None) -> Fusion:
    """The retrievers every catalog has, with the trained ones of a folder and its fusion weights."""
    base = [DenseRetriever(index), LikedRetriever(index), SparseRetriever(index), PopularityRetriever(index)]
    trained = load_models(index, models) if models else ()
    return Fusion(index, [*base, *trained], FusionConfig.load(models) if models else None)


def _provenance(config: ReplayConfig, index: Index, leak: Leak) -> Mapping[str, Any]:
    return {
        "dialogs": {"file": config.dialogs.name, "sha256": file_sha256(config.dialogs)},
        "catalog": {"file": config.catalog.name, "sha256": index.catalog.sha256},
        "index": {"generation": index.manifest.generation, "embedder_sha256": index.manifest.embedder_sha256},
        "models_sha256": file_sha256(config.models or SHIPPED),
        "recorded_sha256": file_sha256(config.recorded) if config.recorded else None,
        "limit": config.limit,
        "leak": {"by_id": leak.by_id, "by_text": leak.by_text, "allowed": config.allow_leak and leak.refused},
    }


def table(report: Mapping[str, Any], ks: Sequence[int]) -> list[tuple[str, ...]]:
    """The report's main numbers as rows of text: a name, then a cell per k."""
    rows: list[tuple[str, ...]] = []
    for name, key in (("fused", "fused_recall"), ("ranked", "recall"), ("gain", "rerank_gain")):
        rows.append((name, *(_cell(report[key][str(k)]) for k in ks)))
    return rows


def _cell(value: Mapping[str, float]) -> str:
    return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
