"""Answers that came after their survey's clearance had ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb


@dataclass(frozen=True)
class WithoutClearance:
    """A survey and how many of a quarter's counted answers came after its clearance had ended.

    `count` is None where it could give a withheld figure away.
    """

    survey: str
    control_number: str
    ended_on: date
    count: int | None


def read(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[WithoutClearance, ...]:
    """Counted answers of a quarter that came too late for their survey's clearance, by survey.

    Where a figure of their service is withheld in the quarter, a count of its answers could help to solve it.
    """
    rows = connection.execute(
        """
        with cleared as (
            select distinct survey_id, survey_version, survey_name, omb_control_number, omb_expires_on
            from marts.dim_surveys
        ),
        hidden as (
            select distinct member as service_id from marts.cx_index
            where breakdown = 'service' and suppressed
                and period_start >= $start and period_start < $start + interval 3 months
        )
        select
            s.survey_name, s.omb_control_number, s.omb_expires_on,
            case when count(h.service_id) = 0 then count(*) end
        from marts.fct_survey_responses as r
        inner join cleared as s
            on r.survey_id = s.survey_id and r.survey_version = s.survey_version
        left join hidden as h on r.service_id = h.service_id
        where r.is_counted and r.collected_without_clearance and r.answered_local_date > s.omb_expires_on
            and r.answered_local_date >= $start and r.answered_local_date < $start + interval 3 months
        group by all order by all
        """,
        {"start": start},
    ).fetchall()
    return tuple(WithoutClearance(*row) for row in rows)
