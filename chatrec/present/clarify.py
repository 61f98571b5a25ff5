"""One question beside the picks, about what would narrow the choice most.

A question about a field is worth the mutual information of the wanted work C and the answer A (in bits):

    I(C; A) = k · (H(A) - Σ_c p_c · log2 |V_c|)

where p_c is the head's probability of candidate c, normalised over those that have the field, V_c the values it has (each as
likely an answer), and k the share of the probability that those candidates hold: of a work whose value is unknown, no answer
tells anything. Answers are the likeliest few values, which are offered, and "another". As whoever has no wish about a field
has no answer either, the bits are multiplied by the share of people who do (`ASKED_FOR`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

from chatrec.present.wording import JOIN, say
from chatrec.types import Candidate, Chip, Constraint, Item, Language, Ledger, Reading
from chatrec.understand.chips import constraint_label

ASKED_FOR: Mapping[str, float] = {"kind": 0.91, "form": 0.40, "genres": 0.69, "moods": 0.24, "year": 0.07}
"""Fields that are asked about, and how many of the first requests in `bench/conversations.py` say something of them: who has
no wish about a field has no answer, and then nothing is learned."""
MAX_OPTIONS = 3
MAX_FACTS = 1
"""Things known of a need up to which a question may pay."""
MIN_GAIN = 0.2
"""Bits below which a question does not pay."""
OTHER = "*"
FORM_NOUNS: Mapping[str, tuple[str, str]] = {
    "video": ("something to watch", "想看的"),
    "audio": ("something to hear", "想听的"),
    "game": ("something to play", "想玩的"),
    "film": ("a film", "电影"),
    "series": ("a series", "剧集"),
    "short": ("a short film", "短片"),
    "album": ("an album", "专辑"),
    "track": ("a song", "歌曲"),
    "artist": ("an artist", "歌手"),
    "podcast": ("a podcast", "播客"),
    "audiobook": ("an audiobook", "有声书"),
}


@dataclass(frozen=True)
class Question:
    """What to ask, and what its answers are."""

    field: str
    options: tuple[str, ...]
    """Values to offer, the likeliest first."""
    gain: float
    """Bits."""

    def text(self, language: Language) -> str:
        """The question as a sentence."""
        comma, either = JOIN[language][0], "还是" if language == "zh" else " or "
        labels = [label for label, _ in self._answers(language)]
        if self.field == "kind":
            labels = [label.removeprefix("something ").removeprefix("想").removesuffix("的") for label in labels]
        return say(f"ask_{self.field}", language, options=comma.join(labels[:-1]) + either + labels[-1])

    def chips(self, language: Language) -> tuple[Chip, ...]:
        """A chip for each answer offered."""
        return tuple(Chip(label=label, say=said) for label, said in self._answers(language))

    def _answers(self, language: Language) -> list[tuple[str, str]]:
        if self.field in ("kind", "form"):
            nouns = [FORM_NOUNS[value][language == "zh"] for value in self.options]
            return [(noun, noun) for noun in nouns]
        if self.field == "year":
            decades = [f"{value}年代" if language == "zh" else f"{value}s" for value in self.options]
            return [(decade, decade) for decade in decades]
        labels = [constraint_label(Constraint(field=self.field, op="in", value=(v,)), language) for v in self.options]
        return [(label, label) for label in labels]


def question_for(reading: Reading, ledger: Ledger, pool: Sequence[Candidate], turn: int) -> Question | None:
    """The question that pays most this turn, if one pays.

    None is asked where more than `MAX_FACTS` things are known, or the message asked for a surprise, for others or named what
    has to be settled first; nor right after another question, nor twice about a field.

    Args:
        reading: of this turn's message.
        ledger: what is known, this turn's changes included.
        pool: everything that fits, with the head's probabilities.
        turn: 0-based number of the user turn.
    """
    unsettled = reading.missing or reading.ambiguities or reading.unsupported or ledger.ambiguities
    just_asked = any(asked >= turn - 1 for _, asked in ledger.asked)
    open_request = reading.intent == "recommend" or (reading.intent == "more" and not ledger.last_shown)
    if not open_request or unsettled or just_asked or facts_known(ledger) > MAX_FACTS:
        return None
    fields = set(ASKED_FOR) - {field for field, _ in ledger.asked} - _settled(ledger)
    questions = [best_question(pool, field) for field in ASKED_FOR if field in fields]
    worth = [question for question in questions if question.gain >= MIN_GAIN and len(question.options) > 1]
    return max(worth, key=lambda question: question.gain, default=None)


def facts_known(ledger: Ledger) -> int:
    """How many things are known of what is wanted; a work that is liked says as much as two others."""
    medium = bool(ledger.kinds or any(c.field == "form" for c in ledger.constraints))
    others = sum(c.field != "form" for c in ledger.constraints)
    return medium + others + len(ledger.wishes) + 2 * len(ledger.ids("liked", "wanted", "mentioned"))


def _settled(ledger: Ledger) -> set[str]:
    """Fields that the ledger says something of already."""
    said = {c.field for c in ledger.constraints} | {wish.field for wish in ledger.wishes if wish.field}
    return said | ({"kind"} if ledger.kinds else {"form"})  # a form is asked for once the medium is known


def best_question(pool: Sequence[Candidate], field: str) -> Question:
    """The question about a field, its likeliest values as options."""
    known = [(candidate.score, values) for candidate in pool if (values := _values(candidate.item, field))]
    total, mass = sum(candidate.score for candidate in pool), sum(score for score, _ in known)
    if not mass:
        return Question(field, (), 0.0)
    shares: Counter[str] = Counter()
    for score, values in known:
        shares.update({value: score / len(values) for value in values})
    options = tuple(value for value, _ in shares.most_common(MAX_OPTIONS))
    answers: Counter[str] = Counter()
    doubt = 0.0
    for score, values in known:
        lumped = {value if value in options else OTHER for value in values}
        answers.update({value: score / mass / len(lumped) for value in lumped})
        doubt += score / mass * log2(len(lumped))
    entropy = -sum(share * log2(share) for share in answers.values() if share > 0)
    return Question(field, options, ASKED_FOR[field] * mass / total * (entropy - doubt))


def _values(item: Item, field: str) -> tuple[str, ...]:
    if field == "year":
        return (f"{item.year // 10 * 10}",) if item.year is not None else ()
    value = getattr(item, field)
    return value if isinstance(value, tuple) else (value,) if value else ()
