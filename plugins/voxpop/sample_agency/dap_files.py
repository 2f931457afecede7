"""The report of devices as the Digital Analytics Program publishes it: rows as CSV, totals as JSON.

Both are written anew under the same names twice a week, with the days up to the one before: the last three
lack the visits that come late, and the next edition corrects them.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.dap import AGENCY, Reports
from voxpop.sample_agency.events import Events
from voxpop.sample_agency.files import write_whole
from voxpop.sample_agency.misbehavior import Misbehavior

FOLDER = "dap_files"
REPORT = "devices"
DAYS = 30
"""How many days the rows are of, the first weeks of history apart."""

_WEEKDAYS = (1, 4)
"""Tuesday and Friday."""
_CLOCK = "T15:34:03.973Z"


def write_reports(agency: Agency, events: Events, drop: Path, misbehavior: Misbehavior) -> list[Path]:
    """Write the newest edition over an older one.

    Args:
        agency: whose website.
        events: everything since history began.
        drop: folder that holds one folder a source.
        misbehavior: what is late, and how many days the totals are of.

    Returns:
        The files written now.
    """
    folder = drop / FOLDER
    for made in (drop, folder):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    newest, known = _taken_at(events), folder / f"{REPORT}.json"
    if newest is None or (known.exists() and msgspec.json.decode(known.read_bytes())["taken_at"] >= newest):
        return []
    written = []
    for name, content in edition(agency, events, newest, misbehavior).items():
        write_whole(folder / name, content)
        written.append(folder / name)
    return written


def _taken_at(events: Events) -> str | None:
    """When the newest edition was taken; None before there is one with a day in it."""
    days = (events.last - timedelta(days=ago) for ago in range(7))
    newest = next(day for day in days if day.weekday() in _WEEKDAYS)
    return f"{newest}{_CLOCK}" if newest > events.first else None


def edition(agency: Agency, events: Events, taken_at: str, misbehavior: Misbehavior) -> dict[str, bytes]:
    """The two files as they were taken.

    Args:
        agency: whose website.
        events: everything since history began.
        taken_at: ISO 8601, UTC; it ends with the day before.
        misbehavior: what is late, and how many days the totals are of.

    Returns:
        Name of the file → its content; the JSON last.
    """
    taken_on = date.fromisoformat(taken_at[:10])
    history = (taken_on - events.first).days
    rows_of, totals_of = min(DAYS, history), min(misbehavior.totals_of_days, history)
    yesterday = taken_on - timedelta(days=1)
    reports = Reports(agency, replace(events, last=taken_on), misbehavior)
    first = taken_on - timedelta(days=max(rows_of, totals_of))
    rows = [
        msgspec.json.decode(row, type=dict[str, str | int])
        for row in reports.rows("device", first, yesterday)
    ]
    return {
        f"{REPORT}.csv": _csv(_since(taken_on - timedelta(days=rows_of), rows)),
        f"{REPORT}.json": _json(totals_of, _since(taken_on - timedelta(days=totals_of), rows), taken_at),
    }


_Rows = list[dict[str, str | int]]


def _since(first: date, rows: _Rows) -> _Rows:
    return [row for row in rows if str(row["date"]) >= first.isoformat()]


def _csv(rows: _Rows) -> bytes:
    text = io.StringIO()
    columns = ("date", "device", "visits")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _json(days: int, rows: _Rows, taken_at: str) -> bytes:
    by_device: dict[str, int] = {}
    for row in rows:
        device = str(row["device"])
        by_device[device] = by_device.get(device, 0) + int(row["visits"])
    report = {
        "name": REPORT,
        "query": {
            "dimensions": [{"name": "date"}, {"name": "deviceCategory"}],
            "metrics": [{"name": "sessions"}],
            "dateRanges": [{"startDate": f"{days}daysAgo", "endDate": "yesterday"}],
            "orderBys": [{"dimension": {"dimensionName": "date"}, "desc": True}],
            "samplingLevel": "HIGHER_PRECISION",
            "limit": "10000",
            "property": "properties/100000001",
        },
        "meta": {
            "name": "Devices",
            "description": f"{days} days of desktop/mobile/tablet visits for all sites.",
        },
        "totals": {
            "visits": sum(by_device.values()),
            "devices": dict(sorted(by_device.items(), key=lambda each: -each[1])),
        },
        "taken_at": taken_at,
        "agency": AGENCY,
    }
    return msgspec.json.format(msgspec.json.encode(report))
