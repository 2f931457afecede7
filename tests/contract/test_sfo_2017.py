"""A real survey, landed by the example's mapping: its published figures come out of the payloads.

The file is no part of the project. Truth: `Q7ALL` has 2,688 valid answers with mean 4.0644 and 82.07% in the
top two; weighted mean 4.0712; the weights sum to 2,831; design effects 1.21 by weights and 1.83 by flight.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from voxpop.config import PROJECT, load_settings
from voxpop.raw.manifests import Manifest
from voxpop.sources.land import land
from voxpop.sources.registry import find_sources
from voxpop.warehouse.seeds import check_seeds

EXAMPLE = load_settings({"VOXPOP_CONFIG": str(PROJECT / "config" / "examples" / "sfo_2017")})


@pytest.fixture(scope="module")
def survey(sample: Callable[[str], Path]) -> Path:
    return sample("sfo_survey/sfo_customer_survey_2017.csv")


@pytest.fixture(scope="module")
def manifest(survey: Path, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    settings = replace(EXAMPLE, home=tmp_path_factory.mktemp("sfo"))
    drop = settings.home / "drop" / "sfo_survey"
    drop.mkdir(parents=True)
    shutil.copy(survey, drop)
    (source,) = find_sources(settings, ["sfo_survey"])
    (landed,) = land(
        settings,
        source,
        None,
        connection=None,
        now=datetime(2026, 1, 6, tzinfo=UTC),
        widen=False,
        progress=lambda said, count: None,
    )
    return landed


@pytest.fixture(scope="module")
def responses(manifest: Manifest) -> list[dict[str, Any]]:
    tables = [pq.read_table(path) for path in manifest.part_files]
    return [json.loads(payload) for table in tables for payload in table["payload"].to_pylist()]


def test_every_respondent_is_landed(manifest: Manifest, responses: list[dict[str, Any]]) -> None:
    assert (manifest.records, manifest.quarantined, manifest.duplicates) == (2831, 0, 0)
    assert len({each["response_id"] for each in responses}) == 2831
    assert sum(each["weight"] for each in responses) == pytest.approx(2831, abs=0.001)


def test_the_published_figures(responses: list[dict[str, Any]]) -> None:
    valid = _valid(responses, "Q7ALL")
    weights = [each["weight"] for _, each in valid]
    assert len(valid) == 2688
    assert sum(score for score, _ in valid) / 2688 == pytest.approx(4.0644, abs=0.00005)
    assert sum(score >= 4 for score, _ in valid) / 2688 == pytest.approx(0.8207, abs=0.00005)
    weighted = sum(score * each["weight"] for score, each in valid) / sum(weights)
    assert weighted == pytest.approx(4.0712, abs=0.00005)


def test_the_flight_is_the_cluster_that_was_published(responses: list[dict[str, Any]]) -> None:
    valid = _valid(responses, "Q7ALL")
    assert _design_effect(valid, lambda each: each["response_id"]) == pytest.approx(1.22, abs=0.01)
    assert _design_effect(valid, lambda each: each["cluster_id"]) == pytest.approx(1.83, abs=0.005)


def test_the_day_is_a_date_of_may_that_fits_the_weekday(
    responses: list[dict[str, Any]], survey: Path
) -> None:
    assert {each["answered_at"] for each in responses} == {None}
    with survey.open(newline="") as file:
        weekday = {row["RESPNUM"]: row["DAY"] for row in csv.DictReader(file)}
    fits = Counter(
        datetime.fromisoformat(each["answered_on"]).strftime("%a").upper() == weekday[each["response_id"]][:3]
        for each in responses
    )
    assert fits == {True: 2829, False: 2}  # two rows of the file contradict themselves
    days = [each["answered_on"] for each in responses]
    assert (min(days), max(days)) == ("2017-05-05", "2017-05-30")


def test_every_question_is_known_and_its_answers_are_in_range_or_sentinels(
    responses: list[dict[str, Any]],
) -> None:
    crosswalk = {row["question_id"]: row for row in _seed("question_crosswalk")}
    assert {question for each in responses for question in each["answers"]} == set(crosswalk)
    core = {name: row for name, row in crosswalk.items() if row["role"] == "core"}
    assert set(core) == {"Q7ALL", "Q14FIND", "NETPRO"}
    for question, row in core.items():
        inside = {str(number) for number in range(int(row["valid_min"]), int(row["valid_max"]) + 1)}
        found = {each["answers"][question] for each in responses}
        assert found <= inside | set(row["not_answered"].split("|")) | {""}


def test_a_driver_has_one_question() -> None:
    drivers = [row["driver"] for row in _seed("question_crosswalk") if row["driver"]]
    assert len(drivers) == len(set(drivers)) == 3


def test_channels_and_form_are_in_the_seeds(responses: list[dict[str, Any]]) -> None:
    aliases = {row["source_value"]: row["channel"] for row in _seed("channel_aliases")}
    channels = Counter(aliases[each["source_channel"]] for each in responses)
    assert channels == {"in_person": 2801, "postal_mail": 23, "website": 7}
    forms = {(row["source_system"], row["source_form_id"]) for row in _seed("surveys")}
    assert {("sfo_survey", each["form_id"]) for each in responses} == forms


def test_the_seeds_are_whole() -> None:
    check_seeds(EXAMPLE)
    default = load_settings({}).seeds
    names = sorted(path.name for path in EXAMPLE.seeds.glob("*.csv"))
    assert {"organizations.csv", "policy.csv", "question_crosswalk.csv", "surveys.csv"} <= set(names)
    for name in names:
        headers = [(folder / name).read_text().splitlines()[0] for folder in (default, EXAMPLE.seeds)]
        assert headers[0] == headers[1], name


def _seed(name: str) -> list[dict[str, str]]:
    with (EXAMPLE.seeds / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def _valid(responses: list[dict[str, Any]], question: str) -> list[tuple[int, dict[str, Any]]]:
    return [(int(text), each) for each in responses if (text := each["answers"][question]) in set("12345")]


def _design_effect(valid: list[tuple[int, dict[str, Any]]], unit: Callable[[dict[str, Any]], str]) -> float:
    """Linearised variance of the weighted mean over that of a simple random sample (Kish 1965)."""
    weight = sum(each["weight"] for _, each in valid)
    weighted = sum(score * each["weight"] for score, each in valid) / weight
    totals: dict[str, float] = defaultdict(float)
    for score, each in valid:
        totals[unit(each)] += each["weight"] * (score - weighted)
    units = len(totals)
    variance = units / (units - 1) * sum(total**2 for total in totals.values()) / weight**2
    mean = sum(score for score, _ in valid) / len(valid)
    simple = sum((score - mean) ** 2 for score, _ in valid) / (len(valid) - 1) / len(valid)
    return variance / simple
