"""Names in a catalog: titles, aliases and people → ids. Exact before fuzzy, and a fuzzy match must be really near."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA

from chatrec.types import Item, Kind
from chatrec.understand.lexicon import Phrase
from chatrec.understand.text import common_words, is_han, key_of

JOINERS = frozenset(":,.-!?+/*…·：，·")
"""Marks inside titles: `Spider-Man: Homecoming`, `I, Robot`, `P.S. I Love You`."""
ARTICLES = {"the", "a", "an"}
_NUMERALS = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"} | {
    word: str(value)
    for value, word in enumerate(("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 2)
}
_ROMAN = {"v", "x", "xi", "xii", "xv"}
_COUNTED = {"no", "op", "nr", "and", "of", "the", "&"}
_PARTS = {"part", "episode", "vol", "volume", "chapter"}
_GENERATIONS = {"jr", "sr", "ii", "iii", "iv"}
MAX_OPTIONS = 4
MIN_FUZZY_CHARS = 5
MIN_HAN_BEGINNING = 3
YEAR_TOLERANCE = 1
PARTICLES = {"del", "de", "von", "van", "la", "le", "di", "da", "lars"}


@dataclass(frozen=True, slots=True)
class Name:
    """What a stretch of words names: `ids` best first; several if the words fit several works."""

    ids: tuple[str, ...]
    key: Phrase
    """The words of the name, without punctuation."""
    start: int
    end: int


@dataclass(slots=True)
class _Keys:
    """Items by key, and the longest key by first word."""

    ids: dict[Phrase, list[str]] = field(default_factory=lambda: defaultdict(list))
    longest: dict[str, int] = field(default_factory=dict)

    def add(self, key: Phrase, item_id: str) -> None:
        if key and item_id not in self.ids[key]:
            self.ids[key].append(item_id)
            self.longest[key[0]] = max(self.longest.get(key[0], 0), len(key))


class Names:
    """Finds the works and people of a catalog in words.

    Three levels of keys: titles; aliases; and forms derived from both (without the article, before the colon, with
    Arabic numerals). A higher level hides a lower one.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = {item.id: item for item in items}
        self._levels = (_Keys(), _Keys(), _Keys())
        self._punctuated: set[Phrase] = set()
        for item in self._items.values():
            self._index(item)
        self._compact: dict[str, list[str]] = defaultdict(list)
        for level in self._levels[:2]:
            for key, ids in level.ids.items():
                self._compact["".join(key)].extend(i for i in ids if i not in self._compact["".join(key)])
        self._having: dict[str, list[tuple[Phrase, list[str]]]] = defaultdict(list)
        for level in self._levels[:2]:
            for key, ids in level.ids.items():
                for word in dict.fromkeys(key):
                    self._having[word].append((key, ids))
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for compact in self._compact:
            self._by_length[len(compact)].append(compact)
        self.people = People(self._items.values())

    def _note_marks(self, item: Item) -> None:
        """Remember names with punctuation inside: only they may be written with it."""
        for name in (item.title, *item.aliases):
            if any(mark in name for mark in JOINERS):
                self._punctuated.add(key_of(name))
                self._punctuated.update(_derived(name))

    def _index(self, item: Item) -> None:
        self._note_marks(item)
        titles, aliases, derived = self._levels
        titles.add(key_of(item.title), item.id)
        for alias in item.aliases:
            aliases.add(key_of(alias), item.id)
        for name in (item.title, *item.aliases):
            for key in _derived(name):
                derived.add(key, item.id)

    def exact(self, words: Sequence[str], kinds: Sequence[Kind] = ()) -> tuple[str, ...]:
        """Ids of the works with exactly this name, best first.

        Args:
            words: folded words of the name.
            kinds: media that are spoken of; works of other media only count if there are none of these.
        """
        key = tuple(words)
        for form in dict.fromkeys((key, _arabic(key))):
            for level in self._levels:
                ids = level.ids.get(form)
                if ids:
                    return self._best(ids, kinds)
        return ()

    def is_title(self, words: Sequence[str]) -> bool:
        """Whether this is a full title or alias (of several words, also without its article), not a derived form."""
        forms = [tuple(words), *((article, *words) for article in sorted(ARTICLES) if len(words) > 1)]
        return any(form in level.ids for form in forms for level in self._levels[:2])

    def knows(self, word: str) -> bool:
        """Whether any name starts with this word, or is it but for spaces."""
        return any(word in level.longest for level in self._levels) or word in self._compact or self.people.knows(word)

    def at(self, words: Sequence[str], start: int, kinds: Sequence[Kind] = ()) -> Iterator[Name]:
        """Every exact name that starts at `start`, longest first; `words` may hold punctuation, as names may."""
        longest = max(level.longest.get(words[start], 0) for level in self._levels)
        for end, key, joined in reversed(list(_runs(words, start, longest))):
            ids = self.exact(key, kinds)
            if ids and (not joined or key in self._punctuated):
                yield Name(ids, key, start, end)

    def holding(self, words: Sequence[str]) -> tuple[str, ...]:
        """Ids of the works whose title or an alias has these words in a row."""
        phrase = tuple(words)
        rarest = min((self._having.get(word, []) for word in phrase), key=len, default=[])
        return tuple(dict.fromkeys(i for key, ids in rarest if _has_run(key, phrase) for i in ids))

    def series(self, words: Sequence[str], kinds: Sequence[Kind] = ()) -> tuple[str, ...]:
        """Ids of the works with this name and of those that only add to it, best first; `()` if nothing has the name itself."""
        if not self.exact(words, kinds):
            return ()
        key = tuple(words)
        longer = (i for name, ids in self._having.get(key[0], ()) if name[: len(key)] == key for i in ids)
        return self._best((*self.exact(words, kinds), *longer), kinds)

    def near(self, words: Sequence[str], kinds: Sequence[Kind] = ()) -> tuple[str, ...]:
        """Ids of the works whose name is these words but for spacing or a slip of the hand; `()` if none is near.

        One edit (insertion, deletion, substitution, swap of neighbours) is allowed in names of up to 8 characters, two up
        to 15, three beyond. Digits must agree: a sequel is another work.
        """
        compact = "".join(words)
        spelled = MIN_HAN_BEGINNING if compact and is_han(compact) else MIN_FUZZY_CHARS - 1
        if compact in self._compact and len(compact) >= spelled:
            return self._best(self._compact[compact], kinds)
        if len(compact) >= MIN_HAN_BEGINNING and is_han(compact) and (begun := self._begun(compact)):
            return self._best(begun, kinds)
        allowed = _allowed_edits(compact)
        if not allowed:
            return ()
        pool = [c for n in range(len(compact) - allowed, len(compact) + allowed + 1) for c in self._by_length.get(n, ())]
        found = process.extract(compact, pool, scorer=OSA.distance, score_cutoff=allowed, limit=8)
        numbers = _digits(words)
        good = [(c, d) for c, d, _ in found if _digits_of(c) == numbers and d <= _allowed_edits(c) and c[0] == compact[0]]
        if not good:
            return ()
        nearest = min(d for _, d in good)
        ids = dict.fromkeys(i for c, d in good if d == nearest for i in self._compact[c])
        return self._best(list(ids), kinds)[:1]

    def _begun(self, compact: str) -> list[str]:
        """The works of the one Chinese name that these characters are the better part of: `星露谷` of 星露谷物语."""
        longer = range(len(compact) + 1, 2 * len(compact))
        found = {c for n in longer for c in self._by_length.get(n, ()) if c.startswith(compact)}
        ids = {i for c in found for i in self._compact[c]}
        return sorted(ids) if len({self._items[i].title for i in ids}) == 1 else []

    def of_year(self, ids: Sequence[str], year: int) -> tuple[str, ...]:
        """Those of `ids` first released in `year`, or next to it where none is."""
        for tolerance in range(YEAR_TOLERANCE + 1):
            fits = tuple(
                i for i in ids if self._items[i].year is not None and abs((self._items[i].year or 0) - year) <= tolerance
            )
            if fits:
                return fits
        return ()

    def _best(self, ids: Iterable[str], kinds: Sequence[Kind]) -> tuple[str, ...]:
        ordered = sorted(dict.fromkeys(ids), key=self._rank)
        wanted = [i for i in ordered if self._items[i].kind in kinds]
        return tuple(wanted or ordered)

    def _rank(self, item_id: str) -> tuple[float, int, str]:
        item = self._items[item_id]
        return -(item.popularity or 0.0), -(item.year or 0), item_id


