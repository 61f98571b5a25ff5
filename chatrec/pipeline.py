"""One turn: the stages in order, and nothing else.

message → understand → retrieve → score (shortlist) → generate → ground → score → present → Reply
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chatrec.constraints import requirements
from chatrec.errors import LLMError, LLMTimeoutError, LLMUnavailableError
from chatrec.generate.facts import FactContext, complete
from chatrec.generate.ground import Grounding
from chatrec.generate.model_reader import ModelReader
from chatrec.generate.speaker import Speaker, Spoken
from chatrec.generate.write import PickWriter, drafts_from_facts, known_words
from chatrec.index.open import Index
from chatrec.pool import Pool
from chatrec.present.answers import SPOKEN, in_focus, spoken_reply
from chatrec.present.central import central_first, in_mood, without_moods
from chatrec.present.clarify import Question, question_for
from chatrec.present.reply import empty_reply, final_reply, recommend
from chatrec.present.slate import fill_gaps, kept_picks, named_works, slate, unexpected
from chatrec.retrieve.candidates import candidates_for
from chatrec.retrieve.fuse import Fusion
from chatrec.retrieve.near import near_liked
from chatrec.retrieve.query import compose
from chatrec.retrieve.relax import relax
from chatrec.score.head import Scorer
from chatrec.telemetry import Stages
from chatrec.types import (
    Candidate,
    CandidatesFound,
    Change,
    ClaimChecked,
    Draft,
    Event,
    Final,
    Language,
    Ledger,
    Message,
    Query,
    Reading,
    Recommendation,
    Reply,
    Trace,
    Understood,
)
from chatrec.understand.chips import chips
from chatrec.understand.ledger import pulling, replay
from chatrec.understand.read import Understander
from chatrec.understand.text import language_of

Generated = Generator[Event, None, tuple[tuple[Draft, ...], tuple[str, ...]]]
"""Events while the model writes; returns the drafts and why they are less than they could be."""
TAKING_BACK = ("unconstrain", "unwish", "unopine")
"""Changes by hand after which the last message no longer says what is wanted."""
READ_BY_MODEL = ("recommend", "surprise")
"""Intents whose content a capable model may read; critiques and commands are about what was shown, and stay with the rules."""
OTHERS = ("more", "surprise", "critique")
"""Intents that ask for something that was not shown before."""


@dataclass(frozen=True)
class Engine:
    """What a turn is made with; shared by all sessions and never changed by one."""

    index: Index
    understander: Understander
    fusion: Fusion
    scorer: Scorer
    writer: PickWriter | None
    versions: Mapping[str, str]
    """Hashes and names of everything that takes part; copied into every trace."""
    n: int = 5
    """Picks per answer."""
    slots: int = 12
    """Candidates put before the language model."""
    reader: ModelReader | None = None
    """A capable model that reads messages beside the rules."""
    speaker: Speaker | None = None
    """A capable model that words what stands around the picks."""

    def rank(self, query: Query, pool: Sequence[Candidate], llm_ranks: Mapping[str, int] | None = None) -> Sequence[Candidate]:
        """The pool as the head orders it, best first; where only demands were made, what is known and central."""
        scored = self.scorer(query, pool, llm_ranks=llm_ranks)
        plain = without_moods(query)
        alike = self.scorer(plain, pool, llm_ranks=llm_ranks) if plain else ()
        return central_first(in_mood(scored, alike, query.ledger), query, llm_ranks)


@dataclass
class Turn:
    """One message on its way through the stages; afterwards it holds what the session must remember."""

    message: str
    history: tuple[Message, ...]
    changes: tuple[Change, ...]
    number: int
    n: int | None = None
    stages: Stages = field(default_factory=Stages)
    reply: Reply | None = None
    silent: str = ""
    """Why the language model is asked no more in this turn: it was absent or too slow once, and would keep the person waiting."""

    def run(self, engine: Engine) -> Generator[Event, None, None]:
        """Take the turn, yielding events as stages finish; `reply` and `changes` are set when it ends."""
        reading, ledger = self._understand(engine)
        yield Understood(ledger=ledger, chips=chips(ledger, engine.index.catalog, reading.language))
        if reading.intent in SPOKEN:
            yield self._finish(engine, self._answer(engine, reading, ledger))
            return
        words = "" if _is_command(reading) else self.message
        if reading.intent == "swap":
            yield self._finish(engine, self._filled(engine, reading, ledger, words))
            return
        query, pool = self._retrieve(engine, ledger, words, others=reading.intent in OTHERS)
        named = named_works(ledger, engine.index.catalog, self.number)
        exhausted = ""
        if not (pool or named):
            empty = self._empty(engine, query, reading)
            if reading.intent == "critique":  # what was shown already may be what is asked for
                query, pool = self._retrieve(engine, ledger, self.message, others=False)
                exhausted = empty.notes[0]
            if not pool:
                yield self._finish(engine, empty)
                return
        n = self._wanted(engine, reading, ledger)
        pool, shortlist = self._shortlist(engine, query, pool, n, reading, named)
        if not shortlist:  # nothing is left of any subject that was counted
            yield self._finish(engine, self._empty(engine, query, reading))
            return
        context = _context(engine, ledger, shortlist, reading.language)
        first_ids = tuple(candidate.item.id for candidate in named)
        drafts = drafts_from_facts(shortlist, context)
        bounds = engine.scorer.config.fit_bounds
        first = recommend(slate(drafts, n, ledger, candidate=_candidate, first=first_ids), context, bounds)
        try:
            yield CandidatesFound(recommendations=first)
            written, degraded = yield from self._generate(engine, drafts, context, n)
        except GeneratorExit:
            self._note_shown(first)  # whoever stops a turn still has its first cards before them
            raise
        ranked = self._rescore(engine, query, written, first_ids)
        shown = slate(ranked, n, ledger, candidate=_candidate, first=first_ids)
        question = question_for(reading, ledger, pool, self.number)
        if question is not None:
            self.changes += (Change(action="asked", turn=self.number, key=question.field),)
        picks = recommend(shown, context, bounds)
        spoken = self._speak(engine, context, len(picks), question)
        told = final_reply(reading, context, picks, n, degraded, pool=pool, question=question, exhausted=exhausted, spoken=spoken)
        yield self._finish(engine, told)

    def refresh(self, engine: Engine, *, keep: bool) -> Reply:
        """The slate after the ledger was changed by hand, without the language model.

        Args:
            engine: what to answer with.
            keep: leave the picks that still fit where they are and fill only the gaps; otherwise rank anew.
        """
        ledger = replay(self.changes)
        reading = Reading(language=language_of(self.message), changes=self.changes[-1:])
        words = "" if self.changes[-1].action in TAKING_BACK else self.message
        fill = self._filled if keep else self._anew
        self._finish(engine, fill(engine, reading, ledger, words))
        assert self.reply is not None
        return self.reply

    def _anew(self, engine: Engine, reading: Reading, ledger: Ledger, words: str) -> Reply:
        """A new slate without the language model."""
        query, pool = self._retrieve(engine, ledger, words, others=False)
        named = named_works(ledger, engine.index.catalog, self.number, kept=ledger.last_shown)
        if not (pool or named):
            return self._empty(engine, query, reading)
        scored = engine.rank(query, pool) if pool else ()
        works = (*named, *scored)
        context = _context(engine, ledger, works, reading.language)
        first = tuple(candidate.item.id for candidate in named)
        n = self._wanted(engine, reading, ledger)
        shown = slate(drafts_from_facts(works, context), n, ledger, candidate=_candidate, first=first)
        return final_reply(reading, context, recommend(shown, context, engine.scorer.config.fit_bounds), n, (), pool=scored)

    def _filled(self, engine: Engine, reading: Reading, ledger: Ledger, words: str) -> Reply:
        """The last slate, with others only where something had to go, without the language model."""
        kept = kept_picks(engine.index.catalog, ledger)
        query, pool = self._retrieve(engine, ledger, words, others=True, kept=frozenset(item.id for item in kept))
        if not pool and not kept:
            return self._empty(engine, query, reading)
        n = len(ledger.last_shown) or self._wanted(engine, reading, ledger)
        found = {candidate.item.id for candidate in pool}
        named = {candidate.item.id: candidate for candidate in named_works(ledger, engine.index.catalog, kept=ledger.last_shown)}
        scored = engine.rank(query, [*pool, *(Candidate(item=item) for item in kept if item.id not in found)])
        scored = [named.get(candidate.item.id, candidate) for candidate in scored]
        context = _context(engine, ledger, scored, reading.language)
        shown = fill_gaps(ledger.last_shown, kept, drafts_from_facts(scored, context), n)
        return final_reply(reading, context, recommend(shown, context, engine.scorer.config.fit_bounds), n, (), pool=scored)

    def _wanted(self, engine: Engine, reading: Reading, ledger: Ledger) -> int:
        """How many picks: as this message says, or whoever calls, or an earlier message of this topic."""
        if reading.count is not None:
            return reading.count.n
        return self.n or (ledger.count.n if ledger.count else engine.n)

    def _answer(self, engine: Engine, reading: Reading, ledger: Ledger) -> Reply:
        """What is said in words only; which works it is about is kept for the next message."""
        works = [Candidate(item=engine.index.catalog[item_id]) for item_id in reading.about]
        if reading.about:
            focus = in_focus(reading, engine.index.catalog)
            self.changes += (Change(action="spoken_of", turn=self.number, item_ids=focus),)
        remaining = self._remaining(engine, ledger) if reading.intent == "remaining" else 0
        return spoken_reply(reading, _context(engine, ledger, works, reading.language), remaining)

    def _remaining(self, engine: Engine, ledger: Ledger) -> int:
        """How many works meet all that is required and were not shown."""
        query = compose(engine.index, pulling(ledger), "", exclude_shown=True)
        wished = [constraint for wish in ledger.wishes if (constraint := wish.constraint) is not None]
        return int(engine.index.allowed(query, (*requirements(ledger), *wished)).sum())

    def _understand(self, engine: Engine) -> tuple[Reading, Ledger]:
        with self.stages.stage("understand", len(self.message)) as detail:
            before = replay(self.changes)
            reading = engine.understander.read(self.message, before, turn=self.number)
            if engine.reader is not None and reading.intent in READ_BY_MODEL and not _asks_for_work(reading):
                reading = self._read_by_model(engine, engine.reader, reading, before, detail)
            self.changes += reading.changes
            ledger = replay(self.changes)
            if reading.intent == "undo":
                held = {chip.label for chip in chips(ledger, engine.index.catalog, reading.language)}
                labels = (chip.label for chip in chips(before, engine.index.catalog, reading.language))
                reading = replace(reading, taken_back=tuple(label for label in labels if label not in held))
            detail |= {"n_out": len(reading.changes), "intent": reading.intent, "language": reading.language}
        return reading, ledger

    def _read_by_model(
        self, engine: Engine, reader: ModelReader, reading: Reading, before: Ledger, detail: dict[str, Any]
    ) -> Reading:
        """The model's reading, or the rules' if it fails."""
        try:
            read = reader.read(self.message, reading, known_words(before, engine.index.catalog), self.number)
        except LLMError as error:
            self._note_silence(error)
            detail |= {"read_by": "rules", "reader_failed": str(error)}
            return reading
        detail |= {"read_by": "rules" if read.reading is reading else "llm", "entries": read.entries, "dropped": read.dropped}
        return read.reading

    def _note_silence(self, error: LLMError) -> None:
        if isinstance(error, (LLMUnavailableError, LLMTimeoutError)):
            self.silent = str(error)

    def _speak(self, engine: Engine, context: FactContext, n: int, question: Question | None) -> Spoken:
        """How the model words what stands around the picks; nothing, if it is not to or fails."""
        if engine.speaker is None or not n or self.silent:
            return Spoken()
        answers = [chip.label for chip in question.chips(context.language)] if question else []
        with self.stages.stage("speak", n) as detail:
            try:
                known = known_words(context.ledger, context.catalog)
                spoken = engine.speaker.speak(self.message, known, n, answers, context.language)
            except LLMError as error:
                detail |= {"failed": str(error)}
                return Spoken()
            detail |= {"n_out": bool(spoken.opening) + bool(spoken.question), "dropped": spoken.dropped}
        return spoken

    def _retrieve(
        self, engine: Engine, ledger: Ledger, words: str, *, others: bool, kept: frozenset[str] = frozenset()
    ) -> tuple[Query, Pool]:
        """The query and its candidates; `others` leaves out what was shown, but for the items that are kept."""
        with self.stages.stage("embed", 1) as detail:
            query = compose(engine.index, pulling(ledger), words, exclude_shown=others)
            query = replace(query, excluded=query.excluded - kept)
            detail |= {"n_out": int(query.vector is not None)}
        with self.stages.stage("retrieve", len(engine.index.ids)) as detail:
            pool = candidates_for(engine.fusion, query)
            detail |= {"n_out": len(pool), "excluded": len(query.excluded)}
        return query, pool

    def _shortlist(
        self, engine: Engine, query: Query, pool: Sequence[Candidate], n: int, reading: Reading, named: Sequence[Candidate]
    ) -> tuple[Sequence[Candidate], Sequence[Candidate]]:
        """The pool with the head's probabilities, and what is put before the language model: first what was asked for itself."""
        with self.stages.stage("shortlist", len(pool)) as detail:
            scored = engine.rank(query, pool) if pool else ()
            if reading.intent == "surprise":
                ledger, catalog = query.ledger, engine.index.catalog
                known = [catalog[item_id] for item_id in (*ledger.shown, *ledger.ids("liked", "seen")) if item_id in catalog]
                kept = unexpected(scored, n, known, candidate=_itself)
            else:
                kept = slate(scored, max(engine.slots, n), query.ledger, candidate=_itself)
            kept = (*named, *kept)[: max(engine.slots, n)]
            detail |= {"n_out": len(kept)}
        return scored, kept

    def _generate(self, engine: Engine, drafts: tuple[Draft, ...], context: FactContext, n: int) -> Generated:
        if engine.writer is None:
            return drafts, ("the language model is switched off",)
        if self.silent or not engine.writer.ready():
            return drafts, (self.silent or engine.writer.status(),)
        picked: dict[str, Draft] = {}
        grounding, degraded = Grounding(context), ()
        slots = [draft.candidate for draft in drafts]
        writing = engine.writer.stream(message=self.message, history=self.history, slots=slots, context=context, n=n)
        with self.stages.stage("generate", len(drafts)) as detail:
            try:
                for written in writing:
                    item = written.candidate.item
                    draft = picked.setdefault(item.id, Draft(candidate=written.candidate, rank=written.rank, written_by="llm"))
                    claim = grounding.check(written.claim, item) if written.claim else None
                    if claim is not None:
                        picked[item.id] = replace(draft, claims=(*draft.claims, claim))
                        yield ClaimChecked(item_id=item.id, claim=claim)
            except LLMError as error:
                self._note_silence(error)
                degraded = (str(error),)
            finally:
                writing.close()
            detail |= {"n_out": len(picked), **grounding.counts, **writing.usage()}
        return tuple(_completed(draft, picked.get(draft.candidate.item.id), context) for draft in drafts), degraded

    def _rescore(self, engine: Engine, query: Query, drafts: Sequence[Draft], first: Sequence[str]) -> tuple[Draft, ...]:
        """The drafts as the head orders them, behind those that were asked for themselves, of which it has nothing to tell."""
        ranks = {draft.candidate.item.id: draft.rank for draft in drafts if draft.rank is not None}
        with self.stages.stage("score", len(drafts)) as detail:
            by_id = {draft.candidate.item.id: draft for draft in drafts}
            others = [draft.candidate for draft in drafts if draft.candidate.item.id not in first]
            scored = engine.rank(query, others, ranks) if others else ()
            named = tuple(draft for draft in drafts if draft.candidate.item.id in first)
            ranked = named + tuple(replace(by_id[candidate.item.id], candidate=candidate) for candidate in scored)
            detail |= {"n_out": len(ranked), "picked_by_llm": len(ranks)}
        return ranked

    def _empty(self, engine: Engine, query: Query, reading: Reading) -> Reply:
        with self.stages.stage("relax", len(engine.index.ids)) as detail:
            relaxation = relax(engine.index, query, requirements(query.ledger))
            detail |= {"n_out": relaxation.remaining if relaxation else 0}
        return empty_reply(reading, replay(self.changes), engine.index.catalog, relaxation)

    def _finish(self, engine: Engine, reply: Reply) -> Final:
        self._note_shown(reply.recommendations)
        trace = Trace(stages=tuple(self.stages.traces), versions=engine.versions)
        self.reply = replace(reply, ledger=replay(self.changes), trace=trace)
        return Final(reply=self.reply)

    def _note_shown(self, recommendations: Sequence[Recommendation]) -> None:
        shown = tuple(recommendation.item.id for recommendation in recommendations)
        if shown:
            self.changes += (Change(action="shown", turn=self.number, item_ids=shown),)


