"""Taking things back: `forget that`, `start over`, `drop the horror`, `any length is fine`, and turns to other media."""

from __future__ import annotations

from collections.abc import Mapping

from chatrec.constraints import satisfies_all
from chatrec.types import OF_EPISODES, Constraint, Item, Ledger, Opinion
from chatrec.understand.draft import Draft
from chatrec.understand.kinds import Asked
from chatrec.understand.lexicon import Phrase
from chatrec.understand.marks import CONTENT, Mark, Page, has_section, match_any
from chatrec.understand.measures import CRITIQUES
from chatrec.understand.text import key_of, wordset

_BY_FIELD = {"language": ("language", "countries"), "moods": ("moods",), "form": ("form",)}
_EXCEPT_AGE = 12
_ANOTHER = ("another", "other", "different", "others")
_MAKERS = wordset("band bands artist artists singer singers musician director directors author authors writer studio developer")
_SUBJECTS = ("genres", "tags", "themes", "people")
_TELLING = ("genres", "styles", "themes", "catalog", "tags")
_FOR_CHILDREN = ("genres", "moods", "tags", "themes", "minutes")
_CARRYING = tuple(
    key_of(phrase)
    for phrase in (
        *("what about", "how about", "similar", "same", "also", "too", "as well", "that mood"),
        *("like that", "like this", "like those", "like these", "类似", "同样", "一样", "也", "呢"),
    )
)
"""Words by which what was asked for before is asked for elsewhere."""
_THAT_MOOD = tuple(
    key_of(phrase)
    for phrase in (
        *("that mood", "this mood", "same mood", "that vibe", "same vibe", "same feel"),
        *("那种心情", "这种心情", "同样的心情", "那种氛围", "这种氛围", "同样的氛围"),
    )
)
_ANY = ("any", "任", "no", "not", "whatever")


def read_commands(draft: Draft) -> None:
    """Undo, restart, change of topic, and everything that is released."""
    page = draft.page
    for mark in page.sorted():
        if mark.is_cue("restart"):
            draft.act("start_over")
        elif mark.is_cue("forget") and not _has_object(page, mark):
            draft.act("forget_last")
        elif mark.is_cue("new_topic"):
            draft.act("new_topic")
    _turn_from_makers(draft)
    _release(draft)


def _turn_from_makers(draft: Draft) -> None:
    """`another band like them`: someone else than those who were asked for."""
    words = draft.page.words
    for at in range(1, len(words)):
        if words[at] in _MAKERS and words[at - 1] in _ANOTHER:
            for constraint in draft.ledger.constraints:
                if (constraint.field, constraint.op) == ("people", "in"):
                    draft.act("unconstrain", key=constraint.key)
                    draft.constrain("people", "not_in", constraint.value, said=constraint.said)


def ledger_after(draft: Draft) -> Ledger:
    """The ledger once what the commands drop is dropped: media are not carried over a restart or a change of topic."""
    dropped = any(c.action in ("start_over", "new_topic") for c in draft.changes)
    return Ledger(turn=draft.ledger.turn, last_shown=draft.ledger.last_shown) if dropped else draft.ledger


def _has_object(page: Page, cue: Mark) -> bool:
    """`never mind the length`, `恐怖片算了`: the cue takes back one thing, not the last turn."""
    return cue.is_cue("release") and any(m.released for m in page.marks)


def _release(draft: Draft) -> None:
    for mark in draft.page.sorted():
        if mark.has("fields") and _is_released_field(draft.page, mark):
            entry = mark.entry("fields")
            assert entry is not None
            _unconstrain_field(draft, entry.name)
        if mark.has("special", "adults"):
            _leave_children(draft)
        if mark.has("special", "subtitles_ok") or (mark.has("unsupported", "subtitles") and mark.released):
            _release_language(draft)
        if mark.released and (mark.role != "words" or has_section(mark, *CONTENT, "critiques", "vague")):
            _release_mark(draft, mark)


def _leave_children(draft: Draft) -> None:
    """Children who are not there any more set no age; what was asked for with them goes where something else is asked for now."""
    ages = {c.turn for c in draft.ledger.constraints if c.field == "age"}
    anew = _has_content(draft.page) or any(has_section(mark, "verbs", "forms") for mark in draft.page.marks)
    for constraint in draft.ledger.constraints:
        if constraint.field == "age" or (anew and constraint.turn in ages and constraint.field in _FOR_CHILDREN):
            draft.act("unconstrain", key=constraint.key)
    for wish in draft.ledger.wishes:
        if wish.turn in ages and (anew or wish.value == "family"):
            draft.act("unwish", key=wish.text)


