"""What contact centers did, by channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

LEVELS = {
    "service_level_seconds": "a call",
    "service_level_email_seconds": "an email",
    "service_level_message_seconds": "a chat or message",
}
"""The policies that say what is answered in time, and of what each says it."""


@dataclass(frozen=True)
class ContactCenter:
    """A quarter of one contact center: a record of figures for each channel, by the channel's name."""

    source_system: str
    channels: dict[str, dict[str, Any]]

    @property
    def levels(self) -> list[tuple[str, str]]:
        """The policies by which its channels are in time, each with what it says that of."""
        own = {record["service_level"] for record in self.channels.values()}
        return [(policy, what) for policy, what in LEVELS.items() if policy in own]


def read(connection: duckdb.DuckDBPyConnection, start: date) -> tuple[ContactCenter, ...]:
    """Each center of a quarter; the channel with most contacts first."""
    cursor = connection.execute(
        "select coalesce(d.channel_name, c.member) as channel_name, d.service_level, c.* "
        "from marts.contact_center_performance c left join marts.dim_channels d on d.channel = c.member "
        "where c.period_type = 'quarter' and c.breakdown = 'channel' and c.period_start = ? "
        "order by c.source_system, c.offered desc nulls last, 1",
        [start],
    )
    names = [column[0] for column in cursor.description or ()]
    centers: dict[str, ContactCenter] = {}
    for row in cursor.fetchall():
        record = dict(zip(names, row, strict=True))
        center = centers.setdefault(record["source_system"], ContactCenter(record["source_system"], {}))
        center.channels[record["channel_name"]] = record
    return tuple(centers.values())
