"""The catalog's tags and themes in Chinese (`chinese.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(Path(__file__).with_name("chinese.toml").read_text(encoding="utf-8"))


def chinese(field: str, value: str) -> str | None:
    """What a value of `tags` or `themes` is called in Chinese; `None` for one that the tables lack, or of another field."""
    return _tables().get(field, {}).get(value.casefold())
