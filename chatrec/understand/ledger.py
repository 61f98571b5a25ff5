"""Changes → `Ledger`: a pure replay, so that undo is nothing but leaving changes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import replace

from chatrec.types import Ambiguity, Change, Constraint, Kind, Ledger, Opinion, Wish

FORM_KINDS: dict[str, Kind] = {
    "film": "video", "series": "video", "short": "video",
    "track": "audio", "album": "audio", "artist": "audio", "podcast": "audio", "audiobook": "audio",
    "game": "game", "dlc": "game",
}  # fmt: skip
UPPER, LOWER = {"lt", "le"}, {"gt", "ge"}
OPEN_AMBIGUITIES = 3
OF_SLATES = ("shown", "passed", "spoken_of", "asked")
"""Actions that note what became of an answer; there is nothing in them to take back."""


def replay(changes: Iterable[Change]) -> Ledger:
    """Fold changes, oldest first, into what the person wants now.

    - `constrain` replaces earlier ones of the same field and direction; several of one turn stand side by side. Exclusions
      add up; an exclusion and a demand of the same value undo each other, the later one stands. What is to come first as it lies
      furthest is replaced by the next such one, whatever its field, and by no bound.
    - A bound that was taken from what was shown goes when other forms or media are asked for, or others beside them. It replaces
      what was only preferred of the same field, whatever its direction.
    - `forget_last` leaves out the changes of the latest turn that said anything (what was shown or passed over stays so, and a
      mere "more" has said nothing); a restart can be undone this way too.
    - `new_topic` keeps what stays true of a person: seen, disliked and saved items and the youngest one's age. Liked items
      become past ones, so that they are not offered and no longer pull.
    """
    ledger, turn = Ledger(), 0
    for change in _live(changes):
        ledger = _APPLY[change.action](ledger, change)
        turn = max(turn, change.turn)
    return replace(ledger, turn=turn)


def _live(changes: Iterable[Change]) -> list[Change]:
    """The changes that were not taken back."""
    kept: list[Change] = []
    for change in changes:
        if change.action != "forget_last":
            kept.append(change)
            continue
        last = max((c.turn for c in kept if c.action not in OF_SLATES), default=None)
        kept = [c for c in kept if c.action in OF_SLATES or c.turn != last]
    return kept


def _opine(ledger: Ledger, change: Change) -> Ledger:
    new = change.opinion
    if new is None:
        return ledger
    known = next((o for o in ledger.opinions if o.item_id == new.item_id), None)
    if new.sentiment == "mentioned" and known is not None:
        return ledger
    others = tuple(o for o in ledger.opinions if o.item_id != new.item_id)
    return _settle(replace(ledger, opinions=(*others, new)), new.item_id)


def _unopine(ledger: Ledger, change: Change) -> Ledger:
    kept = tuple(o for o in ledger.opinions if o.item_id != change.key)
    return _settle(replace(ledger, opinions=kept), change.key or "")


def _settle(ledger: Ledger, item_id: str) -> Ledger:
    """An ambiguity is settled once one of its options is spoken of again."""
    return replace(ledger, ambiguities=tuple(a for a in ledger.ambiguities if item_id not in a.options))


def _ambiguous(ledger: Ledger, change: Change) -> Ledger:
    new = change.ambiguity
    if new is None:
        return ledger
    others: tuple[Ambiguity, ...] = tuple(a for a in ledger.ambiguities if set(a.options).isdisjoint(new.options))
    return replace(ledger, ambiguities=(*others, new)[-OPEN_AMBIGUITIES:])


def _constrain(ledger: Ledger, change: Change) -> Ledger:
    new = change.constraint
    if new is None:
        return ledger
    earlier = ledger.constraints
    if (new.field, new.op, new.hard) == ("form", "in", True):
        forms = set(_texts(new))
        earlier = tuple(c for c in earlier if not c.taken_from or forms <= set(c.taken_from))
        earlier = tuple(c for c in earlier if not c.of_forms or not forms.isdisjoint(c.of_forms))
        ledger = _without_foreign_count(ledger, forms)
    kept = (left for old in earlier for left in _left_of(old, new))
    return replace(ledger, constraints=(*kept, new))


def _left_of(old: Constraint, new: Constraint) -> tuple[Constraint, ...]:
    """What remains of `old` once `new` is said: itself, itself with fewer values, or nothing."""
    if old.key == new.key or _replaces(new, old):
        return ()
    if old.field == new.field and {old.op, new.op} == {"in", "not_in"} and old.turn != new.turn:
        values = tuple(v for v in _texts(old) if v not in _texts(new))
        return (replace(old, value=values),) if values else ()
    return (old,)


def _replaces(new: Constraint, old: Constraint) -> bool:
    if old.extreme and (new.extreme or new.hard):
        return new.extreme  # one order at a time; bounds leave it as it is
    if old.turn == new.turn or (old.hard and not new.hard):
        return False
    if "in" == new.op == old.op:
        return _facet(new) == _facet(old)
    if old.field != new.field or {"in", "not_in"} & {new.op, old.op}:
        return False
    turned = bool(new.taken_from) and not old.hard  # `recent films`, then `something older`
    return turned or _same_direction(new, old)


def _same_direction(new: Constraint, old: Constraint) -> bool:
    if "ranges" in (new.op, old.op) or {new.op, old.op} <= UPPER or {new.op, old.op} <= LOWER:
        return True
    upper, lower = (new, old) if new.op in UPPER else (old, new)
    return not _number(lower) < _number(upper)


def _facet(constraint: Constraint) -> str:
    """What an `in` constraint is about: two of the same facet contradict each other, two tags usually do not."""
    if constraint.field == "tags":
        players = any("player" in v or "co-op" in v for v in _texts(constraint))
        return "players" if players else f"tags {constraint.value}"
    if constraint.field == "genres" and _texts(constraint) == ("animation",):
        return "animated"  # says how it is made: `a comedy`, `animated` wants both
    return constraint.field


def _texts(constraint: Constraint) -> tuple[str, ...]:
    return tuple(str(v) for v in constraint.value) if isinstance(constraint.value, tuple) else ()


def _number(constraint: Constraint) -> float:
    return float(constraint.value) if isinstance(constraint.value, (int, float)) else 0.0


def _unconstrain(ledger: Ledger, change: Change) -> Ledger:
    return replace(ledger, constraints=tuple(c for c in ledger.constraints if c.key != change.key))


def _wish(ledger: Ledger, change: Change) -> Ledger:
    new = change.wish
    if new is None:
        return ledger
    others: tuple[Wish, ...] = tuple(w for w in ledger.wishes if w.text != new.text)
    return replace(ledger, wishes=(*others, new))


def _unwish(ledger: Ledger, change: Change) -> Ledger:
    return replace(ledger, wishes=tuple(w for w in ledger.wishes if w.text != change.key))


def _kinds(ledger: Ledger, change: Change) -> Ledger:
    """A switch to other media drops forms of the old ones, lengths (a long film is a short game), and how many are wanted."""
    kinds = change.kinds
    if not kinds:
        return replace(ledger, kinds=kinds)
    kept = tuple(c for c in _without_foreign_forms(ledger.constraints, kinds) if _is_of(c, kinds))
    forms = {form for form, kind in FORM_KINDS.items() if kind in kinds}
    kept = tuple(c for c in kept if not c.of_forms or not forms.isdisjoint(c.of_forms))
    if ledger.kinds and set(kinds).isdisjoint(ledger.kinds):
        kept = tuple(c for c in kept if c.field != "minutes")
        ledger = replace(ledger, count=None)
    return replace(_without_foreign_count(ledger, forms), kinds=kinds, constraints=kept)


def _count(ledger: Ledger, change: Change) -> Ledger:
    once = change.count is not None and change.count.once
    return ledger if once else replace(ledger, count=change.count)


def _without_foreign_count(ledger: Ledger, forms: Set[str]) -> Ledger:
    """Numbers that were told form by form go when other forms are asked for."""
    count = ledger.count
    return replace(ledger, count=None) if count is not None and not set(count.each) <= forms else ledger


def _is_of(constraint: Constraint, kinds: tuple[Kind, ...]) -> bool:
    """Whether a bound that was taken from what was shown was taken from works of these media, each of them."""
    return not constraint.taken_from or set(kinds) <= {FORM_KINDS.get(form, form) for form in constraint.taken_from}


def _without_foreign_forms(constraints: tuple[Constraint, ...], kinds: tuple[Kind, ...]) -> tuple[Constraint, ...]:
    """The constraints, of forms what is of these media only; one that names no other forms goes."""
    kept = []
    for constraint in constraints:
        if constraint.field == "form":
            forms = tuple(form for form in _texts(constraint) if FORM_KINDS.get(form, kinds[0]) in kinds)
            constraint = replace(constraint, value=forms)
        if constraint.value != ():
            kept.append(constraint)
    return tuple(kept)


def _shown(ledger: Ledger, change: Change) -> Ledger:
    shown = tuple(dict.fromkeys(ledger.shown + change.item_ids))
    return replace(ledger, shown=shown, last_shown=change.item_ids, focus=())


def _spoken_of(ledger: Ledger, change: Change) -> Ledger:
    return replace(ledger, focus=change.item_ids)


def _asked(ledger: Ledger, change: Change) -> Ledger:
    return replace(ledger, asked=(*ledger.asked, (change.key or "", change.turn)))


def _passed(ledger: Ledger, change: Change) -> Ledger:
    return replace(ledger, passed=tuple(dict.fromkeys(ledger.passed + change.item_ids)))


def _new_topic(ledger: Ledger, change: Change) -> Ledger:
    kept = tuple(_without_pull(o) for o in ledger.opinions if o.sentiment != "mentioned")
    ages = tuple(c for c in ledger.constraints if c.field == "age")
    return Ledger(opinions=kept, constraints=ages, last_shown=ledger.last_shown)


def _without_pull(opinion: Opinion) -> Opinion:
    return replace(opinion, sentiment="past") if opinion.sentiment in ("liked", "wanted") else opinion


def pulling(ledger: Ledger) -> Ledger:
    """The ledger as retrieval and the head know it: a work that was asked for itself pulls as a liked one does."""
    opinions = (replace(o, sentiment="liked") if o.sentiment == "wanted" else o for o in ledger.opinions)
    return replace(ledger, opinions=tuple(opinions))


def _start_over(ledger: Ledger, change: Change) -> Ledger:
    return Ledger()


_APPLY: dict[str, Callable[[Ledger, Change], Ledger]] = {
    "opine": _opine,
    "unopine": _unopine,
    "ambiguous": _ambiguous,
    "constrain": _constrain,
    "unconstrain": _unconstrain,
    "wish": _wish,
    "unwish": _unwish,
    "kinds": _kinds,
    "count": _count,
    "shown": _shown,
    "passed": _passed,
    "spoken_of": _spoken_of,
    "asked": _asked,
    "new_topic": _new_topic,
    "start_over": _start_over,
}
