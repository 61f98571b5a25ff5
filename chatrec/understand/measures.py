"""Lengths, years, ages, vague sizes, and critiques of the last answer: marks → constraints.

What a vague word means is read off the catalog: short/long are the lower/upper third of the lengths of that medium, and
recent/old the five newest years and what is thirty years older. These are soft. A critique compares with the median of
the works it is about (the last answer, or a title named in the message), and is hard. Taken from the last answer, it holds for
works of those forms: it goes when others are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from chatrec.types import OF_EPISODES, Item
from chatrec.understand.contrasts import is_weighed
from chatrec.understand.critiques import nudge_mood
from chatrec.understand.draft import Draft
from chatrec.understand.family_names import family_kind
from chatrec.understand.kinds import Asked
from chatrec.understand.lexicon import lexicon
from chatrec.understand.marks import Mark, has_section
from chatrec.understand.text import wordset

RECENT_YEARS, OLD_YEARS = 5, 30
LONG_MINUTES = 300
"""From here on, a length sought (`a 60-hour game`) asks for at least half of it; below, for about that length."""
MOST_HOURS = 4
"""Up to here, a number without unit counts hours (`longer than 2`), beyond minutes; of games, all are hours."""
LONGEST_EPISODE = 150
"""A length beyond it, asked of a series, is that of all its episodes together."""
SHORT_MINUTES = 25
"""Up to here, `about` is meant roughly: about 20 minutes may be 25."""
ROUGHLY = (0.7, 1.3)
AROUND, SOUGHT = (0.8, 1.2), (0.7, 1.25)
FLIPPED = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}
ADULT_AGE = 16
FAR = 9999.0
CRITIQUES: dict[str, tuple[str, str]] = {
    "shorter": ("minutes", "lt"),
    "longer": ("minutes", "gt"),
    "older": ("year", "lt"),
    "newer": ("year", "gt"),
    "obscure": ("popularity", "lt"),
    "popular": ("popularity", "gt"),
}
_SUPERLATIVES = wordset("shortest quickest longest newest latest oldest most 最")
_PEOPLE = wordset(
    "kids kid children child brother brothers sister sisters sibling siblings son sons daughter daughters friend friends cousin "
    "cousins niece nephew grandchild grandson granddaughter people person man men woman women boy boys girl girls guy guys "
    "colleague colleagues student students pupil pupils"
)
_VAGUE_BEFORE = wordset("something anything more")
_VAGUE_AFTER = wordset("one ones first you stuff things thing please title titles release releases and but or , . ! ?")


class Measures:
    """Turns numbers and comparisons of a message into constraints.

    Args:
        draft: where the changes go.
        asked: the media asked for.
        items: the catalog's items by id.
    """

    def __init__(self, draft: Draft, asked: Asked, items: Mapping[str, Item]) -> None:
        self._draft = draft
        self._page = draft.page
        self._words = draft.words
        self._asked = asked
        self._items = items

    def read(self) -> None:
        """Read every mark of a measure."""
        self._ages()
        for mark in self._page.sorted():
            if mark.released or mark.used:
                continue
            if mark.role == "minutes":
                self._minutes(mark)
            elif mark.role == "year" and mark.attitude != "seen":  # `I saw it in a drive-in last year`
                self._years(mark)
            elif mark.has("critiques"):
                self._critique(mark)
            elif mark.has("critiques_mood"):
                self._mood_critique(mark)
            elif mark.has("vague"):
                self._vague(mark)
        self._settle_eras()

    def _constrain(self, field: str, op: Any, value: Any, mark: Mark, *, hard: bool = True, extreme: bool = False) -> None:
        self._draft.constrain(field, op, value, said=self._page.said(mark), hard=hard, extreme=extreme)

    # --- numbers ------------------------------------------------------------------------------------------------------

    def _minutes(self, mark: Mark) -> None:
        hard = not mark.soft
        if self._forms() == {"series"} and mark.number > LONGEST_EPISODE:
            self._draft.unsupported.append(self._page.said(mark))  # a series as a whole: only its episodes' length is recorded
        elif mark.op == "sought":
            self._sought(mark)
        elif mark.op == "around":
            factors = AROUND if mark.number > SHORT_MINUTES else ROUGHLY
            self._constrain("minutes", "ranges", (_around(mark.number, factors),), mark, hard=hard)
        elif mark.op == "ranges":
            self._constrain("minutes", "ranges", mark.ranges, mark, hard=hard)
        else:
            op = FLIPPED[mark.op] if mark.negated else mark.op
            minutes = self._with_unit(mark.number) if mark.bare else mark.number
            self._constrain("minutes", "le" if op == "lt" and self._is_of_episodes() else op, minutes, mark, hard=hard)

    def _with_unit(self, number: float) -> float:
        """Minutes that a number without unit stands for."""
        of_games = (self._asked.kinds or self._draft.ledger.kinds) == ("game",)
        return number * 60 if of_games or number <= MOST_HOURS else number

    def _is_of_episodes(self) -> bool:
        """Whether lengths are those of episodes, which are typical ones: `under 30 minutes` does not leave out 30."""
        forms = self._forms()
        return bool(forms) and forms <= OF_EPISODES

    def _forms(self) -> set[str]:
        """Forms asked for, now or before; empty if any will do."""
        earlier = [c.value for c in self._draft.ledger.constraints if (c.field, c.op) == ("form", "in")]
        known = earlier[-1] if earlier and not self._asked.said else ()
        return set(map(str, self._asked.forms or (known if isinstance(known, tuple) else ())))

    def _sought(self, mark: Mark) -> None:
        """A length without comparison: `a 60-hour RPG` means at least half of it, `a 90-minute film` about that."""
        kinds = self._asked.kinds or self._draft.ledger.kinds
        if mark.number >= LONG_MINUTES:
            self._constrain("minutes", "ge", mark.number / 2, mark, hard=not mark.soft)
        elif kinds == ("game",):
            self._constrain("minutes", "ranges", (_around(mark.number, (0.5, 1.5)),), mark, hard=not mark.soft)
        else:
            self._constrain("minutes", "ranges", (_around(mark.number, SOUGHT),), mark, hard=not mark.soft)

    def _years(self, mark: Mark) -> None:
        hard = not mark.soft
        if mark.op == "ranges":
            ranges = _outside(mark.ranges) if mark.negated else mark.ranges
            self._constrain("year", "ranges", ranges, mark, hard=hard)
        else:
            self._constrain("year", FLIPPED[mark.op] if mark.negated else mark.op, mark.number, mark, hard=hard)

    def _ages(self) -> None:
        """The youngest one present; a number said outranks a word (`my kids`)."""
        numbers = [m for m in self._page.marks if m.role == "age" and not m.released]
        words = [m for m in self._page.sorted() if m.has("ages") and not (m.negated or m.about or m.released)]
        self._no_adult_content()
        self._only_for_adults()
        self._nothing_for_children()
        words = [m for m in words if _word_age(m) < ADULT_AGE]
        if numbers:
            mark = min(numbers, key=lambda m: m.number)
            self._constrain("age", "le", mark.number, mark)
        elif words:
            mark = min(words, key=_word_age)
            self._constrain("age", "le", float(_word_age(mark)), mark)

    def _no_adult_content(self) -> None:
        for mark in self._page.marks:
            if mark.has("ages") and mark.negated and _word_age(mark) >= ADULT_AGE:
                self._constrain("age", "le", float(ADULT_AGE - 1), mark)

    def _only_for_adults(self) -> None:
        """`18+ films`."""
        for mark in self._page.marks:
            if mark.has("ages") and not (mark.negated or mark.released or mark.about) and _word_age(mark) > ADULT_AGE:
                self._constrain("age", "ge", float(_word_age(mark)), mark)

    def _nothing_for_children(self) -> None:
        """`no kids stuff`, `不要儿童的`: no family works, whatever age was said before."""
        for mark in self._page.sorted():
            if not mark.has("ages") or not mark.negated or _word_age(mark) >= ADULT_AGE:
                continue
            self._constrain("genres", "not_in", self._words.genres(("family",)), mark)
            for constraint in self._draft.ledger.constraints:
                if constraint.field == "age":
                    self._draft.act("unconstrain", key=constraint.key)

    # --- vague words --------------------------------------------------------------------------------------------------

    def _vague(self, mark: Mark) -> None:
        entry = mark.entry("vague")
        if entry is None or mark.about or mark.attitude == "seen" or not self._stands_alone(mark):
            return
        kinds, forms = self._asked.kinds or self._draft.ledger.kinds, self._asked.forms
        name = {"recent": "old", "old": "recent", "short": "long", "long": "short"}[entry.name] if mark.negated else entry.name
        if name in ("recent", "old"):
            newest = self._words.quantile("year", 1.0, kinds)
            if newest is not None:
                op, back = ("ge", RECENT_YEARS) if name == "recent" else ("le", OLD_YEARS)
                self._constrain("year", op, newest - back, mark, hard=False, extreme=self._is_superlative(mark))
            return
        extreme = self._is_superlative(mark) and "series" not in self._forms()  # of a series only episodes' length is known
        if not extreme and any(m.role == "minutes" and not m.released for m in self._page.marks):
            return  # `a long game, at least 80 hours` has said how long
        known = kinds or extreme
        third = self._words.quantile("minutes", 1 / 3 if name == "short" else 2 / 3, kinds, forms) if known else None
        if third is None:
            self._draft.wish(name)
        else:
            self._constrain("minutes", "le" if name == "short" else "ge", third, mark, hard=False, extreme=extreme)

    def _is_superlative(self, mark: Mark) -> bool:
        """`the shortest film`, `the newer the better`, `最新的游戏`."""
        said = self._page.words[mark.start : mark.end]
        furthest = not _SUPERLATIVES.isdisjoint(said) and said != ["最", "近"]  # `最近` is recent
        return not mark.negated and (furthest or said[-1:] in (["better"], ["好"]))

    def _stands_alone(self, mark: Mark) -> bool:
        """`a new film`, `something old`, `not too long`, but not `an old friend`, nor `最近失恋了`."""
        if self._page.words[mark.start : mark.end] == ["最", "近"] and self._page.words[mark.end : mark.end + 1] != ["的"]:
            return has_section(self._page.starting(mark.end), "forms", "genres", "styles")
        if mark.end - mark.start > 1:
            return True
        if "my" in self._page.words[max(0, mark.start - 4) : mark.start] and self._page.words[mark.start - 1] in ("is", "are"):
            return False  # `my laptop is old`
        before = self._page.words[mark.start - 1] if mark.start else ""
        end = mark.end + (self._page.words[mark.end : mark.end + 1] == ["的"])
        after = self._page.words[end] if end < len(self._page.words) else ""
        if after in _PEOPLE:
            return False
        head = self._page.starting(end)
        described = head is not None and head.role == "words" and not head.has("cues", "negate") and not head.has("verbs")
        family = head is not None and head.role == "title" and family_kind(self._page, self._page.starting(head.end)) is not None
        described = described or family
        ends = not after or after in _VAGUE_AFTER
        return described or (ends and (before in _VAGUE_BEFORE or not after or mark.start == 0 or after in _VAGUE_AFTER))

    def _settle_eras(self) -> None:
        """`80s synth pop but modern`: how it is to be counts, and the decade is a manner; no year is both."""
        said = [(change, change.constraint) for change in self._draft.changes if change.constraint is not None]
        eras = [(change, c) for change, c in said if c.field == "year" and c.op == "ranges" and isinstance(c.value, tuple)]
        recent = [c for _, c in said if c.field == "year" and c.op == "ge" and not (c.hard or c.extreme)]
        for change, era in eras:
            if any(last < float(c.value) for c in recent for _, last in era.value):  # type: ignore[arg-type,union-attr,misc]
                self._draft.changes.remove(change)
                self._draft.wish(era.said)

    # --- critiques ----------------------------------------------------------------------------------------------------

    def _critique(self, mark: Mark) -> None:
        entry = mark.entry("critiques")
        if entry is None or mark.about or mark.attitude == "seen" or self._is_ordinary_use(mark):
            return
        field, op = CRITIQUES[entry.name]
        if mark.negated and mark.end - mark.start == 1:
            op = "le" if op == "gt" else "ge"
        base, ledger = self._base(mark), self._draft.ledger
        if base == ledger.last_shown and any((c.field, c.op[0]) == (field, op[0]) for c in ledger.constraints if c.extreme):
            self._draft.criticise()  # what lies furthest was shown: the next ones follow
            return
        shown = base == ledger.last_shown
        works = [item for item in map(self._items.__getitem__, base) if not shown or self._is_asked(item)]
        if field == "minutes":  # a film and an episode do not compare: the whole works do, where there are both
            works = [item for item in works if item.form not in OF_EPISODES] or works
        numbers = [float(n) for item in works if (n := getattr(item, field)) is not None]
        if numbers:
            self._draft.is_critique = True
            forms = sorted({*(item.form or item.kind for item in works), *self._forms()}) if shown else ()
            said = self._page.said(mark)
            self._draft.constrain(field, op, median(numbers), said=said, taken_from=tuple(forms))
        elif self._words.has(field):
            self._without_base(field, op, mark)
        else:
            self._draft.unsupported.append(self._page.said(mark))

    def _is_asked(self, item: Item) -> bool:
        """Whether a work is of the media and forms that the message names: `a shorter film` takes nothing from albums."""
        kinds, forms = self._asked.kinds if self._asked.said else (), self._asked.forms
        return (not kinds or item.kind in kinds) and (not forms or item.form in (None, *forms))

    def _without_base(self, field: str, op: str, mark: Mark) -> None:
        """Nothing to compare with: the catalog's own median, softly."""
        kinds = self._asked.kinds or self._draft.ledger.kinds
        middle = self._words.quantile(field, 0.5, kinds)
        if field == "minutes" and not kinds:
            self._draft.wish("short" if op in ("lt", "le") else "long")
        elif middle is not None:
            self._constrain(field, op, middle, mark, hard=False)

    def _is_ordinary_use(self, mark: Mark) -> bool:
        """`no longer`, `my older brother`, `hit` as a verb."""
        before = self._page.words[mark.start - 1] if mark.start else ""
        after = self._page.words[mark.end] if mark.end < len(self._page.words) else ""
        return (before == "no" and after != "than") or after in _PEOPLE

    def _base(self, mark: Mark) -> tuple[str, ...]:
        """What the critique compares with: the title after `than` or `比`, a liked one of this message, else the last answer."""
        led = self._page.ending(mark.start)
        if led is not None and led.role in ("title", "ref") and self._page.words[led.start - 1 : led.start] == ["比"]:
            led.used = True
            return led.ids[:1]
        after = [m for m in self._page.within(mark.end, mark.end + 4) if m.role in ("title", "ref")]
        if after and self._page.words[mark.end : mark.end + 1] == ["than"]:
            after[0].used = True
            return after[0].ids[:1]
        if self._page.words[mark.end : mark.end + 1] == ["than"] and self._draft.ledger.last_shown:
            return self._draft.ledger.last_shown
        named = [m for m in self._page.marks if m.role == "title"]
        liked = [m.ids[0] for m in named if m.attitude in (None, "like")]
        seen = [m.ids[0] for m in named if m.attitude == "seen"]  # `I finished Hades, something shorter?`
        return tuple(liked or seen) or self._draft.ledger.last_shown

    def _mood_critique(self, mark: Mark) -> None:
        entry = mark.entry("critiques_mood")
        if entry is None or mark.attitude == "seen":
            return
        negated = mark.negated and self._page.words[mark.start] not in ("too", "太")
        if "mood" in entry.data and is_weighed(self._page, mark) and not (negated or self._draft.ledger.last_shown):
            moods = lexicon().sections["moods"][entry.data["mood"]]["values"]  # `something more funny than sad`
            self._constrain("moods", "in", self._words.spelled("moods", moods), mark)
            return
        if "mood" in entry.data and not (mark.negated and not negated):
            nudge_mood(self._draft, entry.data["mood"], "less" if negated else "more", entry.data.get("moods", ()))
        if "less" in entry.data and not negated:
            nudge_mood(self._draft, entry.data["less"], "less")


def _word_age(mark: Mark) -> float:
    entry = mark.entry("ages")
    return float(entry.data["age"]) if entry else FAR


def _around(number: float, factors: tuple[float, float]) -> tuple[float, float]:
    return round(number * factors[0]), round(number * factors[1])


def _outside(ranges: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Everything but these years."""
    gaps: list[tuple[float, float]] = []
    low = 0.0
    for first, last in sorted(ranges):
        if low < first:
            gaps.append((low, first - 1))
        low = last + 1
    return (*gaps, (low, FAR))
