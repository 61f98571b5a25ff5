"""Run a command and end it, with everything it started, as soon as the process that started this one is gone.

Usage: python guard.py GRACE_S COMMAND…   with standard input a pipe that the parent holds open.

Run by path, with the standard library alone, so that it starts at once. The pipe closes however the parent ends, SIGKILL
included; a `PR_SET_PDEATHSIG` in its place would fire when the *thread* that started the server ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def main(grace_s: float, command: list[str]) -> int:
    """Run the command until it ends or must end; returns its exit code.

    Args:
        grace_s: seconds from the request to end until the kill.
        command: what to run.
    """
    _prctl(PR_SET_CHILD_SUBREAPER, 1)  # grandchildren whose parent dies become ours, so that none is lost sight of
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_guard)
    code = _watch(child, wake)
    _end_all(child.pid, grace_s)
    return code if code is not None else 0


def _watch(child: subprocess.Popen[bytes], wake: int) -> int | None:
    """Wait for the child's end (its code), the parent's end or a signal (`None`)."""
    while True:
        readable, _, _ = select.select([sys.stdin.fileno(), wake], [], [])
        if sys.stdin.fileno() in readable and not os.read(sys.stdin.fileno(), 4096):
            return None
        if wake in readable and set(os.read(wake, 4096)) - {signal.SIGCHLD}:
            return None
        code = child.poll()
        if code is not None:
            return code


def _end_all(group: int, grace_s: float) -> None:
    """Ask every descendant to end, then kill those that do not."""
    _signal_all(group, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while _reap() and time.monotonic() < deadline:
        time.sleep(0.05)
    while _reap():
        _signal_all(group, signal.SIGKILL)
        time.sleep(0.05)


def _signal_all(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
    for pid in _children():  # those that left the group and were adopted
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _reap() -> bool:
    """Collect children that have ended; whether any is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _children() -> list[int]:
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in listing.read_text().split()] if listing.exists() else []


def _die_with_guard() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
