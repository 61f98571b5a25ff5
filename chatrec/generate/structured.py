"""One bounded answer of the language model as data: asked under a JSON schema, and given up on early."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chatrec.errors import LLMMalformedError
from chatrec.llm import LLM, ChatMessage
from chatrec.settings import Settings

STALL_S, TIMEOUT_S = 1.5, 5.0
"""Longest silence and longest answer: a turn waits for it, and has what the rules say to fall back on."""


def impatient(settings: Settings) -> LLM:
    """The settings' model with the time limits of answers that a turn waits for."""
    limits = {"llm_stall_s": min(STALL_S, settings.llm_stall_s), "llm_timeout_s": min(TIMEOUT_S, settings.llm_timeout_s)}
    return LLM.of(settings.model_copy(update=limits))


def ask(llm: LLM, messages: Sequence[ChatMessage], schema: Mapping[str, Any], max_tokens: int) -> dict[str, Any]:
    """The object that the model answers with.

    Raises:
        LLMError: the model could not be used, took too long, or wrote no JSON object.
    """
    with llm.stream(messages, max_tokens=max_tokens, json_schema=schema) as answer:
        text = "".join(answer)
    start, end = text.find("{"), text.rfind("}")
    try:
        data = json.loads(text[start : end + 1])
    except (ValueError, RecursionError) as error:
        raise LLMMalformedError("the language model wrote no JSON object") from error
    if not isinstance(data, dict):
        raise LLMMalformedError("the language model wrote no JSON object")
    return data


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object that has these properties, all of them, and no others."""
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}
