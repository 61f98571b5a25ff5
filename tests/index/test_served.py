"""An index searched in a Chroma server answers as from its own folder."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import chromadb
import pytest
from builder import HashEmbedder, answers, catalog

from chatrec.constraints import where
from chatrec.errors import IndexMissingError, SettingsError
from chatrec.index.build import build_index
from chatrec.index.open import Index, open_index
from chatrec.types import Constraint

CATALOG = catalog(1200)
EMBEDDER = HashEmbedder()


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_index(CATALOG, EMBEDDER, tmp_path_factory.mktemp("built"))  # type: ignore[arg-type]


def opened(generation: Path, chroma_url: str = "") -> Index:
    return open_index(generation, CATALOG, EMBEDDER, chroma_url=chroma_url)  # type: ignore[arg-type]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chroma = [str(Path(sys.executable).with_name("chroma")), "run", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([*chroma, "--path", str(tmp_path / "served")], stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def test_a_server_gives_the_answers_of_the_folder_and_is_filled_once(
    generation: Path, server: tuple[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, process = server
    own, served = opened(generation), opened(generation, url)
    assert answers(served) == answers(own)
    asked = list(EMBEDDER.encode(["Film Number 17 western", "Film comedy 1960"]))
    for constraint in (
        Constraint(field="genres", op="in", value=("western", "horror")),
        Constraint(field="year", op="lt", value=1990),
        Constraint(field="genres", op="not_in", value=("drama",)),
    ):
        filtered = where([constraint])
        for ours, theirs in zip(own.nearest(asked, 20, filtered), served.nearest(asked, 20, filtered), strict=True):
            assert ours.rows.tolist() == theirs.rows.tolist()
            assert ours.scores == pytest.approx(theirs.scores, abs=1e-5)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("filled again")

    with monkeypatch.context() as patched:
        patched.setattr(chromadb.Collection, "upsert", refuse)
        assert answers(opened(generation, url)) == answers(own)
    served.collection.delete(ids=["video:17"])
    assert answers(opened(generation, url)) == answers(own)
    process.kill()
    process.wait()
    with pytest.raises(IndexMissingError, match="chroma run"):
        answers(served)


def test_a_server_that_is_not_there_is_named_with_what_to_run(generation: Path) -> None:
    with pytest.raises(IndexMissingError, match=r"http://127\.0\.0\.1:1 .*`chroma run`"):
        opened(generation, "http://127.0.0.1:1")


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://", "http://host:port", "http://[::1"])
def test_what_is_no_address_is_refused(generation: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="chroma_url"):
        opened(generation, url)
