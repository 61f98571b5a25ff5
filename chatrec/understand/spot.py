"""What finding names by their own words and finding them by frames have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chatrec.types import Ambiguity, Item, Kind
from chatrec.understand.lexicon import Phrase, Phrases
from chatrec.understand.marks import Mark, Page
from chatrec.understand.name_signs import (
    ANSWERS,
    ARTICLES,
    BOUNDARY,
    CAPITAL_AFTER,
    PLAIN,
    PRONOUNS,
    QUOTES,
    SEPARATORS,
    SMALL,
    is_uniform,
    starts_sentence,
)
from chatrec.understand.resolve import MAX_OPTIONS, Name, Names

NAMED = ("title", "person", "missing")
_ROMAN = {"ii", "iii", "iv", "vi", "vii", "viii"}
_COUNTED_PARTS = ("one", "two", "three", "i", *_ROMAN)
RIVAL_SHARE = 0.97
"""A work of another medium is a rival for a title if it is as widely known, or as good as."""


@dataclass(frozen=True, slots=True)
class Known:
    """What names are told apart from."""

    names: Names
    items: Mapping[str, Item]
    phrases: Phrases
    """The words that the lexicon and the catalog's vocabularies know."""
    ordinary: frozenset[str]
    """Words of ordinary talk; a name made only of them needs more than its words."""
    kinds_of: Callable[[str, Sequence[str]], set[Kind]]
    """The media of works that have one of some values in a field."""
    prose: str = ""
    """The catalog's descriptions, in small letters."""


