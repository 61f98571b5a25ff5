"""Which candidates are truly near something the person likes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatrec.index.open import Index
from chatrec.retrieve.query import liked_items
from chatrec.types import Candidate, Query

NEAR_QUANTILE = 0.98
"""An item is near a liked one if it is among the nearest 2% of its medium (and of the whole catalog across media)."""


def near_liked(index: Index, query: Query, candidates: Sequence[Candidate]) -> dict[str, tuple[str, float]]:
    """For each candidate that is near a liked item: that item's id and the cosine of the two.

    "Near" is relative to the catalog, since cosines of short texts have no fixed meaning: the candidate must be nearer to
    the liked item than 98% of the items of its own medium are.
    """
    liked = query.ledger.ids("liked")
    liked = tuple(item_id for item_id in liked if item_id in index.rows) or liked_items(query, index.catalog)
    if not liked or not candidates:
        return {}
    rows = [index.rows[candidate.item.id] for candidate in candidates]
    cosines = index.vectors @ index.vectors[[index.rows[item_id] for item_id in liked]].T
    bars = {
        kind: np.quantile(cosines[of_kind], NEAR_QUANTILE, axis=0) for kind, of_kind in index.columns.postings("kind").items()
    }
    result: dict[str, tuple[str, float]] = {}
    for row, candidate in zip(rows, candidates, strict=True):
        margin = cosines[row] - bars[candidate.item.kind]
        best = int(margin.argmax())
        if margin[best] >= 0:
            result[candidate.item.id] = (liked[best], float(cosines[row, best]))
    return result
