"""The Gradio page: a conversation beside the cards of the latest picks. Needs the `ui` extra."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from chatrec.errors import DependencyMissingError
from chatrec.settings import Settings

if TYPE_CHECKING:
    from chatrec.recommender import Recommender


def serve_ui(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    index: Path | None = None,
    skip_bad: bool = False,
    ready: Callable[[], object] | None = None,
    until: threading.Event | None = None,
) -> None:
    """Serve the page until Ctrl-C. It can be reached before the catalog is open; first messages wait for it.

    Args:
        settings: what to answer with.
        host: address to listen at; the page has no passwords, so leave it at the loopback unless something guards it.
        port: port to listen at.
        index: a built index to use as it is; none: the one kept for the catalog, built if need be.
        skip_bad: leave out catalog lines that cannot be read.
        ready: called once the page can be reached.
        until: ends serving when set; none: only Ctrl-C does.

    Raises:
        DependencyMissingError: Gradio is not installed.
        SettingsError: the port is taken.
        ChatrecError: whatever opening the catalog raises.
    """
    if importlib.util.find_spec("gradio") is None:
        raise DependencyMissingError("the page needs Gradio: pip install 'chatrec[ui]'")
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from chatrec.serve.ui.launch import serve

    def open_recommender() -> Recommender:
        from chatrec.recommender import Recommender

        return Recommender.open(settings, index=index, skip_bad=skip_bad)

    serve(open_recommender, host=host, port=port, ready=ready, until=until)
