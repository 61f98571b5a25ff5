"""The protocol for small models: lines "c03 fact; fact" under a grammar in which a slot can only be followed by its own facts.

A false claim cannot be written, and each pick costs few tokens, which is what counts on a CPU.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice

from chatrec.generate import wording
from chatrec.generate.facts import FactContext, asked_facts, facts
from chatrec.types import Candidate, Claim, Item

MAX_TITLE_CHARS = 40
MAX_LEADS, MAX_DETAILS = 3, 4
"""Facts offered per slot: those that can come first (what answers the request), and those that can come second."""
MAX_DISTINCT = 5
"""Picks among which the grammar forbids repetition; the reader drops it among the later ones."""


@dataclass(frozen=True)
class Card:
    """A candidate as the small model sees it."""

    name: str
    candidate: Candidate
    title: str
    leads: Mapping[str, tuple[Claim, ...]]
    """Phrase → the claims it stands for."""
    details: Mapping[str, tuple[Claim, ...]]

    @property
    def phrases(self) -> tuple[str, ...]:
        """All phrases of the slot, as its line lists them."""
        return (*self.leads, *self.details)

    def claims(self, phrase: str) -> tuple[Claim, ...]:
        """What a phrase claims; nothing if it is not one of the slot's."""
        return self.leads.get(phrase) or self.details.get(phrase) or ()


def cards(slots: Sequence[Candidate], context: FactContext, details: int = MAX_DETAILS) -> tuple[Card, ...]:
    """The candidates with slot names `c01` … and the facts each can be picked with."""
    return tuple(_card(f"c{place:02d}", slot, context, details) for place, slot in enumerate(slots, 1))


def decks(slots: Sequence[Candidate], context: FactContext) -> Iterator[tuple[Card, ...]]:
    """The candidates with ever fewer facts, for a prompt that must become shorter."""
    yield from (cards(slots, context, details) for details in range(MAX_DETAILS, 0, -1))


def _card(name: str, candidate: Candidate, context: FactContext, details: int) -> Card:
    item = candidate.item
    asked = asked_facts(item, context)
    others = tuple(claim for claim in facts(item, context) if claim not in asked)
    leads = _phrases([(claim,) for claim in asked] or _kinds_of_work(others), item, context, MAX_LEADS)
    taken = {claim for claims in leads.values() for claim in claims}
    rest = [(claim,) for claim in others if claim not in taken and claim.field not in ("moods", "age")]
    second = _phrases(rest, item, context, details, besides=leads)
    return Card(name, candidate, wording.plain(item.title, MAX_TITLE_CHARS), leads, second)


def _kinds_of_work(claims: Sequence[Claim]) -> list[tuple[Claim, ...]]:
    """Mood and genre as one phrase ("bleak western"), then themes."""
    moods = [claim for claim in claims if claim.field == "moods"][:2]
    genres = [claim for claim in claims if claim.field == "genres"][:2]
    pairs = [(mood, genre) for mood, genre in zip(moods, [*genres[:1], *genres[:1]], strict=False)]
    return [*(pairs or [(genre,) for genre in genres]), *((claim,) for claim in claims if claim.field == "themes")]


def _phrases(
    groups: Sequence[tuple[Claim, ...]], item: Item, context: FactContext, limit: int, besides: Container[str] = ()
) -> dict[str, tuple[Claim, ...]]:
    """The first `limit` of the claims by the phrase they are written with; a phrase stands for one thing only."""
    texts = ((" ".join(_short(claim, item, context) for claim in group), group) for group in groups)
    usable = {text: group for text, group in texts if text and ";" not in text and text not in besides}
    return dict(islice(usable.items(), limit))


def _short(claim: Claim, item: Item, context: FactContext) -> str:
    """The fact in the fewest words, in English whatever the conversation's language (the prompt is English)."""
    if claim.field == "near":
        return f"like {wording.plain(context.catalog[claim.value].title, MAX_TITLE_CHARS)}"
    if claim.field == "themes":
        return wording.capitalised(claim.value)
    if claim.field == "creators":
        return f"by {claim.value}"
    if claim.field in ("genres", "moods", "tags", "year"):
        return claim.value
    return wording.PHRASES[claim.field](claim.value, item, "en")


