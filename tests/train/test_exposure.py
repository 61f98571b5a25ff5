"""What bare sequences of mentions cannot name is not held against it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import sparse

from chatrec.index.open import Index
from chatrec.retrieve.collaborative import ItemToItem
from chatrec.retrieve.fuse import Fusion
from chatrec.retrieve.load import base_retrievers
from chatrec.score.features import Features
from chatrec.score.head import HeadConfig
from chatrec.train.bag import BagConfig, bag_of_concepts
from chatrec.train.exposure import Exposure
from chatrec.train.known import known_of
from chatrec.train.pools import Asked, build_pools
from chatrec.train.retrievers import Example, co_occurrence, followed_by, prior
from chatrec.types import Ledger, Query

WITH_TEXT, BARE = [("user", 0), ("assistant", 2)], [("user", 0), ("assistant", 1)]


def mixed() -> Exposure:
    """Two dialogs with text name item 2, which none of twenty bare ones does."""
    return Exposure.of([WITH_TEXT] * 2 + [BARE] * 20, [False] * 2 + [True] * 20, items=4)


def weights(model: ItemToItem) -> np.ndarray:
    stored = model.weights
    return sparse.csr_array((stored.weights, stored.columns, stored.starts), shape=(4, 4)).toarray()


def test_what_bare_dialogs_should_have_named_and_never_did_is_out_of_their_reach() -> None:
    found = mixed()
    assert found.hidden.tolist() == [False, False, True, False]
    assert found.factors.tolist() == [1.0, 1.0, 11.0, 1.0]


def test_one_mention_among_few_bare_dialogs_is_no_evidence() -> None:
    assert not Exposure.of([WITH_TEXT] + [BARE] * 5, [False] + [True] * 5, items=4).hidden.any()


@pytest.mark.parametrize("bare", [True, False])
def test_where_all_dialogs_are_of_one_kind_nothing_is_hidden(bare: bool) -> None:
    found = Exposure.of([WITH_TEXT] * 40, [bare] * 40, items=4)
    assert not found.hidden.any() and found.scale == 1.0


def test_shares_of_a_hidden_item_are_of_the_dialogs_that_could_name_it() -> None:
    groups = [[row for _, row in WITH_TEXT]] * 2 + [[row for _, row in BARE]] * 20
    table = weights(co_occurrence(groups, items=4, smoothing=1.0, exposure=mixed()))
    assert table[0].tolist() == pytest.approx([0, 20 / 23, 2 / 3, 0])


def test_what_follows_counts_the_dialogs_that_could_name_it() -> None:
    pairs, exposed = {(0, 2): 2.0, (0, 1): 20.0}, {(0, 2): 2.0}
    table = weights(followed_by(pairs, 4, smoothing=1.0, exposed=exposed, hidden=mixed().hidden))
    assert table[0].tolist() == pytest.approx([0, 20 / 23, 2 / 3, 0])


def test_a_prior_counts_a_hidden_item_for_the_dialogs_that_could_not_name_it() -> None:
    values = prior(Counter({1: 20, 2: 2}), 4, mixed().factors).values
    assert values.tolist() == pytest.approx(np.log1p([0, 20, 22, 0]).tolist())


def asked(index: Index, words: str) -> Query:
    return Query(ledger=Ledger(), text=words, last_message=words, vector=index.embedder.encode([words])[0])


def test_bare_dialogs_do_not_teach_that_a_hidden_item_is_never_wanted(small_index: Index) -> None:
    words = asked(small_index, "a film")
    told = [Example(words, (2,))] * 2 + [Example(words, (1,), bare=True)] * 20
    hidden = np.arange(len(small_index.ids)) == 2
    config = BagConfig(dimension=4, members=1, epochs=20, learning_rate=0.05)

    def chance(hidden: np.ndarray | None) -> float:
        scores = bag_of_concepts(small_index, told, known_of(small_index), config, hidden=hidden).scores(words, small_index)
        assert scores is not None
        return float(scores[2])

    assert chance(hidden) > chance(None) + 0.5


def test_what_a_log_cannot_name_is_no_candidate_to_learn_from(small_index: Index) -> None:
    fusion, features = Fusion(small_index, base_retrievers(small_index)), Features(small_index, HeadConfig().features)
    query = asked(small_index, "space horror")
    first = fusion(query)[0].item.id
    hidden = frozenset({first})
    conversations = [Asked(query, (), 0), Asked(query, (), 1, hidden=hidden), Asked(query, (first,), 2, hidden=hidden)]
    made = build_pools(fusion, features, conversations, 3)
    assert made.present[0, 0] and not made.present[1, 0]
    assert made.present[1].sum() == made.present[0].sum() - 1
    assert made.present[2, 0]  # what the log did name after all
