"""The head at work: probabilities in order, files that are read or refused, no training packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chatrec.errors import ModelMissingError
from chatrec.index.open import Index
from chatrec.score.head import CONFIG, SHIPPED, WEIGHTS, Head, HeadConfig, Scorer, llm_bonus, load_head, save_head
from chatrec.types import Candidate, Hit, Ledger, Opinion, Query


@pytest.fixture(scope="module")
def scorer(small_index: Index) -> Scorer:
    return Scorer.load(small_index)


@pytest.fixture(scope="module")
def everyone(small_index: Index) -> list[Candidate]:
    return [Candidate(item=item, hits=(Hit("popularity", n + 1, 0.5),)) for n, item in enumerate(small_index.catalog.values())]


def asking(index: Index, text: str = "", *liked: str) -> Query:
    opinions = tuple(Opinion(item_id=f"s:{i}", sentiment="liked") for i in liked)
    vector = index.embedder.encode([text])[0] if text else None
    return Query(ledger=Ledger(opinions=opinions), text=text, last_message=text, vector=vector)


def test_scores_are_probabilities_best_first_and_nothing_is_lost(
    small_index: Index, scorer: Scorer, everyone: list[Candidate]
) -> None:
    scored = scorer(asking(small_index, "a tense horror film"), everyone)
    assert all(0 <= candidate.score <= 1 for candidate in scored)
    assert [c.score for c in scored] == sorted((c.score for c in scored), reverse=True)
    assert {c.item.id for c in scored} == {c.item.id for c in everyone}
    assert all(candidate.hits for candidate in scored)


def test_no_candidates_give_no_scores(small_index: Index, scorer: Scorer) -> None:
    assert scorer(asking(small_index, "anything"), []) == ()


def test_ties_are_broken_by_id(small_index: Index, everyone: list[Candidate]) -> None:
    config = HeadConfig(members=1)
    flat = Head(config)
    for parameter in flat.parameters():
        torch.nn.init.zeros_(parameter)
    ids = [c.item.id for c in Scorer(small_index, flat, config)(asking(small_index, "x"), everyone[::-1])]
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("text", "liked", "best"),
    [
        ("a cosy game about farming", (), "s:stardew"),
        ("jazz by Miles Davis", (), "s:kind"),
        ("a platformer", (), "s:celeste"),
    ],
)
def test_the_shipped_head_puts_the_obvious_answer_first_in_any_medium(
    small_index: Index, scorer: Scorer, everyone: list[Candidate], text: str, liked: tuple[str, ...], best: str
) -> None:
    assert scorer(asking(small_index, text, *liked), everyone)[0].item.id == best


def test_a_liked_comedy_brings_comedies_before_horror(small_index: Index, scorer: Scorer, everyone: list[Candidate]) -> None:
    ranked = [c.item.id for c in scorer(asking(small_index, "", "airplane"), [c for c in everyone if c.item.id != "s:airplane"])]
    assert max(ranked.index("s:gun"), ranked.index("s:hot")) < min(ranked.index("s:halloween"), ranked.index("s:alien"))


def test_the_second_pass_over_a_few_keeps_the_scores_of_the_first(
    small_index: Index, scorer: Scorer, everyone: list[Candidate]
) -> None:
    query = asking(small_index, "something tense in space", "alien")
    first = {c.item.id: c.score for c in scorer(query, everyone)}
    for candidate in scorer(query, everyone[:5]):
        assert candidate.score == pytest.approx(first[candidate.item.id], rel=1e-4)


def test_a_pick_of_the_language_model_rises_and_no_ranks_change_nothing(
    small_index: Index, scorer: Scorer, everyone: list[Candidate]
) -> None:
    query = asking(small_index, "something tense in space")
    plain = {c.item.id: c.score for c in scorer(query, everyone)}
    assert {c.item.id: c.score for c in scorer(query, everyone, llm_ranks={})} == plain
    picked = {c.item.id: c.score for c in scorer(query, everyone, llm_ranks={"s:gun": 1})}
    assert picked["s:gun"] > plain["s:gun"]
    assert picked["s:alien"] < plain["s:alien"]


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 20)))
def test_the_models_ranking_moves_logits_by_rank_and_their_mean_not_at_all(ranks: dict[str, int]) -> None:
    bonus = dict(zip("abcdef", llm_bonus("abcdef", ranks, 1.0), strict=True))
    assert sum(bonus.values()) == pytest.approx(0, abs=1e-9)
    for better in ranks:
        assert all(bonus[better] >= bonus[other] for other in "abcdef" if ranks.get(other, 99) >= ranks[better])


def test_the_shipped_weights_are_small_readable_by_all_and_carry_a_card() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 10_000_000
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in SHIPPED.iterdir())
    assert "CC BY 4.0" in (SHIPPED / "README.md").read_text(encoding="utf-8")


def test_weights_survive_a_round_trip(tmp_path: Path) -> None:
    head, config = load_head(SHIPPED)
    save_head(tmp_path, head, config)
    again, same = load_head(tmp_path)
    assert same == config
    features = torch.randn(3, 7, len(config.features))
    features[0, 0, 0] = torch.nan
    torch.testing.assert_close(again.eval()(features), head.eval()(features))


def test_an_unknown_feature_is_not_the_same_as_an_average_one() -> None:
    config = HeadConfig(members=1)
    torch.manual_seed(0)
    head = Head(config).eval()
    average = torch.zeros(1, len(config.features))
    unknown = torch.full((1, len(config.features)), torch.nan)
    assert not torch.allclose(head(average), head(unknown))
    assert torch.isfinite(head(unknown)).all()


def test_a_file_in_place_of_a_folder_holds_no_head(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("", encoding="utf-8")
    with pytest.raises(ModelMissingError, match=r"no scoring head in .*models: run `chatrec train head`"):
        load_head(tmp_path / "models")


@pytest.mark.parametrize(
    "damage", ["no config", "no weights", "cut weights", "other shape", "no json", "other format", "other feature", "one bound"]
)
def test_a_damaged_head_is_refused_with_advice(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "models"
    shutil.copytree(SHIPPED, folder)
    if damage == "no config":
        (folder / CONFIG).unlink()
    elif damage == "no weights":
        (folder / WEIGHTS).unlink()
    elif damage == "cut weights":
        (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:1000])
    elif damage == "other shape":
        save_head(folder, Head(HeadConfig(hidden=8)), HeadConfig(hidden=16))
    elif damage == "other feature":
        (folder / CONFIG).write_text((folder / CONFIG).read_text().replace('"text_cos"', '"text_cosine"'))
    elif damage == "one bound":
        (folder / CONFIG).write_text((folder / CONFIG).read_text().replace('"slope"', '"fit_bounds": [0.1], "slope"'))
    elif damage == "no json":
        (folder / CONFIG).write_text("{")
    else:
        (folder / CONFIG).write_text((folder / CONFIG).read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(ModelMissingError, match="chatrec train head"):
        load_head(folder)


def test_scoring_needs_no_training_packages() -> None:
    packages = ("sklearn", "lightgbm", "peft", "implicit")
    code = f"import sys, chatrec.score.head; print([m for m in {packages} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
