"""Let the language model pick and explain, or build the reasons from facts where there is none."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import structlog

from chatrec.errors import LLMMalformedError, LLMRefusedError
from chatrec.generate import json_picks, lines, wording
from chatrec.generate.facts import FactContext, headline
from chatrec.generate.prompts import Profile, Prompt, Prompts, estimate_tokens
from chatrec.llm import LLM, Answer, ChatMessage, Usage
from chatrec.settings import Settings
from chatrec.types import Candidate, Claim, Constraint, Draft, Item, Ledger, Message

__all__ = ["Writer", "Writing", "Written", "drafts_from_facts", "known_words", "pose"]

log = structlog.get_logger()

Mode = Literal["grammar", "schema", "plain"]
"""How the answer is held to its form: by a grammar of facts (vLLM), by a JSON schema, or by the prompt alone."""
TAIL_PIECES = 8
"""Pieces read after the last pick: closing brackets and the token counts; a model that rambles on is cut off."""
MAX_MESSAGE_TOKENS = 120
MAX_KNOWN_CHARS = 160
SIGNS = {"lt": "under", "le": "at most", "gt": "over", "ge": "at least"}


Reader = lines.LineReader | json_picks.JsonReader
Deck = tuple[Any, ...]
"""Cards of one protocol."""


@dataclass(frozen=True, slots=True)
class Written:
    """Something the model wrote, as soon as it is whole: a pick (claim `None`), or a claim about a pick."""

    candidate: Candidate
    rank: int
    """1-based place the model gave the pick."""
    claim: Claim | None = None


def drafts_from_facts(candidates: Sequence[Candidate], context: FactContext) -> tuple[Draft, ...]:
    """Drafts in the candidates' order whose claims are built from facts; side by side they differ as far as facts allow."""
    used: set[tuple[str, str]] = set()
    drafts = []
    for turn, candidate in enumerate(candidates):
        claims = headline(candidate.item, context, turn=turn, used=frozenset(used))
        used.update((claim.field, claim.value) for claim in claims)
        drafts.append(Draft(candidate=candidate, claims=claims))
    return tuple(drafts)


class PickWriting(Protocol):
    """An answer in the making."""

    def __iter__(self) -> Iterator[Written]: ...

    def close(self) -> None:
        """Stop it."""

    def usage(self) -> Mapping[str, object]:
        """What it cost, for the trace."""
        ...


class PickWriter(Protocol):
    """What an engine asks for picks and claims."""

    def ready(self) -> bool:
        """Whether it can be asked now."""
        ...

    def status(self) -> str:
        """Why it cannot."""
        ...

    def stream(
        self, *, message: str, history: Sequence[Message], slots: Sequence[Candidate], context: FactContext, n: int
    ) -> PickWriting:
        """Picks and claims as they come; see `Writer.stream`."""
        ...


class Writer:
    """Asks the language model. One instance serves all sessions; what belongs to one answer is in its `Writing`."""

    def __init__(self, llm: LLM, prompts: Prompts, settings: Settings) -> None:
        self.llm, self.prompts = llm, prompts
        self.slots = settings.slots
        self._profile: Profile = settings.llm_profile
        self._refused: set[Mode] = set()
        self._lock = threading.Lock()

    @property
    def versions(self) -> Mapping[str, str]:
        """What the trace records of this stage."""
        return {"prompt": self.prompts[self._profile].version}

    def ready(self) -> bool:
        """Whether the model can be asked now."""
        return self.llm.ready()

    def status(self) -> str:
        """Why it cannot."""
        return self.llm.status()

    def stream(
        self, *, message: str, history: Sequence[Message], slots: Sequence[Candidate], context: FactContext, n: int
    ) -> Writing:
        """The model's picks and claims as they come; nothing is checked yet except that slots exist.

        Args:
            message: the latest message.
            history: earlier messages, oldest first.
            slots: the candidates to choose from, best first.
            context: the turn.
            n: how many picks are wanted.

        Raises, while it is iterated:
            LLMError: the model could not be used, or wrote nothing usable. What was yielded before that stands.
        """
        return Writing(self, message, history, slots, context, min(n, len(slots)))

    def modes(self) -> list[Mode]:
        """The ways to hold the model to its form, best first, without those this endpoint refused before."""
        model = self.llm.model
        grammar = self._profile == "small" and model is not None and model.is_vllm
        modes: tuple[Mode, ...] = ("grammar", "schema", "plain") if grammar else ("schema", "plain")
        return [mode for mode in modes if mode not in self._refused] or ["plain"]

    def refused(self, mode: Mode, error: LLMRefusedError) -> None:
        """Remember that the endpoint does not take this mode."""
        with self._lock:
            self._refused.add(mode)
        log.warning("the language model's server refuses this way to shape its answer", mode=mode, why=str(error))


