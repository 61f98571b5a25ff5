"""Ledgers read from the words of a log."""

from __future__ import annotations

from dialog_samples import assistant, dialog, user

from chatrec.evaluate.context import queries
from chatrec.evaluate.logs import DialogLine, Instance, Protocol
from chatrec.evaluate.reading import WordReader
from chatrec.index.open import Index
from chatrec.types import Query


def read(index: Index, line: DialogLine, turn: int, protocol: Protocol = "new", reader: WordReader | None = None) -> Query:
    instance = Instance(line, turn)
    return (reader or WordReader(index))(next(queries(index, [instance], protocol)), instance, protocol)


def test_a_title_counts_only_where_it_was_said(small_index: Index) -> None:
    said = dialog(1, user("I loved Casablanca", "casa"), assistant("x", "amelie"))
    hinted = dialog(2, user("I loved that old one in Morocco", "casa"), assistant("x", "amelie"))
    assert read(small_index, said, 1).ledger.ids("liked") == ("s:casa",)
    assert read(small_index, hinted, 1).ledger.opinions == ()


def test_what_the_recommender_named_is_known_and_was_shown(small_index: Index) -> None:
    line = dialog(1, user("hi"), assistant("that war film", "casa"), user("no"), assistant("x", "amelie"))
    ledger = read(small_index, line, 3).ledger
    assert [opinion.item_id for opinion in ledger.opinions] == ["s:casa"]
    assert ledger.shown == ("s:casa",)


def test_constraints_are_read_and_nothing_of_the_turn_itself(small_index: Index) -> None:
    line = dialog(1, user("a horror film please"), assistant("Casablanca", "casa"), user("Notting Hill"))
    ledger = read(small_index, line, 1).ledger
    assert [constraint.value for constraint in ledger.constraints if constraint.field == "genres"] == [("horror",)]
    assert ledger.opinions == ()


def test_what_a_chat_would_not_offer_again_is_excluded_under_new_only(small_index: Index) -> None:
    line = dialog(1, user("I hated Casablanca"), assistant("x", "amelie"))
    assert read(small_index, line, 1, "new").excluded == {"s:casa"}
    assert read(small_index, line, 1, "full").excluded == frozenset()


def test_turns_are_read_once_and_dialogs_do_not_mix(small_index: Index) -> None:
    reader = WordReader(small_index)
    first = dialog(
        1, user("I loved Casablanca", "casa"), assistant("x", "thing"), user("and Alien?", "gun"), assistant("y", "hot")
    )
    second = dialog(2, user("hello"), assistant("x", "thing"))
    assert read(small_index, first, 1, reader=reader).ledger == read(small_index, first, 1).ledger
    assert read(small_index, first, 3, reader=reader).ledger == read(small_index, first, 3).ledger
    assert read(small_index, second, 1, reader=reader).ledger.opinions == ()
    assert (reader.named, reader.read, reader.common) == (2, 2, 1)
