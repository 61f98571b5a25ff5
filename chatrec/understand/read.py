"""Message → `Reading`: what was said, as changes to the ledger. Rules and the catalog's own words; no language model.

Four steps: stretches of the message are marked (`marking`); how each mark is meant is told by the cues before it, by what it is
set against and by the form of the request; what only asks is told apart (`inquiries`); else readers turn the marks into
changes. Whatever else yields `Change`s (a language model, say) can be added after `read`.
"""

from __future__ import annotations

from datetime import date

from chatrec.catalog.read import Catalog
from chatrec.types import Count, Intent, Language, Ledger, Reading
from chatrec.understand.checks import check_of
from chatrec.understand.commands import drop_unfit, ledger_after, read_commands, turn_away
from chatrec.understand.contents import Contents
from chatrec.understand.contrasts import weigh
from chatrec.understand.cues import settle_cues
from chatrec.understand.draft import Draft
from chatrec.understand.feelings import read_feelings
from chatrec.understand.free import describes_works, read_free
from chatrec.understand.inquiries import inquiry_of
from chatrec.understand.intent import follow_intent, intent_of
from chatrec.understand.kinds import Asked, asked_for
from chatrec.understand.lexicon import lexicon
from chatrec.understand.likened import like_makers, take_as_likes
from chatrec.understand.lists import joins_earlier
from chatrec.understand.marking import mark_message
from chatrec.understand.marks import Page
from chatrec.understand.measures import Measures
from chatrec.understand.media import read_media
from chatrec.understand.occasions import favour_families, read_occasions
from chatrec.understand.opinions import Opinions, spare_makers
from chatrec.understand.origins import Origins
from chatrec.understand.own_demands import tell_apart
from chatrec.understand.parts import free_counted
from chatrec.understand.requests import mark_requests
from chatrec.understand.resolve import Names
from chatrec.understand.same_makers import ask_makers_of, ask_same_makers
from chatrec.understand.scopes import open_scopes
from chatrec.understand.shares import share_out
from chatrec.understand.side_by_side import tell_parts_apart
from chatrec.understand.spot import Known
from chatrec.understand.talk import asked_openly, without_complaint
from chatrec.understand.text import key_of, tokenise
from chatrec.understand.topics import wish_topics
from chatrec.understand.typos import mend
from chatrec.understand.verdicts import look_back
from chatrec.understand.words import Words


class Understander:
    """Reads messages against one catalog.

    Args:
        catalog: its titles, people, genres, moods, tags and themes are the words that messages are read with.
        this_year: what "this year" and "the last ten years" count from; none: the calendar's.
    """

    def __init__(self, catalog: Catalog, this_year: int | None = None) -> None:
        self._items = dict(catalog.items())
        self._this_year = this_year or date.today().year
        self._words = Words(self._items.values())
        self._names = Names(self._items.values())
        self._add_people()
        words = self._words
        self._known = Known(self._names, self._items, words.phrases, words.ordinary, words.kinds_of, words.prose)

    def _add_people(self) -> None:
        """Makers that people write in Chinese."""
        for chinese, name in lexicon().people.items():
            self._names.people.also(key_of(chinese), name)

    def read(self, text: str, ledger: Ledger, *, turn: int) -> Reading:
        """What `text`, said in user turn `turn`, changes.

        Args:
            text: the message, of any content; what exceeds the documented length is not read.
            ledger: what is known so far; references ("the second one") and critiques ("shorter") are about it.
            turn: 0-based number of the user turn.
        """
        page = Page.of(mend(asked_openly(without_complaint(tokenise(text), ledger)), self._words, self._names))
        if not page.words:
            return Reading(language=page.language())
        count = mark_message(page, ledger, self._known, this_year=self._this_year)
        self._interpret(page, ledger)
        inquiry = inquiry_of(page, ledger, self._words)
        if inquiry is not None:
            return inquiry
        return self._request(Draft(page, ledger, self._words, self._names, turn, joins=joins_earlier(page)), count)

    def _interpret(self, page: Page, ledger: Ledger) -> None:
        """How each mark is meant; what the cues before it tell comes first, and the rest amends that."""
        settle_cues(page)
        open_scopes(page)
        look_back(page)
        free_counted(page)
        weigh(page)
        tell_parts_apart(page)
        spare_makers(page, self._items)
        take_as_likes(page)
        mark_requests(page, ledger, self._items, self._names)

    def _request(self, draft: Draft, count: Count | None) -> Reading:
        """The reading of a message that asks for picks, or asks whether something is true of some."""
        language = draft.page.language()
        asked = self._read_changes(draft, language)
        count = share_out(draft, count)
        check = check_of(draft, language)
        if check is not None:
            return check
        favour_families(draft, asked)
        intent = intent_of(draft)
        follow_intent(draft, intent, count)
        return _reading(draft, intent, language)

    def _read_changes(self, draft: Draft, language: Language) -> Asked:
        """Turn the marks into changes; the media asked for.

        What is taken back, and which media are asked for, is known before content is read; free words are what content has left
        over; what no longer fits goes last.
        """
        read_commands(draft)
        asked = asked_for(draft.page, ledger_after(draft), self._items, self._words)
        read_media(draft, asked, self._items)
        Measures(draft, asked, self._items).read()
        wish_topics(draft)
        Contents(draft, asked).read()
        Origins(draft, asked, language).read()
        ask_makers_of(draft, self._items)
        ask_same_makers(draft, self._items)
        like_makers(draft, self._items)
        Opinions(draft, self._items).read()
        read_free(draft, asked)
        read_occasions(draft)
        read_feelings(draft)
        turn_away(draft, asked, self._items)
        drop_unfit(draft, self._items)
        tell_apart(draft, asked)
        draft.settle_synonyms()
        return asked


def _reading(draft: Draft, intent: Intent, language: Language) -> Reading:
    return Reading(
        changes=draft.in_order(),
        intent=intent,
        language=language,
        missing=tuple(dict.fromkeys(draft.missing)),
        standing_in=dict(draft.standing_in),
        nothing_by=draft.nothing_by,
        ambiguities=tuple(draft.ambiguities),
        unsupported=tuple(dict.fromkeys(draft.unsupported)),
        describes=describes_works(draft.page),
    )
