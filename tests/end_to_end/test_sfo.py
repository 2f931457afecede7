"""A real survey, from the file as it was published to a release: San Francisco's airport, 2017."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from voxpop.config import PROJECT

from .home import Home, Said


@pytest.fixture(scope="module")
def survey(sample: Callable[[str], Path]) -> Path:
    return sample("sfo_survey/sfo_customer_survey_2017.csv")


@pytest.fixture(scope="module")
def run(survey: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Said]:
    """All six steps by the command line, in a home of its own."""
    home = Home.at(tmp_path_factory.mktemp("sfo") / "var", PROJECT / "config" / "examples" / "sfo_2017")
    drop = home.path / "drop" / "sfo_survey"
    drop.mkdir(parents=True)
    shutil.copy(survey, drop)
    return home, home.command("run")


def rows(home: Home, query: str) -> list[dict[str, Any]]:
    """Ask the release by the command line."""
    said = home.command("sql", query, "--json")
    assert said.code == 0, said.out + said.err
    found: list[dict[str, Any]] = json.loads(said.out, parse_float=Decimal)
    return found


def satisfaction(measure: str) -> str:
    return (
        "select n, value, low, high, weighted_value, suppressed, is_weighted from cx_index "
        f"where measure = '{measure}' and driver = 'satisfaction' and breakdown = 'all' "
        "and period_type = 'quarter' and period_label = '2017Q3'"
    )


def test_it_is_published(run: tuple[Home, Said]) -> None:
    home, said = run
    assert said.code == 0, said.out + said.err
    assert f"Published {home.current().release_id}." in said.out
    assert (home.current().folder / "reports" / "index.html").stat().st_size > 5_000


def test_the_published_figures_come_out(run: tuple[Home, Said]) -> None:
    """Q7ALL, as the city's own figures: n = 2,688, mean 4.0644, top-two 82.07%, weighted mean 4.0712."""
    (mean,) = rows(run[0], satisfaction("mean"))
    assert (mean["n"], mean["suppressed"], mean["is_weighted"]) == (2688, False, True)
    assert round(mean["value"], 4) == Decimal("4.0644")
    assert round(mean["weighted_value"], 4) == Decimal("4.0712")
    assert mean["low"] < mean["value"] < mean["high"]
    (top_two,) = rows(run[0], satisfaction("top_two"))
    assert top_two["n"] == 2688
    assert round(top_two["value"], 4) == Decimal("0.8207")


@pytest.mark.parametrize(
    ("question", "driver", "valid"),
    [
        ("Q7ALL", "satisfaction", range(1, 6)),
        ("Q14FIND", "ease", range(1, 6)),
        ("NETPRO", "recommendation", range(11)),
    ],
)
def test_sentinels_are_not_counted(
    run: tuple[Home, Said], survey: Path, question: str, driver: str, valid: range
) -> None:
    """0, 6 and `Blank` are no answer to a rating, 11 none to the recommendation: counted in the file."""
    with survey.open(encoding="utf-8-sig", newline="") as file:
        answers = [row[question].strip() for row in csv.DictReader(file)]
    scores = [answer for answer in answers if answer in {str(score) for score in valid}]
    assert len(answers) == 2831
    assert {"0", "6", "11", "Blank"}.intersection(answers) - {str(score) for score in valid}
    found = rows(
        run[0],
        "select distinct n from cx_index where period_type = 'quarter' and breakdown = 'all' "
        f"and driver = '{driver}'",
    )
    assert found == [{"n": len(scores)}]
    found = rows(run[0], f"select count(*) as n from fct_survey_answers where driver = '{driver}'")
    assert found == [{"n": len(scores)}]


def test_every_respondent_is_there(run: tuple[Home, Said]) -> None:
    found = rows(run[0], "select count(*) as n, sum(weight) as weight from fct_survey_responses")
    assert found[0]["n"] == 2831
    assert round(Decimal(found[0]["weight"]), 2) == 2831
