"""What a training run is told: the files, and everything else that decides its result."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from chatrec.errors import DataMissingError, InputError, SettingsError
from chatrec.evaluate.report import file_sha256
from chatrec.train.fit import FitConfig
from chatrec.train.models import ModelsConfig
from chatrec.train.tasks import STRICT


@dataclass(frozen=True)
class Shape:
    """The head's network; one of another shape than the shipped head's does not start from that."""

    hidden: Annotated[int, Field(ge=1, le=4096)] = 48
    layers: Annotated[int, Field(ge=0, le=8)] = 2
    members: Annotated[int, Field(ge=1, le=32)] = 3
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1

    __pydantic_config__: ClassVar[ConfigDict] = STRICT


@dataclass(frozen=True)
class HeadOptions:
    """What `--config` may say: how the head is fitted, and its shape."""

    fit: FitConfig = field(default_factory=FitConfig)
    shape: Shape = field(default_factory=Shape)

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    @property
    def name(self) -> str:
        """The same for the same options: names the steps they decide."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]

    @classmethod
    def read(cls, path: Path) -> HeadOptions:
        """Read a JSON file, such as the `best.json` of a sweep; what it does not name keeps its default.

        Raises:
            DataMissingError: there is no such file.
            SettingsError: a name is unknown, or a value is not of its type or range.
        """
        if not path.is_file():
            raise DataMissingError(f"no configuration at {path}: give the best.json that `chatrec train sweep` wrote")
        try:
            return TypeAdapter(cls).validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise SettingsError(f"{path}: {f'{name}: ' if name else ''}{first['msg']}") from error


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides the result, besides the data."""

    folds: int = 5
    seed: int = 0
    refit: bool = True
    models: ModelsConfig = field(default_factory=ModelsConfig)
    head: HeadOptions = field(default_factory=HeadOptions)


@dataclass(frozen=True)
class TrainFiles:
    """What is learned from."""

    dialogs: tuple[Path, ...]
    catalog: Path
    valid: Path | None = None
    interactions: Path | None = None
    interactions_catalog: Path | None = None

    def __post_init__(self) -> None:
        """A catalog of interactions says nothing without them.

        Raises:
            InputError: there are none.
        """
        if self.interactions_catalog is not None and self.interactions is None:
            raise InputError("--interactions-catalog says of which catalog the ids of --interactions are: give both, or neither")

    def hashes(self) -> dict[str, str]:
        """Folder and name of each file → SHA-256; of two that share both, the later has a number as well."""
        files = [*self.dialogs, self.valid, self.catalog, self.interactions, self.interactions_catalog]
        hashes: dict[str, str] = {}
        times: Counter[str] = Counter()
        for path in (path.resolve() for path in files if path is not None):
            name = f"{path.parent.name}/{path.name}"
            times[name] += 1
            hashes[f"{name} ({times[name]})" if times[name] > 1 else name] = file_sha256(path)
        return hashes
