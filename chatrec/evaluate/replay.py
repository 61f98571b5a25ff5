"""Replaying dialog logs: every recommender turn is predicted from the turns before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from chatrec.constraints import requirements, satisfies_all
from chatrec.errors import DialogLogError
from chatrec.evaluate.context import queries
from chatrec.evaluate.logs import DialogLine, Instance, Protocol, instances
from chatrec.evaluate.metrics import gold_ranks
from chatrec.index.open import Index
from chatrec.pool import Pool
from chatrec.types import Candidate, Item, Query

T = TypeVar("T")
RANKED = 100
"""Most ids per line of `rankings.jsonl`."""
Lost = Literal["not in the catalog", "filtered", "not retrieved", "cut from the pool"]
"""Why an answer was not among the candidates; `filtered`: masked, excluded, or against a constraint of the ledger."""
Retrieve = Callable[[Query], Sequence[Candidate]]
Rerank = Callable[[Query, Instance, Sequence[Candidate]], Sequence[Candidate]]
"""Candidates in a better order; the instance is there for recorded model output to be looked up by, not to be read."""
Read = Callable[[Query, Instance, Protocol], Query]
"""A query whose ledger comes from annotated mentions → the same with a ledger read from the words."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One instance and what the system made of it."""

    dialog_id: str
    turn: int
    """0-based position in the dialog's `turns`."""
    ranking: tuple[str, ...]
    """Up to 100 ids, best first, ties by id."""
    gold: tuple[str, ...]
    ranks: tuple[float, ...]
    """Rank of each scored answer, ties as mean rank; inf where it was not ranked."""
    before: tuple[float, ...]
    """Rank of each answer in the fused retrieval, before the head; inf if no retriever brought it up."""
    answers: tuple[str, ...]
    """What is scored: the gold, of several versions of one work the first."""
    lost: tuple[Lost | None, ...]
    """Why an answer was not among the candidates; None where it was."""
    named: tuple[str, ...]
    """Items named before the turn."""
    given: tuple[float, ...] | None = None
    """Rank of each answer had the mentions been given; None where they were."""
    required: int = 0
    """Constraints that the ledger held."""
    violating: tuple[int, ...] = ()
    """1-based places in `ranking` of items that break one of them."""
    listed: tuple[bool, ...] | None = None
    """Whether any retriever has each answer among the first items it found; None where that was not looked at."""

    def only(self, places: Sequence[int]) -> Replayed:
        """The same with some of the answers."""
        return replace(
            self,
            ranks=_at(self.ranks, places),
            before=_at(self.before, places),
            answers=_at(self.answers, places),
            lost=_at(self.lost, places),
            given=None if self.given is None else _at(self.given, places),
            listed=None if self.listed is None else _at(self.listed, places),
        )


def select(dialogs: Iterable[DialogLine], protocol: Protocol, limit: int | None = None, path: str = "") -> list[Instance]:
    """The instances that are replayed, in order.

    Args:
        dialogs: the log.
        protocol: what of its gold is scored.
        limit: only the first so many.
        path: of the log, for the error.

    Raises:
        DialogLogError: there is none.
    """
    found = list(islice(chain.from_iterable(instances(dialog, protocol) for dialog in dialogs), limit))
    if not found:
        raise DialogLogError(
            f"no instance to replay under protocol {protocol!r}: no assistant turn after the first has gold, or the"
            " sentences come in no order",
            path=path,
        )
    return found


@dataclass(frozen=True)
class System:
    """What is replayed: the stages from a query to a ranking."""

    retrieve: Retrieve
    """Query → fused candidates, all of them."""
    pool: int
    """How many of them are passed on."""
    rerank: Rerank | None = None
    """Puts them in order; none: the fused order is the answer."""
    read: Read | None = None
    """Reads the ledger from the words; none: annotated mentions are given."""
    scorer: Rerank | None = None
    """What the answers to the given mentions are put in order by, to tell what reading lost; without effect where none reads."""
    union: Retrieve | None = None
    """Query → all that any retriever has among the first items it found; none: that is not looked at."""


