"""The controlled vocabularies of genres and moods."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatrec.catalog.vocabulary import vocabulary
from chatrec.types import KINDS

DOCS = Path(__file__).parents[2] / "docs" / "vocabulary.md"
PROMISED = {
    "video": "comedy, drama, horror, science fiction, fantasy, animation, musical, western, crime, thriller, war, romance, "
    "documentary, family",
    "audio": "jazz, classical, rock, pop, electronic, hip hop, folk, soul, metal, true crime, politics, history, science",
    "game": "shooter, platformer, role-playing, puzzle, strategy, simulation, adventure, action, horror",
}


@pytest.mark.parametrize("kind, genres", PROMISED.items())
def test_the_main_genres_of_a_medium_are_in_the_vocabulary(kind: str, genres: str) -> None:
    main = {name for name, kinds in vocabulary().main.items() if kind in kinds}
    assert set(genres.split(", ")) <= main


def test_a_genre_is_used_for_known_media_and_is_main_only_in_these() -> None:
    words = vocabulary()
    for name, kinds in words.genres.items():
        assert kinds and set(kinds) <= set(KINDS), name
        assert set(words.main[name]) <= set(kinds), name


def test_hard_moods_are_moods() -> None:
    words = vocabulary()
    assert set(words.hard_moods) <= set(words.moods)
    assert len(set(words.moods)) == len(words.moods)


def test_every_word_is_lower_case_and_trimmed() -> None:
    words = vocabulary()
    for word in (*words.genres, *words.moods):
        assert word == word.strip().lower() != ""


def test_every_word_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    words = vocabulary()
    assert [word for word in (*words.genres, *words.moods) if f"`{word}`" not in text] == []
