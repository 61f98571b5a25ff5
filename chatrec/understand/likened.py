"""Works that were seen, and that what is asked for should resemble."""

from __future__ import annotations

from chatrec.understand.free import describes_works
from chatrec.understand.marks import Page
from chatrec.understand.text import wordset

_RESEMBLING = wordset("similar alike comparable equally 类")
_FINISHED = wordset("finished finishing binged done completed 完")


def take_as_likes(page: Page) -> None:
    """`I've played Elden Ring, something similar?`: what is to be resembled is liked, not merely seen.

    So is what was just finished, where nothing else tells what is wanted now: `just finished The Wire, what next?`.
    """
    met = any(mark.is_cue("seen") and "just" in page.words[mark.start : mark.end] for mark in page.marks)
    finished = (
        (met or not _FINISHED.isdisjoint(page.words)) and page.any_cue("want", "more") and not describes_works(page, titles=False)
    )
    if _RESEMBLING.isdisjoint(page.words) and not finished:
        return
    for mark in page.marks:
        if mark.role == "title" and mark.attitude == "seen":
            mark.attitude = "like"
