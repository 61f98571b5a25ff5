"""Retrievers that were trained on the dialogs and interactions of one catalog (`chatrec train head` writes them).

Each scores the whole catalog, so that a candidate another retriever found gets their verdict too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import ModelMissingError
from chatrec.index.open import Index
from chatrec.pool import NOTHING, Found
from chatrec.retrieve.concepts import concepts
from chatrec.retrieve.retrievers import best_allowed
from chatrec.retrieve.sparse import Sparse
from chatrec.retrieve.tower import EncoderTower, LinearTower
from chatrec.types import Constraint, Query

Floats = NDArray[np.float32]
Arrays = Mapping[str, NDArray[Any]]
CONFIG = "retrievers.json"


class Model(Protocol):
    """A trained scorer of the whole catalog; its arrays are all that is stored."""

    kind: ClassVar[str]

    def scores(self, query: Query, index: Index) -> Floats | None:
        """float32 [items], 0 or less for "nothing speaks for it"; None if the query gives it nothing to go by."""
        ...

    def fits(self, items: int) -> bool:
        """Whether it can be of a catalog of so many items."""
        ...

    def arrays(self) -> Arrays:
        """What to store."""
        ...


class TrainedRetriever:
    """A trained model at work on one index."""

    def __init__(self, name: str, model: Model, index: Index) -> None:
        self.name = name
        self.model = model
        self._index = index

    def scores(self, query: Query) -> Floats | None:
        """float32 [items]: the model's verdict on every item, None if it has nothing to go by."""
        return self.model.scores(query, self._index)

    def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> Found:
        """The items that the model speaks for, best first."""
        scores = self.scores(query)
        if scores is None:
            return NOTHING
        return best_allowed(self._index, scores, scores > 0, query, required, k)


@dataclass(frozen=True, eq=False)
class ItemToItem:
    """Co-occurrence, EASE, co-rating and the like: the mean of W[i, j] over the items i that were named, on a log scale.

    score(j) = log(1 + 1000 · max(0, Σ_i decay^age(i) · W[i, j] / Σ_i decay^age(i)))
    """

    kind: ClassVar[str] = "item-to-item"
    weights: Sparse
    decay: float = 1.0
    """Weight of a mention against the one after it."""

    def scores(self, query: Query, index: Index) -> Floats | None:
        """Mean over the items named without dislike, less those disliked."""
        ledger = query.ledger
        named = [i for i in ledger.ids("liked", "saved", "mentioned", "seen") if i in index.rows]
        if not named:
            return None
        shares = self.decay ** np.arange(len(named), dtype=np.float64)
        total = np.zeros(len(index.ids), dtype=np.float32)
        for share, item in zip(shares / shares.sum(), reversed(named), strict=True):
            self.weights.add(index.rows[item], float(share), total)
        for item in ledger.ids("disliked"):
            if item in index.rows:
                self.weights.add(index.rows[item], -0.5 / len(named), total)
        return np.log1p(1000 * np.maximum(total, 0)) if total.any() else None

    def fits(self, items: int) -> bool:
        """A row and a column for each item."""
        return len(self.weights.starts) == items + 1 and self.weights.within(items)

    def arrays(self) -> Arrays:
        """Weights and decay."""
        return {**self.weights.arrays("w"), "decay": np.array([self.decay], dtype=np.float32)}

    @classmethod
    def of(cls, arrays: Arrays) -> ItemToItem:
        """Read back."""
        return cls(Sparse.of(arrays, "w"), float(arrays["decay"][0]))


