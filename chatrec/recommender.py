"""The facade: `Recommender.open()` once, then a `Chat` per person."""

from __future__ import annotations

import asyncio
import importlib.metadata
import threading
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import structlog
import torch

from chatrec.catalog.read import Catalog
from chatrec.errors import InputError
from chatrec.generate.facts import FactContext, reason, shared_facts
from chatrec.generate.model_reader import ModelReader
from chatrec.generate.prompts import Prompts, load
from chatrec.generate.speaker import Speaker
from chatrec.generate.structured import impatient
from chatrec.generate.write import Writer
from chatrec.index.embed import Embedder
from chatrec.index.items import open_catalog
from chatrec.index.open import Index, open_index, open_or_build
from chatrec.llm import LLM
from chatrec.pipeline import Engine, Turn
from chatrec.present.reply import fit_of
from chatrec.retrieve.collaborative import check_models
from chatrec.retrieve.load import RetrieverFactory, load_fusion
from chatrec.score.head import FIT_BOUNDS, Scorer
from chatrec.sessions import MemoryStore, SessionState, SessionStore, SQLiteStore
from chatrec.settings import MAX_MESSAGE_CHARS, Settings
from chatrec.types import (
    Change,
    Chip,
    Constraint,
    Event,
    Final,
    Item,
    Kind,
    Ledger,
    Message,
    Opinion,
    Query,
    Recommendation,
    Reply,
)
from chatrec.understand.ledger import replay
from chatrec.understand.read import Understander

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable

Reaction = Literal["liked", "disliked", "seen", "saved"]

log = structlog.get_logger()

HISTORY_PULLS = 5
"""Works of a person's history that pull at the beginning of a conversation: the latest they liked."""


class Recommender:
    """An opened catalog with everything that answers; shared by all chats, safe to use from several threads."""

    def __init__(self, engine: Engine, settings: Settings, store: SessionStore) -> None:
        self.engine = engine
        self.settings = settings
        self._store = store

    @classmethod
    def open(
        cls,
        settings: Settings | None = None,
        *,
        index: Path | None = None,
        skip_bad: bool = False,
        progress: bool = False,
        retrievers: Sequence[RetrieverFactory] = (),
        **overrides: object,
    ) -> Recommender:
        """Open the catalog the settings name, building its index on first use. Never starts a server.

        Torch is set to `settings.threads` threads for the whole process.

        Args:
            settings: all settings at once; none: environment, `chatrec.toml`, defaults.
            index: a built index to use; none: the one kept for this catalog, built if need be.
            skip_bad: leave out catalog lines that cannot be read instead of failing.
            progress: show a bar on standard error while an index is built.
            retrievers: further ones beside those there are; each is called with the index and gives a `Retriever`
                (`chatrec.retrieve.protocol`).
            **overrides: single settings by name, e.g. `catalog=Path("mine.jsonl")`, `llm=False`.

        Raises:
            SettingsError, CatalogError, DataMissingError, IndexMissingError, IndexMismatchError, IndexCorruptError,
                ModelMissingError: what is wrong, where, and the command that mends it.
            DependencyMissingError, InputError: a further retriever cannot be loaded, is none, or has a name that is taken.
        """
        settings = settings or Settings.load(**overrides)
        embedder = Embedder.of(settings)
        catalog = open_catalog(settings.catalog_path, embedder, settings.build_dir, index=index, skip_bad=skip_bad)
        if settings.models:
            check_models(settings.models, catalog.sha256, embedder.sha256)
        opened = (
            open_index(index, catalog, embedder, chroma_url=settings.chroma_url)
            if index
            else open_or_build(catalog, embedder, settings.build_dir, progress=progress, chroma_url=settings.chroma_url)
        )
        torch.set_num_threads(settings.threads)
        embedder.encode(["warm up"])
        store = SQLiteStore(settings.store) if settings.store else MemoryStore()
        return cls(_engine(opened, settings, retrievers), settings, store)

    @property
    def catalog(self) -> Catalog:
        """The items, by id."""
        return self.engine.index.catalog

    @property
    def index(self) -> Index:
        """The opened index."""
        return self.engine.index

    def session(self, session_id: str | None = None, *, store: SessionStore | None = None) -> Chat:
        """A chat; with an id and a store that lasts, an earlier one goes on.

        Args:
            session_id: whose; none: a new one that nobody else has.
            store: where it is kept; none: where the settings say.
        """
        return Chat(self, session_id or uuid.uuid4().hex, store or self._store)

    def similar(self, item_id: str, n: int = 5, *, kind: Kind | None = None) -> tuple[Recommendation, ...]:
        """Items like one item, each with what the two share.

        Args:
            item_id: an id of this catalog.
            n: how many.
            kind: only this medium, which may be another than the item's; none: the item's own.

        Returns:
            Up to n, nearest first; the score is the cosine of the two vectors, cut to [0, 1].

        Raises:
            InputError: the catalog has no such id.
        """
        if item_id not in self.catalog:
            raise InputError(f"no item {item_id!r} in this catalog: see `chatrec index search`")
        item = self.catalog[item_id]
        wanted = Constraint(field="kind", op="in", value=(kind or item.kind,))
        query = Query(ledger=Ledger(), text="", excluded=frozenset({item_id}))
        (found,) = self.index.nearest_allowed([self.index.vector(item_id)], n, query, (wanted,))
        context = FactContext(Ledger(), self.catalog, {})
        picks = [(self.catalog[other], min(1.0, max(0.0, cosine))) for other, cosine in found.named(self.index.ids)]
        return tuple(
            Recommendation(
                item=other,
                reason=reason(claims, other, context.language),
                evidence=claims,
                score=cosine,
                fit=fit_of(cosine, FIT_BOUNDS),
            )
            for other, cosine in picks
            for claims in [shared_facts(other, item, context)]
        )

    def as_retriever(self, k: int = 20) -> BaseRetriever:
        """A LangChain retriever: a question in, the k best items as documents out."""
        from chatrec.langchain import ItemRetriever

        return ItemRetriever(recommender=self, k=k)

    def as_runnable(self) -> Runnable[str | Mapping[str, str], Reply]:
        """A LangChain runnable: a message, or `{"message": …, "session_id": …}`, in; a `Reply` out; streams events."""
        from chatrec.langchain import ChatRunnable

        return ChatRunnable(self)


