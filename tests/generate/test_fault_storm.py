"""Whole turns beside a language model that fails in every way: the picks of a turn without it, said to be so, and in time."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace

import pytest
from dialog_samples import SAMPLE
from scripted import FAULTS, Script, ScriptedLLM, obedient, open_sockets, serve

from chatrec import Recommender, Reply
from chatrec.llm import BREAK_S

STALL_S, TIMEOUT_S = 0.3, 0.8
MESSAGES = ("a scary film", "a comedy, please", "a love story with music", "推荐一部恐怖片", "films like Alien", "surprise me")
BEFORE = (*FAULTS, "absent", "unhealthy", "odd_models", "no_models", "off_topic", "unknown_slots", "odd_picks", "empty")
"""Faults that keep the model from picking anything: those of one answer, those of the server, and answers that mean nothing."""
MIDWAY = ("slow_first", "stall", "trickle", "cut", "end", "garbage", "half_json", "odd_json", "endless", "oversized")
"""Faults that can follow after the first pick."""
MEANINGLESS = {
    "off_topic": ["I am a helpful ", "assistant.\n", "How can I help you today?\n"] * 20,
    "unknown_slots": ["c99 horror\n", "Alien\n", '{"picks": [{"slot": "c99", "claims": []}]}'],
    "odd_picks": ['{"picks": {"slot": ["c01"]}, ', '"claims": null}'],
    "empty": [],
}
MODELS = {"odd_models": {"data": {"id": 5}}, "no_models": {"object": "list", "data": []}}


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedLLM]:
    yield from serve(ScriptedLLM())


@pytest.fixture(scope="module")
def rec(server: ScriptedLLM, tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    folder = tmp_path_factory.mktemp("index")
    return Recommender.open(catalog=SAMPLE, index_dir=folder, llm_url=server.url, llm_stall_s=STALL_S, llm_timeout_s=TIMEOUT_S)


@pytest.fixture(scope="module")
def alone(rec: Recommender) -> dict[str, Reply]:
    """What each message gets without a model."""
    without = Recommender(replace(rec.engine, writer=None), rec.settings, rec._store)
    return {message: without.session().send(message) for message in MESSAGES}


@pytest.fixture(autouse=True)
def well(server: ScriptedLLM, rec: Recommender) -> None:
    """Each test begins with a server that is well, and known to be."""
    server.healthy, server.models = True, None
    server.answers()
    assert rec.engine.writer is not None
    rec.engine.writer.llm.health.succeeded()
    rec.engine.writer.llm.health._fresh_until = 0.0
    assert any(rec.engine.writer.ready() or time.sleep(0.1) for _ in range(50))


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the client look again at once, so that the next fault meets a request and not a pause."""
    monkeypatch.setattr("chatrec.llm.BREAK_S", (0.0,))
    monkeypatch.setattr("chatrec.llm.ABSENT_S", 0.0)
    monkeypatch.setattr("chatrec.llm.LOCAL_FRESH_S", 0.0)


def suffer(rec: Recommender, server: ScriptedLLM, fault: str, message: str) -> tuple[Reply, float]:
    """The reply of a turn that meets a fault before the first pick, and the seconds it took."""
    server.healthy, server.models = fault != "unhealthy", MODELS.get(fault)
    server.says(*MEANINGLESS.get(fault, ()), fault=fault if fault in FAULTS else None)
    with server.absent() if fault == "absent" else nullcontext():
        started = time.monotonic()
        reply = rec.session().send(message)
        took = time.monotonic() - started
    server.healthy, server.models = True, None
    return reply, took


def told(reply: Reply) -> list[tuple[str, str, str]]:
    return [(pick.item.id, pick.reason, pick.written_by) for pick in reply.recommendations]


def degraded_openly(reply: Reply, alone: Reply) -> bool:
    """Whether a reply is the one without a model, but for the reason it gives for that."""
    assert told(reply) == told(alone)
    assert reply.text == alone.text
    assert {pick.written_by for pick in reply.recommendations} == {"facts"}
    return bool(reply.degraded and reply.degraded[0]) and reply.degraded != alone.degraded


def by_model(reply: Reply) -> bool:
    return not reply.degraded and any(pick.written_by == "llm" for pick in reply.recommendations)


def settled(before: tuple[int, int], server: ScriptedLLM) -> tuple[int, int]:
    """Threads and sockets once those of the last requests are gone, or five seconds have passed."""
    deadline = time.monotonic() + 5
    while ((now := used()) > before or server.open_streams) and time.monotonic() < deadline:
        time.sleep(0.05)
    return now


