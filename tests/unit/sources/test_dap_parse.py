"""DAP: a page of a report → records."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from voxpop.raw.records import Record
from voxpop.sources.dap.parse import Scope, rows

SCOPE = Scope("device")
ROW = {
    "id": 7,
    "date": "2024-01-04",
    "report_name": "device",
    "report_agency": "va",
    "device": "desktop",
    "visits": "660705",
}


def parsed(*payloads: str, scope: Scope = SCOPE) -> tuple[list[Record], list[tuple[bytes, str]]]:
    records, rejected = rows(("[" + " , ".join(payloads) + "]").encode(), scope)
    return records, [(each.body, each.reason) for each in rejected]


def changed(**changes: Any) -> str:
    return json.dumps({name: value for name, value in (ROW | changes).items() if value is not ...})


def test_a_row_becomes_a_record_and_its_bytes_stay_what_they_were() -> None:
    text = (
        '{"visits" : "660705","id":7, "date":"2024-01-04",\n'
        '"report_name":"device","report_agency":"va","device":"desktop"}'
    )
    assert parsed(text) == (
        [
            Record(
                record_id='["device","va","2024-01-04",["device","desktop"]]',
                source_updated_at=None,
                payload=text.encode(),
                identifiers=(),
                kind="row:device",
                day=date(2024, 1, 4),
            )
        ],
        [],
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 8},
        {"visits": 660706},
        {"visits": None},
        {"bounce_rate": "0.34", "users": "12", "pageviews": "99"},
        {"date": "2024-01-04T00:00:00.000Z"},
        {"report_name": ...},
    ],
    ids=",".join,
)
def test_what_a_correction_changes_is_no_part_of_the_id(changes: dict[str, Any]) -> None:
    (one,), _ = parsed(changed())
    (other,), _ = parsed(changed(**changes))
    assert (one.record_id, one.kind, one.day) == (other.record_id, other.kind, other.day)


@pytest.mark.parametrize(
    "changes",
    [
        {"device": "mobile"},
        {"device": None},
        {"device": 1},
        {"date": "2024-01-05"},
        {"report_agency": "dod"},
        {"report_agency": None},
        {"report_name": "browser"},
        {"hour": "(other)"},
        {"page": "www.va.gov/“é”/"},
        {"page": "www.va.gov/x", "device": ...},
    ],
    ids=repr,
)
def test_all_else_is(changes: dict[str, Any]) -> None:
    (one,), _ = parsed(changed())
    (other,), _ = parsed(changed(**changes))
    assert one.record_id != other.record_id


def test_a_page_with_and_one_without_a_trailing_slash_are_two_rows() -> None:
    pages = ("www.va.gov/a", "www.va.gov/a/")
    records, _ = parsed(*(changed(device=..., page=page) for page in pages))
    assert [json.loads(record.record_id)[3] for record in records] == [["page", page] for page in pages]
    assert {record.kind for record in records} == {"row:page"}


def test_a_kind_names_all_dimensions_in_their_order() -> None:
    (record,), _ = parsed(changed(page="/", domain="x.gov", device=...))
    assert record.kind == "row:domain+page"


@pytest.mark.parametrize("when", [..., None, "", "yesterday", "(other)", 20240104, "2024-13-01"])
def test_a_row_without_a_date_is_rejected_alone(when: Any) -> None:
    bad = changed(date=when)
    records, rejected = parsed(changed(), bad)
    assert len(records) == 1
    assert rejected == [(bad.encode(), "its date is missing, or is no date")]


def test_only_newer_days_are_taken_where_the_answer_broke_off() -> None:
    texts = [changed(date=f"2024-01-0{day}") for day in (5, 4, 3)]
    records, rejected = parsed(*texts, scope=Scope("device", date(2024, 1, 4)))
    assert ([record.day for record in records], rejected) == ([date(2024, 1, 5)], [])


def test_a_row_that_is_no_object_is_rejected_and_an_empty_page_is_nothing() -> None:
    records, rejected = parsed("5")
    assert (records, [body for body, _ in rejected]) == ([], [b"5"])
    assert parsed() == ([], [])
