"""Cues that are none here: the love of `about love`, the `no` of `no I want …`, fears of somebody in a work."""

from __future__ import annotations

from chatrec.understand.lexicon import Entry
from chatrec.understand.marks import FEARS, Mark, Page, has_section, is_felt
from chatrec.understand.text import COMMAS, SENTENCE_END, wordset

_FELT = FEARS | wordset("hate hates hated 讨 厌")
_SPEAKERS = wordset("i im ive we were my our she he they shes hes theyre 我 我们 她 他")
_TO_FEEL = wordset("to be being get getting feel feeling really so more a bit little me us you people everyone")
"""What stands between a wish and the fear that is wished for: `love being scared by`."""
_SEEKING = wordset(
    "want wants wanna like love loves enjoy enjoys make makes making made leave leaves leaving get gets keep keeps"
)
_SOOTHING = wordset(
    "calm calms calming ease eases soothe soothes overcome overcomes conquer cure cures beat face fight against about"
)
_DENIALS = wordset("not dont doesnt didnt never no t cant wont wouldnt hate")
_REPLIES = wordset("no nope nah 不")
_CLAUSES = wordset("i im id ill ive we wed lets give show find it its that thats 我 我们")
"""What opens a sentence behind a reply: `no I want …`."""
_TOPICAL = wordset("about with involving of without")


def settle_cues(page: Page) -> None:
    """Take from marks the cues that they are not here: `about love`, `no I want …`, `a boy who is afraid of ghosts`."""
    for mark in page.sorted():
        if page.words[mark.start : mark.end + 1] == ["non", "stop"]:  # `non-stop action`
            page.extend(mark, mark.start, mark.end + 1)
            mark.entries = ()
        start = mark.start - (page.words[max(0, mark.start - 1) : mark.start] in (["any"], ["some"]))
        before, after = page.words[max(0, start - 1) : start], page.words[mark.end : mark.end + 1]
        lower = mark.is_cue("like") and not page.text.tokens[mark.start].is_capital  # `From Paris with Love`
        theme = lower and has_section(mark, "themes", "catalog") and not _TOPICAL.isdisjoint(before)
        lessened = before in (["less"], ["fewer"]) and has_section(page.starting(mark.end), "forms", "inner")
        theme = theme or (lower and lessened and mark.has("themes"))  # `less love songs`
        opening = not before or before[0] in COMMAS or before[0] in SENTENCE_END
        reply = mark.is_cue("negate") and _REPLIES.issuperset(page.words[mark.start : mark.end]) and opening
        sought = mark.is_cue("dislike") and _is_fear_sought(page, mark)
        of_other = sought or (mark.is_cue("dislike") and (_is_of_character(page, mark) or _is_of_somebody(page, mark)))
        if theme or (reply and not _CLAUSES.isdisjoint(after)) or of_other:
            mark.entries = tuple(entry for entry in mark.entries if entry.section != "cues")
        if sought:
            mark.entries = (*mark.entries, Entry("cues", "about", {}))


def _is_of_character(page: Page, cue: Mark) -> bool:
    """`about a boy who is afraid of ghosts`: whoever the work is about feels it, and not the speaker."""
    clause = max((at + 1 for at in range(cue.start) if page.words[at] in SENTENCE_END | COMMAS), default=0)
    about = [mark for mark in page.within(clause, cue.start) if mark.is_cue("about")]
    return bool(about) and is_felt(page, cue, _FELT) and _SPEAKERS.isdisjoint(page.words[about[-1].end : cue.start])


def _is_fear_sought(page: Page, cue: Mark) -> bool:
    """`I love being scared by ghosts`, `make me afraid of sharks`, `calms my fear of flying`."""
    if not is_felt(page, cue):
        return False
    words = page.words
    verb = cue.start
    while verb > 0 and words[verb - 1] in _TO_FEEL:
        verb -= 1
    verb -= 1
    seeks = verb >= 0 and words[verb] in (_SEEKING if cue.start - verb > 1 else _SOOTHING | {"enjoy", "love"})
    return seeks and _DENIALS.isdisjoint(words[max(0, verb - 2) : verb])


def _is_of_somebody(page: Page, cue: Mark) -> bool:
    """`a boy who fears spiders`; but `for a boy who fears spiders`, `I have a son who fears spiders`."""
    words = page.words
    if not is_felt(page, cue):
        return False
    who = next((at for at in range(cue.start, max(0, cue.start - 3), -1) if words[at] in ("who", "whos")), 0)
    return who > 1 and words[who - 2] in ("a", "an", "the") and (_SPEAKERS | {"for", "with"}).isdisjoint(words[: who - 1])
