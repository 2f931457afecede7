"""Which tables hold measures that a goal can name, by the descriptions of the models."""

from __future__ import annotations

from pathlib import Path

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
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    if model["config"]["meta"]["audience"] != "public":
        return None
    return {column["name"]: column["data_type"] for column in model["columns"]}
