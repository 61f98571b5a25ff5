"""What a negation reaches: from its cue over the things of a list, until a new noun phrase begins (`nothing scary, a comedy`)."""

from __future__ import annotations

from dataclasses import dataclass

from chatrec.understand.lists import JOINS, LIGHT
from chatrec.understand.marks import CONTENT, Mark, Page, has_section, is_felt
from chatrec.understand.text import COMMAS, SENTENCE_END, is_han, wordset

NUMBERS = ("minutes", "year")
MAX_GAP = 6
"""Words between a negation and the number it inverts: `nothing that is much older than 1990`."""
BREAKS = wordset("a an some something anything i we im id please lets but it its they my 我 来 给 请 但 只")
"""What opens a new phrase behind a comma or `and`."""
_NARROW = wordset("not non too very so overly 不 太")
_BESIDE = wordset("want or nor 或 和")
"""What may stand, beside light words and nouns, between a negation and the age or length that it rules out."""
_PAST = wordset("didnt did havent have hasnt has")
_POINTS = wordset("这 那 种 类 些 个 样 我 你 他 她 们 别 其 他 它")
_ADJECTIVES = wordset("animated historical historic comedic dramatic adventurous political scientific thrilling suspenseful")
_PREFERRED = wordset("rather sooner prefer preferring preferably")
_BETTER = wordset("好 强 棒 赞 更")


@dataclass(slots=True)
class Negation:
    """A negation whose scope is open."""

    opened: int
    """Token where its cue ends."""
    narrow: bool = False
    """It reaches one word only: `not too scary sci-fi`, `不恐怖的科幻片`."""
    first: Mark | None = None
    """The first thing that was negated."""
    pending: int = -1
    """End of a comma or `and` after which it is in doubt."""

    @classmethod
    def behind(cls, page: Page, cue: Mark) -> Negation:
        """The negation that a cue opens."""
        return cls(cue.end, narrow=_NARROW.issuperset(page.words[cue.start : cue.end]))

    def denies(self, page: Page, cue: Mark) -> bool:
        """Whether a cue stands so close behind it that the cue itself is denied: `not like`, `haven't seen`."""
        near = self.first is None and cue.start - self.opened <= 2
        return near and COMMAS.isdisjoint(page.words[self.opened : cue.start])

    def reaches_word(self, page: Page, mark: Mark) -> bool:
        """Whether it reaches a word that is no content, such as a verb or `old`."""
        near = self.opened >= mark.start - 1 or page.words[self.opened : mark.start] in (["want"], ["want", "the"])
        return (near or self._reaches_age(page, mark)) and page.words[mark.start - 1] not in COMMAS

    def _reaches_age(self, page: Page, mark: Mark) -> bool:
        """`I don't want any very old films`, `don't show me anything old`: the age or length of what is ruled out."""
        between = range(self.opened, mark.start)
        return mark.has("vague") and all(
            page.words[at] in LIGHT
            or page.words[at] in _BESIDE
            or has_section(page.over[at], "forms", "vague")
            or ((over := page.over[at]) is not None and over.is_cue("want"))
            for at in between
        )

    def take_in(self, page: Page, mark: Mark) -> None:
        """Negate a thing in its scope, unless what is ruled out is only said of it: `no old films`, `no films by …`."""
        if mark.role in ("count", "age"):
            return
        if mark.role in NUMBERS and (self.first is not None or mark.start - self.opened > MAX_GAP):
            return
        if mark.has("forms"):
            if self.first is None and _is_old_or_long(page, mark):
                self.first = mark
            listed = self.first is not None and self.first.has("forms") and self.first.negated  # `no games or films`
            if (self.first is not None and not listed) or _is_qualified(page, mark):
                return
        mark.negated = mark.role in NUMBERS or mark.attitude not in ("seen", "unseen")
        self.first = self.first or mark

    def goes_on_to(self, page: Page, mark: Mark, *, felt_at: int) -> bool:
        """Whether it reaches over a comma or an `and` to this mark.

        Args:
            page: the message.
            mark: a thing behind the comma or `and`.
            felt_at: where the last cue of an opinion ended; of fears, a list may go on over words that nothing knows.
        """
        between = page.words[self.pending : mark.start]
        adjacent = all(word in LIGHT or word in JOINS for word in between)
        comma = page.words[self.pending - 1] in COMMAS
        joined = not JOINS.isdisjoint(between)
        same = self.first is not None and _family(self.first) == _family(mark)
        same = same or (not comma and has_section(self.first, "forms"))  # `no old films or horror`
        noun = mark.has("genres") and page.words[mark.end - 1] not in _ADJECTIVES
        listed = joined or (same and (noun or mark.role == "person" or _list_goes_on(page, mark.end)))
        return (adjacent and same and (not comma or listed)) or self._ends_list_of_fears(page, mark, felt_at)

    def _ends_list_of_fears(self, page: Page, mark: Mark, felt_at: int) -> bool:
        """`scared of spiders, snakes and clowns`, where nothing knows the spiders and the snakes."""
        cue = page.ending(felt_at)
        listed = page.words[self.opened : mark.start]
        joined = self.first is None and 2 <= len(listed) <= MAX_GAP and listed[-1] in JOINS
        loose = BREAKS.isdisjoint(listed) and all(m.is_cue("and", "or") for m in page.within(self.opened, mark.start))
        return joined and loose and cue is not None and is_felt(page, cue)

    def leaves_open(self, page: Page, noun: Mark) -> bool:
        """Whether a genre is neither wanted nor ruled out, as it stands right behind a forbidden mood: `no gory shooters`."""
        first = self.first
        near = first is not None and not page.words[first.end : noun.start] and first.has("moods")
        return near and not is_han(page.words[noun.start]) and noun.has("genres")

    def is_described(self, page: Page, end: int) -> bool:
        """Whether words that nothing else knows stand between it and `的`: `不要老套的喜剧` wants a comedy."""
        between = range(self.opened, end)
        return self.first is None and any(
            not page.taken(at) and page.words[at] not in LIGHT and page.words[at] not in _POINTS for at in between
        )