def replay(index: Index, found: Sequence[Instance], protocol: Protocol, system: System) -> Iterator[Replayed]:
    """Replay instances one by one.

    Args:
        index: of the catalog the dialogs speak of.
        found: the instances.
        protocol: `new` masks everything mentioned before; `full` masks only a playlist's seeds.
        system: the stages.
    """
    for instance, given in zip(found, queries(index, found, protocol), strict=True):
        masked = masked_items(instance, protocol, index.catalog)
        query = given if system.read is None else system.read(given, instance, protocol)
        everything = system.retrieve(query)
        fused = unmasked(everything[: system.pool], masked)
        ranked = fused if system.rerank is None else system.rerank(query, instance, fused)
        row = judge(instance, protocol, index.catalog, ranked, fused)
        required = requirements(query.ledger)
        row = replace(
            row,
            lost=_lost(row, index, index.allowed(query, required), masked, everything),
            required=len(required),
            violating=tuple(
                place for place, item in enumerate(row.ranking, 1) if not satisfies_all(index.catalog[item], required)
            ),
        )
        if system.read is not None:
            known = unmasked(system.retrieve(given)[: system.pool], masked)
            known = known if system.scorer is None else system.scorer(given, instance, known)
            row = replace(row, given=judge(instance, protocol, index.catalog, known, known).ranks)
        if system.union is not None:
            row = replace(row, listed=_listed(row, system.union(query), masked, index.catalog))
        yield row


def masked_items(instance: Instance, protocol: Protocol, catalog: Mapping[str, Item]) -> frozenset[str]:
    """What may not be ranked: the mentioned items under `new`, and a playlist's seeds with their versions under either."""
    seeds = instance.dialog.turns[instance.turn].seeds
    clusters = {cluster_of(item, catalog) for item in seeds}
    masked = {item for item in catalog if cluster_of(item, catalog) in clusters} if clusters else set()
    return frozenset(masked | (set(instance.mentioned) if protocol == "new" else set()))


def unmasked(found: Sequence[Candidate], masked: frozenset[str]) -> Pool:
    """The candidates that may be ranked."""
    return Pool.of(found).where(lambda item_id: item_id not in masked)


def judge(
    instance: Instance,
    protocol: Protocol,
    catalog: Mapping[str, Item],
    ranked: Sequence[Candidate],
    fused: Sequence[Candidate],
) -> Replayed:
    """Compare rankings with the gold; versions of one track (`links.cluster`) count as one answer."""
    gold = instance.gold(protocol)
    answers = tuple(cluster_of(item, catalog) for item in gold)
    answers = answers if answers == gold else tuple(dict.fromkeys(answers))
    before = tuple(_ranks(fused, answers, catalog))
    return Replayed(
        dialog_id=instance.dialog.dialog_id,
        turn=instance.turn,
        ranking=(pool := Pool.of(ranked)).ranked(pool.scores).ids[:RANKED],
        gold=gold,
        ranks=tuple(_ranks(ranked, answers, catalog)),
        before=before,
        answers=tuple(next(item for item in gold if cluster_of(item, catalog) == answer) for answer in answers),
        lost=tuple(None if rank < math.inf else "not retrieved" for rank in before),
        named=instance.mentioned,
    )


def _listed(row: Replayed, found: Sequence[Candidate], masked: frozenset[str], catalog: Mapping[str, Item]) -> tuple[bool, ...]:
    works = {cluster_of(item_id, catalog) for item_id in Pool.of(found).ids if item_id not in masked}
    return tuple(cluster_of(answer, catalog) in works for answer in row.answers)


def _lost(
    row: Replayed, index: Index, allowed: NDArray[np.bool_], masked: frozenset[str], found: Sequence[Candidate]
) -> tuple[Lost | None, ...]:
    works = {cluster_of(item_id, index.catalog) for item_id in Pool.of(found).ids}

    def why(answer: str) -> Lost:
        work = cluster_of(answer, index.catalog)
        versions = [item for item in row.gold if item in index.rows and cluster_of(item, index.catalog) == work]
        if not versions:
            return "not in the catalog"
        if all(item in masked or not allowed[index.rows[item]] for item in versions):
            return "filtered"
        return "cut from the pool" if work in works else "not retrieved"

    return tuple(why(answer) if math.isinf(rank) else None for answer, rank in zip(row.answers, row.before, strict=True))


def _at(part: tuple[T, ...], places: Sequence[int]) -> tuple[T, ...]:
    return tuple(part[place] for place in places)


def _ranks(ranked: Sequence[Candidate], answers: Sequence[str], catalog: Mapping[str, Item]) -> list[float]:
    works: dict[str, float] = {}
    for item_id, score in zip((pool := Pool.of(ranked)).ids, pool.scores.tolist(), strict=True):
        works.setdefault(cluster_of(item_id, catalog), score)
    return gold_ranks(list(works), answers, list(works.values()))


def cluster_of(item_id: str, catalog: Mapping[str, Item]) -> str:
    """The work an item is a version of, else its own id."""
    item = catalog.get(item_id)
    return item.links.get("cluster", item_id) if item else item_id
