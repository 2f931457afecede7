"""What must hold of a candidate's tables before anybody reads them: one function a table.

dbt holds keys, relationships and logic while it builds. Here stands what a release promises to its readers,
checked on the very file that they will open: shapes, references across marts, scales, totals against facts,
suppression in what is public, and no personal data anywhere.
"""

# ruff: noqa: S608 - the names in the SQL are our own and the catalog's

from __future__ import annotations

from collections.abc import Collection, Mapping

from expectations import (
    comparisons,
    journey_measures,
    journeys,
    measures,
    performance,
    personal_data,
    published,
    quality,
    web,
)
from expectations.measures import SCALES
from expectations.rules import Rule, Suite, never, not_negative, one_of, refers, required, unique

Columns = Mapping[str, Mapping[str, str]]
"""Table → column → DuckDB's name of its type."""

READ_BY_OTHERS: Mapping[str, str] = {
    "dim_organizations": """
        organization_id organization_name organization_abbreviation parent_organization_id level
        time_zone
    """,
    "dim_services": """
        service_id service_name organization_id stages is_high_impact
    """,
    "dim_channels": """
        channel channel_name channel_group service_level
    """,
    "dim_surveys": """
        survey_id survey_version survey_name instrument organization_id service_id
        default_channel sampling_design is_weighted omb_control_number omb_expires_on
        source_system source_form_id valid_from valid_to is_filed
    """,
    "dim_questions": """
        instrument question_id role driver scale valid_min valid_max positive_min statement
    """,
    "dim_dates": """
        date_day month_start quarter_start fiscal_year fiscal_quarter is_weekend
    """,
    "dim_customers": """
        customer_id first_seen_at last_seen_at token_count interaction_count response_count
        segment household_id
    """,
    "fct_interactions": """
        interaction_id customer_id customer_tier organization_id service_id channel journey_stage
        direction started_at ended_at started_date started_local_date fiscal_quarter
        wait_seconds talk_seconds hold_seconds wrap_seconds handled_by is_abandoned
        is_transferred is_resolved is_survey_offered source_system source_record_id _batch_id
    """,
    "fct_web_sessions": """
        session_id customer_id organization_id service_id channel source_system site device
        landing_page exit_page started_at ended_at started_date started_local_date
        fiscal_quarter event_count pageview_count engaged_seconds is_engaged is_bounce
        is_task_started is_task_done helpful_yes_count helpful_no_count is_suspected_bot
        ga_session_count visitor_token _batch_id
    """,
    "fct_survey_responses": """
        response_id survey_id survey_version customer_id organization_id service_id
        channel language answered_at answered_date answered_local_date fiscal_quarter is_counted
        not_counted_reason collected_without_clearance positive_reasons negative_reasons
        cluster_id weight source_system source_record_id _batch_id
    """,
    "fct_survey_answers": """
        response_id survey_id survey_version driver scale raw_value score is_positive weight
        answered_date _batch_id
    """,
    "fct_survey_ties": """
        response_id interaction_id tie_method is_ambiguous quarter_start
    """,
    "fct_comments": """
        comment_id response_id organization_id service_id channel customer_id commented_at
        commented_date question_id comment_text redaction_count ssn_count phone_count
        email_count card_count address_count source_system _batch_id
    """,
    "identity_conflicts": """
        conflict_id reason customer_id identifier_type token tier first_seen_at last_seen_at record_count
    """,
    "identity_tokens": """
        identifier_type token tier customer_id reason first_seen_at last_seen_at record_count
    """,
    "identity_merges": """
        old_id new_id _run_id cause
    """,
    "cx_index": """
        period_type period_start period_label breakdown member scale measure driver n value low
        high standard_error interval_kind is_weighted weighted_value weighted_low weighted_high
        weighted_standard_error sampling_unit_count design_effect effective_n volume_value volume_low
        volume_high volume volume_unit volume_left_out driver_count drivers band band_uncertain
        suppressed low_n held_from
    """,
    "series_breaks": """
        breakdown member scale survey_id break_date kind version_before version_after
        instrument_before instrument_after month_label quarter_label year_label
    """,
    "cx_comparisons": """
        period_type period_start breakdown member scale measure driver period_label comparison n value
        other_period_start other_n other_value difference low high p_value adjusted_p family
        family_size minimum_difference verdict not_compared drivers is_design_based within_change mix_change
        suppressed low_n held_from
    """,
    "cx_control_limits": """
        period_type period_start breakdown member scale measure driver period_label segment_start
        point_count value center lower upper moving_range_mean is_outside is_seasonally_adjusted
    """,
    "equity_gaps": """
        period_type period_start breakdown member segment segment_name scale measure driver period_label n
        value rest_n rest_value gap low high p_value adjusted_p family family_size minimum_difference
        known_segment_share is_claim_allowed verdict not_compared drivers suppressed low_n held_from
    """,
    "contact_center_performance": """
        period_type period_start period_label breakdown member source_system offered handled
        abandoned other speed_of_answer_count handle_time_count service_level_count
        abandonment_count transfer_count
        abandonment_share abandonment_low abandonment_high
        average_speed_of_answer_seconds average_speed_of_answer_low average_speed_of_answer_high
        average_handle_seconds average_handle_low average_handle_high service_level_share
        service_level_low service_level_high transfer_share transfer_low transfer_high
        suppressed low_n held_from
    """,
    "a11_280_collections": """
        id name organization_id organization_name organization_abbreviation service_provider_id
        service_provider_name service_provider_organization_id service_provider_organization_name
        service_provider_organization_abbreviation service_id service_name user_email fiscal_year
        quarter created_at updated_at submitted_at rating aasm_state integrity_hash
        cx_collection_details_count quarter_start
    """,
    "a11_280_collection_details": """
        id organization_id organization_abbreviation organization_name cx_collection_id
        cx_collection_fiscal_year cx_collection_quarter cx_collection_name
        cx_collection_service_provider_id cx_collection_service_provider_name
        cx_collection_service_provider_slug service_id service_name transaction_point channel
        service_stage_id service_stage_name service_stage_position service_stage_count
        volume_of_customers volume_of_customers_provided_survey_opportunity volume_of_respondents
        omb_control_number survey_type survey_title trust_question_text created_at updated_at
        survey_id survey_version without_clearance_count quarter_start
    """,
    "a11_280_responses": """
        external_id question_1 positive_effectiveness positive_ease positive_efficiency
        positive_transparency positive_humanity positive_employee positive_other
        negative_effectiveness negative_ease negative_efficiency negative_transparency
        negative_humanity negative_employee negative_other question_4 cx_collection_detail_id
        trust_scale quarter_start _batch_id
    """,
    "published_measures": """
        publisher organization service touchpoint period_type period_start period_label edition
        edition_date measure driver occurrence scale unit wording value missing_reason n our_value
        our_source our_n difference agrees_with_published drivers shared_value shared_drivers
        is_restated restates restated_by is_break break_reason period_before change
        has_volumes_of_period_before held_from
    """,
    "priority_goal_measures": """
        measure_id source goal_id goal target indicator owner direction kind period_type
        period_start period_label n value low high missing_reason value_start value_target
        start_date target_date progress no_progress_reason progress_bin elapsed_share
        is_target_met is_provisional status forecast_value forecast_low forecast_high forecast_point_count
        is_break breaks_since_start edition edition_date is_restated published_value published_progress
        published_progress_range published_target_status published_threshold published_completions
        is_value_as_published
        is_progress_as_published is_progress_range_as_published is_target_status_as_published
        is_threshold_as_published is_completions_as_published agrees_with_published suppressed
        low_n held_from
    """,
    "web_performance": """
        period_type period_start period_end_date period_label breakdown member source_system site
        report basis day_count n visits users pageviews pageviews_per_visit engaged_n engaged_share
        engaged_low engaged_high bounce_n bounce_share bounce_low bounce_high task_success_n
        task_success_share task_success_low task_success_high helpful_n helpful_share helpful_low
        helpful_high suppressed low_n held_from
    """,
    "page_helpfulness": """
        period_type period_start period_end_date period_label site page source_system report basis
        n value low high suppressed low_n held_from
    """,
    "customer_journeys": """
        journey_id customer_id service_id organization_id started_at ended_at last_touch_at
        started_local_date quarter_start touch_count channels path first_channel last_channel
        duration_days is_resolved resolved_at has_website_before_call page_before_call
        channel_shift_count division_change_count response_id satisfaction_score is_left_truncated
        is_open
    """,
    "journey_paths": """
        period_type period_start period_label breakdown member path journey_count share low high
        score_n mean_score mean_score_low mean_score_high median_days median_days_low
        median_days_high contact_count match_coverage visit_count website_match_coverage suppressed
        low_n held_from
    """,
    "survey_quality": """
        period_type period_start period_label quarter_start breakdown member sampling_design
        omb_control_number omb_expires_on response_count respondent_count deleted_count
        spam_count flagged_count archived_count no_valid_answer_count unknown_channel_count
        collected_without_clearance_count customer_count offered_count offered_respondent_count
        without_offer_count surveys_without_offers response_rate is_cohort_mismatched aapor_rr1
        lowest_item lowest_item_share nonresponse_bias_analysis_required known_segment_share
        is_segment_claim_allowed tied_share suppressed low_n held_from
    """,
    "survey_nonresponse": """
        period_type period_start period_label quarter_start breakdown member offered_count
        respondent_count known_offered_share known_respondent_share is_claim_allowed
        offered_share respondent_share gap gap_low gap_high rated_count satisfaction
        weighted_satisfaction satisfaction_difference surveys_left_out classes_without_score
        suppressed low_n held_from
    """,
    "identity_quality": """
        period_type period_start period_label quarter_start breakdown member record_count
        identified_count matched_count unjoined_count identified_share matched_share
        unknowable_share undecided_share unjoined_share customer_count suppressed low_n
        held_from
    """,
    "identity_outcomes": """
        identifier_type outcome tier token_count largest_record_count
    """,
    "identity_clusters": """
        size_class customer_count token_count largest_token_count conflict_count
        household_customer_count
    """,
    "journey_measures": """
        period_type period_start period_label quarter_start breakdown member measure page n
        value low high match_coverage contact_coverage web_coverage bound_low bound_high
        pending_count unknown_count visit_count is_provisional is_claim_allowed suppressed low_n
        held_from
    """,
    "web_report_checks": """
        source_system report subject file stated_by stated is_agreed taken_at _batch_id
    """,
    "release_info": """
        release_id created_at code_version fingerprint supersedes complete_to batch_count late_sources
    """,
    "timeliness": """
        source_system stream record_date landed_at published_at landed_hours published_hours
        usual_landed_hours is_late
    """,
    "data_dictionary": """
        table_name column_name position data_type description audience
    """,
}
"""Table → the columns that queries of readers rest on. A table may have more."""

