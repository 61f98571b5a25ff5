from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatrec.serve.ui.cover import cover_svg, cover_uri
from chatrec.types import KINDS, Item, Kind

FORMS = {"video": "film", "audio": "album", "game": "game"}
NUMBERS_AND_COLOURS = set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,:%#()-/")


def item(kind: Kind = "video", **fields: object) -> Item:
    return Item(**{"id": f"{kind}:x", "kind": kind, "title": "X", "form": FORMS[kind], **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_item_always_gets_the_same_cover(kind: Kind) -> None:
    assert cover_svg(item(kind, genres=("drama",))) == cover_svg(item(kind, genres=("drama",)))


def test_items_of_one_kind_and_genre_get_different_covers() -> None:
    covers = {cover_svg(item("game", id=f"game:{n}", genres=("puzzle",))) for n in range(200)}

    assert len(covers) == 200


def test_each_medium_has_its_own_sign() -> None:
    film, album, game = (cover_svg(item(kind)) for kind in KINDS)

    assert film.count('width="6" height="8"') == 10  # perforations
    assert "#141318" in album  # a record
    assert "crispEdges" in game  # pixels
    assert "#141318" not in film + game
    assert "crispEdges" not in film + album


def test_a_podcast_is_drawn_as_sound_and_not_as_a_record() -> None:
    assert "#141318" not in cover_svg(item("audio", form="podcast"))


def test_dark_moods_darken_the_sky() -> None:
    def lightness(*moods: str) -> float:
        svg = cover_svg(item(moods=moods))
        return float(svg.split('offset="0" stop-color="hsl(')[1].split("%")[1])

    assert lightness("scary", "bleak") < lightness("cheerful", "cosy")


@settings(deadline=None)
@given(
    identity=st.text(min_size=1), kind=st.sampled_from(KINDS), words=st.lists(st.text(), max_size=3), form=st.text() | st.none()
)
def test_no_catalog_text_can_enter_the_drawing(identity: str, kind: Kind, words: list[str], form: str | None) -> None:
    svg = cover_svg(item(kind, id=identity, form=form, genres=tuple(words), moods=tuple(words)))

    for element in ET.fromstring(svg).iter():
        assert element.tag.startswith("{http://www.w3.org/2000/svg}")
        assert element.text is None
        for value in element.attrib.values():
            assert set(value) <= NUMBERS_AND_COLOURS


def test_the_address_is_an_image_that_carries_itself() -> None:
    assert cover_uri(item()).startswith("data:image/svg+xml;base64,")
