"""Which window a run of an extract lands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from voxpop.airflow.windows import of_run
from voxpop.errors import UsageError
from voxpop.raw.records import Window

DAY = (datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))
DUE = datetime(2026, 1, 9, 3, 30, tzinfo=UTC)


def test_the_data_interval_is_the_window() -> None:
    assert of_run({"from": None, "to": None}, DAY, DUE) == Window(*DAY)


def test_parameters_override_it() -> None:
    wide = Window(datetime(2024, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    assert of_run({"from": "2024-04-01", "to": "2026-07-01"}, DAY, DUE) == wide


@pytest.mark.parametrize("interval", [None, (DUE, DUE)], ids=["no interval", "an empty one"])
def test_a_run_by_hand_without_an_interval_lands_the_day_before_it(
    interval: tuple[datetime, datetime] | None,
) -> None:
    eighth = Window(datetime(2026, 1, 8, tzinfo=UTC), datetime(2026, 1, 9, tzinfo=UTC))
    assert of_run({}, interval, DUE) == eighth


def test_the_day_before_is_a_day_of_utc() -> None:
    due = datetime(2026, 1, 8, 20, 0, tzinfo=timezone(timedelta(hours=-8)))  # 04:00 on the 9th
    assert of_run({}, None, due).end == datetime(2026, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"from": "2026-01-05"}, "go together"),
        ({"to": "2026-01-05"}, "go together"),
        ({"from": "5 Jan", "to": "2026-01-06"}, '"from" is "5 Jan"'),
        ({"from": "2026-01-06", "to": "2026-01-06"}, "is not after its start"),
    ],
)
def test_a_wrong_window_is_refused_with_what_is_wrong(params: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        of_run(params, DAY, DUE)
