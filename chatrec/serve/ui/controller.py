"""What happens when somebody types, clicks or stops: the only place where pages meet the recommender."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import structlog

from chatrec.errors import ChatrecError
from chatrec.llm import starting_since
from chatrec.serve.ui.render import ModelState, header_html, live_html, log_messages, notice_html, panel_html, strip_html
from chatrec.serve.ui.turns import RunningTurn
from chatrec.serve.ui.view import View, answered, ask, chip_key, progress, refused, stopped, without_last_turn
from chatrec.serve.ui.words import EXAMPLES, word
from chatrec.types import KINDS, Chip, Event, Kind, Reply

if TYPE_CHECKING:
    from chatrec.recommender import Chat, Recommender

log = structlog.get_logger()
KIND_NAMES: Mapping[str, Kind] = {kind: kind for kind in KINDS}


class Screen(NamedTuple):
    """What is sent to the browser: one value per component of the page. All but `box` is HTML with every text escaped."""

    log: list[dict[str, str]]
    strip: str
    notice: str
    panel: str
    live: str
    box: str | None = None
    """New content of the text box; None leaves it as it is."""


@dataclass
class Page:
    """One open page: what it shows and the turn that is under way."""

    session_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Under which the recommender keeps the conversation; never leaves the server."""
    view: View = field(default_factory=View)
    chat: Chat | None = None
    turn: RunningTurn | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Controller:
    """Handles every event of every page. Pages are told apart by a key the browser makes anew whenever it loads the page.

    Args:
        opened: the recommender, once it is open; pages can be used before and wait for it.
        capacity: how many pages are remembered; beyond it, those that were not used for longest are forgotten.
    """

    def __init__(self, opened: Future[Recommender], capacity: int = 2_000) -> None:
        self._opened = opened
        self._capacity = capacity
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self._lock = threading.Lock()

    def show(self, key: str) -> Screen:
        """What a page shows, be it new or not."""
        return _screen(self._page(key).view)

    def send(self, key: str, text: str) -> Iterator[Screen]:
        """A typed message: the page as the answer grows."""
        page = self._page(key)
        if not text.strip():
            yield _screen(self._update(page, lambda view: replace(view, notice=word("blank", view.language))))
        elif page.view.busy and text == page.view.said:
            yield _screen(page.view)
        else:
            yield from self._converse(page, text)

    def say(self, key: str, action: str, value: str) -> Iterator[Screen]:
        """A click that says something: an example, a next step, or the last message once more."""
        page = self._page(key)
        text = _words_of(page.view, action, value)
        if action == "retry":
            self._interrupt(page)
            self._update(page, without_last_turn)
        yield from self._converse(page, text) if text else iter((_screen(page.view),))

    def change(self, key: str, action: str, value: str) -> Screen:
        """A click that changes something known: a reaction to a card, a chip removed, a medium chosen, a new start."""
        page = self._page(key)
        if not self._opened.done():
            return _screen(self._update(page, lambda view: replace(view, notice=word("opening", view.language))))
        self._interrupt(page)
        try:
            after = self._changed(page, action, value)
        except ChatrecError as error:
            reason = str(error)
            return _screen(self._update(page, lambda view: replace(view, notice=reason)))
        return _screen(self._update(page, after))

    def stop(self, key: str) -> None:
        """End the turn that is under way; the page that waits for it is told by its own stream."""
        self._interrupt(self._page(key))

    def header(self) -> str:
        """The page's head with what the language model is doing now."""
        return header_html(*self._model_state())

    def _model_state(self) -> tuple[ModelState, str]:
        if not self._opened.done():
            return "opening", "Opening the catalog…"
        if self._opened.exception() is not None:
            return "failed", "The catalog could not be opened"
        recommender = self._opened.result()
        writer = recommender.engine.writer
        if writer is None:
            return "off", "Language model off"
        if writer.ready():
            return "ready", "Language model answers"
        why = writer.status()
        return "off" if starting_since(recommender.settings) is None else "starting", why[:1].upper() + why[1:]

    def _converse(self, page: Page, text: str) -> Iterator[Screen]:
        self._interrupt(page)
        turn = RunningTurn(self._events(page, text))
        with page.lock:
            page.turn, page.view = turn, ask(page.view, text, opening=not self._opened.done())
        yield _screen(page.view, box="")
        try:
            for event in turn:
                yield _screen(self._advance(page, turn, event))
        except ChatrecError as error:
            reason = str(error)
            returned = text if page.view.phase in ("opening", "reading") else None
            yield _screen(self._update(page, lambda view: refused(view, reason), turn), box=returned)
            return
        finally:
            turn.stop()
        yield _screen(self._update(page, lambda view: _ended(view, turn), turn))

    def _events(self, page: Page, text: str) -> Generator[Event, None, None]:
        yield from self._chat(page).stream(text)

    def _advance(self, page: Page, turn: RunningTurn, event: Event) -> View:
        return self._update(page, lambda view: progress(view, event), turn)

    def _changed(self, page: Page, action: str, value: str) -> Callable[[View], View]:
        """Do what was clicked, and how the view follows from it."""
        if action == "restart":
            self._chat(page).reset()
            return lambda view: View(language=view.language)
        reply = self._reply(page, action, value)
        return (lambda view: answered(view, reply)) if reply is not None else (lambda view: view)

    def _reply(self, page: Page, action: str, value: str) -> Reply | None:
        """The recommender's answer to a click; None if the page no longer shows what was clicked."""
        chat, view = self._chat(page), page.view
        if action == "kind":
            kinds: tuple[Kind, ...] = (KIND_NAMES[value],) if value in KIND_NAMES else ()
            return chat.choose_kinds(*kinds)
        if action == "remove":
            chip = next((chip for chip in view.chips if chip_key(chip) == value), None)
            return chat.remove(chip) if chip is not None else None
        if action not in ("liked", "disliked", "seen") or value not in {pick.item.id for pick in view.picks}:
            return None
        undo = _undo(view, value) if view.opinions.get(value) == action else None
        return chat.remove(undo) if undo is not None else chat.react(value, action)

    def _interrupt(self, page: Page) -> None:
        """Stop the turn under way, if there is one; what it found stays on the page."""
        with page.lock:
            if page.turn is not None:
                page.turn.stop()
                page.turn = None
            if page.view.busy:
                page.view = stopped(page.view)

    def _update(self, page: Page, change: Callable[[View], View], turn: RunningTurn | None = None) -> View:
        """Change the view; on behalf of a turn only as long as that turn is the one under way."""
        with page.lock:
            if turn is None or page.turn is turn:
                page.view = change(page.view)
            return page.view

    def _page(self, key: str) -> Page:
        with self._lock:
            page = self._pages.setdefault(key, Page())
            self._pages.move_to_end(key)
            while len(self._pages) > self._capacity:
                self._pages.popitem(last=False)
            return page

    def _chat(self, page: Page) -> Chat:
        recommender = self._opened.result()  # may take long: not under the lock, so that stopping works meanwhile
        with page.lock:
            if page.chat is None:
                page.chat = recommender.session(page.session_id)
            return page.chat


def _screen(view: View, box: str | None = None) -> Screen:
    return Screen(log_messages(view), strip_html(view), notice_html(view), panel_html(view), live_html(view), box)


def _ended(view: View, turn: RunningTurn) -> View:
    """A turn that came to no reply and was not stopped broke down; its traceback is in the server's log."""
    if turn.finished or not view.busy:
        return view
    log.error("a turn ended without its reply")
    return replace(view, phase="idle", notice=word("failed", view.language))


def _words_of(view: View, action: str, value: str) -> str:
    if action == "retry":
        return view.said
    if action == "example":
        return EXAMPLES[int(value)][1] if value.isdecimal() and int(value) < len(EXAMPLES) else ""
    return next((chip.say or "" for chip in view.steps if chip_key(chip) == value), "")


def _undo(view: View, item_id: str) -> Chip | None:
    """The chip that takes back what was said of an item."""
    found = (chip for chip in view.chips if chip.remove and chip.remove.action == "unopine" and chip.remove.key == item_id)
    return next(found, None)
