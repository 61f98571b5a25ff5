"""A generative conversational recommender for videos, audio and games."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatrec.types import Candidate, Claim, Constraint, Event, Item, Ledger, Recommendation, Reply, Trace

if TYPE_CHECKING:
    from chatrec.recommender import Chat, Recommender

__all__ = [
    "Candidate",
    "Chat",
    "Claim",
    "Constraint",
    "Event",
    "Item",
    "Ledger",
    "Recommendation",
    "Recommender",
    "Reply",
    "Trace",
]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load the facade on first use, so that `import chatrec` stays light."""
    if name in {"Chat", "Recommender"}:
        from chatrec import recommender

        return getattr(recommender, name)
    raise AttributeError(f"module 'chatrec' has no attribute {name!r}")
