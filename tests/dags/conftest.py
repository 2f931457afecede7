"""An Airflow home of the tests' own; Airflow reads its variables once, at its first import."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from voxpop.airflow import home
from voxpop.config import PROJECT, Settings, load_settings

_FOLDER = tempfile.TemporaryDirectory(prefix="voxpop-dags-")
_SETTINGS = load_settings({"VOXPOP_HOME": str(Path(_FOLDER.name) / "var")})
_VARIABLES = home.environment(_SETTINGS)
os.environ.update({name: value for name, value in _VARIABLES.items() if name.startswith("AIRFLOW")})


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VOXPOP_HOME", "DO_NOT_TRACK"):
        monkeypatch.setenv(name, _VARIABLES[name])
    monkeypatch.delenv("VOXPOP_CONFIG", raising=False)


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """Where this Airflow's home is, made once."""
    home.make(_SETTINGS)
    yield _SETTINGS
    _FOLDER.cleanup()


@pytest.fixture(scope="session")
def dags(settings: Settings) -> dict[str, Any]:
    """Every DAG of the project, by id."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(PROJECT / "dags"))
    assert bag.import_errors == {}
    return dict(bag.dags)
