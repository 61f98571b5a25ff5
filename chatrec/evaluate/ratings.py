"""Interactions as arrays: what users gave to items (a rating, hours, plays), read once and in bounded memory."""

from __future__ import annotations

import hashlib
import heapq
import math
from array import array
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


@dataclass(frozen=True, eq=False)
class Lines:
    """n lines of a file of interactions, column by column, in the order of the file."""

    path: Path
    numbers: Rows
    """int64 [n]: lines of the file, from 1 with its header."""
    users: Rows
    """int64 [n], places in `names`."""
    items: Rows
    """int64 [n], places in `ids`."""
    values: NDArray[np.float64]
    times: NDArray[np.float64]
    """float64 [n]: Unix seconds, NaN where unknown."""
    names: tuple[str, ...]
    """Users."""
    ids: tuple[str, ...]
    """Items of the file, also those that none of the lines is about."""
    lines_in_file: int
    """Without its header."""
    users_in_file: int | None
    """None where there were more than were read."""

    def rows(self, rows: Mapping[str, int]) -> Rows:
        """int64 [n]: the rows of the lines' items, -1 of those that have none.

        Args:
            rows: id in the file → row of the catalog.
        """
        return np.array([rows.get(item, -1) for item in self.ids], dtype=np.int64)[self.items]

    def of(self, part: Interactions, rows: Mapping[str, int]) -> Iterator[Interaction]:
        """The lines that part of the interactions was made of, in their order; of what repeats, every line.

        Args:
            part: some of what `join` made of these lines.
            rows: as they were joined by.
        """
        numbers = {name: number for number, name in enumerate(part.names)}
        users = np.array([numbers.get(name, -1) for name in self.names], dtype=np.int64)[self.users]
        items = self.rows(rows)
        wanted = part.users * part.item_count + part.items
        kept = (users >= 0) & (items >= 0) & np.isin(users * part.item_count + items, wanted)
        for place in np.flatnonzero(kept).tolist():
            time = self.times[place]
            yield Interaction(
                str(self.path),
                int(self.numbers[place]),
                self.names[self.users[place]],
                self.ids[self.items[place]],
                float(self.values[place]),
                None if math.isnan(time) else int(time),
            )


