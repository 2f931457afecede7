"""Faults planted into a good table: which of the gate's rules each of them breaks."""

from __future__ import annotations

import duckdb

from expectations.checkpoint import _tested
from expectations.rules import Suite


def broken(suite: Suite, good: str, *changes: str) -> set[str]:
    """Names of the rules that tables made by SQL break once they were changed by more of it."""
    with duckdb.connect() as connection:
        connection.execute(good)
        for change in changes:
            connection.execute(change)
        return {rule.name for rule in suite.rules if connection.execute(_tested(suite, rule)).fetchall()}
