"""Plots of a replay as SVG text, made to stand inside a page: no ids that clash, no network, text that can be selected."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

WIDTH = 5.4
"""Inches; at 72 points each a little more than a phone is wide, so that text stays legible there."""
INK, MUTED, ACCENT, SECOND, THIRD = "#1d2433", "#8a93a3", "#1f5fae", "#c2571a", "#3b8a5a"
STYLE: Mapping[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e6eb",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}
FLOOR = 1e-4
"""Smallest probability that is drawn."""


def recall_curves(report: Mapping[str, Any]) -> str:
    """Recall@1 to @100, on a logarithmic axis, of the fused order and of the final one if it is another, below what the
    candidates hold at all.
    """
    curves, pool, ranked = report["curves"], report["pool_recall"]["value"], report["stage"] != "retrieve"
    lines = [("fused", "fused retrievers", SECOND, "--")]
    lines += [("ranked", "final order", ACCENT, "-")] if ranked else []
    lines += [("given", "final order, mentions given", THIRD, ":")] if "given" in curves else []
    with _style("recall"):
        figure, axes = _figure(3.9)
        axes.axhline(pool, color=MUTED, lw=1.2, ls="-.", label=f"all candidates, {pool:.3f}")
        for name, label, colour, dashes in lines:
            axes.plot(range(1, 101), curves[name], color=colour, ls=dashes, lw=2, label=label)
        for k, value in report["recall"].items():
            _whisker(axes, float(k), value, ACCENT if ranked else SECOND)
        axes.set(xscale="log", xlim=(0.95, 105), ylim=(0, min(1.0, pool * 1.15 + 0.02)), xlabel="k", ylabel="recall@k")
        ticks = (1, 2, 5, 10, 20, 50, 100)
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        _legend(figure)
        return _svg(figure, "Recall by cut-off")


def reliability(bins: Sequence[Mapping[str, Any]]) -> str:
    """Predicted against observed acceptance, on logarithmic axes since most candidates are unlikely, above their numbers."""
    predicted = [max(part["predicted"], FLOOR) for part in bins]
    with _style("reliability"):
        figure = Figure(figsize=(WIDTH, 4.5), layout="constrained")
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        axes.plot([FLOOR, 1], [FLOOR, 1], color=MUTED, lw=1.2, ls="-.", label="as predicted")
        for at, part in zip(predicted, bins, strict=True):
            low, high = wilson(part["accepted"] * part["candidates"], part["candidates"])
            axes.plot([at, at], [max(low, FLOOR), max(high, FLOOR)], color=ACCENT, lw=1.4)
        observed = [(at, part["accepted"]) for at, part in zip(predicted, bins, strict=True) if part["accepted"] >= FLOOR]
        axes.plot(*zip(*observed, strict=True), "o", color=ACCENT, ms=6, label="observed, 95% interval") if observed else None
        axes.set(xscale="log", yscale="log", ylim=(FLOOR, 1.15), ylabel="share accepted")
        _legend(figure)
        widths = [part["high"] - max(part["low"], FLOOR) for part in bins]
        starts = [max(part["low"], FLOOR) for part in bins]
        below.bar(starts, [part["candidates"] for part in bins], widths, align="edge", color="#b9cde6", edgecolor="white")
        below.set(yscale="log", xlim=(FLOOR, 1.1), xlabel="predicted probability", ylabel="candidates")
        for one in (axes.xaxis, axes.yaxis, below.xaxis, below.yaxis):
            one.set_major_formatter(lambda value, _: f"{value:,g}" if value < 1 else f"{value:,.0f}")
            one.set_minor_formatter(NullFormatter())
        return _svg(figure, "Reliability of the probabilities")


def slice_bars(dimension: str, slices: Mapping[str, Mapping[str, Any]], k: int, top: float) -> str:
    """A bar per slice with its interval and its number of gold mentions, on an axis from 0 to `top`."""
    names = list(slices)
    with _style(f"slice {dimension}"):
        figure, axes = _figure(0.95 + 0.42 * len(names))
        for place, (name, value) in enumerate(slices.items()):
            axes.barh(place, value["value"], height=0.62, color="#b9cde6")
            axes.plot([value["low"], value["high"]], [place, place], color=ACCENT, lw=1.8)
            axes.plot([value["value"]], [place], "o", color=ACCENT, ms=5)
            axes.text(1.02, place, f"{value['value']:.3f}", va="center", transform=axes.get_yaxis_transform())
            names[place] = f"{name} ({value['gold']})"
        axes.set_yticks(range(len(names)), names)
        axes.set(xlim=(0, top), xlabel=f"recall@{k}")
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        return _svg(figure, f"Recall by {dimension}")


def popularity_curve(slices: Mapping[str, Mapping[str, Any]], k: int) -> str:
    """Recall by decile of popularity (1 to 10, least known first) with intervals, above the gold mentions of each."""
    tenths = [int(name.split()[-1]) for name in slices]
    with _style("popularity"):
        figure = Figure(figsize=(WIDTH, 4.2), layout="constrained")
        axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        value, low, high, gold = ([part[name] for part in slices.values()] for name in ("value", "low", "high", "gold"))
        axes.vlines(tenths, low, high, color=ACCENT, lw=1.4, label="95% interval")
        axes.bar(tenths, value, color="#b9cde6", width=0.7)
        axes.plot(tenths, value, "o", color=ACCENT, ms=5)
        axes.set(ylim=(0, None), ylabel=f"recall@{k}")
        _legend(figure)
        below.bar(tenths, gold, color="#b9cde6", width=0.7)
        below.set(xlim=(0.5, 10.5), xlabel="decile of popularity, best known last", ylabel="gold")
        below.set_xticks(range(1, 11))
        return _svg(figure, "Recall by popularity")


def wilson(found: float, count: float, z: float = 1.96) -> tuple[float, float]:
    """95% interval of a share (Wilson 1927).

    Half of four:

    >>> [round(bound, 3) for bound in wilson(2, 4)]
    [0.15, 0.85]
    """
    share, square = found / count, z * z / count
    middle, spread = share + square / 2, z * (share * (1 - share) / count + square / 4 / count) ** 0.5
    return max(0.0, (middle - spread) / (1 + square)), min(1.0, (middle + spread) / (1 + square))


def _style(name: str) -> AbstractContextManager[None]:
    """The look of all plots, with ids of its own for this one."""
    style: dict[Any, Any] = {**STYLE, "svg.hashsalt": name}
    return matplotlib.rc_context(style)


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots()


def _legend(figure: Figure) -> None:
    """Above the axes, where no curve can run behind it."""
    figure.legend(loc="outside upper left", ncols=2, columnspacing=1.2, handlelength=1.8)


def _whisker(axes: Axes, at: float, value: Mapping[str, float], colour: str) -> None:
    axes.plot([at, at], [value["low"], value["high"]], color=colour, lw=1.4)
    axes.plot([at], [value["value"]], "o", color=colour, ms=5)


def _svg(figure: Figure, label: str) -> str:
    """The `<svg>` element alone, as wide as its place; ids differ from plot to plot by the salt of their style."""
    written = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    FigureCanvasSVG(figure).print_svg(written, metadata=nothing)
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(?:width|height)="[^"]*"', "", head)
    prefix = re.sub(r"\W", "-", str(matplotlib.rcParams["svg.hashsalt"]))
    rest = re.sub(r'\bid="', f'id="{prefix}-', rest)
    rest = re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\g<1>{prefix}-", rest)
    return f'{head} role="img" aria-label="{label}">{rest}'
