"""Items and replies for the tests of the page."""

from __future__ import annotations

from typing import Any

from chatrec.types import KINDS, Change, Chip, Claim, Constraint, Item, Ledger, Opinion, Recommendation, Reply, Sentiment


def pick(number: int, **fields: Any) -> Recommendation:
    kind = KINDS[number % 3]
    defaults: dict[str, Any] = {
        "id": f"{kind}:{number}", "kind": kind, "title": f"Title {number}", "year": 1990 + number, "creators": ("A. Maker",),
        "genres": ("drama",), "moods": ("calm",), "minutes": 95.0, "age": 12, "description": f"About number {number}.",
    }  # fmt: skip
    claims = (Claim("calm", "moods", "calm"), Claim("95 min", "minutes", "95"))
    return Recommendation(item=Item(**(defaults | fields)), reason=f"Reason {number}.", evidence=claims, score=0.5, fit="high")


def reply(*numbers: int, opinions: dict[str, Sentiment] | None = None, **fields: Any) -> Reply:
    said = tuple(Opinion(item_id=item_id, sentiment=sentiment) for item_id, sentiment in (opinions or {}).items())
    defaults: dict[str, Any] = {
        "text": "Here you are.",
        "recommendations": tuple(map(pick, numbers)),
        "chips": (*map(opinion_chip, opinions or {}), Chip(label="shorter", say="shorter")),
        "ledger": Ledger(opinions=said),
    }
    return Reply(**(defaults | fields))


def opinion_chip(item_id: str) -> Chip:
    return Chip(label=f"like: {item_id}", remove=Change(action="unopine", turn=0, key=item_id))


def constraint_chip(label: str = "≤ 90 min") -> Chip:
    key = Constraint(field="minutes", op="le", value=90.0).key
    return Chip(label=label, remove=Change(action="unconstrain", turn=0, key=key))
