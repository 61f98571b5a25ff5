"""Interactions as arrays: what users gave to items (a rating, hours, plays), read in two passes and in bounded memory."""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chatrec.catalog.interactions import Interaction, read_interactions
from chatrec.errors import InputError, TrainingDataError

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
Scale = Literal["rating", "log"]
"""How values are compared: as they stand, or (hours, plays) as log(1 + value)."""
MOST_STEPS = 20
"""A scale of ratings has no more different values than this; what has more is an amount."""


@dataclass(frozen=True, eq=False)
class Interactions:
    """n interactions of users and items, each pair once, on the scale they are compared on."""

    users: Rows
    """int64 [n], from 0 by first appearance in the file."""
    items: Rows
    """int64 [n], rows of the catalog."""
    values: Floats
    """float32 [n]: ratings, or log(1 + amount)."""
    times: NDArray[np.float64]
    """float64 [n]: Unix seconds, NaN where unknown."""
    user_count: int
    item_count: int
    """Items in the catalog, also those that nobody met."""
    names: tuple[str, ...] = ()
    """The users' ids in the file, by number; empty where they are from none."""

    def __len__(self) -> int:
        return len(self.users)

    def take(self, kept: NDArray[np.bool_]) -> Interactions:
        """Some of the interactions, of the same users and items."""
        chosen = {name: getattr(self, name)[kept] for name in ("users", "items", "values", "times")}
        return replace(self, **chosen)


