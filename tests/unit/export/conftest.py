"""A published release of the synthetic home, for every test of what is filed from it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from voxpop.release import store


def load_synthetic() -> ModuleType:
    """Import `../release/synthetic.py`, which is no test."""
    name = "voxpop_synthetic_home"
    if name not in sys.modules:
        file = Path(__file__).parents[1] / "release" / "synthetic.py"
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec and spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Built, and not published; copy it."""
    home = load_synthetic().Home.at(tmp_path_factory.mktemp("filed") / "var")
    # What nothing in the home's own facts gives: clearance that expired, and words that look like formulas.
    home.change(
        "update marts.a11_280_collection_details set without_clearance_count = 3"
        " where service_id = 'ben-apply' and channel = 'phone'",
        "update marts.a11_280_responses set question_4 = '=1+1' where external_id = md5('r1')",
        "update marts.a11_280_responses set question_4 = '-1' where external_id = md5('r3')",
    )
    return home


@pytest.fixture
def publish(first: Any, tmp_path: Path) -> Callable[..., store.Release]:
    """Publish a copy of the home, changed by SQL before; give the release."""

    def publish(*changes: str) -> store.Release:
        home = first.copy(tmp_path / "var")
        home.change(*changes)
        return _published(home)

    return publish


@pytest.fixture(scope="session")
def release(first: Any, tmp_path_factory: pytest.TempPathFactory) -> store.Release:
    """The home as it is, published; tests only read it."""
    home = first.copy(tmp_path_factory.mktemp("published") / "var")
    return _published(home)


def _published(home: Any) -> store.Release:
    """A release of the home, and in it the one measure of surveys that a filing tells of."""
    release = store.show(home.settings, home.publish(datetime(2026, 5, 2, 6, tzinfo=UTC)))
    with duckdb.connect(str(release.database)) as connection:
        connection.execute(
            "create or replace table marts.survey_quality as select 'quarter' as period_type, "
            "date '2026-01-01' as period_start, 'survey' as breakdown, * from (values "
            "('ben-apply-cx', 0.2496, true), ('no-such-cx', 0.1, true)"
            ") as t(member, response_rate, nonresponse_bias_analysis_required)"
        )
    return release
