"""An index as one Parquet file: what another store, or another program, needs to hold the same items without embedding anew."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from chatrec.constraints import metadata
from chatrec.index.open import Index
from chatrec.index.vectors import column
from chatrec.outputs import replaced

ROWS = 10_000
"""Rows that are held, and written, at a time."""


def export_parquet(index: Index, path: Path) -> None:
    """Write a row for each item: `id`, `vector` (float32 [dimension], unit length), and `metadata` and `item`, both JSON texts.

    The file's own metadata name the catalog's and the embedder's SHA-256. An existing file is replaced once all is written.

    Raises:
        InputError: the file cannot be written.
    """
    texts = {name: pa.string() for name in ("id", "metadata", "item")}
    about = {name: str(getattr(index.manifest, name)) for name in ("catalog_sha256", "embedder", "embedder_sha256")}
    schema = pa.schema({**texts, "vector": pa.list_(pa.float32(), index.manifest.dimension)}, metadata=about)
    items = list(index.catalog.values())
    with replaced(path) as made, pq.ParquetWriter(made, schema) as file:
        for start in range(0, len(items), ROWS):
            part = items[start : start + ROWS]
            columns = {
                "id": [item.id for item in part],
                "metadata": [json.dumps(metadata(item), ensure_ascii=False) for item in part],
                "item": [json.dumps(item.to_dict(), ensure_ascii=False) for item in part],
                "vector": column(index.vectors[start : start + ROWS]),
            }
            file.write_table(pa.table(columns, schema=schema))
