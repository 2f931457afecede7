"""What must hold of what is filed: every response once, counted alike everywhere, thumbs and Likert apart."""

# ruff: noqa: S608 - the names in the SQL are our own

from __future__ import annotations

from expectations.rules import Rule, never, not_negative, one_of, refers, required, unique

REASONS = ("effectiveness", "ease", "efficiency", "transparency", "humanity", "employee", "other")
_BOXES = tuple(f"{kind}_{reason}" for kind in ("positive", "negative") for reason in REASONS)
_SURVEYS = "select survey_id from marts.dim_surveys where is_filed"


def a11_280_collections() -> list[Rule]:
    """One row per service and fiscal quarter."""
    own = "name"
    return [
        required("id", "service_id", "fiscal_year", "quarter", "rating", "integrity_hash", blame=own),
        unique("id", blame=own),
        unique("service_id", "fiscal_year", "quarter", blame=own),
        refers("service_id", "dim_services", blame=own),
        one_of("rating", ("TRUE", "PARTIAL", "FALSE"), blame=own),
        Rule(
            "cx_collection_details_count is that of the details",
            "select name as blame from tested where cx_collection_details_count <> (select count(*)"
            " from marts.a11_280_collection_details as d where d.cx_collection_id = tested.id)",
        ),
    ]


def a11_280_collection_details() -> list[Rule]:
    """One row per service, fiscal quarter, survey, version and channel."""
    own = "concat_ws(' ', cx_collection_name, survey_id, survey_version, channel)"
    return [
        required("id", "cx_collection_id", "service_id", "survey_type", "volume_of_respondents", blame=own),
        unique("id", blame=own),
        refers("cx_collection_id", "a11_280_collections", "id", blame=own),
        refers("channel", "dim_channels", blame=own),
        one_of("survey_type", ("likert_scale", "thumbs_up_down"), blame=own),
        not_negative(
            "volume_of_customers",
            "volume_of_customers_provided_survey_opportunity",
            "volume_of_respondents",
            blame=own,
        ),
        Rule("every detail counts what the facts hold, by when people answered", _FACTS_AGAINST_DETAILS),
        Rule(
            "every detail's respondents are its responses",
            f"""
            select {own} as blame from tested
            where volume_of_respondents <> (
                select count(*) from marts.a11_280_responses as r where r.cx_collection_detail_id = tested.id
            )
            """,
        ),
    ]


_FACTS_AGAINST_DETAILS = f"""
    with facts as (
        select
            service_id, survey_id, survey_version, channel,
            date_trunc('quarter', answered_local_date)::date as quarter_start, count(*) as found
        from marts.fct_survey_responses
        where is_counted and survey_id in ({_SURVEYS})
        group by all
    ),
    counts as (
        select * from facts
        union all
        select service_id, survey_id, survey_version, channel, quarter_start, -volume_of_respondents
        from tested
    )
    select concat_ws(' ', service_id, quarter_start, survey_id, survey_version, channel) as blame
    from counts
    group by service_id, quarter_start, survey_id, survey_version, channel
    having sum(found) <> 0
"""


def a11_280_responses() -> list[Rule]:
    """One row per response that a quarter's upload holds."""
    listed = ", ".join(_BOXES)
    points = "('1', '2', '3', '4', '5', 'null')"
    return [
        required("external_id", "question_1", "cx_collection_detail_id"),
        unique("external_id"),
        refers("external_id", "fct_survey_responses", "response_id"),
        refers("cx_collection_detail_id", "a11_280_collection_details", "id"),
        Rule(
            "every counted response to a filed survey is in one detail",
            f"select _batch_id as blame from marts.fct_survey_responses where is_counted and survey_id in"
            f" ({_SURVEYS}) and response_id not in (select external_id from tested)",
        ),
        Rule(
            "thumbs are 0 or 1 and five points 1 to 5, and no detail holds both",
            f"""
            select t._batch_id as blame
            from tested as t
            inner join marts.a11_280_collection_details as d on d.id = t.cx_collection_detail_id
            where case d.survey_type
                when 'thumbs_up_down' then t.question_1 not in ('0', '1') or t.trust_scale <> 'thumbs'
                else t.question_1 not in {points} or t.trust_scale not in ('likert_5', 'radio_5')
            end
            """,
        ),
        never(
            "every box is 0, 1 or null in letters",
            f"len(list_filter([{listed}], lambda box: box is null or box not in ('0', '1', 'null'))) > 0",
        ),
        Rule(
            "every reason that people gave has its column",
            f"""
            select r.survey_id as blame
            from tested
            inner join marts.fct_survey_responses as r on r.response_id = tested.external_id
            where len(list_filter(
                    string_split(concat_ws(',', r.positive_reasons, r.negative_reasons), ','),
                    lambda word: word <> ''
                ))
                > len(list_filter([{listed}], lambda box: box = '1'))
            """,
            warns_because="a form may list reasons of its own, which the upload has no column for; what the"
            " seed a11_280_surveys doesn't list of the others is filed as not offered (since 2026-11-26)",
        ),
    ]
