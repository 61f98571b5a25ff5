"""The reader on the catalog that ships."""

from __future__ import annotations

import pytest
from said import facts
from test_reading_english import check

from chatrec.catalog.read import Catalog, read_catalog
from chatrec.settings import resource
from chatrec.types import Ledger
from chatrec.understand.chips import chips
from chatrec.understand.ledger import replay
from chatrec.understand.name_signs import ANSWERS, PRONOUNS
from chatrec.understand.read import Understander
from chatrec.understand.text import key_of

pytestmark = pytest.mark.skipif(not any(resource("catalog").glob("*.jsonl")), reason="no shipped catalog in this checkout")


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return read_catalog(resource("catalog"))


@pytest.fixture(scope="module")
def understander(shipped: Catalog) -> Understander:
    return Understander(shipped, this_year=2026)


def test_every_title_is_recognised_when_it_was_loved(shipped, understander):
    """Of works of one name the best known is taken; with its year, each is found."""
    lost = []
    for item in shipped.values():
        reading = understander.read(f'I loved "{item.title}" ({item.year})', Ledger(), turn=0)
        liked = {shipped[c.opinion.item_id].title for c in reading.changes if c.opinion is not None}
        if liked != {item.title}:
            lost.append(item.title)
    assert lost == []


def test_almost_every_title_is_recognised_without_quotes(shipped, understander):
    titles = sorted({i.title for i in shipped.values() if key_of(i.title)[0] not in PRONOUNS | ANSWERS})
    found = 0
    for title in titles:
        reading = understander.read(f"something like {title}", Ledger(), turn=0)
        found += any(c.opinion is not None and shipped[c.opinion.item_id].title == title for c in reading.changes)
    assert found / len(titles) > 0.97


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "co-op space games like FTL, nothing scary",
            "kinds game; liked ftl; tags in co-op; moods not_in scary; genres not_in horror",
        ),
        ("indie games with a good story", "kinds game; tags in indie"),
        ("Casablanca was great", "liked casablanca; !soft people"),
        ("Memento is a classic!", "liked memento; !soft"),
        ("a jazz album and a heist film", "genres in jazz; genres in crime"),
        ("a film, no gore", "moods not_in aggressive; genres not_in horror; age lt 16"),
        ("a film that is not too violent", "moods not_in aggressive; genres not_in horror; soft age lt 16"),
        ("a film for my 8 year old, no gore", "moods not_in aggressive; genres not_in horror; age le 8; !age lt"),
        ("独立游戏", "kinds game; tags in indie"),
        ("a platformer, no Mario games", "genres in platformer; id not_in game:super-mario-64; !less"),
        ("不要马里奥的平台游戏", "genres in platformer; id not_in game:super-mario-64; !less"),
        ("an audiobook narrated by the author", "tags in narrated by the author; !unsupported"),
        ("a series with one season only", "tags in single season; tags in miniseries; form in series; !unsupported"),
        ("something about the Apollo missions", "wish None Apollo missions; !liked; !kinds"),
        ("something about the Titanic", "wish None Titanic; !liked; !kinds"),
        ("games like Zelda, but no Zelda", "liked the-legend-of-zelda-breath-of-the-wild; id not_in game:the-legend-of-zelda"),
        ("an album from Scandinavia", "countries in SE; countries in NO"),
        ("games, no Pokémon", "id not_in game:pokemon-red-and-blue; !disliked"),
        ("不要哈利波特的奇幻片", "genres in fantasy; id not_in video:harry-potter-and-the-philosophers-stone"),
        ("不要塞尔达的游戏", "kinds game; id not_in game:the-legend-of-zelda-ocarina-of-time; !disliked"),
        ("RPGs, not final fantasy", "genres in role-playing; id not_in game:final-fantasy-vii; !genres not_in"),
        ("open world games, not minecraft", "tags in open world; id not_in game:minecraft"),
        ("films, no marvel no dc", "form in film; !people"),
        ("不要老套的喜剧", "genres in comedy; !genres not_in"),
        ("something like Kind of Blue", "liked kind-of-blue; kinds audio"),
        ("宫崎骏的电影", "people in Hayao Miyazaki; form in film"),
        ("an Icelandic album from the 90s", "kinds audio; form in album; language in is; year 1990-1999"),
        ("half-hour comedy series", "form in series; genres in comedy; minutes 21-38"),
        ("Studio Ghibli films", "people in Studio Ghibli; form in film"),
        ("something from Pixar", "people in Pixar; kinds video"),
        ("Nintendo games", "people in Nintendo; kinds game; !wish"),
        ("Disney movies", "people in Walt Disney Productions; people in Walt Disney Pictures"),
        ("no Disney or Pixar", "people not_in Pixar; people not_in Walt Disney Pictures"),
        ("maybe something from A24", "soft people in A24"),
        ("jazz on Blue Note", "people in Blue Note; genres in jazz; !genres in blues"),
        ("I love Studio Ghibli", "soft people in Studio Ghibli; !people in"),
        ("an album on Warp", "people in Warp"),
        ("bitter films", "form in film; !people"),
        ("a film about apples", "wish None apples; !people"),
        ("a Marvel movie", "missing Marvel; !people"),
        ("吉卜力的电影", "people in Studio Ghibli; form in film"),
        ("玩过双人成行了", "seen it-takes-two"),
        ("任天堂的游戏", "people in Nintendo; kinds game"),
        ("I loved Empire Strikes Back", "liked the-empire-strikes-back"),
        ("Parks and Rec", "liked parks-and-recreation"),
        ("something like Totoro", "liked my-neighbor-totoro"),
        ("a romantic comedy with Hugh Grant, not Love Actually", "people in Hugh Grant; !disliked"),
        ("a series with strong women", "wish None strong women"),
        ("what should I play after Elden Ring?", "liked elden-ring"),
        ("a war film that isn't about World War II", "genres in war; themes not_in world war ii; !people"),
        (
            "RPGs, not Final Fantasy",
            "id not_in game:final-fantasy-vii; id not_in game:final-fantasy-vi; !disliked; !genres not_in; !ambiguous",
        ),
        ("games like Final Fantasy", "liked final-fantasy-vii; ambiguous 4"),
        ("crime podcasts", "form in podcast; genres in true crime"),
        ("crime audiobooks", "genres in crime"),
        ("a podcast with episodes under 30 minutes", "minutes le 30"),
        ("a film under 90 minutes", "minutes lt 90"),
        ("horror albums", "form in album; more horror"),
        ("something with Poirot", "missing Poirot; !wish"),
        ("films by zacharias vomblat", "missing zacharias vomblat; form in film; !wish"),
        ("a movie with tom cruise", "missing tom cruise; !wish"),
        ("a film with a strong female lead", "wish None strong female lead; !missing"),
        ("half life 3", "missing half life 3; mentioned half-life-2; kinds game; !liked"),
        ("something like Portal 3", "missing Portal 3; mentioned portal-2; !liked"),
        ("像传送门3那样的游戏", "missing 传送门3; mentioned portal-2; !liked"),
        ("有没有像星露谷那样的游戏", "liked stardew-valley"),
        ("somthing like neir automata", "liked nier-automata; !moods"),
        ("need smth funny pls", "moods in funny"),
        ("我女儿很怕怪物，动画片", "age le 6; genres in animation; themes not_in monsters; !moods"),
        ("推荐电影,我怕鬼", "form in film; themes not_in ghosts; !more ghosts"),
        ("something like friends but not friends", "liked friends; !themes not_in; !disliked"),
        ("a similar film to Die Hard with a Vengeance", "liked die-hard; !more revenge"),
        ("whats that movie where the guy relives the same day over and over", "form in film"),
    ],
)
def test_a_request_is_read_as(message, expected, shipped, understander):
    check(facts(understander.read(message, Ledger(), turn=0), shipped), expected)