def grammar(slots: Sequence[Card], n: int) -> str:
    """EBNF (xgrammar) of n lines; each names a slot that no earlier line named, one of its leads and one of its details.

    That a slot comes only once is spelled out with one rule per set of slots already named, for the first
    `MAX_DISTINCT` lines: 794 rules for five of twelve, which xgrammar compiles in about 50 ms.
    """
    rules = _distinct_rules(len(slots), n)
    for place, card in enumerate(slots):
        lead, detail = _alternatives(card.leads), _alternatives(card.details)
        facts = f"{_quoted(' ')} ({lead or detail})" if lead or detail else ""
        second = f' "; " ({detail})' if lead and detail else ""
        rules.append(f"l{place} ::= {_quoted(card.name)} {facts}{second} {_quoted(chr(10))}")
    return "\n".join(rules) + "\n"


def _distinct_rules(slots: int, n: int) -> list[str]:
    """One rule per set of slots already named: which slot may come, and which set that makes; `root` is the empty set."""
    exact = min(n, MAX_DISTINCT, slots)
    names: dict[tuple[int, ...], str] = {(): "root"}
    rules = []
    for size in range(exact):
        for named in combinations(range(slots), size):
            steps = []
            for slot in (slot for slot in range(slots) if slot not in named):
                after = tuple(sorted((*named, slot)))
                last = size + 1 == exact
                rest = names.setdefault(after, f"s{len(names)}") if not last else f"l{{{n - exact}}}" if n > exact else ""
                steps.append(f"l{slot} {rest}".strip())
            rules.append(f"{names[named]} ::= {' | '.join(steps)}")
    if n > exact:
        rules.append(f"l ::= {' | '.join(f'l{slot}' for slot in range(slots))}")
    return rules


def _alternatives(phrases: Mapping[str, tuple[Claim, ...]]) -> str:
    return " | ".join(_quoted(phrase) for phrase in phrases)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@dataclass
class LineReader:
    """Reads lines as they grow. Whatever is no slot, no fact of that slot, or a slot seen before is dropped and counted."""

    slots: Mapping[str, Card]
    dropped: int = 0
    _buffer: str = ""
    _current: Card | None = None
    _skipping: bool = False
    """Whether the line's beginning named no usable slot, so that the rest of the line means nothing."""
    _done: set[str] = field(default_factory=set)

    def feed(self, text: str) -> Iterator[tuple[Card, Claim | None]]:
        """Every pick (with claim `None`) and every claim that this piece of text completes."""
        self._buffer += text
        while (end := _first_end(self._buffer)) >= 0:
            part, mark = self._buffer[:end].strip(), self._buffer[end]
            self._buffer = self._buffer[end + 1 :]
            yield from self._part(part)
            if mark == "\n":
                self._end_line()

    def finish(self) -> Iterator[tuple[Card, Claim | None]]:
        """What is left when the text has ended, if it is whole."""
        yield from self._part(self._buffer.strip())
        self._buffer = ""

    @property
    def picked(self) -> int:
        """Distinct slots read to the end of their line."""
        return len(self._done)

    def _part(self, part: str) -> Iterator[tuple[Card, Claim | None]]:
        if self._skipping or not part:
            return
        if self._current is None:
            name, _, part = part.partition(" ")
            self._current = self.slots.get(name) if name not in self._done else None
            if self._current is None:
                self.dropped, self._skipping = self.dropped + 1, True
                return
            yield self._current, None
        if part:
            claims = self._current.claims(part.strip())
            self.dropped += not claims
            for claim in claims:
                yield self._current, claim

    def _end_line(self) -> None:
        if self._current is not None:
            self._done.add(self._current.name)
        self._current, self._skipping = None, False


def _first_end(text: str) -> int:
    ends = [place for mark in ";\n" if (place := text.find(mark)) >= 0]
    return min(ends, default=-1)
