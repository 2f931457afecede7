"""How `make test` shares the cores, what its processes do once, and where real samples are.

A file of tests stays with one process, and so do the folders whose tests share an agency or a server.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from voxpop.config import PROJECT
from voxpop.warehouse import build
from xdist.scheduler import LoadFileScheduling

from tests.parsed_once import ParsedOnce

TOGETHER = {"end_to_end", "airflow", "team"}
"""Folders of which one process takes all."""

LONG = ("end_to_end", "contract", "dbt", "guides")
"""Folders whose files take minutes, the longest first."""


def folder_of(nodeid: str) -> str:
    """The folder below `tests` that a test is in."""
    return nodeid.split("/")[1]


class Sharing(LoadFileScheduling):
    """What is landed and built once for many tests is so in one process only."""

    def _split_scope(self, nodeid: str) -> str:
        folder = folder_of(nodeid)
        return folder if folder in TOGETHER else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Used where `--dist` is given."""
    config.option.loadscopereorder = (
        False  # by how many tests there are, which says nothing of how long they take
    )
    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: in the end no process waits for another one's long file."""

    def place(item: pytest.Item) -> int:
        folder = folder_of(item.nodeid)
        return LONG.index(folder) if folder in LONG else len(LONG)

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def parsed_once() -> Iterator[None]:
    """Builds in this process take dbt's project as the first of them has parsed it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "Dbt", ParsedOnce)
        yield


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
