"""Which day the sample agency is moved to, and what a run then lands."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from voxpop import pipeline
from voxpop.airflow import agency, processes
from voxpop.config import PROJECT, Settings, load_settings
from voxpop.errors import ConfigError
from voxpop.raw.records import Window
from voxpop.sample_agency.reached import landed_to
from voxpop.sources.registry import SourceConfig


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, sources_file=tmp_path / "sources.yml", seeds=tmp_path / "seeds")


def test_the_first_run_lands_all_of_history() -> None:
    day = agency.next_day(None, same_day=False)
    assert agency.window(day) == Window(datetime(2024, 4, 1, tzinfo=UTC), datetime(2026, 7, 2, tzinfo=UTC))


def test_a_later_run_lands_the_next_day_alone() -> None:
    day = agency.next_day(date(2026, 7, 1), same_day=False)
    assert agency.window(day) == Window(datetime(2026, 7, 2, tzinfo=UTC), datetime(2026, 7, 3, tzinfo=UTC))


def test_the_same_day_can_be_run_again() -> None:
    assert agency.next_day(date(2026, 7, 2), same_day=True) == date(2026, 7, 2)
    assert agency.next_day(None, same_day=True) == date(2026, 7, 1)


def test_the_day_is_remembered(settings: Settings) -> None:
    assert landed_to(settings.home) is None
    agency.remember(settings, date(2026, 7, 1))
    assert landed_to(settings.home) == date(2026, 7, 1)


def test_a_day_that_is_none_is_named_with_its_file(settings: Settings) -> None:
    (settings.home / "sample_agency").mkdir()
    (settings.home / "sample_agency" / "date").write_text("yesterday\n")
    with pytest.raises(ConfigError, match=r'sample_agency/date: "yesterday" is no day'):
        landed_to(settings.home)


def test_a_home_is_begun_anew_by_hand_alone_and_the_message_says_what_that_loses(settings: Settings) -> None:
    (settings.home / "sample_agency").mkdir()
    (settings.home / "sample_agency" / "date").write_text("yesterday\n")
    with pytest.raises(ConfigError, match=rf"`rm -r {settings.home}`, which takes .* keys and every release"):
        landed_to(settings.home)
    (clean,) = (PROJECT / "Makefile").read_text().split("\nclean:\n")[1:]
    removed = clean.split()
    assert removed[:2] == ["rm", "-rf"]
    for path in removed[2:]:
        assert path.split("/")[-1] in {"target", "logs"} or path.endswith("_cache"), path


def test_its_tools_are_not_started_from_seeds_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seeds = tmp_path / "seeds"
    shutil.copytree(PROJECT / "dbt_project" / "seeds", seeds)
    services = seeds / "services.csv"
    services.write_text(services.read_text().replace(",dps-fld,", ",no-such-division,", 1))
    monkeypatch.setattr(processes, "start", lambda *_, **__: pytest.fail("it was started"))
    own = Settings(home=tmp_path, sources_file=tmp_path / "sources.yml", seeds=seeds)
    with pytest.raises(ConfigError, match=r"services\.csv: row \d+: organization_id 'no-such-division'"):
        agency.start(own, date(2026, 6, 30), {})


def test_an_agency_of_ones_own_has_no_sample_tools(tmp_path: Path) -> None:
    assert agency.is_configured(load_settings({"VOXPOP_HOME": str(tmp_path)}))
    assert not agency.is_configured(load_settings({"VOXPOP_CONFIG": "config/examples/sfo_2017"}))


@pytest.fixture
def landed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Window]]:
    """Which windows were asked of which tools; the tools themselves are stood in for."""
    asked: list[tuple[str, Window]] = []
    monkeypatch.setattr(agency, "load_connections", lambda _: {"touchpoints": None, "genesys": None})

    def land(_: Settings, source: SourceConfig, window: Window, **__: object) -> list[object]:
        asked.append((source.name, window))
        return []

    monkeypatch.setattr(pipeline, "land", land)
    return asked


def test_the_days_since_the_last_run_are_landed(settings: Settings, landed: list[Any]) -> None:
    own = replace(settings, sources_file=PROJECT / "config" / "sources.yml")
    agency.remember(own, date(2026, 7, 1))
    missing = Window(datetime(2026, 7, 2, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
    assert agency.catch_up(own, date(2026, 11, 26)) == missing
    assert landed_to(own.home) == date(2026, 11, 25)
    windowed = ("dap", "genesys", "touchpoints", "web")
    assert sorted(landed) == [(name, missing) for name in windowed], "files have no window"


@pytest.mark.parametrize("last", [None, date(2026, 11, 25)], ids=["no run yet", "yesterday"])
def test_where_no_day_is_missing_none_is_landed(
    settings: Settings, landed: list[Any], last: date | None
) -> None:
    if last:
        agency.remember(settings, last)
    assert agency.catch_up(settings, date(2026, 11, 26)) is None
    assert landed == []