class Chat:
    """One conversation. Turns of one chat are taken one after the other."""

    def __init__(self, recommender: Recommender, session_id: str, store: SessionStore) -> None:
        self.recommender = recommender
        self.id = session_id
        self._store = store
        self._lock = threading.Lock()

    @property
    def state(self) -> SessionState:
        """What was said so far, and the changes it made."""
        return self._store.load(self.id)

    @property
    def ledger(self) -> Ledger:
        """What is known of this person now."""
        return replay(self.state.changes)

    @property
    def saved(self) -> tuple[Item, ...]:
        """What was saved for later, oldest first."""
        catalog = self.recommender.catalog
        return tuple(catalog[item_id] for item_id in self.ledger.ids("saved") if item_id in catalog)

    def send(self, message: str, *, n: int | None = None) -> Reply:
        """Say something and wait for the whole answer.

        Args:
            message: up to `settings.MAX_MESSAGE_CHARS` characters.
            n: how many picks, unless the message itself says so.

        Raises:
            InputError: the message is no text, or longer than that.
        """
        for event in self.stream(message, n=n):
            if isinstance(event, Final):
                return event.reply
        raise AssertionError("a turn always ends with its reply")

    async def asend(self, message: str, *, n: int | None = None) -> Reply:
        """`send` without blocking the event loop."""
        return await asyncio.to_thread(self.send, message, n=n)

    def stream(self, message: str, *, n: int | None = None) -> Iterator[Event]:
        """Say something and get the answer as it grows: understood → candidates → claims → final.

        Closing the iterator early stops the language model; what was understood until then is kept.

        Raises:
            InputError: the message is no text, or too long.
        """
        text = check_message(message)
        return self._run(text, n)

    async def astream(self, message: str, *, n: int | None = None) -> AsyncIterator[Event]:
        """`stream` without blocking the event loop."""
        events = self.stream(message, n=n)
        while (event := await asyncio.to_thread(next, events, None)) is not None:
            yield event

    def react(self, item_id: str, reaction: Reaction) -> Reply:
        """Tell what one thinks of a pick; the answer is the last slate again, with what no longer fits replaced.

        Raises:
            InputError: the catalog has no such id.
        """
        if item_id not in self.recommender.catalog:
            raise InputError(f"no item {item_id!r} in this catalog")
        turn = max(0, self.state.turn - 1)
        opinion = Opinion(item_id=item_id, sentiment=reaction, turn=turn)
        return self._refresh(Change(action="opine", turn=turn, opinion=opinion), keep=True)

    def add_history(self, liked: Sequence[str] = (), seen: Sequence[str] = (), unmatched: Sequence[str] = ()) -> Ledger:
        """Tell what one met before, e.g. all that `chatrec catalog history` wrote: none of it is recommended again.

        The last `HISTORY_PULLS` of the liked ones pull, and are chips that can be removed, until the topic changes.

        Args:
            liked, seen: ids of this catalog, oldest first; what is liked need not be named as seen too. Those that it lacks are
                left out, and the log says how many.
            unmatched: titles that were not found; no use is made of them.

        Raises:
            InputError: the catalog has none of these ids.
        """
        told = dict.fromkeys((*seen, *liked))
        known = {item_id for item_id in told if item_id in self.recommender.catalog}
        unknown = [item_id for item_id in told if item_id not in known]
        if unknown and not known:
            raise InputError(f"none of the history's {len(told)} ids is in this catalog, e.g. {unknown[0]!r}")
        if unknown:
            log.warning("ids of the history that the catalog lacks were left out", count=len(unknown), first=unknown[0])
        pulling = tuple(item_id for item_id in dict.fromkeys(reversed(liked)) if item_id in known)[:HISTORY_PULLS]
        met = [item_id for item_id in told if item_id in known and item_id not in pulling]
        with self._lock:
            state = self.state
            opinions = [Opinion(item_id=item_id, sentiment="past", turn=state.turn) for item_id in met]
            opinions += [Opinion(item_id=item_id, sentiment="liked", turn=state.turn) for item_id in reversed(pulling)]
            changes = tuple(Change(action="opine", turn=state.turn, opinion=opinion) for opinion in opinions)
            self._store.save(self.id, replace(state, changes=(*state.changes, *changes)))
        return self.ledger

    def choose_kinds(self, *kinds: Kind) -> Reply:
        """Restrict the media, or with no argument lift the restriction, and get the slate that follows."""
        return self._refresh(Change(action="kinds", turn=max(0, self.state.turn - 1), kinds=kinds), keep=False)

    def remove(self, chip: Chip) -> Reply:
        """Take back something that was understood."""
        if chip.remove is None:
            raise InputError(f"{chip.label!r} is not something that can be removed")
        return self._refresh(chip.remove, keep=False)

    def reset(self) -> None:
        """Forget everything, also what a turn that is just being stopped still has to save."""
        with self._lock:
            self._store.erase(self.id)

    def _refresh(self, change: Change, *, keep: bool) -> Reply:
        """A slate after a change that was made by hand: without the language model, so that it is there at once."""
        with self._lock:
            state = self.state
            said = [message.text for message in state.messages if message.role == "user"]
            turn = Turn(
                message=said[-1] if said else "",
                history=state.messages,
                changes=(*state.changes, change),
                number=max(0, state.turn - 1),
            )
            reply = turn.refresh(self.recommender.engine, keep=keep)
            self._store.save(self.id, replace(state, changes=turn.changes))
        return reply

    def _run(self, message: str, n: int | None) -> Iterator[Event]:
        with self._lock:
            state = self.state
            turn = Turn(message=message, history=state.messages, changes=state.changes, number=state.turn, n=n)
            try:
                yield from turn.run(self.recommender.engine)
            finally:
                said = (Message("user", message),)
                answer = (Message("assistant", turn.reply.text),) if turn.reply else ()
                self._store.save(self.id, SessionState(state.messages + said + answer, turn.changes, turn=state.turn + 1))


