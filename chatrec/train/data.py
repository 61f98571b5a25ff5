"""What training takes: dialogs, a catalog and interactions, checked, as examples and groups of items."""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from chatrec.catalog.clean import title_key
from chatrec.catalog.interactions import read_interactions
from chatrec.catalog.twins import is_same_work, may_be_of_one_year
from chatrec.errors import TrainingDataError
from chatrec.evaluate.context import queries
from chatrec.evaluate.logs import DialogLine, Instance, person_of, read_dialogs
from chatrec.index.open import Index
from chatrec.train.exposure import Exposure
from chatrec.train.retrievers import Example
from chatrec.train.tasks import LossWeights
from chatrec.types import Item, Query

SUBSTITUTE_WEIGHT = 0.5
TELLING = 10
"""Recommendations that are of one item only by no chance."""
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, eq=False)
class Case:
    """A turn to learn from: what was asked, and what was put forward or named next."""

    dialog: int
    person: int
    """Number of the first dialog with the same person: folds and intervals go by it."""
    example: Example
    """What retrievers learn from: the query, and what was put forward that had not been named before."""
    gold: tuple[int, ...]
    """Rows of everything that was put forward, named before or not: what the head learns to rank."""
    made_up: bool = False
    """Not a turn as it was: a shuffled dialog with some of its mentions held out."""
    liked: Mapping[str, float] = field(default_factory=dict)
    """Item of the whole dialog → 1 if the person liked it in the end, 0 if not; only where the log says. An input of the
    shipped head's training alone (`with_verdicts`), and of nothing that is reported."""

    @property
    def has_text(self) -> bool:
        """Whether anything that was said in the dialog is known."""
        return not self.example.bare

    @property
    def weight(self) -> float:
        """How much the head minds it: replayed conversations have text, anything else is a substitute."""
        return 1.0 if self.has_text and not self.made_up else SUBSTITUTE_WEIGHT


@dataclass(frozen=True, eq=False)
class Dialogs:
    """Dialogs with everything that is learned from them."""

    lines: tuple[DialogLine, ...]
    cases: tuple[Case, ...]
    mentions: tuple[tuple[tuple[str, int], ...], ...]
    """Per dialog, (role, row) of each item named, in order."""

    @classmethod
    def join(cls, first: Dialogs, second: Dialogs) -> Dialogs:
        """Both; the second's dialogs are numbered after the first's."""
        more = len(first.lines)
        moved = tuple(replace(case, dialog=case.dialog + more, person=case.person + more) for case in second.cases)
        return cls(first.lines + second.lines, first.cases + moved, first.mentions + second.mentions)

    def exposure(self, items: int) -> Exposure:
        """Which of the `items` of the catalog the dialogs could have named."""
        return Exposure.of(self.mentions, [not has_text(line) for line in self.lines], items)

    def without(self, dialogs: frozenset[int]) -> Dialogs:
        """The same, silent about some dialogs (they keep their numbers)."""
        return Dialogs(
            self.lines,
            tuple(case for case in self.cases if case.dialog not in dialogs),
            tuple(() if number in dialogs else named for number, named in enumerate(self.mentions)),
        )


