"""A synthetic catalog of any size with the shape of a real one, vectors to match, and questions whose answer is known.

What is drawn, and from what (all of it from one seed):

- **People, themes, words** have Zipf popularity: p(rank r) ∝ 1 / (r + q)^s. There is a person for every third item, a theme
  for every hundredth, and as many words as Heaps' law gives (30 · √items, at least 5000).
- **Genres and moods** are those of the product's vocabulary, Zipf within a medium; 45 % videos, 35 % audio, 20 % games.
- **Years** thicken towards the present; **minutes** are log-normal by medium; **popularity** is log-normal.
- **Missing fields**: each optional field is there with its own probability (`PRESENT`), between .5 and .97.
- **Vectors** are sums: one mean for all, a vector for each of the item's genres, moods, themes and people, and some noise of
  its own. Items that share facts lie in clusters, which overlap, so a filter on a field is correlated with the vectors, as it
  is in reality. Concept vectors have the decaying spectrum that MiniLM's vectors of real catalogs have; the weights are set so
  that 8850 items resemble the 8850 of a real catalog (CPCD's songs): mean cosine .39 in both; to the 1st, 10th and 100th
  neighbour .77, .58, .53 where the real ones have .77, .65, .53; the same share of the variance in 8, 32, 128 dimensions.
- **Questions** name one to three facts of an item, drawn by popularity: a person, a genre, a mood, a theme, at times with a
  word of its title. The vector of a question is the sum of those concepts, the mean and noise; the item is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from chatrec.catalog.vocabulary import vocabulary
from chatrec.types import KINDS, Item

DIMENSION = 384
KIND_SHARES = (0.45, 0.35, 0.20)
FORMS = {"video": ("film", "series"), "audio": ("album", "podcast", "audiobook"), "game": ("game",)}
MINUTES = {"video": 100.0, "audio": 45.0, "game": 900.0}
LANGUAGES = ("en", "fr", "ja", "es", "de", "ko", "zh", "it", "hi", "pt", "sv", "da", "pl", "ru", "tr")
COUNTRIES = ("US", "GB", "FR", "JP", "CA", "DE", "KR", "CN", "IT", "IN", "ES", "BR", "SE", "DK", "PL", "RU", "AU", "MX", "NG")
AGES = (0, 6, 12, 16, 18)
PRESENT = {
    "year": 0.95,
    "minutes": 0.8,
    "age": 0.5,
    "language": 0.85,
    "countries": 0.8,
    "popularity": 0.9,
    "description": 0.85,
    "publishers": 0.7,
    "aliases": 0.3,
}
MEAN, GENRE, MOOD, THEME, PERSON, OWN = 0.62, 0.22, 0.12, 0.27, 0.24, 0.42
"""Lengths of the parts that an item's vector is the sum of."""
SEQUELS = 0.8
"""Share of items that are one of a series: they have the facts of another, and most of its noise."""
CHUNK = 5000


@dataclass(frozen=True)
class Question:
    """What somebody asks for, and the row of the item they have in mind."""

    text: str
    vector: NDArray[np.float32]
    row: int


