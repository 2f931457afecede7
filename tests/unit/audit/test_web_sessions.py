"""What the gate holds of web sessions: each rule finds the fault that is planted for it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from voxpop.raw.manifests import Day, Manifest
from voxpop.release import evidence

from expectations import marts, raw
from expectations.rules import Rule

TABLES = """
create schema marts;
create table marts.dim_customers as select 'c1' as customer_id;
create table marts.dim_services as select 'fld-card' as service_id;
create table marts.fct_web_sessions as
select
    's' || i as session_id, if(i = 0, 'c1', null) as customer_id, 'fld-card' as service_id,
    'web' as source_system, timestamp '2026-01-01 10:00' + to_hours(i::integer) as started_at,
    started_at + interval 20 minutes as ended_at,
    date '2026-01-01' as started_date, date '2026-01-01' as started_local_date, '2026Q2' as fiscal_quarter,
    3 as event_count, 2 as pageview_count, 12.5::decimal(18, 3) as engaged_seconds, true as is_task_started,
    i = 1 as is_task_done, 1 as helpful_yes_count, 0 as helpful_no_count, i = 2 as is_suspected_bot,
    'v' || i // 2 as visitor_token, 'web.b1' as _batch_id
from range(4) as r(i);
create table marts.fct_interactions as
select 'i' || session_id as interaction_id, session_id as source_record_id
from marts.fct_web_sessions where not is_suspected_bot;
"""

FAULTS = {
    "session_id is unique": "session_id = 's1' where session_id = 's3'",
    "customer_id is in dim_customers": "customer_id = 'c2' where session_id = 's1'",
    "service_id is in dim_services": "service_id = 'x' where session_id = 's1'",
    "pageview_count, engaged_seconds, helpful_yes_count and helpful_no_count are not negative": (
        "engaged_seconds = -1 where session_id = 's1'"
    ),
    "no session has fewer events than page views": "pageview_count = 4 where session_id = 's1'",
    "whoever did a task had started it": "is_task_started = false where session_id = 's1'",
    "half an hour or more lies between two events of no session": (
        "ended_at = started_at + interval 1 hour where session_id = 's3'"
    ),
    "a visitor's sessions lie half an hour or more apart": (
        "ended_at = started_at + interval 31 minutes where session_id = 's0'"
    ),
    "every session of a person is a contact, and none of a program": (
        "is_suspected_bot = true where session_id = 's3'"
    ),
    "fiscal_quarter is that of started_local_date": "fiscal_quarter = '2026Q1' where session_id = 's1'",
}
"""Rule → what to set that it finds, and no other."""


def found(connection: duckdb.DuckDBPyConnection, rules: list[Rule], tested: str) -> dict[str, str]:
    """Rule → what it blames, of those that find something."""
    faults = {
        rule.name: connection.execute(f"with tested as ({tested}) {rule.query}").fetchall() for rule in rules
    }
    return {name: str(rows[0][0]) for name, rows in faults.items() if rows}


@pytest.fixture
def sessions() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        yield connection


def test_every_rule_has_a_fault() -> None:
    assert {rule.name for rule in marts.fct_web_sessions()} == set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_its_rule(sessions: duckdb.DuckDBPyConnection, name: str) -> None:
    tested = "select * from marts.fct_web_sessions"
    assert found(sessions, marts.fct_web_sessions(), tested) == {}
    sessions.execute(f"update marts.fct_web_sessions set {FAULTS[name]}")
    blamed = found(sessions, marts.fct_web_sessions(), tested)
    assert set(blamed) == {name}
    assert "web.b1" in blamed[name]


STAGED = "of every daily table what landed last is staged, whole and alone"


def batch(number: int, tables: dict[str, int]) -> Manifest:
    at = datetime(2026, 1, 5, number, tzinfo=UTC)
    return Manifest(
        batch_id=f"web.b{number}",
        source="web",
        kind_of_source="ga4",
        stream="events",
        window=None,
        started_at=at,
        finished_at=at,
        dt="2026-01-04",
        parts=(),
        records=sum(tables.values()),
        quarantined=0,
        duplicates=0,
        received=sum(tables.values()),
        sha256="",
        key_version=1,
        original=None,
        tables={f"events_{day}": () for day in tables},
        days={f"{day[:4]}-{day[4:6]}-{day[6:]}": Day(count) for day, count in tables.items()},
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("select 1", {}),
        (
            "delete from warehouse.staging.stg_ga4__events where record_id = 'events_20260101' and n = 1",
            {
                STAGED: "web events_20260101 web.b2",
                "every event of a visitor is in one session": "web",
            },
        ),
        (
            "update candidate.marts.fct_web_sessions set event_count = 4",
            {"every event of a visitor is in one session": "web"},
        ),
        (
            "delete from candidate.marts.fct_web_sessions",
            {"every event of a visitor is in one session": "web"},
        ),
    ],
)
def test_events_are_followed_from_tables_to_sessions(
    tmp_path: Path, change: str, expected: dict[str, str]
) -> None:
    """Two tables of 3 and 2 events, of which one is nobody's: 4 are in sessions. The first landed twice."""
    with duckdb.connect() as connection:
        connection.execute("""
            attach ':memory:' as warehouse; attach ':memory:' as candidate;
            create schema warehouse.staging; create schema candidate.marts;
            create table warehouse.staging.stg_ga4__events as
            select
                'web' as source_system, 'events_20260101' as record_id, n,
                if(n = 0, null, 'v') as visitor_token
            from range(3) as r(n)
            union all select 'web', 'events_20260102', n, 'v' from range(2) as r(n);
            create table candidate.marts.fct_web_sessions as select 'web' as source_system, 2 as event_count
            from range(2)
        """)
        connection.execute(change)
        batches = [batch(2, {"20260101": 3}), batch(1, {"20260101": 9, "20260102": 2})]
        evidence._write_web_tables(connection, tmp_path / "web_tables.parquet", batches)
        suite = raw.web_tables(f"select * from read_parquet('{tmp_path}/web_tables.parquet')")
        assert found(connection, list(suite.rules), suite.source) == expected


def test_a_day_without_a_table_is_warned_of(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        tested = (
            "select 'web' as source, unnest(['events_20260101', 'events_20260103', null]) as table_name,"
            " 1 as landed, 1 as staged, 1 as in_sessions, 'b' as batch_id"
        )
        rules = list(raw.web_tables(tested).rules)
        assert found(connection, rules, tested) == {
            "no daily table is missing between two others": "web has no table of 2026-01-02"
        }
        assert [rule.name for rule in rules if rule.warns_because] == [
            "no daily table is missing between two others"
        ]
