"""From the turns before an instance to the query that the system would have been asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from chatrec.evaluate.logs import SENTIMENT_IN_DIALOG, EntityLine, Instance, MentionLine, Protocol, TurnLine
from chatrec.index.open import Index
from chatrec.types import Ledger, Opinion, Query, Sentiment, Wish

MAX_TEXT_CHARS = 1_000
"""Latest characters of the context that are used as query text: about what the encoder reads."""
WISH_FIELDS = {"genre": "genres", "actor": "people", "director": "people", "person": "people", "writer": "people"}
LINKING_ERRORS = frozenset({"Q9013304"})
"""Entity ids that ReDial's automatic linking put on anything; they name nobody."""
BATCH = 512


def queries(index: Index, found: Sequence[Instance], protocol: Protocol) -> Iterator[Query]:
    """One query per instance, texts embedded in batches.

    Args:
        index: whose embedder makes the vectors and whose catalog gives names to mentions without text.
        found: the instances.
        protocol: under `new` everything mentioned is excluded from retrieval; under `full` it may come back.
    """
    remaining = iter(found)
    while batch := list(islice(remaining, BATCH)):
        texts = [context_text(instance, index) for instance in batch]
        messages = [last_message(instance, index) for instance in batch]
        distinct = list(dict.fromkeys(text for text in texts + messages if text))
        vectors = dict(zip(distinct, index.embedder.encode(distinct), strict=True))
        for instance, text, message in zip(batch, texts, messages, strict=True):
            yield Query(
                ledger=context_ledger(instance),
                text=text,
                last_message=message,
                vector=vectors.get(text),
                message_vector=vectors.get(message),
                excluded=frozenset(instance.mentioned) if protocol == "new" else frozenset(),
            )


def context_ledger(instance: Instance) -> Ledger:
    """What is known before the turn: mentions, without verdict unless the dialog itself gave it, and entities as wishes."""
    opinions: dict[str, Opinion] = {}
    wishes: dict[str, Wish] = {}
    told = instance.dialog.catalog in SENTIMENT_IN_DIALOG
    for number, turn in enumerate(instance.context):
        for mention in turn.mentions:
            opinions.pop(mention.item, None)
            opinions[mention.item] = Opinion(item_id=mention.item, sentiment=_verdict(mention, told), turn=number)
        for entity in _named(turn):
            wishes[entity.name] = Wish(text=entity.name, turn=number, field=WISH_FIELDS.get(entity.kind), value=entity.name)
    return Ledger(turn=instance.turn, opinions=tuple(opinions.values()), wishes=tuple(wishes.values()))


def context_text(instance: Instance, index: Index) -> str:
    """The latest words of the context, cut at a turn where possible."""
    parts: list[str] = []
    length = 0
    for turn in reversed(instance.context):
        part = turn_text(turn, index)
        if parts and length + len(part) > MAX_TEXT_CHARS:
            break
        parts.append(part)
        length += len(part) + 1
    return " ".join(part for part in reversed(parts) if part)[-MAX_TEXT_CHARS:]


def last_message(instance: Instance, index: Index) -> str:
    """What the user said last."""
    said = [turn for turn in instance.context if turn.role == "user"]
    return turn_text(said[-1], index)[-MAX_TEXT_CHARS:] if said else ""


def turn_text(turn: TurnLine, index: Index) -> str:
    """A turn's text; where the data set gives none, the names of what was mentioned."""
    if turn.text is not None:
        return turn.text
    items = [index.catalog[mention.item] for mention in turn.mentions if mention.item in index.catalog]
    titles = [f"{item.title} ({item.year})" if item.year else item.title for item in items]
    return ", ".join([*titles, *(entity.name for entity in _named(turn))])


def _named(turn: TurnLine) -> list[EntityLine]:
    return [e for e in turn.entities if e.id not in LINKING_ERRORS and not (e.name == e.id and e.name.startswith("Q"))]


def _verdict(mention: MentionLine, told: bool) -> Sentiment:
    if not told:
        return "mentioned"
    return {1: "liked", -1: "disliked"}.get(mention.sentiment or 0, "mentioned")  # type: ignore[return-value]
