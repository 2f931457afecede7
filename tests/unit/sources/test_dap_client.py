"""DAP over HTTP: from the newest day to the oldest, whatever shifts meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from voxpop.errors import ConfigError, SourceError, SourceUnavailable
from voxpop.raw.records import Record, Window
from voxpop.sources import dap
from voxpop.sources.connections import Connection
from voxpop.sources.dap.client import Dap
from voxpop.sources.dap.config import DapConfig, DapReport
from voxpop.sources.protocol import Page

KEY = "key-9f8e7d"
CONNECTION = Connection(base_url="https://api.example.gov/analytics/dap/v2", api_key=KEY)
WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 9, tzinfo=UTC))


def config(*reports: str, page_size: int = 4) -> DapConfig:
    return DapConfig(
        name="dap",
        kind="dap",
        connection="dap",
        repull_days=3,
        page_size=page_size,
        reports=tuple(DapReport(report=report, agency="va") for report in reports),
    )


class Tool:
    """Reports, served as the tool does; `meanwhile` runs before each answer."""

    def __init__(self, **reports: dict[int, int]) -> None:
        """Take each report's days of January 2026 → how many rows the day has."""
        self.rows = {
            name: [
                _row(name, day, number) for day in sorted(days, reverse=True) for number in range(days[day])
            ]
            for name, days in reports.items()
        }
        self.requests: list[httpx.Request] = []
        self.meanwhile: Callable[[int], None] = lambda request_number: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.meanwhile(len(self.requests))
        if request.headers.get("x-api-key") != KEY:
            return httpx.Response(
                403, json={"error": {"code": "API_KEY_INVALID", "message": "An invalid key"}}
            )
        *_, agencies, agency, reports, name, data = request.url.path.split("/")
        assert (agencies, agency, reports, data) == ("agencies", "va", "reports", "data")
        asked = request.url.params
        rows = [row for row in self.rows[name] if asked["after"] <= row["date"] <= asked["before"]]
        page, limit = int(asked["page"]), int(asked["limit"])
        return httpx.Response(200, json=rows[(page - 1) * limit : page * limit])

    def asked(self) -> list[tuple[str, str, str, int]]:
        """Report, first day, last day and page of each request."""
        found = []
        for request in self.requests:
            params = request.url.params
            report = request.url.path.split("/")[-2]
            found.append((report, params["after"][-2:], params["before"][-2:], int(params["page"])))
        return found


def _row(report: str, day: int, number: int) -> dict[str, Any]:
    return {
        "id": 1000 * day + number,
        "date": f"2026-01-{day:02}",
        "report_name": report,
        "report_agency": "va",
        "device": f"device {number}",
        "visits": str(10 * day + number),
    }


def opened(tool: Any, time: Any, *reports: str, page_size: int = 4) -> AbstractContextManager[Dap]:
    return dap.connect(
        config(*reports, page_size=page_size),
        CONNECTION,
        patience=time.patience(),
        transport=httpx.MockTransport(tool),
    )


def landed(source: Dap, pages: Iterable[Page]) -> list[Record]:
    return [record for page in pages for record in source.parse("reports", page)[0]]


def payloads(records: Iterable[Record]) -> list[str]:
    return sorted(record.payload.decode() for record in records)


def of(tool: Tool, report: str) -> list[str]:
    return sorted(json.dumps(row, separators=(",", ":")) for row in tool.rows[report])


def test_a_window_that_fits_one_answer_is_one_request(time: Any) -> None:
    tool = Tool(device={5: 1, 6: 1, 8: 1}, domain={})
    with opened(tool, time, "device", "domain") as source:
        assert source.streams() == ("reports",)
        pages = list(source.pages("reports", WINDOW, None))
        records = landed(source, pages)
    assert tool.asked() == [("device", "05", "08", 1), ("domain", "05", "08", 1)]
    assert payloads(records) == of(tool, "device")
    assert [page.cursor is None for page in pages] == [False, True]
    assert all(KEY not in str(request.url) for request in tool.requests)
    assert tool.requests[0].url.params["limit"] == "4"


