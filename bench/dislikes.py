"""What a disliked work does to the head's order: whether what is like it loses, and how much of the order is moved at all.

Draws pairs of films and series of the shipped catalog, one liked, one disliked, and compares the logits of the candidates with
those of the same question without the dislike. Prints means over the pairs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console

from chatrec.catalog.read import read_catalog
from chatrec.index.embed import Embedder
from chatrec.index.open import Index, open_or_build
from chatrec.retrieve.fuse import Fusion
from chatrec.retrieve.load import base_retrievers
from chatrec.retrieve.query import compose
from chatrec.score.head import Scorer
from chatrec.settings import Settings, resource
from chatrec.types import Ledger, Opinion


def effect(index: Index, fusion: Fusion, scorer: Scorer, liked: str, disliked: str) -> tuple[float, float, float]:
    """Correlation of the change with the likeness to the disliked work; standard deviations of the change and of the logits."""
    opinions = (Opinion(item_id=disliked, sentiment="disliked"), Opinion(item_id=liked, sentiment="liked"))
    alone, both = (compose(index, Ledger(kinds=("video",), opinions=told), "") for told in (opinions[1:], opinions))
    pool = fusion(both)
    before, after = scorer.logits(alone, pool), scorer.logits(both, pool)
    likeness = np.array([index.vector(item_id) @ index.vector(disliked) for item_id in pool.ids])
    return float(np.corrcoef(likeness, after - before)[0, 1]), float((after - before).std()), float(before.std())


def main() -> None:
    """Draw, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=None)
    parser.add_argument("--pairs", type=int, default=40)
    options = parser.parse_args()
    settings = Settings.load()
    index = open_or_build(read_catalog(resource("catalog")), Embedder(), settings.build_dir)
    fusion, scorer = Fusion(index, base_retrievers(index)), Scorer.load(index, options.models)
    films = [item.id for item in index.catalog.values() if item.kind == "video"]
    rng = np.random.default_rng(0)
    found = [effect(index, fusion, scorer, *map(str, rng.choice(films, 2, replace=False))) for _ in range(options.pairs)]
    correlation, change, spread = np.mean(found, axis=0)
    told = f"{options.pairs} pairs: correlation with likeness {correlation:+.2f}, change {change:.2f}, logits {spread:.2f}"
    Console().print(told, highlight=False)


if __name__ == "__main__":
    main()
