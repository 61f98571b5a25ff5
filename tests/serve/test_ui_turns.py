from __future__ import annotations

import threading
from collections.abc import Generator

import pytest
from ui_samples import reply

from chatrec.errors import InputError
from chatrec.serve.ui.turns import RunningTurn
from chatrec.types import CandidatesFound, Event, Final, Ledger, Understood

WAIT_S = 5


class Script:
    """A turn that waits for leave before its second event, and tells when it was closed."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.closed = threading.Event()

    def events(self) -> Generator[Event, None, None]:
        try:
            yield Understood(ledger=Ledger())
            self.go_on.wait(WAIT_S)
            yield CandidatesFound(recommendations=())
            yield Final(reply=reply())
        finally:
            self.closed.set()


def test_all_events_come_in_order_and_the_turn_is_finished() -> None:
    script = Script()
    script.go_on.set()
    turn = RunningTurn(script.events())

    assert [event.type for event in turn] == ["understood", "candidates", "final"]
    assert turn.finished
    assert script.closed.wait(WAIT_S)


def test_stopping_ends_the_wait_though_the_turn_is_still_silent() -> None:
    script = Script()
    turn = RunningTurn(script.events())
    seen = []

    for event in turn:
        seen.append(event.type)
        turn.stop()

    assert seen == ["understood"]
    assert not script.closed.is_set()
    assert not turn.finished


def test_a_stopped_turn_is_closed_at_its_next_event() -> None:
    script = Script()
    turn = RunningTurn(script.events())
    turn.stop()

    script.go_on.set()

    assert script.closed.wait(WAIT_S)
    assert list(turn) == []


def test_an_error_of_the_turn_reaches_the_one_who_waits_for_it() -> None:
    def events() -> Generator[Event, None, None]:
        yield Understood(ledger=Ledger())
        raise InputError("no such thing")

    with pytest.raises(InputError, match="no such thing"):
        list(RunningTurn(events()))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_turn_that_breaks_down_ends_without_being_finished() -> None:
    def events() -> Generator[Event, None, None]:
        yield Understood(ledger=Ledger())
        raise RuntimeError("a defect")

    turn = RunningTurn(events())

    assert [event.type for event in turn] == ["understood"]
    turn._thread.join(WAIT_S)
    assert not turn.finished
    assert not turn.was_stopped
