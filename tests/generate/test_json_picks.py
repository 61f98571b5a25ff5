"""The JSON protocol: claims as soon as they are whole, whatever else the model writes around them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import ALIEN, FTL, SHOPLIFTERS, context, slots

from chatrec.generate.json_picks import CLAIM_FIELDS, MAX_CLAIMS, JsonReader, cards, schema

DECK = cards(slots(ALIEN, SHOPLIFTERS, FTL), context())
ANSWER: dict[str, Any] = {
    "picks": [
        {"slot": "c02", "claims": [{"field": "year", "value": "2018"}, {"field": "themes", "value": "found } family"}]},
        {"slot": "c01", "claims": [{"field": "genres", "value": "horror"}]},
    ]
}
EXPECTED = [("c02", ""), ("c02", "2018"), ("c02", "found } family"), ("c01", ""), ("c01", "horror")]


def read(text: str, size: int = 10**6) -> tuple[list[tuple[str, str]], JsonReader]:
    reader = JsonReader({card.name: card for card in DECK})
    parts = [part for start in range(0, len(text), size) for part in reader.feed(text[start : start + size])]
    parts += list(reader.finish())
    return [(card.name, claim.value if claim else "") for card, claim in parts], reader


@given(st.integers(1, 40))
def test_the_size_of_the_pieces_does_not_matter(size: int) -> None:
    assert read(json.dumps(ANSWER), size)[0] == EXPECTED


@given(st.integers(0, len(json.dumps(ANSWER))))
def test_a_cut_answer_keeps_what_was_whole(end: int) -> None:
    parts, _ = read(json.dumps(ANSWER)[:end], 7)
    assert parts == EXPECTED[: len(parts)]


def test_a_claim_is_told_before_its_pick_has_ended() -> None:
    reader = JsonReader({card.name: card for card in DECK})
    early = list(reader.feed('{"picks": [{"slot": "c02", "claims": [{"field": "year", "value": "2018"'))
    assert [(card.name, claim and claim.value) for card, claim in early] == [("c02", None), ("c02", "2018")]
    assert list(reader.feed('}, {"field": "them')) == []


@pytest.mark.parametrize(
    "wrapped",
    ["```json\n{}\n```", "Sure, here you go:\n{}", "<think>{{}} hm</think>{}".replace("{{}}", "let me see"), "{}\n\nEnjoy!"],
)
def test_what_a_model_says_around_the_object_is_skipped(wrapped: str) -> None:
    assert read(wrapped.replace("{}", json.dumps(ANSWER)), 5)[0] == EXPECTED


@pytest.mark.parametrize(
    "pick",
    [
        {"slot": "c77", "claims": []},
        {"slot": "c01", "claims": [{"field": "plot", "value": "x"}]},
        {"slot": "c01", "claims": [{"field": "year", "value": "9" * 100}]},
        {"slot": "c01", "claims": [{"field": "year", "value": ["1979"]}]},
        {"slot": "c01", "claims": ["year"]},
        {"slot": ["c01"], "claims": []},
        {"slot": "c01", "claims": [{"field": "year"}]},
        "c01",
        None,
    ],
)
def test_odd_shapes_are_dropped_and_counted_and_the_rest_is_kept(pick: Any) -> None:
    parts, reader = read(json.dumps({"picks": [pick, ANSWER["picks"][0]]}), 9)
    assert parts[-3:] == EXPECTED[:3]
    assert reader.dropped == 1


def test_numbers_are_read_as_values() -> None:
    parts, _ = read(json.dumps({"picks": [{"slot": "c01", "claims": [{"field": "year", "value": 1979}]}]}))
    assert parts == [("c01", ""), ("c01", "1979")]


def test_a_slot_is_read_once_and_only_so_many_of_its_claims() -> None:
    claims = [{"field": "year", "value": str(n)} for n in range(10)]
    parts, reader = read(json.dumps({"picks": [{"slot": "c01", "claims": claims}, {"slot": "c01", "claims": claims}]}))
    assert len(parts) == 1 + MAX_CLAIMS
    assert reader.dropped == 1


@given(
    st.text(max_size=100)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["picks", "slot", "claims", "field", "value"]), inner, max_size=4)
        ),
    ).map(json.dumps)
)
def test_no_text_makes_the_reader_fail(text: str) -> None:
    read(text, 3)


def test_the_schema_names_the_slots_and_bounds_every_string_and_list() -> None:
    picks = schema(DECK, 2)["properties"]["picks"]
    assert picks["maxItems"] == 2
    pick = picks["items"]["properties"]
    assert pick["slot"]["enum"] == ["c01", "c02", "c03"]
    assert pick["claims"]["maxItems"] == MAX_CLAIMS
    claim = pick["claims"]["items"]["properties"]
    assert claim["field"]["enum"] == list(CLAIM_FIELDS)
    assert claim["value"]["maxLength"] <= 60


def test_catalog_text_in_a_card_is_one_line_without_markup() -> None:
    for card in DECK:
        for values in card.fields.values():
            assert all("\n" not in value and "<" not in value for value in values)
