"""The page says what the public tables say, withholds what they withhold, and asks nothing of the network."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import duckdb
import pytest
from voxpop.airflow import scorecard
from voxpop.report import bottom_line, doubts, figures, numbers, render
from voxpop.report.sections import goals
from voxpop.report.sections.months import Limits

from tests.unit.report.tables import MANIFEST, UNTIL, cell, section


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
        assert numbers.rounded(value, decimals) == expected


@pytest.mark.parametrize(
    ("until", "quarter"), [("2026-06-30", "2026Q3"), ("2026-06-29", "2026Q2"), ("2026-09-30", "2026Q4")]
)
def test_a_quarter_is_whole_when_its_last_day_is_complete(
    marts: duckdb.DuckDBPyConnection, until: str, quarter: str
) -> None:
    """However far single answers reach: one is of 1 July."""
    page = figures.read(marts, date.fromisoformat(until))
    assert page is not None
    assert (page.quarter, page.is_whole) == (quarter, True)
    assert f"data complete to {until}" in render.render(marts, MANIFEST | {"complete_to": until})


def test_a_release_that_says_no_day_has_no_figures(marts: duckdb.DuckDBPyConnection) -> None:
    """One of an older version."""
    assert figures.read(marts, None) is None
    assert "data complete to" not in render.render(
        marts, {k: v for k, v in MANIFEST.items() if k != "complete_to"}
    )


def test_durations_read_as_a_person_says_them() -> None:
    cases = [(48.4, "48 s"), (59.5, "1 min"), (365.0, "6 min 5 s"), (12000.0, "3 h 20 min"), (7200.0, "2 h")]
    for seconds, expected in cases:
        assert numbers.minutes(seconds) == expected.replace(" ", "\xa0")


def test_shows_the_newest_quarter_that_is_whole(marts: duckdb.DuckDBPyConnection) -> None:
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert page.quarter == "2026Q3"  # 2026Q4 has figures, and its first day alone is complete
    assert page.is_whole
    assert [headline.now.name for headline in page.headlines] == [
        "CX index (0–100)",
        "Trust, mean of 1–5",
        "Trust, share of thumbs up",
    ]
    assert list(page.headlines[0].earlier) == ["2026Q2", "2025Q3"]  # the quarter before, and a year before
    assert [month.name for month in page.series[0].months] == [
        "2026-04",
        "2026-05",
        "2026-06",
    ]  # July is not over


def test_page_says_what_the_tables_say(marts: duckdb.DuckDBPyConnection) -> None:
    html = render.render(marts, MANIFEST)
    for text in (
        "74.3",
        "73.5 to 75.0",
        "n&nbsp;=&nbsp;2,711",
        "72.0 (71.3 to 72.7)",
        "3.68",
        "71.3%",
        "44,466",
        "3.3%",
    ):
        assert text in html, text
    assert "99.0" not in html  # the quarter and the month that have only begun
    assert "Department of &lt;Public&gt; Services" in html


def test_what_some_services_ask_besides_is_shown_and_explained(marts: duckdb.DuckDBPyConnection) -> None:
    names = ("ACSI of equal weights", "net promoter score")
    before = render.render(marts, MANIFEST)
    assert not any(f"<dt>{name}</dt>" in before for name in names)
    columns = ", ".join(column[0] for column in marts.execute("from columns").description)
    for place in ("all/all", "service/a"):
        for row in (
            cell("2026Q3", place, "ten/acsi_equal_weight/all", 465, 55.953, 53.9, 57.96),
            cell("2026Q3", place, "nps_11/nps/recommendation", 448, -20.98, -28.0, -0.04),
        ):
            marts.execute(f"insert into marts.cx_index ({columns}) values ({', '.join('?' * len(row))})", row)
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert [(one.now.name, one.now.text, one.now.interval, one.asked_by) for one in page.headlines[-2:]] == [
        ("ACSI of equal weights (0–100)", "56.0", "53.9 to 58.0", ("Get a passport",)),
        ("Net promoter score", "−21.0", "−28.0 to 0.0", ("Get a passport",)),
    ]
    besides = {name: (figure.name, figure.text) for name, figure in page.others}
    assert besides["ACSI of equal weights"] == ("Get a passport", "56.0")
    assert besides["Net promoter score"] == ("Get a passport", "−21.0")
    html = render.render(marts, MANIFEST)
    assert all(f"<dt>{name}</dt>" in html for name in names)


def test_the_bottom_line_says_what_matters(marts: duckdb.DuckDBPyConnection) -> None:
    """Of the drivers 3.6–3.75 and 3.85–3.95 don't meet, nor do of the services 55–72 and 75–77; 2025Q3 asked
    for ease alone."""
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert bottom_line.sentences(page) == [
        "CX index (0–100) was 74.3 in 2026Q3 (73.5 to 75.0, n\xa0=\xa02,711).",
        "That is 2.3 higher than the 72.0 in 2026Q2 (71.3 to 72.7): evidence of a change (95% interval of "
        "the difference 1.2 to 3.3, adjusted p\xa0<\xa00.001).",
        "On the drivers that both asked (Ease) it is 1.5 higher than 2025Q3: no evidence of a change (95% "
        "interval of the difference −0.4 to 3.4, adjusted p\xa0=\xa00.120).",
        "The lowest driver is Trust, at 3.68 (3.60 to 3.75, n\xa0=\xa02,700); the next, Ease, at 3.90, "
        "is clearly above it.",
        "The lowest service is Trace a refund, at 64.0 (55.0 to 72.0, n\xa0=\xa021); the next, "
        "Get a passport, at 76.0, is clearly above it.",
        "Phone (genesys): of 44,466 contacts, 3.3% (3.1% to 3.5%) were abandoned.",
    ]
    assert doubts.doubts(page, MANIFEST) == [
        "People chose whether to answer, so the intervals are indicative: they cover sampling variation "
        "only, not who stayed away.",
        "Not in “CX index (0–100)”, since their surveys ask otherwise: Plan <a> payment.",
        "Of the services and channels below 1 is withheld.",
        "These weren't asked all drivers of the agency's index, so they compare with the rest on the drivers "
        "that both asked, and not as they stand: Website (without Trust).",
        "Refund: <b> feedback: how many answers in 2026Q3 came after its clearance "
        "(3090-0302, now until 2026-06-29) had expired is withheld. They are counted.",
    ]


def change(marts: duckdb.DuckDBPyConnection, found: str) -> str:
    """What is said of the quarter before, where the comparison is so."""
    marts.execute(f"update marts.cx_comparisons set {found} where comparison = 'previous_period'")
    page = figures.read(marts, UNTIL)
    assert page is not None
    return bottom_line.sentences(page)[1]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            "difference = -2.25, low = -3.2625, high = -1.2375, verdict = 'down'",
            "That is 2.3 lower than the 72.0 in 2026Q2 (71.3 to 72.7): evidence of a change (95% interval of "
            "the difference −3.3 to −1.2, adjusted p\xa0<\xa00.001).",
        ),
        (
            "difference = -0.04, low = -1.1, high = 1.0, verdict = 'no evidence', adjusted_p = 1",
            "That is within rounding of the 72.0 in 2026Q2 (71.3 to 72.7): no evidence of a change (95% "
            "interval of the difference −1.1 to 1.0, adjusted p\xa0=\xa01.000).",
        ),
        (
            "not_compared = 'break'",
            "It does not compare with the 72.0 in 2026Q2 (71.3 to 72.7): people were asked in another way "
            "since.",
        ),
        (
            "not_compared = 'open period'",
            "It does not compare with the 72.0 in 2026Q2 (71.3 to 72.7): the quarter is not over.",
        ),
        (
            "not_compared = 'partial period'",
            "It does not compare with the 72.0 in 2026Q2 (71.3 to 72.7): the earlier quarter began before "
            "the first answer.",
        ),
        ("not_compared = 'withheld'", "2026Q2 is withheld, so nothing is said of a change since."),
    ],
)
def test_a_change_is_told_with_its_evidence(marts: duckdb.DuckDBPyConnection, found: str, said: str) -> None:
    assert change(marts, found) == said


def test_shares_differ_by_percentage_points(marts: duckdb.DuckDBPyConnection) -> None:
    """Where thumbs are all there is."""
    marts.execute("delete from marts.cx_index where measure <> 'thumbs_up'")
    marts.execute(
        "insert into marts.cx_index by name select * replace (date '2026-01-01' as period_start, '2026Q2' as "
        "period_label, 0.7005 as value, 0.62 as low, 0.77 as high) from marts.cx_index "
        "where breakdown = 'all'"
    )
    found = (
        "scale = 'thumbs', measure = 'thumbs_up', driver = 'trust', drivers = null, verdict = 'no evidence'"
    )
    assert change(marts, f"{found}, difference = 0.012, low = -0.086, high = 0.11, adjusted_p = 0.81") == (
        "That is 1.2 percentage points higher than the 70.1% in 2026Q2 (62.0% to 77.0%): no evidence of a "
        "change (95% interval of the difference −8.6 to 11.0, adjusted p\xa0=\xa00.810)."
    )


def test_lowest_is_not_clearly_so_where_intervals_meet(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("update marts.cx_index set high = 75.0 where member = 'b'")
    page = figures.read(marts, UNTIL)
    assert page is not None
    said = bottom_line.sentences(page)
    assert (
        "The lowest service is Trace a refund, at 64.0 (55.0 to 75.0, n\xa0=\xa021), not clearly below "
        "Get a passport, at 76.0." in said
    )


@pytest.mark.parametrize(
    ("start", "label", "months", "begun"),
    [
        ("2025-10-01", "2026Q1", "October to December 2025", 2025),
        ("2026-01-01", "2026Q2", "January to March 2026", 2025),
        ("2026-07-01", "2026Q4", "July to September 2026", 2025),
    ],
)
def test_a_fiscal_quarter_is_called_so_and_has_its_months(
    marts: duckdb.DuckDBPyConnection, start: str, label: str, months: str, begun: int
) -> None:
    marts.execute("delete from marts.cx_index where period_label <> '2026Q3'")
    marts.execute("update marts.cx_index set period_start = ?::date, period_label = ?", [start, label])
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert scorecard.table(page).title == f"Fiscal quarter {label} ({months})"
    html = render.render(marts, MANIFEST)
    assert f"<h1>What customers say, fiscal quarter {label} ({months})</h1>" in html
    assert f"A quarter of the fiscal year: {months}. Fiscal year 2026 began on 1 October {begun}." in html


def test_what_not_all_services_ask_says_who_does(marts: duckdb.DuckDBPyConnection) -> None:
    """Of four services d alone asks for thumbs, and a, b and c for the index; of three all do."""
    html = render.render(marts, MANIFEST)
    tile = html[html.index('<p class="name">Trust, share of thumbs up</p>') :]
    asked = re.search(r"asked by .*?(?=</p>)", tile)
    assert asked is not None
    assert asked.group() == "asked by 1 of 4 services: Plan &lt;a&gt; payment"
    assert "asked by 3 of 4 services: Get a passport; Trace a refund; Vital records" in html
    marts.execute("delete from marts.cx_index where member = 'd'")
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert page.headlines[0].asked_by == ()


def test_what_was_asked_less_stands_last_with_a_hollow_mark(marts: duckdb.DuckDBPyConnection) -> None:
    """Website, at 79, was asked for ease alone and the agency for ease and trust; phone is at 71."""
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert [(one.name, one.lacks) for one in page.channels] == [("Phone", ()), ("Website", ("Trust",))]
    html = render.render(marts, MANIFEST)
    assert 'Website <span class="mark">without Trust</span></th>' in html
    channels = html[html.index("<h2>Channels</h2>") :]
    marks = re.findall(r'<path aria-label="value: (\d+); name: (\w+)"[^>]* fill="([^"]+)"', channels)
    assert marks == [("71", "Phone", "var(--mark)"), ("79", "Website", "var(--paper)")]
    assert (
        html.count("A hollow mark, put last, doesn't compare with the rest as it stands") == 1
    )  # not among the services


def test_a_withheld_headline_is_said_to_be(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "update marts.cx_index set n = null, value = null, low = null, high = null, suppressed = true"
        " where breakdown = 'all' and measure = 'cx_index' and period_type = 'quarter'"
    )
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert bottom_line.sentences(page)[0] == (
        "CX index (0–100), 2026Q3: withheld, because too few people answered."
    )
    assert "74.3" not in render.render(marts, MANIFEST)


def test_a_wave_that_ends_within_its_quarter_is_shown_and_said_to_be(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute("delete from marts.cx_index where period_start < date '2026-07-01'")
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert (page.quarter, page.is_whole) == ("2026Q4", False)
    assert "The data are complete to 2026-07-01: 2026Q4 is not over in them." in doubts.doubts(page, MANIFEST)
    assert [month.name for month in page.series[0].months] == ["2026-07"]


def test_weighted_figures_stand_beside_the_headlines(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "update marts.cx_index set weighted_value = 73.21, weighted_low = 72.0, weighted_high = 74.4"
        " where measure = 'cx_index'"
    )
    html = render.render(marts, MANIFEST)
    assert "weighted: 73.2 (72.0 to 74.4)" in html
    assert "Tables and drawings show unweighted figures" in html


def test_intervals_that_allow_for_no_weights_are_said_to_be_too_narrow(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    """Of the quarter's index: the headline, the service b, at 64 (55 to 72), and phone; c is withheld.

    b's interval doesn't meet a's, from 75 on, which would make it clearly the lowest.
    """
    before = figures.read(marts, UNTIL)
    assert before is not None
    assert not any("Weights" in doubt for doubt in doubts.doubts(before, MANIFEST))
    assert "without its weights" not in render.render(marts, MANIFEST)
    marts.execute(
        "update marts.cx_index set is_weighted = true, band = '65-75' where measure = 'cx_index'"
        " and period_type = 'quarter' and period_start = date '2026-04-01'"
        " and member in ('all', 'b', 'c', 'phone')"
    )
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert [doubt for doubt in doubts.doubts(page, MANIFEST) if "sampling units" in doubt] == [
        "Weights or sampling units stand behind 3 of the figures below. Their intervals, here and in goals, "
        "don't allow for them and are most often too narrow, so that they don't cover all sampling variation "
        "either, and none of these figures is called clearly below another."
    ]
    lowest = [said for said in bottom_line.sentences(page) if "lowest" in said]
    assert "the next, Ease, at 3.90, is clearly above it." in lowest[0]  # drivers' have none
    assert lowest[1] == (
        "The lowest service is Trace a refund, at 64.0 (55.0 to 72.0, n\xa0=\xa021), not clearly below "
        "Get a passport, at 76.0."
    )
    html = render.render(marts, MANIFEST)
    assert html.count("73.5 to 75.0 (without its weights or sampling units), <span") == 1
    assert 'band <span class="whole">65–75</span>; whether it may be another isn\'t known</p>' in html


def test_figures_by_people_served_stand_beside_the_headlines(marts: duckdb.DuckDBPyConnection) -> None:
    assert "weighted by people served: <" not in render.render(marts, MANIFEST)
    marts.execute(
        "update marts.cx_index set volume_value = 73.21, volume_low = 72.0, volume_high = 74.4"
        " where measure = 'cx_index' and breakdown = 'all' and period_start = date '2026-04-01'"
    )
    html = render.render(marts, MANIFEST)
    served = "weighted by people served"
    assert html.count(f'{served}: <span class="whole">73.2 (72.0 to 74.4)</span>') == 1


def test_each_time_has_its_interval_and_n(marts: duckdb.DuckDBPyConnection) -> None:
    """47.6 and 61.2 seconds; of 43,001 handled contacts the wait is known, of none the handle time."""
    html = render.render(marts, MANIFEST)
    interval, n = "48\xa0s to 1\xa0min\xa01\xa0s", "n&nbsp;=&nbsp;43,001"
    details = f'<br><span class="detail">{interval}</span><br><span class="detail">{n}</span>'
    assert f"<td>48\xa0s{details}</td>" in html
    assert '<td>—<br><span class="detail">n&nbsp;=&nbsp;0</span></td>' in html
    said = section(html, "Contact center: genesys")
    assert "Channel Offered Handled Others Abandoned" in said
    assert "Phone 44,466 42,991 11 3.3% 3.1% to 3.5% n = 44,466" in said, "42,991 + 11 + 1,464 are 44,466"


@pytest.mark.parametrize(
    ("source", "said", "row"),
    [
        (
            "offered = 794, abandonment_count = 0, abandonment_share = null, abandonment_low = null,"
            " abandonment_high = null, service_level_share = 0.829, service_level_low = 0.8,"
            " service_level_high = 0.85",
            [
                "Phone (genesys): of 794 contacts, 82.9% (80.0% to 85.0%) were answered within the service "
                "level."
            ],
            ["—", "—", "0"],
        ),
        (
            "abandonment_count = 0, abandonment_share = null, abandonment_low = null,"
            " abandonment_high = null",
            [],
            ["—", "—", "0"],
        ),
        (
            "abandonment_count = 400",
            [
                "Phone (genesys): of 44,466 contacts, of the 400 of which it is known, 3.3% (3.1% to 3.5%) "
                "were abandoned."
            ],
            ["3.3%", "3.1% to 3.5%", "400"],
        ),
    ],
)
def test_what_a_source_does_not_say_is_no_figure(
    marts: duckdb.DuckDBPyConnection, source: str, said: list[str], row: list[str]
) -> None:
    marts.execute(f"update marts.contact_center_performance set {source}")
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert [each for each in bottom_line.sentences(page) if "(genesys)" in each] == said
    card = scorecard.table(page)
    names, *values = [list(column.cells) for column in card.columns]
    at = names.index("Abandoned, Phone (genesys)")
    assert [column[at] for column in values] == row
    shown = render.render(marts, MANIFEST)
    detail = f'<span class="detail">n&nbsp;=&nbsp;{row[2]}</span></td>'
    middle = "" if row[0] == "—" else f'<br><span class="detail">{row[1]}</span>'
    assert f"<td>{row[0]}{middle}<br>{detail}" in shown


def test_a_band_is_explained_and_never_breaks(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "update marts.cx_index set band = '65-75', band_uncertain = true where measure = 'cx_index'"
    )
    html = render.render(marts, MANIFEST)
    assert 'band <span class="whole">65–75</span>; the interval reaches into another</p>' in html
    assert "It is a reading aid of this page and no standard" in html


def said_of_clearance(marts: duckdb.DuckDBPyConnection) -> list[str]:
    page = figures.read(marts, UNTIL)
    assert page is not None
    return [said for said in doubts.doubts(page, MANIFEST) if "clearance" in said]


def test_answers_without_clearance_are_told_as_survey_quality_tells_them(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    """Of b some, too few to be told; of a, none; of d all is withheld, but its clearance outlasts June."""
    some = (
        "Refund: <b> feedback: how many answers in 2026Q3 came after its clearance "
        "(3090-0302, now until 2026-06-29) had expired is withheld. They are counted."
    )
    assert said_of_clearance(marts) == [some]
    marts.execute(
        "update marts.survey_quality set suppressed = true, collected_without_clearance_count = null "
        "where member = 'd-cx'"
    )
    assert said_of_clearance(marts) == [some]
    marts.execute(
        "update marts.survey_quality set collected_without_clearance_count = 12 where member = 'a-cx'"
    )
    assert said_of_clearance(marts) == [
        "Passport: feedback: 12 answers in 2026Q3 came after its clearance (3090-0300, now until 2026-05-31) "
        "had expired. They are counted.",
        some,
    ]


def test_left_out_batches_have_their_reasons(marts: duckdb.DuckDBPyConnection) -> None:
    left_out = {"source": "genesys", "stream": "conversations", "at": "2026-07-01T00:00:00+00:00"}
    excluded = [
        left_out | {"batch_id": "1", "reason": "A <test> call"},
        left_out | {"batch_id": "2", "reason": "Sent twice"},
        left_out | {"batch_id": "3", "reason": "A <test> call"},
    ]
    html = render.render(marts, MANIFEST | {"excluded": excluded})
    said = "Left out by a person: 2 batches of genesys conversations, because: A &lt;test&gt; call"
    assert f"<li>{said}</li>" in html
    assert "<li>Left out by a person: 1 batch of genesys conversations, because: Sent twice</li>" in html


def test_what_was_restated_is_said_with_what_it_was_and_why(marts: duckdb.DuckDBPyConnection) -> None:
    """The agency's index of 2026Q2 reads 72.0, before 71.5; of 2026Q3 both are 74.3; the rest is counted."""

    def restated(
        label: str, before: float | None, after: float, place: str = "all/all", cause: str = "records"
    ) -> dict[str, Any]:
        breakdown, member = place.split("/")
        cell = {"scale": "likert_5", "measure": "cx_index", "driver": "all"}
        key = {"breakdown": breakdown, "member": member, **cell}
        found = {"table": "cx_index", "period_label": label, "key": key, "column": "value", "batches": []}
        return found | {"before": before, "after": after, "cause": cause}

    page = figures.read(marts, UNTIL)
    assert page is not None
    assert not any("Restated" in said for said in doubts.doubts(page, MANIFEST))
    months = [restated(f"2026-0{month}", 70.0, 71.0) for month in (1, 2, 3, 4)]
    found = [
        restated("2026Q2", 71.46, 72.0),
        restated("2026Q2", 61.0, 62.0, "service/a"),
        restated("2026Q3", 74.26, 74.25),
        restated("FY2026", 73.0, 73.5),
        *months,
        restated("2026-01", 0.1, 0.2) | {"table": "contact_center_performance", "column": "transfer_share"},
    ]
    said = doubts.doubts(page, MANIFEST | {"restatements": found})  # type: ignore[typeddict-item]
    assert said[-1] == (
        "Restated since release 20260630T060000Z-89abcdef, because records of these days came in "
        "or changed: 1 figure of contact_center_performance and 8 figures of cx_index, of FY2026; 2026Q2, "
        "2026Q3; 2026-01 to 2026-04 (4 months); CX index (0–100): 2026Q2 72.0, before 71.5. All are in the "
        "release's manifest.json."
    )
    unknown = [restated("2026Q2", None, 72.0, cause="method")]
    said = doubts.doubts(page, MANIFEST | {"restatements": unknown})  # type: ignore[typeddict-item]
    assert said[-1] == (
        "Restated since release 20260630T060000Z-89abcdef, because models, seeds or policies changed, and "
        "records may have too: 1 figure of cx_index, of 2026Q2. All are in the release's manifest.json."
    )


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
    assert html.count("<svg") == 5  # drivers, months, services, channels, journeys
    assert html.count("<figure><svg") == 5
    tables = r"</figure>\s*(<details>\s*<summary>[^<]+</summary>\s*)?<div class=\"scroll\""
    assert len(re.findall(tables, html)) == 5


