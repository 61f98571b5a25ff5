"""One replay from files to files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from chatrec.catalog.read import read_catalog
from chatrec.errors import DataMissingError, DialogLogError, InputError
from chatrec.evaluate.attribution import misses
from chatrec.evaluate.leaks import Fingerprints, Leak, guard
from chatrec.evaluate.logs import DialogLine, Instance, Protocol, Stage, Understanding, read_dialogs
from chatrec.evaluate.reading import WordReader
from chatrec.evaluate.recorded import Recorder, Recording, read_recording, recorded_rerank
from chatrec.evaluate.reliability import Reliability
from chatrec.evaluate.replay import Replayed, Rerank, System, replay, select
from chatrec.evaluate.report import UNION, file_sha256, given_recall_of, summarise, write_rankings, write_report
from chatrec.evaluate.slices import beyond_accuracy, by_slice
from chatrec.generate.write import Writer
from chatrec.index.embed import Embedder
from chatrec.index.open import Index, open_or_build
from chatrec.pool import Pool
from chatrec.retrieve.collaborative import check_models
from chatrec.retrieve.fuse import Fusion, FusionConfig
from chatrec.retrieve.load import load_fusion
from chatrec.retrieve.protocol import Retriever
from chatrec.score.head import SHIPPED, Scorer
from chatrec.types import Candidate, Query

R = TypeVar("R", bound=Retriever)


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


@dataclass(frozen=True)
class Log:
    """Dialogs to be replayed, with the index of their catalog."""

    dialogs: tuple[DialogLine, ...]
    trained: Fingerprints
    """Of the dialogs that the models learned from."""
    leak: Leak
    index: Index
    found: list[Instance]
    """The instances that are replayed, in order."""


def open_log(config: ReplayConfig, embedder: Embedder, build_dir: Path, *, once: bool = False) -> Log:
    """Read and guard the dialogs, and open or build the index; `once` is as in `read_dialogs`.

    Raises:
        DialogLogError, CatalogError, DataMissingError: the files cannot be used, or are not of each other.
        LeakError: the dialogs were trained on.
        ModelMissingError: the models are of another catalog or embedder.
    """
    dialogs = read_dialogs(config.dialogs, once=once)
    trained = Fingerprints.load(config.models or SHIPPED)
    leak = guard(dialogs, trained, path=config.dialogs, allow=config.allow_leak)
    catalog = read_catalog(config.catalog)
    if config.models:
        check_models(config.models, catalog.sha256, embedder.sha256)
    found = select(dialogs, config.protocol, config.limit, str(config.dialogs))
    gold = [item for instance in found for item in instance.gold(config.protocol)]
    if not any(item in catalog for item in gold):
        why = f"none of the gold is in {config.catalog}, {gold[0]!r} for one: give the catalog these dialogs speak of"
        raise DialogLogError(why, path=str(config.dialogs))
    return Log(dialogs, trained, leak, open_or_build(catalog, embedder, build_dir), found)


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
        DialogLogError, CatalogError, DataMissingError: the files cannot be used, or the recording is of other dialogs.
        LeakError: the dialogs were trained on.
        InputError: stage `generate` with neither recorded output nor a model to record; or recorded output with another stage.
        LLMError: the model cannot be reached.
    """
    asked = writer if _to_be_recorded(config) else None
    recording = None if asked else _recording(config)
    log = open_log(config, embedder, build_dir)
    if recording is not None:
        _check_cover(recording, config, log.found)
    fusion = load_fusion(log.index, config.models)
    scorer = None if config.stage == "retrieve" else Scorer.load(log.index, config.models)
    recorder = Recorder(asked, scorer, log.index) if asked and scorer else None
    reader = WordReader(log.index) if config.understand == "text" else None
    reliability = Reliability() if config.stage == "score" else None
    system = _system(config, fusion, scorer, recorder or recording, reader, reliability)
    rows = _replayed(log, config.protocol, system, tick)
    report = _judged(rows, config.ks, log, fusion.retrievers, recorder.recording if recorder else recording)
    report["reliability"] = reliability.summary() if reliability else None
    report["understanding"] = _understanding(rows, config, reader)
    if recorder and config.recorded:
        recorder.write(config.recorded)
    provenance = _provenance(config, log.index, log.leak) | {"rankings_sha256": write_rankings(rankings, rows)}
    content = {"protocol": config.protocol, "stage": config.stage, **report, "provenance": provenance}
    write_report(out, content)
    return content


