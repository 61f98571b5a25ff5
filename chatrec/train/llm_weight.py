"""How much the language model's order counts beside the head, learned from what it picked at turns whose answer is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import root_scalar
from scipy.special import log_softmax, softmax

from chatrec.errors import ModelMissingError, TrainingDataError
from chatrec.evaluate.logs import Instance, Protocol
from chatrec.evaluate.recorded import Recording, ranks_of, read_recording
from chatrec.evaluate.replay import System, replay
from chatrec.evaluate.report import file_sha256
from chatrec.evaluate.run import ReplayConfig, open_log
from chatrec.index.embed import Embedder
from chatrec.outputs import replaced
from chatrec.retrieve.load import load_fusion
from chatrec.score.head import CONFIG, Scorer, llm_bonus
from chatrec.train.card import FACTS, OF_MODELS, write_card
from chatrec.types import Candidate, Query

ENOUGH = 60
"""Turns to learn from at least."""
MOST = 5.0
"""Largest weight: from there on the model's order is all that counts."""


@dataclass(frozen=True, eq=False)
class Picked:
    """One turn, of the m candidates that the model was shown."""

    logits: NDArray[np.float64]
    """float64 [m]: of the head."""
    gains: NDArray[np.float64]
    """float64 [m]: what the model's pick adds at weight 1."""
    gold: NDArray[np.bool_]
    """bool [m]: what was put forward; at least one, not all."""
    dialog: str


@dataclass(frozen=True)
class LLMWeight:
    """A weight, and what it rests on."""

    weight: float
    low: float
    """Of the 95% interval, by dialog; both are below 0 where the model picks worse than at random."""
    high: float
    turns: int
    loss_without: float
    """Mean -log of what the head gives the answer among what was shown."""
    loss_with: float


def learn_llm_weight(
    config: ReplayConfig, embedder: Embedder, build_dir: Path, tick: Callable[[int, int], None] = lambda done, total: None
) -> LLMWeight:
    """Fit the weight to a recording and write it into the models' head and card.

    Args:
        config: dialogs that the models were not trained on, their catalog, the models, and what the model picked there.
        embedder, build_dir: where the catalog's index is found or built.
        tick: called with (instances done, of how many).

    Raises:
        DialogLogError, CatalogError, DataMissingError: the files cannot be used.
        LeakError: the dialogs were trained on.
        ModelMissingError: the models cannot be used.
        TrainingDataError: too little was recorded.
    """
    assert config.models is not None and config.recorded is not None
    facts, recording = _card_of(config.models), read_recording(config.recorded)
    log = open_log(config, embedder, build_dir)
    told = [instance for instance in log.found if (instance.dialog.dialog_id, instance.turn) in recording]
    fusion, scorer = load_fusion(log.index, config.models), Scorer.load(log.index, config.models)
    turns: list[Picked] = []
    system = System(fusion, fusion.config.pool, _noting(scorer, recording, config.protocol, turns))
    for done, _ in enumerate(replay(log.index, told, config.protocol, system), 1):
        tick(done, len(told))
    if len(turns) < ENOUGH:
        raise TrainingDataError(
            f"{config.recorded} has picks for {len(turns)} turns whose answer is among the head's first candidates: {ENOUGH} are"
            " needed, recorded with these models"
        )
    found = fit_llm_weight(turns)
    files = {"recorded": file_sha256(config.recorded), "dialogs": file_sha256(config.dialogs)}
    head = replace(scorer.config, llm_weight=found.weight)
    with replaced(config.models / CONFIG) as made:
        made.write_text(json.dumps(asdict(head), indent=1) + "\n", encoding="utf-8")
    write_card(config.models, facts | {"llm_weight": asdict(found) | {"sha256": files}})
    return found


def fit_llm_weight(turns: Sequence[Picked]) -> LLMWeight:
    """The weight under which the head and the model together make the answers likeliest: p(i) ∝ exp(logit_i + weight · gain_i).

    The likelihood has one maximum; a model whose picks say nothing, or the opposite, gets 0. The interval is that of a
    maximum-likelihood estimate with turns of a dialog taken together (Liang & Zeger 1986).
    """

    def pull(weight: float) -> NDArray[np.float64]:
        expected = (softmax(turn.logits + weight * turn.gains) @ turn.gains for turn in turns)
        return np.array([turn.gains[turn.gold].mean() - mean for turn, mean in zip(turns, expected, strict=True)])

    outermost = [edge for edge in (-MOST, MOST) if edge * pull(edge).sum() >= 0]
    best = outermost[0] if outermost else root_scalar(lambda weight: pull(weight).sum(), bracket=(-MOST, MOST)).root
    places = np.unique([turn.dialog for turn in turns], return_inverse=True)[1]
    spread = np.sqrt((np.bincount(places, pull(best)) ** 2).sum())
    curvature = sum(_variance(softmax(turn.logits + best * turn.gains), turn.gains) for turn in turns)
    reach = float(1.96 * spread / curvature)
    weight = max(best, 0.0)
    return LLMWeight(weight, best - reach, best + reach, len(turns), _loss(turns, 0.0), _loss(turns, weight))


def _variance(shares: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    return float(shares @ values**2 - (shares @ values) ** 2)


def _loss(turns: Iterable[Picked], weight: float) -> float:
    return float(-np.mean([log_softmax(turn.logits + weight * turn.gains)[turn.gold].mean() for turn in turns]))


def _noting(
    scorer: Scorer, recording: Recording, protocol: Protocol, into: list[Picked]
) -> Callable[[Query, Instance, Sequence[Candidate]], Sequence[Candidate]]:
    """The head's order, while what the model was shown and picked is noted."""

    def rerank(query: Query, instance: Instance, pool: Sequence[Candidate]) -> Sequence[Candidate]:
        scored = scorer(query, pool)
        line = recording[instance.dialog.dialog_id, instance.turn]
        shown = scored[: line.slots]
        ids, gold = [candidate.item.id for candidate in shown], set(instance.gold(protocol))
        put_forward = np.array([item in gold for item in ids], dtype=bool)
        ranks = ranks_of(line, shown)
        if ranks and put_forward.any() and not put_forward.all():
            gains = llm_bonus(ids, ranks, 1.0)
            into.append(Picked(scorer.logits(query, shown), gains, put_forward, instance.dialog.dialog_id))
        return scored

    return rerank


def _card_of(models: Path) -> dict[str, Any]:
    """What the card of a trained folder tells."""
    try:
        facts: dict[str, Any] = json.loads((models / FACTS).read_text(encoding="utf-8"))
        if not facts.keys() >= OF_MODELS:
            raise ValueError(f"it does not tell of {' and '.join(sorted(OF_MODELS))}")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelMissingError(f"{models / FACTS} cannot be read ({error}): give a folder of `chatrec train head`") from error
    return facts
