"""When and what for: `for a long drive`, `to run to`, `适合深夜听的` → wishes, and the moods that go with them."""

from __future__ import annotations

from collections.abc import Iterable

from chatrec.understand.critiques import direction_of
from chatrec.understand.draft import Draft
from chatrec.understand.free import COMPANY, MAX_WISH_WORDS, STOP
from chatrec.understand.kinds import Asked
from chatrec.understand.lexicon import Entry, Phrases, lexicon
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.text import is_han, wordset

_OPENERS = wordset("for while during after before")
_HAN_OPENERS = (["适", "合"],)
_PLACES = wordset("on at in by")
"""They open an occasion that the lexicon knows (`at the gym`), and nothing else."""
_HAN_CLOSERS = wordset("的 听 看 玩 读 用 ， 。 ！ ？ , . ! ?")
_HAN_COMPANY = wordset("和 跟 与 同 陪 我 你 他 她")
_END = wordset("that which who where but so if because or with without no not by about like from please and , . ! ? ; :")
_LIGHT = wordset("a an the my our your some this that those these i im me we its it is when you")
_NEVER = wordset(
    "watch watching listen listening play playing hear read reading see change once now example instance sure real starters "
    "while reason years ages months weeks days ever weekend evening help going go put start myself yourself themselves him "
    "us adults adult everyone everybody anyone anybody"
)
SMALL_AGE = 10
"""Up to this age, children are company for works that are made for families."""
_TRANSPARENT = ("verbs", "occasions", "vague", "words")
_NOTHING = ("cues", "fields", "forms")


def read_occasions(draft: Draft) -> None:
    """Add a wish for every occasion, and one for the mood it suggests where none was asked for."""
    page, end = draft.page, 0
    for at in range(len(page.words)):
        if at < end:
            continue
        span = _known(page, at) or _opened(page, at, draft.words.phrases)
        if span is None:
            continue
        start, end = span
        draft.wish(page.text.said(start, end))
        for entry in _entries(page, start, end, draft.words.phrases):
            suggest_moods(draft, entry.data.get("moods", ()))


def suggest_moods(draft: Draft, moods: Iterable[str]) -> None:
    """Wish for moods, if the message and what was said before name none; not for such as the genre asked for never has."""
    spoken = [c.constraint for c in draft.changes if c.constraint is not None] + list(draft.ledger.constraints)
    wished = [c.wish for c in draft.changes if c.wish is not None]
    if any(c.field == "moods" and c.op == "in" for c in spoken) or any(w.field == "moods" for w in wished):
        return
    genres = {str(v) for c in spoken if (c.field, c.op) == ("genres", "in") and isinstance(c.value, tuple) for v in c.value}
    unfit = _contrary_to(genres)
    for mood in moods:
        if mood in unfit:
            continue
        values = draft.words.spelled("moods", (mood,))
        draft.wish(mood, "moods", values[0] if values else mood)


def favour_families(draft: Draft, asked: Asked) -> None:
    """Where small children are there and no genre was asked for, what is made for families comes first."""
    said = [c.constraint for c in draft.changes if c.constraint is not None]
    small = any(c.field == "age" and isinstance(c.value, (int, float)) and c.value <= SMALL_AGE for c in said)
    genres = any(c.field == "genres" and c.op == "in" for c in (*said, *draft.ledger.constraints))
    media = draft.words.kinds_of("genres", ("family",))
    if small and not genres and media.intersection(asked.kinds or draft.ledger.kinds or media):
        draft.wish("family", "genres", "family")


def _contrary_to(genres: set[str]) -> set[str]:
    """Moods that these genres never have: no horror is cosy."""
    lists = lexicon().sections
    always = {mood for genre in genres for mood in lists["genres"].get(genre, {}).get("also_not", ())}
    return {contrary for mood in always for contrary in lists["moods"][mood].get("contrary", ())}


def _known(page: Page, at: int) -> tuple[int, int] | None:
    """`late night jazz`: an occasion that needs no frame."""
    mark = page.starting(at)
    return (mark.start, mark.end) if mark is not None and mark.has("occasions") and _is_told(page, mark) else None


def _is_told(page: Page, mark: Mark) -> bool:
    """Whether it is neither ruled out nor to be lessened: `fewer songs about heartbreak`."""
    return not mark.negated and direction_of(page, mark) != "less"


def _opened(page: Page, at: int, phrases: Phrases) -> tuple[int, int] | None:
    """The words behind `for`, `while`, `适合`, if they say anything that nothing else has understood."""
    before = page.ending(at)
    if has_section(before, "cues") and before is not None and before.is_cue("negate", "release"):
        return None
    if page.words[at : at + 2] in _HAN_OPENERS:
        return _han_span(page, at + 2)
    if not _opens(page, at, before):
        return None
    start = at + 1
    while start < len(page.words) and page.words[start] in _LIGHT:
        start += 1
    end = start
    while end < len(page.words) and end - start < MAX_WISH_WORDS and not _ends_at(page, end):
        end += 1
    while end > start and (page.words[end - 1] in STOP and page.words[end - 1] not in ("to",)):
        end -= 1
    if any(mark.has("forms") for mark in page.within(start, end)):
        return None  # `looking for a long game`
    known = page.words[at] not in _PLACES or bool(_entries(page, start, end, phrases))
    return (start, end) if known and any(_says_more(page, i) for i in range(start, end)) else None


def _opens(page: Page, at: int, before: Mark | None) -> bool:
    word, over = page.words[at], page.over[at]
    if over is not None and over.is_cue("dislike"):
        return False  # `I don't care for debutantes`
    if word == "to":
        return has_section(before, "forms", "genres", "tags", "styles") or page.words[max(0, at - 1)] in ("something", "anything")
    return word in _OPENERS or word in _PLACES


def _ends_at(page: Page, at: int) -> bool:
    """A new clause, what is understood better elsewhere, or the next occasion (but `late at night` is one)."""
    word, mark = page.words[at], page.over[at]
    inside = mark is not None and mark.has("occasions") and mark.start < at
    return word in _END or _blocks(page, at) or (not inside and word in _OPENERS | _PLACES)


def _han_span(page: Page, start: int) -> tuple[int, int] | None:
    end = start
    if page.words[start : start + 1] and page.words[start] in _HAN_COMPANY:
        return None
    while end < len(page.words) and page.words[end] not in _HAN_CLOSERS and not _blocks(page, end):
        end += 1
    return (start, end) if sum(_says_more(page, i) for i in range(start, end)) > 1 else None


def _blocks(page: Page, at: int) -> bool:
    """What is understood better elsewhere ends an occasion."""
    mark = page.over[at]
    if mark is None:
        return False
    return mark.role != "words" or mark.is_cue("dislike") or has_section(mark, "ages", "unsupported", "special")


def _says_more(page: Page, at: int) -> bool:
    word, mark = page.words[at], page.over[at]
    if word in STOP or word in _NEVER or word in COMPANY or not word.isalpha():
        return False
    return mark is None or (
        has_section(mark, *_TRANSPARENT) and not (has_section(mark, *_NOTHING) or (is_han(word) and mark.has("verbs")))
    )


def _entries(page: Page, start: int, end: int, phrases: Phrases) -> list[Entry]:
    """The occasions of the lexicon within these words."""
    found = (match for at in range(start, end) for match in phrases.at(page.words, at))
    return [entry for stop, entries in found if stop <= end for entry in entries if entry.section == "occasions"]
