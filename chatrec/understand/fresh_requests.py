"""Where an opinion ends and a request begins: `I saw Alien, now a western`, `I hate spiders, comedy film`."""

from __future__ import annotations

from chatrec.understand.lists import JOINS
from chatrec.understand.marks import CONTENT, Attitude, Page, has_section, is_felt
from chatrec.understand.numbers import cardinal
from chatrec.understand.text import COMMAS, SENTENCE_END, wordset

_BEHIND_REQUEST = wordset("for to tonight today now please 吧")
"""What may follow the noun of a request: `film for tonight`."""
_TELLING = wordset("it its is was are were that this the i he she they you we in of")
_SINGULAR = wordset("film movie flick game album podcast playlist audiobook series show")
"""What a request of few words ends with: `I hate spiders, comedy film`."""


def opens_anew(page: Page, start: int) -> bool:
    """`I saw Alien, now a western`: what an article opens behind a comma or `now` is not what was seen."""
    before = page.words[max(0, start - 2) : start]
    return (
        len(before) == 2
        and before[1] in ("a", "an", "some", "any")
        and (before[0] in COMMAS or before[0] in ("now", "so", "then"))
    )


def asks_behind(page: Page, start: int, attitude: Attitude, *, judged_at: int, named: bool) -> bool:
    """`I'm sick of superheroes, film please`, `I hate horror, comedy please`: what asks behind a comma was not judged.

    Args:
        page: the message.
        start: the word behind the comma.
        attitude: the opinion before it.
        judged_at: where the cue of that opinion ends, and what it judges begins.
        named: whether a work or a person was judged.
    """
    end = next((at for at in range(start, len(page.words)) if page.words[at] in SENTENCE_END | COMMAS), len(page.words))
    noun = page.starting(start)
    cue = page.ending(judged_at)
    feared = cue is not None and is_felt(page, cue)  # `我女儿怕怪物，动画片`
    bare = (
        noun is not None
        and (noun.has("forms") or (feared and noun.has("genres")))
        and (noun.end == end or page.words[noun.end] in _BEHIND_REQUEST)
    )
    bare = bare and not (end < len(page.words) and page.words[end] in COMMAS)
    one = attitude == "dislike" and page.words[end - 1] in _SINGULAR and (JOINS | _TELLING).isdisjoint(page.words[start:end])
    listed = attitude == "dislike" and not JOINS.isdisjoint(page.words[start:end])  # `I hate Alien, horror films and gore`
    one = one or (attitude in ("seen", "dislike") and named and not listed and _is_described_only(page, start, end))
    asks = page.words[end : end + 1] != ["?"] and (bare or one or page.words[end - 1] == "please")
    return asks or (attitude == "dislike" and _opens_request(page, start, end, judged_at, feared=feared))


def _is_described_only(page: Page, start: int, end: int) -> bool:
    """`I've seen Se7en, crime films`, `I hated Alien, films about space`: what opens with a word for works, and names none, is no
    further work that was seen or hated.
    """
    first = page.starting(start)
    named = any(mark.is_named for mark in page.within(start, end))
    opens = first is not None and first.role == "words" and has_section(first, "forms", *CONTENT) and not first.has("cues")
    return opens and not named


def _opens_request(page: Page, start: int, end: int, object_at: int, *, feared: bool) -> bool:
    """`scared of clowns, two films`, `I hate spiders, a film with dogs`: a form behind the comma, that no list leads up to.

    No form is ever feared; what is hated goes on to another one, unless an article or a number is new there.
    """
    form = next((mark for mark in page.within(start, end) if has_section(mark, "forms", "inner")), None)
    if form is None:
        return False
    fresh = _is_one_more(page.words, start) and not _is_one_more(page.words, object_at)
    return (feared or fresh) and (JOINS - {"/"}).isdisjoint(page.words[start : form.start])


def _is_one_more(words: list[str], at: int) -> bool:
    return at < len(words) and (words[at] in ("a", "an", "some") or cardinal(words, at) is not None)
