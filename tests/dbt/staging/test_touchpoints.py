"""Touchpoints submissions: what staging makes of a payload, and of one that is not what it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from voxpop.raw.records import Record

from .conftest import Home, new_home
from .raw_zone import FORM, T0, record, stamp, submission

PLANTED = ["203.0.113.9", "Mozilla/PLANTED", "078-05-1120", "pat@example.org", "987654321", "/planted?x=1"]


def cases() -> list[Record]:
    day_after = T0 + timedelta(days=1)
    return [
        submission(
            "whole",
            datetime(2026, 3, 2, 23, 59, 59, 250_000, tzinfo=UTC),
            updated_at=datetime(2026, 3, 4, 1, tzinfo=UTC),
            identifiers=[("email", "Pat@example.org"), ("account", "987654321")],
            answer_01="5",
            answer_02="",
            answer_03="   ",
            answer_04=" 4 ",
            answer_30="last",
            flagged=True,
            location_code="office",
        ),
        submission(
            "personal",
            identifiers=[("email", "pat@example.org"), ("account", "987654321")],
            user_agent="Mozilla/PLANTED",
            query_string="/planted?x=1",
            answer_08="My number is 078-05-1120, write to pat@example.org",
            answer_10="pat@example.org",
            answer_11="987654321",
        ),
        submission("odd types", flagged="perhaps", answer_01=5, tags="none"),
        record("no attributes", {"id": "1"}, f"submission:{FORM}", day_after),
        record("a list", {"attributes": [1, 2]}, f"submission:{FORM}", day_after),
        record(
            "no time", {"attributes": {"created_at": "infinity", "updated_at": "soon"}}, f"submission:{FORM}"
        ),
    ]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = new_home(tmp_path_factory.mktemp("touchpoints"))
    home.raw.land("touchpoints", cases(), at=datetime(2026, 5, 1, tzinfo=UTC))
    home.build_staging()
    return home


def one(home: Home, record_id: str) -> dict[str, Any]:
    return home.row(f"from staging.stg_touchpoints__responses where record_id = '{record_id}'")


def test_a_submission_is_typed(staged: Home) -> None:
    row = one(staged, "whole")
    created = stamp("2026-03-02 23:59:59.250000")
    assert row["_record_key"] == "touchpoints/responses/whole"
    assert (row["source_system"], row["form_id"]) == ("touchpoints", FORM)
    assert (row["created_at"], row["updated_at"]) == (created, stamp("2026-03-04 01:00:00"))
    assert row["record_date"] == date(2026, 3, 2)
    assert row["answers"] == {"answer_01": "5", "answer_04": "4", "answer_30": "last"}
    assert (row["location_code"], row["language"], row["submission_state"]) == ("office", "en", "received")
    flags = (row["is_flagged"], row["is_archived"], row["is_deleted"], row["is_spam"])
    assert flags == (True, False, False, False)
    identifiers = staged.rows(
        "select identifier_type, key_version, seen_at, length(token) from staging.stg_identifiers "
        "where record_id = 'whole' order by all"
    )
    assert identifiers == [("account", 1, created, 32), ("email", 1, created, 32)]


def test_personal_data_does_not_pass_staging(staged: Home) -> None:
    tables = staged.rows(
        "select table_schema, table_name from information_schema.tables where table_schema != 'seeds'"
    )
    assert ("staging", "base_touchpoints__responses") in tables
    for schema, table in tables:
        text = repr(staged.rows(f'from {schema}."{table}"'))
        assert [value for value in PLANTED if value in text] == [], table
    assert one(staged, "personal")["answers"] == {"answer_08": "My number is [SSN], write to [EMAIL]"}


def test_what_does_not_fit_is_null_and_counted(staged: Home) -> None:
    expected = {
        "odd types": (stamp("2026-03-02 00:00:00"), False, {"answer_01": "5"}, date(2026, 3, 2)),
        "no attributes": (None, False, {}, date(2026, 3, 3)),
        "a list": (None, False, {}, date(2026, 3, 3)),
        "no time": (None, False, {}, date(2026, 5, 1)),
    }
    for record_id, values in expected.items():
        row = one(staged, record_id)
        assert (row["created_at"], row["is_flagged"], row["answers"], row["record_date"]) == values, record_id
    drift = {
        field: tuple(counts)
        for field, *counts in staged.rows(
            "select field, value_count, null_count, uncast_count from staging.stg_drift"
        )
    }
    assert drift["created_at"] == (6, 3, 1)
    assert drift["updated_at"] == (6, 3, 1)
    assert drift["flagged"] == (6, 4, 1)
    assert drift["location_code"] == (6, 3, 0)


def test_real_submissions_are_read(home: Home, sample: Callable[[str], Path]) -> None:
    examples = json.loads(sample("touchpoints/openapi_v1_response_examples.json").read_text())
    data = examples["GET /forms/{uuid}/responses 200"]["value"]["data"]
    assert data
    home.raw.land(
        "touchpoints",
        [record(item["attributes"]["uuid"], item, f"submission:{FORM}", T0) for item in data],
    )
    home.build_staging()
    rows = home.rows(
        "select created_at, cardinality(answers), form_id from staging.stg_touchpoints__responses"
    )
    assert rows == [(stamp("2026-01-01 00:00:00"), 3, FORM)] * len(data)
    assert home.rows("select count(*) from staging.stg_drift where uncast_count > 0") == [(0,)]
