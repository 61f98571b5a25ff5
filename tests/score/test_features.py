"""Features: right in sign, silent where nothing is known, the same in any company."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatrec.index.open import Index
from chatrec.score.features import BASE_RETRIEVERS, Features, feature_names
from chatrec.score.table import build_facet
from chatrec.types import Candidate, Constraint, Hit, Item, Ledger, Opinion, Query, Wish

NAMES = feature_names((*BASE_RETRIEVERS, "bag"), ("bag",))


@pytest.fixture(scope="module")
def features(small_index: Index) -> Features:
    return Features(small_index, NAMES, (*BASE_RETRIEVERS, "bag"), ("bag",))


def pool(index: Index, *keys: str, **hits: tuple[Hit, ...]) -> list[Candidate]:
    return [Candidate(item=index.catalog[f"s:{key}"], hits=hits.get(key, ())) for key in keys]


def ledger(liked: tuple[str, ...] = (), disliked: tuple[str, ...] = (), **more: object) -> Ledger:
    opinions = [Opinion(item_id=f"s:{i}", sentiment="liked") for i in liked]
    opinions += [Opinion(item_id=f"s:{i}", sentiment="disliked") for i in disliked]
    return Ledger(opinions=tuple(opinions), **more)  # type: ignore[arg-type]


def query(index: Index, known: Ledger | None = None, text: str = "", message: str = "") -> Query:
    vectors = index.embedder.encode([text, message])
    return Query(
        ledger=known or Ledger(),
        text=text,
        last_message=message,
        vector=vectors[0] if text else None,
        message_vector=vectors[1] if message else None,
    )


def column(features: Features, matrix: np.ndarray, name: str) -> list[float]:
    return matrix[:, features.names.index(name)].tolist()


def test_without_words_or_tastes_everything_about_them_is_unknown(small_index: Index, features: Features) -> None:
    matrix = features(query(small_index), pool(small_index, "alien"))
    for name in (
        "text_cos",
        "message_z",
        "like_cos",
        "genres_max",
        "said_genres",
        "dislike_z_max",
        "unwanted",
        "soft_met",
        "bag_rank",
    ):
        assert np.isnan(column(features, matrix, name)).all(), name


def test_an_unknown_fact_is_unknown_not_zero(small_index: Index, features: Features) -> None:
    matrix = features(query(small_index), pool(small_index, "celeste", "ftl"))
    unknown, known = column(features, matrix, "popularity")
    assert np.isnan(unknown) and 0 < known <= 1


def test_the_text_feature_prefers_what_was_described(small_index: Index, features: Features) -> None:
    matrix = features(query(small_index, text="farming in a cosy village"), pool(small_index, "stardew", "halloween"))
    first, second = column(features, matrix, "text_z")
    assert first > second + 2


def test_genres_makers_and_titles_of_liked_items_speak_for_their_like(small_index: Index, features: Features) -> None:
    matrix = features(query(small_index, ledger(("thing",))), pool(small_index, "halloween", "amelie"))
    assert column(features, matrix, "genres_max")[0] > column(features, matrix, "genres_max")[1] == 0
    assert column(features, matrix, "people_max") == [pytest.approx(1.0), 0.0]


def test_the_last_liked_item_can_be_told_from_the_others(small_index: Index, features: Features) -> None:
    matrix = features(query(small_index, ledger(("thing", "amelie"))), pool(small_index, "halloween"))
    assert column(features, matrix, "people_max") == [pytest.approx(1.0)]
    assert column(features, matrix, "people_last") == [0.0]
    assert column(features, matrix, "people_mean") == [pytest.approx(0.5)]


def test_years_are_compared_in_decades(small_index: Index, features: Features) -> None:
    matrix = features(query(small_index, ledger(("alien", "aliens"))), pool(small_index, "casa"))
    assert column(features, matrix, "year_gap_near") == [pytest.approx(3.7)]
    assert column(features, matrix, "year_gap_last") == [pytest.approx(4.4)]
    assert column(features, matrix, "year_later") == [pytest.approx(-4.05)]


def test_words_that_name_a_genre_a_mood_or_a_maker_are_matched_whatever_their_form(
    small_index: Index, features: Features
) -> None:
    matrix = features(query(small_index, text="silly comedies by Jim Abrahams"), pool(small_index, "airplane", "gun", "alien"))
    assert column(features, matrix, "said_people") == [1.0, 0.0, 0.0]
    assert column(features, matrix, "said_moods") == [1.0, 1.0, 0.0]
    assert column(features, matrix, "said_genres") == [1.0, 1.0, 0.0]


def test_a_word_that_rules_something_out_is_not_what_the_message_asks_for(small_index: Index, features: Features) -> None:
    genre = next(item.genres[0] for item in small_index.catalog.values() if item.genres)
    has = next(item.id for item in small_index.catalog.values() if genre in item.genres)
    message = f"anything but {genre}"
    without = Ledger(constraints=(Constraint(field="genres", op="not_in", value=(genre,)),))
    column = features.names.index("now_genres")
    asked = features(Query(ledger=Ledger(), text="", last_message=message), [Candidate(item=small_index.catalog[has])])
    ruled_out = features(Query(ledger=without, text="", last_message=message), [Candidate(item=small_index.catalog[has])])
    assert asked[0, column] > 0
    assert np.isnan(ruled_out[0, column])


def test_what_is_wanted_less_and_soft_constraints_are_their_own_features(small_index: Index, features: Features) -> None:
    known = ledger(
        wishes=(Wish(text="scary", direction="less"),),
        constraints=(Constraint(field="genres", op="in", value=("comedy",), hard=False),),
    )
    matrix = features(query(small_index, known), pool(small_index, "scream", "gun", "thing"))
    assert column(features, matrix, "unwanted") == [1.0, 0.0, 0.0]
    assert column(features, matrix, "soft_met") == [1.0, 1.0, 0.0]
    worded = ledger(wishes=(Wish(text="frightening", field="moods", value="scary", direction="less"),))
    assert column(features, features(query(small_index, worded), pool(small_index, "scream", "gun")), "unwanted") == [1.0, 0.0]


def test_what_a_message_wants_less_of_is_not_what_it_asks_for(small_index: Index, features: Features) -> None:
    known = ledger(wishes=(Wish(text="scary", direction="less"),))
    shown = pool(small_index, "scream", "gun")
    asked, less = (features(query(small_index, one, message="less scary"), shown) for one in (Ledger(), known))
    assert column(features, asked, "now_moods") == [1.0, 0.0]
    assert np.isnan(column(features, less, "now_moods")).all()


def test_works_without_a_verdict_are_compared_with_apart_from_those_that_pull(small_index: Index, features: Features) -> None:
    seen = Opinion(item_id="s:gun", sentiment="seen")
    beside = Ledger(opinions=(seen, Opinion(item_id="s:alien", sentiment="liked")))
    shown = pool(small_index, "thing", "airplane")
    plain, both = (features(query(small_index, one), shown) for one in (ledger(("alien",)), beside))
    for name in ("mention_z_max", "mention_z_last", "genres_mention"):
        assert np.isnan(column(features, plain, name)).all()
        horror, comedy = column(features, both, name)
        assert comedy > horror, name
    np.testing.assert_array_equal(column(features, plain, "like_z_max"), column(features, both, "like_z_max"))
    alone = features(query(small_index, Ledger(opinions=(Opinion(item_id="s:alien", sentiment="mentioned"),))), shown)
    assert np.isnan(column(features, alone, "mention_z_max")).all()  # it pulls, as there is nothing else
    np.testing.assert_array_equal(column(features, alone, "like_z_max"), column(features, plain, "like_z_max"))


def test_the_score_of_the_word_match_counts_by_its_logarithm(small_index: Index, features: Features) -> None:
    hits = {"alien": (Hit("sparse", 1, 8.0),), "gun": (Hit("sparse", 2, 4.0),), "scream": (Hit("sparse", 3, 0.0),)}
    matrix = features(query(small_index), pool(small_index, "alien", "gun", "thing", "scream", **hits))
    first, second, *others = column(features, matrix, "sparse_score")
    assert first - second == pytest.approx(np.log(2), abs=1e-5)
    assert np.isnan(others).all()


def test_whether_what_is_unknown_is_preferred_is_unknown(small_index: Index, features: Features) -> None:
    older = Constraint(field="year", op="lt", value=1980, hard=False)
    untold = Constraint(field="minutes", op="lt", value=100, hard=False)
    known = np.isfinite([small_index.columns.numbers("minutes")[small_index.rows[f"s:{name}"]] for name in ("scream", "thing")])
    assert known.tolist() == [False, False]
    for constraints, met in (((untold,), [np.nan, np.nan]), ((older, untold), [0.0, 0.0])):
        matrix = features(query(small_index, ledger(constraints=constraints)), pool(small_index, "scream", "thing"))
        np.testing.assert_array_equal(column(features, matrix, "soft_met"), met)


def test_ranks_read_one_at_the_top_and_trained_retrievers_are_told_from_those_every_catalog_has(
    small_index: Index, features: Features
) -> None:
    hits = {"alien": (Hit("dense", 1, 0.5), Hit("bag", 1, 2.5)), "gun": (Hit("bag", 1000, -1.0),)}
    matrix = features(query(small_index), pool(small_index, "alien", "gun", **hits))
    assert column(features, matrix, "dense_rank")[0] == 1.0
    assert column(features, matrix, "bag_rank") == [1.0, pytest.approx(0.0, abs=1e-6)]
    assert column(features, matrix, "bag_score") == [2.5, -1.0]
    assert column(features, matrix, "found_by") == [1.0, 0.0]
    assert column(features, matrix, "learned_found_by") == [1.0, 0.0]


@settings(deadline=None, max_examples=30)
@given(keep=st.sets(st.integers(0, 19), min_size=1))
def test_a_candidates_features_do_not_depend_on_who_stands_beside_it(
    small_index: Index, features: Features, keep: set[int]
) -> None:
    asked = query(small_index, ledger(("thing", "kind"), ("scream",)), text="funny space", message="funny space")
    everyone = [
        Candidate(item=item, hits=(Hit("dense", place + 1, 0.1),)) for place, item in enumerate(small_index.catalog.values())
    ]
    some = sorted(keep)
    np.testing.assert_allclose(
        features(asked, [everyone[n] for n in some]), features(asked, everyone)[some], rtol=1e-4, atol=1e-5
    )


def test_mentions_are_marked_with_how_long_ago_they_were(small_index: Index, features: Features) -> None:
    matrix = features(query(small_index, ledger(("thing", "amelie"))), pool(small_index, "thing", "amelie", "gun"))
    assert column(features, matrix, "mentioned") == [1.0, 1.0, 0.0]
    assert column(features, matrix, "recency")[:2] == [0.5, 1.0]
    assert np.isnan(column(features, matrix, "recency")[2])


def test_facet_cosines_are_those_of_idf_weighted_sets() -> None:
    made = [
        Item(id=f"x:{n}", kind="video", title="t", genres=genres)
        for n, genres in enumerate([("noir", "war"), ("noir",), (), ("war",)])
    ]
    facet = build_facet(made, lambda item: item.genres)
    a = np.log1p(4 / 2)
    expected = a * a / (np.sqrt(2) * a * a)
    cosines = facet.cosines(np.array([0]), np.arange(4))
    assert cosines[0].tolist() == pytest.approx([1.0, expected, np.nan, expected], nan_ok=True)
