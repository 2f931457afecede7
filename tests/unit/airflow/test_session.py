"""Whether `make up` is up, judged by what it wrote down and by what is alive."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from voxpop.airflow import home, processes, session
from voxpop.config import Settings
from voxpop.errors import UsageError

SINCE = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path, sources_file=tmp_path / "sources.yml", seeds=tmp_path / "seeds")
    home.folder(settings).mkdir()
    return settings


def test_it_is_up_while_a_process_lives_and_another_run_is_refused(settings: Settings) -> None:
    assert not session.is_up(settings)
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    one = processes.start("airflow", command, {}, settings.home / "log")
    session.write(settings, session.Up("http://127.0.0.1:8080", SINCE, (one.session,)))
    assert session.is_up(settings)
    with pytest.raises(UsageError, match=r"up at http://127\.0\.0\.1:8080: .*make down"):
        session.refuse_if_up(settings)
    processes.end([one.session])
    one.process.wait()
    assert not session.is_up(settings)
    session.refuse_if_up(settings)


def test_what_was_written_down_is_forgotten(settings: Settings) -> None:
    session.write(settings, session.Up("", SINCE, ()))
    assert session.read(settings) == session.Up("", SINCE, ())
    session.forget(settings)
    session.forget(settings)
    assert session.read(settings) is None


def test_what_a_killed_run_left_is_ended_by_the_next(settings: Settings) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    one = session.Beginning(settings, SINCE).add(
        processes.start("airflow", command, {}, settings.home / "log")
    )
    assert session.is_up(settings)
    session.end_abandoned(settings)
    assert processes.members(one.session) == []
    assert session.read(settings) is None


def test_what_is_up_is_no_killed_run(settings: Settings) -> None:
    beginning = session.Beginning(settings, SINCE)
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    one = beginning.add(processes.start("airflow", command, {}, settings.home / "log"))
    up = beginning.is_healthy("http://127.0.0.1:8080")
    session.end_abandoned(settings)
    assert one.process.poll() is None and session.read(settings) == up
    beginning.end()
    assert processes.members(one.session) == [] and session.read(settings) is None