def test_a_chart_says_what_it_shows_and_takes_its_colors_from_the_page(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute(
        "update marts.dim_services set service_name = 'Get \"a\" <passport>' where service_id = 'a'"
    )
    html = render.render(marts, MANIFEST)
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawings) == 5
    assert all(
        re.findall(r"#[0-9a-f]{3,6}\b", drawing) == [] and "var(--mark)" in drawing for drawing in drawings
    )
    assert (
        'aria-label="CX index (0–100) by service, 2026Q3: 2 figures with their 95% intervals, from 64.0 '
        '(Trace a refund) to 76.0 (Get &#34;a&#34; &lt;passport&gt;). The table below has them all."' in html
    )
    assert "prefers-color-scheme: dark" in html


def test_each_value_on_an_axis_stands_under_its_line(marts: duckdb.DuckDBPyConnection) -> None:
    html = render.render(marts, MANIFEST)
    drivers = html[html.index("<h2>Drivers</h2>") : html.index("<h2>Months</h2>")]
    lines = re.findall(r'<line transform="translate\(([\d.]+),0\)" x2="0" y2="-\d+"', drivers)
    labels = re.findall(r'<text text-anchor="(\w+)" transform="translate\(([\d.]+),16\)"', drivers)
    assert len(labels) >= 3
    assert {anchor for anchor, _ in labels} == {"middle"}
    assert [round(float(at)) for _, at in labels] == [int(at) for at in lines]


