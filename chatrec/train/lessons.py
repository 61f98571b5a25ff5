"""What the language model learns from: requests as the chat poses them, each with the answer a careful reader would give.

A lesson is made by the chat itself: a message is read, candidates are fetched and shortlisted, and what the model would be
asked is kept instead of sent. Three kinds:

- `chat`: a request put together from facts of the shipped catalog, and perhaps a follow-up;
- `dialog`: what people wrote in real dialogs, for the shape of requests; answered from the shipped catalog all the same;
- `drawn`: a request whose slots are drawn so that only some of them fit, since in a chat all of them satisfy what is required;
  listed in the head's order, as a chat lists them.

The answer names the slots that meet most of what was asked, in the head's order among equals, each with a fact that answers
the request and one that no line before it told. It is made of the slot's own facts alone.
"""

from __future__ import annotations

import json
import tomllib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from chatrec.catalog.read import Catalog
from chatrec.constraints import satisfies_all
from chatrec.errors import DialogLogError
from chatrec.evaluate.logs import read_dialogs
from chatrec.generate import lines
from chatrec.generate.facts import FactContext, asked_facts
from chatrec.generate.prompts import Prompt, Prompts
from chatrec.generate.write import Written, pose
from chatrec.llm import ChatMessage
from chatrec.recommender import Recommender
from chatrec.retrieve.near import near_liked
from chatrec.retrieve.query import compose
from chatrec.sessions import MemoryStore
from chatrec.types import KINDS, Candidate, Item, Message, Query

Source = Literal["chat", "dialog", "drawn"]
WORDINGS = Path(__file__).with_name("requests.toml")
PICKS = (1, 2, 3, 4, 5, 5, 5, 5, 5, 5)
"""How many lines are asked for; a chat asks for five unless told otherwise."""
SLOTS = (6, 12)
"""Fewest and most slots of what is learned from; a chat poses twelve."""
HELD_OUT = 10
"""Every so manieth item is kept out of what is learned from."""
MAX_TURNS = 3
"""User messages taken of one dialog."""
FACTS = ("genres", "moods", "themes", "tags", "people")
LIMITS = {"video": (30, 60, 90, 120), "audio": (30, 45, 60), "game": (60, 300, 600, 1200)}


@dataclass(frozen=True)
class Lesson:
    """One request with its answer, and what is needed to judge another answer to it."""

    source: Source
    messages: tuple[ChatMessage, ...]
    """Role and text, as the model is asked."""
    answer: str
    n: int
    slots: Mapping[str, tuple[str, ...]]
    """Slot → the phrases that are true of it."""
    fitting: tuple[str, ...]
    """Slots that meet everything the ledger asks for; empty where it asks for nothing that can be checked."""


@dataclass
class Posed:
    """What a writer was asked."""

    message: str
    history: Sequence[Message]
    slots: Sequence[Candidate]
    context: FactContext
    n: int


class Listener:
    """Stands in for the writer of an `Engine`: keeps what the model would be asked and writes nothing."""

    def __init__(self) -> None:
        self._posed: Posed | None = None

    def take(self) -> Posed | None:
        """What was asked since the last time, if anything was."""
        posed, self._posed = self._posed, None
        return posed

    def ready(self) -> bool:
        """Always."""
        return True

    def status(self) -> str:
        """Nothing to say."""
        return ""

    def stream(
        self, *, message: str, history: Sequence[Message], slots: Sequence[Candidate], context: FactContext, n: int
    ) -> _Silence:
        """Keep the request."""
        self._posed = Posed(message, history, slots, context, n)
        return _Silence()


class _Silence:
    def __iter__(self) -> Iterator[Written]:
        return iter(())

    def close(self) -> None:
        """Nothing to stop."""

    def usage(self) -> Mapping[str, object]:
        return {}


# --- the answer ----------------------------------------------------------------------------------------------------


