"""How far the sources reach, and whose data end earlier than the others' do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta

from voxpop.raw.manifests import Manifest as RawManifest
from voxpop.release.manifest import Late

FILE_GRACE_DAYS = 4
"""Files come when an office is open and somebody sends them: a long weekend is not late."""

WITHOUT_SCHEDULE = frozenset({"published_measures", "priority_goal_values"})
"""Streams of what others publish: it comes when they publish, and an old figure is not late."""


def tools_end(landed: Sequence[RawManifest]) -> date | None:
    """The last day of the window that reaches farthest; None where no batch has a window."""
    return max((_day_before(batch.window.end) for batch in landed if batch.window), default=None)


def known_to(batch: RawManifest, tools_end: date | None) -> date:
    """The last day that a batch can know of: its window's; for a file that of its landing, or of the tools.

    The tools' day counts where it is later than the landing's: a made-up agency's calendar may run ahead.
    """
    if batch.window is not None:
        return _day_before(batch.window.end)
    landed_on = date.fromisoformat(batch.dt)
    return landed_on if tools_end is None else max(landed_on, tools_end)


def late_sources(landed: Sequence[RawManifest], configured: Collection[str]) -> list[Late]:
    """Find the sources that are behind the others.

    A source reaches as far as the stream of it that reaches least. A source with windows is late when it ends
    before the one that reaches farthest; one of files only when it is `FILE_GRACE_DAYS` behind; one that is
    configured and never landed, always.

    Args:
        landed: the batches that count; an excluded one does not.
        configured: names of the sources that should land.

    Returns:
        By source. Days are the last that data are there for.
    """
    end = tools_end(landed)
    streams: dict[tuple[str, str], date] = {}
    windowed: set[str] = set()
    scheduled = [batch for batch in landed if batch.stream not in WITHOUT_SCHEDULE]
    unscheduled = {batch.source for batch in landed} - {batch.source for batch in scheduled}
    for batch in scheduled:
        last = _last_day(batch, end)
        key = batch.source, batch.stream
        streams[key] = max(last, streams.get(key, last))
        if batch.window is not None:
            windowed.add(batch.source)
    reached: dict[str, date] = {}
    for (source, _), last in streams.items():
        reached[source] = min(last, reached.get(source, last))
    expected = max(
        (last for source, last in reached.items() if source in windowed),
        default=max(reached.values(), default=None),
    )
    late: list[Late] = []
    for source in sorted({*reached, *configured} - unscheduled):
        newest = reached.get(source)
        grace = timedelta(days=0 if source in windowed else FILE_GRACE_DAYS)
        if newest is None or (expected is not None and newest + grace < expected):
            late.append(
                {
                    "source": source,
                    "newest": newest.isoformat() if newest else None,
                    "expected": expected.isoformat() if expected else None,
                }
            )
    return late


def _last_day(batch: RawManifest, tools_end: date | None) -> date:
    """The last day that a batch speaks for: its window's, or the newest day in a file.

    A day in a file long after the tools' last, or after the file landed, may be mistyped and says nothing.
    """
    if batch.window is not None:
        return _day_before(batch.window.end)
    grace = timedelta(days=FILE_GRACE_DAYS)
    limit = batch.dt if tools_end is None else (tools_end + grace).isoformat()
    return date.fromisoformat(max((day for day in batch.days if day <= limit), default=min(batch.dt, limit)))


def _day_before(end: datetime) -> date:
    """The UTC day of the last instant before a window's end."""
    return (end.astimezone(UTC) - timedelta(microseconds=1)).date()
