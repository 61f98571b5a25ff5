"""Serving the page: first the page, then everything that takes long to load behind it."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

import gradio as gr
import structlog
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatrec.errors import ChatrecError, SettingsError
from chatrec.serve.ui.controller import Controller
from chatrec.serve.ui.page import build, theme
from chatrec.serve.ui.render import ASSETS

if TYPE_CHECKING:
    from chatrec.recommender import Recommender

log = structlog.get_logger()
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The page loads nothing from, and sends nothing to, any other host (Gradio itself needs inline scripts and `eval`)."""


class SecurityHeaders:
    """ASGI middleware that adds `HEADERS` to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def serve(
    open_recommender: Callable[[], Recommender],
    *,
    host: str,
    port: int,
    ready: Callable[[], object] | None = None,
    until: threading.Event | None = None,
) -> None:
    """Serve the page until `until` is set or Ctrl-C; the recommender is opened once the page can be reached.

    Args:
        open_recommender: opens the catalog; may take long.
        host: address to listen at.
        port: port to listen at.
        ready: called once the page can be reached.
        until: ends serving when set; none: only Ctrl-C does.

    Raises:
        SettingsError: the port is taken.
        ChatrecError: whatever opening the recommender raises; the page is taken down first.
    """
    opened: Future[Recommender] = Future()
    blocks = build(Controller(opened))
    try:
        launch(blocks, host=host, port=port)
        if ready is not None:
            ready()
        _open(open_recommender, opened)
        (until or threading.Event()).wait()
    finally:
        blocks.close(verbose=False)


def launch(blocks: gr.Blocks, *, host: str, port: int) -> str:
    """Start serving in the background; the page's address is returned.

    Raises:
        SettingsError: the port is taken.
    """
    if not _is_loopback(host):
        log.warning("the page has no passwords: everyone who reaches this address can use it", host=host)
    blocks.queue(default_concurrency_limit=8, max_size=64)
    guards = [Middleware(SecurityHeaders)]
    if _is_loopback(host):
        guards.insert(0, Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"]))
    try:
        _, url, _ = blocks.launch(
            server_name=host,
            server_port=port,
            prevent_thread_lock=True,
            share=False,
            inbrowser=False,
            quiet=True,
            show_error=False,
            footer_links=[],
            run_history=False,
            enable_monitoring=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            strict_cors=True,
            max_file_size=1,
            theme=theme(),
            css=(ASSETS / "style.css").read_text(encoding="utf-8"),
            favicon_path=ASSETS / "favicon.svg",
            app_kwargs={"middleware": guards, "docs_url": None, "redoc_url": None},
        )
    except OSError as error:
        raise SettingsError(f"port {port} at {host} cannot be used ({error}): choose another with --port") from error
    return url


def _open(open_recommender: Callable[[], Recommender], opened: Future[Recommender]) -> None:
    try:
        opened.set_result(open_recommender())
    except ChatrecError as error:
        opened.set_exception(error)
        raise


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
