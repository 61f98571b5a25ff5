"""Data sets and exports given as the zip archives they come in."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import test_import_movielens as movielens
from imports import put, run_import
from test_history import read

from chatrec.catalog.history import History
from chatrec.catalog.report import Report
from chatrec.catalog.unpack import unpacked
from chatrec.errors import CatalogError, DataMissingError, InputError

WATCHED = "Date,Name,Year,Letterboxd URI\n2024-01-01,The Pale Lantern,1994,u\n2024-01-01,Unknown Film,1950,u\n"


def packed(path: Path, files: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_zipped_data_set_is_read_and_bad_rows_are_told_by_the_name_of_the_archive(tmp_path: Path) -> None:
    files = movielens.GOOD | {"movies.csv": movielens.MOVIES + "five,Odd (2001),Drama\n"}
    path = packed(tmp_path / "ml-tiny.zip", {f"ml-tiny/{name}": content for name, content in files.items()} | {"__MACOSX/x": ""})
    result = run_import("movielens", path, interactions=True)
    assert (len(result.catalog), len(result.interactions)) == (4, 4)
    (error,) = result.report.first_bad
    told = tmp_path / "ml-tiny.zip" / "ml-tiny" / "movies.csv"
    assert (error.path, str(error)) == (str(told), f"{told}:6: movieId 'five' is no number")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [("movies.csv", "a,b\n1,2\n", "x.zip/ml/movies.csv:1: has no column"), ("films.csv", "a", "x.zip/ml holds no movies.csv")],
)
def test_what_is_wrong_with_a_file_in_an_archive_is_told_by_the_name_of_the_archive(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    path = packed(tmp_path / "x.zip", {f"ml/{name}": content, "ml/README.txt": ""})
    with pytest.raises((CatalogError, DataMissingError), match=re.escape(f"{tmp_path}/{told}")):
        run_import("movielens", path)


def test_exports_are_read_as_they_were_downloaded_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    heart = "Date,Name,Year,Letterboxd URI\n2024-01-01,Pale Lantern,2010,u\n"
    letterboxd = packed(tmp_path / "l.zip", {"watched.csv": WATCHED, "likes/films.csv": heart, "deleted/diary.csv": heart})
    assert read("letterboxd", letterboxd) == History(
        ("t:lantern-2010",), ("t:lantern", "t:lantern-2010"), ("Unknown Film (1950)",)
    )
    plays = '[{"artistName": "Ann Lee", "trackName": "Rain", "msPlayed": 200000}]'
    spotify = packed(tmp_path / "s.zip", {"Spotify Account Data/StreamingHistory_music_0.json": plays, "ReadMe/x.pdf": ""})
    assert read("spotify", packed(tmp_path / "s1.zip", {"Spotify Account Data/StreamingHistory_music_0.json": plays})).seen
    assert read("spotify", spotify).seen == ("t:track",)
    assert not list((tmp_path / "tmp").iterdir())


def test_a_folder_in_a_folder_is_gone_into_and_any_other_path_stays(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    put(inner, {"watched.csv": WATCHED})
    for path, wanted in ((tmp_path / "outer", inner), (inner / "watched.csv",) * 2, (tmp_path / "none",) * 2):
        with unpacked(path, Report()) as found:
            assert found == wanted


def test_names_that_lead_out_of_the_archive_stay_inside(tmp_path: Path) -> None:
    path = packed(tmp_path / "evil.zip", {"../../escaped.csv": "x", "/rooted.csv": "y", "a.csv": "z"})
    with unpacked(path, Report()) as found:
        assert {file.name for file in found.rglob("*.csv")} == {"escaped.csv", "rooted.csv", "a.csv"}
        assert not (found.parent.parent / "escaped.csv").exists() and not Path("/rooted.csv").exists()


def test_archives_that_cannot_be_unpacked_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = packed(tmp_path / "a.zip", {"watched.csv": WATCHED * 50}).read_bytes()
    cut, flipped = tmp_path / "cut.zip", tmp_path / "flipped.zip"
    cut.write_bytes(whole[:-30])
    flipped.write_bytes(whole[:60] + b"\0\0\0\0" + whole[64:])
    for path, reason in ((cut, "is no zip archive, or was cut short"), (flipped, "cannot be unpacked")):
        with pytest.raises(CatalogError, match=reason), unpacked(path, Report()):
            pass
    with pytest.raises(DataMissingError, match="nothing in"), unpacked(packed(tmp_path / "none.zip", {}), Report()):
        pass
    monkeypatch.setattr("chatrec.catalog.unpack.shutil.disk_usage", lambda path: type("Usage", (), {"free": 10}))
    with pytest.raises(InputError, match="set TMPDIR"), unpacked(tmp_path / "a.zip", Report()):
        pass


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_damage_is_told_whatever_an_archive_is_packed_with(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(path := tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("watched.csv", "".join(str(number * number) for number in range(5000)))
    whole = path.read_bytes()
    path.write_bytes(whole[:60] + bytes(200) + whole[260:])
    with pytest.raises(CatalogError, match=r"a\.zip: cannot be unpacked"), unpacked(path, Report()):
        pass


def test_a_name_that_is_not_the_utf_8_it_is_said_to_be_is_damage(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"é.csv": WATCHED})
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xfe"))
    with pytest.raises(CatalogError, match=r"a\.zip: cannot be unpacked"), unpacked(path, Report()):
        pass


@pytest.mark.parametrize(
    ("limit", "value", "told"),
    [("MOST_BYTES", 900_000, "more than 900,000: unpack it yourself"), ("HARMLESS_BYTES", 900_000, "that is no data set")],
)
def test_an_archive_that_would_fill_the_disk_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, told: str
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    path = packed(tmp_path / "b.zip", {"watched.csv": "0" * 1_000_000})
    with unpacked(path, Report()) as found:
        assert found.is_file()
    monkeypatch.setattr(f"chatrec.catalog.unpack.{limit}", value)
    with pytest.raises(InputError, match=f"takes 1,000,000 bytes unpacked.*{told}"), unpacked(path, Report()):
        pass
    assert not list((tmp_path / "tmp").iterdir())


def test_a_large_archive_of_what_does_not_shrink_that_far_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatrec.catalog.unpack.HARMLESS_BYTES", 1000)
    rows = "".join(f"{number},{number * number}\n" for number in range(5000))
    with unpacked(packed(tmp_path / "b.zip", {"watched.csv": rows}), Report()) as found:
        assert found.read_text(encoding="utf-8") == rows
