"""All retrievers of a catalog, fitted on some of its dialogs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from chatrec.evaluate.context import context_ledger
from chatrec.evaluate.logs import Instance
from chatrec.index.open import Index
from chatrec.retrieve.collaborative import ItemToItem, Model
from chatrec.retrieve.concepts import concepts
from chatrec.train.bag import BagConfig, bag_of_concepts
from chatrec.train.data import Dialogs
from chatrec.train.known import Known
from chatrec.train.meter import Mark
from chatrec.train.retrievers import (
    co_occurrence,
    dialog_neighbours,
    ease,
    followed_by,
    incidence,
    prior,
    with_twins,
)
from chatrec.train.tower import fit_tower
from chatrec.train.tuning import TowerConfig
from chatrec.types import Query

CO_MENTIONED, FOLLOWED, BAG, NEIGHBOURS, TOWER = "co_mentioned", "followed_by", "bag", "dialogs", "tower"
RECOMMENDED, NAMED, CO_RATED, SHARING = "recommended", "named", "co_rated", "sharing"
NAMES = (CO_MENTIONED, FOLLOWED, BAG, NEIGHBOURS, TOWER, RECOMMENDED, NAMED, CO_RATED, SHARING)
FEATURE_ONLY = (RECOMMENDED, NAMED, FOLLOWED)
"""What informs the head and retrieves nothing: priors bring up the same items for anyone, and what was recommended after a work
brings up nothing that the others do not."""


@dataclass(frozen=True)
class ModelsConfig:
    """How the retrievers are fitted."""

    bag: BagConfig = field(default_factory=BagConfig)
    tower: TowerConfig = field(default_factory=TowerConfig)
    rating_regularisation: float = 200.0


@dataclass(frozen=True)
class Lasting:
    """What does not depend on the dialogs, and is the same for all folds."""

    known: Known
    """Facts of the works."""
    sharing: ItemToItem
    """Neighbours by these."""
    rated: ItemToItem | None = None
    """Co-rating weights."""


def fit_models(
    index: Index,
    dialogs: Dialogs,
    config: ModelsConfig,
    lasting: Lasting,
    report: Callable[[str, Mark], None] = lambda name, mark: None,
) -> dict[str, Model]:
    """Fit every retriever that these dialogs allow.

    Args:
        index: of the catalog.
        dialogs: what is learned from.
        config: hyper-parameters.
        lasting: what does not depend on the dialogs.
        report: receives marks of the fits that take long, the bag of concepts and the text tower, by the retriever's name.
    """
    items = len(index.ids)
    models: dict[str, Model] = {}
    exposure = dialogs.exposure(items)
    groups = [[row for _, row in named] for named in dialogs.mentions]
    if any(len(set(group)) > 1 for group in groups):
        models[CO_MENTIONED] = co_occurrence(groups, items, exposure=exposure)
    if pairs := recommended_after(dialogs.mentions):
        exposed = recommended_after(named for named, bare in zip(dialogs.mentions, exposure.bare, strict=True) if not bare)
        models[FOLLOWED] = followed_by(pairs, items, exposed=exposed, hidden=exposure.hidden)
    if dialogs.cases:
        models[NEIGHBOURS] = _neighbours(index, dialogs)
        examples = [case.example for case in dialogs.cases]
        models[BAG] = bag_of_concepts(index, examples, lasting.known, config.bag, partial(report, BAG), exposure.hidden)
        if tower := fit_tower(index, examples, config.tower, partial(report, TOWER)):
            models[TOWER] = tower
    if counts := Counter(row for case in dialogs.cases if case.example.recommended for row in case.example.targets):
        models[RECOMMENDED] = prior(counts, items, exposure.factors)
    if any(groups):
        models[NAMED] = prior(Counter(row for group in groups for row in set(group)), items, exposure.factors)
    if lasting.rated is not None:
        models[CO_RATED] = lasting.rated
    models[SHARING] = lasting.sharing
    return models


def co_rated(
    users: Sequence[Sequence[tuple[int, float]]], items: int, config: ModelsConfig, twins: Mapping[int, int] | None = None
) -> ItemToItem:
    """EASE over interactions.

    Args:
        users: (row, strength) pairs of each.
        items: size of the catalog.
        config: how much it is regularised.
        twins: row → row of the same work, whose neighbours it has, too, and beside which it is one.
    """
    table = incidence([[row for row, _ in user] for user in users], items, [[value for _, value in user] for user in users])
    model = ease(table, config.rating_regularisation)
    return ItemToItem(with_twins(model.weights, twins), model.decay) if twins else model


def recommended_after(mentions: Iterable[Sequence[tuple[str, int]]]) -> Mapping[tuple[int, int], float]:
    """(named before, recommended then) → how many dialogs."""
    pairs: dict[tuple[int, int], float] = defaultdict(float)
    for named in mentions:
        before: dict[int, None] = {}
        for role, row in named:
            if role == "assistant" and row not in before:
                for other in before:
                    pairs[other, row] += 1.0
            before[row] = None
    return pairs


def _neighbours(index: Index, dialogs: Dialogs) -> Model:
    """Past dialogs by all that was said in them, to their end; the answers are everything put forward in them."""
    answers: dict[int, dict[int, float]] = defaultdict(dict)
    for case in dialogs.cases:
        for row in case.example.targets:
            answers[case.dialog][row] = max(answers[case.dialog].get(row, 0.0), 1.0 if case.example.recommended else 0.3)
    ended = [Instance(dialogs.lines[number], len(dialogs.lines[number].turns)) for number in answers]
    bags = [concepts(Query(ledger=context_ledger(one), text=_all_said(one)), index) for one in ended]
    return dialog_neighbours(bags, list(answers.values()), len(index.ids))


def _all_said(instance: Instance) -> str:
    return " ".join(turn.text for turn in instance.context if turn.text)
