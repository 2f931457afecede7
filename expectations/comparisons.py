"""What must hold of what is compared: breaks, changes and their evidence, limits, and gaps."""

from __future__ import annotations

from expectations.rules import Rule, never, one_of, refers, required, unique

KINDS = ("wording", "question_set", "order", "mode", "sampling", "method")
"""What breaks a series."""


def series_breaks() -> list[Rule]:
    """One row per breakdown, member, scale, survey, day and kind of change."""
    key = ("breakdown", "member", "scale", "survey_id", "break_date", "kind")
    cell = "concat_ws(' ', survey_id, break_date, kind, breakdown, member, scale)"
    return [
        required(*key, "version_before", "version_after", blame=cell),
        unique(*key, blame=cell),
        one_of("kind", KINDS, blame=cell),
        refers("survey_id", "dim_surveys", blame=cell),
        never(
            "the version after a break is the survey's of that day",
            "version_after <> (select max_by(survey_version, (valid_from, survey_version))"
            " from marts.dim_surveys as s"
            " where s.survey_id = tested.survey_id and s.valid_from <= tested.break_date)",
            blame=cell,
        ),
        Rule("a survey that asks other questions than before breaks its series", _UNBROKEN),
    ]


_UNBROKEN = """
    with asked as (
        select
            survey_id, survey_version, min(valid_from) as valid_from,
            list_sort(list(distinct (driver, s.scale_of, statement))) as core
        from (
            select s.*, q.driver, q.scale as scale_of, q.statement
            from marts.dim_surveys as s
            inner join marts.dim_questions as q using (instrument)
            where q.role = 'core'
        ) as s
        group by survey_id, survey_version
    ),
    changed as (
        select survey_id, valid_from
        from asked
        qualify core <> lag(core) over (partition by survey_id order by valid_from, survey_version)
    )
    select concat_ws(' ', survey_id, valid_from) as blame
    from changed
    where
        exists (from marts.fct_survey_responses as r where r.is_counted and r.survey_id = changed.survey_id)
        and not exists (
            from tested
            where
                tested.survey_id = changed.survey_id and tested.break_date = changed.valid_from
                and tested.breakdown = 'all' and tested.kind in ('wording', 'question_set')
        )
"""
