"""The nouns of a turn. Each stage takes and returns these; none of them knows a stage.

Scores are always higher-is-better. Sequences are tuples, so that a value can be shared between turns and threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["video", "audio", "game"]
OF_EPISODES = frozenset({"series", "podcast"})
"""Forms whose minutes are those of one episode."""
KINDS: tuple[Kind, ...] = ("video", "audio", "game")
Role = Literal["user", "assistant"]
Language = Literal["en", "zh"]

Op = Literal["in", "not_in", "lt", "le", "gt", "ge", "ranges"]
"""`in`/`not_in` compare with a tuple of strings; `lt` … `ge` with a number; `ranges` with inclusive (low, high) pairs, any of
which may hold."""

EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A catalog entry. A missing field (`None` or `()`) means *unknown*, never "none"."""

    id: str
    kind: Kind
    title: str
    form: str | None = None
    aliases: tuple[str, ...] = ()
    year: int | None = None
    creators: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str | None = None
    minutes: float | None = None
    age: int | None = None
    language: str | None = None
    countries: tuple[str, ...] = ()
    popularity: float | None = None
    links: Mapping[str, str] = field(default_factory=lambda: EMPTY)  # type: ignore[assignment]
    extra: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    """Fields of the source file that this version does not know; kept, and written back."""

    @property
    def people(self) -> tuple[str, ...]:
        """Creators and cast, in that order, each once."""
        return tuple(dict.fromkeys(self.creators + self.cast))

    def to_dict(self) -> dict[str, Any]:
        """The item as a catalog line: unknown fields left out, tuples as lists, whole numbers without a point."""
        known = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name != "extra"}
        return {name: value for name, value in known.items() if value not in (None, [], {})} | dict(self.extra)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """Something an item must (hard) or should (soft) satisfy; `chatrec.constraints.satisfies` is its one meaning."""

    field: str
    """A field of `Item`, or `people` (creators, cast and publishers)."""
    op: Op
    value: tuple[str, ...] | float | tuple[tuple[float, float], ...]
    hard: bool = True
    turn: int = 0
    """0-based user turn it was said in."""
    said: str = ""
    """The words it came from, as typed."""
    enforceable: bool = True
    """False if no item of the catalog has the field: it cannot be checked, and the person is told."""
    extreme: bool = False
    """Whether what lies furthest in this direction comes first: `the shortest film`. Such a one is soft."""
    taken_from: tuple[str, ...] = ()
    """For a bound that was taken from what was shown (`shorter`): the forms it holds for, a medium where a form is unknown."""
    of_forms: tuple[str, ...] = ()
    """Forms that alone must satisfy it: the podcast of `a horror film and a podcast` may be of any genre."""

    @property
    def key(self) -> str:
        """Identity for removal and replacement: what it restricts, not when it was said."""
        of = f"|{self.of_forms}" if self.of_forms else ""
        return f"{self.field}|{self.op}|{self.value}{of}"

    @property
    def values(self) -> tuple[str, ...]:
        """What is listed, of `in` and `not_in`; nothing of bounds."""
        return tuple(map(str, self.value)) if self.op in ("in", "not_in") and isinstance(self.value, tuple) else ()


