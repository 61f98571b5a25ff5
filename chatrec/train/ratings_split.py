"""What a split of interactions leaves to learn from, as a file, and whether models learned from more than that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from chatrec.catalog.interactions import write_interactions
from chatrec.errors import LeakError, ModelMissingError
from chatrec.evaluate.ratings import Interactions, Lines
from chatrec.evaluate.report import file_sha256
from chatrec.outputs import replaced
from chatrec.train.card import FACTS

TRAIN, OF_WHAT = "train.csv", "split.json"
FILES = (OF_WHAT, TRAIN)
KEYS = frozenset(("interactions_sha256", "split", "seed"))
"""What `split.json` tells of any split."""
Learned = Literal["all of it", "another split of it", "its training part", "neither"]
"""Of the interactions that are split."""


@dataclass(frozen=True, eq=False)
class Source:
    """Interactions as they were read."""

    lines: Lines
    rows: Mapping[str, int]
    """Id in the file → row of the catalog."""

    @cached_property
    def sha256(self) -> str:
        """Hash of the whole file."""
        return file_sha256(self.lines.path)

    def write(self, train: Interactions, path: Path) -> None:
        """Write the lines that were read as `train`: the same users, items, values and times; of what repeats, every line."""
        write_interactions(path, self.lines.of(train, self.rows))

    def part_sha256(self, train: Interactions) -> str:
        """Hash of what `write` writes."""
        with TemporaryDirectory() as folder:
            self.write(train, Path(folder) / TRAIN)
            return file_sha256(Path(folder) / TRAIN)


def write_split(folder: Path, source: Source, train: Interactions, facts: Mapping[str, Any]) -> None:
    """Write `train.csv`, for `chatrec train head --interactions`, and `split.json`, which says what it is part of.

    Args:
        folder: where no file of somebody's own has one of these names (`check_own`).
        source: what was split.
        train: what is not held out.
        facts: how it was split.

    Raises:
        InputError: a file cannot be written.
    """
    with replaced(folder / TRAIN) as made:
        source.write(train, made)
        told = {"interactions_sha256": source.sha256, "train_sha256": file_sha256(made), **facts}
        with replaced(folder / OF_WHAT) as described:  # there before the other is
            described.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def part_of(interactions: Path | None) -> str | None:
    """Hash of the file that interactions are the training part of, if `write_split` wrote them; None if nobody knows."""
    if interactions is None:
        return None
    try:
        told = json.loads((interactions.parent / OF_WHAT).read_text(encoding="utf-8"))
        return str(told["interactions_sha256"]) if told["train_sha256"] == file_sha256(interactions) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def guard_split(models: Path, source: Source, train: Interactions, *, allow: bool = False) -> dict[str, Any]:
    """What of the interactions models learned from, if it can be lived with.

    Files are told by their hashes, which the models' card lists, with that of the whole of a training part: of lines that were
    copied, sorted or sampled otherwise nobody knows.

    Args:
        models: a folder that `chatrec train head` wrote.
        source: what is split.
        train: what is not held out.
        allow: live with anything.

    Returns:
        For the report: `learned_from`, and whether it would have been refused and was `allowed`.

    Raises:
        LeakError: they learned from the very file that is split, or from another split of it, and `allow` is not set.
        ModelMissingError: nobody knows what they learned from.
    """
    hashes, of = _learned_from(models)
    learned: Learned = "neither"
    if source.sha256 in hashes:
        learned = "all of it"
    elif source.part_sha256(train) in hashes:
        learned = "its training part"
    elif source.sha256 == of:
        learned = "another split of it"
    leaks = learned in ("all of it", "another split of it")
    if leaks and not allow:
        what = "" if learned == "all of it" else "another split of "
        raise LeakError(
            f"the models in {models} learned from {what}{source.lines.path}, held-out lines among the others: train them on the"
            " training part, which --write-split writes, or pass --allow-leak, which is stamped on the report"
        )
    return {"learned_from": learned, "allowed": leaks}


def told_guard(name: str, stamp: Mapping[str, Any]) -> str:
    """The stamp of a report in a sentence.

    Args:
        name: of the models.
        stamp: what `guard_split` found.
    """
    if stamp["allowed"]:
        return f"LEAK ALLOWED: {name} learned from what is held out, so that its figures say nothing of what is not known"
    if stamp["learned_from"] == "neither":
        return f"{name} learned from neither this file nor its training part; other copies of its lines cannot be told"
    return f"{name} learned from the training part of this very split"


def _learned_from(models: Path) -> tuple[set[str], str | None]:
    """Hashes of the files that models learned from, and of the one that their interactions are the training part of."""
    if not models.is_dir():
        raise ModelMissingError(f"there is no folder {models}: give one that `chatrec train head` wrote")
    try:
        facts = json.loads((models / FACTS).read_text(encoding="utf-8"))
        return set(facts["data"].values()), facts.get("interactions_of")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        advice = "it tells what was learned from: run `chatrec train head` again"
        raise ModelMissingError(f"{models / FACTS} cannot be read ({error}); {advice}") from error
