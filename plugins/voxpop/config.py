"""The one configuration object, and the one place where a path is made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout: where `dags/`, `dbt_project/` and `config/` are."""


@dataclass(frozen=True)
class Settings:
    """Where everything is; made once at the edge (command line, DAG, test) and handed down.

    `home` is what a run writes (`VOXPOP_HOME`, default `var/`); `config_dir` holds what an agency configures
    (`VOXPOP_CONFIG`: a folder with `sources.yml` and `seeds/`; default: the sample agency's).
    """

    home: Path
    sources_file: Path
    seeds: Path

    @property
    def raw(self) -> Path:
        """Restricted: payloads as they came, folders 0700, files 0600."""
        return self.home / "raw"

    @property
    def secrets(self) -> Path:
        """Restricted: the identifier key and, on one machine without Airflow, connections."""
        return self.home / "secrets"

    @property
    def connections_file(self) -> Path:
        """JSON, source → connection, for runs without Airflow."""
        return self.secrets / "connections.json"

    @property
    def warehouse(self) -> Path:
        """dbt's own DuckDB file; nobody reads it while it is worked on."""
        return self.home / "warehouse" / "warehouse.duckdb"

    @property
    def dbt_target(self) -> Path:
        """dbt's artefacts and logs."""
        return self.home / "dbt"

    @property
    def link_model(self) -> Path:
        """The frozen model that records are linked by, beside `sources.yml`; without the file none are."""
        return self.sources_file.parent / "linkage.json"

    @property
    def releases(self) -> Path:
        """One folder a release, and the link `current`."""
        return self.home / "releases"

    @property
    def exports(self) -> Path:
        """Restricted: what the DAG `report_quarter` has written, a folder a quarter and release."""
        return self.home / "exports"

    @property
    def dbt_project(self) -> Path:
        """The models."""
        return PROJECT / "dbt_project"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment, once.

    Args:
        environment: variables to read; the process's own if None.

    Returns:
        Settings with absolute paths. Nothing is created.
    """
    env = os.environ if environment is None else environment
    home = Path(env.get("VOXPOP_HOME") or PROJECT / "var").absolute()
    configured = env.get("VOXPOP_CONFIG")
    if configured:
        folder = Path(configured).absolute()
        return Settings(home=home, sources_file=folder / "sources.yml", seeds=folder / "seeds")
    return Settings(
        home=home, sources_file=PROJECT / "config" / "sources.yml", seeds=PROJECT / "dbt_project" / "seeds"
    )
