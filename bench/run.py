"""`make bench`: how long a turn takes, stage by stage, and what the language model adds. Writes bench/results.json.

Timings are of one run on one machine: compare ratios, not numbers from different runs. Without a server at CHATREC_LLM_URL
the default one is started for the run; `--no-llm` leaves that part out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from conversations import CONVERSATIONS
from rich.console import Console
from rich.table import Table

from chatrec import Recommender
from chatrec.serve.llm import LLMServer, prepare_model
from chatrec.settings import Settings
from chatrec.types import CandidatesFound, ClaimChecked, Final

HERE = Path(__file__).parent
TARGETS_MS = {"understand": 15, "embed": 15, "retrieve": 15, "shortlist + score": 25, "rest": 10, "all but the model": 80}


def main() -> None:
    """Measure what was asked for and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=200, help="turns timed without the model")
    parser.add_argument("--llm-turns", type=int, default=24, help="turns timed with it")
    parser.add_argument("--no-llm", action="store_true")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    options = parser.parse_args()
    results: dict[str, Any] = {"machine": {"cpus": os.cpu_count(), "python": platform.python_version()}}
    results["without_model"] = time_stages(options.turns)
    if not options.no_llm:
        results["with_model"] = time_model(options.llm_turns)
    options.out.write_text(json.dumps(results, indent=1) + "\n")
    report(results)


def turns(limit: int) -> Iterator[tuple[int, str]]:
    """(conversation, message) pairs, conversations in turn, as many as asked for."""
    said = [(number, message) for number, conversation in enumerate(CONVERSATIONS) for message in conversation]
    while limit > 0:
        yield from said[:limit]
        limit -= len(said)


def time_stages(limit: int) -> dict[str, Any]:
    """Milliseconds of every stage over `limit` turns, the model switched off; two turns warm up."""
    rec = Recommender.open(llm=False)
    rec.session().send("warm up with a calm film")
    rec.session().send("and a game like Portal")
    spent: dict[str, list[float]] = defaultdict(list)
    chat, current = rec.session(), -1
    for number, message in turns(limit):
        if number != current:
            chat, current = rec.session(), number
        start = time.perf_counter()
        reply = chat.send(message)
        total = (time.perf_counter() - start) * 1000
        stages = {stage.stage: stage.ms for stage in reply.trace.stages}
        for name in ("understand", "embed", "retrieve"):
            spent[name].append(stages.get(name, 0.0))
        spent["shortlist + score"].append(stages.get("shortlist", 0.0) + stages.get("score", 0.0))
        spent["rest"].append(total - sum(stages.values()))
        spent["all but the model"].append(total)
    return {
        "turns": limit,
        "items": len(rec.catalog),
        "ms": {name: percentiles(values) | {"aim_p95": TARGETS_MS[name]} for name, values in spent.items()},
    }


def time_model(limit: int) -> dict[str, Any]:
    """What a person waits for with the model, and our token rate beside a bare loop of the same requests."""
    settings = Settings.load()
    with ExitStack() as stack:
        if "CHATREC_LLM_URL" not in os.environ:
            server = stack.enter_context(LLMServer(prepare_model(settings), port=8130, log_path=HERE / "vllm.log"))
            server.wait_ready()
            settings = Settings.load(llm_url=server.url)
        return _time_model(Recommender.open(settings), settings, limit)


