"""One replay from files to files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chatrec.catalog.read import read_catalog
from chatrec.errors import InputError
from chatrec.evaluate.attribution import NO_PART, STAGES, misses
from chatrec.evaluate.leaks import Fingerprints, Leak, guard
from chatrec.evaluate.logs import Instance, Protocol, Stage, Understanding, read_dialogs
from chatrec.evaluate.reading import WordReader
from chatrec.evaluate.recorded import Recorder, Recording, read_recording, recorded_rerank
from chatrec.evaluate.reliability import Reliability
from chatrec.evaluate.replay import Replayed, Rerank, System, replay, select
from chatrec.evaluate.report import file_sha256, given_recall_of, summarise, write_rankings, write_report
from chatrec.evaluate.slices import beyond_accuracy, by_slice
from chatrec.generate.write import Writer
from chatrec.index.embed import Embedder
from chatrec.index.open import Index, open_or_build
from chatrec.retrieve.fuse import Fusion
from chatrec.retrieve.load import load_fusion
from chatrec.score.head import SHIPPED, Scorer
from chatrec.types import Candidate, Query


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
    understand: Understanding = "given"
    recorded: Path | None = None
    """Recorded model output, which stage `generate` replays."""


def run_replay(
    config: ReplayConfig,
    out: Path,
    rankings: Path,
    embedder: Embedder,
    build_dir: Path,
    *,
    writer: Writer | None = None,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """Replay a log and write `report.json` and `rankings.jsonl`.

    Args:
        config: what and how.
        out, rankings: files to write.
        embedder, build_dir: where the catalog's index is found or built.
        writer: asks the language model where stage `generate` has no recording yet; what it picks is then recorded.
        tick: called with (instances done, of how many).

    Returns:
        What was written to `report.json`.

    Raises:
        DialogLogError, CatalogError, DataMissingError: the files cannot be used.
        LeakError: the dialogs were trained on.
        InputError: stage `generate` with neither recorded output nor a model to record.
        LLMError: the model cannot be reached.
    """
    dialogs = read_dialogs(config.dialogs)
    leak = guard(dialogs, Fingerprints.load(config.models or SHIPPED), allow=config.allow_leak)
    catalog = read_catalog(config.catalog)
    found = select(dialogs, config.protocol, config.limit)
    index = open_or_build(catalog, embedder, build_dir)
    fusion = load_fusion(index, config.models)
    scorer = None if config.stage == "retrieve" else Scorer.load(index, config.models)
    recorder = Recorder(writer, scorer, index) if scorer and writer and _to_be_recorded(config) else None
    recording = None if recorder else _recording(config)
    reader = WordReader(index) if config.understand == "text" else None
    reliability = Reliability()
    rerank = recorder or _rerank(scorer, recording)
    if rerank and config.stage == "score":
        rerank = _watched(rerank, config.protocol, reliability)
    system = System(_unlimited(fusion), fusion.config.pool, rerank, reader, _rerank(scorer, None))
    rows: list[Replayed] = []
    for row in replay(index, found, config.protocol, system):
        rows.append(row)
        tick(len(rows), len(found))
    report = summarise(rows, config.ks) | {"gold_outside_catalog": sum(g not in catalog for row in rows for g in row.gold)}
    report["cut_off"] = k = config.ks[len(config.ks) // 2]
    report["misses"] = misses(rows, k, recorder.recording if recorder else recording)
    report["reliability"] = reliability.summary() if config.stage == "score" else None
    report["understanding"] = _understanding(rows, config, reader)
    report["slices"] = by_slice(rows, index, fusion.retrievers, dialogs, k)
    report["beyond_accuracy"] = beyond_accuracy(rows, index, k)
    if recorder and config.recorded:
        recorder.write(config.recorded)
    write_rankings(rankings, rows)
    provenance = _provenance(config, index, leak) | {"rankings_sha256": file_sha256(rankings)}
    content = {"protocol": config.protocol, "stage": config.stage, **report, "provenance": provenance}
    write_report(out, content)
    return content


def _to_be_recorded(config: ReplayConfig) -> bool:
    return config.stage == "generate" and config.recorded is not None and not config.recorded.exists()


def _recording(config: ReplayConfig) -> Recording | None:
    if config.stage != "generate":
        return None
    if config.recorded is None:
        raise InputError("stage generate replays recorded model output: name its file with --recorded")
    return read_recording(config.recorded)


def _rerank(scorer: Scorer | None, recording: Recording | None) -> Rerank | None:
    if scorer is None:
        return None
    return recorded_rerank(scorer, recording) if recording is not None else lambda query, instance, pool: scorer(query, pool)


def _watched(rerank: Rerank, protocol: Protocol, into: Reliability) -> Rerank:
    """The same, while the probabilities it gives are counted."""

    def watched(query: Query, instance: Instance, pool: Sequence[Candidate]) -> Sequence[Candidate]:
        ranked = rerank(query, instance, pool)
        gold = set(instance.gold(protocol))
        into.add([candidate.score for candidate in ranked], [candidate.item.id in gold for candidate in ranked])
        return ranked

    return watched


def _unlimited(fusion: Fusion) -> Fusion:
    """The same fusion with everything it found, so that what the pool cuts off can be told from what was not found."""
    return Fusion(fusion.index, fusion.retrievers, replace(fusion.config, pool=len(fusion.index.ids)))


def _understanding(rows: Sequence[Replayed], config: ReplayConfig, reader: WordReader | None) -> dict[str, Any]:
    """Where the ledgers came from; where they were read, how much of the mentions was, and the recall had they been given."""
    if reader is None:
        return {"from": "given"}
    return {
        "from": "text",
        "mentions": {"named": reader.named, "read": reader.read, "both": reader.common},
        "given_recall": {str(k): given_recall_of(rows, k) for k in config.ks},
    }


def _provenance(config: ReplayConfig, index: Index, leak: Leak) -> dict[str, Any]:
    return {
        "dialogs": {"file": config.dialogs.name, "sha256": file_sha256(config.dialogs)},
        "catalog": {"file": config.catalog.name, "sha256": index.catalog.sha256},
        "index": {"generation": index.manifest.generation, "embedder_sha256": index.manifest.embedder_sha256},
        "models_sha256": file_sha256(config.models or SHIPPED),
        "recorded_sha256": file_sha256(config.recorded) if config.recorded else None,
        "limit": config.limit,
        "leak": leak.stamp(),
    }


def table(report: Mapping[str, Any], ks: Sequence[int]) -> list[tuple[str, ...]]:
    """The report's main numbers as rows of text: a name, then a cell per k."""
    rows: list[tuple[str, ...]] = []
    for name, key in (("fused", "fused_recall"), ("ranked", "recall"), ("gain", "rerank_gain")):
        rows.append((name, *(cell(report[key][str(k)]) for k in ks)))
    return rows


