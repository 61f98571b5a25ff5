"""What is said around the slate."""

from __future__ import annotations

from chatrec.present.reply import notes_on
from chatrec.types import Ambiguity, Item, Ledger, Reading


def question(*works: Item) -> str:
    asked = Ambiguity(said="Solaris", options=tuple(work.id for work in works))
    return notes_on(Reading(ambiguities=(asked,)), Ledger(), {work.id: work for work in works})[0]


def test_works_of_one_medium_are_told_apart_by_year() -> None:
    first = Item(id="v:1", kind="video", form="film", title="Solaris", year=1972)
    second = Item(id="v:2", kind="video", form="film", title="Solaris", year=2002)
    assert "Solaris (1972) or Solaris (2002)" in question(first, second)


def test_works_of_several_media_are_told_apart_by_form_and_year() -> None:
    film = Item(id="v:1", kind="video", form="film", title="Solaris", year=1972)
    book = Item(id="a:1", kind="audio", form="audiobook", title="Solaris", year=1961)
    assert "Solaris (film, 1972) or Solaris (audiobook, 1961)" in question(film, book)
