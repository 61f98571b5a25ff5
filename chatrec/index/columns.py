"""The fields that constraints speak of, as columns over a catalog: one constraint decided for every item at once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from chatrec.constraints import LIST_FIELDS, NUMBER_FIELDS, TEXT_FIELDS, values_of, wanted
from chatrec.types import EMPTY, Constraint, Item

Mask = NDArray[np.bool_]
COLUMNS = "columns.safetensors"
KEPT_MASKS = 64
"""Constraints whose verdict is kept: those of the running conversations."""


class Columns:
    """Columns of a catalog, each made when it is first asked for. The verdicts are those of `constraints.satisfies`.

    Args:
        items: in the order of the index's rows.
        saved: columns that `save` has written.
    """

    def __init__(self, items: Collection[Item], saved: Mapping[str, NDArray[Any]] = EMPTY) -> None:
        self._items = items
        self._saved = saved
        self._mask = lru_cache(KEPT_MASKS)(self._decide)
        self.numbers = lru_cache(None)(self._numbers)
        self.postings = lru_cache(None)(self._postings)

    def __len__(self) -> int:
        return len(self._items)

    def satisfying(self, constraints: Iterable[Constraint]) -> Mask:
        """bool [items]: which items satisfy every constraint."""
        mask = np.ones(len(self), dtype=bool)
        for constraint in constraints:
            met = self._mask(constraint.field, constraint.op, constraint.value)
            mask &= met | ~self._mask("form", "in", constraint.of_forms) if constraint.of_forms else met
        return mask

    def known(self, field: str) -> Mask:
        """bool [items]: which items tell anything of a field."""
        return ~np.isnan(self.numbers(field)) if field in NUMBER_FIELDS else self._mask(field, "not_in", ())

    def save(self, folder: Path) -> None:
        """Write all columns, but for the ids, into a generation."""
        arrays: dict[str, NDArray[Any]] = {field: self._numbers(field) for field in NUMBER_FIELDS}
        for field in (*LIST_FIELDS, *TEXT_FIELDS):
            if field != "id":
                postings = self._postings(field)
                arrays[f"{field}/values"] = np.frombuffer(json.dumps(list(postings)).encode(), dtype=np.uint8)
                arrays[f"{field}/ends"] = np.cumsum([len(rows) for rows in postings.values()], dtype=np.int64)
                arrays[f"{field}/rows"] = np.concatenate([np.empty(0, dtype=np.int32), *postings.values()])
        save_file(arrays, folder / COLUMNS)

    @classmethod
    def load(cls, folder: Path, items: Collection[Item]) -> Columns:
        """The columns of a generation; one that was built before they were saved has them made of the items."""
        return cls(items, load_file(folder / COLUMNS) if (folder / COLUMNS).is_file() else {})

    def _numbers(self, field: str) -> NDArray[np.float64]:
        """float64 [items]: a number field; NaN where unknown."""
        if field in self._saved:
            return self._saved[field]
        numbers = (getattr(item, field) for item in self._items)
        return np.array([np.nan if number is None else number for number in numbers], dtype=np.float64)

    def _postings(self, field: str) -> Mapping[str, NDArray[np.int32]]:
        """Folded value of a text or list field → the rows that have it, ascending."""
        if f"{field}/rows" in self._saved:
            values, ends, rows_of = (self._saved[f"{field}/{part}"] for part in ("values", "ends", "rows"))
            starts = [0, *ends.tolist()]
            return {v: rows_of[a:b] for v, a, b in zip(json.loads(values.tobytes()), starts, starts[1:], strict=False)}
        rows: dict[str, list[int]] = defaultdict(list)
        for row, item in enumerate(self._items):
            for value in dict.fromkeys(values_of(item, field)):
                rows[value].append(row)
        return {value: np.array(found, dtype=np.int32) for value, found in rows.items()}

    def _decide(self, field: str, op: str, value: object) -> Mask:
        constraint = Constraint(field=field, op=op, value=value)  # type: ignore[arg-type] - as it came out of one
        mask = self._compared(constraint) if field in NUMBER_FIELDS else self._held(constraint)
        mask.flags.writeable = False
        return mask

    def _held(self, constraint: Constraint) -> Mask:
        postings = self.postings(constraint.field)
        held = self._any_of(rows for value in wanted(constraint) if (rows := postings.get(value)) is not None)
        return held if constraint.op == "in" else self._any_of(postings.values()) & ~held

    def _any_of(self, groups: Iterable[NDArray[np.int32]]) -> Mask:
        mask = np.zeros(len(self), dtype=bool)
        for rows in groups:
            mask[rows] = True
        return mask

    def _compared(self, constraint: Constraint) -> Mask:
        numbers, value = self.numbers(constraint.field), constraint.value
        if isinstance(value, tuple):
            within = [(numbers >= low) & (numbers <= high) for low, high in value]  # type: ignore[misc]
            return np.logical_or.reduce(within) if within else np.zeros(len(self), dtype=bool)
        compare = {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}[constraint.op]
        return compare(numbers, value)
