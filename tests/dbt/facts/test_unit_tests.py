"""Every dbt unit test beside a model, in an empty warehouse that holds the seeds."""

from __future__ import annotations

from collections.abc import Callable

from .project import Project


def test_unit_tests_beside_the_models(make_voxpop: Callable[[], Project]) -> None:
    make_voxpop().dbt("test", "--select", "test_type:unit")
