"""Names that a frame asks for: after `loved …`, `something like …`, before `… was great`; and those the catalog lacks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatrec.types import Kind
from chatrec.understand.marks import Mark, Page, has_section, is_felt, match_any_before, tells_aversion
from chatrec.understand.name_signs import (
    ARTICLES,
    BOUNDARY,
    NO_NAMES,
    PLAIN,
    PRONOUNS,
    SEPARATORS,
    SMALL,
    is_title_case,
    starts_sentence,
    version_after,
    year_after,
)
from chatrec.understand.requests import asks_in_full, is_other_question, requested_at
from chatrec.understand.resolve import Name
from chatrec.understand.spot import NAMED, Known, Spotter
from chatrec.understand.text import common_words, is_han, wordset

_FILLERS = wordset(
    "the an a movie film movies films game games show series album song book podcast original old watching playing seeing "
    "hearing listening to both all really called named titled first new "
    "过了看玩听部的那这片子个電电影游戏剧集专辑播客叫 : ,"
)
_NOUNS = wordset("movie film game show album called watching playing")
_STOP_HAN = set("我你他她它的是在了看听玩有没不很想要一个这那什么时候人家小时给们")
_SIMILAR = wordset("similar vein lines something anything style reminiscent vibe stuff things fans")
_HAN_SIMILAR = ("类", "像", "好", "就")
_DETERMINERS = wordset(
    "a an the my your some this that every all each any many most lots plenty several few both everything nothing"
)
_SEGMENT_ENDS = set(",、，.!?/;。！？")
_COPULAS = (("is", "one"), ("was", "one"), ("is", "the", "one"), ("is", "something"), ("is", "a", "movie"), ("is", "a", "film"))
"""`The Conversation is one I saw`: what may stand between a name and the opinion of it."""
_IS_A = (*((verb, article) for verb in ("is", "was") for article in ("a", "an", "the")), ("are",), ("were",))
_COMPANIES = wordset(
    "label labels record records studio studios publisher network company pictures films film movies games game albums album "
    "music entertainment productions artists bands signed"
)
"""What follows the name of a studio or label."""
MAX_CHUNK, MAX_HAN_CHUNK = 7, 12
MAX_LIST_WORDS = 40
MAX_SKIPPED = 4
"""Words of a list, its separator counted, behind which a name is still looked for."""
MAX_FUZZY = 8
"""Fuzzy look-ups per message."""
MAX_LOWER_MISSING = 5
MIN_LOWER_CHARS = 5
"""Of an unknown word that must be a name in lower case: `play zorblax`, not `see ya`."""


class FramedNames(Spotter):
    """Marks names that only what stands around them makes one."""

    def __init__(self, known: Known, page: Page, kinds: Sequence[Kind], shown: Sequence[str] = ()) -> None:
        super().__init__(known, page, kinds)
        self._shown = shown
        self._budget = MAX_FUZZY
        self._listed = False

    def mark(self) -> None:
        """Mark names beside cues of opinion and of makers, unknown people, and a message that is nothing but a name."""
        self._leave_companies()
        self._requested()
        for cue in self._page.sorted():
            if cue.is_cue("like", "dislike", "seen", "save", "unseen") and not self._describes(cue):
                self._arguments(cue)
            elif cue.is_cue("by", "negate") and not (cue.is_cue("negate") and self._mark_ruled_out(cue.end)):
                self._unknown_person(cue)
            elif cue.has("maker_of") and cue.end < len(self._words):
                self._mark_exact(cue.end)
        for cue in self._page.sorted():
            object_ = self._page.starting(cue.end)
            opened = cue.start > 0 and starts_sentence(self._page, cue.start - 1)
            if opened and cue.is_cue("like") and object_ is not None and object_.role in NAMED:
                continue  # `actually I love Alien`
            if cue.is_cue("like_after", "dislike_after", "seen_after"):
                self._subjects(cue.start)
            elif cue.has("vague", "old") and (copula := match_any_before(self._words, cue.start, _IS_A)) < cue.start:
                cue.used = self._subjects(copula)  # `Alien is a classic` asks for no year
        self._whole()

    def _leave_companies(self) -> None:
        """`Casablanca is a classic`: a work, where nothing beside the name says that the label of that name is meant."""
        works: list[Mark] = []
        for mark in self._page.sorted():
            behind = self._words[mark.end : mark.end + 4]
            told = has_section(self._page.ending(mark.start), "cues") or not _COMPANIES.isdisjoint(behind)
            label = bool(mark.entries) and all(e.section == "companies" and "en" not in e.data for e in mark.entries)
            if label and not told and self._names.is_title(self._words[mark.start : mark.end]):
                works.append(mark)
        self._page.remove(works)

    # --- behind a cue -------------------------------------------------------------------------------------------------

    def _requested(self) -> None:
        """`play kind of blue`: a work that is asked for itself, and those listed with it."""
        for at, said in requested_at(self._page):
            end = at
            while end < len(self._words):
                known = self._page.starting(end)
                end = known.end if known is not None and known.role in NAMED else self._mark_requested(end, said)
                if end == at or self._words[end : end + 1] not in (["and"], [","], ["or"], ["、"], ["和"]):
                    break
                at = end = end + 1

    def _mark_requested(self, start: int, said: re.Match[str]) -> int:
        for name in self._names.at(self._words, start, self._kinds):
            whole = self._names.is_title(name.key) and self._is_whole_request(name.end)
            if whole and self._is_asked(start, name):
                self._page.remove(self._page.within(start, name.end))
                return self._add_title(start, name.end, name.ids)
        start, end = self._chunk(start)
        other = end == start or not self._is_whole_request(end) or is_other_question(self._page, said, end)
        if other or not self._is_asked_by_name(start, end, said):
            return start
        self._page.remove(self._page.within(start, end))
        return self._mark_near(start, end) or self._add_missing(start, end)

    def _is_whole_request(self, end: int) -> bool:
        """Whether a name that ends here is all that a request asks for, or the first of a list."""
        listed = self._words[end : end + 1] in (["and"], [","], ["or"], ["、"], ["和"], ["by"])
        return listed or asks_in_full(self._page, end)

    def _is_asked_by_name(self, start: int, end: int, said: re.Match[str]) -> bool:
        """Whether words that name nothing here are a name all the same: written as one, or where nothing else can stand.

        `play Zorblax Rising`, `do you have zorblax?`, `is there a film called heat?`; but `watch Football` asks for a theme.
        """
        words, theme = self._words[start:end], self._page.over[start]
        if is_han(words[0]) or words[0] in NO_NAMES or words[0] in PLAIN or (theme is not None and theme.end >= end):
            return False
        if not self._shouting and self._page.text.tokens[start].is_capital:
            marks = self._page.within(start, end)
            return len(words[0]) > 1 and all({e.section for e in m.entries} <= {"themes", "catalog"} for m in marks)
        unknown = [word for word in words if len(word) >= MIN_LOWER_CHARS and not self._is_word(word)]
        framed = said.group("called") or (said.group("have") and said.group("form"))
        lower = 2 * len(unknown) >= len([word for word in words if word not in SMALL]) and not said.group("any")
        return self._page.free(start, end) and bool(framed or lower)

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

    def _mark_exact(self, start: int) -> int:
        for name in self._names.at(self._words, start, self._kinds):
            year = year_after(self._words, name.end) or version_after(self._words, name.end)
            if year is not None and not self._names.of_year(name.ids, year[0]) and self._words[name.end] != "(":
                year = None
            if (year is not None or self._is_bounded(name.end)) and self._is_asked(start, name):
                self._page.remove(self._page.within(start, name.end))
                return self._add_title(start, name.end, name.ids, year)
        return self._mark_exact_person(start)

    def _is_asked(self, start: int, name: Name) -> bool:
        if self._is_cut(start, name.end) or not self._may_cover(start, name.end) or self._is_too_plain(start, name):
            return False
        return len(name.key) > 1 or self._names.is_title(name.key) or not self._is_ordinary(name.key)

    def _mark_exact_person(self, start: int) -> int:
        for end, people, full in self._names.people.at(self._words, start):
            plain = self._words[start] in PRONOUNS and not self._page.text.tokens[start].is_capital
            telling = full or not (self._is_ordinary(self._words[start:end]) or self._is_given_name(end))
            if telling and not plain and self._page.free(start, end) and self._is_bounded(end) and not self._is_cut(start, end):
                return self._add_person(start, end, people)
        return start

    def _is_bounded(self, end: int) -> bool:
        if end >= len(self._words):
            return True
        word = self._words[end]
        if not word[0].isalnum() or word in BOUNDARY or word == "s":
            return True
        return has_section(self._page.starting(end), "forms", "cues", "critiques")

    def _may_cover(self, start: int, end: int) -> bool:
        """Whether a name may take over words that the lexicon also knows: yes if it is longer, or they are mere themes."""
        for mark in self._page.within(start, end):
            if mark.role in NAMED or mark.start < start or mark.end > end:
                return False
            same = mark.start == start and mark.end == end
            theme = mark.has("themes") or mark.has("catalog")
            if same and has_section(mark, "companies", "genres", "forms", "cues"):
                return False
            if same and not theme and not self._page.text.tokens[start].is_capital:
                return False
        return True

    # --- unknown names ------------------------------------------------------------------------------------------------

    def _mark_chunk(self, cue: Mark, at: int) -> int:
        """A slip of the hand, or a work that the catalog lacks; `at` if the words are no name."""
        start, end = self._chunk(at)
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

    def _mark_near(self, start: int, end: int) -> int:
        """A work or person whose name is a slip away; 0 if there is none."""
        if self._budget <= 0:
            return 0
        self._budget -= 1
        words = self._words[start:end]
        ids = self._near(words)
        if ids:
            return self._add_title(start, end, ids, year_after(self._words, end))
        people = self._names.people.near(words)
        return self._add_person(start, end, people) if people else 0

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
        several = len(self._words[start]) >= MIN_LOWER_CHARS and self._words[start].endswith("s")
        feared = is_felt(self._page, cue)
        return tells_aversion(self._page, cue) and (feared or several)

    def _mark_han_chunk(self, cue: Mark, start: int, end: int) -> int:
        words = self._words[start:end]
        if not 2 <= len(words) <= MAX_HAN_CHUNK or not all((is_han(w) or w.isdecimal()) and w not in _STOP_HAN for w in words):
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

    def _chunk(self, at: int) -> tuple[int, int]:
        """The words from `at` to the next boundary; a capitalised name runs on over small words."""
        start = at
        while start < len(self._words) and self._words[start] in _NOUNS:
            start += 1
        tokens = self._page.text.tokens
        capital = start < len(tokens) and tokens[start].is_capital
        end = start
        while end < len(tokens) and end - start < (MAX_HAN_CHUNK if tokens[end].is_han else MAX_CHUNK):
            if self._ends_chunk(start, end, capital):
                break
            end += 1
        while end > start and (self._words[end - 1] in SMALL or self._words[end - 1] == ":"):
            end -= 1
        opens_clause = end > start and not capital and self._words[start] in BOUNDARY and self._words[start] not in ARTICLES
        return (start, start) if opens_clause else (start, end)

    def _ends_chunk(self, start: int, at: int, capital: bool) -> bool:
        token, word = self._page.text.tokens[at], self._words[at]
        if self._blocks(at, capital) or (not token.is_word and word != ":"):
            return True
        if at == start:
            return False
        if word in BOUNDARY:
            return not (capital and self._runs_on(at))
        owned = word == "s" and self._page.text.tokens[at + 1 : at + 2] != () and self._page.text.tokens[at + 1].is_capital
        return token.is_han != self._page.text.tokens[start].is_han or (
            capital and not token.is_capital and not token.is_number and word not in SMALL and not owned
        )

    def _blocks(self, at: int, capital: bool) -> bool:
        """Whether other words are known here; mere themes give way to a name in capitals."""
        mark, token = self._page.over[at], self._page.text.tokens[at]
        if mark is None:
            return False
        if self._page.text.tokens[at].is_han:
            inside = mark.role == "words" and {e.section for e in mark.entries} <= {"themes", "catalog"}
            before = mark.start - 1
            return not (inside and before >= 0 and not self._page.taken(before) and self._words[before] not in _STOP_HAN)
        gives_way = mark.role in ("words", "count") and not has_section(mark, "cues", "forms", "genres")
        return not (gives_way and capital and (token.is_capital or token.is_number))

    def _runs_on(self, at: int) -> bool:
        """`of the` in `Zorblax of the North`; a capitalised small word in `In the Loop`."""
        tokens = self._page.text.tokens
        if tokens[at].is_capital:
            return self._words[at] != "i"
        if self._words[at] not in SMALL or self._words[at] == "and":
            return False
        following = [t for t in tokens[at + 1 : at + 3] if t.text not in SMALL or t.is_capital]
        return bool(following) and following[0].is_capital

    def _unknown_person(self, cue: Mark) -> None:
        """`by Brad Zorblaxson`, `no Tom Cruise`: a name in capitals that the catalog lacks."""
        start, end = self._chunk(cue.end)
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

    # --- before a cue -------------------------------------------------------------------------------------------------

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
        end -= next((len(copula) for copula in _COPULAS if tuple(self._words[max(0, end - len(copula)) : end]) == copula), 0)
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
        if not unknown or self._budget <= 0 or is_han(words[0]):
            return end
        self._budget -= 1
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
        if not word[0].isalnum() or word in SEPARATORS or word in BOUNDARY:
            return word not in _DETERMINERS or not is_han(self._words[start])
        return has_section(self._page.ending(start), "cues", "forms")

    # --- nothing but names --------------------------------------------------------------------------------------------

    def _whole(self) -> None:
        """A message that is nothing but a name, or several with commas; they may be misspelt or missing."""
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
        if not key or len(key) > MAX_CHUNK or not self._page.free(start, end) or self._budget <= 0 or self._is_vocabulary(key):
            return
        self._budget -= 1
        exact = self._names.exact(key, self._kinds)
        ids = exact if exact and self._names.is_title(key) else self._near(key)
        unknown = sum(not self._is_word(w) for w in key)
        if ids and not self._is_too_plain(start, Name(ids, key, start, end)):
            self._add_title(start, end, ids)
        elif not ids and unknown and len(key) > 1 and is_title_case(self._page, start, end) and not is_han(key[0]):
            self._add_missing(start, end)
