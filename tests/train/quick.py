"""A training run of seconds, for tests."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from dialog_samples import SAMPLE, many_dialogs, write_dialogs

from chatrec.index.embed import Embedder
from chatrec.train.bag import BagConfig
from chatrec.train.config import HeadOptions, TrainConfig, TrainFiles
from chatrec.train.fit import FitConfig
from chatrec.train.head import Trainer
from chatrec.train.meter import Meter
from chatrec.train.models import ModelsConfig
from chatrec.train.prepare import Preparation
from chatrec.train.track import Tracker

EMBEDDER = Embedder()
"""Loaded once for all runs."""
QUICK = TrainConfig(
    folds=2,
    models=ModelsConfig(bag=BagConfig(dimension=8, epochs=3, tried=(), members=1, batch=64)),
    head=HeadOptions(FitConfig(epochs=3, batch=32)),
)


def prepare(
    folder: Path, config: TrainConfig = QUICK, meter: Meter | None = None, tracker: Tracker | None = None, **files: Path
) -> Preparation:
    """A preparation of the sample dialogs, or of other files."""
    dialogs = files.pop("dialogs", None) or write_dialogs(folder / "train.jsonl", many_dialogs(60))
    made = TrainFiles((dialogs,), files.pop("catalog", SAMPLE), **files)
    return Preparation(made, config, folder / "index", EMBEDDER, meter, tracker)


def train(folder: Path, out: str, config: TrainConfig = QUICK, **files: Path) -> dict[str, Any]:
    """Train into `folder/out`."""
    return Trainer(prepare(folder, config, **files)).run(folder / out)


def write_valid(folder: Path) -> Path:
    """A validation split beside the sample dialogs."""
    lines = [line.model_copy(update={"dialog_id": f"v{number}"}) for number, line in enumerate(many_dialogs(9))]
    return write_dialogs(folder / "valid.jsonl", lines)


def digests(folder: Path) -> dict[str, str]:
    """File → hash, of everything in a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