def fates(report: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Per stage: its name, the misses it caused, their share of the gold, and what that means or why it took no part."""
    rows = []
    for name, meaning in STAGES.items():
        count = report["misses"][name]
        if count is None:
            rows.append((name, "–", "–", NO_PART[name]))
        else:
            rows.append((name, str(count), f"{count / report['gold']:.3f}", meaning))
    return rows


def gaps(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Per dimension of slices: its name, each slice with its recall and gold mentions, and the widest gap with its ends."""
    rows = []
    for name, entry in report["slices"].items():
        shown = ", ".join(f"{part} {value['value']:.3f} ({value['gold']})" for part, value in entry["slices"].items())
        gap = "too few" if entry["gap"] is None else f"{entry['gap']:.3f} {entry['worst']} – {entry['best']}"
        rows.append((name, shown, gap))
    return rows


def beside(report: Mapping[str, Any]) -> list[str]:
    """What the tables leave out, in a line each: further metrics, the lists beyond accuracy, constraints."""
    k = report["cut_off"]
    means = {f"NDCG@{k}": report["ndcg"][str(k)], "MRR": report["mrr"], "MAP": report["map"], f"hit@{k}": report["hit"][str(k)]}
    found = [f"pool recall {cell(report['pool_recall'])}, " + ", ".join(f"{name} {cell(v)}" for name, v in means.items())]
    shown = {name.replace("_", " "): value for name, value in report["beyond_accuracy"].items() if value is not None}
    found.append(f"top {k}: " + ", ".join(f"{name} {value:.3f}" for name, value in shown.items()))
    if report["reliability"] and report["reliability"]["error"] is not None:
        found.append(f"expected calibration error of the probabilities {report['reliability']['error']:.4f}")
    bound = report["constraints"]
    found.append(f"constraints held by {bound['instances']} instances; violated in a top {k}: {bound['violations'][str(k)]}")
    return found


def cell(value: Mapping[str, float]) -> str:
    """A value with its interval."""
    return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