def test_a_number_is_never_parted_from_its_name(marts: duckdb.DuckDBPyConnection) -> None:
    assert "n = " not in render.render(marts, MANIFEST)


def test_the_same_tables_give_the_same_bytes(marts: duckdb.DuckDBPyConnection) -> None:
    assert render.render(marts, MANIFEST) == render.render(marts, MANIFEST)


def test_without_a_counted_response_the_page_says_so(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("delete from marts.cx_index")
    html = render.render(marts, MANIFEST)
    assert "holds no survey response that counts" in html
    assert "kiosk_surveys is late: nothing of it has landed." in html


def test_what_is_filed_is_due_and_added_up_only_where_nothing_is_withheld(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    """1,500 + 21 + 400 answers to the three surveys that are filed in 2026Q3; 30 July 2026 is a Thursday."""
    said = section(render.render(marts, MANIFEST), "Surveys, and what is to be filed under A-11 section 280")
    assert "2026Q3 is due to OMB on Thursday, 2026-07-30 ." in said
    assert "3 surveys are to be filed with 1,921 answers." in said
    assert "Missing: Refund: &lt;b&gt; feedback (offers unknown, how many without clearance)." in said, (
        "what a survey is called is no markup"
    )
    marts.execute(
        "update marts.survey_quality set suppressed = true, respondent_count = null where member = 'b-cx'"
    )
    said = section(render.render(marts, MANIFEST), "Surveys, and what is to be filed under A-11 section 280")
    assert (
        "3 surveys are to be filed; their answers are not added up here, because some are withheld." in said
    )
    assert "1,921" not in said and "1,900" not in said


def test_a_rate_stands_with_what_it_is_over(marts: duckdb.DuckDBPyConnection) -> None:
    said = section(render.render(marts, MANIFEST), "Surveys, and what is to be filed under A-11 section 280")
    assert "Passport: feedback 1,500 2,400 60.0% 1,440 of 2,400 required 81.0% to be filed —" in said
    assert "Plan: feedback 400 500 90.0% 450 of 500; another cohort not required 100.0% to be filed —" in said
    assert "Refund: &lt;b&gt; feedback low n 21 unknown — unknown 50.0% to be filed" in said
    assert "Kiosk 70 90 77.8% 70 of 90 required 0.0% — —" in said


def test_websites_are_never_added_up(marts: duckdb.DuckDBPyConnection) -> None:
    said = section(render.render(marts, MANIFEST), "Website")
    assert "ga4 all sessions 120,345 — 400,000 61.3% 60.3% to 62.3% n = 120,345" in said
    assert f"dap www.dps.example.gov small{8 * ' withheld'}" in said
    assert "219,345" not in said


def test_a_report_without_a_whole_is_shown_by_its_sites_and_devices(marts: duckdb.DuckDBPyConnection) -> None:
    """The most visited first; a report that says a whole is shown by it alone, and none by its pages."""
    found = [
        (one.source_system, one.report, one.part, one.figures["visits"])
        for one in figures.read(marts, UNTIL).websites
    ]
    assert found == [
        ("dap", "dps/device", "mobile", 53000),
        ("dap", "dps/domain", "help.dps.example.gov", 95000),
        ("dap", "dps/domain", "apply.dps.example.gov", 4000),
        ("dap", "site", "www.dps.example.gov", 99000),
        ("dap", "small", "www.dps.example.gov", None),
        ("ga4", "sessions", "all", 120345),
    ]


def test_a_goal_that_is_not_reported_is_no_zero(marts: duckdb.DuckDBPyConnection) -> None:
    said = section(render.render(marts, MANIFEST), "Priority goals")
    assert (
        "Trust Serve &lt;all&gt; 3.68 3.60 to 3.75 n = 2,700 3.50 4.00 2026-09-30 35.1% behind "
        "3.71 (3.60 to 3.82)" in said
    )
    assert "Wait Serve &lt;all&gt; — 40.00 20.00 2026-09-30 — not reported —" in said
    assert (
        "Forms provisional published otherwise Serve &lt;all&gt; 12,905 0 76,000 2026-09-30 17.0% on track —"
        in said
    )


def test_a_goal_of_an_open_quarter_is_provisional(marts: duckdb.DuckDBPyConnection) -> None:
    told = "days of the quarter are still to come"
    assert told in section(render.render(marts, MANIFEST), "Priority goals")
    marts.execute("update marts.priority_goal_measures set is_provisional = false")
    said = section(render.render(marts, MANIFEST), "Priority goals")
    assert told not in said
    assert "provisional" not in said


def test_a_goal_says_since_when_its_values_compare(marts: duckdb.DuckDBPyConnection) -> None:
    assert "break" not in section(render.render(marts, MANIFEST), "Priority goals")
    marts.execute(
        "update marts.priority_goal_measures set breaks_since_start = '2025Q3,2025Q4,2026Q2' "
        "where indicator = 'Trust'"
    )
    said = section(render.render(marts, MANIFEST), "Priority goals")
    assert "Trust break 2025Q3, 2025Q4, 2026Q2 Serve &lt;all&gt; 3.68" in said
    assert said.count(" break 2") == 1
    assert "A quarter marked as a break doesn't compare with those before it" in said


@pytest.mark.parametrize(
    ("status", "is_met", "is_provisional", "said"),
    [
        ("on_track", True, False, "target met"),
        ("on_track", True, True, "on track"),
        ("on_track", False, False, "on track"),
        ("met", True, False, "target met"),
        ("not_met", False, False, "target not met"),
        ("done", True, False, "target met"),
        ("not_done", False, False, "not done"),
    ],
)
def test_a_target_is_met_where_the_exported_file_says_so(
    marts: duckdb.DuckDBPyConnection, status: str, is_met: bool, is_provisional: bool, said: str
) -> None:
    marts.execute(
        "update marts.priority_goal_measures set status = ?, is_target_met = ?, is_provisional = ?"
        " where indicator = 'Trust'",
        [status, is_met, is_provisional],
    )
    assert f"35.1% {said} 3.71 (3.60 to 3.82)" in section(render.render(marts, MANIFEST), "Priority goals")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "—"), (12905.4, "12,905"), (123.45, "123.5"), (-3.675, "-3.68"), (0.0, "0"), (0.1698, "0.170")],
)
def test_a_value_of_any_unit(value: float | None, text: str) -> None:
    assert goals.number(value) == text


