"""A turn's events, taken in a thread of its own: stopping need not wait for the language model's next word."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from queue import SimpleQueue

from chatrec.errors import ChatrecError
from chatrec.types import Event, Final


class RunningTurn:
    """Iterates over the events of a turn until it ends or `stop` is called.

    Args:
        events: the turn; closed, from the thread that runs it, as soon as it yields after a stop.

    Raises:
        ChatrecError: whatever the turn raised.
    """

    def __init__(self, events: Generator[Event, None, None]) -> None:
        self._events = events
        self._queue: SimpleQueue[Event | ChatrecError | None] = SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chatrec-turn", daemon=True)
        self.finished = False
        """Whether the turn came to its reply."""
        self._thread.start()

    @property
    def was_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stop.is_set()

    def stop(self) -> None:
        """End the iteration now; the turn itself is closed at its next event."""
        self._stop.set()
        self._queue.put(None)

    def __iter__(self) -> Iterator[Event]:
        while not self.was_stopped and (got := self._queue.get()) is not None:
            if isinstance(got, ChatrecError):
                raise got
            self.finished = isinstance(got, Final)
            yield got

    def _run(self) -> None:
        try:
            with closing(self._events) as events:
                for event in events:
                    if self.was_stopped:
                        break
                    self._queue.put(event)
        except ChatrecError as error:
            self._queue.put(error)
        finally:
            self._queue.put(None)
