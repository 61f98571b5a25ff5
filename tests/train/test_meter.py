"""The progress bar's numbers: shares by what steps take, and a time that follows the pace of this run."""

from __future__ import annotations

import pytest
from quick import QUICK, prepare, write_valid

from chatrec.train.head import Trainer
from chatrec.train.meter import TRUST_S, Mark, Meter, Progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[Progress]:
    return []


@pytest.fixture
def meter(clock: Clock, told: list[Progress]) -> Meter:
    return Meter(told.append, clock=clock)


def test_steps_count_by_what_they_take(meter: Meter, told: list[Progress]) -> None:
    meter.plan({"short": 10.0, "long": 90.0})
    meter.begin("short", "a short step")
    meter.begin("long", "a long one")
    assert told[-1] == Progress("a long one", pytest.approx(0.1), pytest.approx(told[-1].remaining_s))
    meter.tick(0.5)
    assert told[-1].done == pytest.approx(0.55)


def test_a_machine_of_half_the_pace_is_told_twice_the_time(meter: Meter, clock: Clock, told: list[Progress]) -> None:
    meter.plan({"all": 2000.0})
    meter.begin("all", "working")
    assert told[-1].remaining_s == pytest.approx(2000.0)
    clock.now = 2000.0
    meter.tick(0.5)
    assert told[-1].remaining_s == pytest.approx(2000.0, rel=TRUST_S / 500)


def test_steps_finished_before_an_interruption_do_not_make_this_run_look_fast(
    meter: Meter, clock: Clock, told: list[Progress]
) -> None:
    meter.plan({"kept": 5000.0, "rest": 1000.0})
    meter.begin("rest", "going on")
    clock.now = 500.0
    meter.tick(0.5)
    assert told[-1].done == pytest.approx(5500 / 6000)
    assert told[-1].remaining_s == pytest.approx(500.0)


def test_losses_stay_beside_what_is_done_until_there_are_new_ones(meter: Meter, told: list[Progress]) -> None:
    meter.plan({"fit": 1.0})
    meter.begin("fit", "fitting")
    meter.mark(Mark(0.5, 1, {"loss": 2.0}))
    meter.mark(Mark(0.6, 1))
    assert told[-1].what == "fitting: epoch 1: loss 2.000" and told[-1].done == pytest.approx(0.6)


def test_a_run_goes_through_its_plan_in_order_and_never_back(tmp_path, told: list[Progress]) -> None:  # type: ignore[no-untyped-def]
    preparation = prepare(tmp_path, QUICK, Meter(told.append), valid=write_valid(tmp_path))
    Trainer(preparation).run(tmp_path / "models")
    shares = [progress.done for progress in told]
    assert shares == sorted(shares) and told[-1].what == "writing"
    whats = " | ".join(dict.fromkeys(progress.what for progress in told))
    said = (
        "embedding what was said",
        "fold 2 of 2, candidates",
        "epoch 3: loss",
        "held out loss",
        "validation dialogs",
        "writing",
    )
    for step in said:
        assert step in whats, step


def test_of_several_runs_alike_shares_and_times_are_those_of_all(meter: Meter, told: list[Progress]) -> None:
    meter.run, meter.runs = 2, 4
    meter.plan({"all": 1000.0})
    meter.begin("all", "fitting")
    assert told[-1] == Progress("training 2 of 4, fitting", pytest.approx(0.25), pytest.approx(3000.0))
    meter.tick(1.0)
    assert told[-1].done == pytest.approx(0.5)
