"""Works by the facts that words name: genres, people, themes and tags, also such as another catalog tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chatrec.index.document import tokenize
from chatrec.index.open import Index
from chatrec.retrieve.sparse import Sparse
from chatrec.types import Query

LONGEST = 4
"""Stems of a fact's name at most."""


@dataclass(frozen=True, eq=False)
class SaidFacts:
    """Cosine of the facts that words name and those of a work, weighted by inverse document frequency."""

    kind: ClassVar[str] = "said-facts"
    vocab: Mapping[str, int]
    """Stems of a fact's name, joined by spaces → its number."""
    idf: NDArray[np.float32]
    """float32 [facts]."""
    postings: Sparse
    """Fact → works that have it, weighted so that a work's facts have length 1."""

    def scores(self, query: Query, index: Index) -> NDArray[np.float32] | None:
        """Cosines; None if the words name no fact."""
        wishes = [wish.text for wish in query.ledger.wishes if wish.direction == "more"]
        found = sorted(self._find(tokenize(" . ".join([query.text, *wishes]))))
        if not found:
            return None
        weights = self.idf[found] / np.linalg.norm(self.idf[found])
        total = np.zeros(len(index.ids), dtype=np.float32)
        for fact, weight in zip(found, weights, strict=True):
            self.postings.add(fact, float(weight), total)
        return total

    def _find(self, stems: list[str]) -> set[int]:
        names = (" ".join(stems[start : start + size]) for size in range(1, LONGEST + 1) for start in range(len(stems)))
        return {self.vocab[name] for name in names if name in self.vocab}

    def fits(self, items: int) -> bool:
        """Postings among the items."""
        return self.postings.within(items)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Postings, weights and the names as fixed-width text."""
        names = np.array(sorted(self.vocab, key=self.vocab.__getitem__), dtype=np.str_)
        return {"names": names, "idf": self.idf, **self.postings.arrays("postings")}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> SaidFacts:
        """Read back."""
        vocab = {str(name): number for number, name in enumerate(arrays["names"])}
        return cls(vocab, arrays["idf"], Sparse.of(arrays, "postings"))
