"""To which local day all that tools are asked for has landed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from voxpop.config import Settings
from voxpop.raw.manifests import Manifest
from voxpop.warehouse.seed_tables import EarlierTimeZone, Organization
from voxpop.warehouse.seeds import rows_of


@dataclass(frozen=True)
class TimeZone:
    """A zone that an organization keeps until the end of a day there; `date.max`: for good."""

    name: str
    valid_to: date = date.max


def time_zones(settings: Settings) -> list[list[TimeZone]]:
    """The zones of each organization one after another, by the seeds, which have been proved."""
    earlier: dict[str, list[TimeZone]] = {}
    for row in rows_of(settings, "earlier_time_zones", EarlierTimeZone):
        earlier.setdefault(row.organization_id, []).append(TimeZone(row.time_zone, row.valid_to))
    return [
        [
            *sorted(earlier.get(row.organization_id, []), key=lambda zone: zone.valid_to),
            TimeZone(row.time_zone),
        ]
        for row in rows_of(settings, "organizations", Organization)
    ]


def local_date(instant: datetime, zones: Sequence[TimeZone]) -> date:
    """The date on an organization's walls: by the first of its zones that it still keeps by that date."""
    dates = ((instant.astimezone(ZoneInfo(zone.name)).date(), zone.valid_to) for zone in zones)
    return next(day for day, valid_to in dates if day <= valid_to)


def complete_to(landed: Iterable[Manifest], zones: Sequence[Sequence[TimeZone]]) -> date | None:
    """The last day that is over in every organization and lies within the windows of every stream.

    Args:
        landed: the batches that count.
        zones: of each organization, as `time_zones` gives them; one organization at least.

    Returns:
        None where no batch has a window: of files nobody knows what is still to come.
    """
    ends: dict[tuple[str, str], datetime] = {}
    for batch in landed:
        if batch.window is not None:
            key = batch.source, batch.stream
            ends[key] = max(batch.window.end, ends.get(key, batch.window.end))
    if not ends:
        return None
    end = min(ends.values())
    # The day that is under way at the end is not over; the day before it is.
    return min(local_date(end, kept) for kept in zones) - timedelta(days=1)
