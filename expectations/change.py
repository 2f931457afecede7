"""What must hold of a candidate beside the current release."""

# ruff: noqa: S608 - the names and paths in the SQL are our own

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expectations.rules import Rule, Suite, never


def suites(
    current: Mapping[str, str], policy: Mapping[str, float], *, ordered_since: str | None
) -> list[Suite]:
    """The change of figures and of volume, and figures that are gone.

    A period that had ended when the current release was made is closed; what comes later adds to open ones.

    Args:
        current: table → SQL for its rows in the current release.
        policy: the agency's.
        ordered_since: the current release's id, if a person has excluded or included batches since it: then
            all of this only warns, because it is what they wanted, or else could never be published.
    """
    ordered = f"batches were excluded or included since {ordered_since}" if ordered_since else None
    points, share = policy["change_max_index_points"], policy["change_max_volume_share"]
    small = "(tested.low_n or before.low_n)"
    moved = f"""
        inner join ({current["cx_index"]}) as before
            using (period_type, period_start, breakdown, member, scale, measure, driver)
    """
    far = f"measure = 'cx_index' and period_type = 'quarter' and abs(tested.value - before.value) > {points}"
    closed = f"""
        period_start + interval 3 months <= (
            select max(answered_local_date) from ({current["fct_survey_responses"]})
        )
    """
    cell = "concat_ws(' ', tested.period_label, breakdown, member)"
    return [
        Suite(
            "change_of_cx_index",
            "select * from marts.cx_index",
            [
                never(
                    f"no quarter's index moved by more than {points:g} points",
                    f"{far} and not {small} and {closed}",
                    blame=cell,
                    join=moved,
                    warns_because=ordered,
                ),
                never(
                    f"no open or small quarter's index moved by more than {points:g} points",
                    f"{far} and ({small} or not {closed})",
                    blame=cell,
                    join=moved,
                    warns_because="a few answers do this to an open or small quarter (since 2026-11-22)",
                ),
                Rule(
                    _NOTHING_GONE,
                    _gone(
                        current["cx_index"],
                        ("breakdown", "member", "scale", "measure", "driver"),
                        f"select max(answered_local_date) from ({current['fct_survey_responses']})",
                    ),
                    warns_because=ordered,
                ),
            ],
        ),
        Suite(
            "change_of_contact_center_performance",
            "select * from marts.contact_center_performance",
            [
                Rule(
                    _NOTHING_GONE,
                    _gone(
                        current["contact_center_performance"],
                        ("breakdown", "member", "source_system"),
                        f"select max(started_local_date) from ({current['fct_interactions']})",
                    ),
                    warns_because=ordered,
                )
            ],
        ),
        Suite(
            "change_of_volume",
            "select 1 as one",
            [
                Rule(
                    f"no closed month's {what} changed by more than {share:.0%}",
                    _volume(table, day, current[table], share, policy["low_n_below"]),
                    warns_because=ordered,
                )
                for what, table, day in (
                    ("contacts", "fct_interactions", "started_local_date"),
                    ("responses", "fct_survey_responses", "answered_local_date"),
                    ("comments", "fct_comments", "commented_date"),
                )
            ],
        ),
    ]


_NOTHING_GONE = "no closed period lacks a figure that it had"
"""A cell may come to be withheld, by late records elsewhere; it can't come to be without any record."""


def _gone(before: str, key: Sequence[str], until: str) -> str:
    """SQL for the shown cells of closed periods, not small ones, that have no row any more."""
    columns = ", ".join(key)
    return f"""
        select concat_ws(' ', before.period_label, {columns}) as blame
        from ({before}) as before
        left join tested using (period_type, period_start, {columns})
        where tested.period_type is null and not before.suppressed and not before.low_n
            and period_start + if(period_type = 'month', interval 1 month, interval 3 months) <= ({until})
    """


def _volume(table: str, day: str, before: str, share: float, least: float) -> str:
    """SQL for the closed months whose volume changed too much; those below `least` rows move by chance."""
    months = (
        "select source_system, date_trunc('month', {day}) as month, count(*) as rows from {rows} group by all"
    )
    return f"""
        select concat_ws(' ', old.source_system, strftime(old.month, '%Y-%m')) as blame
        from ({months.format(day=day, rows=f"({before})")}) as old
        left join ({months.format(day=day, rows=f"marts.{table}")}) as new using (source_system, month)
        where old.rows >= {least}
            and old.month + interval 1 month <= (select max({day}) from ({before}))
            and abs(coalesce(new.rows, 0) - old.rows) > {share} * old.rows
    """
