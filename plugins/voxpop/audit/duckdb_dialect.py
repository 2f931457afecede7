"""Great Expectations on DuckDB: the one thing that it lacks.

Its SQL engine closes a connection before it fetches from it, unless the dialect is among those whose
connections it keeps. DuckDB's cursor is gone then. The tuple holds members of an enumeration that has no
DuckDB, and is only asked whether a dialect's name is in it and for each member's `value`.
"""

from __future__ import annotations


class _Dialect(str):
    """A name that looks like a member of Great Expectations' `GXSqlDialect`."""

    __slots__ = ()

    @property
    def value(self) -> str:
        """The name."""
        return str(self)


def keep_connections() -> None:
    """Let Great Expectations keep DuckDB's connections open; once is enough, more does no harm."""
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    if "duckdb" not in engine._PERSISTED_CONNECTION_DIALECTS:
        engine._PERSISTED_CONNECTION_DIALECTS += (_Dialect("duckdb"),)
