"""To which local day everything has landed, and by which zone an organization's days end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from voxpop.config import Settings
from voxpop.warehouse.complete import TimeZone, complete_to, local_date, time_zones

from tests.unit.release.test_lateness import DAY, batch

NEW_YORK, LOS_ANGELES = [TimeZone("America/New_York")], [TimeZone("America/Los_Angeles")]
UTC_ALONE, TOKYO = [TimeZone("UTC")], [TimeZone("Asia/Tokyo")]
MOVED = [TimeZone("America/Los_Angeles", date(2026, 3, 31)), TimeZone("Asia/Tokyo")]


def test_a_day_is_complete_when_it_is_over_in_the_westernmost_zone() -> None:
    """Windows end at 00:00 UTC on 11 May, which is 17:00 of the day before in Los Angeles."""
    assert complete_to([batch("a", DAY)], [NEW_YORK, LOS_ANGELES]) == DAY - timedelta(days=1)
    assert complete_to([batch("a", DAY)], [UTC_ALONE]) == DAY
    assert complete_to([batch("a", DAY)], [TOKYO]) == DAY, "9:00 of 11 May"


def test_the_stream_that_ends_first_says_what_is_complete() -> None:
    found = [batch("a", DAY), batch("b", DAY, "x"), batch("b", DAY - timedelta(days=9), "y")]
    assert complete_to([*found, batch("b", DAY - timedelta(days=2), "y")], [UTC_ALONE]) == date(2026, 5, 8)


def test_files_alone_say_nothing_of_what_is_complete() -> None:
    assert complete_to([batch("f", DAY, is_file=True)], [UTC_ALONE]) is None


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 4, 1, 6, 59, 59, tzinfo=UTC), date(2026, 3, 31)),  # 23:59:59 in Los Angeles
        (datetime(2026, 4, 1, 7, tzinfo=UTC), date(2026, 4, 1)),  # 16:00 in Tokyo
        (datetime(2026, 4, 1, 15, tzinfo=UTC), date(2026, 4, 2)),  # 00:00 in Tokyo
    ],
)
def test_a_day_is_of_the_zone_that_was_kept_then(instant: datetime, day: date) -> None:
    assert local_date(instant, MOVED) == day


def test_what_is_complete_goes_by_the_zone_of_that_time() -> None:
    """Windows that end with 31 March, UTC, end at 17:00 of it in Los Angeles, which is kept until then."""
    assert complete_to([batch("a", date(2026, 3, 31))], [MOVED]) == date(2026, 3, 30)
    assert complete_to([batch("a", date(2026, 4, 1))], [MOVED]) == date(2026, 4, 1)


def test_the_seeds_say_the_zones(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "organizations.csv").write_text(
        "organization_id,organization_name,organization_abbreviation,parent_organization_id,level,time_zone\n"
        "a,Agency,A,,agency,America/New_York\nb,Bureau,B,a,division,UTC\n"
    )
    settings = Settings(tmp_path, tmp_path / "sources.yml", seeds)
    assert time_zones(settings) == [NEW_YORK, UTC_ALONE]
    (seeds / "earlier_time_zones.csv").write_text(
        "organization_id,valid_to,time_zone\nb,2026-03-31,Asia/Tokyo\nb,2025-12-31,America/Denver\n"
    )
    denver = TimeZone("America/Denver", date(2025, 12, 31))
    assert time_zones(settings)[1] == [denver, TimeZone("Asia/Tokyo", date(2026, 3, 31)), *UTC_ALONE]
