"""Teaching a language model: the shared rules change nothing, training helps, and a run that was cut off ends the same."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from chatrec.cli import main
from chatrec.errors import DataMissingError, ModelMissingError
from chatrec.train import generator
from chatrec.train.generator import (
    GeneratorConfig,
    Lines,
    adapted,
    answer_loss,
    batches,
    perplexity,
    train_generator,
    write_answers,
)
from chatrec.train.lessons import Lesson, read_lessons

CORNERS = ("[unk]", "[end]", "[system]", "[user]", "[assistant]")
TEMPLATE = (
    "{% for m in messages %}[{{ m.role }}] {{ m.content }} [end]\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)
CONFIG = GeneratorConfig(rank=4, batch=3, learning_rate=5e-3, save_every=2, frozen=0.5)


def lesson(place: int) -> Lesson:
    slot = f"c0{1 + place % 3}"
    messages = (("system", "Name the slot ."), ("user", f"c01 a c02 b c03 c Request : {'abc'[place % 3]} {'x ' * (place % 4)}"))
    return Lesson("drawn", messages, f"{slot} {'abc'[place % 3]}", 1, {"c01": ("a",), "c02": ("b",), "c03": ("c",)}, (slot,))


LESSONS = [lesson(place) for place in range(24)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    words = [*CORNERS, *(word for word in ["Name", "the", "slot", ".", "c01", "c02", "c03", "a", "b", "c", "x", "Request", ":"])]
    inner = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[unk]"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="[end]", unk_token="[unk]")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(words), num_key_value_heads=2, initializer_range=0.3, **sizes)).save_pretrained(
        folder
    )
    return folder


def test_rules_that_are_shared_give_the_loss_of_each_request_by_itself(base: Path) -> None:
    model, tokenizer = adapted(base, None)
    lines = Lines(tokenizer, LESSONS)
    encoded = [lines.encode(one) for one in LESSONS[:4]]
    total, count = 0.0, 0
    for one in encoded:
        ids = torch.tensor([lines.prefix + one.request + one.answer])
        logits = model(ids).logits[0, -len(one.answer) - 1 : -1]
        total += float(torch.nn.functional.cross_entropy(logits, ids[0, -len(one.answer) :], reduction="sum").detach())
        count += len(one.answer)
    assert float(answer_loss(model, lines.prefix, encoded).detach()) == pytest.approx(total / count, rel=1e-5)


def test_tokens_that_choose_weigh_more_and_those_that_copy_one(base: Path) -> None:
    model, tokenizer = adapted(base, None)
    lines = Lines(tokenizer, LESSONS)
    one = lines.encode(replace(LESSONS[0], answer="c01 a\nc02 b\n"))
    assert one.choosing == [True, False, True, False, True]
    ids = torch.tensor([lines.prefix + one.request + one.answer])
    losses = torch.nn.functional.cross_entropy(model(ids).logits[0, -6:-1], ids[0, -5:], reduction="none").detach()
    weights = torch.tensor([3.0, 1.0, 3.0, 1.0, 3.0])
    expected = float((losses * weights).sum() / weights.sum())
    assert float(answer_loss(model, lines.prefix, [one], 3.0).detach()) == pytest.approx(expected, rel=1e-5)


def test_an_adapter_is_taught_further_from_where_it_was(base: Path, tmp_path: Path) -> None:
    first = train_generator(LESSONS * 4, base, tmp_path / "first", replace(CONFIG, learning_rate=3e-2))
    still = replace(CONFIG, learning_rate=0.0)
    facts = train_generator(LESSONS[:3], base, tmp_path / "second", still, start=tmp_path / "first")
    name = "adapter_model.safetensors"
    assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()
    assert first["start_sha256"] is None and len(facts["start_sha256"]) == 64


def test_an_adapter_of_another_shape_or_none_at_all_is_refused(base: Path, tmp_path: Path) -> None:
    train_generator(LESSONS[:3], base, tmp_path / "first", CONFIG)
    with pytest.raises(ModelMissingError, match="another shape"):
        train_generator(LESSONS, base, tmp_path / "second", replace(CONFIG, rank=2), start=tmp_path / "first")
    with pytest.raises(ModelMissingError, match="no adapter at"):
        train_generator(LESSONS, base, tmp_path / "second", CONFIG, start=tmp_path / "nothing")


def test_every_lesson_is_learned_from_once_an_epoch() -> None:
    assert sorted(place for batch in batches([len(one.answer) for one in LESSONS], 3, seed=0) for place in batch) == list(
        range(24)
    )


def test_training_lowers_the_loss_and_leaves_an_adapter_and_nothing_unfinished(base: Path, tmp_path: Path) -> None:
    facts = train_generator(LESSONS * 4, base, tmp_path / "out", replace(CONFIG, learning_rate=3e-2, frozen=0.0))
    model, tokenizer = adapted(base, None)
    before = answer_loss(model, (lines := Lines(tokenizer, LESSONS)).prefix, [lines.encode(one) for one in LESSONS])
    taught, _ = adapted(base, tmp_path / "out")
    after = answer_loss(taught, lines.prefix, [lines.encode(one) for one in LESSONS])
    assert float(after.detach()) < 0.7 * float(before.detach())
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
    assert str(base) not in (tmp_path / "out" / "adapter_config.json").read_text()
    assert facts["steps"] == 32


def test_a_run_that_was_cut_off_is_gone_on_with_to_the_same_weights(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_generator(LESSONS, base, tmp_path / "whole", CONFIG)
    real, calls = generator.answer_loss, []

    def cut(*arguments: object) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(generator, "answer_loss", cut)
    with pytest.raises(KeyboardInterrupt):
        train_generator(LESSONS, base, tmp_path / "cut", CONFIG)
    calls.clear()
    monkeypatch.setattr(generator, "answer_loss", real)
    steps: list[int] = []
    train_generator(LESSONS, base, tmp_path / "cut", CONFIG, lambda done, of, loss: steps.append(done))
    assert steps[0] == 5
    name = "adapter_model.safetensors"
    assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_what_another_run_left_is_not_gone_on_with(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(done: int, of: int, loss: float) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_generator(LESSONS, base, tmp_path, CONFIG, stop)
    steps: list[int] = []
    train_generator(LESSONS[:12], base, tmp_path, CONFIG, lambda done, of, loss: steps.append(done))
    assert steps == [1, 2, 3, 4]


def test_answers_come_with_their_end_and_their_length(base: Path) -> None:
    model, tokenizer = adapted(base, None)
    found = list(write_answers(model, tokenizer, LESSONS[:5], batch=2, limit=4))
    assert len(found) == 5
    assert all(one.tokens <= 4 for one in found)
    assert 1.0 < perplexity(model, tokenizer, ["a b c x", "x c"]) < 100.0


def test_without_a_model_or_lessons_the_error_says_so(base: Path, tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="no model at"):
        train_generator(LESSONS, tmp_path, tmp_path, CONFIG)
    with pytest.raises(DataMissingError, match="no lessons"):
        train_generator([], base, tmp_path, CONFIG)


def test_the_command_teaches_a_model_and_writes_its_card(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):  # over its own files, too
        assert not teach(base, tmp_path, monkeypatch)
        facts = json.loads((tmp_path / "card.json").read_text())
        assert facts["lessons"] == 4
        assert len(read_lessons(tmp_path / "lessons.jsonl")) == 4
        assert "LoRA, rank 16" in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("name", ["README.md", "card.json"])
def test_a_card_of_somebodys_own_is_not_written_over(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / name).write_text('{"mine": 1}', encoding="utf-8")
    assert teach(base, tmp_path, monkeypatch) == 2
    assert f"{name} was not written by this command" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [name] and (tmp_path / name).read_text() == '{"mine": 1}'


def teach(base: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Run the command; gives its exit code."""
    command = ["chatrec", "train", "generator", "--base", str(base), "--out", str(out), "--lessons", "4", "--threads", "1"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code
