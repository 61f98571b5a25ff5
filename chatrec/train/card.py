"""The model card of a trained folder: what it learned from, how well it does where it did not look, and its limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatrec.evaluate.figures import cell
from chatrec.score.head import FIT_BOUNDS

CARD, FACTS = "README.md", "card.json"
OF_MODELS, OF_ADAPTER = frozenset(("head", "retrievers")), frozenset(("lessons_sha256", "trainable_parameters"))
"""What the facts of every trained folder tell, and of every adapter."""
NO_RETRIEVERS = "none but the ones every catalog has"


def write_card(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write `README.md` for people and `card.json` for programs."""
    (folder / FACTS).write_text(json.dumps(dict(facts), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / CARD).write_text("\n".join(_lines(facts)) + "\n", encoding="utf-8")


def write_shipped_card(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the card of the head that ships."""
    (folder / FACTS).write_text(json.dumps(dict(facts), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = [
        "# The scoring head that ships",
        "",
        "Estimates how well an item fits a conversation, from features that mean the same in any catalog. Apache-2.0.",
        "",
        "## Learned from",
        "",
        f"- ReDial, training dialogs ({facts['dialogs']}; Li et al. 2018, CC BY 4.0), each turn up to three times: with the",
        "  retrievers that every catalog has, with these and what the person said in the end of the works named before (a chat",
        "  would know some of it; no figures are told of these), and with trained retrievers that had not seen the dialog. The",
        "  validation dialogs were never read.",
        f"- {facts['needs']} simulated needs over the shipped catalog (CC0): requests made of a work's own facts, words of its",
        "  description, a similar work that is liked, another that is disliked and things there should be less of; what fits the",
        "  request is gold. They teach that facts count in every medium; how people really speak of audio and games they cannot",
        "  teach.",
        "",
        *(f"- `{name}` sha256 {digest}" for name, digest in facts["data"].items()),
        "",
        "## How well it does on folds it did not learn from (they decided when to stop)",
        "",
    ]
    titles = {"dialogs": "Dialogs", "learned": "Dialogs with trained retrievers", "needs": "Simulated needs"}
    for name, title in titles.items():
        lines += [f"### {title}", "", *_tables(facts["held_out"][name])]
    lines += [
        "## Limits",
        "",
        "Probabilities are calibrated on simulated needs: they say how surely an item fits what was *said*, less so whether this",
        "person will like it. Real dialogs were about films, in English, between crowd workers of 2018; what was recommended",
        "there is biased towards famous films of that time, and so may be the ranking. The weight of the language model's rank",
        "was set by hand.",
    ]
    (folder / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_generator_card(folder: Path, facts: Mapping[str, Any]) -> None:
    """Write the card of an adapter that teaches a language model to pick and to explain."""
    (folder / FACTS).write_text(json.dumps(dict(facts), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    lines = [
        "# An adapter that picks and explains",
        "",
        f"LoRA, rank {facts['rank']}, {facts['trainable_parameters']:,} parameters in half precision, for {facts['base']}.",
        "Apache-2.0. Given a numbered list of works and a request it names the slots that fit and two facts of each, copied from",
        "the list.",
        "",
        "## Learned from",
        "",
        f"{facts['lessons']} requests as the chat poses them over the catalog (CC0), each once: put together from its facts,",
        "or written by people in the dialogs below, of which only the messages are used; every answer is made of the works' own",
        "facts. A tenth of the works was kept out. `chatrec train generator` makes the same lessons from the same seed.",
        "",
        *(f"- `{name}` sha256 {digest}" for name, digest in facts["data"].items()),
        f"- lessons sha256 {facts['lessons_sha256']}",
        "",
        f"{facts['steps']} steps of {facts['batch']}, AdamW, learning rate {facts['learning_rate']:g}, seed {facts['seed']};"
        f" loss at the end {facts['loss']:.3f}.",
        *([f"It began as the adapter sha256 {facts['start_sha256']}."] if facts["start_sha256"] else []),
        "",
        "## Limits",
        "",
        "Requests were in English. It knows the form and what stands in the list, nothing of the world; it was taught with 6 to",
        "12 slots. What it names is checked against the catalog, and put in order by the scoring head, before anyone sees it.",
    ]
    (folder / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _lines(facts: Mapping[str, Any]) -> list[str]:
    head = facts["head"]
    lines = ["# Models of one catalog", ""]
    lines += [f"Learned from {facts['dialogs']} dialogs, seed {facts['seed']}, {facts['folds']} folds."]
    lines += [f"Retrievers: {', '.join(facts['retrievers']) or NO_RETRIEVERS}."]
    lines += [f"Their weights: {', '.join(f'{name} {weight:.2g}' for name, weight in facts['fusion_weights'].items())}."]
    lines += [f"Popularity: {facts['popularity']}."]
    lines += [f"Text tower: {told_tower(facts['text_tower'])}."]
    lines += [f"Head: {_kind(head)}.", *_llm_weight(facts.get("llm_weight")), ""]
    if facts["valid"]:
        note = "before the final fit, which includes the validation dialogs" if facts["refitted"] else "never trained on"
        if head.get("given_up"):
            note = "of the head that was given up for the shipped one, as are all figures below"
        if facts["valid_seen"]:
            note = "the shipped head learned from them: these figures say nothing of unseen dialogs"
        lines += [f"## Validation dialogs ({note})", "", *_tables(facts["valid"])]
    if head.get("held_out_fold_of_train"):
        lines += ["## A fold of the training dialogs that the head did not see (it decided when to stop)", ""]
        lines += _tables(head["held_out_fold_of_train"])
    lines += _calibration(facts)
    lines += ["## Data", ""]
    lines += [f"- `{name}` sha256 {digest}" for name, digest in facts["data"].items()]
    lines += ["", "## Limits", "", *_limits(facts), "", "## To make it again", ""]
    if "command" in facts:
        lines += ["```sh", facts["command"], "```", ""]
    lines += [f"Seed {facts['seed']}, {facts['folds']} folds, bag of concepts for {facts['bag_epochs']} epochs; the head with"]
    lines += [f"{_told(facts['options']['fit'])}; {_told(facts['options']['shape'])}.", ""]
    lines += [f"- {name} {version}" for name, version in facts["versions"].items()]
    return lines


def told_head(facts: Mapping[str, Any]) -> str:
    """Which retrievers were trained and where the head comes from, in a line."""
    return f"retrievers {', '.join(facts['retrievers']) or NO_RETRIEVERS}; head {_kind(facts['head'])}"


def _kind(head: Mapping[str, Any]) -> str:
    return f"{head['kind']}{' (' + head['why'] + ')' if 'why' in head else ''}"


def _llm_weight(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return []
    interval = f"95% interval {found['low']:.2f} to {found['high']:.2f}"
    return [f"Weight of the language model's rank: {found['weight']:.2f} ({interval}), learned from {found['turns']} turns."]


def told_tower(tower: Mapping[str, Any]) -> str:
    """How the text tower was tuned and how many of its parameters were trained."""
    if tower["tuning"] == "none":
        return "the index's encoder as it is"
    if not tower["trainable_parameters"]:
        return f"the index's encoder as it is, since the dialogs hold nothing to tune it on ({tower['tuning']} was asked for)"
    return f"{tower['tuning']}, {tower['trainable_parameters']:,} trainable parameters"


def _told(options: Mapping[str, Any]) -> str:
    flat = {name: value for name, value in options.items() if name not in ("seed", "stop_after", "loss_weights")}
    flat |= {f"weight of the {name} loss": value for name, value in options.get("loss_weights", {}).items()}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in flat.items())


def _limits(facts: Mapping[str, Any]) -> list[str]:
    limits = [
        "The retrievers know the items of this catalog only and are refused for another one. Items that no training dialog",
        "names are reached through their text alone. Scores are calibrated for candidates of the kind of dialogs trained on;",
        "people who speak otherwise, or of other things, get less reliable ones. Rankings learned from dialogs lean on fame.",
    ]
    if not facts["valid"]:
        limits += [
            "",
            "**No validation dialogs with instances were given: how it does on unseen dialogs was not measured;",
            "`chatrec train cross-validate` does.**",
        ]
    return limits


def _calibration(facts: Mapping[str, Any]) -> list[str]:
    fitted = facts["calibration"]
    of = facts["head"].get("calibrated_on", "simulated needs")
    lines = [
        "## Calibration",
        "",
        f"p = σ({fitted['slope']:.3f} · logit {'−' if fitted['offset'] < 0 else '+'} {abs(fitted['offset']):.3f}),"
        f" fitted on {of} (Platt scaling).",
    ]
    if "fit_bounds" in fitted:
        low, high = fitted["fit_bounds"]
        told = f"A pick is shown as a low fit below {low:.3f} and as a high one from {high:.3f} on"
        as_shipped = (low, high) == FIT_BOUNDS
        lines += ["", f"{told}, as with the shipped head." if as_shipped else f"{told}: a third each of the first five there."]
    if not facts["reliability"]:
        return [*lines, "It was not measured on validation dialogs.", ""]
    lines += ["On the validation dialogs, of candidates that were given a probability of …, so many were put forward"]
    lines[-1] += " (before these dialogs took part):" if facts["refitted"] else ":"
    lines += [""]
    lines += ["| probability | candidates | said, on average | came true |", "|---|---|---|---|"]
    for row in facts["reliability"]:
        interval = f"{row['came_true']:.3f} [{row['from']:.3f}, {row['to']:.3f}]"
        lines.append(f"| {row['low']:g} to {row['high']:g} | {row['candidates']:,} | {row['said']:.3f} | {interval} |")
    return [*lines, ""]


def _tables(protocols: Mapping[str, Any]) -> list[str]:
    return [line for name, metrics in protocols.items() for line in (*_table(name, metrics), "")]


def _table(protocol: str, metrics: Mapping[str, Any]) -> list[str]:
    rows = [
        f"Protocol `{protocol}`: {metrics['instances']} instances, {metrics['gold']} gold mentions.",
        "",
        "| | R@1 | R@10 | R@50 |",
        "|---|---|---|---|",
    ]
    for name, key in (("fused retrievers", "fused_recall"), ("head", "recall"), ("gain", "rerank_gain")):
        rows.append(f"| {name} | " + " | ".join(cell(value) for value in metrics[key].values()) + " |")
    return [*rows, "", f"Recall of the candidate pool: {cell(metrics['pool_recall'])}."]
