"""The sample agency's website as it truly was: visits, their pages and votes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from voxpop.config import load_settings
from voxpop.sample_agency import web
from voxpop.sample_agency.agency import Agency, make_agency
from voxpop.sample_agency.clock import day_number
from voxpop.sample_agency.draws import Draws
from voxpop.sample_agency.events import events_between
from voxpop.sample_agency.ga4 import HOST


@dataclass(frozen=True)
class Website:
    """The website's true visits, and what happened on them.

    Attributes:
        agency: whose website.
        visits: those from the day before `first` to 30 days after `last`.
        made: their events.
        first: the period's first day.
        last: its last day.
    """

    agency: Agency
    visits: web.Visits
    made: web.WebEvents
    first: date
    last: date

    @property
    def is_inside_period(self) -> np.ndarray:
        """Of each visit whether a person began it in the period, by the website's clock."""
        days = self.visits.day
        is_inside = (days >= day_number(self.first)) & (days <= day_number(self.last))
        return is_inside & (self.visits.kind == 0)

    @property
    def paths(self) -> np.ndarray:
        """Address of each service's pages, in the order of `web.PAGES`."""
        services = [f"/services/{service.service_id}" for service in self.agency.catalogue.services]
        return np.array([[HOST + page.format(one) for page in web.PAGES] for one in services])


def website_around(first: date, last: date) -> Website:
    """The website of these days; a journey that began on one of them may have visits after the last."""
    agency = make_agency(load_settings({}).seeds)
    before, after = first - timedelta(days=1), last + timedelta(days=30)
    journeys = events_between(agency, before, after).journeys
    visits = web.visits_of(agency, journeys, day_number(before), day_number(after))
    return Website(agency, visits, web.events_of(agency, visits), first, last)


def true_votes(website: Website) -> pd.DataFrame:
    """One row per vote that a source has in the period: source_system, page and is_helpful."""
    agency, visits, made = website.agency, website.visits, website.made
    votes = pd.DataFrame(
        {
            "page": website.paths[visits.service[made.visit], made.page],
            "is_helpful": web.helpful(agency, visits)[made.visit],
            "is_inside_period": website.is_inside_period[made.visit],
            # by the agency's clock; the website's own is three hours behind
            "voted_at": pd.to_datetime(made.at_ms, unit="ms", utc=True).tz_convert("America/New_York"),
            "vanishes": Draws(made.key).happens("vanishes", agency.causes.web.vanishes),
        }
    )[made.kind == web.VOTE]
    of_events = ~votes["vanishes"] & votes["voted_at"].dt.date.between(website.first, website.last)
    return pd.concat(
        [
            votes[votes["is_inside_period"]].assign(source_system="dap"),
            votes[of_events].assign(source_system="web"),
        ]
    )
