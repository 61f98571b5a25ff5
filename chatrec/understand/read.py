"""Message → `Reading`: what was said, as changes to the ledger. Rules and the catalog's own words; no language model.

The message is marked from the surest to the least sure: names that can be nothing else, numbers, the lexicon's phrases,
names that a frame asks for, references. Then the scopes of negation and opinion are worked out, and the marks are
turned into changes. Whatever else yields `Change`s (a language model, say) can be added after `read`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import pairwise, product
from typing import Any

from chatrec.catalog.read import Catalog
from chatrec.types import KINDS, Ambiguity, Count, Kind, Language, Ledger, Reading, Sentiment
from chatrec.understand.checks import check_of
from chatrec.understand.commands import drop_unfit, read_commands, turn_away, turn_topic
from chatrec.understand.comparative_questions import comparison_of
from chatrec.understand.compared_names import ComparedNames
from chatrec.understand.contents import Contents
from chatrec.understand.contrasts import weigh
from chatrec.understand.counts import mark_count
from chatrec.understand.cues import settle_cues
from chatrec.understand.draft import Draft
from chatrec.understand.family_names import FamilyNames, asks_for_family, family_kind
from chatrec.understand.feelings import read_feelings
from chatrec.understand.framed_names import FramedNames
from chatrec.understand.free import describes_works, mark_aspects, mark_parts, mark_unsupported, read_free
from chatrec.understand.intent import intent_of
from chatrec.understand.kinds import Asked, asked_for, forms_of
from chatrec.understand.lengths import mark_lengths
from chatrec.understand.lexicon import Phrases, lexicon
from chatrec.understand.likened import like_makers, take_as_likes
from chatrec.understand.marks import Attitude, Mark, Page
from chatrec.understand.measures import Measures
from chatrec.understand.occasions import favour_families, read_occasions
from chatrec.understand.off_topic import is_off_topic
from chatrec.understand.origins import Origins, mark_us
from chatrec.understand.own_demands import tell_apart
from chatrec.understand.parts import free_counted
from chatrec.understand.people_present import mark_absent, mark_ages
from chatrec.understand.questions import asked_of
from chatrec.understand.references import mark_makers, mark_persons, mark_places, mark_pronouns, mark_similar
from chatrec.understand.requests import mark_requests
from chatrec.understand.resolve import Names
from chatrec.understand.same_makers import ask_same_makers, others_by
from chatrec.understand.scopes import COMMAS, interpret, is_never
from chatrec.understand.shares import share_out
from chatrec.understand.side_by_side import agree
from chatrec.understand.spot import Known
from chatrec.understand.sure_names import SureNames
from chatrec.understand.talk import (
    asked_openly,
    asks_for_saved,
    asks_if_all,
    asks_why,
    complains,
    is_later,
    swapped,
    without_complaint,
)
from chatrec.understand.text import is_han, key_of, language_of, tokenise, wordset
from chatrec.understand.topics import wish_topics
from chatrec.understand.typos import mend
from chatrec.understand.unknown_names import UnknownNames
from chatrec.understand.weighing import MEASURED_BY
from chatrec.understand.words import Words
from chatrec.understand.years import mark_eras, mark_years

_QUESTIONS = wordset("is was are does did what whats who whos how hows why when where which can")
_THAT_ENERGY = frozenset(product(("that", "same", "similar"), ("energy", "vibe", "vibes", "feel", "feeling", "mood", "spirit")))
_REQUESTS = wordset("should recommend suggest after similar else next another more")
_WITH_PICKS = ("recommend", "more", "surprise", "critique", "restart")
_BEFORE_NOUN = wordset("a an any more another of just the")
_SENTIMENTS: dict[Attitude | None, Sentiment] = {
    None: "liked",
    "like": "liked",
    "dislike": "disliked",
    "seen": "seen",
    "save": "saved",
    "unseen": "mentioned",
}


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
            return Reading(language=language_of(page.text.plain))
        count = self._mark(page, ledger)
        settle_cues(page)
        interpret(page)
        free_counted(page)
        weigh(page)
        _tell_parts_apart(page)
        self._spare_makers(page)
        take_as_likes(page)
        mark_requests(page, ledger, self._items, self._names)
        wanted = any(mark.wanted for mark in page.marks)
        answered = None if wanted else self._question(page, ledger)
        if answered is not None:
            return answered
        draft = Draft(page, ledger, self._words, self._names, turn, joins=_adds(page))
        read_commands(draft)
        language = self._language(page)
        after = _after_commands(draft)
        asked = asked_for(page, after, self._items, self._words)
        self._add_kinds(draft, asked)
        Measures(draft, asked, self._items).read()
        wish_topics(draft)
        Contents(draft, asked).read()
        Origins(draft, asked, language).read()
        self._of_makers(draft)
        ask_same_makers(draft, self._items)
        like_makers(draft, self._items)
        self._opine(draft)
        read_free(draft, asked)
        read_occasions(draft)
        read_feelings(draft)
        turn_away(draft, asked, self._items)
        drop_unfit(draft, self._items)
        tell_apart(draft, asked)
        draft.settle_synonyms()
        count = share_out(draft, count)
        check = check_of(draft, language)
        if check is not None:
            return check
        favour_families(draft, asked)
        intent = intent_of(draft)
        for constraint in ledger.constraints if intent == "surprise" else ():
            if constraint.extreme:  # what lies furthest is no surprise
                draft.act("unconstrain", key=constraint.key)
        if intent in ("more", "surprise") and after.last_shown and not any(c.action == "new_topic" for c in draft.changes):
            draft.act("passed", item_ids=after.last_shown)
        if count is not None and intent in _WITH_PICKS:
            draft.act("count", count=count)
        return Reading(
            changes=draft.in_order(),
            intent=intent,
            language=language,
            missing=tuple(dict.fromkeys(draft.missing)),
            standing_in=dict(draft.standing_in),
            nothing_by=draft.nothing_by,
            ambiguities=tuple(draft.ambiguities),
            unsupported=tuple(dict.fromkeys(draft.unsupported)),
            describes=describes_works(page),
        )

    def _question(self, page: Page, ledger: Ledger) -> Reading | None:
        """What is only asked or told, and changes nothing."""
        language = self._language(page)
        fact = asked_of(page, ledger)
        if fact is not None:
            return Reading(intent="question", language=language, asked=fact, about=fact[0])
        compared = comparison_of(page, ledger, self._words)
        if compared is not None:
            comparison, about = compared
            return Reading(intent="compare", language=language, about=about, comparison=comparison, missing=_missing_titles(page))
        reason = asks_why(page, ledger)
        if reason is not None:
            return Reading(intent="why", language=language, about=(reason,))
        if asks_if_all(page, ledger):
            return Reading(intent="remaining", language=language)
        if asks_for_saved(page):
            return Reading(intent="saved", language=language, about=ledger.ids("saved"))
        if complains(page):
            return Reading(intent="complaint", language=language)
        return Reading(intent="off_topic", language=language) if is_off_topic(page) else None

    # --- marking ------------------------------------------------------------------------------------------------------

    def _mark(self, page: Page, ledger: Ledger) -> Count | None:
        kinds = _spoken_of(page, self._words.phrases) or ledger.kinds
        mark_places(page, ledger, self._items)
        ComparedNames(self._known, page, kinds).mark()
        SureNames(self._known, page, kinds).mark()
        mark_makers(page, ledger, self._items)
        mark_absent(page, ledger)
        mark_ages(page)
        mark_lengths(page)
        mark_years(page, self._this_year)
        page.mark_phrases(self._words.phrases)
        mark_eras(page, self._words.phrases)
        mark_us(page)
        FramedNames(self._known, page, kinds, ledger.last_shown).mark()
        FamilyNames(self._known, page, kinds).mark()
        UnknownNames(self._known, page, kinds).mark()
        agree(page, self._names, self._items)
        mark_parts(page)
        count = mark_count(page)
        mark_pronouns(page, ledger)
        mark_persons(page, ledger)
        mark_similar(page, ledger)
        mark_unsupported(page)
        mark_aspects(page, ledger)
        return count

    def _language(self, page: Page) -> Language:
        tokens = page.text.tokens
        names = [(tokens[m.start].start, tokens[m.end - 1].end) for m in page.marks if m.role in ("title", "person", "missing")]
        return language_of(page.text.plain, names)

    # --- assembling ---------------------------------------------------------------------------------------------------

    def _add_kinds(self, draft: Draft, asked: Asked) -> None:
        turn_topic(draft, asked, self._items)
        if asked.said and asked.kinds != _after_commands(draft).kinds:
            draft.kinds(asked.kinds)
        self._rule_out_forms(draft, asked)
        plain = set(asked.forms) <= {"film", "game", "dlc"} and not self._words.has("form")
        if asked.forms and not plain:
            said = draft.page.text.said(asked.form_marks[0].start, asked.form_marks[0].end)
            draft.constrain("form", "in", asked.forms, said=said)

    def _rule_out_forms(self, draft: Draft, asked: Asked) -> None:
        """`no podcasts`; of a medium as a whole (`no games`) the others are left."""
        media = set[str]()
        for mark in draft.page.marks:
            if mark.has("forms") and mark.negated and not mark.about and _rules_out(draft.page, mark):
                entries: list[Mapping[str, Any]] = [e.data for e in mark.entries if e.section == "forms"]
                draft.constrain("form", "not_in", tuple(v for e in entries for v in e["values"]), said=draft.page.said(mark))
                media |= {e["kind"] for e in entries if not e["values"]}
        left: list[Kind] = [kind for kind in asked.kinds if kind not in media]
        left = left or [kind for kind in KINDS if kind in self._words.kinds and kind not in media]
        if media and left and tuple(left) != asked.kinds:
            draft.kinds(tuple(left))

    def _of_makers(self, draft: Draft) -> None:
        """`something by the director of Inception`: others of theirs, if there are any."""
        for mark in draft.page.sorted():
            title = draft.page.starting(mark.end) if mark.has("maker_of") else None
            if title is not None and title.role in ("title", "ref"):
                title.used = True
                said = draft.page.text.said(mark.start, title.end)
                draft.constrain("people", "in", self._items[title.ids[0]].creators, said=said)
                if others_by(self._items[title.ids[0]], self._items):
                    draft.opine(title.ids[0], "mentioned")

    def _opine(self, draft: Draft) -> None:
        resolved = _settled(draft)
        passed = swapped(draft.page)
        for mark in draft.page.sorted():
            if mark.used or mark.released:
                continue
            if mark.role == "missing":
                self._note_missing(draft, mark)
            elif mark.role == "title":
                self._opine_title(draft, mark)
            elif mark.role == "ref" and any(mark is other for other in passed):
                draft.act("passed", item_ids=mark.ids)
            elif mark.role == "ref" and mark.ids not in resolved:
                self._opine_ref(draft, mark)
        if is_later(draft.page):
            _put_off(draft)

    def _spare_makers(self, page: Page) -> None:
        """`I hate Taylor Swift's 1989`: whose work is disliked is not ruled out with it."""
        for mark in page.marks:
            work = page.starting(mark.end) if mark.role == "person" and mark.negated else None
            if work is not None and work.role == "title" and page.words[mark.end - 1] == "s":
                mark.used = not set(mark.names).isdisjoint(self._items[work.ids[0]].creators)

    def _note_missing(self, draft: Draft, mark: Mark) -> None:
        """A name that the catalog lacks; works that it may be a further part of stand for it, unless it is ruled out."""
        said = _bare_title(draft.page, mark)
        draft.missing.append(said)
        if mark.ids and not mark.negated:
            draft.standing_in.append((said, mark.ids))
            draft.opine(mark.ids[0], "mentioned")  # who loved Alien 3 has not said that they love Alien

    def _opine_title(self, draft: Draft, mark: Mark) -> None:
        attitude = "seen" if mark.negated and _was_seen(draft.page, mark) else mark.attitude
        ruled_out = mark.negated and attitude != "seen" and not _is_question(draft.page, mark)
        sentiment = "disliked" if ruled_out else _SENTIMENTS[attitude]
        if mark.attitude == "seen" and any(pair in _THAT_ENERGY for pair in pairwise(draft.page.words)):
            sentiment = "liked"  # `I just finished Hades and want that energy again`
        if mark.attitude is None and (_is_measure(draft.page, mark) or _asks_about(draft.page)):
            sentiment = "mentioned"
        if not mark.negated and mark.attitude in (None, "unseen") and self._demand_family(draft, mark):
            return
        if mark.negated and mark.attitude is None and (self._rule_out(draft, mark) or _is_likened(draft, mark)):
            return
        sentiment = "wanted" if mark.wanted else sentiment
        item_id = _known_first(mark.ids, draft.ledger)
        for ambiguity in draft.ledger.ambiguities:
            if item_id in ambiguity.options and mark.attitude is None and not mark.wanted:
                _choose(draft, ambiguity, item_id)
                return
        draft.opine(item_id, sentiment)
        if mark.ambiguity is not None and item_id == mark.ids[0] and not _is_known(mark.ambiguity, draft.ledger):
            draft.ambiguities.append(mark.ambiguity)
            draft.act("ambiguous", ambiguity=mark.ambiguity)

    def _demand_family(self, draft: Draft, mark: Mark) -> bool:
        """`star wars films`, `the Harry Potter books`: all works that have the name, and not what is like the best known."""
        kind, key = family_kind(draft.page, draft.page.starting(mark.end)), key_of(draft.page.said(mark))
        if kind is None or not asks_for_family(draft.page, mark) or (len(key) == 1 and self._words.ordinary.issuperset(key)):
            return False
        noun = draft.page.starting(mark.end)
        forms = forms_of(noun, self._words) if noun is not None else ()
        named = [self._items[i] for i in dict.fromkeys((*mark.ids, *self._names.holding(key)))]
        ids = tuple(item.id for item in named if item.kind == kind and (item.form is None or item.form in forms))
        several = len(ids) > 1 or (len(ids) == 1 and self._items[mark.ids[0]].kind != kind)
        if several:
            draft.constrain("id", "in", ids, said=draft.page.said(mark))
        return several

    def _rule_out(self, draft: Draft, mark: Mark) -> bool:
        """`not Final Fantasy`, `no Batman`: if several works have the name, none of them is wanted, and none is disliked."""
        key = key_of(draft.page.said(mark))
        family = family_kind(draft.page, draft.page.starting(mark.end)) is not None  # `no star wars films`
        named = self._names.holding(key) if family or not self._words.ordinary.issuperset(key) else ()
        ids = tuple(dict.fromkeys((*(mark.ids if family or mark.ambiguity is not None else mark.ids[:1]), *named)))
        if len(ids) > 1 and not _is_question(draft.page, mark):
            draft.constrain("id", "not_in", ids, said=draft.page.said(mark))
        return len(ids) > 1

    def _opine_ref(self, draft: Draft, mark: Mark) -> None:
        if mark.attitude == "unseen":
            return  # `why the first one?` asks, and judges nothing
        sentiment: Sentiment = "disliked" if mark.negated else _SENTIMENTS[mark.attitude]
        if mark.attitude is None and not mark.negated and _is_measure(draft.page, mark):
            sentiment = "mentioned"
        for item_id in mark.ids:
            self._replace_twins(draft, mark, item_id)
            draft.opine(item_id, sentiment)

    def _replace_twins(self, draft: Draft, mark: Mark, item_id: str) -> None:
        """`no, the 1982 one`: the other version of that title was not meant."""
        title = self._items[item_id].title
        for opinion in draft.ledger.opinions if mark.attitude is None else ():
            twin = self._items.get(opinion.item_id)
            if twin is not None and twin.id != item_id and twin.title == title:
                draft.act("unopine", key=twin.id)
                if twin.kind != self._items[item_id].kind:
                    draft.kinds((self._items[item_id].kind,))


def _after_commands(draft: Draft) -> Ledger:
    """The ledger once what the commands drop is dropped: media are not carried over a restart or a change of topic."""
    dropped = any(c.action in ("start_over", "new_topic") for c in draft.changes)
    return Ledger(turn=draft.ledger.turn, last_shown=draft.ledger.last_shown) if dropped else draft.ledger


def _spoken_of(page: Page, phrases: Phrases) -> tuple[Kind, ...]:
    """Media that nouns and verbs of the message name, before anything is interpreted: they tell which `Doom` is meant."""
    found: list[Kind] = []
    for at in range(len(page.words)):
        for _, entries in phrases.at(page.words, at):
            found.extend(e.data["kind"] for e in entries if e.section == "forms")
            found.extend(e.name for e in entries if e.section == "verbs")  # type: ignore[misc]
            break
    return tuple(dict.fromkeys(found))


def _tell_parts_apart(page: Page) -> None:
    """`I like Zelda but not Breath of the Wild`: a name of several works is not meant as the one that is ruled out by its own."""
    ruled_out = {mark.ids[0] for mark in page.marks if mark.role == "title" and mark.negated and len(mark.ids) == 1}
    for mark in page.marks if ruled_out else ():
        left = tuple(item_id for item_id in mark.ids if item_id not in ruled_out)
        if mark.role == "title" and not mark.negated and mark.ambiguity is not None and left:
            mark.ids = left


def _is_likened(draft: Draft, mark: Mark) -> bool:
    """`like Star Wars but not Star Wars`: what is liked is not offered anyway, and goes on pulling."""
    return any(m.role == "title" and not m.negated and m.ids[:1] == mark.ids[:1] for m in draft.page.marks)


def _was_seen(page: Page, title: Mark) -> bool:
    """`not Parasite, seen it`: why it is not wanted."""
    return any(m.role == "ref" and m.attitude == "seen" and m.start > title.start and title.ids[0] in m.ids for m in page.marks)


def _is_question(page: Page, mark: Mark) -> bool:
    """`doesn't Alien have a sequel?` dislikes nothing."""
    cue = page.ending(mark.start)
    if cue is None or not (cue.start == 0 or "?" in page.words):
        return False
    return cue.is_cue("negate") and cue.end - cue.start == 1 and page.words[cue.start].endswith("nt")


def _is_measure(page: Page, mark: Mark) -> bool:
    """`shorter than Alien`, `比第一部轻松`: what something is set against is not liked for that."""
    return page.words[max(0, mark.start - 1) : mark.start] in ([word] for word in MEASURED_BY)


def _asks_about(page: Page) -> bool:
    """`is Alien any good?`: whoever asks about a work has not said that they like it."""
    return page.words[0] in _QUESTIONS and "?" in page.words and _REQUESTS.isdisjoint(page.words)


def _rules_out(page: Page, noun: Mark) -> bool:
    """`no films`, `I never watch films` rule films out; `they don't make films like that`, `I didn't watch the film` do not."""
    start = noun.start
    while start > 0 and not page.taken(start - 1) and page.words[start - 1] in _BEFORE_NOUN | COMMAS:
        start -= 1
    lead = page.ending(start)
    taken = lead is not None and is_never(page, lead) and lead.end == noun.start
    ruled_out = lead is not None and lead.negated and (taken or lead.has("forms") or lead.is_cue("want", "like"))
    cue = ruled_out or (lead is not None and lead.is_cue("negate", "dislike", "and", "or"))
    return (cue or is_han(page.words[noun.start])) and page.words[noun.end : noun.end + 1] not in (["like"], ["that"], ["where"])


def _adds(page: Page) -> bool:
    """`or a series`, `also thrillers`, `comedies too`."""
    opening, closing = page.starting(0), page.ending(len(page.words))
    adds = opening is not None and opening.is_cue("or", "add") and len(page.words) > 1
    return adds or (closing is not None and closing.is_cue("add") and not page.any_cue("like_after", "seen", "seen_after"))


def _known_first(ids: tuple[str, ...], ledger: Ledger) -> str:
    """The work already spoken of or shown, if one of the options is."""
    known = {o.item_id for o in ledger.opinions} | set(ledger.last_shown)
    return next((i for i in ids if i in known), ids[0])


def _is_known(ambiguity: Ambiguity, ledger: Ledger) -> bool:
    known = {o.item_id for o in ledger.opinions} | set(ledger.last_shown)
    return any(option in known for option in ambiguity.options)


def _settled(draft: Draft) -> set[tuple[str, ...]]:
    """References that settle an open ambiguity: the chosen work takes the place of the one assumed."""
    settled: set[tuple[str, ...]] = set()
    for mark in draft.page.sorted():
        if mark.role != "ref" or len(mark.ids) != 1:
            continue
        for ambiguity in draft.ledger.ambiguities:
            if mark.ids[0] in ambiguity.options and mark.attitude is None and not mark.negated:
                _choose(draft, ambiguity, mark.ids[0])
                settled.add(mark.ids)
    return settled


def _choose(draft: Draft, ambiguity: Ambiguity, chosen: str) -> None:
    assumed = next((o for o in reversed(draft.ledger.opinions) if o.item_id in ambiguity.options), None)
    if assumed is not None and assumed.item_id != chosen:
        draft.act("unopine", key=assumed.item_id)
    draft.opine(chosen, assumed.sentiment if assumed is not None else "liked")


def _put_off(draft: Draft) -> None:
    """`not tonight, but save it`: what is kept for later, or pointed at, leaves the slate."""
    shown = draft.ledger.last_shown
    ids = tuple(c.opinion.item_id for c in draft.changes if c.opinion is not None and c.opinion.item_id in shown)
    for change in [c for c in draft.changes if c.opinion is not None and c.opinion.sentiment == "liked"]:
        if change.opinion is not None and change.opinion.item_id in shown:
            draft.changes.remove(change)  # `the second one, not tonight` likes nothing
    if ids:
        draft.act("passed", item_ids=ids)


def _missing_titles(page: Page) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_bare_title(page, mark) for mark in page.sorted() if mark.role == "missing"))


def _bare_title(page: Page, mark: Mark) -> str:
    return page.said(mark).strip("\"'《》「」『』【】〈〉 ")
