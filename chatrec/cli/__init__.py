"""The command line: one file a command group. Errors end as one line on standard error and a documented exit code."""

from __future__ import annotations

import signal
import sys

from chatrec.errors import ChatrecError


def main() -> None:
    """Entry point of the `chatrec` command; an interrupt or a request to end lets servers clean up behind themselves."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a script's background jobs start with interrupts ignored
        signal.signal(number, signal.default_int_handler)
    try:
        from chatrec.cli.app import app  # takes a second, in which an interrupt may come, too

        app()
    except ChatrecError as error:
        sys.stderr.write(f"chatrec: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