def turns_from(page: Page, at: int, clause_at: int) -> bool:
    """Whether a word turns from what stands behind it: `I'd rather have a comedy than a drama`, `喜剧比剧情片好`.

    Args:
        page: the message.
        at: the word.
        clause_at: where its clause starts.
    """
    word = page.words[at]
    return (word in ("than", "to") and _prefers(page, at, clause_at)) or (word == "比" and _is_worse(page, at + 1))


def _prefers(page: Page, at: int, clause_at: int) -> bool:
    """`I'd rather have a comedy than a drama`, `prefer jazz to rock`; but `prefer music to relax`."""
    clause = page.words[clause_at:at]
    first, second = page.ending(at), page.starting(at + 1)
    if _PREFERRED.isdisjoint(clause) or has_section(first, "critiques", "critiques_mood", "comparative"):
        return False  # `I'd rather something older than Alien`
    if page.words[at] == "than" or "prefer" not in clause or first is None or second is None:
        return page.words[at] == "than"
    return _section(first) == _section(second) != ""


def _is_worse(page: Page, start: int) -> bool:
    """`喜剧比剧情片好`: what stands behind `比` is not wanted; but `比剧情片轻松的` only compares with it."""
    mark = page.starting(start)
    return mark is not None and has_section(mark, *CONTENT) and not _BETTER.isdisjoint(page.words[mark.end : mark.end + 1])


def lists_more(page: Page, cue: Mark) -> bool:
    """`musicals or anything with dogs`, `horror or anything scary`: one more of what was named before."""
    before, after = page.words[max(0, cue.start - 1) : cue.start], page.words[cue.end : cue.end + 1]
    some, *rest = page.words[cue.start : cue.end]
    listed = some in ("anything", "everything") and before in (["and"], ["or"], ["nor"])
    described = has_section(page.starting(cue.end), "moods", "genres", "styles")
    return listed and (described or (rest or after) in (["with"], ["about"], ["involving"], ["featuring"]))


def is_never(page: Page, verb: Mark) -> bool:
    """`never watch`, `don't want to play`; but not `didn't watch`."""
    cue = page.ending(verb.start)
    if not verb.has("verbs") or cue is None:
        return False
    return (cue.is_cue("negate") and page.words[cue.start] not in _PAST) or (cue.is_cue("want") and cue.negated)


def _list_goes_on(page: Page, at: int) -> bool:
    """Whether an `or` follows before the clause ends: `nothing sad, dark or violent`."""
    for word in page.words[at : at + 8]:
        if word in SENTENCE_END or word == "but":
            return False
        if word in ("or", "nor", "或"):
            return True
    return False


def _section(mark: Mark) -> str:
    return next((section for section in CONTENT if mark.has(section)), "")


def _family(mark: Mark) -> str:
    """What can be listed with a thing: things of the same family."""
    if mark.role != "words":
        return mark.role
    section = _section(mark)
    if section in ("languages", "countries"):
        return "origin"
    return "content" if section in ("genres", "styles", "moods", "themes", "catalog", "tags") else section


def _is_old_or_long(page: Page, noun: Mark) -> bool:
    """`no old films`, `不要老的电影`: the age or length is ruled out, not the form; `not old series but films` wants films."""
    before = page.ending(noun.start) or page.ending(noun.start - (page.words[noun.start - 1] == "的"))
    contrasted = page.words[noun.end : noun.end + 1] == ["but"] and has_section(page.starting(noun.end + 1), "forms")
    return before is not None and before.has("vague") and before.negated and not contrasted


def _is_qualified(page: Page, noun: Mark) -> bool:
    """`no films longer than …`, `no films by …`, `no films that are old`: what is ruled out is said behind the noun."""
    following = page.starting(noun.end)
    if following is not None:
        return following.role in (*NUMBERS, "person") or following.is_cue("by", "about", "like")
    at = next((at for at in range(noun.end, len(page.words)) if page.words[at] not in LIGHT or page.taken(at)), noun.end)
    return at > noun.end and has_section(page.starting(at), "vague", "critiques")
