"""What a head is fitted on: dialogs, retrievers, and candidate pools of retrievers that never saw the dialog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from chatrec.catalog.read import read_catalog
from chatrec.errors import LeakError, TrainingDataError
from chatrec.evaluate.leaks import Fingerprints, find_leak, told_leak
from chatrec.evaluate.logs import DialogLine
from chatrec.evaluate.report import file_sha256
from chatrec.index.embed import Embedder
from chatrec.index.open import open_or_build, popularity_percentiles
from chatrec.retrieve.collaborative import ItemToItem, Model, TrainedRetriever, load_models, save_models
from chatrec.retrieve.fuse import DEFAULT_WEIGHTS, Fusion, FusionConfig
from chatrec.retrieve.load import base_retrievers
from chatrec.retrieve.protocol import Retriever
from chatrec.retrieve.retrievers import NamedBeforeRetriever
from chatrec.score.features import BASE_RETRIEVERS, Features, feature_names
from chatrec.score.head import SHIPPED, WEIGHTS, HeadConfig
from chatrec.score.table import Floats
from chatrec.train.bag import choose_epochs
from chatrec.train.config import TrainConfig, TrainFiles
from chatrec.train.costs import Size, preparing, share_of_bag
from chatrec.train.data import (
    Case,
    Dialogs,
    Raters,
    check_tasks,
    gather,
    has_text,
    mentions_of,
    person_of,
    persons,
    read_all,
    told_by,
    turns_of,
    users_of,
)
from chatrec.train.exact import ExactIndex
from chatrec.train.exposure import Exposure
from chatrec.train.folds import folds_in_order
from chatrec.train.known import Known, known_of, sharing
from chatrec.train.meter import Mark, Meter
from chatrec.train.models import BAG, CO_RATED, FEATURE_ONLY, Lasting, co_rated, fit_models
from chatrec.train.pools import Asked, Pools, build_pools
from chatrec.train.popularity import Counted
from chatrec.train.raters import CONTEXTS, choose, conversations
from chatrec.train.said import VECTORS, embed, said, with_memory
from chatrec.train.start import saw
from chatrec.train.steps import NUMBER, NUMBERS, Kind, Steps, unfinished
from chatrec.train.track import NoTracker, Tracker
from chatrec.train.weights import ENOUGH_SAID, MOST_TOLD, Rankings, choose_weights
from chatrec.types import EMPTY, Item

ENOUGH = 60
"""Instances with gold among the candidates that a head of its own needs; with fewer, the shipped head is kept."""
LEARNED_WEIGHTS = {"bag": 3.0, "co_mentioned": 1.5, "dialogs": 1.0, "co_rated": 0.7, "tower": 1.0, "sharing": 1.0}
"""Fusion weights of trained retrievers, where there are no turns to tell better ones."""
LEARNED_DEPTH = 300
"""Items taken of each retriever, and candidates passed on, where retrievers were trained. On a held-out fold of ReDial's
training dialogs the pool then holds 7 points more of the gold than with 100 and 200."""
LEARNED_RRF_K = 30.0
"""Damping of the ranks there, where many retrievers agree on little: first ranks may stand out more. On held-out folds of
ReDial's, OpenDialKG's and INSPIRED's training dialogs the first 50 hold more than with 60, the pool, too (ReDial: −.004)."""