WITHOUT_SUPPRESSION = frozenset(
    {
        "release_info",
        "timeliness",
        "data_dictionary",
        "published_measures",
        "series_breaks",
        "cx_control_limits",
    }
)
"""Public tables that tell of nobody: of the release, of what others published, of how surveys changed, or
of what an agency configured (`dim_…`). What stands beside published figures, and what has limits, is proved
to be what cx_index shows."""


MAY_NAME_A_TEAM = frozenset({("a11_280_collections", "user_email")})
"""Columns that hold an address on purpose: a team's, which the agency configures to be filed."""

KNOWN_TO_SUPPRESSION = frozenset(
    {
        "cx_index",
        "cx_comparisons",
        "equity_gaps",
        "contact_center_performance",
        "priority_goal_measures",
        "identity_quality",
        "journey_measures",
        "survey_quality",
        "survey_nonresponse",
        "web_performance",
        "journey_paths",
        "page_helpfulness",
    }
)
"""Public tables of figures, whose own rules hold what is withheld."""


def shape() -> Suite:
    """The tables and columns are there; where they aren't, nothing else can be checked."""
    rules = []
    for table, columns in READ_BY_OTHERS.items():
        wanted = ", ".join(f"('{column}')" for column in columns.split())
        rules.append(
            Rule(
                f"{table} has the columns that readers rely on",
                f"""
                select wanted.column_name as blame from (values {wanted}) as wanted (column_name)
                where not exists (
                    from tested
                    where tested.table_name = '{table}' and tested.column_name = wanted.column_name
                )
                """,
            )
        )
    return Suite(
        "shape", "select table_name, column_name from duckdb_columns() where schema_name = 'marts'", rules
    )


