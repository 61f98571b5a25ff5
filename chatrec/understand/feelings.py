"""How the person feels: `I'm feeling down`, `rough week`, `心情不好` → a wish for what does good then, where none was said."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from chatrec.understand.draft import Draft
from chatrec.understand.lexicon import Phrase, lexicon
from chatrec.understand.marks import Page
from chatrec.understand.occasions import suggest_moods
from chatrec.understand.text import is_han, key_of, wordset

_OF_SPEAKER = wordset("im am feel feeling felt been i so really very kinda quite pretty totally completely bit too")
_TELLING = ("genres", "moods", "tags", "themes", "people")
_NOT = wordset("not nt dont isnt never")


def read_feelings(draft: Draft) -> None:
    """Wish for the moods that the lexicon has for a feeling that the message tells of."""
    for name, phrases in _feelings().items():
        if any(_tells(draft.page, at, phrase) for phrase in phrases for at in range(len(draft.page.words))):
            _ask_for(draft, lexicon().sections["feelings"][name]["moods"])


def _ask_for(draft: Draft, moods: Sequence[str]) -> None:
    """Demand one of the moods where nothing else tells what is wanted, else wish for the first."""
    said = [c.constraint for c in draft.changes if c.constraint is not None] + list(draft.ledger.constraints)
    told = any(c.op == "in" and c.field in _TELLING for c in said) or draft.ledger.wishes or draft.ledger.ids("liked", "wanted")
    named = any(change.wish is not None or change.opinion is not None for change in draft.changes)
    if told or named:
        suggest_moods(draft, moods[:1])
    else:
        draft.constrain("moods", "in", draft.words.spelled("moods", moods), said=moods[0])


def _tells(page: Page, at: int, phrase: Phrase) -> bool:
    """Whether the phrase stands here; one word is a feeling only of somebody: `I'm down`, and not `down under`."""
    words = page.words
    if tuple(words[at : at + len(phrase)]) != phrase:
        return False
    before = words[max(0, at - 2) : at]
    over = page.over[at]
    denied = not _NOT.isdisjoint(before) or (over is not None and over.is_cue("dislike"))  # `I'm sick of superheroes`
    return not denied and (len(phrase) > 1 or any(map(is_han, phrase)) or not _OF_SPEAKER.isdisjoint(before))


@cache
def _feelings() -> dict[str, tuple[Phrase, ...]]:
    names = lexicon().sections["feelings"].items()
    return {name: tuple(key_of(form) for key in ("en", "zh") for form in data[key]) for name, data in names}
