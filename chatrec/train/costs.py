"""What the steps of a training run are expected to take, so that its progress bar goes evenly.

The constants are seconds of one core of 2023, measured on INSPIRED; another machine's pace is measured as it works.
"""

from __future__ import annotations

from dataclasses import dataclass

from chatrec.train.config import Shape
from chatrec.train.fit import FitConfig
from chatrec.train.retrievers import ENOUGH_PAIRS, BagConfig

CHAR_S = 6e-5
"""To embed a character of a text; contexts are cut at about what the encoder reads."""
ASKED_S = 0.016
"""To retrieve and describe the candidates of a turn."""
LOGIT_S = 2.4e-8
"""Of a pair of context and target in an epoch of the bag of concepts, per item."""
STEP_S = 2.2e-6
"""Of a step of its optimizer, per item."""
HEAD_S = 2e-4
"""Of an instance in an epoch of one member of the head, with losses and recall afterwards."""
EASE_S = 4e-11
"""Per item³."""
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


def preparing(size: Size, bag: BagConfig, folds: int) -> dict[str, float]:
    """Step → expected seconds, up to the pools."""
    tried = {bag.epochs, *bag.tried} if size.pairs <= ENOUGH_PAIRS else set()
    epochs = sorted(tried)[len(tried) // 2] if tried else bag.epochs
    costs = {"said": READ_S + size.chars * CHAR_S, "epochs": 0.8 * sum(tried) * _epoch(size.pairs, size.items, bag)}
    costs |= {"rated": size.items**3 * EASE_S if size.rated else 0.0, "models": _bag(size.pairs, size.items, bag, epochs)}
    for fold in range(1, folds + 1):
        costs[f"fold-{fold}-models"] = (1 - 1 / folds) * costs["models"]
        costs[f"fold-{fold}"] = size.asked / folds * ASKED_S
    return costs


def finishing(size: Size, bag: BagConfig, fit: FitConfig, shape: Shape, *, refit: bool) -> dict[str, float]:
    """Step → expected seconds, from the pools to the written folder."""
    once = fitting(size.asked, fit, shape)
    costs = {
        "stopped": 0.8 * once,
        "head": 0.6 * once,
        "valid-said": size.valid_chars * CHAR_S,
        "valid": size.valid_asked * ASKED_S,
    }
    if refit and size.valid_asked:
        more = 1 + size.valid_pairs / max(size.pairs, 1)
        costs |= {"head-all": 0.6 * once * more, "models-all": _bag(size.pairs, size.items, bag, bag.epochs) * more}
    return {**costs, "write": WRITE_S}


def fitting(instances: int, fit: FitConfig, shape: Shape) -> float:
    """Seconds of one fit of a head."""
    return instances * fit.epochs * shape.members * HEAD_S


def _bag(pairs: int, items: int, bag: BagConfig, epochs: int) -> float:
    return bag.members * epochs * _epoch(pairs, items, bag)


def _epoch(pairs: int, items: int, bag: BagConfig) -> float:
    return pairs * items * LOGIT_S + -(-pairs // bag.batch) * items * STEP_S
