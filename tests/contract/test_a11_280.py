"""The columns that are filed, against the tool's description of its API and its sample of an upload."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from voxpop.config import PROJECT
from voxpop.export.columns import COLLECTION, DETAIL, PRIORITY_GOALS, UPLOAD
from voxpop.sample_agency.agency import make_agency

Sample = Callable[[str], Path]

GIVEN_BY_THE_TOOL = {
    "cx_collections": {"user_id"},
    "cx_collection_details": set(),
    "cx_responses": {
        "cx_collection_detail_id",
        "cx_collection_detail_upload_id",
        "job_id",
        "created_at",
        "updated_at",
    },
}
"""What a file can't bring: the tool makes it when the file is uploaded."""
FOUND_BY_ANOTHER_NAME = {
    "cx_collection_details": {
        "service_provider_id": "cx_collection_service_provider_id",
        "service_provider_name": "cx_collection_service_provider_name",
    }
}
FILES = {"cx_collections": COLLECTION, "cx_collection_details": DETAIL, "cx_responses": UPLOAD}
SCHEMAS = {
    "cx_collections": "CxCollectionAttributes",
    "cx_collection_details": "CxCollectionDetailAttributes",
    "cx_responses": "CxResponseAttributes",
}


def attributes(sample: Sample, name: str) -> dict[str, Any]:
    described = yaml.safe_load(sample("touchpoints/openapi_v1.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = described["components"]["schemas"][SCHEMAS[name]]
    return found


@pytest.mark.parametrize("name", FILES)
def test_every_attribute_of_the_api_is_in_the_file_that_becomes_it(sample: Sample, name: str) -> None:
    names = set(attributes(sample, name)["properties"])
    assert len(names) > 10
    renamed = FOUND_BY_ANOTHER_NAME.get(name, {})
    wanted = {renamed.get(one, one) for one in names - GIVEN_BY_THE_TOOL[name]}
    assert wanted <= set(FILES[name])


@pytest.mark.parametrize("name", FILES)
def test_every_attribute_of_the_example_is_too(sample: Sample, name: str) -> None:
    examples = json.loads(sample("touchpoints/openapi_v1_response_examples.json").read_text(encoding="utf-8"))
    renamed = FOUND_BY_ANOTHER_NAME.get(name, {})
    for one in examples[f"GET /{name} 200"]["value"]["data"]:
        wanted = {renamed.get(each, each) for each in one["attributes"].keys() - GIVEN_BY_THE_TOOL[name]}
        assert wanted <= set(FILES[name])


def test_the_upload_has_the_header_of_the_sample(sample: Sample) -> None:
    with sample("touchpoints/sample_cx_responses_upload.csv").open(encoding="utf-8-sig", newline="") as file:
        assert tuple(next(csv.reader(file))) == UPLOAD
    assert len(UPLOAD) == 17


def test_the_file_of_goals_has_the_names_of_the_published_one(sample: Sample) -> None:
    """`Column1` is an empty column that a spreadsheet left there."""
    (first, *_) = json.loads(sample("performance_gov/priority_goal_targets_fy22_q1_q2.json").read_text())
    assert tuple(name for name in first if name != "Column1") == PRIORITY_GOALS


@pytest.mark.parametrize(
    ("model", "columns"), [("a11_280_collections", COLLECTION), ("a11_280_collection_details", DETAIL)]
)
def test_a_mart_begins_with_the_columns_that_are_filed(model: str, columns: tuple[str, ...]) -> None:
    file = PROJECT / "dbt_project" / "models" / "marts" / "performance" / f"{model}.yml"
    (described,) = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    assert tuple(column["name"] for column in described["columns"])[: len(columns)] == columns


def test_values_are_those_that_the_api_allows(sample: Sample) -> None:
    """Of what the seeds and the models can say: channels, kinds of survey, ratings, states."""
    detail = attributes(sample, "cx_collection_details")["properties"]
    with (PROJECT / "dbt_project" / "seeds" / "channels.csv").open(encoding="utf-8", newline="") as file:
        channels = {row["channel"] for row in csv.DictReader(file)}
    assert channels and channels <= set(detail["channel"]["enum"])
    assert set(detail["survey_type"]["enum"]) == {"likert_scale", "thumbs_up_down"}
    assert "draft" in attributes(sample, "cx_collections")["properties"]["aasm_state"]["enum"]


def test_the_sample_agency_files_all_kinds_of_forms() -> None:
    """Agreement, with ratings or alone, and thumbs that become radio buttons: the trap is in every run."""
    forms = make_agency(PROJECT / "dbt_project" / "seeds").catalogue.forms
    kinds = {tuple(instrument for _, instrument in form.instruments) for form in forms}
    assert kinds == {("a11",), ("a11_acsi",), ("a11_v2",), ("a11_v2", "a11_v2_radio")}
