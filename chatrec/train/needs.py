"""Simulated needs: what people might ask of a catalog, made from its own facts, for media no public dialogs exist of.

A need has a hidden target. It is expressed by some of the target's facts (understood as constraints or wishes, or left in the
words of the message), by words of its description, by an item the person likes that resembles the target, and now and then by a
work they dislike and something there should be less of. What fits the need as expressed is gold. The shipped head learns from
these beside real dialogs, so that facts count in any medium.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chatrec.constraints import satisfies_all
from chatrec.index.open import Index
from chatrec.retrieve.query import is_enforced
from chatrec.score.table import Floats, ItemTable
from chatrec.types import KINDS, Constraint, Item, Ledger, Opinion, Query, Sentiment, Wish

FACTS = ("genres", "moods", "themes", "tags", "people")
FACT_ODDS = (0.38, 0.24, 0.2, 0.1, 0.08)
LESSENED = ("genres", "moods", "themes")
NEAREST = 12
"""A liked item is one of so many that resemble the target most."""
BESIDE = 0.25
"""How often a work is liked that has nothing to do with the facts that are asked for as well ("we love Amélie; some science
fiction"): what has the facts is then wanted as far as it is nearer to it than the rest, however far that is."""
NEARER = 0.25
"""Share of what has the facts that is near enough to a work of another sort; three works at least."""
DISLIKED = 0.2
"""How often a work is disliked, of those that have the facts."""
TOO_NEAR = 0.25
"""Share of what has the facts that is then too near to it."""
LESS = 0.15
"""How often there should be less of something that others with the facts have and the target lacks."""
SEEN = 0.15
"""How often a work is known to have been seen, which tells nothing."""
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


@dataclass(frozen=True)
class Draft:
    """A need before it is put into words; works are rows of the catalog."""

    target: int
    facts: Sequence[tuple[str, str]]
    """(field, value) of the target."""
    remembered: str
    """Words of its description."""
    understood: bool
    """Whether the ledger knows what was asked for; if not, the message alone tells."""
    liked: int | None = None
    beside: bool = False
    """Whether the liked work is of another sort than the target."""
    disliked: int | None = None
    less: tuple[str, str] | None = None
    """(field, value) there should be less of."""
    seen: int | None = None
    leaning: tuple[Constraint, ...] = ()

    @property
    def opinions(self) -> dict[int, Sentiment]:
        """Work → what is thought of it, the liked one last."""
        told: dict[int | None, Sentiment] = {self.seen: "seen", self.disliked: "disliked", self.liked: "liked"}
        return {row: sentiment for row, sentiment in told.items() if row is not None}


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
        """One need: facts, remembered words, a liked item, or several of these; now and then what is not wanted."""
        rng = self._rng
        row = int(rng.choice(self._targets))
        target = self._items[row]
        liked = self._liked(row) if rng.random() < 0.5 else None
        remembered = self._snippet(target) if rng.random() < (0.15 if liked is not None else 0.3) else ""
        facts = self._facts(target, int(rng.integers(0 if liked is not None or remembered else 1, 4)))
        beside = liked is not None and bool(facts) and rng.random() < BESIDE
        if beside:
            liked = int(rng.choice(self._others(row, target.kind)))
        draft = Draft(row, facts, remembered, bool(rng.random() < 0.75), liked, beside)
        return self._express(number, self._refined(draft))

    def _refined(self, draft: Draft) -> Draft:
        """The same, now and then with what is not wanted, what tells nothing, and a side of a bound."""
        rng, target = self._rng, self._items[draft.target]
        fitting = self._fitting(draft)
        others = [row for row in fitting if row not in (draft.target, draft.liked)]
        draws = rng.random(3) < (DISLIKED, LESS, SEEN)
        disliked = int(rng.choice(others)) if draws[0] and others else None
        less = self._less(target, others) if draws[1] and draft.understood else None
        seen = int(rng.choice(self._others(draft.target, target.kind))) if draws[2] else None
        seen = None if seen in (draft.liked, disliked) else seen
        leaning = self._leaning(target) if draft.understood else ()
        return replace(draft, disliked=disliked, less=less, seen=seen, leaning=leaning)

    def _express(self, number: int, draft: Draft) -> Need:
        target, rng, facts = self._items[draft.target], self._rng, draft.facts
        message = self._message(draft)
        understood, remembered = draft.understood, draft.remembered
        constraints = tuple(
            Constraint(field=field, op="in", value=(value,)) for field, value in facts if understood and self._is_hard(field)
        )
        taken = {(c.field, c.value) for c in constraints}
        wishes = [Wish(text=v, field=f, value=v) for f, v in facts if understood and (f, (v,)) not in taken]
        wishes += [Wish(text=remembered)] if remembered and understood else []
        words = [wish.text for wish in wishes] + [str(v) for c in constraints if isinstance(c.value, tuple) for v in c.value]
        if draft.less is not None:
            field, value = draft.less
            wishes.append(Wish(text=value, field=field, value=value, direction="less"))
        opinions = tuple(Opinion(item_id=self._items[row].id, sentiment=felt) for row, felt in draft.opinions.items())
        kinds = (target.kind,) if rng.random() < 0.7 else ()
        ledger = Ledger(kinds=kinds, opinions=opinions, constraints=constraints + draft.leaning, wishes=tuple(wishes))
        enforced = is_enforced(ledger)
        text = "" if enforced else " ".join(words) if understood else message
        excluded = frozenset(opinion.item_id for opinion in opinions)
        query = Query(ledger=ledger, text=text, last_message="" if enforced else message, excluded=excluded)
        gold = self._gold(draft) if not remembered else {target.id}
        return Need(query, tuple(sorted(gold - excluded)), number)

    def _fitting(self, draft: Draft) -> list[int]:
        """Rows of what has all that is asked for, the target among them."""
        wanted = [Constraint(field=field, op="in", value=(value,)) for field, value in draft.facts]
        wanted += [Constraint(field="kind", op="in", value=(self._items[draft.target].kind,)), *draft.leaning]
        return [row for row, item in enumerate(self._items) if row != draft.liked and satisfies_all(item, wanted)]

    def _gold(self, draft: Draft) -> set[str]:
        """What has all that is wanted and is as near to the liked work as the target; beside one of another sort, the nearest.

        Without the quarter that is nearest to a disliked work, unless the target is nearer still, and without what there should
        be less of.
        """
        gold = fitting = self._fitting(draft)
        if draft.liked is not None:
            near = self._taste[draft.liked]
            if draft.beside:
                bar = np.sort(near[fitting])[-max(3, round(NEARER * len(fitting))) :][0]
            else:
                bar = min(near[draft.target], np.sort(near)[-NEAREST])
            gold = [row for row in gold if near[row] >= bar]
        if draft.disliked is not None:
            near = self._taste[draft.disliked]
            bar = max(near[draft.target], np.quantile(near[fitting], 1 - TOO_NEAR))
            gold = [row for row in gold if near[row] <= bar]
        if draft.less is not None:
            field, value = draft.less
            gold = [row for row in gold if value not in getattr(self._items[row], field)]
        return {self._items[row].id for row in gold}

    def _less(self, target: Item, others: Sequence[int]) -> tuple[str, str] | None:
        """A fact that at least a fifth of the others have and the target lacks."""
        counts = Counter((f, v) for row in others for f in LESSENED for v in getattr(self._items[row], f))
        enough = (fact for fact, count in counts.items() if 5 * count >= len(others))
        common = sorted((field, value) for field, value in enough if value not in getattr(target, field))
        return common[int(self._rng.integers(len(common)))] if common else None

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

    def _message(self, draft: Draft) -> str:
        target, facts, items = self._items[draft.target], draft.facts, self._items
        noun = str(self._rng.choice(NOUNS[target.kind]))
        plain = [value for field, value in facts if field in ("moods", "genres")]
        themes = [value for field, value in facts if field in ("themes", "tags")]
        people = [value for field, value in facts if field == "people"]
        parts = [f"{' '.join(plain)} {noun}".strip()]
        parts += [f"about {' and '.join(themes)}"] if themes else []
        parts += [f"by {' and '.join(people)}"] if people else []
        parts += [f"like {items[draft.liked].title}"] if draft.liked is not None else []
        parts += [f"where {draft.remembered}"] if draft.remembered else []
        parts += [f"but less {draft.less[1]}"] if draft.less is not None else []
        parts += [f"and not like {items[draft.disliked].title}"] if draft.disliked is not None else []
        parts += [f". I have seen {items[draft.seen].title}"] if draft.seen is not None else []
        return str(self._rng.choice(["", "I want a ", "looking for a ", "any good "])) + " ".join(parts)

    def _is_hard(self, field: str) -> bool:
        return field in ("genres", "people") and bool(self._rng.random() < 0.5)


def taste(table: ItemTable) -> Floats:
    """float32 [items, items]: how much alike two works are, by facts and by text; unknown facts count nothing."""
    rows = np.arange(len(table.vectors))
    parts = [np.nan_to_num(table.facets[name].cosines(rows, rows)) for name in ("genres", "moods", "themes")]
    return (0.25 * (parts[0] + parts[1] + parts[2]) + 0.5 * (table.vectors @ table.vectors.T)).astype(np.float32)
