"""Titles and names are found by words as well when one of them is misspelt; what is no name finds what it found before."""

from __future__ import annotations

from types import SimpleNamespace

import bm25s
import numpy as np
import pytest

from chatrec.catalog.read import Catalog
from chatrec.index.build import _write_bm25
from chatrec.index.open import Index
from chatrec.retrieve.retrievers import SparseRetriever
from chatrec.retrieve.spelling import Spelling
from chatrec.types import Item, Ledger, Query

ITEMS = Catalog.of(
    [
        Item(id="v:lantern", kind="video", title="The Pale Lantern", creators=("Ingrid Halvorsen",), description="A keeper."),
        Item(id="v:harbour", kind="video", title="Harbour", creators=("Ingrid Halvorsen",), description="A pale dawn at sea."),
        Item(id="v:haven", kind="video", title="Haven", description="A lantern maker comes home."),
        Item(id="g:world", kind="game", title="World of Comets", aliases=("Kometenwelt",)),
    ]
)


@pytest.fixture(scope="module")
def spelling(tmp_path_factory: pytest.TempPathFactory) -> Spelling:
    folder = tmp_path_factory.mktemp("words")
    _write_bm25(ITEMS.values(), folder)
    bm25 = bm25s.BM25.load(folder, load_corpus=False)
    return Spelling(SimpleNamespace(catalog=ITEMS, ids=tuple(ITEMS), bm25=bm25))  # type: ignore[arg-type]


def named(spelling: Spelling, text: str) -> list[str]:
    scores = spelling.scores(text)
    return [] if scores is None else [spelling._index.ids[row] for row in np.flatnonzero(scores)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("pale lantren", ["v:lantern"]),
        ("The Pale Lanten!", ["v:lantern"]),
        ("ingrid halvorson", ["v:lantern", "v:harbour"]),
        ("Halvorsn", ["v:lantern", "v:harbour"]),
        ("kometenwelltt", ["g:world"]),
        ("wrold of comets", ["g:world"]),
        ("plae lantern", ["v:lantern"]),
        ("Hvaen", ["v:haven"]),
    ],
)
def test_a_slip_of_the_finger_in_a_title_or_name_is_forgiven(spelling: Spelling, text: str, wanted: list[str]) -> None:
    assert named(spelling, text) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pale lantern", "all words are known"),
        ("pale lantern zzzzz", "one word is like none"),
        ("hovent", "two slips in a short word"),
        ("pale halvorsne keeper", "a word is in the description only"),
        ("harbuor comets", "no work has both"),
        ("hallo", "short and alone"),
        ("halen", "short and alone"),
        ("pole lantern", "short, and no letters swapped"),
        ("aple lantern", "the first letter is another"),
        ("plae", "shorter and alone"),
        ("lantreen lit by one who went out to sea", "a sentence"),
        ("", "nothing was said"),
        ("灯笼", "another script"),
    ],
)
def test_nothing_is_nearly_named_where(spelling: Spelling, text: str, why: str) -> None:
    assert named(spelling, text) == [], why


def test_what_is_nearly_named_is_the_first_that_is_found(small_index: Index) -> None:
    def found(text: str) -> list[str]:
        found = SparseRetriever(small_index).retrieve(Query(ledger=Ledger(), text=text), (), 5)
        return [small_index.ids[row] for row in found.rows]

    assert found("stardow valley") == found("stardew valley") == ["s:stardew"]
    assert found("blue trian")[0] == found("blue train")[0]
    assert found("blue zzzzz") == found("blue")


def test_the_name_that_a_misspelt_one_stands_for_is_told(spelling: Spelling) -> None:
    assert spelling.meant("the pale lantren") == "The Pale Lantern"
    assert spelling.meant("the pale lantern") is None
    assert spelling.meant("ingrid halvorson") == spelling.meant("Halvorsn") == "Ingrid Halvorsen"
    assert spelling.meant("kometenwellt") == "Kometenwelt"
    assert spelling.meant("pale halvorsne") is None  # no one name has both
    assert spelling.meant("Hálvorsen") is None
    assert spelling.meant("hvaen") == "Haven"
    assert spelling.meant("cometing") is None  # its stem is near, it is not


def test_an_endless_word_is_not_looked_up(spelling: Spelling) -> None:
    assert spelling.scores("lantern" * 20_000) is None
