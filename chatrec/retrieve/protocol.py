"""What a retriever is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from chatrec.pool import Found
from chatrec.types import Constraint, Query


class Retriever(Protocol):
    """Finds items for a query. Implementations hold their own index; one instance serves all sessions at once."""

    name: str

    def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> Sequence[tuple[str, float]] | Found:
        """Up to k (item id, score) pairs, best first, or the same with rows of the index.

        Args:
            query: the ledger, words and vectors of this turn.
            required: what every item must satisfy; a retriever that can filter early does, `fuse` checks again.
            k: how many at most; a retriever that cannot filter early should return more.

        Returns:
            Items with scores, higher is better, each once; empty if the query gives it nothing to go by.
        """
        ...


@runtime_checkable
class CatalogScorer(Protocol):
    """A retriever that can score every item of the catalog; its verdict is then asked on what the others found, too."""

    name: str

    def scores(self, query: Query) -> NDArray[np.float32] | None:
        """float32 [items], in the order of the index's rows; those above 0 are retrieved; None: nothing to go by."""
        ...
