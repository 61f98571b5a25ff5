"""What of an item is indexed: a sentence-like text for the embedder, weighted stems for BM25."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any

import Stemmer

from chatrec.types import Item

SCHEMA_VERSION = 5
"""Raised whenever what is indexed changes, or how names are compared, so that older indexes are rebuilt."""

FIELD_WEIGHTS = {"title": 3, "aliases": 2, "people": 2, "genres": 2, "themes": 2, "moods": 1, "tags": 1, "form": 1}
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_STOP = frozenset("a an and are as at be by for from has in is it its of on or that the this to was with".split())  # noqa: SIM905 - reads better


def dense_text(item: Item) -> str:
    """The text that is embedded, most telling fields first because the encoder cuts the end (`bench/documents.py`)."""
    parts = [
        f"{item.title} ({item.year})" if item.year else item.title,
        f"by {', '.join(item.creators)}" if item.creators else "",
        f"with {', '.join(item.cast[:3])}" if item.cast else "",
        item.description or "",
        item.form or item.kind,
        ", ".join((*item.genres, *item.moods)),
        ", ".join(item.themes),
        ", ".join(item.tags),
    ]
    return ". ".join(part for part in parts if part)


def sparse_tokens(item: Item) -> list[str]:
    """The item's stems for BM25; a field's weight is how often its stems are repeated."""
    tokens: list[str] = []
    for field, weight in FIELD_WEIGHTS.items():
        value = getattr(item, field)
        words = " ".join(value) if isinstance(value, tuple) else value or ""
        tokens += tokenize(words) * weight
    return tokens + tokenize(item.description or "")


def tokenize(text: str) -> list[str]:
    """Lower-cased English stems without accents and stop words; runs of CJK characters as overlapping pairs."""
    tokens: list[str] = []
    for word in _WORD.findall(folded(text)):
        if _CJK.search(word):
            tokens += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        elif word not in _STOP:
            tokens.append(_stem(word))
    return tokens


def folded(text: str) -> str:
    """Without case and accents (`Röyksopp` → `royksopp`, `й` → `и`); marks that other scripts write stay, as in `が`."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))


@lru_cache(50_000)
def _stem(word: str) -> str:
    """One string for a stem however often it occurs: a large catalog's tokens are held all at once."""
    return _stemmer().stemWord(word)


@cache
def _stemmer() -> Any:
    return Stemmer.Stemmer("english")
