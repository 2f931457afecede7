"""Rows of DAP's reports, from the API and from published files, as one stream; what a file says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from voxpop.raw import exclusions
from voxpop.raw.records import Record
from voxpop.sources.dap.parse import Scope, rows

from .conftest import Home
from .raw_zone import T0, dap_file, record, stamp


def from_api(*found: dict[str, Any], report: str = "device") -> list[Record]:
    page = [
        {"id": 1, "date": "2026-03-02", "report_name": report, "report_agency": "dps", **row} for row in found
    ]
    records, rejected = rows(json.dumps(page).encode(), Scope(report))
    assert not rejected
    return records


def test_a_row_of_the_api_is_typed(home: Home) -> None:
    home.raw.land(
        "dap",
        from_api(
            {"device": "desktop", "visits": "660705", "users": "x", "bounce_rate": "0.3499102578592182"}
        ),
    )
    home.build_staging()
    found = home.row(
        "select _record_key, record_date, report, file, first_date, last_date, dimension, member, site, "
        "visits, users, pageviews, bounce_share from staging.stg_dap__rows"
    )
    assert found == {
        "_record_key": 'dap/reports/["device","dps","2026-03-02",["device","desktop"]]',
        "record_date": date(2026, 3, 2),
        "report": "dps/device",
        "file": None,
        "first_date": date(2026, 3, 2),
        "last_date": date(2026, 3, 2),
        "dimension": "device",
        "member": "desktop",
        "site": None,
        "visits": 660705,
        "users": None,
        "pageviews": None,
        "bounce_share": Decimal("0.349910257859"),
    }
    drift = dict(home.rows("select field, uncast_count from staging.stg_drift where uncast_count > 0"))
    assert drift == {"users": 1}


def test_a_corrected_row_replaces_the_one_before(home: Home) -> None:
    home.raw.land("dap", from_api({"device": "desktop", "visits": "1"}, {"device": "mobile", "visits": "2"}))
    home.build_staging()
    home.raw.land("dap", from_api({"id": 99, "device": "desktop", "visits": "5"}))
    home.build_staging()
    found = home.rows("select member, visits from staging.stg_dap__rows order by 1")
    assert found == [("desktop", 5), ("mobile", 2)]


COUNTED = (
    "select member, first_date, visits from staging.stg_dap__rows where not is_withdrawn order by 2, 1, 3"
)
FIRST, SECOND = date(2026, 3, 2), date(2026, 3, 3)


def test_a_row_that_a_correction_drops_is_withdrawn_until_it_comes_again(home: Home) -> None:
    """A day of a report is sent whole: what it says last counts, also where a batch is left out later."""
    desktop, mobile = {"device": "desktop", "visits": "1"}, {"device": "mobile", "visits": "2"}
    other_day = {"date": "2026-03-03", "device": "mobile", "visits": "4"}
    home.raw.land("dap", from_api(desktop, mobile, other_day))
    home.raw.land("dap", from_api({"device": "mobile", "visits": "7"}, report="os"))
    home.build_staging()
    both = [("desktop", FIRST, 1), ("mobile", FIRST, 2), ("mobile", FIRST, 7), ("mobile", SECOND, 4)]
    assert home.rows(COUNTED) == both
    corrected = home.raw.land("dap", from_api(desktop))
    home.build_staging()
    assert home.rows(COUNTED) == [row for row in both if row != ("mobile", FIRST, 2)]
    assert home.rows("select count(*) from staging.stg_dap__rows") == [(4,)]
    touched = home.rows("select record_id from staging.stg_touched_records")
    assert touched == [('["device","dps","2026-03-02",["device","mobile"]]',)], "and no other row"
    content = home.content()
    home.build_staging(full_refresh=True)
    assert home.content() == content
    exclusions.exclude(home.settings, corrected.batch_id, "a test", T0)
    home.build_staging()
    assert home.rows(COUNTED) == both
    exclusions.include(home.settings, corrected.batch_id, "a test", T0)
    home.build_staging()
    home.raw.land("dap", from_api(desktop, mobile))
    home.build_staging()
    assert home.rows(COUNTED) == both


def test_what_a_report_is_broken_down_by(home: Home) -> None:
    """A page is one with and without its last slash, its query is not kept, and its host is in lower case."""
    pages = {
        "www.X.gov/a/": "www.x.gov/a",
        "www.x.gov/a?name=ann#b": "www.x.gov/a",
        "https://www.x.gov/": "www.x.gov/",
        "www.x.gov": "www.x.gov/",
        "www.x.gov/A//": "www.x.gov/A",
        "www.x.gov/u/078-05-1120": "www.x.gov/u/[SSN]",
    }
    found: list[Record] = []
    for page in pages:
        found += from_api({"page": page, "visits": "1"}, report="page")
    found += from_api({"domain": "WWW.x.gov", "visits": "1"}, report="site")
    found += from_api({"visits": "1"}, report="all")
    found += from_api({"hour": "(other)", "visits": "1"}, report="hours")
    found += from_api({"page": "www.x.gov/a", "event_label": "Yes", "total_events": "3"}, report="helpful")
    found += from_api({"file_name": "a.pdf", "page": "www.x.gov/a", "total_events": "3"}, report="download")
    home.raw.land("dap", found)
    home.build_staging()
    got = home.rows("select report, dimension, member, vote, site from staging.stg_dap__rows")
    assert sorted(map(str, got)) == sorted(
        map(
            str,
            [
                *(("dps/page", "page", page, None, None) for page in pages.values()),
                ("dps/site", "site", "www.x.gov", None, None),
                ("dps/all", "all", "all", None, None),
                ("dps/hours", "hour", "(other)", None, None),
                ("dps/helpful", "vote", "www.x.gov/a", "yes", None),
                ("dps/download", None, None, None, None),
            ],
        )
    )


def test_published_files_are_rows_of_the_same_kind(home: Home, sample: Callable[[str], Path]) -> None:
    """Counts and sums as the files themselves give them."""
    folder = sample("dap/veterans-affairs")
    for name in ("devices.csv", "devices.json", "top-pages-30-days.json"):
        home.raw.land("dap_files", dap_file(folder / name))
    home.raw.land("dap_files", dap_file(sample("dap/analytics.usa.gov/was-this-page-helpful-30-days.json")))
    home.build_staging()
    got = home.rows(
        "select report, dimension, count(*), sum(visits), min(first_date), max(last_date) "
        "from staging.stg_dap__rows group by all order by 1"
    )
    csv = (folder / "devices.csv").read_text().splitlines()[1:]
    assert got[0] == (
        "devices",
        "device",
        len(csv),
        sum(int(line.rsplit(",", 1)[1]) for line in csv),
        date(2023, 12, 6),
        date(2024, 1, 4),
    )
    assert got[1][:3] == ("top-pages-30-days", "page", 20)
    assert got[1][4:] == (date(2023, 12, 6), date(2024, 1, 4))  # 30 days, as its query asks for
    assert got[2][:3] == ("was-this-page-helpful-30-days", "vote", 26)
    assert got[2][4:] == (date(2024, 12, 15), date(2025, 2, 12))  # 60 days, as its query asks for
    pages = home.rows(
        "select member, vote, sum(event_count), count(*) from staging.stg_dap__rows where dimension = 'vote' "
        "and member like '%health-human-services' group by all order by 2"
    )
    assert pages == [
        ("analytics.usa.gov/health-human-services", "no", 2, 2),  # with and without a slash
        ("analytics.usa.gov/health-human-services", "yes", 1, 1),
    ]
    days = dict(home.rows("select file, record_date from staging.stg_dap__files"))
    # of rows where the file doesn't say what was asked for, never of the day on which it landed
    assert days["devices.csv"] == days["devices.json"] == date(2024, 1, 4)
    said = home.rows(
        "select file, report, report_name, title, first_date, last_date, taken_at, file_rows, len(totals) "
        "from staging.stg_dap__files order by file"
    )
    assert said[:2] == [
        ("devices.csv", "devices", None, None, None, None, None, len(csv), 0),
        (
            *("devices.json", "devices", "devices", "Devices", date(2023, 10, 7), date(2024, 1, 4)),
            *(stamp("2024-01-05T15:34:03.973"), 0, 6),
        ),
    ]


def test_the_newest_edition_of_a_row_counts(home: Home, tmp_path: Path) -> None:
    def edition(taken_at: str, visits: int) -> Sequence[Record]:
        path = tmp_path / "devices.json"
        row = {"date": "2026-03-01", "device": "desktop", "visits": str(visits)}
        path.write_text(json.dumps({"data": [row], "totals": {"visits": visits}, "taken_at": taken_at}))
        return dap_file(path)

    home.raw.land("dap_files", edition("2026-03-03T10:00:00Z", 7))
    home.raw.land("dap_files", edition("2026-03-02T10:00:00Z", 5))  # landed later, taken earlier
    home.build_staging()
    assert home.rows("select visits from staging.stg_dap__rows") == [(7,)]
    assert home.rows("select totals[1].value from staging.stg_dap__files") == [("7",)]


def test_a_files_aggregates_are_of_a_page_a_member_a_site_or_all(home: Home) -> None:
    def row(record_id: str, **fields: Any) -> Record:
        return record(record_id, {"first_date": "2026-03-01", "visits": "12", **fields}, "web_aggregate")

    home.raw.land(
        "web_export",
        [
            row("all", last_date="2026-03-31", users="9", bounce_share=0.41),
            row("site", site="WWW.x.gov"),
            row("member", site="www.x.gov", dimension="Device", member="Phone", report="tech"),
            row("page", site="www.x.gov", page="/a/?q=1"),
            row("vote", site="www.x.gov", page="/a", vote="Yes", event_count="3"),
            row("odd", visits="many"),
        ],
    )
    home.build_staging()
    got = home.rows(
        "select record_id, report, dimension, member, site, vote, last_date, visits, users, "
        "event_count, bounce_share from staging.stg_file_drop__web_aggregates order by 1"
    )
    day, last = date(2026, 3, 1), date(2026, 3, 31)
    assert got == [
        ("all", "web_export", "all", "all", None, None, last, 12, 9, None, Decimal("0.41")),
        ("member", "tech", "device", "Phone", "www.x.gov", None, day, 12, None, None, None),
        ("odd", "web_export", "all", "all", None, None, day, None, None, None, None),
        ("page", "web_export", "page", "www.x.gov/a", None, None, day, 12, None, None, None),
        ("site", "web_export", "site", "www.x.gov", None, None, day, 12, None, None, None),
        ("vote", "web_export", "vote", "www.x.gov/a", None, "yes", day, 12, None, 3, None),
    ]
