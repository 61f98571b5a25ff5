"""The check of every claim against the catalog. What is not borne out by a field is dropped; what is gets our own wording."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chatrec.generate import wording
from chatrec.generate.facts import FactContext, make_claim
from chatrec.types import Claim, Item, Language

Verdict = str
"""`kept`, `rewritten` (true, but not in these words) or `dropped` (not true, or not checkable)."""
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DECADE = re.compile(r"(\d{3})0s?\Z")
_CLOCK = re.compile(r"(?:about |episodes of )?(?:(\d+(?:\.\d+)?) ?h(?:ours?)?)? ?(?:(\d+) ?m(?:in(?:utes)?)?)?\Z")


def supported(claim: Claim, item: Item, context: FactContext) -> bool:
    """Whether the item bears the claim out, in value and in words.

    The value must be the field's own; the text may say nothing but the value, so it must be the phrase that this package
    makes of it (in either language), the bare value, or empty.
    """
    return _verdict(claim, item, context)[0] == "kept"


@dataclass
class Grounding:
    """Checks the claims of one turn and counts what became of them."""

    context: FactContext
    _counts: Counter[Verdict] = field(default_factory=Counter)

    def check(self, claim: Claim, item: Item) -> Claim | None:
        """The claim in our words if it is true, else `None`."""
        verdict, grounded = _verdict(claim, item, self.context)
        self._counts[verdict] += 1
        return grounded

    @property
    def counts(self) -> Mapping[str, int]:
        """How many claims were kept, rewritten and dropped so far."""
        return {f"claims_{verdict}": self._counts[verdict] for verdict in ("kept", "rewritten", "dropped")}


def _verdict(claim: Claim, item: Item, context: FactContext) -> tuple[Verdict, Claim | None]:
    grounded = _grounded(claim, item, context)
    if grounded is None:
        return "dropped", None
    return ("kept" if claim.text in _wordings(grounded, item, context) else "rewritten"), grounded


def _grounded(claim: Claim, item: Item, context: FactContext) -> Claim | None:
    """The claim as we make it, from whichever field and spelling of the value the writer used."""
    read = _READERS.get(claim.field)
    names = ("creators", "cast") if claim.field == "people" else ("year",) if claim.field == "decade" else (claim.field,)
    value = read(claim.value, item, context) if read else claim.value.strip()
    made = (make_claim(name, value, item, context) for name in names)
    return next((grounded for grounded in made if grounded is not None), None)


def _wordings(grounded: Claim, item: Item, context: FactContext) -> set[str]:
    """The texts that say exactly what the claim's value says."""
    own = {grounded.text, "", grounded.value}
    for language in LANGUAGES:
        other = make_claim(grounded.field, grounded.value, item, context, language)
        if other is not None:
            own.add(other.text)
    return own


# --- values as writers spell them → values as the catalog has them --------------------------------------------------


def _year(value: str, item: Item, context: FactContext) -> str:
    number = _NUMBER.search(value)
    return number.group() if number else value


def _decade(value: str, item: Item, context: FactContext) -> str:
    """The item's year if it lies in the decade."""
    decade = _DECADE.match(value.strip())
    inside = decade is not None and item.year is not None and item.year // 10 == int(decade.group(1))
    return str(item.year) if inside else ""


def _minutes(value: str, item: Item, context: FactContext) -> str:
    """The item's minutes if the value names the same length, in minutes, in hours and minutes, or as we round it."""
    if item.minutes is None:
        return ""
    same = value.strip() in (f"{item.minutes:g}", wording.length(item, "en"), wording.length(item, "zh"))
    return f"{item.minutes:g}" if same or _clock(value) == round(item.minutes) else ""


def _clock(value: str) -> int | None:
    text = value.strip().casefold()
    if _NUMBER.fullmatch(text):
        return round(float(text))
    match = _CLOCK.match(text)
    if match is None or not (match.group(1) or match.group(2)):
        return None
    return round(60 * float(match.group(1) or 0) + float(match.group(2) or 0))


def _country(value: str, item: Item, context: FactContext) -> str:
    named = (code for code in item.countries if value.strip() in _names(wording.country_name, code))
    return next(named, value.strip())


def _language(value: str, item: Item, context: FactContext) -> str:
    code = (item.language or "").split("-")[0]
    return code if code and value.strip() in _names(wording.language_name, code) else value.strip()


def _names(name: Callable[[str, Language], str], code: str) -> tuple[str, str]:
    return name(code, "en"), name(code, "zh")


def _near(value: str, item: Item, context: FactContext) -> str:
    """The id of the liked item whose id or title the value is."""
    liked = context.catalog.get(context.near.get(item.id, ("", 0.0))[0])
    same = liked is not None and value.strip().casefold() in (liked.id.casefold(), liked.title.casefold())
    return liked.id if same and liked is not None else value


_READERS: Mapping[str, Callable[[str, Item, FactContext], str]] = {
    "year": _year,
    "decade": _decade,
    "minutes": _minutes,
    "age": _year,
    "countries": _country,
    "language": _language,
    "near": _near,
}
