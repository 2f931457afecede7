"""What the page says of a comparison, by the row that there is."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from voxpop.report.sections import changes

QUARTER = date(2026, 4, 1)


@pytest.mark.parametrize(
    ("difference", "verdict", "not_compared", "says"),
    [
        (0.5, "up", None, "higher"),
        (0.1, "no evidence", None, "no evidence"),
        (None, None, "break", "asked in another way"),
        (None, None, "held", "shows an earlier release"),
    ],
)
def test_a_comparison_says_its_verdict_or_why_it_has_none(
    difference: float | None, verdict: str | None, not_compared: str | None, says: str
) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(
            """
            create table marts.cx_comparisons as
            select
                'quarter' as period_type, ?::date as period_start, 'all' as breakdown, 'all' as member,
                'likert_5' as scale, 'mean' as measure, 'ease' as driver, 'previous_period' as comparison,
                ?::double as difference, 0.1 as low, 0.9 as high, 0.01 as adjusted_p, ?::varchar as verdict,
                ?::varchar as not_compared, null::varchar as drivers, null::double as within_change,
                null::double as mix_change
            """,
            [QUARTER, difference, verdict, not_compared],
        )
        ((found,),) = (each.values() for each in changes.read(connection, QUARTER).values())
    assert found.says == says
