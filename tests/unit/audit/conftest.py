"""Synthetic homes, as the tests of releases use them, and the gate run on them."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from voxpop.release import candidate

NOW = datetime(2026, 5, 2, 6, 0, tzinfo=UTC)


def load_synthetic() -> ModuleType:
    """Import `../release/synthetic.py`, which is no test."""
    name = "voxpop_synthetic_home"
    if name not in sys.modules:
        file = Path(__file__).parents[1] / "release" / "synthetic.py"
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The home that every test's own is a copy of."""
    return load_synthetic().Home.at(tmp_path_factory.mktemp("first") / "var")


@pytest.fixture
def home(first_home: Any, tmp_path: Path) -> Any:
    """A home with two landed batches and a finished build."""
    return first_home.copy(tmp_path / "var")


@pytest.fixture(scope="session")
def stage() -> Any:
    """Make a candidate from a home."""

    def make(home: Any, now: datetime = NOW) -> candidate.Candidate:
        made = candidate.stage(home.settings, now=now, sources=home.sources)
        assert made is not None
        return made

    return make
