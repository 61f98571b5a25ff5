"""A replay's report as one page that opens from disk: figures, plots and tables, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from chatrec.evaluate import plots
from chatrec.evaluate.figures import calibration, deciles, fates, few_dialogs, recorded, surely
from chatrec.evaluate.metrics import DEEPEST
from chatrec.evaluate.slices import POPULARITY, SMALL
from chatrec.outputs import replaced

TEMPLATE = "report.html.jinja"
DIMENSIONS: Mapping[str, str] = {
    "training dialogs": "Items that training dialogs named, and items they never did",
    "named before": "Works named in the conversation before the answer",
    "answers before": "The first answer to a person, and later ones",
    "person": "People seen for the first time in this log, and people who come back",
    "medium": "Medium of the item",
    "language": "Original language of the item",
}
"""Slices in the order of the page → caption."""
BEYOND: Mapping[str, tuple[str, str]] = {
    "coverage": ("Coverage", "share of the catalog that is ever shown"),
    "gini": ("Gini", "of exposure: 0 all items alike, 1 all on one"),
    "popularity_lift": (
        "Popularity lift",
        "how much better known than what the person named, from −1 to 1",
    ),
    "novelty": ("Novelty", "0 only the best known, 1 only the least known"),
    "diversity": ("Diversity", "mean distance by text between two items of a list"),
    "serendipity": ("Serendipity", "share of the hits that a list of the most popular would have missed"),
}


def write_page(path: Path, report: Mapping[str, Any]) -> None:
    """Write the page of a report, as `run_replay` returns it.

    Raises:
        InputError: it cannot be written.
    """
    written = page(report)
    with replaced(path) as made:
        made.write_text(written, encoding="utf-8")


def page(report: Mapping[str, Any]) -> str:
    """The page as HTML; whatever comes from files is escaped."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    k = report["cut_off"]
    slices = report["slices"]
    shown = [name for name in (*DIMENSIONS, *slices) if name in slices and name != POPULARITY]
    top = max((part["high"] for name in shown for part in slices[name]["slices"].values()), default=1.0) or 1.0
    bins = report["reliability"]["bins"] if report["reliability"] else []
    return environment.get_template(TEMPLATE).render(
        report=report,
        k=k,
        small=SMALL,
        headline=_headline(report),
        few_dialogs=few_dialogs(report),
        unsure=surely(report["rerank_gain"][str(k)]),
        curves=Markup(plots.recall_curves(report)),  # noqa: S704 - the plots escape their own text
        reliability=Markup(plots.reliability(bins)) if bins else None,  # noqa: S704
        calibration=calibration(report) if bins else "",
        popularity=Markup(plots.popularity_curve(slices[POPULARITY]["slices"], k)) if POPULARITY in slices else None,  # noqa: S704
        deciles=deciles(report),
        popularity_gap=_gap(slices[POPULARITY]) if POPULARITY in slices else "",
        slices=[
            {
                "name": name,
                "caption": DIMENSIONS.get(name, name),
                "gap": _gap(slices[name]),
                "plot": Markup(plots.slice_bars(name, slices[name]["slices"], k, top)),  # noqa: S704
            }
            for name in dict.fromkeys(shown)
        ],
        fates=_fates(report),
        beyond=[(*BEYOND[name], value) for name, value in report["beyond_accuracy"].items()],
        settings=_settings(report),
    )


def _gap(dimension: Mapping[str, Any]) -> str:
    """The gap of a dimension of slices and its ends, as a sentence."""
    if dimension["gap"] is None:
        return "Too few gold mentions to tell a gap."
    return f"Gap {dimension['gap']:.3f}, from {dimension['worst']} to {dimension['best']}."


def _headline(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, float], str]]:
    """(name, value with interval, what it is)."""
    k = str(report["cut_off"])
    found = [(f"Recall@{cut}", value, "gold within the first " + cut) for cut, value in report["recall"].items()]
    found.append(("Pool recall", report["pool_recall"], "gold among the candidates"))
    for depth, value in (report["union_recall"] or {}).items():
        found.append((f"Union recall@{depth}", value, f"gold within the first {depth} of any retriever"))
    if report["stage"] != "retrieve":
        told = "; ".join(filter(None, ("of the final order over the fused one", surely(report["rerank_gain"][k]))))
        found.append((f"Gain@{k}", report["rerank_gain"][k], told))
    found.append((f"NDCG@{k}", report["ndcg"][k], "earlier places count more"))
    found.append((f"MRR@{DEEPEST}", report["mrr"], "1 / rank of the first gold"))
    found.append((f"MAP@{DEEPEST}", report["map"], "mean average precision"))
    found.append((f"Hit@{k}", report["hit"][k], "turns with any gold"))
    return found


def _fates(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table of misses, each with its share of all misses as the length of a bar."""
    missed = max(1, report["gold"] - report["misses"]["found"])
    return [
        {"name": name, "count": count, "share": share, "meaning": meaning, "bar": 100 * (report["misses"][name] or 0) / missed}
        for name, count, share, meaning in fates(report)
    ]


def _settings(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    origin = report["provenance"]
    hashes = {
        "dialogs": f"{origin['dialogs']['file']}, SHA-256 {origin['dialogs']['sha256']}",
        "catalog": f"{origin['catalog']['file']}, SHA-256 {origin['catalog']['sha256']}",
        "catalog as it was read": f"SHA-256 {origin['catalog']['content_sha256']}",
        "models": f"SHA-256 {origin['models_sha256']}",
        "index": f"generation {origin['index']['generation']}, embedder {origin['index']['embedder_sha256']}",
        "recorded model output": f"{recorded(report)}, SHA-256 {origin['recorded_sha256']}" if report["recorded"] else "none",
        "rankings": f"SHA-256 {origin['rankings_sha256']}",
    }
    return [
        ("stage", report["stage"]),
        ("protocol", report["protocol"]),
        ("mentions", "given" if report["understanding"]["from"] == "given" else "read from the words"),
        ("limit", "none" if origin["limit"] is None else f"the first {origin['limit']} instances"),
        ("gold outside the catalog", str(report["gold_outside_catalog"])),
        *hashes.items(),
    ]
