"""What each stretch of a message is, from the surest to the least sure: what is marked already is not marked as anything else.

References and names that are told by their own words come first, then numbers, then the longest phrases of the lexicon and of the
catalog's vocabularies; last the names that need the words around them, and what the lexicon's words say together.
"""

from __future__ import annotations

from chatrec.types import Count, Kind, Ledger
from chatrec.understand.compared_names import ComparedNames
from chatrec.understand.counts import mark_count
from chatrec.understand.family_names import FamilyNames
from chatrec.understand.framed_names import mark_framed_names
from chatrec.understand.free import mark_aspects, mark_parts, mark_unsupported
from chatrec.understand.lengths import mark_lengths
from chatrec.understand.lexicon import Phrases
from chatrec.understand.marks import Page
from chatrec.understand.origins import mark_us
from chatrec.understand.people_present import mark_absent, mark_ages
from chatrec.understand.references import mark_makers, mark_persons, mark_places, mark_pronouns, mark_similar
from chatrec.understand.side_by_side import agree
from chatrec.understand.spot import Known
from chatrec.understand.sure_names import SureNames
from chatrec.understand.unknown_names import UnknownNames
from chatrec.understand.years import mark_eras, mark_years


def mark_message(page: Page, ledger: Ledger, known: Known, *, this_year: int) -> Count | None:
    """Mark names, references, numbers and phrases.

    Args:
        page: the message, without marks.
        ledger: what references are to.
        known: the catalog's names and vocabularies.
        this_year: what "this year" means.

    Returns:
        How many picks the message asks for, if it says so.
    """
    kinds = _spoken_of(page, known.phrases) or ledger.kinds
    mark_places(page, ledger, known.items)
    ComparedNames(known, page, kinds).mark()
    SureNames(known, page, kinds).mark()
    mark_makers(page, ledger, known.items)
    mark_absent(page, ledger)
    mark_ages(page)
    mark_lengths(page)
    mark_years(page, this_year)
    page.mark_phrases(known.phrases)
    mark_eras(page, known.phrases)
    mark_us(page)
    mark_framed_names(known, page, kinds, ledger.last_shown)
    FamilyNames(known, page, kinds).mark()
    UnknownNames(known, page, kinds).mark()
    agree(page, known.names, known.items)
    mark_parts(page)
    count = mark_count(page)
    mark_pronouns(page, ledger)
    mark_persons(page, ledger)
    mark_similar(page, ledger)
    mark_unsupported(page)
    mark_aspects(page, ledger)
    return count


def _spoken_of(page: Page, phrases: Phrases) -> tuple[Kind, ...]:
    """Media that nouns and verbs of the message name: they tell which `Doom` is meant."""
    found: list[Kind] = []
    for at in range(len(page.words)):
        for _, entries in phrases.at(page.words, at):
            found.extend(e.data["kind"] for e in entries if e.section == "forms")
            found.extend(e.name for e in entries if e.section == "verbs")  # type: ignore[misc]
            break
    return tuple(dict.fromkeys(found))