class Spotter:
    """Marks names in one message.

    Args:
        known: the names, and the words that are none.
        page: the message.
        kinds: media spoken of; they tell which `Doom` is meant.
    """

    def __init__(self, known: Known, page: Page, kinds: Sequence[Kind]) -> None:
        self._known = known
        self._names = known.names
        self._page = page
        self._words = page.words
        self._kinds = kinds
        self._shouting = is_uniform(page)

    # --- what words are -----------------------------------------------------------------------------------------------

    def _is_ordinary(self, words: Sequence[str]) -> bool:
        return all(w in self._known.ordinary or w.isdecimal() or w in SMALL or len(w) == 1 for w in words)

    def _is_word(self, word: str) -> bool:
        """Whether this is a word of talk or of a vocabulary."""
        phrases = self._known.phrases
        return word in self._known.ordinary or word.isdecimal() or len(word) == 1 or next(phrases.at([word], 0), None) is not None

    def _is_vocabulary(self, words: Phrase) -> bool:
        """Whether the words already mean something other than a theme, a tag or a company."""
        return any(e.section not in ("catalog", "themes", "companies") for e in self._known.phrases.get(words))

    def _is_only(self, start: int, end: int, *sections: str) -> bool:
        """Whether nothing but phrases of these sections is known of the words, and each ends among them."""
        marks = self._page.within(start, end)
        return all(start <= mark.start and mark.end <= end and mark.is_only(*sections) for mark in marks)

    def _is_too_plain(self, start: int, name: Name) -> bool:
        """`it`, `the one`, `a good time` in lower case name nothing, whatever films there are."""
        tokens = [t for t in self._page.text.tokens[start : name.end] if t.text not in ARTICLES]
        opens = starts_sentence(self._page, start) and len(tokens) == 1
        capital = not opens and any(t.is_capital and (len(t.raw) == 1 or not t.raw.isupper()) for t in tokens)
        if name.key[0] in ANSWERS and len(name.key) == 1:
            return True
        pronouns = all(w in PRONOUNS or w in SMALL or w in PLAIN for w in name.key) or len("".join(name.key)) < 2
        after_article = start > 0 and self._words[start - 1] in ("a", "an") and self._is_ordinary(name.key)
        return not capital and (pronouns or after_article)

    # --- names that go on ---------------------------------------------------------------------------------------------

    def _is_cut(self, start: int, end: int) -> bool:
        """Whether the words go on: `Alien 3`, `Alien Covenant`, where only `Alien` is known, name another work."""
        if end < len(self._words) and self._is_sequel(end):
            return True
        tokens = self._page.text.tokens
        if self._shouting or not tokens[start].is_capital:
            return False
        counted = end < len(tokens) and self._words[end] in _COUNTED_PARTS
        goes_on = end < len(tokens) and tokens[end].is_capital and (counted or self._is_part_of_name(end))
        before = start - 1
        began = (
            start > 0 and tokens[before].is_capital and not starts_sentence(self._page, before) and self._is_part_of_name(before)
        )
        torn = end - start == 1 and start > 0 and tokens[before].is_capital and not starts_sentence(self._page, before)
        return goes_on or began or (torn and tokens[before].text not in BOUNDARY and self._is_ordinary(self._words[start:end]))

    def _is_given_name(self, end: int) -> bool:
        """Whether a surname found here is followed by another: `Harry Potter` is no film by Debbie Harry."""
        tokens = self._page.text.tokens
        return end < len(tokens) and tokens[end].is_capital and tokens[end].text not in BOUNDARY and not self._shouting

    def _is_part_of_name(self, at: int) -> bool:
        """A capitalised word that no lexicon knows and that starts no name of its own."""
        token = self._page.text.tokens[at]
        if token.is_han or len(token.text) == 1 or next(self._known.phrases.at(self._words, at), None):
            return False
        starts = next(self._names.at(self._words, at), None) or next(self._names.people.at(self._words, at), None)
        return starts is None and token.text not in BOUNDARY

    def _is_sequel(self, end: int) -> bool:
        words = self._words
        word, after = words[end], words[end + 1] if end + 1 < len(words) else ""
        if word in _ROMAN or (word == "part" and (after.isdecimal() or after in _COUNTED_PARTS)):
            return True
        tokens = self._page.text.tokens
        joined = tokens[end].start == tokens[end - 1].end and not tokens[end - 1].is_han
        if not word.isdecimal() or len(word) > 2 or joined:
            return False
        return not after or after in BOUNDARY or after in SEPARATORS or after in CAPITAL_AFTER

    # --- marking ------------------------------------------------------------------------------------------------------

    def _near(self, words: Sequence[str]) -> tuple[str, ...]:
        """The work with a name next to these words, with or without their article."""
        if self._is_ordinary(words) and not self._names.knows("".join(words)):
            return ()
        bare = words[1:] if len(words) > 1 and words[0] in ARTICLES else words
        return self._names.near(words, self._kinds) or (self._names.near(bare, self._kinds) if bare != words else ())

    def _add_title(self, start: int, end: int, ids: Sequence[str], year: tuple[int, int] | None = None) -> int:
        """Mark a title and a year behind it; its end. Without a work of that year the title is missing.

        Of several works the best is taken, and an ambiguity is noted where they are rivals.
        """
        said = self._page.text.said(start, end).strip(QUOTES)
        if year is not None:
            ids, end = self._names.of_year(ids, year[0]), year[1]
        if not ids:
            return self._add_missing(start, end)
        settled = year is not None and sum(self._known.items[i].year == year[0] for i in ids) == 1
        rivals = () if settled else self._rivals(ids)
        ambiguity = Ambiguity(said=said, options=rivals) if len(rivals) > 1 else None
        self._page.add(Mark(start, end, "title", ids=tuple(ids), ambiguity=ambiguity))
        return end

    def _rivals(self, ids: Sequence[str]) -> tuple[str, ...]:
        """The works that might be meant as well as the first: those of its medium, and others of equal standing."""
        first = self._known.items[ids[0]]
        known = (first.popularity or 0.0) * RIVAL_SHARE

        def is_rival(item: Item) -> bool:
            return item.kind == first.kind or ((item.popularity or 0.0) >= known and "soundtrack" not in item.genres)

        return tuple(i for i in ids if is_rival(self._known.items[i]))[:MAX_OPTIONS]

    def _add_person(self, start: int, end: int, people: Sequence[str]) -> int:
        end += self._words[end : end + 1] == ["s"]
        self._page.add(Mark(start, end, "person", names=tuple(people)))
        return end

    def _add_missing(self, start: int, end: int) -> int:
        """Mark a name that the catalog lacks, with the works that it may be a further part of; its end."""
        self._page.add(Mark(start, end, "missing", ids=self._parts_of(start, end)))
        return end

    def _parts_of(self, start: int, end: int) -> tuple[str, ...]:
        """`half life 3` → Half-Life and Half-Life 2."""
        numbers = [at for at in range(start + 1, end) if self._is_sequel(at)]
        base = [word for word in self._words[start : numbers[0]] if word[0].isalnum()] if numbers else []
        return self._names.series(base, self._kinds)[:MAX_OPTIONS] if base else ()
