from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chatrec.types import Ambiguity, Change, Constraint, Count, Ledger, Opinion, Wish
from chatrec.understand.ledger import OF_SLATES, replay

IDS = ("v:1", "v:2", "a:1", "g:1")


def constrain(turn: int, field: str, op, value, **more) -> Change:
    return Change(action="constrain", turn=turn, constraint=Constraint(field=field, op=op, value=value, turn=turn, **more))


def opine(turn: int, item_id: str, sentiment) -> Change:
    return Change(action="opine", turn=turn, opinion=Opinion(item_id=item_id, sentiment=sentiment, turn=turn))


def keys(ledger: Ledger) -> list[tuple]:
    return [(c.field, c.op, c.value) for c in ledger.constraints]


VALUES = st.lists(st.sampled_from(["comedy", "horror", "ja", "en", "film", "game", "co-op"]), min_size=1, max_size=2, unique=True)
SETS = st.builds(
    lambda field, op, values: constrain(0, field, op, tuple(values)),
    st.sampled_from(["genres", "moods", "language", "countries", "tags", "form", "people"]),
    st.sampled_from(["in", "not_in"]),
    VALUES,
)
NUMBERS = st.builds(
    lambda field, op, value, hard: constrain(0, field, op, float(value), hard=hard),
    st.sampled_from(["year", "minutes", "age", "popularity"]),
    st.sampled_from(["lt", "le", "gt", "ge"]),
    st.integers(0, 3000),
    st.booleans(),
)
OPINIONS = st.builds(
    lambda item_id, sentiment: opine(0, item_id, sentiment),
    st.sampled_from(IDS),
    st.sampled_from(["liked", "disliked", "seen", "saved", "mentioned"]),
)
FIXED = st.sampled_from(
    [
        *(Change(action="wish", turn=0, wish=Wish(text=text)) for text in ("space", "funny", "dogs")),
        *(Change(action="kinds", turn=0, kinds=kinds) for kinds in ((), ("video",), ("game",), ("video", "audio"))),
        *(Change(action=action, turn=0, item_ids=ids) for action in OF_SLATES for ids in ((), IDS[:2], IDS[1:])),
        Change(action="ambiguous", turn=0, ambiguity=Ambiguity(said="x", options=("v:1", "v:2"))),
        *(Change(action=action, turn=0) for action in ("forget_last", "new_topic", "start_over")),
    ]
)
CHANGES = st.one_of(SETS, NUMBERS, OPINIONS, FIXED)


def at(turn: int, change: Change) -> Change:
    constraint = replace(change.constraint, turn=turn) if change.constraint else None
    return replace(change, turn=turn, constraint=constraint)


histories = st.lists(st.tuples(st.booleans(), CHANGES), max_size=12).map(
    lambda steps: [at(sum(new for new, _ in steps[: i + 1]), change) for i, (_, change) in enumerate(steps)]
)


@given(histories)
def test_replay_is_pure_and_never_fails(history):
    assert replay(history) == replay(iter(list(history)))


@given(histories)
def test_no_constraint_item_or_wish_is_held_twice(history):
    ledger = replay(history)
    assert len({c.key for c in ledger.constraints}) == len(ledger.constraints)
    assert len({o.item_id for o in ledger.opinions}) == len(ledger.opinions)
    assert len({w.text for w in ledger.wishes}) == len(ledger.wishes)


@given(histories)
def test_start_over_leaves_nothing(history):
    last = max((c.turn for c in history), default=0)
    ledger = replay([*history, Change(action="start_over", turn=last + 1)])
    assert ledger == Ledger(turn=last + 1)


@given(histories, st.lists(CHANGES, min_size=1, max_size=4))
def test_forget_last_undoes_exactly_one_turn(history, turn):
    kept = [c for c in history if c.action != "forget_last"]
    last = max((c.turn for c in kept), default=0) + 1
    turn = [at(last, c) for c in turn if c.action not in ("forget_last", *OF_SLATES)]
    undone = replay([*kept, *turn, Change(action="forget_last", turn=last + 1)]) if turn else replay(kept)
    before = replay(kept)
    assert (undone.constraints, undone.opinions, undone.wishes, undone.kinds) == (
        before.constraints,
        before.opinions,
        before.wishes,
        before.kinds,
    )


