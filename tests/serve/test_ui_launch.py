from __future__ import annotations

import importlib.util
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from chatrec.errors import CatalogError, DependencyMissingError, SettingsError
from chatrec.serve.ui import serve_ui
from chatrec.serve.ui.launch import serve
from chatrec.settings import Settings

WAIT_S = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server(threading.Thread):
    """The page, served in a thread; `opening` holds the catalog back, `error` is what serving raised."""

    def __init__(self, port: int, result: Callable[[], Any]) -> None:
        super().__init__()
        self.url = f"http://127.0.0.1:{port}"
        self.port, self.result = port, result
        self.up, self.down, self.opening = threading.Event(), threading.Event(), threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            serve(self.open, host="127.0.0.1", port=self.port, ready=self.up.set, until=self.down)
        except CatalogError as error:
            self.error = error

    def open(self) -> Any:
        self.opening.wait(WAIT_S)
        return self.result()

    def end(self) -> None:
        self.opening.set()
        self.down.set()
        self.join(WAIT_S)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    started = Server(free_port(), object)
    started.start()
    assert started.up.wait(WAIT_S)
    yield started
    started.end()


def test_the_page_can_be_reached_before_the_catalog_is_open(server: Server) -> None:
    assert not server.opening.is_set()
    assert "gradio-app" in httpx.get(server.url).text


def test_a_catalog_that_cannot_be_opened_takes_the_page_down_and_is_reported() -> None:
    def fail() -> None:
        raise CatalogError("no JSON", path="mine.jsonl", line=3)

    server = Server(free_port(), fail)
    server.start()
    assert server.up.wait(WAIT_S)
    server.end()

    assert str(server.error) == "mine.jsonl:3: no JSON"
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_a_taken_port_is_named(server: Server) -> None:
    with pytest.raises(SettingsError, match=f"port {server.port} .* --port"):
        serve(object, host="127.0.0.1", port=server.port)  # type: ignore[arg-type]


def test_the_page_may_neither_load_from_nor_send_to_another_host(server: Server) -> None:
    headers = httpx.get(server.url).headers

    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(("host", "status"), [("evil.example", 400), ("localhost", 200), ("[::1]:7860", 200), ("127.0.0.1", 200)])
def test_a_name_that_somebody_pointed_at_this_machine_is_refused(server: Server, host: str, status: int) -> None:
    assert httpx.get(server.url, headers={"Host": host}).status_code == status


def test_no_handler_is_offered_as_an_api(server: Server) -> None:
    assert httpx.get(f"{server.url}/gradio_api/info").json() == {"named_endpoints": {}, "unnamed_endpoints": {}}


def test_files_cannot_be_uploaded(server: Server) -> None:
    answer = httpx.post(f"{server.url}/gradio_api/upload", files={"files": ("x.txt", b"too much")})

    assert answer.status_code == 413


def test_without_gradio_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(DependencyMissingError, match=r"chatrec\[ui\]"):
        serve_ui(Settings.load())
