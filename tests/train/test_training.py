"""Training end to end on a small catalog: what is learned, what is refused, the same result twice."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
import torch
from dialog_samples import SAMPLE, assistant, dialog, many_dialogs, user, write_dialogs
from quick import QUICK, prepare, train, write_valid
from test_fitting import pools

from chatrec.errors import DataMissingError, LeakError, ModelMissingError, TrainingDataError
from chatrec.evaluate.leaks import Fingerprints
from chatrec.evaluate.logs import read_dialogs
from chatrec.evaluate.run import ReplayConfig, run_replay
from chatrec.index.embed import Embedder
from chatrec.index.open import Index
from chatrec.retrieve.collaborative import load_models
from chatrec.retrieve.load import load_fusion
from chatrec.score.features import OF_ORDER
from chatrec.score.head import SHIPPED, HeadConfig, Scorer, load_head, save_head
from chatrec.train.bag import BagConfig, choose_epochs
from chatrec.train.config import TrainConfig, TrainFiles
from chatrec.train.data import Case, gather
from chatrec.train.fit import FitConfig, Judged, calibrate, fit_head, predict
from chatrec.train.head import Learned, settled
from chatrec.train.known import known_of
from chatrec.train.meter import Meter
from chatrec.train.prepare import ENOUGH
from chatrec.train.retrievers import Example
from chatrec.train.shipped import with_verdicts
from chatrec.types import Ledger, Opinion, Query


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("training")
    valid = write_valid(folder)
    return folder, train(folder, "models", valid=valid)


def test_everything_learned_is_in_the_folder_and_nothing_is_a_pickle(trained: tuple[Path, dict]) -> None:
    names = {path.name for path in (trained[0] / "models").iterdir()}
    assert {"head.safetensors", "head.json", "fusion.json", "retrievers.json", "bag.npz", "trained_on.npz", "README.md"} <= names
    assert {Path(name).suffix for name in names} <= {".safetensors", ".json", ".npz", ".md"}


def test_the_models_serve_the_catalog_they_were_trained_for(trained: tuple[Path, dict], small_index: Index) -> None:
    folder, facts = trained
    assert [retriever.name for retriever in load_models(small_index, folder / "models")] == facts["retrievers"]
    listed = json.loads((folder / "models" / "retrievers.json").read_text(encoding="utf-8"))
    assert listed["embedder_sha256"] == small_index.manifest.embedder_sha256
    scorer = Scorer.load(small_index, folder / "models")
    assert set(facts["retrievers"]) < set(scorer.config.retrievers)


def test_the_card_names_the_data_by_hash_and_tells_metrics_with_intervals(trained: tuple[Path, dict]) -> None:
    folder, facts = trained
    card = (folder / "models" / "README.md").read_text(encoding="utf-8")
    assert all(digest in card for digest in facts["data"].values())
    assert "Recall of the candidate pool" in card and "before the final fit" in card


def test_the_card_tells_how_far_probabilities_can_be_trusted_and_how_to_make_it_again(trained: tuple[Path, dict]) -> None:
    folder, facts = trained
    card = (folder / "models" / "README.md").read_text(encoding="utf-8")
    assert sum(row["candidates"] for row in facts["reliability"]) > 0
    assert "came true" in card and f"torch {torch.__version__}" in card and "seed 0" in card and "learning rate 0.002" in card
    assert facts["calibration"]["slope"] == load_head(folder / "models")[1].slope


def test_few_instances_are_calibrated_on_all_folds_and_many_on_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = train(tmp_path, "few")
    assert "fitted on all folds" in (tmp_path / "few" / "README.md").read_text(encoding="utf-8")
    monkeypatch.setattr("chatrec.train.head.FEW", 0)
    many = train(tmp_path, "many")
    assert "fitted on that fold" in (tmp_path / "many" / "README.md").read_text(encoding="utf-8")
    assert few["calibration"] != many["calibration"]
    assert (tmp_path / "few" / "head.safetensors").read_bytes() == (tmp_path / "many" / "head.safetensors").read_bytes()


def test_validation_dialogs_that_are_learned_from_calibrate_too(tmp_path: Path) -> None:
    valid = write_valid(tmp_path)
    told, untold = (train(tmp_path, str(refit), replace(QUICK, refit=refit), valid=valid) for refit in (True, False))
    assert told["valid"] == untold["valid"]
    assert told["calibration"] != untold["calibration"]
    cards = [(tmp_path / name / "README.md").read_text(encoding="utf-8") for name in ("True", "False")]
    assert "and the validation dialogs (Platt" in cards[0] and "(before these dialogs took part)" in cards[0]
    assert "and the validation dialogs (Platt" not in cards[1] and "(before these dialogs took part)" not in cards[1]


def test_the_shipped_head_stays_where_validation_dialogs_are_ranked_better_by_it() -> None:
    config, valid = HeadConfig(members=1), pools(100)
    right, _ = fit_head(config, pools(seed=1), valid, FitConfig(epochs=8, batch=16, learning_rate=5e-3))
    wrong = copy.deepcopy(right)
    for part in wrong.parameters():
        part.data.neg_()
    folds = pools(100, seed=2)
    judged = Judged.of(folds, predict(wrong, folds))
    learned = Learned(wrong, config, 3, right, {"kind": "fine-tuned", "calibrated_on": "that fold"}, judged)
    kept = settled(learned, valid)
    assert kept.head is right and kept.epochs == 0 and kept.facts["kind"] == "shipped"
    assert kept.config == calibrate(config, Judged.of(valid, predict(right, valid)))
    trained = settled(replace(learned, head=right, start=wrong), valid)
    assert trained.head is right and trained.epochs == 3 and trained.facts["kind"] == "fine-tuned"
    assert trained.config == calibrate(config, judged + Judged.of(valid, predict(right, valid)))
    assert settled(learned, valid.take(np.arange(ENOUGH - 1))).head is wrong  # too few to tell


@pytest.mark.parametrize(("noise", "people", "stays"), [(0.0, 100, False), (20.0, 100, True), (0.5, 2, True)])
def test_the_shipped_head_comes_back_only_where_more_than_chance_speaks_for_it(
    monkeypatch: pytest.MonkeyPatch, noise: float, people: int, stays: bool
) -> None:
    """A little better on average; by persons, of which there may be two that differ."""
    valid = replace(pools(100), group=np.arange(100, dtype=np.int32) % people)
    head = fit_head(HeadConfig(members=1), pools(seed=1), valid, FitConfig(epochs=1))[0]
    start, rng = copy.deepcopy(head), np.random.default_rng(0)
    swing = np.where(valid.group % 2 == 0, 1.5, -1.0) * noise
    worse = 0.1 + rng.normal(0, noise, 100) if people == 100 else 0.1 + swing
    monkeypatch.setattr("chatrec.train.head.listwise_losses", lambda asked, found: worse if asked is head else np.zeros(100))
    judged = Judged.of(valid, predict(head, valid))
    learned = Learned(head, HeadConfig(members=1), 3, start, {"kind": "fine-tuned", "calibrated_on": "that fold"}, judged)
    assert (settled(learned, valid).head is head) == stays


def test_the_card_says_so_where_validation_dialogs_brought_back_the_shipped_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter((2.0, 1.0))
    monkeypatch.setattr("chatrec.train.head.ENOUGH", 5)
    monkeypatch.setattr("chatrec.train.head.listwise_losses", lambda head, found: np.full(len(found), next(losses)))
    facts = train(tmp_path, "models", valid=write_valid(tmp_path))
    assert facts["head"]["kind"] == "shipped" and facts["head"]["epochs"] == 0
    card = (tmp_path / "models" / "README.md").read_text(encoding="utf-8")
    assert "of the head that was given up for the shipped one" in card and "fitted on the validation dialogs" in card


def test_verdicts_are_known_of_what_was_named_before_and_nothing_of_that_comes_back(small_index: Index) -> None:
    rows = small_index.rows
    told = Ledger(opinions=tuple(Opinion(item_id=f"s:{name}", sentiment="mentioned") for name in ("alien", "gun", "hot")))
    example = Example(Query(ledger=told, text=""), (rows["s:thing"],), True)
    liked = {"s:alien": 1.0, "s:gun": 0.0, "s:thing": 1.0}
    case = Case(0, 0, example, (rows["s:thing"], rows["s:alien"]), liked=liked)
    (found,) = with_verdicts([case, replace(case, liked={"s:thing": 1.0})], small_index)
    query = found.example.query
    assert {o.item_id: o.sentiment for o in query.ledger.opinions} == {
        "s:alien": "liked",
        "s:gun": "disliked",
        "s:hot": "mentioned",
    }
    assert query.excluded == {"s:alien", "s:gun", "s:hot"} and found.gold == (rows["s:thing"],)


def test_a_card_without_validation_says_that_nothing_was_measured(tmp_path: Path) -> None:
    train(tmp_path, "models")
    assert "was not measured" in (tmp_path / "models" / "README.md").read_text(encoding="utf-8")


def test_what_was_trained_on_cannot_be_replayed_with_the_models_unnoticed(trained: tuple[Path, dict], tmp_path: Path) -> None:
    folder, _ = trained
    for log in ("train.jsonl", "valid.jsonl"):
        config = ReplayConfig(folder / log, SAMPLE, models=folder / "models")
        with pytest.raises(LeakError):
            run_replay(config, tmp_path / "r.json", tmp_path / "r.jsonl", Embedder(), folder / "index")


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    train(tmp_path, "a")
    train(tmp_path, "b")
    train(tmp_path, "c", TrainConfig(2, 1, True, QUICK.models, QUICK.head))
    for name in ("head.safetensors", "head.json", "fusion.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    with np.load(tmp_path / "a" / "bag.npz") as first, np.load(tmp_path / "b" / "bag.npz") as second:
        assert all((first[part] == second[part]).all() for part in first.files)
    assert (tmp_path / "a" / "head.safetensors").read_bytes() != (tmp_path / "c" / "head.safetensors").read_bytes()


def test_a_head_learns_what_the_dialogs_teach(trained: tuple[Path, dict]) -> None:
    assert trained[1]["valid"]["new"]["recall"]["10"]["value"] > 0.8


def test_shuffled_dialogs_teach_the_retrievers_and_leave_the_shipped_head(tmp_path: Path, small_index: Index) -> None:
    shuffled = [dialog(n, user("scary words about a creature", "alien", "thing"), order="shuffled") for n in range(12)]
    facts = train(tmp_path, "models", dialogs=write_dialogs(tmp_path / "s.jsonl", shuffled))
    assert facts["head"]["kind"] == "shipped"
    assert {"co_mentioned", "bag", "dialogs"} <= set(facts["retrievers"])
    assert load_head(tmp_path / "models")[1] == load_head(SHIPPED)[1]
    assert "fewer than" in (tmp_path / "models" / "README.md").read_text(encoding="utf-8")


def test_a_shuffled_dialog_gives_contexts_that_do_not_name_what_follows(small_index: Index) -> None:
    titles = {key: small_index.catalog[f"s:{key}"].title for key in ("alien", "thing", "gun")}
    said = f"I like {titles['alien']}. {titles['thing']} is scary! Yes, {titles['alien']}. So is {titles['gun']}. Thank you."
    line = dialog(1, user(said, *titles), order="shuffled")
    cases = gather([line], small_index).cases
    answers = [small_index.ids[case.gold[0]] for case in cases]
    assert sorted(answers) == ["s:alien", "s:alien", "s:gun", "s:thing"]
    for case, answer in zip(cases, answers, strict=True):
        assert case.made_up
        named = {opinion.item_id for opinion in case.example.query.ledger.opinions}
        assert (answer in named) == (not case.example.targets)
        for key, title in titles.items():
            assert title not in case.example.query.text or f"s:{key}" in named
    assert sum(not case.example.targets for case in cases) == 1
    again = gather([line], small_index).cases
    assert [case.example.query.text for case in again] == [case.example.query.text for case in cases]


def test_enough_shuffled_dialogs_tune_the_shipped_head(tmp_path: Path) -> None:
    shuffled = [line.model_copy(update={"order": "shuffled"}) for line in many_dialogs(60)]
    facts = train(tmp_path, "models", dialogs=write_dialogs(tmp_path / "s.jsonl", shuffled))
    assert facts["head"]["kind"] == "fine-tuned"
    config = load_head(tmp_path / "models")[1]
    assert {"bag_rank", "dialogs_score"} <= {*config.features} - {*load_head(SHIPPED)[1].features}
    assert facts["head"]["why"] == "from the shipped one, on mentions held out of shuffled dialogs"


def test_few_dialogs_are_passed_over_as_often_as_held_out_ones_like(tmp_path: Path, small_index: Index) -> None:
    dialogs = gather(many_dialogs(60), small_index)
    examples, groups = [case.example for case in dialogs.cases], [case.dialog for case in dialogs.cases]
    config = BagConfig(dimension=8, epochs=1, tried=(40,), members=1, batch=16, learning_rate=1e-2)
    known = known_of(small_index)
    assert choose_epochs(small_index, examples, groups, known, config) == 40
    assert choose_epochs(small_index, [], [], known, config) == 1


def test_mention_sequences_without_text_are_enough(tmp_path: Path) -> None:
    bare = [
        line.model_copy(update={"turns": [turn.model_copy(update={"text": None}) for turn in line.turns]})
        for line in many_dialogs(60)
    ]
    assert train(tmp_path, "models", dialogs=write_dialogs(tmp_path / "s.jsonl", bare))["head"]["kind"] == "fine-tuned"


def test_interactions_of_another_catalog_are_joined_through_links(tmp_path: Path) -> None:
    from chatrec.train.data import users_of
    from chatrec.types import Item

    here = {i: Item(id=i, kind="video", title=i, links={"imdb": i[-2:]}) for i in ("a:t1", "a:t2")}
    there = {i: Item(id=i, kind="video", title=i, links={"imdb": i[-2:]}) for i in ("b:t2", "b:t9")}
    path = tmp_path / "i.csv"
    path.write_text("user_id,item_id,value,timestamp\nu,b:t2,5,\nu,b:t9,1,\n", encoding="utf-8")
    raters = users_of(path, here, there)
    assert raters.users == [[(1, pytest.approx(1.0))]]
    assert str(raters) == "interactions: 1 of 2, by 1 people, are with works of the catalog"
    twins = {**here, "a:twin of t2": Item(id="a:twin of t2", kind="video", title="t2", links={"imdb": "t2"})}
    assert users_of(path, twins, there).users == [[(1, pytest.approx(1.0))]]
    assert users_of(path, twins, there).twins == {2: 1}
    chained = [{"tmdb": "y"}, {"imdb": "x", "tmdb": "y"}, {"imdb": "x"}, {"imdb": "t2"}]  # the first and the third share no link
    items = {f"c:{n}": Item(id=f"c:{n}", kind="video", title="t", links=links) for n, links in enumerate(chained)}
    linked = {"b:t2": Item(id="b:t2", kind="video", title="t", links={"imdb": "x", "tmdb": "y"})}
    assert users_of(path, items, linked).users == [[(0, pytest.approx(1.0))]]
    assert users_of(path, items, linked).twins == {1: 0, 2: 0}


def test_entries_with_title_and_year_in_common_are_one_work_and_links_to_works_of_other_years_are_mistakes() -> None:
    from chatrec.train.data import join_by_links, works_of
    from chatrec.types import Item

    def item(name: str, year: int | None, imdb: str = "") -> Item:
        title = name.split(":")[1]
        return Item(id=name, kind="video", title=title, year=year, links={"imdb": imdb} if imdb else {})

    here = [item("a:Matrix", 1999), item("a:The Matrix", 1999, "m"), item("a:Psycho 2", 2002, "p"), item("a:Psycho", 2000, "p")]
    catalog = {one.id: one for one in here}
    assert works_of(catalog) == [0, 0, 2, 3]
    there = [item("b:Matrix", 1999, "m"), item("b:Psycho", 1999, "p"), item("b:Lost", 1960, "p"), item("b:Unknown", None, "p")]
    assert join_by_links({one.id: one for one in there}, catalog) == {"b:Matrix": 0, "b:Psycho": 3, "b:Unknown": 2}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([dialog(1, user("hi"), assistant("x", "nowhere"))], "gold 's:nowhere' is not in the catalog"),
        ([dialog(1, user(None), assistant(None))], "neither gold nor mentions nor text"),
        ([dialog(n, user("hi"), assistant("this", "alien")) for n in range(12)], "all 12 recommendations are of 's:alien'"),
    ],
)
def test_dialogs_that_nothing_can_be_learned_from_are_named(tmp_path: Path, lines: list, message: str) -> None:
    with pytest.raises(TrainingDataError, match=message):
        train(tmp_path, "models", dialogs=write_dialogs(tmp_path / "bad.jsonl", lines))


def test_a_validation_dialog_that_is_also_a_training_dialog_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="both the training and the validation file"):
        train(tmp_path, "models", valid=write_dialogs(tmp_path / "v.jsonl", many_dialogs(2)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("user,item\nu,s:alien\n", "1: has no column user_id, item_id, value"),
        ("user_id,item_id,value,timestamp\nu,s:alien,much,\n", "2: value 'much' is no number"),
        ("user_id,item_id,value,timestamp\nu,s:alien,nan,\n", "not finite"),
        ("user_id,item_id,value,timestamp\nu,x:1,5,\n", "none of its items is in the catalog, 'x:1' for one"),
        ("user_id,item_id,value,timestamp\n", "holds no interactions"),
    ],
)
def test_interactions_that_cannot_be_used_are_named(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "i.csv").write_text(content, encoding="utf-8")
    with pytest.raises(TrainingDataError, match=message):
        train(tmp_path, "models", interactions=tmp_path / "i.csv")


def test_files_that_share_folder_and_name_keep_their_own_hashes(tmp_path: Path) -> None:
    logs = []
    for place, text in (("a", "one"), ("b", "two")):
        (tmp_path / place / "logs").mkdir(parents=True)
        logs.append(write_dialogs(tmp_path / place / "logs" / "d.jsonl", [dialog(1, user(text), assistant("x"))]))
    hashes = TrainFiles(tuple(logs), SAMPLE).hashes()
    assert {"logs/d.jsonl", "logs/d.jsonl (2)"} < set(hashes) and len(set(hashes.values())) == 3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match=r"nowhere\.jsonl"):
        train(tmp_path, "models", dialogs=tmp_path / "nowhere.jsonl")


@pytest.mark.parametrize("order", ["shuffled", "given"])
def test_what_order_tells_is_unknown_where_it_is_made_up(tmp_path: Path, order: str) -> None:
    lines = [line.model_copy(update={"order": order}) if order == "shuffled" else line for line in many_dialogs(20)]
    prepared = prepare(tmp_path, dialogs=write_dialogs(tmp_path / "s.jsonl", lines)).run(raters=False)
    places = [place for place, name in enumerate(prepared.config.features) if name in OF_ORDER]
    known = ~np.isnan(prepared.pools.features[:, :, places])
    assert len(places) == len(OF_ORDER) == 10
    assert known.any() == (order != "shuffled")
    assert (~np.isnan(prepared.pools.features[:, :, prepared.config.features.index("mentioned")])).any()


def test_a_validation_dialog_that_is_a_training_dialog_under_another_name_is_refused(tmp_path: Path) -> None:
    words = " ".join(f"word{number}" for number in range(60))
    train_lines = [*many_dialogs(60), dialog(900, user(words), assistant("this", "alien"))]
    lines = write_dialogs(tmp_path / "train.jsonl", train_lines)
    valid = write_dialogs(tmp_path / "valid.jsonl", [dialog(901, user(words), assistant("this", "alien"))])
    with pytest.raises(LeakError, match="1 have a near duplicate by text among the training dialogs"):
        prepare(tmp_path, dialogs=lines, valid=valid)


def test_a_head_does_not_begin_as_the_shipped_one_if_that_learned_from_the_validation_dialogs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    valid = write_valid(tmp_path)
    assert prepare(tmp_path, valid=valid).adapts
    monkeypatch.setattr("chatrec.train.start.Fingerprints.load", lambda folder: Fingerprints.of(read_dialogs(valid)))
    assert not prepare(tmp_path, valid=valid).adapts


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("retrievers.json", Path.unlink, r"incomplete, retrievers\.json is missing"),
        ("fusion.json", Path.unlink, r"incomplete, fusion\.json is missing"),
        ("bag.npz", lambda path: _rewrite(path, items=lambda a: a * np.nan), "not all of 'items' are numbers"),
        ("named.npz", lambda path: _rewrite(path, values=lambda a: a[:3]), r"named\.npz is not of \d+ items"),
        ("co_mentioned.npz", lambda path: _rewrite(path, w_columns=lambda a: a + 9999), r"co_mentioned\.npz is not of"),
        ("fusion.json", lambda path: path.write_text('{"rrf_k": NaN}'), "not all weights are numbers"),
        (
            "head.json",
            lambda path: path.write_text(json.dumps(json.loads(path.read_text()) | {"slope": math.nan})),
            "are numbers",
        ),
    ],
)
def test_a_damaged_folder_is_told_before_it_ranks_anything(
    trained: tuple[Path, dict], small_index: Index, tmp_path: Path, name: str, damage: Callable[[Path], object], message: str
) -> None:
    models = copytree(trained[0] / "models", tmp_path / "models")
    damage(models / name)
    with pytest.raises(ModelMissingError, match=message):
        load_fusion(small_index, models)
        Scorer.load(small_index, models)


def _rewrite(path: Path, **changes: Callable[[np.ndarray], np.ndarray]) -> None:
    with np.load(path) as stored:
        arrays = {key: changes.get(key, np.array)(stored[key]) for key in stored.files}
    np.savez(path, **arrays)


def test_a_head_whose_weights_are_no_numbers_is_refused(trained: tuple[Path, dict], tmp_path: Path) -> None:
    head, config = load_head(trained[0] / "models")
    with torch.no_grad():
        head.scale[0] = float("nan")
    save_head(tmp_path, head, config)
    with pytest.raises(ModelMissingError, match="not all of its weights are numbers"):
        load_head(tmp_path)


def test_people_of_the_validation_dialogs_that_are_learned_from_are_told(tmp_path: Path) -> None:
    lines = [line.model_copy(update={"user_id": str(number // 4)}) for number, line in enumerate(many_dialogs(24))]
    told: list[list[str]] = []
    for cut in (12, 14):  # the fourth person on one side, and on both
        files = [write_dialogs(tmp_path / f"{part}-{cut}.jsonl", some) for part, some in (("a", lines[:cut]), ("b", lines[cut:]))]
        told.append([])
        prepare(tmp_path, meter=Meter(notice=told[-1].append), dialogs=files[0], valid=files[1])
    assert not [line for line in told[0] if "people" in line]
    assert [line.partition(":")[0] for line in told[1] if "people" in line] == [
        "1 people of the validation dialogs are in the training dialogs, too"
    ]
