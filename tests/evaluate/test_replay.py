"""Replaying dialogs: what is masked, what is scored, what is written."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from dialog_samples import assistant, dialog, items, last_instance, many_dialogs, user, write_dialogs

from chatrec.catalog.read import read_catalog, write_catalog
from chatrec.errors import DialogLogError, LeakError
from chatrec.evaluate.compare import compare, read_rankings
from chatrec.evaluate.figures import calibration
from chatrec.evaluate.leaks import Fingerprints
from chatrec.evaluate.logs import Instance, Protocol
from chatrec.evaluate.page import page
from chatrec.evaluate.replay import Replayed, System, judge, masked_items, replay, select
from chatrec.evaluate.report import file_sha256, summarise
from chatrec.evaluate.run import ReplayConfig, run_replay, union
from chatrec.index.embed import Embedder
from chatrec.index.open import Index
from chatrec.retrieve.fuse import Fusion, FusionConfig
from chatrec.retrieve.load import load_fusion
from chatrec.types import Candidate, Item


def candidates(*ids: str, scores: tuple[float, ...] = ()) -> list[Candidate]:
    values = scores or tuple(1.0 - place / 100 for place in range(len(ids)))
    return [Candidate(item=Item(id=i, kind="video", title=i), score=s) for i, s in zip(ids, values, strict=True)]


@pytest.fixture
def files(tmp_path: Path) -> ReplayConfig:
    catalog = tmp_path / "catalog.jsonl"
    write_catalog(items(), catalog)
    return ReplayConfig(write_dialogs(tmp_path / "dialogs.jsonl", many_dialogs(6)), catalog)


def run(config: ReplayConfig, folder: Path, name: str = "a") -> tuple[dict, list[dict]]:
    out, rankings = folder / f"{name}.json", folder / f"{name}.jsonl"
    report = run_replay(config, out, rankings, Embedder(), folder / "index")
    assert json.loads(out.read_text()) == json.loads(json.dumps(report))
    return report, [json.loads(line) for line in rankings.read_text().splitlines()]


def test_what_was_mentioned_is_never_ranked_under_protocol_new_and_may_be_under_full(small_index: Index) -> None:
    line = dialog(1, user("Alien was great", "alien"), assistant("again", "alien", "thing"))
    ranked = {}
    protocols: tuple[Protocol, Protocol] = ("new", "full")
    for protocol in protocols:
        (row,) = replay(small_index, [last_instance(line)], protocol, System(load_fusion(small_index), 200))
        ranked[protocol] = row.ranking
    assert "s:alien" not in ranked["new"]
    assert "s:alien" in ranked["full"]


def test_playlist_seeds_and_their_other_versions_are_masked_and_versions_score_as_one() -> None:
    def track(key: str, cluster: str) -> Item:
        return Item(id=f"t:{key}", kind="audio", title=key, links={"cluster": cluster})

    catalog = {item.id: item for item in (track("a", "A"), track("a2", "A"), track("b", "B"), track("b2", "B"), track("c", "C"))}
    turn = {"role": "assistant", "text": "ok", "gold": ["t:b", "t:b2"], "seeds": ["t:a"]}
    instance = last_instance(dialog(1, user("hi"), turn))
    assert masked_items(instance, "full", catalog) == {"t:a", "t:a2"}
    row = judge(
        instance, "full", catalog, [Candidate(item=catalog["t:c"], score=2.0), Candidate(item=catalog["t:b2"], score=1.0)], []
    )
    assert row.ranks == (2.0,)
    assert row.answers == ("t:b",)


def test_gold_that_no_retriever_brought_up_is_a_miss() -> None:
    row = judge(last_instance(dialog(1, user("hi"), assistant("x", "thing"))), "new", {}, candidates("s:a"), candidates("s:a"))
    assert row.ranks == (math.inf,)


def test_ties_take_the_mean_rank_in_metrics_and_keep_their_order_in_the_ranking() -> None:
    instance = last_instance(dialog(1, user("hi"), assistant("x", "thing")))
    row = judge(instance, "new", {}, candidates("s:alien", "s:scream", "s:thing", scores=(0.5, 0.5, 0.5)), [])
    assert row.ranks == (2.0,)
    assert row.ranking == ("s:alien", "s:scream", "s:thing")


def test_rankings_have_a_line_per_instance_with_its_place_in_the_dialog(files: ReplayConfig, tmp_path: Path) -> None:
    report, lines = run(files, tmp_path)
    assert [(line["dialog_id"], line["turn"]) for line in lines[:3]] == [("s:0", 1), ("s:0", 3), ("s:1", 1)]
    assert report["instances"] == len(lines) == 12
    assert all(len(line["ranking"]) == len(set(line["ranking"])) <= 100 and line["gold"] for line in lines)


def test_the_report_names_the_files_by_the_hashes_that_others_find(files: ReplayConfig, tmp_path: Path) -> None:
    files.catalog.write_text(files.catalog.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "all.jsonl").write_bytes(files.catalog.read_bytes())
    one = run(files, tmp_path)[0]["provenance"]
    parts = run(replace(files, catalog=tmp_path / "parts"), tmp_path)[0]["provenance"]
    for name, path in (("dialogs", files.dialogs), ("catalog", files.catalog)):
        assert one[name]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert parts["catalog"]["sha256"] == file_sha256(tmp_path / "parts") != one["catalog"]["sha256"]
    assert parts["catalog"]["content_sha256"] == one["catalog"]["content_sha256"] == read_catalog(files.catalog).sha256


def test_the_report_counts_what_the_rankings_show(files: ReplayConfig, tmp_path: Path) -> None:
    report, lines = run(files, tmp_path)
    found = sum(gold in line["ranking"][:10] for line in lines for gold in line["gold"])
    assert report["recall"]["10"]["value"] == pytest.approx(found / report["gold"], abs=1e-6)
    assert report["pool_recall"]["value"] >= report["fused_recall"]["50"]["value"]
    gain = report["recall"]["1"]["value"] - report["fused_recall"]["1"]["value"]
    assert report["rerank_gain"]["1"]["value"] == pytest.approx(gain, abs=1e-5)


def test_a_gain_is_told_with_the_number_of_dialogs_that_make_it() -> None:
    """Two answers of the first dialog and one of the second are found after the head only, and of the third one each way."""
    turn = Replayed("a", 1, (), ("g",), (1.0,), (9.0,), ("g",), (None,), ())
    lost = replace(turn, ranks=(9.0,), before=(1.0,))
    rows = [turn, replace(turn, turn=3), replace(turn, dialog_id="b"), *(replace(row, dialog_id="c") for row in (turn, lost))]
    assert summarise(rows, (1, 9))["rerank_gain"]["1"] == {"value": 0.6, "low": 0.0, "high": 1.0, "differing": 2}
    assert summarise(rows, (1, 9))["rerank_gain"]["9"]["differing"] == 0


def test_a_comparison_finds_the_recalls_of_the_reports(files: ReplayConfig, tmp_path: Path) -> None:
    """Versions of one work, of which the gold names two, count as one in both."""
    catalog = tmp_path / "versions.jsonl"
    versions = {"s:thing": {"cluster": "work"}, "s:alien": {"cluster": "work"}}
    write_catalog([replace(item, links=versions.get(item.id, item.links)) for item in items()], catalog)
    log = write_dialogs(tmp_path / "log.jsonl", [dialog(1, user("something scary"), assistant("x", "thing", "alien", "gun"))])
    config = replace(files, dialogs=log, catalog=catalog, protocol="full", ks=(1, 3, 10))
    reports = {stage: run(replace(config, stage=stage), tmp_path, stage)[0] for stage in ("retrieve", "score")}
    found = compare(*(read_rankings(tmp_path / f"{stage}.jsonl") for stage in reports), ks=(1, 3, 10))
    assert reports["score"]["gold"] == 2
    for difference in found:
        told = [report["recall"][str(difference.k)]["value"] for report in reports.values()]
        assert [difference.a, difference.b] == pytest.approx(told)


def test_the_curves_and_the_reliability_are_of_the_same_rankings(files: ReplayConfig, tmp_path: Path) -> None:
    report, _ = run(files, tmp_path)
    for k in (1, 10, 50):
        assert report["curves"]["ranked"][k - 1] == report["recall"][str(k)]["value"]
        assert report["curves"]["fused"][k - 1] == report["fused_recall"][str(k)]["value"]
    accepted = sum(part["candidates"] * part["accepted"] for part in report["reliability"]["bins"])
    assert accepted == pytest.approx(report["pool_recall"]["value"] * report["gold"], abs=1e-3)
    assert report["reliability"]["came_true"] == pytest.approx(accepted)
    promised = f"promised {report['reliability']['expected']:,.1f} gold candidates, {report['reliability']['came_true']} were"
    assert promised in calibration(report) and "as `full` has them" in calibration(report)
    assert "as `full` has them" not in calibration(report | {"protocol": "full"})
    assert f"({report['reliability']['error_of_zero']:.4f} if all were said to be 0)" in page(report)
    assert run(replace(files, stage="retrieve"), tmp_path)[0]["reliability"] is None


def test_stage_retrieve_tells_what_any_retriever_has_among_its_first_200(small_index: Index) -> None:
    class Only:
        def __init__(self, item: str) -> None:
            self.name, self.item = item, item

        def retrieve(self, query: object, required: object, k: int) -> list[tuple[str, float]]:
            return [(self.item, 1.0)]

    config = FusionConfig(weights={"s:gun": 0.0}, per_retriever=1, pool=1)
    fusion = Fusion(small_index, [Only("s:alien"), Only("s:thing"), Only("s:gun")], config)
    line = dialog(1, user("hi", "alien"), assistant("x", "thing", "gun", "alien"))
    found = {}
    protocols: tuple[Protocol, Protocol] = ("new", "full")
    for protocol in protocols:
        system = System(fusion, 1, union=union(fusion))
        (row,) = replay(small_index, [last_instance(line)], protocol, system)
        found[protocol] = dict(zip(row.answers, row.listed or (), strict=True))
    assert found["new"] == {"s:thing": True, "s:gun": False}
    assert found["full"] == {"s:thing": True, "s:gun": False, "s:alien": True}


def test_only_stage_retrieve_reports_the_union(files: ReplayConfig, tmp_path: Path) -> None:
    report, _ = run(replace(files, stage="retrieve"), tmp_path)
    assert report["union_recall"]["200"]["value"] >= report["pool_recall"]["value"] > 0
    assert run(files, tmp_path)[0]["union_recall"] is None


def test_the_same_replay_twice_writes_the_same(files: ReplayConfig, tmp_path: Path) -> None:
    run(files, tmp_path, "a")
    run(files, tmp_path, "b")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_limit_takes_the_first_instances_and_is_in_the_report(files: ReplayConfig, tmp_path: Path) -> None:
    report, lines = run(ReplayConfig(files.dialogs, files.catalog, limit=2), tmp_path)
    assert len(lines) == 2
    assert report["provenance"]["limit"] == 2


def test_dialogs_that_were_trained_on_are_refused_unless_allowed_and_then_stamped(files: ReplayConfig, tmp_path: Path) -> None:
    from shutil import copytree

    from chatrec.score.head import SHIPPED

    models = tmp_path / "models"
    copytree(SHIPPED, models)
    Fingerprints.of(many_dialogs(1)).save(models)
    with pytest.raises(LeakError, match="allow-leak"):
        run(ReplayConfig(files.dialogs, files.catalog, models=models), tmp_path)
    report, _ = run(ReplayConfig(files.dialogs, files.catalog, models=models, allow_leak=True), tmp_path)
    assert report["provenance"]["leak"] == {"by_id": 1, "by_text": 0, "allowed": True}


def test_people_whose_dialogs_were_trained_on_are_returning_ones(files: ReplayConfig, tmp_path: Path) -> None:
    from shutil import copytree

    from chatrec.score.head import SHIPPED

    first, second, other = (line.model_copy(update={"user_id": who}) for line, who in zip(many_dialogs(3), "aab", strict=True))
    models = tmp_path / "models"
    copytree(SHIPPED, models)
    Fingerprints.of([first]).save(models)
    log = write_dialogs(tmp_path / "later.jsonl", [second, other])
    report, _ = run(ReplayConfig(log, files.catalog, models=models), tmp_path)
    gold = {name: entry["gold"] for name, entry in report["slices"]["person"]["slices"].items()}
    told = {line.user_id: sum(len(instance.gold("new")) for instance in select([line], "new")) for line in (second, other)}
    assert gold == {"new": told["b"], "returning": told["a"]}


def test_few_near_duplicates_are_reported_and_every_instance_is_ranked(files: ReplayConfig, tmp_path: Path) -> None:
    from shutil import copytree

    from chatrec.score.head import SHIPPED

    words = " ".join(f"word{number}" for number in range(50))
    twin = dialog(900, user(words), assistant("x", "thing"))
    trained = dialog(901, user(words), assistant("x", "thing"))
    fresh = [dialog(n, user("hi"), assistant("x", "alien")) for n in range(100)]
    models = tmp_path / "models"
    copytree(SHIPPED, models)
    Fingerprints.of([trained]).save(models)
    log = write_dialogs(tmp_path / "twin.jsonl", [twin, *fresh])
    report, lines = run(ReplayConfig(log, files.catalog, models=models), tmp_path)
    assert report["provenance"]["leak"] == {"by_id": 0, "by_text": 1, "allowed": False}
    assert [line["dialog_id"] for line in lines] == ["s:900", *(f"s:{n}" for n in range(100))]


def test_a_log_without_instances_says_why_nothing_is_replayed() -> None:
    with pytest.raises(DialogLogError, match="no instance to replay"):
        select([dialog(1, user("hi"))], "new")


def test_a_log_without_instances_is_named(files: ReplayConfig, tmp_path: Path) -> None:
    log = write_dialogs(tmp_path / "empty.jsonl", [dialog(1, user("hi"))])
    with pytest.raises(DialogLogError, match=r"empty\.jsonl: no instance to replay under protocol 'new'"):
        run(replace(files, dialogs=log), tmp_path)


def test_a_log_of_another_catalog_is_refused_before_anything_is_embedded(files: ReplayConfig, tmp_path: Path) -> None:
    log = write_dialogs(tmp_path / "others.jsonl", [dialog(1, user("hi"), assistant("x", "nowhere"))])
    with pytest.raises(DialogLogError, match=r"others\.jsonl: none of the gold is in .*catalog\.jsonl, 's:nowhere' for one"):
        run(replace(files, dialogs=log), tmp_path)
    assert not (tmp_path / "index").exists()


def test_a_recorded_last_step_sees_the_instance_and_decides_the_order(small_index: Index) -> None:
    def reverse(query: object, instance: Instance, pool: object) -> list[Candidate]:
        assert instance.turn == 1
        ordered = sorted(pool, key=lambda c: c.score)  # type: ignore[call-overload, attr-defined]
        return [Candidate(item=c.item, score=-c.score) for c in ordered]

    found = [last_instance(dialog(1, user("something scary"), assistant("x", "thing")))]
    fusion = load_fusion(small_index)
    (plain,) = replay(small_index, found, "new", System(fusion, 200))
    (turned,) = replay(small_index, found, "new", System(fusion, 200, reverse))
    assert turned.ranking == plain.ranking[::-1]


def test_ties_are_told_by_id_whatever_order_they_were_brought_up_in() -> None:
    instance = last_instance(dialog(1, user("hello"), assistant("this", "b")))
    row = judge(instance, "full", {}, candidates("s:c", "s:b", "s:a", scores=(2.0, 1.0, 1.0)), [])
    assert row.ranking == ("s:c", "s:a", "s:b")
    assert row.ranks == (2.5,)
