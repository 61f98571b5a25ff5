"""The only file that talks to a language model: any OpenAI-compatible endpoint, through LangChain's `ChatOpenAI`.

vLLM's own parameters (grammars) are used where the endpoint is vLLM. Nothing here starts a server or retries: a turn that
cannot have the model is answered without it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import httpx
import structlog

from chatrec.errors import LLMError, LLMMalformedError, LLMRefusedError, LLMTimeoutError, LLMUnavailableError
from chatrec.settings import Settings

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

log = structlog.get_logger()

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOCAL_PROBE_S, REMOTE_PROBE_S = 0.3, 2.0
LOCAL_FRESH_S, REMOTE_FRESH_S = 1.5, 60.0
"""How long an answer of the server is taken as a sign that it still lives."""
BREAK_S = (1.0, 2.0, 4.0, 8.0)
"""After the n-th failed request in a row the server is left alone for so long (circuit breaker)."""
ABSENT_S = 1.0
"""After a failed probe, which costs the server nothing, it is left alone for so long."""
CONNECT_S = 2.0
MAX_RESPONSE_BYTES = 8 * 2**20
"""Longest response that is read, events or not; what is longer is no answer and would fill the memory."""
MAX_CHARS_PER_TOKEN = 40
"""More text than this per permitted token means the server does not honour `max_tokens`."""

ChatRole = Literal["system", "user", "assistant"]
ChatMessage = tuple[ChatRole, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one answer cost. Token counts are the server's own; `None` where it did not tell."""

    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    """Prompt tokens that were found in the server's prefix cache."""
    completion_tokens: int | None = None
    first_token_ms: float | None = None
    total_ms: float = 0.0
    finish_reason: str | None = None
    """`stop`, `length`, or `None` if the answer was not read to its end."""


class Answer(Iterator[str]):
    """The pieces of one answer as they arrive. Closing it ends the request, so that the server stops writing.

    Raises, while it is iterated:
        LLMUnavailableError: nobody answers, the server is overloaded, or the connection broke.
        LLMTimeoutError: too long a silence, or too long in all.
        LLMMalformedError: what arrives is not the protocol, or never ends.
        LLMRefusedError: the server rejects the request.
    """

    def __init__(self, llm: LLM, chunks: Iterator[Any], max_tokens: int) -> None:
        self._llm, self._chunks, self._room = llm, chunks, max_tokens * MAX_CHARS_PER_TOKEN
        self._start = time.perf_counter()
        self._usage: dict[str, Any] = {}
        self._done = False

    @property
    def usage(self) -> Usage:
        """What is known so far of the answer's cost."""
        return Usage(**self._usage)

    def __iter__(self) -> Answer:
        return self

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __next__(self) -> str:
        while not self._done:
            try:
                text = self._read()
            except LLMError as error:
                self.close()
                self._llm.health.failed(error)
                raise
            if text:
                return text
        raise StopIteration

    def close(self) -> None:
        """End the request; harmless if it has ended."""
        self._done = True
        close = getattr(self._chunks, "close", None)
        if close is not None:
            close()

    def _read(self) -> str:
        """The next piece of text; empty if there is none in this chunk. Ends the answer at its end."""
        try:
            chunk = next(self._chunks, None)
        except _failures() as error:
            raise _translated(error, self._llm) from error
        if chunk is None:
            self._finish()
            return ""
        return self._take(chunk)

    def _take(self, chunk: Any) -> str:
        text = chunk.content if isinstance(chunk.content, str) else ""
        if text and "first_token_ms" not in self._usage:
            self._usage["first_token_ms"] = self._elapsed_ms()
        reason = (chunk.response_metadata or {}).get("finish_reason")
        if reason:
            self._usage["finish_reason"] = reason
        if chunk.usage_metadata:
            self._usage |= _token_counts(chunk.usage_metadata)
        self._room -= len(text)
        if self._room < 0:
            raise LLMMalformedError(f"the language model at {self._llm.url} does not stop where it was told to")
        return text

    def _finish(self) -> None:
        self._usage["total_ms"] = self._elapsed_ms()
        if "finish_reason" not in self._usage:
            raise LLMUnavailableError(f"the language model at {self._llm.url} broke off in mid-answer")
        self._llm.health.succeeded()
        self.close()

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._start) * 1000


