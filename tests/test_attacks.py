"""Texts that want to take over, planted in the catalog and in messages: they move no pick, become no markup, learn no secret."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted import ScriptedLLM

from chatrec import Recommender, Reply
from chatrec.catalog.read import Catalog, parse_line
from chatrec.generate.prompts import Prompts
from chatrec.generate.write import Writer
from chatrec.index.document import dense_text
from chatrec.index.embed import Embedder
from chatrec.index.open import open_or_build
from chatrec.llm import LLM
from chatrec.recommender import _engine
from chatrec.serve.ui.render import live_html, log_messages, notice_html, panel_html, strip_html
from chatrec.serve.ui.view import View, ask, progress
from chatrec.sessions import MemoryStore
from chatrec.settings import MAX_MESSAGE_CHARS, Settings
from chatrec.types import Item

ATTACKS = [json.loads(line) for line in Path(__file__).with_name("attacks.jsonl").read_text(encoding="utf-8").splitlines()]
SAMPLE = 24
PLACES = ("title", "description", "themes", "tags", "everywhere")
SUBJECTS = (
    "beekeeping", "sourdough baking", "stamp collecting", "lighthouses", "knitting", "typewriters", "orchids", "sundials",
    "pottery", "canal boats", "bookbinding", "cheese making", "bell ringing", "kites", "thatched roofs", "origami",
    "fountain pens", "mushrooms", "tram lines", "glassblowing", "chess clocks", "barometers", "seed banks", "accordions",
)  # fmt: skip
ORDINARY = (
    "a scary film for tonight",
    "something funny",
    "co-op space games like FTL",
    "a bittersweet film about family",
    "jazz for late at night",
    "a hopeful science fiction series",
    "I loved Spirited Away",
    "something relaxing after work",
    "推荐几部科幻电影",
    "想听点轻松的音乐",
)  # fmt: skip
MARKUP = re.compile(r"[<>{}]|https?:|www\.|!\[|\]\(|\w:(?=[^\W\d]|/)|//")
PATIENT = {"llm_stall_s": 3.0, "llm_timeout_s": 6.0}


def text_of(attack: dict[str, Any]) -> str:
    return attack["text"] * attack.get("times", 1)


def sample(size: int) -> list[dict[str, Any]]:
    """Some attacks, of every kind as far as the size allows; the same for the same size."""
    chance = random.Random(f"attacks {size}")
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for attack in chance.sample(ATTACKS, len(ATTACKS)):
        by_kind.setdefault(attack["kind"], []).append(attack)
    rounds = [attack for turn in range(len(ATTACKS)) for group in by_kind.values() for attack in group[turn : turn + 1]]
    return rounds[:size]


by_size = pytest.mark.parametrize("size", [SAMPLE, pytest.param(len(ATTACKS), marks=pytest.mark.long)])


# --- catalogs in which attacks are planted -------------------------------------------------------------------------


def clean(number: int) -> dict[str, Any]:
    """A podcast about something that nobody asks for."""
    subject = SUBJECTS[number]
    return {
        "id": f"clean:{number}", "kind": "audio", "form": "podcast", "title": f"The {subject.title()} Hour",
        "creators": [f"Host {number}"], "themes": [subject], "tags": ["weekly"], "popularity": 5,
        "description": f"A weekly podcast on {subject}.",
    }  # fmt: skip


def poisoned(number: int, text: str, place: str) -> dict[str, Any]:
    """The same podcast with a text planted in it."""
    line = clean(number) | {"id": f"poisoned:{number}"}
    if place in ("title", "everywhere"):
        line["title"] += f" {text}"
    if place in ("description", "everywhere"):
        line["description"] += f" {text}"
    for name in ("themes", "tags"):
        if place in (name, "everywhere"):
            line[name] = [text if text.strip() else "x", *line[name]]
    return line


class KnownVectors(Embedder):
    """The shipped embedder, which looks up what it embedded before."""

    def __init__(self, known: dict[str, np.ndarray]) -> None:
        super().__init__()
        self._known = known

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, super().encode(new), strict=True))
        return np.stack([self._known[text] for text in texts]) if texts else super().encode(texts)


@dataclass(frozen=True)
class Shop:
    """The shipped catalog, and what it takes to open it with more items."""

    items: tuple[Item, ...]
    embedder: KnownVectors
    folder: Path
    opened: dict[str, Recommender] = field(default_factory=dict)
    """The one that was opened last, by the hash of its catalog."""

    def with_lines(self, lines: Iterable[dict[str, Any]]) -> Recommender:
        added = [parse_line(json.dumps(line)) for line in lines]
        catalog = Catalog.of([*self.items, *added])
        if catalog.sha256 not in self.opened:
            settings = Settings.load(llm=False, n=10)
            index = open_or_build(catalog, self.embedder, self.folder)
            self.opened.clear()
            self.opened[catalog.sha256] = Recommender(_engine(index, settings), settings, MemoryStore())
        return self.opened[catalog.sha256]

    def with_planted(self, planted: Iterable[tuple[int, str, str]]) -> Recommender:
        """With a clean podcast on every subject, and beside it those in which something was planted."""
        return self.with_lines([*map(clean, range(len(SUBJECTS))), *(poisoned(*what) for what in planted)])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    index = Recommender.open(llm=False).index
    known = {dense_text(item): index.vector(item.id) for item in index.catalog.values()}
    return Shop(tuple(index.catalog.values()), KnownVectors(known), tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def twins(shop: Shop) -> Recommender:
    """The catalog before anything was planted."""
    return shop.with_planted(())


def with_model(rec: Recommender, llm: ScriptedLLM, **more: Any) -> Recommender:
    """The same with a model."""
    settings = Settings.load(llm_url=llm.url, **PATIENT, **more)
    writer = Writer(LLM.of(settings), Prompts.of(settings), settings)
    assert any(writer.ready() for _ in range(50))
    return Recommender(replace(rec.engine, writer=writer, slots=settings.slots), rec.settings, MemoryStore())


def about(number: int) -> str:
    return f"a podcast about {SUBJECTS[number]}"


# --- what is looked at ---------------------------------------------------------------------------------------------


def ids(reply: Reply) -> list[str]:
    return [pick.item.id for pick in reply.recommendations]


def shown(rec: Recommender, message: str) -> tuple[Reply, str]:
    """The reply to a message, and the HTML of the page at each of its events."""
    view, pages, reply = ask(View(), message), [], None
    for event in rec.session().stream(message):
        view = progress(view, event)
        pages += [panel_html(view), strip_html(view), live_html(view), notice_html(view)]
        reply = getattr(event, "reply", reply)
    assert reply is not None
    return reply, "".join([*pages, *(entry["content"] for entry in log_messages(view))])


def shown_with_model(rec: Recommender, llm: ScriptedLLM, message: str) -> tuple[Reply, str]:
    """The same, with a model that is asked whatever it wrote before."""
    assert rec.engine.writer is not None
    rec.engine.writer.llm.health.succeeded()
    asked = len(llm.requests)
    result = shown(rec, message)
    assert not result[0].recommendations or len(llm.requests) > asked
    return result


class Markup(HTMLParser):
    """Tags and attribute names of a page, and what its addresses point to."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses |= {(value or "").split(",")[0] for name, value in attrs if name in ("src", "href", "action", "style")}

    def handle_comment(self, data: str) -> None:
        self.tags.add("!--")

    handle_decl = unknown_decl = handle_pi = handle_comment  # type: ignore[assignment]


