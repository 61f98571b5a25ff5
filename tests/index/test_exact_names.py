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
    found = names.named(text)
    told = [[item.id for row, item in enumerate(ITEMS) if found.get(row) == place] for place in (3, 2, 1)]
    assert told == [titles, aliases, people]


def test_what_an_item_has_for_title_and_person_is_its_title(tmp_path: Path) -> None:
    items = [
        Item(id="a:moby", kind="audio", title="Play", aliases=("Moby",), creators=("Moby",)),
        Item(id="a:m", kind="audio", title="Moby!", creators=("moby",)),
        Item(id="a:zz", kind="audio", title="Zz", creators=("MOBY", "Zz")),
    ]
    write_names(items, tmp_path)
    assert Names(tmp_path).named("moby") == {0: 2, 1: 3, 2: 1}
    assert Names(tmp_path).named("zz") == {2: 3}


def test_items_without_names_of_some_field_are_no_trouble(tmp_path: Path) -> None:
    write_names([Item(id="v:1", kind="video", title="One")], tmp_path)
    assert Names(tmp_path).named("One") == {0: 3}


def test_nothing_is_named_where_there_is_no_item(tmp_path: Path) -> None:
    write_names([], tmp_path)
    assert Names(tmp_path).named("One") == {}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Bjork", "Björk"), ("royksopp", "RÖYKSOPP"), ("Андреи", "Андрей"), ("еще", "ещё"), ("기생충", "기생충"), ("ﾊﾞｵ", "バオ")],
)
def test_words_are_the_same_with_and_without_accents(typed: str, meant: str) -> None:
    assert tokenize(typed) == tokenize(meant)


def test_marks_that_tell_letters_apart_stay() -> None:
    assert tokenize("かき") != tokenize("がぎ")
    assert tokenize("기생충") == ["기생", "생충"]
