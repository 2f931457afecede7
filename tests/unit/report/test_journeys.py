"""The page's section on journeys: the ways that people took, and what is known of them."""

from __future__ import annotations

import re

import duckdb
import pytest
from voxpop.report import figures, render
from voxpop.report.sections import journeys

from tests.unit.report.tables import MANIFEST, UNTIL, section


def test_ways_are_told_by_the_names_of_their_channels(marts: duckdb.DuckDBPyConnection) -> None:
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert [path.name for path in page.journeys.paths] == [
        "Phone",
        "Website, then Phone",
        "Phone, then Phone (by the agency)",
        "Website, then Unknown channel, then Phone, then Website, then Phone, then and on",
    ]
    assert [path.count for path in page.journeys.drawn] == [900, 20]


def test_every_figure_of_a_way_is_in_the_table(marts: duckdb.DuckDBPyConnection) -> None:
    html = render.render(marts, MANIFEST)
    said = section(html, "Journeys")
    assert "4,000 journeys that began in 2026Q3 are over" in said
    assert "61.2% of contacts and 23.5% of visits to the website" in said
    assert "Way Journeys Of all 95% interval" in said
    assert "Website, then Phone 900 22.5% 21.2% to 23.8% 3.10 2.90 to 3.30 n = 150 2.5 days" in said
    assert "Phone, then Phone (by the agency) 400 10.0% 9.1% to 11.0% — 1.5 days" in said
    assert "and on low n 20 0.5%" in said
    assert "The commonest ways, 2026Q3; 1 more is withheld" in said
    drawing = html[html.index("<h2>Journeys</h2>") :]
    assert (
        'aria-label="The 2 commonest ways of journeys on which the customer changed the channel, '
        "2026Q3: from 900 (Website, then Phone) to 20 (Website, then Unknown channel, then Phone, then "
        'Website, then Phone, then and on). The table below has them all."' in drawing
    )
    assert re.findall(r"<title>(.*?)</title>", drawing)[0] == "Website, then Phone: 900"


def test_rates_stand_beside_how_much_is_matched(marts: duckdb.DuckDBPyConnection) -> None:
    """0.0032 is cut off nowhere; a median may have no upper end, and what needs no match has no coverage.

    Days are published to the tenth: 0.2 is from 3 h 36 min to 6 h, so that hours would say what isn't known.
    Of 40 visits 10 and 18 ended on the pages that are listed.
    """
    said = section(render.render(marts, MANIFEST), "Journeys")
    assert "Visited the website before calling 12.0% 10.8% to 45.1% 1,900 23.5% 7" in said
    assert "Time until it was settled, median 1.5 days 0.2 days to unknown 3,800 61.2% 90" in said
    assert "Answers tied to what they rate, of all answers 62.5% 60.7% to 64.3% 2,700 — 0" in said
    assert (
        "Get a passport 20.0% low n 8.9% to 62.0% n = 25 matched 12.0% too few matched — — — — "
        "www.example.gov/b 45.0% (30.7% to 60.2%), n = 40 1 other page is in table journey_measures "
        "12 from pages that are withheld, so that nothing is told of few" in said
    )
    assert "Trace a refund — withheld — — 0.2 days 0.0 to 0.3 days n = 50 matched 65.0% —" in said


def test_each_measure_is_explained_by_its_days(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("update marts.journey_measures set measure = 'repeat_contact_share' where n = 1900")
    policy = MANIFEST["policy"] | {"journey_gap_days": 9.0, "repeat_contact_days": 5.0}
    html = render.render(marts, MANIFEST | {"policy": policy})
    assert "Had been in touch in the 5 days before 12.0%" in section(html, "Journeys")
    assert "those that followed another of that customer about that service within 5 days." in section(
        html, "How to read this"
    )
    assert "within 9 days before" in journeys.measures(policy)["division_change_share"].meaning
    assert not [one for one in journeys.measures(policy).values() if "{" in one.name + one.meaning]


@pytest.mark.parametrize(
    ("path", "is_drawn"),
    [
        ("phone > outbound_phone", False),  # the agency's call is a step and no change
        ("phone > outbound_email > phone", False),
        ("website > outbound_phone > phone", True),
        ("website > unknown > phone", False),  # by what it came before isn't known
        ("website > unknown > phone > email", True),
        ("phone > outbound_phone > phone > outbound_phone > phone > ...", False),
    ],
)
def test_the_ways_that_are_drawn_are_those_that_the_share_of_changes_counts(
    marts: duckdb.DuckDBPyConnection, path: str, is_drawn: bool
) -> None:
    """As `channel_shift_count`: neither contacts of the agency nor unknown channels count."""
    marts.execute("update marts.journey_paths set path = ? where path = 'website > phone'", [path])
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert (900 in [one.count for one in page.journeys.drawn]) is is_drawn


def test_what_is_drawn_is_in_the_table_too(
    marts: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first way is of one channel, so that of a table of one nothing would be drawn."""
    monkeypatch.setattr(journeys, "LISTED", 1)
    page = figures.read(marts, UNTIL)
    assert page is not None
    assert [path.count for path in page.journeys.listed] == [2500, 900, 20]