@dataclass(frozen=True, eq=False)
class BagOfConcepts:
    """P(item | concepts): softmax over the catalog of one hidden layer over the mean concept vector and the text's vector.

    h = tanh(Σ_c E_c / √n + A·q),  logit(j) = h · (O_j) + b_j
    """

    kind: ClassVar[str] = "bag-of-concepts"
    vocab: Mapping[str, int]
    embeddings: Floats
    """float32 [members, concepts, d]."""
    text: Floats
    """float32 [members, d, text dimension]."""
    items: Floats
    """float32 [members, items, d]."""
    bias: Floats
    """float32 [members, items]."""

    def scores(self, query: Query, index: Index) -> Floats | None:
        """Mean log-probability of the members, shifted so that the uniform distribution scores 0."""
        found = [self.vocab[c] for c in concepts(query, index) if c in self.vocab]
        if not found and query.vector is None:
            return None
        total = np.zeros(self.items.shape[1], dtype=np.float32)
        for embedding, text, items, bias in zip(self.embeddings, self.text, self.items, self.bias, strict=True):
            hidden = embedding[found].sum(axis=0) / np.float32(np.sqrt(max(1, len(found))))
            if query.vector is not None:
                hidden = hidden + text @ query.vector
            logits = items @ np.tanh(hidden) + bias
            top = logits.max()
            total += logits - top - np.log(np.exp(logits - top).sum())
        return (total / len(self.items) + np.log(self.items.shape[1])).astype(np.float32)

    def fits(self, items: int) -> bool:
        """A vector and a bias for each item."""
        return self.items.shape[1] == self.bias.shape[1] == items

    def arrays(self) -> Arrays:
        """Parameters, and the vocabulary as fixed-width text."""
        names = np.array(sorted(self.vocab, key=self.vocab.__getitem__), dtype=np.str_)
        return {"names": names, "embeddings": self.embeddings, "text": self.text, "items": self.items, "bias": self.bias}

    @classmethod
    def of(cls, arrays: Arrays) -> BagOfConcepts:
        """Read back."""
        vocab = {str(name): number for number, name in enumerate(arrays["names"])}
        return cls(vocab, arrays["embeddings"], arrays["text"], arrays["items"], arrays["bias"])


@dataclass(frozen=True, eq=False)
class DialogNeighbours:
    """User-based kNN over dialogs: what was put forward in the past dialogs most like this one (TF-IDF cosine of concepts)."""

    kind: ClassVar[str] = "whole-dialog-neighbours"
    vocab: Mapping[str, int]
    idf: Floats
    postings: Sparse
    """Concept → past dialogs, TF-IDF weights of unit-length dialogs."""
    answers: Sparse
    """Past dialog → items put forward in it."""
    neighbours: int = 300

    def scores(self, query: Query, index: Index) -> Floats | None:
        """log(1 + 100 · the sum of the squared cosines of the nearest dialogs that hold the item)."""
        found = [self.vocab[c] for c in concepts(query, index) if c in self.vocab]
        if not found:
            return None
        likeness = np.zeros(len(self.answers.starts) - 1, dtype=np.float32)
        for concept in found:
            self.postings.add(concept, float(self.idf[concept]), likeness)
        likeness /= max(float(np.linalg.norm(self.idf[found])), 1e-6)
        nearest = np.argsort(-likeness, kind="stable")[: self.neighbours]
        total = np.zeros(len(index.ids), dtype=np.float32)
        for dialog in nearest[likeness[nearest] > 0]:
            self.answers.add(int(dialog), float(likeness[dialog]) ** 2, total)
        return np.log1p(100 * total)

    def fits(self, items: int) -> bool:
        """Answers among the items."""
        return self.answers.within(items)

    def arrays(self) -> Arrays:
        """Postings, answers and the vocabulary as fixed-width text."""
        names = np.array(sorted(self.vocab, key=self.vocab.__getitem__), dtype=np.str_)
        return {
            "names": names,
            "idf": self.idf,
            "neighbours": np.array([self.neighbours], dtype=np.int32),
            **self.postings.arrays("postings"),
            **self.answers.arrays("answers"),
        }

    @classmethod
    def of(cls, arrays: Arrays) -> DialogNeighbours:
        """Read back."""
        vocab = {str(name): number for number, name in enumerate(arrays["names"])}
        postings, answers = Sparse.of(arrays, "postings"), Sparse.of(arrays, "answers")
        return cls(vocab, arrays["idf"], postings, answers, int(arrays["neighbours"][0]))


