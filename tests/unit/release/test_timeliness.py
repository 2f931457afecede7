"""From event to landing to publication: a stream's days, what is usual of them, and when one is late."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from msgspec import structs
from voxpop.raw.manifests import Day, Manifest
from voxpop.raw.records import Window
from voxpop.release import candidate
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


def days_of(landed: list[Manifest], published: Any = None, minimum: float = 1) -> dict[date, Timed]:
    return {each.day: each for each in timed(landed, published or {}, NOW, minimum)}


def test_a_day_lands_with_its_first_record() -> None:
    day = date(2026, 2, 3)
    first, again = batch(1, {day: 7}, night_after(day)), batch(2, {day: 9}, night_after(day, 29))
    for landed in ([first, again], [again, first]):
        found = days_of(landed)[day]
        assert (found.landed_at, found.delay) == (night_after(day), timedelta(hours=5))


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


def test_a_day_of_few_records_has_no_row_and_says_nothing_of_what_is_usual() -> None:
    """Eight days, the last but one with 9 records: six are told of before the last one, and seven are needed.

    What comes again is not added: 6 and 9 are 9.
    """
    week = [date(2026, 2, 1) + timedelta(days=number) for number in range(8)]
    landed = [batch(number, {day: 10}, night_after(day)) for number, day in enumerate(week) if day != week[6]]
    few = [batch(8, {week[6]: 6}, night_after(week[6])), batch(9, {week[6]: 9}, night_after(week[6], 29))]
    found = days_of([*landed, *few], minimum=10)
    assert set(found) == {*week} - {week[6]}
    assert found[week[7]].usual is None
    assert days_of([*landed, *few])[week[7]].usual == timedelta(hours=5)


def test_a_day_that_gets_a_row_does_not_say_when_its_few_landed() -> None:
    """At three a release has no row of the day: if the next one said two o'clock, few had come by three."""
    day = date(2026, 2, 3)
    few, more = batch(1, {day: 3}, night_after(day, 2)), batch(2, {day: 12}, night_after(day, 8))
    assert not list(timed([few], {}, night_after(day, 3), 10))
    for landed in ([few, more], [more, few]):
        found = days_of(landed, minimum=10)[day]
        assert (found.landed_at, found.delay) == (night_after(day, 8), timedelta(hours=8))


def test_what_others_count_is_told_of_whatever_its_records() -> None:
    """A day's report is one row, and nobody's."""
    day = date(2026, 2, 3)
    report = structs.replace(batch(1, {day: 1}, night_after(day)), stream="reports")
    assert set(days_of([report], minimum=10)) == {day}


def test_a_release_holds_it_and_the_next_one_keeps_when_days_were_published(home: Any) -> None:
    first = datetime(2026, 5, 2, 6, tzinfo=UTC)
    home.publish(now=first)
    new = [f"conv-new-{number}" for number in range(10)]
    home.land("genesys", "conversations", new, start=date(2026, 5, 1), end=date(2026, 5, 2))
    home.interactions += len(new)
    home.build()
    made = candidate.stage(home.settings, now=first + timedelta(days=1), sources=home.sources)
    assert made is not None
    with duckdb.connect(str(Path(made.folder) / "voxpop.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select record_date, published_at, published_hours from marts.timeliness "
            "where source_system = 'genesys' order by 1"
        ).fetchall()
    naive = first.replace(tzinfo=None)
    assert rows == [
        (date(2026, 4, 30), naive, 30.0),
        (date(2026, 5, 1), naive + timedelta(days=1), 30.0),
    ]
    assert made.manifest["tables"]["timeliness"]["sha256"] is None
