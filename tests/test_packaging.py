"""The package as a user installs it: light to import, complete in the wheel, working from any folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from chatrec.settings import CHECKOUT_DIR, Settings

HEAVY = ("torch", "transformers", "chromadb", "gradio", "vllm", "langchain_openai", "sklearn", "sentence_transformers")
EXTRAS = ("gradio", "vllm", "sklearn", "ir_measures", "tensorboard", "gguf", "scipy.optimize")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, away from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        str(CHECKOUT_DIR),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("chatrec-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def python(code: str, *arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=os.environ | environment, timeout=300)


def test_importing_chatrec_loads_nothing_heavy() -> None:
    done = python(f"import chatrec, sys; print([m for m in {HEAVY!r} if m in sys.modules])")
    assert done.stdout.strip() == "[]", done.stderr


def test_the_command_line_and_the_facade_need_no_extra() -> None:
    block = f"import sys; sys.modules.update(dict.fromkeys({EXTRAS!r})); import chatrec.cli.app, chatrec.recommender; print('ok')"
    done = python(block)
    assert done.stdout.strip() == "ok", done.stderr


def test_the_wheel_carries_prompts_catalog_head_and_licences(unpacked: Path) -> None:
    data = unpacked / "chatrec" / "_data"
    assert {path.name for path in (data / "catalog").iterdir()} == {"video.jsonl", "audio.jsonl", "game.jsonl"}
    assert list((data / "prompts").glob("*.jinja"))
    assert list((unpacked / "chatrec" / "score" / "weights").glob("*.safetensors"))
    licences = {path.name for path in unpacked.glob("chatrec-*.dist-info/licenses/**/*")}
    assert "LICENSE" in licences
    assert sum(path.stat().st_size for path in unpacked.rglob("*.safetensors")) < 10_000_000


def test_the_installed_package_answers_from_any_folder_with_its_index_in_the_cache(unpacked: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "chatrec"
    cache.mkdir(parents=True)
    shutil.copytree(Settings.load().build_dir, cache / "index", ignore=shutil.ignore_patterns("build.lock"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = (
        "import chatrec, sys; sys.argv = ['chatrec', *sys.argv[1:]]; from chatrec.cli import main;"
        "print(chatrec.__file__, file=sys.stderr); main()"
    )
    done = python(
        run,
        *("ask", "a calm film", "--json", "--no-llm"),
        cwd=elsewhere,
        PYTHONPATH=str(unpacked),
        XDG_CACHE_HOME=str(tmp_path / "cache"),
    )
    assert str(unpacked) in done.stderr
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["recommendations"]) == 5
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["LLM_MODEL=own/model"], {"CHATREC_LLM_BASE=own/model"}),
        (["LLM_URL=http://h/v1", "LLM_MODEL=m"], {"CHATREC_LLM_URL=http://h/v1", "CHATREC_LLM_MODEL=m"}),
        ([], set()),
    ],
)
def test_a_model_named_to_make_is_served_or_asked_for_at_a_server(
    arguments: list[str], expected: set[str], tmp_path: Path
) -> None:
    (tmp_path / "show.mk").write_text(f"include {CHECKOUT_DIR / 'Makefile'}\nshow: ; @env\n", encoding="utf-8")
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("CHATREC_", "LLM_", "MAKE"))}
    command = ["make", "-s", "-f", str(tmp_path / "show.mk"), "show", *arguments]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, env=bare).stdout.splitlines()
    assert {line for line in shown if line.startswith("CHATREC_")} == expected
