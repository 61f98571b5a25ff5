"""Two systems on the same instances: the difference, and whether it is more than chance."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from chatrec.errors import DataMissingError, DialogLogError, InputError
from chatrec.evaluate.logs import Name, numbered_lines, parse_line
from chatrec.evaluate.metrics import Ranks, gold_ranks, ratio_interval, recall
from chatrec.evaluate.report import file_sha256, numbered


class RankedLine(BaseModel):
    """One line of a rankings file."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    dialog_id: Name
    turn: Annotated[int, Field(ge=0)]
    ranking: list[Name]
    gold: Annotated[list[Name], Field(min_length=1)]
    ranks: list[Annotated[float, Field(ge=1, allow_inf_nan=False)] | None] | None = None
    """One for each of the gold, or for each work where versions of one count as one answer; null for what was no candidate."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a replay made of one instance."""

    ranking: Sequence[str]
    gold: Sequence[str]
    ranks: Sequence[float] | None = None
    """Rank of each answer as it was counted, ties as mean rank and versions of one work as one; None where that is not told."""


Rows = Mapping[tuple[str, int], Line]
"""(dialog id, turn) → what was made of it."""


SETTINGS: Mapping[str, Sequence[str]] = {
    "stage": ("stage",),
    "mentions": ("understanding", "from"),
    "limit": ("provenance", "limit"),
    "catalog": ("provenance", "catalog", "content_sha256"),
    "embedder": ("provenance", "index", "embedder_sha256"),
    "models": ("provenance", "models_sha256"),
    "recorded model output": ("provenance", "recorded_sha256"),
}
"""What two replays may differ in, besides what makes them incomparable → where a report tells it."""
FEWEST = 6
"""Dialogs that must differ for a difference to be significant: that five all go one way by chance has p = 2 · 0.5⁵ > 5%."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Recall@k of b less that of a, with a 95% interval of the paired bootstrap by dialog."""

    k: int
    a: float
    b: float
    low: float
    high: float
    dialogs: int
    """Dialogs in which the two find different numbers of gold mentions."""

    @property
    def significant(self) -> bool:
        """Whether it is more than chance."""
        return more_than_chance(self.low, self.high, self.dialogs)


def more_than_chance(low: float, high: float, differing: int) -> bool:
    """Whether the interval of a difference leaves 0 out and enough dialogs differ: drawn from a few, it is too narrow.

    >>> more_than_chance(0.01, 0.2, differing=6), more_than_chance(0.01, 0.2, differing=5), more_than_chance(0.0, 0.2, 6)
    (True, False, False)
    """
    return differing >= FEWEST and (low > 0 or high < 0)


def read_rankings(path: Path) -> Rows:
    """Read the rankings that a replay wrote: its `rankings.jsonl`, or its report if the rankings lie beside it.

    Raises:
        DataMissingError: there is no such file.
        DialogLogError: a line cannot be read or repeats an instance, or there is none.
    """
    if not path.is_file():
        raise DataMissingError(f"no rankings at {path}: `chatrec replay … --rankings` writes them")
    path = _rankings_of(path)
    rows: dict[tuple[str, int], Line] = {}
    for number, text in numbered_lines(path):
        line = _parse(text, path, number)
        key = line.dialog_id, line.turn
        if key in rows:
            raise DialogLogError(f"repeats dialog {line.dialog_id!r}, turn {line.turn}", path=str(path), line=number)
        ranks = None if line.ranks is None else [math.inf if rank is None else rank for rank in line.ranks]
        rows[key] = Line(line.ranking, line.gold, ranks)
    if not rows:
        raise DialogLogError("holds no rankings", path=str(path))
    return rows


def _parse(text: str, path: Path, number: int) -> RankedLine:
    line = parse_line(RankedLine, text, path=str(path), line=number)
    if line.ranks is not None and not 0 < len(line.ranks) <= len(line.gold):
        told = f"{len(line.ranks)} of them for {len(line.gold)} gold mentions"
        raise DialogLogError(told, path=str(path), line=number, field="ranks")
    return line


