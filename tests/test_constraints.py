"""One meaning of a constraint: the Python predicate and the compiled Chroma filter keep the same items."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import chromadb
import pytest
from chromadb.api import ClientAPI
from chromadb.config import Settings
from hypothesis import given, settings
from hypothesis import strategies as st

from chatrec.constraints import (
    FIELDS,
    LIST_FIELDS,
    NUMBER_FIELDS,
    TEXT_FIELDS,
    concerns,
    metadata,
    requirements,
    satisfies,
    satisfies_all,
    values_of,
    where,
)
from chatrec.index.columns import Columns
from chatrec.types import KINDS, Constraint, Item, Ledger

GENRES = ("drama", "comedy", "science fiction", "r&b", "Straße", "恐怖")
LANGUAGES = ("en", "zh", "pt", "pt-BR", "zxx")
PEOPLE = ("Hayao Miyazaki", "宫崎骏", "BJÖRK", "björk")
WORDS = {
    "genres": GENRES,
    "moods": ("dark", "scary"),
    "themes": ("space", "grief"),
    "tags": ("co-op", "anime"),
    "countries": ("JP", "GB"),
    "people": PEOPLE,
    "kind": KINDS,
    "form": ("film", "series", "album"),
    "language": LANGUAGES,
    "id": ("video:0", "game:1", "video:none"),
}
NUMBERS = {
    "year": st.integers(1920, 1930),
    "minutes": st.sampled_from([0.0, 29.5, 30.0, 90.0, 3000.0]),
    "age": st.sampled_from([0, 6, 12, 16, 18]),
    "popularity": st.sampled_from([0.0, 0.5, 50.0, 100.0]),
}
collections = itertools.count()


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=3).map(tuple)


@st.composite
def catalogs(draw: st.DrawFn) -> list[Item]:
    """Up to six items, any field of which may be unknown."""
    items = []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(KINDS))
        lists = {name: draw(some(WORDS[name])) for name in LIST_FIELDS if name != "people"}
        texts = {name: draw(st.none() | st.sampled_from(WORDS[name])) for name in ("form", "language")}
        numbers = {name: draw(st.none() | values) for name, values in NUMBERS.items()}
        people = {name: draw(some(PEOPLE)) for name in ("creators", "cast", "publishers")}
        items.append(Item(id=f"{kind}:{number}", kind=kind, title="T", **lists, **texts, **numbers, **people))
    return items


@st.composite
def constraints(draw: st.DrawFn) -> Constraint:
    """Any constraint over any field, also ones of no values."""
    field, forms = draw(st.sampled_from(FIELDS)), draw(st.just(()) | some(WORDS["form"]))
    if field not in NUMBER_FIELDS:
        op = draw(st.sampled_from(["in", "not_in"]))
        return Constraint(field=field, op=op, value=draw(some(WORDS[field])), of_forms=forms)
    number = NUMBERS[field].map(float)
    if draw(st.booleans()):
        value = tuple(draw(st.lists(st.tuples(number, number), max_size=3)))
        return Constraint(field=field, op="ranges", value=value, of_forms=forms)
    return Constraint(field=field, op=draw(st.sampled_from(["lt", "le", "gt", "ge"])), value=draw(number), of_forms=forms)


@pytest.fixture(scope="module")
def chroma() -> Iterator[ClientAPI]:
    yield chromadb.EphemeralClient(Settings(anonymized_telemetry=False))


def kept_by_chroma(chroma: ClientAPI, items: list[Item], wanted: list[Constraint]) -> set[str]:
    # Collections are not deleted: Chroma 1.5.9 then hands their list values on to records of later collections.
    collection = chroma.create_collection(f"constraints-{next(collections)}", embedding_function=None)
    rows = [metadata(item) for item in items]
    collection.upsert(ids=[item.id for item in items], embeddings=[[1.0, 0.0]] * len(items), metadatas=rows)  # type: ignore[arg-type]
    found = collection.query(query_embeddings=[[1.0, 0.0]], n_results=len(items), where=where(wanted), include=[])  # type: ignore[arg-type]
    return set(found["ids"][0])


@settings(max_examples=150, deadline=None)
@given(items=catalogs(), wanted=st.lists(constraints(), max_size=3))
def test_chroma_keeps_exactly_the_items_that_satisfy_the_constraints(
    chroma: ClientAPI, items: list[Item], wanted: list[Constraint]
) -> None:
    assert kept_by_chroma(chroma, items, wanted) == {item.id for item in items if satisfies_all(item, wanted)}


@settings(max_examples=400, deadline=None)
@given(items=catalogs(), wanted=st.lists(constraints(), max_size=3))
def test_the_columns_of_a_catalog_give_the_same_verdicts(items: list[Item], wanted: list[Constraint]) -> None:
    kept = Columns(items).satisfying(wanted)
    assert kept.tolist() == [satisfies_all(item, wanted) for item in items]


@pytest.mark.parametrize("field", [field for field in FIELDS if field not in ("id", "kind")])
def test_an_unknown_field_satisfies_neither_a_constraint_nor_its_opposite(field: str) -> None:
    unknown = Item(id="video:bare", kind="video", title="Bare")
    ops = ("ge", "lt") if field in NUMBER_FIELDS else ("in", "not_in")
    value = 0.0 if field in NUMBER_FIELDS else ("en",)
    assert not any(satisfies(unknown, Constraint(field=field, op=op, value=value)) for op in ops)


@settings(max_examples=50)
@given(item=catalogs().map(lambda items: items[0]), wanted=constraints())
def test_in_and_not_in_of_known_values_are_opposites(item: Item, wanted: Constraint) -> None:
    if wanted.field in NUMBER_FIELDS or not values_of(item, wanted.field) or not concerns(item, wanted):
        return
    without = Constraint(field=wanted.field, op="not_in" if wanted.op == "in" else "in", value=wanted.value)
    assert satisfies(item, wanted) is not satisfies(item, without)


def test_names_match_whatever_their_case() -> None:
    item = Item(id="audio:post", kind="audio", title="Post", creators=("Björk",))
    assert satisfies(item, Constraint(field="people", op="in", value=("BJÖRK",)))


def test_a_studio_or_label_is_one_of_the_people() -> None:
    item = Item(id="video:ponyo", kind="video", title="Ponyo", creators=("Hayao Miyazaki",), publishers=("Studio Ghibli",))
    assert satisfies(item, Constraint(field="people", op="in", value=("studio ghibli",)))
    assert not satisfies(item, Constraint(field="people", op="not_in", value=("Studio Ghibli",)))


def test_a_region_does_not_split_a_language() -> None:
    item = Item(id="video:city-of-god", kind="video", title="City of God", language="pt-BR")
    assert satisfies(item, Constraint(field="language", op="in", value=("pt",)))
    assert satisfies(item, Constraint(field="language", op="in", value=("pt-BR",)))
    assert not satisfies(item, Constraint(field="language", op="not_in", value=("pt-PT",)))


def test_bounds_are_strict_only_where_they_say_so() -> None:
    item = Item(id="game:ftl", kind="game", title="FTL", year=2012)
    holds = {op: satisfies(item, Constraint(field="year", op=op, value=2012)) for op in ("lt", "le", "gt", "ge")}
    assert holds == {"lt": False, "le": True, "gt": False, "ge": True}


def test_ranges_are_a_union_with_both_ends() -> None:
    decades = Constraint(field="year", op="ranges", value=((1980, 1989), (2000, 2009)))
    years = [1979, 1980, 1989, 1990, 1999, 2000, 2009, 2010]
    kept = [year for year in years if satisfies(Item(id=f"video:{year}", kind="video", title="T", year=year), decades)]
    assert kept == [1980, 1989, 2000, 2009]


def test_no_constraints_make_no_filter() -> None:
    assert where([]) is None


def test_a_ledger_requires_its_media_and_its_enforceable_hard_constraints_only() -> None:
    hard = Constraint(field="year", op="ge", value=2000)
    soft = Constraint(field="year", op="ge", value=2010, hard=False)
    unenforceable = Constraint(field="minutes", op="le", value=90, enforceable=False)
    ledger = Ledger(kinds=("game",), constraints=(hard, soft, unenforceable))
    assert requirements(ledger) == (Constraint(field="kind", op="in", value=("game",)), hard)


def test_every_field_is_of_one_sort() -> None:
    assert len(set(FIELDS)) == len(LIST_FIELDS) + len(TEXT_FIELDS) + len(NUMBER_FIELDS)
