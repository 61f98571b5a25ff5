"""Titles and people in a message: which words name a work, which only look like one.

A name is taken where its words cannot well be anything else (`blade runner`), where it is written as a name (quotes,
capitals in mid-sentence, a year in brackets), or where a frame asks for one (`loved …`, `something like …`, `… was great`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chatrec.types import Ambiguity, Item, Kind
from chatrec.understand.lexicon import Phrases
from chatrec.understand.marks import Mark, Page, has_section
from chatrec.understand.numbers import cardinal
from chatrec.understand.resolve import MAX_OPTIONS, Name, Names
from chatrec.understand.text import is_han, wordset

SENTENCE_END = set(".!?;:。！？；：")
CLOSING = {'"': '"', "《": "》", "「": "」", "『": "』", "【": "】", "〈": "〉"}
SEPARATORS = wordset(", / and or plus then nor also ; 、 和 与 跟 及 或 ，")
_SMALL = wordset("the a an of and in on at to for de la le du der die das el los las les with from by is vs no")
_FILLERS = wordset(
    "the a an movie film movies films game games show series album song book podcast original old watching playing seeing "
    "hearing listening to both all really called named titled first "
    "过了看玩听部的那这片子个電电影游戏剧集专辑播客叫 : ,"
)
_BOUNDARY = wordset(
    "and or but with for that which who where when because since so then than please from in on at by to about as is was were "
    "are also too though although however while maybe i we you my it its plus a an the just more recently yesterday lately "
    "last this very much really lot bit before already myself together again over only something anything not if can could "
    "would do does did have has any what any some like am im ive no without except instead now alot "
    "的这那一和跟与但吗了之类风还也都或以及很太样最想有没给推请求所是吧呢啊呀差等我你里中来再多不挺真特似"
)
_STOP_HAN = set("我你他她它的是在了看听玩有没不很想要一个这那什么时候人家小时给们")
_ROMAN = {"ii", "iii", "iv", "vi", "vii", "viii"}
_PRONOUNS = wordset("it this that these those them him her he she us me you one ones they both everything something anything all")
_ANSWERS = wordset(
    "yes yeah yep yea no nope ok okay hi hello hey thanks sure wow oh ah lol haha please maybe cool great well so now bye "
    "true right"
)
_PLAIN = wordset(
    "trailer original movie film book end ending beginning first last sequel remake cast acting story plot soundtrack music "
    "rest link score show game song album new old best other others good"
)
_SIMILAR = {
    "similar",
    "vein",
    "lines",
    "something",
    "anything",
    "style",
    "reminiscent",
    "like",
    "vibe",
    "stuff",
    "things",
    "fans",
}
MAX_CHUNK = 7
MAX_LIST_WORDS = 40
MAX_FUZZY = 8
"""Fuzzy look-ups per message."""


class TitleReader:
    """Marks titles, people and names the catalog lacks.

    Args:
        names: the catalog's names.
        items: its items by id.
        phrases: the words the lexicon and the catalog's vocabularies know.
        ordinary: words of ordinary talk; a name made only of them needs more than its words.
    """

    def __init__(self, names: Names, items: dict[str, Item], phrases: Phrases, ordinary: frozenset[str]) -> None:
        self._names = names
        self._items = items
        self._phrases = phrases
        self._ordinary = ordinary

    # --- names that stand on their own --------------------------------------------------------------------------------

    def mark_sure(self, page: Page, kinds: Sequence[Kind]) -> None:
        """Mark quoted names, names with a year, and names whose words cannot well be anything else."""
        self._mark_quoted(page, kinds)
        shouting = _is_uniform(page)
        at = 0
        while at < len(page.words):
            end = self._mark_sure_at(page, at, kinds, shouting) if not page.taken(at) else at
            at = max(end, at + 1)

    def _mark_quoted(self, page: Page, kinds: Sequence[Kind]) -> None:
        at = 0
        while at < len(page.words):
            closing = CLOSING.get(page.words[at])
            end = next((i for i in range(at + 1, min(len(page.words), at + 16)) if page.words[i] == closing), 0) if closing else 0
            if end > at + 1:
                words = [w for w in page.words[at + 1 : end] if w[0].isalnum()]
                ids = self._names.exact(words, kinds) or self._names.near(words, kinds)
                left, right, year = at, end + 1, _year_after(page.words, end + 1)
                if year:
                    right = year[1]
                people = () if ids else self._names.people.named(" ".join(words))
                if people:
                    page.add(Mark(left, right, "person", names=people))
                elif ids or (words and (closing != '"' or _is_title_case(page, at + 1, end))):
                    self._add(page, left, right, ids, year[0] if year else None)
                at = right
            else:
                at += 1

    def _mark_sure_at(self, page: Page, at: int, kinds: Sequence[Kind], shouting: bool) -> int:
        for end, add in self._candidates(page, at, kinds, shouting):
            if page.free(at, end):
                return add()
        return at

    def _candidates(self, page: Page, at: int, kinds: Sequence[Kind], shouting: bool) -> Iterator[tuple[int, Callable[[], int]]]:
        """Sure titles and people that start here, longest first."""
        found: list[tuple[int, int, Callable[[], int]]] = []
        reach = self._reach_behind_article(page, at)
        for name in self._names.at(page.words, at, kinds):
            if name.end < reach:
                continue
            year = _year_after(page.words, name.end)
            bracketed = page.words[name.end : name.end + 1] == ["("]
            if year and (bracketed or self._names.of_year(name.ids, year[0])):
                found.append((name.end, 1, lambda n=name, y=year: self._add(page, at, y[1], n.ids, y[0])))
            elif self._is_sure(page, at, name, shouting):
                found.append((name.end, 1, lambda n=name: self._add(page, at, n.end, n.ids, None)))
        for end, people, full in self._names.people.at(page.words, at):
            if self._is_sure_person(page, at, end, full, shouting):
                by = _in_person_frame(page, at, end) and page.words[at - 1 : at] != ["like"]
                found.append((end, 2 if by else 0, lambda e=end, p=people: self._add_person(page, at, e, p)))
        yield from ((end, add) for end, _, add in sorted(found, key=lambda f: (-f[0], -f[1])))

    def _reach_behind_article(self, page: Page, at: int) -> int:
        """`the Star Wars films` names Star Wars, whatever film is called The Star."""
        if page.words[at] not in ("the", "a", "an") or page.text.tokens[at].is_capital or at + 1 >= len(page.words):
            return 0
        longest = next(self._names.at(page.words, at + 1), None)
        return longest.end if longest is not None else 0

    def _is_sure(self, page: Page, start: int, name: Name, shouting: bool) -> bool:
        words, end = name.key, name.end
        if self._is_cut(page, start, end, shouting) or len("".join(words)) < 2:
            return False
        if end - start == len(page.words) and self._names.is_title(words):
            plain = not self._phrases.get(words) and words[0] not in _PRONOUNS and words[0] not in _ANSWERS
            return plain or (_is_written_as_name(page, start, end, False) and words[0] not in _ANSWERS)
        if self._phrases.get(words) and not all(map(is_han, words)):
            return False
        if is_han(words[0]) and all(map(is_han, words)):
            return len(words) >= 3 and not self._phrases.get(words)
        if all(w in _PRONOUNS or w in _SMALL or w in _ANSWERS for w in words):
            return False
        if all(w.isdigit() for w in words):
            return page.words[start - 1 : start] != [] and page.words[start - 1] in ("called", "titled", "named")
        if not shouting and _is_written_as_name(page, start, end, self._is_ordinary(words)):
            return self._names.is_title(words) or not self._is_ordinary(words)
        return self._is_telling(words)

    def _is_telling(self, words: Sequence[str]) -> bool:
        """Whether these words, in lower case and in mid-sentence, still are a name."""
        if len(words) >= 4 and sum(w not in _SMALL for w in words) >= 3 and self._names.is_title(words):
            return not any(len(words) > end >= 2 for end, _ in self._phrases.at(words, 0))
        telling = [w for w in words if not self._is_ordinary((w,))]
        return bool(telling) and len(words) > 1 and not all(w.isdigit() for w in words)

    def _is_ordinary(self, words: Sequence[str]) -> bool:
        return all(w in self._ordinary or w.isdigit() or w in _SMALL or len(w) == 1 for w in words)

    def _is_sure_person(self, page: Page, start: int, end: int, full: bool, shouting: bool) -> bool:
        words = page.words[start:end]
        if self._is_cut(page, start, end, shouting) or len("".join(words)) < 2 or self._phrases.get(tuple(words)):
            return False
        if is_han(words[0]):
            return len(words) >= 2
        if not full and self._has_other_given_name(page, start):
            return False
        named = not shouting and _is_written_as_name(page, start, end, True)
        if end - start == len(page.words) and (full or not self._is_ordinary(words)):
            return named or words[0] not in _PRONOUNS
        if full and len(words) > 1:
            return named or not self._is_ordinary(words)
        if named:
            return full or not self._is_ordinary(words) or _in_person_frame(page, start, end)
        return not self._is_ordinary(words) and (_in_person_frame(page, start, end) or (full and len(words[0]) >= 5))

    def _has_other_given_name(self, page: Page, start: int) -> bool:
        """`Adrian Brody` is not the Brody of this catalog, nor are `the Monkeys` the Arctic ones."""
        if start == 0:
            return False
        token = page.text.tokens[start - 1]
        unknown = token.is_capital and not self._is_known(token.text) and not _starts_phrase(page, start - 1)
        return token.text == "the" or unknown

    def _is_cut(self, page: Page, start: int, end: int, shouting: bool) -> bool:
        """Whether the words go on: `Alien 3`, `Alien Covenant`, where only `Alien` is known, name another work."""
        if end < len(page.words) and self._is_sequel(page, end):
            return True
        if shouting:
            return False
        tokens = page.text.tokens
        after = tokens[end] if end < len(tokens) else None
        before = tokens[start - 1] if start else None
        if not tokens[start].is_capital:
            return False
        goes_on = after is not None and after.is_capital and self._is_part_of_name(page, end)
        began = (
            before is not None
            and before.is_capital
            and not _starts_sentence(page, start - 1)
            and self._is_part_of_name(page, start - 1)
        )
        return goes_on or began

    def _is_part_of_name(self, page: Page, at: int) -> bool:
        """A capitalised word that no lexicon knows and that starts no name of its own."""
        token = page.text.tokens[at]
        if token.is_han or len(token.text) == 1 or next(self._phrases.at(page.words, at), None):
            return False
        starts = next(self._names.at(page.words, at), None) or next(self._names.people.at(page.words, at), None)
        return starts is None and token.text not in _BOUNDARY

    def _is_sequel(self, page: Page, end: int) -> bool:
        word, after = page.words[end], page.words[end + 1] if end + 1 < len(page.words) else ""
        if word in _ROMAN or (word == "part" and (after.isdigit() or after in ("one", "two", "three", *_ROMAN, "i"))):
            return True
        if not word.isdigit() or len(word) > 2 or page.text.tokens[end].start == page.text.tokens[end - 1].end:
            return False
        return not after or after in _BOUNDARY or after in SEPARATORS or after in SENTENCE_END

    # --- names that a frame asks for ----------------------------------------------------------------------------------

    def mark_framed(self, page: Page, kinds: Sequence[Kind]) -> None:
        """Mark names after `loved`, `similar to`, `看过`, and before `was great`, `那样的`; and those the catalog lacks."""
        budget = [MAX_FUZZY]
        shouting = _is_uniform(page)
        for cue in page.sorted():
            if cue.is_cue("like", "dislike", "seen", "save", "unseen"):
                self._arguments(page, cue, kinds, budget, shouting)
            elif cue.is_cue("by", "negate"):
                self._unknown_person(page, cue, shouting)
        for cue in page.sorted():
            if cue.is_cue("like_after", "dislike_after", "seen_after"):
                self._subjects(page, cue, kinds, budget)
        self._whole(page, kinds, budget)

    def _arguments(self, page: Page, cue: Mark, kinds: Sequence[Kind], budget: list[int], shouting: bool) -> None:
        at = cue.end
        while at < len(page.words):
            end = self._argument_at(page, cue, at, kinds, budget, shouting)
            if end == at:
                return
            at = end
            while at < len(page.words) and page.words[at] in SEPARATORS:
                at += 1
            if at == end:
                return

    def _unknown_person(self, page: Page, cue: Mark, shouting: bool) -> None:
        """`by Brad Zorblaxson`, `no Tom Cruise`: a name in capitals that the catalog lacks."""
        start, end = self._chunk(page, cue.end)
        tokens = page.text.tokens[start:end]
        weighty = [t for t in tokens if t.text not in _SMALL]
        if shouting or len(weighty) < 2 or not all(t.is_capital for t in weighty) or self._is_ordinary([t.text for t in tokens]):
            return
        if not page.free(start, end):
            return
        people = self._names.people.near([t.text for t in tokens])
        if people:
            self._add_person(page, start, end, people)
        elif cue.is_cue("negate"):
            page.add(Mark(start, end, "person", names=(page.text.said(start, end),)))
        else:
            page.add(Mark(start, end, "missing"))

    def _argument_at(self, page: Page, cue: Mark, at: int, kinds: Sequence[Kind], budget: list[int], shouting: bool) -> int:
        """End of the name at `at`, marked; `at` if there is none."""
        start = at
        while start < len(page.words):
            known = page.starting(start)
            if known is not None and known.role in ("title", "person", "missing"):
                return known.end
            end = self._mark_exact(page, start, kinds, cue)
            if end > start:
                return end
            if page.words[start] not in _FILLERS or start - at >= 4:
                break
            start += 1
        return self._mark_chunk(page, cue, at, kinds, budget, shouting)

    def _mark_exact(self, page: Page, start: int, kinds: Sequence[Kind], cue: Mark) -> int:
        for name in self._names.at(page.words, start, kinds):
            words = name.key
            year = _year_after(page.words, name.end)
            if not self._is_bounded(page, name.end) and not year:
                continue
            if self._is_cut(page, start, name.end, False) or not self._may_cover(page, start, name.end):
                continue
            if self._is_too_plain(page, start, name):
                continue
            if len(words) == 1 and not self._names.is_title(words) and self._is_ordinary(words):
                continue
            self._uncover(page, start, name.end)
            return self._add(page, start, year[1] if year else name.end, name.ids, year[0] if year else None)
        for end, people, full in self._names.people.at(page.words, start):
            if page.free(start, end) and self._is_bounded(page, end) and (full or not self._is_ordinary(page.words[start:end])):
                if full and page.words[start] in _PRONOUNS and not page.text.tokens[start].is_capital:
                    continue
                return self._add_person(page, start, end, people)
        return start

    def _is_too_plain(self, page: Page, start: int, name: Name) -> bool:
        """`it`, `the one`, `a good time` in lower case name nothing, whatever films there are."""
        tokens = [t for t in page.text.tokens[start : name.end] if t.text not in ("the", "a", "an")]
        capital = any(t.is_capital and (len(t.raw) == 1 or not t.raw.isupper()) for t in tokens)
        if name.key[0] in _ANSWERS and len(name.key) == 1:
            return True
        pronouns = all(w in _PRONOUNS or w in _SMALL or w in _PLAIN for w in name.key) or len("".join(name.key)) < 2
        after_article = start > 0 and page.words[start - 1] in ("a", "an") and self._is_ordinary(name.key)
        return not capital and (pronouns or after_article)

    def _is_bounded(self, page: Page, end: int) -> bool:
        if end >= len(page.words):
            return True
        word = page.words[end]
        if not word[0].isalnum() or word in _BOUNDARY or word == "s":
            return True
        return has_section(page.starting(end), "forms", "cues", "critiques")

    def _may_cover(self, page: Page, start: int, end: int) -> bool:
        """Whether a name may take over words that the lexicon also knows: yes if it is longer, or they are mere themes."""
        for mark in page.within(start, end):
            if mark.role in ("title", "person", "missing") or mark.start < start or mark.end > end:
                return False
            same = mark.start == start and mark.end == end
            if same and not page.text.tokens[start].is_capital and not (mark.has("themes") or mark.has("catalog")):
                return False
            if same and (mark.has("genres") or mark.has("forms") or mark.has("cues")):
                return False
        return True

    def _uncover(self, page: Page, start: int, end: int) -> None:
        page.remove(page.within(start, end))

    def _mark_chunk(self, page: Page, cue: Mark, at: int, kinds: Sequence[Kind], budget: list[int], shouting: bool) -> int:
        """An unknown name: a slip of the hand, or a work that the catalog lacks."""
        start, end = self._chunk(page, at)
        if end <= start:
            return at
        words = page.words[start:end]
        if is_han(words[0]):
            return self._mark_han_chunk(page, cue, start, end, kinds, budget) or at
        capital = page.text.tokens[start].is_capital and not shouting and len(page.text.tokens[start].text) > 1
        unknown = [w for w in words if w not in _SMALL and not self._is_known(w)]
        if capital and len(words) == 1 and self._is_ordinary(words):
            capital = bool(_year_after(page.words, end))
        if (not capital and not unknown) or words[0] in ("i", "im") or not self._may_cover(page, start, end):
            return at
        self._uncover(page, start, end)
        if budget[0] > 0:
            budget[0] -= 1
            ids = self._near(words, kinds)
            if ids:
                year = _year_after(page.words, end)
                return self._add(page, start, year[1] if year else end, ids, year[0] if year else None)
            people = self._names.people.near(words)
            if people:
                return self._add_person(page, start, end, people)
        return self._mark_missing(page, cue, start, end, capital, unknown) or at

    def _near(self, words: Sequence[str], kinds: Sequence[Kind]) -> tuple[str, ...]:
        bare = words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words
        return self._names.near(words, kinds) or (self._names.near(bare, kinds) if bare != words else ())

    def _mark_missing(self, page: Page, cue: Mark, start: int, end: int, capital: bool, unknown: Sequence[str]) -> int:
        words = page.words[start:end]
        weighty = [w for w in words if w not in _SMALL]
        followed = has_section(page.starting(end), "forms", "genres")
        lower = self._asks_for_name(page, cue, start) and len(unknown) * 2 >= len(weighty) and len(words) <= 5 and not followed
        if not lower and not (capital and (unknown or len(weighty) > 1 or not followed)):
            return 0
        if capital and not unknown and len(weighty) == 1 and followed:
            return 0
        year = _year_after(page.words, end)
        page.add(Mark(start, year[1] if year else end, "missing"))
        return page.marks[-1].end

    def _asks_for_name(self, page: Page, cue: Mark, start: int) -> bool:
        """Whether unknown words in lower case must be a name here: after `something like`, `games like`, `loved`, `played`."""
        if page.words[start] in ("a", "an", "the", "my", "your", "some", "this", "that") or cue.is_cue("save", "unseen"):
            return False
        said = page.words[cue.start : cue.end]
        if not cue.is_cue("like"):
            return True
        explicit = any(w in _SIMILAR for w in said if w != "like") or said[-1].endswith("ed")
        return explicit or has_section(page.ending(cue.start), "forms", "genres", "inner")

    def _mark_han_chunk(self, page: Page, cue: Mark, start: int, end: int, kinds: Sequence[Kind], budget: list[int]) -> int:
        words = page.words[start:end]
        if not 2 <= len(words) <= 12 or any(w in _STOP_HAN for w in words) or not all(is_han(w) or w.isdigit() for w in words):
            return 0
        if len(words) >= 5 and budget[0] > 0:
            budget[0] -= 1
            ids = self._names.near(words, kinds)
            if ids:
                return self._add(page, start, end, ids, None)
        closed = ((mark := page.starting(end)) is not None and mark.is_cue("like_after")) or page.words[end : end + 1] == ["的"]
        if page.words[cue.start] in ("类", "類", "像", "好", "就") and closed:
            page.add(Mark(start, end, "missing"))
            return end
        return 0

    def _chunk(self, page: Page, at: int) -> tuple[int, int]:
        """The words from `at` to the next boundary; a capitalised name runs on over small words."""
        start = at
        while start < len(page.words) and page.words[start] in (
            "movie",
            "film",
            "game",
            "show",
            "album",
            "called",
            "watching",
            "playing",
        ):
            start += 1
        end = start
        tokens = page.text.tokens
        capital = start < len(tokens) and tokens[start].is_capital
        while end < len(tokens) and end - start < (MAX_CHUNK if not tokens[end].is_han else 12):
            word = page.words[end]
            if self._blocks(page, end, capital) or (not tokens[end].is_word and word != ":"):
                break
            if end > start and word in _BOUNDARY and not (capital and self._runs_on(page, end)):
                break
            if end > start and capital and not tokens[end].is_capital and not word.isdigit() and word not in _SMALL:
                break
            end += 1
        while end > start and (page.words[end - 1] in _SMALL or page.words[end - 1] == ":"):
            end -= 1
        if end > start and not capital and page.words[start] in _BOUNDARY and page.words[start] not in ("the", "a", "an"):
            return start, start
        return start, end

    def _blocks(self, page: Page, at: int, capital: bool) -> bool:
        """Whether other words are known here; mere themes give way to a name in capitals."""
        if not page.taken(at):
            return False
        mark = page.over[at]
        gives_way = (
            mark is not None
            and mark.role in ("words", "count")
            and not (mark.has("cues") or mark.has("forms") or mark.has("genres"))
        )
        return not (gives_way and capital and (page.text.tokens[at].is_capital or page.text.tokens[at].is_number))

    def _runs_on(self, page: Page, at: int) -> bool:
        """`of the` in `Zorblax of the North`."""
        if page.words[at] not in _SMALL or page.words[at] == "and" or page.text.tokens[at].is_capital:
            return page.text.tokens[at].is_capital and page.words[at] != "i"
        following = page.text.tokens[at + 1 : at + 3]
        return any(t.is_capital for t in following[:1]) or (
            len(following) == 2 and following[0].text in _SMALL and following[1].is_capital
        )

    def _is_known(self, word: str) -> bool:
        return word in self._ordinary or word.isdigit() or len(word) == 1 or next(self._phrases.at([word], 0), None) is not None

    def _subjects(self, page: Page, cue: Mark, kinds: Sequence[Kind], budget: list[int]) -> None:
        """Names right before `was great`, and those listed before them."""
        end = cue.start
        while end > 0:
            known = page.ending(end)
            start = (
                known.start
                if known and known.role in ("title", "person", "missing")
                else self._mark_ending(page, end, kinds, budget)
            )
            if start == end:
                return
            end = start
            while end > 0 and page.words[end - 1] in SEPARATORS:
                end -= 1
            if end == start:
                return

    def _mark_ending(self, page: Page, end: int, kinds: Sequence[Kind], budget: list[int]) -> int:
        """Start of the name that ends at `end` and starts a clause, marked; `end` if there is none."""
        while end > 0 and page.words[end - 1] in ("both", "all", "也", "真", "都", "的", "很") and not page.taken(end - 1):
            end -= 1
        for start in range(max(0, end - 10), end):
            ids = self._names.exact(page.words[start:end], kinds)
            if not ids or not self._may_cover(page, start, end) or not self._starts_clause(page, start):
                continue
            if self._is_too_plain(page, start, Name(ids, tuple(page.words[start:end]), start, end)):
                continue
            self._uncover(page, start, end)
            self._add(page, start, end, ids, None)
            return start
        return self._mark_near_ending(page, end, kinds, budget)

    def _mark_near_ending(self, page: Page, end: int, kinds: Sequence[Kind], budget: list[int]) -> int:
        start = end
        while start > 0 and end - start < 6 and page.text.tokens[start - 1].is_word and page.free(start - 1, start):
            if page.words[start - 1] in SEPARATORS:
                break
            start -= 1
        words = page.words[start:end]
        unknown = [w for w in words if not self._is_known(w)]
        if not unknown or budget[0] <= 0 or is_han(words[0]):
            return end
        budget[0] -= 1
        ids = self._near(words, kinds)
        if ids:
            self._add(page, start, end, ids, None)
            return start
        copula = page.words[end : end + 1] in (["was"], ["is"], ["were"])
        named = page.text.tokens[start].is_capital and (copula or not _starts_sentence(page, start))
        if named and len(unknown) * 2 >= len(words):
            page.add(Mark(start, end, "missing"))
            return start
        return end

    def _starts_clause(self, page: Page, start: int) -> bool:
        if start == 0:
            return True
        word = page.words[start - 1]
        if not word[0].isalnum() or word in SEPARATORS or word in _BOUNDARY:
            return word not in ("a", "an", "the", "my", "this", "that") or not is_han(page.words[start])
        return has_section(page.ending(start), "cues", "forms")

    def _whole(self, page: Page, kinds: Sequence[Kind], budget: list[int]) -> None:
        """A message that is nothing but a misspelt name (or several, with commas)."""
        if any(m.role not in ("title", "person", "missing") and not m.is_cue("greeting", "thanks") for m in page.marks):
            return
        if len(page.words) > MAX_LIST_WORDS:
            return
        start = 0
        for end in range(len(page.words) + 1):
            if end < len(page.words) and page.words[end] not in {",", "、", "，", ".", "!", "?", "/", ";"}:
                continue
            words = page.words[start:end]
            if words and len(words) <= MAX_CHUNK and page.free(start, end) and budget[0] > 0:
                budget[0] -= 1
                exact = self._names.exact(words, kinds)
                ids = exact if exact and self._names.is_title(words) else self._near(words, kinds)
                plain = self._is_too_plain(page, start, Name(ids, tuple(words), start, end))
                if ids and not plain and not self._phrases.get(tuple(words)):
                    self._add(page, start, end, ids, None)
            start = end + 1

    # --- marks --------------------------------------------------------------------------------------------------------

    def _add(self, page: Page, start: int, end: int, ids: Sequence[str], year: int | None) -> int:
        """Mark a title; of several works the best is taken, and an ambiguity is noted where they are rivals."""
        said = page.text.said(start, end).strip("\"'《》「」『』【】〈〉 ")
        if year is not None:
            ids = self._names.of_year(ids, year)
        if not ids:
            page.add(Mark(start, end, "missing"))
            return end
        rivals = self._rivals(ids)
        ambiguity = (
            Ambiguity(said=said, options=rivals)
            if len(rivals) > 1 and (year is None or len(self._exact_year(ids, year)) != 1)
            else None
        )
        page.add(Mark(start, end, "title", ids=tuple(ids), ambiguity=ambiguity))
        return end

    def _exact_year(self, ids: Sequence[str], year: int) -> list[str]:
        return [i for i in ids if self._items[i].year == year]

    def _rivals(self, ids: Sequence[str]) -> tuple[str, ...]:
        """The works that might be meant as well as the first: those of its medium, and others half as widely known."""
        first = self._items[ids[0]]
        known = (first.popularity or 0.0) / 2

        def is_rival(item: Item) -> bool:
            return item.kind == first.kind or (item.popularity or 0.0) >= known

        return tuple(i for i in ids if is_rival(self._items[i]))[:MAX_OPTIONS]

    def _add_person(self, page: Page, start: int, end: int, people: Sequence[str]) -> int:
        if page.words[end : end + 1] == ["s"]:
            end += 1
        page.add(Mark(start, end, "person", names=tuple(people)))
        return end


def _is_uniform(page: Page) -> bool:
    """Whether capitals say nothing: all letters are capitals, or nearly every word starts with one."""
    words = [t.raw for t in page.text.tokens if t.text[0].isalpha() and not is_han(t.text)]
    if len(words) < 4:
        return len(words) > 1 and all(w.isupper() for w in words)
    capital = sum(w[0].isupper() for w in words)
    return all(w.isupper() for w in words) or capital / len(words) > 0.85


def _is_title_case(page: Page, start: int, end: int) -> bool:
    """Whether most of the words are written with a capital: a title, not just something in quotes."""
    words = [t for t in page.text.tokens[start:end] if t.is_word and t.text not in _SMALL]
    return bool(words) and 2 * sum(t.is_capital or t.is_number or t.is_han for t in words) > len(words)


def _starts_sentence(page: Page, at: int) -> bool:
    return at == 0 or page.words[at - 1] in SENTENCE_END or page.words[at - 1] in CLOSING


def _starts_phrase(page: Page, at: int) -> bool:
    return not page.text.tokens[at].is_word or page.words[at] in _BOUNDARY


def _is_written_as_name(page: Page, start: int, end: int, strict: bool) -> bool:
    """Capitals where ordinary words have none. A capital that opens a sentence alone says nothing (if `strict`)."""
    tokens = [t for t in page.text.tokens[start:end] if t.text not in _SMALL and not t.is_number and len(t.text) > 1]
    if not tokens or not all(t.is_capital for t in tokens):
        return False
    if strict and _starts_sentence(page, start) and len(tokens) < 2:
        return False
    return not (len(tokens) == 1 and end - start == 1 and strict and tokens[0].text in _PRONOUNS and not tokens[0].is_capital)


def _year_after(words: Sequence[str], end: int) -> tuple[int, int] | None:
    """A year in brackets, or bare right behind a name: (year, end)."""
    if words[end : end + 2] in ([".", "("], ["!", "("], ["?", "("]):
        end += 1
    if words[end : end + 1] in (["("], ["["]) and end + 2 < len(words) and words[end + 1].isdigit() and len(words[end + 1]) == 4:
        return int(words[end + 1]), end + 3 if words[end + 2] in (")", "]") else end + 2
    if end < len(words) and words[end].isdigit() and len(words[end]) == 4 and 1880 <= int(words[end]) <= 2100:
        after = words[end + 1 : end + 2]
        if not after or (after[0] not in ("s", "年") and cardinal([*after, "x"], 0) is None):
            return int(words[end]), end + 1
    return None


_PERSON_FRAME = wordset("by from with starring of like no but director feat featuring loves love fan 由 和 喜 欢 爱 看 听")


def _in_person_frame(page: Page, start: int, end: int) -> bool:
    """`by Nolan`, `Nolan films`, `Nolan's`."""
    before = page.words[start - 1] if start else ""
    after = page.words[end] if end < len(page.words) else ""
    return before in _PERSON_FRAME or after in wordset("film films movie movies s album albums music game games songs 的")
