"""The mapping: columns to fields, and what a row can be refused for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from voxpop.sources.fields import Unmappable
from voxpop.sources.file_source import FileSource, known_columns, mapping_sha256, required_columns
from voxpop.sources.mapping import Mapper
from voxpop.sources.targets.interaction import InteractionFiles
from voxpop.sources.targets.survey_response import SurveyResponseFiles

FOLDER: dict[str, Any] = {"kind": "file_drop", "name": "visits", "folder": "drop", "pattern": "*"}

VISITS: dict[str, Any] = {
    **FOLDER,
    "format": "csv",
    "time_zone": "America/Los_Angeles",
    "maps_to": "interaction",
    "fields": {
        "interaction_id": "Visit",
        "started_at": "In",
        "ended_at": {"column": "Out", "format": "%m/%d/%Y %I:%M %p"},
        "source_channel": {"constant": "VISIT"},
        "wait_seconds": "Wait",
        "is_resolved": {"column": "Done", "values": {"Y": True, "N": False}},
        "segment": {"column": "Group", "optional": True},
        "handled_by": {"template": "{Office}/{Desk}"},
    },
    "identifiers": {"Mail": "email", "Account": "account"},
}
ROW = {
    "Visit": " V-1 ",
    "In": "2026-01-05 09:14:05",
    "Out": "01/05/2026 09:30 AM",
    "Wait": "1,204.5",
    "Done": "Y",
    "Office": "Oakland",
    "Desk": "7",
    "Mail": "a@x.org",
    "Account": "",
}


def visits(**changes: Any) -> InteractionFiles:
    return InteractionFiles.model_validate({**VISITS, **changes})


def fields(**changes: Any) -> InteractionFiles:
    return visits(fields={**VISITS["fields"], **changes})


def mapped(mapping: FileSource, row: dict[str, str]) -> Any:
    return Mapper(mapping, list(row)).map(list(row.values()))


def test_a_row_becomes_an_interaction() -> None:
    found = mapped(visits(), ROW)
    assert found.record_id == "V-1"
    assert found.fields == {
        "interaction_id": "V-1",
        "started_at": datetime(2026, 1, 5, 17, 14, 5, tzinfo=UTC),
        "ended_at": datetime(2026, 1, 5, 17, 30, tzinfo=UTC),
        "source_channel": "VISIT",
        "source_service": None,
        "source_organization": None,
        "direction": None,
        "responded_at": None,
        "wait_seconds": Decimal("1204.5"),
        "talk_seconds": None,
        "hold_seconds": None,
        "wrap_seconds": None,
        "handled_by": "Oakland/7",
        "is_abandoned": None,
        "is_transferred": None,
        "is_resolved": True,
        "is_survey_offered": None,
        "journey_stage": None,
        "segment": None,
        "updated_at": None,
    }
    assert found.identifiers == (("email", "a@x.org"),)
    assert (found.updated_at, found.day) == (None, date(2026, 1, 5))


def test_blank_is_null() -> None:
    found = mapped(visits(), {**ROW, "Out": " ", "Wait": "", "Done": "", "Desk": ""})
    blank = {found.fields[name] for name in ("ended_at", "wait_seconds", "is_resolved", "handled_by")}
    assert blank == {None}


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-05T09:14:05-05:00", datetime(2026, 1, 5, 14, 14, 5, tzinfo=UTC)),
        ("2026-01-05T09:14:05.250Z", datetime(2026, 1, 5, 9, 14, 5, 250_000, tzinfo=UTC)),
        ("2026-07-05 09:14", datetime(2026, 7, 5, 16, 14, tzinfo=UTC)),
        ("2025-11-02 01:30:00", datetime(2025, 11, 2, 8, 30, tzinfo=UTC)),
        ("2025-11-02 02:00:00", datetime(2025, 11, 2, 10, 0, tzinfo=UTC)),
        ("2026-03-08 01:59:59", datetime(2026, 3, 8, 9, 59, 59, tzinfo=UTC)),
        ("2026-03-08 03:00:00", datetime(2026, 3, 8, 10, 0, tzinfo=UTC)),
        ("2026-01-05 23:30:00", datetime(2026, 1, 6, 7, 30, tzinfo=UTC)),
    ],
    ids=[
        *("offset", "Z", "summer", "the first of the hour that comes twice", "after it"),
        *("before the hour that is skipped", "after it", "the next day in UTC"),
    ],
)
def test_times_are_utc(text: str, utc: datetime) -> None:
    found = mapped(visits(), {**ROW, "In": text})
    assert found.fields["started_at"] == utc
    assert found.day == utc.date()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"Visit": " "}, "interaction_id is blank"),
        ({"In": ""}, "started_at is blank"),
        ({"In": "soon"}, "started_at is not a time of the form ISO 8601"),
        ({"In": "2026-01-05"}, "started_at holds a date without a time"),
        ({"In": "2026-13-05 09:00"}, "started_at is not a time of the form ISO 8601"),
        ({"Out": "2026-01-05 09:00"}, "ended_at is not a time of the form %m/%d/%Y %I:%M %p"),
        ({"Wait": "12,04"}, "wait_seconds is not a number"),
        ({"Wait": "NaN"}, "wait_seconds is not a number"),
        ({"Wait": "#N/A"}, 'column D ("Wait") holds #N/A, an error of a spreadsheet'),
        ({"In": "2026-03-08 02:30:00"}, "started_at is a time that clocks skipped when they went forward"),
        ({"Done": "perhaps"}, "is_resolved holds something that the mapping's `values` don't name"),
    ],
)
def test_a_row_that_does_not_fit_says_why(changed: dict[str, str], said: str) -> None:
    with pytest.raises(Unmappable) as raised:
        mapped(visits(), {**ROW, **changed})
    assert str(raised.value) == said


def test_a_naive_time_needs_a_zone() -> None:
    with pytest.raises(Unmappable, match="has no offset, and the mapping names no time_zone"):
        mapped(visits(time_zone=None), ROW)


def test_a_date_stays_a_date() -> None:
    mapping = SurveyResponseFiles.model_validate(
        {
            **FOLDER,
            "format": "csv",
            "time_zone": "America/Los_Angeles",
            "maps_to": "survey_response",
            "fields": {
                "response_id": "N",
                "form_id": {"constant": "f"},
                "answered_on": {"template": "2017-05-{D}", "format": "%Y-%m-%d"},
            },
            "answers": ["Q1", "Q2"],
        }
    )
    found = mapped(mapping, {"N": "1", "D": "5", "Q1": " 4", "Q2": ""})
    assert found.fields["answered_on"] == date(2017, 5, 5)
    assert found.fields["answered_at"] is None
    assert found.fields["answers"] == {"Q1": " 4", "Q2": ""}
    with pytest.raises(Unmappable, match="answered_on is not a date of the form %Y-%m-%d"):
        mapped(mapping, {"N": "1", "D": "32", "Q1": "4", "Q2": ""})
    with pytest.raises(Unmappable, match="the time of the answer is blank"):
        mapped(mapping, {"N": "1", "D": "", "Q1": "4", "Q2": ""})


@pytest.mark.parametrize("times", [{}, {"answered_at": "A", "answered_on": "B"}])
def test_a_response_has_one_time(times: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="give answered_at"):
        SurveyResponseFiles.model_validate(
            {
                **FOLDER,
                "format": "csv",
                "maps_to": "survey_response",
                "fields": {"response_id": "N", "form_id": "F", **times},
                "answers": ["Q"],
            }
        )


def test_columns_that_a_file_must_and_may_have() -> None:
    required = ("Visit", "In", "Out", "Wait", "Done", "Office", "Desk", "Mail", "Account")
    assert set(required_columns(visits())) == set(required)
    assert known_columns(visits()) == {*required, "Group"}
    assert known_columns(visits(other_columns=["Note"])) == {*required, "Group", "Note"}
    assert known_columns(visits(other_columns="any")) is None


def test_the_mapping_is_known_by_what_it_means() -> None:
    same = InteractionFiles.model_validate({**VISITS, "fields": dict(reversed(VISITS["fields"].items()))})
    assert mapping_sha256(visits()) == mapping_sha256(same)
    others = [
        visits(time_zone="UTC"),
        visits(identifiers={"Mail": "email"}),
        fields(segment={"column": "Group"}),
        fields(ended_at="Out"),
    ]
    assert len({mapping_sha256(each) for each in [visits(), *others]}) == 5
