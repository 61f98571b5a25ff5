"""Grounding: a claim passes if the catalog bears it out, in value and in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import ALIEN, FTL, HOMOGENIC, SHOPLIFTERS, context, likes

from chatrec.generate.facts import facts
from chatrec.generate.ground import Grounding, supported
from chatrec.types import Claim

NEAR = context(near={SHOPLIFTERS.id: (ALIEN.id, 0.8)}, opinions=likes(ALIEN.id))


@pytest.mark.parametrize(
    ("field", "value", "grounded"),
    [
        ("year", "1979", "1979"),
        ("year", "released in 1979", "1979"),
        ("decade", "1970s", "1979"),
        ("minutes", "117", "117"),
        ("minutes", "1 h 57 min", "117"),
        ("minutes", "117 minutes", "117"),
        ("genres", "Horror", "horror"),
        ("moods", " tense ", "tense"),
        ("themes", "space", "space"),
        ("tags", "cult", "cult"),
        ("people", "sigourney weaver", "Sigourney Weaver"),
        ("creators", "Ridley Scott", "Ridley Scott"),
        ("countries", "United States", "US"),
        ("countries", "英国", "GB"),
        ("language", "English", "en"),
        ("age", "16", "16"),
    ],
)
def test_true_claims_are_grounded_however_their_value_is_spelled(field: str, value: str, grounded: str) -> None:
    claim = Grounding(context()).check(Claim("", field, value), ALIEN)
    assert claim is not None
    assert claim.value == grounded


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("year", "1980"),
        ("decade", "1980s"),
        ("decade", "recent"),
        ("minutes", "118"),
        ("minutes", "about two hours"),
        ("genres", "comedy"),
        ("moods", "funny"),
        ("themes", "spac"),
        ("people", "Sigourney"),
        ("creators", "Sigourney Weaver"),
        ("countries", "France"),
        ("language", "German"),
        ("age", "12"),
        ("popularity", "low"),
        ("near", "video:shoplifters"),
        ("near", "Alien"),
        ("title", "Alien"),
        ("description", "a film"),
        ("", ""),
        ("__class__", "x"),
    ],
)
def test_false_or_uncheckable_claims_are_dropped(field: str, value: str) -> None:
    grounding = Grounding(context())
    assert grounding.check(Claim("", field, value), ALIEN) is None
    assert not supported(Claim("", field, value), ALIEN, context())
    assert grounding.counts["claims_dropped"] == 1


def test_closeness_is_borne_out_by_the_liked_item_it_was_found_for() -> None:
    assert Grounding(NEAR).check(Claim("", "near", "Alien"), SHOPLIFTERS) == Claim(
        "close to Alien, which you like", "near", ALIEN.id
    )
    assert Grounding(NEAR).check(Claim("", "near", HOMOGENIC.id), SHOPLIFTERS) is None
    assert Grounding(NEAR).check(Claim("", "near", "Alien"), HOMOGENIC) is None


@pytest.mark.parametrize(
    "text",
    [
        "directed by Ridley Scott, winner of nine Oscars",
        "the best film of all time by Ridley Scott",
        "![x](http://evil.example/x.png)",
        "<img src=x onerror=alert(1)>",
        "directed by Ridley Scott\u202e",
    ],
)
def test_words_that_say_more_than_the_value_are_replaced_by_ours(text: str) -> None:
    grounding = Grounding(context())
    assert not supported(Claim(text, "creators", "Ridley Scott"), ALIEN, context())
    assert grounding.check(Claim(text, "creators", "Ridley Scott"), ALIEN) == Claim(
        "directed by Ridley Scott", "creators", "Ridley Scott"
    )
    assert grounding.counts == {"claims_kept": 0, "claims_rewritten": 1, "claims_dropped": 0}


def test_our_own_phrase_in_the_other_language_is_no_rewriting() -> None:
    grounding = Grounding(context())
    assert grounding.check(Claim("Ridley Scott 执导", "creators", "Ridley Scott"), ALIEN) is not None
    assert grounding.counts["claims_kept"] == 1


@given(
    st.text(max_size=40),
    st.sampled_from(["genres", "year", "minutes", "near", "people", "decade", "age", "language"]),
    st.text(max_size=80),
)
def test_what_passes_is_always_a_fact_of_the_item_in_our_words(value: str, field: str, text: str) -> None:
    grounded = Grounding(context()).check(Claim(text, field, value), ALIEN)
    assert grounded is None or grounded in facts(ALIEN, context())


@given(st.sampled_from([ALIEN, SHOPLIFTERS, HOMOGENIC, FTL]), st.sampled_from([ALIEN, SHOPLIFTERS, HOMOGENIC, FTL]))
def test_a_fact_of_one_item_passes_for_another_only_if_it_is_true_there_too(one: object, other: object) -> None:
    for claim in facts(one, context()):  # type: ignore[arg-type]
        checked = Grounding(context()).check(claim, other)  # type: ignore[arg-type]
        assert checked is None or checked in facts(other, context())  # type: ignore[arg-type]
