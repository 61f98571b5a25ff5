"""Which media, and which forms of them, are asked for: what is said outright counts most, what only points to one least."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chatrec.types import KINDS, Item, Kind, Ledger
from chatrec.understand.ledger import FORM_KINDS
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.text import wordset
from chatrec.understand.words import Words

_SHOW_BEFORE = wordset("a an the any some good great tv television fun new funny best short this that another like netflix")
_POINTING = wordset("that this your")
_DESCRIBING = wordset("where about with in set starring from by that which called")
_ASIDE = wordset("while during")
_TOLD_BY = wordset("i always never often you we they people")
_GLAD = wordset("good great nice sorry glad")
_NOT_AFTER_SHOW = wordset("me us you up off")


@dataclass(frozen=True, slots=True)
class Asked:
    """Media, and forms where they were named; `said` tells whether the message itself points to the media."""

    kinds: tuple[Kind, ...] = ()
    forms: tuple[str, ...] = ()
    form_marks: tuple[Mark, ...] = ()
    said: bool = False


def asked_for(page: Page, ledger: Ledger, items: Mapping[str, Item], words: Words) -> Asked:
    """The media of this turn.

    In order: nouns ("a film and a game"), works asked for themselves, words of one medium ("platformer", "episodes"), verbs
    ("to watch"); then, only while no medium is settled, nouns inside an opinion, the media of named titles and people, and
    genre nouns and occasions that suggest one ("a comedy", "at the gym"), which "now a comedy" also does later.
    """
    nouns = [
        m for m in page.sorted() if (m.has("forms") or m.has("inner")) and not m.negated and not m.about and is_noun(page, m)
    ]
    nouns = [m for m in nouns if not (_points(page, m) or _is_beside(page, m, words))]
    nouns = [m for m in nouns if not (m.released and _is_within(m, ledger))]
    strong = [m for m in nouns if not _is_in_opinion(m) and not _names_title(page, m) and not _is_aside(page, m)]
    if strong:
        return _of_nouns(strong, words)
    wanted = _in_order(items[mark.ids[0]].kind for mark in page.sorted() if mark.wanted)
    if wanted:  # `play Kind of Blue` plays no game
        return Asked(kinds=wanted, said=True)
    for kinds in (_word_kinds(page, words), _verb_kinds(page, ledger, items, words)):
        if kinds and (not words.kinds.isdisjoint(kinds) or page.any_cue("want")):  # a catalog of films may speak of their music
            return Asked(kinds=kinds, said=True)
    turned = _genre_kinds(page) if page.any_cue("now") else ()
    if ledger.kinds:
        return Asked(kinds=turned, said=True) if turned else Asked(kinds=ledger.kinds)
    liked = [m for m in nouns if m.attitude == "like"]
    weak = _of_nouns(liked, words) if liked else Asked(kinds=_suggested(page, items, words))
    return Asked(kinds=weak.kinds, forms=weak.forms, form_marks=weak.form_marks, said=bool(weak.kinds))


def _points(page: Page, noun: Mark) -> bool:
    """`that movie` points to one that was shown; `that movie where …` describes one."""
    if noun.start == 0 or page.words[noun.start - 1] not in _POINTING:
        return False
    return page.words[noun.end : noun.end + 1] == [] or page.words[noun.end] not in _DESCRIBING


def _is_beside(page: Page, noun: Mark, words: Words) -> bool:
    """`I read the book`, and of films `the music`, `the book`: what is spoken of, and not asked for."""
    before, kinds = page.words[max(0, noun.start - 2) : noun.start], {e.data["kind"] for e in noun.entries if "kind" in e.data}
    return before in (["read", "the"], ["read", "that"]) or (before[-1:] in (["the"], ["my"]) and words.kinds.isdisjoint(kinds))


def is_noun(page: Page, mark: Mark) -> bool:
    """`show` is a noun in `a good show`, not in `show me`; a `track` may be one of records, a `record` one of sport."""
    if not mark.has("forms", "show"):
        return True
    before = page.words[mark.start - 1] if mark.start else ""
    after = page.words[mark.end] if mark.end < len(page.words) else ""
    described = (lead := page.ending(mark.start)) is not None and lead.role == "words" and not lead.has("cues")
    return (before in _SHOW_BEFORE or described) and after not in _NOT_AFTER_SHOW


def _is_within(noun: Mark, ledger: Ledger) -> bool:
    """`韩剧也行`: what may be, too, narrows nothing down where the whole medium was asked for."""
    entry = next(e for e in noun.entries if e.section in ("forms", "inner"))
    return entry.data["kind"] in ledger.kinds and not any(c.field == "form" for c in ledger.constraints)


def _names_title(page: Page, mark: Mark) -> bool:
    """`the movie Alien` says which Alien is meant."""
    following = page.starting(mark.end)
    return following is not None and following.role == "title" and following.attitude is None


def _is_aside(page: Page, mark: Mark) -> bool:
    """`while I listen to podcasts` asks for none."""
    return not _ASIDE.isdisjoint(page.words[max(0, mark.start - 4) : mark.start])


def _is_hearsay(page: Page, mark: Mark) -> bool:
    """`I always hear that it is good`, `good to hear`: nothing is to be heard."""
    before = page.words[max(0, mark.end - 3) : mark.end - 1]
    told = before[-1:] != [] and before[-1] in _TOLD_BY and before[:-1] not in (["can"], ["could"])
    return page.words[mark.end - 1] in ("hear", "heard") and (told or (before[-1:] == ["to"] and before[0] in _GLAD))


def _is_in_opinion(mark: Mark) -> bool:
    return mark.attitude is not None


def _of_nouns(nouns: Iterable[Mark], words: Words) -> Asked:
    kinds: list[Kind] = []
    forms: list[str] = []
    open_kinds: set[Kind] = set()
    marks = tuple(nouns)
    for mark in marks:
        entry = next(e for e in mark.entries if e.section in ("forms", "inner"))
        kind: Kind = entry.data["kind"]
        kinds.append(kind)
        values = _known_forms(entry.data, words)
        forms.extend(values)
        if not values:
            open_kinds.add(kind)
    named = {FORM_KINDS[f] for f in forms if f in FORM_KINDS}
    free = [f for f, kind in FORM_KINDS.items() if kind in open_kinds - named] if forms else []
    return Asked(tuple(dict.fromkeys(kinds)), tuple(dict.fromkeys([*forms, *free])), marks, True)


def forms_of(noun: Mark, words: Words) -> tuple[str, ...]:
    """The forms that a noun names, those of its medium where it names the medium only."""
    entry = next(e for e in noun.entries if e.section in ("forms", "inner"))
    return tuple(_known_forms(entry.data, words) or (f for f, kind in FORM_KINDS.items() if kind == entry.data["kind"]))


def _known_forms(data: Mapping[str, object], words: Words) -> list[str]:
    """The forms a noun names; where the catalog has none of them, its next of kin (a song → albums)."""
    values = list(data.get("values", ()))  # type: ignore[call-overload]
    fallback = list(data.get("fallback", ()))  # type: ignore[call-overload]
    known = [v for v in values if words.kinds_of("form", (v,))]
    return values if known or not fallback else [f for f in fallback if words.kinds_of("form", (f,))] or values


def _word_kinds(page: Page, words: Words) -> tuple[Kind, ...]:
    found: list[Kind] = []
    for mark in page.sorted():
        if mark.has("eras"):
            found.append("game")
        if mark.role != "words" or mark.about or mark.negated or mark.attitude == "seen":
            continue
        for entry in mark.entries:
            if entry.section == "words":
                found.append(entry.name)  # type: ignore[arg-type]
            elif entry.section == "genres" and mark.entry("cues") is None:
                kinds = words.genre_kinds((entry.name,))
                found.extend(kinds if len(kinds) == 1 else ())
            elif entry.section in ("tags", "styles") and entry.data.get("medium"):
                found.append(entry.data["medium"])
            elif entry.section == "styles" and "any" in entry.data:
                kinds = words.genre_kinds(entry.data["any"])
                found.extend(kinds if len(kinds) == 1 else ())
    return _in_order(found[:1])


def _is_praise(page: Page, mark: Mark) -> bool:
    """`要好玩的`, said of podcasts; `有什么好看的` asks for what is watched."""
    before = page.words[max(0, mark.start - 1) : mark.start]
    return page.words[mark.start : mark.start + 1] == ["好"] and before not in (["么"], ["有"], ["点"], ["些"], ["想"])


def _verb_kinds(page: Page, ledger: Ledger, items: Mapping[str, Item], words: Words) -> tuple[Kind, ...]:
    """The media of verbs; `play something by Miles Davis`, who made none, or `… like Kind of Blue` asks for no game.

    What is played and not known may be a game or a record.
    """
    spoken = [m for m in page.sorted() if not (m.negated or _is_aside(page, m) or _is_hearsay(page, m))]
    spoken = [m for m in spoken if not (ledger.kinds and _is_praise(page, m))]
    found = [e.name for m in spoken for e in m.entries if e.section == "verbs"]
    if set(found) == {"game"} and any(m.role == "missing" and m.attitude is None for m in page.marks):
        return ()
    made = {kind for m in page.marks if m.role == "person" and not m.negated for kind in person_kinds(m, words)}
    named = {items[item_id].kind for m in page.marks if m.role == "title" and not m.negated for item_id in m.ids}
    made |= named & {"audio"} if len(named) == 1 else set()
    return _in_order(made if made and found and set(found) == {"game"} and "game" not in made else found)  # type: ignore[arg-type]


def _suggested(page: Page, items: Mapping[str, Item], words: Words) -> tuple[Kind, ...]:
    found: list[Kind] = []
    compared = any(has_section(mark, "critiques", "critiques_mood") for mark in page.marks)
    pointing = (None, "like", "seen") if compared else (None, "like")  # `I finished Hades, something shorter?`
    for mark in page.sorted():
        if mark.role in ("title", "missing") and mark.ids and mark.attitude in pointing and not mark.about:
            found.append(items[mark.ids[0]].kind)
        elif (mark.role == "person" and not mark.negated) or (mark.has("companies") and not mark.negated and not mark.about):
            found.extend(person_kinds(mark, words))
        else:
            found.extend(kind for kind in _noun_kinds(mark) if kind in words.kinds)
    return _in_order(found or _ruled_out_kinds(page))


def _ruled_out_kinds(page: Page) -> list[Kind]:
    """`not another superhero movie` still speaks of films."""
    return [e.data["kind"] for m in page.sorted() if m.negated and not m.about for e in m.entries if e.section == "inner"]


def _genre_kinds(page: Page) -> tuple[Kind, ...]:
    """The media that genre nouns suggest, while no work is named that could be resembled in any medium."""
    named = any(mark.role in ("title", "ref") for mark in page.marks)
    return () if named else _in_order(kind for mark in page.sorted() for kind in _noun_kinds(mark))


def _noun_kinds(mark: Mark) -> list[Kind]:
    """The medium a genre noun or an occasion suggests: `a comedy`, `a sitcom`, `for a long drive`."""
    if mark.role != "words" or mark.negated or mark.about:
        return []
    nouns: list[Kind] = [e.data["noun"] for e in mark.entries if "noun" in e.data]
    return nouns + ["video" for e in mark.entries if e.section == "styles" and e.data.get("form") == "series"]


def person_kinds(mark: Mark, words: Words) -> list[Kind]:
    """The medium of a person's works, where it is one."""
    company = mark.entry("companies")
    names = company.values if company is not None else mark.names
    kinds: set[Kind] = {kind for name in names for kind in words.people_kinds.get(name, ())}
    return list(kinds) if len(kinds) == 1 else []


def _in_order(found: Iterable[Kind]) -> tuple[Kind, ...]:
    kinds = tuple(dict.fromkeys(found))
    return () if len(kinds) == len(KINDS) else kinds
