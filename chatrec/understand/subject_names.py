"""Names before a cue, which are its subject: `… was great`, `… is one I saw`, `… is a classic`."""

from __future__ import annotations

from chatrec.understand.frames import FrameSpotter
from chatrec.understand.marks import has_section, match_any_before
from chatrec.understand.name_chunks import MAX_CHUNK
from chatrec.understand.name_signs import BOUNDARY, SEPARATORS, starts_sentence
from chatrec.understand.resolve import Name
from chatrec.understand.spot import NAMED
from chatrec.understand.text import is_han

_COPULAS = (("is", "one"), ("was", "one"), ("is", "the", "one"), ("is", "something"), ("is", "a", "movie"), ("is", "a", "film"))
"""`The Conversation is one I saw`: what may stand between a name and the opinion of it."""
_IS_A = (*((verb, article) for verb in ("is", "was") for article in ("a", "an", "the")), ("are",), ("were",))


class SubjectNames(FrameSpotter):
    """Marks names right before a verdict."""

    def mark(self) -> None:
        """Mark the list of names before each cue that follows what it speaks of."""
        for cue in self._page.sorted():
            object_ = self._page.starting(cue.end)
            opened = cue.start > 0 and starts_sentence(self._page, cue.start - 1)
            if opened and cue.is_cue("like") and object_ is not None and object_.role in NAMED:
                continue  # `actually I love Alien`
            if cue.is_cue("like_after", "dislike_after", "seen_after"):
                self._subjects(cue.start)
            elif cue.has("vague", "old") and (copula := match_any_before(self._words, cue.start, _IS_A)) < cue.start:
                cue.used = self._subjects(copula)  # `Alien is a classic` asks for no year

    def _subjects(self, end: int) -> bool:
        """Mark the list of names right before `was great`; whether there is any."""
        found = False
        while end > 0:
            known = self._page.ending(end)
            start = known.start if known is not None and known.role in NAMED else self._mark_ending(end)
            if start == end:
                break
            found, end = True, start
            while end > 0 and self._words[end - 1] in SEPARATORS:
                end -= 1
            if end == start:
                break
        return found

    def _mark_ending(self, end: int) -> int:
        """Start of the name that ends at `end` and starts a clause, marked; `end` if there is none."""
        end = match_any_before(self._words, end, _COPULAS)
        while end > 0 and self._words[end - 1] in ("both", "all", "也", "真", "都", "的", "很") and not self._page.taken(end - 1):
            end -= 1
        for start in range(max(0, end - 10), end):
            key = tuple(self._words[start:end])
            ids = self._names.exact(key, self._kinds)
            if not ids or not self._may_cover(start, end) or not self._starts_clause(start):
                continue
            if not self._is_too_plain(start, Name(ids, key, start, end)):
                self._page.remove(self._page.within(start, end))
                self._add_title(start, end, ids)
                return start
        return self._mark_near_ending(end)

    def _mark_near_ending(self, end: int) -> int:
        start = end
        while (
            start > 0
            and end - start < MAX_CHUNK
            and self._page.text.tokens[start - 1].is_word
            and self._page.free(start - 1, start)
        ):
            if self._words[start - 1] in SEPARATORS:
                break
            start -= 1
        words = self._words[start:end]
        unknown = [w for w in words if not self._is_word(w)]
        if not unknown or is_han(words[0]) or not self._look_ups.spend():
            return end
        ids = self._near(words)
        if ids:
            self._add_title(start, end, ids)
            return start
        copula = self._words[end : end + 1] in (["was"], ["is"], ["were"])
        named = self._page.text.tokens[start].is_capital and (copula or not starts_sentence(self._page, start))
        if named and 2 * len(unknown) >= len(words):
            self._add_missing(start, end)
            return start
        return end

    def _starts_clause(self, start: int) -> bool:
        if start == 0:
            return True
        word = self._words[start - 1]
        opens = not word[0].isalnum() or word in SEPARATORS or word in BOUNDARY
        return opens or has_section(self._page.ending(start), "cues", "forms")
