"""How `make test` shares the cores, and where real samples are.

A file of tests stays with one process; end-to-end tests share one agency.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from voxpop.config import PROJECT
from xdist.scheduler import LoadFileScheduling


class Sharing(LoadFileScheduling):
    """What is landed and built once for many tests is so in one process only."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "end_to_end" if "/end_to_end/" in file else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Used where `--dist` is given."""
    return Sharing(config, log)


@pytest.fixture(scope="session")
def sample() -> Callable[[str], Path]:
    """Give a real sample's file by its path; a test whose sample isn't there is skipped.

    Samples are no part of the project. `VOXPOP_SAMPLES` names their folder; without it a folder `samples` is
    looked for in the folders beside the checkout.
    """
    named = os.environ.get("VOXPOP_SAMPLES")
    folders = [Path(named)] if named else sorted(PROJECT.parent.glob("*/samples"))

    def find(path: str) -> Path:
        for folder in folders:
            if (folder / path).exists():
                return folder / path
        pytest.skip(f"no sample {path}: VOXPOP_SAMPLES says where the samples are")

    return find
