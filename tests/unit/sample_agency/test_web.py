"""The website of the sample agency: who comes, and the tables of it that are exported."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from voxpop.sample_agency import web
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.clock import day_number
from voxpop.sample_agency.events import Events, events_between
from voxpop.sample_agency.ga4 import write_tables
from voxpop.sample_agency.misbehavior import LEVELS

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 14)
NEWEST = date(2026, 6, 13)
"""In Los Angeles the last day goes on when it is over in UTC."""


@pytest.fixture(scope="module")
def events(agency: Agency) -> Events:
    return events_between(agency, FIRST, LAST)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_visits_before_a_contact_begin_before_it_and_on_the_journeys_day(
    agency: Agency, events: Events
) -> None:
    visits = web.visits_of(agency, events.journeys, day_number(FIRST), day_number(NEWEST))
    place = {key: number for number, key in enumerate(events.journeys.key.tolist())}
    starts = dict(
        zip(
            events.conversations.journey[events.conversations.number == 0].tolist(),
            events.conversations.start_ms[events.conversations.number == 0].tolist(),
            strict=True,
        )
    )
    looked_at = 0
    for key, start, day in zip(
        visits.journey.tolist(), visits.start_ms.tolist(), visits.day.tolist(), strict=True
    ):
        if key:
            journey = place[key]
            assert events.journeys.on_website[journey]
            assert events.journeys.day[journey] == day
            if journey in starts:
                looked_at += 1
                assert start < starts[journey]
    assert looked_at > 200
    assert (visits.journey == 0).mean() > 0.7, "most people never call"


def test_any_days_visits_are_the_same_whatever_others_are_made(agency: Agency, events: Events) -> None:
    day = day_number(date(2026, 6, 7))
    alone = web.visits_of(agency, events.journeys, day, day)
    among = web.visits_of(agency, events.journeys, day - 3, day + 3)
    assert sorted(alone.key.tolist()) == sorted(among.key[among.day == day].tolist())
    assert {0, 1} == set(alone.kind.tolist()), "the link checker comes on Sundays"


def test_people_have_several_browsers_and_households_share_some(agency: Agency, events: Events) -> None:
    visits = web.visits_of(agency, events.journeys, day_number(FIRST) - 40, day_number(NEWEST))
    known = visits.person >= 0
    cookies = web.cookies(agency, visits)
    people_of: dict[bytes, set[int]] = {}
    cookies_of: dict[int, set[bytes]] = {}
    for person, cookie in zip(visits.person[known].tolist(), cookies[known].tolist(), strict=True):
        if cookie:
            people_of.setdefault(cookie, set()).add(person)
            cookies_of.setdefault(person, set()).add(cookie)
    assert sum(len(people) > 1 for people in people_of.values()) > 10
    assert sum(len(several) > 1 for several in cookies_of.values()) > 100
    assert 0 < (cookies == b"").mean() < 0.05


def test_tables_are_written_anew_while_they_change(agency: Agency, events: Events, tmp_path: Path) -> None:
    level = LEVELS["a-lot"]
    days = [FIRST + timedelta(days=number) for number in range((NEWEST - FIRST).days + 1)]
    written = write_tables(agency, events, tmp_path, level)
    assert [path.name for path in written] == [f"events_{day:%Y%m%d}.ndjson.gz" for day in days]
    before = {path.name: read(path) for path in written}
    assert write_tables(agency, events, tmp_path, level) == []
    for number in range(1, 5):
        later = events_between(agency, FIRST, LAST + timedelta(days=number))
        changed = write_tables(agency, later, tmp_path, level)
        newest = NEWEST + timedelta(days=number)
        oldest = newest - timedelta(days=3)
        assert {path.name for path in changed} <= {
            f"events_{oldest + timedelta(days=more):%Y%m%d}.ndjson.gz" for more in range(4)
        }
        assert len(changed) == 4
    name = f"events_{NEWEST:%Y%m%d}.ndjson.gz"
    texts = [
        {json.dumps(one) for one in version} for version in (before[name], read(tmp_path / "web" / name))
    ]
    assert len(texts[1] - texts[0]) > 20, "late events"
    assert len(texts[0] - texts[1]) > 0, "events that are gone"
    assert len(before[name]) > len(texts[0]), "events that are there twice"


def test_an_event_is_as_the_export_writes_it(agency: Agency, events: Events, tmp_path: Path) -> None:
    paths = write_tables(agency, events, tmp_path, LEVELS["not"])
    found = [one for path in paths for one in read(path)]
    assert {one["event_name"] for one in found} == {
        "session_start",
        "page_view",
        "user_engagement",
        "page_helpful",
    }
    keys = set()
    for one in found:
        assert one["event_timestamp"].isdecimal()
        assert all(isinstance(value, str) for each in one["event_params"] for value in each["value"].values())
        keys |= {(each["key"], next(iter(each["value"]))) for each in one["event_params"]}
    assert ("session_engaged", "int_value") in keys
    repeated = [
        one for one in found if [each["key"] for each in one["event_params"]].count("page_location") > 1
    ]
    assert repeated
    accounts = {one["user_id"] for one in found if "user_id" in one}
    assert accounts <= {account.decode() for account in agency.people.account.tolist()}
    assert len(accounts) > 50
    assert sum("user_pseudo_id" not in one for one in found) > 10
    text = "".join(json.dumps(one) for one in found)
    assert "utm_source" in text and "email=" in text, "queries that staging has to leave out"


def test_a_task_is_done_more_often_where_it_is_easy(agency: Agency, events: Events) -> None:
    """The chance follows the service's ease: at 4.2 it is 0.74, at 3.5 it is 0.59."""
    visits = web.visits_of(agency, events.journeys, day_number(FIRST) - 40, day_number(NEWEST))
    ease = np.array([cause.baseline[1] for cause in agency.service_causes])[visits.service]
    begins = (visits.plan >= 6) & (visits.journey == 0) & (visits.kind == 0)
    easy, hard = begins & (ease >= 3.9), begins & (ease <= 3.6)
    assert easy.sum() > 300 and hard.sum() > 300
    assert visits.is_done[easy].mean() > visits.is_done[hard].mean() + 0.03


def test_people_sign_in_to_see_their_own_case(agency: Agency, events: Events) -> None:
    """Nine of ten known people there; elsewhere only some of those with a task or a status."""
    visits = web.visits_of(agency, events.journeys, day_number(FIRST) - 40, day_number(NEWEST))
    made = web.events_of(agency, visits)
    signed_in = np.zeros(len(visits.key), dtype=bool)
    signed_in[made.visit[made.is_signed_in]] = True
    behind, is_known = web.is_behind_sign_in(agency, visits.service), visits.person >= 0
    people = visits.kind == 0
    assert (behind & people).sum() > 2000
    assert is_known[behind & people].mean() == pytest.approx(0.92, abs=0.02)
    assert signed_in[behind & is_known].mean() == pytest.approx(0.9, abs=0.02)
    assert signed_in[behind & ~is_known].sum() == 0
    assert signed_in[~behind & is_known].mean() < 0.25
