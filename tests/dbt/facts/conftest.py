"""voxpop's own dbt project on a database of a test's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .project import DBT, Project


@pytest.fixture(scope="session")
def make_voxpop(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """A function that gives voxpop's own project on a warehouse that holds the seeds and nothing else."""
    seeded = Project(DBT, tmp_path_factory.mktemp("voxpop"))
    seeded.dbt("seed")
    return lambda: seeded.copy(tmp_path_factory.mktemp("voxpop"))
