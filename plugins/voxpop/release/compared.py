"""Which tables two releases are compared by: what names a figure in each, and which figures it publishes.

Every public table of measures stands here, so that nothing that was published changes without being told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from voxpop.release.tables import quoted

_PERIODS = ("period_type", "period_start", "breakdown", "member")
_SMALL = ("suppressed", "low_n")
_ANSWERS = frozenset({"responses", "survey_responses"})
_CONTACTS = frozenset({"conversations", "interactions"})

_LAST_DAY = """(
    period_start + case period_type
        when 'month' then interval 1 month
        when 'quarter' then interval 3 months
        when 'year' then interval 1 year
    end - interval 1 day
)::date"""


@dataclass(frozen=True)
class Compared:
    """A table that is compared.

    Attributes:
        key: the columns that name a row, as far as both releases have them; none of facts.
        needed: columns that no comparison can lack.
        figures: the columns of published figures; none of facts, and of what follows from another table's.
        last_day: SQL for a period's last day; null of a kind of period that it doesn't know, which is never
            taken for closed.
        streams: the streams of raw whose records it counts; None: any may be behind it.
    """

    key: Sequence[str]
    needed: Sequence[str]
    figures: Sequence[str] = ()
    last_day: str = _LAST_DAY
    streams: Collection[str] | None = None

    @property
    def is_closed(self) -> str:
        """SQL for whether a row is shown, not small, and of a period that is closed by the day `{until}`."""
        shown = " and not suppressed and not low_n" if set(_SMALL) <= set(self.needed) else ""
        return f"{self.last_day} <= {{until}}{shown}"


COMPARED: Mapping[str, Compared] = {
    "cx_index": Compared(
        (*_PERIODS, "scale", "measure", "driver"),
        (*_PERIODS, "period_label", "measure", "value", *_SMALL),
        ("value",),
        streams=_ANSWERS,
    ),
    "cx_comparisons": Compared(
        (*_PERIODS, "scale", "measure", "driver", "comparison"),
        (*_PERIODS, "period_label", "measure", *_SMALL),
        streams=_ANSWERS,
    ),
    "cx_control_limits": Compared(
        (*_PERIODS, "scale", "measure", "driver"),
        (*_PERIODS, "period_label", "measure"),
        streams=_ANSWERS,
    ),
    "equity_gaps": Compared(
        (*_PERIODS, "segment", "scale", "measure", "driver"),
        (*_PERIODS, "period_label", "segment", "measure", *_SMALL),
        streams=_ANSWERS,
    ),
    "contact_center_performance": Compared(
        (*_PERIODS, "source_system"),
        (*_PERIODS, "period_label", *_SMALL),
        (
            "offered",
            "abandonment_share",
            "average_speed_of_answer_seconds",
            "average_handle_seconds",
            "service_level_share",
            "transfer_share",
        ),
        streams=_CONTACTS,
    ),
    "web_performance": Compared(
        (*_PERIODS, "period_label", "source_system", "site", "report", "basis"),
        (*_PERIODS, "period_label", "period_end_date", *_SMALL),
        (
            "visits",
            "users",
            "pageviews",
            "engaged_share",
            "bounce_share",
            "task_success_share",
            "helpful_share",
        ),
        last_day="period_end_date",
    ),
    "page_helpfulness": Compared(
        ("period_type", "period_start", "period_label", "site", "page", "source_system", "report", "basis"),
        ("period_type", "period_start", "period_label", "period_end_date", "page", *_SMALL),
        ("n", "value"),
        last_day="period_end_date",
    ),
    "journey_paths": Compared(
        (*_PERIODS, "path"),
        (*_PERIODS, "period_label", "path", *_SMALL),
        ("journey_count", "share", "mean_score", "median_days"),
    ),
    "identity_quality": Compared(
        _PERIODS,
        (*_PERIODS, "period_label", *_SMALL),
        ("record_count", "matched_share", "customer_count"),
    ),
    "journey_measures": Compared(
        (*_PERIODS, "measure", "page"),
        (*_PERIODS, "period_label", "measure", "value", "is_provisional", *_SMALL),
        ("value",),
        # days after a quarter's end decide of its last contacts
        last_day=f"case when not is_provisional then {_LAST_DAY} end",
    ),
    "survey_nonresponse": Compared(
        _PERIODS,
        (*_PERIODS, "period_label", *_SMALL),
        ("offered_count", "respondent_count", "known_respondent_share", "gap", "satisfaction_difference"),
    ),
    "survey_quality": Compared(
        _PERIODS,
        (*_PERIODS, "period_label", *_SMALL),
        ("respondent_count", "offered_count", "response_rate", "aapor_rr1", "known_segment_share"),
    ),
    "published_measures": Compared(
        (
            "period_type",
            "period_start",
            "publisher",
            "organization",
            "service",
            "touchpoint",
            "edition",
            "edition_date",
            "measure",
            "driver",
            "occurrence",
        ),
        ("period_type", "period_start", "period_label", "measure", "value"),
        ("value", "our_value"),
    ),
    "priority_goal_measures": Compared(
        ("period_type", "period_start", "measure_id"),
        ("period_type", "period_start", "period_label", "value", *_SMALL),
        ("value", "progress"),
    ),
    "fct_survey_responses": Compared((), ("source_system", "answered_local_date"), streams=_ANSWERS),
    "fct_interactions": Compared((), ("source_system", "started_local_date")),
    "fct_comments": Compared((), ("source_system", "commented_date")),
}
"""By table. A table that the earlier release hasn't got is new, and nothing of it can have changed."""