@pytest.mark.parametrize(
    ("message", "label"),
    [
        ("a film about ancient rome", "ancient Rome"),
        ("a film about world war ii", "World War II"),
        ("a film about Star Wars", "Star Wars"),
        ("a film about dreams", "dreams"),
        ("no mario games", "no mario"),
    ],
)
def test_a_name_has_its_capitals_in_a_label(message, label, shipped, understander):
    ledger = replay(understander.read(message, Ledger(), turn=0).changes)
    assert label in [chip.label for chip in chips(ledger, shipped, "en")]


def test_every_genre_and_mood_of_the_catalog_can_be_asked_for(shipped, understander):
    """But `music`: the word asks for the medium."""
    for field in ("genres", "moods"):
        for value in sorted({v for i in shipped.values() for v in getattr(i, field)} - {"music"}):
            reading = understander.read(f"something {value}, please", Ledger(), turn=0)
            said = {
                v
                for c in reading.changes
                if c.constraint and c.constraint.field in ("genres", "moods")
                for v in c.constraint.value
            }
            assert value in said, (field, value, reading.changes)


@pytest.mark.parametrize(
    ("message", "theme", "label"),
    [
        ("推荐关于钓鱼的游戏", "fishing", "钓鱼"),
        ("钓鱼游戏", "fishing", "钓鱼"),
        ("有没有国际象棋的剧集", "chess", "国际象棋"),
        ("潜艇题材的电影", "submarines", "潜艇"),
        ("不要马戏团的电影", "circus", "少些马戏团"),
    ],
)
def test_a_chinese_word_for_a_theme_of_the_catalog_is_that_theme(message, theme, label, shipped, understander):
    ledger = replay(understander.read(message, Ledger(), turn=0).changes)
    assert [(wish.field, wish.value) for wish in ledger.wishes] == [("themes", theme)]
    assert label in [chip.label for chip in chips(ledger, shipped, "zh")]


