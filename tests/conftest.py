"""How `make test` shares the cores: a file stays with one process; end-to-end tests share one agency."""

from __future__ import annotations

from typing import Any

import pytest
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