def _is_released_field(page: Page, mark: Mark) -> bool:
    before = page.words[mark.start - 1] if mark.start else ""
    after = page.words[mark.end : mark.end + 2]
    lead = page.ending(mark.start) or (page.ending(mark.start - 1) if before == "the" else None)
    return (
        mark.released
        or (lead is not None and lead.is_cue("release"))
        or before in _ANY
        or after in (["不", "限"], ["无", "所"], ["随", "便"])
    )


def _release_language(draft: Draft) -> None:
    """`subtitles are fine` says nothing of where a work comes from."""
    for constraint in draft.ledger.constraints:
        if constraint.field == "language":
            draft.act("unconstrain", key=constraint.key)


def _unconstrain_field(draft: Draft, field: str) -> None:
    fields = _BY_FIELD.get(field, (field,))
    if field == "kind":
        draft.kinds(())
    for constraint in draft.ledger.constraints:
        if constraint.field in fields:
            draft.act("unconstrain", key=constraint.key)
    for wish in draft.ledger.wishes:
        if wish.field in fields:
            draft.act("unwish", key=wish.text)


def _release_mark(draft: Draft, mark: Mark) -> None:
    """Take back what was said with these words: constraints of their values, wishes, opinions."""
    mark.used = True
    if mark.role in ("minutes", "year", "age"):
        _unconstrain_field(draft, mark.role)
    if mark.has("ages"):
        _unconstrain_field(draft, "age")
    critique = mark.entry("critiques")
    if critique is not None:
        _unconstrain_field(draft, CRITIQUES[critique.name][0])
    vague = mark.entry("vague")
    if vague is not None:
        _unconstrain_field(draft, "year" if vague.name in ("recent", "old") else "minutes")
    if mark.role in ("title", "ref"):
        for item_id in mark.ids[:1]:
            draft.act("unopine", key=item_id)
    names = {n.casefold() for n in mark.names}
    for entry in mark.entries:
        names |= {v.casefold() for v in (entry.name, *entry.values, *draft.words.genres((entry.name,)))}
        names |= {str(v).casefold() for key in ("all", "any") for v in entry.data.get(key, ())}
    for constraint in draft.ledger.constraints:
        if isinstance(constraint.value, tuple) and names & {str(v).casefold() for v in constraint.value}:
            draft.act("unconstrain", key=constraint.key)
    for wish in draft.ledger.wishes:
        if {(wish.value or "").casefold(), wish.text.casefold()} & names:
            draft.act("unwish", key=wish.text)


# --- turns to other media and other company ---------------------------------------------------------------------------


def turn_topic(draft: Draft, asked: Asked, items: Mapping[str, Item]) -> None:
    """A turn to other media: with content of its own it is a new topic, else it keeps what still makes sense there.

    While no medium was asked for, those of the liked works stand for it.
    """
    ledger = draft.ledger
    former = ledger.kinds or tuple(items[item_id].kind for item_id in ledger.ids("liked", "wanted") if item_id in items)
    if not asked.said or not asked.forms:
        _leave_form(draft, items, named=not asked.said)
    if not asked.said or not former:
        return
    if set(asked.kinds) & set(former):
        _turn_form(draft, asked, items)
    elif _has_content(draft.page):
        draft.act("new_topic")
    else:
        of_mood = _says(draft.page, _THAT_MOOD)
        for constraint in ledger.constraints:
            if _lacks(draft, constraint, asked) or (of_mood and constraint.field in _SUBJECTS):
                draft.act("unconstrain", key=constraint.key)
        for wish in ledger.wishes:
            if of_mood and wish.field != "moods":
                draft.act("unwish", key=wish.text)


def _leave_form(draft: Draft, items: Mapping[str, Item], *, named: bool) -> None:
    """A series that is asked for, or whose title is (if `named`) the whole message, takes back that films were asked for."""
    wanted = [mark for mark in draft.page.sorted() if mark.wanted]
    titles = wanted or [mark for mark in draft.page.marks if mark.role == "title" and named]
    others = (w for at, w in enumerate(draft.page.words) if not titles or draft.page.over[at] is not titles[0])
    if not wanted and (len(titles) != 1 or any(w[0].isalnum() for w in others)):
        return
    form = items[titles[0].ids[0]].form
    for constraint in draft.ledger.constraints:
        held = constraint.value if isinstance(constraint.value, tuple) else ()
        if (constraint.field, constraint.op) == ("form", "in") and form and form not in held:
            draft.act("unconstrain", key=constraint.key)


