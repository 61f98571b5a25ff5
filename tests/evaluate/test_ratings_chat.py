"""The chat among systems that learn from interactions: what it is told of a user, and what it ranks for them."""

from __future__ import annotations

import numpy as np
import pytest
from dialog_samples import small_index  # noqa: F401 - a fixture

from chatrec.evaluate.ratings import Interactions, Split
from chatrec.evaluate.ratings_chat import Chat
from chatrec.evaluate.ratings_metrics import judge, summary
from chatrec.index.open import Index

Row = tuple[int, str, float, float]
UNKNOWN = float("nan")


def met(index: Index, *rows: Row) -> Interactions:
    """Interactions (user, work, value, time) of the sample catalog."""
    users, items, values, times = zip(*((u, index.rows[f"s:{i}"], v, t) for u, i, v, t in rows), strict=True)
    given = np.array(users), np.array(items), np.array(values, dtype=np.float32), np.array(times, dtype=float)
    return Interactions(*given, max(users) + 1, len(index.ids))


def told(chat: Chat, user: int) -> list[tuple[str, str]]:
    return [(opinion.item_id, opinion.sentiment) for opinion in chat.ledger(user).opinions]


def test_what_a_user_gave_their_own_median_or_more_is_liked_and_the_latest_comes_last(small_index: Index) -> None:  # noqa: F811
    strict = [(0, "alien", 2.0, 30), (0, "thing", 1.0, 10), (0, "scream", 2.0, 20)]
    chat = Chat.open(small_index, met(small_index, *strict, (1, "hot", 5, 1), (1, "gun", 4, 2)))
    assert told(chat, 0) == [("s:thing", "mentioned"), ("s:scream", "liked"), ("s:alien", "liked")]
    assert told(chat, 1) == [("s:hot", "liked"), ("s:gun", "mentioned")]


def test_what_has_no_time_comes_as_in_the_file_and_before_what_has_one(small_index: Index) -> None:  # noqa: F811
    rows: list[Row] = [(0, "thing", 1, 5), (0, "scream", 1, UNKNOWN), (0, "alien", 1, UNKNOWN)]
    assert [item for item, _ in told(Chat.open(small_index, met(small_index, *rows)), 0)] == ["s:scream", "s:alien", "s:thing"]


def test_likes_decide_the_order_and_what_was_met_is_no_candidate(small_index: Index) -> None:  # noqa: F811
    rows: list[Row] = [(0, "alien", 5, 1), (0, "halloween", 5, 2), (1, "before", 5, 1), (1, "notting", 5, 2)]
    train, rows_of = met(small_index, *rows), small_index.rows
    scored = Chat.open(small_index, train).scores(np.array([1, 0]))
    assert np.isnan(scored[1][[rows_of["s:alien"], rows_of["s:halloween"]]]).all()
    horror, romance = rows_of["s:scream"], rows_of["s:casa"]
    assert scored[1][horror] > scored[1][romance] and scored[0][romance] > scored[0][horror]
    held = met(small_index, (0, "scream", 5, 3), (1, "casa", 5, 3))
    found = summary(judge(Chat.open(small_index, train), Split(train, held, 0)))
    assert found["user_auc"]["value"] > 0.8 and found["rmse"] is found["liked_auc"] is None


def test_what_is_no_candidate_ties_behind_those_that_are(small_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    train = met(small_index, (0, "alien", 5, 1), (0, "thing", 5, 2))
    chat = Chat.open(small_index, train)
    monkeypatch.setattr(chat.fusion, "config", type(chat.fusion.config)(pool=3))
    (scored,) = chat.scores(np.array([0]))
    assert (~np.isnan(scored)).sum() == 3
    beyond = [item for row, item in enumerate(small_index.ids) if np.isnan(scored[row]) and item not in ("s:alien", "s:thing")]
    for item in beyond[:2]:
        held = met(small_index, (0, item.removeprefix("s:"), 5, 3))
        found = judge(chat, Split(train, held, 0))
        assert found.ranks.tolist() == [3 + (len(beyond) + 1) / 2]


def test_popularity_is_counted_in_training_not_taken_from_the_catalog(small_index: Index) -> None:  # noqa: F811
    rows: list[Row] = [(user, "scream", 1, 1) for user in range(3)] + [(0, "thing", 1, 1)]
    found, of = Chat.open(small_index, met(small_index, *rows)).fusion.index.popularity, small_index.rows
    assert found[of["s:scream"]] > found[of["s:thing"]] > found[of["s:alien"]] == found[of["s:casa"]]
    assert small_index.popularity[of["s:alien"]] != small_index.popularity[of["s:casa"]]
