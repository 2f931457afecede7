"""A goal over the agency's own measures: the row that it names, what adds up, and what breaks a series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from .project import Project

QUARTERS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1")

MEASURES = """
    create schema marts;
    create table marts.cx_index as
    select
        'quarter' as period_type, (date '2024-10-01' + to_months(3 * place::integer))::date as period_start,
        ['2025Q1', '2025Q2', '2025Q3', '2025Q4', '2026Q1'][place + 1] as period_label, breakdown, member,
        'likert_5' as scale, measure, 'all' as driver, case when not suppressed then 100 + place end as n,
        case when not suppressed then 70.5 + place end as value, 70.0::double as low, 75.0::double as high, suppressed
    from range(5) as places (place)
    cross join (values ('all', 'all'), ('service', 'fld-card'), ('service', 'fld-records')) as members (breakdown, member)
    cross join (values ('cx_index'), ('mean')) as measures (measure)
    cross join lateral (select place = 3 and breakdown = 'all' as suppressed) as withheld;
    create table marts.contact_center_performance as
    select
        'quarter' as period_type, date '2025-10-01' as period_start, '2026Q1' as period_label, 'channel' as breakdown,
        'phone' as member, source_system, 500::bigint as abandonment_count, 0.07 as abandonment_share,
        0.05 as abandonment_low, 0.1 as abandonment_high, false as suppressed
    from (values ('genesys'), ('another')) as centers (source_system);
    insert into marts.cx_index by name
    select cx_index.* replace ('radio_5' as scale, 'mean' as measure, asked as driver)
    from marts.cx_index cross join (values ('trust'), ('ease')) as questions (asked)
    where breakdown = 'all' and measure = 'cx_index';
    insert into seeds.priority_goals by name
    select
        priority_goals.* replace (
            'Mean of ' || asked as indicator, 'level' as kind, 'value' as value_column,
            'breakdown=all|member=all|scale=radio_5|measure=mean|driver=' || asked as row_filter
        )
    from seeds.priority_goals cross join (values ('trust'), ('ease')) as questions (asked)
    where indicator = 'Answered questionnaires';
    create table marts.survey_quality as
    select
        period_type, period_start, period_label, breakdown, member, 100::bigint as offered_count, 0.4 as response_rate,
        false as suppressed
    from (select distinct period_type, period_start, period_label from marts.cx_index)
    cross join (values ('all', 'all'), ('survey', 'card'), ('survey', 'records')) as members (breakdown, member);
    create table marts.survey_nonresponse as
    select * replace ('channel' as breakdown, 'phone' as member) from marts.survey_quality where breakdown = 'all';
    create table marts.journey_paths as
    select
        period_type, period_start, period_label, breakdown, member, 'all' as path, offered_count as journey_count,
        4.1 as mean_score, 3.5 as median_days, suppressed
    from marts.survey_quality where breakdown = 'all';
    insert into seeds.priority_goals by name
    select
        priority_goals.* replace (
            said as indicator, 'level' as kind, read as table_name, figure as value_column, null as n_column,
            null as low_column, null as high_column, rows as row_filter
        )
    from seeds.priority_goals
    cross join (values
        ('Response rate of card', 'survey_quality', 'response_rate', 'breakdown=survey|member=card'),
        ('Response rate of records', 'survey_quality', 'response_rate', 'breakdown=survey|member=records'),
        ('Callers who answered', 'survey_nonresponse', 'response_rate', 'breakdown=channel|member=phone'),
        ('Score of journeys', 'journey_paths', 'mean_score', 'breakdown=all|member=all|path=all'),
        ('Days of journeys', 'journey_paths', 'median_days', 'breakdown=all|member=all|path=all')
    ) as goals (said, read, figure, rows)
    where indicator = 'Answered questionnaires';
    create table marts.series_breaks as
    from (values
        ('service', 'fld-card', 'likert_5', 'card', date '2025-08-15'), ('all', 'all', 'likert_5', 'card', date '2025-08-15'),
        ('all', 'all', 'radio_5', 'card', date '2025-07-01'),
        ('service', 'fld-records', 'likert_5', 'records', date '2025-01-01')
    ) as breaks (breakdown, member, scale, survey_id, break_date);
