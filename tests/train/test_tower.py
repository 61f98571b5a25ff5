"""The text tower: every way of tuning it learns, is told of, is stored, and serves without the packages that train it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from dialog_samples import SAMPLE, items, many_dialogs, write_dialogs
from quick import QUICK, digests, train, write_valid

from chatrec.cli import main
from chatrec.errors import DependencyMissingError, ModelMissingError, SettingsError
from chatrec.index.open import Index
from chatrec.retrieve.adapt import body, changed, insert_adapters
from chatrec.retrieve.collaborative import load_models, save_models
from chatrec.retrieve.tower import EncoderTower, LinearTower
from chatrec.train.costs import Size, preparing, share_of_bag
from chatrec.train.models import ModelsConfig
from chatrec.train.retrievers import Example
from chatrec.train.tower import METHODS, fit_tower
from chatrec.train.tuning import TowerConfig, Tuning
from chatrec.types import Ledger, Opinion, Query

CONFIG = TowerConfig(epochs=12, linear_epochs=30, batch=6, linear_batch=6)
TINY: dict[str, Any] = {
    "vocab_size": 30,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
ENCODERS: tuple[Tuning, ...] = ("lora", "adalora", "adapters", "full")
PLANTED = {"s:casa": "green umbrella", "s:alien": "quiet harbour", "s:gun": "seventh drawer"}
"""Items that people ask for in words which say nothing of them."""
FRAMES = ("I look for the {}", "{} tonight, please", "do you have {}?", "something with {}", "{} again", "my friend said {}")


def asked(index: Index, text: str, *mentioned: str) -> Query:
    opinions = tuple(Opinion(item_id=item, sentiment="mentioned", turn=0) for item in mentioned)
    return Query(ledger=Ledger(opinions=opinions), text=text, vector=index.embedder.encode([text])[0] if text else None)


@pytest.fixture(scope="module")
def planted(small_index: Index) -> list[Example]:
    return [
        Example(asked(small_index, frame.format(words)), (small_index.rows[item],))
        for frame in FRAMES
        for item, words in PLANTED.items()
    ]


def fitted(index: Index, examples: list[Example], tuning: Tuning) -> LinearTower | EncoderTower:
    tower = fit_tower(index, examples, replace(CONFIG, tuning=tuning))
    assert tower is not None
    return tower


@pytest.fixture(scope="module")
def towers(small_index: Index, planted: list[Example]) -> dict[Tuning, LinearTower | EncoderTower]:
    return {tuning: fitted(small_index, planted, tuning) for tuning in ("linear", *ENCODERS)}


def mean_rank(tower: LinearTower | EncoderTower, index: Index) -> float:
    """Of the planted items, asked for in a frame that was not trained on."""
    ranks = []
    for item, words in PLANTED.items():
        scores = tower.scores(asked(index, f"we would enjoy {words} with dinner"), index)
        assert scores is not None
        ranks.append(int((scores >= scores[index.rows[item]]).sum()))
    return float(np.mean(ranks))


def untuned(index: Index) -> EncoderTower:
    return EncoderTower({}, 0)


@pytest.mark.parametrize("tuning", ["linear", *ENCODERS])
def test_every_kind_learns_what_words_stand_for(tuning: Tuning, towers: dict, small_index: Index) -> None:
    assert mean_rank(untuned(small_index), small_index) > 5
    assert mean_rank(towers[tuning], small_index) < 2


@pytest.mark.parametrize("tuning", ["linear", *ENCODERS])
def test_the_same_seed_gives_the_same_tower_and_another_seed_another(
    tuning: Tuning, small_index: Index, planted: list[Example]
) -> None:
    def arrays(seed: int) -> dict[str, np.ndarray]:
        tower = fit_tower(small_index, planted, replace(CONFIG, tuning=tuning, epochs=1, linear_epochs=1, seed=seed))
        assert tower is not None
        return dict(tower.arrays())

    first, again, other = arrays(0), arrays(0), arrays(1)
    assert all(np.array_equal(array, again[name]) for name, array in first.items())
    assert any(not np.array_equal(array, other.get(name)) for name, array in first.items())


@pytest.mark.parametrize("tuning", ["linear", *ENCODERS])
def test_what_was_stored_scores_the_same(tuning: Tuning, towers: dict, small_index: Index, tmp_path: Path) -> None:
    query = asked(small_index, "green umbrella", "s:alien")
    save_models(tmp_path, {"tower": towers[tuning]}, small_index.catalog.sha256, len(small_index.ids))
    (loaded,) = load_models(small_index, tmp_path)
    before, after = towers[tuning].scores(query, small_index), loaded.scores(query)
    assert before is not None and after is not None
    assert np.array_equal(before, after)


def test_lighter_kinds_train_fewer_parameters(towers: dict) -> None:
    count = {tuning: tower.parameters for tuning, tower in towers.items()}
    assert all(count["linear"] < count[tuning] < count["full"] for tuning in ("lora", "adapters"))
    assert 0 < count["adalora"] < count["lora"] * 3 // 2  # where it began
    assert count["linear"] == 2 * 384 * 384


def test_only_what_was_learned_is_stored(towers: dict) -> None:
    size = {tuning: sum(array.nbytes for array in tower.arrays().values()) for tuning, tower in towers.items()}
    assert size["lora"] < size["full"] / 20
    assert size["adapters"] < size["full"] / 20
    assert not any("word_embeddings" in name for name in towers["lora"].arrays())


def test_adalora_prunes_the_ranks_that_it_began_with(towers: dict) -> None:
    ranks = [len(array) for name, array in towers["adalora"].arrays().items() if "/down/" in name]
    assert np.mean(ranks) <= CONFIG.rank
    assert len(set(ranks)) > 1


@pytest.mark.parametrize("steps", [2, 3, 12])
def test_adalora_prunes_in_as_few_steps_as_there_are_and_does_not_count_what_it_pruned(steps: int) -> None:
    sizes = transformers.BertConfig(
        vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, max_position_embeddings=8
    )
    torch.manual_seed(0)
    encoder = transformers.BertModel(sizes, add_pooling_layer=False)
    method = METHODS["adalora"](encoder, CONFIG, steps)
    optimizer = torch.optim.AdamW([weight for weight in encoder.parameters() if weight.requires_grad], lr=0.01)
    for step in range(steps):
        optimizer.zero_grad()
        (encoder(torch.arange(8)[None]).last_hidden_state[0, :, 0].sum() + method.penalty()).backward()
        optimizer.step()
        method.after(step)
    changes = method.changes()
    factors = [(array, changes[name.replace("/down/", "/up/")]) for name, array in changes.items() if "/down/" in name]
    assert sum(len(down) for down, _ in factors) == CONFIG.rank * len(factors)
    assert method.parameters == sum(len(down) * (down.shape[1] + len(up) + 1) for down, up in factors)


def test_the_encoder_of_the_index_stays_as_it_was(towers: dict, small_index: Index) -> None:
    text = small_index.embedder.encode(["green umbrella"])[0]
    scores = untuned(small_index).scores(asked(small_index, "green umbrella"), small_index)
    assert scores is not None
    assert np.allclose(scores, small_index.vectors @ text, atol=1e-5)


def test_a_linear_tower_learns_of_mentions_alone(small_index: Index) -> None:
    rows = small_index.rows
    examples = [Example(asked(small_index, "", "s:alien"), (rows["s:casa"],)) for _ in range(6)]
    tower = fitted(small_index, examples, "linear")
    scores = tower.scores(asked(small_index, "", "s:alien"), small_index)
    assert scores is not None
    assert scores.argmax() == rows["s:casa"]
    assert fit_tower(small_index, examples, replace(CONFIG, tuning="lora")) is None


def test_a_linear_tower_that_decays_much_stays_near_the_identity(small_index: Index, planted: list[Example]) -> None:
    tower = fit_tower(small_index, planted, replace(CONFIG, tuning="linear", linear_decay=900.0))
    assert isinstance(tower, LinearTower)
    free = fitted(small_index, planted, "linear")
    assert isinstance(free, LinearTower)
    unit = np.eye(384, dtype=np.float32)
    assert np.linalg.norm(tower.text - unit) < 0.5 * np.linalg.norm(free.text - unit)


def test_nothing_said_has_no_verdict(towers: dict, small_index: Index) -> None:
    assert all(tower.scores(asked(small_index, ""), small_index) is None for tower in towers.values())


def test_a_sample_of_the_items_is_enough(small_index: Index, planted: list[Example]) -> None:
    tower = fit_tower(small_index, planted, replace(CONFIG, tuning="linear", negatives=8))
    assert tower is not None
    assert mean_rank(tower, small_index) < 3


def test_an_adapter_changes_nothing_before_it_is_trained(small_index: Index) -> None:
    model = small_index.embedder.copy_of_model().eval()
    before = model.encode(["green umbrella"])
    assert len(insert_adapters(body(model), 4)) == 12
    assert np.allclose(before, model.encode(["green umbrella"]), atol=1e-6)


@pytest.mark.parametrize(
    ("config", "kind", "places"),
    [
        (
            transformers.AlbertConfig(**TINY, embedding_size=8),
            transformers.AlbertModel,
            2,
        ),  # the weights of one layer, used twice
        (transformers.ModernBertConfig(**TINY, pad_token_id=0), transformers.ModernBertModel, 4),
        (
            transformers.T5Config(vocab_size=30, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2),
            transformers.T5EncoderModel,
            4,
        ),
        (transformers.GPT2Config(vocab_size=30, n_embd=16, n_layer=2, n_head=2), transformers.GPT2Model, 4),
        (transformers.OPTConfig(**TINY, ffn_dim=32, word_embed_proj_dim=16), transformers.OPTModel, 2),  # after its blocks
    ],
)
def test_adapters_find_a_place_in_encoders_and_decoders(config: Any, kind: Any, places: int) -> None:
    torch.manual_seed(0)
    model = kind(config).eval()
    words = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        before = model(input_ids=words).last_hidden_state
        adapters = insert_adapters(model, 4)
        assert len(adapters) == places
        assert torch.allclose(before, model(input_ids=words).last_hidden_state)
        for adapter in adapters:
            adapter.up.weight.normal_()
            adapter.down.weight.normal_()
        assert not torch.allclose(before, model(input_ids=words).last_hidden_state, atol=1e-3)
    assert len([name for name, _ in model.named_parameters() if name.endswith("adapter.down.weight")]) == places


def test_an_encoder_without_blocks_is_named() -> None:
    with pytest.raises(SettingsError, match="use --tuning lora or linear"):
        insert_adapters(torch.nn.Sequential(torch.nn.Linear(2, 2)), 4)


def test_changes_of_another_encoder_are_refused(small_index: Index) -> None:
    with pytest.raises(ModelMissingError, match="another encoder"):
        changed(small_index.embedder.copy_of_model(), {"weight/layer.99.weight": np.zeros(1, dtype=np.float32)})


def test_serving_does_not_need_peft(towers: dict, small_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "peft"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "peft", None)
    for tuning in ("lora", "adalora", "adapters"):
        stored = EncoderTower.of(dict(towers[tuning].arrays()))
        assert mean_rank(stored, small_index) < 2


def test_the_modules_that_serve_do_not_import_peft() -> None:
    asked_for = "import sys, chatrec.retrieve.adapt, chatrec.retrieve.load; sys.exit('peft' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked_for], check=False).returncode == 0


def test_training_with_a_tower_writes_it_tells_of_it_and_gives_the_head_its_scores(tmp_path: Path, small_index: Index) -> None:
    config = replace(QUICK, models=replace(QUICK.models, tower=TowerConfig("linear", linear_epochs=2)))
    facts = train(tmp_path, "models", config, valid=write_valid(tmp_path))
    assert facts["text_tower"] == {"tuning": "linear", "trainable_parameters": 294_912}
    assert "Text tower: linear, 294,912 trainable parameters." in (tmp_path / "models" / "README.md").read_text(encoding="utf-8")
    assert "tower" in [retriever.name for retriever in load_models(small_index, tmp_path / "models")]
    head = (tmp_path / "models" / "head.json").read_text(encoding="utf-8")
    assert "tower_score" in head and "tower_rank" in head
    train(tmp_path, "again", config, valid=tmp_path / "valid.jsonl")
    first, second = digests(tmp_path / "models"), digests(tmp_path / "again")
    assert all(first[name] == second[name] for name in ("head.safetensors", "head.json", "card.json"))


def test_tuning_an_encoder_is_counted_in_the_time_that_is_told() -> None:
    size = Size(items=1000, chars=10**5, valid_chars=0, pairs=500, asked=400, valid_asked=0, valid_pairs=0, rated=False)
    none, linear, lora = (ModelsConfig(tower=TowerConfig(tuning)) for tuning in ("none", "linear", "lora"))
    assert preparing(size, none, 5) == preparing(size, linear, 5)
    assert sum(preparing(size, lora, 5).values()) > sum(preparing(size, none, 5).values()) + 400
    assert share_of_bag(size, none) == 1.0
    assert 0 < share_of_bag(size, lora) < 1


def test_tuning_by_lora_without_peft_is_refused_before_the_work_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    log = write_dialogs(tmp_path / "train.jsonl", many_dialogs(3))
    files = ["--dialogs", str(log), "--catalog", str(SAMPLE), "--out", str(tmp_path / "models")]
    monkeypatch.setattr(sys, "argv", ["chatrec", "train", "head", *files, "--tuning", "lora"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == DependencyMissingError.exit_code
    assert "training needs peft: pip install 'chatrec[train]'" in capsys.readouterr().err
    assert not (tmp_path / "models").exists()


def test_without_tuning_there_is_no_tower(small_index: Index, planted: list[Example]) -> None:
    assert ModelsConfig().tower.tuning == "none"
    assert fit_tower(small_index, planted, TowerConfig()) is None


def test_the_planted_items_are_in_the_catalog() -> None:
    assert set(PLANTED) <= {item.id for item in items()}
