"""Teach a small language model the job: supervised fine-tuning with LoRA on lessons, resumable, on a CPU.

All requests begin with the same rules, so those are computed once per batch and shared, and only the answers' positions reach
the output layer; together that saves about two fifths of the work of a plain fine-tuning loop.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load, load_file, save_file
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

from chatrec.errors import DataMissingError, ModelMissingError
from chatrec.train.judge import Answered
from chatrec.train.lessons import Lesson

UNFINISHED = "unfinished"
ADAPTER_FILE = "adapter_model.safetensors"
STATE, WEIGHTS = "state.json", "state.safetensors"
IGNORED = -100
SLOT = re.compile(r"^\S+", re.MULTILINE)
"""What a line of an answer begins with."""
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The linear layers of a Llama block."""
Tick = Callable[[int, int, float], None]
"""Called with (steps done, of how many, smoothed loss)."""


@dataclass(frozen=True)
class GeneratorConfig:
    """How it is trained."""

    rank: int = 16
    alpha: int = 32
    frozen: float = 1 / 3
    """Share of the layers, from the input on, that are left as they are: no gradient need reach them, which saves a sixth."""
    learning_rate: float = 5e-4
    batch: int = 4
    warmup: float = 0.05
    """Share of the steps in which the learning rate rises; it then falls as a cosine."""
    clip: float = 1.0
    save_every: int = 20
    """Steps after which the run is saved, so that it can be gone on with."""
    choosing: float = 3.0
    """Weight in the loss of the tokens that choose: a line's slot, and the answer's end. The others copy facts."""
    seed: int = 0


@dataclass(frozen=True)
class Encoded:
    """A lesson as tokens behind the shared rules."""

    request: list[int]
    answer: list[int]
    choosing: list[bool]
    """Which of the answer's tokens name a slot or end it."""

    def __len__(self) -> int:
        return len(self.request) + len(self.answer)


class Lines:
    """Turns lessons into tokens; all of them must begin with the same system message."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, lessons: Sequence[Lesson]) -> None:
        if not lessons:
            raise DataMissingError("no lessons to learn from")
        self._tokenizer = tokenizer
        (role, rules), *_ = lessons[0].messages
        self._head = self._template([(role, rules)], prompt=False)
        self.prefix = self._ids(self._head)
        self.end = int(tokenizer.eos_token_id)  # type: ignore[arg-type]

    def encode(self, lesson: Lesson) -> Encoded:
        """The request without the rules, and the answer with its end."""
        text = self._template(lesson.messages, prompt=True)
        if not text.startswith(self._head):
            raise ValueError("a lesson's rules differ from the others'")
        answer: Any = self._tokenizer(lesson.answer, add_special_tokens=False, return_offsets_mapping=True)
        named = {place for line in SLOT.finditer(lesson.answer) for place in range(*line.span())}
        choosing = [begin in named for begin, _ in answer["offset_mapping"]]
        return Encoded(self._ids(text[len(self._head) :]), [*answer["input_ids"], self.end], [*choosing, True])

    def _template(self, messages: Sequence[tuple[str, str]], *, prompt: bool) -> str:
        said = [{"role": role, "content": text} for role, text in messages]
        return str(self._tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=prompt))

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])


def answer_loss(model: PreTrainedModel, prefix: Sequence[int], batch: Sequence[Encoded], choosing: float = 1.0) -> torch.Tensor:
    """Weighted mean cross-entropy of the answers' tokens.

    Args:
        model: a causal language model.
        prefix: tokens of the rules; run once and shared by the batch.
        batch: what follows them.
        choosing: weight of the tokens that name a slot or end the answer; all others weigh 1.
    """
    rules: Any = model.model(torch.tensor([list(prefix)]), use_cache=True, past_key_values=DynamicCache())
    cache = rules.past_key_values
    cache.batch_repeat_interleave(len(batch))
    longest = max(map(len, batch))
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    labels = torch.full((len(batch), longest), IGNORED)
    weights = torch.ones(len(batch), longest)
    mask = torch.zeros(len(batch), len(prefix) + longest, dtype=torch.long)
    mask[:, : len(prefix)] = 1
    for row, one in enumerate(batch):
        tokens = torch.tensor(one.request + one.answer)
        ids[row, : len(one)] = tokens
        labels[row, len(one.request) - 1 : len(one) - 1] = tokens[len(one.request) :]
        weights[row, len(one.request) - 1 : len(one) - 1][torch.tensor(one.choosing)] = choosing
        mask[row, len(prefix) : len(prefix) + len(one)] = 1
    positions = torch.arange(len(prefix), len(prefix) + longest).expand(len(batch), -1)
    hidden = model.model(ids, attention_mask=mask, position_ids=positions, past_key_values=cache).last_hidden_state
    wanted = labels != IGNORED
    losses = cross_entropy(model.lm_head(hidden[wanted]).float(), labels[wanted], reduction="none")
    return (losses * weights[wanted]).sum() / weights[wanted].sum()


def batches(lengths: Sequence[int], size: int, seed: int) -> list[list[int]]:
    """Every example once, in batches of alike length, in a shuffled order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(lengths))
    blocks = [order[start : start + 16 * size] for start in range(0, len(order), 16 * size)]
    alike = [sorted(block.tolist(), key=lambda place: lengths[place]) for block in blocks]
    made = [block[start : start + size] for block in alike for start in range(0, len(block), size)]
    return [made[place] for place in rng.permutation(len(made))]


