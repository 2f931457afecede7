"""Which day the sample agency is moved to, and what a run then lands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from voxpop import pipeline
from voxpop.airflow import agency
from voxpop.config import PROJECT, Settings, load_settings
from voxpop.errors import ConfigError
from voxpop.raw.records import Window


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, sources_file=tmp_path / "sources.yml", seeds=tmp_path / "seeds")


def test_the_first_run_lands_all_of_history() -> None:
    day = agency.next_day(None, same_day=False)
    assert agency.window(day) == Window(datetime(2024, 4, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))


def test_a_later_run_lands_the_next_day_alone() -> None:
    day = agency.next_day(date(2026, 6, 30), same_day=False)
    assert agency.window(day) == Window(datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC))


def test_the_same_day_can_be_run_again() -> None:
    assert agency.next_day(date(2026, 7, 1), same_day=True) == date(2026, 7, 1)
    assert agency.next_day(None, same_day=True) == date(2026, 6, 30)


def test_the_day_is_remembered(settings: Settings) -> None:
    assert agency.landed_to(settings) is None
    agency.remember(settings, date(2026, 7, 1))
    assert agency.landed_to(settings) == date(2026, 7, 1)


def test_a_day_that_is_none_is_named_with_its_file(settings: Settings) -> None:
    (settings.home / "sample_agency").mkdir()
    (settings.home / "sample_agency" / "date").write_text("yesterday\n")
    with pytest.raises(ConfigError, match=r'sample_agency/date: "yesterday" is no day'):
        agency.landed_to(settings)


def test_an_agency_of_ones_own_has_no_sample_tools(tmp_path: Path) -> None:
    assert agency.is_configured(load_settings({"VOXPOP_HOME": str(tmp_path)}))
    assert not agency.is_configured(load_settings({"VOXPOP_CONFIG": "config/examples/sfo_2017"}))


@pytest.fixture
def landed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Window]]:
    """Which windows were asked of which tools; the tools themselves are stood in for."""
    asked: list[tuple[str, Window]] = []
    monkeypatch.setattr(agency, "load_connections", lambda _: {"touchpoints": None, "genesys": None})
    monkeypatch.setattr(pipeline, "land", lambda _, source, window, **__: asked.append((source, window)))
    return asked


def test_the_days_since_the_last_run_are_landed(settings: Settings, landed: list[Any]) -> None:
    own = replace(settings, sources_file=PROJECT / "config" / "sources.yml")
    agency.remember(own, date(2026, 7, 1))
    missing = Window(datetime(2026, 7, 2, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
    assert agency.catch_up(own, date(2026, 11, 26)) == missing
    assert agency.landed_to(own) == date(2026, 11, 25)
    assert landed == [("touchpoints", missing), ("genesys", missing)], "files have no window"


@pytest.mark.parametrize("last", [None, date(2026, 11, 25)], ids=["no run yet", "yesterday"])
def test_where_no_day_is_missing_none_is_landed(
    settings: Settings, landed: list[Any], last: date | None
) -> None:
    if last:
        agency.remember(settings, last)
    assert agency.catch_up(settings, date(2026, 11, 26)) is None
    assert landed == []