def suites(columns: Columns, public: Collection[str], policy: Mapping[str, float]) -> list[Suite]:
    """Every table's suite: its own rules, and those that bind all tables and all public ones.

    Args:
        columns: what the candidate holds; `shape` holds of it.
        public: names of the tables whose audience is public.
        policy: the agency's.
    """
    own: dict[str, list[Rule]] = {
        "dim_organizations": dim_organizations(),
        "dim_services": dim_services(),
        "dim_channels": dim_channels(),
        "dim_surveys": dim_surveys(),
        "dim_questions": dim_questions(),
        "dim_dates": dim_dates(),
        "dim_customers": dim_customers(),
        "fct_interactions": fct_interactions(),
        "fct_web_sessions": fct_web_sessions(),
        "fct_survey_responses": fct_survey_responses(),
        "fct_survey_answers": fct_survey_answers(),
        "fct_survey_ties": fct_survey_ties(),
        "fct_comments": fct_comments(policy),
        "identity_conflicts": identity_conflicts(),
        "identity_tokens": identity_tokens(),
        "identity_merges": identity_merges(),
        "cx_index": measures.cx_index(policy),
        "series_breaks": comparisons.series_breaks(),
        "cx_comparisons": comparisons.cx_comparisons(policy),
        "cx_control_limits": comparisons.cx_control_limits(),
        "equity_gaps": comparisons.equity_gaps(policy),
        "contact_center_performance": measures.contact_center_performance(policy),
        "customer_journeys": journeys.customer_journeys(policy),
        "journey_paths": journeys.journey_paths(policy),
        "identity_quality": quality.identity_quality(policy),
        "journey_measures": journey_measures.journey_measures(policy),
        "survey_quality": quality.survey_quality(policy),
        "survey_nonresponse": quality.survey_nonresponse(policy),
        "a11_280_collections": performance.a11_280_collections(),
        "a11_280_collection_details": performance.a11_280_collection_details(),
        "a11_280_responses": performance.a11_280_responses(),
        "published_measures": published.published_measures(),
        "priority_goal_measures": published.priority_goal_measures(policy),
        "web_performance": web.web_performance(policy),
        "page_helpfulness": web.page_helpfulness(policy),
        "web_report_checks": web.web_report_checks(),
        "release_info": release_info(),
        "timeliness": quality.timeliness(),
        "data_dictionary": data_dictionary(),
    }
    found = []
    for table, has in sorted(columns.items()):
        rules = [
            *own.get(table, []),
            *_of_every_table({c: t for c, t in has.items() if (table, c) not in MAY_NAME_A_TEAM}),
            *(_of_public(table, has) if table in public else []),
        ]
        found.append(Suite(table, f'select * from marts."{table}"', rules))
    return found


