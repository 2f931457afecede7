"""What rows that a release withholds are counted in, where it withholds none."""

NOTHING_WITHHELD = """
create table {schema}.int_measures__surveys (
    period_type text, period_start date, breakdown text, member text, respondent_count bigint,
    known_segment_count bigint
);
create table {schema}.int_measures__journeys (
    period_type text, period_start date, breakdown text, member text, measure text, page text, n bigint,
    pending_count bigint, seen_count bigint
);
create table {schema}.int_measures__resolution_times (
    quarter_start date, breakdown text, member text, n bigint
);
create table {schema}.int_journey_paths (
    period_type text, period_start date, breakdown text, member text, item text, journey_count bigint
);
"""
"""The intermediate tables of `counted.WITHHELD`, empty; `{schema}` is theirs."""
