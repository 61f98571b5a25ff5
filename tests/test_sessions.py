"""Conversations survive being put away: every change comes back as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.errors import InputError
from chatrec.sessions import MemoryStore, SessionState, SessionStore, SQLiteStore
from chatrec.types import Change, Constraint, Message, Opinion, Wish

numbers = st.floats(0, 5000, allow_nan=False)
values = st.one_of(
    st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3).map(tuple),
    numbers,
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=3).map(tuple),
)
constraints = st.builds(
    Constraint,
    field=st.sampled_from(["genres", "year", "minutes"]),
    op=st.sampled_from(["in", "not_in", "le", "ranges"]),
    value=values,
    hard=st.booleans(),
    turn=st.integers(0, 9),
    said=st.text(max_size=10),
)
changes = st.one_of(
    st.builds(Change, action=st.just("constrain"), turn=st.integers(0, 9), constraint=constraints),
    st.builds(
        Change,
        action=st.just("opine"),
        turn=st.integers(0, 9),
        opinion=st.builds(Opinion, item_id=st.just("game:ftl"), sentiment=st.sampled_from(["liked", "seen"])),
    ),
    st.builds(Change, action=st.just("wish"), turn=st.integers(0, 9), wish=st.builds(Wish, text=st.text(max_size=9))),
    st.builds(Change, action=st.just("shown"), turn=st.integers(0, 9), item_ids=st.just(("game:ftl", "video:up"))),
)
states = st.builds(
    SessionState,
    messages=st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), st.text(max_size=20))).map(tuple),
    changes=st.lists(changes, max_size=5).map(tuple),
    turn=st.integers(0, 9),
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SessionStore:
    return MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "new folder" / "sessions.db")


def test_an_unknown_session_is_empty(store: SessionStore) -> None:
    assert store.load("nobody") == SessionState()


def test_an_erased_session_is_empty(store: SessionStore) -> None:
    store.save("alice", SessionState(turn=3))
    store.erase("alice")
    assert store.load("alice") == SessionState()


def test_sessions_do_not_see_each_other(store: SessionStore) -> None:
    store.save("alice", SessionState(turn=1))
    store.save("bob", SessionState(turn=2))
    assert (store.load("alice").turn, store.load("bob").turn) == (1, 2)


@given(state=states)
def test_sqlite_gives_back_exactly_what_was_saved(tmp_path_factory: pytest.TempPathFactory, state: SessionState) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.db"
    SQLiteStore(path).save("alice", state)
    assert SQLiteStore(path).load("alice") == state


def test_memory_forgets_the_least_recently_used_beyond_its_capacity() -> None:
    store = MemoryStore(capacity=2)
    for name in ("a", "b", "a", "c"):
        store.save(name, SessionState(turn=1))
    assert [store.load(name).turn for name in "abc"] == [1, 0, 1]


def test_a_file_that_is_no_database_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    path.write_text("not a database, but long enough to be looked at as one" * 20)
    with pytest.raises(InputError, match=r"sessions\.db"):
        SQLiteStore(path)