class People:
    """Creators and cast by full name, and by surname where at most three share it."""

    MAX_NAMESAKES = 3

    def __init__(self, items: Iterable[Item]) -> None:
        self._full: dict[Phrase, list[str]] = defaultdict(list)
        self.kinds: dict[str, set[Kind]] = defaultdict(set)
        self._longest: dict[str, int] = {}
        for item in items:
            for person in item.people:
                self.kinds[person].add(item.kind)
        for person in self.kinds:
            self._add(self._full, key_of(person), person)
        self._compact: dict[int, dict[str, Phrase]] = defaultdict(dict)
        self._given = {key[0] for key in self._full if len(key) > 1 and len(key[0]) > 1 and key[0] not in ARTICLES}
        for key in self._full:
            if len(key) > 1:
                self._compact[sum(map(len, key))]["".join(key)] = key
        self._surname: dict[Phrase, list[str]] = defaultdict(list)
        for person in self.kinds:
            for key in _surnames(key_of(person)) if " " in person else ():
                self._add(self._surname, key, person)

    def _add(self, table: dict[Phrase, list[str]], key: Phrase, person: str) -> None:
        if key:
            table[key].append(person)
            self._longest[key[0]] = max(self._longest.get(key[0], 0), len(key))

    def at(self, words: Sequence[str], start: int) -> Iterator[tuple[int, tuple[str, ...], bool]]:
        """People named from `start` on, longest first: (end, names, whether it is the full name)."""
        for end in range(min(len(words), start + self._longest.get(words[start], 0)), start, -1):
            key = tuple(words[start:end])
            if key in self._full:
                yield end, tuple(self._full[key]), True
            elif 0 < len(self._surname.get(key, ())) <= self.MAX_NAMESAKES:
                yield end, tuple(self._surname[key]), False

    def knows(self, word: str) -> bool:
        """Whether a name or surname starts with this word."""
        return word in self._longest

    def is_given(self, word: str) -> bool:
        """Whether somebody's given name is this word."""
        return word in self._given

    def also(self, key: Phrase, name: str) -> None:
        """Let `key` name a person too, if the catalog has them."""
        for person in self.named(name):
            if person not in self._full[key]:
                self._add(self._full, key, person)

    def named(self, name: str) -> tuple[str, ...]:
        """The catalog's spelling of a full name."""
        return tuple(self._full.get(key_of(name), ()))

    def near(self, words: Sequence[str]) -> tuple[str, ...]:
        """People whose full name is one or two slips away from these words."""
        compact = "".join(words)
        allowed = min(2, _allowed_edits(compact))
        if len(words) < 2 or not allowed:
            return ()
        pool = [c for n in range(len(compact) - allowed, len(compact) + allowed + 1) for c in self._compact.get(n, ())]
        found = process.extractOne(compact, pool, scorer=OSA.distance, score_cutoff=allowed)
        return tuple(self._full[self._compact[len(found[0])][found[0]]]) if found else ()


