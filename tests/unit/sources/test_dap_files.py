"""DAP's published files → what each says of itself, and its rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from voxpop.raw.records import Record, Rejected
from voxpop.sources.dap.files import DapFiles, chunks, day_asked_for, inspect
from voxpop.sources.formats.rows import Refused, Unfinished

CONFIG = DapFiles(
    kind="dap_files",
    name="dap_files",
    folder=Path("drop"),
    pattern="*",
    time_zone="America/New_York",
)
REPORT = {
    "name": "top-pages-7-days",
    "query": {"dateRanges": [{"startDate": "7daysAgo", "endDate": "yesterday"}]},
    "meta": {"name": "Top Pages", "description": "Last 7 days' pages."},
    "data": [{"page": "www.x.gov/a/", "visits": "12"}, {"page": "www.x.gov/a", "visits": "3"}],
    "totals": {"visits": 15, "devices": {"desktop": 9}},
    # 04:30 UTC of the 6th is still the 5th in New York
    "taken_at": "2024-01-06T04:30:00.000Z",
    "agency": "va",
}


def landed(folder: Path, name: str, content: str | bytes, done: int = 0) -> list[Record | Rejected]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    inspect(path)
    return [each for chunk in chunks(path, name, CONFIG, done) for each in [*chunk.records, *chunk.rejected]]


def payloads(found: list[Record | Rejected]) -> list[dict[str, Any]]:
    return [json.loads(each.payload) for each in found if isinstance(each, Record)]


def test_a_report_says_what_was_asked_when_and_what_its_totals_are(tmp_path: Path) -> None:
    about, *_ = landed(tmp_path, "top-pages-30-days.json", json.dumps(REPORT, indent=2))
    assert isinstance(about, Record)
    assert (about.kind, about.record_id) == ("report", "top-pages-30-days.json")
    assert about.source_updated_at == datetime(2024, 1, 6, 4, 30, tzinfo=UTC)
    said = json.loads(about.payload)
    document = said.pop("document")
    assert said == {
        "file": "top-pages-30-days.json",
        "report": "top-pages-30-days",
        "agency": "va",
        "name": "top-pages-7-days",
        "title": "Top Pages",
        "description": "Last 7 days' pages.",
        "start_date": "7daysAgo",
        "end_date": "yesterday",
        "first_date": "2023-12-29",  # seven days before January 5
        "last_date": "2024-01-04",
        "site": None,
        "taken_at": "2024-01-06T04:30:00Z",
        "totals": [
            {"measure": "visits", "member": None, "value": 15},
            {"measure": "visits", "member": "desktop", "value": 9},
        ],
        "rows": 2,
        "rows_until": None,
    }
    assert document == {key: value for key, value in REPORT.items() if key != "data"}


def test_rows_without_a_day_are_of_the_days_that_were_asked_for(tmp_path: Path) -> None:
    _, *rows = landed(tmp_path, "top.json", json.dumps(REPORT, indent=2))
    assert [(row.record_id, row.kind, row.day) for row in rows if isinstance(row, Record)] == [
        (f'["top",null,"2023-12-29..2024-01-04",["page","{page}"]]', "row:page", date(2024, 1, 4))
        for page in ("www.x.gov/a/", "www.x.gov/a")  # two rows, a trailing slash apart
    ]
    assert payloads(rows)[1] == {
        "page": "www.x.gov/a",
        "visits": "3",
        "_report": "top",
        "_site": None,
        "_file": "top.json",
        "_row": 2,
        "_first_date": "2023-12-29",
        "_last_date": "2024-01-04",
    }


def test_a_rows_bytes_stay_as_they_are(tmp_path: Path) -> None:
    text = '{"data":[{ "page" : "/\\u00e9",  "visits":1e3, "visits":"2" } ,{}],"totals":{}}'
    _, *rows = landed(tmp_path, "x.json", text)
    assert [row.payload.partition(b'"_report"')[0] for row in rows if isinstance(row, Record)] == [
        b'{"page" : "/\\u00e9",  "visits":1e3, "visits":"2",',
        b"{",
    ]


def test_the_host_that_alone_was_asked_for_is_the_site(tmp_path: Path) -> None:
    def expression(field: str, **match: Any) -> dict[str, Any]:
        return {"filter": {"fieldName": field, "stringFilter": match}}

    only = {"dimensionFilter": {"andGroup": {"expressions": [
        expression("eventName", value="submit"), expression("hostName", value="www.x.gov"),
    ]}}}  # fmt: skip
    without = {"dimensionFilter": {"andGroup": {"expressions": [
        {"notExpression": expression("hostName", value="(other)")},
    ]}}}  # fmt: skip
    for query, site in ((only, "www.x.gov"), (without, None)):
        found = payloads(landed(tmp_path, "x.json", json.dumps({"query": query, "data": [{"page": "/"}]})))
        assert [found[0]["site"], found[1]["_site"]] == [site, site]


def test_csv_rows_have_their_days_and_their_place(tmp_path: Path) -> None:
    text = "date,device,visits\n2024-01-04,desktop,660705\n2024-01-04,(other),6377\n\nyesterday,x,1\n"
    found = landed(tmp_path, "devices.csv", text + "2024-01-03,y,4\n1,2\n")
    assert [(each.record_id, each.kind, each.day) for each in found if isinstance(each, Record)] == [
        ("devices.csv", "report", date(2024, 1, 4)),  # the newest that is a date
        ('["devices",null,"2024-01-04",["device","desktop"]]', "row:device", date(2024, 1, 4)),
        ('["devices",null,"2024-01-04",["device","(other)"]]', "row:device", date(2024, 1, 4)),
        ('["devices",null,"2024-01-03",["device","y"]]', "row:device", date(2024, 1, 3)),
    ]
    assert [(each.position, each.reason) for each in found if isinstance(each, Rejected)] == [
        (5, "row 5: its date is no date."),
        (7, "row 7: it has 2 columns, the header has 3."),
    ]
    about, first, *_ = payloads(found)
    assert (about["file"], about["report"], about["taken_at"], about["rows"]) == (
        "devices.csv",
        "devices",
        None,
        5,
    )
    assert first["visits"] == "660705"


def test_a_row_has_one_id_in_json_and_in_csv(tmp_path: Path) -> None:
    row = {"date": "2024-01-04", "device": "desktop", "visits": "1"}
    _, as_json = landed(tmp_path, "devices.json", json.dumps({"data": [row], "taken_at": REPORT["taken_at"]}))
    _, as_csv = landed(tmp_path, "devices.csv", "date,device,visits\n2024-01-04,desktop,1")
    assert isinstance(as_json, Record) and isinstance(as_csv, Record)
    assert as_json.record_id == as_csv.record_id


def test_what_landed_is_not_given_again(tmp_path: Path) -> None:
    everything = landed(tmp_path, "x.json", json.dumps(REPORT))
    assert landed(tmp_path, "x.json", json.dumps(REPORT), done=2) == everything[2:]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("yesterday", date(2024, 1, 4)),
        ("today", date(2024, 1, 5)),
        ("30daysAgo", date(2023, 12, 6)),
        ("2023-11-01", date(2023, 11, 1)),
        ("lastWeek", None),
        (30, None),
    ],
)
def test_days_are_asked_for_as_google_analytics_names_them(text: object, found: date | None) -> None:
    assert day_asked_for(text, date(2024, 1, 5)) == found
    assert day_asked_for("30daysAgo", None) is None


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("x.json", "[1, 2]", "no report of DAP"),
        ("x.json", '{"name": "x"}', "neither data nor totals"),
        ("x.json", '{"data": 5}', "no report of DAP"),
        ("x.csv", "a,b\n1,2\n", "one of them date"),
        ("x.csv", "date,a,a\n1,2,3\n", "different columns"),
        ("x.csv", "date,,a\n1,2,3\n", "different columns"),
        ("x.csv", b"date,a\n2024-01-04,caf\xe9\n", "byte 21 is not UTF-8"),
        ("x.json", b'{"name": "caf\xe9", "data": []}', "byte 13 is not UTF-8"),
        ("x.json", '{"data": []}'.encode("utf-16"), "byte 0 is not UTF-8"),
        ("x.json", '{"data": [{"date": "2024-01-04", "visits": NaN}]}', "no JSON: .*invalid character"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, name: str, content: str | bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        landed(tmp_path, name, content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", ""),
        ("x.json", json.dumps(REPORT)[:-20]),
        ("x.json", '{"name": "café"'.encode()[:-2]),
        ("x.csv", " \n"),
        ("x.csv", "date,device,visits\n"),
        ("x.csv", "date,device,visits\n2024-01-04,desktop,1\n2024-01-0"),
    ],
)
def test_what_is_cut_off_is_left_for_the_next_run(tmp_path: Path, name: str, content: str | bytes) -> None:
    with pytest.raises(Unfinished):
        landed(tmp_path, name, content)


def test_every_published_sample_is_read_whole(sample: Callable[[str], Path]) -> None:
    """Rows as json and csv count them; no row is rejected."""
    paths = sorted(sample("dap/veterans-affairs").iterdir())
    paths += [sample("dap/analytics.usa.gov/was-this-page-helpful-30-days.json")]
    assert len(paths) == 9
    for path in paths:
        inspect(path)
        found = [
            each for chunk in chunks(path, path.name, CONFIG, 0) for each in [*chunk.records, *chunk.rejected]
        ]
        if path.suffix == ".csv":
            rows = len(path.read_text().splitlines()) - 1
        else:
            rows = len(json.loads(path.read_text()).get("data", []))
        assert [isinstance(each, Record) for each in found] == [True] * (rows + 1), path.name
        assert len({each.record_id for each in found if isinstance(each, Record)}) == rows + 1
