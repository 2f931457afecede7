"""An event of a daily table → a record; pure.

An event is `{"event_date": "20260701", "event_timestamp": "1782921600000000", "event_name",
"user_pseudo_id", "user_id", "event_params": [{"key", "value": {"string_value", "int_value", …}}], …}`, its
whole numbers as texts, its absent fields left out. It has no id: its table, which changes as a whole, is the
record's id, and equal events of a table are one.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from voxpop.raw.records import Record
from voxpop.sources.ga4.days import PREFIX, day_of
from voxpop.sources.verbatim import NotARecord

KIND = "event"
_EARLIEST, _LATEST = 0, 4_102_444_800_000_000
"""1970 and 2100 in microseconds: what lies beyond is no time of an event."""


class _Event(msgspec.Struct, gc=False):
    event_date: Any = None
    event_timestamp: Any = None
    user_pseudo_id: Any = None
    user_id: Any = None


MEANING = 1
"""Raised when the same event begins to mean something else: tables are then landed anew."""

_DECODER = msgspec.json.Decoder(_Event)


class Events:
    """The parser of one table.

    Args:
        table: its name, `events_YYYYMMDD`.
        user_id: what the agency's `user_id` identifies a person as; None: nothing.
    """

    def __init__(self, table: str, user_id: str | None) -> None:
        self._table = table
        self._stamp = table.removeprefix(PREFIX)
        self._day = day_of(table)
        self._user_id = user_id

    def record(self, payload: bytes) -> Record:
        """One event.

        Raises:
            NotARecord: it has no time, or is of another day than its table.
            msgspec.DecodeError: it is no JSON object.
        """
        found = _DECODER.decode(payload)
        if str(found.event_date) != self._stamp:
            raise NotARecord("event_date is not the table's day")
        try:
            is_time = _EARLIEST < int(found.event_timestamp) < _LATEST
        except (TypeError, ValueError):
            is_time = False
        if not is_time:
            raise NotARecord("event_timestamp is no time in microseconds")
        identifiers: tuple[tuple[str, str], ...] = ()
        if isinstance(found.user_pseudo_id, str):
            identifiers = (("visitor", found.user_pseudo_id),)
        if self._user_id is not None and isinstance(found.user_id, str):
            identifiers = (*identifiers, (self._user_id, found.user_id))
        return Record(self._table, None, payload, identifiers, KIND, self._day)


def as_exported(value: Any) -> Any:
    """Give a Parquet row's value as the JSON export has it: whole numbers as texts, no absent fields."""
    if isinstance(value, dict):
        return {key: as_exported(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [as_exported(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def reading_sha256(user_id: str | None) -> str:
    """Of all that decides what an event becomes."""
    return hashlib.sha256(f"{MEANING} {user_id}".encode()).hexdigest()