def _of_every_table(columns: Mapping[str, str]) -> list[Rule]:
    rule = personal_data.no_personal_data(columns)
    return [rule] if rule else []


def _of_public(table: str, columns: Mapping[str, str]) -> list[Rule]:
    if table == "release_info":
        columns = {name: data_type for name, data_type in columns.items() if name != "fingerprint"}
    rules = [personal_data.names_nobody(list(columns)), personal_data.holds_no_identifier(columns)]
    if table not in WITHOUT_SUPPRESSION and not table.startswith("dim_"):
        known = "suppressed" in columns and table in KNOWN_TO_SUPPRESSION
        rules.append(
            Rule(
                "a rule of suppression knows the table, because it is public",
                f"select '{table}' as blame where {not known}",
            )
        )
    return rules


def dim_organizations() -> list[Rule]:
    """One row per organization."""
    own = "organization_id"
    return [
        required("organization_id", "organization_name", "time_zone", blame=own),
        unique("organization_id", blame=own),
        refers("parent_organization_id", "dim_organizations", "organization_id", blame=own),
        Rule(
            "one organization is the agency that the others are part of",
            "select 'organizations without a parent' as blame from tested"
            " where parent_organization_id is null having count(*) <> 1",
        ),
    ]


def dim_services() -> list[Rule]:
    """One row per service."""
    return [
        required("service_id", "organization_id", blame="service_id"),
        unique("service_id", blame="service_id"),
        refers("organization_id", "dim_organizations", blame="service_id"),
    ]


