"""The page says what the public tables say, withholds what they withhold, and asks nothing of the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from voxpop.report import bottom_line, figures, render

MANIFEST: dict[str, Any] = {
    "release_id": "20260701T060000Z-0123abcd",
    "excluded": [],
    "policy": {
        "suppression_min_n": 10.0,
        "low_n_below": 30.0,
        "service_level_seconds": 20.0,
        "service_level_message_seconds": 1200.0,
        "short_abandon_seconds": 5.0,
    },
    "batches": [{"source": "touchpoints"}, {"source": "genesys"}, {"source": "genesys"}],
    "late_sources": [
        {"source": "touchpoints", "newest": "2026-06-28", "expected": "2026-06-30"},
        {"source": "kiosk_surveys", "newest": None, "expected": "2026-06-30"},
    ],
}


ALL_DRIVERS = "ease,trust"


def cell(
    label: str,
    place: str,
    measure: str,
    n: int | None,
    value: float | None,
    low: float | None,
    high: float | None,
    drivers: str = ALL_DRIVERS,
) -> tuple[Any, ...]:
    """A row of cx_index: `2026Q3`, `service/a`, `likert_5/mean/trust`, then the figure."""
    starts = {"2025Q3": "2025-04-01", "2026Q2": "2026-01-01", "2026Q3": "2026-04-01", "2026Q4": "2026-07-01"}
    period = ("quarter", starts[label]) if label in starts else ("month", f"{label}-01")
    is_low_n = n is not None and n < 30
    scale, what, driver = measure.split("/")
    asked = drivers if what == "cx_index" else None
    row = (*period, label, *place.split("/"), scale, what, driver, n, value, low, high)
    return (*row, n is None, is_low_n, asked)


INDEX = "likert_5/cx_index/all"
CELLS = [
    cell("2025Q3", "all/all", INDEX, 2300, 71.0, 70.0, 71.9, "ease"),
    cell("2026Q2", "all/all", INDEX, 2650, 72.0, 71.3, 72.7),
    cell("2026Q3", "all/all", INDEX, 2711, 74.25, 73.5, 74.96),
    cell("2026Q4", "all/all", INDEX, 12, 99.0, 90.0, 99.9),
    cell("2026Q3", "all/all", "likert_5/mean/trust", 2700, 3.675, 3.6, 3.75),
    cell("2026Q3", "all/all", "likert_5/mean/ease", 2690, 3.9, 3.85, 3.95),
    cell("2026Q3", "all/all", "thumbs/thumbs_up/trust", 400, 0.7125, 0.667, 0.755),
    cell("2026-04", "all/all", INDEX, 900, 73.0, 72.0, 74.0),
    cell("2026-05", "all/all", INDEX, None, None, None, None),
    cell("2026-06", "all/all", INDEX, 905, 75.0, 74.0, 76.0),
    cell("2026-07", "all/all", INDEX, 12, 99.0, 90.0, 99.9),
    cell("2026Q3", "service/a", INDEX, 1500, 76.0, 75.0, 77.0),
    cell("2026Q3", "service/b", INDEX, 21, 64.0, 55.0, 72.0),
    cell("2026Q3", "service/c", INDEX, None, None, None, None),
    cell("2026Q3", "service/d", "thumbs/thumbs_up/trust", 400, 0.7125, 0.667, 0.755),
    cell("2026Q3", "channel/phone", INDEX, 800, 71.0, 70.0, 72.0),
    cell("2026Q3", "channel/website", INDEX, 900, 79.0, 78.0, 80.0, "ease"),
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
            ('b', 'Trace a refund'), ('c', 'Vital records'), ('d', 'Plan <a> payment')
            ) t(service_id, service_name);
        create table marts.dim_channels as select * from (values ('phone', 'Phone'),
            ('website', 'Website')) t(channel, channel_name);
        create table marts.fct_survey_responses as select date '2026-07-01' as answered_local_date;
        create table marts.fct_interactions as select date '2026-06-30' as started_local_date;
        create table marts.cx_index(period_type varchar, period_start date, period_label varchar,
            breakdown varchar, member varchar, scale varchar, measure varchar, driver varchar, n bigint,
            value double, low double, high double, suppressed boolean, low_n boolean, drivers varchar,
            interval_kind varchar default 'indicative', band varchar, band_uncertain boolean,
            weighted_value double, weighted_low double, weighted_high double);
        create table marts.contact_center_performance as select 'quarter' as period_type,
            date '2026-04-01' as period_start, '2026Q3' as period_label,
            'channel' as breakdown, 'phone' as member, 'genesys' as source_system,
            44466 as offered, 43002 as handled, 1464 as abandoned, 1464 / 44466 as abandonment_share,
            0.0313 as abandonment_low, 0.0346 as abandonment_high,
            43001 as speed_of_answer_count, 48.4 as average_speed_of_answer_seconds,
            47.6 as average_speed_of_answer_low, 61.2 as average_speed_of_answer_high,
            0 as handle_time_count, null::double as average_handle_seconds,
            null::double as average_handle_low, null::double as average_handle_high,
            0 as service_level_count, null::double as service_level_share,
            null::double as service_level_low, null::double as service_level_high,
            null::double as transfer_share, null::double as transfer_low, null::double as transfer_high,
            false as suppressed, false as low_n;
        """
    )
    connection.execute(
        "create temp view columns as select * exclude (interval_kind, band, band_uncertain,"
        " weighted_value, weighted_low, weighted_high) from marts.cx_index"
    )
    names = ", ".join(column[0] for column in connection.execute("from columns").description)
    connection.executemany(f"insert into marts.cx_index ({names}) values ({', '.join(['?'] * 15)})", CELLS)
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
    cases = [(48.4, "48 s"), (59.5, "1 min"), (365.0, "6 min 5 s"), (12000.0, "3 h 20 min"), (7200.0, "2 h")]
    for seconds, expected in cases:
        assert figures.minutes(seconds) == expected


