"""Tables of results on screens of any width."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from chatrec.cli.tables import table


def test_on_a_narrow_screen_words_are_broken_and_not_cut_off() -> None:
    console = Console(width=40, record=True, file=StringIO())
    rows = [("matrix factorisation", *["0.123 [0.101, 0.145]"] * 4)]
    console.print(table(["system", "a", "b", "c", "d"], rows, "figures"))
    shown = [line.split("│")[1:-1] for line in console.export_text().splitlines() if "│" in line]
    cells = ["".join(part.strip() for part in column) for column in zip(*shown, strict=True)]
    assert cells == ["matrixfactorisation", *["0.123[0.101,0.145]"] * 4]