def answer(deck: Sequence[lines.Card], context: FactContext, n: int) -> str:
    """The lines a careful reader would write about these slots.

    Args:
        deck: the slots, best first.
        context: the turn.
        n: how many lines.
    """
    best = sorted(deck, key=lambda card: -_merit(card.candidate.item, context))[:n]
    told: dict[str, int] = {}
    written = []
    for card in best:
        lead = min(card.leads, key=lambda phrase: told.get(phrase, 0) > 1, default="")
        detail = min((p for p in card.details if p != lead), key=lambda phrase: told.get(phrase, 0), default="")
        for phrase in (lead, detail):
            told[phrase] = told.get(phrase, 0) + 1
        written.append(f"{card.name} {'; '.join(phrase for phrase in (lead, detail) if phrase)}\n")
    return "".join(written)


def _merit(item: Item, context: FactContext) -> float:
    """How much of what was asked the item has; what is ruled out or required counts before all wishes."""
    return 10 * satisfies_all(item, context.ledger.constraints) + len(asked_facts(item, context))


def _fits(item: Item, context: FactContext) -> bool:
    wanted = [wish for wish in context.ledger.wishes if wish.direction == "more" and wish.field is not None]
    granted = {(claim.field, claim.value.casefold()) for claim in asked_facts(item, context)}
    return satisfies_all(item, context.ledger.constraints) and all((w.field, str(w.value).casefold()) in granted for w in wanted)


def lesson(posed: Posed, prompt: Prompt, source: Source) -> Lesson:
    """The lesson of one request."""
    decks = lines.decks(posed.slots, posed.context)
    deck, messages = pose(prompt, decks, posed.message, posed.history, posed.context, posed.n)
    fitting = tuple(card.name for card in deck if _fits(card.candidate.item, posed.context))
    checkable = len(posed.context.ledger.constraints) + len(posed.context.ledger.wishes) > 0
    return Lesson(
        source=source,
        messages=tuple(messages),
        answer=answer(deck, posed.context, posed.n),
        n=posed.n,
        slots={card.name: card.phrases for card in deck},
        fitting=fitting if checkable else (),
    )


# --- the requests --------------------------------------------------------------------------------------------------


class Asker:
    """Puts requests together from facts of items.

    Args:
        catalog: whose facts.
        wordings: one table of `requests.toml`.
        rng: of all draws.
    """

    def __init__(self, catalog: Catalog, wordings: Mapping[str, Any], rng: np.random.Generator) -> None:
        self._items, self._words, self._rng = list(catalog.values()), wordings, rng
        self._values = {
            field: sorted({value for item in self._items for value in getattr(item, field)}) for field in ("genres", "moods")
        }

    def request(self, target: Item) -> str:
        """What someone might say whom this item would suit."""
        rng = self._rng
        noun = str(rng.choice(self._words["nouns"][target.kind if rng.random() < 0.75 else "any"]))
        before, behind = [], []
        for field, value in self._facts(target):
            said = self._part(field, value)
            (before if said == value or (field == "moods" and said.endswith(value)) else behind).append(said)
        behind += [self._part(*bound) for bound in self._bounds(target)]
        behind += [self._part(*unwanted) for unwanted in self._unwanted(target)]
        article = (
            "a " if rng.random() < 0.5 and not noun.startswith(("a ", "an ", "some", "any", "what", "music", "tunes")) else ""
        )
        what = " ".join([article + " ".join([*before, noun]), ", ".join(behind)]).strip()
        return str(rng.choice(self._words["openings"])).format(what)

    def follow_up(self) -> str:
        """What might be said next."""
        return str(self._rng.choice(self._words["follow_ups"]["said"]))

    def _part(self, field: str, value: str) -> str:
        return str(self._rng.choice(self._words["parts"][field])).format(v=value)

    def _facts(self, target: Item) -> list[tuple[str, str]]:
        found: dict[str, str] = {}
        for field in self._rng.permutation(FACTS)[: int(self._rng.choice((0, 1, 1, 2, 2, 3)))]:
            values = getattr(target, str(field))
            if values:
                found[str(field)] = str(self._rng.choice(values))
        return list(found.items())

    def _bounds(self, target: Item) -> Iterator[tuple[str, str]]:
        rng = self._rng
        if target.year is not None and rng.random() < 0.3:
            how = str(rng.choice(("decade", "decade", "since", "before")))
            decade = target.year // 10 * 10
            said = f"{decade}s" if rng.random() < 0.5 or decade >= 2000 else f"{decade % 100}s"
            yield how, {"decade": said, "since": str(decade), "before": str(decade + 10)}[how]
        if target.minutes is not None and rng.random() < 0.15:
            limits = [limit for limit in LIMITS[target.kind] if limit > target.minutes]
            if limits:
                yield "under", f"{limits[0]} minutes" if limits[0] < 120 else f"{limits[0] // 60} hours"
        if rng.random() < 0.2:
            yield "like", str(rng.choice([item.title for item in self._items if item.kind == target.kind]))

    def _unwanted(self, target: Item) -> Iterator[tuple[str, str]]:
        if self._rng.random() < 0.25:
            field = str(self._rng.choice(("genres", "moods")))
            yield f"not_{field}", str(self._rng.choice([v for v in self._values[field] if v not in getattr(target, field)]))


