"""A report's figures as text: the rows of its tables and its sentences, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chatrec.evaluate.attribution import NO_PART, NOT_RECORDED, STAGES
from chatrec.evaluate.compare import FEWEST, more_than_chance
from chatrec.evaluate.metrics import DEEPEST, FEW_GROUPS
from chatrec.evaluate.slices import POPULARITY


def cell(value: Mapping[str, float] | None) -> str:
    """A value with its interval, for a table.

    >>> cell({"value": 0.5, "low": 0.4, "high": 0.61}), cell(None)
    ('0.500 [0.400, 0.610]', '—')
    """
    return "—" if value is None else f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"


def recalls(report: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A name, then a cell per cut-off: the fused order, and where something ranked it, the final one and what that gained."""
    named = {"fused": "fused_recall"}
    if report["stage"] != "retrieve":
        named |= {"ranked": "recall", "gain": "rerank_gain"}
    for name, key in named.items():
        yield name, *map(cell, report[key].values())


def fates(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Per stage: its name, the misses it caused, their share of the gold, and what that means or why it took no part."""
    for name, meaning in STAGES.items():
        count = report["misses"][name]
        if count is None:
            why = NOT_RECORDED if name == "dropped by grounding" and report["recorded"] else NO_PART[name]
            yield name, "–", "–", why
        else:
            yield name, str(count), f"{count / report['gold']:.3f}", meaning


def gaps(report: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Per dimension of slices: its name, each slice with its recall and gold mentions, and the widest gap with its ends."""
    for name, entry in report["slices"].items():
        shown = ", ".join(f"{part} {value['value']:.3f} ({value['gold']})" for part, value in entry["slices"].items())
        gap = "too few" if entry["gap"] is None else f"{entry['gap']:.3f} {entry['worst']} – {entry['best']}"
        yield name, shown, gap


def deciles(report: Mapping[str, Any]) -> str:
    """What the deciles of popularity are, and how many works each that holds gold has; nothing where popularity is not known.

    >>> deciles({"slices": {"popularity": {"slices": {"decile 2": {"works": 1017}, "decile 10": {"works": 40}}}}})
    'works of equal popularity share one place, so that deciles differ in size (works in decile 2: 1,017; decile 10: 40)'
    """
    slices = report["slices"].get(POPULARITY, {"slices": {}})["slices"]
    if not slices:
        return ""
    sizes = "; ".join(f"{name}: {part['works']:,}" for name, part in slices.items())
    return f"works of equal popularity share one place, so that deciles differ in size (works in {sizes})"


def brought_up(report: Mapping[str, Any]) -> str:
    """How much of the gold retrieval brings up at all, in a sentence."""
    told = [f"recall of all candidates {cell(report['pool_recall'])}"]
    for depth, value in (report["union_recall"] or {}).items():
        told.append(f"union recall@{depth} {cell(value)}: in the first {depth} of any retriever")
    return "; ".join(told)


def heard(report: Mapping[str, Any]) -> str:
    """What reading the words yielded, in a sentence."""
    reading = report["understanding"]
    named, read, both = (reading["mentions"][name] for name in ("named", "read", "both"))
    given = ", ".join(f"@{k} {cell(value)}" for k, value in reading["given_recall"].items())
    return (
        f"of {named} annotated mentions {both} were read from the words, with {read - both} others; had all been given: {given}"
    )


def recorded(report: Mapping[str, Any]) -> str:
    """For how much of what was replayed the language model's output was recorded."""
    return f"recorded for {report['recorded']['instances']} of {report['recorded']['of']} instances"


def calibration(report: Mapping[str, Any]) -> str:
    """How far probabilities are from what came true, beside what would say nothing."""
    found = report["reliability"]
    told = f"the probabilities promised {found['expected']:,.1f} gold candidates, {found['came_true']:,} were; "
    told += f"expected calibration error {found['error']:.4f} ({found['error_of_zero']:.4f} if all were said to be 0)"
    repeats = "; they are calibrated on turns that may repeat what was named, as `full` has them"
    return told + (repeats if report["protocol"] == "new" else "")


def surely(gain: Mapping[str, float]) -> str:
    """What follows the figure of a gain: nothing, or that it may be chance and why.

    >>> surely({"low": 0.1, "high": 0.2, "differing": 9}), surely({"low": 0.1, "high": 0.2, "differing": 2})
    ('', 'may be chance: 2 dialogs differ')
    """
    low, high, differing = gain["low"], gain["high"], int(gain["differing"])
    if more_than_chance(low, high, differing):
        return ""
    if differing >= FEWEST:
        return "may be chance"
    return f"may be chance: {differing} dialog{' differs' if differing == 1 else 's differ'}"


def few_dialogs(report: Mapping[str, Any]) -> str:
    """That the intervals are drawn from few dialogs; nothing where they are not."""
    if report["dialogs"] >= FEW_GROUPS:
        return ""
    return f"intervals of so few dialogs ({report['dialogs']}) say little"


def beside(report: Mapping[str, Any]) -> Iterator[str]:
    """What the tables leave out, in a line each: recordings, gains that may be chance, how few dialogs there are, sizes of
    deciles, further metrics, lists beyond accuracy, calibration, constraints.
    """
    k = report["cut_off"]
    if report["recorded"]:
        yield f"output of the language model {recorded(report)}; any other is answered as if it had been silent"
    unsure = [f"@{cut} {told}" for cut, gain in report["rerank_gain"].items() if (told := surely(gain))]
    if unsure and report["stage"] != "retrieve":
        yield f"the gain {', '.join(unsure)}"
    if few := few_dialogs(report):
        yield few
    if sizes := deciles(report):
        yield sizes
    means = {f"NDCG@{k}": report["ndcg"][str(k)], f"MRR@{DEEPEST}": report["mrr"], f"MAP@{DEEPEST}": report["map"]}
    means[f"hit@{k}"] = report["hit"][str(k)]
    yield ", ".join(f"{name} {cell(value)}" for name, value in means.items())
    shown = {name.replace("_", " "): value for name, value in report["beyond_accuracy"].items() if value is not None}
    yield f"top {k}: " + ", ".join(f"{name} {value:.3f}" for name, value in shown.items())
    if report["reliability"] and report["reliability"]["error"] is not None:
        yield calibration(report)
    bound = report["constraints"]
    yield f"constraints held by {bound['instances']} instances; violated in a top {k}: {bound['violations'][str(k)]}"
