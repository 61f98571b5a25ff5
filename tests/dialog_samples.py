"""A small catalog of three media, dialogs about it, and its real index, for the tests of score, train and evaluate."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from chatrec.catalog.read import read_catalog
from chatrec.evaluate.logs import DialogLine, Instance, parse_dialog
from chatrec.index.embed import Embedder
from chatrec.index.open import Index, open_or_build
from chatrec.types import Item

SAMPLE = Path(__file__).with_name("dialog_catalog.jsonl")


def items() -> list[Item]:
    """Twenty works, with popularity but for one."""
    return list(read_catalog(SAMPLE).values())


def dialog(number: int, *turns: dict[str, Any], **fields: Any) -> DialogLine:
    """A dialog of these turns."""
    return parse_dialog(json.dumps({"dialog_id": f"s:{number}", "catalog": "s", "turns": list(turns), **fields}))


def user(text: str | None, *mentions: str, sentiment: int | None = None) -> dict[str, Any]:
    """A seeker's turn."""
    return {"role": "user", "text": text, "mentions": [{"item": f"s:{m}", "sentiment": sentiment} for m in mentions]}


def assistant(text: str | None, *gold: str, mentions: Iterable[str] | None = None) -> dict[str, Any]:
    """A recommender's turn that puts `gold` forward."""
    named = gold if mentions is None else mentions
    line = {"role": "assistant", "text": text, "mentions": [{"item": f"s:{m}", "sentiment": 1} for m in named]}
    return {**line, "gold": [f"s:{g}" for g in gold]} if gold else line


def many_dialogs(count: int) -> list[DialogLine]:
    """Dialogs in which people who name one horror film, comedy or romance are told another."""
    tastes = [("alien", "thing", "halloween", "scream"), ("airplane", "gun", "hot"), ("before", "notting", "casa", "amelie")]
    words = ["I want something scary", "I need a good laugh", "A love story for tonight"]
    made = []
    for number in range(count):
        taste = tastes[number % 3]
        first, second, third = (taste[(number // 3 + step) % len(taste)] for step in range(3))
        made.append(
            dialog(
                number,
                user(f"{words[number % 3]}, I liked {first}", first),
                assistant(f"Have you seen {second}?", second),
                user("Yes, what else?"),
                assistant(f"Then try {third}", third),
            )
        )
    return made


def write_dialogs(path: Path, dialogs: Iterable[DialogLine]) -> Path:
    """A dialog log on disk."""
    path.write_text("".join(line.model_dump_json() + "\n" for line in dialogs), encoding="utf-8")
    return path


def last_instance(line: DialogLine) -> Instance:
    """The last turn of a dialog, to be predicted."""
    return Instance(line, len(line.turns) - 1)


@pytest.fixture(scope="session")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """The real index of the sample catalog."""
    return open_or_build(read_catalog(SAMPLE), Embedder(), tmp_path_factory.mktemp("index"))