def _system(
    config: ReplayConfig,
    fusion: Fusion,
    scorer: Scorer | None,
    picks: Recorder | Recording | None,
    reader: WordReader | None,
    reliability: Reliability | None,
) -> System:
    """The stages that are replayed, with whatever listens to them."""
    rerank = picks if isinstance(picks, Recorder) else _rerank(scorer, picks)
    if rerank and reliability:
        rerank = _watched(rerank, config.protocol, reliability)
    listed = union(fusion) if config.stage == "retrieve" else None
    return System(_unlimited(fusion), fusion.config.pool, rerank, reader, _rerank(scorer, None), listed)


def _replayed(log: Log, protocol: Protocol, system: System, tick: Callable[[int, int], None]) -> list[Replayed]:
    rows: list[Replayed] = []
    for row in replay(log.index, log.found, protocol, system):
        rows.append(row)
        tick(len(rows), len(log.found))
    return rows


def _to_be_recorded(config: ReplayConfig) -> bool:
    return config.stage == "generate" and config.recorded is not None and not config.recorded.exists()


def _recording(config: ReplayConfig) -> Recording | None:
    if config.stage != "generate":
        if config.recorded is not None:
            raise InputError(f"--recorded goes with --stage generate, not {config.stage}")
        return None
    if config.recorded is None:
        raise InputError("stage generate replays recorded model output: name its file with --recorded")
    return read_recording(config.recorded)


def _check_cover(recording: Recording, config: ReplayConfig, found: Sequence[Instance]) -> None:
    if not _covered(recording, found):
        raise DataMissingError(
            f"{config.recorded} was recorded for none of the {len(found)} instances that are replayed: give what was recorded"
            " of these dialogs, or name a file that is not there yet, to have it recorded"
        )


def _covered(recording: Recording, found: Iterable[Instance]) -> int:
    """How many of the instances it was recorded for."""
    return sum((instance.dialog.dialog_id, instance.turn) in recording for instance in found)


def _rerank(scorer: Scorer | None, recording: Recording | None) -> Rerank | None:
    if scorer is None:
        return None
    return recorded_rerank(scorer, recording) if recording is not None else lambda query, instance, pool: scorer(query, pool)


def _watched(rerank: Rerank, protocol: Protocol, into: Reliability) -> Rerank:
    """The same, while the probabilities it gives are counted."""

    def watched(query: Query, instance: Instance, pool: Sequence[Candidate]) -> Sequence[Candidate]:
        ranked = Pool.of(rerank(query, instance, pool))
        gold = set(instance.gold(protocol))
        into.add(ranked.scores, [item_id in gold for item_id in ranked.ids])
        return ranked

    return watched


def _unlimited(fusion: Fusion) -> Fusion:
    """The same fusion with everything it found, so that what the pool cuts off can be told from what was not found."""
    return Fusion(fusion.index, fusion.retrievers, replace(fusion.config, pool=len(fusion.index.ids)))


def union(fusion: Fusion) -> Fusion:
    """Everything that any retriever at work has among its first ones."""
    config = replace(fusion.config, per_retriever=UNION, pool=len(fusion.index.ids))
    return Fusion(fusion.index, at_work(fusion.retrievers, fusion.config), config)


def at_work(retrievers: Iterable[R], config: FusionConfig) -> list[R]:
    """The retrievers that bring up candidates; those without weight only have a say about what others did."""
    return [one for one in retrievers if config.weights.get(one.name, 1.0) > 0]


def _judged(
    rows: Sequence[Replayed], ks: Sequence[int], log: Log, retrievers: Sequence[Retriever], recording: Recording | None
) -> dict[str, Any]:
    """What a replay showed, whatever the stage."""
    k = ks[len(ks) // 2]
    return summarise(rows, ks) | {
        "gold_outside_catalog": sum(item not in log.index.catalog for row in rows for item in row.gold),
        "cut_off": k,
        "recorded": None if recording is None else {"instances": _covered(recording, log.found), "of": len(log.found)},
        "misses": misses(rows, k, recording),
        "slices": by_slice(rows, log.index, retrievers, log.dialogs, k, log.trained.knows),
        "beyond_accuracy": beyond_accuracy(rows, log.index, k),
    }


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
    catalog = {"file": config.catalog.name, "sha256": file_sha256(config.catalog), "content_sha256": index.catalog.sha256}
    return {
        "dialogs": {"file": config.dialogs.name, "sha256": file_sha256(config.dialogs)},
        "catalog": catalog,
        "index": {"generation": index.manifest.generation, "embedder_sha256": index.manifest.embedder_sha256},
        "models_sha256": file_sha256(config.models or SHIPPED),
        "recorded_sha256": file_sha256(config.recorded) if config.recorded else None,
        "limit": config.limit,
        "leak": leak.stamp(),
    }
