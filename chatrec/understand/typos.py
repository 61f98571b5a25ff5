"""Slips in the words of requests, genres and moods (`somthing`, `comdy`, `thriler`), and words as chats shorten them (`smth`)."""

from __future__ import annotations

from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from chatrec.understand.lexicon import lexicon
from chatrec.understand.resolve import Names
from chatrec.understand.text import Text, is_han
from chatrec.understand.words import Words

MIN_CHARS = 5
MAX_WORDS = 12
"""Words looked up per message."""


def mend(text: Text, words: Words, names: Names) -> Text:
    """The text with unknown words replaced by the known word they are one slip away from.

    Capitalised words beside others are left: they may be names.
    """
    short = lexicon().short
    tokens = [token if token.is_capital else replace(token, text=short.get(token.text, token.text)) for token in text.tokens]
    budget = MAX_WORDS
    for i, token in enumerate(tokens):
        if budget == 0:
            break
        named = token.is_capital and any(t.is_capital for t in (*tokens[max(0, i - 1) : i], *tokens[i + 1 : i + 2]))
        if not _may_be_slip(token.text, words) or named or _is_name(token.text, names):
            continue
        budget -= 1
        meant = _meant(token.text, words)
        if meant is not None:
            tokens[i] = replace(token, text=meant)
    return replace(text, tokens=tuple(tokens))


def _meant(word: str, words: Words) -> str | None:
    """The word that is one slip away: one that opens requests, else one of a genre or mood (`somthing` is not soothing)."""
    for known in (words.framing, words.mendable):
        found = process.extractOne(word, known, scorer=OSA.distance, score_cutoff=1)
        if found is not None and found[0][0] == word[0]:
            return found[0]
    return None


def _may_be_slip(word: str, words: Words) -> bool:
    return (
        len(word) >= MIN_CHARS and word.isalpha() and not is_han(word) and word not in words.ordinary and word not in words.known
    )


def _is_name(word: str, names: Names) -> bool:
    return names.knows(word)
