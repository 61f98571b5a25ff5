"""The bar of long work, and what a log gets in its place."""

from __future__ import annotations

import time

import pytest

from chatrec.progress import LINE_S, by_file, counted, expected


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_for_every_half_minute(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with expected("starting") as show:
        for second in range(0, 95, 5):
            clock[0] = float(second)
            show(f"fitting: epoch {second}", second / 100, 100.0 - second)
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if line.strip()]
    assert not out
    assert len(lines) == 3
    for line, second in zip(lines, (LINE_S, 2 * LINE_S, 3 * LINE_S), strict=True):
        assert f"fitting: epoch {second:.0f}" in line
        assert f"{second:.0f}%" in line
        assert f"about 0:{(100 - second) // 60:02.0f}:{(100 - second) % 60:02.0f} left" in line


def test_short_work_leaves_nothing_in_a_log(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with counted("replaying") as tick:
        clock[0] = LINE_S - 1
        tick(10, 10)
    assert capsys.readouterr() == ("", "")


def test_a_line_tells_of_the_file_that_went_on(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    with by_file() as show:
        show("first.csv", 0.5)
        clock[0] = LINE_S
        show("second.csv", 0.25)
    err = capsys.readouterr().err
    assert "second.csv" in err
    assert "25%" in err
    assert "first.csv" not in err
