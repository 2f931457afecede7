"""The parsers against real payloads, where they lie; they are no part of the project."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml
from voxpop.raw.records import Record
from voxpop.sources.file_drop import chunks
from voxpop.sources.formats.csv import inspect
from voxpop.sources.genesys.parse import Conversations
from voxpop.sources.targets.survey_response import SurveyResponseFiles
from voxpop.sources.touchpoints.parse import Submissions

CONVERSATIONS = Conversations({"ani": "phone", "callbackNumbers": "phone"})


Sample = Callable[[str], Path]
QUERY = "genesys/conversations_details_query_response.json"


def conversations(sample: Sample) -> tuple[list[dict[str, Any]], list[Record]]:
    page = sample(QUERY).read_bytes()
    records, rejected = CONVERSATIONS.records(page)
    assert rejected == []
    return json.loads(page)["conversations"], records


def test_every_conversation_of_2016_is_a_record_as_it_is(sample: Sample) -> None:
    found, records = conversations(sample)
    assert len(records) == 25
    assert [each.record_id for each in records] == [each["conversationId"] for each in found]
    page = sample(QUERY).read_bytes()
    at = 0
    for record, each in zip(records, found, strict=True):
        assert json.loads(record.payload) == each
        at = page.index(record.payload, at) + len(record.payload)


def test_open_conversations_are_records(sample: Sample) -> None:
    found, records = conversations(sample)
    assert all("conversationEnd" not in each for each in found)
    assert all(each.source_updated_at is not None for each in records)
    assert all(each.day is not None for each in records)


def test_call_backs_that_span_days_keep_the_day_they_began(sample: Sample) -> None:
    _, records = conversations(sample)
    first = {each.record_id: each for each in records}["5773eca4-0874-4617-a6e8-85591aa94609"]
    assert first.day == date(2016, 9, 5)
    assert first.source_updated_at == datetime(2016, 9, 6, 0, 12, 12, 350000, tzinfo=UTC)
    assert first.identifiers == (("phone", "+12025559205"),)
    spanning = [
        each for each in records if each.source_updated_at and each.source_updated_at.date() != each.day
    ]
    assert spanning


def test_a_conversation_without_a_customer_has_no_identifiers(sample: Sample) -> None:
    found, records = conversations(sample)
    without = [
        record
        for record, each in zip(records, found, strict=True)
        if not {"customer", "external"} & {participant["purpose"] for participant in each["participants"]}
    ]
    assert len(without) == 2
    assert [each.identifiers for each in without] == [(), ()]


def test_the_conversation_with_metrics_is_a_record(sample: Sample) -> None:
    payload = sample("genesys/conversation_with_metrics.json").read_bytes().strip()
    records, rejected = CONVERSATIONS.records(b'{"conversations":[' + payload + b"]}")
    assert rejected == []
    assert [each.payload for each in records] == [payload]
    assert records[0].record_id == "1bc96a39-6725-40c4-9345-db72aa67b8c6"
    assert records[0].day == date(2021, 4, 1)
    assert records[0].source_updated_at == datetime(2021, 4, 1, 12, 43, 23, 306000, tzinfo=UTC)
    assert records[0].identifiers == ()


def test_every_example_submission_is_a_record(sample: Sample) -> None:
    examples = json.loads(sample("touchpoints/openapi_v1_response_examples.json").read_bytes())
    example = examples["GET /forms/{uuid}/responses 200"]["value"]
    page = json.dumps(example).encode()
    records, rejected = Submissions("92b47c29", {"answer_02": "email"}).records(page)
    assert rejected == []
    assert [each.record_id for each in records] == [
        "7bfdc460-8353-4cc3-91ec-debf2b51d8ed",
        "4380cbb8-e085-4d58-9374-2989a051be87",
    ]
    assert [json.loads(each.payload) for each in records] == example["data"]
    assert [each.identifiers for each in records] == [
        (("email", "john@example.com"),),
        (("email", "barr@barr.com"),),
    ]
    assert {each.kind for each in records} == {"submission:92b47c29"}
    assert {each.day for each in records} == {date(2026, 1, 1)}


def test_the_description_of_touchpoints_still_says_what_the_client_relies_on(sample: Sample) -> None:
    described = yaml.safe_load(sample("touchpoints/openapi_v1.yml").read_bytes())
    path = described["paths"]["/forms/{uuid}/responses"]["get"]
    assert {each["name"] for each in path["parameters"]} == {
        "page[number]",
        "page[size]",
        "start_date",
        "end_date",
    }
    attributes = described["components"]["schemas"]["SubmissionAttributes"]
    assert {"uuid", "created_at", "updated_at"} <= set(attributes["required"])
    answer = path["responses"]["200"]["content"]["application/json"]["example"]["value"]
    assert {"total_pages", "total_count"} <= set(answer["meta"])
    assert described["components"]["securitySchemes"]["api_key"] == {
        "type": "apiKey",
        "name": "x-api-key",
        "in": "header",
    }


def test_every_row_of_the_quarterly_upload_is_a_record(sample: Sample, tmp_path: Path) -> None:
    """The layout in which agencies hand in a quarter's answers, as a file drop of Touchpoints' own sample."""
    content = sample("touchpoints/sample_cx_responses_upload.csv").read_bytes()
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    mapping = SurveyResponseFiles(
        kind="file_drop",
        name="upload",
        folder=tmp_path,
        pattern="*.csv",
        format="csv",
        maps_to="survey_response",
        fields={
            "response_id": "external_id",
            "form_id": {"constant": "a11-quarterly"},
            "answered_on": {"constant": "2026-01-05"},
        },
        answers=header[1:],
    )
    path = tmp_path / "upload.csv"
    path.write_bytes(content)
    inspect(path, mapping)
    (chunk,) = chunks(path, path.name, mapping, 0)
    assert (chunk.rejected, chunk.repeated) == ([], 0)
    answers = [json.loads(record.payload)["answers"] for record in chunk.records]
    assert len(rows) == 1000
    assert answers == [dict(zip(header[1:], row[1:], strict=True)) for row in rows]


def test_qualtrics_export_is_keyed_by_its_ids(sample: Sample, tmp_path: Path) -> None:
    """Three rows of header: names, texts in the author's language, and ids, which alone never change."""
    path = sample("qualtrics/sample.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        names, _, ids, *rows = csv.reader(file)
    assert names[17:19] == ["Q1", "Q2"] and json.loads(ids[17]) == {"ImportId": "QID1"}
    mapping = SurveyResponseFiles(
        kind="file_drop",
        name="qualtrics",
        folder=tmp_path,
        pattern="*.csv",
        format="csv",
        header_rows=3,
        names_row=3,
        time_zone="UTC",
        maps_to="survey_response",
        fields={
            "response_id": "_recordId",
            "form_id": {"constant": "SV_1"},
            "answered_at": "recordedDate",
            "language": "userLanguage",
        },
        answers=["QID1", "QID2_TEXT"],
        other_columns="any",
    )
    inspect(path, mapping)
    (chunk,) = chunks(path, path.name, mapping, 0)
    assert chunk.rejected == []
    found = [json.loads(record.payload) for record in chunk.records]
    assert [(each["response_id"], each["answers"], each["row"]) for each in found] == [
        (row[8], {"QID1": row[17], "QID2_TEXT": row[18]}, number) for number, row in enumerate(rows, start=4)
    ]
    assert (found[0]["response_id"], found[0]["answers"]["QID2_TEXT"]) == (
        "R_2YPOQ602ER1jkf1",
        "Hello World!",
    )
    assert found[0]["answered_at"] == "2017-07-18T08:28:48Z"
