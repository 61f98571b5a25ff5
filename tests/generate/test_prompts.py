"""Prompt templates: strict, versioned, within budget, and the same in front of what changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import ALIEN, context, slots

from chatrec.errors import SettingsError
from chatrec.generate import json_picks, lines
from chatrec.generate.prompts import Prompts, estimate_tokens, load, trim
from chatrec.settings import Settings
from chatrec.types import Message

GOOD = """---
id: mine
version: 3
profile: small
purpose: A test.
output: lines
budget: {prompt: 100, history: 50, answer: 20}
---
{% block system %}Pick well.{% endblock %}
{% block request %}{{ message }} ({{ n }} picks){% endblock %}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.jinja"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_prompts_serve_both_profiles_and_name_their_version() -> None:
    prompts = Prompts.of(Settings.load())
    for profile in ("small", "capable"):
        meta = prompts[profile].meta
        assert meta.profile == profile
        assert prompts[profile].version.startswith(f"{meta.id}@{meta.version}#")


def test_the_version_changes_with_the_text(tmp_path: Path) -> None:
    one = load(write(tmp_path, GOOD)).version
    assert load(write(tmp_path, GOOD.replace("Pick", "Choose"))).version != one


def test_a_variable_that_is_not_given_is_an_error_that_names_prompt_and_variable(tmp_path: Path) -> None:
    prompt = load(write(tmp_path, GOOD.replace("{{ message }}", "{{ massage }}")))
    with pytest.raises(SettingsError, match=r"mine@3.*massage"):
        prompt.messages((), n=3, message="hello")


@pytest.mark.parametrize(
    "text",
    [
        "no front matter",
        GOOD.replace("version: 3", "version: three"),
        GOOD.replace("purpose: A test.", "surprise: 1"),
        GOOD.replace("{% endblock %}", "", 1),
        GOOD.replace("block request", "block question"),
        GOOD.replace("budget: {", "budget: [{"),
    ],
)
def test_a_template_that_cannot_be_used_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"mine\.jinja"):
        load(write(tmp_path, text))


def test_a_folder_without_the_templates_says_which_setting_points_to_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="CHATREC_PROMPTS"):
        Prompts.of(Settings.load(prompts=tmp_path))


def test_what_changes_stands_behind_what_does_not() -> None:
    prompt = Prompts.of(Settings.load())["small"]
    deck = lines.cards(slots(), context())
    past = [Message("user", "horror"), Message("assistant", "Here are five picks.")]
    first = prompt.messages((), n=5, cards=deck, known="", message="horror")
    second = prompt.messages(past, n=3, cards=deck[1:], known="horror", message="older ones")
    assert first[0] == second[0]
    assert second[1:3] == [("user", "horror"), ("assistant", "Here are five picks.")]
    assert "older ones" in second[-1][1]
    assert ALIEN.title in first[-1][1]


def test_braces_in_a_message_are_text_and_not_template() -> None:
    prompt = Prompts.of(Settings.load())["small"]
    said = "{{ 7 * 7 }} {% include '/etc/passwd' %}"
    rendered = prompt.messages((), n=1, cards=lines.cards(slots(ALIEN), context()), known="", message=said)[-1][1]
    assert said in rendered


def test_the_capable_prompt_offers_every_field_that_can_be_claimed() -> None:
    prompt = Prompts.of(Settings.load())["capable"]
    text = prompt.messages((), n=2, cards=json_picks.cards(slots(), context()), known="", message="x")[-1][1]
    assert "c01 | title: Alien" in text
    assert "creators: Ridley Scott" in text


messages = st.lists(st.builds(Message, st.sampled_from(["user", "assistant"]), st.text(max_size=200)), max_size=30)


@given(messages, st.integers(10, 200))
def test_kept_history_is_the_latest_part_and_within_budget(history: list[Message], budget: int) -> None:
    kept = trim(history, budget)
    assert list(kept) == history[len(history) - len(kept) :]
    assert sum(estimate_tokens(message.text) for message in kept) <= budget


@given(messages, st.integers(50, 200))
def test_between_two_compactions_history_is_only_appended_to(history: list[Message], budget: int) -> None:
    for end in range(1, len(history)):
        before, after = trim(history[:end], budget), trim(history[: end + 1], budget)
        appended = list(after[: len(before)]) == list(before)
        halved = sum(estimate_tokens(message.text) for message in after) <= budget // 2
        assert appended or halved


@given(st.text(max_size=300))
def test_the_estimate_is_never_zero_and_grows_with_the_text(text: str) -> None:
    assert estimate_tokens(text) > 0
    assert estimate_tokens(text * 2) >= estimate_tokens(text)
