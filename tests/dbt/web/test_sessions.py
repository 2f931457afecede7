"""Sessions of a website: the rule, and that building them in steps gives what building them at once gives."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from .conftest import ZONE, Event, Website, at_of, event

DAY = datetime(2026, 3, 3, 8, tzinfo=UTC)
"""When 2026-03-03 begins in the property's zone."""
GAP = timedelta(minutes=30)
Spans = list[tuple[datetime, datetime, int]]
Tables = dict[str, list[Event]]


def at(clock: str, day: int = 0) -> datetime:
    """A time of 2026-03-03, or so many days after it, in the property's zone."""
    hour, minute = map(int, clock.split(":"))
    return DAY + timedelta(days=day, hours=hour, minutes=minute)


def spans(website: Website) -> list[tuple[str, str, int]]:
    found = website.rows(
        "select strftime(started_at - interval 8 hours, '%d %H:%M'), "
        "strftime(ended_at - interval 8 hours, '%d %H:%M'), event_count "
        "from intermediate.int_web_sessions order by all"
    )
    return [(str(start), str(end), int(count)) for start, end, count in found]


def visits(*clocks: str, day: int = 0) -> list[Event]:
    return [event("v", at(clock, day)) for clock in clocks]


def test_late_events_join_sessions_and_gone_ones_part_them_across_midnight(
    make_website: Callable[[], Website],
) -> None:
    """Half an hour, 10:29 to 10:59, is a gap, a minute less is none; two days' tables make one chain."""
    website = make_website()
    website.write("20260303", visits("10:00", "10:29", "10:59", "11:28", "23:20", "23:45"))
    website.write("20260304", visits("00:30", "00:50", day=1))
    website.land()
    website.build()
    parted = [("03 10:00", "03 10:29", 2), ("03 10:59", "03 11:28", 2)]
    evening = [("03 23:20", "03 23:45", 2), ("04 00:30", "04 00:50", 2)]
    assert spans(website) == parted + evening

    website.write("20260304", visits("00:10", "00:30", "00:50", day=1))
    website.land()
    website.build()
    assert spans(website) == [*parted, ("03 23:20", "04 00:50", 5)]

    website.write("20260303", visits("10:00", "10:29", "10:45", "11:28", "23:20"))
    website.land()
    website.build()
    assert spans(website) == [
        ("03 10:00", "03 10:45", 3),
        ("03 11:28", "03 11:28", 1),
        ("03 23:20", "03 23:20", 1),
        ("04 00:10", "04 00:50", 3),
    ]
    touched = {str(day) for (day,) in website.rows("select started_date from intermediate.int_touched_days")}
    assert touched <= {"2026-03-03", "2026-03-04"}, (
        "only days of touched events, and half an hour around them"
    )


def expected(tables: Tables) -> Spans:
    """The rule said again, in another language: events by time, cut where half an hour passes."""
    found: Spans = []
    visitors: dict[str, list[datetime]] = {}
    for events in tables.values():
        distinct = {repr(one): one for one in events}  # an event that a table repeats is one
        for one in distinct.values():
            visitors.setdefault(one["user_pseudo_id"], []).append(at_of(one))
    for times in visitors.values():
        times.sort()
        start, end, count = times[0], times[0], 0
        for time in times:
            if time - end >= GAP:
                found.append((start, end, count))
                start, count = time, 0
            end, count = time, count + 1
        found.append((start, end, count))
    return sorted(found)


def random_tables(draw: random.Random) -> Tables:
    """Chains of events of few visitors over six days, gaps around half an hour, some across midnight."""
    tables: Tables = {}
    for visitor in range(12):
        time = DAY + timedelta(minutes=draw.randrange(600))
        while time < DAY + timedelta(days=6):
            day = f"{time.astimezone(ZoneInfo(ZONE)):%Y%m%d}"
            tables.setdefault(day, []).append(event(f"v{visitor}", time, path=f"/{draw.randrange(9)}"))
            usual = draw.random() < 0.97
            time += timedelta(
                minutes=draw.choice([3, 12, 25, 29, 30, 31, 33]) if usual else draw.randrange(60, 900)
            )
    return tables


def changed(draw: random.Random, table: Sequence[Event]) -> list[Event]:
    """A later version of a table: some events are gone, some are new, some are repeated."""
    kept = [one for one in table if draw.random() > 0.04]
    late = [
        event(one["user_pseudo_id"], at_of(one) + timedelta(minutes=draw.randrange(1, 14)), "/late")
        for one in table
        if draw.random() < 0.04
    ]
    late = [one for one in late if f"{at_of(one).astimezone(ZoneInfo(ZONE)):%Y%m%d}" == day_of(table)]
    return [*kept, *late, *kept[:1]]


def day_of(table: Sequence[Event]) -> str:
    return f"{at_of(table[0]).astimezone(ZoneInfo(ZONE)):%Y%m%d}"


def test_steps_give_what_one_build_gives(make_website: Callable[[], Website]) -> None:
    draw = random.Random(5)
    first = random_tables(draw)
    days = sorted(first)
    deliveries = [{day: first[day] for day in days[:4] if day != days[2]}]
    for some in (days[2:5], days[1:6], days[:3]):
        deliveries.append({day: changed(draw, first[day]) for day in some})
    stepped, at_once = make_website(), make_website()
    now: Tables = {}
    for number, delivered in enumerate(deliveries):
        now |= delivered
        for day, events in delivered.items():
            stepped.write(day, events)
            at_once.write(day, events)
        stepped.land()
        at_once.land()
        if (
            number == 2
        ):  # a build that died after the sessions; the next one takes its tables in again, and more
            stepped.build(finishes=False)
            continue
        stepped.build()
        found = stepped.rows("select started_at, ended_at, event_count from intermediate.int_web_sessions")
        assert sorted((a.replace(tzinfo=UTC), b.replace(tzinfo=UTC), n) for a, b, n in found) == expected(now)
    at_once.build()
    assert len(at_once.sessions()) > 100
    assert stepped.sessions() == at_once.sessions()
    # Leaving out the last delivery brings back what was before it.
    before_last = deliveries[0] | deliveries[1] | deliveries[2]
    assert stepped.land() == []
    stepped.exclude(stepped.manifests()[-1].batch_id)
    stepped.build()
    found = stepped.rows("select started_at, ended_at, event_count from intermediate.int_web_sessions")
    assert sorted((a.replace(tzinfo=UTC), b.replace(tzinfo=UTC), n) for a, b, n in found) == expected(
        before_last
    )
