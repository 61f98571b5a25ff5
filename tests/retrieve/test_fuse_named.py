"""A text that is nothing but a name brings what has it first; where more was understood, no name goes before the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatrec.catalog.read import Catalog
from chatrec.index.embed import Embedder
from chatrec.index.open import Index, open_or_build
from chatrec.retrieve.load import load_fusion
from chatrec.types import Constraint, Item, Ledger, Query, Wish

FILM = Item(id="v:0", kind="video", form="film", title="Film")
ITEMS = [
    *(replace(FILM, id=f"v:{n}", title=f"A Night in Lisbon {n}", genres=("drama",), creators=("Ana Gomes",)) for n in range(40)),
    replace(FILM, id="v:city", title="City of God", aliases=("Cidade de Deus", "无主之城"), creators=("Zoë Kravitz-Müller",)),
    replace(FILM, id="v:zoe", title="Second", aliases=("Lisbon",), cast=("Zoë Kravitz-Müller",)),
    Item(id="a:zoe", kind="audio", form="album", title="Zoe Kravitz Muller"),
    Item(id="a:lisbon", kind="audio", form="album", title="Lisbon", cast=("Cidade de Deus",)),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return open_or_build(Catalog.of(ITEMS), Embedder(), tmp_path_factory.mktemp("index"))


def found(index: Index, text: str, **known: object) -> list[str]:
    query = Query(ledger=Ledger(), text=text, last_message=text, vector=index.embedder.encode([text])[0])
    return list(load_fusion(index)(replace(query, **known)).ids)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("无主之城", ["v:city"]),
        ("cidade de deus", ["v:city", "a:lisbon"]),
        ("LISBON", ["a:lisbon", "v:zoe"]),
        ("zoe kravitz muller", ["a:zoe", "v:city", "v:zoe"]),
    ],
)
def test_a_title_then_an_alias_then_a_person_comes_first(index: Index, text: str, first: list[str]) -> None:
    ids = found(index, text)
    assert [*ids[:1], *sorted(ids[1 : len(first)])] == first
    assert len(ids) == len(set(ids))


def test_what_may_not_be_shown_is_not_brought_by_its_name(index: Index) -> None:
    assert "v:city" not in found(index, "Cidade de Deus", excluded=frozenset({"v:city"}))
    video = Ledger(kinds=("video",))
    assert found(index, "Lisbon", ledger=video)[0] == "v:zoe"
    only = (Constraint(field="kind", op="in", value=("audio",)),)
    query = Query(ledger=Ledger(), text="cidade de deus")
    assert load_fusion(index)(query, only).ids[0] == "a:lisbon"


def test_what_is_named_is_there_even_where_no_retriever_found_it(index: Index) -> None:
    fusion = load_fusion(index)
    fusion.retrievers = ()
    pool = fusion(Query(ledger=Ledger(), text="无主之城"))
    assert [(candidate.item.id, candidate.hits) for candidate in pool] == [("v:city", ())]


def test_a_name_among_what_was_understood_does_not_go_before_the_rest(index: Index) -> None:
    fusion, query = load_fusion(index), Query(ledger=Ledger(), text="无主之城")
    wished = replace(query, ledger=Ledger(wishes=(Wish(text="无主之城", turn=0),)))
    assert fusion(query).scores.max() > 1 > fusion(wished).scores.max()


def test_the_order_of_a_text_that_is_no_name_is_that_of_the_ranks(index: Index) -> None:
    pool = load_fusion(index)(Query(ledger=Ledger(), text="a night in Lisbon with Ana Gomes"))
    assert pool.scores.max() < 1
    assert pool.scores.tolist() == sorted(pool.scores, reverse=True)
