"""Where the words of a name that the catalog may lack start and end, told by capitals and by the words around them."""

from __future__ import annotations

from chatrec.understand.marks import Page, has_section
from chatrec.understand.name_signs import ARTICLES, BOUNDARY, SMALL
from chatrec.understand.text import wordset

_NOUNS = wordset("movie film game show album called watching playing")
STOP_HAN = set("我你他她它的是在了看听玩有没不很想要一个这那什么时候人家小时给们")
"""Characters of talk, which are in no name."""
MAX_CHUNK, MAX_HAN_CHUNK = 7, 12
"""Words, and Chinese characters, of a name that are tried."""


def chunk_at(page: Page, at: int) -> tuple[int, int]:
    """The words from `at` to the next boundary; a capitalised name runs on over small words."""
    start = at
    while start < len(page.words) and page.words[start] in _NOUNS:
        start += 1
    tokens = page.text.tokens
    capital = start < len(tokens) and tokens[start].is_capital
    end = start
    while end < len(tokens) and end - start < (MAX_HAN_CHUNK if tokens[end].is_han else MAX_CHUNK):
        if _ends_chunk(page, start, end, capital):
            break
        end += 1
    while end > start and (page.words[end - 1] in SMALL or page.words[end - 1] == ":"):
        end -= 1
    opens_clause = end > start and not capital and page.words[start] in BOUNDARY and page.words[start] not in ARTICLES
    return (start, start) if opens_clause else (start, end)


def _ends_chunk(page: Page, start: int, at: int, capital: bool) -> bool:
    token, word = page.text.tokens[at], page.words[at]
    if _blocks(page, at, capital) or (not token.is_word and word != ":"):
        return True
    if at == start:
        return False
    if word in BOUNDARY:
        return not (capital and _runs_on(page, at))
    owned = word == "s" and page.text.tokens[at + 1 : at + 2] != () and page.text.tokens[at + 1].is_capital
    return token.is_han != page.text.tokens[start].is_han or (
        capital and not token.is_capital and not token.is_number and word not in SMALL and not owned
    )


def _blocks(page: Page, at: int, capital: bool) -> bool:
    """Whether other words are known here; mere themes give way to a name in capitals."""
    mark, token = page.over[at], page.text.tokens[at]
    if mark is None:
        return False
    if token.is_han:
        inside = mark.is_only("themes", "catalog")
        before = mark.start - 1
        return not (inside and before >= 0 and not page.taken(before) and page.words[before] not in STOP_HAN)
    gives_way = mark.role in ("words", "count") and not has_section(mark, "cues", "forms", "genres")
    return not (gives_way and capital and (token.is_capital or token.is_number))


def _runs_on(page: Page, at: int) -> bool:
    """`of the` in `Zorblax of the North`; a capitalised small word in `In the Loop`."""
    tokens = page.text.tokens
    if tokens[at].is_capital:
        return page.words[at] != "i"
    if page.words[at] not in SMALL or page.words[at] == "and":
        return False
    following = [t for t in tokens[at + 1 : at + 3] if t.text not in SMALL or t.is_capital]
    return bool(following) and following[0].is_capital
