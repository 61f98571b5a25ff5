"""Tables of results as the terminal shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.table import Column, Table

if TYPE_CHECKING:
    from chatrec.evaluate.compare import Difference
    from chatrec.train.sweep import Row as SweepRow


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str, caption: str = "") -> Table:
    """A table of these rows; what is too long for a narrow screen goes on in the next line, and none of it is cut off."""
    named = (Column(name, overflow="fold") for name in columns)
    made = Table(*named, title=title, caption=caption or None)
    for row in rows:
        made.add_row(*row)
    return made


def replayed(report: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What a person is told of a replay's report, in order."""
    from chatrec.evaluate.figures import beside, brought_up, fates, gaps, heard, recalls
    from chatrec.evaluate.slices import SMALL

    k, found = report["cut_off"], report["misses"]["found"]
    cuts = [f"@{cut}" for cut in report["recall"]]
    yield table(["recall", *cuts], recalls(report), f"{report['gold']} gold mentions, protocol {report['protocol']}")
    yield brought_up(report)
    yield table(["lost by", "misses", "of gold", "that is"], fates(report), f"{found} found @{k}")
    if report["understanding"]["from"] == "text":
        yield heard(report)
    shown = ["slice", f"recall@{k} (gold mentions)", f"gap, slices of {SMALL} or more"]
    yield table(shown, gaps(report), "for whom, and for what, it works")
    yield from beside(report)


def baselines(report: Mapping[str, Any], protocol: str) -> Table:
    """Every system's recall, and how much of the gold is among its candidates at all."""
    from chatrec.evaluate.baselines import KNOWN_AS
    from chatrec.evaluate.figures import cell

    systems = report["systems"]
    cuts = list(next(iter(systems.values()))["recall"])
    rows = [(name, *map(cell, entry["recall"].values()), cell(entry["pool_recall"])) for name, entry in systems.items()]
    known = "; ".join(f"{name}: {told}" for name, told in KNOWN_AS.items() if name in systems)
    return table(["system", *(f"recall@{cut}" for cut in cuts), "anywhere"], rows, f"protocol {protocol}", known)


def compared(differences: Iterable[Difference], title: str) -> Table:
    """The recalls of two systems and whether they differ."""
    rows = []
    for row in differences:
        interval = f"[{row.low:+.4f}, {row.high:+.4f}]"
        verdict = "significant" if row.significant else "may be chance"
        rows.append((f"@{row.k}", f"{row.a:.4f}", f"{row.b:.4f}", f"{row.b - row.a:+.4f}", interval, verdict))
    return table(["recall", "A", "B", "B - A", "95% interval", ""], rows, title)


def cross_validated(report: Mapping[str, Any], protocol: str) -> Table:
    """The recalls of all folds together."""
    from chatrec.evaluate.figures import brought_up, recalls

    columns = ["recall", *(f"@{cut}" for cut in report["recall"])]
    title = f"{report['gold']} gold mentions, protocol {protocol}"
    return table(columns, recalls({**report, "stage": "score"}), title, brought_up(report))


def swept(rows: Iterable[SweepRow]) -> Table:
    """Everything a sweep tried, best first."""
    shown = []
    for row in rows:
        gain = f"{row.gain['value']:+.4f} [{row.gain['low']:+.4f}, {row.gain['high']:+.4f}]" if row.changed else ""
        recall = (f"{value['value']:.3f}" for value in row.recall.values())
        mrr = f"{row.mrr['value']:.4f} [{row.mrr['low']:.4f}, {row.mrr['high']:.4f}]"
        shown.append((row.changed.replace("_", " ") or "(the defaults)", mrr, gain, row.verdict, *recall))
    return table(["changed", "MRR", "gain", "", "R@1", "R@10", "R@50"], shown, "out of fold, training dialogs only")
