"""The website's reports as DAP counts them: against the visits that they are of, and over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from fastapi.testclient import TestClient
from voxpop.raw.records import Window
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.clock import day_number
from voxpop.sample_agency.columns import take
from voxpop.sample_agency.dap import AGENCY, REPORTS, Reports
from voxpop.sample_agency.events import Events, events_between
from voxpop.sample_agency.misbehavior import LEVELS
from voxpop.sample_agency.serve import DAP, Credentials, Tools, make_app
from voxpop.sample_agency.web import PAGE_VIEW, VOTE, devices, events_of, visits_of
from voxpop.sources import dap
from voxpop.sources.connections import Connection
from voxpop.sources.dap.config import DapConfig, DapReport

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 14)


@pytest.fixture(scope="module")
def fortnight(agency: Agency) -> Events:
    """The first two weeks of June 2026."""
    return events_between(agency, FIRST, date(2026, 6, 15))


def rows(reports: Reports, report: str, first: date = FIRST, last: date = LAST) -> list[dict[str, Any]]:
    return [msgspec.json.decode(row) for row in reports.rows(report, first, last)]


def test_every_report_counts_the_visits_of_people(agency: Agency, fortnight: Events) -> None:
    reports = Reports(agency, fortnight, LEVELS["not"])
    visits = visits_of(agency, fortnight.journeys, day_number(FIRST), day_number(LAST))
    visits = take(visits, np.flatnonzero(visits.kind == 0))
    made = events_of(agency, visits)
    expected = Counter((visits.day - day_number(FIRST)).tolist())

    domain = rows(reports, "domain")
    assert [row["date"] for row in domain] == [f"2026-06-{day:02}" for day in range(14, 0, -1)]
    assert [int(row["visits"]) for row in domain] == [expected[day] for day in range(13, -1, -1)]
    assert sum(int(row["pageviews"]) for row in domain) == int((made.kind == PAGE_VIEW).sum())
    assert all(int(row["users"]) <= int(row["visits"]) for row in domain)
    assert all(0 < float(row["bounce_rate"]) < 1 for row in domain)

    device = rows(reports, "device")
    names = ("desktop", "mobile", "tablet")
    by_device = Counter(np.array(names)[devices(agency, visits)].tolist())
    found: Counter[str] = Counter()
    for row in device:
        found[row["device"]] += int(row["visits"])
    assert found == by_device

    votes = rows(reports, "was-this-page-helpful")
    assert sum(int(row["total_events"]) for row in votes) == int((made.kind == VOTE).sum()) > 50
    assert {row["event_label"] for row in votes} == {"yes", "no"}

    pages = rows(reports, "top-pages")
    assert {day: len(list(of)) for day, of in _by_day(pages).items()} == {row["date"]: 10 for row in domain}
    for of_day in _by_day(pages).values():
        counts = [int(row["pageviews"]) for row in of_day]
        assert counts == sorted(counts, reverse=True)


def _by_day(found: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    days: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        days.setdefault(row["date"], []).append(row)
    return days


def test_a_day_made_alone_is_the_same(agency: Agency, fortnight: Events) -> None:
    together, alone = (Reports(agency, fortnight, LEVELS["a-little"]) for _ in range(2))
    day = date(2026, 6, 9)
    for report in REPORTS:
        whole = [row for row in rows(together, report) if row["date"] == day.isoformat()]
        assert rows(alone, report, day, day) == whole != []


def test_the_last_three_days_are_corrected_and_no_others(agency: Agency, fortnight: Events) -> None:
    """Counted at the end of June 12 and of June 15, by a tool that shows much late."""
    early = Reports(agency, events_between(agency, FIRST, date(2026, 6, 12)), LEVELS["a-lot"])
    later = Reports(agency, fortnight, LEVELS["a-lot"])
    before, after = (
        {row["date"]: int(row["visits"]) for row in rows(reports, "domain", FIRST, date(2026, 6, 12))}
        for reports in (early, later)
    )
    changed = {day for day in before if before[day] != after[day]}
    newest = max(before)
    assert changed and changed <= {f"2026-06-{day:02}" for day in (9, 10, 11, 12)}
    assert newest in changed
    assert all(before[day] <= after[day] for day in before)


@pytest.fixture(scope="module")
def client(agency: Agency, fortnight: Events) -> TestClient:
    credentials = Credentials(api_key="the-key", client_id="c", client_secret="s")
    app = make_app(Tools(agency, fortnight, LEVELS["not"], frozenset(), credentials))
    return TestClient(app, base_url="http://agency", headers={"x-api-key": "the-key"})


def asked(client: TestClient, path: str, **query: Any) -> httpx.Response:
    return client.get(f"{DAP}/{path}/data", params=query)


def test_pages_are_bare_arrays_of_at_most_ten_thousand(client: TestClient) -> None:
    path = f"agencies/{AGENCY}/reports/top-pages"
    window = {"after": "2026-06-03", "before": "2026-06-05"}
    whole = asked(client, path, **window).json()
    assert {row["date"] for row in whole} == {"2026-06-03", "2026-06-04", "2026-06-05"}
    pages = [asked(client, path, **window, limit=12, page=number).json() for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [12, 12, 6, 0]
    assert [row for page in pages for row in page] == whole
    assert asked(client, path, **window, limit=50_000).json() == whole
    assert asked(client, "agencies/nobody/reports/device").json() == []
    assert asked(client, f"agencies/{AGENCY}/reports/nothing").json() == []
    assert asked(client, "domain/www.dps.example.gov/reports/device").status_code == 400
    assert asked(client, path, after="June").status_code == 400
    wrong = client.get(f"{DAP}/{path}/data", headers={"x-api-key": "another"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "API_KEY_INVALID")


def test_the_connector_reads_every_row_once(client: TestClient, agency: Agency, fortnight: Events) -> None:
    """By answers of 7 rows, fewer than a day of pages has; a few requests are turned away."""
    config = DapConfig(
        name="dap",
        kind="dap",
        connection="dap",
        repull_days=3,
        page_size=7,
        reports=tuple(DapReport(report=report, agency=AGENCY) for report in REPORTS),
    )

    def answer(request: httpx.Request) -> httpx.Response:
        found = client.get(request.url.raw_path.decode(), headers=dict(request.headers))
        return httpx.Response(found.status_code, content=found.content)

    connection = Connection(base_url=f"http://agency{DAP}", api_key="the-key")
    window = Window(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 15, tzinfo=UTC))
    with dap.connect(config, connection, transport=httpx.MockTransport(answer)) as source:
        landed = list(_records(source, window))
    reports = Reports(agency, fortnight, LEVELS["not"])
    served = [row for report in REPORTS for row in reports.rows(report, FIRST, LAST)]
    assert sorted(landed) == sorted(served)


def _records(source: dap.client.Dap, window: Window) -> Iterator[bytes]:
    for page in source.pages("reports", window, None):
        records, rejected = source.parse("reports", page)
        assert rejected == []
        yield from (record.payload for record in records)
