"""MovieLens folders: CSV and `.dat`, clean and not."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports import put, run_import

from chatrec.catalog.sources.movielens import GENRES
from chatrec.errors import CatalogError, DataMissingError, InputError

MOVIES = """movieId,title,genres
1,"Lantern Keeper, The (1994)",Adventure|Children|Sci-Fi
2,"Three Clocks (Trois horloges, Les) (1971)",Drama|Film-Noir
3,Quiet Harbour (2003),(no genres listed)
4,Night of the Moths (1988),Horror|IMAX
"""
RATINGS = """userId,movieId,rating,timestamp
1,1,4.0,964982703
1,2,3.5,964982224
2,1,5.0,
2,4,0.5,964983815
"""
TAGS = """userId,movieId,tag,timestamp
1,3,melancholy,1139045764
2,3,melancholy,1139045765
3,3,Melancholy,1139045766
1,3,quirky,1139045767
1,3,small town,1139045768
"""
LINKS = "movieId,imdbId,tmdbId\n1,0114709,862\n3,,\n"
GOOD = {"movies.csv": MOVIES, "ratings.csv": RATINGS, "tags.csv": TAGS, "links.csv": LINKS}


def test_films_are_read_with_title_year_genres_links_and_popularity(tmp_path: Path) -> None:
    catalog = run_import("movielens", put(tmp_path, GOOD)).catalog
    film = catalog["movielens:1"]
    assert (film.title, film.year, film.kind, film.form) == ("The Lantern Keeper", 1994, "video", "film")
    assert film.genres == ("adventure", "family", "science fiction")
    assert film.links == {"movielens": "1", "imdb": "tt0114709", "tmdb": "862"}
    assert [item.popularity for item in catalog.values()] == [2, 1, 0, 1]


def test_other_titles_in_parentheses_are_aliases_and_foreign_articles_move_too(tmp_path: Path) -> None:
    film = run_import("movielens", put(tmp_path, GOOD)).catalog["movielens:2"]
    assert (film.title, film.aliases, film.year) == ("Three Clocks", ("Les Trois horloges",), 1971)


def test_unknown_genres_are_tags_and_no_genres_are_none(tmp_path: Path) -> None:
    catalog = run_import("movielens", put(tmp_path, GOOD)).catalog
    assert (catalog["movielens:2"].genres, catalog["movielens:2"].tags) == (("drama", "crime"), ("film-noir",))
    assert catalog["movielens:3"].genres == ()
    assert catalog["movielens:4"].genres == ("horror",)
    assert catalog["movielens:4"].tags == ("imax",)


def test_a_tag_of_three_people_is_a_mood_and_one_of_a_single_person_stays_a_tag(tmp_path: Path) -> None:
    alone = "movieId,title,genres\n3,Quiet Harbour (2003),(no genres listed)\n"
    film = run_import("movielens", put(tmp_path, GOOD | {"movies.csv": alone})).catalog["movielens:3"]
    assert film.moods == ("melancholic",)
    assert film.tags == ("quirky", "small town")


def test_moods_of_few_films_are_tags_since_forbidding_one_would_rule_out_all_others(tmp_path: Path) -> None:
    result = run_import("movielens", put(tmp_path, GOOD), interactions=True)
    assert result.catalog["movielens:3"].tags == ("quirky", "small town", "melancholic")
    assert not any(item.moods for item in result.catalog.values())
    assert result.report.notes["video items have moods, fewer than half of all: these became tags"] == 1


def test_ratings_become_interactions(tmp_path: Path) -> None:
    rows = run_import("movielens", put(tmp_path, GOOD), interactions=True).interactions
    assert rows[0] == {"user_id": "1", "item_id": "movielens:1", "value": "4", "timestamp": "964982703"}
    assert [(row["user_id"], row["item_id"], row["timestamp"]) for row in rows[2:]] == [
        ("2", "movielens:1", ""),
        ("2", "movielens:4", "964983815"),
    ]


def test_ratings_are_not_capped(tmp_path: Path) -> None:
    rare = "userId,movieId,rating,timestamp\n" + "".join(f"{user},1,3.0,\n" for user in range(300)) + "300,1,5.0,\n"
    rows = run_import("movielens", put(tmp_path, GOOD | {"ratings.csv": rare}), interactions=True).interactions
    assert max(float(row["value"]) for row in rows) == 5


def test_bad_rows_are_told_with_file_line_and_reason_and_the_others_are_used(tmp_path: Path) -> None:
    movies = MOVIES + "five,Nameless (1999),Drama\n6,Comma, Unquoted (1999),Drama\n7,,Drama\n"
    ratings = RATINGS + "3,1,great,964982703\n3,1,55,964982703\n3,1\n3,99,4.0,964982703\n,1,4.0,1\n"
    result = run_import("movielens", put(tmp_path, GOOD | {"movies.csv": movies, "ratings.csv": ratings}), interactions=True)
    assert result.bad == [
        "movies.csv:6: movieId 'five' is no number",
        "movies.csv:7: has 4 columns instead of 3",
        "movies.csv:8: field 'title': is missing",
        "ratings.csv:6: rating 'great' is no number",
        "ratings.csv:7: rating 55 is not from 0 to 5",
        "ratings.csv:8: has 2 columns instead of 4",
        "ratings.csv:10: userid is empty",
    ]
    assert result.report.bad == 7
    assert result.report.notes["interactions of items that the catalog lacks were left out"] == 1
    assert len(result.catalog) == len(result.interactions) == 4


def test_tags_and_links_that_name_no_film_or_say_nothing_are_counted(tmp_path: Path) -> None:
    tags = TAGS + "1,777,slow,5\n2,777,slow,6\n1,1,,5\n"
    links = "movieId,imdbId,tmdbId\n999,1,1\n1,xx,yy\n2,tt0114709,194.0\n3,114709,\n"
    result = run_import("movielens", put(tmp_path, GOOD | {"tags.csv": tags, "links.csv": links}))
    assert {name: dict(item.links) for name, item in list(result.catalog.items())[:3]} == {
        "movielens:1": {"movielens": "1"},
        "movielens:2": {"movielens": "2", "imdb": "tt0114709", "tmdb": "194"},
        "movielens:3": {"movielens": "3", "imdb": "tt0114709"},
    }
    told = {what: times for what, times in result.report.notes.items() if "moods" not in what}
    assert told == {
        "tags are empty and were left out": 1,
        "tags of films that movies.csv lacks were left out": 2,
        "links of films that movies.csv lacks were left out": 1,
        "values of links could not be read and were left out": 2,
    }


def test_lines_in_latin_1_are_read_and_counted(tmp_path: Path) -> None:
    movies = MOVIES.encode() + "5,Amélie's Brother (2002),Comedy\n".encode("latin-1")
    result = run_import("movielens", put(tmp_path, GOOD | {"movies.csv": movies}))
    assert result.catalog["movielens:5"].title == "Amélie's Brother"
    assert result.report.notes["lines of movies.csv are not UTF-8 and were read as Windows-1252"] == 1


def test_the_older_dat_files_are_read(tmp_path: Path) -> None:
    movies = "1::Café Noir, The (1994)::Crime|Thriller\n".encode("latin-1")
    result = run_import(
        "movielens", put(tmp_path, {"movies.dat": movies, "ratings.dat": "7::1::5::978300760\n"}), interactions=True
    )
    assert result.catalog["movielens:1"].title == "The Café Noir"
    assert result.catalog["movielens:1"].genres == ("crime", "thriller")
    assert result.interactions == [{"user_id": "7", "item_id": "movielens:1", "value": "5", "timestamp": "978300760"}]


def test_an_overlong_line_is_told_and_skipped(tmp_path: Path) -> None:
    movies = MOVIES + "5," + "x" * (1 << 21) + ",Drama\n6,Last One (2001),Drama\n"
    result = run_import("movielens", put(tmp_path, GOOD | {"movies.csv": movies}))
    assert result.bad == ["movies.csv:6: is longer than 1,048,576 bytes"]
    assert "movielens:6" in result.catalog


@pytest.mark.parametrize(
    "content, reason", [("", "is empty"), ("movieId,title,genres\n", "holds no items"), ("a,b\n", "no column")]
)
def test_a_file_without_films_is_an_error_and_nothing_is_written(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(CatalogError, match=reason):
        run_import("movielens", put(tmp_path, GOOD | {"movies.csv": content}))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(GOOD)


def test_a_folder_without_films_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match=r"movies\.csv"):
        run_import("movielens", tmp_path)


def test_without_ratings_there_are_no_interactions_to_write(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no interactions"):
        run_import("movielens", put(tmp_path, {"movies.csv": MOVIES}), interactions=True)
    assert run_import("movielens", tmp_path).catalog["movielens:1"].popularity is None


def test_two_films_of_one_title_and_year_stay_two_where_imdb_tells_them_apart(tmp_path: Path) -> None:
    movies = "movieId,title,genres\n1,Twin (1996),Drama\n2,Twin (1996),Comedy\n3,Twin (1996),War\n"
    links = "movieId,imdbId,tmdbId\n1,1,\n2,2,\n3,1,\n"
    result = run_import("movielens", put(tmp_path, GOOD | {"movies.csv": movies, "links.csv": links}), interactions=True)
    assert list(result.catalog) == ["movielens:1", "movielens:2"]
    assert result.catalog["movielens:1"].genres == ("drama", "war")


def test_the_layout_of_100k_is_read(tmp_path: Path) -> None:
    flags = {"Animation": 1, "Children's": 1, "Sci-Fi": 1}
    genres = "|".join(str(flags.get(name, 0)) for name in GENRES)
    unknown = "|".join("1" if name == "unknown" else "0" for name in GENRES)
    url = "http://us.imdb.com/M/title-exact?x%20(1995)"
    items = f"""1|Lantern Keeper, The (Le gardien dé phare) (1995)|01-Jan-1995||{url}|{genres}
2|Undated|14-Feb-1996||{url}|{unknown}
3|Short row (1990)|01-Jan-1990||{url}|0|1
"""
    files = {
        "u.item": items.encode("latin-1"),
        "u.data": "196\t1\t3\t881250949\n186\t2\t9\t891717742\n",
        "u.user": "1|24|M|x|85711\n",
    }
    result = run_import("movielens", put(tmp_path, files), interactions=True)
    first, second = result.catalog.values()
    assert (first.title, first.aliases, first.year) == ("The Lantern Keeper", ("Le gardien dé phare",), 1995)
    assert first.genres == ("animation", "family", "science fiction")
    assert (second.title, second.year, second.genres) == ("Undated", 1996, ())
    assert result.interactions == [{"user_id": "196", "item_id": "movielens:1", "value": "3", "timestamp": "881250949"}]
    assert result.bad == ["u.item:3: has 7 columns instead of 24", "u.data:2: rating 9 is not from 0 to 5"]
