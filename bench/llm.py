"""`make bench-llm`: what our serving of the language model costs beside bare requests to the same server in the same run.

    python bench/llm.py [--turns 16] [--people 8]

Every figure of ours stands beside the same request, sent and read by a bare HTTP client in alternating order, so that both find
the same warm prefix cache. Without a server at CHATREC_LLM_URL the default one is started for the run. Writes bench/llm.json.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from conversations import CONVERSATIONS
from rich.console import Console
from rich.table import Table
from run import percentiles, record_requests, turns

from chatrec import Recommender
from chatrec.serve.llm import LLMServer, free_port, prepare_model
from chatrec.settings import Settings
from chatrec.types import CandidatesFound, ClaimChecked, Final, Reply

HERE = Path(__file__).parent
BLOCK = 128
"""Tokens in a block of vLLM's prefix cache on a CPU."""
AIMS = {
    "first cards, ms p50": ("≤", 150.0),
    "first checked claim : bare first claim": ("≤", 1.1),
    "whole turn : bare answer": ("≤", 1.1),
    "tokens/s of all people at once : bare": ("≥", 0.9),
    "requests to the model a turn": ("≤", 1.2),
    "blocks before the candidates found in the cache, later turns": ("≥", 0.9),
    "prompt tokens p50": ("≤", 700.0),
}
ROUND, ROUNDS = 24, 6
"""Questions in a round of several people at once, and rounds: two rounds of a question each gave ratios a tenth apart."""
Request = Mapping[str, Any]


def main(
    turns_timed: Annotated[int, typer.Option("--turns")] = 16,
    people: int = 8,
    conversations: int = 6,
    out: Path = HERE / "llm.json",
) -> None:
    """Measure, print and write."""
    with ExitStack() as stack:
        settings = Settings.load()
        if "CHATREC_LLM_URL" not in os.environ:
            server = stack.enter_context(LLMServer(prepare_model(settings), port=free_port(), log_path=HERE / "vllm.log"))
            server.wait_ready()
            settings = Settings.load(llm_url=server.url)
        rec = Recommender.open(settings)
        sent = record_requests(rec)
        rec.session().send("warm up with a calm film")
        figures = one_by_one(rec, settings, sent, turns_timed)
        figures |= conversation_costs(rec, settings, sent, conversations)
        figures |= at_once(rec, settings, sent, people)
        figures["prefix cache of the server, all requests"] = server_cache(settings)
    out.write_text(json.dumps({name: value for name, value in figures.items() if value is not None}, indent=1) + "\n")
    report(figures)


def one_by_one(rec: Recommender, settings: Settings, sent: list[Request], count: int) -> dict[str, float | None]:
    """First turns, one person at a time: ours and bare in alternating order, after one that fills the cache."""
    waited: dict[str, list[float]] = defaultdict(list)
    for place, (_, message) in enumerate(turns(count)):
        sent.clear()
        our_turn(rec, message)
        if not sent:
            continue
        request = sent[0]
        both: list[tuple[str, Callable[[], Mapping[str, float]]]] = [
            ("ours", lambda message=message: our_turn(rec, message)),
            ("bare", lambda request=request: bare_turn(settings, request)),
        ]
        found = {name: measure() for name, measure in (both if place % 2 else both[::-1])}
        if "claim" in found["ours"] and "claim" in found["bare"]:
            waited["claim"].append(found["ours"]["claim"] / found["bare"]["claim"])
            waited["claim ms"].append(found["ours"]["claim"])
        waited["whole"].append(found["ours"]["whole"] / found["bare"]["whole"])
        waited["whole ms"].append(found["ours"]["whole"])
        waited["cards"].append(found["ours"]["cards"])
    return {
        "first cards, ms p50": middle(waited["cards"]),
        "first checked claim, ms p50": middle(waited["claim ms"]),
        "first checked claim : bare first claim": middle(waited["claim"]),
        "whole turn, ms p50": middle(waited["whole ms"]),
        "whole turn : bare answer": middle(waited["whole"]),
    }


def our_turn(rec: Recommender, message: str) -> dict[str, float]:
    """Milliseconds to the first cards, the first checked claim and the end of one first turn."""
    start, found = time.perf_counter(), {}
    for event in rec.session().stream(message):
        name = {CandidatesFound: "cards", ClaimChecked: "claim", Final: "whole"}.get(type(event))
        if name:
            found.setdefault(name, (time.perf_counter() - start) * 1000)
    return found


def bare_turn(settings: Settings, request: Request) -> dict[str, float]:
    """Milliseconds to the first whole claim and the end of the same request; nothing is read but where claims end."""
    start, found, text = time.perf_counter(), {}, ""
    for line in bare_lines(settings, request):
        for choice in line.get("choices", ()):
            text += choice.get("delta", {}).get("content") or ""
        if "claim" not in found and (";" in text or "\n" in text):
            found["claim"] = (time.perf_counter() - start) * 1000
    return found | {"whole": (time.perf_counter() - start) * 1000}


def bare_lines(settings: Settings, request: Request) -> Iterator[dict[str, Any]]:
    """What the server sends."""
    with httpx.stream("POST", f"{settings.llm_url}/chat/completions", json=request, timeout=300) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            if line.startswith("data: {"):
                yield json.loads(line[6:])


