"""Names that stand on their own: in quotes, with a year, in capitals, or of words that can be nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from chatrec.understand.marks import Mark
from chatrec.understand.name_signs import (
    ANSWERS,
    ARTICLES,
    BOUNDARY,
    CLOSING,
    PRONOUNS,
    SMALL,
    in_person_frame,
    is_title_case,
    is_written_as_name,
    version_after,
    year_after,
)
from chatrec.understand.resolve import Name
from chatrec.understand.spot import Spotter
from chatrec.understand.text import is_han, wordset

MAX_QUOTED = 16
MIN_HAN_TITLE = 3
"""Chinese titles of fewer characters are ordinary words too often."""
_LOVED = wordset("loved love liked like enjoyed adore adored hated hate to of heard")
"""What stands right before the title of a work that is spoken of: `loved Nevermind`, `similar to Nevermind`."""
_ASKING = ("what", "whats", "who", "whos", "how", "when", "which")
MIN_TELLING_WORDS = 4
MAX_NAME_BEFORE_YEAR = 8


class SureNames(Spotter):
    """Marks what is a name whatever stands around it."""

    def mark(self) -> None:
        """Mark quoted names, names with a year, and names whose words cannot well be anything else."""
        self._mark_quoted()
        at = 0
        while at < len(self._words):
            end = self._mark_at(at) if not self._page.taken(at) else at
            at = max(end, at + 1)
        self._mark_dated()

    def _mark_quoted(self) -> None:
        at = 0
        while at < len(self._words):
            end = self._quote_end(at)
            at = self._mark_quote(at, end) if end > at + 1 else at + 1

    def _quote_end(self, at: int) -> int:
        closing = CLOSING.get(self._words[at])
        if closing is None:
            return 0
        return next((i for i in range(at + 1, min(len(self._words), at + MAX_QUOTED)) if self._words[i] == closing), 0)

    def _mark_quote(self, at: int, end: int) -> int:
        words = [w for w in self._words[at + 1 : end] if w[0].isalnum()]
        ids = self._names.exact(words, self._kinds) or self._names.near(words, self._kinds)
        people = () if ids else self._names.people.named(" ".join(words))
        if people:
            self._page.add(Mark(at, end + 1, "person", names=people))
        elif ids or (words and (self._words[at] != '"' or is_title_case(self._page, at + 1, end))):
            return self._add_title(at, end + 1, ids, year_after(self._words, end + 1))
        return end + 1

    def _mark_dated(self) -> None:
        """`Zorblax (1999)`: capitals before a year in brackets name a work that the catalog lacks."""
        for at in range(1, len(self._words) - 1):
            year = year_after(self._words, at) if self._words[at] == "(" and self._page.free(at, at + 2) else None
            start = at
            while (
                start > 0
                and at - start < MAX_NAME_BEFORE_YEAR
                and self._page.free(start - 1, start)
                and self._is_in_name(start - 1)
            ):
                start -= 1
            while start < at and self._words[start] in BOUNDARY and not self._page.text.tokens[start].is_capital:
                start += 1
            if year is not None and start < at:
                self._add_missing(start, year[1])

    def _is_in_name(self, at: int) -> bool:
        token = self._page.text.tokens[at]
        return (token.is_word and (token.is_capital or token.is_number or token.text in SMALL)) or token.text in (":", "-", ".")

    # --- titles and people by their words -----------------------------------------------------------------------------

    def _mark_at(self, at: int) -> int:
        """End of the longest sure name that starts here, marked; `at` if there is none."""
        titles = {name.end: name for name in self._titles_at(at)}
        people = dict(self._people_at(at))
        for end in sorted(titles.keys() | people.keys(), reverse=True):
            if not self._page.free(at, end):
                continue
            if end in people and (end not in titles or (in_person_frame(self._page, at, end) and self._words[at - 1] != "like")):
                return self._add_person(at, end, people[end])
            if end in titles:
                return self._add_title(at, end, titles[end].ids, self._year_of(titles[end]))
        return at

    def _year_of(self, name: Name) -> tuple[int, int] | None:
        """The year behind a name, where it tells the version or is in brackets."""
        year = year_after(self._words, name.end) or version_after(self._words, name.end)
        if year is None:
            return None
        bracketed = "(" in self._words[name.end : name.end + 2]
        return year if bracketed or self._names.of_year(name.ids, year[0]) else None

    def _titles_at(self, at: int) -> Iterator[Name]:
        reach = self._reach_behind_article(at)
        for name in self._names.at(self._words, at, self._kinds):
            bracketed = self._words[name.end : name.end + 1] == ["("] and year_after(self._words, name.end) is not None
            bare = year_after(self._words, name.end)
            dated = bare is not None and bool(self._names.of_year(name.ids, bare[0]))
            if name.end >= reach and (bracketed or dated or self._is_sure(at, name)):
                yield name

    def _reach_behind_article(self, at: int) -> int:
        """`the Star Wars films` names Star Wars, whatever film is called The Star."""
        if self._words[at] not in ARTICLES or self._page.text.tokens[at].is_capital or at + 1 >= len(self._words):
            return 0
        longest = next(self._names.at(self._words, at + 1), None)
        return longest.end if longest is not None else 0

    def _is_sure(self, start: int, name: Name) -> bool:
        words, end = name.key, name.end
        if self._is_cut(start, end) or len("".join(words)) < 2:
            return False
        if end - start == len(self._words) and self._names.is_title(words):
            return self._is_whole_title(start, name)
        if self._is_likened(end):
            return True
        if self._is_forget(words):
            return self._is_liked_by_name(start)
        if self._is_vocabulary(words) or (self._known.phrases.get(words) and not self._outranks_theme(start, end)):
            return False
        if all(map(is_han, words)):
            return len(words) >= MIN_HAN_TITLE and not self._known.phrases.get(words)
        if all(w in PRONOUNS or w in SMALL or w in ANSWERS for w in words):
            return False
        if all(w.isdecimal() for w in words):
            return self._is_of_maker(start, name) or (start > 0 and self._words[start - 1] in ("called", "titled", "named"))
        if not self._shouting and is_written_as_name(self._page, start, end, strict=self._is_ordinary(words)):
            return self._names.is_title(words) or not self._is_ordinary(words) or sum(w not in SMALL for w in words) > 1
        return self._is_telling(words) or self._is_before_noun(start, name)

    def _is_forget(self, words: tuple[str, ...]) -> bool:
        entries = self._known.phrases.get(words)
        return bool(entries) and all((entry.section, entry.name) == ("cues", "forget") for entry in entries)

    def _is_liked_by_name(self, start: int) -> bool:
        """`I loved Nevermind` names a work; what `Nevermind, a film` takes back was said before."""
        return start > 0 and self._page.text.tokens[start].is_capital and self._words[start - 1] in _LOVED

    def _is_of_maker(self, start: int, name: Name) -> bool:
        """`Taylor Swift's 1989`: a work by the person right before it."""
        lead = self._page.ending(start)
        makers = set(lead.names) if lead is not None and lead.role == "person" and self._words[start - 1] == "s" else set()
        return any(not makers.isdisjoint(self._known.items[item_id].creators) for item_id in name.ids)

    def _outranks_theme(self, start: int, end: int) -> bool:
        """`older than Alien` names the film, `set in Tokyo` the city."""
        if is_han(self._words[start]):
            return True
        named = not self._shouting and is_written_as_name(self._page, start, end, strict=True)
        if self._words[start - 1] == "of" and self._words[0] in _ASKING:
            return named  # `what's the rating of Alien?`
        return named and self._words[start - 1] not in ("in", "about", "of", "at", "on", "with", "for", "a", "an")

    def _is_whole_title(self, start: int, name: Name) -> bool:
        """The message is nothing but the title."""
        words = name.key
        if len(words) == 1 and (words[0] in ANSWERS or words[0].isdecimal()):
            return False
        if is_written_as_name(self._page, start, name.end, strict=False):
            return not (len(words) == 1 and self._is_vocabulary(words))
        return not self._is_vocabulary(words) and words[0] not in PRONOUNS

    def _is_likened(self, end: int) -> bool:
        """`Journey-like games`."""
        if self._words[end : end + 1] != ["like"]:
            return False
        tokens = self._page.text.tokens
        return self._page.text.plain[tokens[end - 1].end : tokens[end].start] == "-"

    def _is_telling(self, words: tuple[str, ...]) -> bool:
        """Whether these words, in lower case and in mid-sentence, still are a name."""
        if len(words) >= MIN_TELLING_WORDS and sum(w not in SMALL for w in words) >= 3 and self._names.is_title(words):
            return not any(len(words) > end >= 2 for end, _ in self._known.phrases.at(words, 0))
        return len(words) > 1 and not all(w.isdecimal() for w in words) and not self._is_ordinary(words)

    def _is_before_noun(self, start: int, name: Name) -> bool:
        """`the hobbit audiobook`: a whole title of several words right before the noun for what it is."""
        if len(name.key) < 2 or not self._names.is_title(name.key) or name.end >= len(self._words):
            return False
        noun = any(e.section == "forms" for _, entries in self._known.phrases.at(self._words, name.end) for e in entries)
        return noun and (start == 0 or self._words[start - 1] in BOUNDARY)

    def _people_at(self, at: int) -> Iterator[tuple[int, tuple[str, ...]]]:
        for end, people, full in self._names.people.at(self._words, at):
            if self._is_sure_person(at, end, full=full):
                yield end, people

    def _is_sure_person(self, start: int, end: int, *, full: bool) -> bool:
        words = tuple(self._words[start:end])
        if self._is_cut(start, end) or len("".join(words)) < 2 or self._known.phrases.get(words):
            return False
        if is_han(words[0]):
            return len(words) >= 2
        if not full and (self._has_other_given_name(start) or self._is_given_name(end)):
            return False
        ordinary = self._is_ordinary(words)
        named = not self._shouting and is_written_as_name(self._page, start, end, strict=True)
        if end - start == len(self._words) and (full or not ordinary):
            return named or words[0] not in PRONOUNS
        if full and len(words) > 1:
            return named or not ordinary
        framed = in_person_frame(self._page, start, end)
        return (named and (full or framed or not ordinary)) or (not ordinary and (framed or full))

    def _has_other_given_name(self, start: int) -> bool:
        """`Adrian Brody` is not the Brody of this catalog, nor are `the Monkeys` the Arctic ones."""
        if start == 0:
            return False
        token = self._page.text.tokens[start - 1]
        unknown = token.is_word and token.is_capital and not self._is_word(token.text) and token.text not in BOUNDARY
        return token.text == "the" or unknown
