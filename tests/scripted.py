"""A language model that says what it is told to: an HTTP server that speaks the OpenAI protocol, faults included."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
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
    "oversized",  # one event that never ends
    "swollen",  # a little compressed text that unpacks to very much
    "page",  # a page of HTML
    "silent",  # nothing at all
    "reset",  # the connection is reset before anything is said
)


@dataclass
class Script:
    """One answer: pieces of text, and the fault that follows the first `good` of them (`None`: all is well).

    Pieces can be made from the request's body, as by `obedient`.
    """

    pieces: Sequence[str] | Callable[[dict[str, Any]], Sequence[str]] = ()
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
    models: Any = None
    """What it lists instead of its one model."""
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

    def answers(self, fault: str | None = None, good: int = 0) -> None:
        """All further requests get a good answer, or the first `good` pieces of one and then the fault."""
        self.scripts = [Script(obedient, fault, good if fault else 10**9)]
        self.served = 0

    def start(self, port: int = 0) -> None:
        """Begin to listen."""
        self.release.clear()
        self.server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"scripted": self}))
        self.server.daemon_threads = True
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Stop listening and let go of stalled answers; the port."""
        assert self.server is not None
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()
        return self.server.server_address[1]

    @contextmanager
    def absent(self) -> Iterator[None]:
        """Nobody listens for a while."""
        port = self.stop()
        try:
            yield
        finally:
            self.start(port)

    def next(self) -> Script:
        script = self.scripts[min(self.served, len(self.scripts) - 1)]
        self.served += 1
        return script


def serve(llm: ScriptedLLM) -> Iterator[ScriptedLLM]:
    """Run the server until the generator is closed."""
    llm.start()
    yield llm
    llm.stop()


def obedient(body: dict[str, Any]) -> list[str]:
    """What a model that does as it is told answers to a request of ours: the first slots, each with a fact of its own."""
    asked = body["messages"][-1]["content"]
    n = int(re.search(r"Picks(?: wanted)?: (\d+)", asked)[1])  # type: ignore[index]
    if "structured_outputs" in body:
        lines = re.findall(r'^l\d+ ::= "(c\d\d)" " " \("([^"]+)"', body["structured_outputs"]["grammar"], re.MULTILINE)
        return [f"{slot} {fact}\n" for slot, fact in lines[:n]]
    cards = re.findall(r"^(c\d\d) \| title: .*? \| genres: ([^,|\n]+)", asked, re.MULTILINE)
    picks = [{"slot": slot, "claims": [{"field": "genres", "value": genre.strip()}]} for slot, genre in cards[:n]]
    return re.findall(r".{1,20}", json.dumps({"picks": picks}))


def open_sockets() -> int:
    """Sockets of this process."""
    fds = Path("/proc/self/fd").iterdir()
    return sum(os.path.lexists(fd) and str(fd.readlink()).startswith("socket:") for fd in fds)


class _Handler(BaseHTTPRequestHandler):
    scripted: ScriptedLLM

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.scripted.probes += 1
        if not self.scripted.healthy:
            self._plain(503, {})
        elif self.scripted.models is not None:
            self._plain(200, self.scripted.models)
        else:
            model = {"id": "scripted", "owned_by": self.scripted.owned_by, "max_model_len": 2048}
            self._plain(200, {"object": "list", "data": [model]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.scripted.requests.append(body)
        script = self.scripted.next()
        pieces = script.pieces(body) if callable(script.pieces) else script.pieces
        status = {"refuse": 400, "busy": 503, "broken": 500}.get(script.fault or "")
        if status and (script.good > len(pieces) or not script.good):
            self._plain(status, {"error": {"message": "scripted", "type": "scripted", "code": status}})
            return
        self.scripted.open_streams += 1
        try:
            self._answer(script, pieces)
        except OSError:
            self.close_connection = True  # the reader went away, as a person may
        finally:
            self.scripted.open_streams -= 1

    def _answer(self, script: Script, pieces: Sequence[str]) -> None:
        if script.fault in ("silent", "reset"):
            self._hang() if script.fault == "silent" else self._reset()
        elif script.fault == "page":
            self._head("text/html")
            self._raw(b"<html><title>Welcome</title>" + b"<p>data: hello</p>\n\n" * 50)
        elif script.fault == "swollen":
            self._head("text/event-stream", "gzip")
            packer = zlib.compressobj(wbits=31)
            while True:
                self._raw(packer.compress(b"data: " + b"x" * 2**24) + packer.flush(zlib.Z_SYNC_FLUSH))
        else:
            self._stream(script, pieces)

    def _plain(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _head(self, content_type: str, encoding: str = "identity") -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Encoding", encoding)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()

    def _stream(self, script: Script, pieces: Sequence[str]) -> None:
        self._head("text/event-stream")
        for piece in pieces[: script.good]:
            self._event({"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
            self.scripted.release.wait(script.delay_s)
        if script.fault is not None:
            self._fail(script.fault)
            return
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": script.finish_reason}]})
        usage = {"prompt_tokens": 100, "completion_tokens": len(pieces), "total_tokens": 100 + len(pieces)}
        self._event({"choices": [], "usage": usage | {"prompt_tokens_details": {"cached_tokens": 64}}})
        self._raw(b"data: [DONE]\n\n")

    def _fail(self, fault: str) -> None:
        if fault in ("slow_first", "stall"):
            self._hang()
        elif fault == "trickle":
            while not self.scripted.release.wait(0.05):
                self._raw(b": still here\n\n")
        elif fault == "endless":
            while not self.scripted.release.is_set():
                self._event({"choices": [{"index": 0, "delta": {"content": "la " * 50}, "finish_reason": None}]})
        elif fault == "oversized":
            self._raw(b'data: {"choices": [{"delta": {"content": "')
            while not self.scripted.release.is_set():
                self._raw(b"x" * 2**16)
        elif fault == "refuse_late":
            self._raw(b'data: {"error": {"message": "scripted", "type": "BadRequestError", "code": 400}}\n\n')
        elif fault == "garbage":
            self._raw(b"data: \xff\xfe\x00\x81 not an event\n\n")
        elif fault == "half_json":
            self._raw(b'data: {"choices": [{"index": 0, "del\n\n')
        elif fault == "odd_json":
            self._raw(b'data: {"choices": [{"delta": 5, "finish_reason": []}]}\n\n')
        elif fault == "cut":
            self._reset()

    def _hang(self) -> None:
        """Say nothing for half a minute, or until the reader goes away."""
        until = time.monotonic() + 30
        while time.monotonic() < until and not self.scripted.release.wait(0.05):
            with suppress(BlockingIOError):
                if not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                    return

    def _reset(self) -> None:
        self.connection.setsockopt(1, 13, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # SO_LINGER 0: reset instead of an end
        self.connection.shutdown(socket.SHUT_RD)
        self.wfile.close()
        self.rfile.close()
        self.connection.close()

    def _event(self, data: dict[str, Any]) -> None:
        head = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
        self._raw(f"data: {json.dumps(head | data)}\n\n".encode())

    def _raw(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
