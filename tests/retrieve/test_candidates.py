"""Some candidates of each form or medium that was asked for, and those that lie furthest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chatrec.constraints import requirements, satisfies_all
from chatrec.index.open import Index
from chatrec.retrieve.candidates import candidates_for, sort_of, sorts_asked
from chatrec.retrieve.fuse import Fusion, FusionConfig
from chatrec.retrieve.retrievers import PopularityRetriever
from chatrec.types import Constraint, Count, Item, Ledger, Query


def form(*values: str) -> Constraint:
    return Constraint(field="form", op="in", value=values)


def asking(index: Index, **known: Any) -> tuple[Query, Fusion]:
    """The question, and a fusion that has room for one candidate only."""
    return Query(ledger=Ledger(**known), text=""), Fusion(index, [PopularityRetriever(index)], FusionConfig(pool=1))


def test_forms_are_asked_for_before_media_and_those_of_one_word_are_one() -> None:
    assert sorts_asked(Ledger(kinds=("audio", "game"))) == ("audio", "game")
    assert sorts_asked(Ledger(kinds=("audio",), constraints=(form("album", "track", "podcast"),))) == ("album", "podcast")
    assert sorts_asked(Ledger()) == ()


def test_an_item_is_of_its_form_or_of_its_medium() -> None:
    item = Item(id="x:1", kind="game", title="X", form="dlc")
    assert (sort_of(item, ("film", "game")), sort_of(item, ("video",))) == ("game", "game")
    assert sort_of(replace(item, kind="audio", form="track"), ("album", "film")) == "album"


def test_each_medium_asked_for_has_candidates_that_satisfy_what_is_required(small_index: Index) -> None:
    query, fusion = asking(small_index, kinds=("video", "audio", "game"))
    assert len(fusion(query)) == 1
    found = candidates_for(fusion, query)
    assert {candidate.item.kind for candidate in found} == {"video", "audio", "game"}
    assert len(set(found.ids)) == len(found) == len(found.scores) == len(found.ranks)
    assert all(satisfies_all(candidate.item, requirements(query.ledger)) for candidate in found)


def test_what_is_added_ranks_behind_what_was_found_among_all(small_index: Index) -> None:
    query, fusion = asking(small_index, kinds=("video", "audio", "game"))
    first, *added = candidates_for(fusion, query)
    assert min(hit.rank for hit in first.hits) == 1
    assert added and all(candidate.hits and candidate.score < first.score for candidate in added)
    assert min(hit.rank for candidate in added for hit in candidate.hits) > fusion.config.per_retriever


def test_each_subject_that_has_its_number_has_candidates(small_index: Index) -> None:
    demands = [Constraint(field="kind", op="in", value=(kind,)) for kind in ("audio", "game")]
    query, fusion = asking(small_index, count=Count(3, shares=((2, (demands[0],)), (1, (demands[1],)))))
    found = candidates_for(fusion, query)
    assert all(any(satisfies_all(candidate.item, [demand]) for candidate in found) for demand in demands)


def test_where_nothing_of_a_form_fits_there_is_none(small_index: Index) -> None:
    query, fusion = asking(small_index, constraints=(form("film", "short"),))
    assert {candidate.item.form for candidate in candidates_for(fusion, query)} == {"film"}


@pytest.mark.parametrize("known", [{}, {"kinds": ("game",)}])
def test_one_medium_or_none_is_asked_once(small_index: Index, known: dict[str, Any]) -> None:
    query, fusion = asking(small_index, **known)
    assert len(candidates_for(fusion, query)) == 1


def furthest(field: str, op: Any) -> Constraint:
    return Constraint(field=field, op=op, value=0.0, hard=False, extreme=True)


@pytest.mark.parametrize(("op", "best"), [("le", min), ("ge", max)])
def test_what_lies_furthest_is_among_the_candidates_though_hardly_anyone_knows_it(
    small_index: Index, op: str, best: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatrec.retrieve.candidates.MOST_ADDED", 1)
    query, fusion = asking(small_index, kinds=("video",), constraints=(furthest("year", op),))
    years = [item.year for item in small_index.catalog.values() if item.kind == "video" and item.year is not None]
    found = candidates_for(fusion, query)
    assert len(set(found.ids)) == len(found) > 1
    assert best(years) in {candidate.item.year for candidate in found}
    assert all(candidate.item.kind == "video" for candidate in found)


def test_each_medium_asked_for_has_what_lies_furthest_in_it(small_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatrec.retrieve.candidates.MOST_ADDED", 1)
    query, fusion = asking(small_index, kinds=("video", "game"), constraints=(furthest("year", "le"),))
    found = {(candidate.item.kind, candidate.item.year) for candidate in candidates_for(fusion, query)}
    for kind in query.ledger.kinds:
        assert (kind, min(i.year for i in small_index.catalog.values() if i.kind == kind and i.year is not None)) in found


def test_where_words_tell_candidates_apart_nothing_far_is_added(small_index: Index) -> None:
    query, fusion = asking(small_index, constraints=(furthest("year", "ge"),))
    assert len(candidates_for(fusion, replace(query, text="a lonely man"))) == 1


def test_what_is_preferred_is_among_the_candidates_though_other_works_are_better_known(small_index: Index) -> None:
    old = Constraint(field="year", op="le", value=1960.0, hard=False)
    query, fusion = asking(small_index, kinds=("video",), constraints=(old,))
    first, *added = candidates_for(fusion, query)
    assert first.item.year is not None and first.item.year > 1960
    assert added and all(candidate.item.year is not None and candidate.item.year <= 1960 for candidate in added)
    assert len(candidates_for(fusion, replace(query, text="a lonely man"))) == 1