def test_an_agency_without_them_has_no_such_sections(marts: duckdb.DuckDBPyConnection) -> None:
    headings = {
        "web_performance": "Website",
        "survey_quality": "Surveys, and what is to be filed under A-11 section 280",
        "survey_nonresponse": "Who answered, and who was asked",
        "priority_goal_measures": "Priority goals",
        "timeliness": "How fresh the data are",
        "cx_comparisons": "What changed, and what is not shown to have",
        "equity_gaps": "Who is served how",
        "journey_paths": "Journeys",
    }
    marts.execute("delete from marts.journey_measures")
    for table in headings:
        marts.execute(f"delete from marts.{table}")
    html = render.render(marts, MANIFEST)
    for heading in headings.values():
        assert f"<h2>{heading}</h2>" not in html


def test_journeys_are_of_the_newest_quarter_that_is_settled(marts: duckdb.DuckDBPyConnection) -> None:
    for table in ("journey_measures", "journey_paths"):
        marts.execute(f"update marts.{table} set period_start = '2026-01-01'")
    marts.execute("update marts.journey_measures set period_label = '2026Q2'")
    said = section(render.render(marts, MANIFEST), "Journeys")
    assert "4,000 journeys that began in 2026Q2 are over" in said
    assert "Those that began in 2026Q3 are told once it is settled, 8 days after its end" in said
    assert "The commonest ways, 2026Q2" in said


