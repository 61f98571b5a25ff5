from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from ui_samples import constraint_chip, opinion_chip, pick, reply

from chatrec.errors import ChatrecError, InputError
from chatrec.serve.ui.controller import Controller, Screen
from chatrec.serve.ui.view import chip_key
from chatrec.settings import Settings
from chatrec.types import CandidatesFound, Chip, Event, Final, Ledger, Reply, Understood

WAIT_S = 5
LIMIT = 100


class ScriptedChat:
    """A chat that always finds the same, waits for leave where told to, and notes what was asked of it."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.leave = threading.Event()
        self.leave.set()
        self.closed = threading.Event()
        self.answer = reply(0, 1, 2, chips=(constraint_chip(), Chip(label="shorter", say="make it shorter")))
        self.error: ChatrecError | None = None

    def stream(self, text: str) -> Iterator[Event]:
        if len(text) > LIMIT:
            raise InputError(f"the message has {len(text)} characters; at most {LIMIT} are read")
        self.calls.append(("say", text))
        return self._events()

    def _events(self) -> Iterator[Event]:
        try:
            yield Understood(ledger=Ledger(), chips=(constraint_chip(),))
            yield CandidatesFound(recommendations=(pick(0), pick(1), pick(2)))
            self.leave.wait(WAIT_S)
            if self.error is not None:
                raise self.error
            yield Final(reply=self.answer)
        finally:
            self.closed.set()

    def react(self, item_id: str, reaction: str) -> Reply:
        self.calls.append((reaction, item_id))
        return reply(0, 4, 2, opinions={item_id: reaction})  # type: ignore[dict-item]

    def remove(self, chip: Chip) -> Reply:
        self.calls.append(("remove", chip.label))
        return reply(0, 1, 2)

    def choose_kinds(self, *kinds: str) -> Reply:
        self.calls.append(("kinds", *kinds))
        return reply(3)

    def reset(self) -> None:
        self.calls.append(("reset",))


class Opened(SimpleNamespace):
    """A recommender whose every page talks to a chat of its own."""

    def session(self, session_id: str) -> ScriptedChat:
        return self.chats.setdefault(session_id, ScriptedChat())


class Browser:
    """One page and the controller behind it."""

    def __init__(self, controller: Controller, recommender: Opened) -> None:
        self.controller = controller
        self.id = uuid.uuid4().hex
        self.recommender = recommender

    @property
    def chat(self) -> ScriptedChat:
        return self.recommender.session(self.controller._page(self.id).session_id)

    def send(self, text: str) -> list[Screen]:
        return list(self.controller.send(self.id, text))

    def change(self, action: str, value: str = "") -> Screen:
        return self.controller.change(self.id, action, value)


@pytest.fixture
def recommender() -> Opened:
    return Opened(
        chats={}, engine=SimpleNamespace(writer=None), settings=Settings.model_validate({"llm_url": "http://127.0.0.1:9/v1"})
    )


@pytest.fixture
def controller(recommender: Opened) -> Controller:
    opened: Future[Any] = Future()
    opened.set_result(recommender)
    return Controller(opened, capacity=3)


@pytest.fixture
def browser(controller: Controller, recommender: Opened) -> Browser:
    return Browser(controller, recommender)


def said(screen: Screen) -> list[str]:
    return [message["content"] for message in screen.log[1:]]


def shown(screen: Screen) -> list[str]:
    return [part.split('"')[0] for part in screen.panel.split('data-item="')[1:]]


def test_a_message_shows_cards_first_and_the_answer_at_the_end(browser: Browser) -> None:
    screens = browser.send("something calm")

    assert [len(shown(screen)) for screen in screens] == [0, 0, 3, 3, 3]
    assert said(screens[0]) == ["something calm"]
    assert said(screens[-1]) == ["something calm", "Here you are."]


def test_the_text_box_is_emptied_once_and_then_left_alone(browser: Browser) -> None:
    assert [screen.box for screen in browser.send("something calm")] == ["", None, None, None, None]


def test_a_message_that_is_too_long_comes_back_with_the_limit_named(browser: Browser) -> None:
    last = browser.send("x" * 101)[-1]

    assert last.box == "x" * 101
    assert said(last) == []
    assert "101 characters; at most 100" in last.notice


def test_a_blank_message_is_not_sent(browser: Browser) -> None:
    (only,) = browser.send(" \n")

    assert "Type what you are in the mood for" in only.notice
    assert browser.chat.calls == []


def test_not_for_me_replaces_that_card_only(browser: Browser) -> None:
    browser.send("something calm")

    after = browser.change("disliked", "audio:1")

    assert browser.chat.calls[-1] == ("disliked", "audio:1")
    assert shown(after) == ["video:0", "audio:4", "game:2"]
    assert "“Title 1” was replaced by “Title 4”." in after.live


def test_a_reaction_to_something_that_is_not_on_the_page_does_nothing(browser: Browser) -> None:
    before = browser.send("something calm")[-1]

    after = browser.change("disliked", "video:elsewhere")

    assert shown(after) == shown(before)
    assert browser.chat.calls == [("say", "something calm")]


def test_pressing_like_again_takes_it_back(browser: Browser) -> None:
    browser.chat.answer = reply(0, opinions={"video:0": "liked"}, chips=(opinion_chip("video:0"),))
    browser.send("something calm")

    browser.change("liked", "video:0")

    assert browser.chat.calls[-1] == ("remove", "like: video:0")


def test_a_chip_is_removed_by_its_key_and_an_unknown_key_removes_nothing(browser: Browser) -> None:
    browser.send("something calm")

    browser.change("remove", "unknown")
    browser.change("remove", chip_key(constraint_chip()))

    assert browser.chat.calls[1:] == [("remove", "≤ 90 min")]


@pytest.mark.parametrize(("value", "kinds"), [("game", ("game",)), ("", ()), ("toaster", ())])
def test_the_media_filter_knows_three_media_and_all(browser: Browser, value: str, kinds: tuple[str, ...]) -> None:
    browser.change("kind", value)

    assert browser.chat.calls == [("kinds", *kinds)]


def test_a_next_step_is_said_in_its_own_words(browser: Browser) -> None:
    browser.send("something calm")

    list(browser.controller.say(browser.id, "say", chip_key(Chip(label="", say="make it shorter"))))

    assert browser.chat.calls[-1] == ("say", "make it shorter")


@pytest.mark.parametrize(
    ("action", "value"), [("say", "unknown"), ("example", "99"), ("example", "-1"), ("example", "x"), ("", "")]
)
def test_a_click_that_names_nothing_known_says_nothing(browser: Browser, action: str, value: str) -> None:
    assert len(list(browser.controller.say(browser.id, action, value))) == 1
    assert browser.chat.calls == []


def test_another_try_says_the_same_and_does_not_lengthen_the_log(browser: Browser) -> None:
    browser.send("something calm")

    *_, last = browser.controller.say(browser.id, "retry", "")

    assert browser.chat.calls == [("say", "something calm")] * 2
    assert said(last) == ["something calm", "Here you are."]


def test_stopping_keeps_the_cards_and_closes_the_turn(browser: Browser) -> None:
    browser.chat.leave.clear()
    stream = browser.controller.send(browser.id, "something calm")
    while not shown(next(stream)):
        pass

    browser.controller.stop(browser.id)
    last = list(stream)[-1]
    browser.chat.leave.set()

    assert shown(last) == ["video:0", "audio:1", "game:2"]
    assert "Stopped" in said(last)[-1]
    assert 'data-action="retry"' in last.strip
    assert browser.chat.closed.wait(WAIT_S)


def test_a_reaction_ends_the_turn_that_is_still_writing(browser: Browser) -> None:
    browser.chat.leave.clear()
    stream = browser.controller.send(browser.id, "something calm")
    while not shown(next(stream)):
        pass

    after = browser.change("disliked", "audio:1")
    browser.chat.leave.set()
    last = list(stream)[-1]

    assert shown(after) == ["video:0", "audio:4", "game:2"]
    assert shown(last) == shown(after)


def test_a_failing_turn_ends_as_a_sentence(browser: Browser) -> None:
    browser.chat.error = ChatrecError("the index is damaged: run chatrec index build")

    last = browser.send("something calm")[-1]

    assert "the index is damaged: run chatrec index build" in last.notice
    assert 'data-action="stop"' not in last.strip


def test_a_failing_change_ends_as_a_sentence(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Reply:
        raise InputError("no such item")

    before = browser.send("something calm")[-1]
    monkeypatch.setattr(browser.chat, "react", refuse)

    after = browser.change("disliked", "audio:1")

    assert "no such item" in after.notice
    assert shown(after) == shown(before)


def test_starting_over_forgets_everything(browser: Browser) -> None:
    browser.send("something calm")

    after = browser.change("restart")

    assert browser.chat.calls[-1] == ("reset",)
    assert said(after) == []
    assert shown(after) == []


def test_pages_do_not_see_each_other(controller: Controller, recommender: Opened) -> None:
    one, other = Browser(controller, recommender), Browser(controller, recommender)

    one.send("something calm")

    assert said(other.change("kind", "")) == []
    assert other.chat.calls == [("kinds",)]


def test_a_page_is_there_as_soon_as_its_browser_speaks(controller: Controller) -> None:
    *_, last = controller.send("never seen before", "something calm")

    assert len(shown(last)) == 3
    assert shown(controller.show("never seen before")) == shown(last)


def test_the_conversation_is_not_kept_under_a_key_that_browsers_know(browser: Browser, recommender: Opened) -> None:
    browser.send("something calm")

    assert browser.id not in recommender.chats


def test_the_pages_not_used_for_longest_are_forgotten_first(controller: Controller, recommender: Opened) -> None:
    pages = [Browser(controller, recommender) for _ in range(3)]
    for page in pages:
        page.send("something calm")
    pages[0].change("kind", "")
    Browser(controller, recommender).send("something calm")

    assert shown(controller.show(pages[0].id)) != []
    assert shown(controller.show(pages[1].id)) == []


def test_a_message_sent_while_the_catalog_opens_waits_and_says_so(recommender: Opened) -> None:
    opened: Future[Any] = Future()
    controller = Controller(opened)
    stream = controller.send("a page", "something calm")

    first = next(stream)
    opened.set_result(recommender)

    assert "Opening the catalog" in first.strip
    assert len(shown(list(stream)[-1])) == 3


def test_a_click_while_the_catalog_opens_is_answered_at_once() -> None:
    after = Controller(Future()).change("a page", "kind", "game")

    assert "Opening the catalog" in after.notice


def test_a_catalog_that_cannot_be_opened_is_said_to_whoever_waits() -> None:
    opened: Future[Any] = Future()
    controller = Controller(opened)
    stream = controller.send("a page", "something calm")
    next(stream)

    opened.set_exception(ChatrecError("catalog.jsonl:3: no JSON"))

    assert "catalog.jsonl:3: no JSON" in list(stream)[-1].notice
    assert "could not be opened" in controller.header()


@pytest.mark.parametrize(
    ("writer", "told"),
    [
        (None, "Language model off"),
        (SimpleNamespace(ready=lambda: True), "Language model answers"),
        (
            SimpleNamespace(ready=lambda: False, status=lambda: "the language model does not answer"),
            "The language model does not answer",
        ),
    ],
)
def test_the_head_tells_what_the_language_model_does(
    controller: Controller, recommender: Opened, writer: object, told: str
) -> None:
    recommender.engine.writer = writer

    assert told in controller.header()
