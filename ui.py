"""`python ui.py`: the page in the browser; takes the options of `chatrec ui`."""

from __future__ import annotations

import sys

import typer

from chatrec.cli.ui import ui
from chatrec.errors import ChatrecError

if __name__ == "__main__":
    try:
        typer.run(ui)
    except ChatrecError as error:
        typer.echo(f"chatrec: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
