"""What must hold of a candidate beside the current release."""

# ruff: noqa: S608 - the names and paths in the SQL are our own

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expectations.rules import Rule, Suite, never


def suites(
    current: Mapping[str, str],
    keys: Mapping[str, Sequence[str] | None],
    policy: Mapping[str, float],
    *,
    ordered_since: str | None,
) -> list[Suite]:
    """The change of figures and of volume, and figures that are gone.

    A period that had ended when the current release was made is closed; what comes later adds to open ones.

    Args:
        current: table → SQL for its rows in the current release.
        keys: each table that is compared → the columns that name one row in both; None where its columns have
            changed so much that nothing of it can be compared. That warns.
        policy: the agency's.
        ordered_since: the current release's id, if a person has excluded or included batches since it: then
            all of this only warns, because it is what they wanted, or else could never be published.
    """
    ordered = f"batches were excluded or included since {ordered_since}" if ordered_since else None
    found = [_compared(keys)]
    if (key := _key(keys, "cx_index", "fct_survey_responses")) is not None:
        found.append(_index(current, key, policy["change_max_index_points"], ordered))
    if (key := _key(keys, "contact_center_performance", "fct_interactions")) is not None:
        found.append(_contact_center(current, key, ordered))
    volumes = [
        Rule(
            f"no closed month's {what} changed by more than {policy['change_max_volume_share']:.0%}",
            _volume(table, day, current[table], policy["change_max_volume_share"], policy["low_n_below"]),
            warns_because=ordered,
        )
        for what, table, day in (
            ("contacts", "fct_interactions", "started_local_date"),
            ("responses", "fct_survey_responses", "answered_local_date"),
            ("comments", "fct_comments", "commented_date"),
        )
        if keys[table] is not None
    ]
    return [*found, Suite("change_of_volume", "select 1 as one", volumes)]


def _key(keys: Mapping[str, Sequence[str] | None], table: str, facts: str) -> Sequence[str] | None:
    """What a table of figures is compared by; its facts tell which periods are closed."""
    return keys[table] if keys[facts] is not None else None


def _compared(keys: Mapping[str, Sequence[str] | None]) -> Suite:
    return Suite(
        "change_of_columns",
        "select 1 as one",
        [
            Rule(
                f"{table} can be compared with the current release",
                f"select '{table}' as blame where {key is None}",
                warns_because="a new version may change a table's columns; nothing of it was compared then,"
                " so look at its figures yourself (since 2026-11-26)",
            )
            for table, key in keys.items()
        ],
    )


def _index(current: Mapping[str, str], key: Sequence[str], points: float, ordered: str | None) -> Suite:
    small = "(tested.low_n or before.low_n)"
    moved = f"inner join ({current['cx_index']}) as before using ({', '.join(key)})"
    far = f"measure = 'cx_index' and period_type = 'quarter' and abs(tested.value - before.value) > {points}"
    until = f"select max(answered_local_date) from ({current['fct_survey_responses']})"
    closed = f"period_start + interval 3 months <= ({until})"
    cell = "concat_ws(' ', tested.period_label, breakdown, member)"
    return Suite(
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
            Rule(_NOTHING_GONE, _gone(current["cx_index"], key, until), warns_because=ordered),
        ],
    )


def _contact_center(current: Mapping[str, str], key: Sequence[str], ordered: str | None) -> Suite:
    until = f"select max(started_local_date) from ({current['fct_interactions']})"
    gone = _gone(current["contact_center_performance"], key, until)
    return Suite(
        "change_of_contact_center_performance",
        "select * from marts.contact_center_performance",
        [Rule(_NOTHING_GONE, gone, warns_because=ordered)],
    )


_NOTHING_GONE = "no closed period lacks a figure that it had"
"""A cell may come to be withheld, by late records elsewhere; it can't come to be without any record."""


def _gone(before: str, key: Sequence[str], until: str) -> str:
    """SQL for the shown cells of closed periods, not small ones, that have no row any more."""
    cell = ", ".join(column for column in key if column not in {"period_type", "period_start"})
    return f"""
        select concat_ws(' ', before.period_label, {cell}) as blame
        from ({before}) as before
        left join tested using ({", ".join(key)})
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
