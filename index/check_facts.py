"""Compare the shipped catalog's years, creators and genres with reference catalogs, and print every disagreement.

    python index/check_facts.py --against PATH [--catalog DIR] [--reviewed TSV] [--all]

PATH is a catalog file, or a folder in which every `catalog.jsonl` (and `*.jsonl` beside it) is taken. Disagreements that were
looked into and decided are listed in `index/reviewed.tsv` and stay quiet unless `--all` is given.
Exit code: 0 nothing new, 1 new disagreements, 2 bad arguments, else the code of the error (3 bad catalog, 6 no catalog).
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from rapidfuzz.fuzz import token_sort_ratio

from chatrec.catalog.read import read_catalog
from chatrec.catalog.vocabulary import vocabulary
from chatrec.errors import ChatrecError
from chatrec.types import Item

HERE = Path(__file__).parent
NEAR_YEARS = 2
SAME_NAME = 88.0
"""Least similarity (0–100) of two normalised names that are taken for one; spellings such as "Kar-Wai Wong" pass."""
NO_WORK = ("artist", "track", "dlc")
"""Forms that are no whole works: an artist has the genres of all their work, a track has no album's facts."""
COMPANY = re.compile(r"\b(ltd|inc|llc|co|corp|gmbh|ab|sa|studios?|entertainment|games?|interactive|productions?|the|team)\b")
GENRES = {
    "action film": "action",
    "adventure film": "adventure",
    "animated": "animation",
    "animated film": "animation",
    "biographical film": "biography",
    "biopic": "biography",
    "children": "family",
    "childrens film": "family",
    "comedy film": "comedy",
    "crime fiction": "crime",
    "crime film": "crime",
    "documentary film": "documentary",
    "drama film": "drama",
    "family film": "family",
    "fantasy film": "fantasy",
    "historical": "history",
    "historical fiction": "history",
    "history film": "history",
    "horror film": "horror",
    "musical film": "musical",
    "mystery film": "mystery",
    "romance film": "romance",
    "romantic comedy": "romance",
    "rpg": "role-playing",
    "sci-fi": "science fiction",
    "science fiction film": "science fiction",
    "sports": "sport",
    "superhero film": "superhero",
    "superhero movie": "superhero",
    "thriller film": "thriller",
    "war film": "war",
    "western film": "western",
    "hip-hop": "hip hop",
    "rap": "hip hop",
    "electronica": "electronic",
    "rnb": "soul",
    "r&b": "soul",
}
"""Names that references use for genres of our vocabulary; names that are in neither are not compared."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One fact of one item on which a reference differs."""

    item_id: str
    field: str
    ours: str
    theirs: str
    reference: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Identity in `reviewed.tsv`; the decision holds for every reference that says the same."""
        return self.item_id, self.field, self.theirs


@dataclass(slots=True)
class Reference:
    """A reference catalog, its works by normalised title."""

    name: str
    by_title: dict[tuple[str, str], list[Item]] = field(default_factory=lambda: defaultdict(list))
    genres: set[str] = field(default_factory=set)
    """Our names of all genres the reference knows."""

    @classmethod
    def of(cls, name: str, items: Iterable[Item]) -> Reference:
        """Index these items."""
        reference = cls(name)
        for item in items:
            if item.form in NO_WORK:
                continue
            reference.genres |= mapped_genres(item)
            for title in titles(item):
                reference.by_title[item.kind, title].append(item)
        return reference


def normalise(text: str) -> str:
    """Lower case without accents, articles and punctuation; other scripts stay."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    words = re.findall(r"\w+", "".join(c for c in folded if not unicodedata.combining(c)))
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def titles(item: Item) -> set[str]:
    """The normalised title and aliases that are not empty."""
    return {key for name in (item.title, *item.aliases) if (key := normalise(name))}


def share_creator(ours: Item, theirs: Item) -> bool | None:
    """Whether the two name a common maker; `None` if either names none."""
    pairs = list(product(ours.creators, theirs.creators))
    return any(same_name(a, b) for a, b in pairs) if pairs else None


def same_name(a: str, b: str) -> bool:
    """Whether two names are spellings of one, with or without legal forms ("Wube Software LTD.")."""
    plain_a, plain_b = normalise(a.replace("'", "")), normalise(b.replace("'", ""))
    return alike(plain_a, plain_b) or alike(without_company(plain_a), without_company(plain_b))


def without_company(name: str) -> str:
    """A normalised name without words such as "studios"; the name itself if nothing else is left."""
    return " ".join(COMPANY.sub(" ", name).split()) or name


def alike(a: str, b: str) -> bool:
    """Whether two normalised names have the same words in any order, similar ones, or one has more words than the other."""
    words_a, words_b = set(a.split()), set(b.split())
    if not words_a or not words_b:
        return a == b
    if words_a <= words_b or words_b <= words_a:
        return True
    # One spelling joins what the other divides or orders otherwise: "Kore-eda Hirokazu", "Hirokazu Koreeda"; "tobyfox".
    letters = sorted(a.replace(" ", "")) == sorted(b.replace(" ", ""))
    return letters or token_sort_ratio(a, b) >= SAME_NAME


