"""What was asked for and the picks do not have: too few, none of a form, fewer of a subject, none of what is wished for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from chatrec.catalog.clean import title_key
from chatrec.constraints import requirements, satisfies, satisfies_all
from chatrec.generate.facts import FactContext
from chatrec.generate.wording import sort_noun
from chatrec.present.slate import LESSENED, shares_asked
from chatrec.present.wording import JOIN, MAX_NAMES, say
from chatrec.retrieve.candidates import ALIKE, preferences, sort_of, sorts_asked
from chatrec.types import Candidate, Constraint, Item, Reading, Wish
from chatrec.understand.chips import constraint_label, wish_label


def shortfalls(reading: Reading, context: FactContext, picks: Sequence[Item], n: int, pool: Sequence[Candidate]) -> Iterator[str]:
    """A sentence for each thing that the picks lack.

    Args:
        reading: of the message.
        context: the turn; its ledger does not know of these picks yet.
        picks: what is shown; that a work which was asked for itself lacks what is wished for is not said.
        n: how many were wanted.
        pool: everything that fits, the picks included.
    """
    found = [*picks, *(candidate.item for candidate in pool)]
    others = [item for item in picks if item.id not in context.ledger.ids("wanted")]
    yield from _without_any(context, found, n)
    yield from _fewer(context, picks, n)
    yield from _without_people(reading, context, found)
    yield from _without_wished(context, others, pool)
    yield from _without_preferred(context, others)
    yield from _not_less(reading, context, others)


def few(context: FactContext, picks: Sequence[Item]) -> str:
    """That no more fit; what the person knows already, or passed over, may fit as well and is not counted."""
    count = len(picks)
    more = any(satisfies_all(item, requirements(context.ledger)) for item in _met(context, picks))
    return say("few_more" if more else "few", context.language, n=count, fit="fits" if count == 1 else "fit")


def _met(context: FactContext, picks: Iterable[Item]) -> list[Item]:
    """What the person knows already, or was shown, but for these picks."""
    ledger = context.ledger
    met = {*(opinion.item_id for opinion in ledger.opinions), *ledger.passed, *ledger.shown}
    return [context.catalog[item] for item in met.difference(pick.id for pick in picks) if item in context.catalog]


def _without_any(context: FactContext, found: Iterable[Item], n: int) -> list[str]:
    """What was asked for beside other forms or media, and has nothing that fits."""
    asked = sorts_asked(context.ledger)
    if not 1 < len(asked) <= n:
        return []
    there = {sort_of(item, asked) for item in found}
    return [say("none_of", context.language, what=sort_noun(sort, context.language)) for sort in asked if sort not in there]


def _fewer(context: FactContext, picks: Sequence[Item], n: int) -> Iterator[str]:
    """Of which form or subject there are fewer than were asked for, so that others stand in; not where n are fewer than all."""
    count, language, sorts = context.ledger.count, context.language, sorts_asked(context.ledger)
    if count is None or n < count.n:
        return
    told = [
        (number, sum(satisfies_all(item, demands) for item in picks), _labels(demands, context))
        for number, demands in shares_asked(context.ledger)
        if demands
    ]
    there = Counter(sort_of(item, sorts) for item in picks)
    each = Counter(ALIKE.get(form, form) for form in count.each)
    told += [(each[sort], there[sort], sort_noun(sort, language)) for sort in sorts if there[sort] and not told]
    for number, have, what in told:
        if have < number:
            yield say("fewer" if have else "nothing_for", language, have=have, n=number, what=what)


def _labels(constraints: Iterable[Constraint], context: FactContext) -> str:
    return JOIN[context.language][0].join(constraint_label(constraint, context.language) for constraint in constraints)


def _without_people(reading: Reading, context: FactContext, found: Sequence[Item]) -> list[str]:
    """That nothing by somebody who is wished for fits what is new: `I like Tarantino but not the violent ones`."""
    told = any(change.wish is not None or change.constraint is not None for change in reading.changes)
    wishes = [wish for wish in context.ledger.wishes if told and wish.field == "people" and wish.direction == "more"]
    if not wishes or not any(c.field != "form" for c in context.ledger.hard):
        return []
    by = [(wish.text, constraint) for wish in wishes if (constraint := wish.constraint) is not None]
    names = [name for name, constraint in by if not any(satisfies(item, constraint) for item in found)]
    return [say("none_by", reading.language, names=JOIN[reading.language][0].join(names[:MAX_NAMES]))] if names else []


def _without_wished(context: FactContext, picks: Sequence[Item], pool: Sequence[Candidate]) -> Iterator[str]:
    """What nothing of a form, or not all picks, have of what is wished for; not of counted subjects.

    Of several wishes that each are granted, whether they are granted together.
    """
    language, sorts = context.language, sorts_asked(context.ledger)
    counted = {demand for _, demands in shares_asked(context.ledger) for demand in demands}
    lacking: dict[tuple[str, str], list[str]] = {}
    wishes = [w for w in context.ledger.wishes if w.direction == "more" and w.field in LESSENED and w.constraint not in counted]
    told = False
    for wish in wishes:
        if not (of := _lacking(wish, picks, pool, sorts)):
            some = _only_some([wish], context, picks, pool)
            told = told or bool(some)
            yield from some
            continue
        before = {sort_of(item, sorts) for item in _met(context, picks) if _grants(item, wish)}
        key = "none_wished" if before.isdisjoint(of) else "none_wished_more"
        what = JOIN[language][1].join(sort_noun(sort, language) for sort in of if sort in sorts)
        lacking.setdefault((key, what), []).append(wish_label(wish, language))
    either = "”或“" if language == "zh" else "” or “"
    for (key, what), wished in lacking.items():
        yield say(key, language, what=what or say("work", language), wished=either.join(wished))
    if len(wishes) > 1 and len(sorts) < 2 and not (lacking or told):
        yield from _only_some(wishes, context, picks, pool)


def _lacking(wish: Wish, picks: Sequence[Item], pool: Iterable[Candidate], sorts: Sequence[str]) -> list[str]:
    """The forms or media of the picks of which nothing that fits grants the wish; one suffices where none or one is asked for."""
    granting = [item for item in picks if _grants(item, wish) or _tells_of(item, wish)]
    granting += [candidate.item for candidate in pool if _grants(candidate.item, wish)]
    granted = {sort_of(item, sorts) for item in granting}
    shown = dict.fromkeys(sort_of(item, sorts) for item in picks)
    return [] if granted and len(sorts) < 2 else [sort for sort in shown if sort not in granted]


def _only_some(wishes: Sequence[Wish], context: FactContext, picks: Sequence[Item], pool: Iterable[Candidate]) -> list[str]:
    """How many of the picks have all of what is wished for, where others fill up the slate as nothing more of it fits."""
    granting = [item.id for item in picks if all(_grants(item, wish) or _tells_of(item, wish) for wish in wishes)]
    if not granting and len(wishes) == 1:
        return []
    others = (candidate.item for candidate in pool if candidate.item.id not in granting)
    if len(granting) == len(picks) or any(all(_grants(item, wish) for wish in wishes) for item in others):
        return []
    both = "”和“" if context.language == "zh" else "” and “"
    wished = both.join(wish_label(wish, context.language) for wish in wishes)
    key = "only_some" if len(wishes) == 1 else "only_together" if granting else "none_together"
    return [say(key, context.language, n=len(granting), wished=wished)]


def _grants(item: Item, wish: Wish) -> bool:
    return (constraint := wish.constraint) is not None and satisfies(item, constraint)


def _tells_of(item: Item, wish: Wish) -> bool:
    """Whether the title or the story has the words of the wish."""
    told = f" {title_key(item.title)} {title_key(item.description or '')} "
    return any(f" {title_key(words)} " in told for words in (wish.text, *wish.values))


def _without_preferred(context: FactContext, picks: Sequence[Item]) -> Iterator[str]:
    """Which preferences none of the picks meets; what lies furthest comes first whatever it is."""
    for preference in preferences(context.ledger):
        if picks and not any(satisfies(item, preference) for item in picks):
            label = constraint_label(replace(preference, hard=True), context.language)
            yield say("none_preferred", context.language, preferred=label)


def _not_less(reading: Reading, context: FactContext, picks: Sequence[Item]) -> Iterator[str]:
    """That all picks have what there should be less of, and nothing tells which has less of it."""
    told = [change.wish for change in reading.changes if change.wish is not None]
    for wish in (wish for wish in told if wish.direction == "less" and wish.field in LESSENED):
        values = {value.casefold() for value in wish.values}
        held = [not values.isdisjoint(value.casefold() for value in getattr(item, str(wish.field))) for item in picks]
        if held and all(held):
            yield say("not_less", context.language, wished=wish_label(replace(wish, direction="more"), context.language))
