"""Tables of results on screens of any width."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from chatrec.cli.evaluate import notes
from chatrec.cli.tables import table


def test_on_a_narrow_screen_words_are_broken_and_not_cut_off() -> None:
    console = Console(width=40, record=True, file=StringIO())
    rows = [("matrix factorisation", *["0.123 [0.101, 0.145]"] * 4)]
    console.print(table(["system", "a", "b", "c", "d"], rows, "figures"))
    shown = [line.split("│")[1:-1] for line in console.export_text().splitlines() if "│" in line]
    cells = ["".join(part.strip() for part in column) for column in zip(*shown, strict=True)]
    assert cells == ["matrixfactorisation", *["0.123[0.101,0.145]"] * 4]


def test_that_ratings_of_few_users_are_held_out_is_a_warning() -> None:
    reading = {"users": 90, "users_in_file": 90, "unknown_lines": 0, "repeated": 0, "one_value": False}
    split = {"learned_from": 900, "how": "temporal", "held_out": 134, "of_cold_items": 0, "items_ranked": 50, "of_new_users": 0}
    few, many = (notes({"reading": reading, "split": {**split, "users_held_out": users}}) for users in (29, 30))
    assert few[1:] == ["warning: the intervals are drawn from 29 users only, and say little"] and not many[1:]
