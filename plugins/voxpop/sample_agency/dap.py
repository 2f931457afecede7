"""The website's traffic as the Digital Analytics Program counts it: reports of days.

It is the traffic that the GA4 export has single events of, counted in another way: a visit counts on the day
on which it began, also where cookies are refused, and as one where a pause makes two sessions of it; programs
are known and left out. So its figures are near those of the export, and not the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import msgspec
import numpy as np

from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.clock import day_number, day_of
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.draws import Flags, Ints
from voxpop.sample_agency.events import Events
from voxpop.sample_agency.ga4 import HOST
from voxpop.sample_agency.misbehavior import Misbehavior, late_days
from voxpop.sample_agency.web import (
    PAGE_VIEW,
    PAGES,
    VOTE,
    Visits,
    WebEvents,
    cookies,
    devices,
    events_of,
    helpful,
    last_table_day,
    visits_of,
)

AGENCY = "public-services"
REPORTS = ("domain", "device", "top-pages", "was-this-page-helpful")
_DEVICES = ("desktop", "mobile", "tablet")
_PAGES_A_DAY = 10
_IDS_A_DAY = 1000


@dataclass
class Reports:
    """All reports as they stand when `events` end; the last three days lack the visits that come late."""

    agency: Agency
    events: Events
    misbehavior: Misbehavior
    _days: dict[int, dict[str, list[bytes]]] = field(default_factory=dict)

    def rows(self, report: str, after: date, before: date) -> list[bytes]:
        """A report's rows as JSON texts, the newest day first.

        Args:
            report: one of `REPORTS`.
            after: the first day, included.
            before: the last day, included.
        """
        newest = last_table_day(self.events.last)
        first = max(day_number(after), day_number(self.agency.causes.history_starts))
        last = min(day_number(before), newest)
        missing = [day for day in range(first, last + 1) if day not in self._days]
        if missing:
            self._days.update(self._made(missing[0], missing[-1], newest))
        return [row for day in range(last, first - 1, -1) for row in self._days[day][report]]

    def _made(self, first: int, last: int, newest: int) -> dict[int, dict[str, list[bytes]]]:
        visits = visits_of(self.agency, self.events.journeys, first, last)
        late = late_days(visits.key, self.misbehavior)
        known = (
            (visits.kind == 0) & (visits.day >= first) & (visits.day <= last) & (visits.day + late <= newest)
        )
        visits = take(visits, np.flatnonzero(known))
        made = events_of(self.agency, visits)
        rows = {
            "domain": _domains(self.agency, visits, made, first, last),
            "device": _devices(self.agency, visits, first, last),
            "top-pages": _pages(self.agency, visits, made, first),
            "was-this-page-helpful": _votes(self.agency, visits, made, first),
        }
        found: dict[int, dict[str, list[bytes]]] = {
            day: {report: [] for report in REPORTS} for day in range(first, last + 1)
        }
        for report, of_days in rows.items():
            for day, counted in of_days:
                of_day = found[day][report]
                about = {
                    # a day's rows are numbered anew with each correction
                    "id": (day * len(REPORTS) + REPORTS.index(report)) * _IDS_A_DAY + len(of_day),
                    "date": day_of(day).isoformat(),
                    "report_name": report,
                    "report_agency": AGENCY,
                }
                of_day.append(msgspec.json.encode(about | counted))
        return found


_Row = tuple[int, dict[str, str]]


def _domains(agency: Agency, visits: Visits, made: WebEvents, first: int, last: int) -> Iterator[_Row]:
    count = last - first + 1
    day = visits.day - first
    views = np.bincount(made.visit[made.kind == PAGE_VIEW], minlength=len(day))
    front = np.bincount(made.visit, weights=made.front_ms, minlength=len(day))
    all_visits = np.bincount(day, minlength=count)
    pageviews = np.bincount(day, weights=views, minlength=count)
    bounces = np.bincount(day, weights=(views == 1) & (front < 10_000), minlength=count)
    browsers = cookies(agency, visits)
    pairs = np.unique(np.stack([day, np.unique(browsers, return_inverse=True)[1]]), axis=1)
    users = np.bincount(pairs[0], minlength=count)
    for place in np.flatnonzero(all_visits).tolist():
        yield (
            first + place,
            {
                "domain": HOST,
                "visits": str(all_visits[place]),
                "users": str(users[place]),
                "pageviews": str(int(pageviews[place])),
                "pageviews_per_session": str(pageviews[place] / all_visits[place]),
                "bounce_rate": str(bounces[place] / all_visits[place]),
            },
        )


def _devices(agency: Agency, visits: Visits, first: int, last: int) -> Iterator[_Row]:
    code = (visits.day - first) * len(_DEVICES) + devices(agency, visits)
    counts = np.bincount(code, minlength=(last - first + 1) * len(_DEVICES)).reshape(-1, len(_DEVICES))
    for place, of_day in enumerate(counts.tolist()):
        for number in sorted(range(len(_DEVICES)), key=lambda each: -of_day[each]):
            if of_day[number]:
                yield first + place, {"device": _DEVICES[number], "visits": str(of_day[number])}


def _pages(agency: Agency, visits: Visits, made: WebEvents, first: int) -> Iterator[_Row]:
    """Each day's most viewed pages."""
    viewed = made.kind == PAGE_VIEW
    code, paths = _places(agency, visits, made, first, viewed)
    places, pageviews = np.unique(code, return_counts=True)
    visit_of = np.unique(np.stack([code, made.visit[viewed]]), axis=1)[0]
    of_visits = np.bincount(np.searchsorted(places, visit_of), minlength=len(places))
    day, page = np.divmod(places, len(paths))
    order = np.lexsort((page, -pageviews, day))
    number = np.arange(len(order)) - np.searchsorted(day[order], day[order])
    for at in order[number < _PAGES_A_DAY].tolist():
        yield (
            first + int(day[at]),
            {
                "domain": HOST,
                "page": f"{HOST}{paths[page[at]]}",
                "visits": str(of_visits[at]),
                "pageviews": str(pageviews[at]),
            },
        )


def _votes(agency: Agency, visits: Visits, made: WebEvents, first: int) -> Iterator[_Row]:
    voted = made.kind == VOTE
    code, paths = _places(agency, visits, made, first, voted)
    is_yes = helpful(agency, visits)[made.visit[voted]]
    answers, counts = np.unique(2 * code + is_yes, return_counts=True)
    for answer, votes in zip(answers.tolist(), counts.tolist(), strict=True):
        day, page = divmod(answer // 2, len(paths))
        yield (
            first + day,
            {
                "event_label": "yes" if answer % 2 else "no",
                "page": f"{HOST}{paths[page]}",
                "total_events": str(votes),
            },
        )


def _places(
    agency: Agency, visits: Visits, made: WebEvents, first: int, chosen: Flags
) -> tuple[Ints, list[str]]:
    """Day and page of these events as one number each, and the pages' paths."""
    services = [f"/services/{service.service_id}" for service in agency.catalogue.services]
    every = [[page.format(one) for page in PAGES] for one in services]
    paths = sorted({path for of_service in every for path in of_service})
    known = np.array([[paths.index(path) for path in of_service] for of_service in every])
    visit = made.visit[chosen]
    page = known[visits.service[visit], made.page[chosen]]
    return (visits.day[visit] - first) * len(paths) + page, paths
