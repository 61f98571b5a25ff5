"""Titles and names that are nearly what was typed, where it has a word that the index does not know."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from functools import cached_property, lru_cache
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from chatrec.index.document import folded, tokenize
from chatrec.index.open import Index, top
from chatrec.types import Item

SWAPPED, SHORTEST, LONG = 4, 5, 9
"""Letters of a word that may have two neighbours swapped, of one that may have one slip of the finger, and of one that may have
two; the first letter has none, and a word that is alone has one letter more for the first two."""
LONGEST = 30
"""Letters of the longest word that is looked up; what it may have been grows with their square."""
MOST_WORDS = 6
"""Words of a query that may be a name; what has more is a sentence."""
MOST_ALIKE = 6
MOST_CHECKED = 200
KEPT = 1000
_WORD = re.compile(r"[^\W_]+")


class Spelling:
    """Finds works whose title and people have every word of a query, the unknown ones but for a slip of the finger.

    Of what people type, most words that a catalog lacks are ordinary ones ("haven", "would"), and each alone is nearly some
    name that nobody meant. So all words have to be in the names of one work.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._alike = lru_cache(KEPT)(self._look_up)

    def scores(self, text: str) -> NDArray[np.float32] | None:
        """float32 [items]: BM25 of works that are nearly named, by their words for those of the query; None if none is.

        Args:
            text: a query; only one of up to `MOST_WORDS` words, some of them unknown, is looked at.
        """
        spelt = self._spelt(text)
        if not spelt or not all(spelt.values()):
            return None
        total, named = self._named(spelt.values())
        result = np.zeros(len(total), dtype=np.float32)
        result[named] = total[named]
        return result if named else None

    def meant(self, text: str) -> str | None:
        """The title, alias or person that a misspelt one most likely stands for; None if no word is misspelt, or none has all."""
        spelt = self._spelt(text)
        if not spelt or not all(spelt.values()):
            return None
        _, named = self._named(spelt.values())
        names = [name for row in named for name in _names(self._index.catalog[self._index.ids[row]])]
        whole = [name for name in names if all(_has(name, word, stems) for word, stems in spelt.items())]
        return min(whole, key=lambda name: OSA.distance(folded(name), folded(text)), default=None)

    def _named(self, spelt: Collection[tuple[str, ...]]) -> tuple[NDArray[np.float32], list[int]]:
        """BM25 of all items by these words, and the rows of those that are named by all of them, best first."""
        found = np.stack([np.max([self._index.bm25.get_scores([stem]) for stem in stems], axis=0) for stems in spelt])
        total = found.sum(axis=0)
        rows = np.flatnonzero((found > 0).all(axis=0))
        return total, [row for row in rows[top(total[rows], MOST_CHECKED)].tolist() if self._names(row, spelt)]

    def _spelt(self, text: str) -> dict[str, tuple[str, ...]]:
        """Word of a query → the stems that may be meant by it; nothing if all of them are known, or it is a sentence."""
        words = [word for word in dict.fromkeys(_WORD.findall(folded(text))) if tokenize(word)]
        known = self._index.bm25.vocab_dict
        if len(words) > MOST_WORDS or all(token in known for word in words for token in tokenize(word)):
            return {}
        lone = len(words) == 1
        return {word: tuple(tokenize(word)) if tokenize(word)[0] in known else self._alike(word, lone) for word in words}

    def _names(self, row: int, spelt: Collection[tuple[str, ...]]) -> bool:
        stems = set(tokenize(" ".join(_names(self._index.catalog[self._index.ids[row]]))))
        return all(stems.intersection(those) for those in spelt)

    def _look_up(self, word: str, lone: bool) -> tuple[str, ...]:
        """The known stems that are nearest to a word or to its stem; of a short word only those that two letters swapped make."""
        if not SWAPPED + lone <= len(word) <= LONGEST or not word.isalpha():
            return ()
        slips = _slips(word)
        known = self._index.bm25.vocab_dict
        if len(word) < SHORTEST + lone:
            return tuple(sorted({stem for stem in tokenize(" ".join(_swapped(word))) if stem in known}))[:MOST_ALIKE]
        found = {stem: 1 for stem in tokenize(" ".join(_one_slip(word))) if stem in known}
        found |= {
            stem: slip
            for typed in {word, *tokenize(word)}
            for length in range(len(typed) - slips, len(typed) + slips + 1)
            for stem, slip, _ in process.extract(
                typed, self._by_shape[typed[0], length], scorer=OSA.distance, score_cutoff=slips, limit=MOST_ALIKE
            )
        }
        nearest = min(found.values(), default=0)
        return tuple(sorted(stem for stem, slip in found.items() if slip == nearest))[:MOST_ALIKE]

    @cached_property
    def _by_shape(self) -> dict[tuple[str, int], list[str]]:
        """Known stems by first letter and length."""
        shapes: dict[tuple[str, int], list[str]] = defaultdict(list)
        for stem in self._index.bm25.vocab_dict:
            if stem.isalpha():
                shapes[stem[0], len(stem)].append(stem)
        return shapes


def _names(item: Item) -> tuple[str, ...]:
    return (item.title, *item.aliases, *item.people)


def _has(name: str, word: str, stems: tuple[str, ...]) -> bool:
    """Whether a name has a word that was typed, or one of these stems in a word that is as near by its letters, too."""
    return any(
        set(tokenize(other)) & {*stems}
        and (set(tokenize(other)) & {*tokenize(word)} or OSA.distance(word, other) <= _slips(word))
        for other in _WORD.findall(folded(name))
    )


def _slips(word: str) -> int:
    return 2 if len(word) >= LONG else 1


def _swapped(word: str) -> set[str]:
    """What a word may be of which two neighbouring letters behind the first were swapped: of `zleda` also `zelda`."""
    return {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1)} - {word}


def _one_slip(word: str) -> set[str]:
    """What a word may be that was typed with one slip behind its first letter: of `sahining` also `shining`."""
    parts = [(word[:at], word[at:]) for at in range(1, len(word) + 1)]
    fewer = {left + right[1:] for left, right in parts}
    return (
        fewer
        | _swapped(word)
        | {left + letter + right[more:] for left, right in parts for letter in ascii_lowercase for more in (0, 1)}
    )
