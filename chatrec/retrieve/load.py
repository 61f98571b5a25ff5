"""The retrievers of an index, with what was trained for its catalog if there is any."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from chatrec.index.open import Index
from chatrec.retrieve.collaborative import load_models
from chatrec.retrieve.fuse import Fusion, FusionConfig
from chatrec.retrieve.protocol import Retriever
from chatrec.retrieve.retrievers import (
    DenseRetriever,
    LikedRetriever,
    NamedBeforeRetriever,
    PopularityRetriever,
    SparseRetriever,
)

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
    installed: list[Retriever] = [point.load()(index) for point in entry_points(group=ENTRY_POINTS)]
    trained = load_models(index, models) if models else ()
    return Fusion(index, [*base_retrievers(index), *trained, *installed], FusionConfig.load(models) if models else None)


def base_retrievers(index: Index) -> list[Retriever]:
    """What every catalog has."""
    return [
        DenseRetriever(index),
        LikedRetriever(index),
        SparseRetriever(index),
        PopularityRetriever(index),
        NamedBeforeRetriever(index),
    ]
