"""Changes to the weights of a sentence encoder, as they are stored: `low-rank`, `adapter` or `weight`, then a module's name.

Nothing here needs the packages that training does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from chatrec.errors import ModelMissingError, SettingsError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LOW_RANK, ADAPTER, WEIGHT = "low-rank", "adapter", "weight"
ADAPTED = "adapter"
"""Name of an adapter in the module that it stands behind."""
SUBLAYER_ENDS = (
    *("output.dense", "out_lin", "lin2", "attn.o", "o_proj", "down_proj", "attention.dense", "ffn_output"),
    *("attn.Wo", "mlp.Wo", "SelfAttention.o", "DenseReluDense.wo", "attn.c_proj", "mlp.c_proj"),
)
"""How encoders and decoders name what ends a sublayer: BERT, DistilBERT, MPNet, Llama, Qwen, ALBERT, ModernBERT, T5, GPT-2."""


class Bottleneck(nn.Module):
    """A Houlsby adapter (Houlsby et al. 2019): what it adds to x is U·GELU(D·x).

    Args:
        features: of x.
        width: of the bottleneck; U begins at zero, so that nothing changes before it is trained.
    """

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.down = nn.Linear(features, width)
        self.up = nn.Linear(width, features)
        nn.init.normal_(self.down.weight, std=0.01)
        for zero in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(zero)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[…, features] → […, features]."""
        return x + self.up(nn.functional.gelu(self.down(x)))


def body(model: SentenceTransformer) -> nn.Module:
    """The transformer of a sentence encoder, without the pooler that sentence encoders pass over."""
    made: Any = model[0].auto_model
    if getattr(made, "pooler", None) is not None:
        made.pooler = None
    return made


def insert_adapters(encoder: nn.Module, width: int) -> list[Bottleneck]:
    """Put an adapter after every attention and every feed-forward; where these go by unknown names, after every block.

    Raises:
        SettingsError: the encoder has no blocks, either.
    """
    places = [part for name, part in encoder.named_modules() if name.endswith(SUBLAYER_ENDS)] or _blocks(encoder)
    features = cast("Any", encoder.config).hidden_size
    return [_adapt(place, Bottleneck(features, width)) for place in places]


def _blocks(encoder: nn.Module) -> list[nn.Module]:
    """The list of modules that holds most of the weights."""
    lists = [part for part in encoder.modules() if isinstance(part, nn.ModuleList)]
    if not lists:
        raise SettingsError(f"adapters have no place in a {type(encoder).__name__}: use --tuning lora or linear")
    return list(max(lists, key=lambda blocks: sum(weight.numel() for weight in blocks.parameters())))


def _adapt(place: nn.Module, adapter: Bottleneck) -> Bottleneck:
    """What the module returns, or the first of it, goes through the adapter."""

    def through(_module: nn.Module, _given: Any, made: Any) -> Any:
        return (adapter(made[0]), *made[1:]) if isinstance(made, tuple) else adapter(made)

    place.add_module(ADAPTED, adapter)
    place.register_forward_hook(through)
    return adapter


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
