"""The controlled vocabularies of genres and moods (`vocabulary.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chatrec.types import Kind


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Genres with the media they are used for, and moods, which all media share."""

    genres: dict[str, tuple[Kind, ...]]
    main: dict[str, tuple[Kind, ...]]
    """Genre → media for which the shipped catalog promises at least 12 works."""
    moods: tuple[str, ...]
    hard_moods: tuple[str, ...]


@cache
def vocabulary() -> Vocabulary:
    """The vocabularies that ship."""
    data = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8"))
    return Vocabulary(
        genres={name: tuple(entry["kinds"]) for name, entry in data["genres"].items()},
        main={name: tuple(entry.get("main", ())) for name, entry in data["genres"].items()},
        moods=tuple(data["moods"]["all"]),
        hard_moods=tuple(data["moods"]["hard_moods"]),
    )
