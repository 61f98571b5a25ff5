"""What a constraint means: `satisfies()` for one item, and the same meaning compiled to Chroma's `where`.

Unknown is not satisfied: an item without the field fails every constraint on it, the negative ones too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chatrec.types import Constraint, Item, Ledger

LIST_FIELDS = ("genres", "moods", "themes", "tags", "countries", "people")
TEXT_FIELDS = ("kind", "form", "language", "id")
NUMBER_FIELDS = ("year", "minutes", "age", "popularity")
FIELDS = LIST_FIELDS + TEXT_FIELDS + NUMBER_FIELDS


def values_of(item: Item, field: str) -> tuple[str, ...]:
    """The comparable values of a text or list field: case-folded, a language without its region; `()` if unknown.

    `people` are all whose work it is: creators, cast, and publishers (studio, label, network).
    """
    raw = item.people + item.publishers if field == "people" else getattr(item, field)
    values = raw if isinstance(raw, tuple) else (raw,) if raw else ()
    return tuple(_fold(field, value) for value in values)


def satisfies(item: Item, constraint: Constraint) -> bool:
    """Whether the item is known to satisfy the constraint. Hardness and enforceability play no part here."""
    if not concerns(item, constraint):
        return True
    if constraint.field in NUMBER_FIELDS:
        number = getattr(item, constraint.field)
        return number is not None and _compare(float(number), constraint)
    values = values_of(item, constraint.field)
    if not values:
        return False
    apart = wanted(constraint).isdisjoint(values)
    return apart if constraint.op == "not_in" else not apart


def concerns(item: Item, constraint: Constraint) -> bool:
    """Whether the constraint is about works of this form at all."""
    return not constraint.of_forms or not forms_of(constraint).isdisjoint(values_of(item, "form"))


def satisfies_all(item: Item, constraints: Iterable[Constraint]) -> bool:
    """Whether the item satisfies every constraint."""
    return all(satisfies(item, constraint) for constraint in constraints)


def requirements(ledger: Ledger) -> tuple[Constraint, ...]:
    """Everything that must hold for an item to be shown: the enforceable hard constraints, and the media asked for."""
    kinds = (Constraint(field="kind", op="in", value=ledger.kinds),) if ledger.kinds else ()
    return kinds + ledger.hard


def wanted(constraint: Constraint) -> set[str]:
    """The values a constraint on a text or list field names, as `values_of` gives them."""
    assert isinstance(constraint.value, tuple)
    return {_fold(constraint.field, str(value)) for value in constraint.value}


def forms_of(constraint: Constraint) -> set[str]:
    """The forms that alone must satisfy it, as `values_of` gives them; empty if all must."""
    return {_fold("form", form) for form in constraint.of_forms}


def _fold(field: str, value: str) -> str:
    return (value.split("-")[0] if field == "language" else value).casefold()


def _compare(number: float, constraint: Constraint) -> bool:
    op, value = constraint.op, constraint.value
    if op == "ranges":
        assert isinstance(value, tuple)
        return any(low <= number <= high for low, high in value)  # type: ignore[misc]
    assert isinstance(value, (int, float)), constraint
    return {"lt": number < value, "le": number <= value, "gt": number > value, "ge": number >= value}[op]


# --- the same, for Chroma ------------------------------------------------------------------------------------------


def metadata(item: Item) -> dict[str, Any]:
    """What the index stores of an item so that `where` can decide constraints.

    Every known field has a `has_<field>` mark beside it: Chroma's negative operators let records without the field pass.
    """
    data: dict[str, Any] = {}
    for field in LIST_FIELDS + TEXT_FIELDS:
        values = values_of(item, field)
        if values:
            data[field] = list(values) if field in LIST_FIELDS else values[0]
            data[f"has_{field}"] = True
    for field in NUMBER_FIELDS:
        number = getattr(item, field)
        if number is not None:
            data[field] = float(number)
    return data


def where(constraints: Iterable[Constraint]) -> Mapping[str, Any] | None:
    """The constraints as one Chroma filter over `metadata()`; `None` if there are none."""
    return _all([_clause(constraint) for constraint in constraints])


def _clause(constraint: Constraint) -> dict[str, Any]:
    clause = _demand(constraint)
    return _any([clause, {"form": {"$nin": sorted(forms_of(constraint))}}]) if constraint.of_forms else clause


def _demand(constraint: Constraint) -> dict[str, Any]:
    field, op = constraint.field, constraint.op
    if op == "ranges":
        assert isinstance(constraint.value, tuple)
        ranges = [{"$and": [{field: {"$gte": float(low)}}, {field: {"$lte": float(high)}}]} for low, high in constraint.value]  # type: ignore[misc]
        return _any(ranges)
    if field in NUMBER_FIELDS:
        assert isinstance(constraint.value, (int, float))
        return {field: {{"lt": "$lt", "le": "$lte", "gt": "$gt", "ge": "$gte"}[op]: float(constraint.value)}}
    values = sorted(wanted(constraint))
    if op == "in":
        return _any(
            [{field: {"$contains": v}} for v in values] if field in LIST_FIELDS or not values else [{field: {"$in": values}}]
        )
    known = {f"has_{field}": {"$eq": True}}
    absent = [{field: {"$not_contains": v}} for v in values] if field in LIST_FIELDS else [{field: {"$nin": values}}]
    return {"$and": [known, *absent]} if values else known


def _all(clauses: list[dict[str, Any]]) -> dict[str, Any] | None:
    return None if not clauses else clauses[0] if len(clauses) == 1 else {"$and": clauses}


def _any(clauses: list[dict[str, Any]]) -> dict[str, Any]:
    if not clauses:
        return {"has_nothing": {"$eq": True}}  # No record has it: one of nothing is never the case.
    return clauses[0] if len(clauses) == 1 else {"$or": clauses}