def _has_run(key: Phrase, phrase: Phrase) -> bool:
    return any(key[at : at + len(phrase)] == phrase for at in range(len(key) - len(phrase) + 1))


def _runs(words: Sequence[str], start: int, longest: int) -> Iterator[tuple[int, Phrase, bool]]:
    """Runs of up to `longest` words from `start`: (end, words, whether punctuation was passed over)."""
    key: list[str] = []
    at, joined = start, False
    while at < len(words) and len(key) < longest:
        if words[at][0].isalnum():
            key.append(words[at])
            yield at + 1, tuple(key), joined
        elif words[at] in JOINERS and key:
            joined = True
        else:
            return
        at += 1


def _surnames(key: Phrase) -> Iterator[Phrase]:
    if len(key) > 2 and key[-1] in _GENERATIONS:
        key = key[:-1]
    if len(key) < 2 or is_han(key[0]):
        return
    yield key[-1:]
    if key[-2] in PARTICLES:
        yield key[-2:]


def _derived(name: str) -> Iterator[Phrase]:
    """Shorter and plainer forms of a title that people use."""
    key = key_of(name)
    forms = [key]
    for mark in (":", "：", " - ", " – ", "("):
        head, _, tail = name.partition(mark)
        if tail and _telling(key_of(head)):
            forms.append(key_of(head))
        if tail and mark != "(" and len(key_of(tail)) >= 2:
            forms.append(key_of(tail))
    for form in forms:
        bare = form[1:] if len(form) > 1 and form[0] in ARTICLES else form
        plain = [tuple(w for w in base if w not in _PARTS) for base in (form, bare)]
        for variant in (form, bare, *map(_arabic, (form, bare, *plain)), _subject(form), _series(form)):
            if variant and variant != key:
                yield variant


def _subject(form: Phrase) -> Phrase:
    """What a series is called for short: `the legend of zelda` → `zelda`, `塞尔达传说` → `塞尔达`."""
    if form[-2:] == ("传", "说") and len(form) >= 4:
        return form[:-2]
    rare = len(form) >= 3 and form[-2] == "of" and len(form[-1]) >= MIN_FUZZY_CHARS and form[-1] not in common_words()
    return form[-1:] if rare else ()


def _series(form: Phrase) -> Phrase:
    """What numbered works share: `final fantasy vii` → `final fantasy`."""
    body = tuple(word for word in form[:-1] if word not in _PARTS)
    numbered = len(form) >= 3 and (form[-1] in _NUMERALS or form[-1] in _ROMAN or (form[-1].isdecimal() and len(form[-1]) <= 2))
    return body if numbered and len(body) >= 2 and body[-1] not in _COUNTED else ()


def _telling(key: Phrase) -> bool:
    """Long enough to stand for the work: two words, or one of five letters, or two Chinese characters."""
    return len(key) >= 2 or (len(key) == 1 and len(key[0]) >= 5)


def _arabic(key: Phrase) -> Phrase:
    """Roman and spelled numerals as digits: `rocky ii` → `rocky 2`; a name that is nothing else stays."""
    return tuple(_NUMERALS.get(word, word) for word in key) if len(key) > 1 else key


def _allowed_edits(compact: str) -> int:
    if compact and is_han(compact):
        return 1 if len(compact) >= MIN_FUZZY_CHARS else 0
    return 0 if len(compact) < MIN_FUZZY_CHARS else 1 if len(compact) < 9 else 2 if len(compact) < 16 else 3


def _digits(words: Sequence[str]) -> str:
    return "".join(c for word in words for c in word if c.isdecimal())


def _digits_of(compact: str) -> str:
    return "".join(c for c in compact if c.isdecimal())
