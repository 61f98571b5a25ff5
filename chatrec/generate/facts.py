"""What is true of an item, as short claims bound to catalog fields, the most relevant to what was asked first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, zip_longest

from chatrec.catalog.chinese import chinese
from chatrec.constraints import NUMBER_FIELDS, concerns, satisfies
from chatrec.generate import wording
from chatrec.generate.sentence import echoes, reason
from chatrec.types import Claim, Constraint, Item, Kind, Language, Ledger, Sentiment, Wish

__all__ = ["FactContext", "asked_facts", "complete", "facts", "headline", "make_claim", "reason", "shared_facts", "spread"]

LIST_FIELDS = ("genres", "moods", "themes", "tags", "creators", "cast", "publishers", "countries")
WORD_FIELDS = ("themes", "genres", "moods", "tags")
MAX_CLAIMS, MAX_ASKED = 5, 3
"""Claims in one reason (what was asked for, what it is, what it is about, a detail), and how many the first of these fill."""
MAX_TOLD = 2
"""Picks of one slate of which the same closeness, age, studio, country or language is said."""
COMMON_FIELDS = ("near", "age", "publishers", "countries", "language")
QUARTILES = (0.25, 0.75)


@dataclass(frozen=True)
class FactContext:
    """What claims of one turn are made and checked with."""

    ledger: Ledger
    catalog: Mapping[str, Item]
    near: Mapping[str, tuple[str, float]]
    """Item id → (liked item's id, cosine), only where the two are truly near."""
    language: Language = "en"

    @cached_property
    def popularity_quartiles(self) -> Mapping[Kind, tuple[float, float]]:
        """Per medium, the popularity that a quarter of its items stay below, and the one a quarter exceed."""
        known: dict[Kind, list[float]] = {}
        for item in self.catalog.values():
            if item.popularity is not None:
                known.setdefault(item.kind, []).append(item.popularity)
        return {kind: _quartiles(sorted(values)) for kind, values in known.items()}


def _quartiles(ordered: list[float]) -> tuple[float, float]:
    low, high = (ordered[int(q * (len(ordered) - 1))] for q in QUARTILES)
    return low, high


# --- single claims -------------------------------------------------------------------------------------------------


def make_claim(field: str, value: str, item: Item, context: FactContext, language: Language | None = None) -> Claim | None:
    """The claim that `item` has this value in this field; `None` if that is not true.

    Args:
        field: a field of `Item`, or `near` (value: id of a liked item) or `popularity` (value: `low` or `high`).
        value: as the catalog has it, in any case.
        item: what is spoken of.
        context: the turn.
        language: of the claim's text; the turn's if not given.
    """
    exact = _true_value(field, value, item, context)
    if exact is None:
        return None
    tongue = language or context.language
    if field == "near":
        said: list[Sentiment] = [opinion.sentiment for opinion in context.ledger.opinions if opinion.item_id == exact]
        text = wording.near_phrase(_title(context.catalog[exact], tongue), tongue, said[0] if said else "mentioned")
    else:
        text = wording.PHRASES[field](exact, item, tongue)
    return Claim(wording.spaced(text) if tongue == "zh" else text, field, exact)


def _true_value(field: str, value: str, item: Item, context: FactContext) -> str | None:
    """The value as the catalog spells it if the item has it, else `None`."""
    if field in LIST_FIELDS:
        folded = value.casefold()
        return next((v for v in getattr(item, field) if v.casefold() == folded and wording.is_plain(v)), None)
    if field == "near":
        return value if _is_near(item, value, context) else None
    if field == "popularity":
        return value if value == _popularity_class(item, context) else None
    if field == "language":
        known = (item.language or "").split("-")[0].casefold()
        return known if known and known == value.split("-")[0].casefold() and wording.is_plain(known) else None
    if field in ("year", "minutes", "age"):
        known = getattr(item, field)
        measured = known is not None and (field != "minutes" or known >= 1)
        return value if measured and value == f"{known:g}" else None
    return None


def _is_near(item: Item, liked_id: str, context: FactContext) -> bool:
    liked = context.catalog.get(liked_id)
    near = context.near.get(item.id)
    return near is not None and near[0] == liked_id != item.id and liked is not None and bool(_title(liked, context.language))


def _title(item: Item, language: Language) -> str:
    """The title as it may stand in a reason; in Chinese the Chinese one if the catalog has it."""
    chinese = (alias for alias in item.aliases if _is_chinese(alias)) if language == "zh" else iter(())
    return wording.plain(next(chinese, item.title))


def _is_chinese(text: str) -> bool:
    han = sum("\u4e00" <= char <= "\u9fff" for char in text)
    kana = any("\u3040" <= char <= "\u30ff" for char in text)
    return han > 0 and not kana and 2 * han >= len(text)


def _popularity_class(item: Item, context: FactContext) -> str | None:
    quartiles = context.popularity_quartiles.get(item.kind)
    if item.popularity is None or quartiles is None or quartiles[0] == quartiles[1]:
        return None
    return "low" if item.popularity <= quartiles[0] else "high" if item.popularity >= quartiles[1] else None


# --- all claims, in order ------------------------------------------------------------------------------------------


def facts(item: Item, context: FactContext) -> tuple[Claim, ...]:
    """Every statement that is true of the item, the most relevant first.

    First what the ledger asked for and the item has, then closeness to a liked item, then what is distinctive (themes,
    moods, genres, maker, length, year, country), then the rest of its fields.
    """
    wanted = [*_asked(item, context), *_near(item, context), *_distinctive(item, context.language)]
    makers = _makers(item, context.language)
    wanted += [(field, value) for field, value in _fields(item) if field != "creators" or value in makers]
    claims = (make_claim(field, value, item, context) for field, value in dict.fromkeys(wanted))
    return tuple(claim for claim in claims if claim is not None)


def asked_facts(item: Item, context: FactContext) -> tuple[Claim, ...]:
    """The claims among `facts` that answer what the ledger asks for, closeness to a liked item included."""
    wanted = dict.fromkeys([*_asked(item, context), *_near(item, context)])
    claims = (make_claim(field, value, item, context) for field, value in wanted)
    return tuple(claim for claim in claims if claim is not None)


def shared_facts(item: Item, other: Item, context: FactContext) -> tuple[Claim, ...]:
    """What `item` has in common with `other`, a few claims that make a reason; its own headline if nothing."""
    theirs = {(field, value.casefold()) for field, value in _fields(other)}
    own = facts(item, context)
    common = tuple(c for c in own if (c.field, c.value.casefold()) in theirs and c.field not in ("age", "year", "minutes"))
    return complete(_varied(common)[:MAX_ASKED], item, context)


Pair = tuple[str, str]


def _asked(item: Item, context: FactContext) -> Iterator[Pair]:
    for constraint in reversed(context.ledger.constraints):
        yield from _met(item, constraint)
    for wish in reversed(context.ledger.wishes):
        yield from _granted(item, wish)


def _met(item: Item, constraint: Constraint) -> Iterator[Pair]:
    """The values with which the item meets a positive constraint."""
    field = constraint.field
    if (
        field in ("kind", "form", "id")
        or constraint.op == "not_in"
        or not (concerns(item, constraint) and satisfies(item, constraint))
    ):
        return
    if field == "popularity":
        yield ("popularity", "low" if constraint.op in ("lt", "le") else "high")
    elif field in NUMBER_FIELDS:
        yield (field, f"{getattr(item, field):g}")
    else:
        wanted = {str(value).casefold() for value in constraint.value} if isinstance(constraint.value, tuple) else set()
        met = ((f, v) for f, v in _fields(item) if _covers(field, f) and _comparable(f, v) in wanted)
        yield from islice(met, 1)  # one of the alternatives is reason enough


def _covers(constrained: str, field: str) -> bool:
    return field == constrained or (constrained == "people" and field in ("creators", "cast", "publishers"))


def _comparable(field: str, value: str) -> str:
    return value.split("-")[0].casefold() if field == "language" else value.casefold()


def _granted(item: Item, wish: Wish) -> Iterator[Pair]:
    """The values that grant a wish: the one it names, else those whose words it contains or is contained in."""
    if wish.field == "popularity":
        yield ("popularity", "low" if wish.direction == "less" else "high")
        return
    if wish.direction == "less":
        return
    if wish.field is not None and wish.value is not None:
        folded = {value.casefold() for value in wish.values}
        yield from ((f, v) for f, v in _fields(item) if _covers(wish.field, f) and v.casefold() in folded)
        return
    said = _stems(wish.text)
    yield from ((f, v) for f, v in _fields(item) if f in WORD_FIELDS and said & _stems(v) and _worded(f, v))


def _worded(field: str, value: str) -> bool:
    """Whether the value reads as part of a sentence; of tags only those that the tables know do."""
    known = wording.words()
    return field != "tags" or value.casefold() in known.tags_pre or value.casefold() in known.tags_post


def _stems(text: str) -> frozenset[str]:
    """The words of a phrase, long enough to mean something, without a plural s."""
    return frozenset(word.removesuffix("s") for word in text.casefold().split() if len(word) > 3)


def _near(item: Item, context: FactContext) -> Iterator[Pair]:
    if item.id in context.near:
        yield ("near", context.near[item.id][0])


def _distinctive(item: Item, language: Language) -> Iterator[Pair]:
    """Theme, mood, genre, maker, length, year; then the second of each; then country and language if not English."""
    moods = [mood for mood in item.moods if not echoes(mood, item.genres)]
    columns = {
        "themes": _readable_themes(item, language),
        "moods": moods,
        "genres": item.genres,
        "creators": _makers(item, language),
    }
    for place in range(2):
        for field, values in columns.items():
            yield from ((field, value) for value in values[place : place + 1])
        yield from _numbers(item, ("minutes", "year") if place == 0 else ())
    yield from (("cast", value) for value in item.cast[:2])
    if item.language not in (None, "en"):
        yield from (("countries", code) for code in item.countries[:1])
        yield ("language", str(item.language).split("-")[0])


def _readable_themes(item: Item, language: Language) -> tuple[str, ...]:
    """The themes, in Chinese those first that a Chinese word is known for."""
    return tuple(sorted(item.themes, key=lambda value: chinese("themes", value) is None)) if language == "zh" else item.themes


def _makers(item: Item, language: Language) -> tuple[str, ...]:
    """The creators as readers of the language write them: of a name and its Chinese spelling, which follows it, only theirs."""
    if language == "en":
        return tuple(name for name in item.creators if not _is_chinese(name)) or item.creators
    spelled = zip_longest(item.creators, item.creators[1:], fillvalue="")
    return tuple(name for name, following in spelled if _is_chinese(name) or not _is_chinese(following))


def _fields(item: Item) -> Iterator[Pair]:
    """Every (field, value) the item has."""
    for field in ("themes", "moods", "genres", "tags", "creators", "cast", "publishers", "countries"):
        yield from ((field, value) for value in getattr(item, field))
    if item.language:
        yield ("language", item.language.split("-")[0])
    yield from _numbers(item, ("year", "minutes", "age"))


def _numbers(item: Item, fields: Iterable[str]) -> Iterator[Pair]:
    yield from ((field, f"{value:g}") for field in fields if (value := getattr(item, field)) is not None)


# --- the few that make a reason ------------------------------------------------------------------------------------

DETAILS = ("creators", "minutes", "year", "countries", "cast")


def headline(item: Item, context: FactContext, *, turn: int = 0, used: frozenset[Pair] = frozenset()) -> tuple[Claim, ...]:
    """The claims of a reason that no language model wrote: what was asked for, what it is about, and one detail.

    Args:
        item: what is spoken of.
        context: the turn.
        turn: its place in the slate; the kind of detail rotates with it, so that reasons side by side differ.
        used: (field, value) pairs that the slate has used already; they are avoided unless they were asked for.
    """
    return complete((), item, context, turn=turn, used=used)


def complete(
    claims: tuple[Claim, ...], item: Item, context: FactContext, *, turn: int = 0, used: frozenset[Pair] = frozenset()
) -> tuple[Claim, ...]:
    """The claims, filled up with other true ones to a full sentence: what was asked for, subject, kind of work, a detail."""
    details = DETAILS[turn % 3 :] + DETAILS[: turn % 3]
    chosen = list(claims)
    for claim in _varied(asked_facts(item, context)):
        if len(chosen) < MAX_ASKED and claim.field not in {c.field for c in chosen}:
            chosen.append(claim)
    others = [claim for claim in facts(item, context) if claim not in chosen]
    fresh = [c for c in others if (c.field, c.value) not in used and _is_readable(c, context.language)]
    for fields in (("themes",), ("genres",), details, ("moods",)):
        if len(chosen) < MAX_CLAIMS and not {claim.field for claim in chosen}.intersection(fields):
            chosen.extend(_first(fields, fresh, others))
    return tuple(chosen)


def spread(slate: Sequence[tuple[Claim, ...]]) -> tuple[tuple[Claim, ...], ...]:
    """The claims of each pick of a slate, what all of them could say of themselves said by at most `MAX_TOLD` of them.

    That is closeness to one liked item, and whatever was required of all: an age, a studio, a language. A pick that has
    nothing else to say for itself keeps its claims.
    """
    told: Counter[Pair] = Counter()
    kept = []
    for claims in slate:
        fresh = tuple(c for c in claims if c.field not in COMMON_FIELDS or told[c.field, c.value] < MAX_TOLD)
        kept.append(fresh or claims)
        told.update((claim.field, claim.value) for claim in kept[-1])
    return tuple(kept)


def _is_readable(claim: Claim, language: Language) -> bool:
    """Whether a theme has a word in the language; all else has."""
    return claim.field != "themes" or language == "en" or chinese("themes", claim.value) is not None


def _first(fields: tuple[str, ...], *pools: list[Claim]) -> list[Claim]:
    """The first claim of the first field that any pool has; the earlier pool is preferred."""
    for field in fields:
        for pool in pools:
            found = next((claim for claim in pool if claim.field == field), None)
            if found is not None:
                return [found]
    return []


def _varied(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """The same claims, one of each field before a second of any."""
    seen: dict[str, int] = {}
    places = []
    for claim in claims:
        places.append(seen.get(claim.field, 0))
        seen[claim.field] = places[-1] + 1
    return tuple(claim for _, claim in sorted(zip(places, claims, strict=True), key=lambda pair: pair[0]))
