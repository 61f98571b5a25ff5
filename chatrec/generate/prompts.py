"""The prompt templates: files with front matter, rendered strictly, laid out so that the server's prefix cache hits.

A request is: fixed rules and examples → earlier messages (only ever appended to) → the candidates and the last message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jinja2
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from chatrec.errors import SettingsError
from chatrec.generate.wording import plain
from chatrec.llm import ChatMessage
from chatrec.settings import Settings
from chatrec.types import Message

MAX_PAST_CHARS = 400
MESSAGE_TOKENS = 5
"""What a chat template adds to each message."""
Profile = Literal["small", "capable"]


class Budget(BaseModel):
    """Token limits of a prompt: all of it, the earlier messages in it, and the answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: int
    history: int
    answer: int


class FrontMatter(BaseModel):
    """What a prompt file says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    version: int
    profile: Profile
    purpose: str
    output: Literal["lines", "json"]
    budget: Budget


@dataclass(frozen=True)
class Prompt:
    """One template: a `system` block that is the same for all turns, and a `request` block."""

    meta: FrontMatter
    sha256: str
    template: jinja2.Template

    @property
    def version(self) -> str:
        """Id, version and hash, as the trace records them."""
        return f"{self.meta.id}@{self.meta.version}#{self.sha256[:12]}"

    def block(self, name: Literal["system", "request"], **values: Any) -> str:
        """One block, filled in.

        Raises:
            SettingsError: the template uses a variable that is not given.
        """
        context = self.template.new_context(values)
        try:
            return "".join(self.template.blocks[name](context)).strip()
        except jinja2.UndefinedError as error:
            raise SettingsError(f"prompt {self.version}, block {name!r}: {error.message}") from error

    def messages(self, history: Sequence[Message], *, n: int, **values: Any) -> list[ChatMessage]:
        """The whole request: rules, the part of the history that its budget admits, candidates and last message."""
        kept = trim(history, self.meta.budget.history)
        past: list[ChatMessage] = [(message.role, plain(message.text, MAX_PAST_CHARS)) for message in kept]
        return [("system", self.block("system")), *past, ("user", self.block("request", n=n, **values))]

    def fits(self, messages: Sequence[ChatMessage]) -> bool:
        """Whether the request is within the prompt's budget, by a cautious estimate."""
        return sum(estimate_tokens(text) for _, text in messages) <= self.meta.budget.prompt


@dataclass(frozen=True)
class Prompts:
    """The templates of a folder by profile."""

    by_profile: Mapping[Profile, Prompt]

    def __getitem__(self, profile: Profile) -> Prompt:
        return self.by_profile[profile]

    @classmethod
    def of(cls, settings: Settings) -> Prompts:
        """The templates that the settings point to.

        Raises:
            SettingsError: a profile's template is missing or cannot be read.
        """
        return cls({profile: load(settings.prompts_dir / f"{profile}.jinja") for profile in ("small", "capable")})


def load(path: Path) -> Prompt:
    """Read one template.

    Raises:
        SettingsError: there is no such file, its front matter or its syntax is wrong, or a block is missing.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"no prompt template {path}: point CHATREC_PROMPTS to a folder that has it") from error
    _, front, body = (*text.split("---\n", 2), "", "")[:3]
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701 - plain text, not HTML
    try:
        meta = FrontMatter.model_validate(yaml.safe_load(front))
        template = environment.from_string(body)
    except (ValidationError, yaml.YAMLError, jinja2.TemplateSyntaxError) as error:
        raise SettingsError(f"prompt template {path}: {error}") from error
    missing = {"system", "request"} - template.blocks.keys()
    if missing:
        raise SettingsError(f"prompt template {path}: no block {', '.join(sorted(missing))}")
    return Prompt(meta, hashlib.sha256(text.encode()).hexdigest(), template)


def estimate_tokens(text: str) -> int:
    """A cautious guess of how many tokens a message is: small vocabularies spell digits and Chinese characters out.

    Counts a digit or sign as one token, a Latin letter as 2/7, any other letter as one and a Chinese character as two.
    """
    wide = sum(char > "\u2e80" for char in text)
    latin = sum(char.isascii() and char.isalpha() for char in text)
    spaces = text.count(" ")
    return 2 * wide + -(-2 * latin // 7) + (len(text) - wide - latin - spaces) + MESSAGE_TOKENS


def trim(history: Sequence[Message], budget: int) -> Sequence[Message]:
    """The latest messages within the budget of tokens, whole ones only.

    When the budget is exceeded the older half is let go at once, so that in between the history is only appended to and
    the server's prefix cache keeps hitting.
    """
    start = total = 0
    costs = [estimate_tokens(message.text) for message in history]
    for end, cost in enumerate(costs, 1):
        total += cost
        if total > budget:
            while start < end and total > budget // 2:
                total -= costs[start]
                start += 1
    return history[start:]
