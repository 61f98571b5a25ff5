"""Retrievers of a user's own, given as an argument or registered by an installed package."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chatrec.errors import DependencyMissingError, IndexMissingError, InputError
from chatrec.index.open import Index
from chatrec.pool import Found
from chatrec.retrieve.load import load_fusion
from chatrec.types import Constraint, Ledger, Query

MODULE = '''
class Newest:
    """The newest works that may be shown."""

    name = "newest"

    def __init__(self, index):
        self.index = index

    def retrieve(self, query, required, k):
        allowed = self.index.allowed(query, required)
        items = sorted(self.index.catalog.values(), key=lambda item: -(item.year or 0))
        found = [item for item in items if allowed[self.index.rows[item.id]]]
        return [(item.id, float(item.year or 0)) for item in found[:k]]
'''


class Careless:
    """Checks nothing, and names an item that there is not."""

    name = "careless"

    def __init__(self, index: Index) -> None:
        self._ids = index.ids

    def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> list[tuple[str, float]]:
        return [("s:nowhere", 9.0), *((item_id, 1.0) for item_id in self._ids)]


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, target: str = "own_newest:Newest") -> None:
    """A package as pip would leave it."""
    (folder / "own_newest.py").write_text(MODULE)
    info = folder / "own_newest-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-newest\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[chatrec.retrievers]\nnewest = {target}\n")
    monkeypatch.syspath_prepend(folder)


def test_the_retriever_of_an_installed_package_takes_part(
    small_index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = Query(ledger=Ledger(), text="")
    before = load_fusion(small_index)(query)
    install(tmp_path, monkeypatch)
    ranks = {hit.rank: c.item for c in load_fusion(small_index)(query) for hit in c.hits if hit.retriever == "newest"}
    assert ranks[1].year == max(item.year or 0 for item in small_index.catalog.values())
    assert not any(hit.retriever == "newest" for c in before for hit in c.hits)


def test_a_retriever_given_as_an_argument_takes_part_and_what_it_does_not_check_is_checked(small_index: Index) -> None:
    query = Query(ledger=Ledger(), text="", excluded=frozenset(small_index.ids[:1]))
    required = (Constraint(field="kind", op="in", value=("video",)),)
    found = load_fusion(small_index, more=[Careless])(query, required)
    ids = {c.item.id for c in found if any(hit.retriever == "careless" for hit in c.hits)}
    assert ids == {i for i in small_index.ids[1:] if small_index.catalog[i].kind == "video"}


def test_one_that_cannot_be_loaded_is_none_or_takes_a_name_is_refused(
    small_index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="two retrievers are named 'careless'"):
        load_fusion(small_index, more=[Careless, Careless])
    with pytest.raises(InputError, match="makes no retriever: give its class"):
        load_fusion(small_index, more=[Careless(small_index)])  # type: ignore[list-item]
    with pytest.raises(InputError, match="is no retriever: it needs a `name`"):
        load_fusion(small_index, more=[lambda index: object()])  # type: ignore[list-item, return-value]
    install(tmp_path, monkeypatch, "own_newest:Oldest")
    with pytest.raises(DependencyMissingError, match="retriever 'newest' of own-newest cannot be loaded"):
        load_fusion(small_index)


def giving(found: object) -> type[Careless]:
    class Odd(Careless):
        name = "odd"

        def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> list[tuple[str, float]]:
            return found  # type: ignore[return-value]

    return Odd


@pytest.mark.parametrize(
    "given",
    [
        None,
        ["s:bare"],
        [("s:1", 1.0, "too many")],
        [(0, 1.0)],
        *([("s:alien", score)] for score in (10**400, math.nan, -math.inf, None, "high", 1j)),
        Found(np.array([-1]), np.array([1.0])),
        Found(np.array([10**6]), np.array([1.0])),
        Found(np.array([0, 1]), np.array([1.0])),
        Found(np.array([0]), np.array([1.0, 0.5])),
        Found(np.array([[0]]), np.array([[1.0]])),
        Found(np.array([True, False]), np.array([1.0, 0.5])),
        Found(np.array([0.0]), np.array([1.0])),
        *(
            Found(np.array([0]), scores)
            for scores in (np.array(["1"]), np.array([math.nan]), np.array([math.inf]), [10**400], None)
        ),
    ],
)
def test_one_that_gives_no_pairs_and_no_rows_is_named(small_index: Index, given: object) -> None:
    told = r"retriever 'odd' has to give \(item id, score\) pairs, or Found\(rows, scores\)"
    with pytest.raises(InputError, match=told):
        load_fusion(small_index, more=[giving(given)])(Query(ledger=Ledger(), text=""))


@pytest.mark.parametrize(
    ("rows", "scores", "kept"),
    [
        ([], [], {}),
        (np.array([]), np.array([]), {}),
        ([2, 0], [3, 1], {2: 3.0, 0: 1.0}),
        (np.array([2, 0, 2], dtype=np.uint8), np.array([3, 1, 0.5], dtype=np.float32), {2: 3.0, 0: 1.0}),
    ],
)
def test_rows_may_be_of_any_whole_numbers_and_of_those_that_come_twice_the_first_counts(
    small_index: Index, rows: Any, scores: Any, kept: dict[int, float]
) -> None:
    fusion = load_fusion(small_index, more=[giving(Found(rows, scores))])
    lists, _ = fusion.lists(Query(ledger=Ledger(), text=""))
    assert dict(zip(lists["odd"].rows.tolist(), lists["odd"].scores.tolist(), strict=True)) == kept
    ids = [candidate.item.id for candidate in fusion(Query(ledger=Ledger(), text=""))]
    assert len(ids) == len(set(ids))


def scoring(told: Callable[[int], object]) -> type[Careless]:
    class Odd(Careless):
        name = "odd"

        def scores(self, query: Query) -> object:
            return told(len(self._ids))

    return Odd


@pytest.mark.parametrize(
    "told",
    [
        lambda n: np.ones(n - 1),
        lambda n: np.ones(n + 1),
        lambda n: np.ones((n, 1)),
        lambda n: 1.0,
        lambda n: ["high"] * n,
        lambda n: np.ones(n, dtype=bool),
        lambda n: np.full(n, np.nan),
        lambda n: np.full(n, np.inf),
        lambda n: [10**400] * n,
    ],
)
def test_one_that_does_not_score_every_item_is_named(small_index: Index, told: Callable[[int], object]) -> None:
    with pytest.raises(InputError, match=rf"retriever 'odd' has to score all {len(small_index.ids)} items"):
        load_fusion(small_index, more=[scoring(told)])(Query(ledger=Ledger(), text=""))


def test_scores_of_every_item_may_be_any_numbers(small_index: Index) -> None:
    for told in (lambda n: list(range(n)), lambda n: np.arange(n, dtype=np.uint8)):
        lists, _ = load_fusion(small_index, more=[scoring(told)]).lists(Query(ledger=Ledger(), text=""))
        assert lists["odd"].rows[0] == len(small_index.ids) - 1


def test_one_that_fails_while_it_is_imported_is_named(
    small_index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "own_broken:Any")
    (tmp_path / "own_broken.py").write_text("raise RuntimeError('no licence')")
    with pytest.raises(DependencyMissingError, match=r"of own-newest cannot be loaded \(RuntimeError: no licence"):
        load_fusion(small_index)


def failing(how: BaseException) -> type[Careless]:
    class Odd(Careless):
        name = "odd"

        def retrieve(self, query: Query, required: tuple[Constraint, ...], k: int) -> Iterator[tuple[str, float]]:  # type: ignore[override]
            yield from super().retrieve(query, required, 1)
            raise how

    return Odd


def test_one_that_fails_is_named_and_why_is_kept(small_index: Index) -> None:
    for how in (RuntimeError("boom\nand more"), FileNotFoundError("x.bin"), KeyError("zz")):
        with pytest.raises(DependencyMissingError, match=rf"^the retriever 'odd' failed: {type(how).__name__}: ") as raised:
            load_fusion(small_index, more=[failing(how)])(Query(ledger=Ledger(), text=""))
        assert raised.value.__cause__ is how
        assert "\n" not in str(raised.value)
    with pytest.raises(DependencyMissingError, match="the retriever 'odd' failed: ZeroDivisionError"):
        load_fusion(small_index, more=[scoring(lambda n: n // 0)])(Query(ledger=Ledger(), text=""))


def test_an_interrupt_and_errors_of_the_project_are_what_they_are(small_index: Index) -> None:
    for how in (KeyboardInterrupt(), IndexMissingError("gone")):
        with pytest.raises(type(how)) as raised:
            load_fusion(small_index, more=[failing(how)])(Query(ledger=Ledger(), text=""))
        assert raised.value is how


def test_one_that_cannot_be_made_is_named(small_index: Index) -> None:
    class Unready(Careless):
        def __init__(self, index: Index) -> None:
            raise OSError("no model file")

    with pytest.raises(DependencyMissingError, match="the retriever 'Unready' failed: OSError: no model file"):
        load_fusion(small_index, more=[Unready])


@pytest.mark.parametrize("failing_at", ["__init__", "retrieve"])
def test_the_package_of_one_that_fails_is_named(
    small_index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing_at: str
) -> None:
    module = f"own_fails_at_{failing_at.strip('_')}"
    install(tmp_path, monkeypatch, f"{module}:Newest")
    (tmp_path / f"{module}.py").write_text(f"{MODULE}\n    def {failing_at}(self, *told):\n        raise RuntimeError('boom')\n")
    with pytest.raises(DependencyMissingError, match="the retriever 'newest' of own-newest failed: RuntimeError: boom"):
        load_fusion(small_index)(Query(ledger=Ledger(), text=""))
