"""Which tables hold measures that a goal can name, by the descriptions of the models."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

NEEDED = ("period_type", "period_start", "period_label", "suppressed")
"""What a table of measures has beside its figures."""


def measure_columns(dbt_project: Path, table: str) -> dict[str, str] | None:
    """Give the columns of a public table of measures.

    Args:
        dbt_project: the models' folder.
        table: the table's name.

    Returns:
        Column → type, as its contract says; None where there is no such table, or where it isn't public.
    """
    path = dbt_project / "models" / "marts" / "measures" / f"{table}.yml"
    if not path.is_file():
        return None
    model = _described(path)
    if model["config"]["meta"]["audience"] != "public":
        return None
    return {column["name"]: column["data_type"] for column in model["columns"]}


def measure_key(dbt_project: Path, table: str) -> list[str]:
    """Give the columns that tell the rows of a table of measures apart, as its data test says."""
    model = _described(dbt_project / "models" / "marts" / "measures" / f"{table}.yml")
    (key,) = (test["unique_together"] for test in model["data_tests"] if "unique_together" in test)
    columns: list[str] = key["arguments"]["columns"]
    return columns


@cache
def _described(path: Path) -> dict[str, Any]:
    # The parser in C: a build reads these files when it begins, and the other takes eight times as long.
    (model,) = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["models"]
    return dict(model)
