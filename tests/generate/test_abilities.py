"""What a capable model does beside picking: it reads messages, and words what stands around the picks; both checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dialog_samples import SAMPLE
from scripted import FAULTS, Script, ScriptedLLM, obedient, serve

from chatrec import Recommender, Reply
from chatrec.types import StageTrace

GENRES = {"do": "want", "field": "genres", "values": ["Horror"]}


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedLLM]:
    yield from serve(ScriptedLLM())


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("index")


def opened(server: ScriptedLLM, index_dir: Path, **switches: bool) -> Recommender:
    limits = {"llm_stall_s": 1.0, "llm_timeout_s": 2.0}
    rec = Recommender.open(catalog=SAMPLE, index_dir=index_dir, llm_url=server.url, **limits, **switches)
    assert rec.engine.writer is not None
    assert any(rec.engine.writer.ready() for _ in range(20))
    return rec


@pytest.fixture(scope="module")
def reading(server: ScriptedLLM, index_dir: Path) -> Recommender:
    return opened(server, index_dir, llm_reads=True)


@pytest.fixture(scope="module")
def speaking(server: ScriptedLLM, index_dir: Path) -> Recommender:
    return opened(server, index_dir, llm_speaks=True)


def answers(server: ScriptedLLM, about: str, answer: Any, fault: str | None = None) -> None:
    """Have the server answer requests whose schema speaks of `about` with this object, or a fault, and others as told."""

    def pieces(body: dict[str, Any]) -> list[str]:
        structured = about in json.dumps(body.get("response_format", {}))
        return [answer if isinstance(answer, str) else json.dumps(answer)] if structured else obedient(body)

    server.scripts, server.served = [Script(pieces, fault, 0 if fault else 10**9)], 0
    server.requests.clear()


def stage(reply: Reply, name: str) -> StageTrace:
    return next(trace for trace in reply.trace.stages if trace.stage == name)


def test_what_the_model_reads_takes_the_place_of_what_the_rules_read(reading: Recommender, server: ScriptedLLM) -> None:
    answers(server, "changes", {"changes": [GENRES, {"do": "avoid", "field": "genres", "values": ["comedy"]}]})
    reply = reading.session().send("something to make my hair stand on end")
    assert {(c.field, c.op, c.value) for c in reply.ledger.constraints} == {
        ("genres", "in", ("horror",)),
        ("genres", "not_in", ("comedy",)),
    }
    assert all("horror" in pick.item.genres for pick in reply.recommendations)
    assert stage(reply, "understand").detail["read_by"] == "llm"
    assert "reader@" in reply.trace.versions["reader"]


@pytest.mark.parametrize(
    "entry",
    [
        {"do": "want", "field": "genres", "values": ["zorblax"]},
        {"do": "want", "field": "title", "values": ["Alien"]},
        {"do": "want", "field": "year_from", "values": ["soon"]},
        {"do": "want", "field": "media", "values": ["book"]},
        {"do": "like", "field": "title", "values": ["Zorblax Returns"]},
        {"do": "obey", "field": "genres", "values": ["horror"]},
        {"do": "want", "field": "genres", "values": "horror"},
        "horror",
    ],
)
def test_what_no_vocabulary_knows_is_dropped_and_counted(entry: Any, reading: Recommender, server: ScriptedLLM) -> None:
    answers(server, "changes", {"changes": [entry, GENRES]})
    reply = reading.session().send("something to make my hair stand on end")
    assert [c.value for c in reply.ledger.constraints] == [("horror",)]
    assert (stage(reply, "understand").detail["entries"], stage(reply, "understand").detail["dropped"]) == (2, 1)


@pytest.mark.parametrize("answer", [{"changes": []}, {"changes": None}, {}, "no object", "[1]"])
def test_where_the_model_reads_nothing_the_rules_stand(answer: Any, reading: Recommender, server: ScriptedLLM) -> None:
    answers(server, "changes", answer)
    reply = reading.session().send("a horror film")
    assert ("genres", ("horror",)) in {(c.field, c.value) for c in reply.ledger.constraints}
    assert stage(reply, "understand").detail["read_by"] == "rules"


@pytest.mark.parametrize("fault", FAULTS)
def test_the_rules_stand_in_for_a_reader_that_fails(fault: str, reading: Recommender, server: ScriptedLLM) -> None:
    assert reading.engine.reader is not None
    reading.engine.reader.llm.health.succeeded()
    answers(server, "changes", "", fault)
    reply = reading.session().send("a horror film")
    assert ("genres", ("horror",)) in {(c.field, c.value) for c in reply.ledger.constraints}
    assert "reader_failed" in stage(reply, "understand").detail
    assert reply.recommendations


@pytest.mark.parametrize("fault", ["busy", "slow_first"])
def test_a_model_that_kept_a_turn_waiting_once_is_asked_no_more_in_it(fault: str, index_dir: Path, server: ScriptedLLM) -> None:
    both = opened(server, index_dir, llm_reads=True, llm_speaks=True)
    answers(server, "changes", "", fault)
    reply = both.session().send("a horror film")
    assert len(server.requests) == 1
    assert reply.recommendations and reply.degraded == (stage(reply, "understand").detail["reader_failed"],)
    assert "generate" not in {trace.stage for trace in reply.trace.stages}


def test_critiques_and_talk_are_not_put_to_the_model(reading: Recommender, server: ScriptedLLM) -> None:
    answers(server, "changes", {"changes": [GENRES]})
    chat = reading.session()
    chat.send("a film")
    server.requests.clear()
    chat.send("thanks")
    chat.send("newer")
    assert not any("changes" in json.dumps(body.get("response_format", {})) for body in server.requests)


def test_the_opening_is_the_model_s_where_it_says_what_was_heard(speaking: Recommender, server: ScriptedLLM) -> None:
    answers(server, "opening", {"opening": "Here is a bit of horror for your evening:", "question": ""})
    reply = speaking.session().send("a horror film for the evening")
    assert reply.text.startswith("Here is a bit of horror for your evening:")
    assert stage(reply, "speak").detail["dropped"] == 0


@pytest.mark.parametrize(
    "opening",
    [
        "Here are 7 of them:",
        "Here is what Spielberg made:",
        "Some of the funniest comedy there is:",
        "Look at https://example.com for more:",
        "给你推荐几部恐怖片：",
        "<b>Here you are</b>",
        "x" * 500,
        "",
    ],
)
def test_an_opening_that_says_more_than_was_heard_is_not_said(opening: str, speaking: Recommender, server: ScriptedLLM) -> None:
    answers(server, "opening", {"opening": opening, "question": "What about a western?"})
    reply = speaking.session().send("a horror film for the evening")
    assert reply.text.startswith("Here ") and "for you: " in reply.text
    assert "western?" not in reply.text
    assert stage(reply, "speak").detail["dropped"] == bool(opening) + 1


def test_the_system_s_own_words_stand_in_for_a_speaker_that_fails(speaking: Recommender, server: ScriptedLLM) -> None:
    assert speaking.engine.speaker is not None
    for fault in ("busy", "garbage", "cut", "stall"):
        speaking.engine.speaker.llm.health.succeeded()
        answers(server, "opening", "", fault)
        server.scripts.insert(0, Script(obedient))
        reply = speaking.session().send("a horror film")
        assert "for you: " in reply.text
        assert "failed" in stage(reply, "speak").detail


def test_both_are_off_unless_switched_on(server: ScriptedLLM, index_dir: Path) -> None:
    engine = opened(server, index_dir).engine
    assert (engine.reader, engine.speaker) == (None, None)