Sentiment = Literal["liked", "wanted", "disliked", "seen", "saved", "mentioned", "past"]
"""`wanted`: asked for itself; it is shown first once, and pulls as a liked one does. `mentioned`: named without a verdict, e.g.
in a replayed log whose sentiment must not be used. `past`: liked before the topic changed; it is not offered, and no longer
pulls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What the person said of one item."""

    item_id: str
    sentiment: Sentiment
    turn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A soft preference in words; `field` and `value` are set where a vocabulary knows them ("space" → themes)."""

    text: str
    turn: int = 0
    field: str | None = None
    value: str | None = None
    also: tuple[str, ...] = ()
    """Further values of the field that the same words mean: what is sad is melancholic, bittersweet or bleak."""
    direction: Literal["more", "less"] = "more"

    @property
    def values(self) -> tuple[str, ...]:
        """All values that are meant, the first first."""
        return () if self.value is None else (self.value, *self.also)

    @property
    def constraint(self) -> Constraint | None:
        """The same as something that a field can tell; None where no vocabulary knows it."""
        if self.field is None or self.value is None:
            return None
        return Constraint(field=self.field, op="in" if self.direction == "more" else "not_in", value=self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguity:
    """A named title that fits several items; `options` best first. The first is used until the person says otherwise."""

    said: str
    options: tuple[str, ...]


Action = Literal[
    "opine",  # opinion
    "unopine",  # item_id: forget what was said of it
    "constrain",  # constraint; replaces hard ones of the same field and direction
    "unconstrain",  # key
    "wish",
    "unwish",  # key = the wish's text
    "kinds",  # kinds, () = any
    "count",  # count: how many picks are wanted, until the topic changes unless `once`
    "ambiguous",  # ambiguity: keep it open until one of its options is spoken of again
    "shown",  # item_ids put before the person
    "passed",  # item_ids that were shown and passed over by asking for others
    "spoken_of",  # item_ids that a question was about: what "it" and "the two" mean next
    "asked",  # key = the field that a clarifying question was about
    "forget_last",  # undo the changes of the latest user turn that said anything
    "new_topic",  # drop wishes and constraints, keep seen/disliked and the youngest age
    "start_over",  # drop everything
]


@dataclass(frozen=True, slots=True)
class Count:
    """How many picks are wanted."""

    n: int
    each: tuple[str, ...] = ()
    """The form of each of them, where numbers were told of several: `a film and two games`."""
    shares: tuple[tuple[int, tuple[Constraint, ...]], ...] = ()
    """Numbers that were told of several subjects, each with what is demanded of its works: `two comedies and one western`."""
    once: bool = False
    """Whether it holds for this answer alone: `one more`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step of a ledger; the ledger is nothing but its changes replayed."""

    action: Action
    turn: int
    opinion: Opinion | None = None
    constraint: Constraint | None = None
    wish: Wish | None = None
    key: str | None = None
    ambiguity: Ambiguity | None = None
    kinds: tuple[Kind, ...] = ()
    count: Count | None = None
    item_ids: tuple[str, ...] = ()


Intent = Literal[
    "recommend",
    "more",
    "surprise",  # others, and such as the person would not have thought of
    "critique",
    "swap",  # others in the place of some picks only
    "greeting",
    "thanks",
    "save",  # keep works for later, and leave the slate as it is
    "saved",  # tell what was kept
    "undo",
    "restart",
    "question",  # a fact of one work
    "check",  # whether something is true of one work
    "compare",
    "remaining",  # how many more works fit than were shown
    "why",  # why a work is among the picks
    "complaint",
    "off_topic",
]
Fact = Literal["creators", "cast", "minutes", "year", "description", "genres", "language", "countries", "age", "quality"]
"""What a person may ask of a work: a field of it, or how good it is, which no field tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What works are compared by."""

    field: Literal["minutes", "year", "popularity", "age", "moods", "choice", "all", "none"]
    """`choice`: which of them to take; `all`: side by side; `none`: by what no catalog records."""
    most: bool = True
    """Whether the one with more of it is sought."""
    values: tuple[str, ...] = ()
    """For moods: those that count, as the catalog spells them; the first names them all."""
    said: str = ""
    """The word for the mood, or for what no catalog records, as typed."""
    subject: str | None = None
    """For a question of yes or no: the id of the work that is said to have more, or less."""
    level: bool = False
    """For a question of yes or no: whether as much of it is enough, as in `as long as`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one message was understood to say."""

    changes: tuple[Change, ...] = ()
    intent: Intent = "recommend"
    language: Language = "en"
    missing: tuple[str, ...] = ()
    """Titles that were named and that the catalog lacks, as typed."""
    standing_in: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)
    """Missing titles of which the catalog has other parts: their ids, the best known first."""
    nothing_by: tuple[str, ...] = ()
    """Makers of whom others were asked for, and of whom the catalog has nothing else."""
    ambiguities: tuple[Ambiguity, ...] = ()
    unsupported: tuple[str, ...] = ()
    """Wishes that were understood but that nothing here can act on, as typed."""
    describes: bool = True
    """Whether any of its words may describe a work; `games`, `something else` and `not Marvel` do not."""
    asked: tuple[tuple[str, ...], Fact] | None = None
    """For a question: the ids of the works, and what of them is asked."""
    about: tuple[str, ...] = ()
    """Ids of the works that a question or a comparison is about."""
    comparison: Comparison | None = None
    conditions: tuple[Constraint, ...] = ()
    """For a check: what is asked to be true of the work; `()` if no field of the catalog tells."""
    taken_back: tuple[str, ...] = ()
    """Labels of what this message took back, as its chips had said it."""

    @property
    def count(self) -> Count | None:
        """How many picks this message asks for, if it says so."""
        return next((change.count for change in self.changes if change.count is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All that is known of what this person wants *now*. Built only by `understand.ledger.replay`."""

    turn: int = 0
    kinds: tuple[Kind, ...] = ()
    """Media asked for; empty if nothing points to one."""
    count: Count | None = None
    """How many picks were asked for last, if it was said since the topic began."""
    opinions: tuple[Opinion, ...] = ()
    """The latest one per item, oldest first."""
    constraints: tuple[Constraint, ...] = ()
    wishes: tuple[Wish, ...] = ()
    shown: tuple[str, ...] = ()
    """Everything put before the person since the topic began, oldest first."""
    last_shown: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    """What was shown and passed over by asking for others; it does not come back until the topic changes."""
    ambiguities: tuple[Ambiguity, ...] = ()
    """Named titles that fit several items and that were not settled yet."""
    focus: tuple[str, ...] = ()
    """What was spoken of since the last answer with picks: what "it" and "the two" mean."""
    asked: tuple[tuple[str, int], ...] = ()
    """Fields that a clarifying question was about since the topic began, each with its turn."""

    def ids(self, *sentiments: Sentiment) -> tuple[str, ...]:
        """Items with one of these sentiments, oldest first."""
        return tuple(o.item_id for o in self.opinions if o.sentiment in sentiments)

    @property
    def anchors(self) -> tuple[str, ...]:
        """The works that pull: liked ones, else those named without a verdict; latest last. What was saved for later does not."""
        return self.ids("liked") or self.ids("mentioned")

    @property
    def hard(self) -> tuple[Constraint, ...]:
        """The constraints that code enforces."""
        return tuple(c for c in self.constraints if c.hard and c.enforceable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What the retrievers and the head are asked: the ledger, the conversation's words and their vectors."""

    ledger: Ledger
    text: str
    """Words to match, composed from wishes and the latest message; may be empty."""
    last_message: str = ""
    vector: Any = None
    """float32 [d], unit length: embedding of `text`; None if there is no text."""
    message_vector: Any = None
    """float32 [d], unit length: embedding of `last_message`; None if it was not computed."""
    excluded: frozenset[str] = frozenset()
    """Never to be retrieved: seen, disliked, passed over, and shown before when the person asks for others."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One retriever's verdict on an item; `rank` starts at 1."""

    retriever: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An item that could be recommended, with who found it."""

    item: Item
    hits: tuple[Hit, ...] = ()
    score: float = 0.0
    """Fused retrieval score, then the head's probability."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement about an item, bound to the catalog field that must bear it out."""

    text: str
    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One pick as it was written: the item behind its slot, and the claims made of it."""

    candidate: Candidate
    claims: tuple[Claim, ...] = ()
    rank: int | None = None
    """1-based position the language model gave it; None if the model did not pick it."""
    written_by: Literal["llm", "facts"] = "facts"


Fit = Literal["low", "medium", "high"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One pick as it is shown."""

    item: Item
    reason: str
    evidence: tuple[Claim, ...]
    """The claims that `reason` consists of, each checked against the item."""
    score: float
    """The head's estimate in [0, 1] that this item fits, among this turn's candidates."""
    fit: Fit = "medium"
    written_by: Literal["llm", "facts"] = "facts"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as `--json` prints it."""
        return {
            "item": self.item.to_dict(),
            "reason": self.reason,
            "evidence": [{"text": c.text, "field": c.field, "value": c.value} for c in self.evidence],
            "score": self.score,
            "fit": self.fit,
            "written_by": self.written_by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """Something understood that the person can remove (`remove`), or a next step they can take (`say`)."""

    label: str
    remove: Change | None = None
    say: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTrace:
    """What one arrow of the pipeline took, kept and cost."""

    stage: str
    n_in: int
    n_out: int
    ms: float
    detail: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One turn, replayable: versions and hashes of what took part, and a line per stage."""

    stages: tuple[StageTrace, ...] = ()
    versions: Mapping[str, str] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to one message."""

    text: str
    recommendations: tuple[Recommendation, ...] = ()
    chips: tuple[Chip, ...] = ()
    question: str = ""
    """What would narrow the choice most, asked beside the picks; also the end of `text`. Its answers are the first chips."""
    notes: tuple[str, ...] = ()
    """What could not be done or was assumed: titles missing from the catalog, ambiguous ones, unenforceable constraints."""
    degraded: tuple[str, ...] = ()
    """Why this answer is less than it could be ("the language model is not running"); empty if all went well."""
    ledger: Ledger = field(default_factory=Ledger)
    trace: Trace = field(default_factory=Trace)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as `--json` prints it."""
        return {
            "text": self.text,
            "recommendations": [r.to_dict() for r in self.recommendations],
            "chips": [{"label": c.label, "say": c.say, "removable": c.remove is not None} for c in self.chips],
            "question": self.question,
            "notes": list(self.notes),
            "degraded": list(self.degraded),
        }


# --- events of a streamed turn, in this order ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """The message was read."""

    ledger: Ledger
    chips: tuple[Chip, ...] = ()
    type: Literal["understood"] = "understood"


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesFound:
    """The shortlist in the head's order, with reasons built from facts: what is shown until the model has spoken."""

    recommendations: tuple[Recommendation, ...]
    type: Literal["candidates"] = "candidates"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimChecked:
    """One whole claim that the model wrote and that the item bears out."""

    item_id: str
    claim: Claim
    type: Literal["claim"] = "claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """The turn's reply."""

    reply: Reply
    type: Literal["final"] = "final"


Event = Understood | CandidatesFound | ClaimChecked | Final
