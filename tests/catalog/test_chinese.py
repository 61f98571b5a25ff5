"""The catalog's tags and themes in Chinese."""

from __future__ import annotations

from collections import Counter

import pytest

from chatrec.catalog.chinese import chinese
from chatrec.catalog.read import read_catalog
from chatrec.settings import resource


@pytest.mark.parametrize(
    ("field", "value", "said"), [("themes", "Space", "太空"), ("tags", "co-op", "支持合作"), ("themes", "no such theme", None)]
)
def test_values_are_found_in_any_case(field: str, value: str, said: str | None) -> None:
    assert chinese(field, value) == said


@pytest.mark.skipif(not any(resource("catalog").glob("*.jsonl")), reason="no shipped catalog in this checkout")
def test_every_value_that_several_works_share_has_chinese_words() -> None:
    works = read_catalog(resource("catalog")).values()
    for field in ("themes", "tags"):
        uses = Counter(value for work in works for value in getattr(work, field))
        assert [value for value, n in uses.items() if n >= 3 and chinese(field, value) is None] == []
