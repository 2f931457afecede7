"""What the sample agency serves fits what the vendors describe, by samples that stay outside the project."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator, FormatChecker
from voxpop.config import load_settings
from voxpop.sample_agency.agency import make_agency
from voxpop.sample_agency.events import events_between
from voxpop.sample_agency.misbehavior import LEVELS
from voxpop.sample_agency.serve import JOBS, TOUCHPOINTS, Credentials, Tools, make_app

NOT_IN_THE_SAMPLES = {
    # Documented for the job's results or for these media, but in none of the samples at hand.
    ".participants[].attributes.account_number",
    ".participants[].attributes.segment",
    ".participants[].attributes.language",
    ".participants[].attributes.survey_offered",
    ".participants[].sessions[].addressFrom",
    ".participants[].sessions[].addressTo",
}


@pytest.fixture(scope="module")
def client() -> TestClient:
    """The tools, misbehaving in their records but not in their answers."""
    agency = make_agency(load_settings({}).seeds)
    events = events_between(agency, date(2026, 6, 1), date(2026, 6, 21))
    credentials = Credentials("the-key", "the-client", "the-secret")
    tools = Tools(agency, events, LEVELS["not"], frozenset(), credentials)
    return TestClient(make_app(tools), base_url="http://agency", headers={"x-api-key": "the-key"})


@pytest.fixture(scope="module")
def description(sample: Callable[[str], Path]) -> dict[str, Any]:
    """Touchpoints' own description of its API, with OpenAPI's `nullable` as JSON Schema says it."""
    text = sample("touchpoints/openapi_v1.yml").read_text(encoding="utf-8")
    described: dict[str, Any] = _nullable(yaml.safe_load(text))
    return described


def _nullable(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_nullable(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: _nullable(value) for name, value in schema.items()}
    if inner.pop("nullable", False) and isinstance(inner.get("type"), str):
        inner["type"] = [inner["type"], "null"]
    return inner


def _errors(description: dict[str, Any], path: str, body: Any) -> list[str]:
    answer = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator(
        {**answer, "components": description["components"]}, format_checker=FormatChecker()
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def test_every_forms_responses_are_as_touchpoints_describes_them(
    client: TestClient, description: dict[str, Any]
) -> None:
    forms = client.get(f"{TOUCHPOINTS}/forms").json()["data"]
    assert len(forms) == 12
    for form in forms:
        path = f"{TOUCHPOINTS}/forms/{form['attributes']['short_uuid']}/responses"
        for page in (1, 2):
            body = client.get(path, params={"page[number]": page, "page[size]": 7}).json()
            assert body["data"]
            assert _errors(description, "/forms/{uuid}/responses", body) == []
            known = description["components"]["schemas"]["SubmissionAttributes"]["properties"]
            assert set(body["data"][0]["attributes"]) == set(known)


def test_forms_are_as_touchpoints_describes_them(client: TestClient, description: dict[str, Any]) -> None:
    body = client.get(f"{TOUCHPOINTS}/forms").json()
    kinds = [form["attributes"]["kind"] for form in body["data"]]
    # the tool has had this kind since May 2025, and its description does not list it
    assert kinds.count("a11_v2_radio") == 1
    body["data"][kinds.index("a11_v2_radio")]["attributes"]["kind"] = "a11_v2"
    assert _errors(description, "/forms", body) == []


def test_the_description_would_catch_a_wrong_record(client: TestClient, description: dict[str, Any]) -> None:
    body = client.get(f"{TOUCHPOINTS}/forms/569499e0/responses").json()
    body["data"][0]["attributes"]["answer_01"] = 4
    del body["data"][1]["attributes"]["uuid"]
    errors = _errors(description, "/forms/{uuid}/responses", body)
    assert len(errors) == 2
    assert "answer_01" in errors[0]


def _paths(value: Any, path: str = "") -> set[tuple[str, str]]:
    """Every leaf's path and type."""
    if isinstance(value, dict):
        return {leaf for name, inner in value.items() for leaf in _paths(inner, f"{path}.{name}")}
    if isinstance(value, list):
        return {leaf for inner in value for leaf in _paths(inner, path + "[]")}
    return {(path, "number" if isinstance(value, int | float) else type(value).__name__)}


def test_conversations_have_no_member_that_real_ones_have_not(
    client: TestClient, sample: Callable[[str], Path]
) -> None:
    query = sample("genesys/conversations_details_query_response.json").read_bytes()
    real = json.loads(query)["conversations"]
    real.append(json.loads(sample("genesys/conversation_with_metrics.json").read_bytes()))
    known = set().union(*(_paths(conversation) for conversation in real))
    login = client.post(
        "/oauth/token", auth=("the-client", "the-secret"), data={"grant_type": "client_credentials"}
    )
    headers = {"authorization": f"Bearer {login.json()['access_token']}"}
    interval = {"interval": "2026-06-01T00:00:00Z/2026-06-22T00:00:00Z"}
    job = f"{JOBS}/{client.post(JOBS, headers=headers, json=interval).json()['jobId']}"
    while client.get(job, headers=headers).json()["state"] != "FULFILLED":
        pass
    served = client.get(f"{job}/results", headers=headers).json()["conversations"]
    assert len(served) == 1000
    found = set().union(*(_paths(conversation) for conversation in served))
    unknown = {path for path in found - known if path[0] not in NOT_IN_THE_SAMPLES}
    assert unknown == set()
    purposes = {participant["purpose"] for one in real for participant in one["participants"]}
    mine = {participant["purpose"] for one in served for participant in one["participants"]}
    assert mine - purposes <= {"external"}
