"""Whether a check that needs no language model tells a true free-text claim about an item from a false one.

`claims.jsonl` holds the claims, a JSON line each: the item's id, the claim, whether the item's description and fields entail it,
and how it was made (`paraphrase`, `role-swap`, `negation`, …). Thresholds and weights are set on the training folds, the
lowest threshold that is right often enough there; figures are of the held-out folds, and folds and intervals go by item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chatrec.catalog.read import read_catalog
from chatrec.evaluate.metrics import ratio_interval
from chatrec.index.document import dense_text, tokenize
from chatrec.index.embed import Embedder
from chatrec.present.wording import NUMBERS
from chatrec.types import Item

HERE = Path(__file__).parent
FOLDS = 5
PRECISION, RECALL = 0.95, 0.9
"""What a check must reach for free text to be let through."""
NEGATIONS = frozenset("no not never nobody nothing none neither nor without cannot".split())  # noqa: SIM905 - reads better
TENS = ("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty")
COUNTS = frozenset(
    (*NUMBERS[2:], *TENS, "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand")
)
"""Without `one`, which is a pronoun more often than a number."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def overlap(claim: str, text: str) -> float:
    """Share of the claim's stems that the text has, 0 to 1."""
    stems = set(tokenize(claim))
    return len(stems & set(tokenize(text))) / max(len(stems), 1)


def guarded(claim: str, text: str) -> bool:
    """Every number, name and negation of the claim is in the text too."""
    words = re.findall(r"[^\W_]+", claim)
    told = {word.casefold() for word in re.findall(r"[^\W_]+", text)}
    names = {word.casefold() for word in words[1:] if word[0].isupper()}
    numbers = {part for word in words for part in (word.casefold(),) if part.isdigit() or part in COUNTS}
    negated = any(word.casefold() in NEGATIONS for word in words)
    return names | numbers <= told and (not negated or bool(NEGATIONS & told))


def sentences(item: Item) -> list[str]:
    """The description whole, its clauses, and the text of all fields."""
    description = item.description or ""
    return [description, *(part for part in re.split(r"[.;,:]\s+", description) if part), dense_text(item)]


def closeness(claims: Sequence[str], items: Sequence[Item]) -> Floats:
    """Cosine of each claim's MiniLM vector to that of the closest sentence of its item, [n]."""
    embedder = Embedder()
    vectors = embedder.encode(claims)
    of_item = {key: embedder.encode(sentences(item)) for key, item in {item.id: item for item in items}.items()}
    return np.array([(of_item[item.id] @ vector).max() for vector, item in zip(vectors, items, strict=True)], dtype=np.float64)


def threshold(scores: Floats, true: Flags) -> float:
    """The lowest score from which on claims are true at the wanted precision; infinite if there is none."""
    cuts = [cut for cut in np.unique(scores) if true[scores >= cut].mean() >= PRECISION]
    return float(cuts[0]) if cuts else np.inf


def accepted(features: Floats, passes: Flags, true: Flags, groups: NDArray[np.str_]) -> tuple[Flags, Floats]:
    """Held-out decisions and scores of a check that weighs `features` and refuses what does not pass the guards.

    Args:
        features: [n, k]; with k = 1 the score is the feature itself.
        passes: [n], whether a claim may be accepted at all.
        true: [n], the labels.
        groups: [n], the items.
    """
    taken, scores = np.zeros(len(true), dtype=bool), np.zeros(len(true))
    for train, test in GroupKFold(FOLDS, shuffle=True, random_state=0).split(features, true, groups):
        if features.shape[1] == 1:
            known, held = features[train, 0], features[test, 0]
        else:
            model = make_pipeline(StandardScaler(), LogisticRegression())
            inner = GroupKFold(FOLDS)
            guesses = cross_val_predict(
                model, features[train], true[train], groups=groups[train], cv=inner, method="predict_proba"
            )
            known = np.asarray(guesses)[:, 1]
            held = np.asarray(model.fit(features[train], true[train]).predict_proba(features[test]))[:, 1]
        scores[test] = np.where(passes[test], held, held - 1)
        taken[test] = passes[test] & (held >= threshold(np.where(passes[train], known, -np.inf), true[train]))
    return taken, scores


def share(hits: Flags, of: Flags, groups: NDArray[np.str_]) -> str:
    """Σ hits / Σ of, with its interval."""
    if not of.any():
        return "none"
    low, high = ratio_interval(hits.tolist(), of.tolist(), np.unique(groups, return_inverse=True)[1].tolist())
    return f"{hits.sum() / of.sum():.3f} ({low:.2f} to {high:.2f})"


def main() -> None:
    """Print precision and recall of each check, and what of each sort of claim the last one lets through."""
    rows = [json.loads(line) for line in (HERE / "claims.jsonl").read_text(encoding="utf-8").splitlines()]
    catalog = read_catalog(HERE.parent / "index" / "catalog")
    items, claims = [catalog[row["item"]] for row in rows], [row["claim"] for row in rows]
    true, groups = np.array([row["true"] for row in rows]), np.array([row["item"] for row in rows])
    texts = [f"{dense_text(item)}. {item.language} {', '.join(item.countries)}" for item in items]
    shared = np.array([overlap(*pair) for pair in zip(claims, texts, strict=True)])
    near = closeness(claims, items)
    passes, everything = np.array([guarded(*pair) for pair in zip(claims, texts, strict=True)]), np.ones(len(rows), dtype=bool)
    checks = {
        "overlap": (shared[:, None], everything),
        "closeness": (near[:, None], everything),
        "both, guarded": (np.column_stack((shared, near)), passes),
    }
    table, taken = Table("check", "accepted", f"precision (aim {PRECISION})", f"recall (aim {RECALL})", "AUC"), everything
    for name, (features, may) in checks.items():
        taken, scores = accepted(features, may, true, groups)
        figures = share(taken & true, taken, groups), share(taken & true, true, groups)
        table.add_row(name, str(taken.sum()), *figures, f"{roc_auc_score(true, scores):.3f}")
    alone = share(passes & true, passes, groups), share(passes & true, true, groups)
    table.add_row("guards alone", str(passes.sum()), *alone, f"{roc_auc_score(true, passes):.3f}")
    weights = LogisticRegression().fit(StandardScaler().fit_transform(np.column_stack((shared, near))), true).coef_[0]
    by_sort = Table("sort of claim", "claims", "pass the guards", "accepted", "mean overlap", "mean closeness")
    for sort in sorted({row["how"] for row in rows}):
        of = np.array([row["how"] == sort for row in rows])
        counts = (of.sum(), passes[of].sum(), taken[of].sum())
        by_sort.add_row(sort, *map(str, counts), f"{shared[of].mean():.2f}", f"{near[of].mean():.2f}")
    console = Console(width=130)
    console.print(f"{len(rows)} claims about {len(set(groups))} items, {true.sum()} of them true")
    console.print(table)
    console.print(f"weights over all claims: overlap {weights[0]:+.2f}, closeness {weights[1]:+.2f} (of standardised values)")
    console.print(by_sort)


if __name__ == "__main__":
    main()
