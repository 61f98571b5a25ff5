"""The words of data sets, sorted into genres, moods and tags of this project (`labels.toml`)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from chatrec.catalog.vocabulary import vocabulary
from chatrec.types import Kind

Section = Literal["genres", "moods", "tags"]
NO_LABEL = frozenset({"", "no genres listed", "none", "unknown", r"\n", "nan", "null", "other"})
"""What data sets write where they have nothing to say, as `label_key` gives it."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What an item is called, in this project's words."""

    genres: tuple[str, ...]
    moods: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    known: dict[Section, dict[str, tuple[str, ...]]]
    """Section → outside word → names of ours."""
    narrower: frozenset[str]
    implied: dict[str, list[str]]


def label_key(word: str) -> str:
    """A label as it is compared: `Sci-Fi & Fantasy` → `sci fi and fantasy`."""
    plain = unicodedata.normalize("NFKC", word).casefold().replace("&", " and ").replace("'", "").replace("’", "")
    return " ".join(re.sub(r"[\s_/()-]+", " ", plain).split())


def sort_labels(kind: Kind, *, genres: Iterable[str] = (), moods: Iterable[str] = (), tags: Iterable[str] = ()) -> Labels:
    """Sort labels into the vocabularies.

    Args:
        kind: the medium; a genre that is not used for it is a tag.
        genres: words for genres: a genre of ours, else a mood of ours, else a tag.
        moods: words for moods: a mood of ours, else a tag.
        tags: free words; they stay tags.

    An item whose moods are known has those, too, that its genres mean; from the genres alone they do not become known.
    """
    words = _words()
    found: dict[Section, dict[str, None]] = {"genres": {}, "moods": {}, "tags": {}}
    for label in genres:
        _place(label, ("genres", "moods"), kind, found)
    for label in moods:
        _place(label, ("moods",), kind, found)
    for label in tags:
        _place(label, (), kind, found)
    for genre in found["genres"] if found["moods"] else ():
        found["moods"] |= dict.fromkeys(words.implied.get(genre, ()))
    return Labels(tuple(found["genres"]), tuple(found["moods"]), tuple(found["tags"]))


def _place(label: str, sections: tuple[Section, ...], kind: Kind, found: dict[Section, dict[str, None]]) -> None:
    words, key = _words(), label_key(label)
    if key in NO_LABEL:
        return
    for section in sections:
        names = words.known[section].get(key, ())
        fit = [name for name in names if section != "genres" or kind in vocabulary().genres[name]]
        found[section] |= dict.fromkeys(fit)
        if fit and key not in words.narrower:
            return
        if fit:
            break
    found["tags"] |= dict.fromkeys(words.known["tags"].get(key) or [label.lower()])


@cache
def _words() -> _Words:
    data = tomllib.loads(Path(__file__).with_name("labels.toml").read_text(encoding="utf-8"))
    known: dict[Section, dict[str, tuple[str, ...]]] = {}
    names: dict[Section, Iterable[str]] = {"genres": vocabulary().genres, "moods": vocabulary().moods, "tags": data["tags"]}
    for section, own in names.items():
        by_word: dict[str, list[str]] = defaultdict(list, {label_key(name): [name] for name in own})
        for name, entry in data[section].items():
            for word in (*entry.get("same", ()), *entry.get("narrower", ())):
                by_word[label_key(word)].append(name)
        known[section] = {word: tuple(dict.fromkeys(ours)) for word, ours in by_word.items()}
    entries = [entry for section in ("genres", "moods") for entry in data[section].values()]
    narrower = frozenset(label_key(word) for entry in entries for word in entry.get("narrower", ()))
    return _Words(known, narrower, data["implied"])
