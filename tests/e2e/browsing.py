"""The page, served and seen as its user sees it, and a language model that writes when it gets leave."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from chatrec.errors import LLMError
from chatrec.generate.write import Written
from chatrec.recommender import Recommender
from chatrec.types import Candidate, Claim

WAIT_S = 30
START_S = 90


class ScriptedWriter:
    """A language model that praises the first three slots, one true claim at a time, each when it gets leave."""

    versions: dict[str, str] = {}

    def __init__(self) -> None:
        self.up = True
        self.leave = threading.Event()
        self.error: LLMError | None = None
        self.allow_all()

    def allow_all(self) -> None:
        """Write without waiting."""
        self.leave.set()

    def hold(self) -> None:
        """Wait before every claim but the first."""
        self.leave.clear()

    def ready(self) -> bool:
        return self.up

    def status(self) -> str:
        return "no language model is running"

    def stream(self, *, slots: Sequence[Candidate], n: int, **_: object) -> ScriptedWriting:
        return ScriptedWriting(self._claims(slots[:3]))

    def _claims(self, slots: Sequence[Candidate]) -> Iterator[Written]:
        for rank, candidate in enumerate(reversed(slots), 1):
            if rank > 1:
                self.leave.wait(WAIT_S)
            if self.error is not None:
                raise self.error
            genre = candidate.item.genres[-1]
            yield Written(candidate, rank, Claim(genre, "genres", genre))


class ScriptedWriting(Iterator[Written]):
    def __init__(self, claims: Iterator[Written]) -> None:
        self._claims = claims

    def __next__(self) -> Written:
        return next(self._claims)

    def close(self) -> None:
        pass

    def usage(self) -> dict[str, object]:
        return {}


@contextmanager
def served(open_recommender: Callable[[], Recommender]) -> Generator[str]:
    from chatrec.serve.ui.launch import serve

    port, up, down = free_port(), threading.Event(), threading.Event()
    options = {"host": "127.0.0.1", "port": port, "ready": up.set, "until": down}
    thread = threading.Thread(target=serve, args=(open_recommender,), kwargs=options)
    thread.start()
    try:
        assert up.wait(START_S), "the page is not served"
        yield f"http://127.0.0.1:{port}/"
    finally:
        down.set()
        thread.join(WAIT_S)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Page:
    """The page as its user sees it."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        page.set_default_timeout(WAIT_S * 1000)
        page.on("request", self._note_request)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def _note_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self.address).netloc:
            self.elsewhere.append(request.url)

    def open(self) -> Page:
        self.page.goto(self.address)
        self.page.locator(".cr-example").first.wait_for()
        return self

    @property
    def box(self) -> Any:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def cards(self) -> Any:
        return self.page.locator(".cr-card[data-item]")

    def send(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def ask(self, text: str) -> None:
        """Send a message and wait for the whole answer."""
        before = self.messages()
        self.send(text)
        self.page.wait_for_function(
            "n => document.querySelectorAll('#cr-log [data-testid]').length >= n && document.querySelector('.cr-retry')",
            arg=len(before) + 2,
        )

    def start_over(self) -> None:
        """Click, and wait until the conversation is gone."""
        self.button("Start over").click()
        self.page.locator(".cr-example").first.wait_for()
        self.page.wait_for_function("document.querySelectorAll('#cr-log [data-testid=user]').length === 0")

    def titles(self) -> list[str]:
        return self.page.locator(".cr-title").all_inner_texts()

    def messages(self) -> list[str]:
        return [
            text.strip() for text in self.page.locator("#cr-log [data-testid=bot], #cr-log [data-testid=user]").all_inner_texts()
        ]

    def button(self, name: str | re.Pattern[str]) -> Any:
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    def fits_the_screen(self) -> bool:
        """Nothing sticks out to the side."""
        return self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
