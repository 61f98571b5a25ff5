"""Message → `Reading`: what was said, as changes to the ledger. Rules and the catalog's own words; no language model."""

from __future__ import annotations

from chatrec.catalog.read import Catalog
from chatrec.types import Change, Ledger, Reading, Wish
from chatrec.understand.text import language_of, tokenise


class Understander:
    """Reads messages against one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def read(self, text: str, ledger: Ledger, *, turn: int) -> Reading:
        """What `text`, said in user turn `turn`, changes."""
        said = tokenise(text)
        changes = (Change(action="wish", turn=turn, wish=Wish(text=said.plain, turn=turn)),) if said.plain else ()
        return Reading(changes=changes, language=language_of(said.plain))
