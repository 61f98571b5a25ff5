"""Fixtures that several packages' tests share: a language model that is real, and one that says what it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from dialog_samples import small_index  # noqa: F401 - a fixture for all
from scripted import ScriptedLLM, serve

from chatrec.errors import DependencyMissingError, ModelMissingError
from chatrec.serve.llm import LLMServer, free_port, prepare_model
from chatrec.settings import Settings

# no property is one of speed: on a busy machine drawing an example may take seconds
hypothesis.settings.register_profile("any_speed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("any_speed")


@pytest.fixture
def scripted_llm() -> Iterator[ScriptedLLM]:
    """A server that speaks the OpenAI chat protocol with scripted answers and faults; `scripted_llm.url` is its address."""
    yield from serve(ScriptedLLM())


@pytest.fixture(scope="session")
def vllm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LLMServer]:
    """One real vLLM on the CPU with the default model, for the whole test run."""
    log_path = Path(tmp_path_factory.mktemp("vllm")) / "vllm.log"
    try:
        model = prepare_model(Settings.load())
        server = LLMServer(model, port=free_port(), log_path=log_path)
        server.start()
    except (DependencyMissingError, ModelMissingError) as error:
        pytest.fail(f"tests marked vllm need the local model server: {error}")
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def vllm_url(vllm_server: LLMServer) -> str:
    """Base URL (…/v1) of the real vLLM."""
    return vllm_server.url