def test_shows_the_newest_quarter_that_is_whole(marts: duckdb.DuckDBPyConnection) -> None:
    page = figures.read(marts)
    assert page is not None
    assert page.quarter == "2026Q3"  # one answer on 1 July closes Q3 and does not make Q4 whole
    assert page.is_whole
    assert [headline.now.name for headline in page.headlines] == [
        "CX index (0–100)",
        "Trust, mean of 1–5",
        "Trust, share of thumbs up",
    ]
    assert list(page.headlines[0].earlier) == ["2026Q2", "2025Q3"]  # the quarter before, and a year before
    assert [month.name for month in page.months] == ["2026-04", "2026-05", "2026-06"]  # July is not over


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
    assert "99.0" not in html  # the quarter and the month that have only begun
    assert "Department of &lt;Public&gt; Services" in html


def test_the_bottom_line_says_what_matters(marts: duckdb.DuckDBPyConnection) -> None:
    """From the cells above: 73.5–74.96 and 71.3–72.7 don't meet, nor do 3.6–3.75 and 3.85–3.95, nor 55–72 and
    75–77; 2025Q3 asked for ease alone."""
    marts.execute(
        "update marts.cx_index set band = '65-75', band_uncertain = false where measure = 'cx_index'"
    )
    page = figures.read(marts)
    assert page is not None
    assert bottom_line.sentences(page) == [
        "CX index (0–100) was 74.3 in 2026Q3 (73.5 to 75.0, n = 2,711), in the band 65-75.",
        "That is higher than the 72.0 in 2026Q2 (71.3 to 72.7): the intervals don't meet.",
        "It rests on other drivers than the 71.0 in 2025Q3 (70.0 to 71.9), so the two don't compare.",
        "The lowest driver is Trust, at 3.68 (3.60 to 3.75, n = 2,700); the next, Ease, at 3.90, "
        "is clearly above it.",
        "The lowest service is Trace a refund, at 64.0 (55.0 to 72.0, n = 21); the next, Get a passport, "
        "at 76.0, is clearly above it.",
        "Phone (genesys): of 44,466 contacts, 3.3% (3.1% to 3.5%) were abandoned.",
    ]
    assert bottom_line.doubts(page) == [
        "People chose whether to answer, so the intervals are indicative: they cover sampling variation "
        "only, not who stayed away.",
        "Not in “CX index (0–100)”, since their surveys ask otherwise: Plan <a> payment.",
        "1 of the services and channels below are withheld.",
        "These rest on other drivers than the agency's index and don't compare with the rest: Website.",
    ]