def read_all(paths: Sequence[Path], catalog: Mapping[str, Item]) -> tuple[DialogLine, ...]:
    """Read dialog logs and check that something can be learned from them.

    Raises:
        DataMissingError, DialogLogError: a file is missing or a line cannot be read.
        TrainingDataError: a dialog occurs twice, names a gold item that the catalog lacks, there is neither gold nor
            mention nor text, or a single item is all that is ever put forward.
    """
    read = [(path, line) for path in paths for line in read_dialogs(path)]
    lines = tuple(line for _, line in read)
    names = ", ".join(map(str, paths))
    twice = [name for name, count in Counter(line.dialog_id for line in lines).items() if count > 1]
    if twice:
        raise TrainingDataError(f"dialog {twice[0]!r} occurs more than once in {names}: give each dialog once")
    for path, line in read:
        for number, turn in enumerate(line.turns):
            unknown = [item for item in turn.gold if item not in catalog]
            if unknown:
                raise TrainingDataError(
                    f"{path}: dialog {line.dialog_id!r}, turn {number}: gold {unknown[0]!r} is not in the catalog;"
                    " give the catalog these dialogs speak of"
                )
    if not any(turn.gold or turn.mentions or (turn.text or "").strip() for line in lines for turn in line.turns):
        raise TrainingDataError(f"{names}: neither gold nor mentions nor text, so there is nothing to learn from")
    gold = Counter(item for line in lines for turn in line.turns for item in turn.gold)
    if len(gold) == 1 and gold.total() >= TELLING:
        raise TrainingDataError(
            f"{names}: all {gold.total()} recommendations are of {next(iter(gold))!r}: where nothing else is ever put forward,"
            " nothing can be learned about ranking"
        )
    mentioned = [mention.item for line in lines for turn in line.turns for mention in turn.mentions]
    if mentioned and not any(item in catalog for item in mentioned):
        raise TrainingDataError(
            f"{names}: none of the items mentioned is in the catalog, {mentioned[0]!r} for one;"
            " give the catalog these dialogs speak of"
        )
    return lines


def check_tasks(weights: LossWeights, lines: Sequence[DialogLine], users: Sequence[Sequence[tuple[int, float]]]) -> None:
    """Check that what a task is to learn differs between items.

    Args:
        weights: of the tasks; those without are not looked at.
        lines: whose mentions were liked or not.
        users: interactions, as `users_of` gives them.

    Raises:
        TrainingDataError: a task has a weight, and the data have no answer for it, or the same for every item.
    """
    if weights.rating and len({strength for rated in users for _, strength in rated}) < 2:
        what = "all values are alike" if users else "there are no interactions"
        raise TrainingDataError(
            f"loss weight 'rating' is {weights.rating:g}, but {what}:"
            f" give {'others' if users else 'some'} with --interactions, or 0"
        )
    verdicts = {verdict for line in lines for verdict in liked_of(line).values()}
    if weights.sentiment and len(verdicts) < 2:
        what = (
            f"every one told was {'liked' if 1.0 in verdicts else 'disliked'}" if verdicts else "none says whether it was liked"
        )
        raise TrainingDataError(
            f"loss weight 'sentiment' is {weights.sentiment:g}, but of the mentions {what}: give dialogs with both, or 0"
        )


def gather(lines: Sequence[DialogLine], index: Index) -> Dialogs:
    """Examples and mentions of dialogs; the index's embedder is asked for the vectors of what was said.

    Raises:
        TrainingDataError: the embedder gives no numbers for what was said.
    """
    turns = [(number, *turn) for number, line in enumerate(lines) for turn in turns_of(line, index)]
    asked = _checked(queries(index, [instance for _, instance, _, _ in turns], "full"), [turn[1] for turn in turns])
    liked = [liked_of(line) for line in lines]
    person = persons(lines)
    cases = tuple(
        Case(
            number,
            person[number],
            Example(
                query,
                tuple(row for row in rows if index.ids[row] not in instance.mentioned),
                recommended,
                bare=not has_text(instance.dialog),
            ),
            rows,
            lines[number].order == "shuffled",
            liked[number],
        )
        for (number, instance, rows, recommended), query in zip(turns, asked, strict=True)
    )
    return Dialogs(tuple(lines), cases, mentions_of(lines, index))