def may_touch(table: str, batches: Collection[str]) -> bool:
    """Whether any of these batches, by id, is of a stream that a compared table counts."""
    streams = COMPARED[table].streams
    return any(streams is None or batch_id.split(".")[1] in streams for batch_id in batches)


def shared_keys(
    connection: duckdb.DuckDBPyConnection, before: Path, after: Path
) -> dict[str, tuple[str, ...] | None]:
    """Find which tables can be compared, though the models may have changed in between.

    Args:
        connection: any.
        before: the earlier release's folder.
        after: the later release's or candidate's folder.

    Returns:
        Each compared table that the earlier release has → the columns of its key that both have. None where
        these don't name one row in both, or where the later one lacks the table or either a needed column.
    """
    found: dict[str, tuple[str, ...] | None] = {}
    for table, compared in COMPARED.items():
        files = [folder / "parquet" / f"{table}.parquet" for folder in (before, after)]
        if not files[0].exists():
            continue
        found[table] = None
        if not files[1].exists():
            continue
        rows = [f"read_parquet({quoted(str(file))})" for file in files]
        columns = [_columns(connection, one) for one in rows]
        shared = columns[0] & columns[1]
        key = tuple(column for column in compared.key if column in shared)
        if shared.issuperset(compared.needed) and all(_is_key(connection, one, key) for one in rows if key):
            found[table] = key
    return found


def shared_figures(connection: duckdb.DuckDBPyConnection, table: str, before: Path, after: Path) -> list[str]:
    """The columns of a table's figures that both releases have."""
    rows = [
        f"read_parquet({quoted(str(folder / 'parquet' / f'{table}.parquet'))})" for folder in (before, after)
    ]
    shared = _columns(connection, rows[0]) & _columns(connection, rows[1])
    return [column for column in COMPARED[table].figures if column in shared]


def _columns(connection: duckdb.DuckDBPyConnection, rows: str) -> set[str]:
    return {name for name, *_ in connection.execute(f"describe from {rows}").fetchall()}


def _is_key(connection: duckdb.DuckDBPyConnection, rows: str, key: Sequence[str]) -> bool:
    repeated = connection.execute(
        f"select 1 from {rows} group by {', '.join(key)} having count(*) > 1 limit 1"  # noqa: S608
    ).fetchone()
    return repeated is None
