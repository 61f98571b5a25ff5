"""Works weighed against each other: `which of the two is shorter?`, `is the second one longer than the first?`, `哪部更新？`.

They are answered from the catalog and change nothing. A request that compares (`something shorter than Alien`, `which shorter
films do you have?`) is none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Literal

from chatrec.types import Comparison, Ledger
from chatrec.understand.compared_names import only_or
from chatrec.understand.lexicon import Phrase, lexicon
from chatrec.understand.marks import CONTENT, Mark, Page, has_section
from chatrec.understand.text import key_of, wordset
from chatrec.understand.weighing import AUXILIARIES, OPENERS, Weighing, weighing_of
from chatrec.understand.words import Words

Frame = Literal["which", "yes_no", "side_by_side", "or"]
_FRAMED: Mapping[Frame, Comparison] = {"side_by_side": Comparison(field="all"), "or": Comparison(field="choice")}
_WHICH_ONE = wordset(
    "one ones of is are was were came comes film movie show series game album record podcast book has would should do"
)
_TWO = (
    *(("the", "two"), ("both",), ("those", "two"), ("these", "two"), ("of", "two"), ("either",)),
    *(("两", sign) for sign in "个部张首本款者"),
    *(("倆",), ("俩",)),
)
_THEM = (("them",), ("these",), ("those",), ("they",), ("它", "们"), ("这", "些"), ("这", "几"))
_IT = (
    *(("it",), ("this", "one"), ("that", "one"), ("this",), ("that",)),
    *(("它",), *((sign, noun) for sign in "这那" for noun in "部个张首本款")),
)
_LESS = wordset("less least")


def comparison_of(page: Page, ledger: Ledger, words: Words) -> tuple[Comparison, tuple[str, ...]] | None:
    """What a message compares, and the ids of what it compares; `None` if it says anything else.

    Works that are named count first, else those that were last spoken of, else the last answer. A work that the catalog
    lacks leaves the other one alone.
    """
    named = [mark for mark in page.sorted() if mark.role in ("title", "ref")]
    weighing = weighing_of(page)
    frame, start = _frame(page, named, weighing)
    if frame is None:
        return None
    level = weighing is not None and weighing.level
    aspect = _FRAMED.get(frame) or _aspect(page, start, named, words, level=level)
    if aspect is None or (aspect.field not in ("choice", "all") and any(mark.attitude == "like" for mark in named)):
        return None  # `like Alien or Inception, which are shorter?` asks for others
    if _asks_for_more(page, named, aspect) or (aspect.field == "choice" and "what" in page.words and len(named) < 2):
        return None
    works = _works(page, named, ledger)
    if len(_makers(page)) > 1 and not works and aspect.field == "choice":
        return aspect, ()
    _mark_lacking(page)
    lacking = sum(mark.role == "missing" for mark in page.marks)
    if len(works) < 2 and len(works) + lacking < 2:
        return None
    if frame == "yes_no" and works:
        assert weighing is not None
        first = weighing.subject < weighing.other
        aspect = replace(aspect, subject=works[0 if first else -1], level=level)
    return aspect, works


# --- what is asked ---------------------------------------------------------------------------------------------------


def _frame(page: Page, named: Sequence[Mark], weighing: Weighing | None) -> tuple[Frame | None, int]:
    """How the question is put, and from where on its aspect is looked for."""
    words = page.words
    start = next((at for at, word in enumerate(words) if word not in OPENERS), 0)
    lacking = sum(mark.role == "missing" for mark in page.marks)
    several = len(named) + lacking + sum(len(mark.ids) - 1 for mark in named if mark.role == "ref") > 1
    group = _first(page, 0, (*_TWO, *_THEM)) is not None
    if (several or group) and next(_told(page, "side_by_side", 0), None) is not None:
        return "side_by_side", start
    for at, word in enumerate(words):
        if (word == "哪" and words[at + 1 : at + 2] != ["些"]) or (word == "谁" and not page.taken(at)):
            return "which", words.index("最") if "最" in words[:at] and words[at - 1] == "是" else at  # `最短的是哪部`
        if word in ("which", "whichever") and (at + 1 == len(words) or words[at + 1] in _WHICH_ONE):
            return "which", at + 1
        if word in ("what", "whats") and at == start and words[at + 1 : at + 2] != ["about"]:
            return "which", at + 1
    start += 2 * (words[start : start + 2] in (["what", "about"], ["how", "about"]))
    if words[start : start + 1] == ["the"] and "?" in words and _is_superlative(page):
        return "which", start  # `and the shortest?`
    if several and only_or(page):
        return "or", start
    if several and "or" in words and (words[start] in AUXILIARIES or words[start : start + 2] == ["should", "i"]):
        return "which", start
    return ("yes_no", start) if weighing is not None and (named or lacking) else (None, 0)


def _aspect(page: Page, start: int, named: Sequence[Mark], words: Words, *, level: bool) -> Comparison | None:
    """By what the works are compared: the first thing said that can be more or less."""
    unrecorded = next((mark for mark in page.sorted() if mark.start >= start and mark.has("unsupported")), None)
    if unrecorded is not None:
        return Comparison(field="none", said=page.said(unrecorded))
    inside = {at for mark in page.marks if mark in named or mark.role == "missing" for at in range(mark.start, mark.end)}
    for name, data in lexicon().sections["comparisons"].items():
        if "field" in data and any(at not in inside for at in _told(page, name, start, level=level)):
            return Comparison(field=data["field"], most=data.get("most", True))
    for mark in page.sorted():
        if mark.start >= start and mark.role == "words" and (found := _mood(mark)) is not None:
            mood, most = found
            own = tuple(lexicon().sections["moods"][mood]["values"])
            most = most and page.words[max(0, mark.start - 1)] not in _LESS
            return Comparison(field="moods", most=most, values=words.spelled("moods", own) or own, said=page.said(mark))
    return None


def _mood(mark: Mark) -> tuple[str, bool] | None:
    """The mood that a mark asks more of, or less; `darker` and `less scary` are in the critiques."""
    critique = mark.entry("critiques_mood")
    if critique is not None:
        return (critique.data["mood"], True) if "mood" in critique.data else (critique.data["less"], False)
    mood = mark.entry("moods")
    return (mood.name, True) if mood is not None else None


def _asks_for_more(page: Page, named: Sequence[Mark], aspect: Comparison) -> bool:
    """Whether anything is said that describes works not named: `which horror films are longer than two hours?`."""
    if any(mark.is_cue("want") and _wants_any(page, mark.start) for mark in page.marks):
        return True
    for mark in page.marks:
        if mark in named or mark.role in ("count", "missing") or (aspect.field == "choice" and mark in _makers(page)):
            continue
        compared = has_section(mark, "critiques", "critiques_mood", "vague", "comparative", "fields")
        field = {"moods": "moods", "age": "ages", "none": "unsupported"}.get(aspect.field)
        compared = compared or (field is not None and mark.has(field))
        if compared and _describes(page, mark):
            return True
        content = mark.role != "words" or any(mark.has(section) for section in CONTENT if section != "forms")
        if content and not compared and not has_section(mark, "forms", "verbs"):
            return True
    return False


def _makers(page: Page) -> list[Mark]:
    """The people of `Nolan or Villeneuve, who is better?`; one alone says whose work is meant."""
    people = [mark for mark in page.marks if mark.role == "person"]
    return people if len(people) > 1 else []


def _wants_any(page: Page, at: int) -> bool:
    """`is there any shorter film?`, and not `is Alien any shorter?`."""
    before = page.over[at - 1] if at else None
    of_one = before is not None and before.role in ("title", "missing", "ref")
    return page.words[at] in ("something", "anything") or (page.words[at] == "any" and not of_one)


def _describes(page: Page, mark: Mark) -> bool:
    """`shorter films`, `更短的电影`: what follows is what is asked for."""
    end = mark.end + (page.words[mark.end : mark.end + 1] == ["的"])
    return has_section(page.starting(end), "forms", "genres")


# --- of what ---------------------------------------------------------------------------------------------------------


def _works(page: Page, named: Sequence[Mark], ledger: Ledger) -> tuple[str, ...]:
    """What is compared, in the order in which it is named."""
    spoken = [(mark.start, _meant(mark, ledger)) for mark in named]
    if len(named) == 1 and len(spoken[0][1]) == 1 and (it := _first(page, 0, _IT)) is not None:
        spoken.append((it, (ledger.focus or ledger.last_shown)[:1]))
    if len(_makers(page)) > 1 and not spoken:
        return ()
    if spoken:
        return tuple(dict.fromkeys(item_id for _, ids in sorted(spoken) for item_id in ids))
    if any(mark.role == "missing" for mark in page.marks):
        return ()
    known = ledger.focus if len(ledger.focus) > 1 else ledger.last_shown
    if _first(page, 0, _TWO) is not None:
        return known[:2]
    return ledger.last_shown if _is_superlative(page) and _first(page, 0, _THEM) is None else known


def _is_superlative(page: Page) -> bool:
    """`which is the oldest?` asks of the whole slate, `which is older?` of the two that were just compared."""
    return any(word in ("most", "least", "最") or (len(word) > 5 and word.endswith("est")) for word in page.words)


def _mark_lacking(page: Page) -> None:
    """A name behind `than` that the catalog does not have: `is Alien longer than Zorblax Returns?`."""
    start = page.words.index("than") + 1 if "than" in page.words else len(page.words)
    end = start
    while end < len(page.words) and page.text.tokens[end].is_capital and not page.taken(end):
        end += 1
    if end > start:
        page.add(Mark(start, end, "missing"))


def _meant(mark: Mark, ledger: Ledger) -> tuple[str, ...]:
    """The works of a reference; of a title that several have, the one that was shown, else the best known."""
    if mark.role == "ref":
        return mark.ids
    return (next((item_id for item_id in mark.ids if item_id in ledger.last_shown), mark.ids[0]),)


# --- phrases ---------------------------------------------------------------------------------------------------------


@cache
def _phrases(name: str, *, level: bool) -> tuple[Phrase, ...]:
    data = lexicon().sections["comparisons"][name]
    return tuple(key_of(phrase) for key in (("en_as", "zh") if level else ("en", "zh")) for phrase in data.get(key, ()))


def _told(page: Page, name: str, start: int, *, level: bool = False) -> Iterator[int]:
    """Where one of the phrases stands; `level`: those between `as` and `as`."""
    for at in range(start, len(page.words)):
        if any(_stands(page, at, phrase) for phrase in _phrases(name, level=level)):
            yield at


def _stands(page: Page, at: int, phrase: Phrase) -> bool:
    """Whether a phrase stands there and cuts no other word in two, as `好` does `好笑`."""
    last = page.over[at + len(phrase) - 1] if tuple(page.words[at : at + len(phrase)]) == phrase else None
    return tuple(page.words[at : at + len(phrase)]) == phrase and (last is None or last.end <= at + len(phrase))


def _first(page: Page, start: int, phrases: Sequence[Phrase]) -> int | None:
    """Where the first of the phrases stands, outside of names."""
    for at in range(start, len(page.words)):
        mark = page.over[at]
        if mark is not None and mark.role in ("title", "ref"):
            continue
        if any(tuple(page.words[at : at + len(phrase)]) == phrase for phrase in phrases):
            return at
    return None
