"""From grounded drafts and the reading to the Reply: opening, notes on what could not be done, chips."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chatrec.constraints import requirements, satisfies, satisfies_all
from chatrec.generate.facts import FactContext, reason, spread
from chatrec.generate.speaker import Spoken
from chatrec.present.clarify import Question
from chatrec.present.next_steps import next_steps
from chatrec.present.shortfalls import few, shortfalls
from chatrec.present.wording import JOIN, MAX_NAMES, NUMBERS, amount, count_picks, field_name, item_name, listed_names, say
from chatrec.retrieve.relax import Relaxation
from chatrec.types import Candidate, Chip, Claim, Constraint, Draft, Fit, Item, Language, Ledger, Reading, Recommendation, Reply
from chatrec.understand.chips import chips, constraint_label, title_of

MANY = 2
"""Things asked for that make a work which has them all at least a medium fit, however unlike a liked work it is."""
ASKED_FIELDS = ("genres", "moods", "themes", "tags", "people", "language", "countries")


def recommend(drafts: Iterable[Draft], context: FactContext, bounds: tuple[float, float]) -> tuple[Recommendation, ...]:
    """Drafts as they are shown, in their order, with reasons that do not all say the same.

    Args:
        drafts: in the order they are shown.
        context: the turn.
        bounds: of the head, between a low, a medium and a high fit.
    """
    shown = tuple(drafts)
    claims = spread([draft.claims for draft in shown])
    return tuple(_recommendation(draft, told, context, bounds) for draft, told in zip(shown, claims, strict=True))


def final_reply(
    reading: Reading,
    context: FactContext,
    recommendations: tuple[Recommendation, ...],
    n: int,
    degraded: tuple[str, ...],
    *,
    pool: Sequence[Candidate] = (),
    question: Question | None = None,
    exhausted: str = "",
    spoken: Spoken | None = None,
) -> Reply:
    """The answer of a turn that found something. Why it is less than it could be is in `degraded`, not in its text.

    Args:
        reading: of the message.
        context: the turn; its ledger does not know of these picks yet.
        recommendations: the picks.
        n: how many were wanted.
        degraded: why the answer is less than it could be.
        pool: everything that fits, the picks included; the next steps are chosen from it.
        question: what to ask beside the picks.
        exhausted: that nothing else fits, where works are shown again.
        spoken: the opening and the question as a capable model worded them, where it may.
    """
    spoken, language = spoken or Spoken(), context.language
    asked = chips(context.ledger, context.catalog, language)
    missing = missing_notes(reading, context.catalog)
    notes = _notes(reading, context, recommendations, n, pool, exhausted=bool(exhausted))
    opening = _opening(reading, context, recommendations, asked=asked, asks=question is not None, again=bool(exhausted))
    named = _named_among(recommendations, context)
    if spoken.opening and reading.intent == "recommend" and not (missing or exhausted or named):
        opening = spoken.opening
    ask = (spoken.question or question.text(language)) if question else ""
    rest = [*(note for note in notes if note not in missing), *filter(None, [ask])]
    if rest and opening.endswith("："):
        opening = opening[:-1] + "。"
    if _says_nothing_new(reading, context.ledger) and asked:
        notes = (say("nothing_new", language), *notes)
        exhausted = " ".join(filter(None, (notes[0], exhausted)))
    told = [*_lead(reading, asked), exhausted, *missing, opening, *rest]
    steps = next_steps([pick.item for pick in recommendations], pool, context.ledger, language)
    return Reply(
        text=" ".join(filter(None, told)),
        recommendations=recommendations,
        chips=asked + (question.chips(language) if question else ()) + steps,
        question=ask,
        notes=notes,
        degraded=degraded,
        ledger=context.ledger,
    )


def _notes(
    reading: Reading,
    context: FactContext,
    recommendations: Sequence[Recommendation],
    n: int,
    pool: Sequence[Candidate],
    *,
    exhausted: bool,
) -> tuple[str, ...]:
    """What could not be done, and what the picks lack; that they are few is told already where nothing else fits."""
    named = _named_among(recommendations, context)
    picks = [pick.item for pick in recommendations]
    is_few = len(named) < n and len(picks) < n and not exhausted
    return (
        *notes_on(reading, context.ledger, context.catalog),
        *([few(context, picks)] if is_few else ()),
        *shortfalls(reading, context, picks, n, pool),
    )


def _named_among(recommendations: Iterable[Recommendation], context: FactContext) -> list[Item]:
    """The picks that were asked for themselves."""
    wanted = context.ledger.ids("wanted")
    return [pick.item for pick in recommendations if pick.item.id in wanted]


def empty_reply(reading: Reading, ledger: Ledger, catalog: Mapping[str, Item], relaxation: Relaxation | None) -> Reply:
    """The answer when nothing satisfies everything: what stands in the way, the nearest way out, and its chips in front."""
    language = reading.language
    notes = notes_on(reading, ledger, catalog)
    dropped = relaxation.dropped if relaxation else ()
    if relaxation is None or not dropped:
        text = say("exhausted", language)
    elif any(item_id in catalog and satisfies_all(catalog[item_id], requirements(ledger)) for item_id in ledger.shown):
        text = say("all_shown", language, blocker=_without(relaxation, language))
    else:
        text = say("empty", language, blocker=_blocker(relaxation, language))
    saved = [catalog[c.opinion.item_id] for c in reading.changes if c.opinion is not None and c.opinion.sentiment == "saved"]
    if reading.intent == "swap" and saved:
        text = f"{say('put_off', language, names=listed_names(saved, language))} {text}"
    understood = sorted(chips(ledger, catalog, language), key=lambda chip: not _removes(chip, dropped))
    return Reply(text=" ".join((text, *notes)), chips=tuple(understood), notes=(text, *notes), ledger=ledger)


def notes_on(reading: Reading, ledger: Ledger, catalog: Mapping[str, Item]) -> tuple[str, ...]:
    """What could not be done, or was assumed, said plainly."""
    language = reading.language
    ambiguous = [_ambiguity(a.said, [catalog[i] for i in a.options], language) for a in reading.ambiguities]
    unsupported = [say("unsupported", language, said=words) for words in reading.unsupported]
    unenforceable = [
        say("unenforceable", language, said=c.said or constraint_label(c, language), field=field_name(c.field, language))
        for c in ledger.constraints
        if not c.enforceable
    ]
    unfit = _unfit(reading, ledger, catalog)
    return (*missing_notes(reading, catalog), *ambiguous, *unfit, *unsupported, *unenforceable)


def _unfit(reading: Reading, ledger: Ledger, catalog: Mapping[str, Item]) -> list[str]:
    """That a work which was asked for itself breaks what was demanded."""
    opinions = (change.opinion for change in reading.changes if change.opinion is not None)
    works = [catalog[o.item_id] for o in opinions if o.sentiment == "wanted" and o.item_id in catalog]
    broken = [(work, [c for c in requirements(ledger) if not satisfies(work, c)]) for work in works]
    language = reading.language
    return [
        say("unfit", language, name=item_name(work, language), demanded=_labels(demands, language))
        for work, demands in broken
        if demands
    ]


def _labels(constraints: Iterable[Constraint], language: Language) -> str:
    return JOIN[language][0].join(constraint_label(constraint, language) for constraint in constraints)


def missing_notes(reading: Reading, catalog: Mapping[str, Item]) -> tuple[str, ...]:
    """One sentence for each name that was said and that the catalog lacks, with what it has instead."""
    notes = tuple(_missing(said, reading, catalog) for said in reading.missing)
    names = JOIN[reading.language][0].join(reading.nothing_by[:MAX_NAMES])
    return (*notes, say("nothing_by", reading.language, names=names)) if names else notes


def _missing(said: str, reading: Reading, catalog: Mapping[str, Item]) -> str:
    works = [catalog[item_id] for item_id in reading.standing_in.get(said, ()) if item_id in catalog]
    if not works:
        return say("missing", reading.language, said=said)
    return say("missing_part", reading.language, said=said, names=listed_names(works, reading.language))


def fit_of(probability: float, bounds: tuple[float, float]) -> Fit:
    """The head's probability as a word."""
    low, high = bounds
    return "low" if probability < low else "medium" if probability < high else "high"


