"""The retrievers of an index, with what was trained for its catalog if there is any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from chatrec.errors import DependencyMissingError, InputError, ModelMissingError
from chatrec.index.open import Index
from chatrec.retrieve.checked import naming
from chatrec.retrieve.collaborative import CONFIG as MODELS
from chatrec.retrieve.collaborative import load_models
from chatrec.retrieve.fuse import CONFIG as FUSION
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
"""Packages may register further retrievers under this group: a `RetrieverFactory` each."""
RetrieverFactory = Callable[[Index], Retriever]
"""Makes a retriever for an index; most often its class."""


def load_fusion(index: Index, models: Path | None = None, more: Sequence[RetrieverFactory] = ()) -> Fusion:
    """Retrieval over one index: base retrievers, trained ones, those that installed packages register, and more.

    Args:
        index: the catalog's index.
        models: a folder that `chatrec train head` wrote for this catalog; its retrievers and weights are used too.
        more: further retrievers; like those of packages they weigh 1 unless `fusion.json` in `models` names them.

    Raises:
        ModelMissingError: the folder belongs to another catalog, or cannot be read.
        DependencyMissingError: an installed package's retriever cannot be loaded, or one cannot be made.
        InputError: one is no retriever, or has the name of another.
    """
    trained = load_models(index, models) if models else ()
    lost = [name for name in (MODELS, FUSION) if models and not (models / name).is_file()]
    if len(lost) == 1:
        raise ModelMissingError(f"{models} is incomplete, {lost[0]} is missing: run `chatrec train head` again")
    installed = [(_made(make, index, point.name, package), package) for point, package, make in _installed()]
    added = [*(retriever for retriever, _ in installed), *(_made(make, index) for make in more)]
    retrievers = [*base_retrievers(index), *trained, *added]
    twice = [name for name, count in Counter(one.name for one in retrievers).items() if count > 1]
    if twice:
        raise InputError(f"two retrievers are named {twice[0]!r}: give yours another name")
    packages = {retriever.name: package for retriever, package in installed}
    return Fusion(index, retrievers, FusionConfig.load(models) if models else None, packages)


def _made(make: RetrieverFactory, index: Index, name: str = "", package: str | None = None) -> Retriever:
    if not callable(make):
        raise InputError(f"{make!r} makes no retriever: give its class, or a function of an index")
    with naming(name or getattr(make, "__name__", repr(make)), package):
        retriever = make(index)
    if not isinstance(getattr(retriever, "name", None), str) or not callable(getattr(retriever, "retrieve", None)):
        raise InputError(f"{retriever!r} is no retriever: it needs a `name` and `retrieve(query, required, k)`")
    return retriever


def _installed() -> Iterator[tuple[EntryPoint, str, RetrieverFactory]]:
    """What installed packages register: its entry point, the package, and what makes the retriever."""
    for point in entry_points(group=ENTRY_POINTS):
        package = point.dist.name if point.dist else point.value
        try:
            yield point, package, point.load()
        except Exception as error:  # whatever a package of others does when it is imported
            what = " ".join(f"{type(error).__name__}: {error}".split())
            raise DependencyMissingError(f"the retriever {point.name!r} of {package} cannot be loaded ({what})") from error


def base_retrievers(index: Index) -> list[Retriever]:
    """What every catalog has."""
    return [
        DenseRetriever(index),
        LikedRetriever(index),
        SparseRetriever(index),
        PopularityRetriever(index),
        NamedBeforeRetriever(index),
    ]
