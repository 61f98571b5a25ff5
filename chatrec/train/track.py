"""Curves of a run for those who watch runs: TensorBoard or Weights & Biases, if the package is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from chatrec.errors import DependencyMissingError, SettingsError

Track = Literal["none", "tensorboard", "wandb"]


class Tracker(Protocol):
    """Keeps named numbers of a run."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Numbers at an epoch; a name's prefix up to `/` is the chart it belongs to."""
        ...

    def close(self) -> None:
        """Everything is written."""
        ...


class NoTracker:
    """Keeps nothing."""

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Ignored."""

    def close(self) -> None:
        """Nothing to write."""


class TensorBoard:
    """Event files in `OUT/tensorboard`; `tensorboard --logdir OUT/tensorboard` shows them."""

    def __init__(self, out: Path, config: Mapping[str, Any]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(out / "tensorboard"))
        for name, value in config.items():
            self._writer.add_text(name, str(value))

    def log(self, values: Mapping[str, float], step: int) -> None:
        """A scalar each."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush the event file."""
        self._writer.close()


class WandB:
    """A run of project `chatrec`, its files in `OUT/wandb`; WANDB_MODE=offline keeps it on this machine."""

    def __init__(self, out: Path, config: Mapping[str, Any]) -> None:
        import wandb  # type: ignore[import-not-found]

        out.mkdir(parents=True, exist_ok=True)
        try:
            self._run: Any = wandb.init(project="chatrec", dir=str(out), config=dict(config))
        except wandb.Error as error:
            what = str(error).partition("\n")[0]
            raise SettingsError(f"--track wandb: {what} WANDB_MODE=offline keeps the run on this machine") from error

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Each chart counts epochs of its own, in `<chart>/epoch`."""
        charts = {name.rpartition("/")[0] for name in values}
        for chart in charts:
            self._run.define_metric(f"{chart}/*", step_metric=f"{chart}/epoch")
        self._run.log({**values, **{f"{chart}/epoch": step for chart in charts}})

    def close(self) -> None:
        """End the run."""
        self._run.finish()


TRACKERS: Mapping[Track, Callable[[Path, Mapping[str, Any]], Tracker]] = {
    "none": lambda out, config: NoTracker(),
    "tensorboard": TensorBoard,
    "wandb": WandB,
}


def open_tracker(track: Track, out: Path, config: Mapping[str, Any]) -> Tracker:
    """The tracker of this name.

    Args:
        track: which.
        out: folder of the run's results.
        config: what the run was told, kept beside its curves.

    Raises:
        DependencyMissingError: its package is not installed.
        SettingsError: it is, and refuses.
    """
    try:
        return TRACKERS[track](out, config)
    except ModuleNotFoundError as error:
        raise DependencyMissingError(f"--track {track} needs the package {track}: pip install {track}") from error
