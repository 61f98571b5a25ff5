"""An empty result names what emptied it, and the nearest way out."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import pytest

from chatrec.index.columns import Columns
from chatrec.index.open import Index
from chatrec.retrieve.relax import relax
from chatrec.types import Constraint, Item, Ledger, Query

ITEMS = [
    Item(id="video:a", kind="video", title="a", genres=("western",), minutes=95, year=1952),
    Item(id="video:b", kind="video", title="b", genres=("western",), minutes=120, year=1968),
    Item(id="video:c", kind="video", title="c", genres=("comedy",), minutes=60, year=1925),
]
WESTERN = Constraint(field="genres", op="in", value=("western",))
SHORT = Constraint(field="minutes", op="le", value=80.0)
SILENT_ERA = Constraint(field="year", op="ranges", value=((1920.0, 1929.0),))
QUERY = Query(ledger=Ledger(), text="")


@pytest.fixture
def index() -> SimpleNamespace:
    index = SimpleNamespace(columns=Columns(ITEMS), rows={item.id: row for row, item in enumerate(ITEMS)})
    index.allowed = partial(Index.allowed, index)
    return index


def test_a_bound_on_a_number_is_moved_to_the_nearest_value(index: SimpleNamespace) -> None:
    found = relax(index, QUERY, (WESTERN, SHORT))  # pyright: ignore[reportArgumentType]
    assert found is not None
    assert (found.dropped, found.nearest, found.remaining) == ((SHORT,), 95.0, 2)


def test_the_nearest_year_to_a_decade_is_named(index: SimpleNamespace) -> None:
    found = relax(index, QUERY, (WESTERN, SILENT_ERA))  # pyright: ignore[reportArgumentType]
    assert found is not None
    assert (found.dropped, found.nearest) == ((SILENT_ERA,), 1952.0)


def test_two_constraints_that_only_fail_together_are_dropped_together(index: SimpleNamespace) -> None:
    jazz = Constraint(field="genres", op="in", value=("jazz",))
    metal = Constraint(field="genres", op="in", value=("metal",))
    found = relax(index, QUERY, (jazz, metal))  # pyright: ignore[reportArgumentType]
    assert found is not None
    assert set(found.dropped) == {jazz, metal}
    assert found.remaining == 3


def test_excluded_items_do_not_count(index: SimpleNamespace) -> None:
    query = Query(ledger=Ledger(), text="", excluded=frozenset({"video:a"}))
    found = relax(index, query, (WESTERN, SHORT))  # pyright: ignore[reportArgumentType]
    assert found is not None
    assert found.nearest == 120.0


def test_when_everything_was_seen_there_is_no_way_out(index: SimpleNamespace) -> None:
    query = Query(ledger=Ledger(), text="", excluded=frozenset(item.id for item in ITEMS))
    assert relax(index, query, (WESTERN,)) is None  # pyright: ignore[reportArgumentType]
