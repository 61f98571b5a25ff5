"""Replaying dialog logs: every recommender turn is predicted from the turns before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from chatrec.errors import DialogLogError
from chatrec.evaluate.context import queries
from chatrec.evaluate.logs import DialogLine, Instance, Protocol, instances
from chatrec.evaluate.metrics import gold_ranks
from chatrec.index.open import Index
from chatrec.types import Candidate, Item, Query

RANKED = 100
"""Most ids per line of `rankings.jsonl`."""
Retrieve = Callable[[Query], Sequence[Candidate]]
Rerank = Callable[[Query, Instance, Sequence[Candidate]], Sequence[Candidate]]
"""Candidates in a better order; the instance is there for recorded model output to be looked up by, not to be read."""


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
    named: tuple[str, ...]
    """Items named before the turn."""

    def only(self, places: Sequence[int]) -> Replayed:
        """The same with some of the answers."""
        ranks, before, answers = (tuple(part[i] for i in places) for part in (self.ranks, self.before, self.answers))
        return replace(self, ranks=ranks, before=before, answers=answers)


def select(dialogs: Iterable[DialogLine], protocol: Protocol, limit: int | None = None) -> list[Instance]:
    """The instances that are replayed, in order.

    Raises:
        DialogLogError: there is none.
    """
    found = list(islice(chain.from_iterable(instances(dialog, protocol) for dialog in dialogs), limit))
    if not found:
        raise DialogLogError(
            f"no instance to replay under protocol {protocol!r}: no assistant turn after the first has gold, or the"
            " sentences come in no order"
        )
    return found


def replay(
    index: Index,
    found: Sequence[Instance],
    protocol: Protocol,
    retrieve: Retrieve,
    rerank: Rerank | None = None,
) -> Iterator[Replayed]:
    """Replay instances one by one.

    Args:
        index: of the catalog the dialogs speak of.
        found: the instances.
        protocol: `new` masks everything mentioned before; `full` masks only a playlist's seeds.
        retrieve: query → fused candidates.
        rerank: puts them in order; none: the fused order is the answer.
    """
    for instance, query in zip(found, queries(index, found, protocol), strict=True):
        masked = masked_items(instance, protocol, index.catalog)
        fused = [candidate for candidate in retrieve(query) if candidate.item.id not in masked]
        ranked = fused if rerank is None else rerank(query, instance, fused)
        yield judge(instance, protocol, index.catalog, ranked, fused)


def masked_items(instance: Instance, protocol: Protocol, catalog: Mapping[str, Item]) -> frozenset[str]:
    """What may not be ranked: the mentioned items under `new`, and a playlist's seeds with their versions under either."""
    seeds = instance.dialog.turns[instance.turn].seeds
    clusters = {cluster_of(item, catalog) for item in seeds}
    masked = {item for item in catalog if cluster_of(item, catalog) in clusters} if clusters else set()
    return frozenset(masked | (set(instance.mentioned) if protocol == "new" else set()))


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
        ranking=tuple(candidate.item.id for candidate in ranked[:RANKED]),
        gold=gold,
        ranks=tuple(_ranks(ranked, answers, catalog)),
        before=before,
        answers=tuple(next(item for item in gold if cluster_of(item, catalog) == answer) for answer in answers),
        named=instance.mentioned,
    )


def _ranks(ranked: Sequence[Candidate], answers: Sequence[str], catalog: Mapping[str, Item]) -> list[float]:
    works: dict[str, float] = {}
    for candidate in ranked:
        works.setdefault(cluster_of(candidate.item.id, catalog), candidate.score)
    return gold_ranks(list(works), answers, list(works.values()))


def cluster_of(item_id: str, catalog: Mapping[str, Item]) -> str:
    """The work an item is a version of, else its own id."""
    item = catalog.get(item_id)
    return item.links.get("cluster", item_id) if item else item_id
