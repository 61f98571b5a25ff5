"""The catalog that ships: every item whole, every word controlled, every promised count kept."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from chatrec.catalog.read import Catalog, read_catalog
from chatrec.catalog.vocabulary import vocabulary
from chatrec.types import KINDS, Item

FOLDER = Path(__file__).parents[2] / "index" / "catalog"
FORMS = {"video": {"film", "series", "short"}, "audio": {"album", "podcast", "audiobook"}, "game": {"game"}}
REQUIRED = (
    *("id", "kind", "form", "title", "year", "creators", "genres", "moods", "themes", "tags", "description", "minutes", "age"),
    *("language", "countries", "popularity"),
)
PLAY_MODES = {"single-player", "co-op", "local co-op", "online co-op", "multiplayer", "local multiplayer"}
MAKERS = {
    "video": "Hayao Miyazaki, Christopher Nolan, Greta Gerwig, Francis Ford Coppola, Akira Kurosawa, Alfred Hitchcock, "
    "Stanley Kubrick, Agnès Varda, Pedro Almodóvar, Bong Joon-ho, Wong Kar-wai",
    "audio": "Miles Davis, Björk, David Bowie, Nina Simone, John Coltrane, Kendrick Lamar, Kraftwerk, Brian Eno, Jay Chou",
    "game": "Shigeru Miyamoto, Hideo Kojima, Will Wright, Sid Meier, Tim Schafer, Hidetaka Miyazaki, Fumito Ueda",
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return read_catalog(FOLDER)


@pytest.fixture(scope="module")
def items(catalog: Catalog) -> list[Item]:
    return list(catalog.values())


def words_of(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    return re.findall(r"\w+", "".join(c for c in folded if not unicodedata.combining(c)))


def normalise(text: str) -> str:
    words = words_of(text)
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def wrong(items: list[Item], test: Callable[[Item], object]) -> list[str]:
    return [item.id for item in items if test(item)]


def test_each_medium_has_its_own_file_sorted_by_id(items: list[Item]) -> None:
    for kind in KINDS:
        ids = list(read_catalog(FOLDER / f"{kind}.jsonl"))
        assert ids == sorted(ids) == [item.id for item in items if item.kind == kind]


def test_lines_are_written_the_way_our_writer_writes_them() -> None:
    for kind in KINDS:
        for line in (FOLDER / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines():
            assert line == json.dumps(json.loads(line), ensure_ascii=False)


def test_every_field_of_every_item_is_filled(items: list[Item]) -> None:
    missing = [(item.id, name) for item in items for name in REQUIRED if getattr(item, name) in (None, (), "")]
    assert missing == []


def test_no_item_has_a_field_that_the_format_does_not_know(items: list[Item]) -> None:
    assert wrong(items, lambda item: item.extra) == []


def test_ids_are_short_ascii_names_in_the_namespace_of_their_medium(items: list[Item]) -> None:
    assert wrong(items, lambda item: not re.fullmatch(rf"{item.kind}:[a-z0-9]+(-[a-z0-9]+)*", item.id)) == []


def test_forms_belong_to_their_medium(items: list[Item]) -> None:
    assert wrong(items, lambda item: item.form not in FORMS[item.kind]) == []


def test_no_two_items_of_a_medium_share_title_and_year(items: list[Item]) -> None:
    count = Counter((item.kind, normalise(item.title), item.year) for item in items)
    assert [key for key, n in count.items() if n > 1] == []


def test_items_of_one_title_differ_in_year_form_or_maker(items: list[Item]) -> None:
    groups: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        groups[item.kind, normalise(item.title)].append(item)
    pairs = [pair for group in groups.values() for pair in combinations(group, 2)]
    same = [(a.id, b.id) for a, b in pairs if set(a.creators) & set(b.creators) and a.form == b.form and a.year == b.year]
    assert same == []


def test_genres_are_of_the_vocabulary_and_of_the_medium(items: list[Item]) -> None:
    known = vocabulary().genres
    assert [(i.id, genre) for i in items for genre in i.genres if i.kind not in known.get(genre, ())] == []
    assert wrong(items, lambda item: not 1 <= len(item.genres) <= 5) == []


def test_moods_are_of_the_vocabulary(items: list[Item]) -> None:
    known = set(vocabulary().moods)
    assert [(item.id, mood) for item in items for mood in item.moods if mood not in known] == []
    assert wrong(items, lambda item: not 2 <= len(item.moods) <= 7) == []


def test_no_list_says_a_thing_twice_or_in_capitals(items: list[Item]) -> None:
    lists = ("aliases", "creators", "cast", "genres", "moods", "themes", "tags", "countries")
    assert [(i.id, name) for i in items for name in lists if len(set(getattr(i, name))) < len(getattr(i, name))] == []
    words = ("genres", "moods", "themes", "tags")
    assert [(i.id, w) for i in items for name in words for w in getattr(i, name) if w != w.strip().lower()] == []


def test_aliases_add_to_the_title(items: list[Item]) -> None:
    assert wrong(items, lambda item: item.title in item.aliases) == []


def test_what_frightens_is_marked_scary(items: list[Item]) -> None:
    assert wrong(items, lambda item: "horror" in item.genres and "scary" not in item.moods) == []


def test_horror_for_adults_is_dark_unless_it_is_comic(items: list[Item]) -> None:
    lighter = {"comedy", "family", "musical"}
    adult = [item for item in items if "horror" in item.genres and (item.age or 0) >= 16 and not lighter & set(item.genres)]
    assert adult and wrong(adult, lambda item: "dark" not in item.moods) == []


def test_thrillers_are_tense_and_true_crime_is_dark(items: list[Item]) -> None:
    assert wrong(items, lambda item: "thriller" in item.genres and "tense" not in item.moods) == []
    assert wrong(items, lambda item: "true crime" in item.genres and "dark" not in item.moods) == []


def test_ages_are_the_five_steps_and_follow_genres_and_moods(items: list[Item]) -> None:
    least = {"scary": 6, "horror": 12, "true crime": 16}
    assert wrong(items, lambda item: item.age not in (0, 6, 12, 16, 18)) == []
    too_young = [(i.id, w) for i in items for w in (*i.genres, *i.moods) if (i.age or 0) < least.get(w, 0)]
    assert too_young == []
    assert wrong(items, lambda item: "family" in item.genres and (item.age or 0) > 12) == []


def test_languages_and_countries_are_codes(items: list[Item]) -> None:
    assert wrong(items, lambda item: not re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", item.language or "")) == []
    assert [(i.id, country) for i in items for country in i.countries if not re.fullmatch(r"[A-Z]{2}", country)] == []
    assert wrong(items, lambda item: {"UK", "SU", "YU", "CS", "DD", "EU"} & set(item.countries)) == []


def test_wordless_albums_are_tagged_instrumental_and_games_by_how_they_are_played(items: list[Item]) -> None:
    albums = [item for item in items if item.form == "album" and item.language == "zxx"]
    assert albums and wrong(albums, lambda item: "instrumental" not in item.tags) == []
    games = [item for item in items if item.kind == "game"]
    assert wrong(games, lambda item: not PLAY_MODES & set(item.tags)) == []
    assert wrong(games, lambda item: {"local co-op", "online co-op"} & set(item.tags) and "co-op" not in item.tags) == []


def test_lengths_are_plausible_for_the_form(items: list[Item]) -> None:
    bounds = {"film": (40, 600), "series": (2, 120), "short": (1, 40), "album": (8, 240), "podcast": (5, 300)}
    bounds |= {"audiobook": (60, 4000), "game": (5, 6000)}
    assert wrong(items, lambda item: not bounds[item.form or ""][0] <= (item.minutes or 0) <= bounds[item.form or ""][1]) == []


def test_popularity_is_an_estimate_from_1_to_100_that_is_spread_out(items: list[Item]) -> None:
    assert wrong(items, lambda item: not 1 <= (item.popularity or 0) <= 100) == []
    for kind in KINDS:
        values = [item.popularity or 0 for item in items if item.kind == kind]
        assert np.percentile(values, 10) < 25 and np.percentile(values, 90) > 70


def test_descriptions_are_one_or_two_plain_sentences(items: list[Item]) -> None:
    assert wrong(items, lambda item: not 12 <= len((item.description or "").split()) <= 45) == []
    assert wrong(items, lambda item: len(re.findall(r"[.!?](?:\s|$)", item.description or "")) > 3) == []
    assert wrong(items, lambda item: re.search(r"[<>{}\[\]`*_$]|https?:", item.description or "")) == []


def test_no_description_starts_with_the_title(items: list[Item]) -> None:
    def starts(item: Item) -> bool:
        return f"{normalise(item.description or '')} ".startswith(f"{normalise(item.title)} ")

    assert wrong(items, starts) == []


def test_no_opening_is_used_over_and_over(items: list[Item]) -> None:
    openings = Counter(" ".join((item.description or "").lower().split()[:4]) for item in items)
    assert [(words, n) for words, n in openings.items() if n > 2] == []


def test_no_two_descriptions_are_nearly_the_same(items: list[Item]) -> None:
    vectors = word_vectors([normalise(item.description or "") for item in items])
    alike = np.argwhere(np.triu(vectors @ vectors.T, k=1) > 0.45)
    assert [(items[a].id, items[b].id) for a, b in alike] == []


def word_vectors(texts: list[str]) -> np.ndarray:
    """Unit vectors [n, words]: which words a text has, rare ones weighing more (inverse document frequency)."""
    words = {word: column for column, word in enumerate(sorted({word for text in texts for word in text.split()}))}
    has = np.zeros((len(texts), len(words)), dtype=np.float32)
    for row, text in enumerate(texts):
        has[row, [words[word] for word in text.split()]] = 1
    weighted = has * np.log(len(texts) / has.sum(axis=0))
    return weighted / np.linalg.norm(weighted, axis=1, keepdims=True)


@pytest.mark.parametrize("kind", KINDS)
def test_each_medium_holds_400_works_and_12_of_each_main_genre(items: list[Item], kind: str) -> None:
    medium = [item for item in items if item.kind == kind]
    assert len(medium) >= 400
    count = Counter(genre for item in medium for genre in item.genres)
    main = [genre for genre, kinds in vocabulary().main.items() if kind in kinds]
    assert main and [(genre, count[genre]) for genre in main if count[genre] < 12] == []


def test_the_catalog_spans_countries_languages_decades_and_ages(items: list[Item]) -> None:
    assert len({country for item in items for country in item.countries}) >= 25
    assert len({item.language for item in items} - {"zxx"}) >= 15
    films = {(item.year or 0) // 10 * 10 for item in items if item.kind == "video"}
    assert films >= set(range(1920, 2030, 10))
    for kind in KINDS:
        assert {item.age for item in items if item.kind == kind} == {0, 6, 12, 16, 18}


def test_there_is_something_for_a_short_and_for_a_long_time(items: list[Item]) -> None:
    assert len([item for item in items if item.form == "series" and (item.minutes or 0) < 30]) >= 12
    hours = [(item.minutes or 0) / 60 for item in items if item.kind == "game"]
    assert len([h for h in hours if h < 5]) >= 12 and len([h for h in hours if h > 40]) >= 12


@pytest.mark.parametrize("kind, name", [(kind, name) for kind, names in MAKERS.items() for name in names.split(", ")])
def test_the_best_known_makers_have_several_works(items: list[Item], kind: str, name: str) -> None:
    assert len([item for item in items if item.kind == kind and name in item.creators]) >= 2


def test_names_are_spelled_one_way(items: list[Item]) -> None:
    spellings: dict[str, set[str]] = defaultdict(set)
    for item in items:
        for name in item.people:
            spellings[" ".join(sorted(words_of(name.replace(".", ""))))].add(name)
    assert [names for names in spellings.values() if len(names) > 1] == []


def test_frequent_themes_cover_most_items(items: list[Item]) -> None:
    frequent = {theme for theme, _ in Counter(t for item in items for t in item.themes).most_common(150)}
    assert len([item for item in items if frequent & set(item.themes)]) >= 0.9 * len(items)


def test_links_are_ids_and_belong_to_one_item(items: list[Item]) -> None:
    shape = {"imdb": r"tt\d{7,8}", "movielens": r"\d+", "steam": r"\d+"}
    links = [(source, key) for item in items for source, key in item.links.items()]
    assert [link for link in links if not re.fullmatch(shape.get(link[0], "$^"), link[1])] == []
    assert [link for link, n in Counter(links).items() if n > 1] == []
    assert len(links) > 500


@pytest.mark.parametrize("kind", KINDS)
def test_the_readme_counts_what_is_there(items: list[Item], kind: str) -> None:
    medium = [item for item in items if item.kind == kind]
    forms = Counter(item.form for item in medium)
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    row = next(line for line in readme.splitlines() if line.startswith(f"| {kind} |"))
    years = [item.year or 0 for item in medium]
    expected = [len(medium), *(forms[form] for form in sorted(forms, key=lambda form: -forms[form]))]
    expected += [len({country for item in medium for country in item.countries}), len({i.language for i in medium} - {"zxx"})]
    assert [int(number) for number in re.findall(r"\d+", row)] == [*expected, min(years), max(years)]
