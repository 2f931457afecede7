"""Windows: half-open, UTC, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from voxpop.errors import UsageError
from voxpop.raw.records import Window

DAY = datetime(2026, 1, 5, tzinfo=UTC)


def test_a_window_is_turned_to_utc_and_whole_seconds() -> None:
    eastern = timezone(timedelta(hours=-5))
    window = Window(datetime(2026, 1, 4, 19, 0, 0, 999, tzinfo=eastern), DAY + timedelta(days=1))
    assert window == Window(DAY, DAY + timedelta(days=1))
    assert window.start.tzinfo is UTC
    assert window.key == "20260105T000000Z.20260106T000000Z"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (DAY, DAY, "is not after its start"),
        (DAY, DAY - timedelta(days=1), "is not after its start"),
        (DAY.replace(tzinfo=None), DAY, "the start 2026-01-05T00:00:00 has no time zone"),
    ],
)
def test_a_window_that_is_none_is_refused(start: datetime, end: datetime, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Window(start, end)
