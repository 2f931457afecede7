"""Late sources: those whose data end earlier than the others' do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from voxpop.raw.manifests import Manifest as RawManifest
from voxpop.release.manifest import Late

FILE_GRACE_DAYS = 4
"""Files come when an office is open and somebody sends them: a long weekend is not late."""


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
    streams: dict[tuple[str, str], date] = {}
    windowed: set[str] = set()
    for batch in landed:
        last = _last_day(batch)
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
    for source in sorted({*reached, *configured}):
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


def _last_day(batch: RawManifest) -> date:
    """The last day that a batch speaks for: its window's, or the newest day in a file."""
    if batch.window is not None:
        return (batch.window.end - timedelta(microseconds=1)).date()
    return date.fromisoformat(max(batch.days, default=batch.dt))
