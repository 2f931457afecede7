"""The measures' macros and models as SQL on a DuckDB in memory: dbt's own way takes seconds a statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pandas as pd

DBT = Path(__file__).resolve().parents[3] / "dbt_project"
MACROS = [
    *sorted((DBT / "macros" / "statistics").glob("*.sql")),
    *(
        DBT / "macros" / f"{name}.sql"
        for name in (
            "complete",
            "dates",
            "earliest",
            "fiscal",
            "functions",
            "journeys",
            "policy",
            "published",
            "segments",
            "sorted_list",
            "touched",
            "web_figures",
        )
    ),
]
MODELS = {
    path.stem: path
    for folder in ("*/measures", "*/journeys", "*/web", "*/touched", "marts/comparisons")
    for path in (DBT / "models").glob(f"{folder}/*.sql")
}

CX_INDEX = (
    *(
        f"int_measures__{name}"
        for name in (
            "answers",
            "cells",
            "items",
            "indexes",
            "weighted_answers",
            "weighted_items",
            "weighted_indexes",
            "weighted_estimates",
            "estimates",
            "volumes",
        )
    ),
    "int_withheld_items",
    "cx_index",
)
ESTIMATES = CX_INDEX[: CX_INDEX.index("int_measures__estimates") + 1]
CONTACT_CENTER = (
    "int_measures__contacts",
    "int_measures__withheld_contacts",
    "contact_center_performance",
)


def literal(value: Any) -> str:
    """A number as SQL, typed as the models' columns are."""
    if value is None:
        return "null"
    return f"{value}::bigint" if isinstance(value, int) else f"{value!r}::double"


class Measures:
    """A DuckDB with the agency's policy, the macros, and models built from tables that a test makes.

    `ref('x')` is the table `x` of this database, as dbt's would be the relation of the model; a build before
    made `x` where the database has it.
    """

    seeds = DBT / "seeds"

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        # a test's tables are small, and each core has a process of tests: a second thread only costs CPU
        self.connection.execute("set threads = 1")
        self.connection.execute(
            "create table policy as select policy, cast(value as double) as value from read_csv(?)",
            [str(DBT / "seeds" / "policy.csv")],
        )
        # whatever a test makes up is over
        self.connection.execute("create table complete_to as select date '2100-01-01' as day")
        environment = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined)
        environment.globals["ref"] = lambda name: name
        environment.globals["source"] = lambda _, name: name
        environment.globals["models_built"] = self._built
        environment.globals["config"] = lambda **_: ""
        environment.globals["is_incremental"] = lambda: False
        environment.globals["return"] = lambda value: value
        environment.globals["adapter"] = SimpleNamespace(
            dispatch=lambda name: environment.globals.get(
                f"duckdb__{name}", environment.globals.get(f"default__{name}")
            )
        )
        macros = environment.from_string("\n".join(path.read_text() for path in MACROS)).module
        environment.globals.update({name: value for name, value in vars(macros).items() if callable(value)})
        self._environment = environment

    def _built(self, names: Sequence[str], _schema: str) -> list[str]:
        tables = {
            table for (table,) in self.connection.execute("select table_name from duckdb_tables()").fetchall()
        }
        return [name for name in names if name in tables]

    def sql(self, template: str) -> str:
        """SQL with its macros written out."""
        return self._environment.from_string(template).render()

    def query(self, template: str) -> list[tuple[Any, ...]]:
        """The rows of a query that calls macros."""
        return self.connection.execute(self.sql(template)).fetchall()

    def scalars(self, expression: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[Any]:
        """One expression over rows of numbers, in their order."""
        rows = [tuple(row) for row in rows]
        values = ", ".join(
            f"({number}, {', '.join(literal(cell) for cell in row)})" for number, row in enumerate(rows)
        )
        found = self.query(
            f"select {expression} from (values {values}) as cases (place, {', '.join(columns)})"
            " order by place"
        )
        assert len(found) == len(rows) > 0
        return [row[0] for row in found]

    def model(self, name: str, **others: str) -> str:
        """SQL for the rows of a model, of `others` in place of the tables that it reads by these names."""
        ref = self._environment.globals["ref"]
        self._environment.globals["ref"] = lambda other: others.get(other, other)
        try:
            return self.sql(MODELS[name].read_text())
        finally:
            self._environment.globals["ref"] = ref

    def build(self, *names: str) -> None:
        """Make these models' tables anew, in this order."""
        for name in names:
            self.connection.execute(f"create or replace table {name} as {self.model(name)}")

    def table(self, name: str, rows: pd.DataFrame) -> None:
        """Make a table that the models read."""
        self.connection.register("rows_of_a_test", rows)
        self.connection.execute(f"create or replace table {name} as select * from rows_of_a_test")
        self.connection.unregister("rows_of_a_test")

    def frame(self, template: str) -> pd.DataFrame:
        """The rows of a query as a data frame."""
        return self.connection.execute(self.sql(template)).df()
