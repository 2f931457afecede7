"""Which years' journeys a build makes anew though nothing of them landed: time alone settles a quarter."""

from __future__ import annotations

import pytest

from .sql import Measures

FY2025, FY2026 = (
    {f"{year - 1}-10-01", f"{year}-01-01", f"{year}-04-01", f"{year}-07-01"} for year in (2025, 2026)
)
EARLIER = """
create table int_customer_quarters (quarter_start date);
create table int_touched_years (quarter_start date);
create table int_touched_customers (customer_id text, record_date date);
create table journey_paths (period_type text, year_start date);
create table journey_measures (quarter_start date, is_provisional boolean);
-- nobody knows whose the contacts are: there are no journeys
create table customer_journeys (
    customer_id text, quarter_start date, started_at timestamp, last_touch_at timestamp
);
create table fct_interactions as
select
    unnest([date '2025-08-03', date '2025-12-31', date '2026-02-03']) as started_local_date,
    'inbound' as direction
union all
select date '2024-05-05', 'outbound';
create table fct_survey_responses as
select date '2025-11-03' as answered_local_date, true as is_counted
union all
select date '2024-08-05', false;
-- of the quarters before January, which were settled then
create table identity_quality as
select unnest([date '2025-07-01', date '2025-07-01', date '2025-10-01']) as quarter_start;
"""


@pytest.mark.parametrize(
    ("unsettled_from", "anew"),
    [
        ("2026-01-01", set()),
        ("2026-04-01", FY2026),
        # a batch is excluded, and less has come than had
        ("2025-10-01", FY2026),
        ("2025-07-01", FY2025 | FY2026),
    ],
)
def test_time_alone_settles_a_quarter_of_which_nobody_is_known(
    measures: Measures, unsettled_from: str, anew: set[str]
) -> None:
    measures.connection.execute(EARLIER)
    measures.connection.execute(
        f"create table int_contact_history as select date '{unsettled_from}' as unsettled_from"
    )
    assert {
        f"{day}"
        for (day,) in measures.query(f"select quarter_start from ({measures.model('int_journey_years')})")
    } == anew


def test_what_is_pending_is_made_anew(measures: Measures) -> None:
    measures.connection.execute(EARLIER)
    measures.connection.execute(
        "create table int_contact_history as select date '2026-01-01' as unsettled_from"
    )
    measures.connection.execute(
        "insert into journey_measures values ('2025-07-01', true), ('2025-10-01', false)"
    )
    assert {
        f"{day}"
        for (day,) in measures.query(f"select quarter_start from ({measures.model('int_journey_years')})")
    } == FY2025