def test_who_answered_is_compared_where_enough_is_known(marts: duckdb.DuckDBPyConnection) -> None:
    said = section(render.render(marts, MANIFEST), "Who answered, and who was asked")
    assert "Phone beyond chance 60.0% n = 600 37.5% n = 120 −22.5 −26.7 to −18.1" in said
    assert "Website 40.0% n = 400 62.5% n = 200 22.5 −1.0 to 26.7" in said
    assert (
        "91.4% of answers are in this comparison. Mean satisfaction was 3.50 (n = 200); it would have been "
        "3.60 if each channel had answered as often as any other. " in said
    )
    assert "Get a passport withheld withheld withheld withheld" in said
    assert (
        "Nothing is claimed by segment: it is known of 30.3% of answers and of 71.0% of offers, and 80.0% of"
        " both are needed." in said
    )
    assert "Nothing is claimed by wait: withheld." in said
    assert "People aged 65 and over" not in said and said.count("beyond chance") == 1


def test_what_a_comparison_of_who_answered_leaves_out_is_named(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "update marts.survey_nonresponse set surveys_left_out = 'c-cx,no-such-cx',"
        " classes_without_score = 'website' where breakdown = 'channel' and member = 'all'"
    )
    marts.execute(
        "update marts.survey_nonresponse set rated_count = 90, satisfaction = 3.5,"
        " weighted_satisfaction = 3.4, classes_without_score = 'a,x'"
        " where breakdown = 'service' and member = 'all'"
    )
    said = section(render.render(marts, MANIFEST), "Who answered, and who was asked")
    assert (
        "91.4% of answers are in this comparison, without those of Records: feedback; no-such-cx. Mean"
        in said
    )
    assert "had answered as often as any other; Website has no such score and is in neither." in said
    assert (
        "had answered as often as any other; Get a passport; x have no such score and are in neither." in said
    )


