"""Cleaning: each rule of the table in `chatrec.catalog.clean`, on values as data sets have them."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatrec.catalog import labels as labels_module
from chatrec.catalog.clean import (
    Works,
    clean_age,
    clean_country,
    clean_description,
    clean_item,
    clean_language,
    clean_minutes,
    clean_number,
    clean_text,
    clean_year,
    settle_moods,
    title_key,
)
from chatrec.catalog.labels import sort_labels
from chatrec.catalog.read import parse_line
from chatrec.catalog.vocabulary import vocabulary
from chatrec.errors import CatalogError
from chatrec.types import Item


def item(**fields: Any) -> Item:
    return clean_item({"id": "t:1", "kind": "video", "title": "A"} | fields, lambda _: None)


@pytest.mark.parametrize(
    "raw, clean",
    [
        ("  Two\t\nwords ", "Two words"),
        ("Fish &amp; Chips", "Fish & Chips"),
        ("Tom &amp;amp; Jo &quot;hi&quot;", 'Tom & Jo "hi"'),
        ("zero\u200bwidth \u202eturned\x00\x07", "zerowidth turned"),
        ("e\u0301", "é"),
        ("👩‍🚀", "👩‍🚀"),
        (r"\N", ""),
        (float("nan"), ""),
        (1984, "1984"),
        (1984.0, "1984"),
        (None, ""),
        ({"a": 1}, ""),
    ],
)
def test_text_is_one_line_without_entities_and_control_characters(raw: Any, clean: str) -> None:
    assert clean_text(raw) == clean


def test_a_title_may_be_a_word_for_nothing_and_a_creator_may_not() -> None:
    assert item(title="Null", creators=["nan", "N/A", "Ann"]).creators == ("Ann",)


@pytest.mark.parametrize(
    "raw, year",
    [
        ("1995", 1995),
        (1995.0, 1995),
        ("Nov 21, 2001", 2001),
        ("2001-11-21", 2001),
        ("(1987–1991)", 1987),
        ("TBA", None),
        ("0", None),
        ("19950", None),
        ("20110418", 2011),
        ("20111418", None),
        ("", None),
    ],
)
def test_a_year_is_found_in_numbers_and_dates(raw: Any, year: int | None) -> None:
    assert clean_year(raw) == year


@pytest.mark.parametrize(
    "raw, minutes",
    [
        ("112", 112),
        (95.5, 95.5),
        ("112 min", 112),
        ("1h 52m", 112),
        ("1 hour, 52 minutes", 112),
        ("2 hrs", 120),
        ("1 hr. 30 min.", 90),
        ("1h30", 90),
        ("01h30", 90),
        ("PT1H52M", 112),
        ("1:52:00", 112),
        ("52:30", 52.5),
        ("90 seconds", 1.5),
        ("0", None),
        ("0.001", None),
        ("-5", None),
        ("long", None),
        ("", None),
        ("9" * 10_000 + ":00", None),
    ],
)
def test_a_duration_is_minutes(raw: Any, minutes: float | None) -> None:
    assert clean_minutes(raw) == minutes


@pytest.mark.parametrize(
    "raw, age", [("16", 16), ("16+", 16), ("PEGI 12", 12), (18.0, 18), (0, None), ("99", None), ("Unrated", None)]
)
def test_an_age_is_a_number_of_years(raw: Any, age: int | None) -> None:
    assert clean_age(raw) == age


@pytest.mark.parametrize("raw, age", [("G", 0), ("PG-13", 13), ("R", 17), ("TV-14", 14), ("tv-ma", 17)])
def test_an_american_rating_is_an_age(raw: str, age: int) -> None:
    assert item(age=raw).age == age


@pytest.mark.parametrize(
    "raw, number", [("1,234,567", 1234567), ("1.5", 1.5), ("0", 0), ("-1", None), ("inf", None), ("1,5", None)]
)
def test_a_number_is_finite_and_not_negative(raw: Any, number: float | None) -> None:
    assert clean_number(raw) == number


@pytest.mark.parametrize(
    "raw, code",
    [
        ("en", "en"),
        ("EN_us", "en-US"),
        ("Japanese", "ja"),
        ("zxx", "zxx"),
        ("Elvish of old", None),
        ("qqqq", None),
        ("eng", "en"),
        ("JPN", "ja"),
        ("ger", "de"),
        ("Mandarin", "zh"),
        ("chi-tw", "zh-TW"),
        ("ase", "ase"),
        ("qqq", None),
    ],
)
def test_a_language_is_a_code(raw: str, code: str | None) -> None:
    assert clean_language(raw) == code


@pytest.mark.parametrize(
    "raw, code",
    [
        ("us", "US"),
        ("USA", "US"),
        ("France", "FR"),
        ("UK", "GB"),
        ("Atlantis", None),
        ("England", "GB"),
        ("Great Britain", "GB"),
        ("Korea", "KR"),
        ("Soviet Union", "RU"),
        ("SU", "RU"),
        ("West Germany", "DE"),
        ("DEU", "DE"),
        ("QQQ", None),
    ],
)
def test_a_country_is_a_code(raw: str, code: str | None) -> None:
    assert clean_country(raw) == code


def test_a_description_is_three_sentences_without_html_and_never_long() -> None:
    assert clean_description("<p>One.</p><br>Two &lt;b&gt;is&lt;/b&gt; <3! Three? Four.") == "One. Two is <3! Three?"
    assert clean_description("About <b>things</b>.<br/>H<sub>2</sub>O<p>Ends") == "About things. H2O Ends"
    assert len(clean_description("word " * 1000)) <= 600
    assert clean_description("A short one. " + "word " * 200) == "A short one."


def test_what_cannot_be_read_is_left_out_and_noted_and_the_item_stays() -> None:
    notes: Counter[str] = Counter()
    raw = {
        "id": "t:1",
        "kind": "video",
        "title": "A",
        "year": "soon",
        "minutes": "long",
        "countries": ["Atlantis", "FR"],
        "age": 0,
    }
    clean = clean_item(raw, lambda what: notes.update([what]))
    assert (clean.year, clean.minutes, clean.countries) == (None, None, ("FR",))
    assert notes == {f"values of {name} could not be read and were left out": 1 for name in ("year", "minutes", "countries")}


def test_what_is_neither_text_nor_a_number_and_what_is_too_much_is_left_out_and_noted() -> None:
    notes: Counter[str] = Counter()
    odd = {"year": True, "cast": [{"name": "Z"}, "Ann"], "genres": [["x"], "drama"], "links": {"imdb": ["tt1"]}, "form": ["film"]}
    raw = {"id": "t:1", "kind": "video", "title": "A", "tags": [str(n) for n in range(52)], "minutes": None, "moods": []}
    clean = clean_item(raw | odd, lambda what: notes.update([what]))
    assert (clean.year, clean.cast, clean.genres, clean.links, clean.form) == (None, ("Ann",), ("drama",), {}, None)
    assert notes == {f"values of {name} could not be read and were left out": 1 for name in odd} | {
        "values of tags were too many for one item, or too long, and were left out": 2
    }


@pytest.mark.parametrize(
    "fields, reason",
    [
        ({"kind": "book"}, "'kind'"),
        ({"title": " "}, "'title'"),
        ({"title": "x" * 600}, "longer"),
        ({"id": ""}, "'id'"),
        ({"id": "no namespace"}, "'id'"),
    ],
)
def test_an_item_that_cannot_be_used_is_an_error_that_names_the_field(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(CatalogError, match=reason):
        item(**fields)


def test_labels_become_genres_and_moods_of_the_medium_and_the_rest_are_tags() -> None:
    labels = sort_labels("game", genres=["Sci-Fi", "RPG", "Massively Multiplayer", "Violent", "Documentary", "JRPG", "Indie"])
    assert labels.genres == ("science fiction", "role-playing")
    assert labels.moods == ("aggressive",)
    assert labels.tags == ("multiplayer", "mmo", "documentary", "jrpg", "indie")
    assert sort_labels("audio", genres=["black metal", "party"], moods=["sad", "rock"], tags=["sad"]) == (
        sort_labels("audio", genres=["metal"], moods=["energetic", "melancholic"], tags=["black metal", "rock", "sad"])
    )


def test_a_genre_brings_the_moods_it_means_where_moods_are_known_at_all() -> None:
    assert sort_labels("video", genres=["Thriller", "Horror"], moods=["funny"]).moods == ("funny", "tense", "scary")
    assert sort_labels("video", genres=["Thriller", "Horror"]).moods == ()


def test_moods_that_few_items_of_a_medium_have_become_tags() -> None:
    told: dict[str, int] = {}
    films = [item(id="t:1", moods=["funny"], tags=["silent"]), item(id="t:2"), item(id="t:3")]
    songs = [item(id="t:4", kind="audio", moods=["calm"]), item(id="t:5", kind="audio")]
    first, *others = settle_moods([*films, *songs], told.__setitem__)
    assert (first.moods, first.tags) == ((), ("silent", "funny"))
    assert others == [*films[1:], *songs]
    assert told == {"video items have moods, fewer than half of all: these became tags": 1}


@pytest.mark.parametrize(
    "a, b",
    [
        ("The Big Café", "big cafe"),
        ("Tom & Jo", "Tom and Jo"),
        ("Who's There?", "whos there"),
        ("STAR WARS™ Empire at War", "Star Wars Empire at War"),
        ("Tetris® Effect", "Tetris Effect"),
        ("The Office™", "Office"),
    ],
)
def test_titles_are_compared_without_case_accents_articles_and_punctuation(a: str, b: str) -> None:
    assert title_key(a) == title_key(b)


def test_titles_that_differ_in_voiced_kana_or_are_all_punctuation_stay_apart() -> None:
    assert title_key("かき") != title_key("がぎ")
    assert title_key("!!!") != title_key("???")


def works(*items: Item) -> Works:
    found = Works()
    for one in items:
        found.add(one)
    return found


def test_the_same_work_is_merged_under_the_first_id_with_all_that_is_known() -> None:
    first = item(id="t:1", title="The Café", year=2001, creators=["Ann Lee"], genres=["drama"], popularity=3)
    second = item(id="t:2", title="Cafe", year=2001, creators=["ann lee", "Bo"], genres=["comedy"], popularity=5, minutes=90)
    found = works(first, second)
    (kept,) = found.items.values()
    assert (kept.id, kept.title, kept.aliases) == ("t:1", "The Café", ("Cafe",))
    assert (kept.genres, kept.minutes, kept.popularity) == (("drama", "comedy"), 90, 5)
    assert found.same == {"t:1": "t:1", "t:2": "t:1"}
    assert found.merged == 1


@pytest.mark.parametrize(
    "other",
    [{"year": 2002}, {"creators": ["Bo"]}, {"kind": "game"}, {"form": "series"}, {"title": "B"}, {"links": {"imdb": "tt2"}}],
)
def test_another_year_creator_medium_form_title_or_database_entry_is_another_work(other: dict[str, Any]) -> None:
    same = {"title": "A", "year": 2001, "creators": ["Ann"], "form": "film", "links": {"imdb": "tt1"}}
    assert len(works(item(id="t:1", **same), item(id="t:2", **same | other)).items) == 2


def test_the_order_of_creators_makes_no_other_work_and_one_that_they_share_behind_others_no_same_one() -> None:
    same: dict[str, Any] = {"title": "A", "year": 2001}
    orders = (["Ann", "Bo"], ["Bo", "Ann"], ["Cy", "Ann", "Bo"], ["Bo", "Cy", "Ann"])
    assert list(works(*(item(id=f"t:{n}", creators=names, **same) for n, names in enumerate(orders))).items) == ["t:0", "t:2"]
    one_alone = (["Ann"], ["Ann", "Bo"], ["Bo", "Ann"])
    assert len(works(*(item(id=f"t:{n}", creators=names, **same) for n, names in enumerate(one_alone))).items) == 1
    sharing = (["Ann", "Bo"], ["Cy", "Bo"])
    assert len(works(*(item(id=f"t:{n}", creators=names, **same) for n, names in enumerate(sharing))).items) == 2


def test_without_year_and_creator_only_artists_are_merged() -> None:
    for form, count in (("artist", 1), ("track", 2)):
        pair = [item(id=f"t:{n}", kind="audio", form=form, title="Echo") for n in (1, 2)]
        assert len(works(*pair).items) == count


def test_a_repeated_id_is_merged_with_the_same_title_and_refused_with_another() -> None:
    found = works(item(id="t:1", genres=["drama"]), item(id="t:1", genres=["comedy"]))
    assert found.items["t:1"].genres == ("drama", "comedy")
    with pytest.raises(CatalogError, match="repeats id 't:1' of 'A', which has another title"):
        found.add(item(id="t:1", title="B"))


@pytest.mark.parametrize(
    ("name", "others"),
    [("kind", {"kind": "game"}), ("form", {"form": "series"}), ("year", {"year": 1996}), ("creator", {"creators": ["Bo"]})],
)
def test_a_repeated_id_of_another_kind_form_year_or_creator_is_refused_and_unknown_ones_agree(
    name: str, others: dict[str, Any]
) -> None:
    known = {"form": "film", "year": 1990, "creators": ["Ann", "Cy"]}
    found = works(item(), item(**known), item(creators=["Cy"]), item(year=1990))
    assert (len(found.items), found.merged) == (1, 3)
    with pytest.raises(CatalogError, match=f"repeats id 't:1' of 'A', which has another {name}"):
        found.add(item(**known | others))


VALUE = st.none() | st.text(max_size=30) | st.integers() | st.floats() | st.lists(st.text(max_size=10), max_size=3)
FIELDS = [name for name in Item.__dataclass_fields__ if name not in ("id", "kind", "links", "extra")]


@given(fields=st.dictionaries(st.sampled_from(FIELDS), VALUE))
def test_any_values_give_an_item_that_the_reader_accepts_or_a_catalog_error(fields: dict[str, Any]) -> None:
    try:
        clean = item(**fields)
    except CatalogError:
        return
    assert parse_line(json.dumps(clean.to_dict(), ensure_ascii=False).encode()) == clean


def test_labels_are_sorted_into_words_of_the_vocabulary_only() -> None:
    data = tomllib.loads((Path(labels_module.__file__).with_name("labels.toml")).read_text(encoding="utf-8"))
    words = vocabulary()
    assert set(data["genres"]) <= set(words.genres) and set(data["moods"]) <= set(words.moods)
    assert set(data["implied"]) <= set(words.genres) and {m for moods in data["implied"].values() for m in moods} <= set(
        words.moods
    )


def test_rhythm_and_blues_is_soul_however_it_is_written() -> None:
    for word in ("r-n-b", "R&B", "rnb", "r'n'b"):
        assert sort_labels("audio", genres=[word]).genres == ("soul",)