def check_message(message: str) -> str:
    """A message as it may enter the pipeline.

    Raises:
        InputError: it is no text, or longer than `MAX_MESSAGE_CHARS`.
    """
    if not isinstance(message, str):
        raise InputError(f"a message is text, not {type(message).__name__}")
    if len(message) > MAX_MESSAGE_CHARS:
        raise InputError(f"the message has {len(message)} characters; at most {MAX_MESSAGE_CHARS} are read")
    return message.encode("utf-8", "replace").decode("utf-8")


def _engine(index: Index, settings: Settings, retrievers: Sequence[RetrieverFactory] = ()) -> Engine:
    scorer = Scorer.load(index, settings.models)
    fusion = load_fusion(index, settings.models, retrievers)
    writer = Writer(LLM.of(settings), Prompts.of(settings), settings) if settings.llm else None
    reader, speaker = _abilities(index, settings)
    versions = {
        "chatrec": importlib.metadata.version("chatrec"),
        "catalog": index.manifest.catalog_sha256[:16],
        "embedder": f"{index.manifest.embedder}@{index.manifest.embedder_sha256[:8]}",
        "index": index.manifest.generation,
        "head": str(settings.models or "shipped"),
        **(writer.versions if writer else {}),
        **({"reader": reader.prompt.version} if reader else {}),
        **({"speaker": speaker.prompt.version} if speaker else {}),
    }
    return Engine(
        index=index,
        understander=Understander(index.catalog),
        fusion=fusion,
        scorer=scorer,
        writer=writer,
        versions=versions,
        n=settings.n,
        slots=settings.slots,
        reader=reader,
        speaker=speaker,
    )


def _abilities(index: Index, settings: Settings) -> tuple[ModelReader | None, Speaker | None]:
    """What a capable model does beside picking; each is one switch."""
    if not (settings.llm and (settings.llm_reads or settings.llm_speaks)):
        return None, None
    llm, folder, catalog = impatient(settings), settings.prompts_dir, index.catalog
    reader = ModelReader(llm, load(folder / "reader.jinja"), catalog) if settings.llm_reads else None
    return reader, Speaker(llm, load(folder / "speaker.jinja"), catalog) if settings.llm_speaks else None
