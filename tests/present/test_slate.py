"""What is shown: the best, varied, each medium that was asked for, and gaps filled where something had to go."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chatrec.present.slate import fill_gaps, kept_picks, slate, unexpected
from chatrec.types import Candidate, Constraint, Count, Draft, Item, Kind, Ledger, Opinion, Wish


def candidate(name: str, kind: Kind = "video", maker: str = "", score: float = 0.5) -> Candidate:
    return Candidate(item=Item(id=f"{kind}:{name}", kind=kind, title=name, creators=(maker,) if maker else ()), score=score)


def names(candidates: tuple[Candidate, ...]) -> list[str]:
    return [c.item.title for c in candidates]


def pick(ranked: list[Candidate], n: int, ledger: Ledger) -> tuple[Candidate, ...]:
    return slate(ranked, n, ledger, candidate=lambda c: c)


def test_one_medium_keeps_the_order_of_the_scores() -> None:
    ranked = [candidate("a"), candidate("b"), candidate("c")]
    assert names(pick(ranked, 2, Ledger(kinds=("video",)))) == ["a", "b"]


def test_a_third_work_by_the_same_maker_makes_room() -> None:
    ranked = [candidate(name, maker="Ozu") for name in "abc"] + [candidate("d", maker="Varda")]
    assert names(pick(ranked, 3, Ledger(kinds=("video",)))) == ["a", "b", "d"]


def test_a_maker_that_was_asked_for_may_fill_the_slate() -> None:
    ranked = [candidate(name, maker="Ozu") for name in "abc"] + [candidate("d", maker="Varda")]
    asked = Ledger(kinds=("video",), constraints=(Constraint(field="people", op="in", value=("ozu",)),))
    assert names(pick(ranked, 3, asked)) == ["a", "b", "c"]


def test_without_a_medium_each_one_is_represented() -> None:
    ranked = [candidate(f"v{i}") for i in range(5)] + [candidate("g", "game"), candidate("s", "audio")]
    assert {c.item.kind for c in pick(ranked, 3, Ledger())} == {"video", "audio", "game"}


def test_a_medium_with_nothing_near_the_best_is_left_out_where_none_was_asked_for() -> None:
    ranked = [candidate(f"v{i}", score=0.9) for i in range(4)] + [
        candidate("g", "game", score=0.4),
        candidate("s", "audio", score=0.05),
    ]
    assert names(pick(ranked, 3, Ledger())) == ["v0", "v1", "g"]
    assert "s" in names(pick(ranked, 3, Ledger(kinds=("video", "audio"))))
    assert names(pick(ranked, 6, Ledger())) == ["v0", "v1", "v2", "v3", "g", "s"]


def test_each_form_that_was_asked_for_is_there_and_those_of_one_word_are_one() -> None:
    def of(form: str, n: int) -> list[Candidate]:
        kind: Kind = "game" if form in ("game", "dlc") else "audio" if form in ("album", "track", "podcast") else "video"
        return [replace(c, item=replace(c.item, form=form)) for c in (candidate(f"{form}{i}", kind) for i in range(n))]

    def asking(*forms: str) -> Ledger:
        return Ledger(kinds=("video", "audio", "game"), constraints=(Constraint(field="form", op="in", value=forms),))

    ranked = [
        *of("film", 4),
        *of("album", 4),
        *of("track", 2),
        *of("series", 1),
        *of("dlc", 1),
        *of("game", 1),
        *of("podcast", 1),
    ]
    assert names(pick(ranked, 3, asking("film", "series"))) == ["film0", "film1", "series0"]
    assert names(pick(ranked, 4, asking("album", "podcast"))) == ["album0", "album1", "album2", "podcast0"]
    assert names(pick(ranked, 3, asking("film", "album", "track", "game", "dlc"))) == ["film0", "album0", "dlc0"]
    assert names(pick(ranked[4:10], 3, asking("album", "track"))) == ["album0", "album1", "album2"]


def test_of_each_form_there_are_as_many_as_were_asked_for_and_others_where_there_are_not() -> None:
    films = [replace(c, item=replace(c.item, form="film")) for c in (candidate(f"f{i}") for i in range(5))]
    games = [replace(c, item=replace(c.item, form="game")) for c in (candidate(f"g{i}", "game") for i in range(2))]
    asked = Ledger(constraints=(Constraint(field="form", op="in", value=("film", "game", "dlc")),))

    def picks(n: int, *each: str) -> list[str]:
        return names(slate([*films, *games], n, replace(asked, count=Count(n, each)), candidate=lambda c: c))

    assert picks(3, "film", "game", "game") == ["f0", "g0", "g1"]
    assert picks(4, "film", "film", "film", "game") == ["f0", "f1", "f2", "g0"]
    assert picks(4, "film", "game", "game", "game") == ["f0", "f1", "g0", "g1"]


def test_of_each_subject_there_are_as_many_as_were_asked_for_while_all_are_asked_for() -> None:
    comedies = [replace(c, item=replace(c.item, genres=("comedy",))) for c in (candidate(f"c{i}") for i in range(5))]
    horror = [replace(c, item=replace(c.item, genres=("horror",))) for c in (candidate(f"h{i}") for i in range(2))]
    other = [replace(c, item=replace(c.item, genres=("drama",))) for c in (candidate("d"),)]
    one, another = (Constraint(field="genres", op="in", value=(genre,)) for genre in ("comedy", "horror"))
    either = Constraint(field="genres", op="in", value=("comedy", "horror"))

    def picks(n: int, laughs: int, frights: int, *asked: Constraint) -> list[str]:
        count = Count(laughs + frights, shares=((laughs, (one,)), (frights, (another,))))
        return names(slate([*other, *comedies, *horror], n, Ledger(constraints=asked, count=count), candidate=lambda c: c))

    assert picks(3, 2, 1, either) == ["c0", "c1", "h0"]
    assert picks(4, 1, 3, either) == ["c0", "c1", "h0", "h1"]
    assert picks(6, 2, 1, either) == ["c0", "c1", "c2", "c3", "h0", "h1"]
    assert picks(3, 2, 1, one) == ["d", "c0", "c1"]
    assert picks(2, 4, 1, either) == ["c0", "c1"] and picks(3, 4, 2, either) == ["c0", "c1", "h0"]
    comedies[0] = replace(comedies[0], item=replace(comedies[0].item, genres=("comedy", "horror")))
    assert picks(3, 2, 1, either) == ["c1", "c2", "h0"]


def test_the_rest_of_a_total_is_free_where_some_of_it_has_a_subject() -> None:
    years = {"a": 1990, "b": 1990, "c": 1990, "d": 1965, "e": 1965}
    ranked = [replace(c := candidate(name), item=replace(c.item, year=year)) for name, year in years.items()]
    sixties = Constraint(field="year", op="ranges", value=((1960, 1969),), hard=False)
    count = Count(3, shares=((1, (replace(sixties, hard=True),)), (2, ())))
    assert names(slate(ranked, 3, Ledger(constraints=(sixties,), count=count), candidate=lambda c: c)) == ["a", "b", "d"]
    assert names(slate(ranked, 3, Ledger(count=count), candidate=lambda c: c)) == ["a", "b", "c"]


@given(
    kinds=st.lists(st.sampled_from(["video", "audio", "game"]), max_size=30),
    n=st.integers(1, 10),
)
def test_a_slate_has_no_repeats_keeps_rank_order_and_is_as_full_as_it_can_be(kinds: list[Kind], n: int) -> None:
    ranked = [candidate(str(i), kind) for i, kind in enumerate(kinds)]
    chosen = pick(ranked, n, Ledger())
    assert len(set(names(chosen))) == len(chosen) == min(n, len(ranked))
    assert names(chosen) == sorted(names(chosen), key=int)


def test_a_disliked_pick_is_replaced_where_it_stood() -> None:
    old = [Draft(candidate=candidate(name)) for name in "abc"]
    catalog = {d.candidate.item.id: d.candidate.item for d in old}
    ledger = Ledger(
        kinds=("video",),
        last_shown=("video:a", "video:b", "video:c"),
        opinions=(Opinion(item_id="video:b", sentiment="disliked"),),
    )
    kept = kept_picks(catalog, ledger)
    ranked = [Draft(candidate=candidate("new")), *old]
    shown = fill_gaps(ledger.last_shown, kept, ranked, 3)
    assert [d.candidate.item.title for d in shown] == ["a", "new", "c"]


def test_another_entry_for_a_work_that_is_disliked_goes_too() -> None:
    film = Item(id="v:1", kind="video", form="film", title="The Ring", year=2002)
    twin, remake = replace(film, id="v:2", title="Ring"), replace(film, id="v:3", year=2017)
    ledger = Ledger(last_shown=("v:1", "v:2", "v:3"), opinions=(Opinion(item_id="v:1", sentiment="disliked"),))
    assert kept_picks({item.id: item for item in (film, twin, remake)}, ledger) == (remake,)


def test_a_pick_that_breaks_a_new_constraint_goes_too() -> None:
    item = Item(id="video:long", kind="video", title="long", minutes=200)
    ledger = Ledger(last_shown=("video:long",), constraints=(Constraint(field="minutes", op="le", value=90.0),))
    assert kept_picks({item.id: item}, ledger) == ()


def test_what_there_should_be_less_of_comes_last() -> None:
    dark = Candidate(item=Item(id="video:dark", kind="video", title="dark", moods=("dark",)), score=0.9)
    lighter = Ledger(kinds=("video",), wishes=(Wish(text="dark", field="moods", value="dark", direction="less"),))
    assert names(pick([dark, candidate("a"), candidate("b")], 2, lighter)) == ["a", "b"]
    assert names(pick([dark], 2, lighter)) == ["dark"]
    sad = Wish(text="sad", field="moods", value="melancholic", also=("bleak",), direction="less")
    songs = Wish(text="love", field="themes", value="love", direction="less")
    bleak = Candidate(item=Item(id="bleak", kind="video", title="bleak", moods=("bleak", "melancholic")))
    loving = Candidate(item=Item(id="loving", kind="video", title="loving", themes=("love",)))
    assert names(pick([bleak, loving, candidate("a")], 3, replace(lighter, wishes=(sad, songs)))) == ["a", "loving", "bleak"]


def test_a_surprise_shares_little_with_what_is_known_and_is_not_the_most_famous() -> None:
    def work(name: str, genre: str, popularity: float) -> Candidate:
        return Candidate(item=Item(id=name, kind="video", title=name, genres=(genre,), popularity=popularity))

    known = work("known", "western", 50).item
    ranked = [work("w", "western", 10), work("famous", "comedy", 90), work("c", "comedy", 20), work("h", "horror", 30)]
    ranked += [work(f"worse {n}", "war", 1) for n in range(4)]
    assert names(unexpected(ranked, 2, [known], candidate=lambda c: c)) == ["c", "h"]


def test_what_was_passed_over_leaves_its_place() -> None:
    items = {c.item.id: c.item for c in (candidate("a"), candidate("b"))}
    ledger = Ledger(last_shown=tuple(items), passed=("video:a",))
    assert [item.title for item in kept_picks(items, ledger)] == ["b"]


def test_what_was_asked_for_itself_comes_first_whatever_its_score() -> None:
    ranked = [candidate("a"), candidate("b"), candidate("c", score=0.0)]
    shown = slate(ranked, 2, Ledger(kinds=("video",)), candidate=lambda c: c, first=("video:c",))
    assert names(shown) == ["c", "a"]
