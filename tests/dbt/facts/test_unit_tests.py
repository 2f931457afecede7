"""Every dbt unit test beside a model, in an empty warehouse that holds the seeds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from dbt import compilation
from dbt.contracts.graph.nodes import InjectedCTE

from .project import Project

BEFORE_CTES = re.compile(r"(\s|--[^\n]*\n|/\*.*?\*/)*with\s", re.IGNORECASE | re.DOTALL)


def with_ctes(sql: str, ctes: Sequence[InjectedCTE]) -> str:
    """Set what a unit test gives before a model's own steps, as dbt does.

    dbt looks for the place by a parser in Python that reads all of the SQL: of ours, which can be as long as
    a hundred pages, that takes most of the time that the unit tests take.
    """
    if not ctes:
        return sql
    given = ", ".join(cte.sql for cte in ctes)
    begun = BEFORE_CTES.match(sql)
    return f"{sql[: begun.end()]} {given}, {sql[begun.end() :]}" if begun else f"with {given} {sql}"


def test_unit_tests_beside_the_models(
    make_voxpop: Callable[[], Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compilation, "inject_ctes_into_sql", with_ctes)
    make_voxpop().dbt("test", "--select", "test_type:unit")