def test_intervals_that_meet_tell_nothing_apart(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("update marts.cx_index set high = 73.5 where period_label = '2026Q2'")
    marts.execute("update marts.cx_index set high = 75.0 where member = 'b'")
    page = figures.read(marts)
    assert page is not None
    said = bottom_line.sentences(page)
    assert "It can't be told from the 72.0 in 2026Q2 (71.3 to 73.5): the intervals meet." in said
    assert (
        "The lowest service is Trace a refund, at 64.0 (55.0 to 75.0, n = 21), not clearly below "
        "Get a passport, at 76.0." in said
    )


def test_a_withheld_headline_is_said_to_be(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "update marts.cx_index set n = null, value = null, low = null, high = null, suppressed = true"
        " where breakdown = 'all' and measure = 'cx_index' and period_type = 'quarter'"
    )
    page = figures.read(marts)
    assert page is not None
    assert bottom_line.sentences(page)[0] == (
        "CX index (0–100), 2026Q3: withheld, because too few people answered."
    )
    assert "74.3" not in render.render(marts, MANIFEST)


def test_a_wave_that_ends_within_its_quarter_is_shown_and_said_to_be(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute("delete from marts.cx_index where period_start < date '2026-07-01'")
    page = figures.read(marts)
    assert page is not None
    assert (page.quarter, page.is_whole) == ("2026Q4", False)
    assert "The data end on 2026-07-01: 2026Q4 is not over in them." in bottom_line.doubts(page)
    assert [month.name for month in page.months] == ["2026-07"]


def test_weighted_figures_stand_beside_the_headlines(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "update marts.cx_index set weighted_value = 73.21, weighted_low = 72.0, weighted_high = 74.4"
        " where measure = 'cx_index'"
    )
    html = render.render(marts, MANIFEST)
    assert "weighted: 73.2 (72.0 to 74.4)" in html
    assert "Tables and drawings show unweighted figures" in html


def test_each_time_has_its_interval_and_n(marts: duckdb.DuckDBPyConnection) -> None:
    """47.6 and 61.2 seconds; of 43,001 handled contacts the wait is known, of none the handle time."""
    html = render.render(marts, MANIFEST)
    details = '<br><span class="detail">48 s to 1 min 1 s</span><br><span class="detail">n = 43,001</span>'
    assert f"<td>48 s{details}</td>" in html
    assert '<td>—<br><span class="detail">n = 0</span></td>' in html
    assert "a call within 20 s, a message within 20 min." in html


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
    assert 'Trace a refund</th>\n      <td>64.0 <span class="mark">low n' in html


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
    assert html.count("<figure><svg") == 4
    assert (
        len(re.findall(r"</figure>\s*(<details>\s*<summary>[^<]+</summary>\s*)?<div class=\"scroll\"", html))
        == 4
    )


def test_a_chart_says_what_it_shows_and_takes_its_colors_from_the_page(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute(
        "update marts.dim_services set service_name = 'Get \"a\" <passport>' where service_id = 'a'"
    )
    html = render.render(marts, MANIFEST)
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawings) == 4
    assert all(
        re.findall(r"#[0-9a-f]{3,6}\b", drawing) == [] and "var(--mark)" in drawing for drawing in drawings
    )
    assert (
        'aria-label="CX index (0–100) by service, 2026Q3: 2 figures with their 95% intervals, from 64.0 '
        '(Trace a refund) to 76.0 (Get &#34;a&#34; &lt;passport&gt;). The table below has them all."' in html
    )
    assert "prefers-color-scheme: dark" in html


def test_the_same_tables_give_the_same_bytes(marts: duckdb.DuckDBPyConnection) -> None:
    assert render.render(marts, MANIFEST) == render.render(marts, MANIFEST)


def test_without_a_counted_response_the_page_says_so(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("delete from marts.cx_index")
    html = render.render(marts, MANIFEST)
    assert "holds no survey response that counts" in html
    assert "kiosk_surveys is late: nothing of it has landed." in html
