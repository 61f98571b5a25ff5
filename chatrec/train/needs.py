"""Simulated needs: what people might ask of a catalog, made from its own facts, for media no public dialogs exist of.

A need has a hidden target. It is expressed by some of the target's facts (understood as constraints or wishes, or left in the
words of the message), by words of its description, and by an item the person likes that resembles the target. What fits the
need as expressed is gold. The shipped head learns from these beside real dialogs, so that facts count in any medium.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chatrec.constraints import satisfies_all
from chatrec.index.open import Index
from chatrec.retrieve.query import is_enforced
from chatrec.score.table import Floats, ItemTable
from chatrec.types import KINDS, Constraint, Item, Ledger, Opinion, Query, Wish

FACTS = ("genres", "moods", "themes", "tags", "people")
FACT_ODDS = (0.38, 0.24, 0.2, 0.1, 0.08)
NEAREST = 12
"""A liked item is one of so many that resemble the target most."""
BESIDE = 0.25
"""How often a work is liked that has nothing to do with the facts that are asked for as well ("we love Amélie; some science
fiction"): what has the facts is then wanted as far as it is nearer to it than the rest, however far that is."""
NEARER = 0.25
"""Share of what has the facts that is near enough to a work of another sort; three works at least."""
LEANING = 0.3
"""How often a need leans to the older or newer, shorter or longer half ("an old one", "something short")."""
SNIPPET = 7
"""Words of the description that a person may remember."""
NOUNS = {"video": ("film", "movie", "show"), "audio": ("album", "podcast", "something to listen to"), "game": ("game",)}


@dataclass(frozen=True)
class Need:
    """A simulated request and the items that fit it."""

    query: Query
    gold: tuple[str, ...]
    number: int


def simulate(index: Index, count: int, seed: int = 0) -> Iterator[Need]:
    """Needs, their texts embedded in batches.

    Args:
        index: of the catalog whose facts are used; works without genres are not asked for.
        count: how many.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    maker = _Maker(index, rng)
    drafts = [maker.need(number) for number in range(count)]
    texts = list(dict.fromkeys(text for need in drafts for text in (need.query.text, need.query.last_message) if text))
    vectors = dict(zip(texts, index.embedder.encode(texts), strict=True))
    for need in drafts:
        message = vectors.get(need.query.last_message) if rng.random() < 0.5 else None
        yield replace(need, query=replace(need.query, vector=vectors.get(need.query.text), message_vector=message))


class _Maker:
    """Draws needs from a catalog."""

    def __init__(self, index: Index, rng: np.random.Generator) -> None:
        self._items = list(index.catalog.values())
        self._rng = rng
        self._taste = taste(ItemTable.of(index))
        self._targets = [row for row, item in enumerate(self._items) if item.genres]

    def need(self, number: int) -> Need:
        """One need: facts, remembered words, a liked item, or several of these."""
        rng = self._rng
        row = int(rng.choice(self._targets))
        target = self._items[row]
        liked = self._liked(row) if rng.random() < 0.5 else None
        remembered = self._snippet(target) if rng.random() < (0.15 if liked is not None else 0.3) else ""
        facts = self._facts(target, int(rng.integers(0 if liked is not None or remembered else 1, 4)))
        beside = liked is not None and bool(facts) and rng.random() < BESIDE
        if beside:
            liked = int(rng.choice(self._others(row, target.kind)))
        return self._express(number, row, facts, remembered, liked, beside=beside)

    def _express(
        self, number: int, row: int, facts: list[tuple[str, str]], remembered: str, liked: int | None, *, beside: bool
    ) -> Need:
        target, rng = self._items[row], self._rng
        message = self._message(target, facts, remembered, liked)
        understood = rng.random() < 0.75
        constraints = tuple(
            Constraint(field=field, op="in", value=(value,)) for field, value in facts if understood and self._is_hard(field)
        )
        taken = {(c.field, c.value) for c in constraints}
        wishes = [Wish(text=v, field=f, value=v) for f, v in facts if understood and (f, (v,)) not in taken]
        wishes += [Wish(text=remembered)] if remembered and understood else []
        opinions = (Opinion(item_id=self._items[liked].id, sentiment="liked"),) if liked is not None else ()
        kinds = (target.kind,) if rng.random() < 0.7 else ()
        leaning = self._leaning(target) if understood else ()
        ledger = Ledger(kinds=kinds, opinions=opinions, constraints=constraints + leaning, wishes=tuple(wishes))
        words = [wish.text for wish in wishes] + [str(v) for c in constraints if isinstance(c.value, tuple) for v in c.value]
        enforced = is_enforced(ledger)
        text = "" if enforced else " ".join(words) if understood else message
        excluded = frozenset(opinion.item_id for opinion in opinions)
        query = Query(ledger=ledger, text=text, last_message="" if enforced else message, excluded=excluded)
        wanted = [Constraint(field=field, op="in", value=(value,)) for field, value in facts]
        wanted += [Constraint(field="kind", op="in", value=(target.kind,)), *leaning]
        gold = self._gold(row, wanted, liked, beside=beside) if not remembered else {target.id}
        return Need(query, tuple(sorted(gold - excluded)), number)

    def _gold(self, row: int, wanted: Sequence[Constraint], liked: int | None, *, beside: bool) -> set[str]:
        """What has all that is wanted and is as near to the liked work as the target; beside one of another sort, the nearest."""
        fitting = [place for place, item in enumerate(self._items) if place != liked and satisfies_all(item, wanted)]
        if liked is None:
            return {self._items[place].id for place in fitting}
        near = self._taste[liked]
        if beside:
            bar = np.sort(near[fitting])[-max(3, round(NEARER * len(fitting))) :][0]
        else:
            bar = min(near[row], np.sort(near)[-NEAREST])
        return {self._items[place].id for place in fitting if near[place] >= bar}

    def _leaning(self, target: Item) -> tuple[Constraint, ...]:
        """Softly, a side of a bound that the target is on; the bound is another work's of its medium."""
        field = str(self._rng.choice(("year", "minutes")))
        have = getattr(target, field)
        if have is None or self._rng.random() >= LEANING:
            return ()
        others = [getattr(item, field) for item in self._items if item.kind == target.kind and getattr(item, field) is not None]
        bound = int(self._rng.choice(others))
        return (Constraint(field=field, op="le" if have <= bound else "ge", value=bound, hard=False),)

    def _facts(self, target: Item, count: int) -> list[tuple[str, str]]:
        facts: dict[tuple[str, str], None] = {}
        for field in self._rng.choice(FACTS, size=count, p=FACT_ODDS):
            values = getattr(target, field)
            if values:
                facts[str(field), str(self._rng.choice(values))] = None
        return list(facts) or [("genres", target.genres[0])] * (count > 0)

    def _liked(self, row: int) -> int:
        """A work that resembles the target, of its medium nine times in ten."""
        kind = self._items[row].kind
        if self._rng.random() < 0.1:
            kind = str(self._rng.choice([other for other in KINDS if other != kind]))
        rows = self._others(row, kind)
        nearest = np.argsort(-self._taste[row][rows], kind="stable")[:NEAREST]
        return int(rows[int(self._rng.choice(nearest))])

    def _others(self, row: int, kind: str) -> list[int]:
        """Works but this one, of the medium if it has any."""
        others = [place for place in range(len(self._items)) if place != row]
        return [place for place in others if self._items[place].kind == kind] or others

    def _snippet(self, target: Item) -> str:
        words = (target.description or "").split()
        if len(words) <= SNIPPET:
            return " ".join(words)
        start = int(self._rng.integers(0, len(words) - SNIPPET))
        return " ".join(words[start : start + SNIPPET])

    def _message(self, target: Item, facts: Sequence[tuple[str, str]], remembered: str, liked: int | None) -> str:
        noun = str(self._rng.choice(NOUNS[target.kind]))
        plain = [value for field, value in facts if field in ("moods", "genres")]
        themes = [value for field, value in facts if field in ("themes", "tags")]
        people = [value for field, value in facts if field == "people"]
        parts = [f"{' '.join(plain)} {noun}".strip()]
        parts += [f"about {' and '.join(themes)}"] if themes else []
        parts += [f"by {' and '.join(people)}"] if people else []
        parts += [f"like {self._items[liked].title}"] if liked is not None else []
        parts += [f"where {remembered}"] if remembered else []
        return str(self._rng.choice(["", "I want a ", "looking for a ", "any good "])) + " ".join(parts)

    def _is_hard(self, field: str) -> bool:
        return field in ("genres", "people") and bool(self._rng.random() < 0.5)


def taste(table: ItemTable) -> Floats:
    """float32 [items, items]: how much alike two works are, by facts and by text; unknown facts count nothing."""
    rows = np.arange(len(table.vectors))
    parts = [np.nan_to_num(table.facets[name].cosines(rows, rows)) for name in ("genres", "moods", "themes")]
    return (0.25 * (parts[0] + parts[1] + parts[2]) + 0.5 * (table.vectors @ table.vectors.T)).astype(np.float32)