def test_a_full_answer_is_asked_on_from_the_day_on_which_it_broke_off(time: Any) -> None:
    tool = Tool(device={5: 2, 6: 3, 7: 1, 8: 2})
    with opened(tool, time, "device") as source:
        records = landed(source, source.pages("reports", WINDOW, None))
    # day 8 (2), 7 (1) and a part of 6; then 6 (3) and a part of 5; then 5
    assert tool.asked() == [("device", "05", "08", 1), ("device", "05", "06", 1), ("device", "05", "05", 1)]
    assert payloads(records) == of(tool, "device")  # each once


def test_a_day_that_fills_an_answer_is_read_by_its_pages_and_each_page_is_looked_at_again(time: Any) -> None:
    tool = Tool(device={5: 1, 7: 9, 8: 1})
    with opened(tool, time, "device") as source:
        records = landed(source, source.pages("reports", WINDOW, None))
    assert tool.asked() == [
        ("device", "05", "08", 1),
        ("device", "05", "07", 1),  # day 7 alone fills it
        *(("device", "07", "07", page) for page in (1, 2, 1, 3, 2)),
        ("device", "05", "06", 1),
    ]
    assert payloads(records) == of(tool, "device")


def test_every_cursor_resumes_where_its_page_ended(time: Any) -> None:
    tool = Tool(device={5: 2, 6: 9, 7: 1, 8: 2}, domain={5: 5, 6: 3})
    with opened(tool, time, "device", "domain") as source:
        pages = list(source.pages("reports", WINDOW, None))
        everything = payloads(landed(source, pages))
        assert everything == sorted(of(tool, "device") + of(tool, "domain"))
        for taken, page in enumerate(pages[:-1], start=1):
            rest = list(source.pages("reports", WINDOW, json.loads(json.dumps(page.cursor))))
            assert payloads(landed(source, pages[:taken] + rest)) == everything


@pytest.mark.parametrize("before_request", range(2, 9))
@pytest.mark.parametrize("change", ["delete", "insert", "revise", "rewrite"])
def test_rows_that_shift_meanwhile_are_not_lost(time: Any, before_request: int, change: str) -> None:
    """The first rows of the newest day and of the one that is read by pages go, come or change."""
    tool = Tool(device={5: 3, 6: 10, 7: 2, 8: 3})

    def shift(request_number: int) -> None:
        if request_number != before_request:
            return
        rows = tool.rows["device"]
        for day in (8, 6):
            at = next(place for place, row in enumerate(rows) if row["date"] == f"2026-01-{day:02}")
            if change == "delete":
                del rows[at]
            elif change == "insert":
                rows.insert(at, _row("device", day, 99))
            elif change == "revise":
                rows[at] = rows[at] | {"visits": "999"}
            else:  # as a corrected row is written anew: with a later id, so at its day's end
                of_day = [row for row in rows if row["date"] == rows[at]["date"]]
                rows.insert(at + len(of_day), rows[at] | {"id": 99_999, "visits": "999"})
                del rows[at]

    tool.meanwhile = shift
    with opened(tool, time, "device") as source:
        found = {record.record_id for record in landed(source, source.pages("reports", WINDOW, None))}
    standing = {_id(row) for row in tool.rows["device"]}
    days = {5: 3, 6: 10, 7: 2, 8: 3}
    untouched = {_id(_row("device", day, number)) for day in days for number in range(1, days[day])}
    assert untouched <= found
    assert {row_id for row_id in standing if '"device 99"' not in row_id} <= found


def _id(row: dict[str, Any]) -> str:
    return f'["{row["report_name"]}","va","{row["date"]}",["device","{row["device"]}"]]'