def test_a_segment_of_those_asked_has_its_name(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("update marts.survey_nonresponse set is_claim_allowed = true where breakdown = 'segment'")
    said = section(render.render(marts, MANIFEST), "Who answered, and who was asked")
    assert "People aged 65 and over" in said and "older" not in said


def test_each_stream_says_how_fresh_it_is(marts: duckdb.DuckDBPyConnection) -> None:
    """Of three days two are known to be late or not, of which one is."""
    said = section(render.render(marts, MANIFEST), "How fresh the data are")
    assert "genesys conversations 2026-06-30 30 h 0 s 31 h 1 of 2 days" in said
    assert "goal_values priority goal values 2026-04-14 77 days not known yet 77 days —" in said


def test_a_contact_center_is_named_by_its_source(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "insert into marts.contact_center_performance select * replace ('texts' as source_system)"
        " from marts.contact_center_performance"
    )
    html = render.render(marts, MANIFEST)
    assert html.count("Others were neither handled by an agent nor") == 1, "said once for all centers"
    assert re.findall(r"<h2>(Contact center.*?)</h2>", html) == [
        "Contact center: genesys",
        "Contact center: texts",
    ]


def test_in_time_is_said_of_the_channels_that_a_center_has(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "insert into marts.contact_center_performance"
        " select f.* replace (t.source as source_system, t.channel as member)"
        " from marts.contact_center_performance as f, (values ('genesys', 'email'),"
        " ('texts', 'sms_text_messages'), ('visits', 'website')) as t(source, channel)"
    )
    html = render.render(marts, MANIFEST)
    assert "In time is a call within 20 s, an email within 24 h." in section(html, "Contact center: genesys")
    assert "In time is a chat or message within 20 min." in section(html, "Contact center: texts")
    assert "In time is" not in section(html, "Contact center: visits")


def test_what_is_held_is_marked_and_explained(marts: duckdb.DuckDBPyConnection) -> None:
    """One service's index, one month's, and a row of every other table."""
    assert "held" not in re.findall(r'<span class="mark">(.*?)</span>', render.render(marts, MANIFEST))
    release = "20260630T060000Z-89abcdef"
    marts.execute(
        "update marts.cx_index set held_from = ? where member = 'b' or period_label = '2026-04'", [release]
    )
    for table in ("contact_center_performance", "web_performance", "survey_quality", "survey_nonresponse"):
        marts.execute(f"update marts.{table} set held_from = ?", [release])
    marts.execute(
        "update marts.priority_goal_measures set held_from = ? where indicator = 'Trust'", [release]
    )
    html = render.render(marts, MANIFEST)
    mark = '<span class="mark">held</span>'
    assert f'Trace a refund</th>\n      <td>64.0 <span class="mark">low n</span> {mark}</td>' in html
    assert f"2026-04</th>\n      <td>73.0 {mark}</td>" in html
    for heading, count in (
        ("Contact center: genesys", 1),
        ("Website", 5),
        ("Surveys, and what is to be filed under A-11 section 280", 4),
        ("Who answered, and who was asked", 3),
        ("Priority goals", 1),
    ):
        begin = html.index(f"<h2>{heading}</h2>")
        assert html[begin : html.index("</section>", begin)].count(mark) == count, heading
    assert "<li>Held: 2 of the figures below are still those of an earlier release (marked “held”)." in html


def test_breaks_of_a_series_are_marked_and_told(marts: duckdb.DuckDBPyConnection) -> None:
    """Two surveys on one day, of which one changed twice; one break lies before the first month."""
    html = render.render(marts, MANIFEST)
    said = section(html, "Months")
    assert (
        "a: 2026-05-12, Passport: feedback: asked in another channel; Records: feedback: another order, "
        "other words." in said
    )
    assert "b:" not in said and "2025-01" not in said
    assert "A vertical line is a break" in said
    drawing = html[html.index("<h2>Months</h2>") :]
    assert re.findall(r'letter: (\w)"', drawing) == ["a"]
    assert "Not to be compared across 2026-05-12." in drawing
    assert "2026-05 break a withheld" in said
    marts.execute("delete from marts.series_breaks")
    assert "A vertical line" not in section(render.render(marts, MANIFEST), "Months")


def test_each_break_has_its_letter(marts: duckdb.DuckDBPyConnection) -> None:
    """28 days after the first of May; the 12th is there already."""
    marts.execute(
        "insert into marts.series_breaks select 'all', 'all', 'likert_5', 'a-cx',"
        " date '2026-05-01' + i::integer, 'mode', '2026-05' from range(28) as r(i)"
    )
    said = section(render.render(marts, MANIFEST), "Months")
    assert "z: 2026-05-26, Passport" in said and "aa: 2026-05-27" in said and "ab: 2026-05-28" in said


def test_an_earlier_headline_that_does_not_compare_says_so(marts: duckdb.DuckDBPyConnection) -> None:
    assert "does not compare: " not in section(render.render(marts, MANIFEST), "Bottom line")
    marts.execute(
        "update marts.cx_comparisons set not_compared = 'break'"
        " where measure = 'cx_index' and breakdown = 'all' and comparison = 'previous_period'"
    )
    said = section(render.render(marts, MANIFEST), "Bottom line")
    assert said.count("does not compare: ") == 1
    assert re.search(
        r"2026Q2: 72\.0 \(71\.3 to 72\.7\), n = [\d,]+ does not compare: asked in another way", said
    )


def test_control_limits_are_those_of_the_drawn_series(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "insert into marts.cx_control_limits values"
        " ('month', '2026-04', 'all', 'all', 'likert_5', 'cx_index', 'all', 72.5, 76.5, false, false),"
        " ('month', '2026-06', 'all', 'all', 'likert_5', 'cx_index', 'all', 72.5, 76.5, true, true),"
        " ('month', '2026-06', 'all', 'all', 'likert_5', 'mean', 'trust', 1, 5, false, true),"
        " ('quarter', '2026Q3', 'all', 'all', 'likert_5', 'cx_index', 'all', 10, 90, false, true)"
    )
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert page.series[0].limits == (
        Limits("2026-04", 72.5, 76.5, False, False),
        Limits("2026-06", 72.5, 76.5, True, True),
    )
    said = section(render.render(marts, MANIFEST), "Months")
    assert "Between the dotted lines" in said and "not adjusted for the season" in said
    twins = "of a calendar month that is there in two years both have a ring or neither"
    assert twins in said
    marts.execute("update marts.cx_control_limits set is_outside = false")
    assert twins not in section(render.render(marts, MANIFEST), "Months")


def test_differences_with_evidence_are_told_and_all_others_are_in_the_table(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    """Of the six comparisons four have a verdict, and three of those are evidence."""
    said = section(render.render(marts, MANIFEST), "What changed, and what is not shown to have")
    assert "Of 4 comparisons 3 show evidence of a difference:" in said
    assert "CX index (0–100): 2.3 higher than 2026Q2 (1.2 to 3.3, adjusted p &lt; 0.001)" in said
    assert "Trust, mean of 1–5: 0.07 lower than 2026Q2 (−0.11 to −0.03, adjusted p = 0.012)" in said
    assert "Get a passport: 4.2 higher than the rest (2.9 to 5.5, adjusted p = 0.001)" in said
    assert "both asked" not in said
    assert "Against 2026Q2 Against 2025Q3 Against the rest" in said
    assert (
        "CX index (0–100) 74.3 2.3 higher 1.2 to 3.3, p &lt; 0.001 1.5 no evidence −0.4 to 3.4, p = 0.120 —"
        in said
    )
    assert "within services" not in said
    assert "Trace a refund 64.0 asked in another way — —" in said
    assert "Vital records withheld — — withheld" in said
    assert "Ease" not in said, "nothing is compared with it"
    assert "a driver in five-point agreement where that is asked; table cx_comparisons has all others" in said
    marts.execute(
        "update marts.cx_comparisons set within_change = 3.25, mix_change = -1.0 where difference = 2.25"
    )
    said = section(render.render(marts, MANIFEST), "What changed, and what is not shown to have")
    assert "2.3 higher 1.2 to 3.3, p &lt; 0.001 within services 3.3, by their mix −1.0 1.5" in said
    marts.execute("update marts.cx_comparisons set drivers = 'ease' where member = 'a'")
    said = section(render.render(marts, MANIFEST), "What changed, and what is not shown to have")
    assert "Get a passport: 4.2 higher than the rest on the drivers that both asked, Ease (2.9" in said


def test_a_segment_that_is_withheld_keeps_its_row_and_too_little_known_is_no_claim(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    said = section(render.render(marts, MANIFEST), "Who is served how")
    assert "The segment is known of 81.2% of answers:" in said
    assert "make it more" not in said
    assert "People aged 65 and over 71.2 410 75.1 −3.9 −5.6 to −2.2 rated lower p &lt; 0.001" in said
    assert "Veterans withheld withheld withheld withheld — withheld" in said
    assert "General public 75.1 1,700 74.0 1.1 −0.5 to 2.7 no evidence p = 0.180" in said
    marts.execute(
        "update marts.equity_gaps set not_compared = 'held', verdict = null, n = null, value = null,"
        " rest_value = null, gap = null, low = null, high = null, adjusted_p = null where segment = 'general'"
    )
    said = section(render.render(marts, MANIFEST), "Who is served how")
    assert "General public — — — — — shows an earlier release" in said
    marts.execute(
        "update marts.equity_gaps set is_claim_allowed = false, verdict = null, known_segment_share = 0.377"
    )
    said = section(render.render(marts, MANIFEST), "Who is served how")
    assert "of 37.7% of answers, and 80.0% are needed, so nothing is claimed:" in said
    assert "surveys that carry an identifier, and tools that say the segment, make it more." in said
    assert "People aged 65 and over 71.2 410 75.1 −3.9 −5.6 to −2.2 no claim" in said
    assert "Veterans withheld withheld withheld withheld — withheld" in said
