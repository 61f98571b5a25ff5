"""What `--tuning` may say of the text tower, and how it is then fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Tuning = Literal["none", "linear", "lora", "adalora", "adapters", "full"]
NEEDS_PEFT: tuple[Tuning, ...] = ("lora", "adalora")
LEARNING_RATES: Mapping[Tuning, float] = {"linear": 1e-3, "lora": 5e-4, "adalora": 2e-3, "adapters": 5e-4, "full": 3e-5}


@dataclass(frozen=True)
class TowerConfig:
    """How the query side of the text tower is adapted; its item side is the index, as it is."""

    tuning: Tuning = "none"
    """`linear` alone finds twice as much at 10 as the frozen text does (OpenDialKG, a held-out fold of train). Behind the other
    retrievers and the head it is a matter of the data: out of fold, R@50 under `new` +.011 (.004 to .017) on INSPIRED's made-up
    contexts, −.007 (−.016 to .003) on OpenDialKG. So none is the default."""
    examples: int = 1000
    """Most turns that one fit of an encoder reads, drawn at random: about five minutes of one core. `linear` reads all."""
    epochs: int = 2
    """Of an encoder."""
    linear_epochs: int = 10
    batch: int = 16
    """Turns per step of an encoder."""
    linear_batch: int = 128
    negatives: int = 20_000
    """Items that the softmax is over, drawn anew for every step; a catalog with no more is taken whole."""
    temperature: float = 0.05
    """Divides the cosines of the softmax."""
    rank: int = 8
    """Of LoRA; AdaLoRA begins with half as much again and prunes to it."""
    bottleneck: int = 48
    """Width of an adapter."""
    linear_decay: float = 1.0
    """Weight decay of the linear map's distance from the identity (AdamW's, times the learning rate)."""
    named_weight: float = 0.3
    """Weight of what people named themselves, against what was recommended to them."""
    seed: int = 0