@given(histories)
def test_seen_and_disliked_outlive_a_change_of_topic_and_likes_do_not_pull(history):
    before = replay(history)
    after = replay([*history, Change(action="new_topic", turn=99)])
    assert set(before.ids("seen", "disliked")) <= set(after.ids("seen", "disliked"))
    assert set(before.ids("liked")) <= set(after.ids("past"))
    assert not after.ids("liked")
    assert not after.wishes
    assert {c.field for c in after.constraints} <= {"age"}


@given(histories)
def test_unconstrain_removes_each_constraint_by_its_key(history):
    ledger = replay(history)
    removed = replay([*history, *(Change(action="unconstrain", turn=99, key=c.key) for c in ledger.constraints)])
    assert removed.constraints == ()


def test_forgetting_twice_takes_back_two_turns():
    history = [constrain(0, "genres", "in", ("comedy",)), constrain(1, "minutes", "le", 90.0)]
    forget = [Change(action="forget_last", turn=2), Change(action="forget_last", turn=3)]
    assert keys(replay(history + forget[:1])) == [("genres", "in", ("comedy",))]
    assert keys(replay(history + forget)) == []


def test_asking_for_others_is_no_turn_to_take_back():
    notes = [Change(action=action, turn=turn, item_ids=("v:1",)) for turn, action in enumerate(OF_SLATES)]
    history = [constrain(0, "genres", "in", ("comedy",)), *notes, Change(action="forget_last", turn=len(notes))]
    assert keys(replay(history)) == []
    assert replay(history).passed == ("v:1",)


def test_what_was_passed_over_may_come_back_under_a_new_topic():
    passed = Change(action="passed", turn=0, item_ids=("v:1",))
    assert replay([passed]).passed == ("v:1",)
    assert replay([passed, Change(action="new_topic", turn=1)]).passed == ()


def test_a_restart_can_be_taken_back():
    history = [
        constrain(0, "genres", "in", ("comedy",)),
        Change(action="start_over", turn=1),
        Change(action="forget_last", turn=2),
    ]
    assert keys(replay(history)) == [("genres", "in", ("comedy",))]


def test_what_was_shown_stays_shown_after_an_undo():
    history = [
        constrain(0, "genres", "in", ("comedy",)),
        Change(action="shown", turn=0, item_ids=("v:1",)),
        Change(action="forget_last", turn=1),
    ]
    assert replay(history).last_shown == ("v:1",)


def test_several_demands_of_one_turn_stand_side_by_side():
    both = [constrain(0, "genres", "in", ("romance",)), constrain(0, "genres", "in", ("comedy",))]
    assert len(replay(both).constraints) == 2
    assert keys(replay([*both, constrain(1, "genres", "in", ("western",))])) == [("genres", "in", ("western",))]


def test_a_soft_bound_does_not_replace_a_hard_one():
    history = [constrain(0, "minutes", "le", 90.0), constrain(1, "minutes", "le", 60.0, hard=False)]
    assert len(replay(history).constraints) == 2


def test_a_mention_does_not_undo_a_verdict():
    assert replay([opine(0, "v:1", "liked"), opine(1, "v:1", "mentioned")]).ids("liked") == ("v:1",)


def test_a_turn_to_other_media_drops_forms_and_lengths_of_the_old():
    history = [
        Change(action="kinds", turn=0, kinds=("video",)),
        constrain(0, "form", "in", ("film",)),
        constrain(0, "minutes", "le", 100.0),
        constrain(0, "moods", "in", ("cosy",)),
        Change(action="kinds", turn=1, kinds=("game",)),
    ]
    assert keys(replay(history)) == [("moods", "in", ("cosy",))]


