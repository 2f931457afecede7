"""The sample agency's website: every session that its truth has, and no other, comes out of its tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
from voxpop.config import load_settings
from voxpop.sample_agency import ga4, web
from voxpop.sample_agency.agency import make_agency
from voxpop.sample_agency.clock import day_number
from voxpop.sample_agency.events import events_between
from voxpop.sample_agency.misbehavior import LEVELS

from .conftest import Website

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 10)


def test_sessions_are_those_of_the_truth(make_website: Callable[[], Website]) -> None:
    """Told from the visits themselves, by pandas: by browser and time, cut where half an hour passes."""
    agency = make_agency(load_settings({}).seeds)
    events = events_between(agency, FIRST, LAST)
    website = make_website()
    ga4.write_tables(agency, events, website.settings.home, LEVELS["not"])
    (website.settings.home / ga4.FOLDER).rename(website.settings.home / "tables")
    assert website.land()[0].quarantined == 0
    website.build()

    newest = web.last_table_day(LAST)
    visits = web.visits_of(agency, events.journeys, day_number(FIRST) - 1, newest)
    made = web.events_of(agency, visits)
    services = np.array([service.service_id for service in agency.catalogue.services])
    truth = pd.DataFrame(
        {
            "browser": web.cookies(agency, visits)[made.visit],
            "at": made.at_ms,
            "day": web.table_days(made.at_ms),
            "viewed": made.kind == web.PAGE_VIEW,
            "start": (made.kind == web.PAGE_VIEW) & (made.page == web.START),
            "done": (made.kind == web.PAGE_VIEW) & (made.page == web.DONE),
            "yes": (made.kind == web.VOTE) & web.helpful(agency, visits)[made.visit],
            "no": (made.kind == web.VOTE) & ~web.helpful(agency, visits)[made.visit],
            "program": visits.kind[made.visit] > 0,
            "service": services[visits.service[made.visit]],
        }
    )
    truth = truth[(truth["day"] >= day_number(FIRST)) & (truth["day"] <= newest) & (truth["browser"] != b"")]
    truth = truth.sort_values(["browser", "at"])
    begins = (truth["browser"] != truth["browser"].shift()) | (truth["at"].diff() >= 1_800_000)
    sessions = truth.groupby(begins.cumsum()).agg(
        start=("at", "min"),
        end=("at", "max"),
        events=("at", "size"),
        pages=("viewed", "sum"),
        started=("start", "any"),
        done=("done", "any"),
        yes=("yes", "sum"),
        no=("no", "sum"),
        program=("program", "any"),
    )
    expected = sorted(tuple(map(int, row)) for row in sessions.itertuples(index=False))
    found = website.rows(
        "select epoch_ms(started_at), epoch_ms(ended_at), event_count, pageview_count, "
        "is_task_started and not is_suspected_bot, is_task_done and not is_suspected_bot, "
        "helpful_yes_count, helpful_no_count, is_suspected_bot from intermediate.int_web_sessions"
    )
    found = sorted(tuple(map(int, row)) for row in found)
    assert len(expected) > 1_500
    people = [row for row in expected if not row[-1]]
    assert [row for row in found if not row[-1]] == people
    programs = [row for row in found if row[-1]]
    assert len(programs) == len(expected) - len(people) == 3, (
        "two Mondays' monitor and a Sunday's link checker"
    )
    nobody = website.rows("select count(*) from staging.stg_ga4__events where visitor_token is null")[0][0]
    total = website.rows("select count(*) from staging.stg_ga4__events")[0][0]
    assert total == sum(row[2] for row in expected) + nobody and nobody > 0