def dim_channels() -> list[Rule]:
    """One row per channel."""
    return [required("channel", blame="channel"), unique("channel", blame="channel")]


def dim_surveys() -> list[Rule]:
    """One row per survey, version and form that collects it."""
    key = ("survey_id", "survey_version", "source_system", "source_form_id")
    own = f"concat_ws(' ', {', '.join(key)})"
    return [
        required(*key, "instrument", "organization_id", blame=own),
        unique(*key, blame=own),
        refers("organization_id", "dim_organizations", blame=own),
        refers("service_id", "dim_services", blame=own),
        refers("default_channel", "dim_channels", "channel", blame=own),
        one_of("sampling_design", ("census", "probability", "intercept", "opt_in"), blame=own),
        never(
            "a control number has an expiration date, and the other way round",
            "(omb_control_number is null) <> (omb_expires_on is null)",
            blame=own,
        ),
    ]


def dim_questions() -> list[Rule]:
    """One row per question of an instrument."""
    own = "concat_ws(' ', instrument, question_id)"
    return [
        unique("instrument", "question_id", blame=own),
        Rule(
            "every survey's instrument has its questions",
            "select survey_id as blame from marts.dim_surveys where instrument not in"
            " (select instrument from tested)",
        ),
    ]


def dim_dates() -> list[Rule]:
    """One row per day."""
    own = "date_day::varchar"
    return [
        required("date_day", blame=own),
        unique("date_day", blame=own),
        never(
            "a fiscal quarter is named after the year in which the fiscal year ends",
            f"fiscal_quarter <> {_fiscal('date_day')}",
            blame=own,
        ),
        Rule(
            "every local day of a fact is there",
            """
            select day::varchar as blame
            from (
                select started_local_date as day from marts.fct_interactions
                union
                select answered_local_date from marts.fct_survey_responses
            )
            where day is not null and day not in (select date_day from tested)
            """,
        ),
    ]


def dim_customers() -> list[Rule]:
    """One row per customer. What a customer is called is not shown."""
    own = "'a customer'"
    return [
        required("customer_id", blame=own),
        unique("customer_id", blame=own),
        not_negative("token_count", "interaction_count", "response_count", blame=own),
        never("nobody was seen last before they were seen first", "last_seen_at < first_seen_at", blame=own),
    ]


def fct_interactions() -> list[Rule]:
    """One row per contact."""
    return [
        required("interaction_id", "organization_id", "started_date", "source_system", "source_record_id"),
        unique("interaction_id"),
        unique("source_system", "source_record_id"),
        refers("customer_id", "dim_customers"),
        refers("organization_id", "dim_organizations"),
        refers("service_id", "dim_services"),
        refers("channel", "dim_channels"),
        one_of("direction", ("inbound", "outbound")),
        one_of("customer_tier", ("strong", "medium")),
        never(
            "a contact has a customer and that customer's tier, or neither",
            "(customer_id is null) <> (customer_tier is null)",
        ),
        not_negative("wait_seconds", "talk_seconds", "hold_seconds", "wrap_seconds"),
        never("no contact ends before it starts", "ended_at < started_at"),
        # A tool may note its times to the minute.
        never(
            "every contact's wait ends before it does, give or take a minute",
            "wait_seconds > epoch(ended_at - started_at) + 60",
        ),
        never("started_date is the UTC day of started_at", "started_date <> started_at::date"),
        _fiscal_quarter("started_local_date"),
    ]


