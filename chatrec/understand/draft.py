"""The changes of one turn, as they come together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chatrec.types import Ambiguity, Change, Constraint, Kind, Ledger, Opinion, Sentiment, Wish
from chatrec.understand.lexicon import Phrase
from chatrec.understand.marks import Page
from chatrec.understand.resolve import Names
from chatrec.understand.text import is_han, key_of
from chatrec.understand.words import Words

ORDER = (
    "start_over",
    "forget_last",
    "new_topic",
    "kinds",
    "unconstrain",
    "unwish",
    "unopine",
    "opine",
    "ambiguous",
    "constrain",
    "count",
    "wish",
    "passed",
)
MAX_WISHES = 6
SAME_STEM = 4
"""Letters in which a word and its plural or adjective agree."""


@dataclass(slots=True)
class Draft:
    """Changes found so far, with the ledger and the words they are read against."""

    page: Page
    ledger: Ledger
    words: Words
    names: Names
    turn: int
    joins: bool = False
    """The message adds alternatives to what was said before."""
    is_critique: bool = False
    """It asks for something other than what was just shown: shorter, newer, more cheerful."""
    changes: list[Change] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    standing_in: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """Missing titles, and the works that stand for them."""
    nothing_by: tuple[str, ...] = ()
    """Makers of whom others were asked for, and of whom the catalog has nothing else."""
    ambiguities: list[Ambiguity] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)

    def act(self, action: Any, **what: Any) -> None:
        """Add a change, once."""
        change = Change(action=action, turn=self.turn, **what)
        if change not in self.changes:
            self.changes.append(change)

    def criticise(self) -> None:
        """Take the message as a critique of what was just shown, if anything was."""
        self.is_critique = self.is_critique or bool(self.ledger.last_shown)

    def constrain(
        self,
        field_: str,
        op: Any,
        value: Any,
        *,
        said: str,
        hard: bool = True,
        extreme: bool = False,
        taken_from: tuple[str, ...] = (),
    ) -> None:
        """Add a constraint; it is marked unenforceable where no item has the field."""
        enforceable = self.words.has(field_)
        if isinstance(value, tuple) and not value:
            return
        value = self._joined(field_, op, value)
        constraint = Constraint(
            field=field_,
            op=op,
            value=value,
            hard=hard,
            turn=self.turn,
            said=said,
            enforceable=enforceable,
            extreme=extreme,
            taken_from=taken_from,
        )
        same = [c.constraint for c in self.changes if c.constraint is not None and c.constraint.key == constraint.key]
        if all(extreme > earlier.extreme for earlier in same):  # `a short film, the shortest`
            self.act("constrain", constraint=constraint)

    def _joined(self, field_: str, op: Any, value: Any) -> Any:
        """`or a series`, `also thrillers`: what is said extends what was said before."""
        if not self.joins or op not in ("in", "ranges"):
            return value
        earlier = [c.value for c in self.ledger.constraints if (c.field, c.op, c.hard) == (field_, op, True)]
        return tuple(dict.fromkeys(v for old in (*earlier, value) if isinstance(old, tuple) for v in old))

    def wish(
        self,
        text: str,
        field_: str | None = None,
        value: str | None = None,
        *,
        also: tuple[str, ...] = (),
        less: bool = False,
    ) -> None:
        """Add a wish, once per text."""
        text = self.words.cased(text.strip()) if field_ == "themes" else text.strip()
        if field_ is None and text and is_han(text) and (theme := self.words.theme([text])):
            text, field_, value = self.words.cased(theme), "themes", theme
        wishes = [c.wish for c in self.changes if c.wish is not None]
        if text and len(wishes) < MAX_WISHES and not any(w.text == text for w in wishes):
            direction = "less" if less else "more"
            self.act("wish", wish=Wish(text=text, turn=self.turn, field=field_, value=value, also=also, direction=direction))

    def wish_mood(self, name: str, values: tuple[str, ...], *, less: bool = False) -> None:
        """Wish for more or less of a mood of the lexicon, of which these are the values, as the catalog spells them."""
        value, *also = self.words.spelled("moods", values) or values
        self.wish(name, "moods", value, also=tuple(also), less=less)

    def forbid(self, text: str, *, said: str) -> None:
        """Rule out a tag or theme, else works with that name in their title; where there is neither, wish for less of it."""
        for name in ("tags", "themes"):
            if values := self.words.spelled(name, (text,)):
                self.constrain(name, "not_in", values, said=said)
                return
        key = key_of(text)
        ids = () if self.words.ordinary.issuperset(key) else self.names.holding(key)
        if ids:
            self.constrain("id", "not_in", ids, said=said)
        else:
            self.wish(text, less=True)

    def opine(self, item_id: str, sentiment: Sentiment) -> None:
        """Add an opinion; the last one of an item in a message stands, but having seen it does not undo liking it."""
        known = next((c for c in self.changes if c.opinion is not None and c.opinion.item_id == item_id), None)
        if known is not None and known.opinion is not None:
            if sentiment in ("seen", "mentioned") and known.opinion.sentiment in ("liked", "disliked", "wanted"):
                return
            self.changes.remove(known)
        self.act("opine", opinion=Opinion(item_id=item_id, sentiment=sentiment, turn=self.turn))

    def kinds(self, kinds: tuple[Kind, ...]) -> None:
        """Set the media asked for."""
        self.act("kinds", kinds=kinds)

    def settle_synonyms(self) -> None:
        """What is wished for and ruled out in one message by two words for the same (`funny but not silly`) is wished for."""
        said = [c.constraint for c in self.changes if c.constraint is not None]
        wanted = {(c.field, value): key_of(c.said) for c in said if c.op == "in" for value in c.values}
        forbidden = [c for c in said if c.op == "not_in"]
        same = {c.said for c in forbidden if c.values and all(_other_word(c, wanted.get((c.field, v))) for v in c.values)}
        same -= {
            c.said for c in forbidden if any(key_of(c.said) == key_of(value) for value in c.values)
        }  # `not horror, but scary`
        dropped = [c for c in forbidden if c.said in same]
        self.changes = [change for change in self.changes if change.constraint not in dropped]
        self.unsupported += dict.fromkeys(c.said for c in dropped)

    def in_order(self) -> tuple[Change, ...]:
        """The changes in the order in which they must be replayed."""
        return tuple(sorted(self.changes, key=lambda c: ORDER.index(c.action)))


def _other_word(ruled_out: Constraint, wished: Phrase | None) -> bool:
    """Whether a value was wished for by another word than it is ruled out by; `thriller` and `thrillers` are the same."""
    said = {word[:SAME_STEM] for word in key_of(ruled_out.said)}
    return wished is not None and said.isdisjoint(word[:SAME_STEM] for word in wished)
