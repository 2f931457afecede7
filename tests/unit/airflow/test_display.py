"""What `make run` prints as it goes."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from voxpop.airflow import display
from voxpop.airflow.display import Display
from voxpop.airflow.events import Event

EVENTS = (
    Event("extract_genesys.land", "began"),
    Event("extract_genesys.land", "progress", "conversations: 50,000"),
    Event("extract_genesys.land", "found", "batches 1, records 98,076"),
    Event("extract_genesys.land", "done", seconds=12.34),
    Event("build_and_publish.begin", "postponed", "process 7 works on it [since noon]"),
    Event("build_and_publish.stage", "skipped", "nothing new"),
    Event("build_and_publish.audit", "failed", "3 rows", exit_code=3),
)


def shown(*, is_terminal: bool) -> str:
    text = io.StringIO()
    with Display(Console(file=text, force_terminal=is_terminal, width=120, soft_wrap=True), total=4) as one:
        for event in EVENTS:
            one.show(event)
    return text.getvalue()


def test_a_line_a_step_without_a_terminal() -> None:
    lines = [line.split("s  ", 1)[1] for line in shown(is_terminal=False).splitlines()]
    assert lines[0].split() == ["extract_genesys.land", "12.3", "s", "batches", "1,", "records", "98,076"]
    assert lines[1] == "build_and_publish.begin is tried again soon: process 7 works on it [since noon]"
    assert lines[2].split() == ["build_and_publish.stage", "skipped", "nothing", "new"]
    assert lines[3] == "build_and_publish.audit failed: 3 rows"
    assert len(lines) == 4


def test_a_bar_on_a_terminal() -> None:
    assert "3/4" in shown(is_terminal=True)
    assert "3/4" not in shown(is_terminal=False)


def test_a_long_step_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_SILENCE_SECONDS", 0.0)
    assert "extract_genesys.land: conversations: 50,000" in shown(is_terminal=False)
