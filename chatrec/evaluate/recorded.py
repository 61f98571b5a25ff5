"""Recorded output of the language model, so that a whole turn can be replayed with the same result every time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chatrec.errors import DataMissingError, DialogLogError, LLMMalformedError, LLMTimeoutError, LLMUnavailableError
from chatrec.evaluate.logs import Instance, numbered_lines, parse_line
from chatrec.evaluate.replay import Rerank
from chatrec.generate.facts import FactContext
from chatrec.generate.write import Writer
from chatrec.index.open import Index
from chatrec.outputs import replaced
from chatrec.retrieve.near import near_liked
from chatrec.score.head import Scorer
from chatrec.types import Candidate, Message, Query
from chatrec.understand.text import language_of


class RecordedLine(BaseModel):
    """What the model picked at one instance, best first; ids it invented are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    dialog_id: str
    turn: Annotated[int, Field(ge=0)]
    picks: list[Annotated[str, StringConstraints(min_length=1)]]
    slots: Annotated[int, Field(ge=1)] = 12
    """Candidates that the model was shown; what it did not see keeps its place behind them."""


Recording = Mapping[tuple[str, int], RecordedLine]
"""(dialog id, turn) → what the model picked there."""


def read_recording(path: Path) -> Recording:
    """Read a recording: JSON lines with `dialog_id`, `turn`, `picks` and, unless 12, `slots`.

    Raises:
        DataMissingError: there is no such file.
        DialogLogError: a line cannot be read, or repeats an instance.
    """
    if not path.is_file():
        raise DataMissingError(f"no recorded model output at {path}: give a .jsonl file with dialog_id, turn and picks")
    recording: dict[tuple[str, int], RecordedLine] = {}
    for number, text in numbered_lines(path):
        line = parse_line(RecordedLine, text, path=str(path), line=number)
        if (line.dialog_id, line.turn) in recording:
            raise DialogLogError(f"repeats dialog {line.dialog_id!r}, turn {line.turn}", path=str(path), line=number)
        recording[line.dialog_id, line.turn] = line
    return recording


def recorded_rerank(scorer: Scorer, recording: Recording) -> Rerank:
    """The last step of a turn: the head orders the pool, the model's picks move the shortlist, the rest follows.

    An instance that was not recorded is answered as if the model had been silent.
    """

    def rerank(query: Query, instance: Instance, pool: Sequence[Candidate]) -> Sequence[Candidate]:
        scored = scorer(query, pool)
        line = recording.get((instance.dialog.dialog_id, instance.turn))
        return scored if line is None else _reranked(scorer, query, scored, line)

    return rerank


def ranks_of(line: RecordedLine, shown: Sequence[Candidate]) -> dict[str, int]:
    """Item id → 1-based rank that the model gave it, of the candidates it was shown."""
    seen = {candidate.item.id for candidate in shown}
    return {item: rank for rank, item in enumerate((item for item in dict.fromkeys(line.picks) if item in seen), 1)}


class Recorder:
    """The same with a model that is there: asks it at every instance and keeps what it picked.

    The model is shown the head's best candidates as they are; a chat also spreads them over makers and media.

    Args:
        writer: asks the language model.
        scorer: orders the candidates before and after.
        index: of the catalog.
        n: picks that are asked for.
    """

    def __init__(self, writer: Writer, scorer: Scorer, index: Index, n: int = 5) -> None:
        self._writer, self._scorer, self._index, self._n = writer, scorer, index, n
        self.lines: list[RecordedLine] = []

    def __call__(self, query: Query, instance: Instance, pool: Sequence[Candidate]) -> Sequence[Candidate]:
        """The candidates in the order of a whole turn.

        Raises:
            LLMError: the model cannot be asked. One that stalls or writes nothing usable has picked what it wrote until then.
        """
        scored = self._scorer(query, pool)
        slots = self._writer.slots
        picks = self._picks(query, instance, scored[:slots]) if scored else []
        line = RecordedLine(dialog_id=instance.dialog.dialog_id, turn=instance.turn, picks=picks, slots=slots)
        self.lines.append(line)
        return _reranked(self._scorer, query, scored, line)

    @property
    def recording(self) -> Recording:
        """What was picked so far."""
        return {(line.dialog_id, line.turn): line for line in self.lines}

    def write(self, path: Path) -> None:
        """Write the recording.

        Raises:
            InputError: it cannot be written.
        """
        with replaced(path) as made:
            made.write_text("".join(json.dumps(line.model_dump()) + "\n" for line in self.lines), encoding="utf-8")

    def _picks(self, query: Query, instance: Instance, shown: Sequence[Candidate]) -> list[str]:
        if not self._writer.ready():
            raise LLMUnavailableError(f"{self._writer.status()}: start it with `chatrec serve llm`, or set CHATREC_LLM_URL")
        near = near_liked(self._index, query, shown)
        context = FactContext(query.ledger, self._index.catalog, near, language_of(query.last_message))
        said = [Message(turn.role, turn.text) for turn in instance.context if turn.text]
        latest = next((place for place in reversed(range(len(said))) if said[place].role == "user"), 0)
        found: dict[str, None] = {}
        try:
            for written in self._writer.stream(
                message=query.last_message, history=said[:latest], slots=shown, context=context, n=self._n
            ):
                found[written.candidate.item.id] = None
        except (LLMMalformedError, LLMTimeoutError):
            pass
        return list(found)


def _reranked(scorer: Scorer, query: Query, scored: Sequence[Candidate], line: RecordedLine) -> Sequence[Candidate]:
    shown, rest = scored[: line.slots], scored[line.slots :]
    ranks = ranks_of(line, shown)
    return _stacked(scorer(query, shown, llm_ranks=ranks), rest) if ranks else scored


def _stacked(first: Sequence[Candidate], rest: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Both, with scores that keep the first in front: a rank is told from scores when ties are looked for."""
    floor = max((candidate.score for candidate in rest), default=0.0)
    lowest = min(candidate.score for candidate in first)
    lift = max(0.0, floor - lowest) + 1e-9 if rest else 0.0
    return (*(replace(candidate, score=candidate.score + lift) for candidate in first), *rest)