@dataclass
class LessonMaker:
    """Makes lessons over one catalog, either to learn from or to measure on.

    Args:
        recommender: of the shipped catalog; asked without its language model.
        prompt: how the model is asked.
        held_out: make those that are measured on: requests in words, and drawn slots of items, that were never learned from.
        seed: of all draws.
    """

    recommender: Recommender
    prompt: Prompt
    held_out: bool
    seed: int = 0

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng((self.seed, self.held_out))
        self._listener = Listener()
        engine = replace(self.recommender.engine, writer=self._listener)
        self._chats = Recommender(engine, self.recommender.settings, MemoryStore())
        catalog = self.recommender.catalog
        self._items = [item for item in catalog.values() if is_held_out(item) == self.held_out]
        wordings = tomllib.loads(WORDINGS.read_text(encoding="utf-8"))["held_out" if self.held_out else "train"]
        self._asker = Asker(catalog, wordings, self._rng)

    def request(self) -> str:
        """What one of the works would suit."""
        return self._asker.request(self._target())

    def chat(self) -> Iterator[Lesson]:
        """One request, in a third of the cases with what comes after it."""
        said = [self.request()]
        if self._rng.random() < 0.35:
            said.append(self._asker.follow_up())
        yield from self._talk(said, "chat")

    def dialog(self, said: Sequence[str]) -> Iterator[Lesson]:
        """What one person wrote in a real dialog."""
        yield from self._talk(said[:MAX_TURNS], "dialog")

    def drawn(self) -> Iterator[Lesson]:
        """A request of which only some slots are what was asked for."""
        posed = self._ask(self._chats.session().send, self.request())
        if posed is None:
            return
        ledger = posed.context.ledger
        count = self._count()
        pool = [item for item in self._items if item.kind in (ledger.kinds or KINDS) and item.id not in ledger.ids("liked")]
        good = [item for item in pool if _fits(item, posed.context)]
        other = [item for item in pool if not _fits(item, posed.context)]
        share = min(len(good), int(self._rng.integers(1, count)))
        slots = self._ranked(posed, [*self._some(good, share), *self._some(other, count - share)])
        if len(slots) < SLOTS[0] or not good:
            return
        near = near_liked(self.recommender.index, Query(ledger=ledger, text=""), slots)
        context = replace(posed.context, near=near)
        yield lesson(replace(posed, slots=slots, context=context), self.prompt, "drawn")

    def _ranked(self, posed: Posed, items: Sequence[Item]) -> list[Candidate]:
        """Some items in the head's order, whether or not they satisfy what is required."""
        engine = self.recommender.engine
        query = compose(engine.index, posed.context.ledger, posed.message, exclude_shown=False)
        others = self.recommender.catalog.keys() - {item.id for item in items}
        return list(engine.scorer(query, engine.fusion(replace(query, excluded=frozenset(others)), ())))

    def _talk(self, said: Sequence[str], source: Source) -> Iterator[Lesson]:
        chat = self._chats.session()
        for message in said:
            posed = self._ask(chat.send, message)
            if posed is not None and len(posed.slots) >= SLOTS[0]:
                kept = len(posed.slots) if self.held_out else self._count()
                yield lesson(replace(posed, slots=posed.slots[:kept]), self.prompt, source)

    def _ask(self, send: Any, message: str) -> Posed | None:
        """What the model would be asked; learned from only without the items that are held out."""
        n = int(self._rng.choice(PICKS))
        send(message, n=n)
        posed = self._listener.take()
        if posed is None or self.held_out:
            return posed
        return replace(posed, slots=[slot for slot in posed.slots if not is_held_out(slot.item)])

    def _count(self) -> int:
        return int(self._rng.integers(SLOTS[0], SLOTS[1] + 1))

    def _target(self) -> Item:
        """Each medium as often as the others."""
        kind = str(self._rng.choice(KINDS))
        return self._some([item for item in self._items if item.kind == kind], 1)[0]

    def _some(self, items: Sequence[Item], count: int) -> list[Item]:
        return [items[int(place)] for place in self._rng.permutation(len(items))[:count]]


