"""How long it takes from what happened to its landing and publication: of a stream, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median

from voxpop.raw.manifests import Manifest as RawManifest
from voxpop.release.lateness import WITHOUT_SCHEDULE, known_to, tools_end

SHOWN_DAYS = 60
"""How many of a stream's days are told of, up to its newest."""
USUAL_DAYS = 28
"""The days before one that its usual delay is the median of."""
USUAL_LEAST = 7
"""Of fewer days than this nobody knows what is usual."""
OF_NOBODY = frozenset({"reports", "survey_offers", *WITHOUT_SCHEDULE})
"""Streams of others' counts: a record of them is no person's."""
GRACE = timedelta(days=1)
"""A day that landed later than usual by more than this is late."""

Day = tuple[str, str, date]
"""Source, stream, and the day by the source's own clock."""


@dataclass(frozen=True)
class Timed:
    """A stream's day.

    Attributes:
        source: its name in `sources.yml`.
        stream: which of its streams.
        day: by the source's own clock: UTC, or the date that a file gives.
        landed_at: when the first batch landed that has records enough of it.
        published_at: when a release first told of the day.
        usual: how long after its end a day usually lands; None where that isn't known yet.
    """

    source: str
    stream: str
    day: date
    landed_at: datetime
    published_at: datetime
    usual: timedelta | None

    @property
    def delay(self) -> timedelta:
        """From the day's end (UTC) to its landing; below 0 where it landed before it was over."""
        return self.landed_at - _end(self.day)

    @property
    def is_late(self) -> bool | None:
        """Whether it landed later than is usual; None where that isn't known yet."""
        return None if self.usual is None else self.delay > self.usual + GRACE


def timed(
    landed: Sequence[RawManifest], published: Mapping[Day, datetime], now: datetime, minimum: float
) -> Iterator[Timed]:
    """Tell of the newest days of every stream of which a batch has records enough.

    That a day of a kiosk is there says that somebody came, and nine such days of a month whose count is
    withheld say how many. So what a batch has of a day is nothing where it is few, or a day that had no row
    would say later that a few had landed by then; and nothing says how many records a day has.

    Args:
        landed: the batches that a release rests on.
        published: when an earlier release first told of a day.
        now: when the release is made.
        minimum: policy suppression_min_n.

    Yields:
        By source, stream and day.
    """
    tools = tools_end(landed)
    first: dict[Day, datetime] = {}
    for batch in landed:
        last = known_to(batch, tools)
        for text, counts in batch.days.items():
            day = date.fromisoformat(text)
            least = 1 if batch.stream in OF_NOBODY else minimum
            if counts.records >= least and day <= last:  # a day that the batch could not know is mistyped
                key = batch.source, batch.stream, day
                first[key] = min(batch.finished_at, first.get(key, batch.finished_at))
    streams: dict[tuple[str, str], list[date]] = {}
    for source, stream, day in sorted(first):
        streams.setdefault((source, stream), []).append(day)
    for (source, stream), days in streams.items():
        seconds = {day: (first[source, stream, day] - _end(day)).total_seconds() for day in days}
        for day in days:
            if day <= days[-1] - timedelta(days=SHOWN_DAYS):
                continue
            before = [
                seconds[other] for other in days if timedelta() < day - other <= timedelta(days=USUAL_DAYS)
            ]
            yield Timed(
                source,
                stream,
                day,
                first[source, stream, day],
                published.get((source, stream, day), now),
                timedelta(seconds=median(before)) if len(before) >= USUAL_LEAST else None,
            )


def _end(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
