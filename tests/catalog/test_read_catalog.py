"""Catalog files: what is read, what is refused and how a refusal is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatrec.catalog.read import Catalog, parse_line, read_catalog, source_digest, write_catalog, written_item
from chatrec.errors import CatalogError, DataMissingError
from chatrec.types import KINDS, Item

GOOD = '{"id": "video:alien", "kind": "video", "title": "Alien", "year": 1979}'
OTHER = '{"id": "game:ftl", "kind": "game", "title": "FTL"}'


def line(**fields: object) -> str:
    return json.dumps({"id": "video:alien", "kind": "video", "title": "Alien", **fields})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalog.jsonl"


BAD = {
    "no JSON": (b"{nope}", "", "not JSON: Expecting property name enclosed in double quotes at column 2"),
    "cut off": (b'{"id": "video:a", "kind"', "", "not JSON: Expecting ':' delimiter at column 25"),
    "text without end": (b'{"id": "video:a', "", "not JSON: Unterminated string starting at column 8"),
    "no object": (b'["video:a"]', "", "not a JSON object"),
    "lacks id": (b'{"kind": "video", "title": "A"}', "id", "required"),
    "lacks title": (b'{"id": "video:a", "kind": "video"}', "title", "required"),
    "lacks kind": (b'{"id": "video:a", "title": "A"}', "kind", "required"),
    "blank title": (line(title="  ").encode(), "title", "at least 1 character"),
    "unknown kind": (line(kind="book").encode(), "kind", "'video', 'audio' or 'game'"),
    "id without namespace": (line(id="alien").encode(), "id", "match pattern"),
    "id with a space": (line(id="video:the thing").encode(), "id", "match pattern"),
    "year as text": (line(year="1979").encode(), "year", "valid integer"),
    "year as truth value": (line(year=True).encode(), "year", "valid integer"),
    "year out of range": (line(year=19790).encode(), "year", "less than or equal"),
    "minutes as text": (line(minutes="117").encode(), "minutes", "valid number"),
    "negative minutes": (line(minutes=-1).encode(), "minutes", "greater than or equal to 0"),
    "genres as text": (line(genres="horror").encode(), "genres", "valid list"),
    "a number among the genres": (line(genres=["horror", 7]).encode(), "genres.1", "valid string"),
    "a link that is no text": (line(links={"imdb": 78748}).encode(), "links.imdb", "valid string"),
    "not a number": (b'{"id": "video:a", "kind": "video", "title": "A", "minutes": NaN}', "", "NaN is no finite number"),
    "infinite": (b'{"id": "video:a", "kind": "video", "title": "A", "minutes": -Infinity}', "", "no finite number"),
    "not a number in an unknown field": (b'{"id": "video:a", "kind": "video", "title": "A", "x": [NaN]}', "", "finite"),
    "a float beyond range": (b'{"id": "video:a", "kind": "video", "title": "A", "minutes": 1e999}', "", "no finite number"),
    "an endless integer": (b'{"id": "video:a", "kind": "video", "title": "A", "year": ' + b"9" * 5000 + b"}", "", "not JSON"),
    "half a surrogate pair": (b'{"id": "video:a", "kind": "video", "title": "A", "description": "\\ud800"}', "", "surrogate"),
    "half a pair in an unknown field": (b'{"id": "video:a", "kind": "video", "title": "A", "x": "\\udfff"}', "", "surrogate"),
    "nested without end": (
        b'{"id": "video:a", "kind": "video", "title": "A", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "",
        "nested too deeply",
    ),
    "not UTF-8": (b'{"id": "video:a", "kind": "video", "title": "Am\xe9lie"}', "", "not UTF-8"),
    "repeated id": (GOOD.encode(), "id", "repeats id 'video:alien'"),
}


@pytest.mark.parametrize("bad, field, reason", BAD.values(), ids=BAD)
def test_a_bad_line_is_told_with_file_line_field_and_reason(file: Path, bad: bytes, field: str, reason: str) -> None:
    file.write_bytes(GOOD.encode() + b"\n\n" + bad + b"\n" + OTHER.encode() + b"\n")
    with pytest.raises(CatalogError) as caught:
        read_catalog(file)
    error = caught.value
    assert (error.path, error.line, error.field) == (str(file), 3, field)
    assert reason in error.reason
    assert str(error).startswith(f"{file}:3: ") and (not field or f"field {field!r}" in str(error))


@pytest.mark.parametrize("bad", [bad for bad, _, _ in BAD.values()], ids=BAD)
def test_a_bad_line_can_be_left_out_and_is_counted(file: Path, bad: bytes) -> None:
    file.write_bytes(GOOD.encode() + b"\n" + bad + b"\n" + OTHER.encode() + b"\n")
    catalog = read_catalog(file, skip_bad=True)
    assert list(catalog) == ["video:alien", "game:ftl"]
    assert [error.line for error in catalog.skipped] == [2]


def test_all_bad_lines_are_an_error_even_when_they_may_be_skipped(file: Path) -> None:
    file.write_text("{}\n[]\n", encoding="utf-8")
    with pytest.raises(CatalogError, match="holds no items"):
        read_catalog(file, skip_bad=True)


def test_an_empty_file_is_an_error(file: Path) -> None:
    file.touch()
    with pytest.raises(CatalogError, match="holds no items"):
        read_catalog(file)


def test_a_missing_file_and_a_folder_without_catalogs_say_what_to_give(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(DataMissingError, match=r"give a \.jsonl file or a folder"):
            read_catalog(path)


def test_a_folder_is_read_in_name_order_and_ids_are_unique_across_its_files(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text(OTHER, encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(GOOD, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no catalog", encoding="utf-8")
    assert list(read_catalog(tmp_path)) == ["video:alien", "game:ftl"]
    (tmp_path / "c.jsonl").write_text(GOOD, encoding="utf-8")
    with pytest.raises(CatalogError, match=r"c\.jsonl:1: field 'id': repeats"):
        read_catalog(tmp_path)


def test_a_byte_order_mark_and_windows_line_ends_are_read(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode() + b"\r\n\r\n" + OTHER.encode() + b"\r\n")
    assert len(read_catalog(file)) == 2


def test_a_line_of_megabytes_is_read(file: Path) -> None:
    file.write_text(line(description="word " * 1_000_000), encoding="utf-8")
    assert len(read_catalog(file)["video:alien"].description or "") == 5_000_000


def test_a_line_separator_inside_a_text_does_not_end_the_line(file: Path) -> None:
    file.write_text('{"id": "video:a", "kind": "video", "title": "A\u2028B"}', encoding="utf-8")
    assert read_catalog(file)["video:a"].title == "A\u2028B"


def test_a_character_outside_the_basic_plane_may_be_escaped() -> None:
    assert parse_line(line(description="🎬")).description == "🎬"


def test_unknown_fields_are_kept_and_written_back(file: Path) -> None:
    item = parse_line(line(writers=["Dan O'Bannon"], extra=1))
    assert dict(item.extra) == {"writers": ["Dan O'Bannon"], "extra": 1}
    write_catalog([item], file)
    assert read_catalog(file)["video:alien"] == item


def test_the_hash_is_that_of_the_content_and_not_of_its_formatting(tmp_path: Path) -> None:
    spaced, tight, changed = (tmp_path / name for name in ("spaced.jsonl", "tight.jsonl", "changed.jsonl"))
    spaced.write_text(f"\n  {GOOD}\n", encoding="utf-8")
    tight.write_text(json.dumps(dict(reversed(json.loads(GOOD).items())), separators=(",", ":")), encoding="utf-8")
    changed.write_text(GOOD.replace("1979", "1980"), encoding="utf-8")
    assert read_catalog(spaced).sha256 == read_catalog(tight).sha256 != read_catalog(changed).sha256


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).map(str.strip).filter(bool)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
FINITE = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
ITEMS = st.builds(
    Item,
    id=st.from_regex(r"[a-z]{1,5}:[a-z0-9é漢-]{1,8}", fullmatch=True),
    kind=st.sampled_from(KINDS),
    title=TEXT,
    form=st.none() | TEXT,
    year=st.none() | st.integers(1000, 2100),
    description=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    minutes=st.none() | FINITE,
    age=st.none() | st.integers(0, 99),
    language=st.none() | TEXT,
    popularity=st.none() | FINITE,
    links=st.dictionaries(TEXT, TEXT, max_size=2),
    **dict.fromkeys(("aliases", "creators", "cast", "publishers", "genres", "moods", "themes", "tags", "countries"), TEXTS),
)


@given(item=ITEMS)
def test_an_item_survives_being_written_and_read(item: Item) -> None:
    line = json.dumps(item.to_dict(), ensure_ascii=False)
    assert parse_line(line) == written_item(line.encode()) == item


def test_what_was_written_is_read_back_with_fields_that_are_not_known_however_deep() -> None:
    deep: list[object] = []
    for _ in range(400):
        deep = [deep]
    item = parse_line(line(mood_board="blue", deep=deep, year=1979, minutes=90, popularity=3, links={"imdb": "tt1"}))
    again = written_item(json.dumps(item.to_dict(), ensure_ascii=False).encode())
    assert again == item
    assert [type(value) for value in (again.minutes, again.popularity, again.year)] == [float, float, int]


def test_the_digest_of_the_files_is_that_of_what_was_read_of_all_lines(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line() + "\n\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(line(id="game:ftl", kind="game"), encoding="utf-8")
    first = read_catalog(tmp_path).source_sha256
    assert first == source_digest(tmp_path)
    (tmp_path / "b.jsonl").write_text(line(id="game:ftl", kind="game") + "\n{", encoding="utf-8")
    assert first != source_digest(tmp_path)
    assert read_catalog(tmp_path, skip_bad=True).source_sha256 == ""


@settings(max_examples=30)
@given(items=st.lists(ITEMS, min_size=1, max_size=5, unique_by=lambda item: item.id))
def test_a_catalog_survives_being_written_and_read(tmp_path_factory: pytest.TempPathFactory, items: list[Item]) -> None:
    path = tmp_path_factory.mktemp("catalog") / "catalog.jsonl"
    write_catalog(items, path)
    again = read_catalog(path)
    assert list(again.values()) == items
    assert again.sha256 == Catalog.of(items).sha256


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_line_raises_anything_but_a_catalog_error(data: bytes) -> None:
    try:
        assert isinstance(parse_line(data), Item)
    except CatalogError as error:
        assert error.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(fields=st.dictionaries(st.sampled_from([*Item.__dataclass_fields__, "other"]), JSON))
def test_values_of_any_type_raise_nothing_but_a_catalog_error(fields: dict[str, object]) -> None:
    try:
        item = parse_line(line(**fields))
        assert Catalog.of([item]).sha256
    except CatalogError as error:
        assert error.reason
