"""Which sources are late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from voxpop.raw.manifests import Day, Manifest
from voxpop.raw.records import Window
from voxpop.release.lateness import FILE_GRACE_DAYS, late_sources

DAY = date(2026, 5, 10)


def batch(source: str, last: date, stream: str = "s", *, is_file: bool = False) -> Manifest:
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    return Manifest(
        batch_id=f"{source}.{stream}.{last}",
        source=source,
        kind_of_source="k",
        stream=stream,
        window=None if is_file else Window(end - timedelta(days=3), end),
        started_at=end,
        finished_at=end,
        dt=(last + timedelta(days=30)).isoformat() if is_file else last.isoformat(),
        parts=(),
        records=0,
        quarantined=0,
        duplicates=0,
        received=0,
        sha256="",
        key_version=1,
        original=None,
        days={last.isoformat(): Day(1, 0), "2026-01-01": Day(1, 0)} if is_file else {},
    )


def late(*landed: Manifest, configured: tuple[str, ...] = ()) -> dict[str, tuple[str | None, str | None]]:
    return {
        found["source"]: (found["newest"], found["expected"]) for found in late_sources(landed, configured)
    }


def test_all_at_the_same_day_is_in_time():
    assert late(batch("a", DAY), batch("b", DAY), configured=("a", "b")) == {}


def test_a_source_that_ends_a_day_earlier_is_late():
    assert late(batch("a", DAY), batch("b", DAY - timedelta(days=1))) == {"b": ("2026-05-09", "2026-05-10")}


def test_the_newest_window_counts():
    assert late(batch("a", DAY), batch("b", DAY - timedelta(days=1)), batch("b", DAY)) == {}


def test_the_slowest_stream_of_a_source_counts():
    found = late(batch("a", DAY), batch("b", DAY, "x"), batch("b", DAY - timedelta(days=2), "y"))
    assert found == {"b": ("2026-05-08", "2026-05-10")}


def test_a_configured_source_that_never_landed_is_late():
    assert late(batch("a", DAY), configured=("a", "b")) == {"b": (None, "2026-05-10")}
    assert late(configured=("b",)) == {"b": (None, None)}


def test_files_have_a_grace_and_are_judged_by_the_days_in_them():
    grace = timedelta(days=FILE_GRACE_DAYS)
    assert late(batch("a", DAY), batch("f", DAY - grace, is_file=True)) == {}
    too_old = batch("f", DAY - grace - timedelta(days=1), is_file=True)
    assert late(batch("a", DAY), too_old) == {"f": ("2026-05-05", "2026-05-10")}


def test_files_newer_than_the_windows_make_nothing_late():
    assert late(batch("a", DAY), batch("f", DAY + timedelta(days=1), is_file=True)) == {}