class Synthetic:
    """A catalog to be drawn; the same seed and size give the same one.

    Args:
        size: items.
        seed: of everything that is drawn.
    """

    def __init__(self, size: int, seed: int = 7) -> None:
        self.size, self.seed = size, seed
        rng = np.random.default_rng(seed)
        self.words = _names(max(5000, int(30 * size**0.5)))
        self.people = [f"{a.capitalize()} {b.capitalize()}" for a, b in islice(_pairs(self.words, rng), max(300, size // 3))]
        self.themes = [" ".join(pair) for pair in islice(_pairs(self.words, rng), max(200, size // 100))]
        book = vocabulary()
        self.genres = list(book.genres)
        self.moods = list(book.moods)
        self._genres_of = {kind: [n for n, name in enumerate(self.genres) if kind in book.genres[name]] for kind in KINDS}
        self._concepts = {
            name: _spectral(rng, len(values))
            for name, values in (("genre", self.genres), ("mood", self.moods), ("theme", self.themes), ("person", self.people))
        }
        self._mean = MEAN * _spectral(rng, 1)[0]

    def items(self) -> Iterator[tuple[Item, NDArray[np.float32]]]:
        """Every item with its vector, float32 [384] of unit length."""
        for start in range(0, self.size, CHUNK):
            n = min(CHUNK, self.size - start)
            rng = np.random.default_rng((self.seed, start))
            facts, own = self._facts(rng, n), OWN * _spectral(rng, n)
            sequels, of = rng.choice(n, size=(2, int(SEQUELS * n / 2)))
            for fact in facts:
                fact[sequels] = fact[of]
            own[sequels] = 0.8 * own[of] + 0.6 * own[sequels]
            vectors = self._vectors(facts, own)
            for row, vector in enumerate(vectors):
                yield self._item(rng, start + row, [fact[row] for fact in facts]), vector

    def questions(self, popularity: NDArray[np.float64], item: Callable[[int], Item], n: int, seed: int = 1) -> list[Question]:
        """n questions about its items, the famous asked for more often.

        Args:
            popularity: float64 [size], NaN where unknown, in the order of `items()`.
            item: that of a row.
            n: how many.
            seed: of what is asked.
        """
        rng = np.random.default_rng((self.seed, seed, 1))
        fame = np.where(np.isnan(popularity) | (popularity == 0), 1.0, popularity)
        rows = rng.choice(self.size, size=n, p=fame / fame.sum()).tolist()
        return [self._question(rng, item(row), row) for row in rows]

    def _question(self, rng: np.random.Generator, item: Item, row: int) -> Question:
        options = [("genre", item.genres), ("mood", item.moods), ("theme", item.themes), ("person", item.people)]
        facts = [(kind, value) for kind, values in options for value in values]
        chosen = [facts[n] for n in rng.permutation(len(facts))[: rng.integers(1, 4)]]
        words = [value for _, value in chosen]
        if rng.random() < 0.4:
            words.append(str(rng.choice(item.title.split())))
        vector = self._mean + 0.35 * np.sum([self._concept_of[fact] for fact in chosen], axis=0) + 0.35 * _spectral(rng, 1)[0]
        return Question(" ".join(words), (vector / np.linalg.norm(vector)).astype(np.float32), row)

    @cached_property
    def _concept_of(self) -> dict[tuple[str, str], NDArray[np.float32]]:
        """(kind, value) → vector of every concept."""
        lists = {"genre": self.genres, "mood": self.moods, "theme": self.themes, "person": self.people}
        return {(kind, value): self._concepts[kind][n] for kind, values in lists.items() for n, value in enumerate(values)}

    def _facts(self, rng: np.random.Generator, n: int) -> list[NDArray[np.int64]]:
        """kind [n], and the numbers of genres [n, 3], moods [n, 3], themes [n, 4], people [n, 4]; -1: none."""
        kinds = rng.choice(len(KINDS), size=n, p=KIND_SHARES)
        genres = np.full((n, 3), -1)
        for number, kind in enumerate(KINDS):
            mine = np.flatnonzero(kinds == number)
            order = np.array(self._genres_of[kind])
            genres[mine] = order[_zipf(rng, len(order), (len(mine), 3), s=1.0, q=3)]
        moods = _zipf(rng, len(self.moods), (n, 3), s=0.7, q=3)
        themes = _zipf(rng, len(self.themes), (n, 4), s=0.9, q=10)
        people = _zipf(rng, len(self.people), (n, 4), s=0.8, q=20)
        for facts, least in ((genres, 1), (moods, 0), (themes, 0), (people, 1)):
            kept = rng.integers(least, facts.shape[1] + 1, size=n)
            facts[np.arange(facts.shape[1])[None, :] >= kept[:, None]] = -1
        return [kinds, genres, moods, themes, people]

    def _vectors(self, facts: list[NDArray[np.int64]], own: NDArray[np.float32]) -> NDArray[np.float32]:
        _, genres, moods, themes, people = facts
        total = self._mean + own
        parts = (("genre", genres, GENRE), ("mood", moods, MOOD), ("theme", themes, THEME), ("person", people, PERSON))
        for name, numbers, length in parts:
            for column in numbers.T:
                has = column >= 0
                total[has] += np.float32(length) * self._concepts[name][column[has]]
        return total / np.linalg.norm(total, axis=1, keepdims=True)

    def _item(self, rng: np.random.Generator, number: int, facts: list[NDArray[np.int64]]) -> Item:
        kind = KINDS[int(facts[0])]
        genres, moods, themes, people = (
            tuple(dict.fromkeys(values[n] for n in numbers if n >= 0))
            for values, numbers in zip((self.genres, self.moods, self.themes, self.people), facts[1:], strict=True)
        )
        has = dict(zip(PRESENT, rng.random(len(PRESENT)) < np.array(list(PRESENT.values())), strict=True))
        words = [self.words[n] for n in _zipf(rng, len(self.words), 30, s=0.9, q=30)]
        title = " ".join(words[: 1 + int(3 * rng.random())]).capitalize()
        draws = rng.random(7)
        forms = FORMS[kind]
        return Item(
            id=f"{kind}:{number}",
            kind=kind,
            form=forms[int(draws[0] * len(forms))],
            title=title,
            aliases=(" ".join(words[4:6]),) if has["aliases"] else (),
            year=2026 - int(90 * draws[1] ** 2.5) if has["year"] else None,
            creators=people[:1],
            cast=people[1:],
            publishers=(f"{self.words[int(draws[2] ** 3 * 2000)].capitalize()} House",) if has["publishers"] else (),
            genres=genres,
            moods=moods,
            themes=themes,
            description=" ".join(words[6 : 16 + int(14 * rng.random())]) if has["description"] else None,
            minutes=round(MINUTES[kind] * float(np.exp(0.5 * rng.normal()))) if has["minutes"] else None,
            age=AGES[int(draws[3] * len(AGES))] if has["age"] else None,
            language=LANGUAGES[int(draws[4] ** 2.5 * len(LANGUAGES))] if has["language"] else None,
            countries=(COUNTRIES[int(draws[5] ** 2 * len(COUNTRIES))],) if has["countries"] else (),
            popularity=round(float(np.exp(1.5 * rng.normal() + 2)), 2) if has["popularity"] else None,
        )


def _zipf(rng: np.random.Generator, n: int, shape: int | tuple[int, ...], *, s: float, q: float) -> NDArray[np.int64]:
    """Numbers below n, p(r) ∝ 1 / (r + q)^s, by inversion of the continuous distribution; s may be 1."""
    draws = rng.random(shape)
    if s == 1.0:
        ranks = q * ((n + q) / q) ** draws - q
    else:
        low, high = q ** (1 - s), (n + q) ** (1 - s)
        ranks = (low + draws * (high - low)) ** (1 / (1 - s)) - q
    return np.minimum(ranks.astype(np.int64), n - 1)


def _spectral(rng: np.random.Generator, n: int) -> NDArray[np.float32]:
    """float32 [n, 384]: random directions of about unit length whose variance falls from dimension to dimension."""
    spread = 1 / np.sqrt(np.arange(DIMENSION) + 25.0)
    spread /= np.linalg.norm(spread)
    return (rng.standard_normal((n, DIMENSION), dtype=np.float32) * spread.astype(np.float32)).astype(np.float32)


def _names(n: int) -> list[str]:
    """n words that can be spoken, the short ones, which are the frequent ones, first."""
    syllables = ["".join(pair) for pair in product("bdfgklmnprstvz", "aeiou")]
    shuffled = list(np.random.default_rng(0).permutation(syllables))
    by_length = (("".join(parts) + end for parts in product(shuffled, repeat=k)) for k in (2, 3, 4) for end in ("n", "", "r"))
    return list(islice((word for words in by_length for word in words), n))


def _pairs(words: Sequence[str], rng: np.random.Generator) -> Iterator[tuple[str, str]]:
    """Different pairs of words, without end."""
    seen: set[tuple[int, int]] = set()
    while True:
        for a, b in rng.integers(0, len(words), size=(10_000, 2)).tolist():
            if (a, b) not in seen:
                seen.add((a, b))
                yield words[a], words[b]
