"""A synthetic home for each test that asks for one."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def load_synthetic() -> ModuleType:
    """Import `synthetic.py`, which lies beside this file and is no test."""
    name = "voxpop_synthetic_home"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("synthetic.py"))
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


@pytest.fixture
def make_home(first_home: Any, tmp_path: Path) -> Any:
    """Make further homes by name, from the same records."""
    return lambda name: first_home.copy(tmp_path / name)
