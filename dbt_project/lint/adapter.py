"""dbt's `adapter` for sqlfluff's templater: it dispatches to DuckDB's macros."""

from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

TOO_DEEP = {"scrub", "scrub_map"}
"""Lambdas of two arguments, which sqlfluff can't parse: the expression stands for itself."""
ENOUGH = {"suppression_steps": 1}
"""What is repeated as often as this number, and alike each time: to read all of it takes minutes."""


@pass_context
def dispatch(context: Context, name: str, package: str | None = None) -> Callable[..., Any]:
    """Give the macro that dbt would call on DuckDB."""
    if name in TOO_DEEP:
        return lambda expression: expression
    if name in ENOUGH:
        return lambda: ENOUGH[name]
    macro: Callable[..., Any] = context.resolve(f"duckdb__{name}")
    return macro
