"""A capable model words the sentence above the picks and the question below them; what it may not say is not said.

What it says of the works must be the person's own words: a number, a name, or a word of the vocabularies that is in neither the
message nor what is known of the request makes the sentence unusable, and the system's own stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatrec.generate.prompts import Prompt
from chatrec.generate.structured import ask, closed
from chatrec.generate.wording import PHRASES, is_plain, plain
from chatrec.llm import LLM, ChatMessage
from chatrec.types import Item, Language

MAX_OPENING_CHARS, MAX_QUESTION_CHARS, MAX_MESSAGE_CHARS = 140, 140, 400
SCHEMA = closed(
    {
        "opening": {"type": "string", "maxLength": MAX_OPENING_CHARS},
        "question": {"type": "string", "maxLength": MAX_QUESTION_CHARS},
    }
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Spoken:
    """What may be said; empty where the system's own words stand."""

    opening: str = ""
    question: str = ""
    dropped: int = 0
    """Sentences that said what they may not."""


class Speaker:
    """Words the sentences around the picks. One instance serves all sessions."""

    def __init__(self, llm: LLM, prompt: Prompt, catalog: Mapping[str, Item]) -> None:
        self.llm, self.prompt = llm, prompt
        fields = ("genres", "moods", "themes", "tags")
        pairs = {(field, value): item for item in catalog.values() for field in fields for value in getattr(item, field)}
        self._telling = frozenset(value.casefold() for _, value in pairs if len(_WORD.findall(value)) == 1)
        chinese = (PHRASES[field](value, item, "zh").removeprefix("关于") for (field, value), item in pairs.items())
        self._telling_zh = frozenset(word for word in chinese if len(word) > 1 and _HAN.match(word))

    def speak(self, message: str, known: str, n: int, answers: Sequence[str], language: Language) -> Spoken:
        """The sentences for a slate.

        Args:
            message: the latest message.
            known: what is known of the request, in a few words.
            n: how many picks there are.
            answers: what the question offers; none: no question is to be asked.
            language: of the message.

        Raises:
            LLMError: the model could not be used or wrote nothing that can be read.
        """
        said = plain(message, MAX_MESSAGE_CHARS)
        request = self.prompt.block("request", message=said, known=known, n=n, answers=list(answers))
        messages: list[ChatMessage] = [("system", self.prompt.block("system")), ("user", request)]
        data = ask(self.llm, messages, SCHEMA, self.prompt.meta.budget.answer)
        opening, question = (str(data.get(name) or "").strip() for name in ("opening", "question"))
        heard = f"{said} {known} {' '.join(answers)}"
        may_open = self._may_say(opening, heard, language, MAX_OPENING_CHARS)
        asks = question.endswith(("?", "？")) and all(answer.casefold() in question.casefold() for answer in answers)
        may_ask = bool(answers) and asks and self._may_say(question, heard, language, MAX_QUESTION_CHARS)
        dropped = (bool(opening) and not may_open) + (bool(question) and not may_ask)
        return Spoken(opening if may_open else "", question if may_ask else "", dropped)

    def _may_say(self, sentence: str, heard: str, language: Language, limit: int) -> bool:
        """Whether it is one plain sentence of the language that tells nothing but what was heard."""
        chinese = bool(_HAN.search(sentence))
        parts = (sentence[at : at + 60].strip() for at in range(0, len(sentence), 60))
        if not sentence or len(sentence) > limit or chinese != (language == "zh") or not all(map(is_plain, filter(None, parts))):
            return False
        words, known = _WORD.findall(sentence), {word.casefold() for word in _WORD.findall(heard)}
        foreign = [word for word in words[1:] if word.casefold() not in known and word != "I"]
        if chinese:
            return not any(word in sentence and word not in heard for word in self._telling_zh)
        return not any(word.isdecimal() or word[0].isupper() or word.casefold() in self._telling for word in foreign)