class Writing(Iterator[Written]):
    """One answer in the making. Closing it (or the generator that iterates it) ends the request at the server."""

    def __init__(
        self, writer: Writer, message: str, history: Sequence[Message], slots: Sequence[Candidate], context: FactContext, n: int
    ) -> None:
        self._writer, self._message, self._history = writer, message, history
        self._slots, self._context, self._n = slots, context, n
        self._usage, self._dropped, self._mode = Usage(), 0, ""
        self._written = self._write()

    def __next__(self) -> Written:
        return next(self._written)

    def close(self) -> None:
        """Stop the model."""
        self._written.close()

    def usage(self) -> Mapping[str, object]:
        """What the answer cost and how much of it could not be read, for the trace."""
        known = {name: value for name, value in asdict(self._usage).items() if value is not None}
        return {"mode": self._mode, "unreadable": self._dropped, **known}

    def _write(self) -> Generator[Written, None, None]:
        """A refused mode is remembered once another was taken: an endpoint that refuses all may only be on its way up."""
        refused: dict[Mode, LLMRefusedError] = {}
        for mode in self._writer.modes():
            try:
                yield from self._attempt(mode)
            except LLMRefusedError as error:
                if mode == "plain":
                    raise
                refused[mode] = error
            else:
                for earlier, error in refused.items():
                    self._writer.refused(earlier, error)
                return

    def _attempt(self, mode: Mode) -> Generator[Written, None, None]:
        self._mode = mode
        reader, answer = self._ask(mode)
        ranks: dict[str, int] = {}
        with answer:
            try:
                for candidate, claim in _parts(reader, answer, self._n):
                    rank = ranks.setdefault(candidate.item.id, len(ranks) + 1)
                    yield Written(candidate, rank, claim)
            finally:
                self._usage, self._dropped = answer.usage, reader.dropped
        if not ranks:
            raise LLMMalformedError("the language model wrote nothing usable")

    def _ask(self, mode: Mode) -> tuple[Reader, Answer]:
        protocol = lines if mode == "grammar" else json_picks
        prompt = self._writer.prompts["small" if mode == "grammar" else "capable"]
        decks = protocol.decks(self._slots, self._context)
        deck, messages = pose(prompt, decks, self._message, self._history, self._context, self._n)
        by_name = {card.name: card for card in deck}
        limit = prompt.meta.budget.answer
        if mode == "grammar":
            return lines.LineReader(by_name), self._writer.llm.stream(
                messages, max_tokens=limit, grammar=lines.grammar(deck, self._n)
            )
        form = json_picks.schema(deck, self._n) if mode == "schema" else None
        return json_picks.JsonReader(by_name), self._writer.llm.stream(messages, max_tokens=limit, json_schema=form)


def pose(
    prompt: Prompt, decks: Iterator[Deck], message: str, history: Sequence[Message], context: FactContext, n: int
) -> tuple[Deck, list[ChatMessage]]:
    """The richest cards whose prompt is within the budget, and that prompt; without the history, if even the leanest are not.

    Args:
        prompt: the template.
        decks: cards of the same candidates, ever leaner.
        message: the latest message.
        history: earlier messages, oldest first.
        context: the turn.
        n: how many picks are wanted.
    """
    values = {"n": n, "known": known_words(context.ledger, context.catalog), "message": _bounded(message)}
    deck: Deck = ()
    for deck in decks:
        messages = prompt.messages(history, cards=deck, **values)
        if prompt.fits(messages):
            return deck, messages
    return deck, prompt.messages((), cards=deck, **values)


def _parts(reader: Reader, answer: Answer, n: int) -> Iterator[tuple[Candidate, Claim | None]]:
    """What the reader makes of the answer. Once n picks are whole only its last pieces, which tell its cost, are read."""
    beyond = 0
    for text in answer:
        for card, claim in reader.feed(text):
            yield card.candidate, claim
        beyond += reader.picked >= n
        if beyond > TAIL_PIECES:
            return
    for card, claim in reader.finish():
        yield card.candidate, claim


# --- what is said of the person ------------------------------------------------------------------------------------


def known_words(ledger: Ledger, catalog: Mapping[str, Item]) -> str:
    """The ledger in a few words, for a prompt."""
    liked = [wording.plain(catalog[i].title, 40) for i in ledger.ids("liked")[-3:] if i in catalog]
    wanted = [wording.plain(catalog[i].title, 40) for i in ledger.ids("wanted")[-3:] if i in catalog]
    parts = [f"{verb} {', '.join(titles)}" for verb, titles in (("likes", liked), ("asked for", wanted)) if titles]
    parts += [_said(constraint) for constraint in ledger.constraints]
    parts += [("less " if wish.direction == "less" else "") + wish.text for wish in ledger.wishes]
    return wording.plain("; ".join(dict.fromkeys(part for part in parts if part)), MAX_KNOWN_CHARS)


def _said(constraint: Constraint) -> str:
    """The words it came from, else the constraint in words; "no" before what is ruled out."""
    value = constraint.value
    if not isinstance(value, tuple):
        return constraint.said or f"{constraint.field} {SIGNS[constraint.op]} {value:g}"
    words = [" to ".join(f"{bound:g}" for bound in part) if isinstance(part, tuple) else part for part in value[:3]]
    return ("no " if constraint.op == "not_in" else "") + (constraint.said or ", ".join(words))


def _bounded(message: str) -> str:
    """The message as one line within its budget of tokens."""
    text = wording.plain(message, 4 * MAX_MESSAGE_TOKENS)
    while estimate_tokens(text) > MAX_MESSAGE_TOKENS:
        text = wording.plain(text, max(1, len(text) * 3 // 4))
    return text
