"""Where conversations are kept: what was said and the changes it made. A ledger is never stored, only replayed."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter

from chatrec.errors import InputError
from chatrec.types import Change, Message


@dataclass(frozen=True)
class SessionState:
    """One conversation so far."""

    messages: tuple[Message, ...] = ()
    changes: tuple[Change, ...] = ()
    turn: int = 0
    """Number of user turns taken."""


_STATE = TypeAdapter(SessionState)


class SessionStore(Protocol):
    """Keeps conversations by id; safe to use from several threads."""

    def load(self, session_id: str) -> SessionState:
        """The conversation, or an empty one if there is none."""
        ...

    def save(self, session_id: str, state: SessionState) -> None:
        """Replace the conversation."""
        ...

    def erase(self, session_id: str) -> None:
        """Forget the conversation; nothing happens if there is none."""
        ...


class MemoryStore:
    """Conversations for as long as the process lives; the least recently used ones make room beyond `capacity`."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._states: dict[str, SessionState] = {}
        self._lock = threading.Lock()

    def load(self, session_id: str) -> SessionState:
        """The conversation, or an empty one."""
        with self._lock:
            return self._states.get(session_id, SessionState())

    def save(self, session_id: str, state: SessionState) -> None:
        """Replace the conversation."""
        with self._lock:
            self._states.pop(session_id, None)
            self._states[session_id] = state
            while len(self._states) > self._capacity:
                del self._states[next(iter(self._states))]

    def erase(self, session_id: str) -> None:
        """Forget the conversation."""
        with self._lock:
            self._states.pop(session_id, None)


class SQLiteStore:
    """Conversations in one SQLite file, readable by later versions as JSON.

    Args:
        path: the file; it and its folder are made if missing.

    Raises:
        InputError: the file cannot be opened as a database.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._connect() as db:
                db.execute("CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, state TEXT NOT NULL)")
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"sessions cannot be kept in {path}: {error}") from error

    def load(self, session_id: str) -> SessionState:
        """The conversation, or an empty one."""
        with self._connect() as db:
            row = db.execute("SELECT state FROM sessions WHERE id = ?", (session_id,)).fetchone()
        return _STATE.validate_json(row[0]) if row else SessionState()

    def save(self, session_id: str, state: SessionState) -> None:
        """Replace the conversation."""
        with self._connect() as db:
            db.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?)", (session_id, _STATE.dump_json(state).decode()))

    def erase(self, session_id: str) -> None:
        """Forget the conversation."""
        with self._connect() as db:
            db.execute("DELETE FROM sessions WHERE id = ?", (session_id,))

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10)
