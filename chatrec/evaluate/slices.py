"""Where a replay does well and where it does not: recall by slice, and what is shown besides.

A gap between slices is the first thing to look at for fairness: well-known and niche works, people who just began and people who
said a lot, items that training dialogs spoke of and items they did not.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chatrec.evaluate import metrics
from chatrec.evaluate.logs import DialogLine
from chatrec.evaluate.replay import Replayed
from chatrec.evaluate.report import recall_of
from chatrec.index.open import Index
from chatrec.retrieve.collaborative import Prior, TrainedRetriever
from chatrec.retrieve.protocol import Retriever

POPULARITY = "popularity"
"""The dimension of the deciles of popularity."""
NAMED = "named"
"""The trained prior that counts mentions in the training dialogs."""
SMALL = 20
"""Slices with fewer gold mentions are listed, but no gap is computed from them."""
Label = Callable[[Replayed, str], str | None]
"""(instance, gold item) → the slice this mention belongs to; None: to none."""


def by_slice(
    rows: Sequence[Replayed],
    index: Index,
    retrievers: Sequence[Retriever],
    dialogs: Sequence[DialogLine],
    k: int,
    knows: Callable[[DialogLine], bool] = lambda dialog: False,
) -> dict[str, Any]:
    """Recall@k of the gold mentions of each slice, with 95% intervals by dialog, and the widest gap between two slices.

    Args:
        rows: the replayed instances.
        index: of the catalog; gives kinds, languages and popularity.
        retrievers: the ones at work; a trained one that counted mentions tells cold items from warm ones.
        dialogs: the replayed log, in order; tells who came back, if it says who spoke.
        k: cut-off.
        knows: whether the models learned from other dialogs with the person of this one.

    Returns:
        Dimension → `slices` (name → recall and number of `gold` mentions; of deciles of popularity also the `works` of the
        catalog in it), and of those with at least `SMALL` mentions the `worst`, the `best` and the `gap`
        between their recalls; None where fewer than two are that large.
    """
    found: dict[str, Any] = {}
    works = Counter(map(_decile, _known(index.popularity).tolist()))
    for dimension, label in _labels(index, retrievers, _returning(dialogs, knows), dialogs).items():
        parts: dict[str, list[Replayed]] = defaultdict(list)
        for row in rows:
            for name, part in _split(row, label).items():
                parts[name].append(part)
        if len(parts) < 2:
            continue
        slices = {
            name: recall_of(parts[name], k) | {"gold": sum(len(row.ranks) for row in parts[name])}
            for name in sorted(parts, key=_order)
        }
        found[dimension] = {"slices": slices, **_gap({name: e["value"] for name, e in slices.items() if e["gold"] >= SMALL})}
    for name, entry in found.get(POPULARITY, {"slices": {}})["slices"].items():
        entry["works"] = works[name]
    return found


def _gap(values: Mapping[str, float]) -> dict[str, Any]:
    """The widest difference between slices; unknown below two.

    >>> _gap({"cold": 0.1, "warm": 0.3})
    {'gap': 0.2, 'worst': 'cold', 'best': 'warm'}
    """
    if len(values) < 2:
        return {"gap": None, "worst": None, "best": None}
    worst, best = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    return {"gap": round(values[best] - values[worst], 6), "worst": worst, "best": best}


def beyond_accuracy(rows: Sequence[Replayed], index: Index, k: int) -> dict[str, float | None]:
    """What a top k looks like besides being right; None where the catalog lacks what it takes.

    Returns:
        `coverage` and `gini` of exposure over the catalog; `popularity_lift`: mean popularity percentile of what is shown less
        that of what the person named; `novelty`: mean of 1 − popularity percentile; `diversity`: mean of 1 − cosine between two
        items of a list, by text; `serendipity`: share of gold found within k that a list of the most popular would have missed.
    """
    rankings = [row.ranking for row in rows]
    popularity = index.popularity
    shown = [_known(popularity[_rows_of(row.ranking[:k], index)]) for row in rows]
    named = [_known(popularity[_rows_of(row.named, index)]) for row in rows]
    diverse = [metrics.diversity(index.vectors[_rows_of(ranking[:k], index)]) for ranking in rankings]
    found = [answer for row in rows for answer, rank in zip(row.answers, row.ranks, strict=True) if rank <= k]
    best = [index.ids[row] for row in np.argsort(-np.nan_to_num(popularity), kind="stable")[:k]]
    return {
        "coverage": _rounded(metrics.coverage(rankings, len(index.ids), k)),
        "gini": _rounded(metrics.gini(rankings, len(index.ids), k)),
        "popularity_lift": _rounded(metrics.popularity_lift(shown, named)),
        "novelty": _rounded(metrics.novelty(np.concatenate(shown) if shown else [])),
        "diversity": _rounded(_mean_of_known(diverse)),
        "serendipity": None if np.isnan(popularity).all() else _rounded(metrics.serendipity(found, best)),
    }


def _labels(
    index: Index, retrievers: Sequence[Retriever], returning: Mapping[str, str], dialogs: Sequence[DialogLine]
) -> dict[str, Label]:
    def popularity(_: Replayed, item: str) -> str | None:
        value = index.popularity[index.rows[item]] if item in index.rows else math.nan
        return None if math.isnan(value) else _decile(value)

    def field(name: str) -> Label:
        return lambda _, item: getattr(index.catalog[item], name) if item in index.catalog else None

    by_id = {dialog.dialog_id: dialog for dialog in dialogs}
    labels: dict[str, Label] = {
        POPULARITY: popularity,
        "named before": lambda row, _: _span(len(row.named)),
        "answers before": lambda row, _: _answered(by_id[row.dialog_id], row.turn),
        "medium": field("kind"),
        "language": field("language"),
        "person": lambda row, _: returning.get(row.dialog_id),
    }
    counted = [r.model for r in retrievers if isinstance(r, TrainedRetriever) and r.name == NAMED]
    if counted and isinstance(counted[0], Prior):
        mentions = counted[0].values
        labels["training dialogs"] = lambda _, item: "warm" if item in index.rows and mentions[index.rows[item]] > 0 else "cold"
    return labels


def _decile(percentile: float) -> str:
    return f"decile {tenth(percentile)}"


def tenth(percentile: float) -> int:
    """The tenth, from 1 to 10, that a percentile belongs to: the share of items that are at most as popular, its own among them.
    Items of equal popularity share their mean percentile, so that many may belong to one tenth, and none to another.

    Of ten items that differ, the least known has .1 and the best known 1:

    >>> [tenth(percentile) for percentile in (0.05, 0.1, 0.11, 0.3, 1.0)]
    [1, 1, 2, 3, 10]
    """
    return max(1, math.ceil(percentile * 10 - 1e-5))  # percentiles are float32: .1 is a little more


def _answered(dialog: DialogLine, turn: int) -> str:
    """Whether the recommender put something forward in this dialog before: whom it has just met, and whom it knows a little."""
    before = any(line.role == "assistant" and (line.gold or line.mentions) for line in dialog.turns[:turn])
    return "later answer" if before else "first answer"


def _returning(dialogs: Sequence[DialogLine], knows: Callable[[DialogLine], bool]) -> dict[str, str]:
    """Dialog id → whether an earlier dialog, of the log or learned from, is of the same person; without those of nobody known."""
    seen: set[str] = set()
    found: dict[str, str] = {}
    for dialog in dialogs:
        if dialog.user_id is not None:
            found[dialog.dialog_id] = "returning" if dialog.user_id in seen or knows(dialog) else "new"
            seen.add(dialog.user_id)
    return found


def _order(name: str) -> tuple[bool, str, int]:
    """ "none" first; deciles by number."""
    words, _, number = name.rpartition(" ")
    return (name != "none", words, int(number)) if number.isdecimal() else (name != "none", name, 0)


def _span(count: int) -> str:
    return "none" if not count else "1 or 2" if count < 3 else "3 to 5" if count < 6 else "6 or more"


def _split(row: Replayed, label: Label) -> dict[str, Replayed]:
    """The instance with only the gold mentions of one slice, for each slice it has some of."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, answer in enumerate(row.answers):
        name = label(row, answer)
        if name is not None:
            places[name].append(place)
    return {name: row.only(chosen) for name, chosen in places.items()}


def _rows_of(ids: Sequence[str], index: Index) -> list[int]:
    return [index.rows[item] for item in ids if item in index.rows]


def _known(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


def _mean_of_known(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
