"""Whether two entries of a catalog are one work: catalogs that were joined, or list every issue, hold some more than once."""

from __future__ import annotations

from chatrec.catalog.clean import title_key
from chatrec.types import Item


def is_same_work(item: Item, other: Item) -> bool:
    """Whether both are of one form and have a link, or title, year and a maker in common.

    Makers may be unknown, the year of works without a common link may not. Links go astray: those of works whose years are
    further than one apart tell nothing.

    >>> film = Item(id="v:1", kind="video", form="film", title="Pinocchio", year=2022, creators=("Guillermo del Toro",))
    >>> of_another = Item(id="v:2", kind="video", form="film", title="Pinocchio", year=2022, creators=("Robert Zemeckis",))
    >>> is_same_work(film, film), is_same_work(film, of_another)
    (True, False)
    """
    if (item.kind, item.form) != (other.kind, other.form):
        return False
    if not set(item.links.items()).isdisjoint(other.links.items()):
        return may_be_of_one_year(item, other)
    makers, theirs = ({maker.casefold() for maker in one.creators} for one in (item, other))
    alike = item.year is not None and item.year == other.year and title_key(item.title) == title_key(other.title)
    return alike and not (makers and theirs and makers.isdisjoint(theirs))


def may_be_of_one_year(item: Item, other: Item) -> bool:
    """Whether their years are at most one apart, as those of one work are in different databases, or unknown."""
    return item.year is None or other.year is None or abs(item.year - other.year) <= 1
