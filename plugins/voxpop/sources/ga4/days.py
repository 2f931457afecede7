"""Which daily tables a window of time is about: a table's day is one of its property's time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from voxpop.raw.records import Window

PREFIX = "events_"
_DAY = timedelta(days=1)


def name_of(day: date) -> str:
    """The name of a day's table."""
    return f"{PREFIX}{day:%Y%m%d}"


def day_of(table: str) -> date:
    """The day of a table.

    Raises:
        ValueError: its name holds none.
    """
    return date.fromisoformat(table.removeprefix(PREFIX))


def start_of(day: date, zone: str) -> datetime:
    """When a day begins in a time zone, UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def end_of(day: date, zone: str) -> datetime:
    """When a day ends in a time zone, UTC."""
    return start_of(day + _DAY, zone)


def days_ended(window: Window, zone: str) -> list[date]:
    """The days that end within a window, its end included; of windows in a row each has its own.

    A table is written when its day is over, so a window is asked for no day that goes on after it.
    """
    day = window.start.astimezone(ZoneInfo(zone)).date() - _DAY
    days = []
    while (end := end_of(day, zone)) <= window.end:
        if end > window.start:
            days.append(day)
        day += _DAY
    return days