def train_generator(
    lessons: Sequence[Lesson],
    base: Path,
    out: Path,
    config: GeneratorConfig,
    tick: Tick | None = None,
    *,
    start: Path | None = None,
) -> dict[str, Any]:
    """Fit an adapter and write it; an interrupted run is gone on with where it was saved, with the same result.

    Args:
        lessons: what is learned from, each once.
        base: folder of the model that is adapted.
        out: gets `adapter_config.json` and `adapter_model.safetensors` (half precision).
        config: how.
        tick: progress.
        start: folder of an adapter of the same shape that is taught further; none: a new one.

    Returns:
        What happened: steps, loss over the last tenth, trainable parameters, digest of the lessons.

    Raises:
        DataMissingError: there are no lessons, or no model at `base`.
        ModelMissingError: there is no adapter of this shape at `start`.
    """
    if not (base / "config.json").is_file():
        raise DataMissingError(f"no model at {base}: run `chatrec serve llm --prepare-only`, or give --base")
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    lines = Lines(tokenizer, lessons)
    encoded = [lines.encode(one) for one in lessons]
    plan = batches([len(one) for one in encoded], config.batch, config.seed)
    run = _Run.begin(base, out, config, digest(lessons), len(plan), start)
    for step in range(run.step, len(plan)):
        batch = [encoded[place] for place in plan[step]]
        run.learn(answer_loss(run.model, lines.prefix, batch, config.choosing))
        if tick is not None:
            tick(step + 1, len(plan), run.loss)
        if run.step % config.save_every == 0:
            run.save()
    return run.finish()


def rate(step: int, steps: int, config: GeneratorConfig) -> float:
    """The learning rate of a step: up a line, down a cosine."""
    rising = (step + 1) / max(1, round(config.warmup * steps))
    return config.learning_rate * min(rising, 0.5 * (1 + math.cos(math.pi * step / steps)))