def used() -> tuple[int, int]:
    return threading.active_count(), open_sockets()


@pytest.mark.parametrize("rounds", [len(BEFORE), pytest.param(500, marks=pytest.mark.long)])
def test_any_fault_gives_the_picks_of_a_turn_without_the_model_and_the_next_turn_has_it_again(
    rec: Recommender, server: ScriptedLLM, alone: dict[str, Reply], monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    at_once(monkeypatch)
    chance = random.Random(f"storm {rounds}")
    faults = (list(BEFORE) * (rounds // len(BEFORE) + 1))[:rounds]
    chance.shuffle(faults)
    before = used()
    for number, fault in enumerate(faults):
        message = chance.choice(MESSAGES)
        reply, took = suffer(rec, server, fault, message)
        assert degraded_openly(reply, alone[message]), fault
        assert took < TIMEOUT_S + 2, fault
        if number % 5 == 0 or rounds < 100:
            server.answers()
            assert by_model(rec.session().send(message)), fault
    threads, sockets = settled(before, server)
    assert threads <= before[0] + 1
    assert sockets <= before[1] + 2


@pytest.mark.parametrize("rounds", [len(MIDWAY), pytest.param(200, marks=pytest.mark.long)])
def test_a_fault_after_the_first_pick_keeps_it_and_says_that_the_rest_is_missing(
    rec: Recommender, server: ScriptedLLM, alone: dict[str, Reply], monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    at_once(monkeypatch)
    chance = random.Random(f"midway {rounds}")
    for number in range(rounds):
        fault, message = MIDWAY[number % len(MIDWAY)], chance.choice(MESSAGES)
        server.scripts = [Script(obedient, fault, 1)]
        started = time.monotonic()
        reply = rec.session().send(message)
        assert time.monotonic() - started < TIMEOUT_S + 2, fault
        assert reply.degraded, fault
        assert len(reply.recommendations) == len(alone[message].recommendations)
        written = [pick for pick in reply.recommendations if pick.written_by == "llm"]
        assert len(written) == 1, fault
        assert all(pick.reason and pick.evidence for pick in reply.recommendations)


@pytest.mark.parametrize("failures", [1, pytest.param(len(BREAK_S) + 1, marks=pytest.mark.long)])
@pytest.mark.parametrize("fault", ["absent", "stall", "cut", "busy"])
def test_a_server_that_is_well_again_is_used_within_ten_seconds(
    rec: Recommender, server: ScriptedLLM, fault: str, failures: int
) -> None:
    health = rec.engine.writer.llm.health  # type: ignore[union-attr]
    for _ in range(failures):
        until = time.monotonic() + 10
        while not health.ready() and fault != "absent" and time.monotonic() < until:
            time.sleep(0.05)
        reply, _ = suffer(rec, server, fault, "a scary film")
        assert reply.degraded
    server.answers()
    well_since = time.monotonic()
    while not by_model(rec.session().send("a scary film")):
        assert time.monotonic() - well_since < 10
        time.sleep(0.05)


def test_an_endpoint_that_refuses_everything_for_a_while_is_asked_in_the_best_way_again(
    rec: Recommender, server: ScriptedLLM, alone: dict[str, Reply]
) -> None:
    server.says(fault="refuse")
    assert degraded_openly(rec.session().send(MESSAGES[0]), alone[MESSAGES[0]])
    server.answers()
    assert by_model(rec.session().send(MESSAGES[0]))
    assert "structured_outputs" in server.requests[-1]


@pytest.mark.parametrize("people", [6, pytest.param(40, marks=pytest.mark.long)])
def test_people_who_talk_at_once_while_the_model_fails_all_get_their_picks(
    rec: Recommender, server: ScriptedLLM, alone: dict[str, Reply], people: int
) -> None:
    server.says(fault="stall")
    replies: dict[int, tuple[Reply, float]] = {}

    def talk(person: int) -> None:
        started = time.monotonic()
        reply = rec.session().send(MESSAGES[person % len(MESSAGES)])
        replies[person] = reply, time.monotonic() - started

    threads = [threading.Thread(target=talk, args=(person,)) for person in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == people
    for person, (reply, _) in replies.items():
        assert degraded_openly(reply, alone[MESSAGES[person % len(MESSAGES)]])
