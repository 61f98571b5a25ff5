"""The candidates of a turn, column by column: most are only ranked, so that a `Candidate` is made of those that are looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chatrec.types import Candidate, Hit, Item

Floats = NDArray[np.float64]


class Found(NamedTuple):
    """Some items by their rows in the index, best first."""

    rows: NDArray[np.intp]
    """intp [n], each at most once."""
    scores: Floats
    """float64 [n]."""

    def named(self, ids: tuple[str, ...]) -> list[tuple[str, float]]:
        """The same as (id, score), of the ids of all items."""
        return [(ids[row], score) for row, score in zip(self.rows.tolist(), self.scores.tolist(), strict=True)]

    def checked(self, items: int) -> Found:
        """The same as it should be, of whatever was given; of a row that comes more than once the first place is kept.

        Args:
            items: rows of the index.

        Raises:
            TypeError: scores are no numbers.
            ValueError: scores are not finite or not as many as rows, or rows are not all of the index.
        """
        rows, scores = np.asarray(self.rows), finite(self.scores).astype(np.float64, copy=False)
        if rows.ndim != 1 or rows.shape != scores.shape:
            raise ValueError(f"rows of shape {rows.shape} and scores of shape {scores.shape}")
        if not rows.size:
            return NOTHING
        if rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= items:
            raise ValueError(f"not all rows are whole numbers from 0 to {items - 1}")
        if len(set(rows.tolist())) < len(rows):
            first = np.sort(np.unique(rows, return_index=True)[1])
            rows, scores = rows[first], scores[first]
        return Found(rows.astype(np.intp, copy=False), scores)


def finite(given: ArrayLike) -> NDArray[np.floating]:
    """Numbers as an array of floats.

    Raises:
        TypeError: not all of them are numbers.
        ValueError: not all are finite.
    """
    numbers = np.asarray(given)
    if numbers.size and numbers.dtype.kind not in "fiu":
        raise TypeError("not all scores are numbers")
    if numbers.dtype.kind != "f":
        numbers = numbers.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("not all scores are finite")
    return numbers


NOTHING = Found(np.zeros(0, dtype=np.intp), np.zeros(0))


class Pool(Sequence[Candidate]):
    """Candidates in order, each with its hits and its score.

    Args:
        items: where the items are; only those of candidates that are looked at are read.
        ids: of the candidates.
        scores: float64 [n].
        retrievers: the names of m retrievers.
        ranks: float64 [n, m], from 1; NaN where a retriever says nothing of a candidate.
        verdicts: float64 [n, m]: the retrievers' scores.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        items: Mapping[str, Item],
        ids: Sequence[str],
        scores: Floats,
        retrievers: Sequence[str],
        ranks: Floats,
        verdicts: Floats,
    ) -> None:
        self._items, self.ids, self.scores = items, tuple(ids), scores
        self.retrievers, self.ranks, self.verdicts = tuple(retrievers), ranks, verdicts
        self._made: list[Candidate | None] = [None] * len(self.ids)

    @classmethod
    def of(cls, candidates: Sequence[Candidate]) -> Pool:
        """The same candidates in columns."""
        if isinstance(candidates, Pool):
            return candidates
        names = list(dict.fromkeys(hit.retriever for candidate in candidates for hit in candidate.hits))
        ranks, verdicts = (np.full((len(candidates), len(names)), np.nan) for _ in range(2))
        for row, candidate in enumerate(candidates):
            for hit in candidate.hits:
                column = names.index(hit.retriever)
                ranks[row, column], verdicts[row, column] = hit.rank, hit.score
        items = {candidate.item.id: candidate.item for candidate in candidates}
        scores = np.array([candidate.score for candidate in candidates], dtype=np.float64)
        return cls(items, [candidate.item.id for candidate in candidates], scores, names, ranks, verdicts)

    def of_retriever(self, name: str) -> tuple[Floats, Floats]:
        """float64 [n] each: the ranks and scores that a retriever gives; NaN where it says nothing."""
        if name not in self.retrievers:
            return np.full(len(self), np.nan), np.full(len(self), np.nan)
        column = self.retrievers.index(name)
        return self.ranks[:, column], self.verdicts[:, column]

    def take(self, places: Sequence[int]) -> Pool:
        """Those at some places, in this order."""
        rows = np.array(places, dtype=np.intp)
        ids = [self.ids[place] for place in places]
        return Pool(self._items, ids, self.scores[rows], self.retrievers, self.ranks[rows], self.verdicts[rows])

    def ranked(self, scores: Floats) -> Pool:
        """All of them with other scores, float64 [n]: best first, ties by id."""
        told = scores.tolist()
        ranked = self.take(sorted(range(len(self)), key=lambda place: (-told[place], self.ids[place])))
        ranked.scores = np.sort(scores)[::-1]
        return ranked

    def joined(self, other: Pool) -> Pool:
        """These, then those of another of the same retrievers; none may be in both."""
        assert self.retrievers == other.retrievers
        columns = [(self.scores, other.scores), (self.ranks, other.ranks), (self.verdicts, other.verdicts)]
        scores, ranks, verdicts = (np.concatenate(pair) for pair in columns)
        return Pool(self._items, (*self.ids, *other.ids), scores, self.retrievers, ranks, verdicts)

    def where(self, fits: Callable[[str], bool]) -> Pool:
        """Those whose id fits."""
        return self.take([place for place, item_id in enumerate(self.ids) if fits(item_id)])

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Candidate: ...
    @overload
    def __getitem__(self, place: slice) -> Pool: ...
    def __getitem__(self, place: int | slice) -> Candidate | Pool:
        if isinstance(place, slice):
            return self.take(range(len(self))[place])
        made = self._made[place]
        if made is None:
            made = self._made[place] = self._make(place)
        return made

    def __eq__(self, other: Any) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, Sequence) else NotImplemented

    def _make(self, place: int) -> Candidate:
        told = zip(self.retrievers, self.ranks[place].tolist(), self.verdicts[place].tolist(), strict=True)
        hits = tuple([Hit(name, int(rank), score) for name, rank, score in told if rank == rank])  # NaN differs from itself
        return Candidate(item=self._items[self.ids[place]], hits=hits, score=float(self.scores[place]))
