"""Reasons: one grammatical sentence that says what the claims say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from samples import ALIEN, BARE, FTL, HOMOGENIC, SERIES, SHOPLIFTERS, context, likes
from test_facts import items

from chatrec.generate import wording
from chatrec.generate.facts import FactContext, facts, headline, make_claim, reason
from chatrec.types import Claim, Item, Kind, Ledger


def claims(item: Item, *pairs: tuple[str, str], language: str = "en") -> list[Claim]:
    made = [make_claim(field, value, item, context(language)) for field, value in pairs]  # type: ignore[arg-type]
    assert None not in made
    return [claim for claim in made if claim is not None]


def film(number: int, **fields: object) -> Item:
    """A film whose id makes `reason` use the construction `number` (0, 1 or 2)."""
    import zlib

    name = next(f"video:{n}" for n in range(100) if zlib.crc32(f"video:{n}".encode()) % 3 == number)
    return Item(id=name, kind="video", form="film", title="T", **fields)  # type: ignore[arg-type]


PARTS = {
    "genres": ("crime", "drama"),
    "moods": ("tense",),
    "themes": ("heist", "betrayal"),
    "creators": ("Ann Roe",),
    "year": 1979,
}
PAIRS = [
    ("moods", "tense"),
    ("genres", "crime"),
    ("genres", "drama"),
    ("themes", "heist"),
    ("themes", "betrayal"),
    ("creators", "Ann Roe"),
]


def test_three_constructions_say_the_same_in_different_ways() -> None:
    said = [reason(claims(item, *PAIRS), item, "en") for item in (film(n, **PARTS) for n in range(3))]
    assert said == [
        "A tense crime drama about a heist and betrayal, directed by Ann Roe.",
        "Ann Roe’s tense crime drama about a heist and betrayal.",
        "Ann Roe directs a tense crime drama about a heist and betrayal.",
    ]


def test_chinese_has_three_constructions_too() -> None:
    said = [reason(claims(item, *PAIRS, language="zh"), item, "zh") for item in (film(n, **PARTS) for n in range(3))]
    assert said == [
        "一部紧张的犯罪剧情片，关于劫案与背叛，Ann Roe 执导。",
        "Ann Roe 执导的紧张的犯罪剧情片，关于劫案与背叛。",
        "一部关于劫案与背叛的犯罪剧情片，紧张，Ann Roe 执导。",
    ]


@pytest.mark.parametrize(
    ("genres", "form", "noun"),
    [
        (("comedy",), "film", "comedy"),
        (("horror",), "film", "horror film"),
        (("animation",), "film", "animated film"),
        (("comedy", "romance"), "film", "romantic comedy"),
        (("drama", "comedy"), "film", "comedy drama"),
        (("western", "comedy"), "film", "comedy western"),
        (("drama",), "series", "drama series"),
        (("comedy", "crime"), "series", "crime comedy series"),
        (("jazz",), "album", "jazz album"),
        (("soundtrack",), "album", "soundtrack"),
        (("true crime",), "podcast", "true crime podcast"),
        (("history",), "podcast", "history podcast"),
        (("history",), "series", "historical series"),
        (("politics",), "audiobook", "political audiobook"),
        (("memoir",), "audiobook", "memoir"),
        (("platformer", "puzzle"), "game", "puzzle platformer"),
        (("role-playing",), "game", "role-playing game"),
    ],
)
def test_genres_become_the_noun_that_people_use(genres: tuple[str, ...], form: str, noun: str) -> None:
    kind = {"film": "video", "series": "video", "game": "game"}.get(form, "audio")
    item = Item(id="a:b", kind=kind, form=form, title="T", genres=genres)  # type: ignore[arg-type]
    said = reason(claims(item, *(("genres", genre) for genre in genres)), item, "en")
    assert said == f"{wording.with_article(noun).capitalize()}."


def test_a_genre_that_a_tag_names_already_is_not_said_again() -> None:
    item = Item(id="audio:x", kind="audio", form="album", title="T", genres=("pop",), tags=("synth pop",))
    said = reason(claims(item, ("tags", "synth pop"), ("genres", "pop")), item, "en")
    assert said == "A synth-pop album."


def test_length_stands_in_brackets_and_the_year_before_the_noun() -> None:
    said = reason(claims(ALIEN, ("year", "1979"), ("minutes", "117"), ("genres", "horror")), ALIEN, "en")
    assert said == "A 1979 horror film (1 h 57 min)."


def test_closeness_to_a_liked_item_closes_the_sentence() -> None:
    turn = context(near={FTL.id: (ALIEN.id, 0.8)}, opinions=likes(ALIEN.id))
    near = make_claim("near", ALIEN.id, FTL, turn)
    assert near is not None
    said = reason([near, *claims(FTL, ("genres", "roguelike"))], FTL, "en")
    assert said == "A roguelike, close to Alien, which you like."


def test_no_claims_leave_the_kind_of_work() -> None:
    assert reason((), BARE, "en") == "A video."
    assert reason((), SERIES, "zh") == "一部剧集。"


def test_a_mood_that_only_repeats_the_genre_is_not_said() -> None:
    said = reason(claims(ALIEN, ("moods", "scary"), ("genres", "horror"), ("themes", "space")), ALIEN, "en")
    assert said == "A horror film about space."


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("epic film", "an epic film"),
        ("uplifting film", "an uplifting film"),
        ("unusual film", "an unusual film"),
        ("utopia", "a utopia"),
        ("European film", "a European film"),
        ("1895 short film", "an 1895 short film"),
        ("1984 album", "a 1984 album"),
        ("hour", "an hour"),
        ("one-shot", "a one-shot"),
        ("university", "a university"),
        ("R&B album", "an R&B album"),
        ("heist", "a heist"),
    ],
)
def test_articles_follow_the_sound(phrase: str, expected: str) -> None:
    assert wording.with_article(phrase) == expected


@pytest.mark.parametrize(
    ("theme", "said"),
    [
        ("heist", "a heist"),
        ("sea", "the sea"),
        ("new york", "New York"),
        ("world war ii", "World War II"),
        ("japan", "Japan"),
        ("grief", "grief"),
        ("life in new york city", "life in New York City"),
        ("cold war", "the Cold War"),
    ],
)
def test_themes_get_their_article_and_capitals(theme: str, said: str) -> None:
    assert wording.theme(theme, "en") == said


RANK_WORDS = re.compile(r"\b(top|best|first choice|number one|#1|rank)\b|首选|最佳|第一", re.IGNORECASE)


def test_reasons_of_all_samples_read_as_sentences_and_never_speak_of_rank() -> None:
    for item in (ALIEN, SHOPLIFTERS, HOMOGENIC, FTL, SERIES):
        english = reason(headline(item, context()), item, "en")
        assert re.fullmatch(r"[A-Z“].*[^ .]\.", english)
        chinese = reason(headline(item, context("zh")), item, "zh")
        assert re.fullmatch(r".*[^，。]。", chinese)
        assert not RANK_WORDS.search(english + chinese)


@given(items)
def test_no_value_is_said_twice_and_no_markup_gets_in(item: Item) -> None:
    turn = FactContext(Ledger(), {item.id: item}, {})
    said = reason(facts(item, turn)[:4], item, "en")
    assert not re.search(r"[<>{}`]|\]\(|https?:|[\x00-\x1f]", said)
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("kind", "form", "english", "chinese"),
    [
        ("video", "film", "A film, from Studio Ghibli.", "一部电影，Studio Ghibli 出品。"),
        ("audio", "album", "An album, on Studio Ghibli.", "一张专辑，Studio Ghibli 发行。"),
        ("game", "game", "A game, published by Studio Ghibli.", "一款游戏，Studio Ghibli 发行。"),
    ],
)
def test_who_published_a_work_is_said_the_way_its_form_asks(kind: Kind, form: str, english: str, chinese: str) -> None:
    item = Item(id=f"{kind}:t", kind=kind, form=form, title="T", publishers=("Studio Ghibli",))
    assert reason(claims(item, ("publishers", "studio ghibli")), item, "en") == english
    assert reason(claims(item, ("publishers", "studio ghibli"), language="zh"), item, "zh") == chinese


def test_a_style_among_the_tags_becomes_part_of_the_noun() -> None:
    item = film(0, genres=("thriller",), tags=("film noir",), themes=("postwar",))
    told = claims(item, ("tags", "film noir"), ("genres", "thriller"), ("themes", "postwar"))
    assert reason(told, item, "en") == "A noir thriller about the postwar years."


def test_a_theme_without_a_chinese_word_is_quoted() -> None:
    item = film(0, themes=("zorblaxing",))
    assert "关于“zorblaxing”" in reason(claims(item, ("themes", "zorblaxing"), language="zh"), item, "zh")
