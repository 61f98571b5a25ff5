"""IMDb's public tables."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from imports import put, run_import

from chatrec.errors import CatalogError, DataMissingError


def tsv(*rows: str) -> str:
    return "".join("\t".join(row.split("|")) + "\n" for row in rows)


BASICS = tsv(
    "tconst|titleType|primaryTitle|originalTitle|isAdult|startYear|endYear|runtimeMinutes|genres",
    r"tt0000001|movie|The Pale Lantern|La lanterne pâle|0|1994|\N|112|Drama,Sci-Fi",
    r'tt0000002|tvMiniSeries|"Moss" & Tin|"Moss" & Tin|0|2011|2012|\N|\N',
    r"tt0000003|tvEpisode|Pilot|Pilot|0|2011|\N|40|Drama",
    r"tt0000004|movie|Nobody Saw It|Nobody Saw It|0|2001|\N|90|Comedy",
    r"tt0000005|videoGame|Dig|Dig|1|2005|\N|\N|Action,Film-Noir",
)
RATINGS = tsv("tconst|averageRating|numVotes", "tt0000001|7.1|2100", "tt0000002|8.0|500", "tt0000004|5.0|7", "tt0000005|6.6|100")
PRINCIPALS = tsv(
    "tconst|ordering|nconst|category|job|characters",
    r'tt0000001|1|nm1|actor|\N|["A"]',
    r"tt0000001|2|nm2|actress|\N|\N",
    r"tt0000001|3|nm3|director|\N|\N",
    r"tt0000001|4|nm4|composer|\N|\N",
    r"tt0000002|1|nm4|writer|created by|\N",
    r"tt0000004|1|nm9|director|\N|\N",
)
NAMES = tsv("nconst|primaryName|birthYear", r"nm1|Ann Lee|\N", r"nm2|Bo Ek|\N", r"nm3|Cy Ó Dálaigh|\N", r"nm4|Di|\N")
GOOD: dict[str, str | bytes] = {
    "title.basics.tsv": BASICS,
    "title.ratings.tsv": RATINGS,
    "title.principals.tsv": PRINCIPALS,
    "name.basics.tsv": NAMES,
}


def test_titles_are_read_with_people_genres_and_votes(tmp_path: Path) -> None:
    catalog = run_import("imdb", put(tmp_path, GOOD)).catalog
    film, series, game = catalog.values()
    assert (film.id, film.title, film.aliases, film.year) == ("imdb:tt0000001", "The Pale Lantern", ("La lanterne pâle",), 1994)
    assert (film.creators, film.cast) == (("Cy Ó Dálaigh",), ("Ann Lee", "Bo Ek"))
    assert (film.genres, film.minutes, film.popularity, film.age) == (("drama", "science fiction"), 112, 2100, None)
    assert (series.form, series.title, series.creators, series.tags) == ("series", '"Moss" & Tin', ("Di",), ("miniseries",))
    assert (series.genres, series.minutes, series.links) == ((), None, {"imdb": "tt0000002"})
    assert (game.kind, game.form, game.age, game.tags) == ("game", "game", 18, ("film-noir",))


def test_what_is_no_work_or_hardly_known_is_left_out_and_counted(tmp_path: Path) -> None:
    assert run_import("imdb", put(tmp_path, GOOD)).report.notes == {
        "titles were left out: episodes, pilots and other types that are no works": 1,
        "titles were left out: fewer than 100 votes": 1,
    }


def test_packed_tables_are_read_and_the_basics_alone_will_do(tmp_path: Path) -> None:
    packed = {f"{name}.gz": gzip.compress(str(content).encode()) for name, content in GOOD.items()}
    one, other = tmp_path / "packed", tmp_path / "alone"
    one.mkdir()
    other.mkdir()
    assert run_import("imdb", put(one, packed)).catalog["imdb:tt0000001"].cast == ("Ann Lee", "Bo Ek")
    alone = run_import("imdb", put(other, {"title.basics.tsv": BASICS})).catalog
    assert len(alone) == 4 and alone["imdb:tt0000001"].popularity is None


CREW = tsv("tconst|directors|writers", r"tt0000001|nm3,nm2|\N", r"tt0000002|nm1|nm4", r"tt0000005|\N|nm1")


def test_directors_are_those_of_the_crew_where_the_principals_are_not_there(tmp_path: Path) -> None:
    files = {name: content for name, content in GOOD.items() if name != "title.principals.tsv"}
    result = run_import("imdb", put(tmp_path, files | {"title.crew.tsv": CREW}))
    assert [item.creators for item in result.catalog.values()] == [("Cy Ó Dálaigh", "Bo Ek"), (), ()]
    assert result.report.notes["titles have no cast, and series no creators, for want of title.principals.tsv"] == 3
    principals = GOOD | {"title.crew.tsv": CREW}
    assert run_import("imdb", put(tmp_path, principals)).catalog["imdb:tt0000001"].creators == ("Cy Ó Dálaigh",)


def test_what_is_unknown_for_want_of_a_table_is_told(tmp_path: Path) -> None:
    votes, people, names = (
        "titles were taken however few their votes, for want of title.ratings.tsv",
        "titles have no people, for want of title.principals.tsv or title.crew.tsv",
        "titles have no people, for want of name.basics.tsv",
    )
    put(tmp_path, {"title.basics.tsv": BASICS})
    notes = run_import("imdb", tmp_path).report.notes
    assert (notes[votes], notes[people], notes[names]) == (4, 4, 0)
    notes = run_import("imdb", put(tmp_path, {"title.principals.tsv": PRINCIPALS})).report.notes
    assert (notes[votes], notes[people], notes[names]) == (4, 0, 4)


def test_people_that_have_no_name_are_counted(tmp_path: Path) -> None:
    names = NAMES.replace("nm1\t", "nm7\t")
    result = run_import("imdb", put(tmp_path, GOOD | {"name.basics.tsv": names}))
    assert result.catalog["imdb:tt0000001"].cast == ("Bo Ek",)
    assert result.report.notes["credits of people that name.basics.tsv lacks were left out"] == 1


def test_the_running_time_of_a_series_is_left_out_where_it_can_be_no_episodes(tmp_path: Path) -> None:
    rows = [
        f"tt000000{n}|{kind}|S{n}|S{n}|0|2019|\\N|{minutes}|Drama"
        for n, kind, minutes in ((6, "tvMiniSeries", 330), (7, "tvSeries", 120), (8, "movie", 330))
    ]
    result = run_import("imdb", put(tmp_path, {"title.basics.tsv": BASICS.splitlines(keepends=True)[0] + tsv(*rows)}))
    assert [item.minutes for item in result.catalog.values()] == [None, 120, 330]
    assert result.report.notes["running times of series were left out: above 120 minutes, all episodes together"] == 1


def test_jobs_that_only_sound_like_creating_make_no_creator(tmp_path: Path) -> None:
    jobs = ["writer|co-creator", "writer|Created by", "producer|creative producer", "writer|based on characters created by"]
    people = tsv(*(f"tt0000002|{n}|nm{n}|{job}|\\N" for n, job in enumerate(jobs, 1)))
    principals = PRINCIPALS.splitlines(keepends=True)[0] + people
    catalog = run_import("imdb", put(tmp_path, GOOD | {"title.principals.tsv": principals})).catalog
    assert catalog["imdb:tt0000002"].creators == ("Ann Lee", "Bo Ek")


def test_bad_rows_are_told_and_latin_1_is_read(tmp_path: Path) -> None:
    basics = BASICS.encode() + b"x|\ntt6\tmovie\n" + tsv(r"tt0000007|movie|Café|Café|0|soon|\N|\N|Drama").encode("latin-1")
    basics += tsv(r"nm0000008|movie|Nameless|Nameless|0|2001|\N|\N|Drama").encode()
    ratings = RATINGS + tsv("tt0000007|5.5|1000", "tt0000008|5.5|many")
    result = run_import("imdb", put(tmp_path, GOOD | {"title.basics.tsv": basics, "title.ratings.tsv": ratings}))
    assert (result.catalog["imdb:tt0000007"].title, result.catalog["imdb:tt0000007"].year) == ("Café", None)
    assert sorted(result.bad) == [
        "title.basics.tsv:10: tconst 'nm0000008' is no title id",
        "title.basics.tsv:7: has 1 columns instead of 9",
        "title.basics.tsv:8: has 2 columns instead of 9",
        "title.ratings.tsv:7: numVotes 'many' is no number",
    ]
    assert result.report.notes["values of year could not be read and were left out"] == 1


def test_empty_missing_and_damaged_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match=r"title\.basics\.tsv"):
        run_import("imdb", tmp_path)
    with pytest.raises(CatalogError, match="is empty"):
        run_import("imdb", put(tmp_path, {"title.basics.tsv": ""}))
    (tmp_path / "title.basics.tsv").unlink()
    for damaged in (gzip.compress(BASICS.encode())[:-20], b"no archive"):
        with pytest.raises(CatalogError, match="cannot be unpacked"):
            run_import("imdb", put(tmp_path, {"title.basics.tsv.gz": damaged}))
