"""The page says what the public tables say, withholds what they withhold, and asks nothing of the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from voxpop.report import figures, render

MANIFEST: dict[str, Any] = {
    "release_id": "20260701T060000Z-0123abcd",
    "batches": [{"source": "touchpoints"}, {"source": "genesys"}, {"source": "genesys"}],
    "late_sources": [
        {"source": "touchpoints", "newest": "2026-06-28", "expected": "2026-06-30"},
        {"source": "kiosk_surveys", "newest": None, "expected": "2026-06-30"},
    ],
}


def cell(
    label: str,
    place: str,
    measure: str,
    n: int | None,
    value: float | None,
    low: float | None,
    high: float | None,
) -> tuple[Any, ...]:
    """A row of cx_index: `2026Q3`, `service/a`, `likert_5/mean/trust`, then the figure."""
    starts = {"2026Q2": "2026-01-01", "2026Q3": "2026-04-01", "2026Q4": "2026-07-01"}
    period = ("quarter", starts[label]) if label in starts else ("month", f"{label}-01")
    is_low_n = n is not None and n < 30
    return (*period, label, *place.split("/"), *measure.split("/"), n, value, low, high, n is None, is_low_n)


INDEX = "likert_5/cx_index/all"
CELLS = [
    cell("2026Q2", "all/all", INDEX, 2650, 72.0, 71.3, 72.7),
    cell("2026Q3", "all/all", INDEX, 2711, 74.25, 73.5, 74.96),
    cell("2026Q4", "all/all", INDEX, 12, 99.0, 90.0, 99.9),
    cell("2026Q3", "all/all", "likert_5/mean/trust", 2700, 3.675, 3.6, 3.75),
    cell("2026Q3", "all/all", "likert_5/mean/ease", 2690, 3.9, 3.85, 3.95),
    cell("2026Q3", "all/all", "thumbs/thumbs_up/trust", 400, 0.7125, 0.667, 0.755),
    cell("2026-04", "all/all", INDEX, 900, 73.0, 72.0, 74.0),
    cell("2026-05", "all/all", INDEX, None, None, None, None),
    cell("2026-06", "all/all", INDEX, 905, 75.0, 74.0, 76.0),
    cell("2026Q3", "service/a", INDEX, 1500, 76.0, 75.0, 77.0),
    cell("2026Q3", "service/b", INDEX, 21, 64.0, 55.0, 72.0),
    cell("2026Q3", "service/c", INDEX, None, None, None, None),
    cell("2026Q3", "channel/phone", INDEX, 800, 71.0, 70.0, 72.0),
]


@pytest.fixture
def marts(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that the page reads, filled by hand: two quarters, three services, one of them withheld."""
    connection = duckdb.connect(str(tmp_path / "voxpop.duckdb"))
    connection.execute(
        """
        create schema marts;
        create table marts.dim_organizations as select 'dps' as organization_id,
            'Department of <Public> Services' as organization_name, null::varchar as parent_organization_id;
        create table marts.dim_services as select * from (values ('a', 'Get a passport'),
            ('b', 'Trace a refund'), ('c', 'Vital records')) t(service_id, service_name);
        create table marts.dim_channels as select 'phone' as channel, 'Phone' as channel_name;
        create table marts.dim_dates as
            select d::date as date_day, date '2026-01-01' as quarter_start, '2026Q2' as fiscal_quarter
            from range(date '2026-01-01', date '2026-04-01', interval 1 day) t(d)
            union all
            select d::date, date '2026-04-01', '2026Q3'
            from range(date '2026-04-01', date '2026-07-01', interval 1 day) t(d)
            union all
            select d::date, date '2026-07-01', '2026Q4'
            from range(date '2026-07-01', date '2026-10-01', interval 1 day) t(d);
        create table marts.fct_survey_responses as select date '2026-07-01' as answered_local_date;
        create table marts.fct_interactions as select date '2026-06-30' as started_local_date;
        create table marts.cx_index(period_type varchar, period_start date, period_label varchar,
            breakdown varchar, member varchar, scale varchar, measure varchar, driver varchar, n bigint,
            value double, low double, high double, interval_kind varchar, suppressed boolean, low_n boolean);
        create table marts.contact_center_performance as select 'quarter' as period_type,
            '2026Q3' as period_label, 'channel' as breakdown, 'phone' as member, 'genesys' as source_system,
            44466 as offered, 43002 as handled, 1464 as abandoned, 1464 / 44466 as abandonment_share,
            0.0313 as abandonment_low, 0.0346 as abandonment_high, 48.4 as average_speed_of_answer_seconds,
            null::double as average_handle_seconds, null::double as service_level_share,
            null::double as service_level_low, null::double as service_level_high,
            null::double as transfer_share, null::double as transfer_low, null::double as transfer_high,
            false as suppressed, false as low_n;
        """
    )
    connection.executemany(
        "insert into marts.cx_index values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'indicative', ?, ?)", CELLS
    )
    yield connection
    connection.close()


