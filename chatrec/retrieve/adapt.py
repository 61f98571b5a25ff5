"""Changes to the weights of a sentence encoder, as they are stored: `low-rank`, `adapter` or `weight`, then a module's name.

Nothing here needs the packages that training does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from chatrec.errors import ModelMissingError, SettingsError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LOW_RANK, ADAPTER, WEIGHT = "low-rank", "adapter", "weight"
SUBLAYER_ENDS = ("output.dense", "out_lin", "lin2", "attn.o", "o_proj", "down_proj")
"""How encoders and decoders name the projection that ends a sublayer: BERT, DistilBERT, MPNet, Llama, Qwen."""


class Bottleneck(nn.Module):
    """A projection followed by a Houlsby adapter (Houlsby et al. 2019): y = x + U·GELU(D·x), x what was projected.

    Args:
        projection: the linear layer that ends an attention or a feed-forward, left as it is.
        width: of the bottleneck; U begins at zero, so that nothing changes before it is trained.
    """

    def __init__(self, projection: nn.Linear, width: int) -> None:
        super().__init__()
        self.projection = projection
        self.down = nn.Linear(projection.out_features, width)
        self.up = nn.Linear(width, projection.out_features)
        nn.init.normal_(self.down.weight, std=0.01)
        for zero in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(zero)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[…, in] → […, out]."""
        x = self.projection(x)
        return x + self.up(nn.functional.gelu(self.down(x)))


def body(model: SentenceTransformer) -> nn.Module:
    """The transformer of a sentence encoder, without the pooler that sentence encoders pass over."""
    made: Any = model[0].auto_model
    if getattr(made, "pooler", None) is not None:
        made.pooler = None
    return made


def insert_adapters(encoder: nn.Module, width: int) -> dict[str, Bottleneck]:
    """Put an adapter after every attention and every feed-forward; name of the projection → adapter.

    Raises:
        SettingsError: no such place is known in this encoder.
    """
    ends = {name: m for name, m in encoder.named_modules() if isinstance(m, nn.Linear) and name.endswith(SUBLAYER_ENDS)}
    if not ends:
        raise SettingsError(f"adapters have no known place in a {type(encoder).__name__}: use --tuning lora or linear")
    return {name: _adapt(encoder, name, width) for name in ends}


def _adapt(encoder: nn.Module, name: str, width: int) -> Bottleneck:
    made = Bottleneck(encoder.get_submodule(name), width)  # type: ignore[arg-type]
    encoder.set_submodule(name, made)
    return made


def changed(model: SentenceTransformer, changes: Mapping[str, NDArray[Any]]) -> SentenceTransformer:
    """The same encoder, its weights changed in place.

    Raises:
        ModelMissingError: the changes are of another encoder.
    """
    encoder = body(model)
    try:
        with torch.no_grad():
            _add_low_rank(encoder, changes)
            _add_adapters(encoder, changes)
            for name, weight in _named(changes, WEIGHT):
                encoder.get_parameter(name).copy_(torch.from_numpy(weight))
    except (AttributeError, RuntimeError) as error:
        raise ModelMissingError(f"the text tower is of another encoder ({error}): run `chatrec train head` again") from error
    return model.eval()


def encode_one(model: SentenceTransformer, text: str) -> NDArray[np.float32]:
    """float32 [d] of unit length."""
    with torch.inference_mode():
        return encode(model, [text])[0].numpy()


def encode(model: SentenceTransformer, texts: list[str]) -> torch.Tensor:
    """[texts, d] of unit length, through which gradients flow."""
    return nn.functional.normalize(model(model.preprocess(texts))["sentence_embedding"], dim=1)


def _add_low_rank(encoder: nn.Module, changes: Mapping[str, NDArray[Any]]) -> None:
    """W += U·D."""
    for name, up in _named(changes, f"{LOW_RANK}/up"):
        down = changes[f"{LOW_RANK}/down/{name}"]
        encoder.get_parameter(f"{name}.weight").add_(torch.from_numpy(up @ down))


def _add_adapters(encoder: nn.Module, changes: Mapping[str, NDArray[Any]]) -> None:
    width = next((len(bias) for name, bias in _named(changes, ADAPTER) if name.endswith("down.bias")), 0)
    if width:
        insert_adapters(encoder, width)
    for name, weight in _named(changes, ADAPTER):
        encoder.get_parameter(name).copy_(torch.from_numpy(weight))


def _named(changes: Mapping[str, NDArray[Any]], kind: str) -> Iterator[tuple[str, NDArray[Any]]]:
    return ((name.removeprefix(f"{kind}/"), array) for name, array in changes.items() if name.startswith(f"{kind}/"))
