"""Genres, styles, moods, tags, themes: marks → constraints and wishes."""

from __future__ import annotations

from collections.abc import Sequence

from chatrec.understand.contrasts import is_weighed
from chatrec.understand.critiques import Direction, direction_of, is_for_younger, nudge_mood
from chatrec.understand.draft import Draft
from chatrec.understand.free import COMPANY
from chatrec.understand.kinds import Asked
from chatrec.understand.lexicon import Entry, lexicon, plural_of, singular_of
from chatrec.understand.lists import alternatives
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.numbers import cardinal
from chatrec.understand.text import common_words, is_han, key_of, wordset

MAX_HARD_MOODS = 2
LOOSE_GENRES = wordset(
    "history country metal pop rock soul science arts business society technology tech political folk latin stealth punk"
)
_SELF_MOODS = wordset(
    "sad happy angry scared relaxed warm cold good moving deep smart light strange odd weird down funny fun sweet"
)
_SPEAKER_STATE = wordset("im am feel feeling")
_DEGREES = wordset("too so that overly very 太 那么 过于")
_WITH_A = tuple([lead, article] for lead in ("with", "without", "involving") for article in ("a", "an", "some"))
_LOVES = wordset("love loves adore adores likes enjoys")
_QUALIFIERS = wordset("but and with 但 而")
_TOPIC_GENRES = {
    "history",
    "politics",
    "science",
    "true crime",
    "business",
    "technology",
    "society",
    "arts",
    "sport",
    "biography",
}


