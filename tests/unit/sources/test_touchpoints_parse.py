"""Touchpoints: a page of submissions → records."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest
from voxpop.raw.records import Record
from voxpop.sources.touchpoints.parse import Submissions

UUID = "7bfdc460-8353-4cc3-91ec-debf2b51d8ed"
PARSER = Submissions("ab12", {"answer_10": "email", "answer_11": "account"})


def payload(**attributes: Any) -> str:
    given = {"uuid": UUID, "created_at": "2026-01-05T09:14:22.000Z", "updated_at": "2026-01-06T10:00:00.250Z"}
    return json.dumps({"id": "1", "type": "submissions", "attributes": {**given, **attributes}})


def parsed(*payloads: str) -> tuple[list[Record], list[tuple[bytes, str]]]:
    page = '{"data": [' + " , ".join(payloads) + '], "meta": {"total_pages": 1}}'
    records, rejected = PARSER.records(page.encode())
    return records, [(each.body, each.reason) for each in rejected]


def test_a_submission_becomes_a_record() -> None:
    text = payload(answer_01="5", answer_10="a@b.gov", answer_11="100200300")
    assert parsed(text) == (
        [
            Record(
                record_id=UUID,
                source_updated_at=datetime(2026, 1, 6, 10, 0, 0, 250000, tzinfo=UTC),
                payload=text.encode(),
                identifiers=(("email", "a@b.gov"), ("account", "100200300")),
                kind="submission:ab12",
                day=date(2026, 1, 5),
            )
        ],
        [],
    )


@pytest.mark.parametrize(
    "text",
    [
        payload(answer_08="“Größe” 日本 😀 \u0000 \n"),
        payload(answer_01=123456789012345678901234567890),
        payload(tags=["a", {"b": []}], unknown={"deep": [1, [2]]}),
        payload(flagged=True, archived=True, deleted_at="2026-01-07T00:00:00Z"),
        json.dumps({"attributes": {"uuid": UUID}}),
        '{ "attributes" : {"uuid":"' + UUID + '" , "answer_01" : 1e999 } }',
        '{"attributes":{"uuid":"first","answer_01":"1","uuid":"' + UUID + '"}}',
    ],
    ids=[
        "text",
        "huge int",
        "nested",
        "flagged",
        "little",
        "blanks and 1e999",
        "a key twice: the last counts",
    ],
)
def test_payloads_are_kept_as_they_came(text: str) -> None:
    records, rejected = parsed(text)
    assert [(each.record_id, each.payload) for each in records] == [(UUID, text.encode())]
    assert rejected == []
    # What is landed must not stop the database later: one bad document aborts the query over all of them.
    assert duckdb.execute("select json_valid(?)", [text]).fetchone() == (True,)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (payload(uuid=None), "Expected `str`, got `null` - at `$.attributes.uuid`"),
        (payload(uuid=42), "Expected `str`, got `int` - at `$.attributes.uuid`"),
        (payload(uuid=""), "attributes.uuid is blank"),
        (payload(uuid=" \t"), "attributes.uuid is blank"),
        ('{"id":"1","attributes":{}}', "Object missing required field `uuid` - at `$.attributes`"),
        ('{"id":"1"}', "Object missing required field `attributes`"),
        ('{"attributes":null}', "Expected `object`, got `null` - at `$.attributes`"),
        ('{"attributes":[]}', "Expected `object`, got `array` - at `$.attributes`"),
        ("null", "Expected `object`, got `null`"),
        ("7", "Expected `object`, got `int`"),
        ('"text"', "Expected `object`, got `str`"),
        ("[]", "Expected `object`, got `array`"),
    ],
)
def test_what_has_no_id_is_rejected_alone_and_with_its_bytes(text: str, reason: str) -> None:
    good = payload()
    records, rejected = parsed(good, text, good)
    assert [each.payload for each in records] == [good.encode()] * 2
    assert rejected == [(text.encode(), reason)]


@pytest.mark.parametrize("odd", ['{"a":"\\ud800"}', '{"a":"tab\there"}', '{"a":NaN}'])
def test_what_a_database_could_not_read_is_rejected_alone(odd: str) -> None:
    text = '{"attributes":{"uuid":"' + UUID + '","answer_08":' + odd + "}}"
    records, rejected = parsed(payload(), text)
    assert [each.payload for each in records] == [payload().encode()]
    assert [body for body, _ in rejected] == [text.encode()]
    assert "JSON is malformed" in rejected[0][1] or "truncated" in rejected[0][1]


def test_bytes_that_are_no_text_are_rejected_alone() -> None:
    latin_1 = payload(answer_08="caf?").encode().replace(b"?", b"\xe9")
    page = b'{"data":[' + payload().encode() + b"," + latin_1 + b"]}"
    records, rejected = PARSER.records(page)
    assert [each.payload for each in records] == [payload().encode()]
    assert [(each.body, each.reason) for each in rejected] == [(latin_1, "not UTF-8")]


@pytest.mark.parametrize(
    ("attributes", "updated", "day"),
    [
        ({"updated_at": None}, None, date(2026, 1, 5)),
        ({"updated_at": 5, "created_at": 7}, None, None),
        ({"updated_at": "never", "created_at": ""}, None, None),
        ({"updated_at": {}, "created_at": []}, None, None),
        (
            {"updated_at": "2026-01-01T00:30:00+02:00", "created_at": "2026-01-01T00:30:00+02:00"},
            datetime(2025, 12, 31, 22, 30, tzinfo=UTC),
            date(2025, 12, 31),
        ),
    ],
)
def test_a_time_that_is_none_costs_the_time_not_the_record(
    attributes: dict[str, Any], updated: datetime | None, day: date | None
) -> None:
    records, rejected = parsed(payload(**attributes))
    assert rejected == []
    assert [(each.source_updated_at, each.day) for each in records] == [(updated, day)]


@pytest.mark.parametrize(
    ("attributes", "identifiers"),
    [
        ({}, ()),
        ({"answer_10": None, "answer_11": ""}, ()),
        ({"answer_10": "  ", "answer_11": False}, ()),
        ({"answer_10": " A@B.gov "}, (("email", " A@B.gov "),)),
        ({"answer_11": 100200300}, (("account", "100200300"),)),
        ({"answer_12": "x@y.gov"}, ()),
    ],
)
def test_identifiers_are_the_configured_answers(
    attributes: dict[str, Any], identifiers: tuple[tuple[str, str], ...]
) -> None:
    records, _ = parsed(payload(**attributes))
    assert [each.identifiers for each in records] == [identifiers]


def test_any_attribute_may_identify() -> None:
    parser = Submissions("x", {"user_id": "visitor", "a field, oddly named": "case"})
    page = json.dumps({"data": [{"attributes": {"uuid": UUID, "user_id": 5, "a field, oddly named": "C-1"}}]})
    records, _ = parser.records(page.encode())
    assert [each.identifiers for each in records] == [(("visitor", "5"), ("case", "C-1"))]


@pytest.mark.parametrize("page", ['{"data":[]}', '{"data":null}', "{}"])
def test_an_empty_page_has_no_records(page: str) -> None:
    assert PARSER.records(page.encode()) == ([], [])
