"""How much trained retrievers count beside the others is told by turns they did not see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from quick import prepare

from chatrec.index.open import Index
from chatrec.retrieve.fuse import FusionConfig
from chatrec.train.prepare import SCALES, fusion_config
from chatrec.types import Query


@dataclass(frozen=True)
class Knowing:
    """Speaks for what will be put forward, or for anything but that."""

    kind: ClassVar[str] = "knowing"
    answers: dict[int, set[int]]
    right: bool

    def scores(self, query: Query, index: Index) -> np.ndarray:
        told = np.zeros(len(index.ids), dtype=np.float32)
        told[list(self.answers[id(query)])] = 1.0
        return told if self.right else 1.0 - told

    def arrays(self) -> dict[str, np.ndarray]:
        return {}


@pytest.mark.parametrize(("right", "scale"), [(True, max(SCALES)), (False, min(SCALES))])
def test_a_retriever_counts_less_the_more_it_misleads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, right: bool, scale: float
) -> None:
    monkeypatch.setattr("chatrec.train.prepare.WITHIN", 1)
    preparation = prepare(tmp_path)
    cases = preparation.gather("said", preparation.lines, "").cases
    models = {"bag": Knowing({id(case.example.query): set(case.example.targets) for case in cases}, right)}
    preparation._choose_scale(cases, models)  # type: ignore[arg-type]
    assert preparation.fusion_config(models).weights["bag"] == fusion_config(("bag",), scale).weights["bag"]  # type: ignore[arg-type]


def test_the_scale_that_was_chosen_is_what_is_searched_with(tmp_path: Path) -> None:
    preparation = prepare(tmp_path)
    with preparation.resuming(tmp_path / "out"):
        prepared = preparation.run(raters=False)
        chosen = preparation.fusion_config(prepared.models)
    again = prepare(tmp_path)
    with again.resuming(tmp_path / "out"):
        assert again.fusion_config(again.run(raters=False).models) == chosen
    assert chosen.weights["dense"] == FusionConfig().weights["dense"]
