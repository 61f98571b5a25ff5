"""Two systems on the same instances: the difference, and whether it is more than chance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatrec.errors import DataMissingError, DialogLogError, InputError
from chatrec.evaluate.logs import numbered_lines
from chatrec.evaluate.metrics import ratio_interval
from chatrec.evaluate.report import file_sha256, numbered

Rows = Mapping[tuple[str, int], tuple[Sequence[str], Sequence[str]]]
"""(dialog id, turn) → ranking and gold."""


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
    rows: dict[tuple[str, int], tuple[Sequence[str], Sequence[str]]] = {}
    for number, text in numbered_lines(path):
        try:
            line = json.loads(text)
            rows[line["dialog_id"], line["turn"]] = (line["ranking"], line["gold"])
        except (json.JSONDecodeError, KeyError, TypeError) as error:
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

    Raises:
        InputError: the two do not hold the same instances with the same gold.
    """
    if {key: list(gold) for key, (_, gold) in a.items()} != {key: list(gold) for key, (_, gold) in b.items()}:
        raise InputError("the two rankings are not of the same instances: replay the same dialogs under the same protocol")
    return [_difference(a, b, k) for k in ks]


def _difference(a: Rows, b: Rows, k: int) -> Difference:
    keys = sorted(a)
    sizes = [float(len(a[key][1])) for key in keys]
    found_a, found_b = ([_found(*rows[key], k) for key in keys] for rows in (a, b))
    gained = [second - first for first, second in zip(found_a, found_b, strict=True)]
    low, high = ratio_interval(gained, sizes, numbered(dialog for dialog, _ in keys))
    return Difference(k, sum(found_a) / sum(sizes), sum(found_b) / sum(sizes), low, high)


def _found(ranking: Sequence[str], gold: Sequence[str], k: int) -> float:
    best = set(ranking[:k])
    return float(sum(item in best for item in gold))
