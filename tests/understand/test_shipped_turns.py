"""What whole conversations come to, on the catalog that ships."""

from __future__ import annotations

import pytest

from chatrec.catalog.read import read_catalog
from chatrec.settings import resource
from chatrec.types import Change, Ledger
from chatrec.understand.ledger import replay
from chatrec.understand.read import Understander

pytestmark = pytest.mark.skipif(not any(resource("catalog").glob("*.jsonl")), reason="no shipped catalog in this checkout")


@pytest.fixture(scope="module")
def understander() -> Understander:
    return Understander(read_catalog(resource("catalog")), this_year=2026)


def after(understander: Understander, *messages: str, shown: tuple[str, ...] = ()) -> Ledger:
    """The ledger after these messages; `shown` was put before the person between them."""
    changes: list[Change] = []
    for turn, message in enumerate(messages):
        changes += understander.read(message, replay(changes), turn=turn).changes
        changes += [Change(action="shown", turn=turn, item_ids=shown)] if shown else []
    return replay(changes)


@pytest.mark.parametrize(
    "messages",
    [("I hate Harry Potter. a fantasy film or game", "an audiobook"), ("I hate Dune. a film", "an audiobook")],
)
def test_the_twin_of_a_disliked_work_is_not_liked(messages, understander):
    ledger = after(understander, *messages)
    assert ledger.ids("liked") == ()
    assert len(ledger.ids("disliked")) == 1


def test_the_twin_of_a_liked_work_is_meant_when_its_medium_is_named(understander):
    assert after(understander, "films like Dune", "the audiobook").ids("liked") == ("audio:dune",)
