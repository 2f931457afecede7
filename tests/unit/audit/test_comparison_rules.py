"""What the gate asks of breaks and comparisons: good rows pass, each wrong one is found."""

from __future__ import annotations

import pytest

from expectations import comparisons
from expectations.rules import Suite

from .planted import broken

BREAKS = """
    create schema marts;
    create table marts.dim_surveys (
        survey_id varchar, survey_version integer, instrument varchar, valid_from date
    );
    create table marts.dim_questions (
        instrument varchar, role varchar, driver varchar, scale varchar, statement varchar
    );
    create table marts.fct_survey_responses (survey_id varchar, is_counted boolean);
    insert into marts.dim_surveys values ('s', 1, 'old', '2020-01-01'), ('s', 2, 'new', '2025-05-12');
    insert into marts.dim_questions values
        ('old', 'core', 'ease', 'likert_5', 'It was easy.'),
        ('new', 'core', 'ease', 'likert_5', 'It was simple.');
    insert into marts.fct_survey_responses values ('s', true);
    create table marts.series_breaks as
    select
        'all' as breakdown, 'all' as member, 'likert_5' as scale, 's' as survey_id,
        date '2025-05-12' as break_date, 'wording' as kind, 1 as version_before, 2 as version_after
"""


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ("select 1", set()),
        (
            "delete from marts.series_breaks",
            {"a survey that asks other questions than before breaks its series"},
        ),
        (
            "update marts.series_breaks set break_date = '2025-05-11'",
            {
                "a survey that asks other questions than before breaks its series",
                "the version after a break is the survey's of that day",
            },
        ),
        (
            "update marts.series_breaks set survey_id = 'x'; delete from marts.fct_survey_responses",
            {"survey_id is in dim_surveys"},
        ),
    ],
)
def test_what_breaks_a_series(change: str, rules: set[str]) -> None:
    suite = Suite("series_breaks", "select * from marts.series_breaks", comparisons.series_breaks())
    assert broken(suite, BREAKS, change) == rules
