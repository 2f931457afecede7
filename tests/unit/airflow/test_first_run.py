"""What `make run` says at its end; the DAGs themselves are stood in for."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table
from voxpop.airflow import agency, first_run, home, scorecard
from voxpop.config import Settings, load_settings
from voxpop.release import store
from voxpop.sample_agency import HISTORY_ENDS
from voxpop.sample_agency.reached import landed_to

FIRST, SECOND = "20260701T060000Z-0123abcd", "20260702T060000Z-4567cdef"
Ends = Callable[..., tuple[int, str]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"VOXPOP_HOME": str(tmp_path)})


@pytest.fixture
def ends(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Ends:
    """Let a run end so, with this release current before it and that one after it; what it then says."""

    def run(code: int, failed: list[str], before: str | None, after: str | None) -> tuple[int, str]:
        releases = iter(
            name and store.Release(name, settings.releases / name, Any) for name in (before, after)
        )
        monkeypatch.setattr(store, "current", lambda _: next(releases))
        monkeypatch.setattr(first_run, "_run_dags", lambda *_: (code, failed))
        monkeypatch.setattr(scorecard, "scorecard", lambda _: Table("the scorecard"))
        text = io.StringIO()
        console = Console(file=text, width=200, soft_wrap=True, highlight=False)
        with home.locked(settings, "make run"):
            return first_run._run(settings, console, same_day=False), text.getvalue()

    return run


def test_what_was_published_without_a_source_is_not_said_to_stay(settings: Settings, ends: Ends) -> None:
    agency.remember(settings, date(2026, 7, 1))
    code, said = ends(1, ["extract_kiosk_surveys.land"], FIRST, SECOND)
    assert code == 1
    assert f"Published {SECOND}; not all that is new of kiosk_surveys is in it. Why is said above" in said
    assert "then `make run` again" in said and "the scorecard" in said
    assert "stays" not in said
    assert landed_to(settings.home) == date(2026, 7, 1), "the next run takes up the same day"
    assert "the agency up to 2026-07-02" in said


def test_a_refusal_leaves_the_current_release_and_says_so(settings: Settings, ends: Ends) -> None:
    code, said = ends(3, ["build_and_publish.audit"], FIRST, FIRST)
    assert code == 3
    assert f"The current release stays {FIRST}." in said
    assert "Published" not in said and "the scorecard" not in said


def test_a_run_that_went_well_moves_the_agency_on(settings: Settings, ends: Ends) -> None:
    code, said = ends(0, [], None, FIRST)
    assert code == 0
    assert f"Published {FIRST}: the sample agency up to {HISTORY_ENDS}." in said and "the scorecard" in said
    assert landed_to(settings.home) == HISTORY_ENDS
    assert (
        f"the agency up to {HISTORY_ENDS + timedelta(days=1)}" in said
        and "All of Airflow's output" not in said
    )
