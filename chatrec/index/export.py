"""An index as one Parquet file: what another store, or another program, needs to hold the same items without embedding anew."""

from __future__ import annotations

import json
from pathlib import Path

from chatrec.constraints import metadata
from chatrec.errors import DependencyMissingError, InputError
from chatrec.index.open import Index

ROWS = 10_000
"""Rows that are held, and written, at a time."""


def export_parquet(index: Index, path: Path) -> None:
    """Write a row for each item: `id`, `vector` (float32 [dimension], unit length), and `metadata` and `item`, both JSON texts.

    The file's own metadata name the catalog's and the embedder's SHA-256. An existing file is replaced once all is written.

    Raises:
        DependencyMissingError: pyarrow is not installed.
        InputError: the file cannot be written.
    """
    try:
        import pyarrow as pa  # pyright: ignore[reportMissingImports]
        import pyarrow.parquet as pq  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise DependencyMissingError("writing Parquet needs pyarrow: pip install 'chatrec[parquet]'") from error
    if path.is_dir():
        raise InputError(f"cannot write {path}: it is a folder; give the .parquet file to write")
    texts = {name: pa.string() for name in ("id", "metadata", "item")}
    about = {name: str(getattr(index.manifest, name)) for name in ("catalog_sha256", "embedder", "embedder_sha256")}
    schema = pa.schema({**texts, "vector": pa.list_(pa.float32(), index.manifest.dimension)}, metadata=about)
    items, pending = list(index.catalog.values()), path.with_name(f".{path.name}.part")
    try:
        with pq.ParquetWriter(pending, schema) as file:
            for start in range(0, len(items), ROWS):
                part = items[start : start + ROWS]
                vectors = pa.array(index.vectors[start : start + ROWS].ravel())
                columns = {
                    "id": [item.id for item in part],
                    "metadata": [json.dumps(metadata(item), ensure_ascii=False) for item in part],
                    "item": [json.dumps(item.to_dict(), ensure_ascii=False) for item in part],
                    "vector": pa.FixedSizeListArray.from_arrays(vectors, index.manifest.dimension),
                }
                file.write_table(pa.table(columns, schema=schema))
        pending.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        pending.unlink(missing_ok=True)
