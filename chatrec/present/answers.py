"""Answers that show no picks: to questions of fact and comparisons, why a work is there, what was saved, and small talk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from chatrec.constraints import NUMBER_FIELDS, concerns, satisfies, values_of, wanted
from chatrec.generate.facts import FactContext, headline, reason
from chatrec.present.wording import COMPARED, JOIN, field_name, item_name, listed_names, other_language, say, told_fact
from chatrec.types import OF_EPISODES, Comparison, Constraint, Fact, Item, Language, Reading, Reply
from chatrec.understand.chips import chips, constraint_label, wish_label
from chatrec.understand.lexicon import lexicon

SPOKEN = frozenset(
    {"greeting", "thanks", "save", "saved", "question", "check", "compare", "remaining", "why", "complaint", "off_topic"}
)
"""Intents that are answered in words; what was shown before still stands."""
LISTED_IN_PART = ("moods", "tags", "themes")
"""Fields that name what stands out in a work, and not all that is true of it."""
_TOLD_IN_FULL = (
    {"single-player", "multiplayer", "co-op", "local co-op", "online co-op", "online multiplayer", "local multiplayer"},
    {"turn-based", "turn-based strategy", "turn-based combat", "turn-based tactics", "real-time strategy"},
)
"""Tags of which a work that has any has all that are true of it."""
_AROUND = re.compile(r"^(?:the|on) | of$", re.IGNORECASE)
SIDE_BY_SIDE = ("minutes", "genres", "moods", "creators")


def spoken_reply(reading: Reading, context: FactContext, remaining: int = 0) -> Reply:
    """The answer to a message of one of the `SPOKEN` intents.

    Args:
        reading: what was said; its language is the answer's.
        context: the turn, with what is near to the works that are spoken of.
        remaining: how many works of the catalog fit that were not shown, for whoever asks if these are all.
    """
    catalog, language = context.catalog, reading.language
    works = [catalog[item_id] for item_id in reading.about if item_id in catalog]
    if reading.intent == "question":
        text = _fact(reading, context)
    elif reading.intent == "check":
        text = _check(works[0], reading, language) if len(works) == 1 else _check_each(works, reading, language)
    elif reading.intent == "compare":
        text = _compare(works, reading, context)
    elif reading.intent == "remaining":
        text = say(
            "remaining" if remaining else "remaining_none", language, n=remaining, meet="meets" if remaining == 1 else "meet"
        )
    elif reading.intent == "why":
        text = _why(works[0], context)
    elif reading.intent == "save" or (reading.intent == "saved" and works):
        saved = works or [catalog[c.opinion.item_id] for c in reading.changes if c.opinion is not None]
        text = say(reading.intent, language, names=listed_names(saved, language))
    else:
        text = say("saved_none" if reading.intent == "saved" else reading.intent, language)
    return Reply(text=text.strip(), chips=chips(context.ledger, catalog, language), ledger=context.ledger)


def in_focus(reading: Reading, catalog: Mapping[str, Item]) -> tuple[str, ...]:
    """The works that an answer is about, first the one that it names as the longest, newest …: what `it` means next."""
    comparison = reading.comparison
    if comparison is None or comparison.subject is not None or comparison.field not in NUMBER_FIELDS:
        return reading.about
    numbers = {item_id: getattr(catalog[item_id], comparison.field) for item_id in reading.about}
    if not numbers or None in numbers.values():
        return reading.about
    return tuple(sorted(reading.about, key=lambda item_id: numbers[item_id], reverse=comparison.most))


def _fact(reading: Reading, context: FactContext) -> str:
    assert reading.asked is not None
    if reading.asked[1] == "quality":
        return _instead_of_ratings([context.catalog[item_id] for item_id in reading.asked[0]], context, reading.language)
    works, field = [context.catalog[item_id] for item_id in reading.asked[0]], reading.asked[1]
    told = [_told_of(item, field, context, reading.language) for item in works]
    unknown = [item for item, part in zip(works, told, strict=True) if not part]
    if unknown:
        told.append(
            say(
                "no_fact",
                reading.language,
                name=listed_names(unknown, reading.language),
                field=field_name(field, reading.language),
            )
        )
    return (" " if reading.language == "en" else "").join(filter(None, told))


def _instead_of_ratings(works: Sequence[Item], context: FactContext, language: Language) -> str:
    """What is told of works in the place of how good they are."""
    parts = [say("fact", language, name=item_name(i, language), told=reason(headline(i, context), i, language)) for i in works]
    return (" " if language == "en" else "").join((say("no_ratings", language), *parts))


def _told_of(item: Item, field: Fact, context: FactContext, language: Language) -> str:
    """A fact of a work, after its name; the empty text where the catalog does not tell."""
    told = told_fact(item, field, language)
    if told and field == "description" and other_language(item, language):
        told = f"{reason(headline(item, context), item, language)}{told}"  # what can be said in the person's language
    return say("fact", language, name=item_name(item, language), told=told) if told else ""


def _check(item: Item, reading: Reading, language: Language) -> str:
    """Whether the work meets the conditions, with what the catalog tells; unknown is neither yes nor no."""
    name, conditions = item_name(item, language), reading.conditions
    if not conditions and reading.unsupported:
        return say("no_check_of", language, said=_not_recorded(reading), names=name)
    told = [part for field in dict.fromkeys(c.field for c in conditions) if (part := _told(item, field, language))]
    verdict = _verdict(item, conditions)
    gap = "" if language == "zh" else " "
    if not told or (verdict is None and any(not _tells(item, condition.field) for condition in conditions)):
        return say("no_check", language, name=name)
    facts = say("fact", language, name=name, told=gap.join(told))
    if verdict and reading.unsupported:  # `can 8 people play it?`: that there may be several is told, not how many
        return gap.join((say("no_check_of", language, said=_not_recorded(reading), names=name), facts))
    answer = say("not_told" if verdict is None else "yes" if verdict else "no", language)
    return f"{answer}{gap}{facts}"


def _not_recorded(reading: Reading) -> str:
    """What is asked and no catalog records, without what leads up to it: `the rating of`, `on Netflix`."""
    return JOIN[reading.language][0].join(_AROUND.sub("", said) for said in reading.unsupported)


def _verdict(item: Item, conditions: Sequence[Constraint]) -> bool | None:
    """Whether the work meets all the conditions; `None` where the catalog does not tell."""
    verdicts = [_holds(item, condition) for condition in conditions]
    return False if False in verdicts else None if None in verdicts else True


def _holds(item: Item, condition: Constraint) -> bool | None:
    """Of what a catalog lists only in part, that a value is not there says nothing, unless another one rules it out."""
    if not _tells(item, condition.field):
        return None
    met = satisfies(item, condition)
    present = met if condition.op != "not_in" else not met
    if condition.field not in LISTED_IN_PART or present or _is_ruled_out(item, condition):
        return met
    return None


def _is_ruled_out(item: Item, condition: Constraint) -> bool:
    """Whether other values tell that none of these holds: it is for one player, or cheerful where gloom is asked for."""
    held, asked = set(values_of(item, condition.field)), wanted(condition)
    if condition.field == "moods":
        moods = lexicon().sections["moods"]
        first = str(condition.value[0]) if isinstance(condition.value, tuple) else ""
        return not held.isdisjoint(moods.get(first, {}).get("contrary", ()))
    return any(asked <= tags and not held.isdisjoint(tags) for tags in _TOLD_IN_FULL)


def _check_each(works: Sequence[Item], reading: Reading, language: Language) -> str:
    """Which of the works meet the conditions, which do not, and of which it is not known."""
    conditions, those = reading.conditions, say("these_works", language)
    if not conditions and not reading.unsupported:
        return say("no_check", language, name=those)
    if not conditions:
        return say("no_check_of", language, said=_not_recorded(reading), names=those)
    verdicts = [(item, _verdict(item, conditions)) for item in works]
    groups = [
        (key, [item for item, verdict in verdicts if verdict is answer])
        for key, answer in (("which_do", True), ("which_dont", False), ("which_unknown", None))
    ]
    parts = [say("check_each", language, answer=say(key, language), names=listed_names(g, language)) for key, g in groups if g]
    return (" " if language == "en" else "").join(parts)


def _told(item: Item, field: str, language: Language) -> str:
    return told_fact(item, field, language) if field not in ("id", "kind") else ""


def _tells(item: Item, field: str) -> bool:
    """Whether the catalog tells anything of a field of this work."""
    return getattr(item, field) is not None if field in NUMBER_FIELDS else bool(values_of(item, field))


def _why(item: Item, context: FactContext) -> str:
    """What was asked for and the work has, then what it is."""
    language, ledger = context.language, context.ledger
    name, told = item_name(item, language), reason(headline(item, context), item, language)
    met = [constraint_label(c, language) for c in ledger.constraints if concerns(item, c) and satisfies(item, c)]
    met += [wish_label(wish, language) for wish in ledger.wishes if not set(wish.values).isdisjoint(_values(item, wish.field))]
    if item.id not in ledger.shown:
        return say("why_other", language, name=name, reason=told)
    near = context.near.get(item.id)
    if not met and near is None:
        return say("why_plain", language, name=name, reason=told)
    return say("why", language, name=name, asked=JOIN[language][0].join(met), reason=told) if met else f"{name}: {told}"


def _values(item: Item, field: str | None) -> tuple[str, ...]:
    value = getattr(item, field, ()) if field and field != "people" else item.people
    return value if isinstance(value, tuple) else (str(value),)


# --- comparisons ---------------------------------------------------------------------------------------------------


def _compare(works: Sequence[Item], reading: Reading, context: FactContext) -> str:
    comparison, language = reading.comparison, reading.language
    assert comparison is not None
    missing = [say("missing", language, said=title) for title in reading.missing]
    if not works and not missing:
        told = say("no_choice", language, rest="").strip()  # of makers
    elif len(works) < 2:
        told = _sides(works, SIDE_BY_SIDE if comparison.field in ("all", "choice", "none") else (comparison.field,), language)
    elif comparison.field == "all":
        told = _sides(works, SIDE_BY_SIDE, language)
    elif comparison.field == "none":
        told = " ".join((say("unsupported", language, said=comparison.said), _sides(works, SIDE_BY_SIDE, language)))
    elif comparison.field == "choice" and not any(item.id in context.ledger.last_shown for item in works):
        told = say("no_choice", language, rest=_sides(works, SIDE_BY_SIDE, language))
    elif comparison.field == "choice":
        first = min(works, key=lambda item: _place(item, context))
        told = say("choice", language, name=item_name(first, language), reason=reason(headline(first, context), first, language))
    elif comparison.field == "moods":
        told = _by_mood(works, comparison, language)
    else:
        told = _by_number(works, comparison, language)
    return " ".join([*missing, told])


def _place(item: Item, context: FactContext) -> int:
    shown = context.ledger.last_shown
    return shown.index(item.id) if item.id in shown else len(shown)


def _by_number(works: Sequence[Item], comparison: Comparison, language: Language) -> str:
    """The work with most (or least) of it first, with the numbers of all."""
    field = comparison.field
    numbers = {item.id: getattr(item, field) for item in works}
    unknown = [item for item in works if numbers[item.id] is None]
    if unknown:
        rest = _sides([item for item in works if item not in unknown], (field,), language)
        return say("unknown_of", language, field=field_name(field, language), names=listed_names(unknown, language), rest=rest)
    ranked = sorted(works, key=lambda item: -numbers[item.id] if comparison.most else numbers[item.id])
    if field == "minutes" and len({item.form in OF_EPISODES for item in works}) > 1:
        return say("other_sense", language, rest=_sides(ranked, (field,), language))
    best, second = ranked[:2]
    level = numbers[best.id] == numbers[second.id]
    holds = comparison.level if level else best.id == comparison.subject
    answer = "" if comparison.subject is None else say("yes" if holds else "no", language)
    if level and len(ranked) == 2:
        told = say("level", language, rest=_sides(ranked, (field,), language))
    else:
        more, most = COMPARED[field, comparison.most][language]
        first = [item for item in ranked if numbers[item.id] == numbers[best.id]]
        told = say(
            "more_of" if len(ranked) == 2 else "most_of",
            language,
            name=listed_names(first, language),
            are="is" if len(first) == 1 else "are",
            more=more,
            most=most,
            value=told_fact(best, field, language).rstrip(".。"),
            rest=_sides(ranked[len(first) :], (field,), language),
        )
    return f"{answer} {told}".strip() if language == "en" else answer + told


def _by_mood(works: Sequence[Item], comparison: Comparison, language: Language) -> str:
    """Which of the works have the mood; how much of it a work has, no catalog tells."""
    unknown = [item for item in works if not item.moods]
    rest = _sides([item for item in works if item.moods], ("moods",), language)
    if unknown:
        return say("unknown_of", language, field=field_name("moods", language), names=listed_names(unknown, language), rest=rest)
    held = [item for item in works if not set(comparison.values).isdisjoint(item.moods)]
    others = [item for item in works if item not in held]
    mood = constraint_label(Constraint(field="moods", op="in", value=comparison.values, said=comparison.said), language)
    if not held or not others:
        return say("all_mood" if held else "no_mood", language, mood=mood, rest=rest)
    answer = ""
    if comparison.subject is not None:
        answer = say("yes" if (comparison.subject in {item.id for item in held}) == comparison.most else "no", language)
    key = "only_mood" if comparison.most else "least_mood"
    told = say(key, language, mood=mood, held=listed_names(held, language), others=listed_names(others, language), rest=rest)
    return f"{answer} {told}".strip() if language == "en" else answer + told


def _sides(works: Iterable[Item], fields: Iterable[str], language: Language) -> str:
    """What the catalog tells of each work, one sentence each."""
    comma, stop = ("; ", ".") if language == "en" else ("；", "。")
    told = []
    for item in works:
        parts = [part.rstrip(".。") for field in fields if (part := told_fact(item, field, language))]
        told.append(say("fact", language, name=item_name(item, language), told=comma.join(parts) + stop))
    return (" " if language == "en" else "").join(told)
