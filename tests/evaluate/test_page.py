"""A report as a page: whole in itself, escaped, and with what the figures say."""

from __future__ import annotations

import re
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from dialog_samples import items, many_dialogs, write_dialogs

from chatrec.catalog.read import write_catalog
from chatrec.cli.replay import page_writer
from chatrec.errors import DependencyMissingError
from chatrec.evaluate.attribution import STAGES
from chatrec.evaluate.figures import beside
from chatrec.evaluate.page import page, write_page
from chatrec.evaluate.plots import recall_curves
from chatrec.evaluate.run import ReplayConfig, run_replay
from chatrec.index.embed import Embedder


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("replay")
    write_catalog(items(), folder / "catalog.jsonl")
    dialogs = write_dialogs(folder / "dialogs.jsonl", many_dialogs(9))
    config = ReplayConfig(dialogs, folder / "catalog.jsonl", ks=(1, 3, 10))
    return run_replay(config, folder / "r.json", folder / "r.jsonl", Embedder(), folder / "index")


class Seen(HTMLParser):
    """Tags, ids, links and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            if name == "id":
                self.ids[value or ""] += 1
            if name in ("href", "xlink:href", "src"):
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_fetches_nothing_and_its_plots_do_not_share_ids(report: dict[str, Any]) -> None:
    html = page(report)
    seen = Seen(html)
    assert not seen.tags.keys() & {"script", "link", "iframe", "img", "object"}
    assert seen.links and all(link.startswith("#") and link[1:] in seen.ids for link in seen.links)
    assert all(reference in seen.ids for reference in re.findall(r"url\(#([^)]*)\)", html))
    assert max(seen.ids.values()) == 1


def test_a_page_holds_the_figures_every_stage_and_every_slice(report: dict[str, Any]) -> None:
    seen = Seen(page(report))
    for value in (report["recall"]["3"], report["pool_recall"], report["mrr"], report["map"]):
        assert f"{value['value']:.3f}" in seen.text
    assert all(name in seen.text for name in STAGES)
    for name in ("NDCG@3", "Hit@3", "MRR@100", "MAP@100"):
        assert name in seen.text and name.lower() in "\n".join(beside(report)).lower()
    assert "how much better known than what the person named, from −1 to 1" in seen.text
    named = [name for dimension, entry in report["slices"].items() if dimension != "popularity" for name in entry["slices"]]
    assert named and all(name in seen.text for name in named)
    assert seen.tags["svg"] == 2 + len(report["slices"])


def test_the_legend_stands_above_the_axes_where_no_curve_runs(report: dict[str, Any]) -> None:
    heights = {text: float(y) for y, text in re.findall(r'<text[^>]* y="([\d.]+)"[^>]*>([^<]*)</text>', recall_curves(report))}
    legend = [y for text, y in heights.items() if text.startswith(("all candidates", "final order", "fused"))]
    axis = [y for text, y in heights.items() if re.fullmatch(r"[01]\.\d+", text)]
    assert len(legend) == 3 and axis and max(legend) < min(axis)


def test_a_page_tells_between_which_slices_the_gap_is(report: dict[str, Any]) -> None:
    gap = {"gap": 0.25, "worst": "decile 1", "best": "decile 10"}
    slices = {"popularity": report["slices"]["popularity"] | gap}
    assert "Gap 0.250, from decile 1 to decile 10." in Seen(page(report | {"slices": slices})).text


@pytest.mark.parametrize(
    ("low", "differing", "said"),
    [
        (0.1, 6, ""),
        (0.1, 5, "may be chance: 5 dialogs differ"),
        (-0.1, 1, "may be chance: 1 dialog differs"),
        (0.0, 60, "may be chance"),
    ],
)
def test_a_gain_that_few_dialogs_make_is_told_to_be_chance_on_page_and_terminal(
    report: dict[str, Any], low: float, differing: int, said: str
) -> None:
    gain = {"value": 0.2, "low": low, "high": 0.3, "differing": differing}
    told = report | {"rerank_gain": {"1": gain, "3": gain, "10": gain}}
    html, lines = page(told), "\n".join(beside(told))
    assert ("the final order finds 20.0 points more than the fused retrievers" + (f", which {said}." if said else ".")) in html
    assert ("of the final order over the fused one" + (f"; {said}" if said else "") + "</span>") in html
    assert (f"the gain @1 {said}, @3 {said}, @10 {said}" in lines) if said else ("chance" not in lines)


def test_that_deciles_differ_in_size_is_said_with_the_number_of_their_works(report: dict[str, Any]) -> None:
    best = report["slices"]["popularity"]["slices"]["decile 10"]
    assert best["works"] > 0
    told = f"decile 10: {best['works']})"
    assert "works of equal popularity share one place" in Seen(page(report)).text and told in Seen(page(report)).text
    assert any(told in line for line in beside(report))


def test_that_a_log_has_few_dialogs_is_said_beside_its_intervals(report: dict[str, Any]) -> None:
    few = "intervals of so few dialogs (9) say little"
    assert few in Seen(page(report)).text and few in list(beside(report))
    many = report | {"dialogs": 30}
    assert "so few" not in Seen(page(many)).text + "".join(beside(many))


def test_whatever_a_file_is_called_is_text(report: dict[str, Any]) -> None:
    name = "<script>alert(1)</script>&.jsonl"
    origin = report["provenance"] | {"dialogs": {"file": name, "sha256": "0"}}
    slices = {"<b>": {"slices": {"$x_1$ <i>": report["recall"]["1"] | {"gold": 5}}, "gap": None, "worst": None, "best": None}}
    seen = Seen(page(report | {"provenance": origin, "slices": slices}))
    assert "script" not in seen.tags and name in seen.text
    assert "$x_1$ <i>" in seen.text


@pytest.mark.parametrize(
    ("leak", "said"),
    [
        ({"by_id": 0, "by_text": 0, "allowed": False}, "No leak found"),
        ({"by_id": 0, "by_text": 3, "allowed": False}, "3 of these dialogs have a near duplicate"),
        ({"by_id": 2, "by_text": 0, "allowed": True}, "Leak allowed: 2 of these dialogs"),
    ],
)
def test_a_leak_is_stamped(report: dict[str, Any], leak: dict[str, Any], said: str) -> None:
    assert said in Seen(page(report | {"provenance": report["provenance"] | {"leak": leak}})).text


def test_a_report_without_a_head_slices_or_popularity_is_a_page_too(report: dict[str, Any]) -> None:
    bare = report | {"stage": "retrieve", "reliability": None, "slices": {}, "beyond_accuracy": {"novelty": None}}
    seen = Seen(page(bare))
    assert seen.tags["svg"] == 1
    assert "unknown" in seen.text and "Gain@" not in seen.text and "final order" not in seen.text


def test_the_union_of_all_retrievers_stands_at_the_head_where_it_was_looked_at(report: dict[str, Any]) -> None:
    union = {"union_recall": {"200": {"value": 0.123, "low": 0.1, "high": 0.2}}}
    assert "Union recall@200" not in Seen(page(report)).text
    told = Seen(page(report | union)).text
    assert "Union recall@200" in told and "0.123" in told


def test_the_same_report_gives_the_same_page(report: dict[str, Any], tmp_path: Path) -> None:
    write_page(tmp_path / "deep" / "a.html", report)
    assert (tmp_path / "deep" / "a.html").read_text(encoding="utf-8") == page(report)


def test_without_a_library_to_plot_with_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in ("chatrec.evaluate.page", "chatrec.evaluate.plots"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr("chatrec.evaluate.plots", raising=False)
    with pytest.raises(DependencyMissingError, match=r"chatrec\[train\]"):
        page_writer()


def test_a_replay_that_read_the_words_says_what_it_read(tmp_path: Path) -> None:
    write_catalog(items(), tmp_path / "catalog.jsonl")
    dialogs = write_dialogs(tmp_path / "dialogs.jsonl", many_dialogs(3))
    config = ReplayConfig(dialogs, tmp_path / "catalog.jsonl", ks=(3,), understand="text")
    found = run_replay(config, tmp_path / "r.json", tmp_path / "r.jsonl", Embedder(), tmp_path / "index")
    assert "annotated mentions" in Seen(page(found)).text
