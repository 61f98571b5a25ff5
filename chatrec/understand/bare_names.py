"""Messages that are nothing but a name, or several with commas; they may be misspelt or missing."""

from __future__ import annotations

from chatrec.understand.frames import FrameSpotter
from chatrec.understand.name_chunks import MAX_CHUNK
from chatrec.understand.name_signs import is_title_case
from chatrec.understand.resolve import Name
from chatrec.understand.spot import NAMED
from chatrec.understand.text import COMMAS, SENTENCE_END, is_han

_SEGMENT_ENDS = SENTENCE_END | COMMAS | {"、", "/"}
MAX_LIST_WORDS = 40


class BareNames(FrameSpotter):
    """Marks names that nothing but the ends of the message, or commas, frame."""

    def mark(self) -> None:
        """Mark each stretch between commas, if nothing but names, a greeting or thanks is known of the message."""
        others = any(m.role not in NAMED and not m.is_cue("greeting", "thanks") for m in self._page.marks)
        if others or len(self._words) > MAX_LIST_WORDS:
            return
        start = 0
        for end in range(len(self._words) + 1):
            if end == len(self._words) or self._words[end] in _SEGMENT_ENDS:
                self._mark_segment(start, end)
                start = end + 1

    def _mark_segment(self, start: int, end: int) -> None:
        key = tuple(self._words[start:end])
        if not key or len(key) > MAX_CHUNK or not self._page.free(start, end):
            return
        if self._is_vocabulary(key) or not self._look_ups.spend():
            return
        exact = self._names.exact(key, self._kinds)
        ids = exact if exact and self._names.is_title(key) else self._near(key)
        unknown = sum(not self._is_word(w) for w in key)
        if ids and not self._is_too_plain(start, Name(ids, key, start, end)):
            self._add_title(start, end, ids)
        elif not ids and unknown and len(key) > 1 and is_title_case(self._page, start, end) and not is_han(key[0]):
            self._add_missing(start, end)
