"""Podcasts: RSS and Atom feeds and OPML lists that are on this disk, one file or a folder of
`.xml`, `.rss`, `.atom` and `.opml`.

A feed gives an item with author, categories, language, description and, as `minutes`, the median length of its episodes. An
outline of an OPML list gives title, address and, as labels, the folders it lies in, but for those around the whole list ("feeds")
that name no genre. Nothing is fetched. Feeds list recent
episodes only, so the year a podcast began is left unknown. XML that declares entities is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser, iterparse

from chatrec.catalog.clean import RawItem, clean_minutes, clean_text, title_key
from chatrec.catalog.interactions import Interaction, ValueKind
from chatrec.catalog.labels import sort_labels
from chatrec.catalog.report import Report
from chatrec.errors import DataMissingError
from chatrec.types import Item

SUFFIXES = (".xml", ".rss", ".atom", ".opml")
MAX_BYTES = 1 << 26
MAX_DEPTH = 100
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
ATOM = "{http://www.w3.org/2005/Atom}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
LINE = "#line"
"""The attribute in which `_Numbered` keeps the line; no file can have one of this name."""


@dataclass(frozen=True)
class Form:
    """Where a kind of feed keeps what."""

    within: tuple[str, ...]
    """Elements, below the root, that hold what is said of the podcast."""
    episode: str


RSS, ATOM_FEED = Form(("channel",), "item"), Form((), f"{ATOM}entry")


class _Numbered(TreeBuilder):
    """Builds elements that know in which line they begin."""

    parser: Any = None
    """The one that reads the file."""

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        return super().start(tag, {**attrs, LINE: str(self.parser.CurrentLineNumber)})


class Podcasts:
    """Feeds and lists of feeds."""

    value: ValueKind | None = None

    def __init__(self, path: Path, report: Report) -> None:
        self._report = report
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
        if not found or not all(file.is_file() for file in found):
            raise DataMissingError(
                f"no feed at {path}: give an RSS, Atom or OPML file, or a folder of {', '.join(SUFFIXES)} files"
            )
        self.files = tuple(found)

    def items(self) -> Iterator[RawItem]:
        """The podcasts of all files; a file that cannot be read is told as a bad row."""
        for number, file in enumerate(self.files, 1):
            try:
                for line, fields in _podcasts(file, partial(self._report.bad_row, file)):
                    yield RawItem(str(file), line, {"kind": "audio", "form": "podcast"} | fields)
            except ParseError as error:
                self._report.bad_row(file, error.position[0], f"not XML: {error}")
            except DefusedXmlException as error:
                self._report.bad_row(file, 1, f"declares entities: {type(error).__name__}")
            except (OSError, ValueError, LookupError) as error:  # LookupError: an encoding that Python does not know
                self._report.bad_row(file, 1, str(error))
            self._report.on_progress(file.name if len(self.files) == 1 else f"{len(self.files)} files", number / len(self.files))

    def interactions(self, items: Mapping[str, Item]) -> Iterator[Interaction]:
        """None."""
        return iter(())


def _podcasts(file: Path, bad: Callable[[int, str], None]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The podcasts of one file, and the lines where they begin; `bad` is told of outlines that cannot be used.

    Raises:
        ValueError: it is neither RSS nor Atom nor OPML, too large, or nested too deeply.
        LookupError: its encoding is unknown.
        ParseError, DefusedXmlException: it is no XML, or XML that is refused.
    """
    if (size := file.stat().st_size) > MAX_BYTES:
        raise ValueError(f"has {size:,} bytes, more than {MAX_BYTES:,}")
    if not size:
        raise ValueError("is empty")
    with file.open("rb") as stream:
        builder = _Numbered()
        parser = XMLParser(target=builder)
        builder.parser = parser.parser
        events = _shallow(iterparse(stream, events=("start", "end"), parser=parser))
        _, root = next(events)
        name = root.tag.lower()
        if name == "opml":
            yield from _list(events, bad)
        elif name == "rss":
            yield 1, _feed(events, RSS)
        elif root.tag == f"{ATOM}feed":
            yield 1, _feed(events, ATOM_FEED, root.get(LANGUAGE, ""))
        else:
            raise ValueError(f"is neither RSS nor Atom nor OPML: its first element is {root.tag[:80]!r}")


def _shallow(events: Iterable[tuple[str, Element]]) -> Iterator[tuple[str, Element]]:
    """The events of a file.

    Raises:
        ValueError: elements are nested more than `MAX_DEPTH` deep.
    """
    depth = 0
    for event, element in events:
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise ValueError(f"its elements are nested more than {MAX_DEPTH} deep")
        yield event, element


