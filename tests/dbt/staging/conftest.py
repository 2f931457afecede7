"""A home of a test's own, with a raw zone to land into and a warehouse to build."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from voxpop.config import PROJECT, Settings
from voxpop.raw.manifests import visible
from voxpop.warehouse import build
from voxpop.warehouse.state import opened

from .raw_zone import RawZone


@dataclass
class Home:
    """Where a test lands and builds."""

    settings: Settings
    raw: RawZone
    builds: int = 0

    def begin(self, *, full_refresh: bool = False) -> build.Plan:
        self.builds += 1
        return build.begin(
            self.settings,
            run_id=f"run {self.builds}",
            sources={manifest.source for manifest in visible(self.settings)},
            full_refresh=full_refresh,
        )

    def build_staging(self, *, full_refresh: bool = False) -> build.Plan:
        """A build that takes the layers above staging for done."""
        plan = self.begin(full_refresh=full_refresh)
        build.run_layer(self.settings, "seeds")
        build.run_layer(self.settings, "staging")
        with opened(self.settings) as state:
            state.layers_done(build.LAYERS)
        build.finish(self.settings)
        return plan

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def row(self, sql: str) -> dict[str, Any]:
        """The one row, by column."""
        with duckdb.connect(str(self.settings.warehouse)) as connection:
            cursor = connection.execute(sql)
            (values,) = cursor.fetchall()
            return dict(zip([column[0] for column in cursor.description], values, strict=True))

    def content(self) -> dict[str, list[str]]:
        """What staging gives to those above it: every table's rows, in an order of their own."""
        tables = [
            row[0]
            for row in self.rows("select table_name from duckdb_tables() where schema_name = 'staging'")
            if row[0].startswith("stg_") and row[0] not in {"stg_touched_records", "stg_drift"}
        ]
        return {table: sorted(map(repr, self.rows(f"from staging.{table}"))) for table in tables}


def new_home(folder: Path, seeds: Path = PROJECT / "dbt_project" / "seeds") -> Home:
    """An empty home; all of them have the same key, so that the same person has the same tokens."""
    settings = Settings(folder, PROJECT / "config" / "sources.yml", seeds)
    settings.secrets.mkdir(parents=True, mode=0o700)
    key = settings.secrets / "identifier-keys.json"
    key.write_text(json.dumps({"current": 1, "keys": {"1": "ab" * 32}}))
    key.chmod(0o600)
    return Home(settings, RawZone(settings))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")
