"""When two entries of a catalog are one work."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatrec.catalog.twins import is_same_work
from chatrec.types import Item

FILM = Item(id="v:1", kind="video", form="film", title="The Ring", year=2002, creators=("Gore Verbinski",), links={"imdb": "tt1"})


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"title": "Ring", "links": {}}, True),
        ({"title": "Le Cercle", "year": 2003, "creators": ()}, True),
        ({"title": "Rings", "year": 2017}, False),
        ({"title": "Rings", "year": None}, True),
        ({"links": {}, "creators": ()}, True),
        ({"links": {"movielens": "tt1"}, "year": 2003}, False),
        ({"links": {}, "year": None}, False),
        ({"links": {}, "creators": ("Hideo Nakata",)}, False),
        ({"form": "series"}, False),
        ({"kind": "audio"}, False),
    ],
)
def test_a_link_or_title_year_and_maker_in_common_make_one_work_of_two_entries(other: dict[str, Any], same: bool) -> None:
    assert is_same_work(FILM, replace(FILM, id="v:2", **other)) is same


def test_two_entries_without_a_year_are_not_taken_for_one_work() -> None:
    unknown = replace(FILM, links={}, year=None)
    assert not is_same_work(unknown, replace(unknown, id="v:2"))
