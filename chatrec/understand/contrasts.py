"""What others are only set against: `more action than romance`, `比第一部短的`."""

from __future__ import annotations

from chatrec.understand.lexicon import Entry, lexicon
from chatrec.understand.marks import Mark, Page, has_section

_WEIGHED = ("genres", "styles", "moods", "tags", "themes", "catalog")
_MORE_THAN = {"short": "shorter", "long": "longer", "old": "older", "recent": "newer", "new": "newer"}


def weigh(page: Page) -> None:
    """`more action than romance`, `scarier than funny`, `比剧情片轻松的`: what others are compared with is not asked for."""
    for at, word in enumerate(page.words):
        more, less = page.ending(at), page.starting(at + 1)
        liked = page.words[max(0, at - 1) : at] == ["more"] and has_section(page.ending(at - 1), *_WEIGHED)
        compared = (word == "than" and (liked or is_weighed(page, more))) or word == "比"  # `I like comedies more than dramas`
        if word == "比" and less is not None and less.role in ("title", "ref"):
            _set_against(page.starting(less.end))
        if compared and less is not None and less.role == "words" and not less.negated:
            less.used = less.used or any(map(less.has, _WEIGHED))


def _set_against(mark: Mark | None) -> None:
    """`比第一部短的` asks for shorter ones than those, and not for short ones."""
    vague = mark.entry("vague") if mark is not None else None
    critique = _MORE_THAN.get(vague.name) if vague is not None else None
    if mark is not None and critique is not None:
        mark.entries = (Entry("critiques", critique, lexicon().sections["critiques"][critique]),)


def is_weighed(page: Page, mark: Mark | None) -> bool:
    """Whether there is to be more of it than of something else: `more funny than sad`."""
    if mark is None or not any(map(mark.has, ("critiques_mood", *_WEIGHED))):
        return False
    other = page.starting(mark.end + 1) if page.words[mark.end : mark.end + 1] == ["than"] else None
    compared = has_section(mark, "comparative", "critiques_mood") or page.words[max(0, mark.start - 1) : mark.start] == ["more"]
    return compared and has_section(other, *_WEIGHED)
