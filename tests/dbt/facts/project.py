"""dbt in this process, on a database of a test's own."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

DBT = Path(__file__).resolve().parents[3] / "dbt_project"


class Project:
    """A dbt project and the DuckDB file that it builds; parsed once, whatever is run, or before."""

    def __init__(self, project: Path, work: Path, manifest: Any = None) -> None:
        self.warehouse = work / "warehouse.duckdb"
        self._options = ["--project-dir", str(project), "--profiles-dir", str(project)]
        self._options += ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]
        # Nobody reads what dbt would write of each run, and it takes a second of each.
        self._options += ["--log-level", "none", "--log-level-file", "none", "--no-write-json"]
        self._manifest = manifest

    def dbt(self, *arguments: str) -> Sequence[Any]:
        """Run a dbt command; fail with what failed.

        Returns:
            A result a node, as dbt has it.
        """
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        folder, before = Path.cwd(), os.environ.get("VOXPOP_WAREHOUSE")
        os.environ["VOXPOP_WAREHOUSE"] = str(self.warehouse)
        try:
            if self._manifest is None:
                self._manifest = dbtRunner().invoke(["parse", *self._options]).result
            outcome = dbtRunner(manifest=self._manifest).invoke([*arguments, *self._options])
        finally:
            DuckDBConnectionManager.close_all_connections()
            os.chdir(folder)
            if before is None:
                del os.environ["VOXPOP_WAREHOUSE"]
            else:
                os.environ["VOXPOP_WAREHOUSE"] = before
        assert outcome.exception is None, outcome.exception
        failed = [
            f"{node.node.name}: {node.message}" for node in outcome.result if node.status in ("error", "fail")
        ]
        assert not failed, "\n".join(failed)
        assert outcome.result.results, f"nothing was selected: {arguments}"
        return list(outcome.result.results)

    def copy(self, work: Path) -> Project:
        """The same project on a copy of the warehouse as it is now."""
        copied = copy.copy(self)
        copied.warehouse = work / "warehouse.duckdb"
        shutil.copy(self.warehouse, copied.warehouse)
        return copied

    def connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.warehouse))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(sql).fetchall()


def small_project(folder: Path, macros: Sequence[str], models: dict[str, str]) -> Project:
    """A project of its own with some of voxpop's macros, and models that call them."""
    project = folder / "project"
    for part in ("macros", "models"):
        (project / part).mkdir(parents=True)
    for macro in macros:
        (project / "macros" / macro).symlink_to(DBT / "macros" / macro)
    for name, sql in models.items():
        (project / "models" / f"{name}.sql").write_text(sql)
    (project / "dbt_project.yml").write_text("{name: voxpop, version: '1.0.0', profile: voxpop}")
    (project / "profiles.yml").write_text((DBT / "profiles.yml").read_text())
    return Project(project, folder)