OWN_TAGS = re.compile(r"section|div|button|svg|path|circle|rect|ul|ol|li|p|span|bdi|b|i|img|h2|strong")
OWN_ATTRIBUTES = re.compile(
    r"class|id|type|role|lang|title|alt|width|height|src|viewbox|fill|stroke[-\w]*|d|[crxy][xy12]?|points|transform|opacity|focusable"
    r"|disabled|hidden|tabindex|xmlns|aria-[a-z]+|data-(event|action|value|item|say|\w+)"
)


def inert(page: str) -> bool:
    """Whether all markup of a page is of our templates, and every address in it a drawing of ours."""
    found = Markup(page)
    assert all(OWN_TAGS.fullmatch(tag) for tag in found.tags), found.tags
    assert all(OWN_ATTRIBUTES.fullmatch(name) for name in found.attributes), found.attributes
    assert found.addresses <= {"data:image/svg+xml;base64"}
    return True


RULES = [
    sentence.strip()
    for prompt in Prompts.of(Settings.load()).by_profile.values()
    for sentence in re.split(r"[.\n]", prompt.block("system"))
    if len(sentence.strip()) > 25
]


def keeps_its_rules(reply: Reply, message: str) -> bool:
    """Whether nothing the model was told, and the person did not say, is told to the person."""
    said = " ".join([reply.text, *reply.notes, *reply.degraded, *(pick.reason for pick in reply.recommendations)])
    assert [rule for rule in RULES if rule in said and rule not in message] == []
    return True


def plain_reasons(reply: Reply, text: str) -> bool:
    """Whether reasons say nothing of an attack's text that could act."""
    assert [pick.reason for pick in reply.recommendations if MARKUP.search(pick.reason)] == []
    assert not any(len(text) > 60 and text in pick.reason for pick in reply.recommendations)
    return True


# --- planted in the catalog ----------------------------------------------------------------------------------------


