"""Running suites by Great Expectations on a database, and what came of each expectation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from expectations.rules import Rule, Suite

SHOWN = 5
"""How many kinds of blame are shown of an expectation that did not hold."""


@dataclass(frozen=True)
class Outcome:
    """What came of one expectation.

    Attributes:
        suite: whose it is.
        name: what should hold.
        table: of which table: the suite's name.
        severity: `fail` stops publication, `warn` does not.
        reason: why it only warns.
        success: whether it held.
        unexpected_count: how many rows were at fault; None if it could not run.
        observed: what may be shown of them: what is to blame, and how many rows; no value of a row.
        error: why it could not run; None if it did.
    """

    suite: str
    name: str
    table: str
    severity: Literal["fail", "warn"]
    reason: str | None
    success: bool
    unexpected_count: int | None
    observed: str
    error: str | None


def run(connection_string: str, suites: Iterable[Suite]) -> list[Outcome]:
    """Check suites on a database, read-only; only counts leave it, and blame where something is at fault.

    Args:
        connection_string: SQLAlchemy's, to a DuckDB file; Great Expectations has been made to take DuckDB.
        suites: what to check.

    Returns:
        One outcome a rule, in order.
    """
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    # Nothing is kept and no Data Docs are built, so it needs no folder anywhere.
    config = DataContextConfig(store_backend_defaults=InMemoryStoreBackendDefaults())
    context = gx.get_context(mode="ephemeral", project_config=config)
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_sql(
        "candidate", connection_string=connection_string, kwargs={"connect_args": {"read_only": True}}
    )
    engine: Any = source.get_engine()
    try:
        # One validation of all rules: one for each table takes an eighth longer. The batch is asked itself:
        # a definition of a validation would be written as JSON three times, into stores that nobody reads.
        asset = source.add_query_asset("candidate", query="select 1 as one")
        batch = asset.add_batch_definition_whole_table("candidate").get_batch()
        rules = {f"{suite.name}: {rule.name}": (suite, rule) for suite in suites for rule in suite.rules}
        expectations = [_expectation(name, suite, rule) for name, (suite, rule) in rules.items()]
        result = batch.validate(
            gx.ExpectationSuite("candidate", expectations=expectations),
            result_format={"result_format": "SUMMARY", "partial_unexpected_count": 0},
        )
        found = {one.expectation_config.description: one for one in result.results}
        return [_outcome(engine, suite, rule, found[name]) for name, (suite, rule) in rules.items()]
    finally:
        source.get_execution_engine().close()
        engine.dispose()


def _expectation(name: str, suite: Suite, rule: Rule) -> Any:
    from expectations.no_rows import NoRows

    return NoRows(
        unexpected_rows_query=_asked(_tested(suite, rule)),
        description=name,
        severity="warning" if rule.warns_because else "critical",
        notes=rule.warns_because,
    )


def _asked(query: str) -> str:
    """The query as Great Expectations takes it: braces doubled, and its batch, of no use here, asked for."""
    escaped = query.replace("{", "{{").replace("}", "}}")
    return f"select * from ({escaped}) as found where exists (select * from {{batch}})"  # noqa: S608


def _tested(suite: Suite, rule: Rule) -> str:
    """The rule's query over the suite's rows."""
    rest = _joined(rule.query)
    return f"with tested as not materialized (select * from ({suite.source})) {rest}"  # noqa: S608 - our own


def _joined(query: str) -> str:
    """A query that has its own `with` goes on after `tested`."""
    found = re.match(r"\s*with\s", query, re.IGNORECASE)
    return f", {query[found.end() :]}" if found else query


def _outcome(engine: Any, suite: Suite, rule: Rule, result: Any) -> Outcome:
    count: int | None = result.result.get("observed_value")
    return Outcome(
        suite=suite.name,
        name=rule.name,
        table=suite.name,
        severity="warn" if rule.warns_because else "fail",
        reason=rule.warns_because,
        success=bool(result.success),
        unexpected_count=count,
        observed=_blame(engine, suite, rule) if count else "",
        error=None if count is not None else _error(result.exception_info),
    )


def _blame(engine: Any, suite: Suite, rule: Rule) -> str:
    """What is to blame, the most frequent first: `touchpoints.responses.…: 3 rows; touchpoints.…`."""
    import sqlalchemy as sa

    query = _tested(suite, rule)
    grouped = (
        f"select blame, count(*) as rows from ({query}) "  # noqa: S608 - a suite's own
        "group by blame order by rows desc, blame"
    )
    with engine.connect() as connection:
        found: Sequence[tuple[str | None, int]] = connection.execute(sa.text(grouped)).fetchall()
    shown = [(blame or "no batch") + (f": {rows} rows" if rows > 1 else "") for blame, rows in found[:SHOWN]]
    return "; ".join(shown) + (f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else "")


def _error(info: dict[str, Any]) -> str:
    """The database's message."""
    found = [info] if "exception_message" in info else list(info.values())
    messages = [str(one.get("exception_message") or "") for one in found if isinstance(one, dict)]
    return next((message for message in messages if message), "no message")
