"""The scoring head: a small network over features, its calibration, and its files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from chatrec.errors import ModelMissingError
from chatrec.index.open import Index
from chatrec.pool import Pool
from chatrec.score.features import BASE_RETRIEVERS, Features, feature_names
from chatrec.types import Candidate, Query

SHIPPED = Path(__file__).parent / "weights"
CONFIG, WEIGHTS = "head.json", "head.safetensors"
FORMAT = 1


FIT_BOUNDS = (0.15, 0.4)
"""Of the shipped head: fewer than one in seven of the works below the first are what a simulated need wants, and at least two in
five from the second on."""


@dataclass(frozen=True)
class HeadConfig:
    """What is stored beside the weights."""

    features: tuple[str, ...] = feature_names(BASE_RETRIEVERS)
    """Columns in order; a head keeps working when features are added to the code later."""
    retrievers: tuple[str, ...] = BASE_RETRIEVERS
    scored: tuple[str, ...] = ()
    hidden: int = 48
    layers: int = 2
    """Hidden layers of the deep path."""
    members: int = 3
    """Networks whose logits are averaged."""
    dropout: float = 0.1
    slope: float = 1.0
    """Platt scaling (Platt 1999): p = σ(slope · logit + offset)."""
    offset: float = 0.0
    fit_bounds: tuple[float, float] = FIT_BOUNDS
    """Probabilities below the first are shown as a low fit, from the second on as a high one."""
    llm_weight: float = 0.3
    """How much a pick of the language model adds to the logit: weight / log2(1 + rank), less what an average pick gets.

    `chatrec train llm-weight` learns it of a model that was recorded. This one was set by hand, and is small: of what the default
    model picked in 446 turns of ReDial it would learn .04 (−.38 to .45).
    """
    format: int = FORMAT

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HeadConfig:
        """Read back what `asdict` wrote."""
        plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
        return cls(**plain)


class Head(nn.Module):
    """Features → logit, for each candidate by itself.

    Known features are standardised, unknown ones become 0 with a mask bit of 0 beside them. Each member is a linear map
    plus a perceptron; their mean is the logit.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        width = len(config.features)
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))
        self.members = nn.ModuleList(Member(2 * width, config) for _ in range(config.members))

    def forward(self, features: Tensor) -> Tensor:
        """Logits [..., n] of features [..., n, width], NaN where unknown."""
        return self.each(features).mean(dim=0)

    def each(self, features: Tensor) -> Tensor:
        """Logits of every member [members, ..., n]."""
        return torch.stack([logits for logits, _ in self.layers(features)])

    def layers(self, features: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Logits [..., n] and last hidden layer [..., n, hidden] of every member."""
        known = ~torch.isnan(features)
        values = torch.where(known, (features - self.mean) / self.scale, 0.0).clamp(-6, 6)
        inputs = torch.cat([values, known.to(values.dtype)], dim=-1)
        return (member(inputs) for member in self.members)


class Member(nn.Module):
    """A linear path beside a deep one."""

    def __init__(self, width: int, config: HeadConfig) -> None:
        super().__init__()
        self.wide = nn.Linear(width, 1)
        widths = [width, *[config.hidden] * config.layers]
        hidden = (part for sizes in pairwise(widths) for part in (nn.Linear(*sizes), nn.GELU(), nn.Dropout(config.dropout)))
        self.deep = nn.Sequential(*hidden, nn.Linear(widths[-1], 1))

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [..., n] and the last hidden layer, which is the inputs [..., n, width] where there is none."""
        *body, last = self.deep
        hidden = inputs
        for part in body:
            hidden = part(hidden)
        return (self.wide(inputs) + last(hidden)).squeeze(-1), hidden


class Scorer:
    """The head at work on one index.

    Args:
        index: the catalog's index.
        head: trained weights.
        config: what they were trained with.
    """

    def __init__(self, index: Index, head: Head, config: HeadConfig) -> None:
        self.config = config
        self.features = Features(index, config.features, config.retrievers, config.scored)
        self._head = head.eval()

    @classmethod
    def load(cls, index: Index, folder: Path | None = None) -> Scorer:
        """The head in a folder that `chatrec train head` wrote, or the shipped one.

        Raises:
            ModelMissingError: the folder holds no head, or one that this version cannot read.
        """
        head, config = load_head(folder or SHIPPED)
        return cls(index, head, config)

    def __call__(self, query: Query, candidates: Sequence[Candidate], *, llm_ranks: Mapping[str, int] | None = None) -> Pool:
        """The candidates with their estimated probability of being accepted in [0, 1] as score, best first, ties by id.

        Args:
            query: the turn's query.
            candidates: items of the index, with their hits.
            llm_ranks: item id → 1-based rank that the language model gave it.
        """
        pool = Pool.of(candidates)
        if not pool:
            return pool
        logits = self.logits(query, pool)
        if llm_ranks:
            logits = logits + llm_bonus(pool.ids, llm_ranks, self.config.llm_weight)
        return pool.ranked(1 / (1 + np.exp(-(self.config.slope * logits + self.config.offset))))

    def logits(self, query: Query, candidates: Sequence[Candidate]) -> np.ndarray:
        """float64 [candidates], uncalibrated."""
        features = torch.from_numpy(self.features(query, candidates))
        with torch.inference_mode():
            return self._head(features).double().numpy()


def llm_bonus(ids: Sequence[str], ranks: Mapping[str, int], weight: float) -> np.ndarray:
    """float64 [items]: what each item's logit gains or loses by the model's ranking; sums to 0 over the items.

    >>> llm_bonus(["a", "b"], {"a": 1}, 0.5).tolist()
    [0.25, -0.25]
    """
    gains = np.array([1 / math.log2(1 + ranks[item]) if item in ranks else 0.0 for item in ids])
    return weight * (gains - gains.mean())


def save_head(folder: Path, head: Head, config: HeadConfig) -> None:
    """Write `head.safetensors` and `head.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    # safetensors creates the file for its owner alone; weights are to be read by whoever uses the folder
    save_file({name: value.contiguous() for name, value in head.state_dict().items()}, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)
    (folder / CONFIG).write_text(json.dumps(asdict(config), indent=1) + "\n", encoding="utf-8")


def load_head(folder: Path) -> tuple[Head, HeadConfig]:
    """Read what `save_head` wrote.

    Raises:
        ModelMissingError: files are missing, damaged, or of another version.
    """
    advice = "run `chatrec train head` to make it, or leave --models out to use the shipped head"
    try:
        config = HeadConfig.from_dict(json.loads((folder / CONFIG).read_text(encoding="utf-8")))
        head = Head(config)
        head.load_state_dict(load_file(folder / WEIGHTS))
        low, high = config.fit_bounds
        numbers = (config.slope, config.offset, config.llm_weight, low, high)
        if not (all(map(math.isfinite, numbers)) and all(bool(part.isfinite().all()) for part in head.state_dict().values())):
            raise ValueError("not all of its weights are numbers")
        if strange := set(config.features).difference(feature_names(config.retrievers, config.scored)):
            raise ValueError(f"no such feature: {', '.join(sorted(strange))}")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelMissingError(f"no scoring head in {folder}: {advice}") from error
    except (ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelMissingError(f"the scoring head in {folder} cannot be read ({error}): {advice}") from error
    if config.format != FORMAT:
        raise ModelMissingError(f"the scoring head in {folder} has format {config.format}, not {FORMAT}: {advice}")
    return head, config
