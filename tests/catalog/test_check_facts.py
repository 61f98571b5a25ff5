"""The comparison of the catalog's facts with reference catalogs."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from chatrec.catalog.read import read_catalog
from chatrec.types import Item

INDEX = Path(__file__).parents[2] / "index"
ALIEN = {"id": "video:alien", "kind": "video", "form": "film", "title": "Alien", "aliases": ["异形"], "year": 1979}
ALIEN |= {"creators": ["Ridley Scott"], "genres": ["horror", "science fiction"]}


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_facts", INDEX / "check_facts.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_facts"] = module
    spec.loader.exec_module(module)
    return module


class Run:
    """Runs the script on one item of ours and one of a reference."""

    def __init__(
        self, check: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.check, self.folder, self.monkeypatch, self.capsys = check, folder, monkeypatch, capsys
        self.reviewed = folder / "reviewed.tsv"
        (folder / "ours").mkdir()
        (folder / "ours" / "video.jsonl").write_text(json.dumps(ALIEN), encoding="utf-8")

    def __call__(self, *options: str, **theirs: object) -> tuple[int, list[str]]:
        entry = {"id": "ref:1", "kind": "video", "title": "Alien", "year": 1979, "creators": ["Ridley Scott"]} | theirs
        reference = self.folder / "catalog.jsonl"
        reference.write_text(json.dumps(entry), encoding="utf-8")
        arguments = ["--against", str(reference), "--catalog", str(self.folder / "ours"), "--reviewed", str(self.reviewed)]
        self.monkeypatch.setattr(sys, "argv", ["check_facts.py", *arguments, *options])
        code = self.check.main()
        return code, [line for line in self.capsys.readouterr().out.splitlines() if line.startswith("video:")]


@pytest.fixture
def run(check: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(check, tmp_path, monkeypatch, capsys)


def test_agreement_is_quiet_and_ends_with_0(run: Run) -> None:
    assert run(genres=["horror", "sci-fi"]) == (0, [])


def test_another_year_is_told_with_both_and_ends_with_1(run: Run) -> None:
    assert run(year=1980) == (1, ["video:alien\tyear\tours: 1979\ttheirs: 1980\tcatalog:ref:1\tNEW"])


def test_another_maker_is_told(run: Run) -> None:
    code, lines = run(creators=["James Cameron"])
    assert code == 1 and "\tcreators\tours: Ridley Scott\ttheirs: James Cameron\t" in lines[0]


@pytest.mark.parametrize(
    "theirs, told",
    [
        (("horror", "thriller"), "thriller"),
        (("horror",), None),
        (("horror", "sci-fi", "thriller"), None),
        (("horror", "talk-show"), None),
        ((), None),
    ],
)
def test_genres_differ_only_if_each_side_has_one_the_other_lacks(
    check: ModuleType, theirs: tuple[str, ...], told: str | None
) -> None:
    ours = Item(id="video:alien", kind="video", title="Alien", year=1979, genres=("horror", "science fiction"))
    entry = Item(id="ref:1", kind="video", title="Alien", year=1979, genres=theirs)
    reference = check.Reference.of("ref", [entry, Item(id="ref:2", kind="video", title="Dune", genres=("sci-fi",))])
    found = list(check.compare(ours, check.match(ours, reference), reference))
    assert [(one.field, one.theirs) for one in found] == ([("genres", told)] if told else [])


def test_a_work_of_the_same_title_by_others_long_before_is_another_work(run: Run) -> None:
    assert run(year=1948, creators=["Somebody Else"]) == (0, [])


def test_works_are_found_by_their_other_titles(run: Run) -> None:
    assert run(title="异形", year=1980)[0] == 1


def test_the_same_maker_ties_works_of_one_title_whatever_the_year(run: Run) -> None:
    assert run(year=2003)[0] == 1


def test_reviewed_disagreements_are_quiet_unless_all_are_asked_for(run: Run) -> None:
    run.reviewed.write_text("id\tfield\ttheirs\twhy\nvideo:alien\tyear\t1980\tReleased in May 1979.\n", encoding="utf-8")
    assert run(year=1980) == (0, [])
    code, lines = run("--all", year=1980)
    assert code == 0 and lines[0].endswith("\tReleased in May 1979.")
    assert run(year=1978)[0] == 1


def test_a_missing_reference_ends_with_the_exit_code_of_missing_data(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.monkeypatch.setattr(sys, "argv", ["check_facts.py", "--against", str(run.folder / "none")])
    assert run.check.main() == 6
    assert "no catalog at" in capsys.readouterr().err


SAME = [
    ("Wong Kar-wai", "Kar-Wai Wong"),
    ("Hirokazu Kore-eda", "Hirokazu Koreeda"),
    ("F. W. Murnau", "F.W. Murnau"),
    ("Paweł Pawlikowski", "Pawel Pawlikowski"),
    ("Charlie Chaplin", "Charles Chaplin"),
    ("Wube Software", "Wube Software LTD."),
    ("MachineGames", "Machine Games"),
    ("Toby Fox", "tobyfox"),
]
DIFFERENT = [
    ("Ridley Scott", "Tony Scott"),
    ("Wes Anderson", "Paul Thomas Anderson"),
    ("!!!", "Björk"),
    ("Remedy", "Rockstar Games"),
]


@pytest.mark.parametrize("a, b, same", [(*pair, True) for pair in SAME] + [(*pair, False) for pair in DIFFERENT])
def test_spellings_of_a_name_are_one_name(check: ModuleType, a: str, b: str, same: bool) -> None:
    assert check.same_name(a, b) is check.same_name(b, a) is same


def test_every_reviewed_line_is_about_an_item_and_gives_a_reason(check: ModuleType) -> None:
    catalog = read_catalog(INDEX / "catalog")
    reviewed = check.read_reviewed(INDEX / "reviewed.tsv")
    assert [key for key in reviewed if key[0] not in catalog or key[1] not in ("year", "creators", "genres")] == []
    assert all(len(why) > 10 for why in reviewed.values())
    assert len(reviewed) == len((INDEX / "reviewed.tsv").read_text(encoding="utf-8").splitlines()) - 1


def test_artists_and_tracks_are_not_taken_for_albums(check: ModuleType) -> None:
    entries = [Item(id=f"ref:{form}", kind="audio", form=form, title="Blue", year=1971) for form in ("artist", "track", "album")]
    assert [item.id for item in check.Reference.of("ref", entries).by_title["audio", "blue"]] == ["ref:album"]