"""  # noqa: E501


@pytest.fixture(scope="module")
def built(make_voxpop: Callable[[], Project]) -> Project:
    project = make_voxpop()
    with project.connect() as connection:
        connection.execute(MEASURES)
    project.dbt("run", "--select", "int_priority_goals__own_values")
    return project


def values(project: Project, indicator: str) -> list[tuple[object, ...]]:
    return project.query(
        "select period_label, n, value, low, high, suppressed, is_break"
        " from intermediate.int_priority_goals__own_values"
        f" where indicator = '{indicator}' order by period_start"
    )


def test_the_filter_leaves_one_row_a_period(built: Project) -> None:
    found = values(built, "CX index of replacing an identity card")
    assert [row[:6] for row in found] == [
        (label, 100 + place, 70.5 + place, 70.0, 75.0, False) for place, label in enumerate(QUARTERS)
    ]
    assert values(built, "Share of callers who give up") == [("2026Q1", 500, 0.07, 0.05, 0.1, False, False)]


def test_a_break_within_a_quarter_is_of_that_and_the_next(built: Project) -> None:
    """The service's series breaks on 2025-08-15, in fiscal 2025Q4; another's in 2025Q2."""
    found = values(built, "CX index of replacing an identity card")
    assert [row[6] for row in found] == [False, False, False, True, True]


def test_a_break_is_of_its_scale(built: Project) -> None:
    """What is asked by five radio buttons breaks on 2025-07-01, the first day of fiscal 2025Q4."""
    breaks = {
        indicator: [row[6] for row in values(built, indicator)]
        for indicator in ("Answered questionnaires", "Mean of trust", "Mean of ease")
    }
    assert breaks == {
        # it adds up
        "Answered questionnaires": [False] * 5,
        "Mean of trust": [False, False, False, True, False],
        "Mean of ease": [False, False, False, True, False],
    }


@pytest.mark.parametrize(
    ("indicator", "expected"),
    [
        ("Response rate of card", [False, False, False, True, True]),
        ("Response rate of records", [False, True, False, False, False]),
        ("Callers who answered", [False, False, False, True, True]),
        ("Score of journeys", [False, False, False, True, True]),
        ("Days of journeys", [False] * 5),
    ],
)
def test_whatever_counts_answers_of_a_survey_breaks_with_it(
    built: Project, indicator: str, expected: list[bool]
) -> None:
    """The card's survey breaks on 2025-07-01 and 2025-08-15, the records' on 2025-01-01, in fiscal 2025Q2.

    A break on a quarter's first day is of that quarter alone.
    """
    assert [row[6] for row in values(built, indicator)] == expected


def test_what_adds_up_ends_at_what_is_withheld(built: Project) -> None:
    """100 + 101 + 102; then a quarter is withheld, and nothing is known of the sum."""
    found = values(built, "Answered questionnaires")
    assert [(row[0], row[2], row[5]) for row in found] == [
        ("2025Q1", 100.0, False),
        ("2025Q2", 201.0, False),
        ("2025Q3", 303.0, False),
        ("2025Q4", None, True),
        ("2026Q1", None, True),
    ]
    assert {row[3] for row in found} == {None}


def test_it_carries_what_the_seed_says(built: Project) -> None:
    found = built.query(
        "select distinct table_name, direction, kind, value_start, value_target, start_date, target_date"
        " from intermediate.int_priority_goals__own_values where indicator = 'Share of callers who give up'"
    )
    assert found == [
        (
            "contact_center_performance",
            "maintain_at_or_below",
            "rate",
            None,
            0.08,
            date(2024, 4, 1),
            date(2026, 9, 30),
        )
    ]