POOLS = Kind(lambda folder, pools: pools.save(folder), Pools.load)


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything before the head."""

    dialogs: Dialogs
    models: dict[str, Model]
    """Retrievers fitted on all training dialogs."""
    pools: Pools
    """Of the training instances, out of fold."""
    raters: Pools | None
    """Of people whose ratings are told, where a loss asks for them."""
    config: HeadConfig
    """The features of the pools."""
    adapts: bool
    """Whether a head may begin as the shipped one."""

    def taught(self, *pools: Pools) -> Pools:
        """What a head learns from: these pools, and the people who rated."""
        parts = [*pools, *([self.raters] if self.raters is not None else [])]
        return Pools.join(parts) if len(parts) > 1 else parts[0]


class Preparation:
    """Takes the files as far as the pools; the steps are finished ones of an interrupted run where there are any.

    Args:
        files: what is learned from.
        config: everything that decides the result.
        build_dir: where indexes are built.
        embedder: of texts.
        meter: told how far this is.
        tracker: told losses.

    Raises:
        TrainingDataError: nothing can be learned from this.
        LeakError: validation dialogs have near duplicates among the training dialogs.
    """

    def __init__(
        self,
        files: TrainFiles,
        config: TrainConfig,
        build_dir: Path,
        embedder: Embedder,
        meter: Meter | None = None,
        tracker: Tracker | None = None,
    ) -> None:
        self.files, self.config, self.meter, self.tracker = files, config, meter or Meter(), tracker or NoTracker()
        self.steps = Steps()
        catalog = read_catalog(files.catalog)
        self.lines = read_all(files.dialogs, catalog)
        self.valid_lines = self._others(read_all((files.valid,), catalog)) if files.valid else ()
        if not any(turn.mentions or turn.gold for line in self.lines for turn in line.turns):
            self.meter.notice("the dialogs name no work of the catalog: nothing can be learned from what was said")
        self.meter.say("opening the index")
        self.index = ExactIndex.of(open_or_build(catalog, embedder, build_dir))
        source = read_catalog(files.interactions_catalog) if files.interactions_catalog else None
        self.raters = self._read_interactions(source)
        self._known = self._facts(source or {})
        self._weights: Mapping[str, float] = EMPTY
        check_tasks(config.head.fit.loss_weights, self.lines, self.raters.users)
        bag, tower = (replace(part, seed=config.seed) for part in (config.models.bag, config.models.tower))
        self.models_config = replace(config.models, bag=bag, tower=tower)

    def _others(self, valid: tuple[DialogLine, ...]) -> tuple[DialogLine, ...]:
        """Validation dialogs, none of which is learned from."""
        shared = {line.dialog_id for line in valid} & {line.dialog_id for line in self.lines}
        if shared:
            raise TrainingDataError(
                f"{len(shared)} dialogs are in both the training and the validation file, {min(shared)!r} among them:"
                " a validation dialog must not be trained on"
            )
        people = {person_of(line) for line in self.lines} & {person_of(line) for line in valid}
        if people:
            self.meter.notice(
                f"{len(people)} people of the validation dialogs are in the training dialogs, too: what is measured on them tells"
                " little of people nobody knows"
            )
        leak = find_leak(valid, Fingerprints.of(self.lines))
        if leak.refused:
            raise LeakError(
                f"of {leak.dialogs} validation dialogs {leak.by_text} have a near duplicate by text among the training dialogs:"
                " a validation dialog must not be trained on"
            )
        if leak.by_text:
            self.meter.notice(told_leak(leak.stamp()))
        return valid

    @cached_property
    def adapts(self) -> bool:
        """Whether the head may begin as the shipped one, which learned from none of the dialogs, validation included."""
        return not saw(self.lines) and not saw(self.valid_lines)

    @contextmanager
    def resuming(self, out: Path) -> Iterator[None]:
        """Keep finished steps in `out/unfinished` and take up those that are there.

        Raises:
            InputError: the folder cannot be written, or another training writes there.
        """
        with unfinished(out, self._decisive(), self.meter.notice) as self.steps:
            yield

    def _decisive(self) -> dict[str, Any]:
        """What decides the steps. How the head is fitted is in the names of its own steps; refitting adds steps."""
        config = asdict(self.config)
        told = {name: config[name] for name in ("folds", "seed", "models")}
        threads = torch.get_num_threads()  # sums in another order differ in their last bits
        begun = {"embedder": self.index.embedder.sha256, "shipped": file_sha256(SHIPPED / WEIGHTS)}
        return {"data": self.files.hashes(), **begun, "config": told, "threads": threads}

    @cached_property
    def size(self) -> Size:
        """What there is to do, counted before it is done."""
        turns = [turn for line in self.lines for turn in turns_of(line, self.index)]
        valid = [turn for line in self.valid_lines for turn in turns_of(line, self.index)]
        return Size(
            items=len(self.index.ids),
            chars=sum(map(len, said(self.lines, self.index))),
            valid_chars=sum(map(len, said(self.valid_lines, self.index))),
            pairs=sum(len(rows) for _, rows, _ in turns),
            asked=sum(recommended for *_, recommended in turns),
            valid_asked=sum(recommended for *_, recommended in valid),
            valid_pairs=sum(len(rows) for _, rows, _ in valid),
            rated=self.files.interactions is not None,
        )

    def costs(self, *, raters: bool) -> dict[str, float]:
        """The steps of `run` and what they are expected to take."""
        size = replace(self.size, raters=CONTEXTS * len(choose(self.raters.users, self.config.seed)) if raters else 0)
        return preparing(size, self.models_config, self.config.folds)

    def run(self, *, raters: bool) -> Prepared:
        """Read, fit retrievers, and retrieve out of fold; with `raters`, for people who rated as well, if there are any."""
        dialogs = self.gather("said", self.lines, "embedding what was said")
        self._choose_epochs(dialogs)
        self._choose_weights(dialogs)
        models = self.fit("models", dialogs, "fitting retrievers on all training dialogs")
        config = self._head_config(tuple(models))
        pools = self.out_of_fold(dialogs, config)
        return Prepared(dialogs, models, pools, self._raters(models, config) if raters else None, config, self.adapts)

    def _read_interactions(self, source: Mapping[str, Item] | None) -> Raters:
        if self.files.interactions is None:
            return Raters()
        self.meter.say("reading interactions")
        raters = users_of(self.files.interactions, self.index.catalog, source)
        self.meter.notice(str(raters))
        return raters

    def _facts(self, source: Mapping[str, Item]) -> Known:
        told = told_by(source, self.index.catalog)
        more = sum(any(item.themes or item.tags or item.moods for item in entries) for entries in told.values())
        if more:
            self.meter.notice(f"the catalog of the interactions tells themes, tags or moods of {more:,} works")
        return known_of(self.index, told)

    @cached_property
    def _lasting(self) -> Lasting:
        self.meter.begin("sharing", "comparing facts")
        near = sharing(self.index, self._known)
        if not self.raters.users:
            return Lasting(self._known, near)
        self.meter.begin("rated", "fitting co-rating")
        return Lasting(self._known, near, self._co_rated(self.raters.users))

    def _co_rated(self, users: Sequence[Sequence[tuple[int, float]]]) -> ItemToItem:
        return co_rated(users, len(self.index.ids), self.config.models, self.raters.twins)

    def gather(self, name: str, lines: Sequence[DialogLine], what: str) -> Dialogs:
        """Dialogs as examples, their texts embedded in a step of this name."""
        texts = said(lines, self.index)

        def make() -> Floats:
            self.meter.begin(name, what)
            return embed(texts, self.index.embedder, self.meter.tick)

        return gather(lines, with_memory(self.index, texts, self.steps.keep(name, VECTORS, make)))

    def _choose_epochs(self, dialogs: Dialogs) -> None:
        def choose() -> int:
            self.meter.begin("epochs", "trying how long to train")
            examples, groups = [case.example for case in dialogs.cases], [case.person for case in dialogs.cases]
            return choose_epochs(self.index, examples, groups, self._known, self.models_config.bag, self.meter.mark)

        epochs = self.steps.keep("epochs", NUMBER, choose)
        self.models_config = replace(self.models_config, bag=replace(self.models_config.bag, epochs=epochs))

    def fit(self, name: str, dialogs: Dialogs, what: str) -> dict[str, Model]:
        """Retrievers fitted on some dialogs, as a step of this name."""

        share = share_of_bag(self.size, self.models_config)

        def report(part: str, mark: Mark) -> None:
            done = share * mark.done if part == BAG else share + (1 - share) * mark.done
            self.told(f"{part}/{name}")(replace(mark, done=done))

        def fit() -> dict[str, Model]:
            lasting = self._lasting
            self.meter.begin(name, what)
            return fit_models(self.index, dialogs, self.models_config, lasting, report)

        def save(folder: Path, models: dict[str, Model]) -> None:
            save_models(folder, models, self.index.catalog.sha256, len(self.index.ids))

        kind = Kind(save, lambda folder: {made.name: made.model for made in load_models(self.index, folder)})
        return self.steps.keep(name, kind, fit)

    def told(self, curve: str) -> Callable[[Mark], None]:
        """Takes the marks of a fit, for those who wait and for those who track."""

        def told(mark: Mark) -> None:
            self.meter.mark(mark)
            if mark.values:
                self.tracker.log({f"{curve}/{name}": value for name, value in mark.values.items()}, mark.epoch)

        return told

    def _head_config(self, learned: tuple[str, ...]) -> HeadConfig:
        names = (*BASE_RETRIEVERS, *learned)
        return HeadConfig(
            features=feature_names(names, learned), retrievers=names, scored=learned, **asdict(self.config.head.shape)
        )

    def _choose_weights(self, dialogs: Dialogs) -> None:
        """How much each retriever counts, by turns of the first folds and retrievers that did not see them."""

        def choose() -> Mapping[str, float]:
            told = list(self._telling(dialogs))
            if not told:
                return EMPTY
            self.meter.begin("weights", "weighing retrievers")
            again = NamedBeforeRetriever.name  # is of use only where what was named before may come back
            config = told[0][0].config
            new = Rankings.join(Rankings.of(of, [(c.example.query, c.example.targets) for c in cases]) for of, cases in told)
            config = replace(config, weights=choose_weights(new, config, frozenset({again, *FEATURE_ONLY})))
            full = Rankings.join(Rankings.of(of, [(c.example.query, c.gold) for c in cases], again=True) for of, cases in told)
            found = choose_weights(full, config, frozenset(full.names) - {again})
            return max(config.weights, found, key=lambda weights: weights[again])  # no lower: the head should see them

        self._weights = self.steps.keep("weights", NUMBERS, choose)

    def _telling(self, dialogs: Dialogs) -> Iterator[tuple[Fusion, list[Case]]]:
        """A fusion of retrievers that did not see a fold, and turns of that, until there are enough turns."""
        asked = [case for case in dialogs.cases if case.example.recommended and case.gold]
        with_text = [case for case in asked if case.has_text]
        asked, left, names = with_text if len(with_text) >= ENOUGH_SAID else asked, MOST_TOLD, None
        for number, fold in enumerate(self._folds(dialogs), 1):
            cases = [case for case in asked if case.dialog in fold]
            models = self._fit_without(fold, number, dialogs) if cases and left > 0 else {}
            if models and set(models) == (names or set(models)):
                names = set(models)
                cases = cases[:: -(-len(cases) // left)]
                left -= len(cases)
                index = self._without(fold)
                yield Fusion(index, retrievers_of(index, models), self.fusion_config(models)), cases

    def _folds(self, dialogs: Dialogs) -> list[frozenset[int]]:
        """Numbers of the dialogs of each fold; those of a person are in one."""
        folds = folds_in_order(persons(dialogs.lines), self.config.folds, self.config.seed)
        return [frozenset(np.flatnonzero(folds == fold).tolist()) for fold in range(self.config.folds)]

    def out_of_fold(self, dialogs: Dialogs, config: HeadConfig, name: str = "fold", *, fitted: bool = True) -> Pools:
        """Pools of the training instances, with retrievers that saw no dialog of the instance's person; or with none fitted.

        The steps have this name and a number each.
        """
        folds = enumerate(self._folds(dialogs), 1)
        parts = [self._fold(held, number, dialogs, config, f"{name}-{number}", fitted=fitted) for number, held in folds]
        parts = [part for part in parts if len(part)]
        return Pools.join(parts) if parts else self.pools("", (), {}, config)

    def _fold(self, held: frozenset[int], number: int, dialogs: Dialogs, config: HeadConfig, name: str, *, fitted: bool) -> Pools:
        cases = [case for case in dialogs.cases if case.dialog in held]
        what = f"fold {number} of {self.config.folds}, candidates"

        def make() -> Pools:
            asked = any(case.example.recommended for case in cases)
            models = self._fit_without(held, number, dialogs) if asked and fitted else {}
            return self.pools(name, cases, models, config, what, held=held)

        made = self.steps.keep(name, POOLS, make)
        self.steps.drop(f"{name}-models")
        return made

    def _fit_without(self, held: frozenset[int], number: int, dialogs: Dialogs) -> dict[str, Model]:
        return self.fit(f"fold-{number}-models", dialogs.without(held), f"fold {number} of {self.config.folds}, retrievers")

    def _raters(self, models: dict[str, Model], config: HeadConfig) -> Pools | None:
        """Pools of people whose ratings no retriever saw; None without enough of them."""
        chosen = choose(self.raters.users, self.config.seed)
        if not chosen:
            return None

        def make() -> Pools:
            self.meter.begin("raters", "candidates of people who rated")
            asked = list(conversations(self.index, self.raters.users, chosen, self.config.seed))
            others = [user for number, user in enumerate(self.raters.users) if number not in set(chosen)]
            unseen = {**models, CO_RATED: self._co_rated(others)}
            return self._build(asked, unseen, config, self.index)

        return self.steps.keep("raters", POOLS, make)

    def pools(
        self,
        name: str,
        cases: Sequence[Case],
        models: dict[str, Model],
        config: HeadConfig,
        what: str = "candidates",
        offset: int = 0,
        held: frozenset[int] = frozenset(),
    ) -> Pools:
        """Candidate pools of the recommender's turns among some cases; what was named before may be put forward again.

        Args:
            name: of the step this is.
            cases: turns; those in which the person named something themselves are left out.
            models: trained retrievers that never saw them.
            config: whose features are computed.
            what: is told to those who wait.
            offset: added to the numbers of persons.
            held: training dialogs that are not to be counted as popularity.
        """
        self.meter.begin(name, what)
        asked = [self._asked(case, offset) for case in cases if case.example.recommended]
        return self._build(asked, models, config, self._without(held))

    def _without(self, held: frozenset[int]) -> ExactIndex:
        """The index, its popularity not counted on some training dialogs."""
        if not held or self._counted is None:
            return self.index
        raw = self._counted.without(held)
        return replace(self.index, popularity=popularity_percentiles(raw, self.index.columns))

    @property
    def popularity_of(self) -> str:
        """Where the catalog's popularity is from, for the card."""
        return "of the catalog" if self._counted is None else "counted on these dialogs; of held-out ones not"

    @cached_property
    def _counted(self) -> Counted | None:
        named = [[row for _, row in dialog] for dialog in mentions_of(self.lines, self.index)]
        counted = Counted.of(self.index.columns.numbers("popularity"), named)
        if counted:
            self.meter.notice("the catalog's popularity was counted on these dialogs: held-out ones are taken from it")
        return counted

    def _asked(self, case: Case, offset: int) -> Asked:
        gold, hidden = [self.index.ids[row] for row in case.gold], frozenset() if case.has_text else self._hidden
        told = {"weight": case.weight, "liked": case.liked, "unordered": case.made_up, "hidden": hidden}
        return Asked(case.example.query, gold, case.person + offset, **told)

    @cached_property
    def _hidden(self) -> frozenset[str]:
        """What bare dialogs cannot name."""
        mentions, bare = mentions_of(self.lines, self.index), [not has_text(line) for line in self.lines]
        hidden = Exposure.of(mentions, bare, len(self.index.ids)).hidden
        return frozenset(self.index.ids[row] for row in np.flatnonzero(hidden))

    def fusion_config(self, models: Mapping[str, Model]) -> FusionConfig:
        """How these trained retrievers are fused with the others; priors retrieve nothing. With none, what every catalog gets."""
        if not models:
            return FusionConfig()
        learned = {name: 0.0 if name in FEATURE_ONLY else LEARNED_WEIGHTS.get(name, 1.0) for name in models}
        weights = {**DEFAULT_WEIGHTS, **learned, **self._weights}
        return FusionConfig(weights, LEARNED_RRF_K, per_retriever=LEARNED_DEPTH, pool=LEARNED_DEPTH)

    def _build(self, asked: Sequence[Asked], models: dict[str, Model], config: HeadConfig, index: ExactIndex) -> Pools:
        fusion = Fusion(index, retrievers_of(index, models), self.fusion_config(models))
        features = Features(index, config.features, config.retrievers, config.scored)
        return build_pools(fusion, features, asked, len(asked), lambda done: self.meter.tick(done / len(asked)))


def retrievers_of(index: ExactIndex, models: dict[str, Model]) -> list[Retriever]:
    """The retrievers every catalog has, and the trained ones."""
    return base_retrievers(index) + [TrainedRetriever(name, model, index) for name, model in models.items()]
