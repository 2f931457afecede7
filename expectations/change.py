"""What must hold of a candidate beside the current release."""

# ruff: noqa: S608 - the names and paths in the SQL are our own

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from expectations.rules import Rule, Suite, never


def suites(
    current: Mapping[str, str],
    keys: Mapping[str, Sequence[str] | None],
    policy: Mapping[str, float],
    *,
    closed: Mapping[str, str],
    until: date | None,
    ordered_since: Mapping[str, str],
    accepted: str | None = None,
) -> list[Suite]:
    """The change of figures and of volume, and figures that are gone.

    A period that lay within what the current release was complete to is closed; what comes later adds to open
    ones. Where nobody knows that day, nothing is closed.

    Args:
        current: table → SQL for its rows in the current release.
        keys: each table that is compared → the columns that name one row in both; None where its columns have
            changed so much that nothing of it can be compared. That warns.
        policy: the agency's.
        closed: each table of figures → SQL for whether a row of it is shown, not small, and of a period that
            is closed by the day `{until}`.
        until: the last local day that the current release was complete to.
        ordered_since: each table whose records a person has taken out of the current release, or back in, by
            excluding or including batches → that release's id. There all of this only warns, because it is
            what they wanted, or else could never be published.
        accepted: why a person accepted what another method changes; then all of it only warns. None: nobody
            did.
    """
    method = None if accepted is None else f"a change of method was accepted: {accepted}"
    ordered = dict.fromkeys(keys, method) | {
        table: f"batches were excluded or included since {release}"
        for table, release in ordered_since.items()
    }
    day = f"date '{until}'" if until else "null::date"
    found = [_compared(keys)]
    for table, is_closed in closed.items():
        if (key := keys.get(table)) is not None:
            gone = _gone(current[table], key, is_closed.format(until=day))
            rules = [Rule(_NOTHING_GONE, gone, warns_because=ordered.get(table))]
            if table == "cx_index":
                points = policy["change_max_index_points"]
                rules = [*_index(current[table], key, points, day, ordered.get(table)), *rules]
            found.append(Suite(f"change_of_{table}", f"select * from marts.{table}", rules))
    share = policy["change_max_volume_share"]
    volumes = [
        Rule(
            f"no closed month's {what} changed by more than {share:.0%}",
            _volume(table, column, current[table], (day, share, policy["low_n_below"])),
            warns_because=ordered.get(table),
        )
        for what, table, column in (
            ("contacts", "fct_interactions", "started_local_date"),
            ("responses", "fct_survey_responses", "answered_local_date"),
            ("comments", "fct_comments", "commented_date"),
        )
        if keys.get(table) is not None
    ]
    return [*found, Suite("change_of_volume", "select 1 as one", volumes)]


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


def _index(before: str, key: Sequence[str], points: float, day: str, ordered: str | None) -> list[Rule]:
    small = "(tested.low_n or before.low_n)"
    moved = f"inner join ({before}) as before using ({', '.join(key)})"
    far = f"measure = 'cx_index' and period_type = 'quarter' and abs(tested.value - before.value) > {points}"
    closed = f"coalesce(period_start + interval 3 months - interval 1 day <= {day}, false)"
    cell = "concat_ws(' ', tested.period_label, breakdown, member)"
    return [
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
    ]


def held(
    table: str,
    key: Sequence[str],
    columns: Sequence[str],
    current: tuple[str, str | None] | None,
) -> Suite:
    """What a table holds of the current release is that release's, row by row.

    Args:
        table: with the column held_from.
        key: its columns that name a row.
        columns: those that both releases have, held_from left out.
        current: the current release's id, and SQL for the table's rows in it, None if it lacks the table;
            None before the first.
    """
    cell = f"concat_ws(' ', {', '.join(f'tested.{column}' for column in key)})"
    if current is None:
        rule = never("nothing is held before there is a release", "held_from is not null", blame=cell)
    else:
        release, rows = current
        is_new = is_other = "true"
        if rows is not None:
            is_new = f"not exists (select 1 from ({rows}) as old where {_same(key)})"
            is_other = (
                f"not exists (select 1 from ({rows}) as old where {_same(columns)}"
                f" and coalesce(old.held_from, '{release}') = tested.held_from)"
            )
        is_withheld = "tested.suppressed" if "suppressed" in columns else "false"
        rule = never(
            "a held row is the current release's, and names the release that made it; a new one is withheld",
            f"tested.held_from is not null and {is_other}"
            f" and not ({is_withheld} and tested.held_from = '{release}' and {is_new})",
            blame=cell,
        )
    return Suite(f"held_of_{table}", f"select * from marts.{table}", [rule])


def _same(columns: Sequence[str]) -> str:
    """SQL for whether an old row and a tested one agree on these columns."""
    return " and ".join(f"old.{column} is not distinct from tested.{column}" for column in columns)


_NOTHING_GONE = "no closed period lacks a figure that it had"
"""A cell may come to be withheld, by late records elsewhere; it can't come to be without any record."""


def _gone(before: str, key: Sequence[str], is_closed: str) -> str:
    """SQL for the shown cells of closed periods, not small ones, that have no row any more."""
    cell = ", ".join(f"old.{column}" for column in key if column not in {"period_type", "period_start"})
    return f"""
        select concat_ws(' ', period_label, {cell}) as blame
        from ({before}) as old
        where not exists (select 1 from tested where {_same(key)}) and {is_closed}
    """


def _volume(table: str, column: str, before: str, limits: tuple[str, float, float]) -> str:
    """SQL for the closed months whose volume changed too much; those with few rows move by chance."""
    day, share, least = limits
    months = (
        "select source_system, date_trunc('month', {day}) as month, count(*) as rows from {rows} group by all"
    )
    return f"""
        select concat_ws(' ', old.source_system, strftime(old.month, '%Y-%m')) as blame
        from ({months.format(day=column, rows=f"({before})")}) as old
        left join ({months.format(day=column, rows=f"marts.{table}")}) as new using (source_system, month)
        where old.rows >= {least}
            and old.month + interval 1 month - interval 1 day <= {day}
            and abs(coalesce(new.rows, 0) - old.rows) > {share} * old.rows
    """