def conversation_costs(rec: Recommender, settings: Settings, sent: list[Request], count: int) -> dict[str, float | None]:
    """Whole conversations: requests, tokens, and how much of what comes before the candidates the cache already has."""
    asked, spoken, picks, completion, hits = 0, 0, 0, 0, [0, 0]
    prompts: list[float] = []
    for conversation in CONVERSATIONS[:count]:
        chat = rec.session()
        for place, message in enumerate(conversation):
            sent.clear()
            reply = chat.send(message)
            asked, spoken = asked + len(sent), spoken + 1
            detail = generated(reply)
            picks += len(reply.recommendations) if sent else 0
            completion += int(detail.get("completion_tokens", 0))
            if detail.get("prompt_tokens"):
                prompts.append(float(detail["prompt_tokens"]))
            if place and sent:
                blocks = before_candidates(settings, sent[0]) // BLOCK
                hits[0] += min(int(detail.get("cached_tokens", 0)) // BLOCK, blocks)
                hits[1] += blocks
    return {
        "requests to the model a turn": asked / spoken,
        "prompt tokens p50": middle(prompts),
        "completion tokens a recommendation": completion / max(picks, 1),
        "blocks before the candidates found in the cache, later turns": hits[0] / hits[1] if hits[1] else None,
    }


def before_candidates(settings: Settings, request: Request) -> int:
    """Tokens of all messages but the last, which holds the candidates, as the server counts them."""
    body = {"model": request["model"], "messages": request["messages"][:-1], "add_generation_prompt": False}
    url = str(settings.llm_url).removesuffix("/v1") + "/tokenize"
    return int(httpx.post(url, json=body, timeout=60).raise_for_status().json()["count"])


def at_once(rec: Recommender, settings: Settings, sent: list[Request], people: int) -> dict[str, float | None]:
    """Completion tokens a second of several people at once, who ask one thing after another, and of as many bare clients.

    A round is ROUND questions, of which the next is asked as soon as anyone is free; ours and bare take turns at going first.
    The first round fills the cache and is not counted.
    """
    messages = [conversation[0] for conversation in CONVERSATIONS[:ROUND]]
    rounds: dict[str, list[tuple[int, float]]] = {"ours": [], "bare": []}
    with ThreadPoolExecutor(people) as pool:

        def ours() -> int:
            return sum(
                pool.map(lambda message: int(generated(rec.session().send(message)).get("completion_tokens", 0)), messages)
            )

        def bare() -> int:
            return sum(pool.map(lambda request: completion_of(settings, request), requests))

        sent.clear()
        ours()
        requests = list(sent)
        for place in range(ROUNDS):
            both: list[tuple[str, Callable[[], int]]] = [("ours", ours), ("bare", bare)]
            for name, ask in both if place % 2 else both[::-1]:
                start = time.perf_counter()
                rounds[name].append((ask(), time.perf_counter() - start))
    rates = {name: sum(tokens for tokens, _ in found) / sum(seconds for _, seconds in found) for name, found in rounds.items()}
    pairs = [(ours / s) / (bare / t) for (ours, s), (bare, t) in zip(rounds["ours"], rounds["bare"], strict=True)]
    return {
        "people at once": float(people),
        "tokens/s of all people at once": rates["ours"],
        "tokens/s of all people at once : bare": rates["ours"] / rates["bare"],
        "the same, least of the rounds": min(pairs),
        "the same, most of the rounds": max(pairs),
    }


def completion_of(settings: Settings, request: Request) -> int:
    """Completion tokens of one bare request."""
    usage = [line["usage"] for line in bare_lines(settings, request) if line.get("usage")]
    return int(usage[-1]["completion_tokens"]) if usage else 0


def generated(reply: Reply) -> Mapping[str, Any]:
    """What the trace says of the generate stage; nothing if there was none."""
    stages = reply.trace.stages if reply.trace else ()
    return next((stage.detail for stage in stages if stage.stage == "generate"), {})


def server_cache(settings: Settings) -> float | None:
    """Share of all prompt tokens that the server found in its prefix cache; None if it does not tell."""
    text = httpx.get(str(settings.llm_url).removesuffix("/v1") + "/metrics", timeout=30).text
    totals = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        for kind in ("hits", "queries"):
            if name.startswith(f"vllm:prefix_cache_{kind}_total"):
                totals[kind] = float(value)
    return totals["hits"] / totals["queries"] if totals.get("queries") else None


def middle(values: Sequence[float]) -> float | None:
    """The median, None of nothing."""
    return percentiles(list(values)).get("p50")


def report(figures: Mapping[str, float | None]) -> None:
    """The figures with their aims."""
    table = Table("what", "figure", "aim", "", title="one run; compare ratios, not runs")
    for name, value in figures.items():
        sign, bound = AIMS.get(name, ("", 0.0))
        met = value is not None and (value <= bound if sign == "≤" else value >= bound)
        table.add_row(
            name,
            "—" if value is None else f"{value:.3g}",
            f"{sign} {bound:g}" if sign else "",
            ("met" if met else "MISSED") if sign else "",
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
