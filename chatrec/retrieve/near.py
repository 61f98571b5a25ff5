"""Which candidates are truly near something the person likes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chatrec.index.open import Index
from chatrec.retrieve.query import liked_items
from chatrec.types import Candidate, Query

NEAR_QUANTILE = 0.98
"""An item is near a liked one if it is among the nearest 2% of its medium."""
SAMPLED = 10_000
"""Items of a medium that stand for all of it: which place is the nearest 2%, so many tell to within .3% of the medium."""


def near_liked(index: Index, query: Query, candidates: Sequence[Candidate]) -> dict[str, tuple[str, float]]:
    """For each candidate that is near a liked item: that item's id and the cosine of the two.

    "Near" is relative to the catalog, since cosines of short texts have no fixed meaning: the candidate must be nearer to
    the liked item than 98% of the items of its own medium are, or of an even sample of these.
    """
    liked = query.ledger.ids("liked")
    liked = tuple(item_id for item_id in liked if item_id in index.rows) or liked_items(query, index.catalog)
    if not liked or not candidates:
        return {}
    anchors = index.vectors[[index.rows[item_id] for item_id in liked]]
    bars = {
        kind: np.quantile(index.cosines(anchors, _sample(index.columns.postings("kind")[kind])), NEAR_QUANTILE, axis=1)
        for kind in {candidate.item.kind for candidate in candidates}
    }
    cosines = index.cosines(anchors, np.array([index.rows[candidate.item.id] for candidate in candidates])).T
    result: dict[str, tuple[str, float]] = {}
    for candidate, near in zip(candidates, cosines, strict=True):
        margin = near - bars[candidate.item.kind]
        best = int(margin.argmax())
        if margin[best] >= 0:
            result[candidate.item.id] = (liked[best], float(near[best]))
    return result


def _sample(rows: NDArray[np.int32]) -> NDArray[np.intp]:
    """At most `SAMPLED` of these rows, evenly taken."""
    taken = rows if len(rows) <= SAMPLED else rows[np.linspace(0, len(rows) - 1, SAMPLED).astype(np.intp)]
    return taken.astype(np.intp)