def mentions_of(lines: Iterable[DialogLine], index: Index) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Per dialog, (role, row) of each item named that the catalog has, in order."""
    return tuple(
        tuple((turn.role, index.rows[m.item]) for turn in line.turns for m in turn.mentions if m.item in index.rows)
        for line in lines
    )


def has_text(line: DialogLine) -> bool:
    """Whether anything that was said is known; else it is a bare sequence of mentions."""
    return any(turn.text for turn in line.turns)


def persons(lines: Sequence[DialogLine]) -> list[int]:
    """Per dialog, the number of the first one with the same person."""
    first: dict[str, int] = {}
    return [first.setdefault(person_of(line), number) for number, line in enumerate(lines)]


def liked_of(line: DialogLine) -> dict[str, float]:
    """Item → 1 for liked, 0 for disliked, by its last verdict in the dialog; others are left out."""
    verdicts = {m.item: m.sentiment for turn in line.turns for m in turn.mentions if m.sentiment}
    return {item: float(verdict > 0) for item, verdict in verdicts.items()}


def _checked(asked: Iterable[Query], instances: Sequence[Instance]) -> Iterator[Query]:
    """The same queries, if their vectors are numbers: NaN would pass for "unknown"."""
    for query, instance in zip(asked, instances, strict=True):
        for vector in (query.vector, query.message_vector):
            if vector is not None and not np.isfinite(vector).all():
                raise TrainingDataError(
                    f"dialog {instance.dialog.dialog_id!r}, turn {instance.turn}: the embedder gives NaN for what was said;"
                    " look at the weights that CHATREC_EMBEDDER names"
                )
        yield query


def turns_of(line: DialogLine, index: Index) -> Iterator[tuple[Instance, tuple[int, ...], bool]]:
    """The turns of a dialog to learn from, the rows of what they name, and whether the recommender put those forward.

    Turns of the recommender with gold, and others that name something new; of a shuffled dialog, held-out mentions.
    """
    if line.order == "shuffled":
        yield from _held_out(line, index)
        return
    for number, turn in enumerate(line.turns[1:], 1):
        instance = Instance(line, number)
        recommended = turn.role == "assistant" and bool(turn.gold)
        known = () if recommended else instance.mentioned
        named = turn.gold if recommended else [m.item for m in turn.mentions if m.item not in known]
        if rows := _rows(named, index):
            yield instance, rows, recommended


def _held_out(line: DialogLine, index: Index) -> Iterator[tuple[Instance, tuple[int, ...], bool]]:
    """A shuffled dialog as contexts: each mention in turn is what follows some of the others and some of the sentences.

    What several sentences name is taken to have come back, and also follows a context of which it is part. A sentence that
    names a title that is not part of the context is left out of it. Who named what is not known; all of it counts as put
    forward. The same dialog always gives the same contexts.
    """
    mentions = {m.item: m for turn in line.turns for m in turn.mentions if m.item in index.rows}
    titles = {item: index.catalog[item].title.casefold() for item in mentions}
    sentences = SENTENCE_END.split(" ".join(turn.text or "" for turn in line.turns))
    entities = [entity for turn in line.turns for entity in turn.entities]
    draw = random.Random(line.dialog_id)
    for target, title in titles.items():
        others = [item for item in mentions if item != target]
        again = sum(title in sentence.casefold() for sentence in sentences) > 1
        for returning in (False, True) if again else (False,):
            kept = draw.sample(others, draw.randint(0, len(others))) + [target] * returning
            hidden = [title for item, title in titles.items() if item not in kept]
            said = [sentence for sentence in sentences if not any(title in sentence.casefold() for title in hidden)]
            said = said[: draw.randint(min(1, len(said)), len(said))]
            told = {"text": " ".join(said), "mentions": [mentions[item] for item in kept], "entities": entities, "role": "user"}
            context = line.model_copy(update={"turns": [line.turns[0].model_copy(update=told)]})
            yield Instance(context, 1), (index.rows[target],), True


def _rows(named: Iterable[str], index: Index) -> tuple[int, ...]:
    return tuple(index.rows[item] for item in dict.fromkeys(named) if item in index.rows)


@dataclass(frozen=True)
class Raters:
    """What people made of works of a catalog."""

    users: Sequence[Sequence[tuple[int, float]]] = ()
    """Of each (row, strength in (0, 1]) pairs; what repeats counts as it stands last."""
    known: int = 0
    """Interactions with a work that the catalog has."""
    read: int = 0
    twins: Mapping[int, int] = field(default_factory=dict[int, int])
    """Row → row of the same work under another id, which stands for it."""

    def __str__(self) -> str:
        return f"interactions: {self.known:,} of {self.read:,}, by {len(self.users):,} people, are with works of the catalog"


def users_of(path: Path, catalog: Mapping[str, Item], source: Mapping[str, Item] | None = None) -> Raters:
    """Interactions by user.

    Args:
        path: `user_id,item_id,value,timestamp`.
        catalog: rows are its order.
        source: the catalog the ids belong to, if another; items are joined through shared `links`.

    Raises:
        DataMissingError, TrainingDataError: as `read_interactions` does.
        TrainingDataError: there are none, no item is known, or a value is below 0.
    """
    rows = {item: row for row, item in enumerate(catalog)}
    joined = rows if source is None else join_by_links(source, catalog)
    users: dict[str, dict[int, float]] = defaultdict(dict)
    stranger, read, known = "", 0, 0
    for one in read_interactions(path):
        row, read = joined.get(one.item), read + 1
        if row is None:
            stranger = stranger or one.item
        elif one.value < 0:
            raise TrainingDataError(f"{path}: line {one.line}: value {one.value:g} is below 0, as no stars, hours or plays are")
        else:
            users[one.user][row] = one.value
            known += 1
    if not users and not stranger:
        raise TrainingDataError(f"{path}: holds no interactions, only the header")
    if not users:
        advice = "give theirs with --interactions-catalog" if source is None else "none of theirs has a link in common with it"
        raise TrainingDataError(f"{path}: none of its items is in the catalog, {stranger!r} for one; {advice}")
    twins = {row: work for row, work in enumerate(works_of(catalog)) if work != row} if source is not None else {}
    return Raters([_strengths(values) for values in users.values()], known, read, twins)


def join_by_links(source: Mapping[str, Item], catalog: Mapping[str, Item]) -> dict[str, int]:
    """Source id → first row of the catalog's entries for the same work, by an id in another database (`imdb`, `movielens`, …).

    Links that only works of other years have in common are mistakes and join nothing.
    """
    if not source:
        return {}
    items, works, linked = list(catalog.values()), works_of(catalog), _linked(catalog)
    joined: dict[str, int] = {}
    for item in source.values():
        rows = sorted({row for link in item.links.items() for row in linked.get(link, ())})
        row = next((row for row in rows if may_be_of_one_year(item, items[row])), None)
        if row is not None:
            joined[item.id] = works[row]
    return joined


def told_by(source: Mapping[str, Item], catalog: Mapping[str, Item]) -> dict[int, list[Item]]:
    """Row of the catalog, twins included → the entries of the same work in another catalog."""
    told: dict[int, list[Item]] = defaultdict(list)
    for item_id, row in join_by_links(source, catalog).items():
        told[row].append(source[item_id])
    return {row: told[work] for row, work in enumerate(works_of(catalog) if told else ()) if work in told}


def works_of(catalog: Mapping[str, Item]) -> list[int]:
    """Per row the first row of the same work, as `is_same_work` tells of works with a link, or title and year, in common."""
    items = list(catalog.values())
    alike = list(_linked(catalog).values())
    named: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row, item in enumerate(items):
        if item.year is not None:
            named[title_key(item.title), item.year].append(row)
    pairs = (pair for rows in (*alike, *named.values()) for pair in combinations(rows, 2))
    same = [(row, other) for row, other in pairs if is_same_work(items[row], items[other])]
    places = np.array(same, dtype=np.int64).reshape(-1, 2)
    table = sparse.coo_array((np.ones(len(same)), (places[:, 0], places[:, 1])), shape=(len(items), len(items)))
    _, works = connected_components(table, directed=False)
    _, first, work = np.unique(works, return_index=True, return_inverse=True)
    return first[work].tolist()


def _linked(catalog: Mapping[str, Item]) -> dict[tuple[str, str], list[int]]:
    """Link → the rows that have it."""
    linked: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, item in enumerate(catalog.values()):
        for link in item.links.items():
            linked[link].append(row)
    return linked


def _strengths(values: Mapping[int, float]) -> list[tuple[int, float]]:
    """Values on a scale that heavy tails and different raters share: the log, relative to the person's own largest."""
    top = max(math.log1p(value) for value in values.values())
    return [(row, 0.2 + 0.8 * math.log1p(value) / top if top else 0.2) for row, value in values.items()]
