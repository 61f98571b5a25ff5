"""The client: answers in pieces, limits, and every way in which a server can fail."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from scripted import Script, ScriptedLLM, open_sockets

from chatrec.errors import LLMError, LLMMalformedError, LLMRefusedError, LLMTimeoutError, LLMUnavailableError
from chatrec.llm import ABSENT_S, BREAK_S, LLM, Answer, starting_note
from chatrec.settings import Settings

ASK = [("system", "Be brief."), ("user", "Say hello.")]


def settings(url: str, **more: Any) -> Settings:
    return Settings.load(llm_url=url, **{"llm_stall_s": 0.4, "llm_timeout_s": 1.5, **more})


@pytest.fixture
def llm(scripted_llm: ScriptedLLM) -> Iterator[LLM]:
    client = LLM.of(settings(scripted_llm.url))
    yield client
    client.close()


def ask(llm: LLM, **more: Any) -> Answer:
    return llm.stream(ASK, max_tokens=50, **more)  # type: ignore[arg-type]


def test_an_answer_comes_in_the_pieces_in_which_it_was_written(llm: LLM, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.says("Hel", "lo", " there")
    assert list(ask(llm)) == ["Hel", "lo", " there"]


def test_the_cost_of_an_answer_is_known_when_it_has_been_read(llm: LLM, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.says("a", "b")
    answer = ask(llm)
    list(answer)
    usage = answer.usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (100, 64, 2)
    assert usage.finish_reason == "stop"
    assert usage.first_token_ms is not None
    assert usage.total_ms >= usage.first_token_ms


def test_an_answer_that_hit_its_length_limit_says_so(llm: LLM, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.says("abc", finish_reason="length")
    answer = ask(llm)
    list(answer)
    assert answer.usage.finish_reason == "length"


def test_the_model_that_the_server_lists_is_asked_when_none_is_named(llm: LLM, scripted_llm: ScriptedLLM) -> None:
    list(ask(llm))
    assert scripted_llm.requests[0]["model"] == "scripted"


def test_a_model_that_a_vllm_does_not_serve_is_named_with_those_it_does(scripted_llm: ScriptedLLM) -> None:
    llm = LLM.of(settings(scripted_llm.url, llm_model="other"))
    assert not llm.ready()
    assert "'other'" in llm.status()
    assert "scripted" in llm.status()


def test_a_grammar_and_a_schema_reach_the_server_as_it_expects_them(llm: LLM, scripted_llm: ScriptedLLM) -> None:
    list(ask(llm, grammar='root ::= "a"'))
    list(ask(llm, json_schema={"type": "object"}))
    assert scripted_llm.requests[0]["structured_outputs"] == {"grammar": 'root ::= "a"'}
    assert scripted_llm.requests[1]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert scripted_llm.requests[1]["stream"] is True


def test_the_key_is_sent_and_appears_neither_in_errors_nor_in_logs(
    scripted_llm: ScriptedLLM, capfd: pytest.CaptureFixture[str]
) -> None:
    llm = LLM.of(settings(scripted_llm.url, llm_api_key="s3cret-key"))
    scripted_llm.says(fault="broken")
    with pytest.raises(LLMError) as caught:
        list(ask(llm))
    out, err = capfd.readouterr()
    assert "s3cret-key" not in f"{caught.value!r}{llm.status()}{out}{err}{llm.__dict__}"


FAULTS = [
    ("refuse", LLMRefusedError),
    ("refuse_late", LLMRefusedError),
    ("busy", LLMUnavailableError),
    ("broken", LLMUnavailableError),
    ("slow_first", LLMTimeoutError),
    ("stall", LLMTimeoutError),
    ("trickle", LLMTimeoutError),
    ("cut", LLMUnavailableError),
    ("end", LLMUnavailableError),
    ("garbage", LLMMalformedError),
    ("half_json", LLMMalformedError),
    ("odd_json", LLMMalformedError),
    ("endless", LLMMalformedError),
    ("oversized", LLMMalformedError),
    ("swollen", LLMMalformedError),
    ("page", LLMMalformedError),
    ("silent", LLMTimeoutError),
    ("reset", LLMUnavailableError),
]


@pytest.mark.parametrize(("fault", "error"), FAULTS)
def test_every_fault_is_an_error_of_ours_within_its_limit(
    llm: LLM, scripted_llm: ScriptedLLM, fault: str, error: type[LLMError]
) -> None:
    early = fault in ("refuse", "refuse_late", "busy", "broken", "slow_first", "swollen", "page", "silent", "reset")
    scripted_llm.says(*(() if early else ("good ", "start")), fault=fault)
    started, got = time.monotonic(), []
    with pytest.raises(error):
        for piece in ask(llm):
            got.append(piece)
    assert time.monotonic() - started < 4
    assert early or got[:2] == ["good ", "start"]


def test_a_steady_answer_is_ended_when_it_takes_too_long_in_all(scripted_llm: ScriptedLLM) -> None:
    llm = LLM.of(settings(scripted_llm.url, llm_timeout_s=0.5))
    scripted_llm.says(*["x"] * 50, delay_s=0.05)
    with pytest.raises(LLMTimeoutError):
        list(ask(llm))


def test_nobody_at_the_address_is_said_with_the_address() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    llm = LLM.of(settings(url))
    assert not llm.ready()
    assert llm.status() == f"no language model is running at {url}"
    with pytest.raises(LLMUnavailableError, match="no language model is running"):
        ask(llm)


def test_a_server_that_is_loading_its_model_is_said_to_be_starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    chosen = settings("http://127.0.0.1:9/v1")
    note = starting_note(chosen, 9)
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps({"pid": os.getpid(), "since": time.time() - 12}))
    llm = LLM.of(chosen)
    assert not llm.ready()
    assert "is starting (12 s so far)" in llm.status()


def test_a_note_of_a_process_that_is_gone_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    chosen = settings("http://127.0.0.1:9/v1")
    note = starting_note(chosen, 9)
    note.parent.mkdir(parents=True)
    note.write_text(json.dumps({"pid": 2**22 - 1, "since": time.time()}))
    llm = LLM.of(chosen)
    assert not llm.ready()
    assert "no language model is running" in llm.status()


def test_what_does_not_list_models_is_not_taken_for_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    llm = LLM.of(settings("http://127.0.0.1:9/v1"))
    page = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>hello"))
    monkeypatch.setattr(llm.health, "_client", httpx.Client(transport=page))
    assert not llm.ready()
    assert "does not list models" in llm.status()


def test_a_list_of_models_without_end_is_not_read_to_it(llm: LLM, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.models = {"data": [{"id": "x" * 1000}] * 20_000}
    assert not llm.ready()
    assert "no language model" in llm.status()


def test_a_fresh_answer_is_not_probed_again(llm: LLM, scripted_llm: ScriptedLLM) -> None:
    assert all(llm.ready() for _ in range(20))
    assert scripted_llm.probes == 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("chatrec.llm.time.monotonic", lambda: now[0])
    return now


def test_an_absent_server_is_looked_for_again_every_second_and_found(
    llm: LLM, scripted_llm: ScriptedLLM, clock: list[float]
) -> None:
    scripted_llm.healthy = False
    for round_ in range(5):
        assert not llm.ready()
        clock[0] += ABSENT_S - 0.01
        assert not llm.ready()
        assert scripted_llm.probes == round_ + 1
        clock[0] += 0.02
    scripted_llm.healthy = True
    assert llm.ready()


def test_a_server_whose_answers_fail_is_left_alone_for_longer_each_time_until_one_succeeds(
    llm: LLM, scripted_llm: ScriptedLLM, clock: list[float]
) -> None:
    scripted_llm.says(fault="broken")
    for pause in (*BREAK_S, BREAK_S[-1]):
        with pytest.raises(LLMUnavailableError):
            list(ask(llm))
        clock[0] += pause - 0.01
        assert not llm.ready()
        clock[0] += 0.02
        assert llm.ready()
    assert max(BREAK_S) <= 10
    scripted_llm.says("well again")
    assert list(ask(llm)) == ["well again"]
    scripted_llm.says(fault="broken")
    with pytest.raises(LLMUnavailableError):
        list(ask(llm))
    clock[0] += BREAK_S[0] + 0.01
    assert llm.ready()


def test_a_refused_request_does_not_open_the_circuit(llm: LLM, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.says(fault="refuse")
    with pytest.raises(LLMRefusedError):
        list(ask(llm))
    assert llm.ready()


def test_closing_an_answer_early_ends_the_request(llm: LLM, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.says(*["word "] * 2000, delay_s=0.005)
    answer = ask(llm)
    assert next(answer) == "word "
    answer.close()
    deadline = time.monotonic() + 5
    while scripted_llm.open_streams and time.monotonic() < deadline:
        time.sleep(0.01)
    assert scripted_llm.open_streams == 0
    assert list(answer) == []


def test_faults_leave_neither_threads_nor_sockets_behind(llm: LLM, scripted_llm: ScriptedLLM) -> None:
    faults = ("refuse", "busy", "cut", "end", "garbage", "half_json", "odd_json", "endless")

    def storm(rounds: int) -> None:
        for number in range(rounds):
            scripted_llm.scripts = [Script(("a",), faults[number % len(faults)])]
            llm.health.succeeded()
            with pytest.raises(LLMError):
                list(ask(llm))

    llm.ready()
    storm(8)
    before = (threading.active_count(), open_sockets())
    storm(40)
    deadline = time.monotonic() + 5
    while (threading.active_count(), open_sockets()) > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= before[0] + 1
    assert open_sockets() <= before[1] + 2
