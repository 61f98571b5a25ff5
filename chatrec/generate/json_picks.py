"""The protocol for capable models: one JSON object under a schema, read claim by claim while it grows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jiter

from chatrec.generate import wording
from chatrec.generate.facts import FactContext
from chatrec.types import Candidate, Claim

MAX_CLAIMS, MAX_VALUE_CHARS = 3, 60
CLAIM_FIELDS = (
    "genres",
    "moods",
    "themes",
    "tags",
    "creators",
    "cast",
    "year",
    "minutes",
    "countries",
    "language",
    "age",
    "near",
)


@dataclass(frozen=True)
class Card:
    """A candidate as the capable model sees it."""

    name: str
    candidate: Candidate
    title: str
    fields: Mapping[str, tuple[str, ...]]
    """Field → values, as plain text."""


PROSE_CHARS, PROSE_CHARS_SHORT = 200, 80


def cards(slots: Sequence[Candidate], context: FactContext, prose_chars: int = PROSE_CHARS) -> tuple[Card, ...]:
    """The candidates with slot names `c01` … and their fields."""
    return tuple(_card(f"c{place:02d}", slot, context, prose_chars) for place, slot in enumerate(slots, 1))


def decks(slots: Sequence[Candidate], context: FactContext) -> Iterator[tuple[Card, ...]]:
    """The candidates with ever shorter descriptions, for a prompt that must become shorter."""
    yield from (cards(slots, context, chars) for chars in (PROSE_CHARS, PROSE_CHARS_SHORT, 0))


def _card(name: str, candidate: Candidate, context: FactContext, prose_chars: int) -> Card:
    item = candidate.item
    fields: dict[str, tuple[str, ...]] = {"form": (wording.form_noun(item, "en"),)}
    for field in ("genres", "moods", "themes", "tags", "creators", "cast"):
        fields[field] = tuple(wording.plain(value) for value in getattr(item, field)[:6] if wording.is_plain(value))
    numbers = {"year": item.year, "minutes": item.minutes, "age": item.age}
    fields |= {field: (f"{value:g}",) for field, value in numbers.items() if value is not None}
    fields |= {"countries": item.countries[:3], "language": (item.language,) if item.language else ()}
    if item.id in context.near:
        fields["near"] = (wording.plain(context.catalog[context.near[item.id][0]].title),)
    if item.description and prose_chars:
        fields["description"] = (wording.plain(item.description, prose_chars),)
    return Card(name, candidate, wording.plain(item.title), {field: values for field, values in fields.items() if values})


def schema(slots: Sequence[Card], n: int) -> dict[str, Any]:
    """JSON schema of the answer: up to n picks of known slots, each with a few bounded claims."""
    claim = {
        "field": {"type": "string", "enum": list(CLAIM_FIELDS)},
        "value": {"type": "string", "minLength": 1, "maxLength": MAX_VALUE_CHARS},
    }
    pick = {
        "slot": {"type": "string", "enum": [card.name for card in slots]},
        "claims": {"type": "array", "minItems": 1, "maxItems": MAX_CLAIMS, "items": _object(claim)},
    }
    return _object({"picks": {"type": "array", "minItems": min(n, len(slots)), "maxItems": n, "items": _object(pick)}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


@dataclass
class JsonReader:
    """Reads the object as it grows. Unknown slots, repeated slots, odd shapes and overlong strings are dropped and counted.

    Text in front of the object (a code fence, spoken thoughts) is skipped.
    """

    slots: Mapping[str, Card]
    dropped: int = 0
    _buffer: str = ""
    _picks: int = 0
    _claims: int = 0
    _announced: bool = False
    _done: frozenset[str] = frozenset()

    def feed(self, text: str) -> Iterator[tuple[Card, Claim | None]]:
        """Every pick (with claim `None`) and every claim that this piece of text completes."""
        self._buffer += text
        if "}" in text or "]" in text or '"' in text:
            yield from self._read(final=False)

    def finish(self) -> Iterator[tuple[Card, Claim | None]]:
        """What is left when the text has ended, if it is whole."""
        yield from self._read(final=True)

    @property
    def picked(self) -> int:
        """Distinct slots read to their end."""
        return len(self._done)

    def _read(self, *, final: bool) -> Iterator[tuple[Card, Claim | None]]:
        picks = self._parsed()
        for place, pick in enumerate(picks[self._picks :], self._picks):
            whole = final or place + 1 < len(picks) or self._closed()
            yield from self._read_pick(pick, whole=whole)
            if whole:
                self._end_pick(pick)

    def _parsed(self) -> list[Any]:
        """The picks as far as they have arrived; strings that have not ended are left out."""
        start = self._buffer.find("{")
        if start < 0:
            return []
        try:
            data = jiter.from_json(self._object_text(start), partial_mode=True)
        except ValueError:
            return []
        picks = data.get("picks") if isinstance(data, dict) else None
        return picks if isinstance(picks, list) else []

    def _object_text(self, start: int) -> bytes:
        """The object without what follows its last closing bracket once nothing but a code fence can follow."""
        text = self._buffer[start:]
        fence = text.find("```")
        return (text[:fence] if fence >= 0 else text).encode()

    def _closed(self) -> bool:
        return self._buffer.rstrip().removesuffix("```").rstrip().endswith(("]}", "] }"))

    def _read_pick(self, pick: Any, *, whole: bool) -> Iterator[tuple[Card, Claim | None]]:
        card = self._card_of(pick)
        if card is None:
            self.dropped += whole
            return
        if not self._announced:
            self._announced = True
            yield card, None
        claims = pick.get("claims")
        claims = claims if isinstance(claims, list) else []
        ready = claims if whole else claims[: len(claims) - (not _is_whole(claims))]
        for raw in ready[self._claims : MAX_CLAIMS]:
            claim = _claim(raw)
            self.dropped += claim is None
            if claim is not None:
                yield card, claim
        self._claims = max(self._claims, len(ready))

    def _card_of(self, pick: Any) -> Card | None:
        name = pick.get("slot") if isinstance(pick, dict) else None
        known = isinstance(name, str) and name not in self._done
        return self.slots.get(name) if known and isinstance(name, str) else None

    def _end_pick(self, pick: Any) -> None:
        card = self._card_of(pick)
        self._done |= {card.name} if card else set()
        self._picks, self._claims, self._announced = self._picks + 1, 0, False


def _is_whole(claims: list[Any]) -> bool:
    """Whether the last claim has all that we read of it."""
    return bool(claims) and isinstance(claims[-1], dict) and {"field", "value"} <= claims[-1].keys()


def _claim(raw: Any) -> Claim | None:
    """Field and value of one claim; its words, should a model write any, are ours to make."""
    field, value = (raw.get("field"), raw.get("value")) if isinstance(raw, dict) else (None, None)
    value = f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if not (isinstance(field, str) and field in CLAIM_FIELDS):
        return None
    if not (isinstance(value, str) and 0 < len(value) <= MAX_VALUE_CHARS):
        return None
    return Claim("", field, value)
