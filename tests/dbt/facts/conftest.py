"""voxpop's own dbt project on a database of a test's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from voxpop.config import load_settings

from tests.parsed_once import ParsedOnce

from .project import Project


@pytest.fixture(scope="session")
def make_voxpop(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """A function that gives voxpop's own project on a warehouse that holds the seeds and nothing else."""
    work = tmp_path_factory.mktemp("voxpop")
    settings = load_settings({"VOXPOP_HOME": str(work)})
    # It lays the project out: a seed that the agency doesn't have has no rows.
    manifest = ParsedOnce(settings).manifest()
    seeded = Project(settings.dbt_target / "project", work, manifest)
    seeded.dbt("seed")
    return lambda: seeded.copy(tmp_path_factory.mktemp("voxpop"))
