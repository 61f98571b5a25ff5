"""Comparing two rankings of the same instances."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chatrec.cli.app import app
from chatrec.errors import DataMissingError, DialogLogError, InputError
from chatrec.evaluate.compare import Line, compare, differing_settings, leak_of, read_rankings
from chatrec.evaluate.report import file_sha256


def rows(found: int, count: int = 60) -> dict:
    """Rankings that put gold first in the first `found` of `count` dialogs."""
    return {(f"d{n}", 1): Line(["gold"] if n < found else ["other"], ["gold"]) for n in range(count)}


def line(**more: object) -> str:
    """A line of a rankings file in which the gold stands second."""
    return json.dumps({"dialog_id": "d", "turn": 1, "ranking": ["x", "gold"], "gold": ["gold"], **more}) + "\n"


def test_the_difference_is_that_of_the_recalls_and_a_large_one_is_significant() -> None:
    (difference,) = compare(rows(10), rows(40), ks=(1,))
    assert (difference.a, difference.b) == pytest.approx((1 / 6, 2 / 3))
    assert difference.low < 0.5 < difference.high and difference.significant


def test_a_system_does_not_differ_from_itself() -> None:
    (difference,) = compare(rows(10), rows(10), ks=(1,))
    assert (difference.low, difference.high, difference.significant) == (0.0, 0.0, False)


def test_a_difference_in_one_dialog_is_chance() -> None:
    assert not compare(rows(10), rows(11), ks=(1,))[0].significant


def test_a_difference_that_a_few_dialogs_make_is_chance_though_every_draw_has_some_of_them() -> None:
    five, six = compare(rows(0), rows(5), ks=(1,))[0], compare(rows(0), rows(6), ks=(1,))[0]
    assert five.low > 0 and (five.dialogs, five.significant) == (5, False)
    assert (six.dialogs, six.significant) == (6, True)


def test_the_order_of_the_lines_does_not_matter() -> None:
    backwards = dict(reversed(rows(40).items()))
    assert compare(rows(10), backwards, ks=(1,)) == compare(rows(10), rows(40), ks=(1,))


def test_other_instances_or_other_gold_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="not of the same instances, of 5 and 6 they share 5 with the same gold"):
        compare(rows(1, 5), rows(1, 6))
    with pytest.raises(InputError, match="of 2 and 2 they share 1"):
        compare(rows(1, 2), rows(1, 2) | {("d1", 1): Line(["other"], ["other"])})


def test_a_line_that_is_no_ranking_is_located(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"dialog_id": "d", "turn": 1, "ranking": [], "gold": ["x"]}\n{}\n', encoding="utf-8")
    with pytest.raises(DialogLogError, match=r"r\.jsonl:2"):
        read_rankings(tmp_path / "r.jsonl")


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"ranking": None}, "field 'ranking'"),
        ({"dialog_id": 7}, "field 'dialog_id'"),
        ({"turn": "1"}, "field 'turn'"),
        ({"gold": []}, "field 'gold'"),
        ({"ranks": [1, 2, 3]}, "field 'ranks': 3 of them for 1 gold mentions"),
        ({"ranks": []}, "field 'ranks': 0 of them for 1 gold mentions"),
        ({"ranks": [0.5]}, r"field 'ranks\.0"),
        ({"ranks": [math.nan]}, "not JSON: NaN is no finite number"),
        ({"dialog_id": "first"}, "repeats dialog 'first', turn 1"),
    ],
)
def test_a_line_that_cannot_be_compared_is_located_and_says_why(tmp_path: Path, told: dict, message: str) -> None:
    (tmp_path / "r.jsonl").write_text(line(dialog_id="first") + line(**told), encoding="utf-8")
    with pytest.raises(DialogLogError, match=rf"r\.jsonl:2: .*{message}"):
        read_rankings(tmp_path / "r.jsonl")


def test_versions_of_a_work_have_one_rank_and_must_have_it_in_both(tmp_path: Path) -> None:
    for name, ranks in (("works", [2]), ("items", [2, None])):
        (tmp_path / name).write_text(line(gold=["gold", "live"], ranks=ranks), encoding="utf-8")
    works, items = (read_rankings(tmp_path / name) for name in ("works", "items"))
    assert compare(works, works, ks=(2,))[0].a == 1.0
    with pytest.raises(InputError, match="do not count the same answers"):
        compare(works, items)


def test_ranks_are_those_the_replay_counted_and_places_where_one_of_the_two_tells_none(tmp_path: Path) -> None:
    for name, told in (("tie", {"ranks": [1.5]}), ("first", {"ranks": [1]}), ("bare", {})):
        (tmp_path / name).write_text(line(**told), encoding="utf-8")
    tie, first, bare = (read_rankings(tmp_path / name) for name in ("tie", "first", "bare"))
    assert [(d.a, d.b) for d in compare(tie, first, ks=(1, 2))] == [(0.0, 1.0), (1.0, 1.0)]
    assert [(d.a, d.b) for d in compare(first, bare, ks=(1, 2))] == [(0.0, 0.0), (1.0, 1.0)]


def test_an_empty_file_holds_no_rankings(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(DialogLogError, match=r"r\.jsonl: holds no rankings"):
        read_rankings(tmp_path / "r.jsonl")


def test_a_report_stands_for_the_rankings_beside_it(tmp_path: Path) -> None:
    (tmp_path / "rankings.jsonl").write_text(line(), encoding="utf-8")
    report = {"stage": "score", "provenance": {"rankings_sha256": file_sha256(tmp_path / "rankings.jsonl")}}
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    expected = {("d", 1): Line(["x", "gold"], ["gold"])}
    assert read_rankings(tmp_path / "report.json") == read_rankings(tmp_path / "rankings.jsonl") == expected
    (tmp_path / "rankings.jsonl").unlink()
    with pytest.raises(DataMissingError, match="do not lie beside it"):
        read_rankings(tmp_path / "report.json")


@pytest.mark.parametrize("told", [{"systems": {}, "leak": {}}, {"provenance": {"index": {}}}, {"provenance": "none"}])
def test_a_report_of_something_else_is_told_from_rankings(tmp_path: Path, told: dict) -> None:
    (tmp_path / "other.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    with pytest.raises(DialogLogError, match=r"other\.json: tells no rankings: give the report of `chatrec replay`"):
        read_rankings(tmp_path / "other.json")


def test_what_a_report_says_of_a_leak_is_said_again(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(line(), encoding="utf-8")
    for name, by_id, by_text, allowed in (("leak", 2, 3, True), ("few", 0, 1, False), ("none", 0, 0, False)):
        leak = {"by_id": by_id, "by_text": by_text, "allowed": allowed}
        report = {"provenance": {"rankings_sha256": file_sha256(tmp_path / "r.jsonl"), "leak": leak}}
        (tmp_path / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")

    def told(a: str, b: str) -> list[str]:
        ended = CliRunner().invoke(app, ["compare", str(tmp_path / a), str(tmp_path / b)], env={"COLUMNS": "200"})
        assert ended.exit_code == 0, ended.output
        return [line for line in ended.output.splitlines() if "trained on" in line]

    below = "trained on: 0 dialogs by id, 1 by near-duplicate text, below the share that is refused"
    allowed = "LEAK ALLOWED, these figures say nothing of unseen dialogs; trained on: 2 dialogs by id, 3 by near-duplicate text"
    assert told("leak.json", "few.json") == [f"A: {allowed}", f"B: {below}"]
    assert told("none.json", "leak.json") == [f"B: {allowed}"]
    assert leak_of(tmp_path / "r.jsonl") is None
    unknown = "not known what of the dialogs was trained on: rankings do not tell it, their report does"
    assert told("none.json", "r.jsonl") == [f"B: {unknown}"] and told("r.jsonl", "few.json") == [f"A: {unknown}", f"B: {below}"]


def test_reports_of_different_protocols_are_refused_and_what_else_differs_is_told(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(line(), encoding="utf-8")
    leak = {"by_id": 0, "by_text": 0, "allowed": False}
    origin = {"rankings_sha256": file_sha256(tmp_path / "r.jsonl"), "leak": leak, "limit": None, "models_sha256": "a" * 64}
    base = {"protocol": "new", "stage": "score", "understanding": {"from": "given"}, "provenance": origin}
    reports = {
        "a": base,
        "b": base | {"stage": "retrieve", "understanding": {"from": "text"}, "provenance": origin | {"limit": 5}},
        "c": base | {"provenance": origin | {"models_sha256": "b" * 64}},
        "full": base | {"protocol": "full"},
    }
    for name, report in reports.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")

    def told(a: str, b: str) -> list[str]:
        ended = CliRunner().invoke(app, ["compare", str(tmp_path / a), str(tmp_path / b)], env={"COLUMNS": "200"})
        assert ended.exit_code == 0, ended.output
        return [line for line in ended.output.splitlines() if "differs" in line]

    assert told("a.json", "b.json") == [
        "stage differs, A: score, B: retrieve",
        "mentions differs, A: given, B: text",
        "limit differs, A: none, B: 5",
    ]
    assert told("a.json", "c.json") == ["models differs, A: aaaaaaaaaaaa, B: bbbbbbbbbbbb"]
    assert not told("a.json", "a.json") and not told("a.json", "r.jsonl")
    with pytest.raises(InputError, match=r"a\.json is of protocol new, .*full\.json of full: replay the dialogs"):
        differing_settings(tmp_path / "a.json", tmp_path / "full.json")
