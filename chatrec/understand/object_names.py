"""Names behind a cue, which are its object: `loved …`, `something like …`, `not …`, `by …`; and those that the catalog lacks.

Beside a name that is known, unknown words of a list are names too. What looks like a name and is none that is known is looked up
once more as a slip of the hand, and is missing then.
"""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.types import Kind
from chatrec.understand.frames import FrameSpotter, LookUps
from chatrec.understand.marks import Mark, Page, has_section, is_felt, tells_aversion
from chatrec.understand.name_chunks import MAX_HAN_CHUNK, STOP_HAN, chunk_at
from chatrec.understand.name_signs import ARTICLES, NO_NAMES, SEPARATORS, SMALL, starts_sentence, year_after
from chatrec.understand.spot import NAMED, Known
from chatrec.understand.text import common_words, is_han, wordset

_FILLERS = wordset(
    "the an a movie film movies films game games show series album song book podcast original old watching playing seeing "
    "hearing listening to both all really called named titled first new "
    "过了看玩听部的那这片子个电影游戏剧集专辑播客叫 : ,"
)
_SIMILAR = wordset("similar vein lines something anything style reminiscent vibe stuff things fans")
_HAN_SIMILAR = ("类", "像", "好", "就")
_DETERMINERS = wordset(
    "a an the my your some this that every all each any many most lots plenty several few both everything nothing"
)
MAX_SKIPPED = 4
"""Words of a list, its separator counted, behind which a name is still looked for."""
MAX_LOWER_MISSING = 5
MIN_PLURAL_CHARS = 5
"""Of a word in the plural that may be a kind of things: `clowns`."""


