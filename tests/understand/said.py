"""Readings as short facts, so that a case is one line: `"no horror"` → `genres not_in horror`."""

from __future__ import annotations

from collections.abc import Mapping

from chatrec.types import Change, Constraint, Item, Reading


def facts(reading: Reading, items: Mapping[str, Item]) -> set[str]:
    """Every change and every other finding as a line of words."""
    found = {line for change in reading.changes for line in _lines(change, items)}
    found.add(f"intent {reading.intent}")
    found |= {f"missing {title}" for title in reading.missing}
    found |= {f"unsupported {wish}" for wish in reading.unsupported}
    found |= {f"ambiguous {len(a.options)}" for a in reading.ambiguities}
    return found | ({f"n {reading.count.n}"} if reading.count is not None else set())


def _lines(change: Change, items: Mapping[str, Item]) -> list[str]:
    if change.constraint is not None:
        return _constraint(change.constraint)
    if change.opinion is not None:
        return [f"{change.opinion.sentiment} {change.opinion.item_id.partition(':')[2]}"]
    if change.wish is not None:
        wish = change.wish
        return [f"{wish.direction} {wish.value or wish.text}", f"wish {wish.field} {wish.value or wish.text}"]
    if change.action == "kinds":
        return ["kinds " + "+".join(change.kinds)]
    if change.action == "unopine":
        return [f"unopine {(change.key or '').partition(':')[2]}"]
    return [change.action if change.key is None else f"{change.action} {change.key.split('|')[0]}"]


def _constraint(constraint: Constraint) -> list[str]:
    soft = "" if constraint.hard else "first " if constraint.extreme else "soft "
    open_end = "" if constraint.enforceable else " unenforceable"
    value = constraint.value
    if constraint.op == "ranges":
        assert isinstance(value, tuple)
        return [f"{soft}{constraint.field} {low:g}-{high:g}{open_end}" for low, high in value]  # type: ignore[misc]
    if isinstance(value, tuple):
        return [f"{soft}{constraint.field} {constraint.op} {v}{open_end}" for v in value]
    return [f"{soft}{constraint.field} {constraint.op} {value:g}{open_end}"]
