"""What the gate asks of filings: a survey that is to be filed can't be missing altogether."""

from __future__ import annotations

import duckdb

from expectations import performance

FACTS = "every detail counts what the facts hold, by when people answered"
ROWS = """
    create schema marts;
    create table marts.dim_surveys as
    select * from (values ('filed', true), ('also-filed', true), ('kept', false)) as t (survey_id, is_filed);
    create table marts.fct_survey_responses as
    select
        's' as service_id, survey_id, 1 as survey_version, 'phone' as channel, date '2026-01-05' as
        answered_local_date, true as is_counted, survey_id || n as response_id, 'touchpoints.b1' as _batch_id
    from (values ('filed'), ('also-filed'), ('kept')) as t (survey_id) cross join range(3) as r (n);
    create table marts.a11_280_collection_details as
    select
        survey_id as id, service_id, survey_id, survey_version, channel, date '2026-01-01' as quarter_start,
        count(*) as volume_of_respondents
    from marts.fct_survey_responses where survey_id <> 'kept' group by all;
"""


def at_fault(connection: duckdb.DuckDBPyConnection) -> list[str]:
    (rule,) = (rule for rule in performance.a11_280_collection_details() if rule.name == FACTS)
    tested = "with tested as (from marts.a11_280_collection_details)"
    found = connection.execute(f"{tested} select blame from ({rule.query}) order by 1").fetchall()
    return [blame for (blame,) in found]


def test_a_filed_survey_that_lost_all_its_details_is_found() -> None:
    with duckdb.connect() as connection:
        connection.execute(ROWS)
        assert at_fault(connection) == []
        connection.execute("delete from marts.a11_280_collection_details where survey_id = 'also-filed'")
        assert at_fault(connection) == ["s 2026-01-01 also-filed 1 phone"]
