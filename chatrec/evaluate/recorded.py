"""Recorded output of the language model, so that a whole turn can be replayed with the same result every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from chatrec.errors import DataMissingError, DialogLogError
from chatrec.evaluate.logs import Instance
from chatrec.evaluate.replay import Rerank
from chatrec.score.head import Scorer
from chatrec.types import Candidate, Query

SLOTS = 12
"""Candidates that the model was shown; what it did not see keeps its place behind them."""


class RecordedLine(BaseModel):
    """What the model picked at one instance, best first; ids it invented are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    dialog_id: str
    turn: Annotated[int, Field(ge=0)]
    picks: list[Annotated[str, StringConstraints(min_length=1)]]


Recording = Mapping[tuple[str, int], tuple[str, ...]]
"""(dialog id, turn) → the model's picks."""


def read_recording(path: Path) -> Recording:
    """Read a recording: JSON lines with `dialog_id`, `turn` and `picks`.

    Raises:
        DataMissingError: there is no such file.
        DialogLogError: a line cannot be read.
    """
    if not path.is_file():
        raise DataMissingError(f"no recorded model output at {path}: give a .jsonl file with dialog_id, turn and picks")
    recording: dict[tuple[str, int], tuple[str, ...]] = {}
    with path.open(encoding="utf-8") as lines:
        for number, text in enumerate(lines, 1):
            if text.strip():
                line = _parse(text, path, number)
                recording[line.dialog_id, line.turn] = tuple(line.picks)
    return recording


def recorded_rerank(scorer: Scorer, recording: Recording, slots: int = SLOTS) -> Rerank:
    """The last step of a turn: the head orders the pool, the model's picks move the shortlist, the rest follows.

    An instance that was not recorded is answered as if the model had been silent.
    """

    def rerank(query: Query, instance: Instance, pool: Sequence[Candidate]) -> Sequence[Candidate]:
        scored = scorer(query, pool)
        picks = recording.get((instance.dialog.dialog_id, instance.turn), ())
        shown = {candidate.item.id for candidate in scored[:slots]}
        ranks = {item: rank for rank, item in enumerate((item for item in dict.fromkeys(picks) if item in shown), 1)}
        return scored if not ranks else _stacked(scorer(query, scored[:slots], llm_ranks=ranks), scored[slots:])

    return rerank


def _stacked(first: Sequence[Candidate], rest: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Both, with scores that keep the first in front: a rank is told from scores when ties are looked for."""
    floor = max((candidate.score for candidate in rest), default=0.0)
    lowest = min(candidate.score for candidate in first)
    lift = max(0.0, floor - lowest) + 1e-9 if rest else 0.0
    return (*(replace(candidate, score=candidate.score + lift) for candidate in first), *rest)


def _parse(text: str, path: Path, number: int) -> RecordedLine:
    try:
        return RecordedLine.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise DialogLogError(first["msg"], path=str(path), line=number, field=field) from error
