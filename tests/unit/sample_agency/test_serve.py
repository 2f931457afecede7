"""The tools' HTTP contracts: paging, windows, credentials, jobs, and what goes wrong on request."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from voxpop.sample_agency.agency import Agency
from voxpop.sample_agency.events import Events, events_between
from voxpop.sample_agency.misbehavior import LEVELS, Misbehavior
from voxpop.sample_agency.serve import JOBS, TOUCHPOINTS, Credentials, Tools, make_app

CREDENTIALS = Credentials(api_key="the-key", client_id="the-client", client_secret="the-secret")
NOT = LEVELS["not"]
FORM = "569499e0"


def _client(
    agency: Agency, events: Events, misbehavior: Misbehavior = NOT, *faults: str, key: str = "the-key"
) -> TestClient:
    app = make_app(Tools(agency, events, misbehavior, frozenset(faults), CREDENTIALS))
    return TestClient(app, base_url="http://agency", headers={"x-api-key": key})


@pytest.fixture(scope="module")
def month(agency: Agency) -> Events:
    """June 2026."""
    return events_between(agency, date(2026, 6, 1), date(2026, 6, 30))


def _responses(client: TestClient, **query: Any) -> httpx.Response:
    return client.get(f"{TOUCHPOINTS}/forms/{FORM}/responses", params=query)


def _all_responses(client: TestClient, size: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(1, 1000):
        page = _responses(client, **{"page[number]": number, "page[size]": size}).raise_for_status().json()
        found += page["data"]
        if number == page["meta"]["total_pages"]:
            assert page["links"]["next"] is None
            assert page["meta"]["total_count"] == len(found)
            return found
        assert len(page["data"]) == size
    raise AssertionError("no last page")


def test_a_forms_pages_hold_each_submission_once_in_order(agency: Agency, month: Events) -> None:
    client = _client(agency, month)
    expected = int((month.submissions.service == agency.catalogue.service("ben-apply")).sum())
    found = _all_responses(client, 20)
    assert len(found) == expected > 60
    assert len({record["attributes"]["uuid"] for record in found}) == expected
    created = [record["attributes"]["created_at"] for record in found]
    assert created == sorted(created)
    assert found == _all_responses(client, 500), "the size of a page changes nothing"


def test_start_and_end_date_are_inclusive_days_of_created_at(agency: Agency, month: Events) -> None:
    client = _client(agency, month)
    everything = [record["attributes"]["created_at"][:10] for record in _all_responses(client, 500)]
    page = _responses(client, start_date="2026-06-10", end_date="2026-06-12").json()
    days = [record["attributes"]["created_at"][:10] for record in page["data"]]
    assert days == [day for day in everything if "2026-06-10" <= day <= "2026-06-12"]
    assert {"2026-06-10", "2026-06-12"} <= set(days)
    assert "start_date=2026-06-10" in page["links"]["self"]


def test_a_window_without_submissions_has_no_page(agency: Agency, week: Events) -> None:
    body = _responses(_client(agency, week), start_date="2020-01-01", end_date="2020-01-02").json()
    assert (body["data"], body["links"]["next"]) == ([], None)
    assert body["meta"] == {"current_page": 1, "page_size": 500, "total_pages": 0, "total_count": 0}


@pytest.mark.parametrize("size", [5001, 0, "many"])
def test_a_page_too_large_is_refused(agency: Agency, week: Events, size: object) -> None:
    assert _responses(_client(agency, week), **{"page[size]": size}).status_code == 400


def test_touchpoints_wants_its_key_and_knows_its_forms(agency: Agency, week: Events) -> None:
    wrong = _responses(_client(agency, week, key="wrong"))
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (403, "API_KEY_INVALID")
    client = _client(agency, week)
    assert client.get(f"{TOUCHPOINTS}/forms/00000000/responses").status_code == 404
    forms = client.get(f"{TOUCHPOINTS}/forms").json()["data"]
    assert len(forms) == 12
    shown = client.get(f"{TOUCHPOINTS}/forms/{FORM}").json()["data"]
    assert shown == forms[0]
    assert shown["attributes"]["response_count"] == len(_all_responses(client, 500))


def _login(client: TestClient, secret: str = "the-secret") -> httpx.Response:
    return client.post("/oauth/token", auth=("the-client", secret), data={"grant_type": "client_credentials"})


def _headers(client: TestClient) -> dict[str, str]:
    return {"authorization": f"Bearer {_login(client).json()['access_token']}"}


def _conversations(
    client: TestClient, interval: str, *, size: int = 1000, **more: Any
) -> list[dict[str, Any]]:
    headers = _headers(client)
    started = client.post(JOBS, headers=headers, json={"interval": interval, **more})
    assert started.status_code == 202
    job = f"{JOBS}/{started.json()['jobId']}"
    assert client.get(f"{job}/results", headers=headers).status_code == 400, "not fulfilled yet"
    states = [client.get(job, headers=headers).json()["state"] for _ in range(3)]
    assert states == ["QUEUED", "PENDING", "FULFILLED"]
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get(f"{job}/results", headers=headers, params={"pageSize": size, **cursor}).json()
        found += page["conversations"]
        assert (
            page["dataAvailabilityDate"]
            == client.get(f"{JOBS}/availability", headers=headers).json()["dataAvailabilityDate"]
        )
        if "cursor" not in page:
            break
        assert len(page["conversations"]) == size
        cursor = {"cursor": page["cursor"]}
    assert client.delete(job, headers=headers).status_code == 204
    assert client.get(job, headers=headers).status_code == 404
    return found


def test_a_jobs_pages_hold_each_conversation_once(agency: Agency, week: Events) -> None:
    client = _client(agency, week)
    found = _conversations(client, "2026-06-01T00:00:00Z/2026-06-08T00:00:00Z", size=100)
    assert len(found) == len({one["conversationId"] for one in found}) == len(week.conversations.key)


def test_an_interval_gives_what_was_active_in_it(agency: Agency, week: Events) -> None:
    client = _client(agency, week)
    interval = "2026-06-03T00:00:00Z/2026-06-04T00:00:00Z"
    active = _conversations(client, interval)
    begun = _conversations(client, interval, startOfDayIntervalMatching=True)
    starts = {one["conversationStart"][:10] for one in begun}
    assert starts == {"2026-06-03"}
    earlier = [one for one in active if one["conversationStart"] < "2026-06-03"]
    assert 0 < len(earlier) == len(active) - len(begun)
    for one in earlier:
        ends = [
            segment["segmentEnd"]
            for participant in one["participants"]
            for session in participant["sessions"]
            for segment in session["segments"]
        ]
        assert max(ends) >= "2026-06-03"


def test_genesys_wants_its_client_and_token(agency: Agency, week: Events) -> None:
    client = _client(agency, week)
    wrong = _login(client, "wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert client.post("/oauth/token", data={"grant_type": "client_credentials"}).status_code == 401
    refused = client.get(f"{JOBS}/availability", headers={"authorization": "Bearer wrong"})
    assert refused.status_code == 401
    headers = _headers(client)
    for body in ({}, {"interval": "yesterday"}, {"interval": "a/b"}):
        assert client.post(JOBS, headers=headers, json=body).status_code == 400
    job = client.post(JOBS, headers=headers, json={"interval": "2026-06-01T00:00Z/2026-06-02T00:00Z"}).json()
    path = f"{JOBS}/{job['jobId']}"
    for _ in range(3):
        client.get(path, headers=headers)
    assert client.get(f"{path}/results", headers=headers, params={"pageSize": 1001}).status_code == 400
    assert client.get(f"{path}/results", headers=headers, params={"cursor": "???"}).status_code == 400


@pytest.mark.parametrize(("level", "too_many", "unavailable"), [("a-little", 3, 2), ("a-lot", 15, 4)])
def test_requests_are_turned_away_now_and_then_and_never_twice_in_a_row(
    agency: Agency, week: Events, level: str, too_many: int, unavailable: int
) -> None:
    client = _client(agency, week, LEVELS[level])
    answers = [_responses(client, **{"page[size]": 1}) for _ in range(120)]
    counted = Counter(answer.status_code for answer in answers)
    assert counted[429] >= too_many
    assert counted[503] >= unavailable
    assert counted[200] == 120 - counted[429] - counted[503]
    for before, after in pairwise(answers):
        assert 200 in (before.status_code, after.status_code)
        if before.status_code == 429:
            assert before.headers["retry-after"] == "1"


def test_a_misbehaving_tool_lists_some_twice_and_all_of_them(agency: Agency, month: Events) -> None:
    lot = replace(LEVELS["a-lot"], too_many_requests_every=0, unavailable_every=0, late=0.0, edited=0.0)
    found = _all_responses(_client(agency, month, lot), 50)
    orderly = _all_responses(_client(agency, month), 50)
    assert len(found) > len(orderly)
    unique = {record["attributes"]["uuid"]: record for record in found}
    assert unique == {record["attributes"]["uuid"]: record for record in orderly}


def test_a_deleted_submission_leaves_and_a_flagged_one_stays(agency: Agency, month: Events) -> None:
    level = replace(NOT, edited=1.0)
    records = [record["attributes"] for record in _all_responses(_client(agency, month, level), 500)]
    orderly = _all_responses(_client(agency, month), 500)
    assert len(records) < len(orderly)
    flagged = [record for record in records if record["flagged"]]
    assert flagged
    assert all(record["updated_at"] > record["created_at"] for record in flagged)
    assert all(not record["deleted"] for record in records)
    assert any(record["aasm_state"] == "responded" for record in records)


def test_always_429(agency: Agency, week: Events) -> None:
    client = _client(agency, week, NOT, "always_429")
    assert {_responses(client).status_code for _ in range(5)} == {429}
    assert client.get(f"{JOBS}/availability", headers=_headers(client)).status_code == 429


def test_cut_off_json_spares_a_tools_first_page(agency: Agency, week: Events) -> None:
    client = _client(agency, week, NOT, "cut_off_json")
    assert _responses(client).json()["data"]
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        _responses(client).json()


def test_record_without_id_and_unknown_question(agency: Agency, month: Events) -> None:
    client = _client(agency, month, NOT, "record_without_id", "unknown_question")
    first, *others = _responses(client).json()["data"]
    assert "uuid" not in first["attributes"]
    assert first["attributes"]["answer_20"]
    assert all(record["attributes"]["uuid"] and not record["attributes"]["answer_20"] for record in others)
    one, *rest = _conversations(client, "2026-06-01T00:00:00Z/2026-06-02T00:00:00Z")
    assert "conversationId" not in one
    assert all(conversation["conversationId"] for conversation in rest)


def test_refuse_credentials_and_failed_job(agency: Agency, week: Events) -> None:
    client = _client(agency, week, NOT, "refuse_credentials")
    assert _responses(client).status_code == 403
    assert _login(client).status_code == 401
    client = _client(agency, week, NOT, "failed_job")
    headers = _headers(client)
    job = client.post(JOBS, headers=headers, json={"interval": "2026-06-01T00:00Z/2026-06-02T00:00Z"}).json()
    last = [client.get(f"{JOBS}/{job['jobId']}", headers=headers).json() for _ in range(3)][-1]
    assert last["state"] == "FAILED"
    assert last["errorMessage"]


def test_credentials_stay_out_of_a_repr() -> None:
    assert "the-" not in repr(CREDENTIALS)