@pytest.mark.parametrize("message", ["我很无聊，推荐个游戏", "希望短一点的电影"])
def test_a_theme_s_word_elsewhere_is_no_wish_for_it(message, understander):
    assert not replay(understander.read(message, Ledger(), turn=0).changes).wishes


@pytest.mark.parametrize(
    ("message", "liked"),
    [
        ("loved Arrival and Her, hated Inception. Audio please", ["video:arrival-2016", "video:her-2013"]),
        ("I loved Arrival, Her and Dune, something to listen to", ["video:arrival-2016", "video:her-2013", "video:dune-2021"]),
        ("I loved the album Arrival and the film Her", ["audio:arrival-abba", "video:her-2013"]),
        ("I loved the album Arrival and Her", ["audio:arrival-abba", "video:her-2013"]),
        ("I love Arrival. Audio please", ["audio:arrival-abba"]),
    ],
)
def test_titles_side_by_side_tell_which_work_is_meant(message, liked, understander):
    ledger = replay(understander.read(message, Ledger(), turn=0).changes)
    assert list(ledger.ids("liked")) == liked


@pytest.mark.parametrize(
    ("message", "maker"),
    [("bands like Radiohead", "Radiohead"), ("artists similar to Bjork", "Björk"), ("类似周杰伦的歌手", "周杰伦")],
)
def test_others_like_a_maker_are_not_that_maker(message, maker, understander, shipped):
    found = facts(understander.read(message, Ledger(), turn=0), shipped)
    assert f"people not_in {maker}" in found
    assert any(fact.startswith("liked ") for fact in found)
    assert not any(fact.startswith("wish people") for fact in found)


@pytest.mark.parametrize("message", ["I love bands, like Radiohead", "something by Radiohead", "I like Radiohead"])
def test_a_maker_that_is_liked_is_not_ruled_out(message, understander, shipped):
    assert not any(fact.startswith("people not_in") for fact in facts(understander.read(message, Ledger(), turn=0), shipped))


def test_a_publisher_that_is_liked_is_preferred_and_a_maker_is_wished_for(understander, shipped):
    assert "soft people in Studio Ghibli" in facts(understander.read("I like Studio Ghibli", Ledger(), turn=0), shipped)
    assert "wish people Quentin Tarantino" in facts(understander.read("I love Tarantino", Ledger(), turn=0), shipped)
