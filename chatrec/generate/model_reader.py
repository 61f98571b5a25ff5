"""A capable model reads a message as changes of the ledger; what is not of the catalog's vocabularies is dropped and counted.

The rules' own reading stands for all else: intent, language, references, ambiguities, and whatever the model could not be asked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chatrec.generate.prompts import Prompt
from chatrec.generate.structured import ask, closed
from chatrec.generate.wording import plain
from chatrec.llm import LLM, ChatMessage
from chatrec.types import KINDS, Change, Constraint, Item, Kind, Opinion, Reading, Sentiment, Wish

WORD_FIELDS = ("genres", "moods", "themes", "tags", "form", "language", "countries", "people")
NUMBER_FIELDS: Mapping[str, tuple[str, Any]] = {
    "year_from": ("year", "ge"),
    "year_to": ("year", "le"),
    "minutes_min": ("minutes", "ge"),
    "minutes_max": ("minutes", "le"),
    "age_max": ("age", "le"),
}
OPINIONS: Mapping[str, Sentiment] = {"like": "liked", "dislike": "disliked", "seen": "seen"}
DEEDS = ("want", "avoid", "wish", *OPINIONS, "new_topic")
CONTENT = frozenset({"kinds", "constrain", "wish", "opine", "new_topic"})
"""Actions of the rules that give way to the model's."""
MAX_CHANGES, MAX_VALUES, MAX_VALUE_CHARS, MAX_MESSAGE_CHARS = 12, 4, 80, 600
_NUMBER = re.compile(r"\d{1,4}")


def _schema() -> dict[str, Any]:
    change = {
        "do": {"type": "string", "enum": list(DEEDS)},
        "field": {"type": "string", "enum": [*WORD_FIELDS, "media", *NUMBER_FIELDS, "title"]},
        "values": {"type": "array", "maxItems": MAX_VALUES, "items": {"type": "string", "maxLength": MAX_VALUE_CHARS}},
    }
    return closed({"changes": {"type": "array", "maxItems": MAX_CHANGES, "items": closed(change)}})


SCHEMA = _schema()


@dataclass(frozen=True)
class ModelReading:
    """The reading with the model's changes, and how many entries it wrote and how many of them were dropped."""

    reading: Reading
    entries: int
    dropped: int


class ModelReader:
    """Reads messages by a language model. One instance serves all sessions."""

    def __init__(self, llm: LLM, prompt: Prompt, catalog: Mapping[str, Item]) -> None:
        self.llm, self.prompt = llm, prompt
        self._spelled: dict[str, dict[str, str]] = defaultdict(dict)
        self._titles: dict[str, str] = {}
        self._form_kinds: dict[str, Kind] = {}
        for item in sorted(catalog.values(), key=lambda item: item.popularity or 0.0):  # of one name, the best known
            for field in WORD_FIELDS:
                self._spelled[field].update({value.casefold(): value for value in _values(item, field)})
            self._titles.update({name.casefold(): item.id for name in (*item.aliases, item.title)})
            if item.form:
                self._form_kinds[item.form] = item.kind
        known = {
            name: sorted(self._spelled[field].values()) for name, field in (("genres",) * 2, ("moods",) * 2, ("forms", "form"))
        }
        self._system = prompt.block("system", **known)

    def read(self, message: str, reading: Reading, known: str, turn: int) -> ModelReading:
        """The rules' reading with the model's changes of content in place of theirs; the rules' own, if it found none.

        Args:
            message: the latest message.
            reading: what the rules read.
            known: the ledger in a few words.
            turn: 0-based number of the user turn.

        Raises:
            LLMError: the model could not be used or wrote nothing that can be read.
        """
        request = self.prompt.block("request", message=plain(message, MAX_MESSAGE_CHARS), known=known)
        messages: list[ChatMessage] = [("system", self._system), ("user", request)]
        entries = ask(self.llm, messages, SCHEMA, self.prompt.meta.budget.answer).get("changes")
        entries = entries[:MAX_CHANGES] if isinstance(entries, list) else []
        made = [self._changes(entry, message, turn) for entry in entries]
        found = [change for changes in made for change in changes]
        if found:
            own = [change for change in reading.changes if change.action not in CONTENT]
            found.sort(key=lambda change: change.action not in ("new_topic", "kinds"))
            last = [change for change in own if change.action == "count"]  # which a change of topic or medium forgets
            first = [change for change in own if change not in last]
            reading = replace(reading, changes=tuple(dict.fromkeys([*first, *found, *last])))
        return ModelReading(reading, len(entries), sum(not changes for changes in made))

    def _changes(self, entry: Any, message: str, turn: int) -> tuple[Change, ...]:
        """The changes that one entry means; none, if any of it is unknown."""
        if not (isinstance(entry, dict) and entry.get("do") in DEEDS and isinstance(entry.get("values"), list)):
            return ()
        deed, field = entry["do"], str(entry.get("field"))
        values = [str(value).strip() for value in entry["values"][:MAX_VALUES]]
        if deed == "new_topic":
            return (Change(action="new_topic", turn=turn),)
        if deed in OPINIONS:
            ids = [self._titles.get(value.casefold()) for value in values]
            opinions = [Opinion(item_id=i, sentiment=OPINIONS[deed], turn=turn) for i in ids if i is not None]
            return tuple(Change(action="opine", turn=turn, opinion=opinion) for opinion in opinions)
        if field in NUMBER_FIELDS and deed == "want" and len(values) == 1 and _NUMBER.fullmatch(values[0]):
            name, op = NUMBER_FIELDS[field]
            limit = Constraint(field=name, op=op, value=float(values[0]), turn=turn)
            return (Change(action="constrain", turn=turn, constraint=limit),)
        media: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind in values)
        if field == "media":
            valid = deed == "want" and media and len(media) == len(values)
            return (Change(action="kinds", turn=turn, kinds=media),) if valid else ()
        spelled = tuple(known for value in values if (known := self._spelled.get(field, {}).get(value.casefold())))
        if not spelled or (deed == "wish" and field in ("form", "language", "countries")):
            return ()
        if deed == "wish":
            wishes = [Wish(text=value, field=field, value=value, turn=turn) for value in spelled]
            return tuple(Change(action="wish", turn=turn, wish=wish) for wish in wishes)
        limit = Constraint(field=field, op="in" if deed == "want" else "not_in", value=spelled, turn=turn)
        change = Change(action="constrain", turn=turn, constraint=limit)
        if field != "form" or deed != "want":
            return (change,)
        of_forms = {self._form_kinds[form] for form in spelled}
        return (Change(action="kinds", turn=turn, kinds=tuple(kind for kind in KINDS if kind in of_forms)), change)


def _values(item: Item, field: str) -> tuple[str, ...]:
    if field == "people":
        return (*item.people, *item.publishers)
    value = getattr(item, field)
    return value if isinstance(value, tuple) else (value,) if value else ()