def is_held_out(item: Item) -> bool:
    """Whether the item is never learned from."""
    return zlib.crc32(item.id.encode()) % HELD_OUT == 0


def make_lessons(
    recommender: Recommender, prompts: Prompts, count: int, *, held_out: bool, dialogs: Sequence[Path] = (), seed: int = 0
) -> Iterator[Lesson]:
    """Lessons of all kinds in a shuffled order: two of five drawn, the rest from chats, a quarter of these real dialogs.

    Args:
        recommender: of the shipped catalog.
        prompts: the templates.
        count: how many.
        held_out: to measure on, not to learn from.
        dialogs: logs whose user messages give requests their shape; without any, all requests are put together.
        seed: of all draws.

    Raises:
        DataMissingError, DialogLogError: a dialog log is missing, cannot be read, or has no text.
    """
    maker = LessonMaker(recommender, prompts["small"], held_out, seed)
    rng = np.random.default_rng((seed, held_out, 1))
    said = [messages for path in dialogs for messages in _said(path)]
    order = iter(rng.permutation(len(said)).tolist())
    made = 0
    while made < count:
        kind = rng.random()
        place = next(order, None) if 0.4 <= kind < 0.55 else None
        new = maker.drawn() if kind < 0.4 else maker.dialog(said[place]) if place is not None else maker.chat()
        for one in new:
            yield one
            made += 1
            if made == count:
                return


def _said(path: Path) -> list[list[str]]:
    """What the person wrote in each dialog that has text."""
    dialogs = read_dialogs(path)
    found = [[turn.text for turn in dialog.turns if turn.role == "user" and turn.text] for dialog in dialogs]
    found = [messages for messages in found if messages]
    if not found:
        raise DialogLogError("no message of a person has text", path=str(path))
    return found


def write_lessons(lessons: Sequence[Lesson], path: Path) -> None:
    """Write them as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in lessons), encoding="utf-8")


def read_lessons(path: Path) -> list[Lesson]:
    """Read what `write_lessons` wrote."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        messages = tuple((role, text) for role, text in data.pop("messages"))
        slots = {name: tuple(phrases) for name, phrases in data.pop("slots").items()}
        found.append(Lesson(**data | {"messages": messages, "slots": slots, "fitting": tuple(data["fitting"])}))
    return found
