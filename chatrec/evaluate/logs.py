"""Dialog logs in: JSON lines → `Dialog`, with every bad line located and named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from chatrec.catalog.read import not_json, parse_json
from chatrec.errors import DataMissingError, DialogLogError
from chatrec.types import Role

Stage = Literal["retrieve", "score", "generate"]
"""How far a replayed turn is taken."""

Protocol = Literal["full", "new"]
"""`full` scores all of a turn's gold; `new` only what was not mentioned before, and masks the rest from the ranking."""

Understanding = Literal["given", "text"]
"""Where the ledger comes from: annotated mentions, as in published protocols, or the words of the log, as a chat reads them."""

M = TypeVar("M", bound=BaseModel)
Name = Annotated[str, StringConstraints(min_length=1)]
SENTIMENT_IN_DIALOG = frozenset({"cpcd"})
"""Data sets whose likes and dislikes were given during the dialog and may therefore be read as it is replayed."""


class MentionLine(BaseModel):
    """An item named in a turn."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    item: Name
    sentiment: Literal[-1, 0, 1] | None = None


class EntityLine(BaseModel):
    """Something else named in a turn."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    kind: str
    name: str
    id: str | None = None


class TurnLine(BaseModel):
    """One turn as it may come from outside."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    role: Role
    text: str | None = None
    mentions: list[MentionLine] = []
    entities: list[EntityLine] = []
    gold: list[Name] = []
    seeds: list[Name] = []

    @model_validator(mode="after")
    def _gold_is_of_the_assistant(self) -> TurnLine:
        if self.gold and self.role == "user":
            raise ValueError("gold is of assistant turns only: what should have been put forward there")
        return self


class DialogLine(BaseModel):
    """One line of a dialog log (FORMATS: dialog log)."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    dialog_id: Name
    catalog: str = ""
    user_id: str | None = None
    """Who it was with, where the log says; several dialogs may be of one person."""
    order: str = ""
    turns: Annotated[list[TurnLine], Field(min_length=1)]


def person_of(line: DialogLine) -> str:
    """Who a dialog was with; where the log does not say, somebody of its own."""
    return line.dialog_id if line.user_id is None else f"user {line.user_id}"


@dataclass(frozen=True, slots=True)
class Instance:
    """An assistant turn to be predicted from the turns before it."""

    dialog: DialogLine
    turn: int
    """0-based position in `dialog.turns`."""

    @property
    def context(self) -> list[TurnLine]:
        """The turns before it."""
        return self.dialog.turns[: self.turn]

    @property
    def mentioned(self) -> tuple[str, ...]:
        """Items named in the context, each once, in order of first mention."""
        return tuple(dict.fromkeys(m.item for turn in self.context for m in turn.mentions))

    def gold(self, protocol: Protocol) -> tuple[str, ...]:
        """The gold mentions this protocol scores; a gold item that is named twice counts twice."""
        gold = self.dialog.turns[self.turn].gold
        if protocol == "full":
            return tuple(gold)
        known = set(self.mentioned)
        return tuple(item for item in gold if item not in known)


def read_dialogs(path: Path, *, once: bool = False) -> tuple[DialogLine, ...]:
    """Read a dialog log.

    Args:
        path: the file.
        once: it is not read again, for its hash, so that a pipe will do.

    Raises:
        DataMissingError: there is no such file, or it is a pipe and read again.
        DialogLogError: a line is no JSON object, lacks a field, repeats a dialog id or has a wrong type; or the file is empty.
    """
    if path.is_dir() or not path.exists():
        raise DataMissingError(f"no dialog log at {path}: give a .jsonl file in the dialog-log format")
    if not once and not path.is_file():
        raise DataMissingError(f"{path} is no file but a stream, and dialogs are read twice here: write them to a file first")
    dialogs: dict[str, DialogLine] = {}
    for number, line in numbered_lines(path):
        dialog = parse_dialog(line, path=str(path), line=number)
        if dialog.dialog_id in dialogs:
            raise DialogLogError(f"repeats {dialog.dialog_id!r}", path=str(path), line=number, field="dialog_id")
        dialogs[dialog.dialog_id] = dialog
    if not dialogs:
        raise DialogLogError("holds no dialogs", path=str(path))
    return tuple(dialogs.values())


def parse_dialog(text: str, *, path: str = "", line: int = 0) -> DialogLine:
    """One line of a dialog log.

    Raises:
        DialogLogError: as in `parse_line`.
    """
    return parse_line(DialogLine, text, path=path, line=line)


def parse_line(model: type[M], text: str, *, path: str, line: int) -> M:
    """One line of JSON lines as a model.

    Args:
        model: what a line is.
        text: the line.
        path, line: where it stands, for the error.

    Raises:
        DialogLogError: the line is no JSON object, or a field is missing or of a wrong type.
    """
    try:
        data = parse_json(text.rstrip())
    except UnicodeEncodeError as error:
        raise DialogLogError("not text: half of a surrogate pair", path=path, line=line) from error
    except ValueError as error:
        raise DialogLogError(not_json(error), path=path, line=line) from error
    except RecursionError as error:
        raise DialogLogError("nested too deeply", path=path, line=line) from error
    if not isinstance(data, dict):
        raise DialogLogError("not a JSON object", path=path, line=line)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise DialogLogError(first["msg"], path=path, line=line, field=".".join(map(str, first["loc"]))) from error


def instances(dialog: DialogLine, protocol: Protocol) -> Iterator[Instance]:
    """The turns of a dialog that this protocol replays, in order.

    A dialog whose sentences come in no order (`order: shuffled`) has no context to replay, hence no instances.
    """
    if dialog.order == "shuffled":
        return
    for turn, line in enumerate(dialog.turns):
        instance = Instance(dialog, turn)
        if turn > 0 and line.role == "assistant" and instance.gold(protocol):
            yield instance


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file that are not blank, with their numbers from 1.

    Raises:
        DialogLogError: one is not UTF-8.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                text = line.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise DialogLogError(f"not UTF-8: {error.reason}", path=str(path), line=number) from error
            if text.strip():
                yield number, text