@dataclass(frozen=True, eq=False)
class Prior:
    """The same score for any query: how often an item was recommended, or mentioned, in the training dialogs."""

    kind: ClassVar[str] = "prior"
    values: Floats

    def scores(self, query: Query, index: Index) -> Floats | None:
        """The stored scores."""
        return self.values

    def fits(self, items: int) -> bool:
        """A score for each item."""
        return len(self.values) == items

    def arrays(self) -> Arrays:
        """The scores."""
        return {"values": self.values}

    @classmethod
    def of(cls, arrays: Arrays) -> Prior:
        """Read back."""
        return cls(arrays["values"])


KINDS: Mapping[str, Any] = {
    model.kind: model for model in (ItemToItem, BagOfConcepts, DialogNeighbours, Prior, LinearTower, EncoderTower)
}


def save_models(folder: Path, models: Mapping[str, Model], catalog_sha256: str, rows: int, embedder_sha256: str = "") -> None:
    """Write `<name>.npz` per model, and `retrievers.json` that lists them and names the catalog and embedder they belong to."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in models.items():
        np.savez(folder / f"{name}.npz", allow_pickle=False, **dict(model.arrays()))
    listed = {name: model.kind for name, model in models.items()}
    content = {"catalog_sha256": catalog_sha256, "embedder_sha256": embedder_sha256, "items": rows, "retrievers": listed}
    (folder / CONFIG).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load_models(index: Index, folder: Path) -> tuple[TrainedRetriever, ...]:
    """The trained retrievers of a folder; none if it holds only a head.

    Raises:
        ModelMissingError: files are missing or damaged, or belong to another catalog or embedder.
    """
    kinds = check_models(folder, index.catalog.sha256, index.manifest.embedder_sha256)
    with _reading(folder):
        models = {name: KINDS[kind].of(_arrays(folder / f"{name}.npz")) for name, kind in kinds.items()}
        for name, model in models.items():
            if not model.fits(len(index.ids)):
                raise ValueError(f"{name}.npz is not of {len(index.ids)} items")
    return tuple(TrainedRetriever(name, model, index) for name, model in models.items())


def files_of(folder: Path) -> tuple[str, ...]:
    """Names of the files with arrays that `save_models` wrote into a folder; none if it did not, or its list is damaged."""
    try:
        listed = json.loads((folder / CONFIG).read_text(encoding="utf-8"))["retrievers"]
    except (OSError, ValueError, TypeError, KeyError):
        return ()
    return tuple(f"{name}.npz" for name in listed if name.isidentifier())


def check_models(folder: Path, catalog_sha256: str, embedder_sha256: str = "") -> Mapping[str, str]:
    """Trained retrievers of a folder, name → kind, if they are of this catalog; none if it holds only a head.

    Args:
        folder: where `save_models` wrote.
        catalog_sha256: of the catalog.
        embedder_sha256: of the embedder, if it is to be the one they were trained with.

    Raises:
        ModelMissingError: they belong to another catalog or embedder, or the list of them is damaged.
    """
    if not (folder / CONFIG).is_file():
        return {}
    with _reading(folder):
        listed = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        trained_for, kinds = str(listed["catalog_sha256"]), dict(listed["retrievers"])
        trained_with = str(listed.get("embedder_sha256", ""))
    if trained_for != catalog_sha256:
        raise ModelMissingError(
            f"the models in {folder} were trained for another catalog ({trained_for[:8]}, this one is"
            f" {catalog_sha256[:8]}): give that catalog, or run `chatrec train head` for this one"
        )
    if trained_with and embedder_sha256 and trained_with != embedder_sha256:
        raise ModelMissingError(
            f"the models in {folder} were trained with another embedder ({trained_with[:8]}, this one is"
            f" {embedder_sha256[:8]}): set CHATREC_EMBEDDER to that one, or run `chatrec train head` with this one"
        )
    return kinds


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile) as error:
        raise ModelMissingError(f"the models in {folder} cannot be read ({error}): run `chatrec train head` again") from error


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a model, all of them numbers."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{path.name}: not all of {name!r} are numbers")
    return arrays
