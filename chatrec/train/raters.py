"""People who rated as conversations: each names a few works they hold dear, and what they gave the others is to be told.

That is how ratings, hours and plays teach a head that is asked in conversations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from chatrec.evaluate.context import queries
from chatrec.evaluate.logs import DialogLine, Instance, MentionLine, TurnLine
from chatrec.index.open import Index
from chatrec.train.pools import Asked

Ratings = Sequence[tuple[int, float]]
"""(row, strength) of everything that one person rated."""
RATERS = 400
"""Most people whose ratings are told; co-rating is fitted without them."""
SHARE = 0.2
"""Most of all people."""
LEAST = 5
"""Works a person must have rated."""
CONTEXTS = 3
"""Conversations of one person."""
NAMED = 6
"""Most works that are named in one."""


def choose(users: Sequence[Ratings], seed: int) -> tuple[int, ...]:
    """Numbers of the people whose ratings are told."""
    enough = [number for number, rated in enumerate(users) if len(rated) >= LEAST]
    drawn = np.random.default_rng(seed).permutation(len(enough))[: min(RATERS, int(SHARE * len(users)))]
    return tuple(sorted(enough[place] for place in drawn))


def conversations(index: Index, users: Sequence[Ratings], chosen: Sequence[int], seed: int) -> Iterator[Asked]:
    """Conversations of the chosen people; nobody has any if all strengths are equal.

    Args:
        index: of the catalog.
        users: everybody, for the mean and the deviation of strengths.
        chosen: numbers of some of them.
        seed: decides what they name.
    """
    strengths = np.array([strength for rated in users for _, strength in rated])
    if not len(strengths) or not strengths.std():
        return
    rng, mean, deviation = np.random.default_rng(seed), strengths.mean(), strengths.std()
    asked: list[tuple[Instance, int, dict[str, float]]] = []
    for number in chosen:
        given = {index.ids[row]: float((strength - mean) / deviation) for row, strength in users[number]}
        dear = sorted(given, key=lambda item: (-given[item], item))[: (len(given) + 1) // 2]
        for context in range(CONTEXTS):
            named = rng.choice(dear, size=rng.integers(1, min(NAMED, len(dear)) + 1), replace=False).tolist()
            turn = TurnLine(role="user", mentions=[MentionLine(item=item) for item in named])
            others = {item: value for item, value in given.items() if item not in named}
            asked.append((Instance(DialogLine(dialog_id=f"{number} {context}", turns=[turn]), 1), number, others))
    found = queries(index, [instance for instance, _, _ in asked], "new")
    for query, (_, number, others) in zip(found, asked, strict=True):
        yield Asked(query, (), number, rating=others)