def digest(lessons: Sequence[Lesson]) -> str:
    """SHA-256 of what is learned from."""
    lines = (json.dumps([one.messages, one.answer], ensure_ascii=False) for one in lessons)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class _Run:
    """A model under training with everything that must be kept to go on."""

    def __init__(self, base: Path, out: Path, config: GeneratorConfig, data: str, steps: int, start: Path | None) -> None:
        torch.manual_seed(config.seed)
        self.model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
        layers = int(self.model.config.num_hidden_layers)
        lora = LoraConfig(
            r=config.rank,
            lora_alpha=config.alpha,
            target_modules=list(LINEAR),
            layers_to_transform=list(range(round(config.frozen * layers), layers)),
            task_type="CAUSAL_LM",
        )
        self._peft = get_peft_model(self.model, lora)
        self._started = _load_adapter(self._peft, start) if start else None
        self._weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(self._weights, lr=config.learning_rate, weight_decay=0.0)
        self._out, self._aside, self._config, self._data, self._steps = out, out / UNFINISHED, config, data, steps
        self.step, self.loss = 0, float("nan")
        self._losses: list[float] = []

    @classmethod
    def begin(cls, base: Path, out: Path, config: GeneratorConfig, data: str, steps: int, start: Path | None) -> _Run:
        """A new run, or the one that was interrupted if its lessons and settings are the same."""
        run = cls(base, out, config, data, steps, start)
        run._resume()
        return run

    def learn(self, loss: torch.Tensor) -> None:
        """One step."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate(self.step, self._steps, self._config)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._weights, self._config.clip)
        self._optimizer.step()
        self.step += 1
        self._losses.append(float(loss.detach()))
        self.loss = float(np.mean(self._losses[-20:]))

    def save(self) -> None:
        """Keep what is needed to go on; a save that was cut off is never seen."""
        moments = self._optimizer.state_dict()["state"]
        tensors = {f"weight.{place}": weight.detach() for place, weight in enumerate(self._weights)}
        tensors |= {f"{name}.{place}": moments[place][name] for place in moments for name in ("exp_avg", "exp_avg_sq", "step")}
        self._aside.mkdir(parents=True, exist_ok=True)
        name = f"{self.step}-{WEIGHTS}"
        save_file(tensors, self._aside / name)
        state = {"key": self._key(), "step": self.step, "losses": self._losses, "weights": name}
        part = self._aside / (STATE + ".part")
        part.write_text(json.dumps(state), encoding="utf-8")
        part.replace(self._aside / STATE)
        for old in self._aside.glob(f"*-{WEIGHTS}"):
            if old.name != name:
                old.unlink()

    def finish(self) -> dict[str, Any]:
        """Write the adapter and clear the saved run away."""
        weights = {name: value.half().contiguous() for name, value in get_peft_model_state_dict(self._peft).items()}
        self._out.mkdir(parents=True, exist_ok=True)
        self._peft.peft_config["default"].save_pretrained(str(self._out))
        save_file(weights, self._out / ADAPTER_FILE)
        _forget_folder(self._out / "adapter_config.json")
        shutil.rmtree(self._aside, ignore_errors=True)
        return {
            "steps": self.step,
            "loss": float(np.mean(self._losses[-max(1, self._steps // 10) :])),
            "trainable_parameters": sum(weight.numel() for weight in self._weights),
            "lessons_sha256": self._data,
            "start_sha256": self._started,
            **asdict(self._config),
        }

    def _key(self) -> str:
        return hashlib.sha256(f"{self._data}{self._steps}{self._config}{self._started}".encode()).hexdigest()

    def _resume(self) -> None:
        try:
            state = json.loads((self._aside / STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if state["key"] != self._key():
            return
        tensors = load_file(self._aside / state["weights"])
        with torch.no_grad():
            for place, weight in enumerate(self._weights):
                weight.copy_(tensors[f"weight.{place}"])
        kept = self._optimizer.state_dict()
        names = ("exp_avg", "exp_avg_sq", "step")
        kept["state"] = {place: {name: tensors[f"{name}.{place}"] for name in names} for place in range(len(self._weights))}
        self._optimizer.load_state_dict(kept)
        self.step, self._losses = state["step"], state["losses"]


def _load_adapter(model: PeftModel, folder: Path) -> str:
    """Give the model the weights of an adapter of its own shape; returns the SHA-256 of its file."""
    try:
        data = (folder / ADAPTER_FILE).read_bytes()
        weights = load(data)
    except (OSError, SafetensorError) as error:
        raise ModelMissingError(f"no adapter at {folder}: {error}") from error
    wanted = {name: value.shape for name, value in get_peft_model_state_dict(model).items()}
    if {name: value.shape for name, value in weights.items()} != wanted:
        raise ModelMissingError(f"the adapter at {folder} has another shape: give the rank and base it was trained with")
    set_peft_model_state_dict(model, {name: value.float() for name, value in weights.items()})
    return hashlib.sha256(data).hexdigest()


def _forget_folder(config: Path) -> None:
    """The base is named by the code that merges the adapter, not by where it lay on the machine that trained it."""
    data = json.loads(config.read_text(encoding="utf-8")) | {"base_model_name_or_path": None}
    config.write_text(json.dumps(data, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def adapted(base: Path, adapter: Path | None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model with the adapter merged in, or as it came; and its tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
    return (PeftModel.from_pretrained(model, str(adapter)).merge_and_unload() if adapter else model), tokenizer


def write_answers(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, lessons: Sequence[Lesson], *, batch: int = 8, limit: int = 160
) -> Iterator[Answered]:
    """What the model answers, greedily and with nothing to hold it to the form; in the order of the requests' lengths.

    Args:
        model: a causal language model.
        tokenizer: its own.
        lessons: whose requests are put to it.
        batch: requests at once.
        limit: most tokens of an answer.
    """
    lines = Lines(tokenizer, lessons)
    model.eval()
    order = sorted(lessons, key=lambda one: len(lines.encode(one)))
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        asked = [lines.prefix + lines.encode(one).request for one in chosen]
        longest = max(map(len, asked))
        ids = torch.tensor([[lines.end] * (longest - len(row)) + row for row in asked])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in asked])
        with torch.inference_mode():
            found: Any = model.generate(  # type: ignore[operator]
                input_ids=ids, attention_mask=mask, max_new_tokens=limit, do_sample=False, pad_token_id=lines.end
            )
        for one, row in zip(chosen, found[:, longest:].tolist(), strict=True):
            ended = lines.end in row
            written = row[: row.index(lines.end)] if ended else row
            yield Answered(one, str(tokenizer.decode(written)), ended, len(written))


def perplexity(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> float:
    """Of all tokens but the first of each text, in nothing but the text itself."""
    total, count = 0.0, 0
    for text in texts:
        ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
        if ids.shape[1] > 1:
            with torch.inference_mode():
                total += float(model(ids, labels=ids).loss) * (ids.shape[1] - 1)
            count += ids.shape[1] - 1
    return float(np.exp(total / count)) if count else float("nan")