def mapped_genres(item: Item) -> set[str]:
    """The item's genres in our vocabulary; words of other vocabularies stay as they are and match nothing."""
    return {GENRES.get(genre.casefold(), genre.casefold()) for genre in item.genres}


def years_apart(ours: Item, theirs: Item) -> int | None:
    """Years between the two, or `None` if either is unknown."""
    return abs(ours.year - theirs.year) if ours.year and theirs.year else None


def closeness(ours: Item, theirs: Item) -> int:
    """How surely two entries of one title are one work; 0 and below: they are not."""
    apart, shared = years_apart(ours, theirs), share_creator(ours, theirs)
    year = 0 if apart is None else 2 if apart == 0 else 1 if apart <= NEAR_YEARS else -2
    maker = {True: 3, False: -1, None: 0}[shared]
    other_form = -1 if "series" in (ours.form, theirs.form) and ours.form != theirs.form else 0
    return year + maker + other_form


def match(ours: Item, reference: Reference) -> Item | None:
    """The reference's entry of this work, if it has one."""
    found = [entry for title in titles(ours) for entry in reference.by_title.get((ours.kind, title), [])]
    best = max(found, key=lambda entry: closeness(ours, entry), default=None)
    return best if best is not None and closeness(ours, best) > 0 else None


def compare(ours: Item, theirs: Item, reference: Reference) -> Iterator[Disagreement]:
    """Every fact on which the two entries of one work differ."""
    source = f"{reference.name}:{theirs.id}"
    if years_apart(ours, theirs):
        yield Disagreement(ours.id, "year", str(ours.year), str(theirs.year), source)
    if share_creator(ours, theirs) is False:
        yield Disagreement(ours.id, "creators", "; ".join(ours.creators), "; ".join(theirs.creators), source)
    lacking = mapped_genres(theirs) & all_genres() - set(ours.genres)
    surplus = set(ours.genres) & reference.genres - mapped_genres(theirs)
    if lacking and surplus and theirs.genres:
        yield Disagreement(ours.id, "genres", "; ".join(sorted(surplus)), "; ".join(sorted(lacking)), source)


def all_genres() -> set[str]:
    """Our vocabulary."""
    return set(vocabulary().genres)


def disagreements(catalog: Iterable[Item], references: Iterable[Reference]) -> list[Disagreement]:
    """Every disagreement of the catalog with the references, in catalog order."""
    pairs = [(ours, reference, match(ours, reference)) for ours in catalog for reference in references]
    return [found for ours, reference, theirs in pairs if theirs for found in compare(ours, theirs, reference)]


def read_references(path: Path) -> list[Reference]:
    """Each catalog of the folder, or the one file, as a reference; lines that cannot be read are left out."""
    files = sorted(path.rglob("catalog.jsonl")) if path.is_dir() else []
    return [
        Reference.of(file.parent.name if path.is_dir() else file.stem, read_catalog(file, skip_bad=True).values())
        for file in (files or [path])
    ]


def read_reviewed(path: Path) -> dict[tuple[str, str, str], str]:
    """Decided disagreements: (id, field, theirs) → why ours stands. No file: none."""
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {(row["id"], row["field"], row["theirs"]): row["why"] for row in rows}


def report(found: Iterable[Disagreement], reviewed: dict[tuple[str, str, str], str], *, show_all: bool) -> int:
    """Print the disagreements and return how many are new."""
    new = 0
    for one in found:
        why = reviewed.get(one.key)
        new += why is None
        if why is None or show_all:
            print(f"{one.item_id}\t{one.field}\tours: {one.ours}\ttheirs: {one.theirs}\t{one.reference}\t{why or 'NEW'}")
    return new


def main() -> int:
    """Run the comparison; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Compare the shipped catalog's facts with reference catalogs.")
    parser.add_argument("--against", type=Path, required=True, help="a catalog.jsonl, or a folder that holds some")
    parser.add_argument("--catalog", type=Path, default=HERE / "catalog", help="the catalog to check")
    parser.add_argument("--reviewed", type=Path, default=HERE / "reviewed.tsv", help="disagreements already decided")
    parser.add_argument("--all", action="store_true", help="print the decided ones too, with the reason")
    args = parser.parse_args()
    try:
        catalog, references = read_catalog(args.catalog), read_references(args.against)
    except ChatrecError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    found = disagreements(catalog.values(), references)
    new = report(found, read_reviewed(args.reviewed), show_all=args.all)
    matched = sum(match(item, reference) is not None for item in catalog.values() for reference in references)
    print(f"{len(catalog)} items, {matched} matches in {len(references)} references: {len(found)} disagreements, {new} new")
    return 1 if new else 0


if __name__ == "__main__":
    raise SystemExit(main())