def _turn_form(draft: Draft, asked: Asked, items: Mapping[str, Item]) -> None:
    """`a podcast instead` of music: what no podcast can meet is dropped."""
    earlier = {v for c in draft.ledger.constraints if (c.field, c.op) == ("form", "in") for v in c.value}  # type: ignore[union-attr]
    if not asked.forms or earlier.intersection(asked.forms):
        return
    works = [item for item in items.values() if item.form in asked.forms]
    # under an hour an episode is no length of a film
    other_sense = bool(earlier) and earlier <= OF_EPISODES and OF_EPISODES.isdisjoint(asked.forms)
    for constraint in draft.ledger.constraints:
        content = constraint.op == "in" and constraint.field in ("genres", "moods", "tags", "themes", "people")
        of_length = constraint.field == "minutes"
        unmet = (content or of_length) and not any(satisfies_all(item, [constraint]) for item in works)
        if unmet or (of_length and other_sense):
            draft.act("unconstrain", key=constraint.key)


def _has_content(page: Page) -> bool:
    """Whether the message says what is wanted; a mood or an origin alone may be said of what was wanted before."""
    sections = _TELLING if _says(page, _CARRYING) else (*_TELLING, "moods", "languages", "countries")
    return any(
        m.role in ("title", "person", "age")
        or m.has("ages")
        or (m.role == "words" and not m.negated and not m.released and any(m.has(s) for s in sections))
        for m in page.marks
    )


def _says(page: Page, phrases: tuple[Phrase, ...]) -> bool:
    return any(match_any(page.words, at, phrases) > at for at in range(len(page.words)))


def _lacks(draft: Draft, constraint: Constraint, asked: Asked) -> bool:
    """Whether no work of the new media can meet the constraint."""
    if constraint.field not in ("genres", "moods", "tags", "themes", "people") or constraint.op != "in":
        return constraint.field == "popularity"
    values = tuple(str(v) for v in constraint.value) if isinstance(constraint.value, tuple) else ()
    if constraint.field == "people":
        return not any(set(asked.kinds) & draft.words.people_kinds.get(v, set()) for v in values)
    return not draft.words.kinds_of(constraint.field, values) & set(asked.kinds)


def turn_away(draft: Draft, asked: Asked, items: Mapping[str, Item]) -> None:
    """`now a romantic comedy`, or `a cosy game` where a film was liked: likes with nothing of it stop pulling."""
    page = draft.page
    turned = any(m.is_cue("now") for m in page.marks)
    demands = [c.constraint for c in draft.changes if c.constraint is not None and c.constraint.op == "in"]
    genres = [c for c in demands if c.field == "genres"]
    contents = [c for c in demands if c.field in (*_SUBJECTS, "moods")]
    carried = _says(page, _CARRYING)
    if any(m.role == "title" and m.attitude in (None, "like") for m in page.marks):
        return
    for opinion in draft.ledger.opinions:
        item = items.get(opinion.item_id)
        if opinion.sentiment not in ("liked", "wanted") or item is None:
            continue
        foreign = asked.said and not carried and bool(asked.kinds) and item.kind not in asked.kinds
        told = contents if foreign else genres if turned else []
        if told and not any(satisfies_all(item, [constraint]) for constraint in told):
            draft.act("opine", opinion=Opinion(item_id=item.id, sentiment="past", turn=draft.turn))


def drop_unfit(draft: Draft, items: Mapping[str, Item]) -> None:
    """When children join, demands that no work for their age can meet are dropped (`something for my kids instead`)."""
    ages = [c.constraint for c in draft.changes if c.constraint is not None and c.constraint.field == "age"]
    if not ages or not isinstance(ages[0].value, (int, float)) or ages[0].value > _EXCEPT_AGE:
        return
    demanded = [c for c in draft.ledger.hard if c.field in ("genres", "moods", "themes", "tags", "people") and c.op == "in"]
    for constraint in demanded:
        if not any(satisfies_all(item, [constraint, ages[0]]) for item in _of_kinds(items, draft.ledger)):
            draft.act("unconstrain", key=constraint.key)


def _of_kinds(items: Mapping[str, Item], ledger: Ledger) -> list[Item]:
    return [item for item in items.values() if not ledger.kinds or item.kind in ledger.kinds]
