"""The retrievers of an index, with what was trained for its catalog if there is any."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from chatrec.index.open import Index
from chatrec.retrieve.collaborative import load_models
from chatrec.retrieve.fuse import Fusion, FusionConfig
from chatrec.retrieve.protocol import Retriever
from chatrec.retrieve.retrievers import DenseRetriever, LikedRetriever, PopularityRetriever, SparseRetriever

BASE = (DenseRetriever, LikedRetriever, SparseRetriever, PopularityRetriever)
ENTRY_POINTS = "chatrec.retrievers"
"""Packages may register further retrievers under this group: a callable from `Index` to `Retriever`."""


def load_fusion(index: Index, models: Path | None = None) -> Fusion:
    """Retrieval over one index.

    Args:
        index: the catalog's index.
        models: a folder that `chatrec train head` wrote for this catalog; its retrievers and weights are used too.

    Raises:
        ModelMissingError: the folder belongs to another catalog, or cannot be read.
    """
    base: list[Retriever] = [
        retriever(index) for retriever in (DenseRetriever, LikedRetriever, SparseRetriever, PopularityRetriever)
    ]
    installed: list[Retriever] = [point.load()(index) for point in entry_points(group=ENTRY_POINTS)]
    trained = load_models(index, models) if models else ()
    return Fusion(index, [*base, *trained, *installed], FusionConfig.load(models) if models else None)