def test_rounding_is_half_away_from_zero() -> None:
    # 2.675 is a little less than that in binary; a reader rounds what is printed
    cases = [
        (2.675, 2, "2.68"),
        (-2.675, 2, "-2.68"),
        (74.25, 1, "74.3"),
        (0.5, 0, "1"),
        (44466.0, 0, "44,466"),
    ]
    for value, decimals, expected in cases:
        assert figures.rounded(value, decimals) == expected


def test_durations_read_as_a_person_says_them() -> None:
    cases = [(48.4, "48 s"), (59.5, "1 min 0 s"), (365.0, "6 min 5 s"), (12000.0, "3 h 20 min")]
    for seconds, expected in cases:
        assert figures.minutes(seconds) == expected


def test_shows_the_newest_quarter_that_is_whole(marts: duckdb.DuckDBPyConnection) -> None:
    page = figures.read(marts)
    assert page is not None
    assert page.quarter == "2026Q3"  # one answer on 1 July closes Q3 and does not make Q4 whole
    assert page.quarter_before == "2026Q2"
    assert [figure.name for figure in page.headlines] == [
        "CX index (0–100)",
        "Trust, mean of 1–5",
        "Trust, share of thumbs up",
    ]


def test_page_says_what_the_tables_say(marts: duckdb.DuckDBPyConnection) -> None:
    html = render.render(marts, MANIFEST)
    for text in (
        "74.3",
        "73.5 to 75.0",
        "n = 2,711",
        "72.0 (71.3 to 72.7)",
        "3.68",
        "71.3%",
        "44,466",
        "3.3%",
    ):
        assert text in html, text
    assert "99.0" not in html  # the quarter that has only begun
    assert "Department of &lt;Public&gt; Services" in html


def test_late_sources_are_named_with_the_last_day_of_their_data(marts: duckdb.DuckDBPyConnection) -> None:
    html = render.render(marts, MANIFEST)
    assert "touchpoints is late: its data end on 2026-06-28, the others' on 2026-06-30." in html
    assert "kiosk_surveys is late: nothing of it has landed." in html
    assert "is late" not in render.render(marts, MANIFEST | {"late_sources": []})


def test_withheld_is_named_and_never_zero(marts: duckdb.DuckDBPyConnection) -> None:
    html = render.render(marts, MANIFEST)
    row = re.search(r"<tr class=\"withheld\">\s*<th scope=\"row\">Vital records.*?</tr>", html, re.DOTALL)
    assert row is not None
    assert re.findall(r"<td>(.*?)</td>", row.group()) == ["withheld", "—", "withheld"]
    assert 'Trace a refund</th>\n      <td>64.0 <span class="low">low n' in html


def test_nothing_is_fetched_and_every_chart_has_a_table(marts: duckdb.DuckDBPyConnection) -> None:
    html = render.render(marts, MANIFEST)
    outside = [
        link
        for link in re.findall(r"(?:src|href|url\()\s*=?\s*[\"']?([^\"')>\s]+)", html)
        if "w3.org" not in link
    ]
    assert outside == []
    assert "<script" not in html
    assert html.count("<svg") == 4  # drivers, months, services, channels
    assert html.count("<figure><svg") == len(re.findall(r"</figure>\s*<div class=\"scroll\"", html)) == 4


def test_the_same_tables_give_the_same_bytes(marts: duckdb.DuckDBPyConnection) -> None:
    assert render.render(marts, MANIFEST) == render.render(marts, MANIFEST)


def test_without_a_counted_response_the_page_says_so(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("delete from marts.cx_index")
    assert "holds no survey response that counts" in render.render(marts, MANIFEST)
