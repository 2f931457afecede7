"""The shim is needed, and it is enough."""

from __future__ import annotations

import duckdb
import pytest
from voxpop.audit import duckdb_dialect

from expectations import checkpoint
from expectations.rules import Suite, never

SUITE = Suite("t", "select * from t", [never("n is small", "n > 2", blame="n::varchar")])


@pytest.fixture
def database(tmp_path):
    file = tmp_path / "some.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table t as select unnest([1, 2, 3, 3]) as n")
    return f"duckdb:///{file}"


@pytest.fixture
def without_shim(monkeypatch):
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    kept = tuple(one for one in engine._PERSISTED_CONNECTION_DIALECTS if one.value != "duckdb")
    monkeypatch.setattr(engine, "_PERSISTED_CONNECTION_DIALECTS", kept)


def test_great_expectations_still_needs_the_shim(database, without_shim):
    """When this fails, Great Expectations fetches from DuckDB by itself: remove `duckdb_dialect.py`."""
    (outcome,) = checkpoint.run(database, [SUITE])
    assert outcome.error is not None and outcome.unexpected_count is None


def test_with_the_shim_it_counts(database, without_shim):
    duckdb_dialect.keep_connections()
    (outcome,) = checkpoint.run(database, [SUITE])
    assert (outcome.success, outcome.unexpected_count, outcome.error) == (False, 2, None)
    assert outcome.observed == "3: 2 rows"


def test_the_file_is_free_afterwards(database):
    duckdb_dialect.keep_connections()
    checkpoint.run(database, [SUITE])
    with duckdb.connect(database.removeprefix("duckdb:///")) as connection:
        connection.execute("insert into t values (4)")


def test_an_expectation_that_raises_is_no_refusal(database):
    duckdb_dialect.keep_connections()
    broken = Suite("t", "select * from t", [never("there is such a column", "nowhere > 2"), *SUITE.rules])
    first, second = checkpoint.run(database, [broken])
    assert first.error is not None and "nowhere" in first.error and first.unexpected_count is None
    assert second.unexpected_count == 2
