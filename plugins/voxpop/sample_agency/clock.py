"""Days, local hours and time stamps as columns; days count from 1970-01-01, times are UTC milliseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from voxpop.sample_agency.draws import Ints

DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1)
_SECONDS = np.array(
    [b"%02d:%02d:%02d" % (second // 3600, second // 60 % 60, second % 60) for second in range(86_400)]
)
_MILLISECONDS = np.array([b".%03dZ" % ms for ms in range(1000)])
_STAMP = np.dtype([("date", "S10"), ("between", "S1"), ("time", "S8"), ("ms", "S5")])
_LOCAL_STAMP = np.dtype([("date", "S10"), ("between", "S1"), ("time", "S8")])
_NOON = 12


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The date of a day number."""
    return _EPOCH + timedelta(days=number)


def weekday(days: Ints) -> Ints:
    """0 is Monday."""
    return (days + 3) % 7


@lru_cache(maxsize=100_000)
def _offset_ms(zone: str, day: int) -> int:
    moment = datetime.combine(day_of(day), datetime.min.time(), UTC).replace(hour=_NOON)
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 1000


def offsets_ms(zones: tuple[str, ...], zone: Ints, days: Ints) -> Ints:
    """What to add to UTC for the local time, as it is at noon of the day.

    Args:
        zones: IANA names.
        zone: codes into `zones`, shape (n,).
        days: local day numbers, shape (n,).

    Returns:
        Milliseconds, shape (n,). In the hour around a change of clocks it is the later one's.
    """
    if not len(days):
        return np.zeros(0, dtype=np.int64)
    first = int(days.min())
    table = np.array(
        [[_offset_ms(name, day) for day in range(first, int(days.max()) + 1)] for name in zones],
        dtype=np.int64,
    )
    return np.asarray(table[zone, days - first])


def _filled(times_ms: Ints, kind: np.dtype[np.void], between: bytes) -> NDArray[np.void]:
    days, rest = np.divmod(times_ms, DAY_MS)
    first = int(days.min())
    dates = np.datetime_as_string(np.arange(first, int(days.max()) + 1).astype("M8[D]")).astype("S10")
    second, ms = np.divmod(rest, 1000)
    text = np.empty(len(times_ms), kind)
    text["date"], text["between"], text["time"] = dates[days - first], between, _SECONDS[second]
    if kind is _STAMP:
        text["ms"] = _MILLISECONDS[ms]
    return text


def stamps(times_ms: Ints) -> list[bytes]:
    """UTC times as `2026-01-05T17:14:05.123Z`."""
    if not len(times_ms):
        return []
    out: list[bytes] = _filled(times_ms, _STAMP, b"T").view("S24").tolist()
    return out


def local_stamps(times_ms: Ints, offset_ms: Ints, between: bytes) -> list[bytes]:
    """Local times as `2026-01-05 09:14:05`, without a zone; `between` stands between date and time."""
    if not len(times_ms):
        return []
    out: list[bytes] = _filled(times_ms + offset_ms, _LOCAL_STAMP, between).view("S19").tolist()
    return out


def offset_texts(offset_ms: Ints) -> list[bytes]:
    """Offsets as `-08:00`."""
    minutes = offset_ms // 60_000
    return [
        b"%c%02d:%02d" % (b"-" if value < 0 else b"+", abs(value) // 60, abs(value) % 60)
        for value in minutes.tolist()
    ]
