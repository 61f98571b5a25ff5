"""Whole conversations with the shipped catalog and without a language model; `suite.jsonl` holds them.

A line is one conversation: a name and its turns. A turn is what the person says (`say`), or the chip they press (`press`:
`question` is the first answer offered to a question), and what must then be the case:

| key | what must hold |
|---|---|
| `picks`, `picks>` | how many picks there are, or more than how many |
| `every`, `most` | conditions on all picks, or on more than half of them |
| `some` | a list of conditions, each of which some pick meets |
| `without`, `without_saved` | titles that are not among the picks; nothing saved is |
| `fresh` | no pick was shown before in this conversation |
| `same` | no picks, and nothing of what is known of the person changed but what they saved |
| `changed`, `gone` | the places of the last slate that hold another work now, all others being as before; works that left |
| `likes`, `saved` | places of the last slate that are now liked, saved |
| `asks` | whether a clarifying question is asked |
| `text`, `text\\|` | words that are all in the text; of which one is |
| `tells`, `tells_saved` | places of the last slate whose titles are in the text; the titles saved are |
| `told` | the text tells a field of the work at a place |
| `compare` | the text names the works `of`, the one with the `min` or `max` of the field first, and all their values |
| `verdict`, `fact` | the text begins with Yes or No, as one work has more or less than another; as a condition holds |
| `chips`, `chips~`, `no_chips` | labels, beginnings of labels that are among the chips; that are not |
| `chips_lead` | whatever chip is pressed, there are picks |
| `zh`, `no_english` | the text is Chinese; words that are in no reason |
| `ledger_empty` | nothing is known any more |

A condition is a field, an operator (none: has one of the values; `!`: has none; `~`: contains; `<` …) and a value; `median`
stands for the median of the last slate.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from chatrec import Recommender
from chatrec.generate.wording import length
from chatrec.recommender import Chat
from chatrec.types import Item, Ledger, Reply
from chatrec.understand.text import language_of

SUITE = [json.loads(line) for line in Path(__file__).with_name("suite.jsonl").read_text(encoding="utf-8").splitlines()]
OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="session")
def rec() -> Recommender:
    return Recommender.open(llm=False)


@dataclass
class Talk:
    """A conversation under way, and what was shown before its last turn."""

    rec: Recommender
    chat: Chat
    slate: tuple[Item, ...] = ()
    seen: set[str] = field(default_factory=set)
    reply: Reply | None = None

    def take(self, turn: Mapping[str, Any]) -> Reply:
        said = turn.get("say") or next(chip.say for chip in self.reply.chips if chip.say)  # type: ignore[union-attr]
        self.reply = self.chat.send(said)
        return self.reply

    def end_turn(self, reply: Reply) -> None:
        shown = tuple(pick.item for pick in reply.recommendations)
        self.slate = shown or self.slate
        self.seen |= {item.id for item in shown}

    def work(self, which: int | str) -> Item:
        """The work at a place of the last slate, or the best known one of a title."""
        if isinstance(which, int):
            return self.slate[which - 1 if which > 0 else which]
        named = [item for item in self.rec.catalog.values() if item.title == which]
        return max(named, key=lambda item: item.popularity or 0)


@pytest.mark.parametrize("conversation", SUITE, ids=lambda conversation: conversation["name"])
def test_conversation(rec: Recommender, conversation: Mapping[str, Any]) -> None:
    talk = Talk(rec, rec.session())
    for turn in conversation["turns"]:
        before = talk.chat.ledger
        reply = talk.take(turn)
        found = problems(talk, turn, reply, before)
        assert not found, f"{turn.get('say')!r}: {'; '.join(found)}\n{_told(reply)}"
        talk.end_turn(reply)


def problems(talk: Talk, turn: Mapping[str, Any], reply: Reply, before: Ledger) -> list[str]:
    """What does not hold of the reply to a turn."""
    checks = ((key, expected) for key, expected in turn.items() if key not in ("say", "press"))
    told = ((key, expected, CHECKS[key](talk, reply, before, expected)) for key, expected in checks)
    return [f"{key} {expected}: {problem}" for key, expected, problem in told if problem]


def test_the_suite_covers_media_languages_and_length() -> None:
    assert len(SUITE) >= 60
    assert len({conversation["name"] for conversation in SUITE}) == len(SUITE)
    assert all(len(conversation["turns"]) >= 1 for conversation in SUITE)
    chinese = [c for c in SUITE if HAN.search(c["turns"][0].get("say", ""))]
    assert len(chinese) >= 12


def test_what_is_taken_back_by_hand_is_heard(rec: Recommender) -> None:
    chat = rec.session()
    chip = next(chip for chip in chat.send("a comedy from the 90s").chips if chip.label == "1990s")
    assert chat.remove(chip).text.startswith("Here are five picks")


def _told(reply: Reply) -> str:
    picks = "\n".join(f"  {i}. {pick.item.to_dict()}"[:240] for i, pick in enumerate(reply.recommendations, 1))
    return f"{reply.text}\n{picks}\n{[chip.label for chip in reply.chips]}"


# --- conditions ----------------------------------------------------------------------------------------------------


def holds(item: Item, condition: str, value: Any, slate: Sequence[Item]) -> bool:
    """Whether a condition holds of a work."""
    name, sign = re.fullmatch(r"(\w+)(\W*)", condition).groups()  # type: ignore[union-attr]
    actual = getattr(item, name)
    if sign in OPERATORS:
        bound = median(n for old in slate if (n := getattr(old, name)) is not None) if value == "median" else value
        return actual is not None and OPERATORS[sign](actual, bound)
    held = set(actual if isinstance(actual, tuple) else (actual,))
    wanted = value if isinstance(value, list) else [value]
    if sign == "~":
        return any(part in text for text in held for part in wanted)
    return held.isdisjoint(wanted) if sign == "!" else not held.isdisjoint(wanted)


def _failing(talk: Talk, reply: Reply, conditions: Mapping[str, Any]) -> list[str]:
    picks = [pick.item for pick in reply.recommendations]
    return [item.title for item in picks if not all(holds(item, c, v, talk.slate) for c, v in conditions.items())]


def _every(talk: Talk, reply: Reply, before: Ledger, conditions: Mapping[str, Any]) -> str:
    if not reply.recommendations:
        return "there are no picks"
    return ", ".join(_failing(talk, reply, conditions))


def _most(talk: Talk, reply: Reply, before: Ledger, conditions: Mapping[str, Any]) -> str:
    failing = _failing(talk, reply, conditions)
    return "" if 2 * len(failing) < len(reply.recommendations) else ", ".join(failing) or "there are no picks"


def _some(talk: Talk, reply: Reply, before: Ledger, wanted: list[Mapping[str, Any]]) -> str:
    n = len(reply.recommendations)
    return ", ".join(str(conditions) for conditions in wanted if len(_failing(talk, reply, conditions)) == n)


# --- the slate -----------------------------------------------------------------------------------------------------


def _ids(reply: Reply) -> list[str]:
    return [pick.item.id for pick in reply.recommendations]


def _fresh(talk: Talk, reply: Reply, before: Ledger, expected: bool) -> str:
    again = talk.seen.intersection(_ids(reply))
    return str(again or "") if reply.recommendations else "there are no picks"


def _same(talk: Talk, reply: Reply, before: Ledger, expected: bool) -> str:
    def lasting(ledger: Ledger) -> tuple[Any, ...]:
        judged = tuple(opinion for opinion in ledger.opinions if opinion.sentiment != "saved")
        return ledger.kinds, ledger.constraints, ledger.wishes, judged, ledger.shown, ledger.passed

    after = talk.chat.ledger
    if reply.recommendations:
        return "there are picks"
    if not reply.text:
        return "nothing is said"
    return "" if lasting(before) == lasting(after) else f"{lasting(before)} became {lasting(after)}"


def _changed(talk: Talk, reply: Reply, before: Ledger, places: list[int]) -> str:
    old, new = [item.id for item in talk.slate], _ids(reply)
    if len(old) != len(new):
        return f"{len(new)} picks instead of {len(old)}"
    moved = [place for place, (was, now) in enumerate(zip(old, new, strict=True), 1) if was != now]
    returned = talk.seen.intersection(new[place - 1] for place in moved)
    return f"these changed: {moved}" if moved != places else str(returned or "")


def _gone(talk: Talk, reply: Reply, before: Ledger, places: list[int]) -> str:
    return str({talk.work(place).id for place in places}.intersection(_ids(reply)) or "")


def _without(talk: Talk, reply: Reply, before: Ledger, titles: list[str]) -> str:
    return str({pick.item.title for pick in reply.recommendations}.intersection(titles) or "")


def _without_saved(talk: Talk, reply: Reply, before: Ledger, expected: bool) -> str:
    saved = {item.id for item in talk.chat.saved}
    return str(saved.intersection(_ids(reply)) or "") if saved and reply.recommendations else "nothing saved, or no picks"


def _likes(talk: Talk, reply: Reply, before: Ledger, places: list[int]) -> str:
    return str({talk.work(place).title for place in places if talk.work(place).id not in reply.ledger.ids("liked")} or "")


def _saved(talk: Talk, reply: Reply, before: Ledger, places: list[int]) -> str:
    missing = {talk.work(place).title for place in places} - {item.title for item in talk.chat.saved}
    return str(missing or "")


def _chips_lead(talk: Talk, reply: Reply, before: Ledger, expected: bool) -> str:
    astray = []
    for chip in reply.chips:
        if chip.say is not None:
            other = talk.rec.session()
            other._store.save(other.id, talk.chat.state)
            if not other.send(chip.say).recommendations:
                astray.append(chip.label)
    return ", ".join(astray)


# --- what is said --------------------------------------------------------------------------------------------------


def _position(text: str, item: Item) -> int:
    """Where the work is named; -1 if it is not."""
    found = [at for name in (item.title, *item.aliases) if (at := text.find(name)) >= 0]
    return min(found, default=-1)


def _untold(text: str, items: Sequence[Item]) -> str:
    return ", ".join(item.title for item in items if _position(text, item) < 0)


def _value(item: Item, name: str, text: str) -> list[str]:
    """The value of a field as it may be told in the text; empty if it is unknown."""
    language = "zh" if HAN.search(text) and language_of(text) == "zh" else "en"
    actual = getattr(item, name)
    if actual in (None, ()):
        return []
    if name == "minutes":
        return [length(item, language)]
    return [str(part) for part in actual][:1] if isinstance(actual, tuple) else [f"{actual:g}"]


def _compare(talk: Talk, reply: Reply, before: Ledger, expected: Mapping[str, Any]) -> str:
    works, name = [talk.work(which) for which in expected["of"]], expected["field"]
    numbers = {item.id: getattr(item, name) for item in works}
    if untold := _untold(reply.text, works):
        return f"not named: {untold}"
    if missing := [value for item in works for value in _value(item, name, reply.text) if value not in reply.text]:
        return f"values not told: {missing}"
    known = [n for n in numbers.values() if n is not None]
    best = {"min": min, "max": max}[expected["by"]](known)
    if known.count(best) > 1 or len(known) < len(works):
        return ""
    first = min(works, key=lambda item: _position(reply.text, item))
    return "" if numbers[first.id] == best else f"{first.title} is named first"


def _says(text: str, yes: bool) -> str:
    answers = ("Yes", "是") if yes else ("No", "不")
    return "" if text.startswith(answers) else f"it should begin with {answers}"


def _verdict(talk: Talk, reply: Reply, before: Ledger, expected: Mapping[str, Any]) -> str:
    than = talk.work(expected["than"])
    subject = talk.work(expected["more"] if "more" in expected else expected["less"])
    ours, theirs = getattr(subject, expected["field"]), getattr(than, expected["field"])
    if untold := _untold(reply.text, (subject, than)):
        return f"not named: {untold}"
    return _says(reply.text, ours > theirs if "more" in expected else ours < theirs)


def _fact(talk: Talk, reply: Reply, before: Ledger, expected: Mapping[str, Any]) -> str:
    item = talk.work(expected["of"])
    conditions = {condition: value for condition, value in expected.items() if condition != "of"}
    return _untold(reply.text, (item,)) or _says(reply.text, all(holds(item, c, v, ()) for c, v in conditions.items()))


def _told_field(talk: Talk, reply: Reply, before: Ledger, expected: Mapping[str, Any]) -> str:
    values = _value(talk.work(expected["of"]), expected["field"], reply.text)
    return "" if all(value in reply.text for value in values) else f"not told: {values}"


def _tells_saved(talk: Talk, reply: Reply, before: Ledger, expected: bool) -> str:
    return _untold(reply.text, talk.chat.saved) if talk.chat.saved else "nothing is saved"


def _asks(talk: Talk, reply: Reply, before: Ledger, expected: bool) -> str:
    return "" if bool(reply.question) == expected and reply.question in reply.text else f"question: {reply.question!r}"


def _no_english(talk: Talk, reply: Reply, before: Ledger, words: list[str]) -> str:
    reasons = " ".join(pick.reason for pick in reply.recommendations)
    return ", ".join(word for word in words if word in reasons)


def _labels(reply: Reply) -> list[str]:
    return [chip.label for chip in reply.chips]


CHECKS = {
    "picks": lambda talk, reply, before, n: "" if len(reply.recommendations) == n else f"{len(reply.recommendations)} picks",
    "picks>": lambda talk, reply, before, n: "" if len(reply.recommendations) > n else f"{len(reply.recommendations)} picks",
    "every": _every,
    "most": _most,
    "some": _some,
    "without": _without,
    "without_saved": _without_saved,
    "fresh": _fresh,
    "same": _same,
    "changed": _changed,
    "gone": _gone,
    "likes": _likes,
    "saved": _saved,
    "asks": _asks,
    "text": lambda talk, reply, before, words: ", ".join(word for word in words if word not in reply.text),
    "text|": lambda talk, reply, before, words: "" if any(word in reply.text for word in words) else "none of them",
    "tells": lambda talk, reply, before, places: _untold(reply.text, [talk.work(place) for place in places]),
    "tells_saved": _tells_saved,
    "told": _told_field,
    "compare": _compare,
    "verdict": _verdict,
    "fact": _fact,
    "chips": lambda talk, reply, before, labels: ", ".join(label for label in labels if label not in _labels(reply)),
    "chips~": lambda talk, reply, before, starts: ", ".join(
        start for start in starts if not any(label.startswith(start) for label in _labels(reply))
    ),
    "no_chips": lambda talk, reply, before, labels: ", ".join(label for label in labels if label in _labels(reply)),
    "chips_lead": _chips_lead,
    "zh": lambda talk, reply, before, expected: "" if HAN.search(reply.text) else "it is not Chinese",
    "no_english": _no_english,
    "ledger_empty": lambda talk, reply, before, expected: (
        "" if replace(reply.ledger, turn=0, shown=(), last_shown=()) == Ledger() else str(reply.ledger)
    ),
}