def _asks_for_work(reading: Reading) -> bool:
    """A work that is asked for itself is plain, and a model would take it for one that is liked."""
    return any(change.opinion is not None and change.opinion.sentiment == "wanted" for change in reading.changes)


def _context(engine: Engine, ledger: Ledger, works: Sequence[Candidate], language: Language) -> FactContext:
    """What is said of these works goes by the ledger; a work is not near itself."""
    query = Query(ledger=pulling(ledger), text="")
    near = near_liked(engine.index, query, works)
    return FactContext(ledger, engine.index.catalog, {i: found for i, found in near.items() if i != found[0]}, language)


def _is_command(reading: Reading) -> bool:
    """Whether the words describe no work: `games`, `forget that`, `something else`, `swap the second`, a missing title."""
    actions = {change.action for change in reading.changes if change.action != "count"}
    if reading.intent == "swap":
        return actions <= {"passed", "opine"}
    if not reading.describes or reading.intent in ("undo", "restart"):
        return True
    lacking = bool(reading.missing or reading.unsupported)
    return actions <= {"passed"} and (reading.intent in ("more", "surprise") or lacking)


def _candidate(draft: Draft) -> Candidate:
    return draft.candidate


def _itself(candidate: Candidate) -> Candidate:
    return candidate


def _completed(from_facts: Draft, written: Draft | None, context: FactContext) -> Draft:
    """What the model wrote, filled up with facts where its claims are too few to make a reason; else the draft from facts."""
    if written is None:
        return from_facts
    if not written.claims:
        return replace(from_facts, rank=written.rank)
    return replace(written, claims=complete(written.claims, written.candidate.item, context))
