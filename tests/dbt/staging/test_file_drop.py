"""Contacts and survey responses that came in files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from voxpop.raw.records import Record

from .conftest import Home, new_home
from .raw_zone import T0, record, stamp, survey_response


def contacts() -> list[Record]:
    whole = {
        "started_at": "2026-03-02T00:00:00Z",
        "ended_at": "2026-03-02T00:20:00+00:00",
        "updated_at": "2026-03-03T08:00:00-08:00",
        "source_channel": "VISIT",
        "source_service": " fld-card ",
        "source_organization": None,
        "direction": "inbound",
        "wait_seconds": 612,
        "talk_seconds": "431.5",
        "handled_by": "clerk-07",
        "is_abandoned": False,
        "is_resolved": None,
        "segment": "",
    }
    odd = {
        "started_at": "02/03/2026",
        "wait_seconds": "12 min",
        "is_abandoned": "Yes",
        "is_resolved": "perhaps",
    }
    message = {
        "started_at": "2026-03-02T00:00:00Z",
        "responded_at": "2026-03-02T00:07:30.250Z",
        "hold_seconds": 3,
        "wrap_seconds": "4.5",
        "is_transferred": True,
        "is_survey_offered": False,
        "journey_stage": "decision",
    }
    return [
        record("whole", whole, "interaction"),
        record("odd", odd, "interaction"),
        record("message", message, "interaction"),
        record("both", {**message, "wait_seconds": 20}, "interaction"),
        record("no wait", {**message, "wait_seconds": "a while"}, "interaction"),
        record("answered before", {**message, "responded_at": "2026-03-01T23:59:59Z"}, "interaction"),
    ]


def responses() -> list[Record]:
    answers = {"rating": " 4 ", "easy": "", "comment": None}
    odd = {"answered_at": "yesterday", "answered_on": "31/05/2017", "weight": "heavy", "answers": [1]}
    return [
        survey_response("whole", weight="0.8453", cluster_id="UA12", answers=answers),
        survey_response("only a date", None, answered_on="2017-05-31"),
        record("odd", odd, "survey_response"),
        record("nothing", {}, "survey_response", T0),
    ]


def offers() -> list[Record]:
    whole = {"survey_id": " ben-apply-cx ", "offered_on": "2026-04-01", "offered_until": "2026-04-30"}
    whole |= {
        "source_channel": "website",
        "customer_count": "1204",
        "offered_count": "0",
        "complete_count": "",
    }
    odd = {"survey_id": "s", "offered_on": "April", "customer_count": "many", "offered_count": None}
    return [record("whole", whole, "survey_offer"), record("odd", odd, "survey_offer")]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = new_home(tmp_path_factory.mktemp("file_drop"))
    home.raw.land("field_offices", contacts(), at=datetime(2026, 5, 1, tzinfo=UTC))
    home.raw.land("kiosk_surveys", responses(), at=datetime(2026, 5, 1, tzinfo=UTC))
    home.raw.land("survey_offers", offers(), at=datetime(2026, 5, 1, tzinfo=UTC))
    home.build_staging()
    return home


def one(home: Home, table: str, record_id: str) -> dict[str, Any]:
    return home.row(f"from staging.stg_file_drop__{table} where record_id = '{record_id}'")


def uncast(home: Home, source: str) -> list[tuple[Any, ...]]:
    return home.rows(
        "select field, uncast_count from staging.stg_drift "
        f"where source_system = '{source}' and uncast_count > 0 order by field"
    )


def test_a_contact_is_typed(staged: Home) -> None:
    row = one(staged, "interactions", "whole")
    expected = {
        "_record_key": "field_offices/interactions/whole",
        "source_system": "field_offices",
        "record_date": date(2026, 3, 2),
        "started_at": stamp("2026-03-02 00:00:00"),
        "ended_at": stamp("2026-03-02 00:20:00"),
        "updated_at": stamp("2026-03-03 16:00:00"),
        "source_channel": "VISIT",
        "source_service": "fld-card",
        "source_organization": None,
        "direction": "inbound",
        "wait_seconds": Decimal("612.000"),
        "talk_seconds": Decimal("431.500"),
        "handled_by": "clerk-07",
        "is_abandoned": False,
        "is_resolved": None,
        "segment": None,
    }
    assert {name: row[name] for name in expected} == expected


def test_a_contact_that_does_not_fit_is_null_and_counted(staged: Home) -> None:
    row = one(staged, "interactions", "odd")
    assert (row["started_at"], row["wait_seconds"], row["is_resolved"]) == (None, None, None)
    assert row["is_abandoned"] is True, "yes is a truth value of every engine"
    assert row["record_date"] == date(2026, 5, 1), "the day of its landing, since it gives none"
    assert uncast(staged, "field_offices") == [("is_resolved", 1), ("started_at", 1), ("wait_seconds", 2)]


def test_the_wait_for_a_message_ends_with_the_first_answer(staged: Home) -> None:
    """From 00:00:00 to 00:07:30.250; but a wait that the file gives is the wait."""
    row = one(staged, "interactions", "message")
    expected = {
        "responded_at": stamp("2026-03-02 00:07:30.250"),
        "wait_seconds": Decimal("450.250"),
        "hold_seconds": Decimal("3.000"),
        "wrap_seconds": Decimal("4.500"),
        "is_transferred": True,
        "is_survey_offered": False,
        "journey_stage": "decision",
    }
    assert {name: row[name] for name in expected} == expected
    assert one(staged, "interactions", "both")["wait_seconds"] == Decimal("20.000")
    unknown = [one(staged, "interactions", name)["wait_seconds"] for name in ("no wait", "answered before")]
    assert unknown == [None, None]


def test_a_response_is_typed(staged: Home) -> None:
    row = one(staged, "survey_responses", "whole")
    assert row["answers"] == {"rating": "4"}
    assert (row["weight"], row["cluster_id"]) == (Decimal("0.845300000"), "UA12")
    assert (row["form_id"], row["answered_at"]) == ("fld-kiosk", stamp("2026-03-02 00:00:00"))
    assert (row["answered_on"], row["is_date_only"]) == (date(2026, 3, 2), False)


def test_a_date_stays_a_date(staged: Home) -> None:
    row = one(staged, "survey_responses", "only a date")
    assert (row["answered_at"], row["answered_on"]) == (None, date(2017, 5, 31))
    assert (row["record_date"], row["is_date_only"]) == (date(2017, 5, 31), True)


def test_a_response_that_does_not_fit_is_null_and_counted(staged: Home) -> None:
    row = one(staged, "survey_responses", "odd")
    assert (row["answered_at"], row["answered_on"], row["weight"], row["answers"]) == (None, None, None, {})
    assert one(staged, "survey_responses", "nothing")["form_id"] is None
    assert uncast(staged, "kiosk_surveys") == [("answered_at", 1), ("answered_on", 1), ("weight", 1)]


def test_a_count_of_offers_is_typed(staged: Home) -> None:
    row = one(staged, "survey_offers", "whole")
    expected = {
        "_record_key": "survey_offers/survey_offers/whole",
        "survey_id": "ben-apply-cx",
        "offered_on": date(2026, 4, 1),
        "offered_until": date(2026, 4, 30),
        "record_date": date(2026, 4, 30),
        "customer_count": 1204,
        "offered_count": 0,
        "complete_count": None,
    }
    assert {name: row[name] for name in expected} == expected


def test_a_count_of_offers_that_does_not_fit_is_null_and_counted(staged: Home) -> None:
    row = one(staged, "survey_offers", "odd")
    assert (row["offered_on"], row["customer_count"], row["offered_count"]) == (None, None, None)
    assert uncast(staged, "survey_offers") == [("customer_count", 1), ("offered_on", 1)]
