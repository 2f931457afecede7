"""Which sources are late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from voxpop.raw.manifests import Day, Manifest
from voxpop.raw.records import Window
from voxpop.release.lateness import FILE_GRACE_DAYS, known_to, late_sources, tools_end

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


def test_a_mistyped_day_in_a_file_hides_no_lateness():
    """Of the file's days, the one after the windows' end says nothing."""
    old = DAY - timedelta(days=FILE_GRACE_DAYS + 1)
    file = batch("f", old, is_file=True)
    file.days["2026-07-10"] = Day(1, 0)
    assert late(batch("a", DAY), file) == {"f": ("2026-05-05", "2026-05-10")}


def test_a_mistyped_day_in_a_file_makes_no_other_file_late():
    """Both landed on 9 June; without tools, no file knows a day after that."""
    one, other = batch("f", DAY, is_file=True), batch("g", DAY, is_file=True)
    one.days["2026-07-10"] = Day(1, 0)
    assert late(one, other) == {}


def test_a_batch_knows_the_days_of_its_window_and_a_file_those_until_it_landed():
    assert known_to(batch("a", DAY), None) == DAY
    file = batch("f", DAY, is_file=True)
    assert known_to(file, DAY) == known_to(file, None) == DAY + timedelta(days=30)


def test_a_file_knows_the_days_of_tools_whose_calendar_runs_ahead():
    ahead = DAY + timedelta(days=365)
    assert tools_end([batch("f", DAY, is_file=True), batch("a", ahead), batch("b", DAY)]) == ahead
    assert known_to(batch("f", DAY, is_file=True), ahead) == ahead


def test_what_others_publish_comes_when_they_publish():
    published = batch("goals", DAY - timedelta(days=90), "priority_goal_values", is_file=True)
    assert late(batch("a", DAY), published, configured=("a", "goals")) == {}
