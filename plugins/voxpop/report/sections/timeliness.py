"""How long it takes from a day's end to its landing and to its publication, by source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from voxpop.report.numbers import minutes

_HOURS_OF_DAYS = 48
"""From here on hours are told as days."""


@dataclass(frozen=True)
class Stream:
    """One stream of a source.

    Attributes:
        source: its name.
        name: which of its streams.
        newest: the newest day that is told of.
        landed: how long after that day's end (UTC) they landed, in words.
        published: how long after it they were published, in words.
        usual: how long after its end such a day usually lands, in words; None where that isn't known yet.
        late_days: of its newest days those that landed later than usual.
        known_days: of its newest days those of which it is known whether they did.
    """

    source: str
    name: str
    newest: date
    landed: str
    published: str
    usual: str | None
    late_days: int
    known_days: int


def read(connection: duckdb.DuckDBPyConnection) -> tuple[Stream, ...]:
    """Each stream as the release knows it, whatever the quarter; by source and name."""
    rows = connection.execute(
        "select source_system, stream, max(record_date), arg_max(landed_hours, record_date), "
        "arg_max(published_hours, record_date), arg_max_null(usual_landed_hours, record_date), "
        "count(*) filter (is_late), count(is_late) "
        "from marts.timeliness group by all order by source_system, stream"
    ).fetchall()
    return tuple(
        Stream(
            source,
            name,
            newest,
            after(landed),
            after(published),
            None if usual is None else after(usual),
            late,
            known,
        )
        for source, name, newest, landed, published, usual, late, known in rows
    )


def after(hours: float) -> str:
    """Hours after a day's end, as a person says them."""
    if hours < 0:
        return "before it ended"
    if hours < _HOURS_OF_DAYS:
        return minutes(hours * 3600)
    return f"{hours / 24:,.0f}\xa0days"