def test_by_page_numbers_alone_a_row_would_be_lost() -> None:
    """The case above has teeth: a row that goes moves another from a page to come onto one that was read."""
    tool = Tool(device={7: 8})
    first, last = list(tool.rows["device"]), []
    for page in (1, 2):
        if page == 2:
            del tool.rows["device"][0]
        params = {"after": "2026-01-07", "before": "2026-01-07", "page": page, "limit": 4}
        url = "https://x/agencies/va/reports/device/data"
        last += tool(httpx.Request("GET", url, params=params, headers={"x-api-key": KEY})).json()
    assert [row["device"] for row in first if row not in last] == ["device 4"]


def test_a_day_that_never_rests_is_given_up(time: Any) -> None:
    tool = Tool(device={7: 9})
    tool.meanwhile = lambda number: tool.rows["device"].insert(0, _row("device", 7, 100 + number))
    with (
        opened(tool, time, "device") as source,
        pytest.raises(
            SourceUnavailable, match=r'"agencies/va/reports/device": the rows of 2026-01-07 are being'
        ),
    ):
        list(source.pages("reports", WINDOW, None))
    assert len(tool.requests) < 30


def test_another_order_than_the_newest_day_first_is_refused(time: Any) -> None:
    tool = Tool(device={5: 2, 6: 2})
    tool.rows["device"].reverse()
    with (
        opened(tool, time, "device") as source,
        pytest.raises(SourceError, match="not in the agreed order, the newest day first"),
    ):
        list(source.pages("reports", WINDOW, None))


def test_an_answer_that_is_no_array_is_another_shape(time: Any) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"message": "hello"}))
    other = dap.connect(config("device"), CONNECTION, patience=time.patience(), transport=transport)
    with other as source, pytest.raises(SourceError, match="another shape than agreed"):
        list(source.pages("reports", WINDOW, None))


def test_a_wrong_key_is_refused_with_the_tools_words(time: Any) -> None:
    wrong = Connection(base_url=CONNECTION.base_url, api_key="another")
    refused = dap.connect(
        config("device"), wrong, patience=time.patience(), transport=httpx.MockTransport(Tool(device={}))
    )
    with (
        refused as source,
        pytest.raises(SourceError, match=r'403 Forbidden "An invalid key"\. Set the connection'),
    ):
        list(source.pages("reports", WINDOW, None))


def test_a_connection_without_a_key_is_named() -> None:
    with (
        pytest.raises(ConfigError, match=r'dap: the connection "dap" has no api_key'),
        dap.connect(config("device"), Connection(base_url="https://x.gov")),
    ):
        pass


@pytest.mark.parametrize(
    ("report", "path"),
    [
        ({"report": "device"}, "reports/device"),
        ({"report": "site", "domain": "www.va.gov"}, "domain/www.va.gov/reports/site"),
        ({"report": "../x?y", "agency": "a/b"}, "agencies/a%2Fb/reports/..%2Fx%3Fy"),
    ],
)
def test_where_a_report_is(report: dict[str, str], path: str) -> None:
    assert DapReport(**report).path == path


def test_a_report_whose_short_page_is_not_the_last_is_not_taken() -> None:
    with pytest.raises(ValueError, match="of one domain there are the reports site"):
        DapReport(report="download", domain="www.va.gov")
    with pytest.raises(ValueError, match="agency or domain, not both"):
        DapReport(report="site", domain="www.va.gov", agency="va")


def test_a_windows_days_are_whole(time: Any) -> None:
    tool = Tool(device={})
    window = Window(datetime(2026, 1, 5, 13, tzinfo=UTC), datetime(2026, 1, 6, 0, 0, 1, tzinfo=UTC))
    with opened(tool, time, "device") as source:
        list(source.pages("reports", window, None))
    assert tool.asked() == [("device", "05", "06", 1)]
    assert date(2026, 1, 6) == datetime(2026, 1, 6, 0, 0, 1, tzinfo=UTC).date()