def _token_counts(usage: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
        "cached_tokens": (usage.get("input_token_details") or {}).get("cache_read"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What the endpoint said of itself."""

    name: str
    is_vllm: bool
    context_tokens: int | None = None


class Health:
    """Whether the server can be asked now: a short probe whose result is kept for a while, and a circuit breaker.

    After failed requests the server is left alone for 1, 2, 4, then 8 s, until an answer has been read to its end again.
    """

    def __init__(self, settings: Settings, client: httpx.Client) -> None:
        self._settings, self._client = settings, client
        local = is_loopback(settings.llm_url)
        self._fresh_s = LOCAL_FRESH_S if local else REMOTE_FRESH_S
        self._probe_s = LOCAL_PROBE_S if local else REMOTE_PROBE_S
        self._lock = threading.Lock()
        self._fresh_until = self._closed_until = 0.0
        self._failures = 0
        self._why = ""
        self.model: Model | None = None

    def ready(self) -> bool:
        """Whether the server answers. Costs at most one short probe, and none while the last result is fresh."""
        with self._lock:
            now = time.monotonic()
            if now < self._closed_until:
                return False
            if now < self._fresh_until:
                return True
            try:
                self.model = self._probe()
            except LLMError as error:
                self._pause(ABSENT_S, error)
                return False
            self._why = ""
            self._fresh_until = time.monotonic() + self._fresh_s
            return True

    @property
    def why(self) -> str:
        """What was wrong when the server was last found not ready; empty if nothing was."""
        return self._why

    def failed(self, error: LLMError) -> None:
        """Note a failed request. A refused request says nothing of the server's health."""
        if isinstance(error, LLMRefusedError):
            return
        with self._lock:
            self._pause(BREAK_S[min(self._failures, len(BREAK_S) - 1)], error)
            self._failures += 1

    def succeeded(self) -> None:
        """Note an answer that was read to its end."""
        with self._lock:
            self._failures, self._closed_until = 0, 0.0
            self._fresh_until = time.monotonic() + self._fresh_s

    def _pause(self, pause_s: float, error: LLMError) -> None:
        self._fresh_until, self._closed_until = 0.0, time.monotonic() + pause_s
        if str(error) != self._why:
            log.info("language model not usable", why=str(error), pause_s=pause_s)
        self._why = str(error)

    def _probe(self) -> Model:
        url = self._settings.llm_url.rstrip("/")
        try:
            response = self._client.get(f"{url}/models", timeout=self._probe_s, headers=_authorization(self._settings))
        except httpx.TimeoutException as error:
            raise LLMUnavailableError(f"the language model at {url} does not answer") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LLMUnavailableError(_absent(url)) from error
        if response.status_code in (401, 403):
            raise LLMUnavailableError(f"the language model at {url} refuses the API key: set CHATREC_LLM_API_KEY")
        if response.status_code == 404 and self._settings.llm_model:
            return Model(name=self._settings.llm_model, is_vllm=False)
        if response.status_code != 200:
            raise LLMUnavailableError(f"the language model at {url} answers with HTTP {response.status_code}")
        return _model(response, self._settings.llm_model, url)


def _model(response: httpx.Response, wanted: str, url: str) -> Model:
    """The model to ask, out of the server's list.

    Raises:
        LLMUnavailableError: the list cannot be read, is empty, or lacks the wanted model on a vLLM server.
    """
    try:
        listed = [entry for entry in response.json()["data"] if isinstance(entry["id"], str)]
    except (ValueError, KeyError, TypeError) as error:
        raise LLMUnavailableError(f"what runs at {url} does not list models as an OpenAI-compatible server does") from error
    is_vllm = any(entry.get("owned_by") == "vllm" for entry in listed)
    entry = next((e for e in listed if not wanted or e["id"] == wanted), None)
    if entry is None and (is_vllm or not wanted):
        names = ", ".join(e["id"] for e in listed) or "none"
        raise LLMUnavailableError(f"the server at {url} does not serve model {wanted!r} (it serves: {names})")
    length = (entry or {}).get("max_model_len")
    context_tokens = length if isinstance(length, int) else None
    return Model(name=entry["id"] if entry else wanted, is_vllm=is_vllm, context_tokens=context_tokens)


class LLM:
    """A language model at an OpenAI-compatible endpoint. One instance serves all sessions and threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.url = settings.llm_url
        trust_env = not is_loopback(settings.llm_url)  # a proxy from the environment cannot reach this machine's loopback
        self._probes = httpx.Client(
            trust_env=trust_env, transport=_Watched(httpx.HTTPTransport(), REMOTE_PROBE_S, REMOTE_PROBE_S)
        )
        watched = _Watched(httpx.HTTPTransport(), settings.llm_stall_s, settings.llm_timeout_s)
        self._client = httpx.Client(trust_env=trust_env, transport=watched)
        self.health = Health(settings, self._probes)
        self._chats: dict[str, ChatOpenAI] = {}

    @classmethod
    def of(cls, settings: Settings) -> LLM:
        """The model that the settings name. Nothing is contacted yet."""
        return cls(settings)

    def ready(self) -> bool:
        """Whether the model can be asked now; at most one short probe."""
        return self.health.ready()

    def status(self) -> str:
        """Why it cannot be asked, as an end of a sentence for a person; "is ready" if it can."""
        starting = starting_since(self._settings)
        if not self.health.why:
            return "the language model is ready"
        if starting is not None:
            return f"the language model is starting ({round(time.time() - starting)} s so far)"
        return self.health.why

    @property
    def model(self) -> Model | None:
        """What the endpoint said of itself; `None` before it was first reached."""
        return self.health.model

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        grammar: str | None = None,
        json_schema: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Ask, and get the answer as it is written.

        Args:
            messages: role and text, in order.
            max_tokens: longest answer.
            grammar: EBNF the answer must follow (vLLM only).
            json_schema: JSON schema the answer must follow.

        Raises:
            LLMUnavailableError: the server is not there; `status` says why. Errors after that come from the iteration.
        """
        if not self.ready() or self.model is None:
            raise LLMUnavailableError(self.status())
        body: dict[str, Any] = {}
        if grammar is not None:
            body["structured_outputs"] = {"grammar": grammar}
        if json_schema is not None:
            body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": json_schema}}
        chat = self._chat(self.model.name)
        chunks = chat.stream(list(messages), max_tokens=max_tokens, extra_body=body or None)
        return Answer(self, chunks, max_tokens)

    def close(self) -> None:
        """Close idle connections."""
        self._probes.close()
        self._client.close()

    def _chat(self, model: str) -> ChatOpenAI:
        if model not in self._chats:
            from langchain_openai import ChatOpenAI  # takes a second to import, which a turn without the model need not pay

            self._chats[model] = ChatOpenAI(
                model=model,
                base_url=self.url,
                api_key=self._settings.llm_api_key,  # type: ignore[arg-type]
                http_client=self._client,
                timeout=httpx.Timeout(CONNECT_S, read=min(self._settings.llm_stall_s, self._settings.llm_timeout_s)),
                max_retries=0,
                temperature=0.0,
                seed=0,
                streaming=True,
                stream_usage=True,
                use_responses_api=False,
            )
        return self._chats[model]


# --- limits on silence and on the whole answer ---------------------------------------------------------------------


class _Watched(httpx.BaseTransport):
    """Ends a response whose events stop coming or that is too long in time or size, also if bytes keep trickling in.

    Nothing compressed is asked for or taken: how large it is can only be known by unpacking it.
    """

    def __init__(self, inner: httpx.BaseTransport, stall_s: float, timeout_s: float) -> None:
        self._inner, self._stall_s, self._timeout_s = inner, stall_s, timeout_s

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        start = time.monotonic()
        request.headers["Accept-Encoding"] = "identity"
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        packed = response.headers.get("Content-Encoding", "identity") != "identity"
        room = 0 if packed else MAX_RESPONSE_BYTES
        response.stream = _WatchedStream(response.stream, request, self._stall_s, start + self._timeout_s, room)
        return response

    def close(self) -> None:
        self._inner.close()


class _WatchedStream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, request: httpx.Request, stall_s: float, deadline: float, room: int) -> None:
        self._inner, self._request, self._stall_s, self._deadline, self._room = inner, request, stall_s, deadline, room

    def __iter__(self) -> Iterator[bytes]:
        last_event = time.monotonic()
        for chunk in self._inner:
            now = time.monotonic()
            if b"data:" in chunk:
                last_event = now
            if now > self._deadline:
                raise httpx.ReadTimeout("the answer takes too long", request=self._request)
            if now - last_event > self._stall_s:
                raise httpx.ReadTimeout("no event for too long", request=self._request)
            self._room -= len(chunk)
            if self._room < 0:
                raise httpx.DecodingError("more than can be read", request=self._request)
            yield chunk

    def close(self) -> None:
        self._inner.close()


def _failures() -> tuple[type[Exception], ...]:
    """What the HTTP, OpenAI and LangChain layers raise, also when what arrives is JSON of an unforeseen shape."""
    import openai

    return (openai.OpenAIError, httpx.HTTPError, httpx.StreamError, ValueError, TypeError, KeyError, AttributeError, IndexError)


def _translated(error: Exception, llm: LLM) -> LLMError:
    """Any failure of the HTTP, OpenAI or LangChain layer as one of ours."""
    import openai

    where = f"the language model at {llm.url}"
    if isinstance(error, (openai.APITimeoutError, httpx.TimeoutException)):
        return LLMTimeoutError(f"{where} did not answer in time")
    if isinstance(error, openai.APIStatusError):
        return _translated_status(error.status_code, where)
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__
        known = isinstance(cause, (openai.APIConnectionError, httpx.HTTPError))
        return _translated(cause, llm) if known else LLMUnavailableError(_absent(llm.url))
    if isinstance(error, httpx.ConnectError):
        return LLMUnavailableError(_absent(llm.url))
    if isinstance(error, openai.APIError) and isinstance(error.body, dict) and isinstance(error.body.get("code"), int):
        return _translated_status(error.body["code"], where)  # vLLM reports some refusals as an event of the stream
    if isinstance(error, httpx.TransportError):
        return LLMUnavailableError(f"{where} broke off in mid-answer")
    return LLMMalformedError(f"{where} does not speak the protocol ({type(error).__name__})")


def _translated_status(status: int, where: str) -> LLMError:
    if status in (401, 403):
        return LLMUnavailableError(f"{where} refuses the API key: set CHATREC_LLM_API_KEY")
    if status in (429, 503):
        return LLMUnavailableError(f"{where} is busy")
    if 400 <= status < 500:
        return LLMRefusedError(f"{where} refuses the request (HTTP {status})")
    return LLMUnavailableError(f"{where} answers with HTTP {status}")


def _absent(url: str) -> str:
    return f"no language model is running at {url}"


def _authorization(settings: Settings) -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.llm_api_key}"}


# --- a server of this machine that is on its way up ----------------------------------------------------------------


def is_loopback(url: str) -> bool:
    """Whether the address is of this machine."""
    return (urlsplit(url).hostname or "") in LOOPBACK


def starting_note(settings: Settings, port: int) -> Path:
    """The file by which a server that is loading its model says so: JSON with `pid` and `since` (Unix seconds)."""
    return settings.cache_dir / "llm" / f"starting-{port}.json"


def starting_since(settings: Settings) -> float | None:
    """Since when a local server at the configured address has been starting; `None` if none is."""
    if not is_loopback(settings.llm_url):
        return None
    note = starting_note(settings, urlsplit(settings.llm_url).port or 80)
    try:
        data = json.loads(note.read_text(encoding="utf-8"))
        os.kill(int(data["pid"]), 0)
        return float(data["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # no note, or one left by a process that is gone
