"""Each miss has one stage that lost it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

from dialog_samples import SAMPLE, assistant, dialog, last_instance, user, write_dialogs

from chatrec.evaluate.attribution import STAGES, misses
from chatrec.evaluate.recorded import RecordedLine
from chatrec.evaluate.replay import Lost, Replayed, System, replay
from chatrec.evaluate.report import violations
from chatrec.evaluate.run import ReplayConfig, run_replay
from chatrec.index.open import Index
from chatrec.retrieve.load import load_fusion
from chatrec.types import Candidate, Constraint, Query


def row(rank: float, before: float, lost: Lost | None = None, given: float | None = None) -> Replayed:
    return Replayed("d", 1, (), ("g",), (rank,), (before,), ("g",), (lost,), (), None if given is None else (given,))


def fate(one: Replayed, line: RecordedLine | None = None) -> str:
    (name,) = (name for name, count in misses([one], 10, {("d", 1): line} if line else None).items() if count)
    return name


def test_ranks_before_and_after_the_last_stage_tell_who_ranked_it_low() -> None:
    assert fate(row(10, 30)) == "found"
    assert fate(row(30, 5)) == "ranked lower by the last stage"
    assert fate(row(30, 40)) == "ranked low"


def test_what_was_no_candidate_keeps_its_reason() -> None:
    reasons: tuple[Lost, ...] = ("not in the catalog", "filtered", "not retrieved", "cut from the pool")
    assert [fate(row(math.inf, math.inf, lost)) for lost in reasons] == list(reasons)


def test_a_miss_that_given_mentions_would_find_was_not_understood_wherever_it_was_lost() -> None:
    assert fate(row(math.inf, math.inf, "filtered", given=10)) == "not understood"
    assert fate(row(30, 5, given=1)) == "not understood"
    assert fate(row(math.inf, math.inf, "filtered", given=11)) == "filtered"


def test_a_model_cannot_lift_what_it_was_not_shown_nor_pick_it() -> None:
    silent = RecordedLine(dialog_id="d", turn=1, picks=[], slots=12)
    invented = RecordedLine(dialog_id="d", turn=1, picks=["g"], slots=12)
    assert fate(row(13, 13), silent) == "shortlisted out"
    assert fate(row(12, 12), silent) == "ranked low"
    assert fate(row(math.inf, math.inf, "not retrieved"), silent) == "not retrieved"
    assert fate(row(math.inf, math.inf, "not retrieved"), invented) == "dropped by grounding"


def test_grounding_has_a_part_only_where_a_pick_that_was_not_shown_is_recorded() -> None:
    shown = RecordedLine(dialog_id="d", turn=1, picks=["g"], slots=12)
    assert misses([row(12, 12)], 10, {("d", 1): shown})["dropped by grounding"] is None
    assert misses([row(13, 13)], 10, {("d", 1): shown})["dropped by grounding"] == 1


def test_fates_add_up_and_stages_without_a_part_have_no_count() -> None:
    found = misses([row(1, 1), row(30, 30)], 10)
    assert list(found) == ["found", *STAGES]
    assert sum(count or 0 for count in found.values()) == 2
    assert {name for name, count in found.items() if count is None} == {
        "not understood",
        "dropped by grounding",
        "shortlisted out",
    }


def lost_of(index: Index, system: System, *turns: dict) -> Lost | None:
    ((lost,),) = (row.lost for row in replay(index, [last_instance(dialog(1, *turns))], "new", system))
    return lost


def test_why_an_answer_is_no_candidate_is_told_from_pool_masks_and_constraints(small_index: Index) -> None:
    def horror_only(query: Query, *_: object) -> Query:
        return replace(query, ledger=replace(query.ledger, constraints=(Constraint(field="genres", op="in", value=("horror",)),)))

    asked = (user("hi"), assistant("x", "casa"))
    listed = [Candidate(item=small_index.catalog[f"s:{key}"]) for key in ("alien", "casa")]
    assert lost_of(small_index, System(lambda query: listed, 2), *asked) is None
    assert lost_of(small_index, System(lambda query: listed, 1), *asked) == "cut from the pool"
    assert lost_of(small_index, System(lambda query: listed[:1], 2), *asked) == "not retrieved"
    assert lost_of(small_index, System(lambda query: listed[:1], 2, read=horror_only), *asked) == "filtered"
    assert lost_of(small_index, System(lambda query: listed, 2), user("hi"), assistant("x", "nowhere")) == "not in the catalog"


def test_a_title_that_was_given_but_not_said_is_not_understood(small_index: Index, tmp_path: Path) -> None:
    turns = [user("the one with the pilot and the girl", "casa"), assistant("x", "amelie")]
    log = write_dialogs(tmp_path / "d.jsonl", [dialog(1, *turns)])
    config = ReplayConfig(log, SAMPLE, stage="retrieve", ks=(1,))
    found = {}
    for understand in ("given", "text"):
        written = (tmp_path / f"{understand}.json", tmp_path / f"{understand}.jsonl")
        run_replay(replace(config, understand=understand), *written, small_index.embedder, tmp_path / "built")
        found[understand] = json.loads(written[0].read_text())
    assert found["given"]["understanding"] == {"from": "given"}
    read = found["text"]["understanding"]
    assert read["mentions"] == {"named": 1, "read": 0, "both": 0}
    assert read["given_recall"] == found["given"]["recall"]


def test_the_pool_is_cut_where_the_fusion_cuts_it(small_index: Index) -> None:
    fusion = load_fusion(small_index)
    fusion.config = replace(fusion.config, pool=3)
    wide = load_fusion(small_index)
    instance = last_instance(dialog(1, user("something scary"), assistant("x", "thing")))
    (narrow,) = replay(small_index, [instance], "new", System(fusion, 3))
    (cut,) = replay(small_index, [instance], "new", System(wide, 3))
    assert narrow.ranking == cut.ranking


def test_a_ranking_that_breaks_a_constraint_is_counted_where_it_does(small_index: Index) -> None:
    def horror_only(query: Query, *_: object) -> Query:
        return replace(query, ledger=replace(query.ledger, constraints=(Constraint(field="genres", op="in", value=("horror",)),)))

    listed = [Candidate(item=small_index.catalog[f"s:{key}"], score=s) for key, s in (("alien", 3), ("casa", 2), ("thing", 1))]
    instance = last_instance(dialog(1, user("hi"), assistant("x", "scream")))
    (plain,) = replay(small_index, [instance], "new", System(lambda query: listed, 3))
    (bound,) = replay(small_index, [instance], "new", System(lambda query: listed, 3, read=horror_only))
    assert (plain.required, plain.violating) == (0, ())
    assert (bound.required, bound.violating) == (1, (2,))
    assert violations([plain, bound], (1, 10)) == {"1": 0, "10": 1}