class Contents:
    """Turns the content of a message into changes.

    Args:
        draft: where the changes go.
        asked: the media asked for.
    """

    def __init__(self, draft: Draft, asked: Asked) -> None:
        self._draft = draft
        self._page = draft.page
        self._words = draft.words
        self._asked = asked
        self._hard_moods = 0

    def read(self) -> None:
        """Read every content mark."""
        marks = [m for m in self._page.sorted() if m.role == "words" and not m.used and not m.released]
        self._genres([m for m in marks if self._is_genre(m)])
        for mark in marks:
            if mark.used:
                continue
            if mark.has("moods"):
                self._mood(mark)
            elif mark.has("tags"):
                self._tag(mark)
            elif mark.has("styles"):
                self._style(mark)
            elif has_section(mark, "themes", "catalog") and not self._is_elsewhere(mark):
                self._theme(mark)

    def _is_elsewhere(self, mark: Mark) -> bool:
        """Whether it says where a work comes from rather than what it is about."""
        company = not mark.about and self._page.names_company(mark.start, mark.entries)
        return company or has_section(mark, "languages", "countries")

    # --- genres -------------------------------------------------------------------------------------------------------

    def _is_genre(self, mark: Mark) -> bool:
        entry = mark.entry("genres")
        if entry is None or mark.attitude in ("seen", "unseen") or (mark.has("cues") and mark.is_cue("release", "by", "about")):
            return False
        said = self._page.words[mark.start : mark.end]
        if len(said) == 1 and said[0] in LOOSE_GENRES and not self._has_audio_sense(mark):
            return False
        return not mark.has("forms")

    def _has_audio_sense(self, mark: Mark) -> bool:
        """Whether an ordinary word such as `rock` or `country` is meant as a genre here."""
        kinds = self._asked.kinds or self._draft.ledger.kinds
        if "audio" in kinds:
            return True
        entry = mark.entry("genres")
        if entry is not None and kinds and set(kinds) & self._words.genre_kinds((entry.name,)):
            return True
        before = self._page.ending(mark.start)
        ends = mark.end == len(self._page.words) or not self._page.words[mark.end][0].isalnum()
        return ends and (mark.start == 0 or (before is not None and before.has("cues")))

    def _genres(self, marks: Sequence[Mark]) -> None:
        wanted = [m for m in marks if not m.negated and self._as_genre(m)]
        taste = {id(m) for m in wanted if m.attitude == "like"}
        demanded = any(id(m) not in taste for m in wanted)
        for group in alternatives(self._page, [m for m in wanted if not (id(m) in taste and demanded)]):
            self._demand_genres(group)
        for mark in wanted:
            if id(mark) in taste and demanded:
                self._wish_genre(mark)
        for mark in marks:
            if mark.negated and not mark.used:
                self._forbid_genre(mark)

    def _as_genre(self, mark: Mark) -> bool:
        """Whether the mark demands a genre; otherwise it becomes a wish in words, here."""
        entry = mark.entry("genres")
        assert entry is not None
        if mark.about and entry.name not in _TOPIC_GENRES:
            self._theme_wish(mark, entry)
            return False
        if mark.about and any((c.field, c.op) == ("genres", "in") for c in self._draft.ledger.constraints):
            self._wish_genre(mark)  # `about sports`, once a documentary was asked for
            return False
        if self._is_foreign(entry.name) and self._words.has("genres"):
            self._theme_wish(mark, entry)
            return False
        return True

    def _is_foreign(self, name: str) -> bool:
        """Whether works of the media or forms asked for carry neither the genre nor one of its kin."""
        kinds, has = self._asked.kinds or self._draft.ledger.kinds, self._words.genre_kinds((name,))
        if not kinds or not has:
            return False
        forms = self._forms()
        if forms and self._words.kinds_of("genres", self._words.genres((name,))):
            return not self._words.carries(forms, self._words.genres_in(name, forms))
        return not has & set(kinds)

    def _theme_wish(self, mark: Mark, entry: Entry) -> None:
        topics = entry.data.get("topics", ()) if self._is_foreign(entry.name) else ()
        theme = self._words.theme([entry.name, *entry.data.get("en", ()), *topics])
        less = mark.negated or direction_of(self._page, mark) == "less"
        self._draft.wish(theme or entry.name, "themes" if theme else None, theme, less=less)
        mark.used = True

    def _demand_genres(self, group: Sequence[Mark]) -> None:
        names = [m.entry("genres").name for m in group if m.entry("genres")]  # type: ignore[union-attr]
        direction = next((d for m in group if (d := self._direction_of(m))), None)
        if direction:
            self._draft.criticise()
        if all(m.soft for m in group) or direction:
            for mark in group:
                self._wish_genre(mark, less=direction == "less")
            return
        said = self._page.text.said(group[0].start, group[-1].end)
        values = tuple(dict.fromkeys(value for name in names for value in self._words.genres_in(name, self._forms())))
        self._draft.constrain("genres", "in", values, said=said)
        for mark in group:
            mark.used = True
            self._wish_narrower(mark)

    def _forms(self) -> tuple[str, ...]:
        """The forms that are asked for, now or before."""
        earlier = [c.value for c in self._draft.ledger.constraints if (c.field, c.op) == ("form", "in")]
        known = tuple(str(form) for value in earlier if isinstance(value, tuple) for form in value)
        return self._asked.forms or (() if self._asked.said else known)

    def _wish_narrower(self, mark: Mark) -> None:
        """`bebop` demands jazz and wishes for bebop."""
        entry = mark.entry("genres")
        said = " ".join(key_of(self._page.said(mark)))
        if entry is None or said not in _narrower(entry):
            return
        tags = self._words.spelled("tags", (said, singular_of(said)))
        self._draft.wish(said, "tags" if tags else None, tags[0] if tags else None)

    def _wish_genre(self, mark: Mark, *, less: bool = False) -> None:
        entry = mark.entry("genres")
        assert entry is not None
        self._draft.wish(entry.name, "genres", self._words.genres((entry.name,))[0], less=less)
        mark.used = True

    def _forbid_genre(self, mark: Mark) -> None:
        entry = mark.entry("genres")
        assert entry is not None
        said = self._page.said(mark)
        mark.used = True
        if " ".join(key_of(said)) in _narrower(entry):
            self._forbid_narrower(said)
            return
        self._draft.constrain("genres", "not_in", self._words.genres((entry.name,)), said=said)
        moods = entry.data.get("also_not", ())
        if moods and self._words.has("moods"):
            self._draft.constrain("moods", "not_in", self._words.spelled("moods", moods) or tuple(moods), said=said)

    def _forbid_narrower(self, said: str) -> None:
        """`no slashers` leaves other horror in."""
        tags = self._words.spelled("tags", (said, singular_of(said.casefold())))
        if tags:
            self._draft.constrain("tags", "not_in", tags, said=said)
        else:
            self._draft.wish(said.casefold(), less=True)

    def _style(self, mark: Mark) -> None:
        entry = mark.entry("styles")
        assert entry is not None
        said = self._page.said(mark)
        if entry.data.get("theme"):
            self._wish_theme(entry.name, entry, less=mark.negated)
            return
        tag = self._words.spelled("tags", (entry.name, *entry.data.get("en", ())))
        if mark.negated:
            if tag:
                self._draft.constrain("tags", "not_in", tag, said=said)
            elif "all" in entry.data:
                self._draft.constrain("genres", "not_in", self._words.genres(entry.data["all"][:1]), said=said)
            else:
                self._draft.wish(entry.name, less=True)
            return
        if not mark.soft and mark.attitude != "seen":
            for genre in entry.data.get("all", ()):
                self._draft.constrain("genres", "in", self._words.genres((genre,)), said=said)
            if "any" in entry.data:
                self._draft.constrain("genres", "in", self._words.genres(entry.data["any"]), said=said)
            if "form" in entry.data and self._words.has("form"):
                self._draft.constrain("form", "in", (entry.data["form"],), said=said)
        self._draft.wish(entry.name, "tags" if tag else None, tag[0] if tag else None)

    # --- moods --------------------------------------------------------------------------------------------------------

    def _mood(self, mark: Mark) -> None:
        if mark.attitude in ("seen", "unseen") or mark.about or self._is_of_speaker(mark):
            return
        direction = self._direction_of(mark)
        entry = mark.entry("moods")
        assert entry is not None
        if direction:
            nudge_mood(self._draft, entry.name, direction)
        elif mark.soft and not mark.negated:
            self._wish_mood(mark)
        elif mark.negated:
            self._forbid_mood(mark)
        elif mark.has("genres") and mark.used:
            return
        else:
            self._demand_mood(mark)

    def _direction_of(self, mark: Mark) -> Direction | None:
        """More or less of it; before anything was shown, `more funny than sad` plainly asks for what is funny.

        `one more comedy` is a comedy.
        """
        weighed = not self._draft.ledger.last_shown and is_weighed(self._page, mark)
        counted = self._page.words[max(0, mark.start - 2) : mark.start] == ["one", "more"]
        return None if weighed or counted else direction_of(self._page, mark)

    def _is_of_speaker(self, mark: Mark) -> bool:
        """`I'm sad` tells of the speaker."""
        before = self._page.words[max(0, mark.start - 2) : mark.start]
        said = self._page.words[mark.start : mark.end]
        followed = has_section(self._page.starting(mark.end), "forms", "genres")
        speaks = any(word in _SPEAKER_STATE for word in before) or before[-2:] == ["我", "很"] or before[-1:] == ["我"]
        speaks = speaks and before[:1] not in (["让"], ["讓"], ["令"], ["使"], ["把"], ["逗"])  # `让我哭的` tells of the work
        return speaks and not followed and (all(w in _SELF_MOODS for w in said) or is_han(said[0]))

    def _demand_mood(self, mark: Mark) -> None:
        entry = mark.entry("moods")
        assert entry is not None
        values = self._words.spelled("moods", entry.values)
        if values and self._hard_moods < MAX_HARD_MOODS and not self._qualifies():
            self._hard_moods += 1
            self._draft.constrain("moods", "in", values, said=self._page.said(mark))
        else:
            self._wish_mood(mark)

    def _qualifies(self) -> bool:
        """`but with a happy ending` is added to the mood that was demanded before."""
        known = any(c.field == "moods" and c.op == "in" for c in self._draft.ledger.constraints)
        return known and self._page.words[0] in _QUALIFIERS

    def _wish_mood(self, mark: Mark) -> None:
        entry = mark.entry("moods")
        assert entry is not None
        self._draft.wish_mood(entry.name, entry.values)

    def _forbid_mood(self, mark: Mark) -> None:
        """A forbidden mood rules out the genres that always carry it, too; with such a genre it can only be less of it."""
        entry = mark.entry("moods")
        assert entry is not None
        genres = lexicon().sections["genres"]
        if any(entry.name in data.get("also_not", ()) and self._is_demanded_genre(name) for name, data in genres.items()):
            self._draft.wish_mood(entry.name, entry.values, less=True)
            return
        said = self._page.said(mark)
        carrying = entry.data.get("also_not", ()) if self._words.has("genres") else ()
        genres = [g for g in carrying if not self._is_demanded_genre(g) and self._is_told_apart(g)]
        if self._words.has("moods") or not genres:
            self._draft.constrain("moods", "not_in", self._words.spelled("moods", entry.values) or entry.values, said=said)
        if genres:
            self._draft.constrain("genres", "not_in", self._words.genres(genres), said=said)
        below = entry.data.get("rated_below")
        if below is not None and self._words.has("age") and not is_for_younger(self._draft, below):
            some = bool(_DEGREES.intersection(self._page.words[max(0, mark.start - 1) : mark.start]))
            self._draft.constrain("age", "lt", float(below), said=said, hard=not some)  # `not too gory` allows of some

    def _is_told_apart(self, genre: str) -> bool:
        """Whether works of the media asked for may be of the genre: among films there are no shooters to rule out."""
        kinds = set(self._asked.kinds or self._draft.ledger.kinds)
        return genre == "horror" or not kinds.isdisjoint(self._words.genre_kinds((genre,)))

    def _is_demanded_genre(self, name: str) -> bool:
        """Horror that is not too bloody still is horror."""
        said = [c.constraint for c in self._draft.changes if c.constraint is not None]
        known = [*said, *self._draft.ledger.constraints]
        return any(
            c.field == "genres" and c.op == "in" and name in (c.value if isinstance(c.value, tuple) else ()) for c in known
        )

    # --- tags and themes ----------------------------------------------------------------------------------------------

    def _tag(self, mark: Mark) -> None:
        entry = mark.entry("tags")
        assert entry is not None
        kinds = self._asked.kinds or self._draft.ledger.kinds
        if mark.attitude in ("seen", "unseen") or (kinds and entry.data.get("medium", kinds[0]) not in kinds):
            return
        values = tuple(dict.fromkeys([*self._words.spelled("tags", entry.values), *entry.values]))
        known = bool(self._words.spelled("tags", entry.values))
        if entry.data.get("recorded") and not known:
            self._draft.unsupported.append(self._page.said(mark))
            return
        if entry.name == "multiplayer" and any(cardinal(self._page.words, at) for at in range(mark.start, mark.end)):
            self._draft.unsupported.append(self._page.said(mark))  # that there are several is recorded, not how many
        genre = self._words.genres((entry.name,)) if self._words.kinds_of("genres", (entry.name,)) else ()
        if mark.negated:
            values = values[:1] if entry.name == "multiplayer" else values
            self._draft.constrain("tags", "not_in", values, said=self._page.said(mark))
        elif mark.soft or entry.data.get("soft") or direction_of(self._page, mark):
            self._draft.wish(entry.name, "tags", values[0])
        elif genre and not known:
            self._draft.constrain("genres", "in", genre, said=self._page.said(mark))
        elif not known and self._words.has("tags") and "medium" not in entry.data:
            self._draft.wish(entry.name)
        else:
            self._draft.constrain("tags", "in", values, said=self._page.said(mark))
            for constraint in self._draft.ledger.constraints if entry.name == "instrumental" else ():
                if (constraint.field, constraint.op, constraint.value) == ("language", "not_in", ("zxx",)):
                    self._draft.act("unconstrain", key=constraint.key)

    def _theme(self, mark: Mark) -> None:
        if mark.attitude in ("seen", "unseen") or (mark.has("cues") and not mark.about) or not self._is_meant(mark):
            return
        entry = mark.entry("catalog")
        if entry is not None:
            self._catalog_word(mark, entry)
            return
        entry = mark.entry("themes")
        assert entry is not None
        self._wish_theme(entry.name, entry, less=self._is_lessened(mark), mark=mark)

    def _is_lessened(self, mark: Mark) -> bool:
        """Whether less of it is asked for: `fewer songs about love`; after an answer that criticises what was shown."""
        less = direction_of(self._page, mark) == "less"
        if less:
            self._draft.criticise()
        return less

    def _catalog_word(self, mark: Mark, entry: Entry) -> None:
        field = entry.data["field"]
        if mark.negated:
            self._draft.constrain(field, "not_in", (entry.name,), said=self._page.said(mark))
        else:
            said = self._page.said(mark)
            text = said if said.casefold() == entry.name.casefold() and said.istitle() else entry.name
            self._draft.wish(text, field, entry.name, less=self._is_lessened(mark))

    def _wish_theme(self, name: str, entry: Entry, *, less: bool = False, mark: Mark | None = None) -> None:
        theme = self._words.theme([name, *entry.data.get("en", ())])
        if mark is not None and mark.negated:
            if theme:
                self._draft.constrain("themes", "not_in", self._theme_values(entry, theme), said=self._page.said(mark))
            else:
                self._draft.forbid(name, said=self._page.said(mark))
            return
        self._draft.wish(theme or name, "themes" if theme else None, theme, less=less)

    def _theme_values(self, entry: Entry, theme: str) -> tuple[str, ...]:
        """Every theme of the catalog that the forbidden word names: `zombies`, `undead`."""
        named = (self._words.theme([form]) for form in entry.data.get("en", ()))
        return tuple(dict.fromkeys([theme, *(value for value in named if value)]))

    def _is_loved(self, mark: Mark) -> bool:
        """`my girlfriend loves dogs`; but `I'd love family time`."""
        cue = self._page.ending(mark.start)
        ends = self._page.words[mark.end : mark.end + 1]
        closed = not ends or not ends[0][0].isalnum() or ends[0] in ("and", "so", "but", "who")
        return cue is not None and self._page.words[cue.end - 1] in _LOVES and closed

    def _is_meant(self, mark: Mark) -> bool:
        """A single ordinary word is a theme only in a frame: `about love`, `a school film`, `with dogs`."""
        said = self._page.words[mark.start : mark.end]
        if not mark.about and self._page.words[max(0, mark.start - 1) : mark.start] in (["my"], ["our"], ["her"], ["his"]):
            return False
        if mark.about or mark.negated or len(said) > 1 or said[0] not in common_words() or self._is_loved(mark):
            return True
        small = not self._page.text.tokens[mark.start].is_capital  # no `Die Hard with a Vengeance`
        start = mark.start - (self._page.words[max(0, mark.start - 2) : mark.start] in _WITH_A and small)
        before = self._page.words[start - 1] if start else ""
        after = self._page.words[mark.end] if mark.end < len(self._page.words) else ""
        noun = has_section(self._page.starting(mark.end), "forms", "genres", "styles") or after in ("stuff", "things")
        alone = mark.start == 0 and mark.end == len(self._page.words)
        if said[0] in COMPANY | {"families"} and before in ("with", "and", "my", "our"):
            return False
        frames = before in wordset(
            "with about of some more less on and or without no involving around like"
        ) and after not in wordset("you i we")
        return noun or alone or (frames and before != "like" and not _is_mine(self._page, mark))


def _narrower(entry: Entry) -> set[str]:
    """Words that name only a part of a genre, in singular and plural."""
    keys = [key_of(word) for word in entry.data.get("narrower", ())]
    return {" ".join(form) for key in keys for form in (key, (*key[:-1], plural_of(key[-1])))}


def _is_mine(page: Page, mark: Mark) -> bool:
    return any(word in ("my", "your", "our", "the", "his", "her") for word in page.words[max(0, mark.start - 2) : mark.start])
