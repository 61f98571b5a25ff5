"""An index as Parquet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from chatrec.constraints import metadata
from chatrec.errors import InputError
from chatrec.index.export import export_parquet
from chatrec.index.open import Index


def test_every_item_is_written_with_its_vector_its_metadata_and_itself(
    small_index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatrec.index.export.ROWS", 2)
    export_parquet(small_index, tmp_path / "i.parquet")
    table = pq.read_table(tmp_path / "i.parquet")
    rows = table.to_pylist()
    assert tuple(row["id"] for row in rows) == small_index.ids
    assert np.array_equal(np.array([row["vector"] for row in rows], dtype=np.float32), small_index.vectors)
    for row, item in zip(rows, small_index.catalog.values(), strict=True):
        assert (json.loads(row["item"]), json.loads(row["metadata"])) == (item.to_dict(), metadata(item))
    assert table.schema.metadata[b"embedder_sha256"].decode() == small_index.manifest.embedder_sha256
    assert [path.name for path in tmp_path.iterdir()] == ["i.parquet"]
    with pytest.raises(InputError, match="is no folder"):
        export_parquet(small_index, tmp_path / "i.parquet" / "none.parquet")
