"""From event to landing to publication: a stream's days, what is usual of them, and when one is late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from voxpop.raw.manifests import Day, Manifest
from voxpop.raw.records import Window
from voxpop.release import candidate, tables
from voxpop.release.timeliness import Timed, timed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def batch(number: int, days: dict[date, int], landed_at: datetime, end: date = date(2026, 3, 1)) -> Manifest:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return Manifest(
        batch_id=f"b{number}",
        source="genesys",
        kind_of_source="genesys",
        stream="conversations",
        window=Window(start, datetime(end.year, end.month, end.day, tzinfo=UTC)),
        started_at=landed_at,
        finished_at=landed_at,
        dt=str(end),
        parts=(),
        records=sum(days.values()),
        quarantined=0,
        duplicates=0,
        received=sum(days.values()),
        sha256="0" * 64,
        key_version=1,
        original=None,
        days={str(day): Day(count, 0) for day, count in days.items()},
    )


def night_after(day: date, hours: float = 5) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1, hours=hours)


def days_of(landed: list[Manifest], published: Any = None) -> dict[date, Timed]:
    return {each.day: each for each in timed(landed, published or {}, NOW)}


def test_a_day_lands_with_its_first_record_and_what_comes_again_is_not_added() -> None:
    day = date(2026, 2, 3)
    first, again = batch(1, {day: 7}, night_after(day)), batch(2, {day: 9}, night_after(day, 29))
    for landed in ([first, again], [again, first]):
        found = days_of(landed)[day]
        assert (found.record_count, found.landed_at, found.delay) == (9, night_after(day), timedelta(hours=5))


def test_a_day_is_late_by_what_was_usual_before_it() -> None:
    """Seven days after 5 hours each; the eighth is late after 29 hours and a second, and not after 29."""
    week = [date(2026, 2, 1) + timedelta(days=number) for number in range(7)]
    landed = [batch(number, {day: 1}, night_after(day)) for number, day in enumerate(week)]
    eighth = date(2026, 2, 8)
    on_time = days_of([*landed, batch(8, {eighth: 1}, night_after(eighth, 29))])[eighth]
    late = days_of([*landed, batch(8, {eighth: 1}, night_after(eighth, 29) + timedelta(seconds=1))])[eighth]
    assert (on_time.usual, on_time.is_late, late.is_late) == (timedelta(hours=5), False, True)
    assert days_of(landed)[week[-1]].is_late is None, "six days before it don't say what is usual"


def test_a_mistyped_day_says_nothing_and_old_days_are_left_out() -> None:
    landed = [
        batch(
            1, {date(2062, 2, 3): 1, date(2026, 1, 1): 1, date(2025, 11, 1): 1}, night_after(date(2026, 1, 2))
        )
    ]
    assert set(days_of(landed)) == {date(2026, 1, 1)}


def test_a_day_stays_published_when_it_first_was() -> None:
    day, other = date(2026, 2, 3), date(2026, 2, 4)
    landed = [batch(1, {day: 1, other: 1}, night_after(other))]
    earlier = datetime(2026, 2, 5, 8, tzinfo=UTC)
    found = days_of(landed, {("genesys", "conversations", day): earlier})
    assert (found[day].published_at, found[other].published_at) == (earlier, NOW)


def counts(days: dict[date, int], *told: dict[date, int | None]) -> list[int | None]:
    """How many records each day is said to have, where earlier releases said so many; the last one first."""
    landed = [batch(1, days, night_after(max(days)))]
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as candidate; create schema candidate.marts")
        by_day = [
            {("genesys", "conversations", day): count for day, count in counts.items()} for counts in told
        ]
        tables.write_timeliness(connection, days_of(landed).values(), 10, by_day)
        rows = connection.execute(
            "select record_count from candidate.marts.timeliness order by record_date"
        ).fetchall()
        return [count for (count,) in rows]


def test_how_many_records_a_day_has_is_told_where_they_are_not_few() -> None:
    first = date(2026, 2, 3)
    assert counts({first: 9, first + timedelta(days=1): 10}) == [None, 10]


def test_a_few_more_records_of_a_day_are_not_told() -> None:
    """12 were told; 3 came late, then 10 in all. A release that was rolled back told 25."""
    day = date(2026, 2, 3)
    assert [counts({day: now}, {day: 12}) for now in (12, 15, 22)] == [[12], [12], [22]]
    assert counts({day: 22}, {day: 12}, {day: 25}) == [12]
    assert counts({day: 11}, {day: None}) == [11], "how many the fewer than 10 were was not told"


def test_a_release_holds_it_and_the_next_one_keeps_when_days_were_published(home: Any) -> None:
    first = datetime(2026, 5, 2, 6, tzinfo=UTC)
    home.publish(now=first)
    home.land("genesys", "conversations", ["conv-new"], start=date(2026, 5, 1), end=date(2026, 5, 2))
    before = home.interactions
    home.interactions += 1
    home.build()
    made = candidate.stage(home.settings, now=first + timedelta(days=1), sources=home.sources)
    assert made is not None
    with duckdb.connect(str(Path(made.folder) / "voxpop.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select record_date, record_count, published_at, published_hours from marts.timeliness "
            "where source_system = 'genesys' order by 1"
        ).fetchall()
    naive = first.replace(tzinfo=None)
    assert rows == [
        (date(2026, 4, 30), before, naive, 30.0),
        (date(2026, 5, 1), None, naive + timedelta(days=1), 30.0),
    ], "one record came, and that is few"
    assert made.manifest["tables"]["timeliness"]["sha256"] is None
