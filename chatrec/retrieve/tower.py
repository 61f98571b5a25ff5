"""The text tower: the query side learns to speak as the catalog is described, the item side is the index's own vectors.

`chatrec train head --tuning` fits it. What is stored is only what was learned; the encoder is that of the index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chatrec.index.open import Index
from chatrec.retrieve.query import liked_items
from chatrec.types import Query

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LinearTower:
    """A linear probe: one map of the text's vector and one of the mean vector of the items that pull.

    score(j) = cos(W_t·t + W_m·m, v_j)
    """

    kind: ClassVar[str] = "tower-linear"
    text: Floats
    """float32 [d, d]: W_t."""
    named: Floats
    """float32 [d, d]: W_m."""

    @property
    def parameters(self) -> int:
        """How many were trained."""
        return self.text.size + self.named.size

    def scores(self, query: Query, index: Index) -> Floats | None:
        """Cosine of the mapped query and every item; None without text and items."""
        said, named = query_vectors(query, index)
        mapped = self.text @ said + self.named @ named
        length = np.float32(np.linalg.norm(mapped))
        return index.vectors @ (mapped / length).astype(np.float32) if length else None

    def fits(self, items: int) -> bool:
        """It changes the question only."""
        return True

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Both maps."""
        return {"text": self.text, "named": self.named}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> LinearTower:
        """Read back."""
        return cls(arrays["text"], arrays["named"])


def query_vectors(query: Query, index: Index) -> tuple[Floats, Floats]:
    """float32 [d] each: the text's vector, and the mean of those of the items that pull; zeros for what there is not."""
    nothing = np.zeros(index.vectors.shape[1], dtype=np.float32)
    pulling = [index.vector(item) for item in liked_items(query, index.catalog)]
    return (nothing if query.vector is None else query.vector), (np.mean(pulling, axis=0) if pulling else nothing)


@dataclass(frozen=True, eq=False)
class EncoderTower:
    """The index's encoder with changed weights, for the query alone; its text is encoded once more with them.

    score(j) = cos(encoder'(text), v_j)
    """

    kind: ClassVar[str] = "tower-encoder"
    changes: Mapping[str, NDArray[Any]]
    """What `chatrec.retrieve.adapt.change` does to the encoder."""
    parameters: int
    """How many were trained, without those that were pruned."""
    _encoders: list[SentenceTransformer] = field(default_factory=list, repr=False)
    """The changed encoder, once it was asked for."""

    def scores(self, query: Query, index: Index) -> Floats | None:
        """Cosine of the text and every item; None without text."""
        if not query.text:
            return None
        from chatrec.retrieve.adapt import changed, encode_one

        if not self._encoders:
            self._encoders.append(changed(index.embedder.copy_of_model(), self.changes))
        return index.vectors @ encode_one(self._encoders[0], query.text)

    def fits(self, items: int) -> bool:
        """It changes the question only."""
        return True

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """The changes, and how many parameters were trained."""
        return {**self.changes, "parameters": np.array([self.parameters], dtype=np.int64)}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> EncoderTower:
        """Read back."""
        changes = {name: array for name, array in arrays.items() if name != "parameters"}
        return cls(changes, int(arrays["parameters"][0]))
