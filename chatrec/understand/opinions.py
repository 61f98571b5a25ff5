"""What is said of works: names and references, as they were meant, become opinions; of several works with a name, which it is."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise, product

from chatrec.types import Ambiguity, Item, Sentiment
from chatrec.understand.draft import Draft
from chatrec.understand.family_names import asks_for_family, family_kind
from chatrec.understand.kinds import forms_of
from chatrec.understand.marks import Attitude, Mark, Page
from chatrec.understand.name_signs import bare_name
from chatrec.understand.talk import is_later, swapped
from chatrec.understand.text import key_of, wordset
from chatrec.understand.weighing import MEASURED_BY

_QUESTIONS = wordset("is was are does did what whats who whos how hows why when where which can")
_THAT_ENERGY = frozenset(product(("that", "same", "similar"), ("energy", "vibe", "vibes", "feel", "feeling", "mood", "spirit")))
_REQUESTS = wordset("should recommend suggest after similar else next another more")
_SENTIMENTS: dict[Attitude | None, Sentiment] = {
    None: "liked",
    "like": "liked",
    "dislike": "disliked",
    "seen": "seen",
    "save": "saved",
    "unseen": "mentioned",
}


def spare_makers(page: Page, items: Mapping[str, Item]) -> None:
    """`I hate Taylor Swift's 1989`: whose work is disliked is not ruled out with it."""
    for mark in page.marks:
        work = page.starting(mark.end) if mark.role == "person" and mark.negated else None
        if work is not None and work.role == "title" and page.words[mark.end - 1] == "s":
            mark.used = not set(mark.names).isdisjoint(items[work.ids[0]].creators)


class Opinions:
    """Turns the names and references of a message into opinions.

    Args:
        draft: where the changes go.
        items: the catalog, by id.
    """

    def __init__(self, draft: Draft, items: Mapping[str, Item]) -> None:
        self._draft = draft
        self._page = draft.page
        self._ledger = draft.ledger
        self._items = items

    def read(self) -> None:
        """Read every title, reference and name that the catalog lacks."""
        settled = self._settle_ambiguities()
        passed = swapped(self._page)
        for mark in self._page.sorted():
            if mark.used or mark.released:
                continue
            if mark.role == "missing":
                self._note_missing(mark)
            elif mark.role == "title":
                self._opine_title(mark)
            elif mark.role == "ref" and any(mark is other for other in passed):
                self._draft.act("passed", item_ids=mark.ids)
            elif mark.role == "ref" and mark.ids not in settled:
                self._opine_ref(mark)
        if is_later(self._page):
            _put_off(self._draft)

    def _note_missing(self, mark: Mark) -> None:
        """A name that the catalog lacks; works that it may be a further part of stand for it, unless it is ruled out."""
        said = bare_name(self._page, mark)
        self._draft.missing.append(said)
        if mark.ids and not mark.negated:
            self._draft.standing_in.append((said, mark.ids))
            self._draft.opine(mark.ids[0], "mentioned")  # who loved Alien 3 has not said that they love Alien

    # --- titles -------------------------------------------------------------------------------------------------------

    def _opine_title(self, mark: Mark) -> None:
        if not mark.negated and mark.attitude in (None, "unseen") and self._demand_family(mark):
            return
        if mark.negated and mark.attitude is None and (self._rule_out_family(mark) or self._is_likened(mark)):
            return
        spoken_of = {o.item_id for o in self._ledger.opinions} | set(self._ledger.last_shown)
        item_id = next((i for i in mark.ids if i in spoken_of), mark.ids[0])
        for ambiguity in self._ledger.ambiguities:
            if item_id in ambiguity.options and mark.attitude is None and not mark.wanted:
                self._choose(ambiguity, item_id)
                return
        self._draft.opine(item_id, self._sentiment_of(mark))
        if mark.ambiguity is not None and item_id == mark.ids[0] and spoken_of.isdisjoint(mark.ambiguity.options):
            self._draft.ambiguities.append(mark.ambiguity)
            self._draft.act("ambiguous", ambiguity=mark.ambiguity)

    def _sentiment_of(self, title: Mark) -> Sentiment:
        page = self._page
        if title.wanted:
            return "wanted"
        if title.attitude is None and (_is_measure(page, title) or _asks_about(page)):
            return "mentioned"
        if title.attitude == "seen" and any(pair in _THAT_ENERGY for pair in pairwise(page.words)):
            return "liked"  # `I just finished Hades and want that energy again`
        attitude = "seen" if title.negated and _was_seen(page, title) else title.attitude
        ruled_out = title.negated and attitude != "seen" and not _is_question(page, title)
        return "disliked" if ruled_out else _SENTIMENTS[attitude]

    def _demand_family(self, mark: Mark) -> bool:
        """`star wars films`, `the Harry Potter books`: all works that have the name, and not what is like the best known."""
        draft, noun = self._draft, self._page.starting(mark.end)
        kind, key = family_kind(self._page, noun), key_of(self._page.said(mark))
        single = len(key) == 1 and draft.words.ordinary.issuperset(key)
        if noun is None or kind is None or single or not asks_for_family(self._page, mark):
            return False
        forms = forms_of(noun, draft.words)
        named = [self._items[i] for i in dict.fromkeys((*mark.ids, *draft.names.holding(key)))]
        ids = tuple(item.id for item in named if item.kind == kind and (item.form is None or item.form in forms))
        several = len(ids) > 1 or (len(ids) == 1 and self._items[mark.ids[0]].kind != kind)
        if several:
            draft.constrain("id", "in", ids, said=self._page.said(mark))
        return several

    def _rule_out_family(self, mark: Mark) -> bool:
        """`not Final Fantasy`, `no Batman`: if several works have the name, none of them is wanted, and none is disliked."""
        draft, key = self._draft, key_of(self._page.said(mark))
        family = family_kind(self._page, self._page.starting(mark.end)) is not None  # `no star wars films`
        named = draft.names.holding(key) if family or not draft.words.ordinary.issuperset(key) else ()
        ids = tuple(dict.fromkeys((*(mark.ids if family or mark.ambiguity is not None else mark.ids[:1]), *named)))
        if len(ids) > 1 and not _is_question(self._page, mark):
            draft.constrain("id", "not_in", ids, said=self._page.said(mark))
        return len(ids) > 1

    def _is_likened(self, mark: Mark) -> bool:
        """`like Star Wars but not Star Wars`: what is liked is not offered anyway, and goes on pulling."""
        return any(m.role == "title" and not m.negated and m.ids[:1] == mark.ids[:1] for m in self._page.marks)

    # --- references ---------------------------------------------------------------------------------------------------

    def _opine_ref(self, mark: Mark) -> None:
        if mark.attitude == "unseen":
            return  # `why the first one?` asks, and judges nothing
        sentiment: Sentiment = "disliked" if mark.negated else _SENTIMENTS[mark.attitude]
        if mark.attitude is None and not mark.negated and _is_measure(self._page, mark):
            sentiment = "mentioned"
        for item_id in mark.ids:
            if mark.attitude is None:
                self._replace_twins(self._items[item_id])
            self._draft.opine(item_id, sentiment)

    def _replace_twins(self, meant: Item) -> None:
        """`no, the 1982 one`: the other version of that title was not meant."""
        for opinion in self._ledger.opinions:
            twin = self._items.get(opinion.item_id)
            if twin is not None and twin.id != meant.id and twin.title == meant.title:
                self._draft.act("unopine", key=twin.id)
                if twin.kind != meant.kind:
                    self._draft.kinds((meant.kind,))

    # --- which of several works was meant -----------------------------------------------------------------------------

    def _settle_ambiguities(self) -> set[tuple[str, ...]]:
        """The references that settle an open ambiguity: the chosen work takes the place of the one assumed."""
        settled: set[tuple[str, ...]] = set()
        for mark in self._page.sorted():
            if mark.role != "ref" or len(mark.ids) != 1 or mark.attitude is not None or mark.negated:
                continue
            for ambiguity in self._ledger.ambiguities:
                if mark.ids[0] in ambiguity.options:
                    self._choose(ambiguity, mark.ids[0])
                    settled.add(mark.ids)
        return settled

    def _choose(self, ambiguity: Ambiguity, chosen: str) -> None:
        assumed = next((o for o in reversed(self._ledger.opinions) if o.item_id in ambiguity.options), None)
        if assumed is not None and assumed.item_id != chosen:
            self._draft.act("unopine", key=assumed.item_id)
        self._draft.opine(chosen, assumed.sentiment if assumed is not None else "liked")


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


def _put_off(draft: Draft) -> None:
    """`not tonight, but save it`: what is kept for later, or pointed at, leaves the slate."""
    shown = draft.ledger.last_shown
    ids = tuple(c.opinion.item_id for c in draft.changes if c.opinion is not None and c.opinion.item_id in shown)
    for change in [c for c in draft.changes if c.opinion is not None and c.opinion.sentiment == "liked"]:
        if change.opinion is not None and change.opinion.item_id in shown:
            draft.changes.remove(change)  # `the second one, not tonight` likes nothing
    if ids:
        draft.act("passed", item_ids=ids)
