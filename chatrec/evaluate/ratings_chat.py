"""The chat itself among the systems of `chatrec evaluate ratings`: what it ranks for people who say nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from chatrec.evaluate.ratings import Floats, Interactions, Rows
from chatrec.index.open import Index, popularity_percentiles
from chatrec.retrieve.fuse import Fusion
from chatrec.retrieve.load import load_fusion
from chatrec.retrieve.query import compose
from chatrec.score.head import Scorer
from chatrec.types import Ledger, Opinion


@dataclass(frozen=True, eq=False)
class Chat:
    """A chat's candidates, ordered by its head, for somebody who says no word; predicts no values.

    What somebody met in training are opinions, all of one turn, the latest last, and none is recommended again. What they gave
    at least their own median is liked, the rest mentioned without a verdict: raters differ in how high they rate, and the
    hours of one who plays all day are not those of another, so that a bound for all would leave some with nothing liked.
    """

    fusion: Fusion
    scorer: Scorer
    train: Interactions
    places: list[Rows]
    """Of each user, where in `train` their interactions are, the latest last; as in the file where times are not known."""

    @classmethod
    def open(cls, index: Index, train: Interactions, models: Path | None = None) -> Chat:
        """The shipped head and the retrievers that every catalog has, or those of a folder.

        Popularity is how many users met an item in training: the catalog's may have been counted on what is held out.

        Args:
            index: of the catalog that rows of `train` are of.
            train: what is known of the users.
            models: a folder that `chatrec train head` wrote for this catalog.

        Raises:
            ModelMissingError: the folder belongs to another catalog, or cannot be read.
        """
        counts = np.bincount(train.items, minlength=train.item_count).astype(np.float64)
        index = replace(index, popularity=popularity_percentiles(counts, index.columns))
        order = np.lexsort((np.nan_to_num(train.times, nan=-np.inf), train.users))
        ends = np.cumsum(np.bincount(train.users, minlength=train.user_count))
        return cls(load_fusion(index, models), Scorer.load(index, models), train, np.split(order, ends[:-1]))

    def ledger(self, user: int) -> Ledger:
        """What is known of a user who has interactions in training."""
        mine, ids = self.places[user], self.fusion.index.ids
        values = self.train.values[mine]
        told = zip(self.train.items[mine].tolist(), (values >= np.median(values)).tolist(), strict=True)
        return Ledger(
            opinions=tuple(Opinion(item_id=ids[row], sentiment="liked" if liked else "mentioned") for row, liked in told)
        )

    def scores(self, users: Rows) -> Floats:
        """The head's probabilities of the candidates; NaN beyond them."""
        index = self.fusion.index
        found = np.full((len(users), self.train.item_count), np.nan, dtype=np.float32)
        for row, user in zip(found, users.tolist(), strict=True):
            query = compose(index, self.ledger(user), "")
            ranked = self.scorer(query, self.fusion(query))
            row[[index.rows[item_id] for item_id in ranked.ids]] = ranked.scores
        return found

    def values(self, users: Rows, items: Rows) -> None:
        """None: it knows order only."""
        return None
