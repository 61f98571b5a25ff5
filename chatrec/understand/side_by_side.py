"""Which work of several a title names, by what stands beside it: `the album Arrival`, `I loved Arrival and Her`.

Media that are asked for elsewhere in the message say less: `I loved Arrival and Her, something to listen to`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from chatrec.types import Item, Kind
from chatrec.understand.marks import Mark, Page
from chatrec.understand.resolve import Names
from chatrec.understand.text import key_of, wordset

_JOINING = wordset("and or & , nor plus 和 或 、 ， 与 跟")


def agree(page: Page, names: Names, items: Mapping[str, Item]) -> None:
    """Take a title as of the medium that is named before it, or as the best known one if those beside it are of the same.

    Beside it count those that are names in one medium only: in `Interstellar or OK Computer` the film stays one.
    """
    for row in _rows(page):
        readings = [names.exact(key_of(page.said(mark))) or mark.ids for mark in row]
        media: list[set[Kind]] = [{items[item_id].kind for item_id in ids} for ids in readings]
        sure = [kinds for kinds in media if len(kinds) == 1]
        for mark, ids in zip(row, readings, strict=True):
            beside: set[Kind] = {items[ids[0]].kind}
            kinds = _named_before(page, mark) or (beside if sure and all(other == beside for other in sure) else set[Kind]())
            _take(mark, tuple(item_id for item_id in ids if items[item_id].kind in kinds), kinds, items)


def tell_parts_apart(page: Page) -> None:
    """`I like Zelda but not Breath of the Wild`: a name of several works is not meant as the one that is ruled out by its own."""
    ruled_out = {mark.ids[0] for mark in page.marks if mark.role == "title" and mark.negated and len(mark.ids) == 1}
    for mark in page.marks if ruled_out else ():
        left = tuple(item_id for item_id in mark.ids if item_id not in ruled_out)
        if mark.role == "title" and not mark.negated and mark.ambiguity is not None and left:
            mark.ids = left


def _take(mark: Mark, ids: tuple[str, ...], kinds: Set[Kind], items: Mapping[str, Item]) -> None:
    if ids and items[mark.ids[0]].kind not in kinds:
        mark.ids = ids
        mark.ambiguity = replace(mark.ambiguity, options=ids) if mark.ambiguity and len(ids) > 1 else None


def _rows(page: Page) -> Iterator[list[Mark]]:
    """Titles with nothing but joining words between one and the next."""
    row: list[Mark] = []
    for mark in page.sorted():
        if mark.role != "title":
            continue
        if row and not _JOINING.issuperset(page.words[row[-1].end : mark.start]):
            yield row
            row = []
        row.append(mark)
    yield row


def _named_before(page: Page, mark: Mark) -> set[Kind]:
    noun = page.ending(mark.start)
    entries = noun.entries if noun else ()
    return {entry.data["kind"] for entry in entries if entry.section in ("forms", "inner")}
