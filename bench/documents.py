"""Which composition of an item's text retrieves best: dialogs ask for what was put forward next, nothing is learned.

    python bench/documents.py ../shared/data/inspired/dialogs.train.jsonl ../shared/data/music_crs/dialogs.valid.jsonl

The catalog of a log is `catalog.jsonl` beside it. Of what had not been named before, the share among the first 10, 50 and 200 of
those nearest to what was said (`dense`), of those nearest to what was named (`liked`), and of the order of all retrievers that
need no training.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from chatrec.catalog.read import read_catalog
from chatrec.index.document import dense_text
from chatrec.index.embed import Embedder
from chatrec.index.open import open_or_build
from chatrec.retrieve.fuse import Fusion, FusionConfig, reciprocal_ranks
from chatrec.retrieve.load import base_retrievers
from chatrec.settings import Settings
from chatrec.train.data import gather, read_all
from chatrec.train.exact import ExactIndex
from chatrec.train.said import embed, said, with_memory
from chatrec.train.weights import Rankings
from chatrec.types import Item

DEPTHS = (10, 50, 200)


def composed(*parts: str) -> Callable[[Item], str]:
    """Parts of the text in this order."""

    def compose(item: Item) -> str:
        told = {
            "title": item.title,
            "title, year": f"{item.title} ({item.year})" if item.year else item.title,
            "form": item.form or item.kind,
            "genres, moods": ", ".join((*item.genres, *item.moods)),
            "themes": ", ".join(item.themes),
            "description": item.description or "",
            "creators": f"by {', '.join(item.creators)}" if item.creators else "",
            "cast": f"with {', '.join(item.cast[:3])}" if item.cast else "",
            "tags": ", ".join(item.tags),
        }
        return ". ".join(told[part] for part in parts if told[part])

    return compose


PEOPLE, TITLE = ("creators", "cast"), "title, year"
WHOLE = (TITLE, *PEOPLE, "description", "form", "genres, moods", "themes", "tags")


def without(*parts: str) -> tuple[str, ...]:
    """The whole text but for these parts."""
    return tuple(part for part in WHOLE if part not in parts)


COMPOSITIONS: Mapping[str, Callable[[Item], str]] = {
    "as it is": dense_text,
    "title alone": composed("title"),
    "without year": composed("title", *without(TITLE)),
    "without people": composed(*without(*PEOPLE)),
    "without description": composed(*without("description")),
    "without genres and moods": composed(*without("genres, moods")),
    "without themes and tags": composed(*without("themes", "tags")),
    "description before people": composed(TITLE, "description", *PEOPLE, *without(TITLE, "description", *PEOPLE)),
    "genres before people": composed(TITLE, "form", "genres, moods", "themes", *PEOPLE, "description", "tags"),
    "genres before description before people": composed(TITLE, "form", "genres, moods", "themes", "description", *PEOPLE, "tags"),
}


def measure(dialogs: Path, embedder: Embedder, build_dir: Path) -> Table:
    """Every composition on one log."""
    catalog = read_catalog(dialogs.with_name("catalog.jsonl"))
    lines = read_all((dialogs,), catalog)
    index = ExactIndex.of(open_or_build(catalog, embedder, build_dir))
    texts = said(lines, index)
    known = with_memory(index, texts, embed(texts, embedder, lambda done: None))
    cases = [case for case in gather(lines, known).cases if case.example.recommended and case.example.targets and case.has_text]
    asked = [(case.example.query, case.example.targets) for case in cases]
    gold = sum(len(targets) for _, targets in asked)
    table = Table("", "dense", "liked", "all", title=f"{dialogs.parent.name}, {gold} mentions, R@{' / '.join(map(str, DEPTHS))}")
    for name, compose in COMPOSITIONS.items():
        vectors = embedder.encode([compose(catalog[item]) for item in index.ids])
        fusion = Fusion(
            replace(index, vectors=vectors), base_retrievers(replace(index, vectors=vectors)), FusionConfig(per_retriever=200)
        )
        rankings = Rankings.of(fusion, asked)
        weights = [fusion.config.weights.get(retriever, 1.0) for retriever in rankings.names]
        only = [[float(retriever == one) for retriever in rankings.names] for one in ("dense", "liked")]
        table.add_row(name, *(shares(rankings, np.array(counted), fusion.config.rrf_k, gold) for counted in (*only, weights)))
    return table


def shares(rankings: Rankings, weights: NDArray[np.float64], k: float, gold: int) -> str:
    """Recall of an order at each depth."""
    found = [np.zeros(0)]
    for table, rows in rankings.turns:
        fused = reciprocal_ranks(table, weights.astype(np.float32), k)
        found.append(np.where(fused[rows] > 0, 1 + (fused > fused[rows][:, None]).sum(axis=1), np.inf))
    ranks = np.concatenate(found)
    return " / ".join(f"{(ranks <= depth).sum() / gold:.3f}".lstrip("0") for depth in DEPTHS)


def main() -> None:
    """Measure on the logs that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dialogs", nargs="+", type=Path)
    settings, console = Settings.load(), Console()
    for dialogs in parser.parse_args().dialogs:
        console.print(measure(dialogs, Embedder.of(settings), settings.build_dir))


if __name__ == "__main__":
    main()