def test_what_comes_first_is_replaced_by_the_next_such_order_and_by_no_bound() -> None:
    shortest = constrain(0, "minutes", "le", 80.0, hard=False, extreme=True)
    newest = constrain(0, "year", "ge", 2019.0, hard=False, extreme=True)
    assert keys(replay([shortest, newest])) == [("year", "ge", 2019.0)]
    assert len(replay([shortest, constrain(1, "minutes", "lt", 60.0)]).constraints) == 2
    assert keys(replay([shortest, constrain(1, "minutes", "ge", 110.0, hard=False)])) == [("minutes", "ge", 110.0)]


def test_a_bound_taken_from_what_was_shown_goes_with_a_turn_to_other_media_or_forms() -> None:
    newer = constrain(0, "year", "gt", 1990.0, taken_from=("album",))
    assert replay([newer, Change(action="kinds", turn=1, kinds=("audio",))]).constraints
    assert not replay([newer, Change(action="kinds", turn=1, kinds=("video",))]).constraints
    assert not replay([newer, Change(action="kinds", turn=1, kinds=("audio", "video"))]).constraints
    assert keys(replay([newer, constrain(1, "form", "in", ("podcast",))])) == [("form", "in", ("podcast",))]
    assert len(replay([newer, constrain(1, "form", "in", ("album",))]).constraints) == 2


def test_a_bound_taken_from_what_was_shown_replaces_what_was_preferred_the_other_way() -> None:
    recent = constrain(0, "year", "ge", 2019.0, hard=False)
    assert keys(replay([recent, constrain(1, "year", "lt", 2022.0, taken_from=("film",))])) == [("year", "lt", 2022.0)]
    assert len(replay([recent, constrain(1, "year", "lt", 2022.0)]).constraints) == 2
    assert len(replay([recent, constrain(1, "minutes", "lt", 90.0, taken_from=("film",))]).constraints) == 2
    demanded = constrain(0, "year", "ge", 2019.0)
    assert len(replay([demanded, constrain(1, "year", "lt", 2022.0, taken_from=("film",))]).constraints) == 2


def test_how_many_picks_are_wanted_holds_until_the_topic_changes_or_other_forms_are_asked_for() -> None:
    films = constrain(0, "form", "in", ("film", "game"))
    two, mixed = Count(2), Count(3, ("film", "game", "game"))
    counted = [films, Change(action="count", turn=0, count=mixed)]
    assert replay(counted).count == mixed
    assert replay([*counted, Change(action="kinds", turn=1, kinds=("video", "game"))]).count == mixed
    assert replay([*counted, Change(action="kinds", turn=1, kinds=("video",))]).count is None
    assert replay([*counted, constrain(1, "form", "in", ("film",))]).count is None
    assert (
        replay([*counted, Change(action="count", turn=1, count=two), Change(action="kinds", turn=2, kinds=("audio",))]).count
        == two
    )
    assert replay([*counted, Change(action="new_topic", turn=1)]).count is None


def test_one_genre_of_two_forms_is_two_demands_which_go_with_their_media() -> None:
    films, games = (constrain(0, "genres", "in", ("horror",), of_forms=(form,)) for form in ("film", "game"))
    both = [Change(action="kinds", turn=0, kinds=("video", "game")), films, games]
    assert [c.of_forms for c in replay(both).constraints] == [("film",), ("game",)]
    assert [c.of_forms for c in replay([*both, Change(action="kinds", turn=1, kinds=("game",))]).constraints] == [("game",)]


def test_how_many_are_wanted_goes_with_a_change_of_media() -> None:
    two = [Change(action="kinds", turn=0, kinds=("video",)), Change(action="count", turn=0, count=Count(2))]
    assert replay([*two, Change(action="kinds", turn=1, kinds=("audio",))]).count is None
    assert replay([*two, Change(action="kinds", turn=1, kinds=("video", "audio"))]).count == Count(2)


def test_one_more_leaves_how_many_are_wanted_as_it_was() -> None:
    two = Change(action="count", turn=0, count=Count(2))
    more = Change(action="count", turn=1, count=Count(1, once=True))
    assert replay([two, more]).count == Count(2)
    assert replay([more]).count is None
