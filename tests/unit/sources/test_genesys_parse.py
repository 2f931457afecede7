"""Genesys: a page of conversations → records."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from voxpop.raw.records import Record
from voxpop.sources.genesys.parse import Conversations

ID = "1bc96a39-6725-40c4-9345-db72aa67b8c6"
PARSER = Conversations(
    {
        "attributes.account_number": "account",
        "ani": "phone",
        "callbackNumbers": "phone",
        "addressFrom": "email",
        "participantName": "name",
    },
)


def conversation(**given: Any) -> dict[str, Any]:
    return {
        "conversationId": ID,
        "conversationStart": "2026-01-05T09:00:00.000Z",
        "participants": [],
        **given,
    }


def customer(*sessions: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {"purpose": "customer", "sessions": list(sessions), **given}


def parsed(*found: object) -> tuple[list[Record], list[tuple[bytes, str]]]:
    page = json.dumps({"conversations": list(found), "cursor": "next"})
    records, rejected = PARSER.records(page.encode())
    return records, [(each.body, each.reason) for each in rejected]


def test_a_conversation_becomes_a_record() -> None:
    found = conversation(
        conversationEnd="2026-01-05T09:20:00.000Z",
        participants=[
            customer(
                {
                    "ani": "tel:+12025550101",
                    "segments": [{"segmentStart": "2026-01-05T09:00:00.000Z"}],
                    "metrics": [{"name": "nConnected", "value": 1, "emitDate": "2026-01-05T09:00:01.000Z"}],
                },
                attributes={"account_number": "100200300", "segment": "veteran"},
            ),
            {
                "purpose": "agent",
                "sessions": [{"segments": [{"segmentEnd": "2026-01-05T09:21:30.500Z"}], "metrics": []}],
            },
        ],
    )
    assert parsed(found) == (
        [
            Record(
                record_id=ID,
                source_updated_at=datetime(2026, 1, 5, 9, 21, 30, 500000, tzinfo=UTC),
                payload=json.dumps(found).encode(),
                identifiers=(("account", "100200300"), ("phone", "tel:+12025550101")),
                kind="conversation",
                day=date(2026, 1, 5),
            )
        ],
        [],
    )


def _segment(**times: Any) -> dict[str, Any]:
    return conversation(participants=[customer({"segments": [times]})])


@pytest.mark.parametrize(
    ("found", "latest"),
    [
        (conversation(), "2026-01-05T09:00:00+00:00"),
        (conversation(conversationEnd=None), "2026-01-05T09:00:00+00:00"),
        (_segment(segmentStart="2026-01-06T00:00:00.000Z"), "2026-01-06T00:00:00+00:00"),
        # A callback spans days: its last segment ends a week later.
        (_segment(segmentEnd="2026-01-12T09:00:00.000Z", segmentStart="x"), "2026-01-12T09:00:00+00:00"),
        (
            conversation(
                participants=[
                    customer({"metrics": [{"emitDate": "2026-01-05T23:59:59.999Z"}, {}, {"emitDate": 5}]})
                ]
            ),
            "2026-01-05T23:59:59.999000+00:00",
        ),
        # Texts of other forms don't compare as texts: 08:00-04:00 is noon in UTC.
        (_segment(segmentStart="2026-01-05T08:00:00-04:00"), "2026-01-05T12:00:00+00:00"),
        (_segment(segmentEnd="2026-01-05T10:00:00Z"), "2026-01-05T10:00:00+00:00"),
        # As long as a time and none: the others count.
        (_segment(segmentEnd="9999-99-99T99:99:99.999Z"), "2026-01-05T09:00:00+00:00"),
        (conversation(conversationStart=None), None),
        (conversation(conversationStart=17), None),
    ],
)
def test_the_latest_time_in_it_is_when_it_changed(found: dict[str, Any], latest: str | None) -> None:
    records, rejected = parsed(found)
    assert rejected == []
    expected = None if latest is None else datetime.fromisoformat(latest)
    assert [each.source_updated_at for each in records] == [expected]


def test_a_scheduled_call_back_is_no_change() -> None:
    found = conversation(participants=[customer({"callbackScheduledTime": "2027-01-01T00:00:00.000Z"})])
    records, _ = parsed(found)
    assert [each.source_updated_at for each in records] == [datetime(2026, 1, 5, 9, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("participants", "identifiers"),
    [
        (None, ()),
        ([], ()),
        ([customer()], ()),
        ([{"purpose": "customer", "sessions": None, "attributes": None}], ()),
        ([customer(attributes={"account_number": None})], ()),
        ([customer(attributes={"account_number": ""})], ()),
        ([customer(attributes=["account_number"])], ()),
        ([customer(attributes={"account_number": 100200300})], (("account", "100200300"),)),
        ([customer(attributes={"account_number": "1", "email": "a@b.gov"})], (("account", "1"),)),
        ([customer({"ani": "tel:+12025550101"}, purpose="external")], (("phone", "tel:+12025550101"),)),
        ([customer({"ani": "tel:+12025550101"}, purpose="agent", attributes={"account_number": "1"})], ()),
        ([customer({"ani": "tel:+12025550101"}, purpose="acd")], ()),
        ([customer({"ani": "+12025550101"}, purpose=None)], ()),
        (
            [customer({"ani": "+12025550101", "direction": "inbound", "dnis": "+12025550199"})],
            (("phone", "+12025550101"),),
        ),
        # The agency calls: ani is its own number.
        (
            [customer({"ani": "+12025550199", "direction": "outbound", "dnis": "+12025550101"})],
            (("phone", "+12025550101"),),
        ),
        ([customer({"ani": "+12025550199", "direction": "outbound"})], ()),
        ([customer({"addressFrom": "a@b.gov", "addressTo": "us@agency.gov"})], (("email", "a@b.gov"),)),
        (
            [customer({"direction": "outbound", "addressFrom": "us@agency.gov", "addressTo": "a@b.gov"})],
            (("email", "a@b.gov"),),
        ),
        (
            [customer({"callbackNumbers": ["+12025550101", "+12025550102"], "direction": "outbound"})],
            (("phone", "+12025550101"), ("phone", "+12025550102")),
        ),
        # Once for each conversation, however many sessions say it.
        (
            [customer({"ani": "+12025550101"}, {"ani": "+12025550101"}), customer({"ani": "+12025550101"})],
            (("phone", "+12025550101"),),
        ),
        ([customer({"ani": {"a": 1}, "callbackNumbers": "x"})], (("phone", "x"),)),
    ],
)
def test_identifiers_are_the_customers(
    participants: object, identifiers: tuple[tuple[str, str], ...]
) -> None:
    records, rejected = parsed(conversation(participants=participants))
    assert rejected == []
    assert [each.identifiers for each in records] == [identifiers]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (conversation(conversationId=None), "Expected `str`, got `null` - at `$.conversationId`"),
        (conversation(conversationId=12), "Expected `str`, got `int` - at `$.conversationId`"),
        (conversation(conversationId=" "), "conversationId is blank"),
        ({"participants": []}, "Object missing required field `conversationId`"),
        (conversation(participants={}), "Expected `array | null`, got `object` - at `$.participants`"),
        (conversation(participants=[5]), "Expected `object`, got `int` - at `$.participants[0]`"),
        (
            conversation(participants=[{"sessions": "none"}]),
            "Expected `array | null`, got `str` - at `$.participants[0].sessions`",
        ),
        (None, "Expected `object`, got `null`"),
        ([], "Expected `object`, got `array`"),
        ("text", "Expected `object`, got `str`"),
    ],
)
def test_what_can_be_no_conversation_is_rejected_alone(found: object, reason: str) -> None:
    records, rejected = parsed(conversation(), found, conversation())
    assert len(records) == 2
    assert rejected == [(json.dumps(found).encode(), reason)]


@pytest.mark.parametrize(
    "text",
    [
        '{"conversationId":"' + ID + '","x":123456789012345678901234567890,"y":1e999}',
        '{"conversationId":"' + ID + '","note":"Größe 日本 😀 \\u0000"}',
        '{"conversationId":"first","conversationId":"' + ID + '"}',
        ' {  "conversationId" : "' + ID + '" }',
    ],
    ids=["huge numbers", "text", "a key twice: the last counts", "blanks"],
)
def test_payloads_are_kept_as_they_came(text: str) -> None:
    records, rejected = PARSER.records(f'{{"conversations":[{text}]}}'.encode())
    assert [(each.record_id, each.payload) for each in records] == [(ID, text.strip().encode())]
    assert rejected == []


def test_the_name_is_the_customers_alone() -> None:
    agent = {"purpose": "agent", "participantName": "Max Roe", "sessions": []}
    found = conversation(participants=[customer({}, participantName="Ann Lee"), agent])
    [record], _ = parsed(found)
    assert record.identifiers == (("name", "Ann Lee"),)
