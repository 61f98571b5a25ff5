"""A message as tokens: normalised, one per word and one per Chinese character, each pointing back to what was typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from chatrec.settings import MAX_MESSAGE_CHARS
from chatrec.types import Language

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
SENTENCE_END = frozenset(".!?;。")
COMMAS = frozenset(",")
"""Full-width forms are plain in a token; only `。` and `、` are signs of their own."""
KANA = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_TOKEN = re.compile(rf"[{HAN}]|\d+(?:\.\d+)?|[^\W\d_{HAN}]+|[^\w\s]")
_QUOTES = str.maketrans(dict.fromkeys("’‘`´", "'") | dict.fromkeys("“”„«»", '"') | dict.fromkeys("–—‐‑―", "-"))
_CONTRACTION = re.compile(r"(?<=[^\W\d_])'(?=(?:t|m|ve|re|ll|d)\b)", re.IGNORECASE)
_SHORT_WITH = re.compile(r"\bw/(o\b|(?=\s|[^\W\d]))", re.IGNORECASE)
_LATIN_WORD = re.compile(rf"[^\W\d_{HAN}]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number, a Chinese character or a punctuation mark."""

    text: str
    """Case-folded, without accents."""
    raw: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """A word, number or Chinese character, no punctuation."""
        return self.text[0].isalnum()

    @property
    def is_han(self) -> bool:
        """A Chinese character."""
        return is_han(self.text)

    @property
    def is_number(self) -> bool:
        """Written in digits."""
        return self.text[0].isdecimal()

    @property
    def is_capital(self) -> bool:
        """Written with a capital first letter (digits say nothing)."""
        return self.raw[0].isupper()


@dataclass(frozen=True, slots=True)
class Text:
    """A message after normalisation, and its tokens."""

    plain: str
    tokens: tuple[Token, ...]

    def said(self, start: int, end: int) -> str:
        """The typed words of tokens `start` to `end` (exclusive)."""
        return self.plain[self.tokens[start].start : self.tokens[end - 1].end] if start < end else ""


def normalise(raw: str) -> str:
    """NFKC (full-width forms become plain), straight quotes and dashes, no control characters, bounded length."""
    plain = unicodedata.normalize("NFKC", raw[:MAX_MESSAGE_CHARS]).translate(_QUOTES)
    plain = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in plain)
    plain = _CONTRACTION.sub("", plain)
    plain = _SHORT_WITH.sub(lambda found: "without" if found[1] else "with ", plain)
    return " ".join(plain.split())[:MAX_MESSAGE_CHARS]


@cache
def _simplified() -> dict[str, str]:
    lines = Path(__file__).with_name("traditional.txt").read_text(encoding="utf-8").splitlines()
    return {pair[0]: pair[1] for line in lines if not line.startswith("#") for pair in line.split()}


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Case-folded, accents removed (`Amélie` → `amelie`), Chinese characters simplified (`愛` → `爱`)."""
    if is_han(word):
        return _simplified().get(word, word)
    plain = unicodedata.normalize("NFD", word.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)) or word


def tokenise(raw: str) -> Text:
    """Split a message; apostrophes vanish (`don't` → `dont`), hyphens separate words and stay only between numbers."""
    plain = normalise(raw)
    found = list(_TOKEN.finditer(plain))
    tokens = (_token(m) for i, m in enumerate(found) if not _is_glue(found, i))
    return Text(plain, tuple(tokens))


def _token(match: re.Match[str]) -> Token:
    raw = match.group()
    return Token("and" if raw == "&" else fold(raw), raw, match.start(), match.end())


def _is_glue(found: Sequence[re.Match[str]], i: int) -> bool:
    """Whether this mark only joins two words; a hyphen of a range (1990-2000, 60s-70s) says something."""
    mark = found[i].group()
    if mark == "'":
        return True
    if mark != "-" or not 0 < i < len(found) - 1:
        return False
    before, after = found[i - 1], found[i + 1]
    joined = before.end() == found[i].start() and after.start() == found[i].end()
    numbers = after.group()[0].isdecimal() and (before.group()[0].isdecimal() or before.group() == "s")
    return joined and not numbers


def key_of(text: str) -> tuple[str, ...]:
    """The words of a name or phrase as they are compared: no punctuation, no case, no accents."""
    return tuple(t.text for t in tokenise(text).tokens if t.is_word)


def is_han(text: str) -> bool:
    """Whether the text starts with a Chinese character."""
    return "\u3400" <= text[0] <= "\u9fff" or "\uf900" <= text[0] <= "\ufaff"


def language_of(text: str, names: Sequence[tuple[int, int]] = ()) -> Language:
    """Chinese if, titles and names left out, there are at least as many Chinese characters as Latin words.

    Args:
        text: normalised text.
        names: character spans of titles and names; they tell little of the language spoken.
    """
    rest = "".join(text[a:b] for a, b in _gaps(len(text), names))
    if not re.search(rf"[{HAN}A-Za-z]", rest):
        rest = text
    han = sum(is_han(c) for c in rest)
    return "zh" if han and han >= len(_LATIN_WORD.findall(rest)) and not KANA.search(rest) else "en"


def _gaps(length: int, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    edges = [0, *(edge for span in sorted(spans) for edge in span), length]
    return [(a, b) for a, b in list(pairwise(edges))[::2] if a < b]


def wordset(text: str) -> frozenset[str]:
    """A set written as a line of words; a run of Chinese characters is one word a character."""
    return frozenset(c for word in text.split() for c in (word if is_han(word) else (word,)))


@cache
def common_words() -> frozenset[str]:
    """Words of ordinary English talk (`common.txt`)."""
    lines = Path(__file__).with_name("common.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