def leak_of(path: Path) -> Mapping[str, int | bool] | None:
    """The stamp of a report that tells what of its dialogs was trained on; None for what is no report."""
    return _provenance(_whole(path)).get("leak")


def differing_settings(a: Path, b: Path) -> list[str]:
    """What else than the rankings differs between two reports, a line each; nothing where either is no report or does not tell.

    Raises:
        InputError: the protocols differ.
    """
    first, second = _whole(a), _whole(b)
    of_a, of_b = _told(first, ("protocol",)), _told(second, ("protocol",))
    if of_a and of_b and of_a != of_b:
        raise InputError(f"{a} is of protocol {of_a}, {b} of {of_b}: replay the dialogs under one protocol")
    told = {name: (_told(first, keys), _told(second, keys)) for name, keys in SETTINGS.items()}
    return [
        f"{name} differs, A: {one[:12]}, B: {other[:12]}" for name, (one, other) in told.items() if one and other and one != other
    ]


def _told(report: Mapping[str, Any], keys: Sequence[str]) -> str:
    """The value of a report at these keys as text, `none` for null; empty if there is no such key."""
    value: Any = report
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return ""
        value = value[key]
    return "none" if value is None else str(value)


def _whole(path: Path) -> Mapping[str, Any]:
    """What a file holds that is one JSON object; empty for any other."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return {}
    return held if isinstance(held, dict) else {}


def _provenance(report: Mapping[str, Any]) -> Mapping[str, Any]:
    origin = report.get("provenance")
    return origin if isinstance(origin, dict) else {}


def _rankings_of(path: Path) -> Path:
    """The rankings a report belongs to; a path that is no report is returned as it is."""
    report = _whole(path)
    wanted = _provenance(report).get("rankings_sha256")
    if wanted is None:
        if report and "ranking" not in report:
            raise DialogLogError("tells no rankings: give the report of `chatrec replay`, or its rankings", path=str(path))
        return path
    for beside in sorted(path.parent.glob("*.jsonl")):
        if file_sha256(beside) == wanted:
            return beside
    raise DataMissingError(
        f"the rankings of the report {path} do not lie beside it (moved, or written over by another replay):"
        " give the .jsonl file itself, or replay again"
    )


def compare(a: Rows, b: Rows, ks: Sequence[int] = (1, 10, 50)) -> list[Difference]:
    """The difference in recall at each k, paired by instance, drawn by dialog.

    Ranks are those that the replays counted; if either does not tell them, places in the rankings.

    Raises:
        InputError: the two do not hold the same instances with the same gold, or count different answers.
    """
    both = sum(key in b and list(line.gold) == list(b[key].gold) for key, line in a.items())
    if not len(a) == len(b) == both:
        told = f"of {len(a)} and {len(b)} they share {both} with the same gold"
        raise InputError(
            f"the two rankings are not of the same instances, {told}: replay the same dialogs under the same protocol"
        )
    keys = sorted(a)
    counted = all(line.ranks is not None for line in (*a.values(), *b.values()))
    of_a, of_b = ([_ranks(rows[key], counted) for key in keys] for rows in (a, b))
    if [*map(len, of_a)] != [*map(len, of_b)]:
        raise InputError("the two replays do not count the same answers: their catalogs tell different versions of one work")
    groups = numbered(dialog for dialog, _ in keys)
    return [_difference(of_a, of_b, groups, k) for k in ks]


def _ranks(line: Line, counted: bool) -> Sequence[float]:
    return line.ranks if counted and line.ranks is not None else gold_ranks(line.ranking, line.gold)


def _difference(a: Ranks, b: Ranks, groups: Sequence[int], k: int) -> Difference:
    found_a, found_b = ([float(sum(rank <= k for rank in row)) for row in rows] for rows in (a, b))
    gained = [second - first for first, second in zip(found_a, found_b, strict=True)]
    low, high = ratio_interval(gained, [float(len(row)) for row in a], groups)
    differing = int(np.count_nonzero(np.bincount(groups, weights=gained)))
    return Difference(k, recall(a, k), recall(b, k), low, high, differing)