def fct_web_sessions() -> list[Rule]:
    """One row per web session. Whose it is is not shown."""
    return [
        unique("session_id"),
        refers("customer_id", "dim_customers"),
        refers("service_id", "dim_services"),
        not_negative("pageview_count", "engaged_seconds", "helpful_yes_count", "helpful_no_count"),
        never("no session has fewer events than page views", "event_count < greatest(pageview_count, 1)"),
        never("whoever did a task had started it", "is_task_done and not is_task_started"),
        never(
            "half an hour or more lies between two events of no session",
            "ended_at - started_at >= (event_count - 1) * interval 30 minutes and event_count > 1",
        ),
        Rule(
            "a visitor's sessions lie half an hour or more apart",
            """
            select concat_ws(' ', source_system, started_date, _batch_id) as blame
            from (
                select
                    *,
                    lag(ended_at) over (
                        partition by source_system, visitor_token order by started_at
                    ) as before
                from tested
            )
            where started_at - before < interval 30 minutes
            """,
        ),
        never(
            "every session of a person is a contact, and none of a program",
            "(contacts.interaction_id is null) <> is_suspected_bot",
            blame="concat_ws(' ', tested.source_system, tested._batch_id)",
            join="left join marts.fct_interactions as contacts on contacts.source_record_id = session_id",
        ),
        _fiscal_quarter("started_local_date"),
    ]


def fct_survey_responses() -> list[Rule]:
    """One row per response."""
    return [
        required("response_id", "survey_id", "organization_id", "answered_date", "is_counted"),
        unique("response_id"),
        unique("source_system", "source_record_id"),
        refers("customer_id", "dim_customers"),
        refers("organization_id", "dim_organizations"),
        refers("service_id", "dim_services"),
        refers("channel", "dim_channels"),
        never(
            "survey_id and survey_version are in dim_surveys",
            "not exists (from marts.dim_surveys as s"
            " where s.survey_id = tested.survey_id and s.survey_version = tested.survey_version)",
        ),
        never("what is not counted says why, and only that", "is_counted <> (not_counted_reason is null)"),
        never("weight is more than zero", "weight <= 0"),
        _fiscal_quarter("answered_local_date"),
        never(
            "what is counted was collected before its survey's clearance expired",
            "is_counted and collected_without_clearance",
            blame="survey_id",
            warns_because="whether they count is the agency's decision: they are in the figures"
            " (since 2026-11-26)",
        ),
        never(
            "a counted response has a valid answer",
            "is_counted and not exists (from marts.fct_survey_answers as a"
            " where a.response_id = tested.response_id)",
        ),
    ]


def fct_survey_answers() -> list[Rule]:
    """One row per response and driver."""
    return [
        required("response_id", "driver", "scale", "raw_value", "answered_date"),
        unique("response_id", "driver"),
        never(
            "is_positive is there where the question has a positive_min, and only there",
            """
            (is_positive is not null) <> exists (
                from marts.dim_surveys as s
                inner join marts.dim_questions as q using (instrument)
                where s.survey_id = tested.survey_id and s.survey_version = tested.survey_version
                    and q.driver = tested.driver and q.positive_min is not null
            )
            """,
        ),
        refers("response_id", "fct_survey_responses"),
        never(
            "survey_id and survey_version are those of the response",
            "exists (from marts.fct_survey_responses as r where r.response_id = tested.response_id and"
            " (r.survey_id, r.survey_version) is distinct from (tested.survey_id, tested.survey_version))",
        ),
        one_of("scale", SCALES),
        never(
            "likert_5, radio_5 and csat_5 are scored from 1 to 5, other scales are not",
            "if(scale in ('likert_5', 'radio_5', 'csat_5'),"
            " score is null or score not between 1 and 5, score is not null)",
        ),
        never(
            "raw_value is in its scale",
            """
            try_cast(raw_value as double) is null or not case scale
                when 'thumbs' then raw_value::double in (0, 1)
                when 'nps_11' then raw_value::double between 0 and 10
                when 'ten' then raw_value::double between 1 and 10
                else raw_value::double between 1 and 5
            end
            """,
        ),
    ]


def fct_survey_ties() -> list[Rule]:
    """One row per counted response."""
    own = "quarter_start::varchar"
    return [
        required("response_id", "is_ambiguous", "quarter_start", blame=own),
        unique("response_id", blame=own),
        refers("response_id", "fct_survey_responses", blame=own),
        refers("interaction_id", "fct_interactions", blame=own),
        never(
            "how a response was tied is told where it was",
            "(interaction_id is null) <> (tie_method is null) or tie_method not in ('named', 'nearest')",
            blame=own,
        ),
        never(
            "only a counted response has a row",
            "not exists (from marts.fct_survey_responses as r"
            " where r.response_id = tested.response_id and r.is_counted)",
            blame=own,
        ),
    ]


