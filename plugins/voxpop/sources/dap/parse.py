"""A page of a DAP report → records; pure.

A row holds `id`, `date`, `report_name` and `report_agency`, measures as texts, and dimensions: every other
key, of which each report has its own. `id` numbers the database's rows, which are written anew when a day is
corrected; a row is named by report, agency, date and dimensions instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from voxpop.raw.records import Record, Rejected
from voxpop.sources.verbatim import NotARecord, sort_out

MEASURES = frozenset(
    {
        "visits",
        "users",
        "active_visitors",
        "pageviews",
        "total_events",
        "pageviews_per_session",
        "avg_session_duration",
        "bounce_rate",
    }
)
"""What a report counts; a row is not told by these."""

_ABOUT = frozenset({"id", "date", "report_name", "report_agency"})


class Scope(msgspec.Struct):
    """What the page doesn't say: its report, and that only rows of newer days are taken from it."""

    report: str
    newer_than: date | None = None


def day(value: object) -> date | None:
    """The day of a row, `2024-01-04`; None for anything else."""
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def dimensions(row: Mapping[str, Any]) -> dict[str, Any]:
    """What tells a row from others of its report and day, by name in their order."""
    return {name: row[name] for name in sorted(row) if name not in _ABOUT and name not in MEASURES}


def row_id(report: object, agency: object, days: str, by: Mapping[str, Any]) -> str:
    """The id of a row: a JSON array of report, agency, day or days, and each dimension with its value."""
    return msgspec.json.encode([report, agency, days, *by.items()]).decode()


def row_kind(by: Mapping[str, Any]) -> str:
    """What staging tells rows by: `row:` and the names of its dimensions."""
    return "row:" + "+".join(by)


def rows(page: bytes, scope: Scope) -> tuple[list[Record], list[Rejected]]:
    """Split a page, a bare array; a row without a date is rejected with its bytes."""
    records, rejected = sort_out(b'{"rows":%b}' % page, "rows", lambda payload: _record(payload, scope))
    newer = [
        each
        for each in records
        if scope.newer_than is None or each.day is None or each.day > scope.newer_than
    ]
    return newer, rejected


def _record(payload: bytes, scope: Scope) -> Record:
    row = msgspec.json.decode(payload, type=dict[str, Any])
    on = day(row.get("date"))
    if on is None:
        raise NotARecord("its date is missing, or is no date")
    by = dimensions(row)
    report, agency = row.get("report_name") or scope.report, row.get("report_agency")
    return Record(row_id(report, agency, on.isoformat(), by), None, payload, (), row_kind(by), on)
