"""Two systems on the same instances: the difference, and whether it is more than chance."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatrec.errors import DataMissingError, DialogLogError, InputError
from chatrec.evaluate.logs import numbered_lines
from chatrec.evaluate.metrics import Ranks, gold_ranks, ratio_interval, recall
from chatrec.evaluate.report import file_sha256, numbered


@dataclass(frozen=True, slots=True)
class Line:
    """What a replay made of one instance."""

    ranking: Sequence[str]
    gold: Sequence[str]
    ranks: Sequence[float] | None = None
    """Rank of each answer as it was counted, ties as mean rank and versions of one work as one; None where that is not told."""


Rows = Mapping[tuple[str, int], Line]
"""(dialog id, turn) → what was made of it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Recall@k of b less that of a, with a 95% interval of the paired bootstrap by dialog."""

    k: int
    a: float
    b: float
    low: float
    high: float

    @property
    def significant(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def read_rankings(path: Path) -> Rows:
    """Read the rankings that a replay wrote: its `rankings.jsonl`, or its report if the rankings lie beside it.

    Raises:
        DataMissingError: there is no such file.
        DialogLogError: a line cannot be read, or there is none.
    """
    if not path.is_file():
        raise DataMissingError(f"no rankings at {path}: `chatrec replay … --rankings` writes them")
    path = _rankings_of(path)
    rows: dict[tuple[str, int], Line] = {}
    for number, text in numbered_lines(path):
        try:
            line = json.loads(text)
            ranks = [math.inf if rank is None else float(rank) for rank in line["ranks"]] if "ranks" in line else None
            rows[line["dialog_id"], line["turn"]] = Line(line["ranking"], line["gold"], ranks)
        except (ValueError, KeyError, TypeError) as error:
            raise DialogLogError(f"not a line of rankings ({error})", path=str(path), line=number) from error
    if not rows:
        raise DialogLogError("holds no rankings", path=str(path))
    return rows


def _rankings_of(path: Path) -> Path:
    """The rankings a report belongs to; a path that is no report is returned as it is."""
    try:
        wanted = json.loads(path.read_text(encoding="utf-8"))["provenance"]["rankings_sha256"]
    except (ValueError, KeyError, TypeError):
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
        InputError: the two do not hold the same instances with the same gold.
    """
    if {key: list(line.gold) for key, line in a.items()} != {key: list(line.gold) for key, line in b.items()}:
        raise InputError("the two rankings are not of the same instances: replay the same dialogs under the same protocol")
    keys = sorted(a)
    counted = all(line.ranks is not None for line in (*a.values(), *b.values()))
    of_a, of_b = ([_ranks(rows[key], counted) for key in keys] for rows in (a, b))
    groups = numbered(dialog for dialog, _ in keys)
    return [_difference(of_a, of_b, groups, k) for k in ks]


def _ranks(line: Line, counted: bool) -> Sequence[float]:
    return line.ranks if counted and line.ranks is not None else gold_ranks(line.ranking, line.gold)


def _difference(a: Ranks, b: Ranks, groups: Sequence[int], k: int) -> Difference:
    found_a, found_b = ([float(sum(rank <= k for rank in row)) for row in rows] for rows in (a, b))
    gained = [second - first for first, second in zip(found_a, found_b, strict=True)]
    low, high = ratio_interval(gained, [float(len(row)) for row in a], groups)
    return Difference(k, recall(a, k), recall(b, k), low, high)
