"""Names are told however they are written, and words are indexed without accents."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatrec.index.document import tokenize
from chatrec.index.names import Names, write_names
from chatrec.types import Item

ITEMS = [
    Item(
        id="v:spirited", kind="video", title="Spirited Away", aliases=("千与千寻", "Sen to Chihiro"), creators=("Hayao Miyazaki",)
    ),
    Item(id="v:it", kind="video", title="It", cast=("José García",)),
    Item(id="v:joe", kind="video", title="Jose Garcia!"),
    Item(id="v:solaris", kind="video", title="Solaris", aliases=("Солярис",)),
    Item(id="a:debut", kind="audio", title="The Début", creators=("Björk", "Röyksopp")),
]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Names:
    folder = tmp_path_factory.mktemp("names")
    write_names(ITEMS, folder)
    return Names(folder)


@pytest.mark.parametrize(
    ("text", "titles", "aliases", "people"),
    [
        ("spirited away!", ["v:spirited"], [], []),
        ("千与千寻", [], ["v:spirited"], []),
        ("СОЛЯРИС", [], ["v:solaris"], []),
        ("it", ["v:it"], [], []),
        ("debut", ["a:debut"], [], []),
        ("Royksopp", [], [], ["a:debut"]),
        ("jose garcia", ["v:joe"], [], ["v:it"]),
        ("spirited", [], [], []),
        ("Spirited Away by Miyazaki", [], [], []),
    ],
)
def test_a_text_that_is_a_name_as_a_whole_tells_what_has_it(
    names: Names, text: str, titles: list[str], aliases: list[str], people: list[str]
) -> None:
    assert [[ITEMS[row].id for row in rows.tolist()] for rows in names.named(text)] == [titles, aliases, people]


def test_items_without_names_of_some_field_are_no_trouble(tmp_path: Path) -> None:
    write_names([Item(id="v:1", kind="video", title="One")], tmp_path)
    assert [rows.tolist() for rows in Names(tmp_path).named("One")] == [[0], [], []]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Bjork", "Björk"), ("royksopp", "RÖYKSOPP"), ("Андреи", "Андрей"), ("еще", "ещё"), ("기생충", "기생충"), ("ﾊﾞｵ", "バオ")],
)
def test_words_are_the_same_with_and_without_accents(typed: str, meant: str) -> None:
    assert tokenize(typed) == tokenize(meant)


def test_marks_that_tell_letters_apart_stay() -> None:
    assert tokenize("かき") != tokenize("がぎ")
    assert tokenize("기생충") == ["기생", "생충"]
