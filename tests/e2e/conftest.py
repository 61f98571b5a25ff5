"""A real page in a real Chromium: the recommender, its Chroma store and its embedder are the ones a user has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browsing import Page, ScriptedWriter, served

from chatrec.recommender import Recommender
from chatrec.settings import Settings

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last, for Playwright's event loop runs until the end and no other can be started beside it.

    Without Chromium they are skipped where a person sees it, and fail in continuous integration.
    """
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    if CHROMIUM.exists() or os.environ.get("CI"):
        return
    reason = f"BROWSER TESTS NEED {CHROMIUM}: apt-get install chromium"
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": str(CHROMIUM), "args": list(FLAGS)}


@pytest.fixture(scope="session")
def context(browser: Any) -> Iterator[Any]:
    """One browser profile for all tests: Gradio's own files are fetched once. Pages share nothing else."""
    shared = browser.new_context()
    yield shared
    shared.close()


@pytest.fixture
def page(context: Any) -> Iterator[Any]:
    """A fresh tab."""
    opened = context.new_page()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """The real thing over a small catalog, without a language model."""
    catalog = Path(__file__).with_name("catalog.jsonl")
    return Recommender.open(catalog=catalog, index_dir=tmp_path_factory.mktemp("index"), llm=False)


@pytest.fixture(scope="session")
def address(recommender: Recommender) -> Iterator[str]:
    """Where the page is served."""
    with served(lambda: recommender) as url:
        yield url


@pytest.fixture(scope="session")
def writer() -> ScriptedWriter:
    return ScriptedWriter()


@pytest.fixture(scope="session")
def writing_address(recommender: Recommender, writer: ScriptedWriter) -> Iterator[str]:
    """Where the page is served with a language model behind it."""
    settings = Settings.load(llm_url="http://127.0.0.1:9/v1")
    scripted = Recommender(replace(recommender.engine, writer=writer), settings, recommender._store)  # type: ignore[arg-type]
    with served(lambda: scripted) as url:
        yield url


@pytest.fixture
def browse(page: Any) -> Iterator[Callable[[str], Page]]:
    """Opens the page; afterwards nothing may have gone to another host, and no script may have failed."""
    opened: list[Page] = []

    def open_at(url: str) -> Page:
        opened.append(Page(page, url))
        return opened[-1].open()

    yield open_at
    for one in opened:
        assert one.elsewhere == []
        assert one.errors == []


@pytest.fixture
def app(browse: Callable[[str], Page], address: str) -> Page:
    """The page, opened, without a language model."""
    return browse(address)


@pytest.fixture
def writing_app(browse: Callable[[str], Page], writing_address: str, writer: ScriptedWriter) -> Iterator[Page]:
    """The page, opened, with a language model that writes at once unless told to hold."""
    writer.up, writer.error = True, None
    writer.allow_all()
    yield browse(writing_address)
    writer.allow_all()