class ObjectNames(FrameSpotter):
    """Marks names behind cues of opinion, of makers and of negation.

    Args:
        known: what names are told apart from.
        page: the message.
        kinds: media spoken of.
        look_ups: those left to the message.
        shown: ids of the last answer, whose names need no further sign.
    """

    def __init__(self, known: Known, page: Page, kinds: Sequence[Kind], look_ups: LookUps, shown: Sequence[str] = ()) -> None:
        super().__init__(known, page, kinds, look_ups)
        self._shown = shown
        self._listed = False

    def mark(self) -> None:
        """Mark the list of names behind each cue."""
        for cue in self._page.sorted():
            if cue.is_cue("like", "dislike", "seen", "save", "unseen") and not self._describes(cue):
                self._arguments(cue)
            elif cue.is_cue("by", "negate") and not (cue.is_cue("negate") and self._mark_ruled_out(cue.end)):
                self._unknown_person(cue)
            elif cue.has("maker_of") and cue.end < len(self._words):
                self._mark_exact(cue.end)

    def _describes(self, cue: Mark) -> bool:
        """`not another zombie game` names no game."""
        kind = self._page.starting(cue.end) if cue.is_cue("negate") and cue.is_cue("seen") else None
        return kind is not None and has_section(self._page.starting(kind.end), "forms")

    def _arguments(self, cue: Mark) -> None:
        """The list of names behind a cue; beside names that are known, unknown words in a list are names too."""
        at, self._listed = cue.end, False
        while at < len(self._words):
            end = self._argument_at(cue, at)
            end = self._known_behind(cue, at) if end == at else end
            if end == at:
                return
            at, self._listed = end, True
            while at < len(self._words) and self._words[at] in SEPARATORS:
                at += 1
            if at == end:
                return

    def _known_behind(self, cue: Mark, at: int) -> int:
        """End of a known name that is listed behind words that are none (`I liked heat and fargo`), marked; else `at`.

        Of a word that is ordinary it must be told what a work is told of, and nothing be known of the words before it.
        """
        ends = range(at + 1, min(at + MAX_SKIPPED, len(self._words) - 1))
        end = next((end for end in ends if self._words[end] in SEPARATORS), 0)
        if not end or any(mark.has("cues") for mark in self._page.within(at, end)):
            return at
        known = self._page.starting(end + 1)
        if known is not None and known.role in NAMED:
            return known.end
        works = cue.is_cue("seen") or self._tells_of_a_work(cue)
        bare = works and self._page.free(at, end) and _DETERMINERS.isdisjoint(self._words[at:end])
        marked = self._mark_exact(end + 1) if bare or self._is_rare_name(end + 1) else end + 1
        return marked if marked > end + 1 else at

    def _is_rare_name(self, start: int) -> bool:
        """Whether a name starts here that has a word which is rare in talk."""
        names = (name.key for name in self._names.at(self._words, start, self._kinds))
        return any(any(w not in common_words() and w not in SMALL for w in key) and not self._is_vocabulary(key) for key in names)

    def _argument_at(self, cue: Mark, at: int) -> int:
        """End of the name at `at`, marked; `at` if there is none."""
        start = at
        while start < len(self._words):
            known = self._page.starting(start)
            if known is not None and known.role in NAMED:
                return known.end
            end = self._mark_exact(start)
            if end > start:
                return end
            if self._words[start] not in _FILLERS or start - at >= 4:
                break
            start += 1
        return self._mark_chunk(cue, at)

    def _mark_ruled_out(self, start: int) -> bool:
        """`not final fantasy`, `no minecraft`: a name of several words, whatever they mean, or of a word that is no other."""
        names = self._names.at(self._words, start, self._kinds) if start < len(self._words) else ()
        bare = [[w for w in name.key if w not in ARTICLES] for name in names]
        telling = any(len(key) > 1 or (key and len(key[0]) > 3 and self._names_a_work(start, key[0])) for key in bare)
        known = self._page.starting(start)
        end = known.end if known is not None and known.role == "title" else self._mark_exact(start) if telling else start
        while end > start and self._words[end : end + 1] in (["or"], ["nor"], ["and"]) and end + 1 < len(self._words):
            start, end = end + 1, self._mark_exact(end + 1)  # `not the shining or alien`
        return telling and self._page.taken(start)

    def _names_a_work(self, start: int, word: str) -> bool:
        """Whether one word behind a negation is a name: no other word, one just shown or said, or `books that aren't dune`."""
        spoken = {*self._shown, *(mark.ids[0] for mark in self._page.marks if mark.role == "title")}
        if not self._is_word(word) or not spoken.isdisjoint(self._names.exact((word,), self._kinds)):
            return True
        denied = self._words[start - 1] in ("arent", "isnt", "besides", "except", "than")
        ends = start + 1 == len(self._words) or not self._words[start + 1][0].isalnum()
        kinds = {self._known.items[i].kind for i in self._names.exact((word,), self._kinds)}
        return denied and ends and not self._is_vocabulary((word,)) and not kinds.isdisjoint(self._kinds)

    def _unknown_person(self, cue: Mark) -> None:
        """`by Brad Zorblaxson`, `no Tom Cruise`: a name in capitals that the catalog lacks."""
        start, end = chunk_at(self._page, cue.end)
        tokens = [t for t in self._page.text.tokens[start:end] if t.text not in SMALL]
        words = self._words[start:end]
        if self._shouting or len(tokens) < 2 or not all(t.is_capital for t in tokens) or self._is_ordinary(words):
            return
        if not self._page.free(start, end):
            return
        people = self._names.people.near(words)
        if people or cue.is_cue("negate"):
            self._add_person(start, end, people or (self._page.text.said(start, end),))
        else:
            self._add_missing(start, end)

    def _mark_chunk(self, cue: Mark, at: int) -> int:
        """A slip of the hand, or a work that the catalog lacks; `at` if the words are no name."""
        start, end = chunk_at(self._page, at)
        if end <= start:
            return at
        words = self._words[start:end]
        if is_han(words[0]):
            return self._mark_han_chunk(cue, start, end) or at
        if self._is_met(cue, start, end):
            self._page.remove(self._page.within(start, end))
            return self._add_missing(start, end)
        unknown = [w for w in words if w not in SMALL and not self._is_word(w)]
        capital = self._is_capital(start, end)
        if (not capital and not unknown) or words[0] in ("i", "im") or not self._may_cover(start, end):
            return at
        covered = self._page.within(start, end)
        self._page.remove(covered)
        marked = self._mark_near(start, end) or self._mark_missing(cue, start, end, capital, unknown)
        if not marked and end - start == 1 and not (end < len(self._words) and self._page.text.tokens[end].is_capital):
            for mark in covered:  # `I love French films`, but not `something like American Gangster`
                self._page.add(mark)
        return marked or at

    def _is_capital(self, start: int, end: int) -> bool:
        token = self._page.text.tokens[start]
        if self._shouting or not token.is_capital or len(token.text) < 2:
            return False
        return end - start > 1 or not self._is_ordinary(self._words[start:end])

    def _is_met(self, cue: Mark, start: int, end: int) -> bool:
        """`I loved Heat`, `something like Heat`: an ordinary word in capitals, where a work must be meant.

        A theme may be meant by `I loved Christmas`; in a list of works that were seen, it is a work.
        """
        token, after, seen = self._page.text.tokens[start], self._page.starting(end), cue.is_cue("seen")
        alone = end - start == 1 and not has_section(after, "forms", "genres") and self._words[start] not in NO_NAMES
        alone = alone and (self._page.free(start, end) or (seen and self._listed and self._may_cover(start, end)))
        told = (seen or self._tells_of_a_work(cue)) and token.is_capital and len(token.text) > 2
        owned = self._words[end : end + 1] == ["s"]
        return told and alone and not owned and not self._is_every_word_capital(cue) and self._is_bounded(end)

    def _is_every_word_capital(self, cue: Mark) -> bool:
        """`I Loved This`: capitals where none is due tell nothing."""
        said = range(cue.start, cue.end)
        cased = (at for at in said if not starts_sentence(self._page, at) and self._words[at] not in ("i", "im", "ive"))
        return self._shouting or any(self._page.text.tokens[at].is_capital for at in cased)

    def _tells_of_a_work(self, cue: Mark) -> bool:
        """`something like`, `loved`."""
        said = self._words[cue.start : cue.end]
        return any(w in _SIMILAR for w in said) or said[-1].endswith("ed")

    def _mark_missing(self, cue: Mark, start: int, end: int, capital: bool, unknown: Sequence[str]) -> int:
        words = self._words[start:end]
        weighty = [w for w in words if w not in SMALL]
        described = has_section(self._page.starting(end), "forms", "genres")
        lower = (
            (self._listed or self._asks_for_name(cue, start))
            and 2 * len(unknown) >= len(weighty)
            and len(words) <= MAX_LOWER_MISSING
        )
        upper = capital and (bool(unknown) or not described)
        if not upper and (not lower or described):
            return 0
        year = year_after(self._words, end)
        return self._add_missing(start, year[1] if year else end)

    def _asks_for_name(self, cue: Mark, start: int) -> bool:
        """Whether unknown words in lower case must be a name here: after `something like`, `games like`, `loved`, `played`."""
        if self._words[start] in _DETERMINERS or cue.is_cue("save", "unseen") or self._is_thing_disliked(cue, start):
            return False
        return (
            not cue.is_cue("like")
            or self._tells_of_a_work(cue)
            or has_section(self._page.ending(cue.start), "forms", "genres", "inner")
        )

    def _is_thing_disliked(self, cue: Mark, start: int) -> bool:
        """`scared of clowns`, `I hate clowns`; but `I hated zorblax`."""
        several = len(self._words[start]) >= MIN_PLURAL_CHARS and self._words[start].endswith("s")
        feared = is_felt(self._page, cue)
        return tells_aversion(self._page, cue) and (feared or several)

    def _mark_han_chunk(self, cue: Mark, start: int, end: int) -> int:
        words = self._words[start:end]
        if not 2 <= len(words) <= MAX_HAN_CHUNK or not all((is_han(w) or w.isdecimal()) and w not in STOP_HAN for w in words):
            return 0
        if end < len(self._words) and self._is_sequel(end):
            return 0  # another part, which may be missing
        ids = self._names.near(words, self._kinds)
        if ids:
            self._page.remove(self._page.within(start, end))
            return self._add_title(start, end, ids)
        following = self._page.starting(end)
        ends = end - start > 2 and (end == len(self._words) or not self._words[end][0].isalnum())
        closed = (following is not None and following.is_cue("like_after")) or ends or self._words[end : end + 1] == ["的"]
        if not closed or self._words[cue.start] not in _HAN_SIMILAR:
            return 0
        self._page.remove(self._page.within(start, end))
        return self._add_missing(start, end)
