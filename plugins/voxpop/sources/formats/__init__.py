"""How files are written: a module a format, each with the functions of `rows.Format`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxpop.sources.formats import csv, json, ndjson, parquet, xlsx

if TYPE_CHECKING:
    from voxpop.sources.formats.rows import Format

FORMATS: dict[str, Format] = {
    "csv": csv,
    "json": json,
    "ndjson": ndjson,
    "parquet": parquet,
    "xlsx": xlsx,
}
"""`format` → the module that reads it."""