def _time_model(rec: Recommender, settings: Settings, limit: int) -> dict[str, Any]:
    waited: dict[str, list[float]] = defaultdict(list)
    tokens: dict[str, list[float]] = defaultdict(list)
    rates: dict[str, list[float]] = defaultdict(list)
    requests = record_requests(rec)
    rec.session().send("warm up with a calm film")
    degraded = 0
    for place, (_, message) in enumerate(turns(limit)):
        requests.clear()
        bare_first = place % 2 == 1
        ours = _one_turn(rec, message, waited)
        detail = ours["detail"]
        degraded += bool(ours["degraded"])
        if not requests or not detail.get("completion_tokens"):
            continue
        for name in ("prompt_tokens", "cached_tokens", "completion_tokens"):
            tokens[name].append(float(detail.get(name) or 0))
        # The same request again, bare and ours in alternating order: both find the same warm prefix cache.
        request = requests[0]
        if bare_first:
            rates["bare"].append(bare_rate(settings, request))
        rates["ours"].append(our_rate(rec, message))
        if not bare_first:
            rates["bare"].append(bare_rate(settings, request))
    ratio = [ours / bare for ours, bare in zip(rates["ours"], rates["bare"], strict=True)]
    return {
        "turns": limit,
        "degraded_turns": degraded,
        "ms": {name: percentiles(values) for name, values in waited.items()},
        "tokens_per_turn": {name: percentiles(values) for name, values in tokens.items()},
        "tokens_per_s": {name: percentiles(values) for name, values in rates.items()},
        "ratio_to_bare": percentiles(ratio) | {"aim_p50": 0.95},
    }


def record_requests(rec: Recommender) -> list[dict[str, Any]]:
    """A list that every request to the model is added to from now on."""
    sent: list[dict[str, Any]] = []
    assert rec.engine.writer is not None
    client = rec.engine.writer.llm._client
    client.event_hooks["request"].append(lambda request: sent.append(json.loads(request.read())))
    return sent


def _one_turn(rec: Recommender, message: str, waited: dict[str, list[float]]) -> dict[str, Any]:
    start, first_claim = time.perf_counter(), None
    for event in rec.session().stream(message):
        elapsed = (time.perf_counter() - start) * 1000
        if isinstance(event, CandidatesFound):
            waited["first cards"].append(elapsed)
        if isinstance(event, ClaimChecked) and first_claim is None:
            first_claim = elapsed
            waited["first checked claim"].append(elapsed)
        if isinstance(event, Final):
            waited["full answer"].append(elapsed)
            detail = next((stage.detail for stage in event.reply.trace.stages if stage.stage == "generate"), {})
            return {"detail": detail, "degraded": event.reply.degraded}
    raise AssertionError("a turn always ends with its reply")


def our_rate(rec: Recommender, message: str) -> float:
    """Completion tokens per second of the generate stage of one turn."""
    reply = rec.session().send(message)
    stage = next(stage for stage in reply.trace.stages if stage.stage == "generate")
    return float(stage.detail["completion_tokens"]) / (stage.ms / 1000)


def bare_rate(settings: Settings, request: dict[str, Any]) -> float:
    """Completion tokens per second of the same request, streamed by a bare HTTP client."""
    start, completion = time.perf_counter(), 0
    with httpx.stream("POST", f"{settings.llm_url}/chat/completions", json=request, timeout=120) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            if line.startswith("data: {"):
                usage = json.loads(line[6:]).get("usage")
                completion = usage["completion_tokens"] if usage else completion
    return completion / (time.perf_counter() - start)


def percentiles(values: list[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    if not values:
        return {}
    return {"p50": round(float(np.percentile(values, 50)), 3), "p95": round(float(np.percentile(values, 95)), 3)}


def report(results: dict[str, Any]) -> None:
    """The figures as a table for people."""
    table = Table("what", "p50", "p95", "aim", title="one run; compare ratios, not runs")
    for name, row in results["without_model"]["ms"].items():
        table.add_row(f"{name}, ms", str(row["p50"]), str(row["p95"]), f"p95 ≤ {row['aim_p95']}")
    model = results.get("with_model", {})
    for group, unit in (("ms", "ms"), ("tokens_per_turn", "tokens"), ("tokens_per_s", "tokens/s")):
        for name, row in model.get(group, {}).items():
            table.add_row(f"{name}, {unit}", str(row.get("p50")), str(row.get("p95")), "")
    if model:
        row = model["ratio_to_bare"]
        table.add_row("our tokens/s : bare", str(row.get("p50")), str(row.get("p95")), f"p50 ≥ {row.get('aim_p50')}")
    Console().print(table)


if __name__ == "__main__":
    main()
