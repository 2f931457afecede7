"""What DuckDB says when a value doesn't fit, without the value."""

from __future__ import annotations

import duckdb
import pytest
from voxpop.warehouse.dbt import without_data

SECRET = "Pat O'Brien 078-05-1120"
QUOTED = SECRET.replace("'", "''")
DATA = [
    (f"select cast(x as integer) from (select '{QUOTED}' as x)", "Conversion Error", "INT32"),
    (f"select cast(x as timestamp) from (select '{QUOTED}' as x)", "Conversion Error", ""),
    (f"select cast(x as decimal(9, 2)) from (select '{QUOTED}' as x)", "Conversion Error", ""),
    (f"""select from_json('{{"a": {QUOTED}', '{{"a": "VARCHAR"}}')""", "Invalid Input Error", ""),
    (f"select strptime('{QUOTED}', '%Y')", "Invalid Input Error", ""),
    ("select cast(x as tinyint) from (select 78051120 as x)", "Conversion Error", "INT8"),
    ("select 78051120::integer * 78051120::integer", "Out of Range Error", ""),
    (f"select error('{QUOTED}')", "Invalid Input Error", ""),
    (
        f"create table t (x varchar unique); insert into t values ('{QUOTED}'), ('{QUOTED}')",
        "Constraint Error",
        "",
    ),
]


@pytest.mark.parametrize(("sql", "kind", "kept"), DATA, ids=[sql[:40] for sql, _, _ in DATA])
@pytest.mark.parametrize("wrapped", ["{}", "Runtime Error in model m (m.sql)\n  {}", "Database Error\n  {}"])
def test_no_value_is_left(sql: str, kind: str, kept: str, wrapped: str) -> None:
    with pytest.raises(duckdb.Error) as caught:
        duckdb.connect().execute(sql)
    message = str(caught.value)
    assert any(part in message for part in ("Brien", "78051120")), "the case shows nothing"
    cut = without_data(wrapped.format(message))
    assert kind in cut
    assert kept in cut
    assert not any(part in cut for part in ("Pat", "Brien", "1120", "78051120")), cut
    assert "\n" not in cut


@pytest.mark.parametrize(
    ("sql", "kept"),
    [
        ("select colum from (select 1 as col)", '"colum" not found'),
        ("select * from nowhere", "nowhere does not exist"),
        ("selec 1", 'syntax error at or near "selec"'),
    ],
)
def test_what_is_wrong_with_the_sql_is_said(sql: str, kept: str) -> None:
    with pytest.raises(duckdb.Error) as caught:
        duckdb.connect().execute(sql)
    cut = without_data(f"Runtime Error in model m (models/m.sql)\n  {caught.value}")
    assert kept in cut
    assert "\n" not in cut


def test_a_message_of_an_unknown_kind_is_not_shown() -> None:
    assert SECRET not in without_data(SECRET)
    assert "Pat" not in without_data(f"Error: {SECRET}")


def test_a_column_that_may_not_be_null_is_named() -> None:
    connection = duckdb.connect()
    with pytest.raises(duckdb.Error) as caught:
        connection.execute("create table t (day date not null); insert into t values (null)")
    assert without_data(str(caught.value)) == "Constraint Error: NOT NULL constraint failed: t.day"


@pytest.mark.parametrize("found", ["1 result", "3 results"])
def test_a_failed_test_says_how_many_rows(found: str) -> None:
    message = f"Got {found}, configured to fail if != 0"
    assert without_data(message) == message
