"""A language model that says what it is told to: an HTTP server that speaks the OpenAI protocol, faults included."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAULTS = (
    "refuse",  # HTTP 400, as for an unsupported parameter
    "refuse_late",  # the same, but as an event of the stream, as vLLM refuses a grammar
    "busy",  # HTTP 503, as from a full queue
    "broken",  # HTTP 500
    "slow_first",  # headers, then silence
    "stall",  # some text, then silence
    "trickle",  # some text, then comments that carry nothing
    "cut",  # some text, then the connection is reset
    "end",  # some text, then a clean end of the stream without its last events
    "garbage",  # bytes that are no event
    "half_json",  # an event whose JSON is cut
    "odd_json",  # an event that is JSON of another shape
    "endless",  # text for ever
)


@dataclass
class Script:
    """One answer: pieces of text, and the fault that follows the first `good` of them (`None`: all is well)."""

    pieces: Sequence[str] = ()
    fault: str | None = None
    good: int = 10**9
    finish_reason: str = "stop"
    delay_s: float = 0.0


@dataclass
class ScriptedLLM:
    """Answers requests with `scripts`, in order; the last one repeats. `requests` holds the bodies it got."""

    scripts: list[Script] = field(default_factory=lambda: [Script()])
    owned_by: str = "vllm"
    requests: list[dict[str, Any]] = field(default_factory=list)
    probes: int = 0
    healthy: bool = True
    served: int = 0
    open_streams: int = 0
    release: threading.Event = field(default_factory=threading.Event)
    """Set at the end, so that stalled answers let go of their threads."""
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def says(self, *pieces: str, fault: str | None = None, good: int = 10**9, **more: Any) -> None:
        """All further requests get this answer."""
        self.scripts = [Script(pieces, fault, good, **more)]
        self.served = 0

    def next(self) -> Script:
        script = self.scripts[min(self.served, len(self.scripts) - 1)]
        self.served += 1
        return script


def serve(llm: ScriptedLLM) -> Iterator[ScriptedLLM]:
    """Run the server until the generator is closed."""

    class Handler(_Handler):
        scripted = llm

    llm.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    llm.server.daemon_threads = True
    thread = threading.Thread(target=llm.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield llm
    llm.release.set()
    llm.server.shutdown()
    llm.server.server_close()
    thread.join()


class _Handler(BaseHTTPRequestHandler):
    scripted: ScriptedLLM

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.scripted.probes += 1
        if not self.scripted.healthy:
            self._plain(503, {})
        else:
            model = {"id": "scripted", "owned_by": self.scripted.owned_by, "max_model_len": 2048}
            self._plain(200, {"object": "list", "data": [model]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.scripted.requests.append(body)
        script = self.scripted.next()
        status = {"refuse": 400, "busy": 503, "broken": 500}.get(script.fault or "")
        if status and script.good > len(script.pieces):
            self._plain(status, {"error": {"message": "scripted", "type": "scripted", "code": status}})
            return
        self.scripted.open_streams += 1
        try:
            self._stream(script)
        except OSError:
            self.close_connection = True  # the reader went away, as a person may
        finally:
            self.scripted.open_streams -= 1

    def _plain(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, script: Script) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()
        for piece in script.pieces[: script.good]:
            self._event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
            self.scripted.release.wait(script.delay_s)
        if script.fault is not None:
            self._fail(script.fault)
            return
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": script.finish_reason}]})
        usage = {"prompt_tokens": 100, "completion_tokens": len(script.pieces), "total_tokens": 100 + len(script.pieces)}
        self._event({"choices": [], "usage": usage | {"prompt_tokens_details": {"cached_tokens": 64}}})
        self._raw(b"data: [DONE]\n\n")

    def _fail(self, fault: str) -> None:
        if fault in ("slow_first", "stall"):
            self.scripted.release.wait(30)
        elif fault == "trickle":
            while not self.scripted.release.wait(0.05):
                self._raw(b": still here\n\n")
        elif fault == "endless":
            while not self.scripted.release.is_set():
                self._event({"choices": [{"index": 0, "delta": {"content": "la " * 50}, "finish_reason": None}]})
        elif fault == "refuse_late":
            self._raw(b'data: {"error": {"message": "scripted", "type": "BadRequestError", "code": 400}}\n\n')
        elif fault == "garbage":
            self._raw(b"data: \xff\xfe\x00\x81 not an event\n\n")
        elif fault == "half_json":
            self._raw(b'data: {"choices": [{"index": 0, "del\n\n')
        elif fault == "odd_json":
            self._raw(b'data: {"choices": [{"delta": 5, "finish_reason": []}]}\n\n')
        elif fault == "cut":
            self.connection.setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # SO_LINGER 0: reset instead of an end
            self.connection.close()

    def _event(self, data: dict[str, Any]) -> None:
        head = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
        self._raw(f"data: {json.dumps(head | data)}\n\n".encode())

    def _raw(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