def fct_comments(policy: Mapping[str, float]) -> list[Rule]:
    """One row per response and question that asks for words."""
    limit = policy["redaction_max_share"]
    counts = ("ssn_count", "phone_count", "email_count", "card_count", "address_count")
    return [
        required("comment_id", "response_id", "comment_text"),
        unique("comment_id"),
        refers("response_id", "fct_survey_responses"),
        refers("customer_id", "dim_customers"),
        refers("organization_id", "dim_organizations"),
        refers("service_id", "dim_services"),
        refers("channel", "dim_channels"),
        not_negative("redaction_count", *counts),
        never("redaction_count is the sum of its kinds", f"redaction_count <> {' + '.join(counts)}"),
        never(
            "as many placeholders stand in the text as were counted",
            r"len(regexp_extract_all(comment_text, '\[(SSN|PHONE|EMAIL|CARD|ADDRESS)\]'))"
            " <> redaction_count",
        ),
        Rule(
            f"at most {limit:.0%} of the comments hold personal data",
            "select format('{} of {}', count(*) filter (redaction_count > 0), count(*)) as blame from tested"
            f" having count(*) filter (redaction_count > 0) > {limit} * count(*)",
        ),
    ]


def identity_conflicts() -> list[Rule]:
    """One row per identifier that would have joined people and doesn't."""
    own = "'a customer'"
    alone, nobody = ("two_strong", "denied", "too_large"), ("capped", "denied", "shared", "slip")
    return [
        required("conflict_id", "reason", "identifier_type", "token", blame=own),
        one_of("reason", sorted({*alone, *nobody}), blame=own),
        never(
            "who is not merged is a customer alone, and what is shared nobody's",
            f"reason in {alone} and reason <> 'denied' and customer_id is null "
            f"or reason in {nobody} and reason <> 'denied' and customer_id is not null",
            blame=own,
        ),
        unique("identifier_type", "token", blame=own),
        refers("customer_id", "dim_customers", blame=own),
    ]


def identity_tokens() -> list[Rule]:
    """One row per identifier token."""
    own = "identifier_type"
    return [
        required("identifier_type", "token", "tier", blame=own),
        unique("identifier_type", "token", blame=own),
        refers("customer_id", "dim_customers", blame=own),
    ]


def identity_merges() -> list[Rule]:
    """One row per customer id that a build replaced, and the build; a later may have replaced `new_id`."""
    own = "_run_id"
    return [
        required("old_id", "new_id", "_run_id", blame=own),
        unique("old_id", "new_id", "_run_id", blame=own),
        one_of("cause", ("merge", "split", "earlier token"), blame=own),
        never("no id is replaced by itself", "old_id = new_id", blame=own),
    ]


def release_info() -> list[Rule]:
    """One row: the release."""
    return [
        Rule("there is one row", "select 'rows' as blame from tested having count(*) <> 1"),
        required("release_id", "created_at", "code_version", "fingerprint", blame="'the release'"),
    ]


def data_dictionary() -> list[Rule]:
    """One row per column of the release."""
    own = "concat_ws('.', table_name, column_name)"
    return [
        unique("table_name", "column_name", blame=own),
        never("every column has a description", "trim(coalesce(description, '')) = ''", blame=own),
        one_of("audience", ("internal", "public"), blame=own),
        Rule(
            "every column of the release is there",
            "select concat_ws('.', c.table_name, c.column_name) as blame from duckdb_columns() as c"
            " where c.schema_name = 'marts' and not exists (from tested"
            " where tested.table_name = c.table_name and tested.column_name = c.column_name)",
        ),
    ]


def _fiscal_quarter(day: str) -> Rule:
    return never(f"fiscal_quarter is that of {day}", f"fiscal_quarter <> {_fiscal(day)}")


def _fiscal(day: str) -> str:
    """SQL for the fiscal quarter of a day: Q1 is October to December of the calendar year before."""
    later = f"{day} + interval 3 months"
    return f"concat(year({later}), 'Q', quarter({later}))"