def read_lines(path: Path, *, max_users: int = 20_000, seed: int = 0) -> Lines:
    """Read the lines of at most `max_users` users of a file, once.

    Kept are the users with the lowest hashes of (seed, id), so that the sample is uniform and does not depend on the order of
    the file. Whoever is among them in the end was so from their first line on: the lines of all others are let go as soon as
    there are enough lower ones, and memory is taken by the size of the sample.

    Args:
        path: CSV with the header `user_id,item_id,value` and, if known, `timestamp`.
        max_users: users read.
        seed: of the sample.

    Raises:
        DataMissingError: there is no such file.
        TrainingDataError: lines cannot be read, or there is none.
    """
    sample = _Sample(max_users, seed)
    items: dict[str, int] = {}
    total = 0
    for one in read_interactions(path):
        total += 1
        lines = sample.lines_of(one.user)
        if lines is not None:
            time = math.nan if one.timestamp is None else float(one.timestamp)
            lines.extend((one.line, items.setdefault(one.item, len(items)), one.value, time))
    if not total:
        raise TrainingDataError(f"{path}: holds no interactions, only a header")
    names = tuple(sample.kept)
    users = np.repeat(np.arange(len(names)), [len(sample.kept[name]) // 4 for name in names])
    table = np.concatenate([np.frombuffer(sample.kept[name]) for name in names]).reshape(-1, 4)
    order = np.argsort(table[:, 0], kind="stable")
    numbers, places, values, times = table[order].T
    columns = numbers.astype(np.int64), users[order], places.astype(np.int64), values, times
    return Lines(path, *columns, names, tuple(items), total, len(names) if sample.whole else None)


class _Sample:
    """The users with the lowest hashes so far, and their lines.

    Args:
        most: users kept.
        seed: of the hashes.
    """

    def __init__(self, most: int, seed: int) -> None:
        self._most, self._seed = most, seed
        self._heap: list[tuple[int, str]] = []  # largest hash first
        self.kept: dict[str, array[float]] = {}
        """User → number, item, value and time of each line, one after the other."""
        self.whole = True
        """Whether nobody was left out."""

    def lines_of(self, user: str) -> array[float] | None:
        """Where the lines of a user go; None of one who is left out."""
        if user in self.kept:
            return self.kept[user]
        text = f"{self._seed}\n{user}".encode()
        key = -int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, (key, user))
        else:
            self.whole = False
            if key < self._heap[0][0]:
                return None
            del self.kept[heapq.heapreplace(self._heap, (key, user))[1]]
        return self.kept.setdefault(user, array("d"))


def join(
    lines: Lines, catalog: Mapping[str, Any], *, rows: Mapping[str, int] | None = None, scale: Scale | None = None
) -> tuple[Interactions, Reading]:
    """Lines as interactions with the items of a catalog, each pair of user and item once.

    Args:
        lines: as they were read.
        catalog: by item id; rows are its order.
        rows: id in the file → row of the catalog, where the file has ids of another; none: those of the catalog.
        scale: None to tell from the values: at most 20 different ones are a rating.

    Raises:
        TrainingDataError: no item is known, there is one user only, or a value is not of the scale.
    """
    items = lines.rows(rows_of(catalog) if rows is None else rows)
    unknown = items < 0
    example = lines.ids[lines.items[unknown.argmax()]] if unknown.any() else ""
    users, names = _numbered(lines.users[~unknown])
    _check(lines.path, len(users), len(names), example)
    _, first, pairs = np.unique(users * len(catalog) + items[~unknown], return_index=True, return_inverse=True)
    last = np.zeros(len(first), dtype=np.int64)
    np.maximum.at(last, pairs, np.arange(len(pairs)))
    order = np.argsort(first)
    first, last = first[order], last[order]
    amounts = lines.values[~unknown][last]
    values, scale = _compared(lines.path, amounts, lines.numbers[~unknown][last], scale)
    found = Interactions(
        users[first],
        items[~unknown][first],
        values,
        lines.times[~unknown][last],
        len(names),
        len(catalog),
        tuple(lines.names[place] for place in names),
    )
    left_out = int(unknown.sum()), example, len(users) - len(found)
    one_value = bool((amounts == amounts[0]).all())
    return found, Reading(scale, lines.lines_in_file, len(names), lines.users_in_file, *left_out, one_value)


def _numbered(names: Rows) -> tuple[Rows, Rows]:
    """Numbers by first appearance: of each name, and the name of each number."""
    distinct, first, codes = np.unique(names, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return np.argsort(order)[codes], distinct[order]


def rows_of(catalog: Mapping[str, Any]) -> dict[str, int]:
    """Item id → row."""
    return {item: row for row, item in enumerate(catalog)}


def _check(path: Path, known: int, users: int, example: str) -> None:
    if not known:
        raise TrainingDataError(f"{path}: none of its items is in the catalog (not {example!r}, for one)")
    if users < 2:
        raise TrainingDataError(f"{path}: holds one user only; nothing can be learned from others")


def _compared(path: Path, amounts: NDArray[np.float64], numbers: Rows, scale: Scale | None) -> tuple[Floats, Scale]:
    """Values on the scale that is asked for, or else the one they look like; `numbers` are their lines in the file."""
    scale = scale or ("rating" if len(np.unique(amounts)) <= MOST_STEPS else "log")
    if scale == "log" and amounts.min() < 0:
        raise TrainingDataError(
            f"{path}:{numbers[amounts.argmin()]}: a value is {amounts.min():g}; hours and plays are 0 or more"
        )
    return (np.log1p(amounts) if scale == "log" else amounts).astype(np.float32), scale


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
