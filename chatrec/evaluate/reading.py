"""Ledgers read from the words of a log, as a chat reads them, instead of taken from its annotated mentions."""

from __future__ import annotations

from dataclasses import replace

from chatrec.evaluate.context import turn_text
from chatrec.evaluate.logs import DialogLine, Instance, Protocol, TurnLine
from chatrec.index.open import Index
from chatrec.types import Change, Opinion, Query
from chatrec.understand.ledger import pulling, replay
from chatrec.understand.read import Understander


class WordReader:
    """Reads what people said turn by turn. What the recommender named is known, since it said so itself.

    Args:
        index: of the catalog whose titles and people are looked for.

    Attributes:
        named: annotated mentions in the user turns that were read, each item once a turn, of items the catalog has.
        read: items that were read out of these turns.
        common: both.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._understander = Understander(index.catalog)
        self._dialog: DialogLine | None = None
        self._turns = 0
        self._changes: tuple[Change, ...] = ()
        self.named = self.read = self.common = 0

    def __call__(self, query: Query, instance: Instance, protocol: Protocol) -> Query:
        """The query with the ledger as it is read; words and vectors stay.

        Args:
            query: as made from annotated mentions.
            instance: whose context is read; the instances of one dialog come in order.
            protocol: under `new` what a chat would not offer again is excluded, beside what was mentioned. A work that was
                asked for itself, and that the recommender has not named yet, may be the answer.
        """
        if instance.dialog is not self._dialog:
            self._dialog, self._turns, self._changes = instance.dialog, 0, ()
        for number in range(self._turns, instance.turn):
            self._take(instance.dialog.turns[number], number)
        self._turns = instance.turn
        ledger = replace(replay(self._changes), turn=instance.turn)
        spoken_of = {o.item_id for o in ledger.opinions if o.sentiment != "wanted" or o.item_id in ledger.shown}
        excluded = query.excluded | spoken_of | set(ledger.passed) if protocol == "new" else query.excluded
        return replace(query, ledger=pulling(ledger), excluded=excluded)

    def _take(self, turn: TurnLine, number: int) -> None:
        mentioned = tuple(dict.fromkeys(m.item for m in turn.mentions if m.item in self._index.catalog))
        if turn.role == "user":
            reading = self._understander.read(turn_text(turn, self._index), replay(self._changes), turn=number)
            self._changes += reading.changes
            self._count(set(mentioned), {change.opinion.item_id for change in reading.changes if change.opinion})
        elif mentioned:
            said = (Opinion(item_id=item, sentiment="mentioned", turn=number) for item in mentioned)
            self._changes += tuple(Change(action="opine", turn=number, opinion=opinion) for opinion in said)
            self._changes += (Change(action="shown", turn=number, item_ids=mentioned),)

    def _count(self, named: set[str], read: set[str]) -> None:
        self.named += len(named)
        self.read += len(read)
        self.common += len(named & read)