def meets_all(item: Item, ledger: Ledger) -> bool:
    """Whether the work has all that was asked for, and that is more than one thing; what no field can tell counts as lacking."""
    wishes = [c for wish in ledger.wishes if wish.field in ASKED_FIELDS and (c := wish.constraint) is not None]
    asked = [*(c for c in requirements(ledger) if c.field in ASKED_FIELDS), *wishes]
    told = len(wishes) == len(ledger.wishes) and all(c.hard and c.enforceable for c in ledger.constraints)
    return told and len(asked) >= MANY and satisfies_all(item, asked)


def _recommendation(draft: Draft, claims: tuple[Claim, ...], context: FactContext, bounds: tuple[float, float]) -> Recommendation:
    item, fit = draft.candidate.item, fit_of(draft.candidate.score, bounds)
    return Recommendation(
        item=item,
        reason=reason(claims, item, context.language),
        evidence=claims,
        score=draft.candidate.score,
        fit="medium" if fit == "low" and meets_all(item, context.ledger) else fit,
        written_by=draft.written_by,
    )


def _says_nothing_new(reading: Reading, ledger: Ledger) -> bool:
    """Whether a request after an answer was not understood at all, so that the same picks come again."""
    understood = reading.changes or reading.missing or reading.unsupported or reading.nothing_by
    return reading.intent == "recommend" and bool(ledger.last_shown) and not understood


