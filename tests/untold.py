"""What the rows of public tables are of, withheld ones too, where a table withholds none."""

NOTHING_WITHHELD = """
create table {schema}.int_row_counts (
    table_name text, period_type text, period_start date, year_start date, breakdown text, member text,
    item text, page text, n bigint, part_count bigint, pending_count bigint, visit_count bigint,
    known_visit_count bigint
);
create table {schema}.int_contact_history as select date '9999-10-01' as unsettled_from;
"""
"""The intermediate tables of `counted.WITHHELD`, in `{schema}`: the first empty, all quarters settled."""
