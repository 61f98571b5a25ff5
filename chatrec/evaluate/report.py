"""What a replay showed, as plain data: every number with its protocol, its interval and the hashes of what took part."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chatrec.evaluate import metrics
from chatrec.evaluate.replay import Replayed
from chatrec.outputs import replaced

DRAWS = 1000
"""Bootstrap samples of dialogs."""
UNION = 200
"""How deep every retriever's list is read for the union recall."""


def summarise(rows: Sequence[Replayed], ks: Sequence[int]) -> dict[str, Any]:
    """Metrics of a replay.

    Args:
        rows: the replayed instances.
        ks: cut-offs of recall, hit rate and NDCG.

    Returns:
        `recall`, `ndcg`, `hit` per k and `mrr`, `map`, each with a 95% interval by dialog, gold that a turn names twice counted
        twice in recall and once in the others, as a list can hold it but once; the recall of the candidate pool,
        of the union of all retrievers' lists where that was looked at, and of the fused order, and what the head gained over it
        (`differing`: in how many dialogs that is not 0);
        `curves` of recall@1 to recall@100; `constraints`.
    """
    ranks = [row.ranks for row in rows]
    once = [list(dict(zip(row.answers, row.ranks, strict=True)).values()) for row in rows]
    return {
        "instances": len(rows),
        "dialogs": len({row.dialog_id for row in rows}),
        "gold": sum(map(len, ranks)),
        "recall": {str(k): recall_of(rows, k) for k in ks},
        "hit": {str(k): _mean(rows, [float(metrics.instance_hit(row, k)) for row in once]) for k in ks},
        "ndcg": {str(k): _mean(rows, [metrics.instance_ndcg(row, k) for row in once]) for k in ks},
        "mrr": _mean(rows, [metrics.reciprocal_rank(row) for row in once]),
        "map": _mean(rows, [metrics.average_precision(row) for row in once]),
        "pool_recall": pool_recall_of(rows),
        "union_recall": union_recall_of(rows),
        "fused_recall": {str(k): _recall(rows, [row.before for row in rows], k) for k in ks},
        "rerank_gain": {str(k): _gain(rows, k) for k in ks},
        "curves": curves(rows),
        "constraints": {"instances": sum(row.required > 0 for row in rows), "violations": violations(rows, ks)},
    }


def curves(rows: Sequence[Replayed]) -> dict[str, list[float]]:
    """Recall at every cut-off from 1 to 100: of the fused order, of the final one, and had the mentions been given."""
    found = {"fused": [row.before for row in rows], "ranked": [row.ranks for row in rows]}
    if any(row.given is not None for row in rows):
        found["given"] = [row.given or row.ranks for row in rows]
    return {name: [round(value, 6) for value in metrics.recall_curve(ranks)] for name, ranks in found.items()}


def violations(rows: Sequence[Replayed], ks: Sequence[int]) -> dict[str, int]:
    """Per k, how many of the items that were put among the first k break a constraint that the ledger holds."""
    return {str(k): metrics.violations([row.violating for row in rows], k) for k in ks}


def recall_of(rows: Sequence[Replayed], k: int) -> dict[str, Any]:
    """Recall@k of the final order with its 95% interval by dialog."""
    return _recall(rows, [row.ranks for row in rows], k)


def given_recall_of(rows: Sequence[Replayed], k: int) -> dict[str, Any]:
    """Recall@k had the mentions been given instead of read, with its 95% interval by dialog."""
    return _recall(rows, [row.given if row.given is not None else row.ranks for row in rows], k)


def pool_recall_of(rows: Sequence[Replayed]) -> dict[str, Any]:
    """Share of the gold among the candidates that were passed on, with its 95% interval by dialog."""
    return _recall(rows, [row.before for row in rows], math.inf)


def union_recall_of(rows: Sequence[Replayed]) -> dict[str, Any] | None:
    """Depth → share of the gold among so many first items of any retriever; None where their lists were not looked at."""
    listed = [row.listed for row in rows if row.listed is not None]
    return {str(UNION): _ratio(rows, [sum(row) for row in listed], [len(row) for row in listed])} if listed else None


def _recall(rows: Sequence[Replayed], ranks: Sequence[Sequence[float]], k: float) -> dict[str, Any]:
    found = [sum(rank <= k and rank < math.inf for rank in row) for row in ranks]
    return _ratio(rows, found, [len(row) for row in ranks])


def _gain(rows: Sequence[Replayed], k: int) -> dict[str, Any]:
    """Recall after the head less recall before it, paired by instance, and in how many dialogs it is not 0."""
    gained = [sum(rank <= k for rank in row.ranks) - sum(rank <= k for rank in row.before) for row in rows]
    by_dialog = np.bincount(numbered(row.dialog_id for row in rows), weights=gained)
    return _ratio(rows, gained, [len(row.ranks) for row in rows]) | {"differing": int(np.count_nonzero(by_dialog))}


def _mean(rows: Sequence[Replayed], values: Sequence[float]) -> dict[str, Any]:
    return _ratio(rows, values, [1.0] * len(values))


def _ratio(rows: Sequence[Replayed], top: Sequence[float], bottom: Sequence[float]) -> dict[str, Any]:
    low, high = metrics.ratio_interval(top, bottom, numbered(row.dialog_id for row in rows), draws=DRAWS)
    return {"value": round(sum(top) / sum(bottom), 6), "low": round(low, 6), "high": round(high, 6)}


def numbered(names: Iterable[str]) -> list[int]:
    """Names as numbers, in order of first appearance.

    >>> numbered(["b", "a", "b"])
    [0, 1, 0]
    """
    known: dict[str, int] = {}
    return [known.setdefault(name, len(known)) for name in names]


def write_report(path: Path, content: Mapping[str, Any]) -> None:
    """Write `report.json`.

    Raises:
        InputError: it cannot be written.
    """
    with replaced(path) as made:
        made.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def rankings_beside(report: Path) -> Path:
    """Where the rankings of a report go unless told otherwise, so that those of two reports in one folder stay apart.

    >>> [rankings_beside(Path(name)).name for name in ("report.json", "full.json")]
    ['rankings.jsonl', 'full.rankings.jsonl']
    """
    return report.with_name("rankings.jsonl" if report.stem == "report" else f"{report.stem}.rankings.jsonl")


def write_rankings(path: Path, rows: Iterable[Replayed]) -> str:
    """Write `rankings.jsonl`: a line per instance, with the ranks of its answers as counted, null for what was no candidate.

    Returns:
        SHA-256 of what was written.

    Raises:
        InputError: it cannot be written.
    """
    with replaced(path) as made:
        with made.open("w", encoding="utf-8") as file:
            file.writelines(_line(row) for row in rows)
        return file_sha256(made)


def _line(row: Replayed) -> str:
    line = {"dialog_id": row.dialog_id, "turn": row.turn, "ranking": row.ranking, "gold": row.gold}
    ranks = [rank if rank < math.inf else None for rank in row.ranks]
    return json.dumps({**line, "ranks": ranks}, ensure_ascii=False) + "\n"


def file_sha256(path: Path) -> str:
    """Hash of a file, or of the files of a folder by name and content."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for part in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{part.relative_to(path)} {file_sha256(part)}\n".encode())
    return digest.hexdigest()