def _lead(reading: Reading, asked: tuple[Chip, ...]) -> list[str]:
    """What was done before picking: everything was forgotten, or something taken back, and what."""
    if reading.intent == "restart":
        return [say("restart", reading.language)]
    if reading.intent != "undo":
        return []
    what = JOIN[reading.language][0].join(reading.taken_back)
    key = "undo" if what else "undo_back" if asked else "undo_nothing"
    return [say(key, reading.language, what=what)]


def _opening(
    reading: Reading,
    context: FactContext,
    recommendations: Sequence[Recommendation],
    *,
    asked: tuple[Chip, ...],
    asks: bool,
    again: bool,
) -> str:
    """What took the place of what, which works that were asked for are here, or how many picks there are."""
    return (
        _swapped(reading, context, recommendations)
        or _named(_named_among(recommendations, context), len(recommendations), context.language)
        or _counted(reading, context, _pulling(asked, context.ledger), len(recommendations), asks=asks, again=again)
    )


def _counted(reading: Reading, context: FactContext, asked: tuple[Chip, ...], n: int, *, asks: bool, again: bool) -> str:
    """How many picks there are, and what they go by."""
    language = context.language
    values = {"n": count_picks(n, language), "are": "is" if n == 1 else "are"}
    labels = JOIN[language][0].join(chip.label for chip in asked)
    if again:
        return say("again", language, **values)
    if reading.intent == "surprise":
        going_by = (f"按“{labels}”，" if language == "zh" else f", going by {labels}") if labels else ""
        return say("surprise", language, asked=going_by, **values)
    if reading.standing_in and not labels:
        return say("picks_near", language, **values)
    if missing_notes(reading, context.catalog):
        return say("going_by" if labels else "going_by_nothing", language, asked=labels, **values)
    plain = "picks_start" if asks else "picks_plain"
    return say("picks" if labels else plain, language, asked=labels, **values)


def _named(works: Sequence[Item], n: int, language: Language) -> str:
    """That works which were asked for themselves are here, and how many others."""
    if not works:
        return ""
    titles = [f"《{title_of(work, language)}》" if language == "zh" else title_of(work, language) for work in works]
    last = "和" if language == "zh" else " and "
    names = last.join(filter(None, (JOIN[language][0].join(titles[:-1]), titles[-1])))
    others = n - len(works)
    key = "named_more" if others else "named"
    more = str(others) if language == "zh" or others >= len(NUMBERS) else NUMBERS[others]
    one = len(works) == 1
    return say(key, language, names=names, are="is" if one else "are", more=more, them="it" if one else "them")


def _pulling(asked: tuple[Chip, ...], ledger: Ledger) -> tuple[Chip, ...]:
    """What the picks go by: what was saved for later is none of it."""
    saved = ledger.ids("saved")
    return tuple(c for c in asked if not (c.remove is not None and c.remove.action == "unopine" and c.remove.key in saved))


def _swapped(reading: Reading, context: FactContext, recommendations: Sequence[Recommendation]) -> str:
    """What took the place of what, where only some picks were to be replaced."""
    if reading.intent != "swap":
        return ""
    ledger, language = context.ledger, context.language
    shown = {pick.item.id for pick in recommendations}
    gone = [context.catalog[item_id] for item_id in ledger.last_shown if item_id not in shown]
    new = [pick.item for pick in recommendations if pick.item.id not in ledger.last_shown]
    saved = [item for item in gone if item.id in ledger.ids("saved")]
    put_off = [say("put_off", language, names=listed_names(saved, language))] if saved else []
    old = listed_names(gone, language) if gone else ""
    told = say("swap" if new else "swap_none", language, old=old, new=listed_names(new, language) if new else "")
    return (" " if language == "en" else "").join([*put_off, told])


def _ambiguity(said: str, options: list[Item], language: Language) -> str:
    mixed = len({item.kind for item in options}) > 1
    names = [item_name(item, language, form=mixed) for item in options]
    comma, either = JOIN[language]
    listed = comma.join(names[:-1]) + either + names[-1]
    return say("ambiguous", language, said=said, options=listed, first=names[0])


def _dropped(relaxation: Relaxation, language: Language) -> str:
    return _labels(relaxation.dropped, language)


def _without(relaxation: Relaxation, language: Language) -> str:
    return say("blocker", language, dropped=_dropped(relaxation, language), count=relaxation.remaining)


def _blocker(relaxation: Relaxation, language: Language) -> str:
    if relaxation.nearest is None:
        return _without(relaxation, language)
    nearest = amount(relaxation.dropped[0], relaxation.nearest, language)
    return say("blocker_near", language, dropped=_dropped(relaxation, language), nearest=nearest, count=relaxation.remaining)


def _removes(chip: Chip, dropped: tuple[Constraint, ...]) -> bool:
    return chip.remove is not None and chip.remove.key in {constraint.key for constraint in dropped}
