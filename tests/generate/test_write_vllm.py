"""The writer against the real vLLM with the default model and the shipped catalog."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from chatrec.catalog.read import Catalog, read_catalog
from chatrec.constraints import satisfies_all
from chatrec.errors import LLMRefusedError, LLMTimeoutError
from chatrec.generate.facts import FactContext
from chatrec.generate.ground import Grounding, supported
from chatrec.generate.prompts import Prompts
from chatrec.generate.write import Writer, Writing
from chatrec.llm import LLM
from chatrec.serve.llm import LLMServer
from chatrec.settings import Settings
from chatrec.types import Candidate, Constraint, Ledger, Message

pytestmark = pytest.mark.vllm

HORROR = Constraint(field="genres", op="in", value=("horror",))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return read_catalog(Settings.load().catalog_path)


@pytest.fixture
def llm(vllm_url: str) -> Iterator[LLM]:
    client = LLM.of(Settings.load(llm_url=vllm_url, llm_stall_s=30.0))
    wait_ready(client)
    yield client
    client.close()


def wait_ready(llm: LLM) -> None:
    deadline = time.monotonic() + 10
    while not llm.ready() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert llm.ready(), llm.status()


def writer(llm: LLM, profile: str = "small") -> Writer:
    chosen = Settings.load(llm_profile=profile)
    return Writer(llm, Prompts.of(chosen), chosen)


def slots(catalog: Catalog, *constraints: Constraint, seed: int = 0, k: int = 12) -> tuple[Candidate, ...]:
    fitting = [item for item in catalog.values() if satisfies_all(item, constraints)]
    return tuple(Candidate(item=item) for item in random.Random(seed).sample(fitting, k))


def write(
    writer: Writer,
    catalog: Catalog,
    message: str,
    *constraints: Constraint,
    history: tuple[Message, ...] = (),
    seed: int = 0,
    n: int = 5,
) -> tuple[Writing, FactContext]:
    context = FactContext(Ledger(constraints=constraints), catalog, {})
    offered = slots(catalog, *constraints, seed=seed)
    return writer.stream(message=message, history=history, slots=offered, context=context, n=n), context


def running(url: str) -> int:
    text = httpx.get(url.removesuffix("/v1") + "/metrics").text
    return sum(int(float(n)) for n in re.findall(r"^vllm:num_requests_running\{[^}]*\} (\S+)$", text, re.MULTILINE))


def test_five_distinct_picks_of_the_slots_with_claims_that_are_all_true(llm: LLM, catalog: Catalog) -> None:
    for seed, (message, *constraints) in enumerate([("something scary", HORROR), ("surprise me",)]):
        writing, context = write(writer(llm), catalog, message, *constraints, seed=seed)
        written = list(writing)
        ranks = {w.candidate.item.id: w.rank for w in written}
        assert sorted(ranks.values()) == [1, 2, 3, 4, 5]
        claims = [(w.claim, w.candidate.item) for w in written if w.claim]
        assert len(claims) >= 10
        assert all(supported(claim, item, context) for claim, item in claims)
        assert writing.usage()["unreadable"] == 0
        assert writing.usage()["finish_reason"] == "stop"


def test_the_prompt_of_twelve_slots_is_short_and_its_head_is_cached_on_the_second_turn(llm: LLM, catalog: Catalog) -> None:
    first, _ = write(writer(llm), catalog, "something scary", HORROR)
    list(first)
    past = (Message("user", "something scary"), Message("assistant", "Here are five picks for you: horror."))
    second, _ = write(writer(llm), catalog, "older ones", HORROR, history=past, seed=1)
    list(second)
    for usage in (first.usage(), second.usage()):
        assert isinstance(usage["prompt_tokens"], int)
        assert usage["prompt_tokens"] <= 700
    cached = second.usage()["cached_tokens"]
    assert isinstance(cached, int)
    assert cached >= 128


def test_closing_the_writing_frees_the_servers_slot(llm: LLM, catalog: Catalog, vllm_url: str) -> None:
    for seed in range(10):  # the model may be done with all five before this is told of the first
        writing, _ = write(writer(llm), catalog, "something scary", HORROR, seed=seed)
        next(writing)
        if held := running(vllm_url):
            break
        writing.close()
    assert held == 1
    writing.close()
    deadline = time.monotonic() + 5
    while running(vllm_url) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running(vllm_url) == 0


def test_json_under_a_schema_is_read_and_every_claim_that_passes_is_true(llm: LLM, catalog: Catalog) -> None:
    writing, context = write(writer(llm, "capable"), catalog, "something scary", HORROR, n=2)
    grounding = Grounding(context)
    written = list(writing)
    assert written
    assert writing.usage()["mode"] == "schema"
    passed = [(grounding.check(w.claim, w.candidate.item), w.candidate.item) for w in written if w.claim]
    assert all(claim is None or supported(claim, item, context) for claim, item in passed)


def test_a_grammar_that_does_not_compile_is_a_refusal_and_not_an_outage(llm: LLM) -> None:
    with pytest.raises(LLMRefusedError):
        list(llm.stream([("user", "hello")], max_tokens=5, grammar="root ::= nothing"))
    assert llm.ready()


def test_a_server_that_freezes_in_mid_answer_is_noticed_and_found_again(vllm_server: LLMServer, catalog: Catalog) -> None:
    llm = LLM.of(Settings.load(llm_url=vllm_server.url, llm_stall_s=4.0))
    wait_ready(llm)
    writing, _ = write(writer(llm), catalog, "something scary", HORROR, seed=3)
    next(writing)
    servers = [p for p in psutil.Process(os.getpid()).children(recursive=True) if "vllm" in " ".join(p.cmdline()) + p.name()]
    try:
        for process in servers:
            process.send_signal(signal.SIGSTOP)
        with pytest.raises(LLMTimeoutError):
            list(writing)
        assert not llm.ready()
    finally:
        for process in servers:
            process.send_signal(signal.SIGCONT)
    wait_ready(llm)
    llm.close()