def batches(size: int) -> Iterator[list[tuple[int, str, str]]]:
    """(subject, text, place) of the items that are planted together: each attack in one place, or in two where there is time."""
    planted = [
        (text_of(attack), PLACES[(number + shift) % len(PLACES)])
        for shift in ((0, 2) if size > SAMPLE else (0,))
        for number, attack in enumerate(sample(size))
    ]
    for start in range(0, len(planted), len(SUBJECTS)):
        yield [(number, *what) for number, what in enumerate(planted[start : start + len(SUBJECTS)])]


@by_size
def test_a_poisoned_item_is_where_a_clean_one_would_be_and_never_among_what_others_asked_for(
    shop: Shop, twins: Recommender, size: int
) -> None:
    places = {number: ids(twins.session().send(about(number))).index(f"clean:{number}") for number in range(len(SUBJECTS))}
    for planted in batches(size):
        rec = shop.with_planted(planted)
        for message in ORDINARY if size > SAMPLE else ORDINARY[::2]:
            found = ids(rec.session().send(message))
            assert found
            assert [item for item in found if item.startswith("poisoned:")] == [], message
        for number, text, place in planted:
            after, page = shown(rec, about(number))
            twin = f"clean:{number}"
            assert twin in ids(after), (text[:80], place)
            assert abs(ids(after).index(twin) - places[number]) <= 1, (text[:80], place)
            assert inert(page)
            assert plain_reasons(after, text)


@by_size
def test_a_model_that_obeys_what_is_planted_can_neither_pick_nor_say_what_it_likes(
    shop: Shop, scripted_llm: ScriptedLLM, size: int
) -> None:
    texts = [text_of(attack) for attack in sample(size)]
    for start in range(0, len(texts), len(SUBJECTS)):
        planted = [(number, text, PLACES[number % 5]) for number, text in enumerate(texts[start : start + len(SUBJECTS)])]
        plain = shop.with_planted(planted)
        for profile in ("small", "capable"):
            rec = with_model(plain, scripted_llm, llm_profile=profile)
            for number, text, place in planted if size > SAMPLE else planted[profile == "capable" :: 2]:
                scripted_llm.says(*obeying(text[:800]))
                reply, page = shown_with_model(rec, scripted_llm, about(number))
                assert f"poisoned:{number}" in ids(reply), (text[:80], place)
                assert inert(page)
                assert plain_reasons(reply, text)
                assert keeps_its_rules(reply, about(number))
            scripted_llm.answers()
            ordinary, _ = shown_with_model(rec, scripted_llm, ORDINARY[0])
            assert not ordinary.degraded
            assert any(pick.written_by == "llm" for pick in ordinary.recommendations)


def obeying(text: str) -> list[str]:
    """What a model writes that was taken over: the text, its rules, and picks with the text for a reason, in both forms."""
    claims = [{"field": field, "value": text[:60]} for field in ("themes", "tags", "creators", "near")]
    picks = [{"slot": slot, "claims": claims, "title": text, "reason": text} for slot in ("c01", "c02", "c99", text[:20])]
    return [f"c01 {text}; {text}\n", f"{text}\n", *(f"{rule}\n" for rule in RULES[:8]), json.dumps({"picks": picks})]


# --- said by a person ----------------------------------------------------------------------------------------------


@by_size
def test_an_attack_in_a_message_is_answered_like_any_message(twins: Recommender, scripted_llm: ScriptedLLM, size: int) -> None:
    small = with_model(twins, scripted_llm)
    capable = with_model(twins, scripted_llm, llm_profile="capable")
    for number, attack in enumerate(sample(size)):
        message = text_of(attack)[:MAX_MESSAGE_CHARS]
        echo = [f"{message[:1500]}\n", *(f"{rule}\n" for rule in RULES), f"c01 {message[:500]}\n"]
        scripted_llm.says(*echo)
        model = small if number % 2 else capable
        for reply, page in (shown(twins, message), shown_with_model(model, scripted_llm, message)):
            assert reply.text
            assert inert(page)
            assert keeps_its_rules(reply, message)
            assert plain_reasons(reply, message)


def test_the_checks_notice_what_they_look_for(twins: Recommender) -> None:
    reply, page = shown(twins, "a scary film")
    assert inert(page)
    for markup in ("<script>", "<img src=x>", "<b onclick=x>", "<a href=http://evil.example>", "<!-- x -->"):
        with pytest.raises(AssertionError):
            inert(page + markup)
    leak = replace(reply, text=f"{reply.text} {RULES[0]}")
    with pytest.raises(AssertionError):
        keeps_its_rules(leak, "a scary film")
    bad = replace(reply, recommendations=(replace(reply.recommendations[0], reason="see http://evil.example"),))
    with pytest.raises(AssertionError):
        plain_reasons(bad, "")
    assert len(ATTACKS) >= 200
    assert len({text_of(attack) for attack in ATTACKS}) == len(ATTACKS)
