"""What the steps of a training run are expected to take, so that its progress bar goes evenly.

The constants are seconds of one core of 2023, measured on INSPIRED; another machine's pace is measured as it works.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice

from chatrec.train.bag import ENOUGH_PAIRS, BagConfig
from chatrec.train.config import Shape
from chatrec.train.fit import FitConfig
from chatrec.train.models import ModelsConfig
from chatrec.train.tuning import TowerConfig
from chatrec.train.weights import MOST_TOLD

CHAR_S = 6e-5
"""To embed a character of a text; contexts are cut at about what the encoder reads."""
ASKED_S = 0.016
"""To retrieve and describe the candidates of a turn."""
WEIGHED_S = 0.02
"""To ask the retrievers of a turn, and to weigh what they found."""
LOGIT_S = 3.4e-8
"""Of a pair of context and target in an epoch of the bag of concepts, per item."""
STEP_S = 6e-6
"""Of a step of its optimizer, per item."""
TUNE_S = 0.15
"""Of a turn in an epoch of tuning a text encoder."""
ENCODE_S = 0.03
"""To encode a turn's text once more, with a tuned encoder."""
HEAD_S = 2e-4
"""Of an instance in an epoch of one member of the head, with losses and recall afterwards."""
EASE_S = 4e-11
"""Per item³."""
SHARE_S = 2e-8
"""To compare the facts of works, per item²."""
READ_S = 2.0
WRITE_S = 2.0


@dataclass(frozen=True)
class Size:
    """How much there is to learn from."""

    items: int
    chars: int
    """Of everything said before a turn, each text once."""
    valid_chars: int
    pairs: int
    """Of a turn and an item named next."""
    asked: int
    """Turns whose candidates are ranked."""
    valid_asked: int
    valid_pairs: int
    rated: bool
    raters: int = 0
    """Conversations of people whose ratings are told."""


def preparing(size: Size, models: ModelsConfig, folds: int) -> dict[str, float]:
    """Step → expected seconds, up to the pools."""
    bag, tower = models.bag, models.tower
    tried = {bag.epochs, *bag.tried} if size.pairs <= ENOUGH_PAIRS else set()
    epochs = sorted(tried)[len(tried) // 2] if tried else bag.epochs
    costs = {"said": READ_S + size.chars * CHAR_S, "epochs": 0.8 * sum(tried) * _epoch(size.pairs, size.items, bag)}
    costs |= {"sharing": size.items**2 * SHARE_S, "rated": size.items**3 * EASE_S if size.rated else 0.0}
    whole, asked = _bag(size.pairs, size.items, bag, epochs) + _tower(size.pairs, tower), size.asked / folds
    weighing = min(folds, math.ceil(MOST_TOLD / max(asked, 1)))
    fits = {f"fold-{fold}-models": (1 - 1 / folds) * whole for fold in range(1, folds + 1)}
    costs |= dict(islice(fits.items(), weighing))
    costs |= {"weights": min(size.asked, MOST_TOLD) * WEIGHED_S, "models": whole}
    for fold in range(1, folds + 1):
        costs |= {f"fold-{fold}-models": fits[f"fold-{fold}-models"], f"fold-{fold}": asked * _asked(tower)}
    if size.raters:
        costs["raters"] = size.items**3 * EASE_S + size.raters * _asked(tower)
    return costs


def finishing(
    size: Size, models: ModelsConfig, fit: FitConfig, shape: Shape, *, refit: bool, calibrating: int = 0
) -> dict[str, float]:
    """Step → expected seconds, from the pools to the written folder; `calibrating` is how many fits that takes."""
    bag, tower = models.bag, models.tower
    once = fitting(size.asked, fit, shape)
    costs = {
        "stopped": 0.8 * once,
        **{f"without-{fold}": 0.5 * once for fold in range(1, calibrating + 1)},
        "head": 0.6 * once,
        "valid-said": size.valid_chars * CHAR_S,
        "valid": size.valid_asked * _asked(tower),
    }
    if refit and size.valid_asked:
        more = 1 + size.valid_pairs / max(size.pairs, 1)
        learned = _bag(size.pairs, size.items, bag, bag.epochs) * more + _tower(size.pairs + size.valid_pairs, tower)
        costs |= {"head-all": 0.6 * once * more, "models-all": learned}
    return {**costs, "write": WRITE_S}


def fitting(instances: int, fit: FitConfig, shape: Shape) -> float:
    """Seconds of one fit of a head."""
    return instances * fit.epochs * shape.members * HEAD_S


def share_of_bag(size: Size, models: ModelsConfig) -> float:
    """What part of fitting the retrievers the bag of concepts takes; the text tower takes the rest."""
    bag = _bag(size.pairs, size.items, models.bag, models.bag.epochs)
    return bag / max(bag + _tower(size.pairs, models.tower), 1e-9)


def _tower(pairs: int, tower: TowerConfig) -> float:
    return 0.0 if tower.tuning in ("none", "linear") else min(pairs, tower.examples) * tower.epochs * TUNE_S


def _asked(tower: TowerConfig) -> float:
    return ASKED_S if tower.tuning in ("none", "linear") else ASKED_S + ENCODE_S


def _bag(pairs: int, items: int, bag: BagConfig, epochs: int) -> float:
    return bag.members * epochs * _epoch(pairs, items, bag)


def _epoch(pairs: int, items: int, bag: BagConfig) -> float:
    return pairs * items * LOGIT_S + -(-pairs // bag.batch) * items * STEP_S
