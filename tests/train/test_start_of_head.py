"""A head begins as the shipped one, with more features, unless that has seen the dialogs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from dialog_samples import many_dialogs
from quick import QUICK, train
from test_fitting import pools

from chatrec.evaluate.leaks import Fingerprints
from chatrec.score.features import BASE_RETRIEVERS, feature_names
from chatrec.score.head import SHIPPED, load_head
from chatrec.train.config import HeadOptions, Shape
from chatrec.train.start import from_shipped, has_shape, saw


def test_it_ranks_as_the_shipped_head_does_before_it_has_learned_anything() -> None:
    shipped, known = load_head(SHIPPED)
    names = (*BASE_RETRIEVERS, "bag")
    config = replace(known, features=feature_names(names, ("bag",)), retrievers=names, scored=("bag",))
    rng = np.random.default_rng(0)
    features = rng.normal(size=(9, 7, len(config.features))).astype(np.float32)
    features[rng.random(features.shape) < 0.3] = np.nan
    given = replace(pools(9), features=features.astype(np.float16), present=np.ones((9, 7), dtype=bool))
    head, places = from_shipped(config, given), [config.features.index(name) for name in known.features]
    assert len(config.features) == len(known.features) + 2
    with torch.inference_mode():
        expected = shipped.eval()(torch.from_numpy(features[:, :, places]))
        torch.testing.assert_close(head.eval()(torch.from_numpy(features)), expected)


def test_a_head_of_another_shape_begins_anew(tmp_path: Path) -> None:
    assert has_shape(Shape()) and has_shape(Shape(dropout=0.3)) and not has_shape(Shape(layers=1))
    options = HeadOptions(QUICK.head.fit, Shape(layers=1))
    assert train(tmp_path, "models", replace(QUICK, head=options))["head"]["kind"] == "trained"


def test_on_dialogs_that_the_shipped_head_learned_from_a_head_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not saw(many_dialogs(60))
    monkeypatch.setattr(Fingerprints, "load", lambda folder: Fingerprints.of(many_dialogs(3)))
    assert saw(many_dialogs(60))
    facts = train(tmp_path, "models")["head"]
    assert (facts["kind"], facts["why"]) == ("trained", "on turns of these dialogs")


def test_a_start_that_nothing_makes_better_stays_and_is_calibrated_on_these_dialogs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatrec.train.head.fit_head", lambda config, seen, check, fit, start, report: (start, 0))
    facts = train(tmp_path, "models")
    assert (facts["head"]["kind"], facts["head"]["why"]) == ("shipped", "turns of these dialogs did not make it better")
    assert facts["calibration"] != {"slope": 1.0, "offset": 0.0}
    assert "fitted on that fold" in (tmp_path / "models" / "README.md").read_text(encoding="utf-8")