@dataclass(frozen=True)
class Reading:
    """What was read, and what was left out."""

    scale: Scale
    lines: int
    """Lines of the file, without its header."""
    users: int
    """Users read; the file holds `users_in_file`."""
    users_in_file: int | None
    """None where there were more than were read: they are not counted, to need no memory."""
    unknown_lines: int
    """Lines of sampled users with an item that the catalog lacks."""
    unknown_example: str
    repeated: int
    """Lines on a pair of user and item named before; the last one counts."""
    one_value: bool
    """Every value is the same: there is nothing to predict or to tell apart by value."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the report."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def read_ratings(
    path: Path,
    catalog: Mapping[str, Any],
    *,
    rows: Mapping[str, int] | None = None,
    scale: Scale | None = None,
    max_users: int = 20_000,
    seed: int = 0,
) -> tuple[Interactions, Reading]:
    """Read interactions of at most `max_users` users.

    The first pass keeps the users with the lowest hashes of (seed, id), so the sample is uniform, does not depend on the order
    of the file, and takes memory by its own size; the second reads their lines.

    Args:
        path: CSV with the header `user_id,item_id,value` and, if known, `timestamp`.
        catalog: by item id; rows are its order.
        rows: id in the file → row of the catalog, where the file has ids of another; none: those of the catalog.
        scale: None to tell from the values: at most 20 different ones are a rating.
        max_users: users read.
        seed: of the sample.

    Raises:
        DataMissingError: there is no such file.
        TrainingDataError: lines cannot be read, nothing is left, no item is known, or there is one user only.
    """
    kept, everyone = _sample(path, max_users, seed)
    rows = rows_of(catalog) if rows is None else rows
    numbers: dict[str, int] = {}
    places: dict[tuple[int, int], int] = {}
    users, items, values, times = [], [], [], []
    lines = unknown = repeated = 0
    example = ""
    for one in read_interactions(path):
        lines += 1
        if one.user not in kept:
            continue
        value, time = one.value, math.nan if one.timestamp is None else one.timestamp
        row = rows.get(one.item)
        if row is None:
            unknown, example = unknown + 1, example or one.item
            continue
        pair = (numbers.setdefault(one.user, len(numbers)), row)
        place = places.setdefault(pair, len(users))
        if place < len(users):
            repeated += 1
            values[place], times[place] = value, time
            continue
        users.append(pair[0])
        items.append(row)
        values.append(value)
        times.append(time)
    _check(path, lines, len(users), len(numbers), example)
    compared, scale = _compared(path, np.array(values, dtype=np.float64), scale)
    pairs = np.array(users, np.int64), np.array(items, np.int64)
    found = Interactions(*pairs, compared, np.array(times), len(numbers), len(catalog), tuple(numbers))
    return found, Reading(scale, lines, len(numbers), everyone, unknown, example, repeated, len(set(values)) == 1)


def _compared(path: Path, amounts: NDArray[np.float64], scale: Scale | None) -> tuple[Floats, Scale]:
    """Values on the scale that is asked for, or else the one they look like."""
    scale = scale or ("rating" if len(np.unique(amounts)) <= MOST_STEPS else "log")
    if scale == "log" and amounts.min() < 0:
        raise TrainingDataError(f"{path}: a value is {amounts.min():g}; hours and plays are 0 or more")
    return (np.log1p(amounts) if scale == "log" else amounts).astype(np.float32), scale


def rows_of(catalog: Mapping[str, Any]) -> dict[str, int]:
    """Item id → row."""
    return {item: row for row, item in enumerate(catalog)}


def lines_of(part: Interactions, path: Path, rows: Mapping[str, int]) -> Iterator[Interaction]:
    """The lines of a file that part of its interactions was read from, in their order; of what repeats, every line.

    Args:
        part: some of what `read_ratings` found.
        path: the file.
        rows: id in the file → row of the catalog.

    Raises:
        DataMissingError, TrainingDataError: as in `read_interactions`.
    """
    numbers = {name: number for number, name in enumerate(part.names)}
    pairs = set(zip(part.users.tolist(), part.items.tolist(), strict=True))
    return (one for one in read_interactions(path) if (numbers.get(one.user), rows.get(one.item)) in pairs)


def _check(path: Path, lines: int, known: int, users: int, example: str) -> None:
    if not lines:
        raise TrainingDataError(f"{path}: holds no interactions, only a header")
    if not known:
        raise TrainingDataError(f"{path}: none of its items is in the catalog (not {example!r}, for one)")
    if users < 2:
        raise TrainingDataError(f"{path}: holds one user only; nothing can be learned from others")


def _sample(path: Path, most: int, seed: int) -> tuple[set[str], int | None]:
    """The users to read, and how many there are if all of them are read."""
    kept: set[str] = set()
    heap: list[tuple[int, str]] = []  # largest hash first
    whole = True
    for user in (one.user for one in read_interactions(path)):
        if user in kept:
            continue
        key = -int.from_bytes(hashlib.blake2b(f"{seed}\n{user}".encode(), digest_size=8).digest(), "big")
        if len(heap) < most:
            heapq.heappush(heap, (key, user))
        else:
            whole = False
            if key < heap[0][0]:
                continue
            kept.discard(heapq.heapreplace(heap, (key, user))[1])
        kept.add(user)
    return kept, len(kept) if whole else None


Held = Literal["last-out", "temporal"]
LATEST = 0.1
"""Share of the interactions, the latest, that a temporal split holds out."""


@dataclass(frozen=True, eq=False)
class Split:
    """What is learned from and what is held out, of the same users and items; every held-out user is in `train`."""

    train: Interactions
    held: Interactions
    dropped: int
    """Held-out interactions of users without any earlier one: nothing is known of them."""


def split(interactions: Interactions, how: Held, seed: int = 0) -> Split:
    """Hold out what came last.

    `last-out` holds out one interaction of each user who has two or more: the latest, or a random one (by seed) among those
    of equal or unknown time. `temporal` cuts at one moment for all: what is later than 90% of the interactions is held out.

    Raises:
        InputError: `temporal` without times.
        TrainingDataError: nothing can be held out.
    """
    late = _last_of_each(interactions, seed) if how == "last-out" else _late(interactions)
    known = np.zeros(interactions.user_count, dtype=bool)
    known[interactions.users[~late]] = True
    kept = late & known[interactions.users]
    if not kept.any():
        raise TrainingDataError("nothing can be held out: no user has both an earlier and a later interaction")
    return Split(interactions.take(~late), interactions.take(kept), int(late.sum() - kept.sum()))


def _last_of_each(interactions: Interactions, seed: int) -> NDArray[np.bool_]:
    shuffle = np.random.default_rng(seed).random(len(interactions))
    times = np.nan_to_num(interactions.times, nan=-np.inf)
    order = np.lexsort((shuffle, times, interactions.users))
    users = interactions.users[order]
    final = np.append(users[1:] != users[:-1], True)
    counts = np.bincount(interactions.users, minlength=interactions.user_count)
    late = np.zeros(len(interactions), dtype=bool)
    late[order[final & (counts[users] > 1)]] = True
    return late


def _late(interactions: Interactions) -> NDArray[np.bool_]:
    if np.isnan(interactions.times).any():
        raise InputError("--split temporal needs a timestamp on every line: take --split last-out")
    return interactions.times > np.quantile(interactions.times, 1 - LATEST)
