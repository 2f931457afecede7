"""The columns of each file, header for header as the tools that take them have them."""

from __future__ import annotations

REASONS = ("effectiveness", "ease", "efficiency", "transparency", "humanity", "employee", "other")

UPLOAD = (
    "external_id",
    "question_1",
    *(f"positive_{reason}" for reason in REASONS),
    *(f"negative_{reason}" for reason in REASONS),
    "question_4",
)
"""The quarterly response upload, one file a collection detail."""

COLLECTION = (
    "id",
    "name",
    "organization_id",
    "organization_name",
    "organization_abbreviation",
    "service_provider_id",
    "service_provider_name",
    "service_provider_organization_id",
    "service_provider_organization_name",
    "service_provider_organization_abbreviation",
    "service_id",
    "service_name",
    "user_email",
    "fiscal_year",
    "quarter",
    "created_at",
    "updated_at",
    "submitted_at",
    "rating",
    "aasm_state",
    "integrity_hash",
    "cx_collection_details_count",
)

DETAIL = (
    "id",
    "organization_id",
    "organization_abbreviation",
    "organization_name",
    "cx_collection_id",
    "cx_collection_fiscal_year",
    "cx_collection_quarter",
    "cx_collection_name",
    "cx_collection_service_provider_id",
    "cx_collection_service_provider_name",
    "cx_collection_service_provider_slug",
    "service_id",
    "service_name",
    "transaction_point",
    "channel",
    "service_stage_id",
    "service_stage_name",
    "service_stage_position",
    "service_stage_count",
    "volume_of_customers",
    "volume_of_customers_provided_survey_opportunity",
    "volume_of_respondents",
    "omb_control_number",
    "survey_type",
    "survey_title",
    "trust_question_text",
    "created_at",
    "updated_at",
)

_WHOSE = (
    "organization_name",
    "organization_abbreviation",
    "organization_id",
    "service_provider_name",
    "service_provider_slug",
    "year",
    "quarter",
    "service_provided",
    "transaction_point",
    "channel",
)

SCORES = {
    "satisfaction": "satisfied",
    "trust": "trust",
    "effectiveness": "effective",
    "ease": "easy",
    "efficiency": "efficient",
    "transparency": "transparent",
    "employee": "employee",
}
"""Driver → the column of the summary that holds its mean, in the circular's order."""

SUMMARY = (*_WHOSE, "total_volume", "surveys_offered_count", "response_count", *SCORES.values())
"""What was published of fiscal years 2018 to 2024: a line a detail."""

QUESTIONS = (
    *_WHOSE,
    "standardized_question_number",
    "standardized_question_identifier",
    "customized_question_text",
    *(f"likert_scale_{points}" for points in range(1, 6)),
    "point_scale",
    "response_volume",
    "notes",
    "question_total",
    "start_date",
    "end_date",
)
"""The same by question: how many gave each of the five answers."""

PRIORITY_GOALS = (
    "fiscal_yr",
    "fiscal_qtr",
    "related_goal_id",
    "related_goal",
    "target",
    "indicator_type",
    "indicator",
    "related_owner",
    "value_start",
    "value_target",
    "value_current",
    "progress_pct",
    "progress_pct_range",
    "progress_pct_target_status",
    "progress_threshold",
    "progress_completions",
)
"""Performance.gov's file of targets; every value in it is a text."""
