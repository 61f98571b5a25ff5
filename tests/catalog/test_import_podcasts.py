"""Podcast feeds and lists of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports import put, run_import

from chatrec.errors import CatalogError, DataMissingError

FEED = """<?xml version="1.0" encoding="{encoding}"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<title>The Café Murders</title><link>https://example.org</link>
<atom:link rel="self" href="https://example.org/feed.xml"/>
<itunes:author>Ann Lee</itunes:author><language>en-us</language><itunes:explicit>yes</itunes:explicit>
<description><![CDATA[<p>Cold cases.</p> Told warmly.]]></description>
<itunes:category text="True Crime"/>
<itunes:category text="Society &amp; Culture"><itunes:category text="Philosophy"/></itunes:category>
<item><title>One</title><itunes:author>Guest</itunes:author><itunes:duration>1:00:00</itunes:duration></item>
<item><title>Two</title><itunes:duration>2400</itunes:duration></item>
<item><title>Three</title><itunes:duration>45:10</itunes:duration></item>
<item><title>Four</title><itunes:duration>long</itunes:duration></item>
</channel></rss>
"""
LIST = """<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Comedy"><outline type="rss" text="Tin Laughs" xmlUrl="https://example.org/tin"/></outline>
<outline type="rss" text="The Café Murders" xmlUrl="https://example.org/feed.xml"/>
<outline type="rss" text="" xmlUrl="https://example.org/nameless"/>
</body></opml>
"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xml:lang="de">
<title type="html">Tiefe &amp;amp; See</title><subtitle>Vom Meer. Und darunter.</subtitle>
<link href="https://example.org/see"/><link rel="self" href="https://example.org/see.atom"/><link rel="next" href="https://example.org/2"/>
<author><name>Jo Falk</name><email>jo@example.org</email></author>
<category term="sci" label="Science"/>
<itunes:category text="Society &amp; Culture"><itunes:category text="Philosophy"/></itunes:category>
<entry><title>Eins</title><author><name>Guest</name></author><category term="horror"/>
<link rel="enclosure" type="audio/mpeg" href="https://example.org/1.mp3"/><itunes:duration>50:00</itunes:duration></entry>
<entry><title>Zwei</title><itunes:duration>1800</itunes:duration></entry>
</feed>
"""
BOMB = '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><rss><channel><title>&b;</title></channel></rss>'
FILE = '<!DOCTYPE rss [<!ENTITY f SYSTEM "file:///etc/passwd">]><rss><channel><title>x&f;</title></channel></rss>'


def feed(encoding: str = "UTF-8") -> bytes:
    return FEED.replace("{encoding}", encoding).encode(encoding)


def test_a_feed_is_read_with_author_categories_language_and_usual_length(tmp_path: Path) -> None:
    (show,) = run_import("podcasts", put(tmp_path, {"feed.xml": feed()}) / "feed.xml").catalog.values()
    assert (show.kind, show.form, show.title, show.creators) == ("audio", "podcast", "The Café Murders", ("Ann Lee",))
    assert (set(show.genres), set(show.tags)) == ({"true crime", "society"}, {"philosophy", "explicit"})
    assert (show.language, show.minutes, show.year) == ("en-US", 45, None)
    assert show.description == "Cold cases. Told warmly."
    assert show.links == {"feed": "https://example.org/feed.xml", "site": "https://example.org"}


def test_an_atom_feed_is_read_like_an_rss_feed(tmp_path: Path) -> None:
    (show,) = run_import("podcasts", put(tmp_path, {"see.atom": ATOM})).catalog.values()
    assert (show.kind, show.form, show.title, show.creators) == ("audio", "podcast", "Tiefe & See", ("Jo Falk",))
    assert (set(show.genres), show.tags) == ({"science", "society"}, ("philosophy",))
    assert (show.language, show.minutes, show.description) == ("de", 40, "Vom Meer. Und darunter.")
    assert show.links == {"feed": "https://example.org/see.atom", "site": "https://example.org/see"}


def test_a_list_gives_its_feeds_labelled_by_folder_and_one_without_a_title_is_told(tmp_path: Path) -> None:
    result = run_import("podcasts", put(tmp_path, {"mine.opml": LIST}) / "mine.opml")
    assert [(show.title, show.genres) for show in result.catalog.values()] == [
        ("Tin Laughs", ("comedy",)),
        ("The Café Murders", ()),
    ]
    assert result.bad == ["mine.opml:4: field 'title': is missing"]


def test_a_feed_without_an_address_is_told_by_its_line_and_folders_without_one_are_none(tmp_path: Path) -> None:
    text = LIST.replace("<body>", '<body>\n\n<outline\n type="rss" text="No address"/>')
    result = run_import("podcasts", put(tmp_path, {"mine.opml": text}) / "mine.opml")
    assert result.bad == ["mine.opml:3: is a feed without an address (xmlUrl)", "mine.opml:7: field 'title': is missing"]


@pytest.mark.parametrize("wrapper, wanted", [("feeds", ()), ("Comedy", ("comedy",))])
def test_a_folder_around_the_whole_list_is_a_label_only_if_it_names_a_genre(
    tmp_path: Path, wrapper: str, wanted: tuple[str, ...]
) -> None:
    text = (
        LIST.replace("Comedy", "Mine")
        .replace("<body>", f'<body><outline text="{wrapper}">')
        .replace("</body>", "</outline></body>")
    )
    first, second = run_import("podcasts", put(tmp_path, {"mine.opml": text}) / "mine.opml").catalog.values()
    assert (first.tags, first.genres, second.tags, second.genres) == (("mine",), wanted, (), wanted)


def test_a_list_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    result = run_import("podcasts", put(tmp_path, {"mine.opml": LIST.replace("</body>", "")}) / "mine.opml")
    assert len(result.catalog) == 2
    assert result.bad[-1].startswith("mine.opml:5: not XML: ")


def test_a_list_may_write_its_attributes_in_any_case(tmp_path: Path) -> None:
    text = LIST.replace("xmlUrl", "xmlurl").replace("text=", "TEXT=")
    catalog = run_import("podcasts", put(tmp_path, {"mine.opml": text}) / "mine.opml").catalog
    assert [show.title for show in catalog.values()] == ["Tin Laughs", "The Café Murders"]


@pytest.mark.parametrize("root", ["<rss><channel>", "<opml><body>"])
def test_a_file_that_is_nested_very_deeply_is_told(tmp_path: Path, root: str) -> None:
    result = run_import("podcasts", put(tmp_path, {"a.xml": feed(), "deep.xml": root + "<outline>" * 1000}))
    assert result.bad == ["deep.xml:1: its elements are nested more than 100 deep"]


def test_a_feed_and_its_line_in_a_list_are_one_podcast(tmp_path: Path) -> None:
    result = run_import("podcasts", put(tmp_path, {"mine.opml": LIST, "a.xml": feed(), "notes.txt": "no feed"}))
    assert len(result.catalog) == 2 and result.report.notes
    assert [show.minutes for show in result.catalog.values()] == [45, None]


def test_a_feed_in_latin_1_that_says_so_is_read_and_one_that_does_not_is_told(tmp_path: Path) -> None:
    put(tmp_path, {"a.xml": feed("ISO-8859-1"), "b.xml": feed("ISO-8859-1").replace(b"ISO-8859-1", b"UTF-8")})
    result = run_import("podcasts", tmp_path)
    assert [show.title for show in result.catalog.values()] == ["The Café Murders"]
    assert result.bad[0].startswith("b.xml:3: not XML: not well-formed")


@pytest.mark.parametrize("attack", [BOMB, FILE])
def test_entities_are_refused(tmp_path: Path, attack: str) -> None:
    result = run_import("podcasts", put(tmp_path, {"a.xml": feed(), "bomb.xml": attack}))
    assert result.bad == ["bomb.xml:1: declares entities: EntitiesForbidden"]
    assert len(result.catalog) == 1


def test_what_is_no_feed_is_told_and_if_nothing_else_is_there_an_error(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "a.xml": feed(),
            "b.xml": "",
            "c.xml": "<feed/>",
            "d.xml": "<rss><channel>",
            "e.xml": "<?xml version='1.0' encoding='no'?>",
        },
    )
    assert [bad.split(": ", 1)[0] for bad in run_import("podcasts", tmp_path).bad] == [f"{name}.xml:1" for name in "bcde"]
    with pytest.raises(CatalogError, match="holds no items"):
        run_import("podcasts", tmp_path / "b.xml")
    with pytest.raises(DataMissingError, match="no feed at"):
        run_import("podcasts", tmp_path / "none.xml")
