"""The scripted conversations of `tests/conversations` with each ability of a capable model off and on, against one endpoint.

    python bench/abilities.py --llm-url http://127.0.0.1:8100/v1 --llm-model Qwen/Qwen3-4B-Instruct-2507

The model picks in all runs. Prints, for each setting, the share of conversations whose every turn holds, the share of turns in
which the ability was used, how much of its output was dropped, and the median time of a turn.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from chatrec import Recommender, Reply
from chatrec.errors import ChatrecError
from chatrec.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "conversations"))
from test_conversations import SUITE, Talk, problems

SWITCHES: dict[str, dict[str, bool]] = {
    "off": {},
    "reads": {"llm_reads": True},
    "speaks": {"llm_speaks": True},
    "reads and speaks": {"llm_reads": True, "llm_speaks": True},
}


def main() -> None:
    """Measure, print a line per setting, and write the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llm-url")
    parser.add_argument("--llm-model")
    parser.add_argument("--limit", type=int, help="only the first so many conversations")
    parser.add_argument("--out", type=Path, help="JSON to write")
    given = parser.parse_args()
    measured = {}
    for name, switches in SWITCHES.items():
        settings = Settings.load(llm_url=given.llm_url, llm_model=given.llm_model, llm_profile="capable", **switches)
        measured[name] = measure(Recommender.open(settings), SUITE[: given.limit])
        print(name, json.dumps(measured[name], ensure_ascii=False), flush=True)
    if given.out:
        given.out.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def measure(rec: Recommender, suite: list[dict[str, Any]]) -> dict[str, Any]:
    """Every conversation once; fractions, and milliseconds."""
    writer = rec.engine.writer
    if writer is None or not writer.ready():
        raise ChatrecError(f"nothing is measured without a model: {writer.status() if writer else 'it is switched off'}")
    failed: list[str] = []
    replies: list[Reply] = []
    times: list[float] = []
    for conversation in suite:
        talk = Talk(rec, rec.session())
        found: list[str] = []
        for turn in conversation["turns"]:
            before, started = talk.chat.ledger, time.perf_counter()
            reply = talk.take(turn)
            times.append((time.perf_counter() - started) * 1000)
            replies.append(reply)
            found += problems(talk, turn, reply, before)
            talk.end_turn(reply)
        failed += [conversation["name"]] if found else []
    return {
        "conversations": len(suite),
        "hold": round(1 - len(failed) / len(suite), 3),
        "read_by_llm": _share(replies, "understand", lambda detail: detail.get("read_by") == "llm"),
        "spoken": _share(replies, "speak", lambda detail: "failed" not in detail and not detail.get("dropped")),
        "dropped": sum(
            trace.detail.get("dropped", 0) for reply in replies for trace in reply.trace.stages if "dropped" in trace.detail
        ),
        "median_ms": round(median(times)),
        "failed": failed,
    }


def _share(replies: list[Reply], stage: str, holds: Any) -> float:
    """Of all turns, those in which the stage did its part."""
    return round(sum(any(t.stage == stage and holds(t.detail) for t in r.trace.stages) for r in replies) / len(replies), 3)


if __name__ == "__main__":
    main()
