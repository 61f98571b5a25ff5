"""The words of one catalog: the lexicon joined with the genres, moods, tags and themes that its items carry."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from babel import Locale

from chatrec.catalog.chinese import chinese
from chatrec.catalog.vocabulary import vocabulary
from chatrec.constraints import LIST_FIELDS, NUMBER_FIELDS, TEXT_FIELDS
from chatrec.types import Item, Kind
from chatrec.understand.lexicon import Entry, Phrase, Phrases, lexicon, plural_of, singular_of
from chatrec.understand.text import common_words, fold, is_han, key_of, wordset

_LOWER_WORD = re.compile(r"(?<![\w'])[a-z]{2,}(?![\w'])")
_GENRE_TAILS = {"film", "films", "movie", "movies", "fiction", "music", "game", "games", "show"}
_NO_THEME = ("genres", "moods", "forms", "cues", "languages", "verbs")
"""What a word is rather than a theme of the catalog: `play` is what one does with games."""
_COMPANY_WORDS = wordset(
    "studio studios records entertainment games pictures films music interactive company animation animations the"
)
_OPENING = (".", "!", "?", ":", "“", '"')
_CAPITAL_BEFORE = re.compile(r"(?<![.!?:“\"\n] )\b[A-Z][\w'’-]* $")
_CAPITAL_AFTER = re.compile(" [A-Z][a-z]")
_NUMERALS = {"ii", "iii", "iv", "vi", "vii", "viii"}
MIN_TAG_USES = 3
"""A free tag becomes a word of its own if this many items carry it; rarer ones are noise in folksonomies."""
MAX_TAG_WORDS = 3
MIN_MENDABLE_CHARS = 6
MIN_FRAMING_CHARS = 7


class Words:
    """What words mean in this catalog.

    Args:
        items: the catalog's items.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = tuple(items)
        self._fields = {f for f in LIST_FIELDS + TEXT_FIELDS + NUMBER_FIELDS if any(_has(item, f) for item in self._items)}
        self._uses = {
            field: Counter(v for i in self._items for v in getattr(i, field)) for field in ("genres", "moods", "tags", "themes")
        }
        self._kinds: dict[tuple[str, str], set[Kind]] = defaultdict(set)
        self._genre_forms: set[tuple[str, str]] = set()
        for item in self._items:
            for field in self._uses:
                for value in getattr(item, field):
                    self._kinds[field, value.casefold()].add(item.kind)
            self._genre_forms.update((item.form or "", value) for value in item.genres)
            if item.form:
                self._kinds["form", item.form.casefold()].add(item.kind)
        self.kinds = frozenset(item.kind for item in self._items)
        """The media of the catalog."""
        self._spellings = {field: _by_compact(uses) for field, uses in self._uses.items()}
        self.people_kinds: dict[str, set[Kind]] = defaultdict(set)
        for item in self._items:
            for person in (*item.people, *item.publishers):
                self.people_kinds[person].add(item.kind)
        self.phrases = Phrases()
        lexicon().fill(self.phrases)
        self._genre_names: dict[str, list[str]] = defaultdict(list)
        self._add_genres()
        self._themes: dict[Phrase, str] = {}
        self._add_themes()
        self._add_tags()
        self._add_companies()
        self.known = self.phrases.words()
        self.mendable = sorted(_single_words(self.phrases))
        self.framing = sorted(_framing_words())
        described = [item.description for item in self._items if item.description]
        named = [f"in {name}." for names in (Locale("en").territories, Locale("en").languages) for name in names.values()]
        self._prose = "\n".join(text for text in described + named if len(text.lower()) == len(text))
        self.prose = self._prose.lower()
        """All descriptions in small letters."""
        self.ordinary = frozenset(common_words()) | _described_words(self._items)

    # --- the catalog's own words --------------------------------------------------------------------------------------

    def _add_genres(self) -> None:
        for value in self._uses["genres"]:
            key = key_of(value)
            name = next((n for form in (key, _without_tail(key)) if (n := self._lexicon_genre(form))), None)
            self._genre_names[name or value].append(value)
            if name is None and key:
                entry = Entry("genres", value, {})
                for form in (key, (*key[:-1], plural_of(key[-1]))):
                    self.phrases.add(form, entry)

    def _lexicon_genre(self, key: Phrase) -> str | None:
        return next((e.name for e in self.phrases.get(key) if e.section == "genres" and "en" in e.data), None)

    def _add_themes(self) -> None:
        for value, _ in self._uses["themes"].most_common():
            key = key_of(value)
            if not key or len(key) > 5 or self._is_genre_noun(key):
                continue
            entry = Entry("catalog", value, {"field": "themes"})
            spoken = chinese("themes", value)
            if spoken is not None:
                self._themes.setdefault(key_of(spoken), value)
            for form in _number_forms(key):
                self._themes.setdefault(form, value)
                if not any(e.section in _NO_THEME for e in self.phrases.get(form)):
                    self.phrases.add(form, entry)

    def _is_genre_noun(self, key: Phrase) -> bool:
        """`action movies` asks for a genre, whatever themes say."""
        noun = any(e.section == "forms" for e in self.phrases.get(key[-1:]))
        return noun and any(e.section in ("genres", "moods", "languages", "countries") for e in self.phrases.get(key[:-1]))

    def _add_tags(self) -> None:
        least = MIN_TAG_USES if len(self._items) >= 500 else 1
        for value, uses in self._uses["tags"].items():
            key = key_of(value)
            if uses < least or ":" in value or not 1 <= len(key) <= MAX_TAG_WORDS or self.phrases.get(key):
                continue
            if len(key) == 1 and (key[0] in common_words() or len(key[0]) < 3 or key[0].isdecimal()):
                continue
            entry = Entry("catalog", value, {"field": "tags"})
            self.phrases.add(key, entry)
            spoken = key_of(chinese("tags", value) or "")
            if len(spoken) > 1 and is_han(spoken[0]) and not self.phrases.get(spoken):
                self.phrases.add(spoken, entry)

    def _add_companies(self) -> None:
        """Studios, labels and networks by name, and without what companies are called (`Ghibli`), if that says enough."""
        people = {person.casefold() for item in self._items for person in item.people}
        self._publishers = {name for item in self._items for name in item.publishers if name.casefold() not in people}
        names = sorted(self._publishers)
        for name in names:
            key = key_of(name)
            for form in dict.fromkeys((key, tuple(word for word in key if word not in _COMPANY_WORDS))):
                if form and not self.phrases.get(form) and not all(word in common_words() for word in form):
                    self.phrases.add(form, Entry("companies", name, {"values": (name,)}))
        for spelled, name in lexicon().people.items():
            if name in names:
                self.phrases.add(key_of(spelled), Entry("companies", name, {"values": (name,)}))

    # --- questions ----------------------------------------------------------------------------------------------------

    def has(self, field: str) -> bool:
        """Whether any item has the field."""
        return field in self._fields

    def genres(self, names: Sequence[str]) -> tuple[str, ...]:
        """The catalog's spellings of these genres; a genre it lacks stays as it is."""
        return tuple(dict.fromkeys(v for name in names for v in self._genre_names.get(name) or [name]))

    def genres_in(self, name: str, forms: Sequence[str]) -> tuple[str, ...]:
        """The catalog's spellings of a genre that works of these forms carry; where none does, those of its next of kin.

        `crime` is `true crime` among podcasts. Without forms, or where no kin is known either, the genre stays as it is.
        """
        kin = lexicon().sections["genres"].get(name, {}).get("kin", ())
        for names in ((name,), kin):
            carried = tuple(value for value in self.genres(names) if self.carries(forms, (value,)))
            if carried:
                return carried
        return self.genres((name,))

    def carries(self, forms: Sequence[str], genres: Sequence[str]) -> bool:
        """Whether any work of these forms carries one of these genres."""
        return any((form, genre) in self._genre_forms for form in forms for genre in genres)

    def spelled(self, field: str, values: Sequence[str]) -> tuple[str, ...]:
        """The catalog's spellings of these values; those it lacks are left out."""
        return tuple(dict.fromkeys(s for v in values for s in self._spellings[field].get(_compact(v), ())))

    def theme(self, names: Iterable[str]) -> str | None:
        """The catalog's theme for the first of these phrases, English or Chinese, that it knows."""
        return next((value for name in names if (value := self._themes.get(key_of(name)))), None)

    def companies(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of these makers and publishers that the catalog has."""
        return tuple(name for name in names if name in self.people_kinds)

    def is_publisher(self, name: str) -> bool:
        """Whether works are known to be published by this one, and none to be made by it."""
        return name in self._publishers

    def cased(self, phrase: str) -> str:
        """A phrase in lower case with the capitals of the names in it: `ancient Rome`, `World War II`; others as they are."""
        words = phrase.split(" ") if phrase.islower() else []
        out: list[str] = []
        while words:
            sizes = range(len(words), 0, -1)
            known = next((said for size in sizes if (said := self._spelling(" ".join(words[:size])))), words[0])
            out.append(known)
            words = words[known.count(" ") + 1 :]
        return " ".join(out) or phrase

    def _spelling(self, phrase: str) -> str | None:
        """How descriptions mostly spell it inside a sentence (a word: outside longer names); `None` if they do not have it."""
        if phrase in _NUMERALS:
            return phrase.upper()
        seen: Counter[str] = Counter()
        at = self.prose.find(phrase)
        while at >= 0:
            end = at + len(phrase)
            before, after = self._prose[max(0, at - 2) : at], self._prose[end : end + 3]
            inside = not before[-1:].isalnum() and not after[:1].isalnum() and before.strip() not in ("", *_OPENING)
            longer = _CAPITAL_AFTER.match(after) or _CAPITAL_BEFORE.search(self._prose[max(0, at - 20) : at])
            if inside and (" " in phrase or not longer):
                seen[self._prose[at:end]] += 1
            at = self.prose.find(phrase, end)
        return seen.most_common(1)[0][0] if seen else None

    def kinds_of(self, field: str, values: Sequence[str]) -> set[Kind]:
        """Media of the items that carry one of these values."""
        return set().union(*(self._kinds.get((field, v.casefold()), set()) for v in values)) if values else set()

    def genre_kinds(self, names: Sequence[str]) -> set[Kind]:
        """Media a genre is used for: in this catalog, or by the shipped vocabulary where no item has it."""
        found = self.kinds_of("genres", self.genres(names))
        return found or {kind for name in names for kind in vocabulary().genres.get(name, ())}

    def quantile(self, field: str, q: float, kinds: Sequence[Kind] = (), forms: Sequence[str] = ()) -> float | None:
        """The `q` quantile of a number over items of these media and forms; `None` if none has it."""
        numbers = sorted(
            float(value)
            for item in self._items
            if (not kinds or item.kind in kinds)
            and (not forms or item.form in forms)
            and (value := getattr(item, field)) is not None
        )
        return numbers[min(len(numbers) - 1, int(q * len(numbers)))] if numbers else None


def _single_words(phrases: Phrases) -> Iterator[str]:
    """Genre, mood and form words long enough that one slip cannot make another word of them."""
    sections = {"genres", "moods", "forms", "styles"}
    for word in phrases.words():
        found = {entry.section for entry in phrases.get((word,))}
        if len(word) >= MIN_MENDABLE_CHARS and not is_han(word) and found & sections and "comparative" not in found:
            yield word


def _framing_words() -> set[str]:
    """Words of the cues, such as `something` and `recommend`, that are long enough."""
    cues = (key_of(form) for data in lexicon().sections["cues"].values() for form in data["en"])
    return {word for key in cues for word in key if len(word) >= MIN_FRAMING_CHARS}


def _has(item: Item, field: str) -> bool:
    return getattr(item, field) not in (None, (), "")


def _compact(value: str) -> str:
    return "".join(key_of(value))


def _by_compact(values: Mapping[str, Any]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = defaultdict(list)
    for value in values:
        table[_compact(value)].append(value)
    return table


def _without_tail(key: Phrase) -> Phrase:
    return key[:-1] if len(key) > 1 and key[-1] in _GENRE_TAILS else key


def _number_forms(key: Phrase) -> Iterator[Phrase]:
    """The phrase with its last word in singular and plural."""
    yield key
    if not is_han(key[-1]) and key[-1].isalpha():
        single = singular_of(key[-1])
        yield (*key[:-1], single)
        yield (*key[:-1], plural_of(single))


def _described_words(items: Sequence[Item]) -> frozenset[str]:
    """Words that descriptions use in lower case: no names."""
    return frozenset(fold(word) for item in items if item.description for word in _LOWER_WORD.findall(item.description))