def _list(events: Iterator[tuple[str, Element]], bad: Callable[[int, str], None]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The podcasts of an OPML list; if it breaks off, those before, and then the error."""
    found: list[tuple[int, dict[str, Any]]] = []
    broken: Exception | None = None
    try:
        for one in _outlines(events, bad):
            found.append(one)
    except (ParseError, ValueError) as error:
        broken = error
    folders = _within([fields["genres"] for _, fields in found])
    for (line, fields), genres in zip(found, folders, strict=True):
        yield line, fields | {"genres": genres}
    if broken is not None:
        raise broken


def _within(folders: list[list[str]]) -> list[list[str]]:
    """The folders of each podcast without those that all lie in, unless they name a genre."""
    while (
        len({tuple(path[:1]) for path in folders}) == 1 and folders[0] and not sort_labels("audio", genres=folders[0][:1]).genres
    ):
        folders = [path[1:] for path in folders]
    return folders


def _outlines(events: Iterator[tuple[str, Element]], bad: Callable[[int, str], None]) -> Iterator[tuple[int, dict[str, Any]]]:
    folders: list[str] = []
    for event, element in events:
        if element.tag.lower() != "outline":
            continue
        if event == "end":
            folders.pop()
            continue
        told = {name.lower(): value for name, value in element.items()}
        title, line = told.get("title") or told.get("text") or "", int(told[LINE])
        address = clean_text(told.get("xmlurl"))
        if address:
            yield (
                line,
                {
                    "id": _id(address, title),
                    "title": title,
                    "genres": [folder for folder in folders if folder],
                    "description": told.get("description"),
                    "language": told.get("language"),
                    "links": {"feed": address, "site": told.get("htmlurl")},
                },
            )
        elif told.get("type", "").lower() == "rss":
            bad(line, "is a feed without an address (xmlUrl)")
        folders.append("" if address else title)


def _feed(events: Iterator[tuple[str, Element]], form: Form, language: str = "") -> dict[str, Any]:
    """A feed, whose episodes are forgotten as they are counted; `language` is what its root says."""
    texts = {"language": language} if language else {}
    labels: list[str] = []
    lengths: list[float] = []
    path: list[str] = []
    for event, element in events:
        if event == "start":
            path.append(element.tag)
            continue
        if tuple(path[:-1]) == form.within:
            if element.tag == form.episode:
                lengths += [length] if (length := _length(element.findtext(f"{ITUNES}duration"))) else []
                element.clear()
            elif element.tag == f"{ATOM}category":
                labels.append(element.get("label") or element.get("term", ""))
            else:
                name, text = _told(element)
                if text:
                    texts.setdefault(name, text)
        if element.tag == f"{ITUNES}category" and form.episode not in path:
            labels.insert(0, element.get("text", ""))
        if path:
            path.pop()
    return _fields(texts, labels, lengths)


def _told(element: Element) -> tuple[str, str]:
    """The RSS name of what an element of a feed tells, and its text."""
    if element.tag == f"{ATOM}link":
        return {"self": "feed", "alternate": "link"}.get(element.get("rel", "alternate"), ""), element.get("href", "")
    if element.tag == f"{ATOM}author":
        return f"{ITUNES}author", element.findtext(f"{ATOM}name") or ""
    name = element.tag.removeprefix(ATOM)
    return {"subtitle": "description"}.get(name, name), "".join(element.itertext()).strip()


def _fields(texts: Mapping[str, str], labels: list[str], lengths: list[float]) -> dict[str, Any]:
    def first(*names: str) -> str:
        return next((texts[name] for name in names if name in texts), "")

    title, address = first("title", f"{ITUNES}title"), first("feed", f"{ITUNES}new-feed-url", "link")
    return {
        "id": _id(clean_text(address), title),
        "title": title,
        "creators": [first(f"{ITUNES}author", "{http://purl.org/dc/elements/1.1/}creator", "managingEditor")],
        "genres": labels or [texts["category"]] if labels or "category" in texts else [],
        "tags": ["explicit"] if first(f"{ITUNES}explicit").strip().lower() in ("yes", "true", "explicit") else [],
        "description": first("description", f"{ITUNES}summary", f"{ITUNES}subtitle"),
        "language": first("language"),
        "minutes": round(median(lengths)) or 1 if lengths else None,
        "links": {"feed": texts.get("feed", ""), "site": texts.get("link", "")},
    }


def _length(text: str | None) -> float | None:
    """Minutes of an episode; feeds write a bare number for seconds."""
    plain = clean_text(text)
    return clean_minutes(f"{plain} s" if plain.isdecimal() else plain)


def _id(address: str, title: str) -> str:
    """An id that stays while the feed's address does, or (without one) its title."""
    if address:
        return f"podcasts:{hashlib.sha256(address.encode()).hexdigest()[:16]}"
    key = title_key(clean_text(title)).replace(" ", "-")
    return f"podcasts:{key}" if key else ""
